"""Signatures by key, through ssh-keygen and by the rules that docs/record.md adds to OpenSSH's. Used by verify.py."""

from __future__ import annotations

import base64
import binascii
import calendar
import functools
import json
import os
import re
import subprocess
import time
import unicodedata
import zoneinfo
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from narrow import BLANKS, GIT, OURS, CannotCheck, Fault, bare

# ---------------- signatures ("Signatures")


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[at : at + 4], "big")
    if at + 4 + length > len(data):
        raise Fault("it is cut short")
    return data[at + 4 : at + 4 + length], at + 4 + length


def _strings(data: bytes, count: int, at: int = 0) -> tuple[list[bytes], int]:
    found = []
    for _ in range(count):
        part, at = _string(data, at)
        found.append(part)
    return found, at


KEY_FIELDS = {"ssh-ed25519": 1, "ssh-rsa": 2, "sk-ssh-ed25519@openssh.com": 2, "sk-ecdsa-sha2-nistp256@openssh.com": 3}
KEY_FIELDS["ssh-dss"] = 4
KEY_FIELDS |= {f"ecdsa-sha2-nistp{size}": 2 for size in (256, 384, 521)}


ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/]{70}\n)*[A-Za-z0-9+/=]{1,70}\n)-----END SSH SIGNATURE-----\s*"
)


def large_enough(kind: bytes, parts: list[bytes]) -> None:
    """DSA keys do not count, nor RSA keys below 2048 or above 4096 bits ("Where OpenSSH says something else")."""
    if kind.startswith(b"ssh-dss"):
        raise Fault("DSA keys do not count")
    if kind.startswith(b"ssh-rsa") and not 2048 <= int.from_bytes(parts[1], "big").bit_length() <= 4096:
        raise Fault("RSA keys of 2048 to 4096 bits count")


def look_into(signature: bytes) -> int:
    """What OpenSSH does not ask: a touch, no critical options in a certificate, an end of its validity, a key that is neither
    weak nor too large. Gives a security key's flags, or 0."""
    body = ARMOR.fullmatch(signature)
    if not body:
        raise Fault("the signature is not armored as ssh-keygen armors it")
    try:
        raw = base64.b64decode(body[1].replace(b"\n", b""), validate=True)
    except binascii.Error as error:
        raise Fault("the signature is not armored as it must be") from error
    if raw[:6] != b"SSHSIG":
        raise Fault("it is no SSH signature")
    (key, _, _, _, signed), _ = _strings(raw, 5, 10)
    (kind,), at = _strings(key, 1)
    name = kind.decode("ascii", "replace")
    if "-cert-v01@" in name:
        plain = name.replace("-cert-v01@openssh.com", "")
        plain += "@openssh.com" if plain.startswith("sk-") else ""
        parts, at = _strings(key, 1 + KEY_FIELDS.get(plain, 1), at)  # nonce, key
        large_enough(kind, parts[1:])
        _, at = _strings(key, 2, at + 12)  # serial, type; key id, principals
        if key[at + 8 : at + 16] == b"\xff" * 8:
            raise Fault("the certificate's validity has no end")
        (critical, _, _, authority), _ = _strings(key, 4, at + 16)  # valid after and before; options, extensions, reserved
        if critical:
            raise Fault("the certificate has critical options")
        (of_authority,), there = _strings(authority, 1)
        large_enough(of_authority, _strings(authority, KEY_FIELDS.get(of_authority.decode("ascii", "replace"), 0), there)[0])
    else:
        large_enough(kind, _strings(key, KEY_FIELDS.get(name, 0), at)[0])
    if not name.startswith("sk-"):
        return 0
    (made, numbers), at = _strings(signed, 2)
    flags = signed[at] if at < len(signed) else 0
    if not flags & 1:
        raise Fault("the security key was not touched")
    if made.startswith(b"webauthn-"):
        passkey(key, numbers, signed[at + 5 :], flags)
    return flags


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands there twice")
    return dict(pairs)


def passkey(key: bytes, numbers: bytes, rest: bytes, flags: int) -> None:
    """What OpenSSH does not ask of a passkey's signature ("Passkeys"): a page of its site, client data that are whole."""
    (_, _, _, site), _ = _strings(key, 4)
    for number in _strings(numbers, 2)[0]:
        if number[:1] == b"\0" and number[1:2] < b"\x80":
            raise Fault("a number of the signature has zeros before it")
    (origin, data, extensions), end = _strings(rest, 3)
    if extensions or flags & 0xC0 or end != len(rest):
        raise Fault("the passkey's signature has extensions, or something behind it")
    page = re.fullmatch(rb"(https?)://([a-z0-9.-]+)(?::[1-9][0-9]{0,4})?", origin)
    if not page or not re.fullmatch(rb"[a-z0-9.-]+", site) or not (b"." + page[2]).endswith(b"." + site):
        raise Fault("the page is not one of the passkey's site")
    if page[1] == b"http" and not (b"." + page[2]).endswith(b".localhost"):
        raise Fault("the page is not encrypted")
    try:
        said = json.loads(data.decode("utf-8"), object_pairs_hook=once) if len(data) <= 4096 else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not data.endswith(b"}"):
        raise Fault("the passkey's client data are none")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise Fault("the passkey signed within a page of another site")


# ---------------- files of keys ("Signatures"): every line is read, also those that nobody needs


@dataclass
class SignerLine:
    principals: str
    authority: bool
    namespaces: str | None
    key: bytes


UNREAD = "a line is none that can be read"
UNSEEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ufeff]")
# Of what nobody sees in a name: default-ignorable code points, what acts on a terminal, a blank that is none.
UNSEEN_RANGES = "ad-ad 34f-34f 61c-61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 2800-2800 3164-3164"
UNSEEN_RANGES += " fe00-fe0f feff-feff ffa0-ffa0 fff0-fffb 1bca0-1bca3 1d173-1d17a e0000-e0fff 0-1f 7f-9f"
UNSEEN_IN_NAMES = {
    code
    for part in UNSEEN_RANGES.split()
    for code in range(int(part.split("-")[0], 16), int(part.split("-")[1], 16) + 1)
}


def _seen(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name) if ord(c) not in UNSEEN_IN_NAMES)


def folded(name: str) -> str:
    """A name as names are compared ("Independence"): in one case and one form of Unicode, without what nobody sees."""
    name = bare(name)
    for _ in range(4):
        before, name = name, bare(_seen(_seen(name).upper().lower()))
        if before == name:
            break
    return name


def _fits(name: bytes, pattern: bytes) -> bool:
    """`*` for any bytes, `?` for one; in the time of their product, whatever the pattern is."""
    at = of = 0
    star = back = -1
    while at < len(name):
        if of < len(pattern) and pattern[of] == 0x2A:
            star, back, of = of, at, of + 1
        elif of < len(pattern) and pattern[of] in (0x3F, name[at]):
            at, of = at + 1, of + 1
        elif star >= 0:
            back += 1
            at, of = back, star + 1
        else:
            return False
    return not pattern[of:].strip(b"*")


def matches(name: str, patterns: str) -> bool:
    """A list of patterns as OpenSSH has them: one that fits, and none behind a `!` that does."""
    told = [(pattern.startswith("!"), pattern.removeprefix("!").encode()) for pattern in patterns.split(",")]
    fit = {denied for denied, pattern in told if _fits(name.encode(), pattern)}
    return fit == {False}


def _fields(data: bytes, at: int) -> list[bytes]:
    parts = []
    while at < len(data):
        part, at = _string(data, at)
        parts.append(part)
    return parts


CURVES = {b"nistp256": 65, b"nistp384": 97, b"nistp521": 133}


def is_key(kind: str, parts: list[bytes]) -> bool:
    """Whether these are the parts of a key of that kind: as many as it has, and of the lengths that it has."""
    if kind not in KEY_FIELDS:
        return "@" in kind and "-cert-v01@" not in kind and len(parts) == 1
    if len(parts) != KEY_FIELDS[kind]:
        return False
    if "ed25519" in kind:
        return len(parts[0]) == 32
    if "ecdsa" in kind:
        point = parts[1]
        short = kind.startswith("sk-") and len(point) == 33 and point[:1] in (b"\2", b"\3")
        named = parts[0] in CURVES and kind.split("@")[0].endswith("-" + parts[0].decode())
        return named and (short or len(point) == CURVES[parts[0]] and point[:1] == b"\4")
    # Numbers that begin with no more zeros than they must.
    return not any(part == b"\0" or part[:1] == b"\0" and part[1:2] < b"\x80" for part in parts)


def public_key(text: str) -> bytes:
    """The key of `KIND BASE64 [COMMENT]`, one blank between them."""
    kind, _, rest = text.rstrip(BLANKS).partition(" ")
    told = rest.partition(" ")[0]
    try:
        key = base64.b64decode(told, validate=True)
        name, at = _string(key, 0)
        if base64.b64encode(key).decode() == told and name.decode("ascii") == kind and is_key(kind, _fields(key, at)):
            return key
    except (ValueError, Fault):
        pass
    raise Fault(UNREAD)


def text_lines(data: bytes) -> list[str]:
    try:
        rows = [row.strip(" \t\r") for row in data.decode("utf-8").split("\n")]
    except UnicodeDecodeError as error:
        raise Fault("it is not UTF-8") from error
    rows = [row for row in rows if row and not row.startswith("#")]
    if any(UNSEEN.search(row) for row in rows):
        raise Fault("a line has a character that nobody sees")
    return rows


# Up to the first blank outside of quotation marks.
OPTIONS = re.compile(r'(?:[^"\\ \t]|\\.|\\\Z|"(?:[^"\\]|\\.)*(?:"|\Z))*', re.DOTALL)
# One of them, and what stands between them.
OPTION = re.compile(r'([^,=]*)(?:="((?:\\"|[^"\\]|\\(?!"))*)")?(,(?=.)|\Z)', re.DOTALL)
TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?(z|utc)?", re.IGNORECASE | re.ASCII)
LAST = 253402207200  # the last second that there is in every zone


def time_of(text: str, zone: str | None) -> int:
    """Seconds since 1970; without a zone of its own, standard time of the run's, as ssh-keygen has it of mktime."""
    parts = TIME.fullmatch(text)
    if not parts:
        raise Fault(f"{text[:40]!r} is no time")
    year, month, day, hour, minute, second = (int(part or 0) for part in parts.groups()[:6])
    try:
        datetime(max(year, 1), month, day, hour, minute, second)
        if parts[7]:
            found = calendar.timegm((year, month, day, hour, minute, second))
        else:
            found = int(local(zone, (year, month, day, hour, minute, second)))
    except (ValueError, OverflowError) as error:
        raise Fault(f"{text[:40]!r} is no time") from error
    if found <= 0 or found > LAST and year != 9999:
        raise Fault(f"{text[:40]!r} is no time")
    return min(found, LAST)


def local(zone: str | None, parts: tuple[int, ...]) -> float:
    before = os.environ.get("TZ")
    try:
        if zone is not None:
            os.environ["TZ"] = posix_zone(zone)
        time.tzset()
        return time.mktime((*parts, 0, 0, 0))
    finally:
        os.environ.pop("TZ", None)
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def options_of(text: str, zone: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while True:
        part = OPTION.match(text, at)
        if not part:
            raise Fault("options are none, or are not set apart by commas")
        name, value = part[1].lower(), part[2]
        if (name, value is None) not in [("cert-authority", True), ("namespaces", False), ("valid-after", False), ("valid-before", False)]:
            raise Fault(f"{name[:40]!r} is no option that is known, or its value is missing or too much")
        if name in found:
            raise Fault(f"{name!r} is given twice")
        found[name] = (value or "").replace('\\"', '"')
        at = part.end()
        if not part[3]:
            break
    times = {name: time_of(found[name], zone) for name in ("valid-after", "valid-before") if name in found}
    if len(times) == 2 and times["valid-before"] <= times["valid-after"]:
        raise Fault("`valid-before` is not after `valid-after`")
    return found


def signer_line(row: str, zone: str | None) -> SignerLine:
    if row.startswith('"'):
        principals, closed, rest = row[1:].partition('"')
        if not closed:
            raise Fault("a quotation mark is missing")
    else:
        principals, rest = re.fullmatch(r"([^ \t]*)(.*)", row, re.DOTALL).groups()  # type: ignore[union-attr]
    if not principals:
        raise Fault("the principals are missing")
    if set(principals) & set(BLANKS) - set(" \t"):
        raise Fault("a principal has a blank that people do not type")
    rest = rest.lstrip(" \t")
    if rest.startswith(("ssh-", "ecdsa-", "sk-")):
        return SignerLine(principals, False, None, public_key(rest))
    try:
        return SignerLine(principals, False, None, public_key(rest))
    except Fault:
        end = OPTIONS.match(rest).end()  # type: ignore[union-attr]
    options = options_of(rest[:end], zone)
    key = public_key(rest[end:].lstrip(" \t"))
    return SignerLine(principals, "cert-authority" in options, options.get("namespaces"), key)


def signer_lines(data: bytes, zone: str | None) -> list[SignerLine]:
    """Every line of allowed_signers; a line that cannot be read makes the file unusable."""
    return [signer_line(row, zone) for row in text_lines(data)]


@dataclass
class People:
    """Names that people go by, and whose each is, by how it is compared."""

    names: list[str] = field(default_factory=list)
    whose: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of_record(opened: dict[str, Any]) -> People:
        aliases = opened.get("aliases", {})
        known = {folded(alias): who for alias, who in aliases.items()}
        members = [who for role in opened["roles"].values() for who in role]
        known |= {folded(who): who for who in [*opened["people"], *members, *aliases.values()]}
        return People(sorted({*known.values(), *(name for name, who in known.items() if name != folded(who))}), known)

    @staticmethod
    def of_configuration(toml: dict[str, Any]) -> People:
        people = toml.get("people", {})
        principals = [*people, *(who for role in toml.get("roles", {}).values() for who in role)]
        aliases = {person["alias"]: who for who, person in people.items() if "alias" in person}
        whose: dict[str, str] = {}
        for name, who in [*((who, who) for who in principals), *aliases.items()]:
            whose.setdefault(folded(name), who)
        return People([*principals, *aliases], whose)

    def person(self, name: str) -> str:
        return folded(self.whose.get(folded(name), name))


def one_person_a_key(found: list[SignerLine], people: People) -> None:
    """One key is one person, and a person is written in one way ("Signatures")."""

    def literal(name: str) -> bool:
        return bool(name) and not set(name) & set("*?!")

    found = [row for row in found if row.namespaces is None or any(matches(space, row.namespaces) for space in (*OURS, GIT))]
    spelt = {folded(name): name for name in people.names}
    for row in found:
        for name in filter(literal, row.principals.split(",")):
            other = spelt.setdefault(folded(name), name)
            if other != name and people.person(name) == people.person(other) and name not in people.names:
                raise Fault(f"{name!r} and {other!r} are one person, written in two ways")
    owners: dict[bytes, str] = {}
    for row in found:
        if row.authority:
            continue
        listed = row.principals.split(",")
        named = list(filter(literal, listed))
        if any(name and not literal(name) for name in listed):
            named += [name for name in sorted(spelt.values()) if matches(name, row.principals)]
        for name in named:
            whose = people.person(name)
            if owners.setdefault(row.key, whose) != whose:
                raise Fault(f"one key stands for {owners[row.key]} and {name}")
    for row in found:
        if not row.authority or row.key not in owners:
            continue
        for name in row.principals.split(","):
            if name and (not literal(name) or people.person(name) != owners[row.key]):
                raise Fault("one key is somebody's own, and vouches for others")


@dataclass
class Keys:
    """Who may sign: an allowed_signers file, a list of revoked keys, a time zone (None: the reader's)."""

    signers: bytes | None
    revoked: bytes | None
    zone: str | None
    scratch: str
    people: People = field(default_factory=People)
    fault: str | None = None
    anybody: bool = False

    def __post_init__(self) -> None:
        try:
            if self.zone is not None and self.signers is not None:
                posix_zone(self.zone)
            found = signer_lines(self.signers or b"", self.zone)
            self.anybody = bool(found)
            for row in text_lines(self.revoked or b""):
                public_key(row)
            one_person_a_key(found, self.people)
        except Fault as fault:
            self.fault, self.anybody = str(fault), True

    def verify(self, who: str, space: str, message: bytes, signature: bytes, times: list[datetime]) -> tuple[str, int]:
        """The key's fingerprint, and a security key's flags. The key must be good at each of the times."""
        if self.fault:
            raise Fault(f"no signature counts: {self.fault}")
        if self.signers is None:
            raise Fault("the record keeps no allowed_signers")
        if not who or who.startswith("-") or "\0" in who:
            raise Fault("that is no principal")
        flags, key = look_into(signature), ""
        files = {"signers": self.signers, "signature": signature}
        if self.revoked is not None:
            files["revoked"] = self.revoked
        for name, data in files.items():
            with open(os.path.join(self.scratch, name), "wb") as file:
                file.write(data)
        for at in times:
            utc = at.astimezone(timezone.utc).strftime("%Y%m%d%H%M%SZ")
            command = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", who, "-n", space, "-s", "signature"]
            command += ["-O", f"verify-time={utc}"] + (["-r", "revoked"] if "revoked" in files else [])
            key = self.ask(command, message)
        return key, flags

    def ask(self, command: list[str], message: bytes) -> str:
        environment = dict(os.environ, LC_ALL="C")
        if self.zone is not None:
            environment["TZ"] = posix_zone(self.zone)
        try:
            done = subprocess.run(
                command, input=message, cwd=self.scratch, env=environment, capture_output=True, timeout=60, check=False
            )
        except FileNotFoundError as error:
            raise CannotCheck("ssh-keygen is not there") from error
        except (subprocess.TimeoutExpired, OSError, ValueError) as error:
            raise Fault(f"ssh-keygen gives no answer: {error}") from error
        said = done.stdout.decode("utf-8", "replace")
        key = re.search(r" key (SHA256:\S+)\s*\Z", said)
        if done.returncode or not key:
            why = (said + done.stderr.decode("utf-8", "replace")).strip().splitlines()
            raise Fault(f"the signature does not count ({why[-1][:200] if why else 'ssh-keygen says no'})")
        return key[1]

    def made_by_some_key(self, space: str, message: bytes, signature: bytes) -> str:
        """The fingerprint of whatever key signed just that; whose it is, is not asked."""
        look_into(signature)
        with open(os.path.join(self.scratch, "signature"), "wb") as file:
            file.write(signature)
        return self.ask(["ssh-keygen", "-Y", "check-novalidate", "-n", space, "-s", "signature"], message)


@functools.cache
def known_zones() -> set[str]:
    return zoneinfo.available_timezones() - {"localtime"}


def posix_zone(zone: str) -> str:
    """An IANA name as it is; an offset (+02, -03:30) as POSIX writes it, whose sign is the other way round."""
    offset = re.fullmatch(r"([+-])([01]\d|2[0-3])(?::([0-5]\d))?", zone, re.ASCII)
    if offset:
        minutes = offset[3] or "00"
        return f"<{offset[1]}{offset[2]}{minutes}>{'-' if offset[1] == '+' else '+'}{offset[2]}:{minutes}"
    # Not the files of an installation that are no names: `posix/UTC`, `right/UTC`, `localtime`.
    if zone not in known_zones():
        raise Fault(f"the time zone {zone[:40]!r} is not known, so that no time of a key is")
    return zone
