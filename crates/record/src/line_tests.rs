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

fn written(line: &str, n: u64) -> Option<Stamped> {
    let mut bytes = line.as_bytes().to_vec();
    let read = decode_written(&mut bytes, n, &Hex::of(PREV));
    assert_eq!(bytes, line.as_bytes(), "the line is as it was");
    read
}

#[test]
fn what_is_written_is_read_without_a_detour_and_nothing_else_is() {
    let good = String::from_utf8(encode(&note()).unwrap()).unwrap().trim_end().to_owned();
    assert_eq!(written(&good, 7), Some(note()));
    assert_eq!(written(&good, 8), None);
    // Good lines that this program would write otherwise are left to the reader that knows all rules.
    for (from, to) in [
        ("\"n\":7", "\"n\": 7"),
        ("05.000000Z", "05Z"),
        ("\"text\":", " \"text\":"),
        ("\\r", "\\u000d"),
        ("\"by\":", "\"step\":null,\"by\":"),
    ] {
        let other = good.replacen(from, to, 1);
        assert_ne!(other, good);
        assert_eq!(written(&other, 7), None, "{other}");
        assert!(decode(other.as_bytes(), 7, PREV).is_ok(), "{other}");
    }
}

/// Whatever byte is changed, put in or taken away: a line that the short way takes, the long way takes for the same.
#[test]
fn the_short_way_takes_no_line_that_the_long_way_would_not() {
    let by = || By { who: "ops".into(), via: Via::Answers };
    let output = r#""output":{"stdout":{"sha256":"ba","bytes":5},"stderr":{"sha256":"e3","bytes":0},"timing":{"sha256":"a7","bytes":9}}"#;
    let finished = format!(
        r#"{{"type":"action.finished","step":"s","action":"s#1","attempt":1,"outcome":"passed","exit":0,"duration_ms":5,{output},"expectations":[{{"expected":"exit 0","held":true}}],"captures":{{"A":"b"}},"masked":{{"T":1}}}}"#
    );
    let started = r#"{"type":"rollback.started","step":"s","action":"s#rollback-1","attempt":2,"cwd":"/"}"#;
    let events = [
        serde_json::from_str(&finished).unwrap(),
        serde_json::from_str(started).unwrap(),
        Event::Note {
            text: "a \u{1} \u{2028} ß".into(),
            step: Some("s".into()),
            corrects: Some(1),
            by: by(),
        },
    ];
    for event in events {
        let stamped = Stamped { event, ..note() };
        let good = encode(&stamped).unwrap();
        let good = good.strip_suffix(b"\n").unwrap();
        assert_eq!(decode_written(&mut good.to_vec(), 7, &Hex::of(PREV)), Some(stamped.clone()));
        let mut taken = 0;
        for at in 0..good.len() {
            for new in [b'"', b'0', b'1', b',', b'}', b' ', b'\r', b'\\', 0, 0xff, good[at] ^ 1] {
                let (mut changed, mut put_in, mut gone) = (good.to_vec(), good.to_vec(), good.to_vec());
                changed[at] = new;
                put_in.insert(at, new);
                gone.remove(at);
                for mut bad in [changed, put_in, gone] {
                    let before = bad.clone();
                    let short = decode_written(&mut bad, 7, &Hex::of(PREV));
                    assert_eq!(bad, before);
                    if let Some(short) = short {
                        taken += 1;
                        assert_eq!(
                            decode(&bad, 7, PREV).unwrap(),
                            short,
                            "{}",
                            String::from_utf8_lossy(&bad)
                        );
                    }
                }
            }
        }
        assert!(taken > 100, "texts may say anything: {taken}");
    }
}

#[test]
fn the_short_way_knows_only_times_that_are_times() {
    let good = "2024-02-29T23:59:59.123456Z";
    let read = |text: &str| written_time(text.as_bytes().try_into().unwrap());
    assert_eq!(read(good), Some(good.parse().unwrap()));
    for (from, to) in
        [("02-29", "02-30"), ("2024", "2023"), ("23:", "24:"), (":59.", ":60."), ("Z", "z"), ("T", " ")]
    {
        assert_eq!(read(&good.replacen(from, to, 1)), None, "{to}");
    }
}
