//! Two people are two people: at the command line, and in records that were forged.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::export::{both_say, unpacked};
use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{HOLDPOINT, Ran, forge};

/// `holdpoint`, with more in its environment.
fn within(shop: &Shop, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = shop.bench.command(HOLDPOINT);
    Ran::of(command.envs(environment.iter().copied()).args(arguments).output().unwrap())
}

#[test]
fn whoever_signed_does_not_resume_the_run_by_any_name() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    for who in [QA, "QA@Example.ORG"] {
        let ran = shop.bench.ends(5, &["resume", "1", "--unattended", "--operator", who]);
        ran.says("signed off release#1");
    }
    shop.bench.ends(5, &["handover", "1", "--to", QA]).says("signed off release#1");
    assert!(!shop.bench.exists("live"));
    shop.is(1, 0, "intact, open");
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
}

#[test]
fn verify_and_every_report_say_at_their_head_what_independence_rests_on() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let says = "independence rests on a typed name";
    let told = shop.bench.ends(0, &["verify", "1"]).stderr;
    let line = |words: &str| told.lines().position(|line| line.contains(words));
    assert!(line(says).is_some_and(|at| Some(at) < line("events, ")), "{told}");
    for format in ["markdown", "html", "json", "junit", "cast"] {
        shop.bench.ends(0, &["report", "1", "--format", format]).says(says);
    }
}

#[test]
fn a_record_in_which_the_signer_performed_does_not_conform() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let forged = shop.bench.run_dir(1);
    forge(&forged, |events| {
        let session = events.iter_mut().rfind(|event| event["type"] == "session.opened").unwrap();
        session["operator"] = json!("Qa@example.org");
    });
    shop.bench.ends(6, &["verify", "1"]).says("does not conform").says("signed off release#1");
}

#[test]
fn whoever_operates_signs_nothing_that_must_be_independent() {
    let shop = Shop::waiting(1);
    shop.bench.ends(3, &["resume", "1", "--unattended", "--operator", QA]);
    let ran = shop.sign("1", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("operates this run");
}

#[test]
fn an_unknown_principal_is_refused_with_a_suggestion_and_is_no_event() {
    let shop = Shop::waiting(1);
    let before = shop.bench.events(1).len();
    let ran = shop.sign("1", "qaa@example.org", "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("qaa@example.org is not listed in holdpoint.toml").says("Did you mean qa@example.org?");
    let ran = shop.bench.ends(5, &["handover", "1", "--to", "opps@example.org"]);
    ran.says("opps@example.org is not listed").says("Did you mean ops@example.org?");
    assert_eq!(shop.bench.events(1).len(), before);
    let production = ["run", "book.md", "--env", "production", "--unattended"];
    let by = ["--override", "it must be", "--override-by", "opps@example.org"];
    fs::write(shop.bench.path("untracked"), "").unwrap();
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    let strict = "[environments.strict]\nrequires = { clean_commit = true }\noverride = [\"qa\"]\n";
    shop.bench.file("holdpoint.toml", &format!("{config}\n{strict}"));
    let strict = [&production[..3], &["strict", "--unattended"], &by].concat();
    shop.bench.ends(5, &strict).says("opps@example.org is not listed").says("Did you mean ops@example.org?");
}

#[test]
fn nobody_unknown_reviews_a_run() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let review = ["review", "1", "--kind", "late-note", "--text", "seen", "--as", "qaa@example.org", "--yes"];
    shop.bench.ends(5, &review).says("Did you mean qa@example.org?");
}

#[test]
fn one_key_under_two_names_is_refused_with_both_places() {
    let shop = Shop::new(1);
    let qa = fs::read_to_string(shop.key("qa").with_extension("pub")).unwrap();
    for (lines, said) in [
        (format!("{OPS} {qa}{QA} {qa}"), ["ops@example.org on line 1", "qa@example.org on line 2"]),
        (format!("{OPS},{QA} {qa}"), ["ops@example.org on line 1", "qa@example.org on line 1"]),
        (format!("*@example.org {qa}"), ["one key stands for two people", "line 1"]),
        (
            format!("{OPS} {qa}{QA} cert-authority {qa}"),
            ["for ops@example.org on line 1", "an authority for qa@example.org on line 2"],
        ),
        (
            format!("*@example.org cert-authority {qa}{OPS} {qa}"),
            ["for ops@example.org on line 2", "an authority for *@example.org on line 1"],
        ),
        (format!("qa\u{200b}@example.org {qa}"), ["on line 1", "are one person, written in two ways"]),
        (format!("QA@example.org {qa}"), ["`QA@example.org` on line 1", "`qa@example.org` (holdpoint.toml)"]),
    ] {
        shop.bench.file("allowed_signers", &lines);
        for arguments in
            [&["run", "book.md", "--env", "production", "--unattended"][..], &["check", "book.md"]]
        {
            let ran = shop.bench.ends(2, arguments);
            for said in said {
                ran.says(said);
            }
        }
    }
    // A tag of git's anchors a run, so that whoever signs one is somebody, too.
    let tags = format!("{OPS} namespaces=\"git\" {qa}{QA} namespaces=\"signoff@holdpoint\" {qa}");
    shop.bench.file("allowed_signers", &tags);
    let ran = shop.bench.ends(2, &["run", "book.md", "--env", "production", "--unattended"]);
    ran.says("one key stands for two people").says("line 1").says("line 2");
    // For something else than we sign, it is nobody's business here.
    let fine = format!("{OPS},{QA} namespaces=\"file\" {qa}{QA} {qa}");
    shop.bench.file("allowed_signers", &fine);
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
}

#[test]
fn a_name_with_what_nobody_sees_operates_nothing() {
    let shop = Shop::new(1);
    let arguments =
        ["run", "book.md", "--env", "production", "--unattended", "--operator", "ops\u{200b}@example.org"];
    shop.bench.ends(2, &arguments).says("the character U+200B, which nobody sees");
    assert!(!shop.bench.exists(".holdpoint"));
}

#[test]
fn a_record_whose_signers_have_one_key_for_two_people_does_not_conform() {
    let shop = Shop::new(1);
    let honest = fs::read_to_string(shop.bench.path("allowed_signers")).unwrap();
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", QA, "qa");
    let qa = fs::read_to_string(shop.key("qa").with_extension("pub")).unwrap();
    let lines = format!("{honest}{OPS} {qa}");
    let dir = shop.bench.run_dir(1);
    let sha256 = crate::support::sha256(lines.as_bytes());
    fs::write(dir.join("blobs/sha256").join(&sha256), &lines).unwrap();
    forge(&dir, |events| events[0]["signers"] = json!({"sha256": sha256, "bytes": lines.len()}));
    shop.bench.ends(6, &["verify", "1"]).says("one key stands for two people");
}

#[test]
fn a_rejection_where_keys_sign_is_signed_by_key_and_proved() {
    let shop = Shop::waiting(1);
    let reject = |key: &str| {
        let key = shop.key(key);
        let arguments = ["sign", "1", "--as", QA, "--reject", "--reason", "too soon", "--key"];
        let mut arguments = arguments.to_vec();
        arguments.push(key.to_str().unwrap());
        shop.bench.holdpoint(&arguments)
    };
    // Without a key nothing is rejected.
    shop.bench
        .ends(3, &["sign", "1", "--as", QA, "--reject", "--reason", "too soon"])
        .says("Nothing was rejected");
    assert!(shop.bench.of_type(1, "signoff.rejected").is_empty());
    assert_eq!(reject("qb").code, 5);
    assert_eq!(reject("qa").code, 0);
    let rejected = &shop.bench.of_type(1, "signoff.rejected")[0];
    assert_eq!(rejected["signed"]["assurance"], "ssh");
    shop.bench.ends(0, &["verify", "1"]).says("1 signature by key checked");
    let key = rejected["signed"]["signature"]["key"].as_str().unwrap();
    shop.bench.ends(0, &["report", "1"]).says(key);
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    assert_eq!(both_say(&shop, &dir, "as it was"), (0, "intact, open".to_owned()));
    // It says why, and cannot be made to say something else or to be a sign-off.
    for how in [(|event: &mut Value| event["reason"] = json!("fine")) as fn(&mut Value), |event| {
        let Value::Object(signed) = event["signed"].take() else { panic!() };
        let event = event.as_object_mut().unwrap();
        event.remove("signed");
        event.remove("reason");
        event.extend(signed);
        event.insert("type".to_owned(), json!("signoff.given"));
    }] {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| how(events.iter_mut().rfind(|e| e["type"] == "signoff.rejected").unwrap()));
        let (code, verdict) = both_say(&shop, &dir, "a forged rejection");
        assert!(code == 6 && verdict.starts_with("does not conform at event"), "{verdict}");
    }
}

#[test]
fn no_block_signs_for_anybody() {
    let shop = Shop::waiting(1);
    let inside = [("HOLDPOINT_RUN", "7")];
    let key = shop.key("qa");
    for arguments in [
        &["sign", "1", "--as", QA, "--yes", "--key", key.to_str().unwrap()][..],
        &["approve", "book.md", "--yes"],
        &["handover", "1", "--to", QB],
        &["expunge", "1", "--blob", "00000000", "--reason", "x"],
        &["run", "book.md", "--env", "production", "--unattended", "--override", "x"],
    ] {
        let ran = within(&shop, &inside, arguments);
        assert_eq!(ran.code, 5, "{arguments:?}: {}", ran.both());
        ran.says("in a block of run 7");
    }
    assert!(shop.bench.of_type(1, "signoff.given").is_empty());
}

#[test]
fn nor_does_a_command_that_gives_an_input_or_looks_at_a_change() {
    let shop = Shop::waiting(1);
    let key = shop.key("qa");
    let sign = format!("{HOLDPOINT} sign 1 --as {QA} --yes --key {}", key.to_str().unwrap());
    let book = format!(
        "---\nrunbook: 1\ninputs:\n  WHO: {{ from: {{ command: '{sign} 2>&1 || true' }} }}\n---\n\n# A\n\n## One\n\n- [ ] {{{{ WHO }}}}\n"
    );
    shop.bench.file("ask.md", &book);
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    shop.bench.file(
        "holdpoint.toml",
        &format!(
            "{config}\n[environments.test.requires]\nchange = {{ pattern = 'C-1', check = \"look.sh\" }}\n"
        ),
    );
    shop.bench.file("look.sh", &format!("#!/bin/sh\n{sign}\nexit 1\n"));
    fs::set_permissions(shop.bench.path("look.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let test = ["run", "ask.md", "--env", "test", "--unattended", "--change", "C-1"];
    shop.bench.ends(5, &test).says("look.sh does not let C-1 go on");
    shop.bench.file("look.sh", "#!/bin/sh\n");
    shop.bench
        .ends(3, &test)
        .says("nothing is signed in a command that holdpoint runs (HOLDPOINT_RUN is set)");
    assert!(shop.bench.of_type(1, "signoff.given").is_empty());
}

#[test]
fn blocks_get_the_agent_where_keys_sign_only_if_they_say_so() {
    let shop = Shop::new(1);
    let config = fs::read_to_string(shop.bench.path("holdpoint.toml")).unwrap();
    shop.bench.file("holdpoint.toml", &format!("{config}\n[environments.test]\n"));
    let book = "---\nrunbook: 1\n---\n\n# A\n\n## One\n\n```sh check\necho \"one ${SSH_AUTH_SOCK-none}\"\n```\n\n\
                ## Two\n\n```sh check\n#| agent: true\necho \"two ${SSH_AUTH_SOCK-none}\"\n```\n\n\
                ## Three\n\n```sh check\necho \"three ${SSH_AUTH_SOCK-none}\"\n```\n";
    shop.bench.file("agent.md", book);
    let socket = [("SSH_AUTH_SOCK", "/nowhere/agent")];
    let ran = within(&shop, &socket, &["run", "agent.md", "--env", "production", "--unattended"]);
    ran.says("one none").says("two /nowhere/agent").says("three none");
    let ran = within(&shop, &socket, &["run", "agent.md", "--env", "test", "--unattended"]);
    ran.says("one /nowhere/agent").says("three /nowhere/agent");
    shop.bench.ends(0, &["plan", "agent.md", "--env", "production"]).says("gets the SSH agent");
}
