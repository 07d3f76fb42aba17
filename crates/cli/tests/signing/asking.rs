//! Who is asked, who may answer, and what becomes of it.

use std::fs;
use std::process::{Command, Stdio};

use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{HOLDPOINT, Ran};

#[test]
fn a_parked_run_says_what_to_type_and_goes_on_once_somebody_else_has_signed() {
    let shop = Shop::new(1);
    let ran = shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    ran.says("holdpoint sign 1").says("role qa");
    let shown = shop.sign("latest", QA, "qa");
    assert_eq!(shown.code, 0, "{}", shown.both());
    for seen in [
        "look#1",
        "passed (exit code 0)",
        "No deviations",
        "COMMIT = abc123",
        "RELEASE = v1",
        "I release v1.",
    ] {
        shown.says(seen);
    }
    shop.resumes("1");
    let given = &shop.bench.of_type(1, "signoff.given")[0];
    assert_eq!((given["assurance"].as_str(), given["name"].as_str()), (Some("ssh"), Some("Quinn Auditor")));
    assert!(shop.bench.exists("live"));
    shop.is(1, 0, "intact and complete");
    shop.bench.ends(0, &["verify", "1"]).says("1 signature by key checked");
}

#[test]
fn what_was_signed_is_checked_with_ssh_keygen_alone() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    let statement = fs::File::open(shop.signed(1, "")).unwrap();
    let mut stock = Command::new("ssh-keygen");
    stock
        .args(["-Y", "verify", "-n", "signoff@holdpoint", "-I", QA, "-f"])
        .arg(shop.bench.path("allowed_signers"));
    let output = stock.arg("-s").arg(shop.signed(1, ".sig")).stdin(statement).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn whoever_performed_the_steps_cannot_sign_them_off_and_the_attempt_is_on_record() {
    let shop = Shop::waiting(1);
    let ran = shop.sign("1", OPS, "ops");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("independent");
    let refused = shop.bench.of_type(1, "signoff.refused");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["by"]["who"], OPS);
    assert!(shop.bench.of_type(1, "signoff.given").is_empty());
    shop.is(1, 0, "intact, open");
}

#[test]
fn a_key_that_is_not_theirs_is_refused_and_on_record() {
    let shop = Shop::waiting(1);
    for (who, key) in [(QA, "qb"), ("stranger@example.org", "qa")] {
        let ran = shop.sign("1", who, key);
        assert_eq!(ran.code, 5, "{who}: {}", ran.both());
    }
    let refused = shop.bench.of_type(1, "signoff.refused");
    assert!(
        refused
            .iter()
            .any(|event| event["reason"].as_str().unwrap().contains("is not one of qa@example.org"))
    );
    assert!(shop.bench.of_type(1, "signoff.given").is_empty());
    shop.is(1, 0, "intact, open");
}

#[test]
fn a_revoked_key_and_one_for_something_else_are_refused() {
    let shop = Shop::new(1);
    let public = fs::read_to_string(shop.key("qa").with_extension("pub")).unwrap();
    shop.bench.file("revoked_keys", &public);
    let other = fs::read_to_string(shop.key("qb").with_extension("pub")).unwrap();
    shop.bench.file("allowed_signers", &format!("{QA} {public}{QB} namespaces=\"git\" {other}"));
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    let ran = shop.sign("1", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("revoked");
    let ran = shop.sign("1", QB, "qb");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("not for `signoff@holdpoint`");
}

#[test]
fn a_run_that_would_wait_for_signatures_nobody_can_give_is_refused() {
    let shop = Shop::new(1);
    for (signers, why) in
        [("# nobody\n", "nobody is allowed to sign"), ("qa@example.org ssh-ed25519 AAAA\n", "line 1")]
    {
        shop.bench.file("allowed_signers", signers);
        let ran = shop.bench.ends(5, &["run", "book.md", "--env", "production", "--unattended"]);
        ran.says(why);
    }
    fs::remove_file(shop.bench.path("allowed_signers")).unwrap();
    fs::create_dir(shop.bench.path("allowed_signers")).unwrap();
    let ran = shop.bench.ends(5, &["run", "book.md", "--env", "production", "--unattended"]);
    ran.says("allowed_signers cannot be read");
    assert!(!shop.bench.exists(".holdpoint"));
}

#[test]
fn a_rejection_needs_a_reason_and_rolls_nothing_back() {
    let shop = Shop::waiting(1);
    let key = shop.key("qa").to_str().unwrap().to_owned();
    shop.bench.ends(2, &["sign", "1", "--as", QA, "--reject"]);
    shop.bench.ends(0, &["sign", "1", "--as", QA, "--reject", "--reason", "the wrong commit", "--key", &key]);
    let rejected = &shop.bench.of_type(1, "signoff.rejected")[0];
    assert_eq!(rejected["reason"], "the wrong commit");
    shop.bench.ends(3, &["resume", "1", "--unattended"]);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
}

#[test]
fn without_a_terminal_nothing_is_signed_unless_that_is_said() {
    let shop = Shop::waiting(1);
    shop.bench.ends(2, &["sign", "1", "--as", QA]).says("--yes");
    shop.bench.ends(2, &["sign", "1", "--as", QA, "--yes", "--reject", "--reason", "x"]);
    assert!(shop.bench.of_type(1, "signoff.given").is_empty());
}

#[test]
fn a_run_that_waits_for_no_sign_off_takes_none() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.sign("1", QB, "qb").says("waits for no signature: it is not at a hold point; next");
    shop.resumes("1");
    let ran = shop.sign("1", QB, "qb");
    assert_eq!(ran.code, 2, "{}", ran.both());
}

#[test]
fn two_people_who_sign_at_once_do_not_lose_one_anothers_sign_off() {
    let shop = Shop::waiting(2);
    let begin = |who: &str, key: &str| {
        let key = shop.key(key);
        let mut command = shop.bench.command(HOLDPOINT);
        command.args(["sign", "1", "--as", who, "--key", key.to_str().unwrap(), "--yes"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [begin(QA, "qa"), begin(QB, "qb")];
    for child in both {
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.both());
    }
    assert_eq!(shop.bench.of_type(1, "signoff.given").len(), 2);
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
}

#[test]
fn it_takes_as_many_different_people_as_the_document_says() {
    let shop = Shop::waiting(2);
    shop.signs("1", QA, "qa");
    shop.bench.ends(3, &["resume", "1", "--unattended"]);
    let again = shop.sign("1", QA, "qa");
    assert_eq!(again.code, 5, "{}", again.both());
    again.says("different people");
    // Nothing stays behind of a signature that does not count.
    let signed = || fs::read_dir(shop.bench.run_dir(1).join("signoffs")).unwrap().count();
    assert_eq!(signed(), 2);
    let (_, _, remarks) = shop.verdict(1);
    assert!(!remarks.contains("belong to no sign-off"), "{remarks}");
    shop.signs("1", QB, "qb");
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
}

#[test]
fn an_agent_signs_with_the_key_that_belongs_to_the_signer() {
    let shop = Shop::waiting(1);
    let socket = shop.bench.all().join("agent");
    let mut agent =
        Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(agent.stdout.as_mut().unwrap()), &mut line)
        .unwrap();
    let ssh = |arguments: &[&str]| {
        let added = Command::new("ssh-add").args(arguments).env("SSH_AUTH_SOCK", &socket).output().unwrap();
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    };
    let sign = || {
        let mut command = shop.bench.command(HOLDPOINT);
        command.env("SSH_AUTH_SOCK", &socket).args(["sign", "1", "--as", QA, "--yes"]);
        Ran::of(command.output().unwrap())
    };
    ssh(&["-q", shop.key("ops").to_str().unwrap(), shop.key("qb").to_str().unwrap()]);
    let none = sign();
    assert_eq!(none.code, 3, "{}", none.both());
    none.says("holds no key of qa@example.org").says("ssh-add");
    ssh(&["-q", shop.key("qa").to_str().unwrap()]);
    let ran = sign();
    assert_eq!(ran.code, 0, "{}", ran.both());
    agent.kill().unwrap();
    agent.wait().unwrap();
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
}
