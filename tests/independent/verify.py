#!/usr/bin/env python3
"""Verifies a Holdpoint record, written from docs/record.md alone, without a line of Holdpoint's own.

    python3 verify.py DIR [--trust DIR]

DIR is a run's directory or an unpacked bundle. The verdict is the first line on standard output, reasons and remarks are
on standard error; it ends with 0 (intact), 6 (not) or 2 (cannot be checked).

It checks bytes (lines, chain, writes, blobs, tombstones, seal), signatures, what statements say, and the rehearsal that
is kept. It does NOT check conformity: it has no engine, so it cannot tell whether the run went as the run-book asks,
whether a role was held, whether somebody was independent, whether what a signer was shown is what the program would
show, nor what a statement tells beside inputs and history. Section names in comments are those of docs/record.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11: what needs the configuration is then told as not checked
    tomllib = None  # type: ignore[assignment]

# "On disk": nothing is read past the length that it can have.
MIB = 1 << 20
LINE, STATEMENT, SEAL, TOMBSTONE, DOCUMENT = 16 * MIB, 16 * MIB, 64 << 10, 64 << 10, 64 * MIB
WRITE_LINES, WRITE_BYTES = 1000, 32 * MIB  # "Lines", writes
DEPTH = 128  # how deep JSON may nest
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
SIGNOFF, APPROVAL, EXPUNGE, REVIEW = (f"{word}@holdpoint" for word in ("signoff", "approval", "expunge", "review"))
OURS = (SIGNOFF, APPROVAL, EXPUNGE, REVIEW)


class Fault(Exception):
    """Something is wrong with the record, or with a part of it."""


class Altered(Exception):
    """The verdict `altered at event N`."""

    def __init__(self, event: int, why: str) -> None:
        super().__init__(why)
        self.event = event


class Misfit(Altered):
    """The verdict `does not conform at event N`."""


class CannotCheck(Exception):
    """Exit code 2: there is no verdict."""


# ---------------------------------------------------------------- files ("On disk")


def read_file(path: str, limit: int) -> bytes | None:
    """The bytes of a regular file, None where there is none. Follows no link at its end, waits for no FIFO."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise CannotCheck(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise Fault(f"{path} is no regular file") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Fault(f"{path} is no regular file")
        if status.st_size > limit:
            raise Fault(f"{path} is longer than {limit} bytes")
        data = file.read(limit + 1)
        if len(data) > limit:
            raise Fault(f"{path} is longer than {limit} bytes")
        return data


def directory(path: str) -> bool:
    """Whether the directory is there; a link or anything else in its place is a fault."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise Fault(f"{path} is no directory")
    return True


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---------------------------------------------------------------- JSON ("Lines")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Fault("a key is given twice")
    return found


def _whole(text: str) -> int:
    if text == "-0":
        raise Fault("-0 is no whole number in its one writing")
    if len(text) > 20 or not -(1 << 63) <= int(text) < 1 << 64:
        raise Fault(f"the number {text[:24]} is out of range")
    return int(text)


def _refuse(text: str) -> Any:
    raise Fault(f"{text[:24]} is not a whole number")


def parse(data: bytes) -> Any:
    """JSON as narrow as records have it: UTF-8 without a mark, whole numbers, no key twice, no CR."""
    if b"\r" in data:
        raise Fault("it has a carriage return")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault("it is not UTF-8") from error
    depth = deepest = 0
    for piece in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        mark = piece.group()[0]
        depth += (mark in "[{") - (mark in "]}")
        deepest = max(deepest, depth)
    if deepest > DEPTH:
        raise Fault("it nests too deep")
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_int=_whole, parse_float=_refuse, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise Fault(f"it is no JSON: {error}") from error
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise Fault("it has half of a surrogate pair") from error
    return value


# Shapes of objects, after "Events" and `holdpoint schema events`. `key?:type` may be left out. Types: s text, b true or
# false, n whole number from 0, i whole number, d digest, t time, [x] list, {x} map, =a|b one of these words, else a shape.
RESULT = (
    "step:s action:s place?:s attempt:n probe?:b outcome:=passed|failed|timed_out|interrupted exit?:i signal?:i"
    " error?:s duration_ms:n output?:output expectations?:[judged] captures?:{s} files?:{blob} state?:blob"
    " masked?:{n} remarks?:[s]"
)
START = "step:s action:s place?:s attempt:n probe?:b script?:blob cwd:s remote?:sent"
SESSION = (
    "operator:s operator_from:s program:program os_user:s host:s tty?:s cwd:s time_zone:s clock_synchronised?:b"
    " commit?:s dirty?:b committed?:b unmet?:[unmet]"
)
ASSURANCE = "=rehearsal|typed|ssh|fido-uv"
MEANING = "=review|approval|responsibility|authorship"
RULE = "=committed|known_people|effective|clean_commit|approved_document|rehearsal|same_commit|roles"
VERDICT = "=passed|nothing_done|failed|rolled_back|aborted"
EVENTS = {
    "run.opened": "format:s id:s number:n former?:former dry?:b runbook:runbook plan:s environment:environment"
    " inputs:[input] config?:blob signers?:blob revoked?:blob roles:{[s]} people:{s} aliases?:{s} policy?:policy"
    " session:session",
    "session.opened": SESSION,
    "rules.checked": "commit?:s dirty?:b committed?:b unmet?:[unmet]",
    "log.recovered": "torn:blob",
    "step.not_applicable": "step:s action?:s place?:s condition:s",
    "action.started": START,
    "rollback.started": START,
    "action.finished": RESULT,
    "rollback.finished": RESULT,
    "item.confirmed": "step:s action:s text:s by:by",
    "value.recorded": "step:s action:s name:s value:s evidence?:evidence within_limits:b by:by",
    "value.corrected": "step:s action:s name:s old:s new:s reason:s within_limits:b by:by",
    "signoff.requested": "step:s action:s role:s statement:s",
    "signoff.given": f"step:s action:s role:s meaning:{MEANING} statement:s name:s assurance:{ASSURANCE}"
    " signature?:signature presence?:presence by:by",
    "signoff.rejected": "step:s action:s reason:s signed?:signed presence?:presence by:by",
    "signoff.refused": "step:s action:s reason:s by:by",
    "signoff.lapsed": "step:s action:s reason:s",
    "deviation": "kind:=skipped|edited|repeated|out_of_order|shell|policy_overridden step?:s action?:s place?:s"
    " script?:blob overridden?:override reason:s by:by",
    "decision": "step:s action:s place?:s choice:=proceed|retry|happened|run|find_out|abort reason?:s by:by",
    "rollback.opened": "steps:[s] without:[s] places?:[effect] reason?:s by?:by",
    "note": "text:s step?:s corrects?:n by:by",
    "handover": "to:s standing:standing note?:s by:by",
    "handover.accepted": "by:by",
    "handover.withdrawn": "reason?:s by:by",
    "run.closed": f"verdict:{VERDICT}",
}
SHAPES = {
    "blob": "sha256:d bytes:n",
    "program": "version:s sha256?:s",
    "session": SESSION,
    "unmet": f"rule:{RULE} why:s",
    "former": "number:n id?:s seal?:s head?:prefix",
    "prefix": "events:n bytes:n sha256:s",
    "runbook": "path:s blob:blob commit?:s dirty?:b committed?:b foreign?:b title:s document_id?:s revision?:s"
    " claims?:claims",
    "claims": "authors?:[s] approvers?:[s] approval_date?:s effective_date?:s review_in?:s",
    "environment": f"name:s rehearsal:b protected:b four_eyes:b signature:{ASSURANCE} vars:{{s}} targets?:{{target}}",
    "target": "places:[s] become?:s",
    "input": "name:s value?:s secret:b from:s",
    "policy": f"approvals?:[approved] rehearsed?:rehearsed unmet?:[unmet] kept?:[{RULE}] may_override?:[s]",
    "approved": f"who:s name:s time:s assurance:{ASSURANCE} key:s statement:blob signature:blob",
    "rehearsed": "number:n id:s environment:s ended:s seal:blob log:blob config?:blob",
    "sent": "attempt:s boot:s store:s",
    "output": "stdout:blob stderr:blob timing:blob",
    "judged": "expected:s came?:s held:b",
    "by": "who:s via:=terminal|answers|command|assumed",
    "evidence": "url:s / file:file",
    "file": "path:s blob:blob",
    "signature": "key:s statement:d signature:d",
    "presence": "shown:blob program:program os_user:s host:s tty?:s other_account:b",
    "signed": f"role:s meaning:{MEANING} statement:s name:s assurance:{ASSURANCE} signature:signature",
    "override": f"rules:[{RULE}] role:s name:s assurance:{ASSURANCE} signature?:signature",
    "effect": "step:s place:s",
    "standing": "next:next in_doubt:[s] sign_offs:[s] deviations:[s]",
    "next": "step?:s action?:s place?:s"
    " takes:=execution|confirmation|values|sign_off|decision|certainty|rollback",
    # files beside run.jsonl
    "seal": f"format:s id:s number:n verdict:{VERDICT} events:n bytes:n sha256:d",
    "tombstone": "format:s id:s blob:blob at:t who:s reason:s",
    "statement": f"holdpoint:s run:run step:s action:s role:s meaning:{MEANING} statement:s rejected?:s signer:person"
    " at:moment record:prefix runbook:document environment:s presence?:presence seen:seen",
    "run": "number:n id:s",
    "person": "principal:s name:s",
    "moment": "time:z zone:s",
    "document": "path:s sha256:s title:s revision?:s commit?:s",
    "seen": "inputs:{s0} values:{s} artefacts:{s} actions:[outcome] deviations:[s] history:[any]",
    "outcome": "action:s outcome:s",
    "approval": "holdpoint:s meaning:s document:claimed approvers:[s] approver:person at:moment",
    "claimed": "path:s sha256:s title:s document_id?:s revision?:s effective_date?:s",
    "review": "holdpoint:s run:run seal:d number:n former?:d kind:=audit-trail|late-note|post-release text:s verdict:s"
    " reviewer:person at:moment",
}
DIGEST = re.compile(r"[0-9a-f]{64}\Z")
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z\Z", re.ASCII)
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


def moment(text: str) -> datetime:
    """A time of the record. Digits behind microseconds are cut off: no rule looks at them."""
    if not ZONED.match(text):
        raise Fault(f"{text[:40]!r} is no time")
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00")))
    except ValueError as error:
        raise Fault(f"{text[:40]!r} is no time") from error


def fits(value: Any, kind: str, where: str) -> None:
    """Holds a value against a type of the tables above."""
    if kind.startswith("="):
        right = isinstance(value, str) and value in kind[1:].split("|")
    elif kind.startswith(("[", "{")):
        right = isinstance(value, list if kind[0] == "[" else dict)
        for part in (value if kind[0] == "[" else value.values()) if right else ():
            fits(part, kind[1:-1], where)
    elif kind in SHAPES:
        return has_shape(value, SHAPES[kind], where)
    elif kind in "ni":
        right = isinstance(value, int) and not isinstance(value, bool) and (kind == "i" or value >= 0)
    else:
        right = {
            "any": lambda: True,
            "b": lambda: isinstance(value, bool),
            "s": lambda: isinstance(value, str),
            "s0": lambda: value is None or isinstance(value, str),
            "d": lambda: isinstance(value, str) and bool(DIGEST.match(value)),
            "t": lambda: isinstance(value, str) and bool(UTC.match(value) and moment(value)),
            "z": lambda: isinstance(value, str) and bool(moment(value)),
        }[kind]()
    if not right:
        raise Fault(f"{where} has a wrong value")


def has_shape(value: Any, shape: str, where: str) -> None:
    """Refuses an object with a key too many, a key too few, or a value of another type."""
    if not isinstance(value, dict):
        raise Fault(f"{where} is no object")
    for choice in shape.split(" / "):
        keys = dict(part.split(":", 1) for part in choice.split())
        if " / " in shape and set(keys) != set(value):
            continue
        for key in value:
            if key not in keys and f"{key}?" not in keys:
                raise Fault(f"{where} has an unknown key `{key[:40]}`")
        for key, kind in keys.items():
            name = key.rstrip("?")
            if name in value:
                fits(value[name], kind, f"{where}, `{name}`")
            elif name == key:
                raise Fault(f"{where} lacks `{name}`")
        return
    raise Fault(f"{where} has other keys than it may")


def read_object(data: bytes, shape: str, where: str) -> dict[str, Any]:
    try:
        value = parse(data)
    except Fault as fault:
        raise Fault(f"{where}: {fault}") from fault
    has_shape(value, SHAPES[shape], where)
    return value


# ---------------------------------------------------------------- run.jsonl ("Lines", "Durability")


@dataclass
class Log:
    """Events, and where each begins; `torn` where a crash cut the last write."""

    events: list[dict[str, Any]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    bytes: int = 0
    sha256: str = ""
    torn: bool = False
    zeros: bool = False  # nothing but room follows the last line


def lines(file: Any) -> Iterator[bytes]:
    while line := file.readline(LINE + 1):
        yield line


def check_line(line: bytes, n: int, prev: str) -> dict[str, Any]:
    if len(line) > LINE:
        raise Fault(f"the line is longer than {LINE} bytes")
    event = parse(line[:-1])
    if not isinstance(event, dict):
        raise Fault("the line is no object")
    head = ["n", "prev", "at"] + (["more"] if "more" in event else []) + ["type"]
    if list(event)[: len(head)] != head:
        raise Fault("the line does not begin with n, prev, at, more, type in this order")
    if isinstance(event["n"], bool) or event["n"] != n:
        raise Fault(f"`n` is {event['n']} and must be {n}")
    if event["prev"] != prev:
        raise Fault("`prev` is not the digest of what is before it")
    fits(event["at"], "t", "`at`")
    if event.get("more", True) is not True:
        raise Fault("`more` has another value than true")
    if not isinstance(event["type"], str) or event["type"] not in EVENTS:
        raise Fault("its type is unknown")
    if n == 0 and event["type"] == "run.opened":
        version = event.get("format")
        if isinstance(version, str) and re.match(r"\d+\.\d+\Z", version) and newer(version):
            raise CannotCheck(f"it has format {version}: read it with a newer program")
        if version != "2.0":
            raise Fault(f"its format is {version!r}")
    own = {key: value for key, value in event.items() if key not in ("n", "prev", "at", "more", "type")}
    has_shape(own, EVENTS[event["type"]], event["type"])
    return event


def newer(version: str) -> bool:
    return [int(part[:9]) for part in version.split(".")] > [2, 0]


def looks_torn(line: bytes) -> bool:
    """What a crash may leave as the last line: not ended, no JSON, or with a whole sector of zeros."""
    if not line.endswith(b"\n") or len(line) > LINE or b"\0" * 512 in line:
        return True
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def read_log(file: Any) -> Log:
    """Reads and chains all lines; raises Altered at the first that is not as it must be."""
    log, digest, write_lines, write_bytes, write_from = Log(), hashlib.sha256(), 0, 0, 0
    rows = lines(file)
    for line in rows:
        n = len(log.events)
        if n and not line.strip(b"\0"):
            # Room: zeros follow the last line (Durability). They are read as one line, and no more of them.
            log.torn = log.zeros = True
            break
        try:
            event = check_line(line, n, digest.hexdigest())
        except Fault as fault:
            if n and looks_torn(line) and not any(part.strip(b"\0") for part in rows):
                log.torn = True
                break
            raise Altered(n, str(fault)) from fault
        if n and event["type"] == "run.opened" or not n and event["type"] != "run.opened":
            raise Altered(n, f"{event['type']} cannot stand there")
        log.events.append(event)
        log.offsets.append(log.bytes)
        log.bytes += len(line)
        digest.update(line)
        write_lines, write_bytes = write_lines + 1, write_bytes + len(line)
        if write_lines > WRITE_LINES or write_lines > 1 and write_bytes > WRITE_BYTES:
            raise Altered(n, "it is of a write that is too large")
        if "more" not in event:
            write_lines, write_bytes, write_from = 0, 0, n + 1
    log.sha256 = digest.hexdigest()
    if write_lines:  # none of the lines of a write that was cut short counts
        log.bytes, log.sha256 = log.offsets[write_from], log.events[write_from]["prev"]
        del log.events[write_from:], log.offsets[write_from:]
        log.torn = True
    if not log.events:
        raise Altered(0, "there is no event")
    return log


# ---------------------------------------------------------------- signatures ("Signatures")


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
KEY_FIELDS |= {f"ecdsa-sha2-nistp{size}": 2 for size in (256, 384, 521)}


def look_into(signature: bytes) -> int:
    """What OpenSSH does not ask: a touch, and no critical options in a certificate. Gives a security key's flags, or 0."""
    try:
        body = re.fullmatch(
            rb"-----BEGIN SSH SIGNATURE-----\s(.*)\s-----END SSH SIGNATURE-----\s*", signature, re.DOTALL
        )
        raw = base64.b64decode(b"".join(body[1].split()), validate=True) if body else b""
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
        _, at = _strings(key, 1 + KEY_FIELDS.get(plain, 1), at)  # nonce, key
        _, at = _strings(key, 2, at + 12)  # serial, type; key id, principals
        (critical,), _ = _strings(key, 1, at + 16)  # valid after and before
        if critical:
            raise Fault("the certificate has critical options")
    if not name.startswith("sk-"):
        return 0
    _, at = _strings(signed, 2)
    flags = signed[at] if at < len(signed) else 0
    if not flags & 1:
        raise Fault("the security key was not touched")
    return flags


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


def text_lines(data: bytes) -> list[str]:
    try:
        rows = [row.strip() for row in data.decode("utf-8").split("\n")]
    except UnicodeDecodeError as error:
        raise Fault("it is not UTF-8") from error
    return [row for row in rows if row and not row.startswith("#")]


def signer_lines(data: bytes) -> list[SignerLine]:
    """Every line of allowed_signers; a line that cannot be read makes the file unusable."""
    found = []
    for row in text_lines(data):
        parts = SIGNER.match(row)
        if not parts:
            raise Fault("a line is none that can be read")
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


def one_person_a_key(found: list[SignerLine]) -> None:
    """One key is one person, and a person is written in one way. (Patterns are not matched against people here.)"""
    owners: dict[bytes, str] = {}
    spelt: dict[str, str] = {}
    for line in found:
        for principal in line.principals:
            if spelt.setdefault(principal.casefold(), principal) != principal:
                raise Fault(f"{principal} is written in two ways")
            if line.authority or not any(space in OURS or "*" in space for space in line.namespaces):
                continue
            if owners.setdefault(line.key, principal) != principal:
                raise Fault(f"one key stands for {owners[line.key]} and {principal}")


@dataclass
class Keys:
    """Who may sign: an allowed_signers file, a list of revoked keys, a time zone (None: the reader's)."""

    signers: bytes | None
    revoked: bytes | None
    zone: str | None
    scratch: str
    fault: str | None = None
    anybody: bool = False

    def __post_init__(self) -> None:
        try:
            found = signer_lines(self.signers or b"")
            self.anybody = bool(found)
            for row in text_lines(self.revoked or b""):
                kind, _, rest = row.partition(" ")
                public_key(kind, rest.split(" ")[0])
            one_person_a_key(found)
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


def posix_zone(zone: str) -> str:
    """An IANA name as it is; an offset (+02:00) as POSIX writes it, whose sign is the other way round."""
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)(?::?\d\d)?", zone)
    if not offset:
        return zone
    return f"<{offset[1]}{offset[2]}{offset[3]}>{'-' if offset[1] == '+' else '+'}{offset[2]}:{offset[3]}"


# ---------------------------------------------------------------- the record


@dataclass
class Signed:
    """A signature by key that was good, kept to be held against --trust."""

    event: int
    what: str
    who: str
    space: str
    message: bytes
    signature: bytes
    times: list[datetime]


# `history` ("Signatures"): these always, rules.checked with unmet, ends that did not pass.
TOLD = {"session.opened", "log.recovered", "value.recorded", "value.corrected", "deviation", "decision", "rollback.opened"}
TOLD |= {"note", "handover", "handover.accepted", "handover.withdrawn"}
TOLD |= {"signoff.given", "signoff.rejected", "signoff.refused", "signoff.lapsed"}
ENDS = {"action.finished", "rollback.finished"}
UNTOLD = {"prev", "at", "more", "output", "files", "state", "masked"}


def history(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in event.items() if key not in UNTOLD}
        for event in events
        if event["type"] in TOLD
        or event["type"] == "rules.checked"
        and "unmet" in event
        or event["type"] in ENDS
        and event["outcome"] != "passed"
    ]


def must(holds: bool, why: str) -> None:
    if not holds:
        raise Fault(why)


def blobs_in(value: Any) -> Iterator[tuple[str, int]]:
    """Every object of an event that has `sha256` and `bytes` and nothing else ("Blobs", "By hand")."""
    if isinstance(value, dict):
        if set(value) == {"sha256", "bytes"} and isinstance(value["bytes"], int):
            yield value["sha256"], value["bytes"]
        for part in value.values():
            yield from blobs_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from blobs_in(part)


class Record:
    def __init__(self, root: str, scratch: str) -> None:
        self.root, self.scratch = root, scratch
        self.remarks: list[str] = []
        self.signed: list[Signed] = []
        self.expunged: list[tuple[int, str, str | None]] = []  # first event, digest, key

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    # -- bytes

    def read(self) -> None:
        try:
            for name in ("blobs", "blobs/sha256", "signoffs"):
                directory(self.path(name))
        except Fault as fault:
            raise Altered(0, str(fault)) from fault
        try:
            handle = os.open(self.path("run.jsonl"), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise CannotCheck(f"{self.root} holds no run.jsonl") from error
        except PermissionError as error:
            raise CannotCheck(f"run.jsonl: {error.strerror}") from error
        except OSError as error:
            raise Altered(0, "run.jsonl is no regular file") from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Altered(0, "run.jsonl is no regular file")
            self.size = os.fstat(handle).st_size
            self.log = read_log(file)
        self.events, self.opened, self.last = self.log.events, self.log.events[0], len(self.log.events) - 1
        if self.opened.get("dry"):
            raise Misfit(0, "a dry run is never stored")
        for before, event in zip(self.events, self.events[1:]):
            if moment(event["at"]) < moment(before["at"]) - MINUTE:
                self.remarks.append(f"event {event['n']} is more than a minute earlier than the one before it")

    def check_blobs(self) -> None:
        """Every blob there and with its digest, or expunged ("Expunged blobs")."""
        self.first: dict[str, int] = {}
        lengths: dict[str, int] = {}
        for event in self.events:
            for digest, length in blobs_in(event):
                if lengths.setdefault(digest, length) != length:
                    raise Altered(event["n"], f"the blob {digest} has two lengths")
                if digest in self.first:
                    continue
                self.first[digest] = event["n"]
                try:
                    self.check_blob(digest, length)
                except Fault as fault:
                    raise Altered(event["n"], str(fault)) from fault

    def check_blob(self, digest: str, length: int) -> None:
        path = self.path("blobs/sha256", digest)
        found = hashlib.sha256()
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            must(os.path.lexists(path + ".expunged"), f"the blob {digest} is not there")
            return
        except PermissionError as error:
            raise CannotCheck(f"{path}: {error.strerror}") from error
        except OSError as error:
            raise Fault(f"the blob {digest} is no regular file") from error
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            must(stat.S_ISREG(status.st_mode), f"the blob {digest} is no regular file")
            must(status.st_size == length, f"the blob {digest} has another length")
            while piece := file.read(MIB):
                found.update(piece)
        must(found.hexdigest() == digest, f"the blob {digest} has other bytes")

    def blob(self, reference: dict[str, Any] | None, limit: int = DOCUMENT) -> bytes | None:
        """A blob's bytes; None where event 0 names none, or where it was expunged."""
        return None if reference is None else read_file(self.path("blobs/sha256", reference["sha256"]), limit)

    def check_tombstones(self) -> None:
        for digest, event in self.first.items():
            path = self.path("blobs/sha256", digest)
            try:
                data = read_file(path + ".expunged", TOMBSTONE)
                if data is None:
                    continue
                if os.path.lexists(path):
                    # what a crash left: the tombstone is durable before the bytes go
                    self.remarks.append(f"event {event}: the blob {digest} is there, with a tombstone")
                    continue
                self.check_tombstone(digest, event, data, read_file(path + ".expunged.sig", STATEMENT))
            except Fault as fault:
                raise Altered(event, f"the tombstone of {digest}: {fault}") from fault

    def check_tombstone(self, digest: str, event: int, data: bytes, signature: bytes | None) -> None:
        stone = read_object(data, "tombstone", "it")
        must(stone["id"] == self.opened["id"], "it is of another run")
        must(stone["blob"]["sha256"] == digest, "it is of another blob")
        lengths = {length for row in self.events for name, length in blobs_in(row) if name == digest}
        must(lengths == {stone["blob"]["bytes"]}, "it tells of another length")
        must(bool(stone["who"].strip() and stone["reason"].strip()), "it names nobody, or no reason")
        key, time = None, moment(stone["at"])
        if self.keys.anybody:
            must(signature is not None, "nobody signed for it")
            key, _ = self.keys.verify(stone["who"], EXPUNGE, data, signature or b"", [time])
            self.signed.append(Signed(event, "tombstone", stone["who"], EXPUNGE, data, signature or b"", [time]))
        if time < moment(self.opened["at"]):
            self.remarks.append(f"the tombstone of {digest} is of a time before the run")
        self.expunged.append((event, digest, key))
        self.remarks.append(
            f"event {event}: the blob {digest} was expunged at {stone['at']} by {stone['who']!r},"
            f" {'who signed for it with ' + key if key else 'who signed nothing for it'}: {stone['reason']!r}"
        )

    # -- seal

    def check_seal(self) -> str | None:
        """None where it is closed by a good seal or open, else the verdict `truncated`."""
        self.seal: bytes | None = None
        closed = self.events[-1]["type"] == "run.closed"
        for event in self.events[:-1]:
            if event["type"] == "run.closed":
                raise Misfit(event["n"] + 1, "something follows the end of the run")
        try:
            self.seal = read_file(self.path("seal.json"), SEAL)
            if self.seal is None:
                if self.log.torn:
                    self.remarks.append("the record ends in the middle of a write, which does not count")
                return None
            seal = read_object(self.seal, "seal", "seal.json")
            must(seal["format"] == "2.0", "seal.json has another format")
            must(seal["id"] == self.opened["id"], "seal.json is of another run")
            must(seal["number"] == self.opened["number"], "seal.json is of another number")
            if seal["events"] > len(self.events) and seal["bytes"] > self.log.bytes:
                self.remarks.append(
                    f"{len(self.events)} events in {self.log.bytes} bytes are left of {seal['events']} in"
                    f" {seal['bytes']} that were sealed"
                )
                return "truncated"
            must(not self.log.torn, "bytes follow what was sealed")
            must(seal["events"] == len(self.events), "seal.json tells of another number of events")
            must(seal["bytes"] == self.log.bytes, "seal.json tells of another number of bytes")
            must(seal["sha256"] == self.log.sha256, "seal.json is over other bytes")
            must(closed, "it is sealed, and its last event is no run.closed")
            must(seal["verdict"] == self.events[-1]["verdict"], "seal.json says another verdict than run.closed")
        except Fault as fault:
            raise Altered(self.last, str(fault)) from fault
        return None

    # -- signatures

    def load_keys(self) -> None:
        zone = self.opened["session"]["time_zone"]
        self.keys = Keys(self.blob(self.opened.get("signers")), self.blob(self.opened.get("revoked")), zone, self.scratch)
        lost = [name for name in ("signers", "revoked") if name in self.opened and self.blob(self.opened[name]) is None]
        if lost:
            raise Altered(0, f"the files that say who may sign cannot be expunged: {lost[0]}")

    def check_signatures(self) -> None:
        for event in self.events:
            part = {"signoff.given": event, "signoff.rejected": event.get("signed"), "deviation": event.get("overridden")}
            by_key = part.get(event["type"])
            try:
                self.check_presence(event)
                if by_key is None:
                    continue
                has = "signature" in by_key
                must(has == (by_key["assurance"] in ("ssh", "fido-uv")), "its assurance and its signature do not fit")
                if has:
                    self.check_statement(event, by_key)
            except Fault as fault:
                raise Altered(event["n"], str(fault)) from fault

    def check_presence(self, event: dict[str, Any]) -> None:
        """There where somebody signed or rejected at a terminal or by command; and who sat there before."""
        if event["type"] not in ("signoff.given", "signoff.rejected"):
            return
        presence = event.get("presence")
        must((presence is not None) == (event["by"]["via"] in ("terminal", "command")), "`presence` is where it may not be, or is not")
        if presence is not None:
            users = {self.opened["session"]["os_user"]}
            users |= {row["os_user"] for row in self.events[: event["n"]] if row["type"] == "session.opened"}
            must(presence["other_account"] == (presence["os_user"] not in users), "`other_account` is not so")

    def check_statement(self, event: dict[str, Any], part: dict[str, Any]) -> None:
        n, override = event["n"], event["type"] == "deviation"
        name = f"{n:04}.json"
        data = read_file(self.path("signoffs", name), STATEMENT)
        signature = read_file(self.path("signoffs", name + ".sig"), STATEMENT)
        if data is None or signature is None:
            raise Fault(f"signoffs/{name} or its signature is not there")
        must(sha256(data) == part["signature"]["statement"], f"signoffs/{name} has other bytes than the event names")
        must(sha256(signature) == part["signature"]["signature"], f"signoffs/{name}.sig has other bytes than the event names")
        told = read_object(data, "statement", f"signoffs/{name}")
        opened, runbook = self.opened, self.opened["runbook"]
        expected = {
            "holdpoint": "statement/1.0",
            "run": {"number": opened["number"], "id": opened["id"]},
            "step": "" if override else event["step"],
            "action": "override" if override else event["action"],
            "role": part["role"],
            "meaning": "responsibility" if override else part["meaning"],
            "statement": f"I override {', '.join(part['rules'])} for this run: {event['reason']}"
            if override
            else part["statement"],
            "rejected": event["reason"] if event["type"] == "signoff.rejected" else None,
            "signer": {"principal": event["by"]["who"], "name": part["name"]},
            "record": {"events": n, "bytes": self.log.offsets[n], "sha256": event["prev"]},
            "environment": opened["environment"]["name"],
            "presence": None if override else event.get("presence"),
        }
        for key, value in expected.items():
            must(told.get(key) == value, f"the statement's `{key}` is not that of the record")
        document = {"path": runbook["path"], "sha256": runbook["blob"]["sha256"]}
        document |= {key: runbook[key] for key in ("title", "revision", "commit") if key in runbook}
        must(told["runbook"] == document, "the statement is about another document")
        inputs = {row["name"]: None if row["secret"] else row.get("value") for row in opened["inputs"]}
        must(told["seen"]["inputs"] == inputs, "the statement tells of other inputs")
        must(told["seen"]["history"] == history(self.events[:n]), "the statement tells of another history")
        signed_at, recorded_at = moment(told["at"]["time"]), moment(event["at"])
        who = event["by"]["who"]
        key, flags = self.keys.verify(who, SIGNOFF, data, signature, [signed_at, recorded_at])
        must(key == part["signature"]["key"], "another key signed than the event names")
        must(part["assurance"] != "fido-uv" or bool(flags & 4), "the security key did not verify its user")
        what = "override" if override else "rejection" if "rejected" in told else "sign-off"
        self.signed.append(Signed(n, what, who, SIGNOFF, data, signature, [signed_at, recorded_at]))

    def check_approvals(self) -> None:
        runbook, claims = self.opened["runbook"], self.opened["runbook"].get("claims", {})
        aliases = self.opened.get("aliases", {})
        for row in self.opened.get("policy", {}).get("approvals", []):
            data, signature = self.blob(row["statement"], STATEMENT), self.blob(row["signature"], STATEMENT)
            if data is None or signature is None:
                self.remarks.append(f"the approval of {row['who']!r} was expunged and is not checked")
                continue
            try:
                told = read_object(data, "approval", "the statement")
                document = {"path": runbook["path"], "sha256": runbook["blob"]["sha256"], "title": runbook["title"]}
                document |= {key: runbook[key] for key in ("document_id", "revision") if key in runbook}
                document |= {key: claims[key] for key in ("effective_date",) if key in claims}
                approvers = [aliases.get(name, name) for name in claims.get("approvers", [])]
                must(told["holdpoint"] == "approval/1.0" and told["meaning"] == "approval", "it is no approval")
                must(told["document"] == document, "it is of another document")
                must(sorted(told["approvers"]) == sorted(approvers), "it names other approvers")
                must(told["approver"] == {"principal": row["who"], "name": row["name"]}, "it is somebody else's")
                must(told["at"]["time"] == row["time"], "it is of another time")
                times = [moment(row["time"])]
                key, flags = self.keys.verify(row["who"], APPROVAL, data, signature, times)
                must(key == row["key"], "another key signed than event 0 names")
                must(row["assurance"] in ("ssh", "fido-uv"), "it is not by key")
                must(row["assurance"] != "fido-uv" or bool(flags & 4), "the security key did not verify its user")
            except Fault as fault:
                raise Altered(0, f"the approval of {row['who']!r}: {fault}") from fault
            self.signed.append(Signed(0, "approval", row["who"], APPROVAL, data, signature, times))

    # -- the rehearsal that is kept ("The rehearsal"); all but its conformity

    def check_rehearsal(self) -> None:
        named = self.opened.get("policy", {}).get("rehearsed")
        if named is None:
            return
        seal_bytes, log_bytes = self.blob(named["seal"], SEAL), self.blob(named["log"], named["log"]["bytes"])
        if seal_bytes is None or log_bytes is None or "config" in named and self.blob(named["config"]) is None:
            self.remarks.append("a part of the rehearsal was expunged: the rule is not proved")
            return
        try:
            seal = read_object(seal_bytes, "seal", "its seal")
            path = self.path("blobs/sha256", named["log"]["sha256"])
            with open(path, "rb") as file:
                log = read_log(file)
            first, last = log.events[0], log.events[-1]
            must(not log.torn and log.bytes == len(log_bytes), "its log ends in the middle of a write")
            must(seal["sha256"] == sha256(log_bytes) and seal["bytes"] == len(log_bytes), "the seal is not over the log")
            must(seal["events"] == len(log.events), "the seal tells of another number of events")
            for told in (seal, first):
                must(told["format"] == "2.0", "it has another format")
                must(told["number"] == named["number"] and told["id"] == named["id"], "it is another run")
            must(seal["verdict"] == "passed", "it did not pass")
            must(last["type"] == "run.closed" and last["verdict"] == "passed", "it does not end as passed")
            must(all(row["type"] != "run.closed" for row in log.events[:-1]), "something follows its end")
            must(first["runbook"]["blob"] == self.opened["runbook"]["blob"], "it is of another document")
            must(first["environment"]["name"] == named["environment"], "it ran elsewhere")
            must(first["environment"]["rehearsal"], "its environment is none for rehearsals")
            must(first.get("config") == named.get("config"), "its configuration is another")
            must(last["at"] == named["ended"], "it ended at another time")
            must(moment(named["ended"]) <= moment(self.opened["at"]) + MINUTE, "it ended after this run opened")
            self.rehearsal_rule(named, first)
        except (Altered, Fault) as fault:
            raise Misfit(0, f"the rehearsal: {fault}") from fault

    def rehearsal_rule(self, named: dict[str, Any], first: dict[str, Any]) -> None:
        """`rehearsal`, `same` and `max_age` of the recorded configuration."""
        config = self.blob(self.opened.get("config"))
        if config is None or tomllib is None:
            self.remarks.append("the rule that asks for the rehearsal is not checked: there is no configuration to read")
            return
        try:
            rules = tomllib.loads(config.decode("utf-8"))["environments"][self.opened["environment"]["name"]]["requires"]
            wanted, same, age = rules["rehearsal"], rules.get("same", []), rules.get("max_age")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Fault("the configuration asks for none") from error
        must(wanted == named["environment"], "the configuration asks for another environment")
        values = [{row["name"]: row.get("value") for row in run["inputs"]} for run in (self.opened, first)]
        must(all(values[0].get(name) == values[1].get(name) for name in same), "an input had another value")
        parts = re.fullmatch(r"(\d{1,6})(s|m|h|d)", age) if isinstance(age, str) else None
        if parts:
            unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[parts[2]]
            oldest = moment(self.opened["at"]) - timedelta(seconds=int(parts[1]) * unit) - MINUTE
            must(moment(named["ended"]) >= oldest, "it is too old")
        elif age is not None:
            self.remarks.append("how old the rehearsal may be is written in a way that is not read here")

    # -- reviews

    def check_reviews(self) -> None:
        """Raises Fault where one does not hold ("Reviews")."""
        if not directory(self.path("reviews")):
            return
        names = {name for name in os.listdir(self.path("reviews")) if re.fullmatch(r"\d{4,}\.json", name)}
        before, time = None, None
        for number in range(1, len(names) + 1):
            name = f"{number:04}.json"
            must(name in names, f"reviews/{name} is not there")
            data = read_file(self.path("reviews", name), STATEMENT)
            signature = read_file(self.path("reviews", name + ".sig"), STATEMENT)
            if data is None or signature is None:
                raise Fault(f"reviews/{name} has no signature")
            told = read_object(data, "review", f"reviews/{name}")
            must(self.seal is not None, "there are reviews, and no seal")
            must(told["holdpoint"] == "review/1.0", f"reviews/{name} is no review")
            must(told["run"] == {"number": self.opened["number"], "id": self.opened["id"]}, f"reviews/{name} is of another run")
            must(told["seal"] == sha256(self.seal or b""), f"reviews/{name} is over another seal")
            must(told["number"] == number, f"reviews/{name} stands under another number")
            must(told.get("former") == before, f"reviews/{name} is over another review before it")
            must(bool(told["text"].strip()), f"reviews/{name} says nothing")
            at = moment(told["at"]["time"])
            must(time is None or at >= time - MINUTE, f"reviews/{name} is older than the one before it")
            must(at >= moment(self.events[-1]["at"]) - QUARTER, f"reviews/{name} is older than the end of the run")
            who = told["reviewer"]["principal"]
            key = self.keys.made_by_some_key(REVIEW, data, signature)
            try:
                self.keys.verify(who, REVIEW, data, signature, [at])
                self.remarks.append(f"review {number} by {who!r} with {key}")
            except Fault:
                must(not self.listed(who), f"reviews/{name}: its key is not that of {who!r}")
                self.remarks.append(f"review {number} by {who!r} with {key}, whom the record's signers do not list")
            self.signed.append(Signed(self.last, f"review {number}", who, REVIEW, data, signature, [at]))
            before, time = sha256(data), at

    def listed(self, who: str) -> bool:
        """Whether the record's signers have a line of this very principal for reviews."""
        try:
            found = signer_lines(self.keys.signers or b"")
        except Fault:
            return False
        return any(who in line.principals and (REVIEW in line.namespaces) for line in found)

    # -- trust ("Trust"), of which only keys are checked

    def check_trust(self, where: str) -> None:
        signers, revoked = load_trust(where)
        keys = Keys(signers, revoked, None, self.scratch)
        if keys.fault:
            raise CannotCheck(f"what is to be trusted cannot be read: {keys.fault}")
        wrong = []
        for row in self.signed:
            try:
                keys.verify(row.who, row.space, row.message, row.signature, row.times)
            except Fault as fault:
                wrong.append(f"event {row.event}: {row.what} by {row.who!r} is not as trusted: {fault}")
        if keys.anybody:
            wrong += [f"event {event}: nobody signed for the tombstone of {name}" for event, name, key in self.expunged if not key]
        self.remarks += wrong
        self.remarks.append("roles, people, run-book and the files of keys were not held against what is trusted")
        if wrong:
            raise Fault("not as trusted")


def load_trust(where: str) -> tuple[bytes, bytes | None]:
    """A file of allowed signers, or a directory with that and `revoked`; what its holdpoint.toml names comes first."""
    try:
        if not os.path.isdir(where):
            return read_file(where, DOCUMENT) or b"", None
        names: dict[str, Any] = {}
        config = read_file(os.path.join(where, "holdpoint.toml"), DOCUMENT)
        if config is not None and tomllib is not None:
            names = tomllib.loads(config.decode("utf-8")).get("signers", {})
        signers = read_file(os.path.join(where, names.get("file", "allowed_signers")), DOCUMENT)
        for name in [names["revoked"]] if "revoked" in names else ["revoked", "revoked_keys"]:
            revoked = read_file(os.path.join(where, name), DOCUMENT)
            if revoked is not None:
                break
    except (Fault, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CannotCheck(f"what is to be trusted cannot be read: {error}") from error
    if signers is None:
        raise CannotCheck(f"{where} has no allowed signers")
    return signers, revoked


def verdict_of(record: Record, trust: str | None) -> tuple[str, int]:
    """The verdict and the exit code; raises Altered and Misfit."""
    record.read()
    record.check_blobs()
    truncated = record.check_seal()
    if truncated:
        return truncated, 6
    record.load_keys()
    record.check_tombstones()
    record.check_approvals()
    record.check_signatures()
    record.check_rehearsal()
    code, state = 0, "complete" if record.seal is not None else "open"
    by_key = len(record.signed) > 0
    if record.expunged:
        event = min(row[0] for row in record.expunged)
        whom = "signed for" if all(row[2] for row in record.expunged) else "signed for by nobody"
        verdict, code = f"expunged: {len(record.expunged)} blob(s), {whom}, the first at event {event}; otherwise {state}", 6
    else:
        verdict = "intact and complete" if state == "complete" else "intact, open"
    reviews = ""
    try:
        record.check_reviews()
    except Fault as fault:
        record.remarks.append(str(fault))
        reviews, code = ", but its reviews do not hold", 6
    if trust is not None:
        try:
            record.check_trust(trust)
            verdict += ", by trusted signers" if by_key and not record.expunged else ""
        except Fault:
            verdict, code = f"{verdict}, but not as trusted", 6
    elif by_key and not record.expunged:
        verdict += ", by its own signers"
    return verdict + reviews, code


def main(arguments: list[str]) -> int:
    trust = None
    if len(arguments) == 3 and arguments[1] == "--trust":
        trust = arguments.pop()
        arguments.pop()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: verify.py DIR [--trust DIR]", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        record = Record(arguments[0], scratch)
        try:
            verdict, code = verdict_of(record, trust)
        except Misfit as wrong:
            verdict, code = f"does not conform at event {wrong.event}", 6
            record.remarks.append(str(wrong))
        except Altered as wrong:
            verdict, code = f"altered at event {wrong.event}", 6
            record.remarks.append(str(wrong))
        except (CannotCheck, OSError) as error:
            print(error, file=sys.stderr)
            return 2
    print(verdict, flush=True)
    for remark in record.remarks:
        print(f"  {remark}".encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
