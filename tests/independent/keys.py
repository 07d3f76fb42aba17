"""Signatures by key, through ssh-keygen and by the rules that docs/record.md adds to OpenSSH's. Used by verify.py."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import functools
import json
import os
import re
import subprocess
import zoneinfo
from dataclasses import dataclass, field
from datetime import datetime, timezone

from narrow import BLANKS, OURS, CannotCheck, Fault

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


@dataclass
class SignerLine:
    principals: list[str]
    authority: bool
    namespaces: list[str]
    key: bytes


OPTION = r'(?:[A-Za-z-]+(?:="(?:[^"\\]|\\.)*")?)'
SIGNER = re.compile(rf'("[^"]*"|\S+)[ \t]+(?:({OPTION}(?:,{OPTION})*)[ \t]+)?(\S+)[ \t]+(\S+)(?:[ \t].*)?\Z')


def public_key(kind: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
        if _string(key, 0)[0].decode("ascii", "replace") == kind:
            return key
    except (binascii.Error, Fault):
        pass
    raise Fault("a line is none that can be read")


UNSEEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ufeff]")


def text_lines(data: bytes) -> list[str]:
    try:
        rows = [row.strip(" \t\r") for row in data.decode("utf-8").split("\n")]
    except UnicodeDecodeError as error:
        raise Fault("it is not UTF-8") from error
    rows = [row for row in rows if row and not row.startswith("#")]
    if any(UNSEEN.search(row) for row in rows):
        raise Fault("a line has a character that nobody sees")
    return rows


def signer_lines(data: bytes) -> list[SignerLine]:
    """Every line of allowed_signers; a line that cannot be read makes the file unusable."""
    found = []
    for row in text_lines(data):
        parts = SIGNER.match(row)
        if not parts:
            raise Fault("a line is none that can be read")
        if set(parts[1]) & set(BLANKS) - set(" \t"):
            raise Fault("a principal has a blank that people do not type")
        options = parts[2] or ""
        spaces = re.search(r'(?i)namespaces="([^"]*)"', options)
        authority = bool(re.search(r"(?i)(^|,)cert-authority(,|$)", options))
        found.append(
            SignerLine(
                parts[1].strip('"').split(","),
                authority,
                spaces[1].split(",") if spaces else list(OURS),
                public_key(parts[3], parts[4]),
            )
        )
    return found


def one_person_a_key(found: list[SignerLine], people: set[str]) -> None:
    """One key is one person, and a person is written in one way ("Signatures")."""
    owners: dict[bytes, str] = {}
    spelt = {name.casefold(): name for name in people}
    for line in found:
        plain = {name for name in line.principals if not set(name) & set("*?!")}
        for name in plain:
            if spelt.setdefault(name.casefold(), name) != name:
                raise Fault(f"{name} is written in two ways")
        if line.authority or not any(fnmatch.fnmatchcase(ours, space) for ours in OURS for space in line.namespaces):
            continue
        denied = [name[1:] for name in line.principals if name.startswith("!")]
        for name in sorted(people | plain):
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in line.principals):
                continue
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in denied):
                continue
            if owners.setdefault(line.key, name) != name:
                raise Fault(f"one key stands for {owners[line.key]} and {name}")
    if any(line.authority and line.key in owners for line in found):
        raise Fault("one key is somebody's own, and vouches for others")


@dataclass
class Keys:
    """Who may sign: an allowed_signers file, a list of revoked keys, a time zone (None: the reader's)."""

    signers: bytes | None
    revoked: bytes | None
    zone: str | None
    scratch: str
    people: set[str] = field(default_factory=set)
    fault: str | None = None
    anybody: bool = False

    def __post_init__(self) -> None:
        try:
            found = signer_lines(self.signers or b"")
            self.anybody = bool(found)
            for row in text_lines(self.revoked or b""):
                kind, _, rest = row.partition(" ")
                public_key(kind, rest.split(" ")[0])
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
        for time in times:
            utc = time.astimezone(timezone.utc).strftime("%Y%m%d%H%M%SZ")
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
