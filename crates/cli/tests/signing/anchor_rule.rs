//! `requires = { anchor = true }`: nothing goes on after a sign-off before the record is anchored, and a seal that nobody
//! anchored is told by everybody.

use std::fs;

use serde_json::{Value, json};

use crate::authority::Authority;
use crate::export::unpacked;
use crate::independent::three_say;
use crate::shop::{OPS, QA, Shop};
use crate::support::{Ran, forge, sha256};

const ENVIRONMENTS: &str = r#"
[environments.release]
signature = "ssh"
override = ["operator"]
requires = { anchor = true }

[environments.dry]
rehearsal = true
requires = { anchor = true }

[environments.after]
requires = { rehearsal = "dry" }
"#;

const LACKS: &str = "intact and complete, by its own signers, but it has no anchor";

/// The shop with these environments, and its authority.
fn shop() -> (Shop, Authority) {
    let shop = Shop::new(1);
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    shop.bench.file("holdpoint.toml", &(config + ENVIRONMENTS));
    let authority = Authority::new(shop.bench.all().join("tsa"));
    (shop, authority)
}

/// A run of the release that was signed off, and not anchored.
fn signed_off() -> (Shop, Authority) {
    let (shop, authority) = shop();
    shop.bench.ends(3, &["run", "book.md", "--env", "release", "--unattended"]);
    shop.signs("1", QA, "qa");
    (shop, authority)
}

fn anchor(shop: &Shop, run: &str, authority: &Authority) -> Ran {
    shop.bench.ends(0, &["anchor", run, "--tsa", &authority.url])
}

/// A release that went to its end, anchored at the sign-off and not over its seal.
fn over() -> (Shop, Authority) {
    let (shop, authority) = signed_off();
    anchor(&shop, "1", &authority);
    shop.resumes("1");
    (shop, authority)
}

#[test]
fn nothing_goes_on_after_a_sign_off_before_the_record_is_anchored_as_far_as_that() {
    let (shop, authority) = shop();
    shop.bench.ends(3, &["run", "book.md", "--env", "release", "--unattended"]);
    // One from before the sign-off is none over it.
    anchor(&shop, "1", &authority);
    let signing = ["sign", "1", "--as", QA, "--yes", "--key"];
    // No next step is the command that was just typed, and none is one that is refused.
    let failed = shop.bench.ends(3, &[&signing[..], &["/nonexistent"]].concat());
    failed.says("Nothing was signed");
    assert!(!failed.both().contains("Or park"), "{}", failed.both());
    let key = shop.key("qa");
    let signed = shop.bench.ends(0, &[&signing[..], &[key.to_str().unwrap()]].concat());
    signed.says("release asks for an anchor first. Anchor it: holdpoint anchor 1");
    // Nor does anybody else say that it goes on before.
    let first = "holdpoint anchor 1 --tsa URL (or --git-tag): release asks for an anchor at each sign-off";
    let shown = shop.bench.ends(0, &["show", "1"]);
    shown.says(first).says("then holdpoint resume 1");
    assert!(!shown.stdout.contains("go on with   holdpoint resume"), "{}", shown.stdout);
    let before = shop.bench.tree();
    let ran = shop.bench.ends(5, &["resume", "1", "--unattended"]);
    ran.says("release asks for an anchor at each sign-off, and none is over what was signed off at event");
    ran.says("holdpoint anchor 1 --tsa URL (or --git-tag)");
    assert_eq!(shop.bench.tree(), before);
    anchor(&shop, "1", &authority);
    let shown = shop.bench.ends(0, &["show", "1"]);
    shown.says("go on with   holdpoint resume 1");
    assert!(!shown.stdout.contains(first), "{}", shown.stdout);
    shop.bench.ends(0, &["resume", "1", "--unattended"]).says("release asks for an anchor over its seal");
    let session = shop.bench.of_type(1, "session.opened").pop().unwrap();
    let statement = fs::read(shop.bench.run_dir(1).join("anchors/0002.json")).unwrap();
    let events = shop.sign_off(1) + 1;
    assert_eq!(session["anchor"], json!({ "number": 2, "statement": sha256(&statement), "events": events }));
    assert_eq!(shop.bench.events(1)[0]["policy"]["kept"], json!(["roles", "anchor"]));
}

#[test]
fn a_tag_by_a_key_that_is_listed_for_something_else_is_told_to_be_no_anchor_when_it_is_made() {
    let (shop, _authority) = signed_off();
    shop.bench.sh("git init -q . && git config user.name Olive && git config user.email ops@example.org && git add book.md && git commit -qm one");
    let key = shop.key("ops");
    let ran = shop.bench.holdpoint(&["anchor", "1", "--git-tag", "--key", key.to_str().unwrap()]);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("nobody vouches for its key")
        .says("so it is not the anchor that release asks for")
        .says("namespace git");
    shop.bench.ends(5, &["resume", "1", "--unattended"]).says("none is over what was signed off");
}

#[test]
fn a_seal_that_nobody_anchored_is_told_by_verify_audit_reports_and_the_script() {
    let (shop, authority) = over();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    assert_eq!(three_say(&shop, &unpacked(&shop, "run.tar.zst"), "no anchor"), (6, LACKS.to_owned()));
    let ran = shop.bench.ends(6, &["verify", "1"]);
    ran.says(LACKS).says("release asks for one over the seal");
    shop.bench.ends(6, &["audit"]).says("anchor: it has no anchor, and release asks for one over the seal");
    shop.bench.ends(0, &["show", "1"]).says("release asks for an anchor over the seal");
    for format in ["markdown", "html"] {
        let report = shop.bench.ends(0, &["report", "1", "--format", format]).stdout;
        assert!(report.contains("The record has no anchor"), "{format}");
    }
    anchor(&shop, "1", &authority);
    shop.is(1, 0, "intact and complete");
    shop.bench.ends(0, &["verify", "1"]);
    shop.bench.ends(0, &["audit"]);
    shop.bench.ends(0, &["export", "1", "-o", "anchored.tar.zst"]);
    let good = three_say(&shop, &unpacked(&shop, "anchored.tar.zst"), "anchored");
    assert_eq!(good, (0, "intact and complete".to_owned()));
    let report = shop.bench.ends(0, &["report", "1"]).stdout;
    assert!(!report.contains("The record has no anchor"), "{report}");
    let page = shop.bench.ends(0, &["report", "1", "--format", "html"]).stdout;
    assert!(page.contains("<a href=\"#anchors\">") && page.contains("<section id=\"anchors\">"));
}

#[test]
fn an_anchor_that_the_run_relied_on_is_missed_where_it_is_gone_or_another() {
    let (shop, authority) = over();
    anchor(&shop, "1", &authority);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let words = "intact and complete, by its own signers, but its anchors do not hold".to_owned();
    let dir = unpacked(&shop, "run.tar.zst");
    fs::remove_dir_all(dir.join("anchors")).unwrap();
    assert_eq!(three_say(&shop, &dir, "all are gone"), (6, words.clone()));
    // The one over the seal takes the place of the one over the head.
    let dir = unpacked(&shop, "run.tar.zst");
    let one = dir.join("anchors/0001.json");
    let mut said: Value = serde_json::from_slice(&fs::read(dir.join("anchors/0002.json")).unwrap()).unwrap();
    said["number"] = json!(1);
    fs::write(&one, serde_json::to_string_pretty(&said).unwrap() + "\n").unwrap();
    fs::rename(dir.join("anchors/0002.tsr"), dir.join("anchors/0001.tsr")).unwrap();
    fs::remove_file(dir.join("anchors/0002.json")).unwrap();
    assert_eq!(three_say(&shop, &dir, "another"), (6, words));
    // That the run went on without one, the engine says.
    let dir = unpacked(&shop, "run.tar.zst");
    forge(&dir, |events| {
        let session = events.iter_mut().rfind(|event| event["type"] == "session.opened").unwrap();
        session.as_object_mut().unwrap().shift_remove("anchor");
    });
    shop.bench
        .ends(6, &["verify", dir.to_str().unwrap()])
        .says("does not conform")
        .says("the rule anchor does not hold");
}

#[test]
fn a_named_role_answers_for_going_without_and_the_deviation_is_told() {
    let (shop, _) = signed_off();
    let key = shop.key("ops");
    let overriding =
        ["resume", "1", "--unattended", "--override", "the authority is down", "--override-by", OPS];
    shop.bench.ends(0, &[&overriding[..], &["--override-key", key.to_str().unwrap()]].concat());
    assert_eq!(shop.bench.of_type(1, "deviation")[0]["overridden"]["rules"], json!(["anchor"]));
    shop.is(1, 0, "intact and complete");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    assert_eq!(three_say(&shop, &unpacked(&shop, "run.tar.zst"), "overridden").0, 0);
    shop.bench.ends(0, &["audit"]);
}

#[test]
fn an_authority_that_cannot_be_reached_keeps_the_run_where_it_is() {
    let (shop, _) = signed_off();
    let ran = shop.bench.holdpoint(&["anchor", "1", "--tsa", "http://127.0.0.1:1/"]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    ran.says("there is no time-stamp from").says("Ask again later");
    shop.bench.ends(5, &["resume", "1", "--unattended"]).says("holdpoint anchor 1");
    assert!(!shop.bench.exists("live"));
}

#[test]
fn the_configured_authority_is_asked_where_nothing_else_is_said_and_no_other_counts() {
    let (shop, authority) = signed_off();
    let other = Authority::new(shop.bench.all().join("other"));
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    fs::copy(authority.ca(), shop.bench.path("tsa.pem")).unwrap();
    shop.bench.ends(2, &["anchor", "1"]).says("[anchors] tsa");
    let anchors = format!("{config}\n[anchors]\ntsa = \"{}\"\nca = \"tsa.pem\"\n", authority.url);
    shop.bench.file("holdpoint.toml", &anchors);
    anchor(&shop, "1", &other);
    let ran = shop.bench.ends(5, &["resume", "1", "--unattended"]);
    ran.says("anchor 1 does not count").says("Anchor it: holdpoint anchor 1.");
    shop.bench.ends(0, &["anchor", "1"]).says("time-stamped by");
    shop.resumes("1");
    // Whoever answers there with another key gets nothing kept.
    shop.bench.file("holdpoint.toml", &anchors.replace(&authority.url, &other.url));
    shop.bench.ends(2, &["anchor", "1"]);
    assert!(!shop.bench.run_dir(1).join("anchors/0003.json").exists());
}

#[test]
fn a_rehearsal_whose_environment_asks_for_an_anchor_counts_once_it_has_one() {
    let (shop, authority) = shop();
    shop.bench.file("small.md", "---\nrunbook: 1\n---\n# Small\n\n## Look\n\n```sh check\ntrue\n```\n");
    shop.bench.ends(0, &["run", "small.md", "--env", "dry", "--unattended"]);
    let ran = shop.bench.ends(5, &["run", "small.md", "--env", "after", "--unattended"]);
    ran.says("run 1: it has no anchor, and dry asks for one over the seal").says("holdpoint anchor 1");
    anchor(&shop, "1", &authority);
    shop.bench.ends(0, &["run", "small.md", "--env", "after", "--unattended"]);
}

#[test]
fn values_and_keys_that_are_none_are_errors() {
    let (shop, _) = shop();
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    let asks = "requires = { anchor = true }";
    for (written, said) in [
        ("requires = { anchor = \"yes\" }", "write `true` or `false`"),
        ("requires = { anchor = \"true\" }", "write `true` or `false`"),
        ("requires = { anchor = 1 }", "write `true` or `false`"),
        ("requires = { anchors = true }", "`anchor`"),
        ("requires = { anchro = true }", "`anchor`"),
        ("requires = { anchor = true }\nanchor = true", "anchor"),
    ] {
        shop.bench.file("holdpoint.toml", &config.replacen(asks, written, 1));
        shop.bench.ends(2, &["check", "book.md"]).says(said).says("holdpoint.toml");
    }
    for (written, said) in [
        ("tsa = \"freetsa.org\"", "it begins with https:// or http://"),
        ("ca = \"tsa.pem\"", "no authority is named"),
        ("url = \"https://tsa.example\"", "url"),
        ("tsa = [\"https://tsa.example\"]", "tsa"),
    ] {
        shop.bench.file("holdpoint.toml", &format!("{config}\n[anchors]\n{written}\n"));
        shop.bench.ends(2, &["check", "book.md"]).says(said).says("holdpoint.toml");
    }
}
