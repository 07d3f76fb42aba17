//! A document that takes the place of another, where keys sign: what signers are shown, what their statements are of, and
//! what every verifier says of it.

use std::fs;
use std::path::Path;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::unpacked;
use crate::independent::{all_say, all_say_with};
use crate::mill::mill;
use crate::shop::{OPS, QA, QB, Shop, book};
use crate::support::{forge, sha256};

fn new() -> String {
    book(1).replace("echo live > live", "echo alive > live")
}

fn exchange(shop: &Shop, run: &str) -> (i32, String) {
    let ran =
        shop.bench.holdpoint(&["resume", run, "--with-new-document", "--reason", "a typo", "--unattended"]);
    (ran.code, ran.both())
}

/// A run whose document was exchanged before its hold point was signed off, and that passed.
fn exchanged() -> Shop {
    let shop = Shop::waiting(1);
    shop.bench.file("book.md", &new());
    let (code, told) = exchange(&shop, "1");
    assert_eq!(code, 3, "{told}");
    shop.signs("1", QA, "qa");
    shop.resumes("1");
    shop
}

fn bundle(shop: &Shop) -> std::path::PathBuf {
    shop.bench.sh("rm -f run.tar.zst");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    unpacked(shop, "run.tar.zst")
}

#[test]
fn a_signer_is_shown_what_differs_and_signs_for_the_new_document() {
    let shop = exchanged();
    let given = shop.bench.of_type(1, "signoff.given").remove(0);
    let shown = given["presence"]["shown"]["sha256"].as_str().unwrap();
    let shown = fs::read_to_string(shop.bench.run_dir(1).join("blobs/sha256").join(shown)).unwrap();
    for line in [
        "The document was exchanged at event ",
        "document exchanged by ops@example.org",
        "-echo live > live",
        "+echo alive > live",
        &format!("sha256 {}", sha256(new().as_bytes())),
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let stated: Value = serde_json::from_slice(&fs::read(shop.signed(1, "")).unwrap()).unwrap();
    assert_eq!(stated["runbook"]["sha256"], sha256(new().as_bytes()));
    assert!(stated["seen"]["deviations"][0].as_str().unwrap().starts_with("document exchanged"));
    let dir = bundle(&shop);
    let good = all_say(&shop, &dir, "as it was written");
    assert_eq!(good, (0, "intact and complete, by its own signers".to_owned()));
}

#[test]
fn a_sign_off_over_the_old_document_lapses_with_the_exchange() {
    let shop = Shop::waiting(1);
    shop.signs("1", QA, "qa");
    shop.bench.file("book.md", &new());
    let (code, told) = exchange(&shop, "1");
    assert_eq!(code, 3, "{told}");
    let lapsed = shop.bench.of_type(1, "signoff.lapsed").remove(0);
    assert_eq!(lapsed["reason"], "the document was exchanged for another");
    shop.signs("1", QB, "qb");
    shop.resumes("1");
    assert_eq!(shop.bench.text("live"), "alive\n");
    let dir = bundle(&shop);
    assert_eq!(all_say(&shop, &dir, "twice").0, 0);
}

#[test]
fn every_verifier_refuses_a_statement_that_is_of_another_document_than_the_run_went_by() {
    type Alter = fn(&mut Vec<Value>, usize);
    let cases: [(&str, Alter); 3] = [
        ("no exchange", |events, at| drop(events.remove(at))),
        ("another title", |events, at| events[at]["runbook"]["title"] = json!("Another")),
        ("another reason", |events, at| events[at]["reason"] = json!("another")),
    ];
    let shop = exchanged();
    for (what, alter) in sample::some(cases, 2) {
        let dir = bundle(&shop);
        forge(&dir, |events| {
            let at = events.iter().position(|event| event["type"] == "document.exchanged").unwrap();
            alter(events, at);
        });
        for ran in [
            shop.bench
                .command("python3")
                .arg("-B")
                .arg(crate::independent::verifier())
                .arg(&dir)
                .output()
                .unwrap(),
            shop.bench.command("sh").arg(dir.join("verify.sh")).output().unwrap(),
            shop.bench.command(crate::support::HOLDPOINT).arg("verify").arg(&dir).output().unwrap(),
        ] {
            let told = String::from_utf8_lossy(&ran.stdout).into_owned();
            assert_eq!(ran.status.code(), Some(6), "{what}: {told}");
            assert!(told.contains(" at event "), "{what}: {told}");
        }
    }
}

#[test]
fn a_blob_of_the_new_document_is_told_alike_by_all_verifiers() {
    let shop = exchanged();
    let difference =
        shop.bench.of_type(1, "document.exchanged")[0]["diff"]["sha256"].as_str().unwrap().to_owned();
    for blob in [sha256(new().as_bytes()), difference] {
        let dir = bundle(&shop);
        fs::remove_file(dir.join("blobs/sha256").join(&blob)).unwrap();
        let (code, told) = all_say(&shop, &dir, &blob);
        assert_eq!(code, 6);
        assert!(told.starts_with("altered at event "), "{told}");
    }
}

const CLAIMS: &str = "authors: [github.com/olive]\napprovers: [github.com/quinn, qb@example.org]\n";

/// The mill, whose approved document waits at an item.
fn approved() -> Shop {
    let shop = mill(CLAIMS);
    let text = shop.bench.text("sop.md");
    shop.bench.file(
        "sop.md",
        &format!("{text}\n## Ask\n\n- [ ] The lamp is green\n\n## Stop\n\n```sh run\ntouch looked\n```\n"),
    );
    shop.bench.file("yes.yaml", "steps:\n  ask: { confirm: true }\n");
    approve(&shop);
    shop
}

fn approve(shop: &Shop) {
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.commit();
}

#[test]
fn the_new_document_takes_approvals_of_its_own_which_every_verifier_proves() {
    let shop = approved();
    let (bench, who) = (&shop.bench, ["--operator", OPS]);
    bench.ends(3, &[&["run", "sop.md", "--env", "production", "--unattended"][..], &who].concat());
    bench.file("sop.md", &bench.text("sop.md").replace("## Stop\n", "## Stop\n\nGently.\n"));
    let words =
        ["resume", "1", "--with-new-document", "--reason", "gently", "--unattended", "--answers", "yes.yaml"];
    let words = [&words[..], &who].concat();
    bench.ends(5, &words).says("production requires an approved document");
    approve(&shop);
    bench.ends(0, &words);
    let event = bench.of_type(1, "document.exchanged").remove(0);
    assert_eq!(event["policy"]["approvals"].as_array().unwrap().len(), 2);
    let dir = bundle(&shop);
    let good = all_say(&shop, &dir, "as it was written");
    assert_eq!(good, (0, "intact and complete, by its own signers".to_owned()));
    let trusted = bench.root();
    let told = all_say_with(&shop, &dir, Some(&trusted), "by a checkout");
    assert_eq!(told, (0, "intact and complete, by trusted signers".to_owned()));

    let at = event["n"].as_u64().unwrap();
    // What the commit of the exchange does not have is not as trusted, whatever the record says of itself.
    let first = bench.events(1)[0]["runbook"]["commit"].clone();
    forge(&dir, |events| events[usize::try_from(at).unwrap()]["runbook"]["commit"] = first);
    let dir = dir.to_str().unwrap();
    bench.ends(0, &["verify", dir]);
    bench.ends(6, &["verify", dir, "--trust", "."]).says("the run-book sop.md is not that of commit");

    type Alter = fn(&Path, u64);
    let cases: [(&str, Alter); 3] = [
        ("an approval of the old document", |dir, at| {
            forge(dir, |events| {
                let at = usize::try_from(at).unwrap();
                events[at]["policy"]["approvals"][0] = events[0]["policy"]["approvals"][0].clone();
            });
        }),
        ("another person", |dir, at| {
            forge(dir, |events| {
                events[usize::try_from(at).unwrap()]["policy"]["approvals"][0]["who"] =
                    json!("qb@example.org");
            });
        }),
        ("another time", |dir, at| {
            forge(dir, |events| {
                let time = json!("2026-01-01T00:00:00+00:00");
                events[usize::try_from(at).unwrap()]["policy"]["approvals"][0]["time"] = time;
            });
        }),
    ];
    for (what, alter) in sample::some(cases, 2) {
        let dir = bundle(&shop);
        alter(&dir, at);
        assert_eq!(all_say(&shop, &dir, what), (6, format!("does not conform at event {at}")), "{what}");
    }
    // None at all, where the rule asks for them: what takes the rules to see.
    let dir = bundle(&shop);
    forge(&dir, |events| {
        drop(events[usize::try_from(at).unwrap()].as_object_mut().unwrap().shift_remove("policy"))
    });
    bench.ends(6, &["verify", dir.to_str().unwrap()]).says("the rule approved_document does not hold");
}

#[test]
fn the_rehearsal_of_the_new_document_is_proved_by_every_verifier() {
    let shop = approved();
    let (bench, who) = (&shop.bench, ["--operator", OPS]);
    let config = bench.text("holdpoint.toml");
    let rule = "requires = { approved_document = true, rehearsal = \"staging\" }";
    let config = config.replacen("requires = { approved_document = true }", rule, 1);
    bench.file("holdpoint.toml", &format!("{config}\n[environments.staging]\nrehearsal = true\n"));
    shop.commit();
    let run = |code: i32, environment: &str, more: &[&str]| {
        let words = ["run", "sop.md", "--env", environment, "--unattended"];
        bench.ends(code, &[&words[..], more, &who].concat());
    };
    run(0, "staging", &["--answers", "yes.yaml"]);
    run(3, "production", &[]);
    bench.file("sop.md", &bench.text("sop.md").replace("## Stop\n", "## Stop\n\nGently.\n"));
    approve(&shop);
    run(0, "staging", &["--answers", "yes.yaml"]);
    let words =
        ["resume", "2", "--with-new-document", "--reason", "gently", "--unattended", "--answers", "yes.yaml"];
    bench.ends(0, &[&words[..], &who].concat());
    let event = bench.of_type(2, "document.exchanged").remove(0);
    assert_eq!(event["policy"]["rehearsed"]["number"], 3);
    let at = usize::try_from(event["n"].as_u64().unwrap()).unwrap();
    bench.ends(0, &["export", "2", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let good = all_say(&shop, &dir, "as it was written");
    assert_eq!(good, (0, "intact and complete, by its own signers".to_owned()));
    type Alter = fn(&mut Value, &Value);
    let cases: [(&str, Alter); 3] = [
        ("another number", |now, _| now["number"] = json!(1)),
        ("another environment", |now, _| now["environment"] = json!("production")),
        ("the rehearsal of the old document", |now, then| *now = then.clone()),
    ];
    for (what, alter) in sample::some(cases, 2) {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| {
            let then = events[0]["policy"]["rehearsed"].clone();
            alter(&mut events[at]["policy"]["rehearsed"], &then);
        });
        assert_eq!(all_say(&shop, &dir, what), (6, format!("does not conform at event {at}")), "{what}");
    }
}
