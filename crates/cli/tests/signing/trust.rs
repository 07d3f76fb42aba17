//! Trust that comes from the reader: an insider who swaps what a record proves itself by, and signs again, is told.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::export::{script, signed_off, unpacked};
use crate::shop::{QA, Shop};
use crate::support::{Ran, sha256};

/// A directory with what the auditor trusts: a copy of what the shop had when all was well.
pub fn trusted(shop: &Shop) -> PathBuf {
    let dir = shop.bench.all().join("trusted");
    fs::create_dir(&dir).unwrap();
    for (from, to) in [
        ("allowed_signers", "allowed_signers"),
        ("revoked_keys", "revoked_keys"),
        ("holdpoint.toml", "holdpoint.toml"),
    ] {
        fs::copy(shop.bench.path(from), dir.join(to)).unwrap();
    }
    dir
}

fn verify(shop: &Shop, dir: &Path) -> (i32, Value) {
    let ran = shop.bench.holdpoint(&["verify", "1", "--trust", dir.to_str().unwrap(), "--format", "json"]);
    (ran.code, ran.json())
}

#[track_caller]
fn is_told(shop: &Shop, dir: &Path, what: &str) {
    let (code, json) = verify(shop, dir);
    assert_eq!((code, &json["verdict"]), (6, &json!("intact and complete")), "{json:#}");
    assert_eq!((&json["trusted"], &json["by"]), (&json!(false), &Value::Null), "{json:#}");
    assert!(json["not_as_trusted"].to_string().contains(what), "{what}: {json:#}");
}

/// Puts other bytes in place of a blob that event 0 names, and has the first sign-off signed again with this key: chain,
/// seal and signature fit.
pub fn swap(shop: &Shop, field: &str, text: &str, key: &str) {
    let dir = shop.bench.run_dir(1);
    let digest = sha256(text.as_bytes());
    fs::write(dir.join("blobs/sha256").join(&digest), text).unwrap();
    let blob = json!({"sha256": digest, "bytes": text.len()});
    shop.forge(1, |events| events[0][field] = blob);
    sign_again(shop, key);
}

/// Makes the statement of the first sign-off fit again, and signs it with this key.
pub fn sign_again(shop: &Shop, key: &str) {
    let at = shop.sign_off(1);
    let log = fs::read(shop.bench.run_dir(1).join("run.jsonl")).unwrap();
    let before: usize = log.split_inclusive(|byte| *byte == b'\n').take(at).map(<[u8]>::len).sum();
    let path = shop.signed(1, "");
    let mut statement: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    statement["record"] = json!({"events": at, "bytes": before, "sha256": sha256(&log[..before])});
    let statement = serde_json::to_string_pretty(&statement).unwrap() + "\n";
    fs::write(&path, statement.as_bytes()).unwrap();
    let signature = shop.bench.sh(&format!(
        "ssh-keygen -Y sign -q -n signoff@holdpoint -f '{}' < '{}'",
        shop.key(key).display(),
        path.display()
    ));
    fs::write(shop.signed(1, ".sig"), &signature).unwrap();
    let fingerprint = shop.bench.sh(&format!("ssh-keygen -lf '{}.pub'", shop.key(key).display()));
    let fingerprint = fingerprint.split(' ').nth(1).unwrap().to_owned();
    shop.forge(1, |events| {
        events[at]["signature"] = json!({"key": fingerprint, "statement": sha256(statement.as_bytes()),
            "signature": sha256(signature.as_bytes())});
    });
}

/// The file of allowed signers in which the forger's key is QA's.
fn swap_signers(shop: &Shop) {
    let public = shop.make_key("forger");
    let allowed = shop.bench.text("allowed_signers");
    let own = allowed.lines().filter(|line| !line.starts_with(QA));
    let forged: Vec<String> = own.map(str::to_owned).chain([format!("{QA} {public}")]).collect();
    swap(shop, "signers", &(forged.join("\n") + "\n"), "forger");
}

fn with_trust(shop: &Shop, dir: &Path, trusted: &Path) -> Ran {
    let mut command = shop.bench.command("sh");
    command.arg(dir.join("verify.sh")).arg("--trust").arg(trusted).current_dir("/");
    Ran::of(command.output().unwrap())
}

#[test]
fn without_trust_the_verdict_says_whose_word_it_is_and_names_every_key() {
    let shop = signed_off();
    let ran = shop.bench.ends(0, &["verify", "1"]);
    assert_eq!(ran.stdout.trim(), "intact and complete, by its own signers");
    ran.says("sign-off by qa@example.org with SHA256:");
    let json = shop.bench.ends(0, &["verify", "1", "--format", "json"]).json();
    assert_eq!(json["verdict"], "intact and complete");
    assert_eq!((&json["by"], &json["trusted"]), (&json!("its own signers"), &Value::Null));
    assert_eq!(json["signatures"][0]["who"], QA);
}

#[test]
fn a_record_that_is_as_trusted_says_so_and_which_trust_vouches_for_each_key() {
    let shop = signed_off();
    let dir = trusted(&shop);
    let (code, json) = verify(&shop, &dir);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!((&json["by"], &json["trusted"]), (&json!("trusted signers"), &json!(true)), "{json:#}");
    let signature = &json["signatures"][0];
    assert_eq!((&signature["trusted_by"], &signature["revoked_today"]), (&json!(dir), &json!(false)));
    assert!(json["trust_remarks"].to_string().contains("is no checkout"), "{json:#}");
    // The signers alone, from a file.
    let ran = shop.bench.ends(0, &["verify", "1", "--trust", dir.join("allowed_signers").to_str().unwrap()]);
    assert_eq!(ran.stdout.trim(), "intact and complete, by trusted signers");
    ran.says("roles, people and rules were not held against anything");
}

const NOT_LOOKED_AT: &str = "no list of revoked keys was looked at";

#[test]
fn where_no_list_of_revoked_keys_was_looked_at_nobody_says_that_a_key_is_not_revoked() {
    let shop = signed_off();
    let dir = trusted(&shop);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let bundle = unpacked(&shop, "run.tar.zst");
    let (_, json) = verify(&shop, &dir);
    assert_eq!(json["signatures"][0]["revoked_today"], json!(false), "an empty list is one: {json:#}");
    assert!(!json["trust_remarks"].to_string().contains(NOT_LOOKED_AT), "{json:#}");
    let told = with_trust(&shop, &bundle, &dir);
    assert!(!told.stderr.contains(NOT_LOOKED_AT), "{}", told.stderr);

    let bare = shop.bench.all().join("bare");
    fs::create_dir(&bare).unwrap();
    fs::copy(dir.join("allowed_signers"), bare.join("allowed_signers")).unwrap();
    for trust in [&bare, &bare.join("allowed_signers")] {
        let (code, json) = verify(&shop, trust);
        assert_eq!((code, &json["trusted"]), (0, &json!(true)), "{json:#}");
        let signature = json["signatures"][0].as_object().unwrap();
        assert_eq!(signature.get("revoked_today"), Some(&Value::Null), "{json:#}");
        assert!(json["trust_remarks"].to_string().contains(NOT_LOOKED_AT), "{json:#}");
        shop.bench.ends(0, &["verify", "1", "--trust", trust.to_str().unwrap()]).says(NOT_LOOKED_AT);
        let told = with_trust(&shop, &bundle, trust);
        assert_eq!(told.code, 0, "{}", told.stderr);
        assert!(told.stderr.contains(NOT_LOOKED_AT), "{}", told.stderr);
    }
}

#[test]
fn swapped_signers_signed_again_are_told_by_trust_alone() {
    let shop = signed_off();
    let dir = trusted(&shop);
    swap_signers(&shop);
    shop.is(1, 0, "intact and complete");
    is_told(&shop, &dir, "the sign-off by qa@example.org is not by a trusted key");
    let ran = shop.bench.ends(6, &["verify", "1", "--trust", dir.to_str().unwrap()]);
    assert_eq!(ran.stdout.trim(), "intact and complete, but not as trusted");
    ran.says("NOT TRUSTED");
}

#[test]
fn a_swapped_configuration_signed_again_is_told() {
    let shop = signed_off();
    let dir = trusted(&shop);
    // Somebody else may sign, by the roles of the forger.
    let text = shop.bench.text("holdpoint.toml").replace("qa = [", "qa = [\"mallory@example.org\", ");
    let digest = sha256(text.as_bytes());
    let run = shop.bench.run_dir(1);
    fs::write(run.join("blobs/sha256").join(&digest), &text).unwrap();
    shop.forge(1, |events| {
        events[0]["config"] = json!({"sha256": digest, "bytes": text.len()});
        events[0]["roles"]["qa"].as_array_mut().unwrap().insert(0, json!("mallory@example.org"));
    });
    sign_again(&shop, "qa");
    let (code, verdict, remarks) = shop.verdict(1);
    assert_eq!((code, verdict.as_str()), (0, "intact and complete"), "{remarks}");
    is_told(&shop, &dir, "not as in holdpoint.toml of");
    is_told(&shop, &dir, "roles");
}

#[test]
fn a_key_that_is_revoked_today_is_told() {
    let shop = signed_off();
    let dir = trusted(&shop);
    fs::copy(shop.key("qa.pub"), dir.join("revoked_keys")).unwrap();
    is_told(&shop, &dir, "which is revoked today");
    let (_, json) = verify(&shop, &dir);
    assert_eq!(json["signatures"][0]["revoked_today"], true);
}

#[test]
fn what_cannot_be_trusted_is_refused_before_anything_is_said() {
    let shop = signed_off();
    let empty = shop.bench.all().join("empty");
    fs::create_dir(&empty).unwrap();
    let bad = trusted(&shop);
    fs::write(bad.join("holdpoint.toml"), "nonsense = 1\n").unwrap();
    for dir in [&empty, &bad, &shop.bench.all().join("nowhere"), &shop.bench.path("revoked_keys")] {
        let ran = shop.bench.ends(2, &["verify", "1", "--trust", dir.to_str().unwrap()]);
        ran.says("cannot be trusted");
        assert_eq!(ran.stdout, "", "{}", dir.display());
    }
}

/// A clone of the repository as it was when the run opened: run-book, configuration and signers are those of the commit,
/// whatever became of them since.
#[test]
fn a_checkout_that_has_the_commit_vouches_for_what_was_then() {
    let shop = Shop::new(1);
    shop.bench.file(".gitignore", ".holdpoint/\nlive\n").committed();
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let clone = shop.bench.all().join("clone");
    shop.bench.sh(&format!("git clone -q . '{}'", clone.display()));
    // Since then somebody else came, and QA got another key; the old one is not listed any more.
    let public = shop.make_key("new");
    let toml = shop.bench.text("holdpoint.toml").replace("qa = [", "qa = [\"new@example.org\", ");
    fs::write(clone.join("holdpoint.toml"), toml).unwrap();
    fs::write(clone.join("allowed_signers"), format!("{QA} {public}\n")).unwrap();
    let in_clone = |line: &str| shop.bench.sh(&format!("cd '{}' && {line}", clone.display()));
    in_clone("git commit -qam later");
    let (code, json) = verify(&shop, &clone);
    assert_eq!((code, &json["trusted"]), (0, &json!(true)), "{json:#}");
    assert!(json["signatures"][0]["trusted_by"].as_str().unwrap().starts_with("commit "), "{json:#}");

    // The run-book swapped: what is executed looks the same, and what the signer is told is less.
    let at = shop.bench.events(1)[0]["runbook"]["commit"].as_str().unwrap().to_owned();
    in_clone("git checkout -q --orphan other && git commit -qm other && git branch -D main -q");
    let (code, json) = verify(&shop, &clone);
    assert_eq!(code, 6, "{json:#}");
    assert!(json["trust_remarks"].to_string().contains(&at), "a commit outside of its history: {json:#}");
}

/// Where the configuration that `init` writes says that they lie.
const INIT: [&str; 2] = [".holdpoint/allowed_signers", ".holdpoint/revoked_keys"];

/// What the auditor trusts, in files that holdpoint.toml names so.
fn configured(shop: &Shop, file: &str, revoked: &str) -> PathBuf {
    let dir = shop.bench.all().join("configured");
    for name in [file, revoked] {
        fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
    }
    fs::copy(shop.bench.path("allowed_signers"), dir.join(file)).unwrap();
    fs::write(dir.join(revoked), "").unwrap();
    let toml = shop.bench.text("holdpoint.toml");
    let named = [("\"allowed_signers\"", file), ("\"revoked_keys\"", revoked)];
    let toml = named.iter().fold(toml, |toml, (plain, name)| {
        assert!(toml.contains(plain), "{toml}");
        toml.replace(plain, &format!("\"{name}\""))
    });
    fs::write(dir.join("holdpoint.toml"), toml).unwrap();
    dir
}

/// It has no parser of TOML: what it cannot read as plain texts it refuses, and never takes for nothing.
#[test]
fn the_script_refuses_a_configuration_that_names_signers_in_a_way_that_it_cannot_read() {
    let shop = signed_off();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let bundle = unpacked(&shop, "run.tar.zst");
    let dir = configured(&shop, "keys/signers", "keys/revoked");
    fs::copy(shop.key("qa.pub"), dir.join("keys/revoked")).unwrap();
    // What it would go by if it passed over them.
    fs::copy(dir.join("keys/signers"), dir.join("allowed_signers")).unwrap();
    fs::write(dir.join("revoked"), "").unwrap();
    let both = "file = \"keys/signers\"\nrevoked = \"keys/revoked\"\n";
    for read in [
        format!("[signers]\n{both}"),
        format!("\u{feff}[signers]\n{both}"),
        "[ \"signers\" ] # ours\r\n  file='keys/signers' # those\r\n'revoked'\t=\t\"keys/revoked\"\r\n"
            .to_owned(),
        "signers.file = \"keys/signers\"\nsigners.revoked = \"keys/revoked\"\n".to_owned(),
    ] {
        fs::write(dir.join("holdpoint.toml"), &read).unwrap();
        let ran = with_trust(&shop, &bundle, &dir);
        assert_eq!(ran.stdout.trim(), "intact and complete, but not as trusted", "{read}\n{}", ran.stderr);
    }
    for unread in [
        "signers = { file = \"keys/signers\", revoked = \"keys/revoked\" }\n".to_owned(),
        "[\"sign\\u0065rs\"]\n".to_owned() + both,
        "[signers]\nfile = \"keys/sign\\u0065rs\"\nrevoked = \"keys/revoked\"\n".to_owned(),
        "[signers]\nfile = \"keys/signers\"\nrevoked = \"\"\"keys/revoked\"\"\"\n".to_owned(),
        "[signers]\nfile = \"keys/signers\"\nrevoked = '''\nkeys/revoked'''\n".to_owned(),
        "[signers]\nfile = \"keys/signers\"\nrevoked = [\"keys/revoked\"]\n".to_owned(),
        "[signers]\nfile = \"keys/signers\"\nrevoked.one = \"keys/revoked\"\n".to_owned(),
        "[signers]\nfile = \"keys/signers\"\nrevoked\n".to_owned(),
        "[signers]\nrevoked = \"keys/revoked\"\n".to_owned(),
        "[[signers]]\n".to_owned() + both,
        format!("[signers]\n{both}[signers]\n{both}"),
    ] {
        fs::write(dir.join("holdpoint.toml"), &unread).unwrap();
        let ran = with_trust(&shop, &bundle, &dir);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{unread}\n{}", ran.stderr);
        assert!(ran.stderr.contains("name the file of allowed signers itself"), "{}", ran.stderr);
    }
    // One that says nothing of them leaves the plain names.
    fs::write(dir.join("holdpoint.toml"), "# [signers]\n[roles]\nqa = []\n").unwrap();
    let ran = with_trust(&shop, &bundle, &dir);
    assert_eq!(ran.stdout.trim(), "intact and complete, by trusted signers", "{}", ran.stderr);
}

/// The script with stock tools says of each of these the same as the program.
#[test]
fn the_script_takes_the_same_directory_and_says_the_same() {
    let shop = signed_off();
    let dir = trusted(&shop);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let own = unpacked(&shop, "run.tar.zst");
    let same = |at: &Path, trust: &Path| {
        let ours =
            shop.bench.holdpoint(&["verify", at.to_str().unwrap(), "--trust", trust.to_str().unwrap()]);
        let stock = with_trust(&shop, at, trust);
        assert_eq!(
            (stock.code, &stock.stdout),
            (ours.code, &ours.stdout),
            "{}\n{}",
            stock.stderr,
            ours.stderr
        );
        stock
    };
    let good = (0, "intact and complete, by trusted signers\n".to_owned());
    let bad = (6, "intact and complete, but not as trusted\n".to_owned());
    let ran = same(&own, &dir);
    assert_eq!((ran.code, ran.stdout), good);
    fs::copy(shop.key("qa.pub"), dir.join("revoked_keys")).unwrap();
    let ran = same(&own, &dir);
    assert!(ran.stderr.contains("is not by a trusted key"), "{}", ran.stderr);
    assert_eq!((ran.code, ran.stdout), bad);
    fs::write(dir.join("revoked_keys"), "").unwrap();
    // Files that the configuration names: as anybody may name them, and as `init` does.
    for [file, revoked] in [["security/signers", "security/revoked"], INIT] {
        let named = configured(&shop, file, revoked);
        assert_eq!(same(&own, &named).stdout, good.1);
        fs::copy(shop.key("qa.pub"), named.join(revoked)).unwrap();
        // A plain name is no way round it.
        fs::copy(dir.join("allowed_signers"), named.join("allowed_signers")).unwrap();
        fs::write(named.join("revoked"), "").unwrap();
        let ran = same(&own, &named);
        assert_eq!((ran.code, ran.stdout), bad);
        for gone in [revoked, file] {
            for plain in ["allowed_signers", "revoked", gone] {
                fs::remove_file(named.join(plain)).unwrap_or_default();
            }
            assert_eq!(same(&own, &named).code, 2, "{gone} is not there");
        }
        fs::remove_dir_all(&named).unwrap();
    }

    swap_signers(&shop);
    shop.bench.ends(0, &["export", "1", "-o", "forged.tar.zst"]);
    let forged = unpacked(&shop, "forged.tar.zst");
    assert_eq!(script(&shop, &forged).stdout.trim(), "intact and complete, by its own signers");
    let ran = same(&forged, &dir.join("allowed_signers"));
    assert_eq!((ran.code, ran.stdout), bad);
    assert_eq!(with_trust(&shop, &forged, &shop.bench.all().join("nowhere")).code, 2);
    let ran = shop.bench.ends(6, &["audit", "--trust", dir.to_str().unwrap(), "--format", "json"]);
    assert_eq!(ran.json()["wrong"][0]["kind"], "trust", "{}", ran.stdout);
}

/// Whatever the record says of its own document, the commit says what it was.
#[test]
fn a_run_book_that_is_not_that_of_the_commit_is_told() {
    let shop = Shop::new(1);
    shop.bench.file(".gitignore", ".holdpoint/\nlive\n").committed();
    shop.bench.file("book.md", &crate::shop::book(1).replace("commit abc123", "commit def456"));
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop.bench.sh("git checkout -q book.md");
    let words = "the run-book book.md is not that of commit";
    is_told(&shop, &shop.bench.root(), words);
    shop.forge(1, |events| {
        events[0]["runbook"]["committed"] = json!(true);
        events[0]["runbook"]["dirty"] = json!(false);
    });
    sign_again(&shop, "qa");
    // Whoever signed was shown that it is not: without anything from outside the record does not hold any more.
    let (code, verdict, _) = shop.verdict(1);
    assert_eq!((code, &*verdict), (6, "does not conform at event 5"));
}

#[test]
fn what_ssh_keygen_says_over_several_lines_passes_for_no_line_of_the_script() {
    let shop = signed_off();
    let dir = trusted(&shop);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let own = unpacked(&shop, "run.tar.zst");
    fs::write(dir.join("allowed_signers"), format!("{QA} garbage\n{QA} more\n")).unwrap();
    let ran = with_trust(&shop, &own, &dir);
    assert_eq!((ran.code, ran.stdout.trim()), (6, "intact and complete, but not as trusted"));
    let at = ran.stderr.find("is not by a trusted key").unwrap_or_else(|| panic!("{}", ran.stderr));
    let said: Vec<&str> = ran.stderr[at..].lines().collect();
    assert!(said[0].contains("allowed_signers:1: missing key"), "{}", ran.stderr);
    // It is told of the time of signing, and of that of recording.
    let marked = |line: &&&str| line.starts_with("    | ");
    assert_eq!(said.iter().filter(marked).count(), 4, "{}", ran.stderr);
    let own = |line: &&str| line.starts_with("  event 5: the signoff by");
    assert!(said[1..].iter().all(|line| marked(&line) || own(line)), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\r'), "{:?}", ran.stderr);
}
