//! One line there and back.

use super::*;
use holdpoint_engine::{By, Via};

const PREV: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn note() -> Stamped {
    let by = By { who: "ops@example.org".into(), via: Via::Terminal };
    let event = Event::Note { text: "ok\r\u{0}".into(), step: None, corrects: None, by };
    Stamped { n: 7, prev: PREV.into(), at: "2026-11-23T14:34:05Z".parse().unwrap(), event }
}

#[test]
fn a_line_has_its_keys_in_order_and_its_time_in_microseconds() {
    let line = String::from_utf8(encode(&note()).unwrap()).unwrap();
    let head = format!(r#"{{"n":7,"prev":"{PREV}","at":"2026-11-23T14:34:05.000000Z","type":"note","text":"#);
    assert!(line.starts_with(&head), "{line}");
    assert!(line.ends_with("}\n"));
}

#[test]
fn a_line_is_read_back_as_it_was() {
    let line = encode(&note()).unwrap();
    assert_eq!(decode(line.trim_ascii_end(), 7, PREV).unwrap(), note());
}

/// What is done to the good line, and a word of the reason it is refused for.
#[test]
fn what_a_record_must_not_hold_is_refused() {
    let good = String::from_utf8(encode(&note()).unwrap()).unwrap().trim_end().to_owned();
    let cases = [
        ("\"n\":7", "\"n\":8", "must be 7"),
        ("\"n\":7", "\"n\":7.0", "whole"),
        ("\"n\":7", "\"n\":\"7\"", "no number"),
        ("\"n\":7,", "", "`n` is missing"),
        ("\"n\":7,", "\"n\":7,\"n\":7,", "twice"),
        ("e3b0", "e3b1", "SHA-256"),
        ("e3b0", "E3B0", "SHA-256"),
        ("05.000000Z", "05.000000+00:00", "UTC"),
        ("05.000000Z", "05.000000z", "UTC"),
        ("05.000000Z", "05.000000Z[UTC]", "UTC"),
        ("T14", " 14", "UTC"),
        ("05.000000Z", "65.000000Z", "UTC"),
        ("05.000000Z", "05.Z", "UTC"),
        ("\"2026-11-23T14:34:05.000000Z\"", "\"\"", "UTC"),
        ("\"2026-11-23T14:34:05.000000Z\"", "1", "`at`"),
        ("\"note\"", "1", "`type`"),
        ("\"note\"", "\"run.closed\"", "unknown field"),
        ("\"type\":", "\"typ\":1,\"type\":", "unknown field"),
        ("\"via\":", "\"vis\":1,\"via\":", "unknown field"),
        ("\"text\":", "\"corrects\":1e3,\"text\":", "whole"),
        ("{\"n\"", "[{\"n\"", ""),
        ("\"type\"", "\r\"type\"", "carriage return"),
    ];
    for (from, to, reason) in cases {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        match decode(bad.as_bytes(), 7, PREV) {
            Err(LineFault::Wrong(why)) => assert!(why.contains(reason), "{to}: {why}"),
            Err(LineFault::Unparsable(_)) => assert_eq!(reason, "", "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn a_time_may_have_fewer_or_more_digits() {
    for at in ["2026-11-23T14:34:05Z", "2026-11-23T14:34:05.1Z", "2026-11-23T14:34:05.123456789Z"] {
        let line = String::from_utf8(encode(&note()).unwrap()).unwrap();
        let line = line.trim_end().replace("2026-11-23T14:34:05.000000Z", at);
        assert!(decode(line.as_bytes(), 7, PREV).is_ok(), "{at}");
    }
}

#[test]
fn an_unknown_type_is_named() {
    let line = String::from_utf8(encode(&note()).unwrap()).unwrap().replace("\"note\"", "\"run.paused\"");
    let fault = decode(line.trim_end().as_bytes(), 7, PREV);
    assert!(matches!(fault, Err(LineFault::UnknownEvent(kind)) if kind == "run.paused"));
}
