//! The verifier that was written from `docs/record.md` alone, in Python: it agrees with the program and with `verify.sh`.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::{exported, script, signed_off, unpacked};
use crate::reviewing::{reviewed, sign_again};
use crate::shop::{QA, Shop};
use crate::support::{Ran, events, forge, sha256};

pub fn verifier() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent/verify.py")
}

/// Code and verdict of all three, which must be the same.
#[track_caller]
pub fn all_say(shop: &Shop, dir: &Path, what: &str) -> (i32, String) {
    all_say_with(shop, dir, None, what)
}

/// The same, without whose word it is.
#[track_caller]
pub fn three_say(shop: &Shop, dir: &Path, what: &str) -> (i32, String) {
    let (code, verdict) = all_say(shop, dir, what);
    (code, verdict.strip_suffix(", by its own signers").unwrap_or(&verdict).to_owned())
}

/// The same, held against what is trusted.
#[track_caller]
pub fn all_say_with(shop: &Shop, dir: &Path, trusted: Option<&Path>, what: &str) -> (i32, String) {
    let trust = trusted.map_or(Vec::new(), |trusted| vec!["--trust", trusted.to_str().unwrap()]);
    let theirs =
        shop.bench.command("python3").arg("-B").arg(verifier()).arg(dir).args(&trust).output().unwrap();
    let ours = shop.bench.holdpoint(&[&["verify", dir.to_str().unwrap()], &trust[..]].concat());
    let stock = match trusted {
        None => script(shop, dir),
        Some(_) => {
            Ran::of(shop.bench.command("sh").arg(dir.join("verify.sh")).args(&trust).output().unwrap())
        }
    };
    let ran = [Ran::of(theirs), ours, stock];
    let [theirs, ours, stock] =
        ran.each_ref().map(|ran| (ran.code, ran.stdout.lines().next().unwrap_or_default().to_owned()));
    let [why, because, stocks] = ran.each_ref().map(|ran| &ran.stderr);
    assert_eq!(
        (&theirs, &stock),
        (&ours, &ours),
        "{what}\nverify.py: {why}\nholdpoint: {because}\nverify.sh: {stocks}"
    );
    ours
}

#[test]
fn a_line_that_nests_deeper_than_127_is_no_json_for_anybody() {
    let shop = Shop::waiting(1);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let add = |more: &str| {
        let path = dir.join("run.jsonl");
        let log = fs::read(&path).unwrap();
        let n = log.split_inclusive(|byte| *byte == b'\n').count();
        let head = format!(
            r#"{{"n":{n},"prev":"{}","at":"2026-03-02T09:00:00Z","type":"note","text":"y""#,
            sha256(&log)
        );
        let by = r#""by":{"who":"ops@example.org","via":"command"}}"#;
        fs::write(&path, [&log[..], format!("{head}{more},{by}\n").as_bytes()].concat()).unwrap();
        n
    };
    let deep = add(&format!(",\"x\":{}{}", "[".repeat(127), "]".repeat(127)));
    // A crash may leave such bytes at the end, and nowhere else.
    assert_eq!(all_say(&shop, &dir, "at the end"), (0, "intact, open".to_owned()));
    add("");
    assert_eq!(all_say(&shop, &dir, "before another"), (6, format!("altered at event {deep}")));
}

type Alter = fn(&Path, usize);

#[test]
fn a_verifier_that_was_written_from_the_document_alone_agrees_on_good_and_forged_records() {
    let log = |dir: &Path| fs::read_to_string(dir.join("run.jsonl")).unwrap();
    let cases: [(&str, Alter, i32, &str); 8] = [
        ("as it was written", |_, _| {}, 0, "intact and complete, by its own signers"),
        (
            "open",
            |dir, _| fs::remove_file(dir.join("seal.json")).unwrap(),
            0,
            "intact, open, by its own signers",
        ),
        (
            "a blob that is gone",
            |dir, _| {
                let mut blobs: Vec<_> = fs::read_dir(dir.join("blobs/sha256")).unwrap().flatten().collect();
                blobs.sort_by_key(fs::DirEntry::file_name);
                fs::remove_file(blobs[0].path()).unwrap();
            },
            6,
            "altered at event",
        ),
        (
            "a seal of another verdict",
            |dir, _| {
                let seal = fs::read_to_string(dir.join("seal.json")).unwrap();
                fs::write(dir.join("seal.json"), seal.replace("passed", "failed")).unwrap();
            },
            6,
            "",
        ),
        (
            "a last line that is gone",
            |dir, _| {
                let text = fs::read_to_string(dir.join("run.jsonl")).unwrap();
                let end = text.trim_end().rfind('\n').unwrap() + 1;
                fs::write(dir.join("run.jsonl"), &text[..end]).unwrap();
            },
            6,
            "truncated",
        ),
        (
            "a statement with another role",
            |dir, at| {
                let path = dir.join(format!("signoffs/{at:04}.json"));
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, text.replace("\"role\": \"qa\"", "\"role\": \"ops\"")).unwrap();
            },
            6,
            "altered at event",
        ),
        (
            "a sign-off in another role",
            |dir, at| forge(dir, |events| events[at]["role"] = json!("ops")),
            6,
            "does not conform at event",
        ),
        (
            "a sign-off without its signature",
            |dir, at| {
                forge(dir, |events| {
                    events[at].as_object_mut().unwrap().remove("signature");
                });
            },
            6,
            "does not conform at event",
        ),
    ];
    for (what, alter, code, begins) in cases {
        let (shop, dir) = exported();
        let at = shop.sign_off(1);
        assert!(!log(&dir).is_empty());
        alter(&dir, at);
        let (came, verdict) = all_say(&shop, &dir, what);
        assert_eq!(came, code, "{what}: {verdict}");
        assert!(verdict.starts_with(begins), "{what}: {verdict}");
    }
}

/// What is altered, of a record whose first sign-off is at this event; which verdict it must have.
type Altered = (&'static str, fn(&Shop, &Path, usize), i32, &'static str);

/// Rewrites the statement of an event, signs it again, chains and seals anew.
pub fn restate(shop: &Shop, dir: &Path, at: usize, how: impl FnOnce(String) -> String) {
    let path = dir.join(format!("signoffs/{at:04}.json"));
    fs::write(&path, how(fs::read_to_string(&path).unwrap())).unwrap();
    sign_again(shop, &path, "qa", "signoff@holdpoint");
    let digests = ["json", "json.sig"].map(|ending| sha256(&fs::read(path.with_extension(ending)).unwrap()));
    forge(dir, |events| {
        events[at]["signature"]["statement"] = json!(digests[0]);
        events[at]["signature"]["signature"] = json!(digests[1]);
    });
}

pub fn rename_key(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} in {text}");
    text.replacen(from, to, 1)
}

/// Replaces in one line of the log, and chains and seals anew what comes behind it as it stands.
pub fn rewrite(dir: &Path, at: usize, from: &str, to: &str) {
    let (mut log, text) = (Vec::new(), fs::read_to_string(dir.join("run.jsonl")).unwrap());
    for (n, line) in text.lines().enumerate() {
        let before: Value = serde_json::from_str(line).unwrap();
        let mut line = line.replacen(before["prev"].as_str().unwrap(), &sha256(&log), 1);
        if n == at {
            line = rename_key(&line, from, to);
        }
        log.extend(line.as_bytes());
        log.push(b'\n');
    }
    fs::write(dir.join("run.jsonl"), &log).unwrap();
    if let Ok(bytes) = fs::read(dir.join("seal.json")) {
        let mut seal: Value = serde_json::from_slice(&bytes).unwrap();
        (seal["bytes"], seal["sha256"]) = (json!(log.len()), json!(sha256(&log)));
        fs::write(dir.join("seal.json"), serde_json::to_vec(&seal).unwrap()).unwrap();
    }
}

pub const GOOD: &str = "intact and complete, by its own signers";

#[test]
fn records_that_one_verifier_once_took_and_another_refused_are_told_alike_by_all() {
    let cases: [Altered; 26] = [
        ("a newer format", |_, dir, _| rewrite(dir, 0, "\"format\":\"2.0\"", "\"format\":\"2.1\""), 2, ""),
        (
            "a format that was never released",
            |_, dir, _| rewrite(dir, 0, "\"format\":\"2.0\"", "\"format\":\"1.0\""),
            6,
            "altered at event 0",
        ),
        (
            "a format that is none",
            |_, dir, _| rewrite(dir, 0, "\"format\":\"2.0\"", "\"format\":\"2\""),
            6,
            "altered at event 0",
        ),
        (
            "a dry run",
            |_, dir, _| rewrite(dir, 0, "\"runbook\":", "\"dry\":true,\"runbook\":"),
            6,
            "does not conform at event 0",
        ),
        (
            "a type that is unknown",
            |_, dir, _| rewrite(dir, 1, "action.started", "action.begun"),
            6,
            "altered at event 1",
        ),
        (
            "keys of the table in another order",
            |_, dir, _| rewrite(dir, 1, "{\"n\":1,", "{\"type\":\"action.started\",\"n\":1,"),
            6,
            "altered at event 1",
        ),
        ("blanks between tokens", |_, dir, at| rewrite(dir, at + 1, "{\"n\":", "{ \"n\":\t"), 0, GOOD),
        (
            "a time without its Z",
            |_, dir, at| rewrite(dir, at + 1, "Z\",\"type\"", "+00:00\",\"type\""),
            6,
            "altered at event",
        ),
        (
            "a day that is none",
            |_, dir, at| {
                let time = events(dir)[at + 1]["at"].as_str().unwrap().to_owned();
                rewrite(dir, at + 1, &time, "2026-02-30T00:00:00Z");
            },
            6,
            "altered at event",
        ),
        (
            "a leap second",
            |_, dir, at| {
                let time = events(dir)[at + 1]["at"].as_str().unwrap().to_owned();
                rewrite(dir, at + 1, &time, "2026-12-31T23:59:60Z");
            },
            6,
            "altered at event",
        ),
        (
            "an event's own keys in another order",
            |_, dir, at| {
                let event = &events(dir)[at + 1];
                let kind = format!("\"type\":\"{}\",", event["type"].as_str().unwrap());
                let (key, value) = event.as_object().unwrap().iter().next_back().unwrap();
                let own = format!(",\"{key}\":{value}}}");
                let text = fs::read_to_string(dir.join("run.jsonl")).unwrap();
                let line = text.lines().nth(at + 1).unwrap().to_owned();
                let swapped = line.replacen(&own, "}", 1).replacen(
                    &kind,
                    &format!("{kind}{},", &own[1..own.len() - 1]),
                    1,
                );
                rewrite(
                    dir,
                    at + 1,
                    &line[line.find(&kind).unwrap()..],
                    &swapped[swapped.find(&kind).unwrap()..],
                );
            },
            0,
            GOOD,
        ),
        (
            "a zero after the end of a run that is not sealed",
            |_, dir, _| {
                fs::remove_file(dir.join("seal.json")).unwrap();
                let mut log = fs::read(dir.join("run.jsonl")).unwrap();
                log.push(0);
                fs::write(dir.join("run.jsonl"), log).unwrap();
            },
            6,
            "altered at event",
        ),
        (
            "a sector of zeros after the end of a sealed run",
            |_, dir, _| {
                let mut log = fs::read(dir.join("run.jsonl")).unwrap();
                log.extend([0; 512]);
                fs::write(dir.join("run.jsonl"), log).unwrap();
            },
            6,
            "altered at event",
        ),
        (
            "a statement on one line",
            |shop, dir, at| {
                restate(shop, dir, at, |text| {
                    serde_json::from_str::<Value>(&text).unwrap().to_string() + "\n"
                });
            },
            6,
            "does not conform at event",
        ),
        (
            "a statement without its last line end",
            |shop, dir, at| restate(shop, dir, at, |text| text.trim_end().to_owned()),
            6,
            "does not conform at event",
        ),
        (
            "a statement with an escape that need not be",
            |shop, dir, at| restate(shop, dir, at, |text| rename_key(&text, "I release", "I\\u0020release")),
            6,
            "does not conform at event",
        ),
        (
            "a statement with its keys in another order",
            |shop, dir, at| {
                restate(shop, dir, at, |text| {
                    let mut all: Value = serde_json::from_str(&text).unwrap();
                    let seen = all.as_object_mut().unwrap().shift_remove("role").unwrap();
                    all["role"] = seen;
                    serde_json::to_string_pretty(&all).unwrap() + "\n"
                });
            },
            6,
            "does not conform at event",
        ),
        (
            "a statement with a key that is unknown",
            |shop, dir, at| {
                restate(shop, dir, at, |text| {
                    rename_key(&text, "  \"role\"", "  \"rule\": \"\",\n  \"role\"")
                })
            },
            6,
            "does not conform at event",
        ),
        (
            "a statement with a null",
            |shop, dir, at| {
                restate(shop, dir, at, |text| {
                    rename_key(&text, "  \"signer\"", "  \"rejected\": null,\n  \"signer\"")
                });
            },
            6,
            "does not conform at event",
        ),
        (
            "a statement about another title",
            |shop, dir, at| {
                restate(shop, dir, at, |text| {
                    rename_key(&text, "\"title\": \"A release\"", "\"title\": \"Another\"")
                })
            },
            6,
            "does not conform at event",
        ),
        (
            "a statement that tells of another input",
            |shop, dir, at| {
                restate(shop, dir, at, |text| rename_key(&text, "\"RELEASE\": \"v1\"", "\"RELEASE\": \"v2\""))
            },
            6,
            "does not conform at event",
        ),
        (
            "a sign-off that an answers file gave by key",
            |_, dir, at| {
                forge(dir, |events| events[at]["by"]["via"] = json!("answers"));
            },
            6,
            "does not conform at event",
        ),
        (
            "a time zone that is none",
            |_, dir, at| {
                assert!(at > 0);
                forge(dir, |events| events[0]["session"]["time_zone"] = json!("+03:00"));
            },
            6,
            "does not conform at event",
        ),
        (
            "a key twice",
            |_, dir, at| rewrite(dir, at + 1, "\"type\":", "\"n\":1,\"type\":"),
            6,
            "altered at event",
        ),
        (
            "a null where the format has one",
            |_, dir, at| {
                let last = events(dir).len() - 1;
                assert!(last > at);
                let n = events(dir).iter().rposition(|event| event["type"] == "action.finished").unwrap();
                rewrite(dir, n, "\"duration_ms\"", "\"signal\":null,\"duration_ms\"");
            },
            0,
            GOOD,
        ),
        ("as it was", |_, _, _| {}, 0, GOOD),
    ];
    let shop = signed_off();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let at = shop.sign_off(1);
    let mut wrong = Vec::new();
    for (what, alter, code, begins) in sample::some(cases, 3) {
        let dir = unpacked(&shop, "run.tar.zst");
        alter(&shop, &dir, at);
        let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| all_say(&shop, &dir, what)));
        match said {
            Ok((came, verdict)) if came == code && verdict.starts_with(begins) => {}
            Ok(said) => wrong.push(format!("{what}: {said:?}")),
            Err(_) => wrong.push(format!("{what}: they differ")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn reviews_that_do_not_hold_are_told_alike_by_all() {
    let file = |dir: &Path, name: &str| dir.join("reviews").join(name);
    let again = |shop: &Shop, dir: &Path, how: &dyn Fn(&mut Value) -> String| {
        let path = dir.join("reviews/0002.json");
        let mut all: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        fs::write(&path, how(&mut all)).unwrap();
        sign_again(shop, &path, "qa", "review@holdpoint");
    };
    let pretty = |all: &Value| serde_json::to_string_pretty(all).unwrap() + "\n";
    let shop = reviewed();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    type Case<'a> = (&'a str, Box<dyn Fn(&Path) + 'a>, bool);
    let ended: jiff::Timestamp = {
        let last = events(&shop.bench.run_dir(1)).pop().unwrap();
        last["at"].as_str().unwrap().parse().unwrap()
    };
    let at = |minutes: i64| (ended - jiff::SignedDuration::from_mins(minutes)).to_string();
    let cases: Vec<Case<'_>> = vec![
        ("as they were", Box::new(|_| {}), true),
        ("a file that is none", Box::new(|dir| fs::write(file(dir, "notes.txt"), "x").unwrap()), false),
        ("a hidden file", Box::new(|dir| fs::write(file(dir, ".x"), "x").unwrap()), false),
        (
            "a signature behind the last",
            Box::new(|dir| fs::write(file(dir, "0003.json.sig"), "x").unwrap()),
            true,
        ),
        (
            "a signature behind that",
            Box::new(|dir| fs::write(file(dir, "0004.json.sig"), "x").unwrap()),
            false,
        ),
        ("a statement behind a gap", Box::new(|dir| fs::write(file(dir, "0004.json"), "x").unwrap()), false),
        ("on one line", Box::new(|dir| again(&shop, dir, &|all| all.to_string() + "\n")), false),
        (
            "keys in another order",
            Box::new(|dir| {
                again(&shop, dir, &|all| {
                    let text = all.as_object_mut().unwrap().shift_remove("text").unwrap();
                    all["text"] = text;
                    pretty(all)
                });
            }),
            false,
        ),
        (
            "of a verdict that there is not",
            Box::new(|dir| {
                again(&shop, dir, &|all| {
                    all["verdict"] = json!("fine");
                    pretty(all)
                });
            }),
            false,
        ),
        (
            "a quarter of an hour and more before the end",
            Box::new(|dir| {
                again(&shop, dir, &|all| {
                    all["at"]["time"] = json!(at(16));
                    pretty(all)
                });
                let one = file(dir, "0001.json");
                let mut first: Value = serde_json::from_slice(&fs::read(&one).unwrap()).unwrap();
                first["at"]["time"] = json!(at(16));
                fs::write(&one, pretty(&first)).unwrap();
                sign_again(&shop, &one, "qb", "review@holdpoint");
                let digest = sha256(&fs::read(&one).unwrap());
                again(&shop, dir, &|all| {
                    all["former"] = json!(digest);
                    pretty(all)
                });
            }),
            false,
        ),
    ];
    for (what, alter, holds) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        alter(&dir);
        let (code, words) = all_say(&shop, &dir, what);
        assert_eq!((code == 0, words.contains("reviews do not hold")), (holds, !holds), "{what}: {words}");
    }
}

/// Tombstones: what they say of the format, and whose word they are.
#[test]
fn expunged_records_are_told_alike_by_all_with_and_without_trust() {
    let shop = signed_off();
    let key = shop.key("qa");
    let found = events(&shop.bench.run_dir(1));
    let end = found.iter().find(|event| event["type"] == "action.finished").unwrap();
    let blob = end["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    let said = [
        "expunge",
        "1",
        "--blob",
        &blob,
        "--reason",
        "a token",
        "--operator",
        QA,
        "--key",
        key.to_str().unwrap(),
    ];
    shop.bench.ends(0, &said);
    shop.bench.holdpoint(&["export", "1", "-o", "run.tar.zst"]);
    let trusted = shop.bench.all().join("trusted");
    fs::create_dir(&trusted).unwrap();
    let signers = shop.bench.text("allowed_signers");
    let dir = unpacked(&shop, "run.tar.zst");
    for (what, text, suffix) in [
        ("its own", signers.clone(), "complete"),
        (
            "others",
            signers.lines().filter(|line| !line.starts_with("qa@")).collect::<Vec<_>>().join("\n"),
            "but not as trusted",
        ),
    ] {
        fs::write(trusted.join("allowed_signers"), text).unwrap();
        let (code, words) = all_say_with(&shop, &dir, Some(&trusted), what);
        assert!(
            code == 6 && words.starts_with("expunged: 1 blob(s), signed for, ") && words.ends_with(suffix),
            "{words}"
        );
    }
    // With a review that does not hold, that is told, too.
    fs::create_dir(dir.join("reviews")).unwrap();
    fs::write(dir.join("reviews/x"), "").unwrap();
    let (_, words) = all_say(&shop, &dir, "and a review");
    assert!(words.ends_with(", but its reviews do not hold"), "{words}");
    for format in ["2.1", "1.0", "x"] {
        let dir = unpacked(&shop, "run.tar.zst");
        let path = dir.join(format!("blobs/sha256/{blob}.expunged"));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, rename_key(&text, "\"2.0\"", &format!("{format:?}"))).unwrap();
        sign_again(&shop, &path, "qa", "expunge@holdpoint");
        let (code, words) = all_say(&shop, &dir, format);
        assert!(code == 6 && words.starts_with("altered at event "), "{format}: {words}");
    }
}
