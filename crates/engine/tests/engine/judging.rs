//! Expectations: what is held against what.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;

/// A value as a document's YAML comes to it.
macro_rules! json {
    ($($value:tt)*) => { holdpoint_bounded::json::read(&serde_json::json!($($value)*).to_string()).unwrap() };
}
pub(crate) use json;

/// What a block left behind that ended well and said nothing.
pub(crate) struct Seen {
    pub(crate) exit: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) error: Option<&'static str>,
    pub(crate) timed_out: bool,
    pub(crate) interrupted: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

pub(crate) fn seen() -> Seen {
    Seen {
        exit: Some(0),
        signal: None,
        error: None,
        timed_out: false,
        interrupted: false,
        stdout: Vec::new(),
        stderr: Vec::new(),
        files: BTreeMap::new(),
    }
}

pub(crate) fn printed(stdout: &str) -> Seen {
    Seen { stdout: stdout.into(), ..seen() }
}

impl Seen {
    pub(crate) fn observed(&self) -> Observation<'_> {
        Observation {
            exit: self.exit,
            signal: self.signal,
            error: self.error,
            timed_out: self.timed_out,
            interrupted: self.interrupted,
            stdout: Some(&self.stdout),
            stderr: Some(&self.stderr),
            files: &self.files,
        }
    }
}

pub(crate) fn values() -> Values {
    let mut values = Values::default();
    values.set("RELEASE", "v1.2.3");
    values.set("COUNT", "3");
    values.set("NOTHING", "");
    values.set_secret("TOKEN");
    values
}

pub(crate) fn judged(block: &Block, seen: &Seen) -> Judgement {
    judge(block, &values(), &seen.observed())
}

pub(crate) fn expecting(expected: impl IntoIterator<Item = Expected>) -> Block {
    Block { expect: expected.into_iter().map(expect).collect(), ..block() }
}

pub(crate) fn capturing(from: CaptureFrom) -> Block {
    let mut block = block();
    block.options.capture.push(capture("OUT", from));
    block
}

pub(crate) fn complaints(judgement: &Judgement) -> Vec<String> {
    let failing = judgement.expectations.iter().filter(|judged| !judged.held);
    failing.map(|j| format!("{}: {}", j.expected, j.came.clone().unwrap_or_default())).collect()
}

fn holds(expected: Expected, seen: &Seen) -> bool {
    let judgement = judged(&expecting([expected]), seen);
    assert_eq!(judgement.outcome == Outcome::Passed, complaints(&judgement).is_empty());
    judgement.outcome == Outcome::Passed
}

#[test]
fn a_block_that_never_began_failed_to_begin_and_not_to_capture() {
    let block = capturing(CaptureFrom::Regex("(.*)".into()));
    let never = Seen { exit: None, error: Some("not started: no such host"), ..seen() };
    let judgement = judged(&block, &never);
    assert_eq!(judgement.outcome, Outcome::Failed);
    let failed: Vec<&str> = judgement.expectations.iter().map(|judged| &*judged.expected).collect();
    assert_eq!(failed, ["exit 0"]);
}

#[test]
fn the_order_is_timeout_exit_stderr_stdout_json_captures_whatever_the_document_says_first() {
    let mut block = expecting([
        Expected::Json { path: "$.a".into(), value: json!(1) },
        Expected::Stdout(Matcher::Contains("x".into())),
        Expected::Lines(vec![]),
        Expected::Stderr(Matcher::Empty),
        Expected::Exit(vec![7]),
    ]);
    block.options.timeout = Some(Duration::from_secs(90));
    block.options.capture.push(capture("OUT", CaptureFrom::Regex("z(.)".into())));
    let judgement = judged(
        &block,
        &Seen { timed_out: true, signal: Some(15), exit: None, stderr: "no".into(), ..printed("out\n") },
    );
    assert_eq!(judgement.outcome, Outcome::TimedOut);
    assert_eq!(
        complaints(&judgement),
        [
            "ends within 1m 30s: still running after 1m 30s",
            "exit 7: killed by signal 15",
            "stderr is empty: \"no\"",
            "stdout contains \"x\": \"out\"",
            "stdout is the 0 expected lines: line 1, \"out\", is more than was expected",
            "json $.a = 1: no JSON (expected a value at line 1 column 1): \"out\"",
            "OUT is captured from stdout by z(.): \"out\"",
        ]
    );
}

#[test]
fn what_held_is_reported_too() {
    let judgement = judged(&expecting([Expected::Stdout(Matcher::NotEmpty)]), &printed("x"));
    let words: Vec<(&str, bool)> =
        judgement.expectations.iter().map(|j| (j.expected.as_str(), j.held)).collect();
    assert_eq!(words, [("exit 0", true), ("stdout is not empty", true)]);
}

#[test]
fn the_exit_code_is_0_or_what_the_document_says() {
    let ended = |exit| Seen { exit, ..seen() };
    let cases: [(Vec<Expected>, Seen, Option<&str>); 9] = [
        (vec![], ended(Some(0)), None),
        (vec![], ended(Some(1)), Some("exit 0: exit 1")),
        (vec![], ended(None), Some("exit 0: no exit code")),
        (vec![Expected::Exit(vec![1, 3])], ended(Some(3)), None),
        (vec![Expected::Exit(vec![1, 3])], ended(Some(0)), Some("exit 1 or 3: exit 0")),
        (vec![Expected::Exit(vec![])], ended(Some(0)), Some("exit : exit 0")),
        (vec![], Seen { signal: Some(9), ..ended(None) }, Some("exit 0: killed by signal 9")),
        (
            vec![Expected::Exit(vec![137])],
            Seen { signal: Some(9), ..ended(None) },
            Some("exit 137: killed by signal 9"),
        ),
        (vec![], Seen { error: Some("no such program"), ..ended(None) }, Some("exit 0: no such program")),
    ];
    for (expected, seen, complaint) in cases {
        let judgement = judged(&expecting(expected), &seen);
        assert_eq!(complaints(&judgement), complaint.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn every_expectation_of_the_exit_counts_not_only_the_first() {
    let block = expecting([Expected::Exit(vec![0, 1]), Expected::Exit(vec![0])]);
    assert_eq!(complaints(&judged(&block, &Seen { exit: Some(1), ..seen() })), ["exit 0: exit 1"]);
}

#[test]
fn an_outcome_is_interrupted_before_timed_out_before_failed() {
    for (interrupted, timed_out, exit, outcome) in [
        (true, true, Some(1), Outcome::Interrupted),
        (true, false, Some(0), Outcome::Interrupted),
        (false, true, Some(0), Outcome::TimedOut),
        (false, false, Some(1), Outcome::Failed),
        (false, false, Some(0), Outcome::Passed),
    ] {
        let judgement = judged(&block(), &Seen { interrupted, timed_out, exit, ..seen() });
        assert_eq!(judgement.outcome, outcome);
    }
}

#[test]
fn a_timeout_nobody_declared_is_still_said() {
    let judgement = judged(&block(), &Seen { timed_out: true, ..seen() });
    assert_eq!(complaints(&judgement), ["ends in time: still running"]);
}

#[test]
fn texts_are_matched_as_their_matcher_says() {
    use Matcher::{Contains, Empty, Equals, Matches, NotContains, NotEmpty, NotMatches};
    let cases: [(Matcher, &str, bool); 43] = [
        (Empty, "", true),
        (Empty, " \n\t", true),
        (Empty, "x", false),
        (NotEmpty, "x", true),
        (NotEmpty, " \n", false),
        (Contains("b".into()), "abc", true),
        (Contains("B".into()), "abc", false),
        (Contains("".into()), "abc", false),
        (Contains("{{ NOTHING }}".into()), "abc", false),
        (Contains("{{ RELEASE }}".into()), "is v1.2.3.", true),
        (Contains("{{ RELEASE }}".into()), "is v1x2x3", false),
        (Contains("{{ NOBODY }}".into()), "abc", false),
        (NotContains("x".into()), "abc", true),
        (NotContains("b".into()), "abc", false),
        (NotContains("".into()), "abc", false),
        (NotContains("{{ NOTHING }}".into()), "", false),
        (NotContains("{{ NOBODY }}".into()), "abc", false),
        (NotContains("{{ broken".into()), "abc", false),
        (Equals("abc".into()), "abc", true),
        (Equals("abc".into()), "abc\n", true),
        (Equals("abc".into()), "abc\r\n", true),
        (Equals("abc\n".into()), "abc", true),
        (Equals("abc".into()), "abc\n\n", false),
        (Equals("abc".into()), "abc\r", false),
        (Equals("abc".into()), " abc", false),
        (Equals("".into()), "", true),
        (Equals("".into()), "x", false),
        (Equals("{{ COUNT }}".into()), "3\n", true),
        (Matches("b+".into()), "abbc", true),
        (Matches("^b".into()), "abc", false),
        (Matches("^v1$".into()), "v1\n", true),
        (Matches("^two$".into()), "one\r\ntwo\r\n", true),
        (Matches(r"\Atwo".into()), "one\ntwo\n", false),
        (Matches("^{{ RELEASE }}$".into()), "v1.2.3\n", true),
        (Matches("^{{ RELEASE }}$".into()), "v1x2x3\n", false),
        (Matches("(".into()), "(", false),
        (Matches("".into()), "abc", false),
        (Matches("{{ NOTHING }}".into()), "abc", false),
        (NotMatches("^ERROR".into()), "fine\n", true),
        (NotMatches("^ERROR".into()), "fine\nERROR here\n", false),
        (NotMatches("(".into()), "abc", false),
        (NotMatches("{{ NOBODY }}".into()), "abc", false),
        (NotMatches("{{ NOTHING }}".into()), "abc", false),
    ];
    for (matcher, text, held) in cases {
        assert_eq!(holds(Expected::Stdout(matcher.clone()), &printed(text)), held, "{matcher:?} {text:?}");
        let seen = Seen { stderr: text.into(), ..seen() };
        assert_eq!(holds(Expected::Stderr(matcher.clone()), &seen), held, "{matcher:?} {text:?}");
    }
}

#[test]
fn a_template_that_comes_to_what_every_text_holds_cannot_be_judged() {
    let patterns = [
        "^{{ NOTHING }}",
        "v{{ NOTHING }}|{{ NOTHING }}",
        "{{ NOTHING }}.*",
        "({{ NOTHING }})?",
        r"\A{{ NOTHING }}",
        r"\b{{ NOTHING }}\b",
    ];
    let patterns = patterns.map(|text| Matcher::Matches(text.into()));
    let texts = ["{{ NOTHING }}", "{{ NOTHING }}\n", "{{ NOTHING }} "];
    let texts = texts.iter().flat_map(|text| {
        let (text, other) = ((*text).to_owned(), (*text).to_owned());
        [Matcher::Contains(text.clone()), Matcher::NotContains(text), Matcher::Equals(other)]
    });
    // What takes nothing never fails as `not_matches`.
    let nothing = ["$x{{ NOTHING }}", "a^{{ RELEASE }}", "ERROR|a^{{ RELEASE }}"]
        .map(|text| Matcher::NotMatches(text.into()));
    for matcher in patterns.into_iter().chain(texts).chain(nothing) {
        for output in ["garbage, and more\n", " \n", ""] {
            let judgement = judged(&expecting([Expected::Stdout(matcher.clone())]), &printed(output));
            let why = complaints(&judgement).join(" ");
            assert!(why.contains("cannot be judged"), "{matcher:?} of {output:?}: {why}");
        }
    }
    let lines = [
        ("{{ NOTHING }}", LineKind::Equal),
        ("{{ NOTHING }}*", LineKind::Glob),
        ("{{ NOTHING }}.*", LineKind::Regex),
        ("{{ NOTHING }}|.*", LineKind::Regex),
    ];
    for (text, how) in lines {
        for times in [Times::Once, Times::Any] {
            let line = LineMatcher { text: text.into(), how, times };
            let judgement = judged(&expecting([Expected::Lines(vec![line])]), &printed("\n"));
            let why = complaints(&judgement).join(" ");
            assert!(why.contains("cannot be judged"), "{text} {how:?}: {why}");
        }
    }
    // What still says something is judged, whatever else came to nothing.
    for (text, held) in [("^v{{ RELEASE }}{{ NOTHING }}$", false), ("{{ RELEASE }}{{ NOTHING }}", true)] {
        assert_eq!(
            holds(Expected::Stdout(Matcher::Matches(text.into())), &printed("v1.2.3")),
            held,
            "{text}"
        );
    }
}

#[test]
fn a_byte_that_is_no_utf_8_is_no_replacement_character() {
    let came = |bytes: &[u8]| Seen { stdout: bytes.to_vec(), ..seen() };
    let (broken, replaced) = (came(b"a\xffb\n"), came("a\u{fffd}b\n".as_bytes()));
    for matcher in [
        Matcher::Contains("a\u{fffd}b".into()),
        Matcher::Equals("a\u{fffd}b".into()),
        Matcher::Matches("a\u{fffd}b".into()),
        Matcher::Matches("^a.b$".into()),
    ] {
        assert!(!holds(Expected::Stdout(matcher.clone()), &broken), "{matcher:?}");
        assert!(holds(Expected::Stdout(matcher.clone()), &replaced), "{matcher:?}");
    }
    assert!(holds(Expected::Stdout(Matcher::NotContains("\u{fffd}".into())), &broken));
    assert!(holds(Expected::Stdout(Matcher::NotMatches("\u{fffd}".into())), &broken));
    assert!(!holds(Expected::Stdout(Matcher::NotMatches("^E".into())), &came(b"a\xff\nE\xfe\n")));
    assert!(holds(Expected::Stdout(Matcher::Contains("E".into())), &came(b"a\xff\nE\xfe\n")));
    assert!(holds(Expected::Stdout(Matcher::NotEmpty), &came(b"\xff")));
    let json = Expected::Json { path: "$".into(), value: json!("\u{fffd}") };
    assert!(!holds(json, &came(b"\"\xff\"")));
}

#[test]
fn numbers_in_json_are_equal_by_value_however_long() {
    let read = |text: &str| holdpoint_bounded::json::read(text).unwrap();
    for (wanted, came, held) in [
        ("18446744073709551616", "18446744073709551617", false),
        ("18446744073709551617", "18446744073709551617", true),
        ("1.0", "1", true),
        ("1e3", "1000", true),
        ("0.1", "0.1000000000000000000000000001", false),
        ("1e400", "1e400", true),
        ("1e400", "1e401", false),
        ("1e400", "null", false),
        ("null", "1e400", false),
    ] {
        let expected = Expected::Json { path: "$.v".into(), value: read(wanted) };
        assert_eq!(holds(expected, &printed(&format!("{{\"v\":{came}}}"))), held, "{wanted} {came}");
    }
    let mut values = Values::default();
    values.set("N", "1.10");
    let templated = Expected::Json { path: "$".into(), value: json!("{{ N }}") };
    let block = expecting([templated]);
    for (came, held) in
        [("1.10", true), ("1.1", true), ("\"1.10\"", true), ("\"1.1\"", false), ("1.2", false)]
    {
        let seen = printed(came);
        assert_eq!(judge(&block, &values, &seen.observed()).outcome == Outcome::Passed, held, "{came}");
    }
}

#[test]
fn json_in_which_a_name_stands_twice_is_not_judged() {
    let expected = || Expected::Json { path: "$.a".into(), value: json!(1) };
    let judgement = judged(&expecting([expected()]), &printed(r#"{"a": 2, "a": 1}"#));
    assert!(complaints(&judgement)[0].contains("given twice"), "{judgement:?}");
}

#[test]
fn a_captured_number_is_the_text_that_was_printed() {
    let output = r#"{"a":1.10,"b":123456789012345678901234567890,"c":1e3,"d":[1.0,{"e":-0}]}"#;
    for (path, text) in [
        ("$.a", "1.10"),
        ("$.b", "123456789012345678901234567890"),
        ("$.c", "1e3"),
        ("$.d", r#"[1.0,{"e":-0}]"#),
        ("$.d[?@ == 1]", "1.0"),
    ] {
        let judgement = judged(&capturing(CaptureFrom::Json(path.into())), &printed(output));
        let captured = judgement.captures.values().next().map_or("", String::as_str);
        assert_eq!(captured, text, "{path}");
    }
}

#[test]
fn a_path_or_a_pattern_that_takes_too_long_cannot_be_judged() {
    let deep = "[?@".repeat(24) + &"]".repeat(24);
    let wide = format!("${}", "..*".repeat(30));
    let output = "[".repeat(100) + &"1,".repeat(1000) + "1" + &"]".repeat(100);
    for path in
        [format!("${deep}"), wide, format!("${}", "[0,0,0,0]".repeat(40)), format!("${}", "[?@".repeat(40))]
    {
        let expected = Expected::Json { path: path.clone(), value: json!(1) };
        assert!(!holds(expected, &printed(&output)), "{path}");
    }
    for pattern in
        ["(a{1000}){1000}".to_owned(), "(".repeat(3_700) + &")".repeat(3_700), "[ab]*a[ab]{900}".to_owned()]
    {
        let expected = Expected::Stdout(Matcher::NotMatches(pattern.clone()));
        assert!(!holds(expected, &printed(&"ab".repeat(1_000_000))), "{pattern}");
    }
}

#[test]
fn a_secret_is_expected_as_its_mask_which_is_what_recorded_output_holds() {
    let expected = || Expected::Stdout(Matcher::Contains("token={{ TOKEN }}".into()));
    assert!(holds(expected(), &printed("token=[REDACTED:TOKEN]\n")));
    let judgement = judged(&expecting([expected()]), &printed("none"));
    assert_eq!(complaints(&judgement), ["stdout contains \"token=[REDACTED:TOKEN]\": \"none\""]);
    let pattern = Expected::Stdout(Matcher::Matches("^{{ TOKEN }}$".into()));
    assert!(holds(pattern, &printed("[REDACTED:TOKEN]\n")));
}

#[test]
fn one_value_of_the_json_is_held_against_what_is_expected() {
    let output = r#"{ "status": "ok", "n": 3, "f": 1.0, "yes": true, "none": null, "big": 9007199254740993,
        "list": [1, "3"], "map": { "a": "v1.2.3", "b": 5 }, "text": "3" }"#;
    let cases = [
        ("$.status", json!("ok"), true),
        ("$.status", json!("OK"), false),
        ("$.n", json!(3), true),
        ("$.n", json!(3.0), true),
        ("$.f", json!(1), true),
        ("$.n", json!("3"), false),
        ("$.n", json!("{{ COUNT }}"), true),
        ("$.text", json!("{{ COUNT }}"), true),
        ("$.text", json!(3), false),
        ("$.yes", json!(true), true),
        ("$.yes", json!("true"), false),
        ("$.yes", json!("{{ 1 == 1 }}"), true),
        ("$.none", json!(null), true),
        ("$.none", json!("null"), false),
        ("$.big", json!(9_007_199_254_740_993_u64), true),
        ("$.big", json!(9_007_199_254_740_992_u64), false),
        ("$.big", json!(9_007_199_254_740_992.0), false),
        ("$.list", json!([1, "3"]), true),
        ("$.list", json!(["3", 1]), false),
        ("$.list", json!([1]), false),
        ("$.map", json!({ "b": 5, "a": "{{ RELEASE }}" }), true),
        ("$.map", json!({ "b": "5", "a": "{{ RELEASE }}" }), false),
        ("$.map", json!({ "a": "{{ RELEASE }}" }), false),
        ("$.map", json!({ "a": "v1.2.3", "b": 5, "c": 1 }), false),
        ("$.map.a", json!("{{ NOBODY }}"), false),
        ("$.missing", json!(null), false),
        ("$.list[*]", json!(1), false),
        ("not a path", json!(1), false),
    ];
    for (path, value, held) in cases {
        let expected = Expected::Json { path: path.into(), value: value.clone() };
        assert_eq!(holds(expected, &printed(output)), held, "{path} {value}");
    }
    assert!(!holds(Expected::Json { path: "$".into(), value: json!(1) }, &printed("1 2")));
}

#[test]
fn a_broken_pipe_is_told_where_a_block_ends_with_141() {
    let judgement = judged(&block(), &Seen { exit: Some(141), ..seen() });
    let came = judgement.expectations[0].came.as_deref().unwrap();
    assert!(came.starts_with("exit 141: by SIGPIPE") && came.contains("pipefail"), "{came}");
}

#[test]
fn long_output_is_quoted_in_part_with_its_length() {
    let judgement = judged(&expecting([Expected::Stdout(Matcher::Empty)]), &printed(&"é".repeat(1000)));
    let came = judgement.expectations[1].came.clone().unwrap();
    assert_eq!(came, format!("\"{}\"… (2000 bytes in all)", "é".repeat(240)));
}

#[test]
fn literal_lines_are_matched_with_their_endings() {
    let line = |text: &str, how, times| LineMatcher { text: text.into(), how, times };
    let expected = || {
        Expected::Lines(vec![
            line("start", LineKind::Equal, Times::Once),
            line("item *", LineKind::Glob, Times::AtLeastOnce),
            line("warn.*", LineKind::Regex, Times::Any),
            line("bye", LineKind::Equal, Times::Optional),
            line("{{ COUNT }}", LineKind::Equal, Times::Once),
        ])
    };
    for (output, held) in [
        ("start\nitem 1\n3\n", true),
        ("start\nitem 1\nitem 2\nwarning\nwarn\nbye\n3", true),
        ("start\r\nitem 1\r\n3\r\n", true),
        ("start\n3\n", false),
        ("start\nitem 1\n{{ COUNT }}\n", false),
        ("start\nitem 1\nbye\nbye\n3\n", false),
        ("start\nitem 1\na warning\n3\n", false),
        ("", false),
    ] {
        assert_eq!(holds(expected(), &printed(output)), held, "{output:?}");
    }
    let broken = || Expected::Lines(vec![line("(", LineKind::Regex, Times::Any)]);
    assert!(
        !holds(broken(), &printed("")),
        "a pattern that does not parse matches nothing, not even nothing"
    );
}

#[test]
fn durations_are_written_as_people_write_them() {
    for (millis, words) in [
        (0, "0s"),
        (1, "1ms"),
        (90_000, "1m 30s"),
        (3_600_000, "1h"),
        (3_661_001, "1h 1m 1s 1ms"),
        (90_000_000, "25h"),
    ] {
        assert_eq!(duration(Duration::from_millis(millis)), words);
    }
}

#[test]
fn output_that_nothing_looks_at_need_not_be_read_and_what_is_looked_at_never_passes_unread() {
    use CaptureFrom::{File, Json, Regex};
    let blocks = [
        block(),
        expecting([Expected::Exit(vec![0, 3])]),
        expecting([Expected::Stdout(Matcher::Empty)]),
        expecting([Expected::Stdout(Matcher::NotContains("ERROR".into()))]),
        expecting([Expected::Lines(Vec::new())]),
        expecting([Expected::Json { path: "$".into(), value: json!(1) }]),
        expecting([Expected::Stderr(Matcher::Empty)]),
        expecting([Expected::Stderr(Matcher::NotMatches("^ERROR".into())), Expected::Stdout(Matcher::Empty)]),
        capturing(CaptureFrom::Stdout),
        capturing(Regex("a*".into())),
        capturing(Json("$".into())),
        capturing(File("out/digest".into())),
    ];
    let files: BTreeMap<String, Vec<u8>> = [("out/digest".to_owned(), b"sha".to_vec())].into();
    for block in &blocks {
        let look = |stdout: Option<&[u8]>, stderr: Option<&[u8]>| {
            judge(block, &values(), &Observation { stdout, stderr, files: &files, ..seen().observed() })
        };
        let whole = look(Some(b""), Some(b""));
        let (stdout, stderr) = (block.looks_at_stdout(), block.looks_at_stderr());
        for (looked_at, unread) in [
            (stdout, look(None, Some(b""))),
            (stderr, look(Some(b""), None)),
            (stdout || stderr, look(None, None)),
        ] {
            if looked_at {
                assert_eq!(unread.outcome, Outcome::Failed, "{block:?}");
                assert!(complaints(&unread).iter().any(|why| why.contains("was not read")), "{block:?}");
            } else {
                assert_eq!(unread, whole, "{block:?}");
            }
        }
    }
    assert_eq!(blocks.iter().filter(|block| block.looks_at_stdout()).count(), 8);
    assert_eq!(blocks.iter().filter(|block| block.looks_at_stderr()).count(), 2);
}

#[test]
fn many_expectations_of_a_large_output_end_soon_and_never_pass_unjudged() {
    let large = "a".repeat(8_000_000);
    let patterns = (0..500).map(|n| Expected::Stdout(Matcher::NotMatches(format!("[ab]+c?[ab]+{n}x"))));
    let judgement = judged(&expecting(patterns.collect::<Vec<_>>()), &printed(&large));
    assert_eq!(judgement.outcome, Outcome::Failed);
    assert!(complaints(&judgement).iter().any(|why| why.contains("together takes too long")));

    let items: Vec<String> = (0..20_000).map(|n| format!("{{\"a\":{n}}}")).collect();
    let json = format!("[{}]", items.join(","));
    let paths = (0..1000).map(|n| Expected::Json { path: format!("$[?@.a == {n}].a"), value: json!(n) });
    let judgement = judged(&expecting(paths.collect::<Vec<_>>()), &printed(&json));
    assert_eq!(judgement.outcome, Outcome::Failed);
    assert!(complaints(&judgement).iter().any(|why| why.contains("together take too long")));

    // What anybody writes is far from that.
    let few = (0..30).map(|n| Expected::Json { path: format!("$[?@.a == {n}].a"), value: json!(n) });
    let texts = (0..30).map(|n| Expected::Stdout(Matcher::NotMatches(format!("^ERROR {n}"))));
    let judgement = judged(&expecting(few.chain(texts).collect::<Vec<_>>()), &printed(&json));
    assert_eq!(judgement.outcome, Outcome::Passed, "{:?}", complaints(&judgement));
}

#[test]
fn an_address_is_one_of_a_page() {
    for (text, is) in [
        ("https://ci.example.org/runs/5?x#y", true),
        ("HTTP://host", true),
        ("ci.example.org", false),
        ("ftp://ci.example.org", false),
        ("https://", false),
        ("https:///x", false),
        ("https://a b", false),
        ("see the wiki", false),
        ("javascript:alert(1)", false),
    ] {
        assert_eq!(holdpoint_engine::is_address(text), is, "{text}");
    }
}
