//! Documents approved by their approvers' keys, and environments that take no other.

use std::fs;
use std::process::Command;

use holdpoint_xtask::sample::OneOf;
use serde_json::{Value, json};

use crate::export::{both_say, unpacked};
use crate::mill::{CLAIMS, approved, document, mill};
use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{Ran, forge, sha256};

#[test]
fn a_document_that_everybody_named_has_approved_runs_and_its_record_and_reports_say_who() {
    let shop = mill(CLAIMS);
    shop.refuses("production", "it lacks the approval of qa@example.org and of qb@example.org");
    shop.approves("sop.md", "github.com/quinn", "qa");
    shop.refuses("production", "it lacks the approval of qb@example.org");
    shop.approves("sop.md", QB, "qb");
    shop.runs("production");
    let approvals = &shop.bench.events(1)[0]["policy"]["approvals"];
    let who: Vec<_> = approvals.as_array().unwrap().iter().map(|one| one["who"].as_str().unwrap()).collect();
    assert_eq!(who, [QA, QB]);
    assert_eq!(approvals[0]["name"], "Quinn Auditor");
    shop.bench.ends(0, &["verify", "1"]).says("2 signatures by key checked");
    shop.bench.ends(0, &["show", "1"]).says("approved by  Quinn Auditor (qa@example.org)");
    for format in ["markdown", "html", "json", "junit"] {
        let report = shop.bench.ends(0, &["report", "1", "--format", format]).stdout;
        let key = approvals[0]["key"].as_str().unwrap();
        let key = if format == "html" { key.replace('/', "&#x2f;") } else { key.to_owned() };
        for said in ["Quinn Auditor", "Quentin Borrower", &key] {
            assert!(report.contains(said), "{format}: {said}");
        }
    }
}

#[test]
fn an_approval_is_checked_with_ssh_keygen_alone_and_binds_what_was_approved() {
    let shop = mill(&format!("{CLAIMS}effective_date: 2026-01-02\n"));
    let ran = shop.approve("sop.md", QA, "qa");
    ran.says("Restart the mill").says("SOP-1").says("Olive Operator").says("git add sop.md");
    let output = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", "approval@holdpoint", "-I", QA, "-f"])
        .arg(shop.bench.path("allowed_signers"))
        .arg("-s")
        .arg(shop.approval(QA, ".sig"))
        .stdin(fs::File::open(shop.approval(QA, "")).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stated = shop.stated(QA);
    let document = json!({
        "path": "sop.md", "sha256": sha256(&fs::read(shop.bench.path("sop.md")).unwrap()),
        "title": "Restart the mill", "document_id": "SOP-1", "revision": "1", "effective_date": "2026-01-02",
    });
    assert_eq!(stated["document"], document);
    assert_eq!(stated["approvers"], json!([QA, QB]));
    assert_eq!(stated["approver"], json!({"principal": QA, "name": "Quinn Auditor"}));
    assert_eq!((&stated["meaning"], &stated["at"]["zone"]), (&json!("approval"), &json!("UTC")));
}

#[test]
fn only_those_whom_the_document_names_approve_it_and_with_a_key_of_theirs() {
    let shop = mill(CLAIMS);
    for (who, key, code, why) in [
        (OPS, "ops", 5, "is none of the approvers that the document names"),
        ("stranger@example.org", "qa", 5, "is none of the approvers"),
        (QA, "qb", 5, "is not one of qa@example.org"),
        (QA, "nobody", 3, "Nothing was approved"),
    ] {
        let before = shop.bench.tree();
        let ran = shop.approve("sop.md", who, key);
        assert_eq!(ran.code, code, "{who}: {}", ran.both());
        ran.says(why);
        assert_eq!(shop.bench.tree(), before);
    }
    shop.bench.ends(2, &["approve", "sop.md", "--as", QA]).says("--yes");
    shop.bench.sh("sed -i 's/,approval@holdpoint//' allowed_signers");
    let ran = shop.approve("sop.md", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("not for `approval@holdpoint`").says("namespaces=");
}

#[test]
fn a_revoked_or_expired_key_approves_nothing_and_what_it_approved_before_it_was_revoked_counts_no_more() {
    let shop = mill(CLAIMS);
    let line = |options: &str| {
        let public = |name: &str| fs::read_to_string(shop.key(name).with_extension("pub")).unwrap();
        format!("{QA} {options} {}{QB} {}", public("qa"), public("qb"))
    };
    shop.bench.file("allowed_signers", &line("valid-before=\"20200101Z\""));
    let ran = shop.approve("sop.md", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    assert!(!shop.bench.exists(".holdpoint"));
    shop.bench.file("allowed_signers", &line("namespaces=\"approval@holdpoint\""));
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.runs("production");
    // What was signed while the key was good stays good.
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let later = tomorrow.strftime("%Y%m%d%H%M%SZ");
    shop.bench.file("allowed_signers", &line(&format!("valid-before=\"{later}\"")));
    shop.runs("production");
    shop.bench.file("allowed_signers", &line("valid-before=\"20200101Z\""));
    shop.refuses("production", "the approval by qa@example.org does not hold");
    shop.bench.file("allowed_signers", &line("namespaces=\"approval@holdpoint\""));
    shop.bench.file("revoked_keys", &fs::read_to_string(shop.key("qa").with_extension("pub")).unwrap());
    shop.refuses("production", "is revoked");
    let ran = shop.approve("sop.md", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    shop.is(1, 0, "intact and complete");
}

#[test]
fn another_byte_another_path_or_another_claim_takes_another_approval() {
    let shop = approved();
    shop.runs("production");
    let text = shop.bench.text("sop.md");
    shop.bench.file("sop.md", &format!("{text} "));
    shop.refuses("production", "it lacks the approval of");
    shop.bench.file("sop.md", &text);
    shop.bench.file("copy.md", &text);
    let ran = shop.bench.ends(5, &["run", "copy.md", "--env", "production", "--unattended"]);
    ran.says("it approves these bytes as sop.md");
    shop.runs("production");
}

#[test]
fn an_altered_forged_or_borrowed_approval_does_not_hold() {
    let one_of = OneOf::among(3);
    let refused = |why: &str, how: &dyn Fn(&Shop)| {
        if one_of.takes() {
            let shop = approved();
            how(&shop);
            shop.refuses("production", why);
        }
    };
    let replaced = |shop: &Shop, from: &str, to: &str| {
        let text = fs::read_to_string(shop.approval(QA, "")).unwrap();
        assert!(text.contains(from));
        fs::write(shop.approval(QA, ""), text.replace(from, to)).unwrap();
    };
    refused("it is not this key's signature of these bytes", &|shop| {
        replaced(shop, "Quinn Auditor", "Quinn Editor")
    });
    refused("is no approval", &|shop| replaced(shop, "\"meaning\": \"approval\"", "\"meaning\": \"review\""));
    refused("is no approval", &|shop| replaced(shop, "{\n", "{\n\n"));
    refused("is no approval", &|shop| replaced(shop, "\"meaning\"", "\"wish\": 1,\n  \"meaning\""));
    refused("is an approval by qb@example.org, not by whom it is named after", &|shop| {
        fs::copy(shop.approval(QB, ""), shop.approval(QA, "")).unwrap();
    });
    refused("it is not this key's signature of these bytes", &|shop| {
        fs::copy(shop.approval(QB, ".sig"), shop.approval(QA, ".sig")).unwrap();
    });
    refused("is not one of qa@example.org", &|shop| {
        shop.forge_approval(QA, &shop.stated(QA), "ops", "approval@holdpoint");
    });
    refused("made for `signoff@holdpoint`, not for `approval@holdpoint`", &|shop| {
        shop.forge_approval(QA, &shop.stated(QA), "qa", "signoff@holdpoint");
    });
    refused("names another title, revision, date or other approvers", &|shop| {
        let mut stated = shop.stated(QA);
        stated["document"]["revision"] = json!("2");
        shop.forge_approval(QA, &stated, "qa", "approval@holdpoint");
    });
    refused("is none of the approvers that it names", &|shop| {
        let mut stated = shop.stated(QA);
        stated["approvers"] = json!([QB]);
        shop.forge_approval(QA, &stated, "qa", "approval@holdpoint");
    });
    refused("which is yet to come", &|shop| {
        let mut stated = shop.stated(QA);
        stated["at"]["time"] = json!("2126-01-01T00:00:00.000000+00:00");
        shop.forge_approval(QA, &stated, "qa", "approval@holdpoint");
    });
}

#[test]
fn what_lies_among_the_approvals_and_is_none_is_never_passed_over() {
    type Put = fn(&Shop);
    let puts: [(&str, Put); 8] = [
        ("is no directory named after a document's SHA-256", |shop| {
            shop.bench.file(".holdpoint/approvals/README", "hello");
        }),
        ("is no approval", |shop| {
            fs::write(shop.approval(QA, "").with_file_name("notes.txt"), "hello").unwrap()
        }),
        ("has no signature beside it", |shop| fs::remove_file(shop.approval(QA, ".sig")).unwrap()),
        ("is a signature over no statement", |shop| fs::remove_file(shop.approval(QA, "")).unwrap()),
        ("is no plain file", |shop| {
            let path = shop.approval(QA, "");
            fs::rename(&path, shop.bench.path("elsewhere")).unwrap();
            std::os::unix::fs::symlink(shop.bench.path("elsewhere"), path).unwrap();
        }),
        ("is a link or a file, not a directory", |shop| {
            let (path, elsewhere) = (shop.bench.path(".holdpoint/approvals"), shop.bench.path("elsewhere"));
            fs::rename(&path, &elsewhere).unwrap();
            std::os::unix::fs::symlink(elsewhere, path).unwrap();
        }),
        ("is no directory named after", |shop| {
            let documents = shop.approval(QA, "").parent().unwrap().to_owned();
            fs::rename(&documents, shop.bench.path("elsewhere")).unwrap();
            std::os::unix::fs::symlink(shop.bench.path("elsewhere"), documents).unwrap();
        }),
        ("is an approval of other bytes", |shop| {
            let elsewhere = shop.bench.path(&format!(".holdpoint/approvals/{}", "0".repeat(64)));
            fs::rename(shop.approval(QA, "").parent().unwrap(), elsewhere).unwrap();
        }),
    ];
    for (why, put) in puts {
        let shop = approved();
        put(&shop);
        shop.refuses("production", why);
        let ran = shop.bench.holdpoint(&["approve", "sop.md", "--list"]);
        assert_eq!(ran.code, 2, "{why}: {}", ran.both());
    }
}

#[test]
fn an_approval_by_somebody_who_is_not_asked_is_told_and_changes_nothing() {
    let shop = approved();
    let mut stated = shop.stated(QA);
    stated["approver"] = json!({"principal": OPS, "name": "Olive Operator"});
    shop.forge_approval(OPS, &stated, "ops", "approval@holdpoint");
    let ran = shop.run("production", &[]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("warning: the approval by ops@example.org does not hold");
    let approvals = &shop.bench.events(1)[0]["policy"]["approvals"];
    assert_eq!(approvals.as_array().unwrap().len(), 2);
}

#[test]
fn a_higher_revision_that_everybody_has_approved_takes_the_place_of_a_lower_one() {
    let shop = approved();
    let first = shop.bench.text("sop.md");
    let second = document(&CLAIMS.replace("\"1\"", "\"2\""));
    shop.bench.file("sop.md", &second);
    shop.approves("sop.md", QA, "qa");
    shop.bench.file("sop.md", &first);
    shop.runs("production");
    shop.bench.file("sop.md", &second);
    shop.approves("sop.md", QB, "qb");
    shop.runs("production");
    shop.bench.file("sop.md", &first);
    shop.refuses("production", "is superseded: revision 2 (sop.md");
    shop.bench.ends(1, &["approve", "sop.md", "--list"]).says("was approved and takes its place");
    // One whose approval no longer holds may take its place too: that is not guessed.
    let digest = sha256(second.as_bytes());
    let path = format!(".holdpoint/approvals/{digest}/{QA}.json.sig");
    let signature = shop.bench.text(&format!(".holdpoint/approvals/{digest}/{QB}.json.sig"));
    shop.bench.file(&path, &signature);
    shop.refuses("production", "may take its place, and the approval");
}

#[test]
fn a_higher_revision_that_is_not_effective_yet_takes_no_place() {
    let shop = approved();
    let first = shop.bench.text("sop.md");
    let claims = CLAIMS.replace("\"1\"", "\"2\"");
    shop.bench.file("sop.md", &document(&format!("{claims}effective_date: 2126-01-01\n")));
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.refuses("production", "this one is from 2126-01-01 on");
    shop.bench.file("sop.md", &first);
    shop.runs("production");
}

#[test]
fn of_two_documents_without_an_order_the_one_approved_later_counts_and_another_documents_approvals_do_not_matter()
 {
    let claims = CLAIMS.replace("\"1\"", "A");
    let shop = mill(&claims);
    let first = shop.bench.text("sop.md");
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.bench.file("other.md", &document(&claims).replace("SOP-1", "SOP-2"));
    shop.approves("other.md", QA, "qa");
    shop.approves("other.md", QB, "qb");
    shop.runs("production");
    shop.bench.file("sop.md", &document(&CLAIMS.replace("\"1\"", "B")));
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.runs("production");
    shop.bench.file("sop.md", &first);
    shop.refuses("production", "is superseded: revision B");
}

#[test]
fn a_document_that_is_not_effective_yet_names_strangers_or_is_not_as_committed_is_refused_where_it_is_protected()
 {
    let shop = approved();
    shop.runs("strict");
    shop.bench.sh("printf ' ' >> sop.md");
    shop.refuses("strict", "the document is not as committed");
    shop.bench.file("sop.md", &document(&CLAIMS.replace("[github.com/olive]", "[github.com/who]")));
    shop.commit();
    shop.refuses("strict", "nobody is known by the name github.com/who");
    shop.bench.file("sop.md", &document(&format!("{CLAIMS}effective_date: 2126-01-01\n")));
    shop.commit();
    shop.refuses("strict", "takes documents once they are effective");
}

#[test]
fn whoever_wrote_a_document_does_not_approve_it_under_any_name() {
    let alone = mill("authors: [github.com/quinn]\napprovers: [qa@example.org]\n");
    let ran = alone.approve("sop.md", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("author-approves").says("nobody else is to approve it");
    alone.refuses("production", "nobody is to approve it but qa@example.org, who wrote it");
    // With somebody else beside them it is a warning, unless it takes four eyes.
    let both = mill("authors: [github.com/quinn]\napprovers: [qa@example.org, qb@example.org]\n");
    both.approves("sop.md", QA, "qa");
    both.approves("sop.md", QB, "qb");
    both.commit();
    both.runs("production");
    both.refuses("strict", "it takes four eyes");
}

#[test]
fn a_document_that_names_no_approvers_or_is_broken_is_neither_approved_nor_run() {
    let shop = mill("revision: \"1\"\n");
    shop.refuses("production", "it names no approvers");
    let ran = shop.approve("sop.md", QA, "qa");
    assert_eq!(ran.code, 5, "{}", ran.both());
    for (broken, why) in [("timout: 5s", "unknown"), ("cwd: 5s\n<VERSION>", "")] {
        shop.bench.file("sop.md", &document(CLAIMS).replace("touch looked", &format!("#| {broken}\ntrue")));
        let ran = shop.approve("sop.md", QA, "qa");
        assert_eq!(ran.code, 2, "{}", ran.both());
        ran.says("nothing was approved").says(why);
    }
    assert!(!shop.bench.exists(".holdpoint"));
}

#[test]
fn who_has_approved_it_and_who_has_not_can_be_listed() {
    let shop = mill(CLAIMS);
    shop.bench.ends(1, &["approve", "sop.md", "--list"]).says("has not approved it");
    shop.approves("sop.md", QA, "qa");
    let list = ["approve", "sop.md", "--list", "--format", "json"];
    let listed = shop.bench.ends(1, &list).json();
    assert_eq!(listed["approved"], false);
    assert_eq!(listed["approvers"][0]["who"], QA);
    assert!(listed["approvers"][0]["approved"]["key"].as_str().unwrap().starts_with("SHA256:"));
    assert_eq!(listed["approvers"][1]["approved"], json!(null));
    shop.approves("sop.md", QB, "qb");
    assert_eq!(shop.bench.ends(0, &list).json()["approved"], true);
    shop.approve("sop.md", QA, "qa").says("has approved these very bytes already");
}

/// A run of an approved document, given away.
pub fn given_away() -> Shop {
    let shop = approved();
    shop.runs("vault");
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    shop
}

#[test]
fn a_record_whose_approval_was_left_out_or_rewritten_does_not_conform() {
    let shop = given_away();
    let unchanged = unpacked(&shop, "run.tar.zst");
    assert_eq!(both_say(&shop, &unchanged, "nothing").0, 0);
    // An insider rewrites it: chain and seal fit again.
    let is_found_out = |what: &str, how: &dyn Fn(&mut Value)| {
        let dir = unpacked(&shop, "run.tar.zst");
        forge(&dir, |events| how(&mut events[0]));
        let ran = shop.bench.holdpoint(&["verify", dir.to_str().unwrap()]);
        assert_eq!(
            (ran.code, ran.stdout.trim()),
            (6, "does not conform at event 0"),
            "{what}\n{}",
            ran.stderr
        );
    };
    is_found_out("all left out", &|opened| drop(opened.as_object_mut().unwrap().remove("policy")));
    let of = |what: &'static str, value: Value| {
        move |opened: &mut Value| opened["policy"]["approvals"][0][what] = value.clone()
    };
    let other = |what: &'static str| {
        move |opened: &mut Value| {
            opened["policy"]["approvals"][0][what] = opened["policy"]["approvals"][1][what].clone();
        }
    };
    is_found_out("one left out", &|opened| {
        opened["policy"]["approvals"].as_array_mut().unwrap().pop();
    });
    is_found_out("one twice for the other", &|opened| {
        opened["policy"]["approvals"][1] = opened["policy"]["approvals"][0].clone();
    });
    is_found_out("the time", &of("time", json!("2026-01-01T00:00:00.000000+00:00")));
    is_found_out("the name", &of("name", json!("Quinn")));
    is_found_out("the key", &of("key", json!("SHA256:x")));
    is_found_out("the assurance", &of("assurance", json!("fido-uv")));
    is_found_out("the person", &of("who", json!(OPS)));
    is_found_out("the statement of somebody else", &other("statement"));
    is_found_out("the signature of somebody else", &other("signature"));
    is_found_out("the path", &|opened| opened["runbook"]["path"] = json!("copy.md"));
}

#[test]
fn an_approval_moved_here_from_another_document_or_altered_is_told_by_script_and_program() {
    let shop = given_away();
    let dir = unpacked(&shop, "run.tar.zst");
    let blob = |dir: &std::path::Path, what: &str| {
        let events = crate::support::events(dir);
        let name = events[0]["policy"]["approvals"][0][what]["sha256"].as_str().unwrap().to_owned();
        dir.join("blobs/sha256").join(name)
    };
    fs::write(blob(&dir, "statement"), "another").unwrap();
    assert_eq!(both_say(&shop, &dir, "an altered blob"), (6, "altered at event 0".to_owned()));

    // Approvals that hold, of other bytes, put in the place of these with chain and seal made to fit.
    let dir = unpacked(&shop, "run.tar.zst");
    shop.bench.file("sop.md", &document(&CLAIMS.replace("\"1\"", "\"0\"")));
    shop.approves("sop.md", QA, "qa");
    let put = |ending: &str| {
        let bytes = fs::read(shop.approval(QA, ending)).unwrap();
        let reference = json!({"sha256": sha256(&bytes), "bytes": bytes.len()});
        fs::write(dir.join("blobs/sha256").join(sha256(&bytes)), bytes).unwrap();
        reference
    };
    let (statement, signature) = (put(""), put(".sig"));
    let time = shop.stated(QA)["at"]["time"].clone();
    forge(&dir, |events| {
        let approval = &mut events[0]["policy"]["approvals"][0];
        approval["statement"] = statement;
        approval["signature"] = signature;
        approval["time"] = time;
    });
    assert_eq!(both_say(&shop, &dir, "transplanted"), (6, "does not conform at event 0".to_owned()));
}

#[test]
fn an_agent_signs_an_approval() {
    let shop = mill(CLAIMS);
    let line = format!(
        "eval $(ssh-agent -s) >/dev/null; trap 'ssh-agent -k >/dev/null' EXIT; ssh-add -q '{}'; \
         holdpoint approve sop.md --as {QA} --yes; holdpoint approve sop.md --as {QB} --yes",
        shop.key("qa").display()
    );
    let ran = Ran::of(shop.bench.command("sh").args(["-c", &line]).output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.both());
    ran.says("Approved by Quinn Auditor").says("holds no key of qb@example.org");
    assert!(shop.approval(QA, ".sig").exists() && !shop.approval(QB, "").exists());
}
