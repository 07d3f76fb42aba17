//! What blocks hand on: captures, and what of them fails a block.

use std::collections::BTreeMap;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::judging::{Seen, capturing, complaints, judged, printed, seen};

const EMPTY: &str = "it is empty, and nothing says that it may be (`empty: true`)";
const NULL: &str = "it is null, and nothing says that it may be (`null: true`)";

#[test]
fn captures_that_may_be_empty_or_null_are_taken_so() {
    use CaptureFrom::{Json, Stdout};
    for (from, stdout, empty, null, expected) in [
        (Stdout, "", true, false, Some("")),
        (Stdout, "null\n", false, true, Some("null")),
        (Stdout, "", false, true, None),
        (Stdout, "\u{feff}\n", false, false, None),
        (Stdout, "\u{200b} \u{2060}", false, false, None),
        (Stdout, "\u{feff}v1\n", false, false, Some("\u{feff}v1")),
        (Stdout, "null\n", true, false, None),
        (Json("$.a".into()), r#"{"a":null}"#, false, true, Some("null")),
        (Json("$.a".into()), r#"{"a":""}"#, true, false, Some("")),
        (Json("$.b".into()), r#"{"a":null}"#, true, true, None),
    ] {
        let mut block = capturing(from.clone());
        block.options.capture[0] = Capture { empty, null, ..block.options.capture[0].clone() };
        let judgement = judged(&block, &printed(stdout));
        assert_eq!(judgement.captures.get("OUT").map(String::as_str), expected, "{from:?} {stdout}");
        assert_eq!(judgement.outcome == Outcome::Passed, expected.is_some(), "{from:?} {stdout}");
    }
}

#[test]
fn captures_are_taken_from_where_the_document_says() {
    use CaptureFrom::{File, Json, Regex, Stdout};
    let files: BTreeMap<String, Vec<u8>> = [
        ("out/digest".to_owned(), b"sha\r\n".to_vec()),
        ("two".to_owned(), b"a\nb\n\n".to_vec()),
        ("binary".to_owned(), vec![0xff]),
        ("nul".to_owned(), b"a\0b".to_vec()),
        ("empty".to_owned(), Vec::new()),
    ]
    .into();
    let cases: [(CaptureFrom, &[u8], Result<&str, &str>); 30] = [
        (Stdout, b"v1\n", Ok("v1")),
        (Stdout, b"v1", Ok("v1")),
        (Stdout, b"v1\n\n", Ok("v1\n")),
        (Stdout, b"", Err(EMPTY)),
        (Stdout, b" \n", Err(EMPTY)),
        (Stdout, b"null\n", Err(NULL)),
        (File("empty".into()), b"", Err(EMPTY)),
        (Regex("id=(\\d*)".into()), b"id=", Err(EMPTY)),
        (Regex("(?m)^".into()), b"a", Err(EMPTY)),
        (Json("$.a".into()), br#"{"a":null}"#, Err(NULL)),
        (Json("$.a".into()), br#"{"a":""}"#, Err(EMPTY)),
        (Json("$.a".into()), br#"{"a":"null"}"#, Ok("null")),
        (Stdout, b"\xff", Err("not UTF-8")),
        (Stdout, b"a\0", Err("it holds a NUL byte")),
        (Stdout, b"t=[REDACTED:TOKEN]", Err("it holds the secret TOKEN, which is not kept")),
        (File("out/digest".into()), b"", Ok("sha")),
        (File("two".into()), b"", Ok("a\nb\n")),
        (File("binary".into()), b"", Err("not UTF-8")),
        (File("nul".into()), b"", Err("it holds a NUL byte")),
        (File("none".into()), b"", Err("no such file")),
        (Regex("id=(\\d+)".into()), b"a\nid=42\nid=43\n", Ok("42")),
        (Regex("id=\\d+".into()), b"id=42", Ok("id=42")),
        (Regex("^id: (.*)$".into()), b"a\r\nid: x\r\nb", Ok("x")),
        (Regex("a(b)?".into()), b"a", Err("\"a\"")),
        (Regex("z".into()), b"", Err("nothing")),
        (Json("$.a".into()), br#"{"a":"x"}"#, Ok("x")),
        (Json("$.a".into()), br#"{"a":1}"#, Ok("1")),
        (Json("$.a".into()), br#"{"a":[1,"b"]}"#, Ok(r#"[1,"b"]"#)),
        (Json("$.b".into()), br#"{"a":1}"#, Err("nothing there in \"{\\\"a\\\":1}\"")),
        (Json("$[*]".into()), br#"[1,2]"#, Err("2 values there in \"[1,2]\"")),
    ];
    for (from, stdout, expected) in cases {
        let seen = Seen { stdout: stdout.to_vec(), files: files.clone(), ..seen() };
        let judgement = judged(&capturing(from.clone()), &seen);
        let came = judgement.captures.get("OUT").map(String::as_str);
        match expected {
            Ok(value) => {
                assert_eq!((came, judgement.outcome), (Some(value), Outcome::Passed), "{from:?}");
            }
            Err(complaint) => {
                assert_eq!((came, judgement.outcome), (None, Outcome::Failed), "{from:?}");
                let last = judgement.expectations.last().unwrap();
                assert_eq!((last.held, last.came.as_deref()), (false, Some(complaint)), "{from:?}");
            }
        }
    }
}

#[test]
fn what_no_program_could_be_given_and_no_event_could_hold_is_not_captured() {
    let one = |name: &str| Capture {
        name: name.to_owned(),
        ..capturing(CaptureFrom::Stdout).options.capture[0].clone()
    };
    let block = |names: Vec<String>| {
        let mut block = block();
        block.options.capture = names.iter().map(|name| one(name)).collect();
        block
    };
    let judgement = judged(&block(vec!["OUT".into()]), &printed(&"\u{1}".repeat(128_000)));
    assert_eq!((judgement.outcome, judgement.captures.len()), (Outcome::Passed, 1));
    let judgement = judged(&block(vec!["OUT".into()]), &printed(&"\u{1}".repeat(128_001)));
    assert_eq!((judgement.outcome, judgement.captures.len()), (Outcome::Failed, 0));
    assert!(complaints(&judgement)[0].contains("128001 bytes long"), "{:?}", complaints(&judgement));
    let names = (0..17).map(|n| format!("OUT_{n}")).collect();
    let judgement = judged(&block(names), &printed(&"x".repeat(128_000)));
    assert_eq!((judgement.outcome, judgement.captures.len()), (Outcome::Failed, 15));
    assert!(complaints(&judgement)[0].contains("longer than 2000000 bytes"), "{:?}", complaints(&judgement));
}

#[test]
fn captures_are_kept_of_a_block_that_failed_otherwise() {
    let judgement = judged(&capturing(CaptureFrom::Stdout), &Seen { exit: Some(1), ..printed("v1\n") });
    assert_eq!(judgement.outcome, Outcome::Failed);
    assert_eq!(judgement.captures["OUT"], "v1");
}
