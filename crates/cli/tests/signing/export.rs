//! A record given away: the bundle, stock tools on it, and `verify.sh` held against the program.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::shop::{QA, QB, Shop};
use crate::support::{Ran, forge, sha256};

/// A run that was signed off by key and is over.
pub fn signed_off() -> Shop {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop
}

/// The first run's bundle, unpacked by stock tools: the directory in it.
pub fn unpacked(shop: &Shop, bundle: &str) -> PathBuf {
    shop.bench.sh(&format!("rm -rf out && mkdir out && tar --zstd -xf {bundle} -C out"));
    let mut entries = fs::read_dir(shop.bench.path("out")).unwrap();
    let dir = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none(), "one directory");
    dir
}

pub fn exported() -> (Shop, PathBuf) {
    let shop = signed_off();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    (shop, dir)
}

/// `sh verify.sh`, called from elsewhere.
pub fn script(shop: &Shop, dir: &Path) -> Ran {
    Ran::of(shop.bench.command("sh").arg(dir.join("verify.sh")).current_dir("/").output().unwrap())
}

/// Code and verdict of the script and of the program, which must be the same.
#[track_caller]
pub fn both_say(shop: &Shop, dir: &Path, what: &str) -> (i32, String) {
    let ours = shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]);
    let stock = script(shop, dir);
    let line = |ran: &Ran| (ran.code, ran.stdout.trim().to_owned());
    assert_eq!(line(&stock), line(&ours), "{what}\nscript: {}\nprogram: {}", stock.stderr, ours.stderr);
    let (code, verdict) = line(&ours);
    // Whose word it is: both say the same.
    (code, verdict.strip_suffix(", by its own signers").unwrap_or(&verdict).to_owned())
}

/// Altered so in a bundle of its own; both must say this.
#[track_caller]
fn is_told(shop: &Shop, what: &str, verdict: &str, alter: impl FnOnce(&Path, usize)) {
    let dir = unpacked(shop, "run.tar.zst");
    let at = shop.sign_off(1);
    alter(&dir, at);
    let verdict = verdict.replace("SIGNED", &at.to_string());
    let code = if verdict.starts_with("intact") { 0 } else { 6 };
    assert_eq!(both_say(shop, &dir, what), (code, verdict), "{what}");
}

pub fn lines(dir: &Path) -> Vec<Vec<u8>> {
    let log = fs::read(dir.join("run.jsonl")).unwrap();
    log.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn the_same_record_makes_the_same_bytes_and_nothing_is_overwritten() {
    let shop = signed_off();
    shop.bench.ends(0, &["export", "1", "-o", "a.tar.zst"]).says("intact and complete");
    let mut later = shop.bench.command(crate::support::HOLDPOINT);
    let later =
        later.env("TZ", "Asia/Tokyo").args(["export", "latest", "--output", "b.tar.zst"]).output().unwrap();
    assert!(later.status.success());
    shop.bench.sh("cmp a.tar.zst b.tar.zst");
    assert_eq!(crate::support::mode(&shop.bench.path("a.tar.zst")), 0o600);
    let before = fs::read(shop.bench.path("a.tar.zst")).unwrap();
    shop.bench.ends(2, &["export", "1", "-o", "a.tar.zst"]).says("is there already");
    assert_eq!(fs::read(shop.bench.path("a.tar.zst")).unwrap(), before);
    shop.bench.ends(2, &["export", "1", "-o", "nowhere/a.tar.zst"]);
    let listed = shop.bench.sh("tar --zstd -tvf a.tar.zst");
    assert!(listed.lines().all(|line| line.starts_with("-rw------- 0/0 ")), "{listed}");
    assert!(!listed.contains("lock") && !listed.contains("partial"), "{listed}");
}

#[test]
fn a_bundle_has_what_people_and_programs_need() {
    let (shop, dir) = exported();
    for name in ["reports/executed.md", "reports/run.json", "README.txt", "verify.sh", "seal.json"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
    assert_eq!(fs::read_to_string(dir.join("allowed_signers")).unwrap(), shop.bench.text("allowed_signers"));
    assert_eq!(both_say(&shop, &dir, "as it is"), (0, "intact and complete".to_owned()));
    script(&shop, &dir).says("Good \"signoff@holdpoint\" signature").says("conformity is not checked");
    let [of_run, of_bundle] =
        ["1", "run.tar.zst"].map(|run| shop.bench.ends(0, &["verify", run, "--format", "json"]));
    assert_eq!(of_run.json(), of_bundle.json());
    let ran = shop.bench.ends(0, &["verify", "./run.tar.zst"]);
    assert_eq!(ran.stdout, "intact and complete, by its own signers\n");
    assert_eq!(fs::read_dir(shop.bench.all().join("tmp")).unwrap().count(), 0, "nothing is left in TMPDIR");
}

#[test]
fn an_open_run_can_be_given_away() {
    let shop = Shop::waiting(2);
    shop.signs("1", QA, "qa");
    shop.bench.ends(0, &["export", "1", "-o", "open.tar.zst"]).says("intact, open");
    let dir = unpacked(&shop, "open.tar.zst");
    assert_eq!(both_say(&shop, &dir, "open"), (0, "intact, open".to_owned()));
}

#[test]
fn a_run_that_was_interrupted_in_a_write_is_not_given_away() {
    let shop = Shop::waiting(1);
    let path = shop.bench.run_dir(1).join("run.jsonl");
    let log = fs::read(&path).unwrap();
    fs::write(&path, [&log[..], b"{\"n\":"].concat()).unwrap();
    shop.bench.ends(2, &["export", "1", "-o", "run.tar.zst"]).says("in the middle of a write");
    assert!(!shop.bench.exists("run.tar.zst"));
}

#[test]
fn an_altered_record_is_not_given_away() {
    let shop = signed_off();
    let at = shop.sign_off(1);
    replace(&shop.signed(1, ""), "Quinn", "Quin");
    let ran = shop.bench.ends(6, &["export", "1", "-o", "run.tar.zst"]);
    assert_eq!(ran.stdout, format!("altered at event {at}\n"));
    assert!(!shop.bench.exists("run.tar.zst"));
}

/// The digest of what a block printed, which is expunged.
fn leaked(shop: &Shop) -> String {
    let output = &shop.bench.of_type(1, "action.finished")[0]["output"]["stdout"]["sha256"];
    output.as_str().unwrap().to_owned()
}

fn expunge(shop: &Shop, who: &str, key: &str) -> Ran {
    let (blob, key) = (leaked(shop), shop.key(key));
    let words = ["expunge", "1", "--blob", &blob, "--reason", "it shows a name", "--operator", who];
    shop.bench.holdpoint(&[&words[..], &["--key", key.to_str().unwrap()]].concat())
}

#[test]
fn an_expunged_blob_is_told_by_both_and_its_bytes_are_not_given_away() {
    let shop = signed_off();
    let output = leaked(&shop);
    let ran = expunge(&shop, QA, "qa");
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("qa@example.org signed for it with SHA256:");
    let ran = shop.bench.ends(6, &["export", "1", "-o", "run.tar.zst"]);
    ran.says("expunged: 1 blob(s), signed for, the first at event ");
    let dir = unpacked(&shop, "run.tar.zst");
    assert!(!dir.join("blobs/sha256").join(&output).exists());
    let (code, verdict) = both_say(&shop, &dir, "expunged");
    assert_eq!((code, verdict + "\n"), (6, ran.stdout));
    let stone = dir.join(format!("blobs/sha256/{output}.expunged"));
    let good = fs::read_to_string(&stone).unwrap();
    replace(&stone, "it shows a name", " ");
    assert!(both_say(&shop, &dir, "a tombstone without a reason").1.starts_with("altered at event "));
    for (from, to) in [("it shows a name", "a mistake"), (QA, QB), ("2026-", "2027-")] {
        fs::write(&stone, &good).unwrap();
        replace(&stone, from, to);
        assert!(both_say(&shop, &dir, &format!("{to} in a tombstone")).1.starts_with("altered at event "));
    }
    fs::write(&stone, &good).unwrap();
    fs::remove_file(dir.join(format!("blobs/sha256/{output}.expunged.sig"))).unwrap();
    assert!(both_say(&shop, &dir, "an unsigned tombstone").1.starts_with("altered at event "));
}

#[test]
fn where_the_run_knows_signers_nothing_is_expunged_without_a_signature_that_counts() {
    let shop = signed_off();
    let blob = shop.bench.run_dir(1).join("blobs/sha256").join(leaked(&shop));
    shop.bench
        .ends(2, &["expunge", "1", "--blob", &leaked(&shop), "--reason", "no key"])
        .says("nobody signed");
    let other = shop.make_key("other");
    assert!(!other.is_empty());
    for (who, key) in [(QA, "qb"), (QA, "other"), ("nobody@example.org", "qa")] {
        let ran = expunge(&shop, who, key);
        assert_eq!(ran.code, 5, "{who} {key}: {}", ran.both());
    }
    let signers = shop.bench.events(1)[0]["signers"]["sha256"].as_str().unwrap().to_owned();
    shop.bench.ends(2, &["expunge", "1", "--blob", &signers, "--reason", "x"]).says("says who may sign");
    assert!(blob.is_file());
    shop.is(1, 0, "intact and complete");
    assert_eq!(expunge(&shop, QB, "qb").code, 0);
    let json = shop.bench.holdpoint(&["verify", "1", "--format", "json"]).json();
    assert!(json["expunged"][0]["key"].as_str().unwrap().starts_with("SHA256:"), "{json}");
    assert_eq!(json["verdict"].as_str().unwrap().split(", ").nth(1), Some("signed for"));
}

#[test]
fn a_key_that_is_for_sign_offs_only_expunges_nothing() {
    let shop = Shop::new(1);
    let signers = shop.bench.text("allowed_signers").replace(",expunge@holdpoint", "");
    shop.bench.file("allowed_signers", &signers);
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", QA, "qa");
    let ran = expunge(&shop, QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("expunge@holdpoint");
}

#[test]
fn a_sign_off_passes_for_no_tombstone_s_signature() {
    let shop = signed_off();
    assert_eq!(expunge(&shop, QA, "qa").code, 0);
    let dir = shop.bench.run_dir(1);
    let stone = dir.join(format!("blobs/sha256/{}.expunged", leaked(&shop)));
    let key = shop.key("qa");
    shop.bench.sh(&format!(
        "rm {0}.sig; ssh-keygen -q -Y sign -n signoff@holdpoint -f {1} {0}",
        stone.display(),
        key.display()
    ));
    let (code, verdict, remarks) = shop.verdict(1);
    assert!(code == 6 && verdict.starts_with("altered at event "), "{verdict}");
    assert!(remarks.contains("it was made for `signoff@holdpoint`"), "{remarks}");
}

#[test]
fn interrupted_between_tombstone_and_bytes_it_is_ended_by_doing_it_again_and_needs_no_second_signature() {
    let shop = signed_off();
    let blob = shop.bench.run_dir(1).join("blobs/sha256").join(leaked(&shop));
    let bytes = fs::read(&blob).unwrap();
    // A crash before there is a tombstone leaves a signature of nothing, and nothing has happened.
    fs::write(blob.with_extension("expunged.sig"), "of nothing").unwrap();
    fs::write(blob.with_extension("expunged.partial"), "{").unwrap();
    shop.is(1, 0, "intact and complete");
    assert_eq!(expunge(&shop, QA, "qa").code, 0);
    assert!(!blob.with_extension("expunged.partial").exists());
    let stone = fs::read(blob.with_extension("expunged")).unwrap();
    fs::write(&blob, bytes).unwrap();
    shop.bench.ends(0, &["expunge", "1", "--blob", &leaked(&shop), "--reason", "again"]);
    assert!(!blob.exists());
    assert_eq!(fs::read(blob.with_extension("expunged")).unwrap(), stone);
}

#[test]
fn what_is_altered_in_a_bundle_is_told_by_the_script_as_by_the_program() {
    let (shop, _) = exported();
    is_told(&shop, "a line", "altered at event 2", |dir, _| {
        replace(&dir.join("run.jsonl"), "\"attempt\":1", "\"attempt\":2")
    });
    is_told(&shop, "the last line", "altered at event 1", |dir, _| {
        fs::write(dir.join("run.jsonl"), [&lines(dir)[0][..], b"{}\n"].concat()).unwrap();
        fs::remove_file(dir.join("seal.json")).unwrap();
    });
    is_told(&shop, "a line in the middle that is none", "altered at event 1", |dir, _| {
        let mut lines = lines(dir);
        lines[1] = b"nothing\n".to_vec();
        fs::write(dir.join("run.jsonl"), lines.concat()).unwrap();
    });
    is_told(&shop, "a number", "altered at event 1", |dir, _| {
        replace(&dir.join("run.jsonl"), "\"n\":1,", "\"n\":2,")
    });
    is_told(&shop, "a blob", "altered at event 2", |dir, _| {
        let finished = crate::support::events(dir).swap_remove(2);
        let blob = finished["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
        fs::write(dir.join("blobs/sha256").join(blob), "commit abc124\n").unwrap();
    });
    is_told(&shop, "a blob that is gone", "altered at event 0", |dir, _| {
        let opened = crate::support::events(dir).swap_remove(0);
        fs::remove_file(dir.join("blobs/sha256").join(opened["runbook"]["blob"]["sha256"].as_str().unwrap()))
            .unwrap();
    });
    is_told(&shop, "the statement", "altered at event SIGNED", |dir, at| {
        replace(&dir.join(format!("signoffs/{at:04}.json")), "Quinn", "Quin");
    });
    is_told(&shop, "the signature", "altered at event SIGNED", |dir, at| {
        fs::remove_file(dir.join(format!("signoffs/{at:04}.json.sig"))).unwrap();
    });
    is_told(&shop, "a link for a statement", "altered at event SIGNED", |dir, at| {
        let path = dir.join(format!("signoffs/{at:04}.json"));
        fs::rename(&path, dir.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", path).unwrap();
    });
}

#[test]
fn a_record_cut_before_at_and_after_a_signature_gets_the_same_verdict_from_both() {
    let (shop, dir) = exported();
    let (lines, at) = (lines(&dir), shop.sign_off(1));
    let seal = fs::read(dir.join("seal.json")).unwrap();
    for cut in sample::some([1, at, at + 1, at + 2], 2) {
        fs::write(dir.join("run.jsonl"), lines[..cut].concat()).unwrap();
        fs::write(dir.join("seal.json"), &seal).unwrap();
        assert_eq!(both_say(&shop, &dir, "sealed"), (6, "truncated".to_owned()), "{cut} lines");
        fs::remove_file(dir.join("seal.json")).unwrap();
        assert_eq!(both_say(&shop, &dir, "not sealed"), (0, "intact, open".to_owned()), "{cut} lines");
        // In the middle of a line.
        fs::write(dir.join("run.jsonl"), [&lines[..cut].concat()[..], &lines[cut][..9]].concat()).unwrap();
        assert_eq!(both_say(&shop, &dir, "torn"), (0, "intact, open".to_owned()), "{cut} lines");
        fs::write(dir.join("seal.json"), &seal).unwrap();
        assert_eq!(both_say(&shop, &dir, "torn and sealed"), (6, "truncated".to_owned()), "{cut} lines");
    }
    fs::write(dir.join("run.jsonl"), "").unwrap();
    assert_eq!(both_say(&shop, &dir, "nothing"), (6, "truncated".to_owned()));
    fs::write(dir.join("run.jsonl"), [&lines.concat()[..], &lines[1]].concat()).unwrap();
    assert!(both_say(&shop, &dir, "a line more").1.starts_with("altered at event "));
}

/// Chain, seal and digests fit again; only the signature is left to tell.
#[test]
fn whatever_a_signature_binds_is_told_by_the_script_as_by_the_program() {
    type Forger = fn(&mut Vec<Value>, usize);
    let cases: [(&str, Forger); 9] = [
        ("the assurance", |events, at| events[at]["assurance"] = json!("fido-uv")),
        ("no assurance", |events, at| events[at]["assurance"] = json!("typed")),
        ("what was before", |events, _| events[1]["at"] = json!("2026-01-01T00:00:00.000000Z")),
        ("the name", |events, at| events[at]["name"] = json!("Somebody Else")),
        ("the signer", |events, at| events[at]["by"]["who"] = json!(QB)),
        ("the key", |events, at| events[at]["signature"]["key"] = json!("SHA256:x")),
        ("the time", |events, at| events[at]["at"] = json!("2027-01-01T00:00:00.000000Z")),
        ("the meaning", |events, at| events[at]["meaning"] = json!("review")),
        ("the text", |events, at| events[at]["statement"] = json!("I release v2.")),
    ];
    let (shop, _) = exported();
    let at = shop.sign_off(1);
    for (what, how) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| how(events, at));
        let (ours, stock) = (shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]), script(&shop, &dir));
        // The program may find an earlier event that does not conform.
        assert_eq!((ours.code, stock.code), (6, 6), "{what}: {} {}", ours.both(), stock.both());
        assert_eq!(
            stock.stdout.trim(),
            format!("does not conform at event {at}"),
            "{what}: {}",
            stock.stderr
        );
    }
}

#[test]
fn a_signature_moved_here_from_another_run_or_made_by_another_key_is_told_by_both() {
    let shop = signed_off();
    fs::remove_file(shop.bench.path("live")).unwrap();
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("2", QA, "qa");
    shop.resumes("2");
    shop.bench.ends(0, &["export", "2", "-o", "two.tar.zst"]);
    let at = shop.sign_off(1);
    let there = |dir: &Path, ending: &str| dir.join(format!("signoffs/{at:04}.json{ending}"));
    let verdict = (6, format!("does not conform at event {at}"));

    let dir = unpacked(&shop, "two.tar.zst");
    let moved = shop.bench.events(1)[at].clone();
    for ending in ["", ".sig"] {
        fs::copy(shop.signed(1, ending), there(&dir, ending)).unwrap();
    }
    // And what its signer was shown there.
    let shown = moved["presence"]["shown"]["sha256"].as_str().unwrap().to_owned();
    fs::copy(shop.bench.run_dir(1).join("blobs/sha256").join(&shown), dir.join("blobs/sha256").join(&shown))
        .unwrap();
    forge(&dir, |events| events[at] = moved);
    assert_eq!(both_say(&shop, &dir, "moved"), verdict);

    let dir = unpacked(&shop, "two.tar.zst");
    shop.make_key("forger");
    let key = shop.key("forger");
    let signed = there(&dir, "");
    let forged = shop.bench.sh(&format!(
        "ssh-keygen -Y sign -q -n signoff@holdpoint -f '{}' < '{}'",
        key.display(),
        signed.display()
    ));
    fs::write(there(&dir, ".sig"), &forged).unwrap();
    forge(&dir, |events| events[at]["signature"]["signature"] = json!(sha256(forged.as_bytes())));
    assert_eq!(both_say(&shop, &dir, "another key"), verdict);
    // A copy for people makes nobody a signer.
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    fs::write(dir.join("allowed_signers"), format!("{QA} {public}")).unwrap();
    assert_eq!(both_say(&shop, &dir, "another key, and a copy that names it"), verdict);
}

/// Archives that are no record of ours, made by stock tools.
#[test]
fn a_hostile_bundle_is_refused_and_nothing_is_written_outside() {
    let (shop, dir) = exported();
    let name = dir.file_name().unwrap().to_str().unwrap();
    let all = shop.bench.all().display().to_string();
    let pack = |what: &str| format!("tar --format=ustar -P {what} | zstd -q -o hostile.tar.zst");
    let cases = [
        ("leads out", pack(&format!("-C out --transform 's,^,../../,' -cf - {name}"))),
        ("leads out", pack(&format!("-C out --transform 's,^{name},{name}/../../x,' -cf - {name}"))),
        ("leads out", pack(&format!("-C out --transform 's,^,{all}/x/,' -cf - {name}"))),
        (
            "is no file",
            format!("ln -s /etc out/{name}/blobs/link && {}", pack(&format!("-C out -cf - {name}"))),
        ),
        (
            "is no file",
            format!(
                "rm out/{name}/blobs/link && ln out/{name}/run.jsonl out/{name}/zz && {}",
                pack(&format!("-C out -cf - {name}"))
            ),
        ),
        (
            "more than one directory",
            format!(
                "rm out/{name}/zz && mkdir out/b && {}",
                pack("-C out -cf - .").replace(" .", &format!(" {name} b"))
            ),
        ),
        ("a file twice", pack(&format!("--hard-dereference -C out -cf - {name} {name}/run.jsonl"))),
        (
            "is said to be",
            format!(
                "truncate -s 2G out/{name}/seal.json && tar --format=ustar -C out -cf - {name}/seal.json | head -c 100000 | zstd -q -o hostile.tar.zst && truncate -s 0 out/{name}/seal.json"
            ),
        ),
        ("something follows", "cat run.tar.zst run.tar.zst > hostile.tar.zst".to_owned()),
        ("cannot be unpacked", "head -c 3000 run.tar.zst > hostile.tar.zst".to_owned()),
        (
            "there is no run.jsonl",
            "mkdir -p o/p && touch o/p/README.txt && tar -C o -cf - p | zstd -q -o hostile.tar.zst"
                .to_owned(),
        ),
        ("cannot be unpacked", "echo hello | zstd -q -o hostile.tar.zst".to_owned()),
    ];
    for (why, how) in cases {
        shop.bench.sh(&format!("rm -f hostile.tar.zst; {how}"));
        let before = shop.bench.tree();
        let ran = shop.bench.holdpoint(&["verify", "hostile.tar.zst"]);
        assert_eq!(ran.code, 6, "{how}\n{}", ran.both());
        let said = ran.both().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(why), "{why}: {how}\n{said}");
        assert_eq!(ran.stdout, "", "no verdict: {how}");
        assert_eq!(shop.bench.tree(), before, "{how}");
    }
    shop.bench.ends(0, &["verify", "run.tar.zst"]);
}

#[test]
fn a_bundle_that_is_cut_short_is_told_as_damaged_wherever_it_ends() {
    let (shop, _) = exported();
    let length = fs::metadata(shop.bench.path("run.tar.zst")).unwrap().len();
    for kept in [0, 1, 3, 4, 20, length / 2, length - 1] {
        shop.bench.sh(&format!("head -c {kept} run.tar.zst > short.tar.zst"));
        for path in ["short.tar.zst", "./short.tar.zst"] {
            let ran = shop.bench.ends(6, &["verify", path]);
            ran.says("cannot be unpacked: it is damaged");
            assert!(!ran.both().contains("Error"), "{}", ran.both());
        }
    }
    shop.bench.sh("printf x > short.tar.zst; tail -c +2 run.tar.zst >> short.tar.zst");
    shop.bench.ends(6, &["verify", "short.tar.zst"]).says("cannot be unpacked");
}

#[test]
fn a_record_without_its_sign_off_is_not_hidden_by_a_signed_tombstone_of_its_run_book() {
    let shop = signed_off();
    let book = shop.bench.events(1)[0]["runbook"]["blob"]["sha256"].as_str().unwrap().to_owned();
    let key = shop.key("qa");
    let expunge = |code: i32| {
        let key = ["--operator", QA, "--key", key.to_str().unwrap()];
        shop.bench.ends(code, &[&["expunge", "1", "--blob", &book, "--reason", "a token"], &key[..]].concat())
    };
    let log = fs::read(shop.bench.run_dir(1).join("run.jsonl")).unwrap();
    let seal = fs::read(shop.bench.run_dir(1).join("seal.json")).unwrap();
    shop.forge(1, |events| events.retain(|event| event["type"] != "signoff.given"));
    expunge(6).says("the record is not in order");
    fs::write(shop.bench.run_dir(1).join("run.jsonl"), log).unwrap();
    fs::write(shop.bench.run_dir(1).join("seal.json"), seal).unwrap();
    expunge(0);
    // It was whole before, and nobody can say so any more.
    for audit in [&["audit"][..], &["audit", "--trust", "."]] {
        shop.bench.ends(6, audit).says("WRONG  run 1: expunged: conformity was not checked");
    }
}

#[test]
fn a_bit_that_flips_anywhere_in_a_bundle_never_makes_it_something_else() {
    let (shop, _) = exported();
    let bytes = fs::read(shop.bench.path("run.tar.zst")).unwrap();
    for place in (0..bytes.len()).step_by(bytes.len() / 24) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1;
        fs::write(shop.bench.path("flipped.tar.zst"), &flipped).unwrap();
        let ran = shop.bench.holdpoint(&["verify", "flipped.tar.zst"]);
        // A frame has bits that mean nothing: then stock zstd unpacks the very same bytes.
        let same = "zstd -dcq run.tar.zst > a; zstd -dcq flipped.tar.zst > b 2>/dev/null || :; cmp -s a b && echo same || :";
        let damaged = shop.bench.sh(same).is_empty();
        assert_eq!(ran.code == 6, damaged, "byte {place}: {}", ran.both());
    }
}

#[test]
fn a_sign_off_whose_signature_is_gone_is_told_by_program_and_script() {
    for typed in [false, true] {
        let (shop, dir) = exported();
        let at = shop.sign_off(1);
        forge(&dir, |events| {
            let given = events[at].as_object_mut().unwrap();
            given.remove("signature");
            if typed {
                given.insert("assurance".to_owned(), json!("typed"));
            }
        });
        let told = both_say(&shop, &dir, "no signature");
        assert_eq!(told, (6, format!("does not conform at event {at}")), "typed: {typed}");
    }
}

#[test]
fn somebody_whose_name_looks_like_a_security_key_has_none() {
    let who = "qa-SK@example.org";
    let shop = Shop::new(1);
    for file in ["holdpoint.toml", "allowed_signers"] {
        shop.bench.file(file, &shop.bench.text(file).replace(QA, who));
    }
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", who, "qa");
    shop.resumes("1");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let (dir, at) = (unpacked(&shop, "run.tar.zst"), shop.sign_off(1));
    assert_eq!(both_say(&shop, &dir, "as it is").0, 0);
    forge(&dir, |events| events[at]["assurance"] = json!("fido-uv"));
    assert_eq!(both_say(&shop, &dir, "fido-uv").1, format!("does not conform at event {at}"));
}
