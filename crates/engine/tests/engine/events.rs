//! Events as they stand in a record.

use holdpoint_engine::*;
use holdpoint_model::*;
use serde_json::{Value, json};

use crate::build::*;
use crate::story::*;

/// One event of each kind.
pub(crate) fn samples() -> Vec<Event> {
    let expires = |sign_off: &mut SignOff| sign_off.expires = Some(std::time::Duration::from_secs(60));
    let mut story = Story::of(plan([
        step("a").run().captures("OUT").rollback(),
        step("b").confirm().record(&["x"]).sign_off("qa").signed_off(expires),
        step("c").confirm().when("false"),
    ]));
    story.start();
    story.finish_with(Outcome::Passed, |f| {
        let output = Output { stdout: blob("o"), stderr: blob("e"), timing: blob("t") };
        f.output = Some(output);
        f.files.insert("out".into(), blob("f"));
        f.state = Some(blob("s"));
    });
    story.tell(deviation(DeviationKind::Repeated, "a", None));
    story.start();
    story.crash();
    story.decide(Choice::Happened);
    story.tell(note("seen"));
    story.tell(Event::LogRecovered { torn: blob("torn") });
    story.confirm();
    let Event::ValueRecorded { step, action, name, value, within_limits, by: who, .. } =
        story.recording("x", "1", true)
    else {
        panic!()
    };
    let evidence = Some(Evidence::File { path: "a.png".into(), blob: blob("p") });
    story.tell(Event::ValueRecorded {
        step: step.clone(),
        action: action.clone(),
        name: name.clone(),
        value: value.clone(),
        evidence,
        within_limits,
        by: who.clone(),
    });
    let (new, reason) = ("2".into(), "a slip".into());
    story.tell(Event::ValueCorrected(Corrected {
        step,
        action,
        name,
        old: value,
        new,
        reason,
        within_limits,
        by: who,
    }));
    let names = || ("b".to_owned(), "b#3".to_owned());
    let (step, action) = names();
    story.tell(Event::SignOffRequested { step, action, role: "qa".into(), statement: "I approve.".into() });
    let (step, action) = names();
    story.tell(Event::SignOffRefused { step, action, reason: "no".into(), by: by(OPS) });
    let (step, action) = names();
    story.tell(Event::SignOffRejected {
        step,
        action,
        reason: "no".into(),
        signed: None,
        presence: presence(),
        by: by(QA),
    });
    story.sign(QA);
    let (step, action) = names();
    story.tell(Event::SignOffLapsed { step, action, reason: "good for 1m".into() });
    story.sign(QA);
    story.hand_over(OPS, NIGHT);
    story.tell(Event::HandoverWithdrawn { reason: Some("not needed".into()), by: by(NIGHT) });
    let handover = Handover { note: Some("Is the tape in?".into()), ..story.handing_over(OPS, NIGHT) };
    story.tell(Event::Handover(Box::new(handover)));
    story.tell(Event::HandoverAccepted { by: by(NIGHT) });
    story.pass_over();
    story.close(Verdict::Passed);
    let mut undone = Story::of(story.plan.clone());
    undone.pass();
    undone.roll_back();
    undone.pass();
    story.events.extend(undone.events.drain(3..));
    let why = "the work tree has uncommitted changes now".to_owned();
    story.events.push(Event::SessionSigned(Box::new(SignedSession {
        name: "Olive".into(),
        assurance: Assurance::Ssh,
        signature: KeySignature { key: "SHA256:x".into(), statement: "a".into(), signature: "b".into() },
        seat: Login { os_user: "ops".into(), host: "console".into(), tty: None },
        by: by(OPS),
    })));
    story.events.push(Event::DocumentExchanged(Box::new(Exchanged {
        runbook: opened().runbook,
        plan: "f".repeat(64),
        diff: blob("diff"),
        policy: Policy::default(),
        reason: "a step lacked".into(),
        by: by(OPS),
    })));
    story.events.push(Event::RulesChecked(Look {
        commit: Some("c7722196".into()),
        dirty: Some(true),
        committed: Some(true),
        anchor: Some(AnchorSeen { number: 1, statement: "0".repeat(64), events: 4 }),
        change: None,
        unmet: vec![Unmet { rule: Rule::CleanCommit, why }],
    }));
    story.events
}

fn stamped(event: Event) -> Value {
    let at = "2026-11-23T14:34:05.123456Z".parse().unwrap();
    serde_json::to_value(Stamped { n: 7, prev: "0".repeat(64), at, event }).unwrap()
}

#[test]
fn the_samples_hold_every_kind_of_event() {
    let mut kinds: Vec<String> = samples()
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "action.finished",
            "action.started",
            "decision",
            "deviation",
            "document.exchanged",
            "handover",
            "handover.accepted",
            "handover.withdrawn",
            "item.confirmed",
            "log.recovered",
            "note",
            "rollback.finished",
            "rollback.opened",
            "rollback.started",
            "rules.checked",
            "run.closed",
            "run.opened",
            "session.opened",
            "session.signed",
            "signoff.given",
            "signoff.lapsed",
            "signoff.refused",
            "signoff.rejected",
            "signoff.requested",
            "step.not_applicable",
            "value.corrected",
            "value.recorded",
        ]
    );
}

#[test]
fn every_event_survives_the_round_trip_through_text() {
    for event in samples() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        let line = stamped(event).to_string();
        let read: Stamped = serde_json::from_str(&line).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), line);
    }
}

#[test]
fn a_stamped_event_is_one_flat_object() {
    let line = stamped(note("seen"));
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["n", "prev", "at", "type", "text", "by"]);
}

/// Every object inside `value`, by JSON pointer.
fn objects(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            out.push(at.to_owned());
            map.iter().for_each(|(key, value)| objects(value, &format!("{at}/{key}"), out));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| objects(value, &format!("{at}/{i}"), out));
        }
        _ => {}
    }
}

#[test]
fn an_unknown_field_is_refused_wherever_it_stands() {
    // Maps from names to values take any name.
    let maps = ["/roles", "/people", "/environment/vars", "/captures", "/files", "/masked"];
    let mut refused = 0;
    for event in samples() {
        let line = stamped(event);
        let mut places = Vec::new();
        objects(&line, "", &mut places);
        for place in places.iter().filter(|place| !maps.contains(&place.as_str())) {
            let mut line = line.clone();
            line.pointer_mut(place).unwrap()["surprise"] = json!(1);
            assert!(serde_json::from_value::<Stamped>(line.clone()).is_err(), "stamped: {line}");
            assert!(serde_json::from_str::<Stamped>(&line.to_string()).is_err(), "stamped text: {line}");
            ["n", "prev", "at"].iter().for_each(|key| drop(line.as_object_mut().unwrap().remove(*key)));
            assert!(serde_json::from_value::<Event>(line.clone()).is_err(), "bare: {line}");
            refused += 1;
        }
    }
    assert!(refused > 40, "{refused}");
}

#[test]
fn an_unknown_type_a_missing_field_a_doubled_one_and_a_float_are_refused() {
    let line = stamped(note("seen")).to_string();
    assert!(serde_json::from_str::<Stamped>(&line).is_ok());
    for (from, to) in [
        (r#""type":"note""#, r#""type":"handshake""#),
        (r#""type":"note""#, r#""type":"Note""#),
        (r#""type":"note","#, ""),
        (r#""text":"seen","#, ""),
        (r#""n":7,"#, ""),
        (r#""n":7"#, r#""n":7.0"#),
        (r#""n":7"#, r#""n":7,"n":7"#),
        (r#""text":"seen""#, r#""text":"seen","text":"seen""#),
        (r#""type":"note""#, r#""type":"note","type":"note""#),
        (r#""via":"terminal""#, r#""via":"telepathy""#),
        (r#""at":"2026"#, r#""at":"26"#),
    ] {
        let changed = line.replace(from, to);
        assert_ne!(changed, line, "{from}");
        assert!(serde_json::from_str::<Stamped>(&changed).is_err(), "{changed}");
    }
}

#[test]
fn every_enumeration_refuses_what_it_does_not_know() {
    assert!(serde_json::from_value::<Outcome>(json!("maybe")).is_err());
    assert!(serde_json::from_value::<Choice>(json!("ignore")).is_err());
    assert!(serde_json::from_value::<Verdict>(json!("fine")).is_err());
    assert!(serde_json::from_value::<DeviationKind>(json!("wished")).is_err());
    assert!(serde_json::from_value::<Evidence>(json!({"hearsay": "x"})).is_err());
    assert!(serde_json::from_value::<Evidence>(json!({"url": "x", "file": "y"})).is_err());
    assert!(serde_json::from_value::<Assurance>(json!("sworn")).is_err());
}
