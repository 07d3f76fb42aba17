//! Anchors: time-stamps by a real authority and signed git tags, kept beside the record and held against it by program and
//! script; what does not fit is told, and nothing that was not given is kept.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::authority::{Authority, How};
use crate::export::{script, signed_off, unpacked};
use crate::independent::three_say;
use crate::shop::{OPS, QA, Shop};
use crate::support::{Ran, sha256};

fn authority(shop: &Shop, name: &str) -> Authority {
    Authority::new(shop.bench.all().join(name))
}

fn stamp(shop: &Shop, authority: &Authority) -> Ran {
    let ca = authority.ca();
    shop.bench.holdpoint(&["anchor", "1", "--tsa", &authority.url, "--tsa-ca", ca.to_str().unwrap()])
}

#[track_caller]
fn stamped(shop: &Shop, authority: &Authority) {
    let ran = stamp(shop, authority);
    assert_eq!(ran.code, 0, "{}", ran.both());
}

fn file(shop: &Shop, name: &str) -> PathBuf {
    shop.bench.run_dir(1).join("anchors").join(name)
}

fn said(shop: &Shop, name: &str) -> Value {
    serde_json::from_slice(&fs::read(file(shop, name)).unwrap()).unwrap()
}

fn say(shop: &Shop, name: &str, how: impl FnOnce(&mut Value)) {
    let mut anchor = said(shop, name);
    how(&mut anchor);
    fs::write(file(shop, name), serde_json::to_string_pretty(&anchor).unwrap() + "\n").unwrap();
}

/// A directory with the shop's signers, and with this authority where one is given.
fn trusted(shop: &Shop, name: &str, authority: Option<&Authority>) -> PathBuf {
    let dir = shop.bench.all().join(name);
    fs::create_dir(&dir).unwrap();
    fs::copy(shop.bench.path("allowed_signers"), dir.join("allowed_signers")).unwrap();
    if let Some(authority) = authority {
        fs::copy(authority.ca(), dir.join("tsa.pem")).unwrap();
    }
    dir
}

/// What program and script say with this trusted: both end with this code and the same verdict.
#[track_caller]
fn with_trust(shop: &Shop, dir: &Path, trusted: &Path, code: i32) -> [Ran; 2] {
    let trusted = trusted.to_str().unwrap();
    let ours = shop.bench.holdpoint(&["verify", dir.to_str().unwrap(), "--trust", trusted]);
    let mut stock = shop.bench.command("sh");
    let stock = Ran::of(stock.arg(dir.join("verify.sh")).args(["--trust", trusted]).output().unwrap());
    assert_eq!((ours.code, stock.code), (code, code), "{}\n{}", ours.both(), stock.both());
    assert_eq!(ours.stdout, stock.stdout, "{}\n{}", ours.stderr, stock.stderr);
    [ours, stock]
}

/// A repository whose people tag, and a run that is over.
fn tagging() -> Shop {
    let shop = Shop::new(1);
    let signers = shop.bench.text("allowed_signers").replace("expunge@", "git,expunge@");
    shop.bench.file("allowed_signers", &signers);
    shop.bench.file(".gitignore", ".holdpoint/\nlive\n").committed();
    shop.bench.sh(&format!("git config user.name 'Olive Operator' && git config user.email {OPS}"));
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop
}

fn finish(shop: &Shop) {
    shop.signs("1", QA, "qa");
    shop.resumes("1");
}

fn tag(shop: &Shop, key: &str, more: &[&str]) -> Ran {
    let key = shop.key(key);
    let arguments = [&["anchor", "1", "--key", key.to_str().unwrap(), "--git-tag"], more].concat();
    shop.bench.holdpoint(&arguments)
}

#[test]
fn a_time_stamp_is_over_the_seal_and_told_by_everybody_and_trusted_by_whom_the_reader_trusts() {
    let shop = signed_off();
    let tsa = authority(&shop, "tsa");
    stamped(&shop, &tsa);
    let seal = fs::read(shop.bench.run_dir(1).join("seal.json")).unwrap();
    let anchor = said(&shop, "0001.json");
    assert_eq!(
        (&anchor["over"], &anchor["number"], &anchor["kind"]),
        (&json!({"seal": sha256(&seal)}), &json!(1), &json!("rfc3161"))
    );
    assert_eq!(anchor["file"], sha256(&fs::read(file(&shop, "0001.tsr")).unwrap()));
    // By hand, as the documentation says.
    let token = file(&shop, "0001.tsr");
    shop.bench.sh(&format!(
        "openssl ts -verify -in '{}' -data '{}' -CAfile '{}'",
        token.display(),
        shop.bench.run_dir(1).join("seal.json").display(),
        tsa.ca().display()
    ));
    let words = "time-stamp over the seal, ";
    let nobody = "by an authority that nobody here trusts";
    shop.bench.ends(0, &["verify", "1"]).says("anchor 1, ").says(words).says(nobody);
    for verb in [["show", "1", "--format", "text"], ["report", "1", "--format", "markdown"]] {
        shop.bench.ends(0, &verb).says("over the seal").says(nobody);
    }
    shop.bench.ends(0, &["report", "1", "--format", "html"]).says(nobody);
    let json = shop.bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(json["anchors"][0]["time"], anchor["time"], "{json:#}");
    shop.bench.ends(0, &["audit"]).says("1 anchor");
    let json = shop.bench.ends(0, &["verify", "1", "--format", "json"]).json();
    assert_eq!(json["anchors"][0]["digest"], sha256(&seal));
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    shop.bench.ends(0, &["verify", "run.tar.zst"]).says(words);
    let dir = unpacked(&shop, "run.tar.zst");
    assert_eq!(three_say(&shop, &dir, "as it is"), (0, "intact and complete".to_owned()));
    script(&shop, &dir).says(words).says(nobody);
    let knows = trusted(&shop, "knows", Some(&tsa));
    with_trust(&shop, &dir, &knows, 0).iter().for_each(|ran| {
        ran.says("by a trusted authority");
    });
    let silent = trusted(&shop, "silent", None);
    with_trust(&shop, &dir, &silent, 0).iter().for_each(|ran| {
        ran.says(nobody);
    });
    let other = trusted(&shop, "other", Some(&authority(&shop, "another")));
    for ran in with_trust(&shop, &dir, &other, 6) {
        assert_eq!(ran.stdout, "intact and complete, but not as trusted\n");
        ran.says("anchor 1 is not by a trusted authority");
    }
    let ran = shop.bench.ends(6, &["audit", "--trust", other.to_str().unwrap()]);
    ran.says("anchor 1 is not by a trusted authority");
}

#[test]
fn an_anchor_of_an_open_run_stays_good_when_the_run_goes_on_and_is_over() {
    let shop = Shop::waiting(1);
    let tsa = authority(&shop, "tsa");
    stamped(&shop, &tsa);
    let events = shop.bench.events(1).len();
    assert_eq!(said(&shop, "0001.json")["over"]["head"]["events"], events);
    let words = format!("its first {events} events");
    shop.bench.ends(0, &["verify", "1"]).says(&words);
    finish(&shop);
    stamped(&shop, &tsa);
    shop.bench.ends(0, &["verify", "1"]).says(&words).says("anchor 2, ").says("over the seal");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    assert_eq!(three_say(&shop, &dir, "as it is"), (0, "intact and complete".to_owned()));
    script(&shop, &dir).says(&words);
    // What a crash left of one is none, and is replaced by the next.
    fs::write(file(&shop, "0003.tsr"), "half of").unwrap();
    shop.bench.ends(0, &["verify", "1"]);
    stamped(&shop, &tsa);
    assert_eq!(said(&shop, "0003.json")["number"], 3);
}

/// Chain and seal fit again, nobody signed after what was rewritten: nothing but the anchor tells.
#[test]
fn an_insider_who_rewrites_and_seals_again_after_the_anchor_is_told() {
    for sealed in [true, false] {
        let shop = Shop::waiting(1);
        if sealed {
            finish(&shop);
        }
        let rewrite = || {
            shop.forge(1, |events| {
                let at = if sealed { events.len() - 1 } else { 2 };
                events[at]["at"] = events[at - 1]["at"].clone();
            });
        };
        let tsa = authority(&shop, "tsa");
        rewrite();
        // So far it shows nowhere.
        shop.bench.ends(0, &["verify", "1"]);
        stamped(&shop, &tsa);
        shop.forge(1, |events| {
            let at = events.len() - 1;
            events[at]["at"] = json!("2031-01-01T00:00:00.000000Z");
        });
        let ran = shop.bench.ends(6, &["verify", "1"]);
        let (verdict, why) = match sealed {
            true => ("intact and complete, by its own signers", "it is over another seal"),
            false => ("intact, open", "the record does not begin with the"),
        };
        assert_eq!(ran.stdout.trim(), format!("{verdict}, but its anchors do not hold"), "{}", ran.both());
        ran.says(why);
        shop.bench.ends(6, &["audit"]).says("anchor: ");
        // What the anchor says made to fit: the token does not.
        let digest = match sealed {
            true => sha256(&fs::read(shop.bench.run_dir(1).join("seal.json")).unwrap()),
            false => sha256(&fs::read(shop.bench.run_dir(1).join("run.jsonl")).unwrap()),
        };
        let bytes = fs::metadata(shop.bench.run_dir(1).join("run.jsonl")).unwrap().len();
        say(&shop, "0001.json", |anchor| match sealed {
            true => anchor["over"]["seal"] = json!(digest),
            false => {
                anchor["over"]["head"]["bytes"] = json!(bytes);
                anchor["over"]["head"]["sha256"] = json!(digest);
            }
        });
        shop.bench.ends(6, &["verify", "1"]).says("its token does not hold");
    }
}

type Alter = fn(&Shop, &Authority);

#[test]
fn anchors_that_were_altered_removed_or_of_something_else_are_told_by_program_script_and_verifier() {
    let cases: [(&str, Alter, &str); 12] = [
        ("removed", |shop, _| fs::remove_file(file(shop, "0001.json")).unwrap(), "missing"),
        ("without its token", |shop, _| fs::remove_file(file(shop, "0002.tsr")).unwrap(), "anchor 2"),
        (
            "token of something else, and its digest made to fit",
            |shop, tsa| {
                let token = tsa.stamp(&sha256(b"something else"));
                fs::write(file(shop, "0002.tsr"), &token).unwrap();
                say(shop, "0002.json", |anchor| anchor["file"] = json!(sha256(&token)));
            },
            "anchor 2",
        ),
        (
            "another token",
            |shop, _| {
                fs::copy(file(shop, "0001.tsr"), file(shop, "0002.tsr")).unwrap();
            },
            "another file",
        ),
        (
            "a byte of the signature",
            |shop, _| {
                let mut token = fs::read(file(shop, "0002.tsr")).unwrap();
                let last = token.len() - 1;
                token[last] ^= 1;
                fs::write(file(shop, "0002.tsr"), &token).unwrap();
                say(shop, "0002.json", |anchor| anchor["file"] = json!(sha256(&token)));
            },
            "does not hold",
        ),
        (
            "an earlier time",
            |shop, _| say(shop, "0002.json", |anchor| anchor["time"] = json!("2001-01-01T00:00:00Z")),
            "another time",
        ),
        (
            "of another seal",
            |shop, _| say(shop, "0002.json", |anchor| anchor["over"]["seal"] = json!("0".repeat(64))),
            "another seal",
        ),
        (
            "of another run",
            |shop, _| say(shop, "0002.json", |it| it["run"]["number"] = json!(2)),
            "another run",
        ),
        ("of another number", |shop, _| say(shop, "0002.json", |it| it["number"] = json!(3)), "number"),
        (
            "over nothing",
            |shop, _| {
                say(shop, "0001.json", |it| {
                    it["over"]["head"] = json!({"events": 0, "bytes": 0, "sha256": sha256(b"")});
                });
            },
            "does not begin with",
        ),
        (
            "over all but the last bytes",
            |shop, _| {
                let log = fs::read(shop.bench.run_dir(1).join("run.jsonl")).unwrap();
                let last = log.split_inclusive(|byte| *byte == b'\n').next_back().unwrap().len();
                let (events, sha) = (shop.bench.events(1).len() - 1, sha256(&log[..log.len() - last]));
                say(shop, "0001.json", |it| {
                    it["over"]["head"] = json!({"events": events, "bytes": -(last as i64), "sha256": sha});
                });
            },
            "anchor 1",
        ),
        (
            "of fewer events than it says",
            |shop, _| say(shop, "0001.json", |it| it["over"]["head"]["events"] = json!(1)),
            "does not begin with",
        ),
    ];
    for (what, alter, why) in sample::some(cases, 2) {
        let shop = Shop::waiting(1);
        let tsa = authority(&shop, "tsa");
        stamped(&shop, &tsa);
        finish(&shop);
        stamped(&shop, &tsa);
        shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
        let dir = unpacked(&shop, "run.tar.zst");
        alter(&shop, &tsa);
        let ran = shop.bench.ends(6, &["verify", "1"]);
        assert_eq!(
            ran.stdout.trim(),
            "intact and complete, by its own signers, but its anchors do not hold",
            "{what}: {}",
            ran.both()
        );
        assert!(ran.both().contains(why), "{what}: {}", ran.both());
        shop.bench.ends(6, &["audit"]).says("anchor: ");
        shop.bench.ends(0, &["show", "1"]).says("do not hold");
        assert_eq!(shop.bench.holdpoint(&["export", "1", "-o", "again.tar.zst"]).code, 6, "{what}");
        assert_eq!(stamp(&shop, &tsa).code, 6, "{what}");
        fs::remove_dir_all(dir.join("anchors")).unwrap();
        shop.bench.sh(&format!("cp -a '{}' '{}'", file(&shop, "").display(), dir.display()));
        let (code, words) = three_say(&shop, &dir, what);
        assert_eq!(code, 6, "{what}");
        assert!(words.ends_with("but its anchors do not hold"), "{what}: {words}");
    }
}

#[test]
fn an_authority_that_fails_or_answers_something_else_leaves_nothing() {
    let shop = signed_off();
    let (tsa, other) = (authority(&shop, "tsa"), authority(&shop, "another"));
    let seal = sha256(&fs::read(shop.bench.run_dir(1).join("seal.json")).unwrap());
    let cases = [
        ("an error", How::Says("500 Internal Server Error", b"no".to_vec()), "500"),
        (
            "elsewhere",
            How::Says("302 Found\r\nLocation: http://127.0.0.1:1/", Vec::new()),
            "there is no time-stamp",
        ),
        ("no reply", How::Says("200 OK", b"<html>Welcome</html>".to_vec()), "there is no time-stamp"),
        ("nothing", How::Says("200 OK", Vec::new()), "there is no time-stamp"),
        ("too much", How::Says("200 OK", vec![0; 2 * 1024 * 1024]), "there is no time-stamp"),
        // As openssl writes it for a digest that it does not take.
        ("rejected", How::Same(rejected(&shop)), "there is no time-stamp"),
        ("another digest", How::Other(sha256(b"something else")), "there is no time-stamp"),
        ("another nonce", How::Other(seal.clone()), "nonce"),
        ("a reply of before", How::Same(tsa.stamp(&seal)), "nonce"),
    ];
    for (what, how, why) in cases {
        tsa.answers(how);
        let ran = stamp(&shop, &tsa);
        assert_eq!(ran.code, 2, "{what}: {}", ran.both());
        assert!(ran.both().contains(why), "{what}: {}", ran.both());
        // Nor is it taken where no authority was named.
        assert_eq!(shop.bench.holdpoint(&["anchor", "1", "--tsa", &tsa.url]).code, 2, "{what}");
        assert!(!file(&shop, "").exists(), "{what}");
    }
    tsa.answers(How::Stamps);
    let ca = other.ca();
    let ran = shop.bench.holdpoint(&["anchor", "1", "--tsa", &tsa.url, "--tsa-ca", ca.to_str().unwrap()]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("not by the authority that you named");
    // Nobody is there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = shop.bench.holdpoint(&["anchor", "1", "--tsa", &format!("http://{port}/")]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    for url in ["file:///etc/passwd", "tsa.example.org", "--help"] {
        let ran = shop.bench.holdpoint(&["anchor", "1", &format!("--tsa={url}")]);
        assert_eq!(ran.code, 2, "{}", ran.both());
    }
    shop.bench.file("none.pem", "no certificate\n");
    let ran =
        shop.bench.holdpoint(&["anchor", "1", "--tsa", &format!("http://{port}/"), "--tsa-ca", "none.pem"]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("the certificates in none.pem are none in PEM").says("Nothing was sent");
    assert!(!file(&shop, "").exists());
    shop.bench.ends(0, &["verify", "1"]);
}

/// A reply of an authority that takes no such digest.
fn rejected(shop: &Shop) -> Vec<u8> {
    let dir = shop.bench.all().join("tsa");
    let line = "openssl ts -query -sha512 -data cnf -out q5 && openssl ts -reply -config cnf -section t -queryfile q5 -out r5";
    shop.bench.sh(&format!("cd '{}' && {line}", dir.display()));
    fs::read(dir.join("r5")).unwrap()
}

/// Certificates of authorities end after a few years; what they stamped is proved as of the time that it tells.
#[test]
fn a_time_stamp_outlives_the_certificate_of_its_authority() {
    let shop = signed_off();
    let tsa = Authority::at(shop.bench.all().join("tsa"), "2020-01-02 03:04:05", "2020-01-02 05:04:05");
    stamped(&shop, &tsa);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let knows = trusted(&shop, "knows", Some(&tsa));
    for ran in with_trust(&shop, &dir, &knows, 0) {
        ran.says("2020-01-02").says("by a trusted authority");
    }
}

#[test]
fn an_authority_that_hangs_is_given_up() {
    let shop = signed_off();
    let tsa = authority(&shop, "tsa");
    tsa.answers(How::Hangs);
    let began = Instant::now();
    let ran = stamp(&shop, &tsa);
    assert_eq!(ran.code, 2, "{}", ran.both());
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert!(!file(&shop, "").exists());
}

#[test]
fn programs_that_are_missing_are_named_with_what_to_install() {
    let shop = signed_off();
    let tsa = authority(&shop, "tsa");
    let bin = shop.bench.all().join("bin");
    fs::create_dir(&bin).unwrap();
    let git = holdpoint_xtask::tools::find("git").unwrap();
    std::os::unix::fs::symlink(git, bin.join("git")).unwrap();
    let without = |arguments: &[&str]| {
        let mut command: Command = shop.bench.command(crate::support::HOLDPOINT);
        Ran::of(command.args(arguments).env("PATH", &bin).output().unwrap())
    };
    let ran = without(&["anchor", "1", "--tsa", &tsa.url]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("openssl is needed").says("apt install openssl");
    let openssl = holdpoint_xtask::tools::find("openssl").unwrap();
    std::os::unix::fs::symlink(&openssl, bin.join("openssl")).unwrap();
    let ran = without(&["anchor", "1", "--tsa", &tsa.url]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("apt install curl");
    assert!(!file(&shop, "").exists());
    // Where there are time-stamps, nothing is said to hold that was not checked; whoever only reads is told.
    stamped(&shop, &tsa);
    fs::remove_file(bin.join("openssl")).unwrap();
    let ran = without(&["verify", "1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.both());
    ran.says("apt install openssl");
    let ran = without(&["show", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("not checked here");
}

#[test]
fn a_signed_git_tag_carries_the_digest_and_is_told_by_program_script_and_verifier() {
    let shop = tagging();
    let ran = tag(&shop, "ops", &[]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    finish(&shop);
    let ran = tag(&shop, "ops", &["mine"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let id = shop.bench.events(1)[0]["id"].as_str().unwrap().to_owned();
    let tags = shop.bench.sh("git tag");
    assert!(tags.contains("mine") && tags.contains(&format!("holdpoint/run-1-{id}-")), "{tags}");
    let seal = sha256(&fs::read(shop.bench.run_dir(1).join("seal.json")).unwrap());
    let raw = shop.bench.sh("git cat-file tag mine");
    assert!(raw.contains(&format!("seal: {seal}")) && raw.contains(&id), "{raw}");
    assert_eq!(raw.as_bytes(), fs::read(file(&shop, "0002.tag")).unwrap());
    // Git itself finds it good.
    shop.bench.sh("git -c gpg.ssh.allowedSignersFile=allowed_signers tag -v mine");
    let ran = shop.bench.ends(0, &["verify", "1"]);
    ran.says("git tag over the seal").says("mine by ops@example.org with SHA256:");
    assert!(!ran.both().contains("do not list"), "{}", ran.both());
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    assert_eq!(three_say(&shop, &dir, "as it is"), (0, "intact and complete".to_owned()));
    script(&shop, &dir).says("git tag over the seal");
    let knows = trusted(&shop, "knows", None);
    for ran in with_trust(&shop, &dir, &knows, 0) {
        ran.says("git tag over the seal");
    }
    // By somebody whose key the reader does not trust for that.
    let text = fs::read_to_string(knows.join("allowed_signers")).unwrap();
    fs::write(knows.join("allowed_signers"), text.replace("git,expunge@", "expunge@")).unwrap();
    for ran in with_trust(&shop, &dir, &knows, 6) {
        ran.says("a tag by ops@example.org is not by a trusted key");
    }
    // The same name again is git's to refuse, and nothing is kept.
    assert_eq!(tag(&shop, "ops", &["mine"]).code, 2);
    assert!(!file(&shop, "0003.json").exists());
    // By somebody else's key: good, and nobody's whom the record knows.
    let ran = tag(&shop, "qb", &["theirs"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    shop.bench.ends(0, &["verify", "1"]).says("whom its own signers do not list");
}

type Damage = fn(&Shop);

#[test]
fn a_tag_that_was_altered_or_says_something_else_is_told() {
    let cases: [(&str, Damage, &str); 4] = [
        ("of another digest", |shop| replace(shop, "seal: ", "seal: 0"), "says something else"),
        ("of another tagger", |shop| replace(shop, "<ops@", "<qa@"), "does not count"),
        (
            "of another time",
            |shop| say(shop, "0001.json", |it| it["time"] = json!("2001-01-01T00:00:00Z")),
            "another time",
        ),
        ("without a signature", |shop| replace(shop, "-----BEGIN SSH", "-----BEGUN SSH"), "anchor 1"),
    ];
    let shop = tagging();
    finish(&shop);
    assert_eq!(tag(&shop, "ops", &[]).code, 0);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let whole = shop.bench.all().join("whole");
    shop.bench.sh(&format!("cp -a '{}' '{}'", file(&shop, "").display(), whole.display()));
    for (what, alter, why) in sample::some(cases, 2) {
        alter(&shop);
        let ran = shop.bench.ends(6, &["verify", "1"]);
        assert!(ran.both().contains(why), "{what}: {}", ran.both());
        fs::remove_dir_all(dir.join("anchors")).unwrap();
        shop.bench.sh(&format!("cp -a '{}' '{}/anchors'", file(&shop, "").display(), dir.display()));
        let (code, words) = three_say(&shop, &dir, what);
        assert_eq!(code, 6, "{what}");
        assert!(words.ends_with("but its anchors do not hold"), "{what}: {words}");
        fs::remove_dir_all(file(&shop, "")).unwrap();
        shop.bench.sh(&format!("cp -a '{}' '{}'", whole.display(), file(&shop, "").display()));
    }
}

/// In the tag's file, whose digest is made to fit.
fn replace(shop: &Shop, from: &str, to: &str) {
    let path = file(shop, "0001.tag");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    let text = text.replacen(from, to, 1);
    fs::write(&path, &text).unwrap();
    say(shop, "0001.json", |anchor| anchor["file"] = json!(sha256(text.as_bytes())));
}

#[test]
fn where_nothing_can_be_anchored_that_is_said_and_nothing_is_kept() {
    let shop = signed_off();
    // Not in a repository.
    let ran = tag(&shop, "ops", &[]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("no repository of git");
    assert_eq!(shop.bench.holdpoint(&["anchor", "1"]).code, 2);
    assert_eq!(
        shop.bench.holdpoint(&["anchor", "1", "--git-tag", "x", "--tsa", "http://127.0.0.1:1/"]).code,
        2
    );
    assert_eq!(shop.bench.holdpoint(&["anchor", "9", "--tsa", "http://127.0.0.1:1/"]).code, 2);
    let shop = tagging();
    let ran = shop.bench.holdpoint(&["anchor", "1", "--git-tag"]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("--key FILE");
    let ran = tag(&shop, "nobody", &[]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("cannot be read");
    for name in ["two words", "-d", "a..b"] {
        let key = shop.key("ops");
        let ran = shop.bench.holdpoint(&[
            "anchor",
            "1",
            "--key",
            key.to_str().unwrap(),
            &format!("--git-tag={name}"),
        ]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.both());
    }
    assert!(!file(&shop, "").exists());
    assert_eq!(shop.bench.sh("git tag"), "");
    // What is altered is not anchored.
    let log = shop.bench.run_dir(1).join("run.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("\"attempt\":1", "\"attempt\":2")).unwrap();
    assert_eq!(tag(&shop, "ops", &[]).code, 6);
    let mode = fs::metadata(shop.bench.run_dir(1)).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
