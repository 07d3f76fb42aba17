"""A MongoDB server, as far as its public descriptions of the wire protocol and of the user commands go for one thing: users
who log in by SCRAM-SHA-256, are looked at, made, changed and dropped. `mongodb.py PORT USERS_FILE`; the file holds a list of
`{user, db, pwd, roles}` in JSON. Whatever else is asked is refused. Each command is written down with who asked it and what
came of it, passwords and proofs left out, as a server does. While a file `forgetful` lies beside the users, a user who is
made gets all of the roles but the last; while a file `quicker` lies there, somebody else has just made one of that
name; while a file `open` lies there, nobody needs to log in."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import socketserver
import struct
import sys
import threading

import bson

ROUNDS = 15000
ADMINISTRATORS = {"userAdminAnyDatabase", "root"}
ROLES = {"read", "readWrite", "dbAdmin", "userAdmin", "userAdminAnyDatabase", "clusterMonitor", "root"}
MECHANISMS = ["SCRAM-SHA-1", "SCRAM-SHA-256"]
# What any command may carry beside its own fields.
GENERIC = {"$db", "$readPreference", "$clusterTime", "lsid", "maxTimeMS", "comment", "writeConcern", "readConcern"}
HIDDEN = {"pwd", "payload"}


class Refused(Exception):
    def __init__(self, code, name, why):
        super().__init__(why)
        self.answer = {"ok": 0.0, "errmsg": why, "code": code, "codeName": name}


def unauthorized(why):
    return Refused(13, "Unauthorized", why)


def failed():
    return Refused(18, "AuthenticationFailed", "Authentication failed.")


class User:
    """Who may log in. Of the password the keys are kept that SCRAM-SHA-256 derives from it (RFC 7677)."""

    def __init__(self, name, db, roles, mechanisms):
        self.name, self.db, self.roles, self.mechanisms = name, db, roles, mechanisms

    def set_password(self, password):
        self.salt = os.urandom(28)
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self.salt, ROUNDS)
        self.stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
        self.server = hmac.digest(salted, b"Server Key", "sha256")

    def told(self):
        return {"_id": f"{self.db}.{self.name}", "user": self.name, "db": self.db, "roles": self.roles, "mechanisms": self.mechanisms}

    def privileges(self):
        return [{"resource": {"db": role["db"], "collection": ""}, "actions": [f"as {role['role']}"]} for role in self.roles]


users, users_lock, log_lock = {}, threading.Lock(), threading.Lock()


def told_to_be(how):
    return os.path.exists(os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), how))


def known(asked, name):
    user = users.get((name, asked["$db"]))
    if user is None:
        raise Refused(11, "UserNotFound", f"User '{name}@{asked['$db']}' not found")
    return user


def text(asked, field, command):
    if not isinstance(asked.get(field), str) or not asked[field]:
        raise Refused(2, "BadValue", f'"{command}" needs a text in "{field}"')
    return asked[field]


def roles_of(asked, command):
    if "roles" not in asked:
        raise Refused(40414, "IDLFailedToParse", f"BSON field '{command}.roles' is missing but a required field")
    if not isinstance(asked["roles"], list):
        raise Refused(14, "TypeMismatch", f"BSON field '{command}.roles' is the wrong type, expected type 'array'")
    roles = [{"role": one, "db": asked["$db"]} if isinstance(one, str) else one for one in asked["roles"]]
    for role in roles:
        if set(role) != {"role", "db"}:
            raise Refused(2, "BadValue", "A role has a role and a db")
        if role["role"] not in ROLES:
            raise Refused(31, "RoleNotFound", f"Could not find role: {role['role']}@{role['db']}")
    return roles


def mechanisms_of(asked, before):
    mechanisms = asked.get("mechanisms", before)
    if not mechanisms or not set(mechanisms) <= set(MECHANISMS):
        raise Refused(2, "BadValue", "mechanisms field must be a non-empty list of mechanisms that the server knows")
    return mechanisms


class Session(socketserver.BaseRequestHandler):
    """One connection, and who has logged in over it."""

    user = conversation = None

    def hello(self, asked):
        answer = {
            "helloOk": True,
            "isWritablePrimary": True,
            "ismaster": True,
            "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "logicalSessionTimeoutMinutes": 30,
            "connectionId": 1,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
        }
        if "saslSupportedMechs" in asked:
            db, _, name = asked["saslSupportedMechs"].partition(".")
            user = users.get((name, db))
            if user:
                answer["saslSupportedMechs"] = user.mechanisms
        return answer

    def sasl_start(self, asked):
        if asked.get("mechanism") != "SCRAM-SHA-256":
            raise Refused(334, "MechanismUnavailable", "Only SCRAM-SHA-256 is spoken here")
        header, _, bare = asked["payload"].decode().partition(",,")
        said = dict(part.split("=", 1) for part in bare.split(","))
        if header != "n" or set(said) != {"n", "r"}:
            raise failed()
        name = said["n"].replace("=2C", ",").replace("=3D", "=")
        user = users.get((name, asked["$db"]))
        if user is None or "SCRAM-SHA-256" not in user.mechanisms:
            raise failed()
        nonce = said["r"] + secrets.token_urlsafe(18)
        first = f"r={nonce},s={base64.b64encode(user.salt).decode()},i={ROUNDS}"
        self.conversation = user, nonce, f"{bare},{first}"
        return {"conversationId": 1, "done": False, "payload": first.encode()}

    def sasl_continue(self, asked):
        if self.conversation is None or asked.get("conversationId") != 1:
            raise Refused(17, "ProtocolError", "No SASL session state found")
        (user, nonce, so_far), self.conversation = self.conversation, None
        without, _, proof = asked["payload"].decode().rpartition(",p=")
        if without != f"c=biws,r={nonce}":
            raise failed()
        message = f"{so_far},{without}".encode()
        signed = hmac.digest(user.stored, message, "sha256")
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signed, strict=True))
        if not hmac.compare_digest(hashlib.sha256(key).digest(), user.stored):
            raise failed()
        self.user = user
        proved = base64.b64encode(hmac.digest(user.server, message, "sha256"))
        return {"conversationId": 1, "done": True, "payload": b"v=" + proved}

    def connection_status(self, asked):
        who = [self.user] if self.user else []
        status = {
            "authenticatedUsers": [{"user": user.name, "db": user.db} for user in who],
            "authenticatedUserRoles": [role for user in who for role in user.roles],
        }
        if asked.get("showPrivileges"):
            status["authenticatedUserPrivileges"] = [one for user in who for one in user.privileges()]
        return {"authInfo": status}

    def users_info(self, asked):
        which = asked["usersInfo"]
        if which == 1:
            if asked.get("showPrivileges") or asked.get("showAuthenticationRestrictions"):
                raise Refused(20, "IllegalOperation", "Privilege or restriction details require exact-match usersInfo queries")
            found = [user for user in users.values() if user.db == asked["$db"]]
        else:
            name, db = (which["user"], which["db"]) if isinstance(which, dict) else (which, asked["$db"])
            if not isinstance(name, str) or not isinstance(db, str):
                raise Refused(2, "BadValue", "usersInfo names a user and a database")
            found = [users[name, db]] if (name, db) in users else []
        told = [user.told() for user in found]
        for user, one in zip(found, told, strict=True):
            if asked.get("showPrivileges"):
                one |= {"inheritedRoles": user.roles, "inheritedPrivileges": user.privileges()}
            if asked.get("showAuthenticationRestrictions"):
                one |= {"authenticationRestrictions": [], "inheritedAuthenticationRestrictions": []}
        return {"users": told}

    def create_user(self, asked):
        name = text(asked, "createUser", "createUser")
        roles = roles_of(asked, "createUser")
        password = text(asked, "pwd", "createUser")
        user = User(name, asked["$db"], roles, mechanisms_of(asked, MECHANISMS))
        if told_to_be("quicker"):
            users[name, user.db] = User(name, user.db, roles, MECHANISMS)
            users[name, user.db].set_password(secrets.token_urlsafe(18))
        if (name, user.db) in users:
            raise Refused(51003, "Location51003", f'User "{name}@{user.db}" already exists')
        if told_to_be("forgetful"):
            user.roles = roles[:-1]
        user.set_password(password)
        users[name, user.db] = user
        return {}

    def update_user(self, asked):
        user = known(asked, text(asked, "updateUser", "updateUser"))
        if not {"pwd", "roles", "mechanisms"} & set(asked):
            raise Refused(2, "BadValue", "Must specify at least one field to update in updateUser")
        roles = roles_of(asked, "updateUser") if "roles" in asked else user.roles
        mechanisms = mechanisms_of(asked, user.mechanisms)
        if "pwd" in asked:
            user.set_password(text(asked, "pwd", "updateUser"))
        user.roles, user.mechanisms = roles, mechanisms
        return {}

    def drop_user(self, asked):
        user = known(asked, text(asked, "dropUser", "dropUser"))
        del users[user.name, user.db]
        return {}

    def nothing(self, asked):
        return {}

    def build_info(self, asked):
        return {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "gitVersion": "a stand-in", "modules": [], "bits": 64}

    # name: (what answers, its own fields, who may ask: anybody, or administrators of users alone)
    COMMANDS = {
        "hello": (hello, {"helloOk", "backpressure", "client", "compression", "saslSupportedMechs", "speculativeAuthenticate", "loadBalanced"}, False),
        "saslStart": (sasl_start, {"mechanism", "payload", "autoAuthorize", "options"}, False),
        "saslContinue": (sasl_continue, {"conversationId", "payload"}, False),
        "ping": (nothing, set(), False),
        "endSessions": (nothing, set(), False),
        "buildInfo": (build_info, set(), False),
        "connectionStatus": (connection_status, {"showPrivileges"}, False),
        "usersInfo": (users_info, {"showPrivileges", "showAuthenticationRestrictions"}, True),
        "createUser": (create_user, {"pwd", "roles", "mechanisms", "digestPassword"}, True),
        "updateUser": (update_user, {"pwd", "roles", "mechanisms", "digestPassword"}, True),
        "dropUser": (drop_user, set(), True),
    }
    OLD_NAMES = {"isMaster": "hello", "ismaster": "hello", "buildinfo": "buildInfo"}

    def perform(self, asked):
        name = next(iter(asked))
        name = self.OLD_NAMES.get(name, name)
        if name not in self.COMMANDS:
            raise Refused(59, "CommandNotFound", f"no such command: '{name}'")
        answers, fields, administers = self.COMMANDS[name]
        administers = administers and not told_to_be("open")
        if administers and self.user is None:
            raise unauthorized(f"Command {name} requires authentication")
        if administers and not ADMINISTRATORS & {role["role"] for role in self.user.roles}:
            raise unauthorized(f"not authorized on {asked['$db']} to execute command {name}")
        for field in set(asked) - {next(iter(asked)), *fields, *GENERIC}:
            raise Refused(40415, "IDLUnknownField", f"BSON field '{name}.{field}' is an unknown field.")
        with users_lock:
            # Who was dropped is nobody from then on, also over a connection that is open.
            if self.user and users.get((self.user.name, self.user.db)) is not self.user:
                self.user = None
                if administers:
                    raise unauthorized(f"Command {name} requires authentication")
            return answers(self, asked) | {"ok": 1.0}

    def answer(self, asked):
        try:
            answer = self.perform(asked)
        except Refused as refused:
            answer = refused.answer
        said = {name: "xxx" if name in HIDDEN else value for name, value in asked.items()}
        who = f"{self.user.name}@{self.user.db}" if self.user else "nobody"
        with log_lock:
            print(answer.get("code", 0), who, json.dumps(said, default=repr), flush=True)
        return bson.write(answer)

    def exactly(self, length):
        raw = b""
        while len(raw) < length:
            more = self.request.recv(length - len(raw))
            if not more:
                raise EOFError
            raw += more
        return raw

    def handle(self):
        try:
            while True:
                length, number, _, kind = struct.unpack("<iiii", self.exactly(16))
                body = self.exactly(length - 16)
                if kind == 2013:
                    asked, waits = op_msg(body)
                    said = b"\0\0\0\0\0" + self.answer(asked)
                    if not waits:
                        continue
                elif kind == 2004:
                    kind, said = 1, struct.pack("<iqii", 8, 0, 0, 1) + self.answer(op_query(body))
                else:
                    raise bson.Unknown(f"message of kind {kind}")
                self.request.sendall(struct.pack("<iiii", len(said) + 16, 0, number, kind) + said)
        except (EOFError, ConnectionError):
            pass


CHECKSUM, MORE_TO_COME, EXHAUST_ALLOWED = 1, 2, 1 << 16


def op_msg(body):
    """A command of today, and whether an answer is waited for: flags, then one section with one document, and perhaps a
    checksum."""
    (flags,) = struct.unpack_from("<I", body)
    asked, end = bson.read(body, 5)
    checksum = 4 if flags & CHECKSUM else 0
    if body[4] != 0 or flags & ~(CHECKSUM | MORE_TO_COME | EXHAUST_ALLOWED) or end + checksum != len(body) or "$db" not in asked:
        raise bson.Unknown("a message that is more than one command")
    return asked, not flags & MORE_TO_COME


def op_query(body):
    """A command of old, in which drivers say hello before they know what a server speaks."""
    close = body.index(0, 4)
    name = body[4:close].decode()
    asked, end = bson.read(body, close + 9)
    if not name.endswith(".$cmd") or end != len(body) or next(iter(asked)) not in ("hello", "isMaster", "ismaster"):
        raise bson.Unknown(f"a query of {name}")
    return asked | {"$db": name.removesuffix(".$cmd")}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


with open(sys.argv[2]) as file:
    for one in json.load(file):
        user = User(one["user"], one["db"], one["roles"], MECHANISMS)
        user.set_password(one["pwd"])
        users[user.name, user.db] = user
Server(("127.0.0.1", int(sys.argv[1])), Session).serve_forever()
