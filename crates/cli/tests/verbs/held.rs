//! Rules are held when something is done: at each session, before a sign-off and after one.

use serde_json::json;

use crate::looked::*;
use crate::runs::book;
use crate::support::Bench;

#[test]
fn a_session_says_what_the_repository_was_when_it_began() {
    let bench = signed_off();
    bench.ends(0, &RESUME);
    let session = &bench.of_type(1, "session.opened")[0];
    let head = bench.sh("git rev-parse HEAD");
    assert_eq!(
        (&session["commit"], &session["dirty"], &session["committed"]),
        (&json!(head.trim()), &json!(false), &json!(true))
    );
    assert!(session.get("unmet").is_none());
    assert_eq!(
        bench.events(1)[0]["policy"]["kept"],
        json!(["committed", "clean_commit", "same_commit", "roles"])
    );
    bench.ends(0, &["verify", "1"]);
    let report = bench.ends(0, &["report", "1", "--format", "json"]).json();
    assert_eq!(report["sessions"][1]["commit"], json!(head.trim()));
    // Where nothing must keep holding it is said too.
    bench.ends(3, &["run", "book.md", "--env", "plain", "--unattended"]);
    bench.file("more", "");
    bench.ends(3, &["resume", "2", "--unattended"]);
    assert_eq!(bench.of_type(2, "session.opened")[0]["dirty"], json!(true));
}

#[test]
fn a_run_is_not_taken_up_in_a_tree_that_moved_or_changed() {
    let changes = [
        ("echo 'echo changed > came' > s.sh", "the work tree has uncommitted changes now"),
        ("git commit -q --allow-empty -m on", "the repository moved from the commit"),
        ("git rm -q book.md; git commit -qm gone; git show HEAD~1:book.md > book.md", "not as committed now"),
        (
            "sed -i 's/^qa = .*/qa = []/' holdpoint.toml; git commit -qam withdrawn",
            "qa@example.org signed off as qa, and holdpoint.toml gives them that role no more",
        ),
        ("rm -rf .git", "in no git commit now"),
    ];
    for (change, why) in changes {
        let bench = signed_off();
        let before = bench.events(1).len();
        bench.sh(change);
        bench.ends(5, &RESUME).says(why);
        assert_eq!(bench.events(1).len(), before, "{change}");
        assert!(!bench.exists("came"), "{change}");
    }
    // And goes on once it is as it was.
    let bench = signed_off();
    bench.sh("echo more > more");
    bench.ends(5, &RESUME);
    bench.sh("rm more");
    bench.ends(0, &RESUME);
    assert_eq!(bench.text("came"), "committed\n");
}

#[test]
fn what_to_do_about_a_tree_that_changed_does_not_lead_into_the_next_refusal() {
    // What is committed before a run opens is named; while it lasts, it may be what the run itself has done.
    let bench = gated();
    bench.sh("echo echo >> s.sh; touch more 'two words' z");
    bench.ends(5, &RUN).says("It differs in s.sh, more, two words and 1 more. Commit or stash that");
    let bench = signed_off();
    bench.file("more", "");
    let ran = bench.ends(5, &RESUME);
    ran.says("It differs in more. If this run's blocks wrote that").says("undo or stash none of it");
    ran.says("A commit would move the repository off").says("--override");
    assert!(!ran.both().contains("Commit or stash"), "{}", ran.both());
    bench.sh("git add -A && git stash -q");
    bench.ends(0, &RESUME);
    let bench = signed_off();
    bench.sh("git rm -q book.md; git commit -qm gone; git show HEAD~1:book.md > book.md");
    let ran = bench.ends(5, &RESUME);
    ran.says("Go back to a commit that has the document as it was recorded");
    assert!(!ran.both().contains("Commit its changes"), "{}", ran.both());
    bench.sh("git reset -q --hard HEAD~1");
    bench.ends(0, &RESUME);
}

#[test]
fn a_run_whose_every_block_has_passed_is_closed_whatever_the_tree_is_then() {
    let bench = signed_off();
    bench.ends(0, &RESUME);
    let dir = bench.run_dir(1);
    bench.sh(&format!(
        "cd '{}'; chmod -R u+w .; sed -i '$d' run.jsonl; sed -i '$s/.more.:true,//' run.jsonl; rm seal.json",
        dir.display()
    ));
    bench.sh("echo > more");
    bench.ends(0, &["resume", "1", "--unattended"]).says("PASSED");
    let session = &bench.of_type(1, "session.opened")[1];
    assert_eq!(session["unmet"][0]["rule"], "clean_commit");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn somebody_whose_role_was_withdrawn_signs_nothing_more() {
    let bench = gated();
    bench.ends(3, &RUN);
    bench.sh("sed -i 's/^qa = .*/qa = []/' holdpoint.toml");
    let before = bench.events(1).len();
    bench
        .ends(5, &["sign", "1", "--as", "qa@example.org", "--yes"])
        .says("gives qa@example.org the role qa no more");
    assert_eq!(bench.events(1).len(), before);
}

#[test]
fn a_tree_that_changed_is_overridden_by_a_named_role_as_a_deviation() {
    let bench = signed_off();
    bench.sh("echo 'echo changed > came' > s.sh");
    let overriding =
        |who: &'static str| [&RESUME[..], &["--override", "it is urgent", "--override-by", who]].concat();
    bench.ends(5, &overriding("qa@example.org")).says("does not have the role lead");
    assert!(!bench.exists("came"));
    bench.ends(0, &overriding("lead@example.org")).says("RULES OVERRIDDEN");
    assert_eq!(bench.text("came"), "changed\n");
    let types: Vec<String> =
        bench.events(1).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        types[types.len() - 6..],
        ["session.opened", "deviation", "item.confirmed", "action.started", "action.finished", "run.closed"]
    );
    let session = &bench.of_type(1, "session.opened")[0];
    assert_eq!((&session["dirty"], &session["unmet"][0]["rule"]), (&json!(true), &json!("clean_commit")));
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    for format in ["junit", "html", "json", "markdown"] {
        bench.ends(0, &["report", "1", "--format", format]).says("it is urgent");
    }
    bench.ends(0, &["show", "1"]).says("did not hold");
    // Where all holds there is nothing to override; and a role that was withdrawn is none.
    let bench = signed_off();
    bench.ends(2, &overriding("lead@example.org")).says("there is nothing to override");
    bench.sh("sed -i 's/^lead = .*/lead = []/' holdpoint.toml");
    bench.ends(5, &overriding("lead@example.org")).says("any more");
}

#[test]
fn a_record_that_hides_what_did_not_hold_does_not_conform() {
    let bench = signed_off();
    bench.sh("echo 'echo changed > came' > s.sh");
    bench.ends(0, &[&RESUME[..], &["--override", "urgent", "--override-by", "lead@example.org"]].concat());
    let dir = bench.run_dir(1);
    crate::support::forge(&dir, |events| {
        events.retain(|event| event["type"] != "deviation");
        let session = events.iter_mut().find(|event| event["type"] == "session.opened").unwrap();
        session.as_object_mut().unwrap().remove("unmet");
    });
    bench.ends(6, &["verify", "1"]).says("the rule clean_commit does not hold");
    let bench = signed_off();
    bench.ends(0, &RESUME);
    crate::support::forge(&bench.run_dir(1), |events| {
        events[0]["policy"].as_object_mut().unwrap().remove("kept");
    });
    bench.ends(6, &["verify", "1"]).says("rules that must keep holding");
}

#[test]
fn what_a_run_did_is_taken_back_in_the_tree_that_it_left() {
    let bench = rehearsed("echo > left\n```\n\n```sh rollback\nrm left; echo undone > ../undone");
    let run = ["run", "book.md", "--env", "prod", "--unattended", "--answers", "answers.yaml"];
    bench.ends(5, &run).says("takes back what was done, or aborts");
    bench.file("answers.yaml", "steps: { release: { choice: rollback, reason: it left something } }\n");
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    let ran = bench.holdpoint(&resume);
    assert_eq!(ran.code, 1, "{}", ran.both());
    ran.says("uncommitted changes now").says("RULES DO NOT HOLD");
    assert!(!bench.exists("left") && bench.exists("../undone") && !bench.exists("came"));
    let types: Vec<String> =
        bench.events(1).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        types[types.len() - 5..],
        ["session.opened", "rollback.opened", "rollback.started", "rollback.finished", "run.closed"]
    );
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

/// Blocks that change the repository, and a sign-off from an answers file between them.
fn rehearsed(first: &str) -> Bench {
    let body = format!("## First\n\n```sh run\n{first}\n```\n\n{GATED}");
    let bench = Bench::with(&[
        ("book.md", &book("roles: [qa]\n", &body)),
        ("s.sh", "echo committed > came\n"),
        ("holdpoint.toml", CONFIG),
        (".gitignore", "/.holdpoint/\n/came\n"),
        ("answers.yaml", BOTH),
    ]);
    bench.committed();
    bench
}

#[test]
fn what_a_block_does_to_the_commit_is_seen_before_the_sign_off_and_what_it_leaves_uncommitted_is_refused() {
    let run = ["run", "book.md", "--env", "prod", "--unattended", "--answers", "answers.yaml"];
    let bench = rehearsed("git commit -q --allow-empty -m by-the-run");
    bench.ends(0, &run);
    let types: Vec<String> =
        bench.events(1).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    let after = [
        "rules.checked",
        "signoff.requested",
        "signoff.given",
        "item.confirmed",
        "rules.checked",
        "action.started",
    ];
    assert_eq!(types[3..9], after);
    let seen = bench.of_type(1, "rules.checked");
    assert_eq!(seen[0]["commit"], json!(bench.sh("git rev-parse HEAD").trim()));
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["replay", "1", "--speed", "1000"]).says("held once more");
    // Without the look there is no block after the sign-off.
    crate::support::forge(&bench.run_dir(1), |events| {
        let last = events.iter().rposition(|event| event["type"] == "rules.checked").unwrap();
        events.remove(last);
    });
    bench.ends(6, &["verify", "1"]).says("not held once more since the sign-off");

    let bench = rehearsed("echo > left");
    bench.ends(5, &run).says("uncommitted changes now").says("holdpoint resume 1");
    assert!(!bench.exists("came") && bench.of_type(1, "signoff.requested").is_empty());
    assert_eq!(bench.of_type(1, "rules.checked")[0]["unmet"][0]["rule"], "clean_commit");
    bench.ends(0, &["verify", "1"]).says("intact, open");
    // Where nobody says what is to become of it, nothing goes on and nothing is written.
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    let before = bench.events(1).len();
    bench.ends(5, &resume).says("uncommitted changes now");
    assert_eq!(bench.events(1).len(), before);
    bench.sh("rm left");
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(bench.text("came"), "committed\n");
}

#[test]
fn an_interrupted_rollback_goes_on_in_a_tree_that_changed_and_the_record_says_so() {
    let steps = "## Do\n\n```sh run\necho did > came\nfalse\n```\n\n```sh rollback\ntest -e .holdpoint/ready\nrm came\n```\n";
    let bench = Bench::with(&[
        ("book.md", &book("", steps)),
        ("holdpoint.toml", CONFIG),
        (".gitignore", "/.holdpoint/\n/came\n"),
        ("back.yaml", "steps: { do: { choice: rollback, reason: it failed } }\n"),
        ("again.yaml", "steps: { do: { choice: retry } }\n"),
    ]);
    bench.committed();
    let ran = bench.holdpoint(&[&RUN[..], &["--answers", "back.yaml"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.both());
    assert_eq!(bench.of_type(1, "rollback.opened").len(), 1);
    bench.sh("echo more > more; touch .holdpoint/ready");
    let ran = bench.ends(1, &["resume", "1", "--unattended", "--answers", "again.yaml"]);
    ran.says("not kept from rolling back").says("uncommitted changes now").says("ROLLED BACK");
    assert!(!bench.exists("came"));
    assert_eq!(bench.of_type(1, "session.opened").last().unwrap()["unmet"][0]["rule"], "clean_commit");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}
