//! Sign-offs by security keys: presence and verification are held against what the environment asks for, and what stock
//! tools cannot see is said by the script that uses them.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::export::{script, unpacked};
use crate::shop::{QA, QB, Shop};
use crate::support::Ran;
use crate::token::{PRESENT, Token, VERIFIED, agent};

/// A run that waits for a sign-off by two security keys, QA's and QB's, one of each kind.
fn waiting() -> (Shop, [Token; 2]) {
    let shop = Shop::new(2);
    let tokens = [Token::ed25519(), Token::ecdsa()];
    let lines = [(QA, &tokens[0]), (QB, &tokens[1])].map(|(who, token)| format!("{who} {}\n", token.line()));
    shop.bench.file("allowed_signers", &lines.concat());
    let config = shop.bench.text("holdpoint.toml").replace("signature = \"ssh\"", "signature = \"fido-uv\"");
    shop.bench.file("holdpoint.toml", &config);
    agent(&shop.bench.all().join("agent"), tokens.to_vec());
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    (shop, tokens)
}

fn sign(shop: &Shop, who: &str) -> Ran {
    let mut command = shop.bench.command(env!("CARGO_BIN_EXE_holdpoint"));
    command.args(["sign", "1", "--as", who, "--yes"]).env("SSH_AUTH_SOCK", shop.bench.all().join("agent"));
    Ran::of(command.output().unwrap())
}

#[test]
fn a_security_key_that_was_not_touched_or_did_not_verify_its_user_signs_nothing_off() {
    let (shop, tokens) = waiting();
    for (flags, why) in [
        (0, "without being touched"),
        (VERIFIED, "without being touched"),
        (PRESENT, "did not verify its user"),
    ] {
        for (who, token) in [(QA, &tokens[0]), (QB, &tokens[1])] {
            token.flags.store(flags, Ordering::SeqCst);
            let ran = sign(&shop, who);
            assert_eq!(ran.code, 5, "{flags} {who}: {}", ran.both());
            let events = shop.bench.of_type(1, "signoff.refused");
            let reason = events.last().unwrap()["reason"].as_str().unwrap();
            assert!(reason.contains(why), "{flags} {who}: {reason}");
        }
    }
    shop.is(1, 0, "intact, open");
}

#[test]
fn both_kinds_of_security_key_sign_off_and_openssh_finds_them_good_in_a_bundle() {
    let (shop, _) = waiting();
    for who in [QA, QB] {
        let ran = sign(&shop, who);
        assert_eq!(ran.code, 0, "{who}: {}", ran.both());
    }
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
    for given in shop.bench.of_type(1, "signoff.given") {
        assert_eq!(given["assurance"], "fido-uv");
    }
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let ran = script(&shop, &dir);
    assert_eq!(
        (ran.code, ran.stdout.trim()),
        (0, "intact and complete, by its own signers"),
        "{}",
        ran.stderr
    );
    for kind in ["ED25519-SK", "ECDSA-SK"] {
        assert!(ran.stderr.contains(&format!("with {kind} key SHA256:")), "{}", ran.stderr);
    }
    let unseen = "not checked here: whether the security key verified its user";
    assert_eq!(ran.stderr.matches(unseen).count(), 2, "{}", ran.stderr);
}

#[test]
fn a_touch_told_as_a_verification_is_found_out_by_verify_and_said_to_be_unchecked_by_the_script() {
    let (shop, tokens) = waiting();
    let config = shop.bench.text("holdpoint.toml").replace("fido-uv", "ssh");
    shop.bench.file("holdpoint.toml", &config);
    std::fs::remove_dir_all(shop.bench.run_dir(1)).unwrap();
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    tokens.iter().for_each(|token| token.flags.store(PRESENT, Ordering::SeqCst));
    assert_eq!(sign(&shop, QA).code, 0);
    assert_eq!(sign(&shop, QB).code, 0);
    shop.resumes("1");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    // The last release: nothing that was signed tells of what comes after it.
    let at = crate::support::events(&dir).iter().rposition(|event| event["type"] == "signoff.given").unwrap();
    assert_eq!(script(&shop, &dir).code, 0);
    crate::support::forge(&dir, |events| {
        assert_eq!(events[at]["assurance"], "ssh");
        events[at]["assurance"] = json!("fido-uv");
    });
    let ours = shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]);
    assert_eq!(ours.stdout.trim(), format!("does not conform at event {at}"), "{}", ours.stderr);
    let stock = script(&shop, &dir);
    assert_eq!(stock.code, 0, "{}", stock.stderr);
    assert!(
        stock
            .stderr
            .contains(&format!("event {at}: not checked here: whether the security key verified its user"))
    );
}
