//! A secret in every form in which it is looked for.

use std::fmt::Write as _;

/// Something to be escaped in JSON, URLs and shells, and a character that is not ASCII.
pub const SECRET: &str = "pä ss/\"w+rd\"-and?some>more~";
/// Any piece of a form as long as this would be a leak, bytes.
const TELLING: usize = 12;

/// As `base64` writes it, without what fills it up.
pub fn base64(bytes: &[u8], for_urls: bool) -> String {
    let mut alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    alphabet.extend(if for_urls { ['-', '_'] } else { ['+', '/'] });
    let mut bits: String = bytes.iter().fold(String::new(), |mut bits, byte| {
        write!(bits, "{byte:08b}").unwrap();
        bits
    });
    bits.push_str(&"0".repeat((6 - bits.len() % 6) % 6));
    let sixes = bits.as_bytes().chunks(6).map(|six| std::str::from_utf8(six).unwrap());
    sixes.map(|six| alphabet[usize::from_str_radix(six, 2).unwrap()]).collect()
}

/// As `xxd -p` writes it.
pub fn hex() -> String {
    SECRET.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Every form, by name. Those of base64 have neighbours, which may be seen.
pub fn forms() -> Vec<(&'static str, String)> {
    let shifted =
        |shift: usize, for_urls| base64(format!("{}{SECRET}!", &"xy"[..shift]).as_bytes(), for_urls);
    let percent = |plus: bool, upper: bool| -> String {
        let one = |byte: u8| match byte {
            b' ' if plus => "+".to_owned(),
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => char::from(byte).to_string(),
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        SECRET.bytes().map(one).collect()
    };
    vec![
        ("raw", SECRET.to_owned()),
        ("json", r#"pä ss/\"w+rd\"-and?some>more~"#.to_owned()),
        ("json-ascii", r#"p\u00e4 ss\/\"w+rd\"-and?some>more~"#.to_owned()),
        ("json-html", r#"p\u00E4 ss/\u0022w\u002Brd\u0022-and?some\u003Emore~"#.to_owned()),
        ("url", percent(false, true)),
        ("url-lower", percent(false, false)),
        ("form", percent(true, true).replace('~', "%7E")),
        ("hex", hex()),
        ("hex-upper", hex().to_uppercase()),
        ("base64", base64(SECRET.as_bytes(), false)),
        ("base64-1", shifted(1, false)),
        ("base64-2", shifted(2, false)),
        ("base64-url", shifted(0, true)),
        ("base64-url-2", shifted(2, true)),
    ]
}

/// No piece of any form stands there that would tell something. Where nothing was masked nothing was tried.
#[track_caller]
pub fn is_nowhere(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (name, form) in forms() {
        let ends: Vec<usize> = form.char_indices().map(|(at, _)| at).chain([form.len()]).collect();
        for window in ends.windows(TELLING + 1) {
            let piece = &form[window[0]..window[TELLING]];
            if let Some(at) = text.find(piece) {
                let around: String = text[at..].chars().take(80).collect();
                panic!("{piece:?} of {name} is in {what}: {around}");
            }
        }
    }
}
