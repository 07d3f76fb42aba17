#!/usr/bin/env python3
"""Forges variants of the records that records.sh made, and compares three verdicts on each.

    HOLDPOINT=/path/to/holdpoint python3 forge.py WORK [NAME…]

For each variant: what `holdpoint verify`, the bundle's verify.sh and verify.py say. `!` marks a disagreement.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import verify

WORK = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = os.path.join(WORK, "keys")
# As records.sh was told.
FROM, UNTIL = os.environ.get("KEYS_FROM", "20200101"), os.environ.get("KEYS_UNTIL", "20400101")


def put(path: str, data: bytes) -> None:
    if os.path.lexists(path):
        os.remove(path)
    with open(path, "wb") as file:
        file.write(data)


def get(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def record(base: int) -> str:
    found = glob.glob(os.path.join(WORK, "out", f"{base:04}-*"))
    if len(found) != 1:
        sys.exit(f"forge.py: {WORK}/out has {len(found)} records {base}, and needs one: make them anew, in an empty directory")
    return found[0]


class Forge:
    """One copy of a record: events to be changed, then chained, signed and sealed anew by `finish`."""

    def __init__(self, name: str, base: int) -> None:
        source = record(base)
        self.dir = os.path.join(WORK, "forged" + os.environ.get("FORGED", ""), name, os.path.basename(source))
        shutil.rmtree(os.path.dirname(self.dir), ignore_errors=True)
        shutil.copytree(source, self.dir)
        self.raw = get(self.path("run.jsonl"))
        self.ev: list[Any] = [json.loads(line) for line in self.raw.splitlines()]
        self.edits: list[tuple[int, str, str]] = []
        self.statements = {
            int(os.path.basename(path)[:4]): json.loads(get(path)) for path in glob.glob(self.path("signoffs/*.json"))
        }
        self.space, self.key = {}, {}  # of an event: another namespace, another key
        self.resign, self.reseal, self.raws, self.keep_reviews = True, True, {}, False
        self.prevs: dict[int, str] = {}

    def path(self, *parts: str) -> str:
        return os.path.join(self.dir, *parts)

    def blob(self, data: bytes) -> dict[str, Any]:
        put(self.path("blobs/sha256", verify.sha256(data)), data)
        return {"sha256": verify.sha256(data), "bytes": len(data)}

    def sign(self, path: str, space: str, key: str) -> bytes:
        if os.path.exists(path + ".sig"):
            os.remove(path + ".sig")
        subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", os.path.join(KEYS, key), "-n", space, path],
            check=True, capture_output=True,
        )
        return get(path + ".sig")

    def signatures(self, event: dict[str, Any]) -> dict[str, Any] | None:
        part = {"signoff.given": event, "signoff.rejected": event.get("signed"), "deviation": event.get("overridden")}
        part["session.signed"] = event
        return (part.get(event.get("type", "")) or {}).get("signature")

    def finish(self) -> None:
        done = b""
        for n, event in enumerate(self.ev):
            event["prev"] = self.prevs.get(n, verify.sha256(done))
            names = self.signatures(event)
            if names and self.resign and n in self.statements:
                told = self.statements[n]
                if "keep" not in told:
                    told["record"] = {"events": n, "bytes": len(done), "sha256": verify.sha256(done)}
                    told["seen"]["history"] = told.pop("history", verify.history(self.ev[:n]))
                told.pop("keep", None)
                path = self.path("signoffs", f"{n:04}.json")
                text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
                put(path, self.raws.get(n, lambda text: text)(text).encode("utf-8", "surrogatepass"))
                who = self.key.get(n, told["signer"]["principal"].split("@")[0])
                signature = self.sign(path, self.space.get(n, verify.OPERATES if event["type"] == "session.signed" else verify.SIGNOFF), who)
                names |= {"statement": verify.sha256(get(path)), "signature": verify.sha256(signature)}
            line = dump(event)
            for where, old, new in self.edits:
                if where == n:
                    assert old in line, (old, line)
                    line = line.replace(old, new, 1)
            done += line.encode("utf-8", "surrogatepass") + b"\n"
        put(self.path("run.jsonl"), done)
        seal = self.path("seal.json")
        if os.path.exists(seal) and self.reseal:
            told = json.loads(get(seal))
            told |= {"events": len(self.ev), "bytes": len(done), "sha256": verify.sha256(done)}
            put(seal, dump(told).encode())
        if not self.keep_reviews:
            shutil.rmtree(self.path("reviews"), ignore_errors=True)
        else:
            self.reviews(lambda number, told: None)

    def reviews(self, change: Callable[[int, dict[str, Any]], Any]) -> None:
        before = None
        for number, path in enumerate(sorted(glob.glob(self.path("reviews/*.json"))), 1):
            told = json.loads(get(path))
            told["seal"] = verify.sha256(get(self.path("seal.json")))
            if before:
                told["former"] = before
            key = change(number, told) or told["reviewer"]["principal"].split("@")[0]
            space = verify.REVIEW
            if key == "space":
                key, space = told["reviewer"]["principal"].split("@")[0], verify.SIGNOFF
            put(path, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
            self.sign(path, space, key)
            before = verify.sha256(get(path))


OPENED = verify.moment(json.loads(get(os.path.join(record(2), "run.jsonl")).split(b"\n")[0])["at"])
VARIANTS: list[tuple[str, int, Callable[[Forge], Any]]] = []


def variant(base: int) -> Callable[[Callable[[Forge], Any]], Callable[[Forge], Any]]:
    def add(change: Callable[[Forge], Any]) -> Callable[[Forge], Any]:
        VARIANTS.append((change.__name__, base, change))
        return change

    return add


def bytes_of(base: int, name: str, change: Callable[[bytes], bytes]) -> None:
    """A variant of run.jsonl's bytes alone: nothing is chained or sealed anew."""

    def apply(forge: Forge) -> bool:
        put(forge.path("run.jsonl"), change(forge.raw))
        return False

    VARIANTS.append((name, base, apply))


def edit(base: int, name: str, n: int, old: str, new: str) -> None:
    """A variant of one line's text, chained and sealed anew."""
    VARIANTS.append((name, base, lambda forge: forge.edits.append((n, old, new))))


def told(base: int, name: str, n: int, change: Callable[[dict[str, Any]], Any]) -> None:
    """A variant of a statement, signed, chained and sealed anew by its own signer."""

    def apply(forge: Forge) -> None:
        change(forge.statements[n])

    VARIANTS.append((name, base, apply))


def said(base: int, name: str, n: int, change: Callable[[dict[str, Any]], Any]) -> None:
    """A variant of an event, chained and sealed anew."""

    def apply(forge: Forge) -> None:
        change(forge.ev[n])

    VARIANTS.append((name, base, apply))


def rows(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


# --- nothing changed: the machinery of this file
said(2, "same-again", 0, lambda e: None)
said(5, "same-again-open", 0, lambda e: None)
said(6, "same-again-override", 0, lambda e: None)

# --- bytes and chain
bytes_of(4, "flip-in-event-3", lambda b: b.replace(b'"switch', b'"swjtch').replace(b'"change#1"', b'"changf#1"', 1))
bytes_of(4, "line-dropped", lambda b: b"".join(rows(b)[:3] + rows(b)[4:]))
bytes_of(4, "line-twice", lambda b: b"".join(rows(b)[:4] + rows(b)[3:]))
bytes_of(4, "lines-swapped", lambda b: b"".join(rows(b)[:3] + [rows(b)[4], rows(b)[3]] + rows(b)[5:]))
bytes_of(4, "last-line-dropped", lambda b: b"".join(rows(b)[:-1]))
bytes_of(4, "last-write-dropped", lambda b: b"".join(rows(b)[:-2]))
bytes_of(4, "cut-in-last-line", lambda b: b[:-10])
bytes_of(4, "cut-last-lf", lambda b: b[:-1])
bytes_of(4, "cut-in-middle-line", lambda b: b[: len(b) // 2])
bytes_of(4, "empty", lambda b: b"")
bytes_of(4, "lf-added", lambda b: b + b"\n")
bytes_of(4, "nul-added", lambda b: b + b"\0" * 600)
bytes_of(4, "garbage-added", lambda b: b + b"garbage")
bytes_of(4, "bom", lambda b: b"\xef\xbb\xbf" + b)
bytes_of(4, "crlf", lambda b: b.replace(b"\n", b"\r\n"))
bytes_of(8, "open-nul-added", lambda b: b + b"\0" * 600)
bytes_of(8, "open-nul-lf-added", lambda b: b + b"\0" * 600 + b"\n")
bytes_of(8, "open-garbage-added", lambda b: b + b'{"n":11,"pre')
bytes_of(8, "open-garbage-lf-added", lambda b: b + b'{"n":11,"pre\n')
bytes_of(8, "open-blank-line", lambda b: b + b"\n")
bytes_of(8, "open-cut-line", lambda b: b[:-30])
bytes_of(8, "open-cut-in-write", lambda b: b"".join(rows(b)[:3]))
bytes_of(8, "open-cut-first-line", lambda b: rows(b)[0][:-30])
bytes_of(8, "open-nul-then-garbage", lambda b: b + b"\0" * 600 + b"x")
bytes_of(8, "open-complete-bad-line", lambda b: b + b'{"n":99,"prev":"x","at":"x","type":"note"}\n')
bytes_of(8, "open-last-sector-zero", lambda b: b[: len(b) // 512 * 512 - 512] + b"\0" * 512 + b[len(b) // 512 * 512 :])
bytes_of(8, "open-32mib-nul", lambda b: b + b"\0" * (33 << 20))
bytes_of(8, "open-line-17mib", lambda b: b + b"x" * (17 << 20) + b"\n")


@variant(8)
def sparse_huge_log(forge: Forge) -> bool:
    os.truncate(forge.path("run.jsonl"), 1 << 40)
    return False


@variant(4)
def closed_unsealed(forge: Forge) -> bool:
    os.remove(forge.path("seal.json"))
    return False


@variant(4)
def closed_unsealed_nul(forge: Forge) -> bool:
    os.remove(forge.path("seal.json"))
    put(forge.path("run.jsonl"), forge.raw + b"\0" * 600)
    return False


@variant(4)
def closed_unsealed_garbage(forge: Forge) -> bool:
    os.remove(forge.path("seal.json"))
    put(forge.path("run.jsonl"), forge.raw + b"garbage")
    return False


@variant(4)
def note_after_end(forge: Forge) -> None:
    forge.ev.append({"n": 8, "prev": "", "at": forge.ev[-1]["at"], "type": "note", "text": "late",
                     "by": {"who": "ops@example.org", "via": "command"}})


# --- one line, chained and sealed anew
edit(4, "number-1.0", 1, '"attempt":1', '"attempt":1.0')
edit(4, "number-1e0", 1, '"attempt":1', '"attempt":1e0')
edit(4, "number-01", 1, '"attempt":1', '"attempt":01')
edit(4, "duration--0", 2, '"exit":0', '"exit":-0')
edit(4, "exit-2^63", 2, '"exit":0', '"exit":9223372036854775808')
edit(4, "exit-2^31", 6, '"exit":3', '"exit":2147483648')
edit(4, "attempt-2^32", 1, '"attempt":1', '"attempt":4294967296')
edit(4, "attempt-2^64", 1, '"attempt":1', '"attempt":18446744073709551616')
edit(8, "bytes-2^53", 6, '"duration_ms":', '"duration_ms":9007199254740993')
edit(8, "duration-2^64", 6, '"duration_ms":', '"duration_ms":18446744073709551616')
edit(8, "duration-negative", 6, '"duration_ms":', '"duration_ms":-')
edit(4, "key-twice", 1, '"attempt":1', '"attempt":1,"attempt":1')
edit(4, "key-twice-escaped", 1, '"attempt":1', '"attempt":1,"\\u0061ttempt":1')
edit(4, "key-twice-in-map", 0, '"vars":{', '"vars":{"SITE":"x",')
edit(4, "unknown-key", 1, '"attempt":1', '"attempt":1,"x":1')
edit(4, "unknown-type", 1, '"action.started"', '"action.begun"')
edit(4, "null-value", 1, '"attempt":1', '"attempt":1,"place":null')
edit(4, "null-required", 1, '"attempt":1', '"attempt":null')
edit(8, "empty-list-given", 6, '"expectations"', '"remarks":[],"expectations"')
edit(4, "probe-false", 1, '"attempt":1', '"attempt":1,"probe":false')
edit(4, "missing-cwd", 1, ',"cwd":', ',"place":')
edit(4, "more-false", 1, '"type"', '"more":false,"type"')
edit(4, "more-on-last", 7, '"type"', '"more":true,"type"')
edit(4, "more-put-in", 1, '"type"', '"more":true,"type"')
edit(4, "type-first", 1, '{"n":1', '{"type":"action.started","n":1')
edit(4, "blanks-in-line", 1, '{"n":1', ' { "n" : 1')
edit(4, "tab-in-string", 1, '"attempt"', '"place":"a\tb","attempt"')
edit(8, "escaped-slash", 8, '"error_rate"', '"error\\u005frate"')
edit(8, "lone-surrogate", 8, '"value":"0.02"', '"value":"0.02\\ud800"')
edit(8, "nul-escape-in-text", 8, '"value":"0.02"', '"value":"0.02\\u0000"')
edit(4, "at-no-fraction", 7, '"type"', '"type"')
said(4, "at-whole-second", 7, lambda e: e.update(at=e["at"][:19] + "Z"))
said(4, "at-nanoseconds", 7, lambda e: e.update(at=e["at"][:-1] + "123Z"))
said(4, "at-ten-digits", 7, lambda e: e.update(at=e["at"][:-1] + "1234Z"))
said(4, "at-offset", 7, lambda e: e.update(at=e["at"][:-1] + "+00:00"))
said(4, "at-small-z", 7, lambda e: e.update(at=e["at"][:-1] + "z"))
said(4, "at-blank", 7, lambda e: e.update(at=e["at"].replace("T", " ")))
said(4, "at-month-13", 7, lambda e: e.update(at="2026-13-01T00:00:00Z"))
said(4, "at-leap-second", 7, lambda e: e.update(at="2026-12-31T23:59:60Z"))
said(4, "at-year-0", 7, lambda e: e.update(at="0000-01-01T00:00:00Z"))
said(4, "at-backwards", 7, lambda e: e.update(at="2026-01-01T00:00:00Z"))
said(4, "format-2.1", 0, lambda e: e.update(format="2.1"))
said(4, "format-3.0", 0, lambda e: e.update(format="3.0"))
said(4, "format-1.0", 0, lambda e: e.update(format="1.0"))
said(4, "format-2", 0, lambda e: e.update(format="2"))
said(4, "prev-upper", 3, lambda e: None)
said(4, "dry", 0, lambda e: e.update(dry=True))
said(8, "value-changed", 8, lambda e: e.update(value="0.04"))
said(8, "blob-other-length", 2, lambda e: e["output"]["stdout"].update(bytes=31))
said(8, "digest-upper", 2, lambda e: e["output"]["stdout"].update(sha256=e["output"]["stdout"]["sha256"].upper()))
said(4, "verdict-changed", 7, lambda e: e.update(verdict="passed"))
said(4, "n-jumps", 5, lambda e: e.update(n=6))
VARIANTS.append(("prev-upper-case", 4, lambda f: f.prevs.update({3: verify.sha256(b"".join(rows(f.raw)[:3])).upper()})))


@variant(4)
def write_of_1001_lines(forge: Forge) -> None:
    note = {"n": 0, "prev": "", "at": forge.ev[1]["at"], "more": True, "type": "note", "text": "x",
            "by": {"who": "ops@example.org", "via": "command"}}
    notes = [dict(note, n=n) for n in range(5, 1006)]
    del notes[-1]["more"]
    forge.ev[5:] = notes
    forge.ev = forge.ev[:4] + [dict(forge.ev[4])] + notes
    forge.ev[4].pop("more", None)
    os.remove(forge.path("seal.json"))


# --- seal
def seal(name: str, change: Callable[[dict[str, Any]], Any], raw: Callable[[str], str] = lambda text: text) -> None:
    def apply(forge: Forge) -> bool:
        value = json.loads(get(forge.path("seal.json")))
        change(value)
        put(forge.path("seal.json"), raw(dump(value)).encode())
        return False

    VARIANTS.append((name, 4, apply))


seal("seal-digest", lambda s: s.update(sha256="0" * 64))
seal("seal-number", lambda s: s.update(number=5))
seal("seal-id", lambda s: s.update(id="01M84Q92VJH3CHF9AS6VC75N0Y"))
seal("seal-verdict", lambda s: s.update(verdict="passed"))
seal("seal-more-events", lambda s: s.update(events=99))
seal("seal-more-bytes", lambda s: s.update(bytes=99999))
seal("seal-more-both", lambda s: s.update(bytes=99999, events=99))
seal("seal-less-both", lambda s: s.update(bytes=99, events=3))
seal("seal-format-2.1", lambda s: s.update(format="2.1"))
seal("seal-format-9.0", lambda s: s.update(format="9.0"))
seal("seal-unknown-key", lambda s: s.update(x=1))
seal("seal-lf", lambda s: None, lambda t: t + "\n")
seal("seal-blanks", lambda s: None, lambda t: t.replace(",", ", "))
seal("seal-order", lambda s: [s.update(format=s.pop("format"))])
seal("seal-cr", lambda s: None, lambda t: t + "\r\n")
seal("seal-bom", lambda s: None, lambda t: "\ufeff" + t)
seal("seal-1.0", lambda s: None, lambda t: t.replace('"events":8', '"events":8.0'))
seal("seal-key-twice", lambda s: None, lambda t: t.replace("{", '{"events":8,', 1))
seal("seal-garbage", lambda s: None, lambda t: "garbage")
seal("seal-empty", lambda s: None, lambda t: "")
seal("seal-70-kib", lambda s: None, lambda t: t + " " * 70000)


@variant(4)
def seal_link(forge: Forge) -> bool:
    os.rename(forge.path("seal.json"), forge.path("other.json"))
    os.symlink("other.json", forge.path("seal.json"))
    return False


@variant(4)
def seal_fifo(forge: Forge) -> bool:
    os.remove(forge.path("seal.json"))
    os.mkfifo(forge.path("seal.json"))
    return False


@variant(4)
def seal_directory(forge: Forge) -> bool:
    os.remove(forge.path("seal.json"))
    os.mkdir(forge.path("seal.json"))
    return False


@variant(8)
def seal_on_open(forge: Forge) -> bool:
    event = forge.ev[0]
    put(forge.path("seal.json"), dump({"format": "2.0", "id": event["id"], "number": 8, "verdict": "passed",
        "events": len(forge.ev), "bytes": len(forge.raw), "sha256": verify.sha256(forge.raw)}).encode())
    return False


# --- files
def file_of(name: str, base: int, change: Callable[[Forge], Any]) -> None:
    VARIANTS.append((name, base, lambda forge: change(forge) and False))


def stdout_of(forge: Forge, n: int = 2) -> str:
    return forge.path("blobs/sha256", forge.ev[n]["output"]["stdout"]["sha256"])


@variant(8)
def blob_missing(forge: Forge) -> bool:
    os.remove(stdout_of(forge))
    return False


@variant(8)
def blob_swapped(forge: Forge) -> bool:
    put(stdout_of(forge), get(stdout_of(forge)).replace(b"v", b"w"))
    return False


@variant(8)
def blob_longer(forge: Forge) -> bool:
    put(stdout_of(forge), get(stdout_of(forge)) + b"x")
    return False


@variant(8)
def blob_sparse_huge(forge: Forge) -> bool:
    os.truncate(stdout_of(forge), 1 << 40)
    return False


@variant(8)
def blob_link(forge: Forge) -> bool:
    os.rename(stdout_of(forge), forge.path("elsewhere"))
    os.symlink(forge.path("elsewhere"), stdout_of(forge))
    return False


@variant(8)
def blob_fifo(forge: Forge) -> bool:
    os.remove(stdout_of(forge))
    os.mkfifo(stdout_of(forge))
    return False


@variant(8)
def blob_nobody_names(forge: Forge) -> bool:
    put(forge.path("blobs/sha256", "0" * 64), b"x")
    return False


@variant(8)
def runbook_missing(forge: Forge) -> bool:
    os.remove(forge.path("blobs/sha256", forge.ev[0]["runbook"]["blob"]["sha256"]))
    return False


@variant(8)
def blobs_link(forge: Forge) -> bool:
    os.rename(forge.path("blobs"), forge.path("b"))
    os.symlink("b", forge.path("blobs"))
    return False


@variant(8)
def signoffs_link(forge: Forge) -> bool:
    shutil.rmtree(forge.path("signoffs"), ignore_errors=True)
    os.symlink("blobs", forge.path("signoffs"))
    return False


@variant(8)
def log_link(forge: Forge) -> bool:
    os.rename(forge.path("run.jsonl"), forge.path("r"))
    os.symlink("r", forge.path("run.jsonl"))
    return False


@variant(8)
def log_fifo(forge: Forge) -> bool:
    os.remove(forge.path("run.jsonl"))
    os.mkfifo(forge.path("run.jsonl"))
    return False


@variant(8)
def no_log(forge: Forge) -> bool:
    os.remove(forge.path("run.jsonl"))
    return False


# --- statements and signatures (record 2: sign-off at 11, complete; 5: rejection at 12; 6: override at 1)
@variant(2)
def statement_changed_unsigned(forge: Forge) -> bool:
    path = forge.path("signoffs/0011.json")
    put(path, get(path).replace(b"release it", b"release IT"))
    return False


@variant(2)
def statement_missing(forge: Forge) -> bool:
    os.remove(forge.path("signoffs/0011.json"))
    return False


@variant(2)
def signature_missing(forge: Forge) -> bool:
    os.remove(forge.path("signoffs/0011.json.sig"))
    return False


@variant(2)
def signature_fifo(forge: Forge) -> bool:
    os.remove(forge.path("signoffs/0011.json.sig"))
    os.mkfifo(forge.path("signoffs/0011.json.sig"))
    return False


@variant(2)
def statement_extra(forge: Forge) -> bool:
    put(forge.path("signoffs/0003.json"), b"{}")
    return False


VARIANTS.append(("namespace-approval", 2, lambda f: f.space.update({11: verify.APPROVAL})))
VARIANTS.append(("namespace-file", 2, lambda f: f.space.update({11: "file"})))
VARIANTS.append(("key-of-lead", 2, lambda f: f.key.update({11: "lead"})))
VARIANTS.append(("key-of-other", 2, lambda f: f.key.update({11: "other"})))
told(2, "st-run", 11, lambda s: s["run"].update(number=3))
told(2, "st-run-id", 11, lambda s: s["run"].update(id="01M84Q92VJH3CHF9AS6VC75N0Y"))
told(2, "st-step", 11, lambda s: s.update(step="switch"))
told(2, "st-action", 11, lambda s: s.update(action="release#2"))
told(2, "st-role", 11, lambda s: s.update(role="lead"))
told(2, "st-meaning", 11, lambda s: s.update(meaning="review"))
told(2, "st-text", 11, lambda s: s.update(statement="x"))
told(2, "st-rejected", 11, lambda s: s.update(rejected="no"))
told(2, "st-rejected-null", 11, lambda s: s.update(rejected=None))
told(2, "st-name", 11, lambda s: s["signer"].update(name="Q"))
told(2, "st-environment", 11, lambda s: s.update(environment="staging"))
told(2, "st-title", 11, lambda s: s["runbook"].update(title="x"))
told(2, "st-path", 11, lambda s: s["runbook"].update(path="x"))
told(2, "st-sha", 11, lambda s: s["runbook"].update(sha256="0" * 64))
told(2, "st-commit", 11, lambda s: s["runbook"].update(commit="0" * 40))
told(2, "st-no-commit", 11, lambda s: s["runbook"].pop("commit"))
told(2, "st-revision", 11, lambda s: s["runbook"].update(revision="2"))
told(2, "st-no-presence", 11, lambda s: s.pop("presence"))
told(2, "st-presence", 11, lambda s: s["presence"].update(host="x"))
told(2, "st-history", 11, lambda s: s.update(history=[]))
told(2, "st-input", 11, lambda s: s["seen"]["inputs"].update(RELEASE="v2"))
told(2, "st-input-gone", 11, lambda s: s["seen"]["inputs"].pop("RELEASE"))
told(2, "st-value", 11, lambda s: s["seen"]["values"].update(error_rate="9"))
told(2, "st-unknown-key", 11, lambda s: s.update(x="y"))
told(2, "st-version", 11, lambda s: s.update(holdpoint="statement/1.1"))
told(2, "st-prefix-events", 11, lambda s: s.update(keep=1, record=dict(s["record"], events=10)))
told(2, "st-time-1s-after", 11, lambda s: s["at"].update(time="2026-11-29T23:59:00+00:00"))


def signed_at(base: int, n: int, name: str, seconds: float, zone: str = "+00:00") -> None:
    def apply(forge: Forge) -> None:
        time = verify.moment(forge.ev[n]["at"]) + timedelta(seconds=seconds)
        forge.statements[n]["at"]["time"] = time.isoformat().replace("+00:00", zone)

    VARIANTS.append((name, base, apply))


signed_at(2, 11, "st-14-min-before", -14 * 60)
signed_at(2, 11, "st-16-min-before", -16 * 60)


def signed_less_than_a_microsecond_too_early(forge: Forge) -> None:
    time = verify.moment(forge.ev[11]["at"]) - timedelta(minutes=15, microseconds=1)
    forge.statements[11]["at"]["time"] = time.isoformat(timespec="microseconds").replace("+", "100+")


VARIANTS.append(("st-15-min-and-900-ns-before", 2, signed_less_than_a_microsecond_too_early))
signed_at(2, 11, "st-61-s-after", 61)
signed_at(2, 11, "st-16-min-after", 16 * 60)
signed_at(2, 11, "st-30-s-after", 30)
signed_at(2, 11, "st-zulu", 0, "Z")
signed_at(2, 11, "st-2-days-before", -172800)
told(2, "st-zone-odd", 11, lambda s: s["at"].update(zone="Mars/Olympus"))
told(2, "st-time-no-offset", 11, lambda s: s["at"].update(time=s["at"]["time"][:19]))
told(2, "st-time-blank", 11, lambda s: s["at"].update(time=s["at"]["time"].replace("T", " ")))
VARIANTS.append(("st-bom", 2, lambda f: f.raws.update({11: lambda t: "\ufeff" + t})))
VARIANTS.append(("st-cr", 2, lambda f: f.raws.update({11: lambda t: t.replace("\n", "\r\n")})))
VARIANTS.append(("st-compact", 2, lambda f: f.raws.update({11: lambda t: dump(json.loads(t))})))
VARIANTS.append(("st-1.0", 2, lambda f: f.raws.update({11: lambda t: t.replace('"number": 2', '"number": 2.0')})))
VARIANTS.append(("st-twice", 2, lambda f: f.raws.update({11: lambda t: t.replace('{', '{"role":"qa",', 1)})))
VARIANTS.append(("st-key-order", 2, lambda f: f.raws.update({11: lambda t: json.dumps(json.loads(t), sort_keys=True)})))
VARIANTS.append(("st-history-null", 2, lambda f: f.raws.update({11: lambda t: t.replace('"within_limits": true', '"evidence": null, "within_limits": true')})))
said(2, "fingerprint", 11, lambda e: e["signature"].update(key="SHA256:" + "A" * 43))
said(2, "assurance-typed-with-signature", 11, lambda e: e.update(assurance="typed"))
said(2, "assurance-fido", 11, lambda e: e.update(assurance="fido-uv"))
said(2, "signature-dropped", 11, lambda e: e.pop("signature"))
said(2, "presence-dropped", 11, lambda e: e.pop("presence"))
said(2, "presence-account", 11, lambda e: e["presence"].update(other_account=True))
said(2, "name-changed", 11, lambda e: e.update(name="Q"))
said(2, "via-answers", 11, lambda e: e["by"].update(via="answers"))
VARIANTS.append(("chain-anew-not-signed", 2, lambda f: [setattr(f, "resign", False), f.ev[8].update(value="0.05")]))
told(5, "rej-reason", 12, lambda s: s.update(rejected="other"))
told(5, "rej-no-reason", 12, lambda s: s.pop("rejected"))
VARIANTS.append(("rej-signature-gone", 5, lambda f: f.ev[12].pop("signed")))
told(6, "ov-step-left-out", 1, lambda s: s.pop("step"))
told(6, "ov-step", 1, lambda s: s.update(step="override"))
told(6, "ov-text", 1, lambda s: s.update(statement=s["statement"].replace(", ", " and ")))
told(6, "ov-meaning", 1, lambda s: s.update(meaning="approval"))
told(6, "ov-presence", 1, lambda s: s.update(presence={"shown": {"sha256": "0" * 64, "bytes": 1}, "program": {"version": "1"}, "os_user": "root", "host": "vm", "other_account": False}))
VARIANTS.append(("ov-signature-gone", 6, lambda f: f.ev[1]["overridden"].pop("signature")))


def founded(name: str, base: int, change: Callable[[str], str]) -> None:
    """Event 0 keeps other allowed_signers; everything is signed anew."""

    def apply(forge: Forge) -> None:
        text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
        forge.ev[0]["signers"] = forge.blob(change(text).encode())

    VARIANTS.append((name, base, apply))


founded("keys-expired", 5, lambda t: t.replace(f'valid-before="{UNTIL}"', f'valid-before="20250101{UNTIL[8:]}"'))
founded("keys-not-yet", 5, lambda t: t.replace(f'valid-after="{FROM}"', 'valid-after="20300101"'))
founded("keys-other-namespace", 5, lambda t: t.replace("signoff@holdpoint", "else@holdpoint"))
founded("keys-no-namespace", 5, lambda t: re.sub(r"namespaces=\"[^\"]*\",", "", t))
founded("keys-one-key-two-people", 5, lambda t: t + t.splitlines()[1].replace("qa@", "eve@") + "\n")
founded("keys-two-in-one-line", 5, lambda t: t.replace("qa@example.org ", "qa@example.org,eve@example.org "))
founded("keys-pattern-two-known", 5, lambda t: t.replace("qa@example.org ", "*@example.org "))
founded("keys-pattern-one-known", 5, lambda t: t.replace("qa@example.org ", "qa*@example.org "))
founded("keys-case", 5, lambda t: t + t.splitlines()[0].replace("ops@", "QA@") + "\n")
founded("keys-bad-line", 5, lambda t: t + "garbage\n")
founded("keys-comment-blank", 5, lambda t: "# c\n\n  \n" + t)
founded("keys-crlf", 5, lambda t: t.replace("\n", "\r\n"))
founded("keys-empty", 5, lambda t: "")
founded("keys-other-people-two", 5, lambda t: t + t.splitlines()[1].replace("qa@", "eve@").replace("signoff@holdpoint,approval@holdpoint,expunge@holdpoint,review@holdpoint", "git") + "\n")
founded("keys-bad-date", 5, lambda t: t.replace(UNTIL, "20401301"))


@variant(5)
def key_revoked(forge: Forge) -> None:
    forge.ev[0]["revoked"] = forge.blob(b" ".join(get(os.path.join(KEYS, "qa.pub")).split()[:2]) + b"\n")


@variant(5)
def revoked_bad_line(forge: Forge) -> None:
    forge.ev[0]["revoked"] = forge.blob(b"garbage\n")


def valid_between(name: str, hours: int, zone: str) -> None:
    """The key ends `hours` from now by a time without a zone, while event 0's zone is an offset."""

    def apply(forge: Forge) -> None:
        text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
        end = verify.moment(forge.ev[12]["at"]) + timedelta(hours=hours)
        forge.ev[0]["signers"] = forge.blob(text.replace(UNTIL, end.strftime("%Y%m%d%H%M")).encode())
        forge.ev[0]["session"]["time_zone"] = zone

    VARIANTS.append((name, 5, apply))


for written in ("+03", "+03:00"):
    valid_between(f"zone-{written}-ends-2h", 2, written)
    valid_between(f"zone-{written}-ends-4h", 4, written)
said(5, "zone-odd", 0, lambda e: e["session"].update(time_zone="Mars/Olympus"))
said(5, "zone-path", 0, lambda e: e["session"].update(time_zone="../../../etc/passwd"))


# --- approvals and the rehearsal (record 2)
def approval(name: str, change: Callable[[dict[str, Any]], Any], space: str = verify.APPROVAL, key: str = "qa",
             text: Callable[[str], str] = lambda text: text) -> None:
    def apply(forge: Forge) -> None:
        row = forge.ev[0]["policy"]["approvals"][0]
        value = json.loads(get(forge.path("blobs/sha256", row["statement"]["sha256"])))
        change(value)
        path = forge.path("scratch")
        put(path, text(json.dumps(value, indent=2) + "\n").encode())
        row["signature"] = forge.blob(forge.sign(path, space, key))
        row["statement"] = forge.blob(get(path))
        row["time"] = value["at"]["time"]
        os.remove(path)
        os.remove(path + ".sig")

    VARIANTS.append((name, 2, apply))


approval("ap-same", lambda a: None)
approval("ap-title", lambda a: a["document"].update(title="x"))
approval("ap-path", lambda a: a["document"].update(path="x"))
approval("ap-approvers", lambda a: a.update(approvers=["lead@example.org"]))
approval("ap-approvers-more", lambda a: a.update(approvers=["qa@example.org", "lead@example.org"]))
approval("ap-meaning", lambda a: a.update(meaning="review"))
approval("ap-namespace", lambda a: None, verify.SIGNOFF)
approval("ap-key", lambda a: None, key="lead")
approval("ap-old", lambda a: a["at"].update(time="2019-01-01T00:00:00+00:00"))
approval("ap-after-run", lambda a: a["at"].update(time="2027-01-01T00:00:00+00:00"))
said(2, "ap-who", 0, lambda e: e["policy"]["approvals"][0].update(who="lead@example.org"))
said(2, "ap-gone", 0, lambda e: e["policy"].pop("approvals"))
said(2, "rh-number", 0, lambda e: e["policy"]["rehearsed"].update(number=9))
said(2, "rh-environment", 0, lambda e: e["policy"]["rehearsed"].update(environment="local"))
said(2, "rh-ended", 0, lambda e: e["policy"]["rehearsed"].update(ended="2026-11-20T00:00:00Z"))
said(2, "rh-no-config", 0, lambda e: e["policy"]["rehearsed"].pop("config"))
said(2, "rh-gone", 0, lambda e: e["policy"].pop("rehearsed"))


def rehearsal(name: str, change: Callable[[list[dict[str, Any]]], Any], verdict: str = "passed") -> None:
    """The kept log is changed, chained and sealed anew."""

    def apply(forge: Forge) -> None:
        named = forge.ev[0]["policy"]["rehearsed"]
        events = [json.loads(line) for line in get(forge.path("blobs/sha256", named["log"]["sha256"])).splitlines()]
        change(events)
        done = b""
        for event in events:
            event["prev"] = verify.sha256(done)
            done += dump(event).encode() + b"\n"
        named["log"] = forge.blob(done)
        value = json.loads(get(forge.path("blobs/sha256", named["seal"]["sha256"])))
        value |= {"events": len(events), "bytes": len(done), "sha256": verify.sha256(done), "verdict": verdict}
        named["seal"] = forge.blob(dump(value).encode())
        named["ended"] = events[-1]["at"]

    VARIANTS.append((name, 2, apply))


rehearsal("rh-same", lambda e: None)
rehearsal("rh-other-input", lambda e: e[0]["inputs"][0].update(value="v9.9"))
rehearsal("rh-failed", lambda e: e[-1].update(verdict="failed"), "failed")
rehearsal("rh-seal-says-passed", lambda e: e[-1].update(verdict="failed"))
rehearsal("rh-too-old", lambda e: [r.update(at="2026-11-01T00:00:00Z") for r in e])
rehearsal("rh-later", lambda e: e[-1].update(at="2027-11-01T00:00:00Z"))
rehearsal("rh-other-runbook", lambda e: e[0]["runbook"].update(blob={"sha256": "0" * 64, "bytes": 1}))
rehearsal("rh-unknown-key", lambda e: e[3].update(x=1))


# --- tombstones (record 7: signed; 9: by nobody)
def tombstone(name: str, base: int, change: Callable[[dict[str, Any]], Any], key: str = "qa", space: str = verify.EXPUNGE,
              raw: Callable[[str], str] = lambda text: text) -> None:
    def apply(forge: Forge) -> bool:
        (path,) = glob.glob(forge.path("blobs/sha256/*.expunged"))
        value = json.loads(get(path))
        change(value)
        put(path, raw(dump(value)).encode())
        if base == 7:
            forge.sign(path, space, key)
        return False

    VARIANTS.append((name, base, apply))


tombstone("tomb-same", 7, lambda t: None)
tombstone("tomb-key", 7, lambda t: None, key="lead")
tombstone("tomb-namespace", 7, lambda t: None, space=verify.SIGNOFF)
tombstone("tomb-run", 9, lambda t: t.update(id="01M84Q92VJH3CHF9AS6VC75N0Y"))
tombstone("tomb-bytes", 9, lambda t: t["blob"].update(bytes=1))
tombstone("tomb-nobody", 9, lambda t: t.update(who=""))
tombstone("tomb-blank", 9, lambda t: t.update(who=" "))
tombstone("tomb-reason", 9, lambda t: t.update(reason=""))
tombstone("tomb-reason-blank", 9, lambda t: t.update(reason=" "))
tombstone("tomb-early", 9, lambda t: t.update(at="2020-01-01T00:00:00Z"))
tombstone("tomb-offset", 9, lambda t: t.update(at="2026-12-01T00:00:00+01:00"))
tombstone("tomb-format", 9, lambda t: t.update(format="1.0"))
tombstone("tomb-unknown", 9, lambda t: t.update(x=1))
tombstone("tomb-lf", 9, lambda t: None, raw=lambda t: t + "\n")
tombstone("tomb-1.0", 9, lambda t: None, raw=lambda t: t.replace('"bytes":30', '"bytes":30.0'))
tombstone("tomb-long", 9, lambda t: t.update(reason="x" * 70000))


@variant(7)
def tomb_unsigned(forge: Forge) -> bool:
    (path,) = glob.glob(forge.path("blobs/sha256/*.expunged.sig"))
    os.remove(path)
    return False


@variant(7)
def tomb_alone_gone(forge: Forge) -> bool:
    (path,) = glob.glob(forge.path("blobs/sha256/*.expunged"))
    os.remove(path)
    return False


@variant(9)
def tomb_and_blob(forge: Forge) -> bool:
    put(stdout_of(forge), get(stdout_of(forge) .replace("0009", "0009")) if os.path.exists(stdout_of(forge)) else
        'ready for v1.1, ü€𝄞 "\\/\n'.encode())
    return False


@variant(7)
def tomb_and_blob_signed(forge: Forge) -> bool:
    put(stdout_of(forge), 'ready for v1.1, ü€𝄞 "\\/\n'.encode())
    return False


@variant(9)
def tomb_garbage_and_blob(forge: Forge) -> bool:
    put(stdout_of(forge), 'ready for v1.1, ü€𝄞 "\\/\n'.encode())
    put(stdout_of(forge) + ".expunged", b"garbage")
    return False


@variant(9)
def tomb_link(forge: Forge) -> bool:
    path = stdout_of(forge) + ".expunged"
    os.rename(path, forge.path("t"))
    os.symlink(forge.path("t"), path)
    return False


@variant(8)
def tomb_of_signers(forge: Forge) -> bool:
    digest = forge.ev[0]["signers"]
    path = forge.path("blobs/sha256", digest["sha256"])
    os.remove(path)
    put(path + ".expunged", dump({"format": "2.0", "id": forge.ev[0]["id"], "blob": digest,
        "at": "2026-11-29T10:00:00Z", "who": "qa@example.org", "reason": "x"}).encode())
    forge.sign(path + ".expunged", verify.EXPUNGE, "qa")
    return False


# --- reviews (record 2)
def review(name: str, change: Callable[[int, dict[str, Any]], Any]) -> None:
    def apply(forge: Forge) -> bool:
        forge.reviews(change)
        return False

    VARIANTS.append((name, 2, apply))


def second(change: Callable[[dict[str, Any]], Any]) -> Callable[[int, dict[str, Any]], Any]:
    def apply(number: int, told: dict[str, Any]) -> Any:
        if number == 2:
            found = change(told)
            return found if isinstance(found, str) else None
        return None

    return apply


review("rv-same", lambda n, t: None)
review("rv-number", second(lambda t: t.update(number=3)))
review("rv-former", second(lambda t: t.update(former="0" * 64)))
review("rv-former-gone", second(lambda t: [t.pop("former")]))
review("rv-seal", second(lambda t: t.update(seal="0" * 64)))
review("rv-run", second(lambda t: t["run"].update(number=3)))
review("rv-kind", second(lambda t: t.update(kind="other")))
review("rv-text-empty", second(lambda t: t.update(text="")))
review("rv-text-blank", second(lambda t: t.update(text=" ")))
review("rv-verdict-odd", second(lambda t: t.update(verdict="x")))
review("rv-unknown", second(lambda t: t.update(x="x")))
review("rv-other-key", second(lambda t: "other"))
review("rv-space", second(lambda t: "space"))
review("rv-unlisted", second(lambda t: [t["reviewer"].update(principal="other@example.org")]))
review("rv-of-qa-key-lead", second(lambda t: "qa"))
review("rv-2-min-older", second(lambda t: t["at"].update(time="2026-01-01T00:00:00+00:00")))
review("rv-future", second(lambda t: t["at"].update(time="2030-01-01T00:00:00+00:00")))
review("rv-listed-too-late", second(lambda t: t["at"].update(time="2041-01-01T00:00:00+00:00")))


@variant(2)
def rv_compact(forge: Forge) -> bool:
    path = forge.path("reviews/0002.json")
    put(path, dump(json.loads(get(path))).encode())
    forge.sign(path, verify.REVIEW, "lead")
    return False


def first_at(name: str, seconds: float) -> None:
    def apply(forge: Forge) -> bool:
        end = verify.moment(forge.ev[-1]["at"])
        forge.reviews(lambda n, t: t["at"].update(time=(end + timedelta(seconds=seconds)).isoformat()) and None)
        return False

    VARIANTS.append((name, 2, apply))


first_at("rv-14-min-before-end", -14 * 60)
first_at("rv-16-min-before-end", -16 * 60)


@variant(2)
def rv_renumbered(forge: Forge) -> bool:
    for end in ("", ".sig"):
        os.rename(forge.path(f"reviews/0002.json{end}"), forge.path(f"reviews/0003.json{end}"))
    return False


@variant(2)
def rv_last_gone(forge: Forge) -> bool:
    os.remove(forge.path("reviews/0002.json"))
    os.remove(forge.path("reviews/0002.json.sig"))
    return False


@variant(2)
def rv_last_json_gone(forge: Forge) -> bool:
    os.remove(forge.path("reviews/0002.json"))
    return False


@variant(2)
def rv_signature_gone(forge: Forge) -> bool:
    os.remove(forge.path("reviews/0002.json.sig"))
    return False


@variant(2)
def rv_first_gone(forge: Forge) -> bool:
    os.remove(forge.path("reviews/0001.json"))
    os.remove(forge.path("reviews/0001.json.sig"))
    return False


@variant(2)
def rv_directory_link(forge: Forge) -> bool:
    os.rename(forge.path("reviews"), forge.path("r"))
    os.symlink("r", forge.path("reviews"))
    return False


@variant(2)
def rv_stray(forge: Forge) -> bool:
    put(forge.path("reviews/readme.txt"), b"x")
    return False


@variant(2)
def rv_fifo(forge: Forge) -> bool:
    os.remove(forge.path("reviews/0002.json"))
    os.mkfifo(forge.path("reviews/0002.json"))
    return False


@variant(8)
def rv_on_open(forge: Forge) -> bool:
    (source,) = glob.glob(os.path.join(WORK, "out", "0002-*"))
    shutil.copytree(os.path.join(source, "reviews"), forge.path("reviews"))
    return False


# --- after the first comparison: what the document left open
bytes_of(8, "open-17mib-nul", lambda b: b + b"\0" * (17 << 20))
bytes_of(8, "open-31mib-x", lambda b: b + b"x" * (31 << 20))
bytes_of(8, "open-33mib-x", lambda b: b + b"x" * (33 << 20))
bytes_of(8, "open-33mib-x-lf", lambda b: b + b"x" * (33 << 20) + b"\n")
bytes_of(8, "open-torn-then-line", lambda b: b + b"x\n" + b"{}\n")
VARIANTS.append(("st-no-last-lf", 2, lambda f: f.raws.update({11: lambda t: t[:-1]})))
VARIANTS.append(("st-escaped", 2, lambda f: f.raws.update({11: lambda t: t.replace("release it", "release\\u0020it")})))
for seconds in (30, 90, 840, 960):
    approval(f"ap-{seconds}-s-after-run", lambda a, seconds=seconds: a["at"].update(
        time=(OPENED + timedelta(seconds=seconds)).isoformat()))
approval("ap-compact", lambda a: None, text=lambda t: dump(json.loads(t)))
approval("ap-unknown", lambda a: a.update(x=1))
edit(5, "history-null", 8, '"within_limits"', '"evidence":null,"within_limits"')
VARIANTS.append(("history-null-left-out", 5, lambda f: [f.edits.append((8, '"within_limits"', '"evidence":null,"within_limits"'))]))
VARIANTS.append(("history-null-told", 5, lambda f: [f.ev[8].update(evidence=None)]))
VARIANTS.append(("history-key-order", 5, lambda f: [f.ev[8].update(by=f.ev[8].pop("by"), step=f.ev[8].pop("step"))]))
founded("keys-time-of-day", 5, lambda t: t.replace(f'"{UNTIL}"', f'"{UNTIL}0000"'))
founded("keys-cert-authority-too", 5, lambda t: t + 'x@example.org cert-authority ' + " ".join(t.splitlines()[1].split()[-2:]) + "\n")


def zone_without_times(forge: Forge) -> None:
    text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
    forge.ev[0]["signers"] = forge.blob(re.sub(r',valid-[a-z]+="[0-9]+"', "", text).encode())
    forge.ev[0]["session"]["time_zone"] = "Mars/Olympus"


VARIANTS.append(("zone-odd-without-times", 5, zone_without_times))
VARIANTS.append(("zone-odd-times-in-utc", 5, lambda f: [f.ev[0].update(signers=f.blob(re.sub(r'(valid-[a-z]+="[0-9]+)', r"\1Z",
    get(f.path("blobs/sha256", f.ev[0]["signers"]["sha256"])).decode()).encode())), f.ev[0]["session"].update(time_zone="Mars/Olympus")]))
tombstone("tomb-format-9", 9, lambda t: t.update(format="9.0"))


def tomb_founded(name: str, data: bytes) -> None:
    """Record 9, whose event 0 now keeps these allowed_signers: is a signature asked for?"""

    VARIANTS.append((name, 9, lambda forge: forge.ev[0].update(signers=forge.blob(data))))


tomb_founded("anybody-empty", b"")
tomb_founded("anybody-comment", b"# nobody yet\n\n")
tomb_founded("anybody-garbage", b"garbage\n")
tomb_founded("anybody-one", b"a@b ssh-ed25519 " + get(os.path.join(KEYS, "qa.pub")).split()[1] + b"\n")
tomb_founded("anybody-other-namespace", b'a@b namespaces="git" ssh-ed25519 ' + get(os.path.join(KEYS, "qa.pub")).split()[1] + b"\n")

bytes_of(8, "open-deep-lf", lambda b: b + b"[" * 100000 + b"\n")
bytes_of(8, "open-deep-closed-lf", lambda b: b + b"[" * 100000 + b"]" * 100000 + b"\n")
edit(4, "deep", 1, '"attempt":1', '"attempt":' + "[" * 100000 + "]" * 100000)
edit(4, "policy-null", 0, '"session"', '"policy":null,"aliases":{},"session"')
edit(4, "blob-null", 0, '"session"', '"signers":null,"session"')


# --- for claims that the document makes now
edit(4, "tabs-in-line", 1, '{"n":1', '\t{\t"n"\t:\t1')
bytes_of(8, "open-empty", lambda b: b"")
VARIANTS.append(("typed-where-keys-are-asked", 2, lambda f: [f.ev[11].update(assurance="typed"), f.ev[11].pop("signature")]))
VARIANTS.append(("override-typed-where-keys-are-asked", 6, lambda f: [f.ev[1]["overridden"].update(assurance="typed"), f.ev[1]["overridden"].pop("signature")]))


@variant(5)
def combo_event_8_and_signature_12(forge: Forge) -> None:
    forge.edits.append((8, '"value":"0.02"', '"value":"0.02\\u0000"'))
    forge.key[12] = "lead"


@variant(5)
def combo_signature_12_and_late_event(forge: Forge) -> None:
    forge.key[16] = "lead"
    forge.ev[14].update(corrects=99)


@variant(9)
def combo_tomb_and_seal(forge: Forge) -> bool:
    put(stdout_of(forge) + ".expunged", b"garbage")
    put(forge.path("seal.json"), b"garbage")
    return False


@variant(9)
def combo_tomb_and_later_blob(forge: Forge) -> bool:
    put(stdout_of(forge) + ".expunged", b"garbage")
    os.remove(forge.path("blobs/sha256", forge.ev[0]["runbook"]["blob"]["sha256"]))
    return False


@variant(7)
def combo_tomb_and_signature(forge: Forge) -> bool:
    put(stdout_of(forge) + ".expunged", b"garbage")
    put(forge.path("signoffs/0011.json"), b"garbage")
    return False


@variant(2)
def combo_statement_and_seal(forge: Forge) -> bool:
    put(forge.path("signoffs/0011.json"), b"garbage")
    put(forge.path("seal.json"), b"garbage")
    return False


# --- what a judge found that parted them once
for name, version in (("long", "99999999999.0"), ("zeros", "03.0"), ("lf", "3.0\n"), ("arabic", "٣.٠"), ("huge", "2.18446744073709551616")):
    said(4, f"format-{name}", 0, lambda e, version=version: e.update(format=version))
for name, zone in (("right", "right/UTC"), ("posix", "posix/UTC"), ("lower", "utc"), ("rule", "CET-1CEST,M3.5.0,M10.5.0/3")):
    said(5, f"zone-{name}", 0, lambda e, zone=zone: e["session"].update(time_zone=zone))
founded("keys-mark", 5, lambda t: "\ufeff" + t)
founded("keys-form-feed", 5, lambda t: "\f" + t)
tombstone("tomb-separator", 9, lambda t: t.update(reason="\x1c"))
tombstone("tomb-small-z", 9, lambda t: t.update(at="2026-12-01T00:00:00z"))
review("rv-text-separator", second(lambda t: t.update(text="\x1f")))
said(4, "at-year-1", 2, lambda e: e.update(at="0001-01-01T00:00:00Z"))


def ask(command: list[str], where: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, stdin=subprocess.DEVNULL, cwd=where, check=False)
    except subprocess.TimeoutExpired:
        return "HANGS", ""
    out = done.stdout.decode("utf-8", "replace").splitlines()
    error = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"{out[0] if out else '-'} ({done.returncode})", " / ".join(error[-2:] if error else out[1:3])


def main() -> None:
    wanted, same = set(sys.argv[2:]), 0
    for name, base, change in VARIANTS:
        name = name.replace("_", "-")
        if wanted and name not in wanted:
            continue
        forge = Forge(name, base)
        if change(forge) is not False:
            forge.finish()
        verdicts = [
            ask([os.environ["HOLDPOINT"], "verify", forge.dir], WORK),
            ask(["sh", forge.path("verify.sh")], forge.dir),
            ask([sys.executable, os.path.join(HERE, "verify.py"), forge.dir], WORK),
        ]
        short = [v[0] for v in verdicts]
        agree = len(set(short)) == 1
        same += agree
        print(f"{' ' if agree else '!'} {base}/{name}: " + (short[0] if agree else " | ".join(short)))
        if wanted or not agree:
            for verdict in verdicts:
                print(f"      {verdict[1][:300]}")
    print(f"{same} agree")


if __name__ == "__main__":
    main()
