//! Characters that look like others, or like nothing: what is read is not what is run. They come with text that was
//! pasted from a word processor or a web page, or from somebody who wants it so.

use crate::Code;
use crate::findings::Findings;
use crate::spanned::Mapped;

/// What a character passes itself off as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disguise {
    /// It turns the direction in which text is shown.
    Turns,
    /// It takes no room.
    Nothing,
    /// Joins or parts what stands beside it, as some languages need.
    Joins,
    Blank,
    Quote,
    /// A dash where an option would begin with `-`.
    Dash,
}

/// Reports every such character of a script.
pub(super) fn in_script(script: &Mapped, findings: &mut Findings) {
    report(script, findings, |disguise| match disguise {
        Disguise::Turns | Disguise::Nothing => Code::HiddenCharacter,
        _ => Code::LookAlike,
    });
}

/// The same of what is expected: what a block prints may hold such characters, so that none of them is an error.
pub(super) fn in_expectation(expected: &Mapped, findings: &mut Findings) {
    report(expected, findings, |_| Code::LookAlike);
}

fn report(text: &Mapped, findings: &mut Findings, code: impl Fn(Disguise) -> Code) {
    let content = text.text();
    if content.is_ascii() {
        return;
    }
    let mut last: Option<(Disguise, std::ops::Range<usize>, char)> = None;
    let mut before = '\n';
    for (at, c) in content.char_indices() {
        let next = content[at + c.len_utf8()..].chars().next();
        if let Some(disguise) = disguise(before, c, next) {
            let range = at..at + c.len_utf8();
            match &mut last {
                Some((same, told, _)) if *same == disguise && told.end == at => told.end = range.end,
                _ => tell(last.replace((disguise, range, c)), text, findings, &code),
            }
        }
        before = c;
    }
    tell(last, text, findings, &code);
}

fn tell(
    found: Option<(Disguise, std::ops::Range<usize>, char)>,
    text: &Mapped,
    findings: &mut Findings,
    code: &impl Fn(Disguise) -> Code,
) {
    let Some((disguise, range, c)) = found else { return };
    let number = format!("U+{:04X}", u32::from(c));
    let (what, help) = match disguise {
        Disguise::Turns => (
            "turns the direction of the text: what is read is not what is run",
            "remove it, or write it as an escape",
        ),
        Disguise::Nothing => ("cannot be seen", "remove it, or write it as an escape"),
        Disguise::Joins => ("cannot be seen", "remove it, unless the language needs it there"),
        Disguise::Blank => ("looks like a blank, and separates no words", "write a plain blank"),
        Disguise::Quote => (
            "looks like a quotation mark, and quotes nothing",
            "write `\"` or `'`, or leave it if it is text",
        ),
        Disguise::Dash => ("looks like the `-` of an option, and is none", "write `-`"),
    };
    findings.add(code(disguise), text.span(range), format!("the character {number} {what}"), help);
}

fn disguise(before: char, c: char, next: Option<char>) -> Option<Disguise> {
    Some(match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Disguise::Turns
        }
        '\u{ad}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{3164}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e007f}' => Disguise::Nothing,
        '\u{200c}' | '\u{200d}' => Disguise::Joins,
        '\u{85}'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Disguise::Blank,
        '\u{2018}'..='\u{201f}'
        | '\u{2032}'
        | '\u{2033}'
        | '\u{2035}'
        | '\u{2036}'
        | '\u{ff02}'
        | '\u{ff07}'
        | '\u{ff40}'
        | '\u{b4}' => Disguise::Quote,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
            if before.is_whitespace() && next.is_some_and(|next| next.is_ascii_alphanumeric()) =>
        {
            Disguise::Dash
        }
        _ => return None,
    })
}
