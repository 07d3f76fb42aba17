//! Lines of files of keys that nobody needs, names and files beside them: what the independent verifier says is what the program
//! says, and what `verify.sh` does not look at it tells.

use std::fs;
use std::path::Path;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::{script, signed_off, unpacked};
use crate::independent::{GOOD, all_say, restate, verifier};
use crate::reviewing::{reviewed, sign_again as sign_file};
use crate::shop::Shop;
use crate::support::{Ran, forge};
use crate::trust::{swap, trusted};

/// Code and verdict of the program and of `verify.py`, where these are the same; else what both say.
fn two_say(shop: &Shop, dir: &Path, trust: Option<&Path>) -> Result<(i32, String), String> {
    let trust = trust.map_or(Vec::new(), |trust| vec!["--trust", trust.to_str().unwrap()]);
    let theirs =
        shop.bench.command("python3").arg("-B").arg(verifier()).arg(dir).args(&trust).output().unwrap();
    let ours = shop.bench.holdpoint(&[&["verify", dir.to_str().unwrap()], &trust[..]].concat());
    let both = [ours, Ran::of(theirs)];
    let [said, other] =
        both.each_ref().map(|ran| (ran.code, ran.stdout.lines().next().unwrap_or_default().to_owned()));
    match said == other {
        true => Ok(said),
        false => {
            Err(format!("holdpoint: {said:?} {}\nverify.py: {other:?} {}", both[0].stderr, both[1].stderr))
        }
    }
}

/// Lines beside those of the shop, by the key that somebody else has, and whether the file can be read with them.
fn lines(shop: &Shop) -> Vec<(String, bool)> {
    let key = shop.make_key("eve");
    let (kind, told) = key.split_once(' ').unwrap();
    let told = told.split(' ').next().unwrap();
    let mut all = Vec::new();
    for (options, good) in [
        ("verify-required", false),
        ("no-touch-required", false),
        ("namespaces=\"a\",namespaces=\"b\"", false),
        ("cert-authority,cert-authority", false),
        ("cert-authority,", false),
        ("cert-authority=\"yes\"", false),
        ("namespaces=a", false),
        ("namespaces=\"a", false),
        ("namespaces=\"a\"x", false),
        ("unknown", false),
        ("valid-before=\"2026120104Z\"", false),
        ("valid-before=\"20260230\"", false),
        ("valid-before=\"20261231235960\"", false),
        ("valid-before=\"20261231235959+1\"", false),
        ("valid-after=\"19700101Z\"", false),
        ("valid-after=\"20260102\",valid-before=\"20260101\"", false),
        ("valid-after=\"20260101\",valid-before=\"20260101\"", false),
        ("valid-before=\"99991231235959\"", true),
        ("valid-after=\"20260101\",Valid-Before=\"202607010830utc\"", true),
        ("cert-authority,namespaces=\"a,b\\\"c d\"", true),
    ] {
        all.push((format!("eve@example.org {options} {kind} {told}"), good));
    }
    for (line, good) in [
        (format!("eve@example.org\t {kind} {told} a comment"), true),
        (format!("\"eve@example.org,\" {kind} {told}"), true),
        (format!("eve@example.org {kind}  {told}"), false),
        (format!("eve@example.org {kind} {told}="), false),
        (format!("eve@example.org {kind} {}", &told[..told.len() - 1]), false),
        (format!("eve@example.org ssh-rsa {told}"), false),
        (format!("eve@example.org ssh-ed25519-cert-v01@openssh.com {told}"), false),
        (format!("\"\" {kind} {told}"), false),
        (format!("\"eve@example.org {kind} {told}"), false),
        ("eve@example.org".to_owned(), false),
        (format!("qa\u{200b}@example.org {kind} {told}"), false),
        (format!("\u{ff51}a@example.org {kind} {told}"), false),
        (format!("q\u{ad}a@example.org {kind} {told}"), false),
        (format!("QA@example.org {kind} {told}"), false),
    ] {
        all.push((line, good));
    }
    all
}

#[test]
fn a_line_of_keys_that_nobody_needs_is_read_by_the_independent_verifier_as_by_the_program() {
    let shop = signed_off();
    let honest = shop.bench.text("allowed_signers");
    let (mut wrong, at) = (Vec::new(), shop.sign_off(1));
    let dir = trusted(&shop);
    let lines = lines(&shop);
    let bundle = shop.bench.all().join("kept");
    shop.bench.sh(&format!("cp -r '{}' '{}'", shop.bench.run_dir(1).display(), bundle.display()));
    for (line, good) in sample::some(lines, 8) {
        let text = format!("{honest}{line}\n");
        fs::write(dir.join("allowed_signers"), &text).unwrap();
        let by_trusted = (0, "intact and complete, by trusted signers".to_owned());
        let expected = if good { by_trusted } else { (2, String::new()) };
        match two_say(&shop, &bundle, Some(&dir)) {
            Ok(said) if said == expected => {}
            said => wrong.push(format!("trusted {line:?}: {said:?}")),
        }
        swap(&shop, "signers", &text, "qa");
        let refused = (6, format!("does not conform at event {at}"));
        let expected = if good { (0, GOOD.to_owned()) } else { refused };
        match two_say(&shop, &shop.bench.run_dir(1), None) {
            Ok(said) if said == expected => {}
            said => wrong.push(format!("recorded {line:?}: {said:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pattern_that_gives_one_key_to_two_people_is_no_file_to_be_trusted() {
    let shop = signed_off();
    let dir = trusted(&shop);
    let run = shop.bench.run_dir(1);
    let honest = shop.bench.text("allowed_signers");
    let key = fs::read_to_string(shop.key("qa").with_extension("pub")).unwrap();
    for (line, code) in [
        (format!("*@example.org {key}"), 2),
        (format!("q?@example.org namespaces=\"file,git\" {key}"), 2),
        (format!("q?@example.org namespaces=\"file\" {key}"), 0),
        (format!("*@example.org,!ops@*,!qb@* {key}"), 0),
        (format!("[pq]a@example.org {key}"), 2),
        (format!("*@example.org cert-authority {key}"), 2),
    ] {
        fs::write(dir.join("allowed_signers"), format!("{honest}{line}")).unwrap();
        let said = two_say(&shop, &run, Some(&dir));
        assert!(said.as_ref().is_ok_and(|said| said.0 == code), "{line}: {said:?}");
    }
}

#[test]
fn an_account_or_a_printed_name_that_is_not_so_is_told_by_everybody() {
    let shop = signed_off();
    let at = shop.sign_off(1);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    type Alter = fn(&mut Value, &mut Value);
    let cases: [(&str, Alter); 4] = [
        ("nothing", |_, _| {}),
        ("another account", |event, told| {
            let other = !event["presence"]["other_account"].as_bool().unwrap();
            (event["presence"]["other_account"], told["presence"]["other_account"]) =
                (json!(other), json!(other));
        }),
        ("a name", |event, told| {
            (event["name"], told["signer"]["name"]) = (json!("Devil"), json!("Devil"));
        }),
        ("a name with what nobody sees", |event, told| {
            let name = event["name"].as_str().unwrap().replacen(' ', "\u{200b} ", 1);
            (event["name"], told["signer"]["name"]) = (json!(name), json!(name));
        }),
    ];
    for (what, alter) in cases {
        let dir = unpacked(&shop, "run.tar.zst");
        let path = dir.join(format!("signoffs/{at:04}.json"));
        let mut told: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        forge(&dir, |events| alter(&mut events[at], &mut told));
        restate(&shop, &dir, at, |_| serde_json::to_string_pretty(&told).unwrap() + "\n");
        let expected = match what {
            "nothing" => (0, GOOD.to_owned()),
            _ => (6, format!("does not conform at event {at}")),
        };
        assert_eq!(all_say(&shop, &dir, what), expected, "{what}");
    }
}

#[test]
fn the_script_tells_that_it_does_not_know_whether_a_recorded_configuration_can_be_read() {
    let shop = signed_off();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let script_of = |shop: &Shop| {
        let dir = unpacked(shop, "run.tar.zst");
        shop.bench.sh(&format!("cp -r '{}/.' '{}'", shop.bench.run_dir(1).display(), dir.display()));
        script(shop, &dir).stderr
    };
    let told = "not checked: whether the recorded holdpoint.toml can be read: its line";
    let toml = shop.bench.text("holdpoint.toml");
    let lists = toml.replace("qa = [", "lead = [ # one\n  \"qb@example.org\", # [\n]\nqa = [");
    for text in [&toml, &lists, &format!("\u{feff}# [ö]\r\n{toml}")] {
        swap(&shop, "config", text, "qa");
        let plain = script_of(&shop);
        assert!(!plain.contains(told), "{text}\n{plain}");
    }
    for text in [
        format!("{toml}\n[foo\n"),
        format!("{toml}\nfoo\n"),
        format!("\u{feff}\u{feff}{toml}"),
        format!("{toml}\n# a\rb\n"),
        format!("{toml}\n[roles]\n"),
    ] {
        swap(&shop, "config", &text, "qa");
        let (code, verdict) =
            two_say(&shop, &shop.bench.run_dir(1), None).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((code, verdict.as_str()), (6, "does not conform at event 0"), "{text}");
        let stderr = script_of(&shop);
        assert!(stderr.contains(told), "{text}\n{stderr}");
    }
}

#[test]
fn a_review_longer_than_it_may_be_does_not_hold_for_anybody() {
    let shop = reviewed();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    for (length, holds) in [(1 << 19, true), (1 << 20, false)] {
        let dir = unpacked(&shop, "run.tar.zst");
        let path = dir.join("reviews/0002.json");
        let mut all: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        all["text"] = json!("x".repeat(length));
        fs::write(&path, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
        sign_file(&shop, &path, "qa", "review@holdpoint");
        let (code, verdict) = all_say(&shop, &dir, "a long review");
        assert_eq!((code == 0, verdict.contains("its reviews do not hold")), (holds, !holds), "{verdict}");
    }
}
