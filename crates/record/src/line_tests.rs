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
    let line = String::from_utf8(encode(&note(), false).unwrap()).unwrap();
    let head = format!(r#"{{"n":7,"prev":"{PREV}","at":"2026-11-23T14:34:05.000000Z","type":"note","text":"#);
    assert!(line.starts_with(&head), "{line}");
    assert!(line.ends_with("}\n"));
}

#[test]
fn a_line_is_read_back_as_it_was() {
    let line = encode(&note(), false).unwrap();
    assert_eq!(decode(line.trim_ascii_end(), 7, PREV).unwrap(), Entry { stamped: note(), more: false });
}

#[test]
fn a_line_that_another_of_its_write_follows_says_so_between_its_time_and_its_type() {
    let line = String::from_utf8(encode(&note(), true).unwrap()).unwrap();
    assert!(line.contains(r#"05.000000Z","more":true,"type":"note""#), "{line}");
    let read = decode(line.trim_end().as_bytes(), 7, PREV).unwrap();
    assert_eq!(read, Entry { stamped: note(), more: true });
    for (from, to, reason) in [
        ("\"more\":true", "\"more\":false", "`more`"),
        ("\"more\":true", "\"more\":null", "`more`"),
        ("\"more\":true", "\"more\":1", "`more`"),
        ("\"more\":true", "\"more\":\"true\"", "`more`"),
        ("\"more\":true", "\"more\":true,\"more\":true", "twice"),
        ("\"more\":true,\"type\":\"note\"", "\"type\":\"note\",\"more\":true", "this order"),
        ("{\"n\":7", "{\"more\":true,\"n\":7", "twice"),
        (",\"more\":true", ",\"more\":true,\"mode\":true", "this order"),
    ] {
        let bad = line.trim_end().replacen(from, to, 1);
        assert_ne!(bad, line.trim_end());
        match decode(bad.as_bytes(), 7, PREV) {
            Err(LineFault::Wrong(why)) => assert!(why.contains(reason), "{to}: {why}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn the_keys_that_every_line_has_stand_first_and_in_one_order() {
    let good = String::from_utf8(encode(&note(), false).unwrap()).unwrap();
    let fields: Map<String, Value> = serde_json::from_str(&good).unwrap();
    let shared = ["n", "prev", "at", "type"];
    for first in shared.iter().chain(&["text"]) {
        for second in shared {
            let mut moved = Map::new();
            let mut order = vec![*first, second];
            order.extend(fields.keys().map(String::as_str));
            order.iter().for_each(|key| {
                moved.entry(*key).or_insert(fields[*key].clone());
            });
            let line = Value::Object(moved.clone()).to_string();
            let right = moved.keys().take(4).eq(shared);
            let read = decode(line.as_bytes(), 7, PREV);
            match read {
                Ok(entry) => assert!(right && entry.stamped == note(), "{line}"),
                Err(LineFault::Wrong(why)) => assert!(!right && why.contains("this order"), "{line}: {why}"),
                Err(other) => panic!("{line}: {other:?}"),
            }
        }
    }
}

/// What is done to the good line, and a word of the reason it is refused for.
#[test]
fn what_a_record_must_not_hold_is_refused() {
    let good = String::from_utf8(encode(&note(), false).unwrap()).unwrap().trim_end().to_owned();
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
        ("\"type\":", "\"typ\":1,\"type\":", "this order"),
        ("\"text\":", "\"typ\":1,\"text\":", "unknown field"),
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
        let line = String::from_utf8(encode(&note(), false).unwrap()).unwrap();
        let line = line.trim_end().replace("2026-11-23T14:34:05.000000Z", at);
        assert!(decode(line.as_bytes(), 7, PREV).is_ok(), "{at}");
    }
}

#[test]
fn an_unknown_type_is_named() {
    let line =
        String::from_utf8(encode(&note(), false).unwrap()).unwrap().replace("\"note\"", "\"run.paused\"");
    let fault = decode(line.trim_end().as_bytes(), 7, PREV);
    assert!(matches!(fault, Err(LineFault::UnknownEvent(kind)) if kind == "run.paused"));
}
