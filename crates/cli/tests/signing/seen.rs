//! What a signature binds beside outcomes: everything that happened on the way, as its signer was told it.

use std::fs;
use std::path::Path;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::{both_say, unpacked};
use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{forge, sha256};

const NIGHT: &str = "qb@example.org";

/// A check that does not hold at first.
const BOOK: &str = "---\nrunbook: 1\ntitle: A release\nroles: [qa]\n---\n\n# A release\n\n## Look\n\n\
    ```sh check\n#| retry: { every: 10ms, for: 30s }\necho x >> tries\n[ \"$(wc -l < tries)\" -gt 1 ]\n```\n\n\
    ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\nindependent: true\n```\n\n\
    ## Change\n\n```sh run\necho live > live\n```\n\n```sh check\ncat live\n```\n";

/// A run that waits for its sign-off, after a failure, a note, a handover, an attempt that did not count and a rejection.
pub fn eventful() -> Shop {
    let shop = Shop::new(1);
    shop.bench.file("book.md", BOOK);
    let key = |name: &str| shop.key(name).to_str().unwrap().to_owned();
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended", "--operator", OPS]);
    shop.bench.ends(0, &["note", "1", "DO NOT RELEASE", "--step", "look", "--operator", QB]);
    shop.bench.ends(0, &["handover", "1", "--to", NIGHT, "--note", "Is the tape in?", "--operator", OPS]);
    shop.bench.ends(0, &["handover", "1", "--withdraw", "--operator", OPS]);
    assert_eq!(shop.sign("1", OPS, "ops").code, 5);
    let why = "The footer is wrong";
    shop.bench.ends(0, &["sign", "1", "--as", QA, "--key", &key("qa"), "--reject", "--reason", why]);
    shop
}

#[test]
fn the_signed_statement_names_every_failure_note_handover_refusal_and_rejection_in_order() {
    let shop = eventful();
    let shown = shop.sign("1", QA, "qa");
    assert_eq!(shown.code, 0, "{}", shown.both());
    for said in [
        "1 Look",
        "expected: exit 0 (held)",
        "$ echo x >> tries",
        "look#1, attempt 1: failed (exit code 1)",
        "DO NOT RELEASE",
        "Is the tape in?",
        "The footer is wrong",
    ] {
        shown.says(said);
    }
    let statement: Value = serde_json::from_slice(&fs::read(shop.signed(1, "")).unwrap()).unwrap();
    let history = statement["seen"]["history"].as_array().unwrap();
    let kinds: Vec<&str> = history.iter().map(|told| told["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["action.finished", "note", "handover", "handover.withdrawn", "signoff.refused", "signoff.rejected",]
    );
    let events = shop.bench.events(1);
    for told in history {
        let event = &events[told["n"].as_u64().unwrap() as usize];
        assert!(told.as_object().unwrap().iter().all(|(key, value)| &event[key] == value), "{told}");
    }
    assert_eq!(history[1]["text"], "DO NOT RELEASE");
    shop.resumes("1");
    shop.is(1, 0, "intact and complete");
}

/// Signs what `how` makes of the first sign-off's statement, with its signer's own key, and makes all else fit.
pub fn sign_otherwise(shop: &Shop, dir: &Path, how: impl FnOnce(&mut Value)) {
    let at = shop.sign_off(1);
    let path = dir.join(format!("signoffs/{at:04}.json"));
    let mut statement: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    how(&mut statement);
    let statement = serde_json::to_string_pretty(&statement).unwrap() + "\n";
    fs::write(&path, &statement).unwrap();
    let signature = shop.bench.sh(&format!(
        "ssh-keygen -Y sign -q -n signoff@holdpoint -f '{}' < '{}'",
        shop.key("qa").display(),
        path.display()
    ));
    fs::write(dir.join(format!("signoffs/{at:04}.json.sig")), &signature).unwrap();
    forge(dir, |events| {
        events[at]["signature"]["statement"] = json!(sha256(statement.as_bytes()));
        events[at]["signature"]["signature"] = json!(sha256(signature.as_bytes()));
    });
}

#[test]
fn a_signer_who_was_told_something_else_is_found_out_by_the_program_and_by_the_script() {
    let shop = eventful();
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let at = shop.sign_off(1);
    type Forger = fn(&mut Value);
    let cases: [(&str, Forger); 7] = [
        ("nothing else", |_| ()),
        ("no note", |told| drop(told["seen"]["history"].as_array_mut().unwrap().remove(1))),
        ("another note", |told| told["seen"]["history"][1]["text"] = json!("RELEASE")),
        ("no failure", |told| drop(told["seen"]["history"].as_array_mut().unwrap().remove(0))),
        ("shown another text", |told| told["presence"]["shown"]["sha256"] = json!("0".repeat(64))),
        ("sat elsewhere", |told| told["presence"]["host"] = json!("elsewhere")),
        ("another order", |told| told["seen"]["history"].as_array_mut().unwrap().swap(0, 1)),
    ];
    for (what, how) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        sign_otherwise(&shop, &dir, how);
        let due = match what {
            "nothing else" => (0, "intact and complete".to_owned()),
            _ => (6, format!("does not conform at event {at}")),
        };
        assert_eq!(both_say(&shop, &dir, what), due, "{what}");
    }
}
