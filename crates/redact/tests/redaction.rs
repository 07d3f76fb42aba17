//! Secrets are masked, however the stream that holds them is cut.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use holdpoint_redact::{Redactor, SecretError};
use proptest::prelude::*;

fn redactor(secrets: &[(&str, &str)]) -> Redactor {
    Redactor::new(secrets.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
        .unwrap()
}

fn streamed<'a>(
    redactor: &Redactor,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, BTreeMap<String, u64>) {
    let (mut out, mut stream) = (Vec::new(), redactor.stream());
    for piece in pieces {
        stream.push(piece, &mut |masked| out.extend_from_slice(masked));
    }
    let counts = stream.finish(&mut |masked| out.extend_from_slice(masked));
    (String::from_utf8(out).unwrap(), counts)
}

/// Leftmost, then longest, written the slow way.
fn oracle(text: &str, forms: &[(&str, &str)]) -> String {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let here = forms.iter().filter(|(_, form)| text.as_bytes()[at..].starts_with(form.as_bytes()));
        match here.max_by_key(|(_, form)| form.len()) {
            Some((name, form)) => {
                out.extend_from_slice(format!("[REDACTED:{name}]").as_bytes());
                at += form.len();
            }
            None => {
                out.push(text.as_bytes()[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_secret_is_masked_by_its_name() {
    let redactor = redactor(&[("TOKEN", "sk-live-12345"), ("PASSWORD", "hunter2secret")]);
    let cases = [
        ("Authorization: Bearer sk-live-12345", "Authorization: Bearer [REDACTED:TOKEN]"),
        ("sk-live-12345sk-live-12345", "[REDACTED:TOKEN][REDACTED:TOKEN]"),
        ("ünder hunter2secret übrig", "ünder [REDACTED:PASSWORD] übrig"),
        ("sk-live-1234", "sk-live-1234"),
        ("", ""),
    ];
    for (text, masked) in cases {
        assert_eq!(redactor.text(text), masked);
    }
}

#[test]
fn of_overlapping_secrets_the_leftmost_longest_is_masked() {
    let redactor = redactor(&[("SHORT", "secret-1"), ("LONG", "secret-12345"), ("INNER", "ecret-123456")]);
    assert_eq!(redactor.text("x secret-12345 y"), "x [REDACTED:LONG] y");
    assert_eq!(redactor.text("x secret-1234 y"), "x [REDACTED:SHORT]234 y");
    assert_eq!(redactor.text("x secret-123456 y"), "x [REDACTED:LONG]6 y");
}

#[test]
fn a_secret_of_several_lines_is_masked_whole_and_line_by_line() {
    let redactor = redactor(&[("KEY", "-----BEGIN KEY-----\nbase64base64\nend\n")]);
    assert_eq!(redactor.text("-----BEGIN KEY-----\nbase64base64\nend\n"), "[REDACTED:KEY]\n");
    assert_eq!(
        redactor.text("-----BEGIN KEY-----\r\nbase64base64\r\nend"),
        "[REDACTED:KEY]",
        "through a terminal"
    );
    assert_eq!(
        redactor.text("  base64base64\n  end"),
        "  [REDACTED:KEY]\n  end",
        "short lines alone are not secret"
    );
}

#[test]
fn a_secret_is_found_with_either_line_end() {
    for value in ["first line\nlast", "first line\r\nlast"] {
        let redactor = redactor(&[("KEY", value)]);
        for text in ["first line\nlast", "first line\r\nlast"] {
            assert_eq!(redactor.text(text), "[REDACTED:KEY]", "{value:?} in {text:?}");
        }
    }
}

#[test]
fn a_value_from_a_file_is_masked_without_its_line_end() {
    let redactor = redactor(&[("TOKEN", "sk-live-12345\r\n")]);
    assert_eq!(redactor.text("sk-live-12345 sk-live-12345\n"), "[REDACTED:TOKEN] [REDACTED:TOKEN]\n");
}

#[test]
fn short_values_are_refused_and_not_told() {
    for value in ["", "1234567", "  1234567  \n", "          ", "\n\n\n\n\n\n\n\n\n"] {
        let error = Redactor::new(vec![("PIN".into(), value.into())]).unwrap_err();
        assert_eq!(error, SecretError::TooShort { name: "PIN".into() });
        assert!(error.to_string().contains("PIN") && !error.to_string().contains("1234567"));
    }
}

#[test]
fn the_debug_form_shows_names_only() {
    let redactor = redactor(&[("TOKEN", "sk-live-12345")]);
    let mut stream = redactor.stream();
    stream.push(b"sk-live-", &mut |_| {});
    let shown = format!("{redactor:?} {stream:?}");
    assert!(shown.contains("TOKEN") && !shown.contains("sk-live"), "{shown}");
}

#[test]
fn without_secrets_everything_passes_at_once_and_uncopied() {
    let redactor = redactor(&[]);
    let text = "nothing to hide";
    assert!(matches!(redactor.text(text), Cow::Borrowed(same) if std::ptr::eq(same, text)));
    let mut pieces = Vec::new();
    redactor.stream().push(text.as_bytes(), &mut |piece| pieces.push((piece.as_ptr(), piece.len())));
    assert_eq!(pieces, [(text.as_ptr(), text.len())]);
}

#[test]
fn what_cannot_become_a_secret_is_not_held_back() {
    let redactor = redactor(&[("TOKEN", "sk-live-12345")]);
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    stream.push(b"a prompt: sk-li", &mut |piece| out.extend_from_slice(piece));
    assert_eq!(out, b"a prompt: ");
    stream.push(b"ght", &mut |piece| out.extend_from_slice(piece));
    assert_eq!(out, b"a prompt: sk-light");
    stream.push(b" sk-live-12345", &mut |piece| out.extend_from_slice(piece));
    assert_eq!(out, b"a prompt: sk-light [REDACTED:TOKEN]", "nothing longer could follow");
}

#[test]
fn a_million_bytes_hold_back_less_than_the_longest_form() {
    let redactor = redactor(&[("A", &"a".repeat(50)), ("B", &format!("{}b", "a".repeat(80)))]);
    let (mut stream, mut given, mut pushed) = (redactor.stream(), 0, 0);
    for _ in 0..1000 {
        // Twelve bytes fewer come out for each that is masked.
        stream.push(&[b'a'; 1000], &mut |piece| {
            given += if piece.starts_with(b"[") { 50 } else { piece.len() }
        });
        pushed += 1000;
        assert!(pushed - given < 81, "{pushed} in, {given} out");
    }
}

#[test]
fn counts_are_by_name_and_leave_out_what_did_not_occur() {
    let redactor = redactor(&[("A", "aaaaaaaa"), ("B", "bbbbbbbb"), ("C", "cccccccc")]);
    let (out, counts) = streamed(&redactor, [&b"aaaaaaaa bbbb"[..], b"bbbb aaaaaaaa"]);
    assert_eq!(out, "[REDACTED:A] [REDACTED:B] [REDACTED:A]");
    assert_eq!(counts, BTreeMap::from([("A".into(), 2), ("B".into(), 1)]));
}

/// Secrets of few letters, so that they overlap, repeat and contain each other.
fn secrets() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(
        prop_oneof!["[ab]{8,12}", "(ab){4,7}", "a{8,14}", "(aab){3,5}b?", "[aé]{8,10}"],
        1..5,
    )
}

/// Text made of secrets, beginnings of secrets and noise.
fn text(secrets: &[String]) -> impl Strategy<Value = String> + use<> {
    let secrets = secrets.to_vec();
    let cut = (prop::sample::select(secrets), any::<prop::sample::Index>(), any::<bool>());
    let piece = cut.prop_map(|(secret, index, whole)| {
        let ends: Vec<_> = secret.char_indices().map(|(at, _)| at).collect();
        if whole { secret } else { secret[..ends[index.index(ends.len())]].to_owned() }
    });
    prop::collection::vec(prop_oneof![3 => piece, 1 => "[ab \né]{0,4}"], 0..8)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_split_of_a_stream_gives_what_the_whole_gives(
        (secrets, text) in secrets().prop_flat_map(|secrets| {
            let text = text(&secrets);
            (Just(secrets), text)
        }),
        sizes in prop::collection::vec(0_usize..7, 1..9),
    ) {
        let named: Vec<_> = secrets.iter().map(|secret| ("S", secret.as_str())).collect();
        let redactor = redactor(&named);
        let whole = oracle(&text, &named);
        prop_assert_eq!(redactor.text(&text), whole.as_str());
        let bytes = text.as_bytes();
        for at in 0..=bytes.len() {
            prop_assert_eq!(&streamed(&redactor, [&bytes[..at], &bytes[at..]]).0, &whole, "split at {}", at);
        }
        for size in 1..4 {
            prop_assert_eq!(&streamed(&redactor, bytes.chunks(size)).0, &whole, "pieces of {}", size);
        }
        let (mut rest, mut pieces) = (bytes, Vec::new());
        for size in sizes.iter().cycle().take(100) {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(&streamed(&redactor, pieces).0, &whole, "sizes {:?}", sizes);
    }
}
