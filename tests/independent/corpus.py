#!/usr/bin/env python3
"""Packs what records.sh, more-records.sh and timed-records.sh made, and one forgery of each kind, as the corpus: NAME.tar.gz each.

    HOLDPOINT=/path/to/holdpoint corpus.py SHOP DIR [NAME…]

make-corpus.sh calls it, for records without a trace of the machine. Whoever adds a kind gives it a name here, and its words in
expected.txt beside the records.
"""

from __future__ import annotations

import base64
import glob
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import forge
import verify
from forge import Forge, dump, get, put, said, told, variant

WORK, TO = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])

# Name in the corpus, and number of the run; from 101 those of the second script, from 201 those of the third.
GOOD = {
    "passed-in-rehearsal": 1,
    "passed-approved-rehearsed-reviewed": 2,
    "rolled-back": 3,
    "stopped": 4,
    "open-rejected-corrected-noted-handed-over": 5,
    "open-overridden-by-key": 6,
    "expunged-signed": 7,
    "open-waiting": 8,
    "expunged-by-nobody": 9,
    "aborted": 101,
    "skipped": 102,
    "nothing-done": 103,
    "four-eyes-two-signers-after-a-retry": 104,
    "signed-by-certificate": 105,
    "anchored-by-time-stamp-and-tag": 106,
    "anchored-while-open": 107,
    "probes": 108,
    "places": 109,
    "check-list-of-somebody-else": 110,
    "open-taken-up-after-a-torn-write": 111,
    "open-killed-in-a-block": 112,
    "sessions-signed-and-null-captured": 301,
    "under-a-change-in-a-window-beside-a-freeze": 302,
    "environment-in-one-line": 303,
    "answered-by-a-file": 304,
    "several-values-one-corrected": 305,
    "window-and-freeze": 201,
    "window-overridden": 202,
    "soak": 203,
    "open-soak-that-broke": 204,
    "document-exchanged": 205,
    "change": 206,
}

# Of forge.py's, one of each family; `expected.txt` says what is said of them.
FORGED = """
    same-again flip-in-event-3 line-dropped lines-swapped last-line-dropped last-write-dropped cut-in-last-line empty
    garbage-added crlf open-garbage-added open-nul-added open-garbage-lf-added open-cut-in-write closed-unsealed
    note-after-end number-1.0 exit-2^31 key-twice unknown-key null-required missing-cwd lone-surrogate more-on-last
    at-leap-second at-backwards format-2.1 format-1.0 dry value-changed verdict-changed prev-upper-case seal-verdict
    seal-key-twice seal-link seal-on-open blob-missing blob-swapped blob-longer statement-changed-unsigned signature-missing
    namespace-approval key-of-lead st-step st-history st-value st-presence st-compact st-16-min-before st-14-min-before
    fingerprint assurance-fido signature-dropped name-changed via-answers chain-anew-not-signed rej-reason ov-text
    keys-expired keys-other-namespace keys-one-key-two-people keys-case keys-bad-line keys-cert-authority-too key-revoked
    zone-odd ap-title ap-approvers ap-key ap-gone rh-other-input rh-seal-says-passed rh-unknown-key tomb-key
    tomb-early tomb-unsigned tomb-and-blob rv-former rv-space rv-unlisted rv-last-gone rv-on-open history-key-order
    typed-where-keys-are-asked override-typed-where-keys-are-asked combo-event-8-and-signature-12 nul-escape-in-text
""".split()


def at_type(forge: Forge, kind: str) -> int:
    return next(n for n, event in enumerate(forge.ev) if event["type"] == kind)


# --- security keys, made here: the bytes that a token would give


class Token:
    """An Ed25519 key that signs as a security key does, with these flags: 1 touched, 4 user verified."""

    def __init__(self, flags: int) -> None:
        self.flags, self.pem = flags, os.path.join(WORK, "keys", "token.pem")
        if not os.path.exists(self.pem):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.pem], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.pem, "-pubout", "-outform", "DER"], check=True, capture_output=True)
        self.blob = b"".join(map(string, [KIND, der.stdout[-32:], b"ssh:"]))

    def line(self) -> str:
        return f"{KIND.decode()} {base64.b64encode(self.blob).decode()}"

    def fingerprint(self) -> str:
        return "SHA256:" + base64.b64encode(bytes.fromhex(verify.sha256(self.blob))).decode().rstrip("=")

    def sign(self, message: bytes, space: str) -> bytes:
        parts = [space.encode(), b"", b"sha512"]
        inner = b"SSHSIG" + b"".join(map(string, [*parts, hashlib.sha512(message).digest()]))
        told = bytes([self.flags]) + (7).to_bytes(4, "big")
        put("message", hashlib.sha256(b"ssh:").digest() + told + hashlib.sha256(inner).digest())
        signed = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.pem, "-in", "message"], check=True, capture_output=True
        ).stdout
        whole = b"SSHSIG" + (1).to_bytes(4, "big")
        whole += b"".join(map(string, [self.blob, *parts, string(KIND) + string(signed) + told]))
        text = base64.b64encode(whole).decode()
        lines = "".join(text[at : at + 70] + "\n" for at in range(0, len(text), 70))
        return f"-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n".encode()


KIND = b"sk-ssh-ed25519@openssh.com"


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def by_token(flags: int, assurance: str) -> Callable[[Forge], None]:
    """The sign-off of record 107 by a security key, which event 0 lists for the signer."""

    def apply(forge: Forge) -> None:
        token, n = Token(flags), at_type(forge, "signoff.given")
        text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
        who = forge.ev[n]["by"]["who"]
        lines = [line for line in text.splitlines() if not line.startswith(who)]
        forge.ev[0]["signers"] = forge.blob(("\n".join([*lines, f"{who} {token.line()}"]) + "\n").encode())
        forge.ev[n]["assurance"] = assurance
        forge.ev[n]["signature"]["key"] = token.fingerprint()
        own = forge.sign

        def sign(path: str, space: str, key: str) -> bytes:
            if not path.endswith(f"{n:04}.json"):
                return own(path, space, key)
            put(path + ".sig", token.sign(get(path), space))
            return get(path + ".sig")

        forge.sign = sign  # type: ignore[method-assign]
        shutil.rmtree(forge.path("anchors"))

    return apply


def row(base: int, name: str, change: Callable[[Forge], Any]) -> None:
    forge.VARIANTS.append((name, base, change))
    FORGED.append(name)


row(107, "signed-by-security-key", by_token(5, "fido-uv"))
row(107, "security-key-that-was-not-touched", by_token(0, "ssh"))
row(107, "security-key-without-user-verification", by_token(1, "fido-uv"))


# --- whoever has the whole store (records 106 and 107 are also held against what a reader trusts)


def swapped_signers(forge: Forge) -> None:
    """Event 0 keeps signers of whom one has another key, and that key signed."""
    text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
    qa, other = (" ".join(get(os.path.join(WORK, "keys", f"{key}.pub")).decode().split()[:2]) for key in ("qa", "other"))
    assert qa in text
    forge.ev[0]["signers"] = forge.blob(text.replace(qa, other).encode())
    n = at_type(forge, "signoff.given")
    said = subprocess.run(["ssh-keygen", "-lf", os.path.join(WORK, "keys", "other.pub")], check=True, capture_output=True)
    forge.ev[n]["signature"]["key"] = said.stdout.decode().split()[1]
    forge.key[n] = "other"


def without_anchors(change: Callable[[Forge], Any]) -> Callable[[Forge], Any]:
    def apply(forge: Forge) -> Any:
        shutil.rmtree(forge.path("anchors"))
        return change(forge)

    return apply


def swapped_configuration(forge: Forge) -> None:
    """Event 0 keeps a configuration in which somebody else may sign, too."""
    text = get(forge.path("blobs/sha256", forge.ev[0]["config"]["sha256"])).decode()
    changed = text.replace('qa = ["qa@example.org"', 'qa = ["eve@example.org", "qa@example.org"')
    assert changed != text
    forge.ev[0]["config"] = forge.blob(changed.encode())
    forge.ev[0]["roles"]["qa"].insert(0, "eve@example.org")


row(107, "swapped-signers", without_anchors(swapped_signers))
row(107, "swapped-configuration", without_anchors(swapped_configuration))
row(107, "anchored-and-rewritten", swapped_signers)


def anchor_of_another_time(forge: Forge) -> bool:
    told = json.loads(get(forge.path("anchors/0001.json")))
    told["time"] = "2026-03-01T00:00:00Z"
    put(forge.path("anchors/0001.json"), (json.dumps(told, indent=2) + "\n").encode())
    return False


def first_anchor_gone(forge: Forge) -> bool:
    for path in glob.glob(forge.path("anchors/0001.*")):
        os.remove(path)
    return False


row(106, "anchor-of-another-time", anchor_of_another_time)
row(106, "first-anchor-gone", first_anchor_gone)


# --- what only the engine can tell


def performer_signs(forge: Forge) -> None:
    """Whoever operated signs off, with their own good key, where somebody independent must."""
    n = at_type(forge, "signoff.given")
    text = {"who": "ops@example.org", "name": "Olive Operator"}
    said = subprocess.run(["ssh-keygen", "-lf", os.path.join(WORK, "keys", "ops.pub")], check=True, capture_output=True)
    forge.ev[n]["by"]["who"], forge.ev[n]["name"] = text["who"], text["name"]
    forge.ev[n]["signature"]["key"] = said.stdout.decode().split()[1]
    forge.statements[n]["signer"] = {"principal": text["who"], "name": text["name"]}


def expectation_not_met(forge: Forge) -> None:
    """A block that failed is said to have passed."""
    n = next(n for n, event in enumerate(forge.ev) if event.get("exit") == 3)
    forge.ev[n]["outcome"] = "passed"


def shown_another_text(forge: Forge) -> None:
    n = at_type(forge, "signoff.given")
    shown = forge.ev[n]["presence"]["shown"]
    text = get(forge.path("blobs/sha256", shown["sha256"])).replace(b"well", b"fine")
    forge.ev[n]["presence"]["shown"] = forge.statements[n]["presence"]["shown"] = forge.blob(text)


def not_shown_that_a_file_answered(forge: Forge) -> None:
    """The text says what it says of answers that a person gave."""
    n = at_type(forge, "signoff.given")
    text = get(forge.path("blobs/sha256", forge.ev[n]["presence"]["shown"]["sha256"])).replace(b" (from the answers file)", b"")
    text = b"".join(line for line in text.splitlines(keepends=True) if b"came from an answers file" not in line)
    forge.ev[n]["presence"]["shown"] = forge.statements[n]["presence"]["shown"] = forge.blob(text)


def not_shown_each_value(forge: Forge) -> None:
    """The text leaves out the first of two values."""
    n = at_type(forge, "signoff.given")
    text = get(forge.path("blobs/sha256", forge.ev[n]["presence"]["shown"]["sha256"]))
    lines = [line for line in text.splitlines(keepends=True) if b"0.02" not in line]
    assert len(lines) < len(text.splitlines())
    forge.ev[n]["presence"]["shown"] = forge.statements[n]["presence"]["shown"] = forge.blob(b"".join(lines))


row(304, "signer-was-not-shown-that-a-file-answered", not_shown_that_a_file_answered)
row(305, "signer-was-not-shown-each-value", not_shown_each_value)
row(107, "performer-signs", without_anchors(performer_signs))
row(4, "failure-told-as-passed", expectation_not_met)
row(107, "signer-was-shown-another-text", without_anchors(shown_another_text))


# --- edges of time and number


def just_over_a_quarter_of_an_hour(forge: Forge) -> None:
    n = at_type(forge, "signoff.given")
    at = verify.moment(forge.ev[n]["at"]).replace(microsecond=100_000)
    forge.ev[n]["at"] = at.isoformat().replace("+00:00", "Z")
    late = at + timedelta(minutes=15, microseconds=500)
    forge.statements[n]["at"]["time"] = late.isoformat()
    for event in forge.ev[n + 1 :]:
        event["at"] = forge.ev[n]["at"]


row(107, "signed-just-over-a-quarter-of-an-hour-apart", without_anchors(just_over_a_quarter_of_an_hour))


def number_of_54_bits_in_another_form(forge: Forge) -> None:
    n = next(n for n, event in enumerate(forge.ev) if event["type"] == "action.finished" and event["outcome"] == "failed")
    forge.ev[n]["duration_ms"] = 9007199254740993
    for signed in forge.statements:
        forge.raws[signed] = lambda text: dump(json.loads(text)) + "\n"


row(104, "number-of-54-bits-and-another-form", number_of_54_bits_in_another_form)


def rehearsal_that_ended_on_a_zero(forge: Forge) -> None:
    """Record 2 before it was signed; its rehearsal ended at a time whose last digit is a zero, which event 0 leaves out."""
    n = at_type(forge, "signoff.given")
    forge.ev = forge.ev[:n]
    for name in ("signoffs", "reviews", "seal.json"):
        path = forge.path(name)
        os.remove(path) if name.endswith(".json") else shutil.rmtree(path)
    change = next(change for name, _, change in sys.modules["forge"].VARIANTS if name == "rh-same")
    named = forge.ev[0]["policy"]["rehearsed"]
    log = get(forge.path("blobs/sha256", named["log"]["sha256"])).decode()
    last = json.loads(log.splitlines()[-1])["at"]
    whole = last[:25] + "0Z"
    assert len(whole) == len(last) == 27
    put(forge.path("blobs/sha256", named["log"]["sha256"]), log.replace(last, whole).encode())
    change(forge)
    named["ended"] = whole[:25].rstrip("0") + "Z"


forge.rehearsal("rehearsal-too-old", lambda events: [event.update(at="2026-02-01T00:00:00Z") for event in events])
FORGED.append("rehearsal-too-old")
row(2, "open-rehearsal-that-ended-on-a-zero", rehearsal_that_ended_on_a_zero)


def keys_by_the_zone_of_the_run(forge: Forge) -> None:
    text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
    plain = text.replace('Z"', '"')
    assert plain != text
    forge.ev[0]["signers"] = forge.blob(plain.encode())


row(107, "keys-by-the-zone-of-the-run", without_anchors(keys_by_the_zone_of_the_run))


# --- what only the recorded configuration tells: event 0 says that less is asked for


def typed_sessions(forge: Forge) -> None:
    """No session is signed, and event 0 does not say that they should be."""
    assert forge.ev[0]["environment"].pop("sessions") == "ssh"
    n = at_type(forge, "signoff.given")
    told = forge.statements.pop(n)
    moved = [event for event in forge.ev if event["type"] != "session.signed"]
    forge.statements = {moved.index(forge.ev[n]): told}
    forge.ev = moved
    for number, event in enumerate(forge.ev):
        event["n"] = number


def typed_signatures(forge: Forge) -> None:
    """The sign-off is a typed name, and event 0 says that this is enough."""
    forge.ev[0]["environment"]["signature"] = "typed"
    given = forge.ev[at_type(forge, "signoff.given")]
    given["assurance"] = "typed"
    del given["signature"]


def null_in_captures(forge: Forge) -> None:
    """A capture that is no text, but nothing."""
    captured = forge.ev[at_type(forge, "action.finished")]["captures"]
    assert captured["NEXT"] == "null"
    captured["NEXT"] = None


def by_a_weak_key(forge: Forge) -> None:
    """The sign-off of record 107 by an RSA key of 1024 bits, which event 0 lists for the signer."""
    path = os.path.join(WORK, "keys", "weak")
    if not os.path.exists(path):
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-C", "weak", "-f", path], check=True)
    text = get(forge.path("blobs/sha256", forge.ev[0]["signers"]["sha256"])).decode()
    qa, weak = (" ".join(get(os.path.join(WORK, "keys", f"{key}.pub")).decode().split()[:2]) for key in ("qa", "weak"))
    assert qa in text
    forge.ev[0]["signers"] = forge.blob(text.replace(qa, weak).encode())
    n = at_type(forge, "signoff.given")
    said = subprocess.run(["ssh-keygen", "-lf", path + ".pub"], check=True, capture_output=True)
    forge.ev[n]["signature"]["key"] = said.stdout.decode().split()[1]
    forge.key[n] = "weak"


row(107, "signed-by-a-weak-key", without_anchors(by_a_weak_key))
row(301, "sessions-taken-out-of-event-0", typed_sessions)
row(301, "keys-taken-out-of-event-0", typed_signatures)
row(301, "null-for-a-text", null_in_captures)
# --- windows, freezes, soaks, exchanged documents


def moved(forge: Forge, hours: int) -> None:
    """Everything is so many hours later."""
    for event in forge.ev:
        at = verify.moment(event["at"]) + timedelta(hours=hours)
        event["at"] = at.isoformat().replace("+00:00", "Z")


def without(forge: Forge, first: int, end: int) -> None:
    """Takes out these events, and closes the gap."""
    del forge.ev[first:end]
    for n, event in enumerate(forge.ev):
        event["n"] = n
        if event.get("more") and n + 1 == len(forge.ev):
            del event["more"]


def window_told_wider(forge: Forge) -> None:
    """Event 0 tells another window than the configuration that it keeps."""
    forge.ev[0]["policy"]["window"] = "Mon 00:00..Sun 23:59 UTC"


def freeze_swapped(forge: Forge) -> None:
    """Event 0 keeps a calendar in which it was frozen then."""
    policy = forge.ev[0]["policy"]
    text = get(forge.path("blobs/sha256", policy["freeze"]["calendar"]["sha256"])).decode()
    changed = text.replace("20261224", "20260302").replace("20261227", "20260303")
    assert changed != text
    policy["freeze"]["calendar"] = forge.blob(changed.encode())


def override_taken_out(forge: Forge) -> None:
    """Nobody answers for the window that does not hold."""
    n = at_type(forge, "deviation")
    without(forge, n, n + 1)


def change_of_another_form(forge: Forge) -> None:
    """The change is none that the environment takes."""
    forge.ev[0]["policy"]["change"]["id"] = "INC0042"


def tries_of(forge: Forge) -> list[int]:
    ends = [n for n, event in enumerate(forge.ev) if event["type"] == "action.finished" and event["action"] == "watch#1"]
    assert len(ends) > 2, "it was tried too seldom"
    return ends


def held_for_less(forge: Forge) -> None:
    """Nothing is left of the tries but the first, as if it had held for long enough."""
    tries = tries_of(forge)
    without(forge, tries[0] + 1, tries[-1] + 1)


def tries_too_far_apart(forge: Forge) -> None:
    """Nobody looked for an hour between two tries."""
    tries = tries_of(forge)
    for event in forge.ev[tries[1] + 1 :]:
        at = verify.moment(event["at"]) + timedelta(hours=1)
        event["at"] = at.isoformat().replace("+00:00", "Z")


def failed_try_passed(forge: Forge) -> None:
    """The try that ended a soak is said to have passed."""
    n = next(n for n in tries_of(forge) if forge.ev[n]["outcome"] == "failed")
    forge.ev[n]["outcome"] = "passed"


def exchange_taken_out(forge: Forge) -> None:
    n = at_type(forge, "document.exchanged")
    without(forge, n, n + 1)


def exchanged_for_a_changed_past(forge: Forge) -> None:
    """The document that it was exchanged for has another step than the one that was done."""
    book = forge.ev[at_type(forge, "document.exchanged")]["runbook"]
    text = get(forge.path("blobs/sha256", book["blob"]["sha256"])).decode()
    changed = text.replace("echo seen", "echo unseen")
    assert changed != text
    book["blob"] = forge.blob(changed.encode())


def exchange_by_nobody(forge: Forge) -> None:
    forge.ev[at_type(forge, "document.exchanged")]["reason"] = ""


row(201, "window-told-wider", window_told_wider)
row(201, "window-was-over", lambda forge: moved(forge, 12))
row(201, "freeze-swapped", freeze_swapped)
row(202, "window-override-taken-out", override_taken_out)
row(206, "change-of-another-form", change_of_another_form)
row(203, "soak-held-for-less", held_for_less)
row(203, "soak-tries-too-far-apart", tries_too_far_apart)
row(204, "open-soak-failed-try-passed", failed_try_passed)
row(205, "exchange-taken-out", exchange_taken_out)
row(205, "exchanged-for-a-changed-past", exchanged_for_a_changed_past)
row(205, "exchanged-without-a-reason", exchange_by_nobody)


# --- packing: what a record is, and nothing that a bundle puts beside it


def named_blobs(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("sha256"), str) and "bytes" in value:
            yield value["sha256"]
        for part in value.values():
            yield from named_blobs(part)
    elif isinstance(value, list):
        for part in value:
            yield from named_blobs(part)


def pack(name: str, source: str) -> None:
    path = os.path.join(TO, f"{name}.tar.gz")
    assert not os.path.exists(path), name
    log = get(os.path.join(source, "run.jsonl"))
    kept = set()
    for line in log.splitlines():
        try:
            kept |= set(named_blobs(json.loads(line)))
        except ValueError:
            pass
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for part in ("run.jsonl", "seal.json", "other.json", "blobs", "signoffs", "reviews", "anchors"):
            if not os.path.lexists(os.path.join(source, part)):
                continue

            def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
                digest = os.path.basename(info.name).split(".")[0]
                if "/blobs/" in info.name and info.isreg() and digest not in kept:
                    return None
                info.uid = info.gid = info.mtime = 0
                info.uname = info.gname = ""
                info.mode = 0o755 if info.isdir() else 0o644
                return info

            archive.add(os.path.join(source, part), f"{name}/{part}", filter=plain)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as squeezed:
        squeezed.write(packed.getvalue())


def main() -> None:
    wanted = sys.argv[3:] or [*GOOD, *FORGED]
    os.makedirs(TO)
    os.chdir(os.path.dirname(TO))
    for name, number in GOOD.items():
        if name not in wanted:
            continue
        (source,) = glob.glob(os.path.join(WORK, "out", f"{number:04}-*/"))
        closed = os.path.exists(os.path.join(source, "seal.json"))
        assert closed != name.startswith("open-"), f"{name} did not go as it should"
        pack(name, source.rstrip("/"))
    variants = {name.replace("_", "-"): (base, change) for name, base, change in forge.VARIANTS}
    for name in filter(wanted.__contains__, FORGED):
        base, change = variants[name]
        made = Forge(name, base)
        if change(made) is not False:
            made.finish()
        pack(name.replace("^", "-"), made.dir)
    shutil.copytree(os.path.join(WORK, "trusted"), os.path.join(TO, "trusted"))


if __name__ == "__main__":
    main()
