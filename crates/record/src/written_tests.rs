//! The short way, held against the long one.

use holdpoint_engine::{BlobRef, By, Finished, Judged, Outcome, Output, SentTo, Started, Via};
use proptest::prelude::*;

use super::*;
use crate::line::{decode, encode};

const PREV: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn stamped(event: Event) -> Stamped {
    Stamped { n: 7, prev: PREV.into(), at: "2026-11-23T14:34:05Z".parse().unwrap(), event }
}

fn note() -> Stamped {
    let by = By { who: "ops@example.org".into(), via: Via::Terminal };
    stamped(Event::Note { text: "ok\r\u{0}".into(), step: None, corrects: None, by })
}

fn alone(stamped: Stamped) -> Entry {
    Entry { stamped, more: false }
}

fn written(line: &str, n: u64) -> Option<Entry> {
    let mut bytes = line.as_bytes().to_vec();
    let read = decode_written(&mut bytes, n, &Hex::of(PREV));
    assert_eq!(bytes, line.as_bytes(), "the line is as it was");
    read
}

#[test]
fn what_is_written_is_read_without_a_detour_and_nothing_else_is() {
    let good = String::from_utf8(encode(&note(), false).unwrap()).unwrap().trim_end().to_owned();
    assert_eq!(written(&good, 7), Some(alone(note())));
    assert_eq!(written(&good, 8), None);
    // Good lines that this program would write otherwise are left to the reader that knows all rules.
    for (from, to) in [
        ("\"n\":7", "\"n\": 7"),
        ("05.000000Z\"", "05.000000Z\" "),
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
    let failed = r#"{"type":"rollback.finished","step":"s","action":"s#rollback-1","attempt":20,"probe":true,"outcome":"timed_out","exit":-1,"signal":9,"error":"\"x\"\n","duration_ms":10,"expectations":[{"expected":"a","came":"\\","held":false},{"expected":"b","held":true}],"captures":{"A":"b","B":""},"files":{"a":{"sha256":"ba","bytes":0},"b":{"sha256":"","bytes":1}},"state":{"sha256":"e3","bytes":10},"remarks":["x","\t"]}"#;
    let confirmed = r#"{"type":"item.confirmed","step":"s","action":"s#1","text":"It is \"green\"","by":{"who":"ops","via":"terminal"}}"#;
    let events = [
        serde_json::from_str(&finished).unwrap(),
        serde_json::from_str(started).unwrap(),
        serde_json::from_str(failed).unwrap(),
        serde_json::from_str(confirmed).unwrap(),
        Event::Note {
            text: "a \u{1} \u{2028} ß".into(),
            step: Some("s".into()),
            corrects: Some(1),
            by: by(),
        },
    ];
    for (event, more) in events.into_iter().flat_map(|event| [(event.clone(), false), (event, true)]) {
        let entry = Entry { stamped: Stamped { event, ..note() }, more };
        let good = encode(&entry.stamped, more).unwrap();
        let good = good.strip_suffix(b"\n").unwrap();
        assert_eq!(decode_written(&mut good.to_vec(), 7, &Hex::of(PREV)), Some(entry));
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
                        let told = String::from_utf8_lossy(&bad);
                        assert_eq!(
                            encode(&short.stamped, short.more).unwrap(),
                            [&bad, &b"\n"[..]].concat(),
                            "{told}"
                        );
                        assert_eq!(decode(&bad, 7, PREV).unwrap(), short, "{told}");
                    }
                }
            }
        }
        assert!(taken > 50, "texts may say anything: {taken}");
    }
}

/// Whatever key is given twice, at whatever depth and wherever: neither way takes it, and the long one says why.
#[test]
fn a_key_that_stands_twice_is_taken_by_neither_way() {
    let output = r#""output":{"stdout":{"sha256":"ba","bytes":5},"stderr":{"sha256":"e3","bytes":0},"timing":{"sha256":"a7","bytes":9}}"#;
    let objects = [
        format!(
            r#"{{"type":"action.finished","step":"s","action":"s#1","place":"p","attempt":1,"probe":true,"outcome":"passed","exit":0,"signal":9,"error":"e","duration_ms":5,{output},"expectations":[{{"expected":"exit 0","came":"1","held":true}}],"captures":{{"A":"b"}},"files":{{"f":{{"sha256":"ba","bytes":0}}}},"state":{{"sha256":"e3","bytes":1}},"masked":{{"T":1}},"remarks":["r"]}}"#
        ),
        r#"{"type":"rollback.started","step":"s","action":"s#rollback-1","place":"p","attempt":2,"script":{"sha256":"e3","bytes":1},"cwd":"/"}"#.to_owned(),
        r#"{"type":"item.confirmed","step":"s","action":"s#1","text":"t","by":{"who":"ops","via":"terminal"}}"#.to_owned(),
        r#"{"type":"note","text":"t","step":"s","corrects":1,"by":{"who":"ops","via":"terminal"}}"#.to_owned(),
        r#"{"type":"run.closed","verdict":"passed"}"#.to_owned(),
    ];
    let mut doubled = 0;
    for object in objects {
        let event: Event = serde_json::from_str(&object).unwrap();
        let good = String::from_utf8(encode(&stamped(event), true).unwrap()).unwrap();
        let good = good.trim_end();
        assert!(written(good, 7).is_some());
        // Where a key begins, and the key with its value.
        for (at, _) in
            good.match_indices('"').filter(|(at, _)| matches!(good.as_bytes()[at - 1], b'{' | b','))
        {
            let mut value = serde_json::Deserializer::from_str(&good[at..]).into_iter::<serde_json::Value>();
            let Some(Ok(serde_json::Value::String(_))) = value.next() else { continue };
            let key = value.byte_offset();
            let Some(after) = good[at + key..].strip_prefix(':') else { continue };
            let mut value = serde_json::Deserializer::from_str(after).into_iter::<serde_json::Value>();
            value.next().unwrap().unwrap();
            let pair = &good[at..at + key + 1 + value.byte_offset()];
            let end = at + pair.len();
            for bad in [
                format!("{}{pair},{}", &good[..at], &good[at..]),
                format!("{},{pair}{}", &good[..end], &good[end..]),
            ] {
                doubled += 1;
                assert_eq!(written(&bad, 7), None, "{bad}");
                match decode(bad.as_bytes(), 7, PREV) {
                    Err(crate::line::LineFault::Wrong(why)) => assert!(why.contains("twice"), "{bad}: {why}"),
                    other => panic!("{bad}: {other:?}"),
                }
            }
        }
    }
    assert!(doubled > 100, "{doubled}");
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

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9#. -]{0,12}",
        "[\"\\\\\n\r\t\u{8}\u{c}/a]{0,8}",
        // Not what is written as a number, which only serde reads.
        "[ -~\u{7f}-\u{ffff}]{0,8}",
    ]
}

fn blob() -> impl Strategy<Value = BlobRef> {
    (text(), any::<u64>()).prop_map(|(sha256, bytes)| BlobRef { sha256, bytes })
}

fn output() -> impl Strategy<Value = Output> {
    (blob(), blob(), blob()).prop_map(|(stdout, stderr, timing)| Output { stdout, stderr, timing })
}

fn judged() -> impl Strategy<Value = Judged> {
    (text(), proptest::option::of(text()), any::<bool>()).prop_map(|(expected, came, held)| Judged {
        expected,
        came,
        held,
    })
}

fn started() -> impl Strategy<Value = Started> {
    let names = (text(), text(), proptest::option::of(text()));
    let sent = (text(), text(), text());
    let sent = sent.prop_map(|(attempt, boot, store)| SentTo { attempt, boot, store });
    let remote = proptest::option::of(sent);
    (names, any::<u32>(), any::<bool>(), proptest::option::of(blob()), text(), remote).prop_map(
        |((step, action, place), attempt, probe, script, cwd, remote)| Started {
            step,
            action,
            place,
            attempt,
            probe,
            script,
            cwd,
            remote,
        },
    )
}

fn finished() -> impl Strategy<Value = Finished> {
    use proptest::collection::{btree_map, vec};
    use proptest::option::of;
    let outcomes = [Outcome::Passed, Outcome::Failed, Outcome::TimedOut, Outcome::Interrupted];
    let ended = (proptest::sample::select(outcomes.to_vec()), of(any::<i32>()), of(any::<i32>()), of(text()));
    let kept = (of(output()), vec(judged(), 0..3), btree_map(text(), text(), 0..3));
    let rest = (btree_map(text(), blob(), 0..3), of(blob()), btree_map(text(), any::<u64>(), 0..3));
    (started(), ended, any::<u64>(), kept, rest, vec(text(), 0..3)).prop_map(
        |(started, (outcome, exit, signal, error), duration_ms, kept, rest, remarks)| {
            let Started { step, action, place, attempt, probe, .. } = started;
            let ((output, expectations, captures), (files, state, masked)) = (kept, rest);
            Finished {
                step,
                action,
                place,
                attempt,
                probe,
                outcome,
                exit,
                signal,
                error,
                duration_ms,
                output,
                expectations,
                captures,
                files,
                state,
                masked,
                remarks,
            }
        },
    )
}

fn frequent() -> impl Strategy<Value = Event> {
    let via = proptest::sample::select(vec![Via::Terminal, Via::Answers, Via::Command]);
    prop_oneof![
        started().prop_map(Event::ActionStarted),
        started().prop_map(Event::RollbackStarted),
        finished().prop_map(|finished| Event::ActionFinished(Box::new(finished))),
        finished().prop_map(|finished| Event::RollbackFinished(Box::new(finished))),
        (text(), text(), text(), text(), via).prop_map(|(step, action, text, who, via)| {
            Event::ItemConfirmed { step, action, text, by: By { who, via } }
        }),
    ]
}

proptest! {
    #[test]
    fn what_a_record_is_full_of_is_read_by_the_shortest_way(event in frequent(), more in any::<bool>()) {
        let object = serde_json::to_string(&event).unwrap();
        let fields = object.replacen('{', ",", 1);
        let mut cursor = Cursor::of(fields.as_bytes()).unwrap();
        prop_assert_eq!(cursor.frequent(), Some(event.clone()), "{}", object);
        let stamped = stamped(event);
        let line = encode(&stamped, more).unwrap();
        let line = line.strip_suffix(b"\n").unwrap();
        let read = decode_written(&mut line.to_vec(), 7, &Hex::of(PREV));
        let entry = Entry { stamped, more };
        prop_assert_eq!(read.as_ref(), Some(&entry));
        prop_assert_eq!(decode(line, 7, PREV).unwrap(), entry);
    }
}
