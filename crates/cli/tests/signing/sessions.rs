//! `sessions = "ssh"`: whoever operates signs each session with their key, before anything happens in it.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::unpacked;
use crate::independent::all_say;
use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{Ran, forge, sha256};

const ENVIRONMENTS: &str = r#"
[environments.vault]
signature = "ssh"
sessions = "ssh"

[environments.office]
sessions = "ssh"
override = ["operator"]
requires = { clean_commit = true }
"#;

/// The shop, whose vault asks for signed sessions, with keys for these.
fn shop() -> Shop {
    let shop = Shop::new(1);
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    shop.bench.file("holdpoint.toml", &(config + ENVIRONMENTS));
    let signers = fs::read_to_string(shop.bench.path("allowed_signers")).unwrap();
    shop.bench.file(
        "allowed_signers",
        &signers.replace("signoff@holdpoint,", "signoff@holdpoint,session@holdpoint,"),
    );
    shop
}

/// `run` in the vault, by `who` and with that key.
fn run(shop: &Shop, who: &str, key: &Path) -> Ran {
    shop.bench.holdpoint(&[
        "run",
        "book.md",
        "--env",
        "vault",
        "--unattended",
        "--operator",
        who,
        "--key",
        key.to_str().unwrap(),
    ])
}

fn resume(shop: &Shop, who: &str, key: &str) -> Ran {
    let key = shop.key(key);
    shop.bench.holdpoint(&["resume", "1", "--unattended", "--operator", who, "--key", key.to_str().unwrap()])
}

/// A run that went to its end, every session of it signed.
fn done() -> Shop {
    let shop = shop();
    let ran = run(&shop, OPS, &shop.key("ops"));
    assert_eq!(ran.code, 3, "{}", ran.both());
    shop.signs("1", QA, "qa");
    let ran = resume(&shop, OPS, "ops");
    assert_eq!(ran.code, 0, "{}", ran.both());
    shop
}

/// A note, as it would stand where this event does.
fn note(event: &Value) -> Value {
    json!({ "n": 1, "prev": "", "at": event["at"], "type": "note", "text": "no key today", "by": event["by"] })
}

fn kinds(shop: &Shop) -> Vec<String> {
    shop.bench.events(1).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_session_is_signed_before_anything_happens_in_it_and_nothing_rests_on_a_typed_name() {
    let shop = done();
    let kinds = kinds(&shop);
    assert_eq!(kinds[..3], ["run.opened", "session.signed", "action.started"]);
    let again = kinds.iter().position(|kind| kind == "session.opened").unwrap();
    assert_eq!(kinds[again + 1], "session.signed");
    let opened = &shop.bench.events(1)[0];
    let signed = &shop.bench.events(1)[1];
    for seat in ["os_user", "host", "tty"] {
        assert_eq!(signed["seat"][seat], opened["session"][seat], "{seat}");
    }
    assert_eq!(opened["environment"]["sessions"], "ssh");
    assert_eq!((&signed["name"], &signed["assurance"]), (&json!("Olive Operator"), &json!("ssh")));
    let (user, host) =
        (signed["seat"]["os_user"].as_str().unwrap(), signed["seat"]["host"].as_str().unwrap());
    let said: Value =
        serde_json::from_slice(&fs::read(shop.bench.run_dir(1).join("signoffs/0001.json")).unwrap()).unwrap();
    assert_eq!(said["statement"], format!("I operate this run from here on: account {user} on {host}"));
    assert_eq!((&said["environment"], &said["record"]["events"]), (&json!("vault"), &json!(1)));
    assert_eq!(
        (&said["run"]["id"], &said["runbook"]["sha256"]),
        (&opened["id"], &opened["runbook"]["blob"]["sha256"])
    );
    shop.bench.sh(&format!(
        "ssh-keygen -Y verify -n session@holdpoint -I {OPS} -f allowed_signers -s '{0}.sig' < '{0}'",
        shop.bench.run_dir(1).join("signoffs/0001.json").display()
    ));
    let (code, verdict, remarks) = shop.verdict(1);
    assert_eq!((code, verdict.as_str()), (0, "intact and complete"), "{remarks}");
    assert!(!remarks.contains("typed name"), "{remarks}");
    for format in ["markdown", "html"] {
        let report = shop.bench.ends(0, &["report", "1", "--format", format]).stdout;
        assert!(!report.contains("rests on"), "{format}");
        assert!(report.contains("signed by key"), "{format}");
    }
    shop.bench.ends(0, &["show", "1"]).says("signed by key");
    // Whoever signed off is told that a key signed the session.
    let told: Value = serde_json::from_slice(&fs::read(shop.signed(1, "")).unwrap()).unwrap();
    assert_eq!(told["seen"]["history"][0]["type"], "session.signed");
}

#[test]
fn advice_to_go_on_names_the_key_that_the_session_takes() {
    let shop = shop();
    assert_eq!(run(&shop, OPS, &shop.key("ops")).code, 3);
    let signed = shop.sign("1", QA, "qa");
    assert!(signed.both().contains("holdpoint resume 1 --key FILE"), "{}", signed.both());
    let shown = shop.bench.ends(0, &["show", "1"]);
    shown.says("go on with    holdpoint resume 1 --key FILE").says("without --key the SSH agent signs");
}

#[test]
fn a_run_that_only_waits_to_be_closed_says_so_and_how() {
    let shop = shop();
    let book = crate::shop::book(1);
    shop.bench.file("book.md", book.split("## Change").next().unwrap());
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", QA, "qa");
    let shown = shop.bench.ends(0, &["show", "1"]);
    shown.says("waits        to be closed: nothing is left to be done");
    shown.says("go on with   holdpoint resume 1");
    shop.bench.ends(0, &["resume", "1", "--unattended"]);
    assert!(!shop.bench.ends(0, &["show", "1"]).both().contains("go on with"));
}

#[test]
fn a_typed_sign_off_without_a_terminal_is_told_what_to_do_at_once() {
    let shop = shop();
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    shop.bench.file("holdpoint.toml", &(config + "\n[environments.desk]\n"));
    shop.bench.ends(3, &["run", "book.md", "--env", "desk", "--unattended"]);
    for more in [&[][..], &["--yes"]] {
        let ran = shop.bench.ends(2, &[&["sign", "1", "--as", QA], more].concat());
        ran.says("from a terminal").says("by key, with --key FILE --yes");
        assert!(!ran.both().contains("add --yes"), "{}", ran.both());
    }
    shop.signs("1", QA, "qa");
}

#[test]
fn where_sessions_are_typed_nothing_changes_and_reports_say_what_it_rests_on() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    assert!(!kinds(&shop).contains(&"session.signed".to_owned()));
    assert_eq!(shop.bench.events(1)[0]["environment"]["sessions"], Value::Null);
    assert!(shop.verdict(1).2.contains("none proves who operated"));
}

#[test]
fn who_cannot_sign_is_refused_before_anything_is_asked_or_written() {
    let shop = shop();
    let stranger = shop.make_key("stranger");
    assert!(!stranger.is_empty());
    let key = |name: &str| shop.key(name);
    let cases: [(&str, PathBuf, &[&str]); 3] = [
        (
            "opps@example.org",
            key("ops"),
            &["opps@example.org is not among the allowed signers", "Did you mean ops@example.org?"],
        ),
        (OPS, key("nothing"), &["there is no key", "Nothing was run"]),
        ("nobody", key("ops"), &["nobody is not among the allowed signers", "allowed_signers names"]),
    ];
    for (who, key, said) in cases {
        let before = shop.bench.tree();
        let ran = run(&shop, who, &key);
        assert_eq!(ran.code, 5, "{who}: {}", ran.both());
        for said in said {
            ran.says(said);
        }
        assert_eq!(shop.bench.tree(), before, "{who}");
    }
    // Whose lines are for other purposes only.
    let signers = fs::read_to_string(shop.bench.path("allowed_signers")).unwrap();
    shop.bench.file("allowed_signers", &signers.replace("session@holdpoint,", ""));
    let before = shop.bench.tree();
    let ran = run(&shop, OPS, &key("ops"));
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("lets ops@example.org sign other things, and no session").says("Add session@holdpoint");
    assert_eq!(shop.bench.tree(), before);
    shop.bench.file("allowed_signers", &signers);
    // Without a key's file and without an agent.
    let ran = shop.bench.ends(5, &["run", "book.md", "--env", "vault", "--unattended"]);
    ran.says("no SSH agent is at hand").says("--key");
    assert!(!shop.bench.exists(".holdpoint"));
    // A dry run signs nothing, and says so.
    shop.bench
        .ends(0, &["run", "book.md", "--env", "vault", "--dry-run"])
        .says("a real run would be refused");
}

#[test]
fn a_key_that_does_not_count_is_on_record_as_an_attempt_and_nothing_runs() {
    let shop = shop();
    shop.make_key("stranger");
    let line = |who: &str, options: &str, key: &str| {
        let public = fs::read_to_string(shop.key(key).with_extension("pub")).unwrap();
        format!("{who} {options} {public}")
    };
    let usual = fs::read_to_string(shop.bench.path("allowed_signers")).unwrap();
    let revoked = fs::read_to_string(shop.key("ops").with_extension("pub")).unwrap();
    let other = |key: &str| line(OPS, "namespaces=\"signoff@holdpoint\"", key);
    let cases: [(&str, &str, String, &str, &str); 5] = [
        ("another key", "stranger", usual.clone(), "", "is not one of ops@example.org"),
        ("somebody else's key", "qa", usual.clone(), "", "is not one of ops@example.org"),
        ("a revoked key", "ops", usual, &revoked, "is revoked"),
        (
            "an expired key",
            "ops",
            line(OPS, "valid-before=\"20200101\"", "ops"),
            "",
            "the key was valid until",
        ),
        (
            "a key for something else",
            "ops",
            other("ops") + &line(OPS, "namespaces=\"session@holdpoint\"", "stranger"),
            "",
            "the key is not for `session@holdpoint`",
        ),
    ];
    let of_today = shop.bench.text("allowed_signers");
    for (number, (what, key, signers, revoked, said)) in cases.into_iter().enumerate() {
        shop.bench.file("allowed_signers", &signers);
        shop.bench.file("revoked_keys", revoked);
        let ran = run(&shop, OPS, &shop.key(key));
        assert_eq!(ran.code, 5, "{what}: {}", ran.both());
        ran.says(said).says("the session was not signed");
        let number = number as u64 + 1;
        let events = shop.bench.events(number);
        let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["run.opened", "note"], "{what}");
        shop.is(number, 0, "intact, open");
    }
    // Nothing goes on before somebody signs: no sign-off, no handover.
    shop.bench.ends(5, &["handover", "1", "--to", QA]).says("has not signed");
    let ran = shop.sign("1", QA, "qa");
    assert_eq!(ran.code, 2, "{}", ran.both());
    shop.bench.ends(0, &["show", "1"]).says("has not signed");
    // By the signers that run 1 keeps, and by those of today: the right key takes it up.
    shop.bench.file("allowed_signers", &of_today).file("revoked_keys", "");
    let ran = resume(&shop, OPS, "ops");
    assert_eq!(ran.code, 3, "{}", ran.both());
    shop.is(1, 0, "intact, open");
}

#[test]
fn the_agent_signs_as_a_key_file_does_and_a_certificate_counts() {
    let shop = shop();
    let authority = shop.make_key("authority");
    let signers = format!("{OPS} cert-authority,namespaces=\"session@holdpoint\" {authority}\n");
    shop.bench.file("allowed_signers", &signers);
    shop.bench.sh(&format!(
        "ssh-keygen -q -s '{}' -I ops -n {OPS} -V -1h:+1h '{}.pub'",
        shop.key("authority").display(),
        shop.key("ops").display()
    ));
    let held = shop.bench.sh(&format!(
        "ssh-agent sh -c \"ssh-add -q '{}' && '{}' run book.md --env vault --unattended 2>&1; echo ended \\$?\"",
        shop.key("ops").display(),
        crate::support::HOLDPOINT
    ));
    assert!(held.contains("ended 3"), "{held}");
    assert_eq!(kinds(&shop)[1], "session.signed");
    shop.is(1, 0, "intact, open");
}

#[test]
fn whoever_takes_a_run_over_signs_that_and_one_key_is_one_person() {
    let shop = shop();
    assert_eq!(run(&shop, OPS, &shop.key("ops")).code, 3);
    shop.bench.ends(0, &["handover", "1", "--to", QB]);
    let accept = |key: &str| {
        let key = shop.key(key);
        shop.bench.holdpoint(&["handover", "1", "--accept", "--operator", QB, "--key", key.to_str().unwrap()])
    };
    let before = shop.bench.events(1).len();
    shop.bench.ends(5, &["handover", "1", "--accept", "--operator", QB]).says("no SSH agent is at hand");
    assert_eq!(shop.bench.events(1).len(), before);
    let ran = accept("qb");
    assert_eq!(ran.code, 0, "{}", ran.both());
    let kinds = kinds(&shop);
    assert_eq!(kinds[kinds.len() - 2..], ["handover.accepted", "session.signed"]);
    // Whoever operates by key signs off nothing, under whatever name.
    let ran = shop.sign("1", QB, "qb");
    assert_eq!(ran.code, 5, "{}", ran.both());
    shop.signs("1", QA, "qa");
    assert_eq!(resume(&shop, QB, "qb").code, 0);
    shop.is(1, 0, "intact and complete");
}

#[test]
fn an_override_comes_after_the_session_is_signed() {
    let shop = shop();
    shop.bench.committed();
    shop.bench.file("more", "x");
    let key = shop.key("ops");
    let ran = shop.bench.holdpoint(&[
        "run",
        "book.md",
        "--env",
        "office",
        "--unattended",
        "--key",
        key.to_str().unwrap(),
        "--override",
        "it burns",
    ]);
    assert_eq!(ran.code, 3, "{}", ran.both());
    assert_eq!(kinds(&shop)[..3], ["run.opened", "session.signed", "deviation"]);
    shop.is(1, 0, "intact, open");
}

#[test]
fn a_value_that_is_none_is_an_error_with_the_nearest_one() {
    let shop = shop();
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    for (written, said) in [
        ("\"shh\"", "did you mean `ssh`?"),
        ("\"SSH\"", "did you mean `ssh`?"),
        ("\"type\"", "did you mean `typed`?"),
        ("\"fido-uv\"", "values are: typed, ssh"),
        ("true", "sessions"),
        ("[\"ssh\"]", "sessions"),
        ("\"\"", "the text is empty"),
    ] {
        shop.bench.file(
            "holdpoint.toml",
            &config.replacen("sessions = \"ssh\"", &format!("sessions = {written}"), 1),
        );
        let ran = shop.bench.ends(2, &["check", "book.md"]);
        ran.says(said).says("holdpoint.toml");
    }
    shop.bench.file("holdpoint.toml", &config.replacen("sessions =", "session =", 1));
    shop.bench.ends(2, &["check", "book.md"]).says("`sessions`");
}

#[test]
fn nothing_of_a_signed_session_can_be_rewritten_moved_or_left_out() {
    let shop = done();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    assert_eq!(all_say(&shop, &unpacked(&shop, "run.tar.zst"), "nothing").0, 0);
    type Alter = fn(&mut Vec<Value>);
    let cases: [(&str, Alter, usize); 9] = [
        ("the account", |events| events[1]["seat"]["os_user"] = json!("mallory"), 1),
        ("the machine", |events| events[1]["seat"]["host"] = json!("elsewhere"), 1),
        ("a terminal", |events| events[1]["seat"]["tty"] = json!("/dev/pts/9"), 1),
        ("the person", |events| events[1]["by"]["who"] = json!(QA), 1),
        ("the name", |events| events[1]["name"] = json!("O"), 1),
        ("the key", |events| events[1]["signature"]["key"] = json!("SHA256:x"), 1),
        ("the operator", |events| events[0]["session"]["operator"] = json!(QB), 1),
        ("a note in its place", |events| events[1] = note(&events[1]), 2),
        ("typed", |events| events[1]["assurance"] = json!("typed"), 1),
    ];
    for (what, how, at) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, how);
        assert_eq!(all_say(&shop, &dir, what), (6, format!("does not conform at event {at}")), "{what}");
    }
    // That it was asked for, the configuration says, which the program alone holds against event 0.
    let dir = unpacked(&shop, "run.tar.zst");
    forge(&dir, |events| {
        events[0]["environment"].as_object_mut().unwrap().shift_remove("sessions");
        for event in events.iter_mut().filter(|event| event["type"] == "session.signed") {
            *event = note(event);
        }
    });
    shop.bench.ends(6, &["verify", dir.to_str().unwrap()]).says("does not conform at event 0");
    // A sign-off is no session, though its key be good for both.
    let dir = unpacked(&shop, "run.tar.zst");
    let signature = dir.join("signoffs/0001.json.sig");
    fs::remove_file(&signature).unwrap();
    shop.bench.sh(&format!(
        "ssh-keygen -q -Y sign -n signoff@holdpoint -f '{}' '{}'",
        shop.key("ops").display(),
        dir.join("signoffs/0001.json").display()
    ));
    forge(&dir, |events| events[1]["signature"]["signature"] = json!(sha256(&fs::read(&signature).unwrap())));
    assert_eq!(all_say(&shop, &dir, "a sign-off").1, "does not conform at event 1");
}

#[test]
fn a_key_that_is_revoked_while_a_run_is_open_signs_nothing_more() {
    let shop = shop();
    let ran = run(&shop, OPS, &shop.key("ops"));
    assert_eq!(ran.code, 3, "{}", ran.both());
    let public = |name: &str| fs::read_to_string(shop.key(name).with_extension("pub")).unwrap();
    let given = || shop.bench.of_type(1, "signoff.given").len();
    // By the list of revoked keys, by a line that has ended, by one that is gone.
    let signers = shop.bench.text("allowed_signers");
    let ended = signers.replace("namespaces=", "valid-before=\"20200101Z\",namespaces=");
    let others: String =
        signers.lines().filter(|line| !line.starts_with(QA)).map(|line| format!("{line}\n")).collect();
    for (what, list, revoked) in [
        ("revoked", &signers, public("qa")),
        ("ended", &ended, String::new()),
        ("gone", &others, String::new()),
    ] {
        shop.bench.file("allowed_signers", list).file("revoked_keys", &revoked);
        let ran = shop.sign("1", QA, "qa");
        assert_eq!((ran.code, given()), (5, 0), "{what}: {}", ran.both());
        ran.says("as they are today");
    }
    shop.bench.file("allowed_signers", &signers).file("revoked_keys", "");
    shop.signs("1", QA, "qa");
    shop.bench.file("revoked_keys", &public("ops"));
    let signed = shop.bench.of_type(1, "session.signed").len();
    let ran = resume(&shop, OPS, "ops");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("is revoked").says("--abort");
    assert_eq!(shop.bench.of_type(1, "session.signed").len(), signed);
    let note = shop.bench.of_type(1, "note").pop().unwrap();
    assert!(note["text"].as_str().unwrap().contains("a session was not signed"), "{note}");
    assert!(!shop.bench.exists("live"));
    let (code, verdict, _) = shop.verdict(1);
    assert_eq!((code, verdict.as_str()), (0, "intact, open"));
}

#[test]
fn a_run_whose_operator_s_key_can_never_count_again_is_ended_and_the_record_says_what_it_is() {
    let shop = shop();
    let ran = run(&shop, OPS, &shop.key("ops"));
    assert_eq!(ran.code, 3, "{}", ran.both());
    shop.signs("1", QA, "qa");
    fs::remove_file(shop.key("ops")).unwrap();
    let ran = resume(&shop, OPS, "ops");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("--abort");
    shop.bench.ends(2, &["resume", "1", "--abort", " ", "--operator", OPS]);
    // Whoever signed something off operates nothing, and ends nothing.
    shop.bench.ends(5, &["resume", "1", "--abort", "lost", "--operator", QA, "--unattended"]);
    let ran =
        shop.bench.ends(4, &["resume", "1", "--abort", "the key is lost", "--operator", OPS, "--unattended"]);
    ran.says("ABORTED");
    let kinds = kinds(&shop);
    assert_eq!(kinds[kinds.len() - 4..], ["session.opened", "note", "decision", "run.closed"]);
    let decision = &shop.bench.of_type(1, "decision")[0];
    assert_eq!(
        (&decision["choice"], &decision["reason"], &decision["by"]["who"]),
        (&json!("abort"), &json!("the key is lost"), &json!(OPS))
    );
    assert!(!shop.bench.exists("live"));
    let words = "ended this run, and had not signed the session by key";
    shop.bench.ends(0, &["show", "1"]).says(words);
    for format in ["markdown", "html", "json"] {
        let report = shop.bench.ends(0, &["report", "1", "--format", format]).stdout;
        assert!(report.contains(words), "{format}");
    }
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let said = all_say(&shop, &dir, "ended without a key");
    assert_eq!(said, (0, "intact and complete, by its own signers".to_owned()));
    // Nothing else is done in such a session, whoever writes the record.
    forge(&dir, |events| {
        let at = events.iter().position(|event| event["type"] == "decision").unwrap();
        events[at]["choice"] = json!("proceed");
    });
    assert_eq!(all_say(&shop, &dir, "something was decided").0, 6);
}

#[test]
fn an_operator_in_other_letters_that_are_the_same_is_recorded_as_the_configuration_writes_them() {
    let shop = shop();
    let config = shop.bench.text("holdpoint.toml");
    shop.bench.file(
        "holdpoint.toml",
        &config
            .replace("[people.\"ops@example.org\"]", "[people.\"ops@example.org\"]\nalias = \"jos\u{e9}\""),
    );
    for (number, who) in [(1, "\u{ff4f}ps@example.org"), (2, "jose\u{301}"), (3, "JOS\u{c9}")] {
        let ran = run(&shop, who, &shop.key("ops"));
        assert_eq!(ran.code, 3, "{who}: {}", ran.both());
        let opened = &shop.bench.events(number)[0];
        let written = if number == 1 { OPS } else { "jos\u{e9}" };
        assert_eq!(opened["session"]["operator"], written);
        let bundle = format!("run{number}.tar.zst");
        shop.bench.ends(0, &["export", &number.to_string(), "-o", &bundle]);
        assert_eq!(
            all_say(&shop, &unpacked(&shop, &bundle), who),
            (0, "intact, open, by its own signers".to_owned())
        );
    }
}
