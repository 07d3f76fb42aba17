//! Rules that do not hold, overridden by somebody with the role for it: on record, and at the head of every report.

use std::fs;

use holdpoint_xtask::sample::OneOf;
use serde_json::{Value, json};

use crate::export::{both_say, unpacked};
use crate::mill::{CLAIMS, approved, mill};
use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{Ran, forge};

const WHY: &str = "the mill is on fire";

fn overriding(shop: &Shop, environment: &str, who: &str, key: &str) -> Ran {
    let key = shop.key(key);
    let more = ["--override", WHY, "--override-by", who, "--override-key", key.to_str().unwrap()];
    shop.run(environment, &more)
}

/// A run under an override that a key signed.
fn overridden() -> Shop {
    let shop = mill(CLAIMS);
    let ran = overriding(&shop, "vault", QB, "qb");
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("RULES OVERRIDDEN: approved_document, by qb@example.org: the mill is on fire");
    shop
}

#[test]
fn an_override_is_the_first_thing_on_record_and_at_the_head_of_every_report() {
    let shop = overridden();
    let events = shop.bench.events(1);
    let rules: Vec<_> =
        events[0]["policy"]["unmet"].as_array().unwrap().iter().map(|it| &it["rule"]).collect();
    assert_eq!(rules, ["approved_document"]);
    let deviation = &events[1];
    assert_eq!((&deviation["type"], &deviation["kind"]), (&json!("deviation"), &json!("policy_overridden")));
    assert_eq!((&deviation["reason"], &deviation["by"]["who"]), (&json!(WHY), &json!(QB)));
    let by = &deviation["overridden"];
    assert_eq!(
        (&by["role"], &by["name"], &by["assurance"]),
        (&json!("lead"), &json!("Quentin Borrower"), &json!("ssh"))
    );
    shop.is(1, 0, "intact and complete");
    shop.bench.ends(0, &["verify", "1"]).says("1 signature by key checked");

    for format in ["markdown", "html", "junit", "cast"] {
        let report = shop.bench.ends(0, &["report", "1", "--format", format]).stdout.to_lowercase();
        assert!(!report.contains("policy overridden"), "{format}: {report}");
    }
    shop.bench.ends(0, &["report", "1", "--format", "markdown"]).says("| rules overridden |");

    let before_the_document = |format: &str, begins: &str| {
        let report = shop.bench.ends(0, &["report", "1", "--format", format]).stdout;
        let head = report.split_once(begins).unwrap_or_else(|| panic!("{format}: {report}")).0.to_owned();
        for said in [WHY, QB, "approved_document"] {
            assert!(head.contains(said), "{format}: {said}\n{head}");
        }
    };
    before_the_document("markdown", "## Steps");
    before_the_document("html", "<h2>The document, as executed");
    // Properties are those of the run's own suite, which stands last.
    before_the_document("junit", "</testsuites>");
    before_the_document("cast", "look#1");
    let report = shop.bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(report["deviations"][0]["reason"], WHY);
    assert_eq!(report["deviations"][0]["overridden"]["rules"], json!(["approved_document"]));
    assert_eq!(report["unmet"][0]["rule"], "approved_document");
    shop.bench.sh("umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out attest");
    shop.bench.ends(0, &["report", "1", "--format", "in-toto", "--key", "attest", "-o", "attested"]);
    let attested = shop.bench.sh("jq -r .payload attested | base64 -d | jq -c '.predicate.deviations[0]'");
    let attested: Value = serde_json::from_str(&attested).unwrap();
    assert_eq!((&attested["step"], &attested["reason"]), (&json!(""), &json!(WHY)));
    assert_eq!(attested["overridden"]["rules"], json!(["approved_document"]));
    assert_eq!(attested["overridden"]["key"], by["signature"]["key"]);
    let shown = shop.bench.ends(0, &["show", "1"]).stdout;
    let head = shown.split_once("\n\n").unwrap().0;
    assert!(head.contains("OVERRIDDEN") && head.contains(WHY) && head.contains("PASSED WITH "), "{head}");
}

#[test]
fn what_was_signed_with_an_override_is_checked_with_ssh_keygen_alone() {
    let shop = overridden();
    let statement = shop.bench.run_dir(1).join("signoffs/0001.json");
    let said: Value = serde_json::from_slice(&fs::read(&statement).unwrap()).unwrap();
    assert_eq!(said["statement"], format!("I override approved_document for this run: {WHY}"));
    assert_eq!((&said["meaning"], &said["role"]), (&json!("responsibility"), &json!("lead")));
    shop.bench.sh(&format!(
        "ssh-keygen -Y verify -n signoff@holdpoint -I {QB} -f allowed_signers -s '{0}.sig' < '{0}'",
        statement.display()
    ));
}

#[test]
fn without_the_role_a_reason_or_a_key_nothing_is_overridden_and_nothing_runs() {
    let shop = mill(CLAIMS);
    let ended = |ran: Ran, code: i32, why: &str| {
        assert_eq!(ran.code, code, "{}", ran.both());
        ran.says(why);
        assert!(!shop.bench.exists("looked"));
    };
    ended(overriding(&shop, "vault", QA, "qa"), 5, "qa@example.org does not have the role lead");
    ended(overriding(&shop, "strict", QB, "qb"), 5, "the environment lets nobody override its rules");
    ended(shop.run("vault", &["--override", " ", "--override-by", QB]), 2, "an override needs a reason");
    ended(shop.run("vault", &["--override", WHY]), 5, "ops@example.org does not have the role lead");
    ended(shop.run("vault", &["--override-by", QB]), 2, "--override");
    ended(shop.run("plain", &["--override", WHY]), 2, "there is nothing to override");
    assert!(!shop.bench.exists(".holdpoint"));
    // These are known only once the run has opened: it goes no further, and the attempt is on record.
    ended(overriding(&shop, "vault", QB, "qa"), 5, "is not one of qb@example.org");
    let note = &shop.bench.of_type(1, "note")[0];
    assert_eq!(note["by"]["who"], QB);
    let before = shop.bench.events(1).len();
    ended(shop.bench.holdpoint(&["resume", "1", "--unattended"]), 5, "nobody has overridden them");
    ended(shop.bench.holdpoint(&["handover", "1", "--to", QA]), 5, "rules that nobody has overridden");
    assert_eq!(shop.bench.events(1).len(), before);
    shop.is(1, 0, "intact, open");
    shop.bench.ends(0, &["show", "1"]).says("nobody overrode what did not hold");
    shop.bench.ends(0, &["report", "1"]).says("**The run goes no further.**");
}

#[test]
fn an_agent_that_is_not_there_is_told_before_anything_is_written() {
    let shop = mill(CLAIMS);
    let ran = shop.run("vault", &["--override", WHY, "--override-by", QB]);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("--override-key");
    assert!(!shop.bench.exists(".holdpoint"));
}

#[test]
fn every_rule_that_does_not_hold_is_overridden_at_once_and_by_name() {
    let shop = mill(&format!("{CLAIMS}effective_date: 2126-01-01\n"));
    shop.bench.sh("sed -i 's/^override = .*/&\\nprotected = true/' holdpoint.toml
        sed -i 's/approved_document = true/&, clean_commit = true, rehearsal = \"dry\"/' holdpoint.toml
        echo '[environments.dry]' >> holdpoint.toml
        echo 'rehearsal = true' >> holdpoint.toml
        echo >> sop.md");
    let ran = shop.run("production", &["--override", WHY, "--override-by", QB]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let deviation = &shop.bench.of_type(1, "deviation")[0];
    let rules = ["committed", "effective", "clean_commit", "approved_document", "rehearsal"];
    assert_eq!(deviation["overridden"]["rules"], json!(rules));
    assert_eq!(deviation["overridden"]["assurance"], "typed");
    shop.is(1, 0, "intact and complete");
}

#[test]
fn whoever_operates_does_not_override_where_it_takes_four_eyes() {
    let shop = mill(CLAIMS);
    shop.bench.sh("sed -i 's/^signature = .*/&\\nfour_eyes = true/' holdpoint.toml");
    let key = shop.key("qb");
    let more = ["--override", WHY, "--operator", QB, "--override-key", key.to_str().unwrap()];
    let ran = shop.run("vault", &more);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("takes somebody else").says("override = [\"ROLE\"]");
    // Where somebody else may, that is the way out.
    shop.bench.sh("sed -i 's/^lead = .*/lead = [\"qa@example.org\", \"qb@example.org\"]/' holdpoint.toml");
    let ran = shop.run("vault", &more);
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("Somebody who may overrides them: --override-by WHO (qa@example.org).");
    assert_eq!(overriding(&shop, "vault", QB, "qb").code, 0);
}

#[test]
fn nothing_of_an_override_can_be_rewritten_or_left_out() {
    let shop = overridden();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let unchanged = unpacked(&shop, "run.tar.zst");
    assert_eq!(both_say(&shop, &unchanged, "nothing").0, 0);
    // An insider rewrites it, chain and seal fitting again. Script and program say so; the program alone where it is
    // about roles.
    let one_of = OneOf::among(3);
    let told = |what: &str, both: bool, at: usize, how: &dyn Fn(&mut Vec<Value>)| {
        if !one_of.takes() {
            return;
        }
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, how);
        let told = if both {
            both_say(&shop, &dir, what)
        } else {
            let ran = shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]);
            (ran.code, ran.stdout.trim().to_owned())
        };
        assert_eq!(told, (6, format!("does not conform at event {at}")), "{what}");
    };
    let both = |what: &str, how: &dyn Fn(&mut Value)| told(what, true, 1, &|events| how(&mut events[1]));
    both("the reason", &|event| event["reason"] = json!("maintenance"));
    both("the person", &|event| event["by"]["who"] = json!(OPS));
    both("the name", &|event| event["overridden"]["name"] = json!("Q"));
    both("the role", &|event| event["overridden"]["role"] = json!("qa"));
    both("the rules", &|event| event["overridden"]["rules"] = json!(["rehearsal"]));
    both("the key", &|event| event["overridden"]["signature"]["key"] = json!("SHA256:x"));
    told("the operator", true, 1, &|events| events[0]["session"]["operator"] = json!(QA));
    told("typed instead", false, 1, &|events| {
        let overridden = events[1]["overridden"].as_object_mut().unwrap();
        overridden.remove("signature");
        overridden.insert("assurance".to_owned(), json!("typed"));
    });
    told("left out", false, 1, &|events| drop(events.remove(1)));
    told("left out with what did not hold", false, 0, &|events| {
        events.remove(1);
        events[0].as_object_mut().unwrap().remove("policy");
    });
    told("another role that may", false, 0, &|events| events[0]["policy"]["may_override"] = json!(["qa"]));
}

#[test]
fn an_override_moved_to_another_run_does_not_count() {
    let shop = overridden();
    assert_eq!(overriding(&shop, "vault", QB, "qb").code, 0);
    let (first, second) = (shop.bench.run_dir(1), shop.bench.run_dir(2));
    for name in ["signoffs/0001.json", "signoffs/0001.json.sig"] {
        fs::copy(first.join(name), second.join(name)).unwrap();
    }
    let signature = shop.bench.events(1)[1]["overridden"]["signature"].clone();
    shop.forge(2, |events| events[1]["overridden"]["signature"] = signature);
    shop.is(2, 6, "does not conform at event 1");
}

#[test]
fn a_dry_run_says_what_would_be_refused_and_overrides_nothing() {
    let shop = mill(CLAIMS);
    let ran = shop.run("vault", &["--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("a real run would be refused").says("it lacks the approval");
    assert_eq!(shop.run("vault", &["--dry-run", "--override", WHY]).code, 2);
    approved().run("vault", &["--dry-run"]);
}
