#!/usr/bin/env python3
"""Verifies a Holdpoint record, written from docs/record.md alone, without a line of Holdpoint's own.

    python3 verify.py DIR [--trust DIR]

DIR is a run's directory or an unpacked bundle. The verdict is the first line on standard output, reasons and remarks are
on standard error; it ends with 0 (intact), 6 (not) or 2 (cannot be checked).

It checks bytes (lines, chain, writes, blobs, tombstones, seal), signatures, what statements say, the rehearsal that is
kept, reviews and anchors. It does NOT check conformity: it has no engine, so it cannot tell whether the run went as the run-book asks,
whether a role was held, whether somebody was independent, whether what a signer was shown is what the program would
show, nor what a statement tells beside inputs and history. Section names in comments are those of docs/record.md.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anchors
from keys import Keys, People
from narrow import (
    APPROVAL, DOCUMENT, EVENTS, EXPUNGE, GIT, LINE, MIB, MINUTE, OPERATES, QUARTER, REVIEW, SEAL, SECOND, SIGNOFF, STATEMENT,
    TOMBSTONE, WRITE_BYTES, WRITE_LINES, Altered, CannotCheck, Fault, Misfit, Truncated, bare, configuration, directory, exact,
    fits, has_shape, moment, must, parse, read_file, read_object, sha256, too_deep,
)

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11: what needs the configuration is then told as not checked
    tomllib = None  # type: ignore[assignment]


# ---------------- run.jsonl ("Lines", "Durability")


@dataclass
class Log:
    """Events, and where each begins; `torn` where a crash cut the last write."""

    events: list[dict[str, Any]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    bytes: int = 0
    sha256: str = ""
    torn: bool = False


def rest_of(file: Any, line: bytes) -> bytes:
    """The line and all behind it: what a crash leaves is no longer than a write."""
    tail = line + file.read(WRITE_BYTES + 1 - min(len(line), WRITE_BYTES))
    if len(tail) > WRITE_BYTES:
        raise Fault(f"the line is longer than {LINE} bytes")
    return tail


def check_line(line: bytes, n: int, prev: str) -> dict[str, Any]:
    if len(line) > LINE:
        raise Fault(f"the line is longer than {LINE} bytes")
    if b"\r" in line:
        raise Fault("it has a carriage return")
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
        if isinstance(version, str) and VERSION.match(version) and newer(version):
            raise CannotCheck(f"it has format {version}: read it with a newer program")
        if version != "2.0":
            raise Fault(f"its format is {version!r}")
    own = {key: value for key, value in event.items() if key not in ("n", "prev", "at", "more", "type")}
    has_shape(own, EVENTS[event["type"]], event["type"])
    return without_nulls(event)


def without_nulls(value: Any) -> Any:
    """What is null is left out."""
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


VERSION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\Z")


def newer(version: str) -> bool:
    return [int(part) for part in version.split(".")] > [2, 0]


def looks_torn(tail: bytes) -> bool:
    """What a crash may leave at the end: a line that is not ended, is no JSON, or lacks a whole sector; then zeros."""
    line, ended, behind = tail.partition(b"\n")
    if behind.strip(b"\0"):
        return False
    if not ended or b"\0" * 512 in line:
        return True
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return too_deep(line.decode("utf-8"))


def read_log(file: Any) -> Log:
    """Reads and chains all lines; raises Altered at the first that is not as it must be."""
    log, digest, write_lines, write_bytes, write_from = Log(), hashlib.sha256(), 0, 0, 0
    while line := file.readline(LINE + 1):
        n = len(log.events)
        try:
            event = check_line(line, n, digest.hexdigest())
        except Fault as fault:
            try:
                if looks_torn(rest_of(file, line)):
                    log.torn = True
                    break
            except Fault as longer:
                raise Altered(n, str(longer)) from fault
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
        raise Truncated("there is no complete first event")
    if log.torn and log.events[-1]["type"] == "run.closed":
        raise Altered(len(log.events), "bytes follow run.closed")  # zeros too
    return log


# ---------------- the record


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
TOLD = {"session.opened", "session.signed", "log.recovered", "value.recorded", "value.corrected", "deviation", "decision", "rollback.opened"}
TOLD |= {"document.exchanged"}
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
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Altered(0, "run.jsonl is no regular file")
        with os.fdopen(handle, "rb") as file:
            self.size = os.fstat(handle).st_size
            self.log = read_log(file)
        self.events, self.opened, self.last = self.log.events, self.log.events[0], len(self.log.events) - 1
        for before, event in zip(self.events, self.events[1:]):
            if exact(event["at"]) < exact(before["at"]) - MINUTE:
                self.remarks.append(f"event {event['n']} is more than a minute earlier than the one before it")

    def check_files(self) -> None:
        """Every blob there and with its digest, or expunged; the files of every signature ("Expunged blobs")."""
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
                    if os.path.lexists(self.path("blobs/sha256", digest + ".expunged")):
                        self.check_tombstone(digest, length, event["n"])
                    else:
                        self.check_blob(digest, length)
                except Fault as fault:
                    raise Altered(event["n"], str(fault)) from fault
            part = self.by_key(event)
            if part is not None and "signature" in part:
                for end, which in ((".json", "statement"), (".json.sig", "signature")):
                    self.sign_off_file(event["n"], f"{event['n']:04}{end}", part["signature"][which])

    def check_blob(self, digest: str, length: int) -> None:
        path = self.path("blobs/sha256", digest)
        found = hashlib.sha256()
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Fault(f"the blob {digest} is not there") from None
        except PermissionError as error:
            raise CannotCheck(f"{path}: {error.strerror}") from error
        except OSError as error:
            raise Fault(f"the blob {digest} is no regular file") from error
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise Fault(f"the blob {digest} is no regular file")
        with os.fdopen(handle, "rb") as file:
            must(status.st_size == length, f"the blob {digest} has another length")
            while piece := file.read(MIB):
                found.update(piece)
        must(found.hexdigest() == digest, f"the blob {digest} has other bytes")

    def blob(self, reference: dict[str, Any] | None, limit: int = DOCUMENT) -> bytes | None:
        """A blob's bytes; None where event 0 names none, or where it was expunged."""
        return None if reference is None else read_file(self.path("blobs/sha256", reference["sha256"]), limit)

    def check_tombstone(self, digest: str, length: int, event: int) -> None:
        """Where the bytes are there as well, a crash has left them: it is expunged all the same."""
        path = self.path("blobs/sha256", digest + ".expunged")
        data, signature = read_file(path, TOMBSTONE) or b"", read_file(path + ".sig", STATEMENT)
        stone = read_object(data, "tombstone", f"the tombstone of {digest}")
        must(stone["format"] == "2.0", "it is of another format")
        must(stone["id"] == self.opened["id"], "it is of another run")
        must(stone["blob"]["sha256"] == digest, "it is of another blob")
        must(stone["blob"]["bytes"] == length, "it tells of another length")
        must(bool(bare(stone["who"]) and bare(stone["reason"])), "it names nobody, or no reason")
        key, time = None, moment(stone["at"])
        if self.keys.anybody:
            must(signature is not None, "nobody signed for it")
            key, _ = self.keys.verify(stone["who"], EXPUNGE, data, signature or b"", [time])
            self.signed.append(Signed(event, "tombstone", stone["who"], EXPUNGE, data, signature or b"", [time]))
        if exact(stone["at"]) < exact(self.opened["at"]):
            self.remarks.append(f"the tombstone of {digest} is of a time before the run")
        self.expunged.append((event, digest, key))
        self.remarks.append(
            f"event {event}: the blob {digest} was expunged at {stone['at']} by {stone['who']!r},"
            f" {'who signed for it with ' + key if key else 'who signed nothing for it'}: {stone['reason']!r}"
        )

    # -- seal

    def read_seal(self) -> None:
        self.seal: bytes | None = None
        try:
            self.seal = read_file(self.path("seal.json"), SEAL)
            self.told = read_object(self.seal, "seal", "seal.json") if self.seal is not None else None
        except Fault as fault:
            raise Altered(self.last, str(fault)) from fault

    def check_seal(self) -> None:
        """That it is over these bytes and says what the last event says; raises Truncated and Altered."""
        seal, kept, closed = self.told, self.log.bytes, self.events[-1]
        if seal is None:
            if self.log.torn:
                self.remarks.append("the record ends in the middle of a write, which does not count")
            return
        if seal["events"] > len(self.events) and seal["bytes"] > self.size:
            raise Truncated(
                f"{len(self.events)} events in {kept} bytes are left of {seal['events']} in {seal['bytes']} that were sealed"
            )
        if self.log.torn:
            raise Altered(len(self.events), "what stands there is no whole write, and was when the record was sealed")
        if seal["events"] < len(self.events) and seal["bytes"] < kept:
            raise Altered(seal["events"], "it was added after the record was sealed")
        try:
            must(seal["format"] == "2.0", "seal.json has another format")
            must(seal["id"] == self.opened["id"], "seal.json is of another run")
            must(seal["number"] == self.opened["number"], "seal.json is of another number")
            must(seal["events"] == len(self.events), "seal.json tells of another number of events")
            must(seal["bytes"] == kept, "seal.json tells of another number of bytes")
            must(seal["sha256"] == self.log.sha256, "seal.json is over other bytes")
            must(closed["type"] == "run.closed", "it is sealed, and its last event is no run.closed")
            must(seal["verdict"] == closed["verdict"], "seal.json says another verdict than run.closed")
        except Fault as fault:
            raise Altered(self.last, str(fault)) from fault

    def check_end(self) -> None:
        for event in self.events[:-1]:
            if event["type"] == "run.closed":
                raise Misfit(event["n"] + 1, "something follows the end of the run")
        if self.opened.get("dry"):
            raise Misfit(0, "a dry run is never stored")

    def check_configuration(self) -> None:
        """What signing and operating take is what the recorded configuration says ("run.opened", `environment`)."""
        environment, config = self.opened["environment"], self.blob(self.opened.get("config"))
        if "config" in self.opened and (config is None or tomllib is None):
            self.remarks.append("what the configuration asks for is not checked: there is none that can be read")
            return
        try:
            asked = tomllib.loads(configuration(config)) if config is not None else {}
            asked = asked.get("environments", {}).get(environment["name"], {})
            due = {key: asked.get(key, "typed") for key in ("signature", "sessions")}
        except (ValueError, AttributeError, RecursionError) as error:
            raise Misfit(0, f"the recorded configuration cannot be read: {error}") from error
        for key, value in due.items():
            if environment.get(key, "typed") != value:
                raise Misfit(0, f"`{key}` is not what the recorded configuration says")

    # -- signatures

    @functools.cached_property
    def keys(self) -> Keys:
        zone = self.opened["session"]["time_zone"]
        signers, revoked = self.blob(self.opened.get("signers")), self.blob(self.opened.get("revoked"))
        lost = [name for name in ("signers", "revoked") if name in self.opened and self.blob(self.opened[name]) is None]
        if lost:
            raise Altered(0, f"the files that say who may sign cannot be expunged: {lost[0]}")
        return Keys(signers, revoked, zone, self.scratch, self.people)

    @staticmethod
    def by_key(event: dict[str, Any]) -> dict[str, Any] | None:
        """The part of an event that may have a signature."""
        if event["type"] == "signoff.rejected":
            return event.get("signed") or {"assurance": "typed"}
        return {"signoff.given": event, "session.signed": event, "deviation": event.get("overridden")}.get(event["type"])

    def check_signatures(self) -> None:
        self.aborted = False
        self.awaited: tuple[str, dict[str, Any] | None] | None = None  # whose key, and from where, before all else
        for event in self.events:
            by_key = self.by_key(event)
            try:
                self.check_session(event)
                self.check_presence(event)
                if by_key is None:
                    continue
                if event["type"] != "deviation":
                    self.check_name(event, by_key)
                has = "signature" in by_key
                must(has == (by_key["assurance"] in ("ssh", "fido-uv")), "its assurance and its signature do not fit")
                asked = self.opened["environment"]["signature"] in ("ssh", "fido-uv")
                must(has or not asked or event["by"]["via"] == "answers", "the environment asks for a key")
                if has:
                    self.check_statement(event, by_key)
            except Fault as fault:
                raise Misfit(event["n"], str(fault)) from fault

    def person(self, name: str) -> str:
        """One for all names of a person ("Independence")."""
        return self.people.person(name)

    @functools.cached_property
    def people(self) -> People:
        return People.of_record(self.opened)

    def check_name(self, event: dict[str, Any], part: dict[str, Any]) -> None:
        """The printed name of whoever signed is the one that event 0 has of them."""
        who = self.person(event["by"]["who"])
        configured = next((name for other, name in self.opened["people"].items() if self.person(other) == who), "")
        must(configured in ("", part.get("name", configured)), "the printed name is another than event 0 has")

    def check_session(self, event: dict[str, Any]) -> None:
        """Where the environment asks for it, whoever operates signs that before anything else happens ("session.signed")."""
        kind = event["type"]
        if kind == "session.signed":
            must(self.awaited is not None, "no session is to be signed here")
            who, seat = self.awaited
            must(self.person(event["by"]["who"]) == self.person(who), "somebody else operates")
            must(event["by"]["via"] in ("terminal", "command"), "no person signed the session")
            must(seat is None or seat == event["seat"], "the session is of another account, machine or terminal")
            self.awaited = None
        elif self.awaited is not None and kind == "decision" and event["choice"] == "abort":
            must(bool(bare(event.get("reason", ""))), "a run whose session is not signed is ended with a reason")
            must(self.person(event["by"]["who"]) == self.person(self.awaited[0]), "somebody else ends it")
            self.aborted = True
        elif kind not in ("session.opened", "note", "log.recovered", "signoff.lapsed"):
            ends = self.aborted and kind == "run.closed" and event["verdict"] == "aborted"
            must(self.awaited is None or ends, "the session is not signed by whoever operates")
            self.aborted |= kind == "decision" and event["choice"] == "abort"
        if self.opened["environment"].get("sessions") != "ssh":
            return
        if kind in ("run.opened", "session.opened"):
            session = event["session"] if kind == "run.opened" else event
            seat = {key: session[key] for key in ("os_user", "host", "tty") if key in session}
            self.awaited = (session["operator"], seat)
        elif kind == "handover.accepted":
            self.awaited = (event["by"]["who"], None)

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
        n, override, session = event["n"], event["type"] == "deviation", event["type"] == "session.signed"
        whole, space = override or session, OPERATES if session else SIGNOFF
        name = f"{n:04}.json"
        data = self.sign_off_file(n, name, part["signature"]["statement"])
        signature = self.sign_off_file(n, name + ".sig", part["signature"]["signature"])
        told = read_object(data, "statement", f"signoffs/{name}", written=True)
        opened, runbook = self.opened, self.openings(n)[-1]["runbook"]
        expected = {
            "holdpoint": "statement/1.0",
            "run": {"number": opened["number"], "id": opened["id"]},
            "step": "" if whole else event["step"],
            "action": "session" if session else "override" if override else event["action"],
            "role": "operator" if session else part["role"],
            "meaning": "responsibility" if whole else part["meaning"],
            "statement": self.stated(event, part),
            "rejected": event["reason"] if event["type"] == "signoff.rejected" else None,
            "signer": {"principal": event["by"]["who"], "name": part["name"]},
            "record": {"events": n, "bytes": self.log.offsets[n], "sha256": event["prev"]},
            "environment": opened["environment"]["name"],
            "presence": None if whole else event.get("presence"),
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
        must(abs(exact(told["at"]["time"]) - exact(event["at"])) <= QUARTER, "it was signed and recorded more than 15 minutes apart")
        who = event["by"]["who"]
        key, flags = self.keys.verify(who, space, data, signature, [signed_at, recorded_at])
        must(key == part["signature"]["key"], "another key signed than the event names")
        must(part["assurance"] != "fido-uv" or bool(flags & 4), "the security key did not verify its user")
        what = "session" if session else "override" if override else "rejection" if "rejected" in told else "sign-off"
        self.signed.append(Signed(n, what, who, space, data, signature, [signed_at, recorded_at]))

    @staticmethod
    def stated(event: dict[str, Any], part: dict[str, Any]) -> str:
        """The text that is signed; of an override and of a session it is made of the event."""
        if event["type"] == "deviation":
            return f"I override {', '.join(part['rules'])} for this run: {event['reason']}"
        if event["type"] == "session.signed":
            seat = event["seat"]
            terminal = f", terminal {seat['tty']}" if "tty" in seat else ""
            return f"I operate this run from here on: account {seat['os_user']} on {seat['host']}{terminal}"
        return str(part["statement"])

    def sign_off_file(self, event: int, name: str, digest: str) -> bytes:
        try:
            data = read_file(self.path("signoffs", name), STATEMENT)
        except Fault as fault:
            raise Altered(event, str(fault)) from fault
        if data is None or sha256(data) != digest:
            raise Altered(event, f"signoffs/{name} is not there, or has other bytes than the event names")
        return data

    def openings(self, before: int | None = None) -> list[dict[str, Any]]:
        """Event 0, and what it would be with each document that took the place of another ("document.exchanged")."""
        found = [self.opened]
        for event in self.events[:before]:
            if event["type"] == "document.exchanged":
                part = {key: event[key] for key in ("n", "at", "runbook")}
                found.append(self.opened | part | {"policy": event.get("policy", {})})
        return found

    def check_approvals(self) -> None:
        for opened in self.openings():
            self.check_approvals_of(opened)

    def check_approvals_of(self, opened: dict[str, Any]) -> None:
        n, runbook, claims = opened["n"], opened["runbook"], opened["runbook"].get("claims", {})
        aliases = opened.get("aliases", {})
        for row in opened.get("policy", {}).get("approvals", []):
            data, signature = self.blob(row["statement"], STATEMENT), self.blob(row["signature"], STATEMENT)
            if data is None or signature is None:
                self.remarks.append(f"the approval of {row['who']!r} was expunged and is not checked")
                continue
            try:
                told = read_object(data, "approval", "the statement", written=True)
                document = {"path": runbook["path"], "sha256": runbook["blob"]["sha256"], "title": runbook["title"]}
                included = [{"path": one["path"], "sha256": one["blob"]["sha256"]} for one in runbook.get("includes", [])]
                document |= {"includes": included} if included else {}
                document |= {key: runbook[key] for key in ("document_id", "revision") if key in runbook}
                document |= {key: claims[key] for key in ("effective_date",) if key in claims}
                approvers = [aliases.get(name, name) for name in claims.get("approvers", [])]
                must(told["holdpoint"] == "approval/1.0" and told["meaning"] == "approval", "it is no approval")
                must(told["document"] == document, "it is of another document")
                must(sorted(told["approvers"]) == sorted(approvers), "it names other approvers")
                must(told["approver"] == {"principal": row["who"], "name": row["name"]}, "it is somebody else's")
                must(told["at"]["time"] == row["time"], "it is of another time")
                times = [moment(row["time"])]
                must(exact(row["time"]) <= exact(opened["at"]) + QUARTER, "it was signed after the run opened")
                key, flags = self.keys.verify(row["who"], APPROVAL, data, signature, times)
                must(key == row["key"], "another key signed than event 0 names")
                must(row["assurance"] in ("ssh", "fido-uv"), "it is not by key")
                must(row["assurance"] != "fido-uv" or bool(flags & 4), "the security key did not verify its user")
            except Fault as fault:
                raise Misfit(n, f"the approval of {row['who']!r}: {fault}") from fault
            self.signed.append(Signed(n, "approval", row["who"], APPROVAL, data, signature, times))

    # -- the rehearsal that is kept ("The rehearsal"); all but its conformity

    def check_rehearsal(self) -> None:
        for opened in self.openings():
            self.check_rehearsal_of(opened)

    def check_rehearsal_of(self, opened: dict[str, Any]) -> None:
        named = opened.get("policy", {}).get("rehearsed")
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
            must(first["runbook"]["blob"] == opened["runbook"]["blob"], "it is of another document")
            theirs, ours = (run["runbook"].get("includes", []) for run in (first, opened))
            must(theirs == ours, "it included other files, or other bytes of them")
            must(first["environment"]["name"] == named["environment"], "it ran elsewhere")
            must(first["environment"]["rehearsal"], "its environment is none for rehearsals")
            must(first.get("config") == named.get("config"), "its configuration is another")
            must(exact(last["at"]) == exact(named["ended"]), "it ended at another time")
            must(exact(named["ended"]) <= exact(opened["at"]) + MINUTE, "it ended after this run opened")
            must(all(row["type"] != "document.exchanged" for row in log.events), "its document was exchanged")
            self.rehearsal_rule(opened, named, first)
            last_captured: dict[str, Any] = {}
            for row in log.events:
                if row["type"] == "action.finished" and row["outcome"] == "passed" and not row.get("probe"):
                    last_captured.update(row.get("captures", {}))
            told = named.get("captured", {})
            must(all(last_captured.get(name) == value for name, value in told.items()), "it captured other values")
        except (Altered, Truncated, Fault) as fault:
            raise Misfit(opened["n"], f"the rehearsal: {fault}") from fault

    def rehearsal_rule(self, opened: dict[str, Any], named: dict[str, Any], first: dict[str, Any]) -> None:
        """`rehearsal`, `same` and `max_age` of the recorded configuration."""
        config = self.blob(self.opened.get("config"))
        if config is None or tomllib is None:
            self.remarks.append("the rule that asks for the rehearsal is not checked: there is no configuration to read")
            return
        try:
            rules = tomllib.loads(configuration(config))["environments"][self.opened["environment"]["name"]]["requires"]
            wanted, same, age = rules["rehearsal"], rules.get("same", []), rules.get("max_age")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Fault("the configuration asks for none") from error
        must(wanted == named["environment"], "the configuration asks for another environment")
        values = [{row["name"]: row.get("value") for row in run["inputs"]} for run in (self.opened, first)]
        must(all(values[0].get(name) == values[1].get(name) for name in same), "an input had another value")
        captured = {name for name in same if name not in values[0]}
        must(captured == set(named.get("captured", {})), "event 0 tells of other captured values than the rule asks for")
        parts = re.fullmatch(r"(\d{1,6})(s|m|h|d)", age) if isinstance(age, str) else None
        if parts:
            unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[parts[2]]
            oldest = exact(opened["at"]) - int(parts[1]) * unit * SECOND - MINUTE
            must(exact(named["ended"]) >= oldest, "it is too old")
        elif age is not None:
            self.remarks.append("how old the rehearsal may be is written in a way that is not read here")

    # -- reviews

    def check_reviews(self) -> None:
        """Raises Fault where one does not hold ("Reviews")."""
        if not directory(self.path("reviews")):
            return
        names = {name for name in os.listdir(self.path("reviews")) if re.fullmatch(r"\d{4,}\.json", name)}
        known = {name + end for name in names for end in ("", ".sig")} | {f"{len(names) + 1:04}.json.sig"}
        must(set(os.listdir(self.path("reviews"))) <= known, "something else than reviews lies in reviews")
        before, time = None, None
        for number in range(1, len(names) + 1):
            name = f"{number:04}.json"
            must(name in names, f"reviews/{name} is not there")
            data = read_file(self.path("reviews", name), MIB)
            signature = read_file(self.path("reviews", name + ".sig"), MIB)
            if data is None or signature is None:
                raise Fault(f"reviews/{name} has no signature")
            told = read_object(data, "review", f"reviews/{name}", written=True)
            must(self.seal is not None, "there are reviews, and no seal")
            must(told["holdpoint"] == "review/1.0", f"reviews/{name} is no review")
            must(told["run"] == {"number": self.opened["number"], "id": self.opened["id"]}, f"reviews/{name} is of another run")
            must(told["seal"] == sha256(self.seal or b""), f"reviews/{name} is over another seal")
            must(told["number"] == number, f"reviews/{name} stands under another number")
            must(told.get("former") == before, f"reviews/{name} is over another review before it")
            must(bool(bare(told["text"])), f"reviews/{name} says nothing")
            of = told["verdict"]
            must(of == "intact and complete" or of.startswith("expunged: "), f"reviews/{name} is of a record that was not in order")
            at, signed_at = exact(told["at"]["time"]), moment(told["at"]["time"])
            must(time is None or at >= time - MINUTE, f"reviews/{name} is older than the one before it")
            must(at >= exact(self.events[-1]["at"]) - QUARTER, f"reviews/{name} is older than the end of the run")
            who = told["reviewer"]["principal"]
            key = self.keys.made_by_some_key(REVIEW, data, signature)
            try:
                self.keys.verify(who, REVIEW, data, signature, [signed_at])
                self.remarks.append(f"review {number} by {who!r} with {key}")
            except Fault:
                self.remarks.append(f"review {number} by {who!r} with {key}, whom the record's signers do not list")
            self.signed.append(Signed(self.last, f"review {number}", who, REVIEW, data, signature, [signed_at]))
            before, time = sha256(data), at

    # -- anchors ("Anchors")

    def head(self, events: int) -> tuple[int, str] | None:
        """How many bytes so many events have, and the digest of these; None where no write ends there."""
        if not 0 < events <= len(self.events) or "more" in self.events[events - 1]:
            return None
        if events == len(self.events):
            return self.log.bytes, self.log.sha256
        return self.log.offsets[events], self.events[events]["prev"]

    def check_anchors(self) -> None:
        """Raises Fault where one does not hold, or one is not there that the run relied on; finds out whether one is lacking."""
        self.anchors: list[anchors.Anchor] = []
        self.lacking = False
        asked = "anchor" in self.opened.get("policy", {}).get("kept", [])
        anchors.read(self.root, self.scratch, self.opened, self.seal, self.head, self.keys, self.anchors)
        if not asked:
            return
        kept = [(anchor.number, anchor.statement, anchor.events) for anchor in self.anchors]
        for event in self.events:
            relied = event.get("anchor") if event["type"] in ("session.opened", "rules.checked") else None
            if relied and (relied["number"], relied["statement"], relied["events"]) not in kept:
                raise Fault(f"event {event['n']} relied on an anchor that is not there as it was then")
        overridden = any("anchor" in event.get("overridden", {}).get("rules", []) for event in self.events)
        over_seal = any(anchor.events == 0 and anchor.listed for anchor in self.anchors)
        self.lacking = self.seal is not None and not overridden and not over_seal

    def tags(self) -> Iterator[Signed]:
        for anchor in self.anchors:
            if anchor.tag and anchor.time:
                yield Signed(self.last, f"anchor {anchor.number}, a tag", anchor.tag[0], GIT, *anchor.tag[1:], [anchor.time])

    def untrusted_tokens(self, where: str) -> list[str]:
        """Time-stamps that no certificate in `tsa.pem` vouches for."""
        path = os.path.join(where, "tsa.pem")
        authorities = read_file(path, MIB) if os.path.isdir(where) else None
        told = []
        for anchor in self.anchors:
            if anchor.token is None:
                continue
            if authorities is None:
                self.remarks.append(f"anchor {anchor.number} is by an authority that nobody here trusts")
            elif fault := anchor.token_fault(self.scratch, authorities):
                told.append(f"anchor {anchor.number} is not by a trusted authority: {fault}")
        return told

    # -- trust ("Trust"), of which only keys are checked

    def check_trust(self, where: str) -> None:
        signers, revoked, people = load_trust(where)
        keys = Keys(signers, revoked, None, self.scratch, people)
        if keys.fault:
            raise CannotCheck(f"what is to be trusted cannot be read: {keys.fault}")
        wrong = []
        for row in [*self.signed, *self.tags()]:
            try:
                keys.verify(row.who, row.space, row.message, row.signature, row.times)
            except Fault as fault:
                wrong.append(f"event {row.event}: {row.what} by {row.who!r} is not as trusted: {fault}")
        if keys.anybody:
            wrong += [f"event {event}: nobody signed for the tombstone of {name}" for event, name, key in self.expunged if not key]
        wrong += self.untrusted_tokens(where)
        self.remarks += wrong
        self.remarks.append("roles, people, run-book and the files of keys were not held against what is trusted")
        if wrong:
            raise Fault("not as trusted")


def load_trust(where: str) -> tuple[bytes, bytes | None, People]:
    """A file of allowed signers, or a directory with that and `revoked`; what its holdpoint.toml names comes first."""
    try:
        if not os.path.isdir(where):
            return read_file(where, DOCUMENT) or b"", None, People()
        names: dict[str, Any] = {}
        people = People()
        config = read_file(os.path.join(where, "holdpoint.toml"), DOCUMENT)
        if config is not None and tomllib is not None:
            toml = tomllib.loads(configuration(config))
            names, people = toml.get("signers", {}), People.of_configuration(toml)
        signers = read_file(os.path.join(where, names.get("file", "allowed_signers")), DOCUMENT)
        lists = [names["revoked"]] if "revoked" in names else ["revoked", "revoked_keys"]
        found = [data for name in lists if (data := read_file(os.path.join(where, name), DOCUMENT)) is not None]
        must(len(found) < 2, "revoked and revoked_keys both lie there, and no holdpoint.toml names one of them")
        revoked = found[0] if found else None
        must(revoked is not None or "revoked" not in names, "the list of revoked keys that it names is not there")
    except (Fault, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CannotCheck(f"what is to be trusted cannot be read: {error}") from error
    if signers is None:
        raise CannotCheck(f"{where} has no allowed signers")
    return signers, revoked, people


def verdict_of(record: Record, trust: str | None) -> tuple[str, int]:
    """The verdict and the exit code; raises Altered and Misfit."""
    record.read()
    record.check_files()
    record.read_seal()
    record.check_seal()
    record.check_end()
    record.check_configuration()
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
    beside = reviews
    try:
        record.check_anchors()
    except Fault as fault:
        record.remarks.append(str(fault))
        beside, code = beside + ", but its anchors do not hold", 6
    if record.lacking:
        beside, code = beside + ", but it has no anchor", 6
    if trust is not None:
        try:
            record.check_trust(trust)
            verdict += ", by trusted signers" if by_key and not record.expunged else ""
        except Fault:
            verdict, code = f"{verdict}, but not as trusted", 6
    elif by_key and not record.expunged:
        verdict += ", by its own signers"
    return verdict + beside, code


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
        except Truncated as wrong:
            verdict, code = "truncated", 6
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
