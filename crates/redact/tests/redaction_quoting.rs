//! A secret is masked as real shells, Python and writers of markup quote it, wherever the stream is cut.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::Command;

use holdpoint_redact::Redactor;
use holdpoint_xtask::sample;

/// Stands in every value, more than once; what is left of it shows what was not masked.
const MARK: &str = "Zq7";

/// Values with each character that somebody quotes: at the beginning, inside, twice in a row, at the end.
fn values() -> Vec<String> {
    let punctuation = (' '..='~').filter(|c| !c.is_ascii_alphanumeric());
    let others = ['\t', '\n', '\x01', '\x07', '\x08', '\x0b', '\x0c', '\r', '\x1b', '\x7f', 'ü', '€', '🔑'];
    let mut values: Vec<String> = punctuation
        .chain(others)
        .map(|c| format!("{c}{MARK}{c}{MARK}{c}{c}{MARK}{c}"))
        .filter(|value| value.trim().len() >= 8)
        .collect();
    let more =
        ["pa'Zq7ss\"wo\\$rdZq7", "a=~Zq7:~b#Zq7,c", "Zq7 <a href='x'>&amp;\"/`=ü€🔑\n\tZq7", "'Zq7Zq7''Zq7"];
    values.extend(more.map(str::to_owned));
    values.push(format!("{MARK}{}{MARK}", (' '..='~').collect::<String>()));
    values
}

/// Between what is printed for two values; no value holds it.
const BETWEEN: u8 = 0x1e;

/// What a program prints for each value; `None` where it is not installed.
fn printed(program: &[&str], locale: &str, script: &str, secrets: &[Secret]) -> Option<Vec<Vec<u8>>> {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args([script, "name"]).args(secrets.iter().map(|secret| &secret.value));
    let output = command.env("LC_ALL", locale).output().ok()?;
    assert!(output.status.success(), "{program:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut texts: Vec<Vec<u8>> = output.stdout.split(|byte| *byte == BETWEEN).map(<[u8]>::to_vec).collect();
    assert_eq!(texts.pop(), Some(Vec::new()));
    assert_eq!(texts.len(), secrets.len(), "{program:?} {script}");
    Some(texts)
}

/// For each argument as `PW`.
fn in_shell(script: &str) -> String {
    format!("for PW; do export PW; ( {script} ) 2>&1; printf '\\036'; done")
}

fn masked(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    for piece in pieces {
        stream.push(piece, &mut |piece| out.extend_from_slice(piece));
    }
    stream.finish(&mut |piece| out.extend_from_slice(piece));
    out
}

struct Secret {
    value: String,
    redactor: Redactor,
}

fn secrets() -> Vec<Secret> {
    let secret = |value: String| {
        let redactor = Redactor::new(vec![("S".to_owned(), value.clone())]).unwrap();
        Secret { value, redactor }
    };
    values().into_iter().map(secret).collect()
}

/// Nothing of the value is left, cut anywhere or everywhere.
#[track_caller]
fn is_masked(what: &str, Secret { value, redactor }: &Secret, text: &[u8]) {
    let whole = redactor.bytes(text);
    // However its letters are set apart.
    let letters: String =
        String::from_utf8_lossy(&whole).chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    assert!(
        !letters.contains(MARK) && letters.contains("REDACTEDS"),
        "{what} of {value:?}: {} became {}",
        String::from_utf8_lossy(text),
        String::from_utf8_lossy(&whole)
    );
    for cut in 1..text.len() {
        assert_eq!(
            masked(redactor, &[&text[..cut], &text[cut..]]),
            whole,
            "{what} of {value:?} cut at {cut}"
        );
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(masked(redactor, &bytes), whole, "{what} of {value:?} byte by byte");
}

/// Whether the program is there.
#[track_caller]
fn all_are_masked(program: &[&str], locale: &str, script: &str, secrets: &[Secret]) -> bool {
    let Some(texts) = printed(program, locale, script, secrets) else { return false };
    for (secret, text) in secrets.iter().zip(texts) {
        is_masked(&format!("{program:?} {locale} {script}"), secret, &text);
    }
    true
}

/// Of these scripts, in a locale with other characters than those of ASCII or without.
#[track_caller]
fn what_a_shell_quotes_is_masked(shell: &[&str], scripts: &[&str]) {
    let secrets = secrets();
    for script in scripts {
        for locale in sample::some(["C", "C.UTF-8"], 1) {
            assert!(
                all_are_masked(shell, locale, &in_shell(script), &secrets),
                "{} is wanted here",
                shell[0]
            );
        }
    }
}

#[test]
fn what_bash_quotes_is_masked() {
    what_a_shell_quotes_is_masked(
        &["bash", "-c"],
        &[
            "set -x; : \"$PW\"",
            "set -x; OTHER=$PW",
            "set -x; [[ $PW == \"$PW\" ]]",
            "printf '%q' \"$PW\"",
            "printf '%s' \"${PW@Q}\"",
            "printf '%s' \"${PW@A}\"",
            "declare -p PW",
            "a=(\"$PW\"); declare -p a",
            "declare -A a=([\"$PW\"]=x); declare -p a",
            "export -p | grep -a -A9 ' PW='",
            "OTHER=$PW; set | grep -a -A9 ^OTHER=",
            "alias x=\"$PW\"; alias",
            "trap \": $PW\" EXIT; trap -p; trap - EXIT",
            // Messages of the programs that come with the system.
            "ls -- \"$PW\" || :",
            "stat -- \"$PW\" || :",
            // Quoted, and that quoted by the trace: commands are put together so.
            "set -x; : \"${PW@Q}\"",
            "set -x; OTHER=\"x -p ${PW@Q}\"",
            "set -x; OTHER=$(printf '%q' \"$PW\")",
            "set -x; OTHER=$(declare -p PW)",
        ],
    );
}

#[test]
fn what_sh_quotes_is_masked() {
    let secrets = secrets();
    for shell in [&["sh", "-c"][..], &["dash", "-c"], &["busybox", "sh", "-c"]] {
        for script in [
            "set -x; : \"$PW\"",
            "set -x; OTHER=$PW",
            "export -p | grep -a -A9 ' PW='",
            "OTHER=$PW; set | grep -a -A9 ^OTHER=",
        ] {
            let tried = all_are_masked(shell, "C.UTF-8", &in_shell(script), &secrets);
            assert!(tried || shell[0] != "sh", "sh is everywhere");
        }
    }
}

#[test]
fn what_zsh_quotes_is_masked() {
    what_a_shell_quotes_is_masked(
        &["zsh", "-fc"],
        &[
            "set -x; : \"$PW\"",
            "set -x; OTHER=$PW",
            "printf '%q' \"$PW\"",
            "print -rn -- ${(q)PW}",
            "print -rn -- ${(qq)PW}",
            "print -rn -- ${(qqq)PW}",
            "print -rn -- ${(qqqq)PW}",
            "print -rn -- ${(q-)PW}",
            "print -rn -- ${(q+)PW}",
            "typeset -p PW",
            "export -p | grep -a -A9 '^export PW='",
            // Quoted, and that quoted by the trace.
            "set -x; : ${(q)PW}",
            "set -x; : ${(qq)PW}",
            "set -x; : ${(qqq)PW}",
            "set -x; : ${(qqqq)PW}",
            "set -x; : ${(q-)PW}",
            "set -x; OTHER=$(typeset -p PW)",
        ],
    );
}

#[test]
fn what_one_program_quotes_and_the_trace_of_a_shell_quotes_again_is_masked() {
    let secrets = secrets();
    // As `shlex.quote` of Python has it.
    let script = r#"S="'"; D="'\"'\"'"; OTHER="'${PW//$S/$D}'"; set -x; : "$OTHER""#;
    for shell in [&["bash", "-c"][..], &["zsh", "-fc"]] {
        assert!(all_are_masked(shell, "C.UTF-8", &in_shell(script), &secrets), "{} is wanted here", shell[0]);
    }
}

#[test]
fn what_jq_writes_of_it_is_masked() {
    let secrets = secrets();
    for filter in ["env.PW", "env.PW|@html", "env.PW|@sh"] {
        let script = in_shell(&format!("jq -n '{filter}'"));
        if !all_are_masked(&["sh", "-c"], "C.UTF-8", &script, &secrets) {
            return;
        }
    }
}

#[test]
fn what_python_writes_is_masked() {
    let secrets = secrets();
    for expression in [
        "repr(v)",
        "ascii(v)",
        "repr(v.encode())",
        "shlex.quote(v)",
        "html.escape(v)",
        "html.escape(v, quote=False)",
        "xml.sax.saxutils.escape(v)",
        "xml.sax.saxutils.quoteattr(v)",
        "v.replace('&', '&amp;').replace('<', '&lt;').encode('ascii', 'xmlcharrefreplace').decode()",
        "json.dumps(v)",
        "html.escape(json.dumps(v))",
        "html.escape(json.dumps(v), quote=False)",
        "xml.sax.saxutils.quoteattr(json.dumps(v))",
        "json.dumps(html.escape(v))",
        "json.dumps(html.escape(v).replace('&#x27;', '&#39;'))",
        "json.dumps(html.escape(v).replace('&#x27;', '&#039;'))",
        "json.dumps(html.escape(v).replace('&#x27;', '&apos;'))",
        "v.replace(chr(39), chr(39) * 2)",
        "v.replace(chr(34), chr(34) * 2)",
        "json.dumps({'a': xml.sax.saxutils.quoteattr(v)})",
        "xml.etree.ElementTree.tostring(xml.etree.ElementTree.Element('a', b=v), encoding='unicode')",
    ] {
        let script = format!(
            "import sys, shlex, html, json, xml.sax.saxutils, xml.etree.ElementTree\nfor v in sys.argv[2:]:\n \
             sys.stdout.buffer.write({expression}.encode() + b'\\x1e')"
        );
        if !all_are_masked(&["python3", "-c"], "C.UTF-8", &script, &secrets) {
            return;
        }
    }
}

#[test]
fn what_perl_writes_of_it_is_masked() {
    let secrets = secrets();
    let perl = |read: &str, write: &str| {
        let script = format!(
            "use Data::Dumper; $Data::Dumper::Terse = 1; $Data::Dumper::Useqq = 1; shift @ARGV; \
             for my $pw (@ARGV) {{ {read}; my $made = {write}; \
             utf8::encode($made) if utf8::is_utf8($made); print $made, \"\\x1e\"; }}"
        );
        printed(&["perl", "-e"], "C.UTF-8", &script, &secrets).map(|texts| (script, texts))
    };
    for read in ["1", "utf8::decode($pw)"] {
        for write in ["Dumper($pw)", "quotemeta($pw)"] {
            let Some((script, texts)) = perl(read, write) else { return };
            for (secret, text) in secrets.iter().zip(texts) {
                is_masked(&script, secret, &text);
            }
        }
    }
    // Of characters below U+0100 Perl may hold one byte each.
    let value = "grün-Säge$ab@7".to_owned();
    let redactor = Redactor::new(vec![("S".to_owned(), value)]).unwrap();
    let latin = b"gr\\\xfcn\\-S\\\xe4ge\\$ab\\@7";
    for text in [&b"gr\\374n-S\\344ge\\$ab\\@7"[..], latin, "gr\\ün\\-S\\äge\\$ab\\@7".as_bytes()] {
        assert_eq!(redactor.bytes(text), b"[REDACTED:S]", "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn a_secret_of_which_every_character_is_written_by_number_is_masked_wherever_it_is_cut() {
    for value in ["hunter2-Jones", "kJ€y \"Zq7\" <🔑>\n+Zq7/"] {
        let redactor = Redactor::new(vec![("S".to_owned(), value.to_owned())]).unwrap();
        let chars = |write: fn(u32) -> String| value.chars().map(|c| write(c.into())).collect::<String>();
        let units = |write: fn(u16) -> String| value.encode_utf16().map(write).collect::<String>();
        let bytes = |write: fn(u8) -> String| value.bytes().map(write).collect::<String>();
        for text in [
            chars(|n| format!("&#{n};")),
            chars(|n| format!("&#x{n:x};")),
            chars(|n| format!("&#x{n:X};")),
            units(|n| format!("\\u{n:04x}")),
            units(|n| format!("\\u{n:04X}")),
            bytes(|n| format!("%{n:02x}")),
            bytes(|n| format!("%{n:02X}")),
        ] {
            let whole = format!("before {text} after");
            for cut in 0..=whole.len() {
                let pieces = [&whole.as_bytes()[..cut], &whole.as_bytes()[cut..]];
                let out = masked(&redactor, &pieces);
                assert_eq!(out, b"before [REDACTED:S] after", "{text} cut at {cut}");
            }
        }
    }
}
