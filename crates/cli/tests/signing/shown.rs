//! What was put before a signer's eyes is kept and signed, and where they sat: told from what was put in its place.

use std::fs;
use std::path::Path;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::{both_say, script, unpacked};
use crate::seen::{eventful, sign_otherwise};
use crate::shop::{QA, Shop};
use crate::support::{forge, sha256};

fn blob(dir: &Path, sha256: &str) -> std::path::PathBuf {
    dir.join("blobs/sha256").join(sha256)
}

/// The text that event `at` names.
fn shown(shop: &Shop, at: usize) -> String {
    let event = &shop.bench.events(1)[at];
    let digest = event["presence"]["shown"]["sha256"].as_str().unwrap();
    fs::read_to_string(blob(&shop.bench.run_dir(1), digest)).unwrap()
}

#[test]
fn what_is_given_away_before_is_what_was_shown_and_what_was_signed_byte_for_byte() {
    let shop = eventful();
    let before = shop.bench.events(1).len();
    let given = shop.bench.ends(0, &["sign", "1", "--format", "text"]).stdout;
    shop.bench.ends(0, &["sign", "1", "-o", "evidence.txt"]).says("nothing was signed");
    assert_eq!(shop.bench.text("evidence.txt"), given);
    assert_eq!(shop.bench.events(1).len(), before, "nothing was written");
    let json = shop.bench.ends(0, &["sign", "1", "--format", "json", "--outputs"]).json();
    assert_eq!(json["shown"]["sha256"], json!(sha256(given.as_bytes())));
    assert!(json["parts"].as_array().unwrap().iter().any(|part| part["title"] == "What happened"));
    assert!(json["seen"]["history"].as_array().unwrap().len() > 3);
    shop.signs("1", QA, "qa");
    let at = shop.sign_off(1);
    assert_eq!(shown(&shop, at), given);
    for said in ["1 Look", "$ echo x >> tries", "DO NOT RELEASE", "The footer is wrong", "I release it."] {
        assert!(given.contains(said), "{said}: {given}");
    }
    let statement: Value = serde_json::from_slice(&fs::read(shop.signed(1, "")).unwrap()).unwrap();
    let event = &shop.bench.events(1)[at];
    assert_eq!(statement["presence"], event["presence"]);
    let session = &shop.bench.events(1)[0]["session"];
    for fact in ["os_user", "host", "program"] {
        assert_eq!(event["presence"][fact], session[fact], "{fact}");
    }
    assert_eq!(event["presence"]["other_account"], false);
    // The rejection before it was of a text of its own.
    let rejected = &shop.bench.of_type(1, "signoff.rejected")[0]["presence"]["shown"];
    assert!(rejected["sha256"].is_string() && *rejected != event["presence"]["shown"]);
}

#[test]
fn a_page_of_the_evidence_has_no_script_and_what_is_written_in_it_does_not_act() {
    let shop = eventful();
    shop.bench.ends(0, &["note", "1", "<script>alert(1)</script>\u{1b}[8m", "--operator", QA]);
    let page = shop.bench.ends(0, &["sign", "1", "--format", "html", "--outputs"]).stdout;
    assert!(!page.contains("<script") && !page.contains('\u{1b}'), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("default-src 'none'"), "{page}");
    let text = shop.bench.ends(0, &["sign", "1", "--format", "text"]).stdout;
    assert!(page.contains(&sha256(text.as_bytes())));
}

#[test]
fn nothing_is_given_where_nothing_is_waited_for_and_no_signature_is_asked_for_with_it() {
    let shop = eventful();
    shop.bench.ends(2, &["sign", "1", "--format", "text", "--yes"]);
    shop.bench.ends(2, &["sign", "1", "-o", "evidence.txt", "--reject", "--reason", "no"]);
    shop.bench.ends(2, &["sign", "1", "--format", "pdf"]);
    shop.signs("1", QA, "qa");
    shop.bench.ends(2, &["sign", "1", "--format", "text"]).says("waits for no signature");
}

#[test]
fn reports_and_show_say_from_where_it_was_signed_and_what_was_shown() {
    let shop = eventful();
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let digest = sha256(shown(&shop, shop.sign_off(1)).as_bytes());
    let host = shop.bench.events(1)[0]["session"]["host"].as_str().unwrap().to_owned();
    for words in [&["show", "1"][..], &["report", "1"], &["report", "1", "--format", "html"]] {
        let told = shop.bench.ends(0, words).stdout;
        assert!(told.contains(&format!("on {host}")), "{words:?}: {told}");
        assert!(words[0] == "show" || told.contains(&digest), "{words:?}");
    }
}

#[test]
fn a_text_that_is_gone_altered_or_of_another_digest_is_told_by_the_program_and_by_the_script() {
    let shop = eventful();
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let at = shop.sign_off(1);
    let digest = sha256(shown(&shop, at).as_bytes());
    type Forger = fn(&Path, &str, usize);
    let cases: [(&str, &str, Forger); 5] = [
        ("the text is gone", "altered", |dir, digest, _| fs::remove_file(blob(dir, digest)).unwrap()),
        ("the text says more", "altered", |dir, digest, _| {
            let text = fs::read_to_string(blob(dir, digest)).unwrap() + "  and more\n";
            fs::write(blob(dir, digest), text).unwrap();
        }),
        ("the event names another text", "does not conform", |dir, _, at| {
            forge(dir, |events| {
                let other = events[0]["runbook"]["blob"].clone();
                events[at]["presence"]["shown"] = other;
            });
        }),
        ("the event names another host", "does not conform", |dir, _, at| {
            forge(dir, |events| events[at]["presence"]["host"] = json!("elsewhere"));
        }),
        ("the event names nothing", "does not conform", |dir, _, at| {
            forge(dir, |events| drop(events[at].as_object_mut().unwrap().shift_remove("presence")));
        }),
    ];
    for (what, verdict, how) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        how(&dir, &digest, at);
        assert_eq!(both_say(&shop, &dir, what), (6, format!("{verdict} at event {at}")), "{what}");
    }
}

/// The signer's own key signs, and everything fits but the text: only who makes it again can tell.
#[test]
fn a_signer_who_was_shown_something_else_is_found_out_by_the_program() {
    let shop = eventful();
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let at = shop.sign_off(1);
    let told = shown(&shop, at);
    let other_text = |from: &str, to: &str| {
        assert!(told.contains(from), "{from}: {told}");
        told.replace(from, to)
    };
    let cases = [
        ("the same", told.clone(), true),
        ("without the note", other_text("DO NOT RELEASE", "RELEASE"), false),
        ("another command", other_text("$ echo x >> tries", "$ true"), false),
        ("another title", other_text("1 Look", "1 Look hard"), false),
        ("another statement", other_text("I release it.", "I looked at it."), false),
        ("nothing", String::new(), false),
    ];
    for (what, text, good) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        let digest = sha256(text.as_bytes());
        fs::write(blob(&dir, &digest), &text).unwrap();
        let named = json!({"sha256": digest, "bytes": text.len()});
        sign_otherwise(&shop, &dir, |statement| statement["presence"]["shown"] = named.clone());
        forge(&dir, |events| events[at]["presence"]["shown"] = named.clone());
        let ran = shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]);
        let due = if good { "intact and complete" } else { "does not conform at event" };
        assert!(ran.stdout.starts_with(due), "{what}: {}", ran.both());
        assert_eq!(ran.stderr.contains("shown something else"), !good, "{what}: {}", ran.both());
        // The script says what it does not check.
        assert_eq!(script(&shop, &dir).code, 0, "{what}");
    }
}

/// A secret that a title comes to is masked in the text as on the screen; and where a run knows secrets, a mask stands for
/// something in a line, and for no lines.
#[test]
fn a_secret_that_a_title_comes_to_is_masked_in_the_text_and_a_mask_hides_no_line_of_it() {
    let shop = Shop::new(1);
    let book = "---\nrunbook: 1\ntitle: A release\nroles: [qa]\ninputs:\n  \
        TOKEN: { secret: true, from: { file: token.txt } }\n  X: { default: \"890\" }\n---\n\n# A release\n\n## Look at 12345{{ X }}67\n\n\
        ```sh check\ntrue && echo well\n```\n\n## Release\n\n\
        ```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    shop.bench.file("book.md", book);
    shop.bench.file("token.txt", "1234589067\n");
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.bench.ends(0, &["note", "1", "DO NOT RELEASE", "--operator", QA]);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let at = shop.sign_off(1);
    let told = shown(&shop, at);
    assert!(told.contains("1 Look at [REDACTED:TOKEN]\n") && !told.contains("1234589067"), "{told}");
    shop.is(1, 0, "intact and complete");
    let note = told.lines().find(|line| line.contains("DO NOT RELEASE")).unwrap();
    for hidden in [note.to_owned() + "\n", "On the way here\n".to_owned() + note] {
        let text = told.replace(&hidden, "[REDACTED:TOKEN]");
        assert_ne!(text, told);
        let dir = shop.bench.run_dir(1);
        let named = json!({"sha256": sha256(text.as_bytes()), "bytes": text.len()});
        fs::write(blob(&dir, named["sha256"].as_str().unwrap()), &text).unwrap();
        sign_otherwise(&shop, &dir, |statement| statement["presence"]["shown"] = named.clone());
        forge(&dir, |events| events[at]["presence"]["shown"] = named.clone());
        let (code, verdict, remarks) = shop.verdict(1);
        assert_eq!((code, verdict), (6, format!("does not conform at event {at}")), "{remarks}");
        assert!(remarks.contains("shown something else"), "{remarks}");
    }
}

#[test]
fn where_a_script_in_the_text_was_expunged_it_is_said_that_it_was_not_compared() {
    let shop = Shop::new(1);
    let book = "---\nrunbook: 1\ntitle: A release\nroles: [qa]\ninputs:\n  X: { default: \"890\" }\n---\n\n\
        # A release\n\n## Look\n\n```sh check\n#| template: true\ntest -n {{ X }} && echo well\n```\n\n\
        ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    shop.bench.file("book.md", book);
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    let told = shown(&shop, shop.sign_off(1));
    assert!(told.contains("$ test -n '890' && echo well"), "{told}");
    let script = shop.bench.of_type(1, "action.started")[0]["script"]["sha256"].as_str().unwrap().to_owned();
    let key = shop.key("qa");
    let why = ["--reason", "it leaked", "--operator", QA, "--key", key.to_str().unwrap()];
    shop.bench.ends(0, &[&["expunge", "1", "--blob", &script], &why[..]].concat());
    let (code, verdict, remarks) = shop.verdict(1);
    assert!(code == 6 && verdict.starts_with("expunged: 1 blob(s)"), "{verdict} {remarks}");
    assert!(remarks.contains("what 1 signer was shown was not compared"), "{remarks}");
}
