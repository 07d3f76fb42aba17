//! Records that were forged to find a difference between the three verifiers, and found one: they say the same of each.

use std::fs;
use std::path::PathBuf;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::approving::given_away;
use crate::export::{script, signed_off, unpacked};
use crate::independent::{GOOD, all_say, all_say_with, restate, rewrite};
use crate::mill::approved;
use crate::reviewing::{reviewed, sign_again as sign_file};
use crate::shop::{QA, Shop};
use crate::support::{HOLDPOINT, Ran, events, forge};
use crate::trust::{sign_again, swap, trusted};

/// The record as it stands now, in the bundle that was made of it when all was well.
fn packed(shop: &Shop) -> PathBuf {
    if !shop.bench.path("run.tar.zst").exists() {
        shop.bench.holdpoint(&["export", "1", "-o", "run.tar.zst"]);
    }
    let dir = unpacked(shop, "run.tar.zst");
    shop.bench.sh(&format!("cp -r '{}/.' '{}'", shop.bench.run_dir(1).display(), dir.display()));
    dir
}

/// What all three say of each case, and what is not as expected: all of it at once.
#[derive(Default)]
struct Cases(Vec<String>);

impl Cases {
    fn hold(&mut self, what: &str, expected: (i32, &str), says: impl FnOnce() -> (i32, String)) {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(says)) {
            Ok((code, words)) if code == expected.0 && words.starts_with(expected.1) => {}
            Ok(said) => self.0.push(format!("{what:?}: {said:?}")),
            Err(_) => self.0.push(format!("{what:?}: they differ")),
        }
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || self.0.is_empty(), "{:#?}", self.0);
    }
}

#[test]
fn a_mark_before_the_recorded_configuration_is_no_text_of_it() {
    let shop = signed_off();
    packed(&shop);
    let toml = shop.bench.text("holdpoint.toml");
    // At the head of what is asked for, too.
    let (head, tail) = toml.split_at(toml.find("[environments.production]").unwrap());
    let mut cases = Cases::default();
    for text in sample::some([format!("\u{feff}{toml}"), format!("\u{feff}{tail}\n{head}")], 2) {
        swap(&shop, "config", &text, "qa");
        cases.hold(&text, (0, GOOD), || all_say(&shop, &packed(&shop), "a mark"));
    }
}

#[test]
fn a_file_of_keys_with_characters_that_nobody_sees_is_none_for_anybody() {
    let before = signed_off();
    let signers = before.bench.text("allowed_signers");
    let mut cases = Cases::default();
    for begins in sample::some(["\u{feff}", "\u{c}", "\u{a0}", "x@example.org\u{2003}", "\u{1c}\n"], 2) {
        let text = format!("{begins}{signers}");
        let shop = signed_off();
        let dir = trusted(&shop);
        let bundle = packed(&shop);
        fs::write(dir.join("allowed_signers"), &text).unwrap();
        cases.hold(begins, (2, ""), || all_say_with(&shop, &bundle, Some(&dir), "trusted"));
        swap(&shop, "signers", &text, "qa");
        let at = shop.sign_off(1);
        let verdict = format!("does not conform at event {at}");
        cases.hold(begins, (6, &verdict), || all_say(&shop, &packed(&shop), "recorded"));
    }
}

#[test]
fn a_review_of_blanks_says_nothing_and_one_of_control_characters_does() {
    let shop = reviewed();
    packed(&shop);
    let mut cases = Cases::default();
    for (text, holds) in
        sample::some([("\u{1c}\u{1f}", true), ("\u{2003}\u{85}\u{a0} \n", false), ("\u{180e}", true)], 2)
    {
        let dir = unpacked(&shop, "run.tar.zst");
        let path = dir.join("reviews/0002.json");
        let mut all: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        all["text"] = json!(text);
        fs::write(&path, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
        sign_file(&shop, &path, "qa", "review@holdpoint");
        let refused = "intact and complete, by its own signers, but its reviews do not hold";
        let expected = if holds { (0, GOOD) } else { (6, refused) };
        cases.hold(text, expected, || all_say(&shop, &dir, "a review"));
    }
}

#[test]
fn a_tombstone_is_by_somebody_for_a_reason_at_a_time_for_everybody() {
    let shop = signed_off();
    let found = events(&shop.bench.run_dir(1));
    let end = found.iter().find(|event| event["type"] == "action.finished").unwrap();
    let blob = end["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    let key = shop.key("qa");
    let said = ["expunge", "1", "--blob", &blob, "--reason", "a token", "--operator", QA, "--key"];
    shop.bench.ends(0, &[&said[..], &[key.to_str().unwrap()]].concat());
    packed(&shop);
    let mut cases = Cases::default();
    for (field, text, counts) in sample::some(
        [
            ("reason", "\u{1c}", true),
            ("reason", "\u{2003}\n", false),
            ("at", "2026-03-02T09:00:00z", false),
            ("at", "2026-03-02t09:00:00Z", false),
            ("at", "2026-03-02 09:00:00Z", false),
            ("at", "2026-03-02T09:00:60Z", false),
            ("at", "2026-02-30T09:00:00Z", false),
        ],
        2,
    ) {
        let dir = unpacked(&shop, "run.tar.zst");
        let path = dir.join(format!("blobs/sha256/{blob}.expunged"));
        let mut stone: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        stone[field] = json!(text);
        fs::write(&path, stone.to_string()).unwrap();
        sign_file(&shop, &path, "qa", "expunge@holdpoint");
        let verdict = if counts { "expunged: 1 blob(s), signed for" } else { "altered at event" };
        cases.hold(text, (6, verdict), || all_say(&shop, &dir, "a tombstone"));
    }
}

/// Another writing of the time at which the first sign-off was signed.
type Rewritten = fn(&str) -> String;

#[test]
fn the_time_of_a_statement_has_one_writing_for_everybody() {
    let shop = signed_off();
    packed(&shop);
    let at = shop.sign_off(1);
    let mut cases = Cases::default();
    let writings: [(Rewritten, bool); 7] = [
        (|time| format!("{}Z", &time[..19]), true),
        (|time| format!("{}z", &time[..19]), false),
        (|time| format!("{}60Z", &time[..17]), false),
        (|time| format!("{}+0000", &time[..19]), false),
        (|time| format!("{}+00:60", &time[..19]), false),
        (|time| format!("{}.0000000001Z", &time[..19]), false),
        (|time| format!("{}Z[UTC]", &time[..19]), false),
    ];
    for (how, counts) in writings {
        let dir = unpacked(&shop, "run.tar.zst");
        let mut written = String::new();
        restate(&shop, &dir, at, |text| {
            let told: Value = serde_json::from_str(&text).unwrap();
            let time = told["at"]["time"].as_str().unwrap();
            let utc = time.parse::<jiff::Timestamp>().unwrap().to_string();
            written = how(&utc);
            text.replacen(time, &written, 1)
        });
        let refused = format!("does not conform at event {at}");
        let expected = if counts { (0, GOOD) } else { (6, refused.as_str()) };
        cases.hold(&written, expected, || all_say(&shop, &dir, "a statement"));
    }
}

#[test]
fn a_version_of_the_format_has_one_writing_for_everybody() {
    let shop = signed_off();
    packed(&shop);
    let mut cases = Cases::default();
    for (version, code) in sample::some(
        [
            ("3.0", 2),
            ("2.10", 2),
            ("999999999.999999999", 2),
            ("1000000000.0", 6),
            ("99999999999.0", 6),
            ("2.18446744073709551616", 6),
            ("03.0", 6),
            ("3.00", 6),
            ("3.0\\n", 6),
            ("\\n3.0", 6),
            ("x\\n3.0", 6),
            ("٣.٠", 6),
            ("+3.0", 6),
            ("3.", 6),
            ("3.0.0", 6),
        ],
        2,
    ) {
        let dir = unpacked(&shop, "run.tar.zst");
        rewrite(&dir, 0, "\"format\":\"2.0\"", &format!("\"format\":\"{version}\""));
        let verdict = if code == 6 { "altered at event 0" } else { "" };
        cases.hold(version, (code, verdict), || all_say(&shop, &dir, "a version"));
    }
}

#[test]
fn a_zone_that_is_no_name_of_the_data_base_is_none_for_anybody() {
    let shop = signed_off();
    packed(&shop);
    let at = shop.sign_off(1);
    let mut cases = Cases::default();
    for (zone, known) in sample::some(
        [
            ("Europe/Berlin", true),
            ("+05:45", true),
            ("utc", false),
            ("right/UTC", false),
            ("posix/UTC", false),
            ("localtime", false),
            ("posixrules", false),
            ("Mars/Olympus", false),
            ("CET-1CEST", false),
            ("EST5EDT,M3.2.0,M11.1.0", false),
            ("+0545", false),
            ("+24", false),
            ("../UTC", false),
            ("", false),
        ],
        2,
    ) {
        shop.forge(1, |events| events[0]["session"]["time_zone"] = json!(zone));
        sign_again(&shop, "qa");
        let refused = format!("does not conform at event {at}");
        let expected = if known { (0, GOOD) } else { (6, refused.as_str()) };
        cases.hold(zone, expected, || all_say(&shop, &packed(&shop), "a zone"));
    }
}

#[test]
fn a_run_records_the_zone_that_its_clock_goes_by_or_does_not_begin() {
    for (asked, recorded) in sample::some(
        [
            ("posix/Europe/Berlin", None),
            ("right/Europe/Berlin", None),
            (":posix/Europe/Berlin", None),
            ("right/UTC", None),
            ("utc", Some("UTC")),
            ("", Some("UTC")),
            ("CET-1CEST", None),
            ("Mars/Olympus", None),
        ],
        2,
    ) {
        let shop = Shop::new(1);
        let mut command = shop.bench.command(HOLDPOINT);
        command.env("TZ", asked).args(["run", "book.md", "--env", "production", "--unattended"]);
        let ran = Ran::of(command.output().unwrap());
        match recorded {
            Some(zone) => {
                assert_eq!(ran.code, 3, "{asked}: {}", ran.both());
                assert_eq!(shop.bench.events(1)[0]["session"]["time_zone"], json!(zone), "{asked}");
            }
            None => {
                assert_eq!(ran.code, 2, "{asked}: {}", ran.both());
                assert!(ran.stderr.contains("TZ is `") && ran.stderr.contains(" zone"), "{}", ran.stderr);
            }
        }
    }
}

#[test]
fn a_list_of_revoked_keys_that_is_named_and_not_there_is_missed_by_everybody() {
    let shop = signed_off();
    let dir = trusted(&shop);
    let bundle = packed(&shop);
    let says = |what: &str| all_say_with(&shop, &bundle, Some(&dir), what);
    assert_eq!(says("as it was"), (0, "intact and complete, by trusted signers".to_owned()));
    fs::remove_file(dir.join("revoked_keys")).unwrap();
    assert_eq!(says("gone"), (2, String::new()));
    fs::write(dir.join("revoked"), "").unwrap();
    assert_eq!(says("another beside it"), (2, String::new()), "a plain name is no way round it");
    // So it is with whom one trusts.
    fs::copy(dir.join("allowed_signers"), dir.join("others")).unwrap();
    fs::write(dir.join("revoked_keys"), "").unwrap();
    let toml = shop.bench.text("holdpoint.toml").replace("\"allowed_signers\"", "\"alowed_signers\"");
    fs::write(dir.join("holdpoint.toml"), toml).unwrap();
    assert_eq!(says("signers that are not there"), (2, String::new()));
}

#[test]
fn the_first_day_that_there_is_is_a_time_for_everybody() {
    let shop = signed_off();
    packed(&shop);
    let at = shop.sign_off(1) + 1;
    let mut cases = Cases::default();
    for (time, code) in sample::some(
        [
            ("0001-01-01T00:00:00Z", 0),
            ("0000-02-29T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", 0),
            ("0001-02-29T00:00:00Z", 6),
            ("0000-02-30T00:00:00Z", 6),
            ("0000-13-01T00:00:00Z", 6),
            ("2026-03-02T09:00:00Z\\n", 6),
        ],
        2,
    ) {
        let dir = unpacked(&shop, "run.tar.zst");
        let before = events(&dir)[at]["at"].as_str().unwrap().to_owned();
        rewrite(&dir, at, &before, time);
        let expected = if code == 0 { (0, GOOD) } else { (6, "altered at event") };
        cases.hold(time, expected, || all_say(&shop, &dir, "a time"));
    }
}

#[test]
fn an_approval_by_a_plain_key_that_says_otherwise_is_refused_by_everybody() {
    let shop = given_away();
    let mut cases = Cases::default();
    for (assurance, code) in sample::some([("ssh", 0), ("fido-uv", 6), ("typed", 6), ("rehearsal", 6)], 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| events[0]["policy"]["approvals"][1]["assurance"] = json!(assurance));
        let expected = if code == 0 { (0, GOOD) } else { (6, "does not conform at event 0") };
        cases.hold(assurance, expected, || all_say(&shop, &dir, "an approval"));
    }
    let dir = unpacked(&shop, "run.tar.zst");
    forge(&dir, |events| events[0]["policy"]["approvals"][1]["assurance"] = json!("fido"));
    // A word that there is not: the script does not hold values of events, and says where it stands all the same.
    let ran = shop.bench.ends(6, &["verify", dir.to_str().unwrap()]);
    assert_eq!(ran.stdout.trim(), "altered at event 0");
    assert_eq!(script(&shop, &dir).code, 6);
}

#[test]
fn two_lists_of_revoked_keys_of_which_one_would_hide_the_other_are_none_for_anybody() {
    let shop = signed_off();
    let dir = trusted(&shop);
    let bundle = packed(&shop);
    let toml = shop.bench.text("holdpoint.toml");
    let unnamed = toml.replace("revoked = \"revoked_keys\"\n", "");
    assert_ne!(toml, unnamed);
    let path = dir.to_str().unwrap();
    let mut cases = Cases::default();
    for (hidden, shown) in sample::some([("revoked", "revoked_keys"), ("revoked_keys", "revoked")], 2) {
        fs::copy(shop.key("qa.pub"), dir.join(hidden)).unwrap();
        fs::write(dir.join(shown), "").unwrap();
        for config in [None, Some(&unnamed)] {
            let _ = fs::remove_file(dir.join("holdpoint.toml"));
            let _ = config.map(|text| fs::write(dir.join("holdpoint.toml"), text).unwrap());
            cases.hold(hidden, (2, ""), || all_say_with(&shop, &bundle, Some(&dir), "both"));
        }
        for words in [&["verify", "1", "--trust", path][..], &["audit", "--trust", path]] {
            shop.bench.ends(2, words).says("revoked and revoked_keys both lie in it");
        }
        let mut command = shop.bench.command("sh");
        command.arg(bundle.join("verify.sh")).args(["--trust", path]);
        let stock = Ran::of(command.output().unwrap());
        assert!(
            stock.stderr.contains("revoked") && stock.stderr.contains("both lie there"),
            "{}",
            stock.stderr
        );
    }
    // One that is named is that one, as before: the other is nobody's.
    fs::write(dir.join("holdpoint.toml"), &toml).unwrap();
    fs::copy(shop.key("qa.pub"), dir.join("revoked")).unwrap();
    fs::write(dir.join("revoked_keys"), "").unwrap();
    let by_trusted = (0, "intact and complete, by trusted signers");
    cases.hold("named", by_trusted, || all_say_with(&shop, &bundle, Some(&dir), "one is named"));
    // One alone counts, whichever it is.
    fs::write(dir.join("holdpoint.toml"), &unnamed).unwrap();
    for (one, other) in sample::some([("revoked", "revoked_keys"), ("revoked_keys", "revoked")], 2) {
        fs::copy(shop.key("qa.pub"), dir.join(one)).unwrap();
        let _ = fs::remove_file(dir.join(other));
        let refused = (6, "intact and complete, but not as trusted");
        cases.hold(one, refused, || all_say_with(&shop, &bundle, Some(&dir), "one alone"));
    }
}

#[test]
fn when_a_rehearsal_ended_is_the_same_time_for_everybody_however_it_is_written() {
    let shop = approved();
    let (bench, config) = (&shop.bench, shop.bench.text("holdpoint.toml"));
    let rule = "requires = { approved_document = true, rehearsal = \"staging\" }";
    let config = config.replacen("requires = { approved_document = true }", rule, 1);
    bench.file("holdpoint.toml", &format!("{config}\n[environments.staging]\nrehearsal = true\n"));
    shop.commit();
    shop.runs("staging");
    shop.runs("production");
    bench.ends(0, &["export", "2", "-o", "run.tar.zst"]);
    let ended = bench.events(2)[0]["policy"]["rehearsed"]["ended"].as_str().unwrap().to_owned();
    let whole = ended.strip_suffix('Z').unwrap();
    let (time, fraction) = whole.split_once('.').unwrap_or((whole, "0"));
    let (hour, rest) = (time[11..13].parse::<u32>().unwrap(), &time[13..]);
    // In a zone in which it is the same day.
    let (there, offset) = if hour < 23 { (hour + 1, "+01:00") } else { (hour - 1, "-01:00") };
    let mut cases = Cases::default();
    for (text, same) in sample::some(
        [
            (format!("{whole}Z"), true),
            (format!("{whole}+00:00"), true),
            (format!("{whole}-00:00"), true),
            (format!("{time}.{fraction:0<9}Z"), true),
            (format!("{}{there:02}{rest}.{fraction}{offset}", &time[..11]), true),
            (format!("{whole}+01:00"), false),
            (format!("{time}.{fraction:0<8}1Z"), false),
        ],
        2,
    ) {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| events[0]["policy"]["rehearsed"]["ended"] = json!(text));
        let expected = if same { (0, GOOD) } else { (6, "does not conform at event 0") };
        cases.hold(&text, expected, || all_say(&shop, &dir, "a rehearsal"));
    }
    for text in
        [format!("{whole}z"), format!("{whole}+0000"), format!("{whole}+00:00[UTC]"), format!("{time}.Z")]
    {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| events[0]["policy"]["rehearsed"]["ended"] = json!(text));
        // What is no time is no event to those who hold values of events.
        bench.ends(6, &["verify", dir.to_str().unwrap()]);
        assert_eq!(script(&shop, &dir).code, 6, "{text}");
    }
}
