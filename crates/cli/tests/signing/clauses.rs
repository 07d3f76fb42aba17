//! What rows of the clause table (docs/audit.toml) say of signatures and of who sat where, shown as an auditor would look.

use std::fs;

use serde_json::Value;

use crate::export::exported;
use crate::shop::{OPS, QA, Shop};
use crate::support::HOLDPOINT;

#[test]
fn name_time_and_meaning_of_a_signature_stand_in_the_executed_copy_the_page_and_the_json() {
    let (shop, bundle) = exported();
    let event = &shop.bench.of_type(1, "signoff.given")[0];
    let said: Value = serde_json::from_slice(&fs::read(shop.signed(1, "")).unwrap()).unwrap();
    assert_eq!(
        (said["signer"]["name"].as_str(), said["meaning"].as_str()),
        (Some("Quinn Auditor"), Some("approval"))
    );
    let time = said["at"]["time"].as_str().unwrap();
    assert!(time.len() > 19 && said["at"]["zone"].is_string(), "{said}");
    // Reports tell the time of the event, to the second and in the zone of whoever reads; here that is UTC.
    let at = event["at"].as_str().unwrap()[..19].replace('T', " ");
    let mut forms: Vec<(String, String)> = ["markdown", "html", "json"]
        .map(|format| {
            let mut command = shop.bench.command(HOLDPOINT);
            let ran = command.env("TZ", "UTC").args(["report", "1", "--format", format]).output().unwrap();
            (format.to_owned(), String::from_utf8(ran.stdout).unwrap())
        })
        .into();
    forms.push(("the bundle's copy".into(), fs::read_to_string(bundle.join("reports/executed.md")).unwrap()));
    for (form, text) in forms {
        let at = if form == "json" { at.replace(' ', "T") } else { at.clone() };
        for part in ["Quinn Auditor", "approval", "I release v1.", &at] {
            assert!(text.contains(part), "{form}: {part} is not in\n{text}");
        }
    }
}

#[test]
fn a_junit_report_tells_rejections_attempts_that_did_not_count_and_what_lapsed() {
    let shop = Shop::new(1);
    let sign = |code, key: &str, more: &[&str]| {
        let key = shop.key(key);
        let words = ["sign", "1", "--as", QA, "--key", key.to_str().unwrap()];
        shop.bench.ends(code, &[&words[..], more].concat());
    };
    shop.make_key("stolen");
    shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
    sign(5, "stolen", &["--yes"]);
    sign(0, "qa", &["--reject", "--reason", "The footer is old"]);
    sign(0, "qa", &["--yes"]);
    shop.bench.ends(0, &["note", "1", "it was another ticket", "--corrects", "0"]);
    let lapsed = "signed off by Quinn Auditor (qa@example.org), counts no more";
    let told = [
        "rejected by qa@example.org: The footer is old",
        "an attempt to sign by qa@example.org did not count: ",
        "the sign-off lapsed: ",
        lapsed,
    ];
    let report = || shop.bench.ends(0, &["report", "1", "--format", "junit"]).stdout;
    let junit = report();
    told.iter().for_each(|words| assert!(junit.contains(words), "{words} in {junit}"));
    assert_eq!(junit.matches("signed off by").count(), 1, "{junit}");
    sign(0, "qa", &["--yes"]);
    shop.resumes("1");
    let junit = report();
    told.iter().for_each(|words| assert!(junit.contains(words), "{words} in {junit}"));
    assert_eq!(junit.matches("signed off by").count(), 2, "{junit}");
    assert_eq!(junit.matches(lapsed).count(), 1, "{junit}");
}

#[test]
fn a_session_and_a_signature_tell_account_machine_and_zone() {
    let shop = Shop::new(1);
    let machine = |command: &str| shop.bench.sh(command).trim().to_owned();
    let (user, host) = (machine("id -un"), machine("uname -n"));
    let holdpoint = |words: &[&str]| {
        let mut command = shop.bench.command(HOLDPOINT);
        command.env("TZ", "Asia/Tokyo").args(words).output().unwrap().status.code()
    };
    let key = shop.key("qa");
    assert_eq!(holdpoint(&["run", "book.md", "--env", "production", "--unattended"]), Some(3));
    assert_eq!(holdpoint(&["sign", "1", "--as", QA, "--key", key.to_str().unwrap(), "--yes"]), Some(0));
    assert_eq!(holdpoint(&["resume", "1", "--unattended"]), Some(0));
    let events = shop.bench.events(1);
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    for told in [&events[0]["session"], of("session.opened"), &of("signoff.given")["presence"]] {
        assert_eq!((told["os_user"].as_str(), told["host"].as_str()), (Some(&*user), Some(&*host)), "{told}");
    }
    for session in [&events[0]["session"], of("session.opened")] {
        assert_eq!(session["time_zone"], "Asia/Tokyo", "{session}");
    }
    let said: Value = serde_json::from_slice(&fs::read(shop.signed(1, "")).unwrap()).unwrap();
    assert_eq!(said["at"]["zone"], "Asia/Tokyo");
    assert!(said["at"]["time"].as_str().unwrap().ends_with("+09:00"), "{said}");
    assert!(events.iter().all(|event| event["at"].as_str().unwrap().ends_with('Z')));
}

/// Two hold points, one after the other.
const TWO: &str = "---\nrunbook: 1\ntitle: Two\nroles: [qa]\n---\n\n# Two\n\n\
    ## Look\n\n```sh check\ntrue\n```\n\n\
    ## First\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: I looked.\nindependent: true\n```\n\n\
    ## Second\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\nindependent: true\n```\n";

#[test]
fn each_signing_takes_the_key_anew_and_nothing_of_it_is_kept() {
    let shop = Shop::new(1);
    shop.bench.file("book.md", TWO);
    let words = ["run", "book.md", "--env", "production", "--unattended", "--operator", OPS];
    shop.bench.ends(3, &words);
    shop.signs("1", QA, "qa");
    shop.bench.ends(3, &["resume", "1", "--unattended"]);
    // Right afterwards, in the same sitting, without the key.
    let (key, away) = (shop.key("qa"), shop.key("away"));
    fs::rename(&key, &away).unwrap();
    let before = shop.bench.events(1).len();
    assert_ne!(shop.sign("1", QA, "qa").code, 0);
    assert!(shop.bench.of_type(1, "signoff.given").len() == 1, "nothing was signed from memory");
    assert!(shop.bench.events(1).len() <= before + 1);
    fs::rename(&away, &key).unwrap();
    shop.signs("1", QA, "qa");
    let given = shop.bench.of_type(1, "signoff.given");
    assert_eq!((given[0]["step"].as_str(), given[1]["step"].as_str()), (Some("first"), Some("second")));
    assert_ne!(given[0]["signature"]["signature"], given[1]["signature"]["signature"]);
    // A line out of the middle of the private key.
    let kept = shop.bench.sh("grep -rF -e \"$(sed -n 3p ../keys/qa)\" . || true");
    assert_eq!(kept, "", "nothing of the key lies in the repository or the store");
}
