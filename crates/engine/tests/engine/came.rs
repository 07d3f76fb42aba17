//! What came of an expectation, as people are told of it.

use holdpoint_model::*;

use crate::judging::{expecting, json, judged, printed};

#[test]
fn what_came_of_json_is_told_as_json_writes_it() {
    for (output, wanted, told) in [
        ("{\"v\":1}", json!("1"), "1"),
        ("{\"v\":\"1\"}", json!(1), "\"1\""),
        ("{\"v\":true}", json!("true"), "true"),
        ("{\"v\":\"null\"}", json!(null), "\"null\""),
        (r#"{"v":["a\"\\\n"]}"#, json!([]), r#"["a\"\\\n"]"#),
    ] {
        let judgement =
            judged(&expecting([Expected::Json { path: "$.v".into(), value: wanted }]), &printed(output));
        let failed = judgement.expectations.iter().find(|judged| !judged.held).unwrap();
        assert_eq!(failed.told().as_deref(), Some(told), "{:?}", failed.came);
    }
    assert_eq!(holdpoint_engine::as_told("stdout is empty", r#""a\"b""#), r#""a\"b""#);
    assert_eq!(
        holdpoint_engine::as_told("json $.v = 1", "nothing there in \"{}\""),
        "nothing there in \"{}\""
    );
    assert_eq!(
        holdpoint_engine::as_told("json $.v = 1", r#""\"aa"… (9 bytes in all)"#),
        "\"aa… (9 bytes in all)"
    );
}
