"""Files and JSON of a record, as narrow as docs/record.md says: lengths, types, shapes. Used by verify.py."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from datetime import datetime, timedelta, timezone
from typing import Any

# "On disk": nothing is read past the length that it can have.
MIB = 1 << 20
LINE, STATEMENT, SEAL, TOMBSTONE, DOCUMENT = 16 * MIB, 16 * MIB, 64 << 10, 64 << 10, 64 * MIB
WRITE_LINES, WRITE_BYTES = 1000, 32 * MIB  # "Lines", writes
DEPTH = 127  # how deep JSON may nest
SECOND = 1_000_000_000  # nanoseconds
MINUTE, QUARTER = 60 * SECOND, 900 * SECOND
SIGNOFF, OPERATES, APPROVAL, EXPUNGE, REVIEW = (
    f"{word}@holdpoint" for word in ("signoff", "session", "approval", "expunge", "review")
)
GIT = "git"  # what a signed tag is signed for
OURS = (SIGNOFF, OPERATES, APPROVAL, EXPUNGE, REVIEW)


class Fault(Exception):
    """Something is wrong with the record, or with a part of it."""


class Altered(Exception):
    """The verdict `altered at event N`."""

    def __init__(self, event: int, why: str) -> None:
        super().__init__(why)
        self.event = event


class Misfit(Altered):
    """The verdict `does not conform at event N`."""


class Truncated(Exception):
    """The verdict `truncated`."""


class CannotCheck(Exception):
    """Exit code 2: there is no verdict."""


# ---------------- files ("On disk")


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
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise Fault(f"{path} is no regular file")
    with os.fdopen(handle, "rb") as file:
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


# "Lines": what Unicode calls white space, of which Python strips more.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def bare(text: str) -> str:
    return text.strip(BLANKS)


def configuration(data: bytes) -> str:
    """The text of a holdpoint.toml, before which a mark may stand."""
    return data.decode("utf-8").removeprefix("\ufeff")


def must(holds: bool, why: str) -> None:
    if not holds:
        raise Fault(why)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---------------- JSON ("Lines")


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


def too_deep(text: str) -> bool:
    """What nests deeper than JSON may is none."""
    depth = deepest = 0
    for piece in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        mark = piece.group()[0]
        depth += (mark in "[{") - (mark in "]}")
        deepest = max(deepest, depth)
    return deepest > DEPTH


def parse(data: bytes) -> Any:
    """JSON as narrow as records have it: UTF-8 without a mark, whole numbers in one writing, no key twice."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault("it is not UTF-8") from error
    if too_deep(text):
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


# Shapes of objects, after "Events" and `holdpoint schema events`. `key?:type` may be left out, or be null. Types: s text,
# b true or false, n whole number from 0, m one below 2^32, i one of 32 bits with a sign, d digest, t time in UTC, z time
# with an offset, [x] list, {x} map, =a|b one of these words, else a shape.
RESULT = (
    "step:s action:s place?:s attempt:m probe?:b outcome:=passed|failed|timed_out|interrupted exit?:i signal?:i"
    " error?:s duration_ms:n output?:output expectations?:[judged] captures?:{s} files?:{blob} state?:blob"
    " masked?:{n} remarks?:[s]"
)
START = "step:s action:s place?:s attempt:m probe?:b script?:blob cwd:s remote?:sent"
SESSION = (
    "operator:s operator_from:s program:program os_user:s host:s tty?:s cwd:s time_zone:s clock_synchronised?:b checks?:=ask|auto"
    " commit?:s dirty?:b committed?:b anchor?:anchored change?:looked unmet?:[unmet]"
)
ASSURANCE = "=rehearsal|typed|ssh|fido-uv"
MEANING = "=review|approval|responsibility|authorship"
RULE = (
    "=committed|known_people|effective|clean_commit|approved_document|rehearsal|same_commit|roles|change|window"
    "|not_before|freeze|anchor"
)
VERDICT = "=passed|nothing_done|failed|rolled_back|aborted"
EVENTS = {
    "run.opened": "format:s id:s number:n former?:former dry?:b runbook:runbook plan:s environment:environment"
    " inputs:[input] config?:blob signers?:blob revoked?:blob roles:{[s]} people:{s} aliases?:{s} policy?:policy"
    " session:session",
    "session.opened": SESSION,
    "session.signed": f"name:s assurance:{ASSURANCE} signature:signature seat:seat by:by",
    "rules.checked": "commit?:s dirty?:b committed?:b anchor?:anchored change?:looked unmet?:[unmet]",
    "document.exchanged": "runbook:runbook plan:s diff:blob policy?:policy reason:s by:by",
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
    "decision": "step:s action:s place?:s choice:=proceed|retry|happened|run|find_out|abort|run_command|not_applicable|pass_over|accepted reason?:s by:by",
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
    "runbook": "path:s blob:blob includes?:[file] commit?:s dirty?:b committed?:b foreign?:b title:s document_id?:s revision?:s"
    " claims?:claims",
    "claims": "authors?:[s] approvers?:[s] approval_date?:s effective_date?:s review_in?:s",
    "environment": f"name:s rehearsal:b protected:b four_eyes:b signature:{ASSURANCE} sessions?:=typed|ssh vars:{{s}} targets?:{{target}}"
    " rollouts?:=strict",
    "target": "places:[s] become?:s",
    "input": "name:s value?:s secret:b from:s",
    "policy": "approvals?:[approved] rehearsed?:rehearsed change?:change window?:s freeze?:freeze"
    f" unmet?:[unmet] kept?:[{RULE}] may_override?:[s]",
    "change": "pattern:s check?:s id?:s seen?:looked",
    "looked": "at:z exit?:i output:blob script:blob",
    "freeze": "path:s calendar:blob until:z times?:[frozen]",
    "frozen": "from:z to:z what:s",
    "approved": f"who:s name:s time:s assurance:{ASSURANCE} key:s statement:blob signature:blob",
    "rehearsed": "number:n id:s environment:s ended:z seal:blob log:blob config?:blob captured?:{s}",
    "sent": "attempt:s boot:s store:s",
    "output": "stdout:blob stderr:blob timing:blob",
    "judged": "expected:s came?:s held:b",
    "by": "who:s via:=terminal|answers|command|assumed",
    "evidence": "url:s / file:file",
    "file": "path:s blob:blob",
    "signature": "key:s statement:d signature:d",
    "presence": "shown:blob program:program os_user:s host:s tty?:s other_account:b",
    "anchored": "number:n statement:d events:n",
    "seat": "os_user:s host:s tty?:s",
    "signed": f"role:s meaning:{MEANING} statement:s name:s assurance:{ASSURANCE} signature:signature",
    "override": f"rules:[{RULE}] role:s name:s assurance:{ASSURANCE} signature?:signature",
    "effect": "step:s place:s",
    "standing": "next:next in_doubt:[s] sign_offs:[s] deviations:[s]",
    "next": "step?:s action?:s place?:s"
    " takes:=execution|confirmation|values|sign_off|decision|certainty|rollback",
    # files beside run.jsonl
    "seal": f"format:s id:s number:n verdict:{VERDICT} events:n bytes:n sha256:d",
    "tombstone": "format:s id:s blob:blob at:z who:s reason:s",
    "statement": f"holdpoint:s run:run step:s action:s role:s meaning:{MEANING} statement:s rejected?:s signer:person"
    " at:moment record:prefix runbook:document environment:s presence?:presence seen:seen",
    "run": "number:n id:s",
    "person": "principal:s name:s",
    "moment": "time:z zone:s",
    "document": "path:s sha256:s title:s revision?:s commit?:s",
    "seen": "inputs:{s0} values:{s} artefacts:{s} actions:[outcome] deviations:[s] history:[any]",
    "outcome": "action:s outcome:s",
    "approval": "holdpoint:s meaning:s document:claimed approvers:[s] approver:person at:moment",
    "claimed": "path:s sha256:s includes?:[included] title:s document_id?:s revision?:s effective_date?:s",
    "included": "path:s sha256:s",
    "review": "holdpoint:s run:run seal:d number:n former?:d kind:=audit-trail|late-note|post-release text:s verdict:s"
    " reviewer:person at:moment",
    "anchor": "holdpoint:s run:run number:n kind:=rfc3161|git-tag over:over time:z file:d",
    "over": "seal:d / head:head",
    "head": "events:n bytes:n sha256:d",
}
DIGEST = re.compile(r"[0-9a-f]{64}\Z")
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z\Z", re.ASCII)
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)\Z", re.ASCII)

LATEST = "9999-12-30T22:00:00"


def moment(text: str) -> datetime:
    """A time of the record. Digits behind microseconds are cut off: `exact` has them, too."""
    if not ZONED.match(text):
        raise Fault(f"{text[:40]!r} is no time")
    if text.endswith("Z") and text[:19] > LATEST:
        raise Fault(f"{text[:40]!r} is no time in every zone")
    try:
        if text.startswith("0000"):  # a year that Python does not have, with the days of 2000
            datetime.fromisoformat("2000" + text[4:19])
            return datetime.min.replace(tzinfo=timezone.utc)
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00")))
    except ValueError as error:
        raise Fault(f"{text[:40]!r} is no time") from error


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def exact(text: str) -> int:
    """The same in nanoseconds since 1970, of which a datetime drops the last three digits: for whatever is compared."""
    whole = moment(re.sub(r"\.\d+", "", text, count=1))
    digits = re.search(r"\.(\d+)", text)
    return (whole - EPOCH) // timedelta(seconds=1) * SECOND + int((digits[1] if digits else "").ljust(9, "0"))


NUMBERS = {"n": (0, 1 << 64), "m": (0, 1 << 32), "i": (-(1 << 31), 1 << 31)}


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
    elif kind in NUMBERS:
        low, high = NUMBERS[kind]
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value < high
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
            never_null = name == key or kind[0] in "[{" or name in ("policy", "claims", "dry", "foreign", "probe")
            if value.get(name) is not None or never_null and name in value:
                fits(value[name], kind, f"{where}, `{name}`")
            elif name == key:
                raise Fault(f"{where} lacks `{name}`")
        return
    raise Fault(f"{where} has other keys than it may")


def read_object(data: bytes, shape: str, where: str, written: bool = False) -> dict[str, Any]:
    """An object in a file of its own; `written`: in the one form in which statements are written ("Signatures")."""
    try:
        value = parse(data)
    except Fault as fault:
        raise Fault(f"{where}: {fault}") from fault
    has_shape(value, SHAPES[shape], where)
    if written:
        form = json.dumps(in_order(value, shape), indent=2, ensure_ascii=False) + "\n"
        must(form.encode() == data, f"{where} is not written as statements are")
    return value


def keys_of(kind: str) -> set[str]:
    return {part.split(":", 1)[0].rstrip("?") for part in SHAPES[kind].split()}


def in_order(value: Any, kind: str) -> Any:
    """The value with its keys in the order of its shape, without those that are null."""
    if kind in SHAPES and isinstance(value, dict):
        choices = [[part.split(":", 1) for part in choice.split()] for choice in SHAPES[kind].split(" / ")]
        parts = next((one for one in choices if {key for key, _ in one} == set(value)), choices[0])
        keys = [(key.rstrip("?"), inner) for key, inner in parts]
        return {key: in_order(value[key], inner) for key, inner in keys if value.get(key) is not None}
    if kind == "any" and isinstance(value, dict):  # an event of the history: n, type, then its own keys
        own = {key: inner for key, inner in value.items() if key not in ("n", "type")}
        SHAPES["told"] = EVENTS.get(str(value.get("type")), "")
        head = {key: value[key] for key in ("n", "type") if key in value}
        return head | in_order(own, "told") if set(own) <= keys_of("told") else value
    if kind.startswith("["):
        return [in_order(part, kind[1:-1]) for part in value]
    return value
