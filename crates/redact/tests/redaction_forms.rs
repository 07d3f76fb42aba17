//! A secret is masked in every form that a common encoder gives it. The encoders here are written another way than
//! those of the product, or are other people's programs.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::Write;
use std::process::{Command, Stdio};

use holdpoint_redact::Redactor;
use proptest::prelude::*;

fn redactor(value: &str) -> Redactor {
    Redactor::new(vec![("S".to_owned(), value.to_owned())]).unwrap()
}

/// Base64 by way of a text of noughts and ones.
fn base64(bytes: &[u8], for_urls: bool, padded: bool) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    let mut bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let mut text: String = (0..bits.len() / 6)
        .map(|at| match usize::from_str_radix(&bits[at * 6..at * 6 + 6], 2).unwrap() {
            62 => {
                if for_urls {
                    '-'
                } else {
                    '+'
                }
            }
            63 => {
                if for_urls {
                    '_'
                } else {
                    '/'
                }
            }
            n => alphabet[n],
        })
        .collect();
    while padded && !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{:x}{:x}", byte / 16, byte % 16)).collect()
}

/// What a program makes of a text on its standard input; `None` where it is not installed.
fn made_by(program: &[&str], input: &str) -> Option<String> {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn each_written_form_is_masked() {
    let value = "tür \"a/b\"+<c>&\t~'(d)\u{1f511}=";
    let forms = [
        value,
        // JSON: as little as needed, Python, PHP, Go, .NET.
        r#"tür \"a/b\"+<c>&\t~'(d)🔑="#,
        r#"t\u00fcr \"a/b\"+<c>&\t~'(d)\ud83d\udd11="#,
        r#"t\u00FCr \"a/b\"+<c>&\t~'(d)\uD83D\uDD11="#,
        r#"t\u00fcr \"a\/b\"+<c>&\t~'(d)\ud83d\udd11="#,
        r#"tür \"a\/b\"+<c>&\t~'(d)🔑="#,
        r#"tür \"a/b\"+\u003cc\u003e\u0026\t~'(d)🔑="#,
        r#"t\u00FCr \u0022a/b\u0022\u002B\u003Cc\u003E\u0026\t~\u0027(d)\uD83D\uDD11="#,
        r#"tür \"a/b\"+<c>&\u0009~'(d)🔑="#,
        // URLs: RFC 3986, Python's quote, encodeURIComponent, encodeURI, forms.
        "t%C3%BCr%20%22a%2Fb%22%2B%3Cc%3E%26%09~%27%28d%29%F0%9F%94%91%3D",
        "t%c3%bcr%20%22a%2fb%22%2b%3cc%3e%26%09~%27%28d%29%f0%9f%94%91%3d",
        "t%C3%BCr%20%22a/b%22%2B%3Cc%3E%26%09~%27%28d%29%F0%9F%94%91%3D",
        "t%C3%BCr%20%22a%2Fb%22%2B%3Cc%3E%26%09~'(d)%F0%9F%94%91%3D",
        "t%C3%BCr%20%22a/b%22+%3Cc%3E&%09~'(d)%F0%9F%94%91=",
        "t%C3%BCr+%22a%2Fb%22%2B%3Cc%3E%26%09%7E%27%28d%29%F0%9F%94%91%3D",
        "t%c3%bcr+%22a%2fb%22%2b%3cc%3e%26%09%7e%27%28d%29%f0%9f%94%91%3d",
    ];
    let redactor = redactor(value);
    for form in forms {
        assert_eq!(redactor.text(&format!("<{form}>")), "<[REDACTED:S]>", "{form}");
    }
    for form in [hex(value.as_bytes()), hex(value.as_bytes()).to_uppercase()] {
        assert_eq!(redactor.text(&form), "[REDACTED:S]");
    }
}

#[test]
fn serde_writes_a_form_that_is_masked() {
    for value in
        ["plain-secret", "with \"quotes\" and \\", "control \u{1}\u{1f}\u{8}\u{c}\r\n\t!", "ünï\u{2028}ünï"]
    {
        let written = serde_json::to_string(value).unwrap();
        assert_eq!(redactor(value).text(&written), "\"[REDACTED:S]\"", "{value:?}");
    }
}

#[test]
fn base64_of_the_value_alone_is_masked_whole() {
    for value in ["12345678", "123456789", "1234567890", ">>>???>>>???", "ünder~~~??"] {
        let redactor = redactor(value);
        for for_urls in [false, true] {
            for padded in [false, true] {
                for end in ["", "\n"] {
                    let text = base64(format!("{value}{end}").as_bytes(), for_urls, padded);
                    assert_eq!(redactor.text(&format!("\"{text}\"")), "\"[REDACTED:S]\"", "{value:?} {text}");
                }
            }
        }
    }
}

#[test]
fn what_stock_programs_write_is_masked() {
    let key =
        format!("-----BEGIN KEY-----\n{}\n-----END KEY-----\n", ["0123456789abcdef+/ABCDEF"; 9].join("\n"));
    let secrets = ["correct-horse-battery-staple", "pa ss/wo+rd&=?%", "pa+ss\u{7f}wo<rd", &key];
    let python = |code: &'static str| ["python3", "-c", code];
    let programs: &[&[&str]] = &[
        &["base64"],
        &["base64", "-w0"],
        &["openssl", "base64"],
        &["od", "-An", "-v", "-tx1", "-w4096"],
        &["jq", "-Rs", "."],
        &["jq", "-Rs", "@uri"],
        &["jq", "-Rs", "@base64"],
        &python("import sys,json;print(json.dumps(sys.stdin.read()))"),
        &python("import sys,urllib.parse as u;t=sys.stdin.read();print(u.quote(t));print(u.quote_plus(t))"),
        &python(
            "import sys,base64 as b;print(b.urlsafe_b64encode(b'user:'+sys.stdin.buffer.read()).decode())",
        ),
    ];
    let mut tried = 0;
    for secret in secrets {
        let redactor = redactor(secret);
        for program in programs {
            let Some(mut text) = made_by(program, secret) else { continue };
            if program[0] == "od" {
                text.retain(|c| c != ' ');
            }
            tried += 1;
            let masked = redactor.text(&text);
            let rest = masked.replace("[REDACTED:S]", "");
            // Of a wrapped text only separators, quotes and the edges of base64 may be left.
            assert!(
                masked.contains("[REDACTED:S]") && rest.len() < 16,
                "{program:?} {secret:?}:\n{text}\n{masked}"
            );
        }
    }
    assert!(tried >= 3, "base64 is everywhere");
}

#[test]
fn a_line_of_a_secret_is_masked_in_every_form_too() {
    let redactor = redactor("first-line-1\nsecond-line-2\n");
    for line in ["first-line-1", "second-line-2"] {
        let bytes = line.as_bytes();
        for form in [base64(bytes, false, true), hex(bytes), line.to_owned()] {
            assert_eq!(redactor.text(&form), "[REDACTED:S]");
        }
    }
    assert_eq!(redactor.text(r"first-line-1\nsecond-line-2"), "[REDACTED:S]");
    assert_eq!(redactor.text("first-line-1%0D%0Asecond-line-2"), "[REDACTED:S]");
}

#[test]
fn no_form_is_short_enough_to_be_found_by_chance() {
    // Eight bytes are the least; the stable part of their base64 is ten characters.
    let redactor = redactor("abcdefgh");
    let core = &base64(b"abcdefgh", false, false)[..10];
    assert_eq!(redactor.text(core), "[REDACTED:S]");
    assert_eq!(redactor.text(&core[..9]), &core[..9]);
}

#[test]
fn a_truncated_form_at_the_end_passes_when_nothing_can_follow() {
    let value = "correct-horse/battery";
    let redactor = redactor(value);
    for form in [value.to_owned(), base64(value.as_bytes(), false, false), hex(value.as_bytes())] {
        for cut in 1..form.len() {
            let (mut stream, mut out) = (redactor.stream(), Vec::new());
            stream.push(&form.as_bytes()[..cut], &mut |piece| out.extend_from_slice(piece));
            let held = cut - out.len().min(cut);
            assert!(!out.starts_with(value.as_bytes()) && held <= cut);
            stream.finish(&mut |piece| out.extend_from_slice(piece));
            // The stable part of base64 is whole before its last character is.
            let masked = String::from_utf8(out).unwrap();
            assert!(masked == form[..cut] || masked.starts_with("[REDACTED:S]"), "{masked}");
        }
    }
}

#[test]
fn secrets_that_begin_alike_are_told_apart_by_the_longest() {
    let values = ["secret-1", "secret-12", "secret-123456789", "secret-1234"];
    let named = values.iter().enumerate().map(|(n, value)| (format!("S{n}"), (*value).to_owned()));
    let redactor = Redactor::new(named.collect()).unwrap();
    for (n, value) in values.iter().enumerate() {
        let mask = format!("[REDACTED:S{n}]");
        assert_eq!(redactor.text(value), mask);
        assert_eq!(redactor.text(&hex(value.as_bytes())), mask);
        assert_eq!(redactor.text(&base64(value.as_bytes(), false, true)), mask);
    }
    assert_eq!(redactor.text("secret-12345"), "[REDACTED:S3]5");
}

#[test]
fn a_stream_that_learns_a_secret_looks_again_at_what_it_held_back() {
    let (old, new) = (
        redactor("begins-with-this"),
        Redactor::new(vec![
            ("S".to_owned(), "begins-with-this".to_owned()),
            ("T".to_owned(), "begins-otherwise".to_owned()),
        ])
        .unwrap(),
    );
    let (mut stream, mut out) = (old.stream(), Vec::new());
    let mut sink = |piece: &[u8]| out.extend_from_slice(piece);
    stream.push(b"begins-with-this begins-", &mut sink);
    stream.switch(&new);
    stream.push(b"otherwise begins-", &mut sink);
    stream.switch(&redactor("unrelated"));
    let counts = stream.finish(&mut sink);
    assert_eq!(String::from_utf8(out).unwrap(), "[REDACTED:S] [REDACTED:T] begins-");
    assert_eq!(counts, [("S".to_owned(), 1), ("T".to_owned(), 1)].into());
    let (mut stream, mut out) = (redactor("unrelated").stream(), Vec::new());
    stream.push(b"unrel", &mut |piece| out.extend_from_slice(piece));
    stream.switch(&Redactor::new(Vec::new()).unwrap());
    stream.push(b"ated", &mut |piece| out.extend_from_slice(piece));
    assert_eq!(out, b"unrelated");
}

/// Leftmost, then longest, of forms made by the encoders above; written the slow way.
fn oracle(text: &[u8], secrets: &[String]) -> Vec<u8> {
    let mut forms: Vec<(usize, Vec<u8>)> = Vec::new();
    for (n, secret) in secrets.iter().enumerate() {
        let bytes = secret.as_bytes();
        let mut add = |form: String| forms.push((n, form.into_bytes()));
        add(secret.clone());
        add(hex(bytes));
        add(hex(bytes).to_uppercase());
        for upper in [false, true] {
            let percent = |byte: &u8| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
            add(bytes
                .iter()
                .map(|b| if b.is_ascii_alphanumeric() { char::from(*b).to_string() } else { percent(b) })
                .collect());
        }
        for for_urls in [false, true] {
            for shift in 0..3 {
                // What stays the same whatever stands around it.
                let around = |fill: u8| {
                    base64(&[vec![fill; shift], bytes.to_vec(), vec![fill; 3]].concat(), for_urls, false)
                };
                let (low, high) = (around(0), around(255));
                let same: Vec<bool> = low.bytes().zip(high.bytes()).map(|(a, b)| a == b).collect();
                let from = same.iter().position(|same| *same).unwrap();
                let to = from + same[from..].iter().position(|same| !*same).unwrap_or(same.len() - from);
                add(low[from..to].to_owned());
                for (end, padded) in [("", false), ("", true), ("\n", false), ("\n", true)] {
                    let whole = base64(
                        &[vec![0; shift], bytes.to_vec(), end.as_bytes().to_vec()].concat(),
                        for_urls,
                        padded,
                    );
                    add(whole[from..].to_owned());
                }
            }
        }
    }
    let (mut out, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let here = forms.iter().filter(|(_, form)| text[at..].starts_with(form));
        // Of equal forms the first secret's counts.
        match here.rev().max_by_key(|(n, form)| (form.len(), usize::MAX - n)) {
            Some((n, form)) => {
                out.extend_from_slice(format!("[REDACTED:S{n}]").as_bytes());
                at += form.len();
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// Secrets that overlap and begin alike, of bytes that base64 and URLs treat differently.
fn secrets() -> impl Strategy<Value = Vec<String>> {
    let short = prop_oneof!["[ab%~]{8,10}", "(ab){4,6}", "a{8,11}", "[?>]{8,9}", "[0-9a-f]{8,16}"];
    // Where all are long, more of each beginning is looked at once.
    let long = prop_oneof!["[ab%~]{20,28}", "(ab){10,14}", "a{22,26}", "[0-9a-f]{24,30}"];
    prop_oneof![several(short), several(long)]
}

fn several(one: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    (prop::collection::vec(one, 1..4), any::<prop::sample::Index>()).prop_map(|(mut secrets, index)| {
        // One that begins like another, and one that is another's beginning's hex.
        let like = secrets[index.index(secrets.len())].clone();
        secrets.push(format!("{like}a"));
        secrets.push(hex(&like.as_bytes()[..like.len() / 2]));
        secrets.dedup();
        secrets
    })
}

fn text(secrets: &[String]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let secrets = secrets.to_vec();
    let piece = (0..secrets.len(), 0..6_u8, any::<bool>(), any::<prop::sample::Index>(), 0..4_usize);
    let piece = piece.prop_map(move |(which, form, whole, cut, shift)| {
        let bytes = secrets[which].as_bytes();
        let shifted = [&b"xyz"[..shift.min(3)], bytes].concat();
        let made =
            match form {
                0 => secrets[which].clone(),
                1 => hex(bytes),
                2 => hex(bytes).to_uppercase(),
                3 => base64(&shifted, false, true),
                4 => base64(&[&shifted[..], b"q"].concat(), true, false),
                _ => bytes
                    .iter()
                    .map(|b| {
                        if b.is_ascii_alphanumeric() {
                            char::from(*b).to_string()
                        } else {
                            format!("%{b:02X}")
                        }
                    })
                    .collect(),
            };
        let cut = if whole { made.len() } else { cut.index(made.len()) };
        made.into_bytes()[..cut].to_vec()
    });
    prop::collection::vec(prop_oneof![4 => piece, 1 => "[ab \n=]{0,3}".prop_map(String::into_bytes)], 0..5)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_split_gives_what_an_oracle_gives_for_the_whole(
        (secrets, text) in secrets().prop_flat_map(|secrets| {
            let text = text(&secrets);
            (Just(secrets), text)
        }),
    ) {
        let named: Vec<_> = secrets.iter().enumerate().map(|(n, value)| (format!("S{n}"), value.clone())).collect();
        let redactor = Redactor::new(named).unwrap();
        let whole = oracle(&text, &secrets);
        let masked = redactor.bytes(&text);
        prop_assert_eq!(String::from_utf8_lossy(&masked), String::from_utf8_lossy(&whole));
        for at in 0..=text.len() {
            let (mut stream, mut out) = (redactor.stream(), Vec::new());
            stream.push(&text[..at], &mut |piece| out.extend_from_slice(piece));
            stream.push(&text[at..], &mut |piece| out.extend_from_slice(piece));
            stream.finish(&mut |piece| out.extend_from_slice(piece));
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole), "split at {}", at);
        }
        for size in [1, 2, 5] {
            let (mut stream, mut out) = (redactor.stream(), Vec::new());
            for piece in text.chunks(size) {
                stream.push(piece, &mut |piece| out.extend_from_slice(piece));
            }
            stream.finish(&mut |piece| out.extend_from_slice(piece));
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole), "pieces of {}", size);
        }
    }

    #[test]
    fn nothing_of_base64_is_left_but_its_edges(value in "[ -~]{8,40}", before in "[ -~]{0,9}", after in "[ -~]{0,9}") {
        prop_assume!(value.trim().len() >= 8);
        let redactor = redactor(&value);
        let text = base64(format!("{before}{value}{after}").as_bytes(), false, true);
        let masked = redactor.text(&text).into_owned();
        prop_assert!(masked.contains("[REDACTED:S]"), "{} of {:?}", text, value);
        let neighbours = (before.len() * 4).div_ceil(3) + (after.len() * 4).div_ceil(3) + 6;
        prop_assert!(masked.replace("[REDACTED:S]", "").len() <= neighbours, "{} is {}", text, masked);
    }
}
