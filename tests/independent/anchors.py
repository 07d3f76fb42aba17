"""Anchors of a record: time-stamps, through openssl, and signed git tags. Used by verify.py, written from docs/record.md."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keys import Keys
from narrow import GIT, MIB, SECOND, CannotCheck, Fault, directory, exact, moment, must, read_file, read_object, sha256


@dataclass
class Anchor:
    """One that holds, as far as the record alone can tell."""

    number: int
    statement: str  # digest of its file
    events: int  # how many it is over; 0 for the seal
    digest: str
    listed: bool  # of a tag: whether the record's signers let its key do that; of a time-stamp always
    token: bytes | None = None
    time: datetime | None = None
    tag: tuple[str, bytes, bytes] | None = None  # who, what was signed, the signature

    def token_fault(self, scratch: str, certificates: bytes) -> str | None:
        """Why the token is none by these certificates, as of the time that it tells."""
        assert self.token is not None and self.time is not None
        put(scratch, "token.tsr", self.token)
        put(scratch, "certificates.pem", certificates)
        at = str(int(self.time.timestamp()))
        return openssl(
            scratch, "ts", "-verify", "-partial_chain", "-attime", at, "-in", "token.tsr",
            "-digest", self.digest, "-CAfile", "certificates.pem",
        )[1]


def put(scratch: str, name: str, data: bytes) -> None:
    with open(os.path.join(scratch, name), "wb") as file:
        file.write(data)


def openssl(scratch: str, *words: str) -> tuple[str, str | None]:
    """What it prints, and why it refuses, where it does."""
    environment = dict(os.environ, LC_ALL="C", OPENSSL_CONF="/dev/null")
    try:
        done = subprocess.run(
            ["openssl", *words], cwd=scratch, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False,
        )
    except FileNotFoundError as error:
        raise CannotCheck("openssl is needed for the time-stamps in anchors") from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise Fault(f"openssl gives no answer: {error}") from error
    said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return done.stdout.decode("utf-8", "replace"), (said.splitlines() or ["it says no"])[-1] if done.returncode else None


def told_time(text: str) -> int:
    """The time that a token tells, as openssl prints it: `Mar  1 12:00:00 2026 GMT`."""
    found = re.search(r"^Time stamp: (\w{3}) +(\d+) (\d\d:\d\d:\d\d)(\.\d+)? (\d{4}) GMT$", text, re.MULTILINE)
    must(found is not None, "its token tells no time")
    assert found is not None
    months = "JanFebMarAprMayJunJulAugSepOctNovDec"
    month = months.find(found[1]) // 3 + 1
    return exact(f"{found[5]}-{month:02}-{int(found[2]):02}T{found[3]}{found[4] or ''}Z")


def read(
    root: str, scratch: str, opened: dict[str, Any], seal: bytes | None, head: Callable[[int], tuple[int, str] | None], keys: Keys,
    found: list[Anchor],
) -> None:
    """Puts all of them into `found`; raises Fault at the first that does not hold. `head` gives, of so many events that end a
    write, how many bytes they have and the digest of these."""
    folder = os.path.join(root, "anchors")
    if not directory(folder):
        return
    there = set(os.listdir(folder))
    while f"{len(found) + 1:04}.json" in there:
        found.append(one(folder, len(found) + 1, scratch, opened, seal, head, keys))
        there -= {f"{len(found):04}.json", f"{len(found):04}.{'tag' if found[-1].tag else 'tsr'}"}
    # What a crash left of the next one.
    there -= {f"{len(found) + 1:04}.tsr", f"{len(found) + 1:04}.tag"}
    must(not there, "an anchor is missing and later ones are there, or something else lies in anchors")


def one(
    folder: str, number: int, scratch: str, opened: dict[str, Any], seal: bytes | None,
    head: Callable[[int], tuple[int, str] | None], keys: Keys,
) -> Anchor:
    name = f"{number:04}"
    data = read_file(os.path.join(folder, name + ".json"), MIB) or b""
    told = read_object(data, "anchor", f"anchors/{name}.json", written=True)
    must(told["holdpoint"] == "anchor/1.0", f"anchors/{name}.json is no anchor")
    must(told["run"] == {"number": opened["number"], "id": opened["id"]}, f"anchor {number} is of another run")
    must(told["number"] == number, f"anchor {number} stands under another number")
    over, events = told["over"], 0
    if "seal" in over:
        digest = over["seal"]
        must(seal is not None and sha256(seal) == digest, f"anchor {number} is over another seal")
        says = f"seal: {digest}\n"
    else:
        digest, events = over["head"]["sha256"], over["head"]["events"]
        same = head(events) == (over["head"]["bytes"], digest)
        must(same, f"anchor {number}: the record does not begin with what it is over")
        says = f"events: {events}\nbytes: {over['head']['bytes']}\nhead: {digest}\n"
    kind = "tsr" if told["kind"] == "rfc3161" else "tag"
    file = read_file(os.path.join(folder, f"{name}.{kind}"), MIB)
    must(file is not None and sha256(file) == told["file"], f"anchor {number}: its {kind} is not there, or another")
    time = moment(told["time"])
    made = Anchor(number, sha256(data), events, digest, True, time=time)
    if kind == "tsr":
        made.token = file
        token(made, scratch, file or b"", exact(told["time"]))
    else:
        tag(made, file or b"", says, exact(told["time"]), opened, keys)
    return made


def token(made: Anchor, scratch: str, reply: bytes, time: int) -> None:
    """Whole, and by a certificate that it brings itself."""
    put(scratch, "reply.tsr", reply)
    for words in (
        ("ts", "-reply", "-token_out", "-in", "reply.tsr", "-out", "token"),
        ("pkcs7", "-inform", "DER", "-print_certs", "-in", "token", "-out", "own.pem"),
    ):
        _, fault = openssl(scratch, *words)
        must(fault is None, f"anchor {made.number}: its token is none: {fault}")
    # What stands around the token nobody signed.
    text, fault = openssl(scratch, "ts", "-reply", "-token_in", "-text", "-in", "token")
    must(fault is None, f"anchor {made.number}: its token is none: {fault}")
    must(told_time(text) == time, f"anchor {made.number}: its token tells another time")
    with open(os.path.join(scratch, "own.pem"), "rb") as own:
        fault = made.token_fault(scratch, own.read())
    must(fault is None, f"anchor {made.number}: its token does not hold: {fault}")


HEAD = re.compile(
    rb"object [0-9a-f]+\ntype [a-z]+\ntag [^\n]+\ntagger [^\n]*<([^\n]*)> (\d{1,12}) [^ \n]+\n\n(.*)\Z", re.DOTALL
)


def tag(made: Anchor, data: bytes, says: str, time: int, opened: dict[str, Any], keys: Keys) -> None:
    """The object that `git cat-file tag` prints: its message, its tagger's time, and a signature by the key in it."""
    begin = data.find(b"-----BEGIN SSH SIGNATURE-----\n")
    must(begin > 0, f"anchor {made.number}: its tag is not signed")
    signed, signature = data[:begin], data[begin:]
    parts = HEAD.match(signed)
    must(parts is not None, f"anchor {made.number}: it is no tag of git")
    assert parts is not None
    number, name = opened["number"], opened["id"]
    message = f"holdpoint anchor of run {number}\n\nrun: {number}\nid: {name}\n{says}"
    must(parts[3] == message.encode(), f"anchor {made.number}: its tag says something else")
    must(int(parts[2]) * SECOND == time, f"anchor {made.number}: its tag is of another time")
    who = parts[1].decode("utf-8", "replace")
    keys.made_by_some_key(GIT, signed, signature)
    assert made.time is not None
    try:
        keys.verify(who, GIT, signed, signature, [made.time])
    except Fault:
        made.listed = False
    made.tag = (who, signed, signature)
