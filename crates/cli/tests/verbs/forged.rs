//! Records whose bytes are in order and whose story is not: rewritten by somebody with the tools, chain and seal made
//! to fit again. The engine that drives runs did not invite what they tell.

use serde_json::{Value, json};

use crate::sealed::{Copy, position};
use crate::support::Bench;

fn of(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["type"] == kind
}

fn finished(action: &'static str, attempt: u64) -> impl Fn(&Value) -> bool {
    move |event| {
        event["type"] == "action.finished" && event["action"] == action && event["attempt"] == attempt
    }
}

/// Forges the event that `is` holds for; verify must name it.
#[track_caller]
fn refused_at(is: impl Fn(&Value) -> bool, how: impl FnOnce(&mut Value)) -> String {
    let copy = Copy::new();
    let at = position(&copy.events(), is);
    copy.forge(|events| {
        let before = events[at].clone();
        how(&mut events[at]);
        assert_ne!(events[at], before, "nothing was forged");
    });
    let (code, verdict, remarks) = copy.verdict();
    assert_eq!(
        (code, verdict.as_str()),
        (6, format!("does not conform at event {at}").as_str()),
        "{remarks}"
    );
    remarks
}

/// Adds or removes events; verify must name the first that does not belong.
#[track_caller]
fn refused_from(at: impl Fn(&[Value]) -> usize, how: impl FnOnce(&mut Vec<Value>)) {
    let copy = Copy::new();
    let at = at(&copy.events());
    copy.forge(how);
    let (code, verdict, remarks) = copy.verdict();
    assert_eq!(
        (code, verdict.as_str()),
        (6, format!("does not conform at event {at}").as_str()),
        "{remarks}"
    );
}

#[test]
fn a_forger_who_changes_nothing_is_not_found_out() {
    // Or the tests below would prove nothing.
    let copy = Copy::new();
    let before = copy.log();
    copy.forge(|_| {});
    assert_eq!(copy.log(), before, "the forger writes as holdpoint writes");
    copy.is(0, "intact and complete");
}

#[test]
fn a_failure_told_as_a_success_does_not_conform() {
    refused_at(finished("look#2", 1), |event| event["outcome"] = json!("passed"));
    refused_at(finished("look#2", 1), |event| {
        event["outcome"] = json!("passed");
        for judged in event["expectations"].as_array_mut().unwrap() {
            *judged = json!({"expected": judged["expected"], "held": true});
        }
    });
    refused_at(finished("look#1", 1), |event| event["outcome"] = json!("failed"));
    refused_at(finished("look#1", 1), |event| event["exit"] = json!(7));
}

#[test]
fn a_success_told_as_an_interruption_leads_elsewhere_than_the_events_after_it() {
    let next = |events: &[Value]| position(events, finished("look#1", 1)) + 1;
    refused_from(next, |events| {
        let at = position(events, finished("look#1", 1));
        events[at]["outcome"] = json!("interrupted");
    });
}

#[test]
fn an_expectation_told_otherwise_does_not_conform() {
    refused_at(finished("look#1", 1), |event| event["expectations"][0]["held"] = json!(false));
    refused_at(finished("look#1", 1), |event| drop(event["expectations"].as_array_mut().unwrap().pop()));
    refused_at(finished("look#1", 1), |event| {
        let first = event["expectations"][0].clone();
        event["expectations"].as_array_mut().unwrap().push(first);
    });
    refused_at(finished("look#1", 1), |event| event["expectations"][0]["expected"] = json!("exit 0, 1 or 2"));
    refused_at(finished("look#2", 1), |event| {
        let judged = event["expectations"].as_array_mut().unwrap();
        let failed = judged.iter_mut().find(|judged| judged["held"] == false).unwrap();
        failed["came"] = json!("nothing worth a word");
    });
}

#[test]
fn a_capture_told_otherwise_does_not_conform() {
    refused_at(finished("look#1", 1), |event| event["captures"]["COMMIT"] = json!("def456"));
    refused_at(finished("look#1", 1), |event| {
        drop(event["captures"].as_object_mut().unwrap().remove("COMMIT"))
    });
    refused_at(finished("look#1", 1), |event| event["captures"]["OTHER"] = json!("x"));
}

#[test]
fn another_output_does_not_conform() {
    let copy = Copy::new();
    let at = position(&copy.events(), finished("look#1", 1));
    let output = copy.blob(b"commit abc123\nbad\n");
    copy.forge(|events| events[at]["output"]["stdout"] = output);
    copy.is(6, &format!("does not conform at event {at}"));
    refused_at(finished("look#1", 1), |event| drop(event.as_object_mut().unwrap().remove("output")));
}

#[test]
fn a_skipped_sign_off_does_not_conform() {
    let given = |events: &[Value]| position(events, of("signoff.given"));
    refused_from(given, |events| events.retain(|event| event["type"] != "signoff.given"));
    let asked = |events: &[Value]| position(events, of("signoff.requested"));
    let both = |event: &Value| !event["type"].as_str().unwrap().starts_with("signoff.");
    refused_from(asked, |events| events.retain(both));
    refused_from(given, |events| {
        let at = position(events, of("signoff.given"));
        let (step, action) = (events[at]["step"].clone(), events[at]["action"].clone());
        let (time, by) = (events[at]["at"].clone(), json!({"who": "ops@example.org", "via": "terminal"}));
        events[at] = json!({"n": 0, "prev": "", "at": time, "type": "deviation", "kind": "skipped",
            "step": step, "action": action, "reason": "in a hurry", "by": by});
    });
}

#[test]
fn a_sign_off_by_somebody_else_does_not_conform() {
    let reason = refused_at(of("signoff.given"), |event| event["by"]["who"] = json!("mallory@example.org"));
    assert!(reason.contains("does not have the role qa"), "{reason}");
    refused_at(of("signoff.given"), |event| event["by"]["who"] = json!("ops@example.org"));
    refused_at(of("signoff.given"), |event| event["by"]["who"] = json!(""));
    refused_at(of("signoff.given"), |event| event["name"] = json!(" "));
    refused_at(of("signoff.given"), |event| event["role"] = json!("operator"));
    refused_at(of("signoff.given"), |event| event["meaning"] = json!("review"));
    refused_at(of("signoff.given"), |event| event["statement"] = json!("I release v2."));
    refused_at(of("signoff.given"), |event| event["by"]["via"] = json!("terminal"));
    refused_at(of("signoff.given"), |event| event["assurance"] = json!("fido-uv"));
    refused_at(of("signoff.requested"), |event| event["statement"] = json!("I saw nothing."));
    refused_at(of("signoff.requested"), |event| event["role"] = json!("operator"));
}

#[test]
fn a_signer_who_performed_a_step_is_not_independent() {
    // The forger makes the auditor the one who confirmed an item: the sign-off is no longer independent.
    let copy = Copy::new();
    let at = position(&copy.events(), of("signoff.given"));
    copy.forge(|events| {
        let item = position(events, of("item.confirmed"));
        events[item]["by"]["who"] = json!("qa@example.org");
    });
    copy.is(6, &format!("does not conform at event {at}"));
}

#[test]
fn event_0_must_be_what_the_recorded_configuration_and_document_say() {
    let first = || of("run.opened");
    refused_at(first(), |event| event["roles"]["qa"] = json!(["ops@example.org", "qa@example.org"]));
    refused_at(first(), |event| event["roles"] = json!({}));
    refused_at(first(), |event| event["people"]["qa@example.org"] = json!("Somebody Else"));
    refused_at(first(), |event| event["environment"]["rehearsal"] = json!(false));
    refused_at(first(), |event| event["environment"]["protected"] = json!(true));
    refused_at(first(), |event| event["environment"]["name"] = json!("production"));
    refused_at(first(), |event| event["environment"]["vars"] = json!({"A": "b"}));
    refused_at(first(), |event| event["plan"] = json!("0".repeat(64)));
    refused_at(first(), |event| drop(event.as_object_mut().unwrap().remove("config")));
    refused_at(first(), |event| event["runbook"]["title"] = json!("Another title"));
    refused_at(first(), |event| event["runbook"]["revision"] = json!("99"));
}

#[test]
fn event_0_cannot_call_the_run_a_dry_one_nor_say_otherwise_who_is_who_or_what_a_sign_off_takes() {
    let opened = || of("run.opened");
    let remarks = refused_at(opened(), |event| event["dry"] = json!(true));
    assert!(remarks.contains("dry run"), "{remarks}");
    for dry in [false, true] {
        let copy = Copy::new();
        copy.forge(|events| {
            events[0]["number"] = json!(0);
            if dry {
                events[0]["dry"] = json!(true);
            }
        });
        let seal = copy.dir.join("seal.json");
        let mut sealed: Value = serde_json::from_slice(&std::fs::read(&seal).unwrap()).unwrap();
        sealed["number"] = json!(0);
        std::fs::write(seal, serde_json::to_vec(&sealed).unwrap()).unwrap();
        let (code, verdict, remarks) = copy.verdict();
        assert_eq!((code, verdict.as_str()), (6, "does not conform at event 0"), "{remarks}");
    }
    refused_at(opened(), |event| event["environment"]["four_eyes"] = json!(true));
    for signature in ["rehearsal", "ssh", "fido-uv"] {
        refused_at(opened(), |event| event["environment"]["signature"] = json!(signature));
    }
    refused_at(opened(), |event| event["aliases"] = json!({"github.com/ops": "ops@example.org"}));
    let web = json!({"web": {"places": ["local"]}});
    refused_at(opened(), |event| event["environment"]["targets"] = web);
}

#[test]
fn inputs_that_the_document_does_not_ask_for_or_would_refuse_do_not_conform() {
    let first = || of("run.opened");
    refused_at(first(), |event| event["inputs"] = json!([]));
    refused_at(first(), |event| event["inputs"][0]["name"] = json!("RELEESE"));
    refused_at(first(), |event| {
        let again = event["inputs"][0].clone();
        event["inputs"].as_array_mut().unwrap().push(again);
    });
    refused_at(first(), |event| {
        event["inputs"][0] = json!({"name": "RELEASE", "secret": true, "from": "set"});
    });
}

#[test]
fn another_document_under_the_same_events_does_not_conform() {
    let copy = Copy::new();
    let book = copy.events()[0]["runbook"]["blob"]["sha256"].as_str().unwrap().to_owned();
    let text = std::fs::read_to_string(copy.dir.join("blobs/sha256").join(book)).unwrap();
    for (old, new) in [("cat live;", "true;"), ("- [ ] Everybody was told\n", ""), ("max: 0.5", "max: 5")] {
        let blob = copy.blob(text.replace(old, new).as_bytes());
        copy.forge(|events| events[0]["runbook"]["blob"] = blob);
        copy.is(6, "does not conform at event 0");
    }
}

#[test]
fn a_removed_deviation_does_not_conform() {
    let at = |events: &[Value]| position(events, of("deviation"));
    refused_from(at, |events| events.retain(|event| event["type"] != "deviation"));
    refused_at(of("deviation"), |event| event["reason"] = json!(""));
    refused_at(of("deviation"), |event| event["action"] = json!("change-it#1"));
    refused_at(of("deviation"), |event| event["kind"] = json!("repeated"));
}

#[test]
fn an_extra_a_missing_or_a_moved_action_does_not_conform() {
    let doubled = |events: &mut Vec<Value>| {
        let at = position(events, of("action.started"));
        let pair = events[at..at + 2].to_vec();
        events.splice(at + 2..at + 2, pair);
    };
    refused_from(|events| position(events, of("action.started")) + 2, doubled);
    let missing = |events: &mut Vec<Value>| {
        let at = position(events, of("action.started"));
        events.drain(at..at + 2);
    };
    refused_from(|events| position(events, of("action.started")), missing);
    let unfinished = |events: &mut Vec<Value>| {
        let at = position(events, of("action.finished"));
        events.remove(at);
    };
    refused_from(|events| position(events, of("action.finished")), unfinished);
    refused_at(of("action.started"), |event| event["attempt"] = json!(2));
    refused_at(of("action.started"), |event| event["probe"] = json!(true));
    let copy = Copy::new();
    let script = copy.blob(b"rm -rf /");
    let at = position(&copy.events(), of("action.started"));
    copy.forge(|events| events[at]["script"] = script);
    copy.is(6, &format!("does not conform at event {at}"));
}

#[test]
fn a_hidden_failed_attempt_does_not_conform() {
    // The first attempt failed, the second passed; without the first the second is no second.
    let at = |events: &[Value]| position(events, finished("look#2", 1)) - 1;
    refused_from(at, |events| {
        let end = position(events, finished("look#2", 1));
        events.drain(end - 1..=end);
    });
}

#[test]
fn an_answer_that_was_assumed_is_in_no_stored_record() {
    for kind in ["item.confirmed", "value.recorded", "deviation", "signoff.given"] {
        refused_at(of(kind), |event| event["by"]["via"] = json!("assumed"));
    }
}

#[test]
fn an_observed_value_told_otherwise_does_not_conform() {
    refused_at(of("value.recorded"), |event| event["value"] = json!("0.9"));
    refused_at(of("value.recorded"), |event| event["value"] = json!("little"));
    refused_at(of("value.recorded"), |event| event["within_limits"] = json!(false));
    refused_at(of("value.recorded"), |event| event["name"] = json!("other"));
    refused_at(of("item.confirmed"), |event| event["action"] = json!("tell-the-others#9"));
    refused_at(of("item.confirmed"), |event| event["text"] = json!("Nobody was told"));
}

#[test]
fn another_verdict_or_an_end_before_the_end_does_not_conform() {
    let copy = Copy::new();
    let last = copy.events().len() - 1;
    copy.forge(|events| events[last]["verdict"] = json!("aborted"));
    let path = copy.dir.join("seal.json");
    let seal = std::fs::read_to_string(&path).unwrap().replace("passed", "aborted");
    std::fs::write(&path, seal).unwrap();
    copy.is(6, &format!("does not conform at event {last}"));
    let at = |events: &[Value]| position(events, finished("look#1", 1)) + 1;
    refused_from(at, |events| {
        let end = position(events, finished("look#1", 1)) + 1;
        let last = events.len() - 1;
        events.drain(end..last);
    });
}

#[test]
fn a_second_opening_does_not_conform_and_nothing_follows_the_end() {
    refused_from(|_| 1, |events| events.insert(1, events[0].clone()));
    let copy = Copy::new();
    let last = copy.events().len();
    copy.forge(|events| {
        let time = events[0]["at"].clone();
        let by = json!({"who": "ops@example.org", "via": "command"});
        events.push(json!({"n": 0, "prev": "", "at": time, "type": "note", "text": "by the way", "by": by}));
    });
    copy.is(6, &format!("altered at event {last}"));
}

#[test]
fn a_condition_that_was_not_asked_about_does_not_conform() {
    refused_from(
        |events| position(events, of("item.confirmed")),
        |events| {
            let at = position(events, of("item.confirmed"));
            let (time, step) = (events[at]["at"].clone(), events[at]["step"].clone());
            events[at] = json!({"n": 0, "prev": "", "at": time, "type": "step.not_applicable",
                "step": step, "condition": "false"});
        },
    );
}

#[test]
fn a_handover_that_nobody_offered_or_that_says_something_else_does_not_conform() {
    let by = json!({"who": "ops@example.org", "via": "command"});
    let standing = json!({"next": {"takes": "execution"}, "in_doubt": [], "sign_offs": [], "deviations": []});
    let forged = [
        json!({"n": 0, "prev": "", "at": "", "type": "handover.accepted", "by": by}),
        json!({"n": 0, "prev": "", "at": "", "type": "handover.withdrawn", "by": by}),
        json!({"n": 0, "prev": "", "at": "", "type": "handover", "to": "night@example.org", "standing": standing, "by": by}),
    ];
    for mut forged in forged {
        refused_from(
            |_| 1,
            |events| {
                forged["at"] = events[0]["at"].clone();
                events.insert(1, forged);
            },
        );
    }
}

#[test]
fn a_soak_that_is_shorter_than_the_run_book_says_does_not_conform() {
    const BOOK: &str = "---\nrunbook: 1\n---\n\n# A\n\n## Watch\n\n```sh check\n#| hold: { for: 200ms, every: 20ms }\n\
        true\n```\n\n## Go on\n\n```sh run\ntrue\n```\n";
    let made = Bench::with(&[("book.md", BOOK)]);
    made.ends(0, &["run", "book.md", "--unattended"]);
    let copy = Copy::of(&made);
    copy.is(0, "intact and complete");
    // The last try of it, start and end.
    let last = copy.events().iter().rposition(|event| event["action"] == "watch#1").unwrap();
    copy.forge(|events| drop(events.drain(last - 1..=last)));
    let (code, verdict, remarks) = copy.verdict();
    assert_eq!((code, verdict), (6, format!("does not conform at event {}", last - 1)), "{remarks}");
    // One try, told as if it had been enough.
    let copy = Copy::of(&made);
    copy.forge(|events| events.retain(|event| event["action"] != "watch#1" || event["attempt"] == 1));
    let (code, verdict, remarks) = copy.verdict();
    assert_eq!((code, verdict.as_str()), (6, "does not conform at event 3"), "{remarks}");
}

#[test]
fn a_record_of_a_time_when_items_lost_the_mark_of_an_image_conforms_and_one_that_lost_more_does_not() {
    let book = "---\nrunbook: 1\n---\n\n# X\n\n## Look\n\n- [ ] ![is green](x.png) is seen\n";
    let answers = "steps:\n  look: { confirm: true }\n";
    let bench = Bench::with(&[("book.md", book), ("answers.yaml", answers)]);
    bench.ends(0, &["run", "book.md", "--answers", "answers.yaml", "--unattended"]);
    let says =
        |text: &str| crate::support::forge(&bench.run_dir(1), |events| events[1]["text"] = json!(text));
    assert_eq!(bench.of_type(1, "item.confirmed")[0]["text"], "![is green](x.png) is seen");
    bench.ends(0, &["verify", "1"]);
    says("is green](x.png) is seen");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
    bench.ends(0, &["show", "1"]).says("CONFIRMED");
    says("is seen");
    bench.ends(6, &["verify", "1"]).says("does not conform at event 1");
}
