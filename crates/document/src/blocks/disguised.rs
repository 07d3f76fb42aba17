//! Characters that look like others, or like nothing: what is read is not what is run. They come with text that was
//! pasted from a word processor or a web page, or from somebody who wants it so.

use std::ops::Range;

use holdpoint_shell::{Kind, Part, PartKind, Token};

use crate::findings::Findings;
use crate::spanned::Mapped;
use crate::{Code, Span};

/// Whether a line ends in a `\\` with blanks behind it: whoever wrote it meant it to go on, and no shell does.
pub(crate) fn goes_on_blankly(line: &str) -> bool {
    let text = line.trim_end_matches([' ', '\t']);
    let marks = text.len() - text.trim_end_matches('\\').len();
    text.len() < line.len() && marks % 2 == 1 && !line.trim_start().starts_with('#')
}

/// What a character passes itself off as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disguise {
    /// It turns the direction in which text is shown.
    Turns,
    /// It takes no room.
    Nothing,
    /// A terminal acts on it: what stands before or behind it may not be seen.
    Control,
    /// Joins or parts what stands beside it, as some languages need.
    Joins,
    Blank,
    Quote,
    /// A dash where an option would begin with `-`.
    Dash,
    /// A sign of the shell in full width, which is a letter of a word.
    Sign,
}

/// Reports every such character of a script. Where it stands bare in one for a `shell`, no text can be meant by it.
pub(super) fn in_script(script: &Mapped, shell: bool, findings: &mut Findings) {
    look_at(script.text(), &|at| script.span(at), shell, findings);
}

/// The same of a command that a value comes from, which stands in a text of the front matter.
pub(super) fn in_command(command: &str, span: Span, findings: &mut Findings) {
    // These are told wherever they stand outside of a script.
    let command: String = command.chars().filter(|c| !crate::audit::acts(*c)).collect();
    look_at(&command, &|_| span, true, findings);
}

fn look_at(content: &str, span: &dyn Fn(Range<usize>) -> Span, shell: bool, findings: &mut Findings) {
    if content.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return;
    }
    let places = if shell { Places::of(content) } else { Places::default() };
    let among = |ranges: &[Range<usize>], at: usize| ranges.iter().any(|range| range.contains(&at));
    for (found, at, c) in found(content) {
        let code = match found {
            Disguise::Turns | Disguise::Nothing | Disguise::Control => Code::HiddenCharacter,
            _ => Code::LookAlike,
        };
        // What only looks like something else does no harm where nothing is run.
        if code == Code::LookAlike && among(&places.comments, at.start) {
            continue;
        }
        // People write these in texts of their own language.
        if found == Disguise::Sign && !among(&places.bare, at.start) {
            continue;
        }
        // `it’s` may be text, and so may the mark that ends a quotation.
        let begins = content[..at.start].ends_with(|c: char| c.is_ascii_whitespace() || "=(|;&".contains(c));
        let wrong = match found {
            Disguise::Blank => true,
            Disguise::Quote => begins || at.start == 0,
            _ => false,
        };
        let before = findings.len();
        tell(found, span(at.clone()), c, code, findings);
        if wrong && among(&places.bare, at.start) {
            findings.make_errors(before);
        }
    }
}

/// Reports each `\\` of a shell's script that seems to have its line go on, and does not: a blank stands behind it.
pub(super) fn parted(script: &Mapped, findings: &mut Findings) {
    let text = script.text();
    if !text.lines().any(goes_on_blankly) {
        return;
    }
    for token in &holdpoint_shell::read(text).tokens {
        let Kind::Word(word) = &token.kind else { continue };
        for part in word.parts.iter().filter(|part| part.kind == PartKind::Escaped) {
            let line = text[part.at.start..].lines().next().unwrap_or_default();
            let ends = part.at.start + line.len() < text.len();
            if ends && goes_on_blankly(line) && line.trim_end() == "\\" {
                let message = "a blank stands behind this `\\`, so that its line does not go on: what stands below is a command of its own";
                findings.add(Code::LookAlike, script.span(part.at.clone()), message, "take the blank away");
            }
        }
    }
}

/// The same of what is expected: what a block prints may hold such characters, so that none of them is an error.
pub(super) fn in_expectation(expected: &Mapped, findings: &mut Findings) {
    if !expected.text().is_ascii() {
        for (found, at, c) in found(expected.text()).into_iter().filter(|it| it.0 != Disguise::Sign) {
            tell(found, expected.span(at), c, Code::LookAlike, findings);
        }
    }
}

/// Where, in a script of a shell, text is surely no quotation and none of a here-document, and where comments are.
#[derive(Default)]
struct Places {
    bare: Vec<Range<usize>>,
    comments: Vec<Range<usize>>,
}

impl Places {
    fn of(script: &str) -> Places {
        let read = holdpoint_shell::read(script);
        let mut places = Places::default();
        places.list(&read.tokens);
        // What follows is not read alike by all shells.
        let end = read.doubts.first().map_or(script.len(), |doubt| doubt.at);
        places.bare.retain(|at| at.end <= end);
        places.comments.retain(|at| at.end <= end);
        places
    }

    fn list(&mut self, tokens: &[Token]) {
        for token in tokens {
            match &token.kind {
                Kind::Word(word) | Kind::Pattern(word) => self.parts(&word.parts),
                Kind::Redirection(redirection) => {
                    redirection.target.iter().for_each(|word| self.parts(&word.parts));
                }
                Kind::Comment => self.comments.push(token.at.clone()),
                _ => {}
            }
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match &part.kind {
                PartKind::Literal => self.bare.push(part.at.clone()),
                PartKind::Command(tokens) | PartKind::Array(tokens) | PartKind::Process { tokens, .. } => {
                    self.list(tokens);
                }
                _ => {}
            }
        }
    }
}

/// Such characters, each run of one kind as one, and its first character.
fn found(content: &str) -> Vec<(Disguise, Range<usize>, char)> {
    let mut found: Vec<(Disguise, Range<usize>, char)> = Vec::new();
    let mut before = '\n';
    for (at, c) in content.char_indices() {
        let end = at + c.len_utf8();
        if let Some(disguise) = disguise(before, c, content[end..].chars().next()) {
            match found.last_mut() {
                Some((same, told, _)) if *same == disguise && told.end == at => told.end = end,
                _ => found.push((disguise, at..end, c)),
            }
        }
        before = c;
    }
    found
}

fn tell(disguise: Disguise, at: Span, c: char, code: Code, findings: &mut Findings) {
    let number = format!("U+{:04X}", u32::from(c));
    let (what, help) = match disguise {
        Disguise::Turns => (
            "turns the direction of the text: what is read is not what is run",
            "remove it, or write it as an escape",
        ),
        Disguise::Nothing => ("cannot be seen", "remove it, or write it as an escape"),
        Disguise::Control => {
            ("acts on a terminal and may hide what is run", "remove it, or write it as an escape")
        }
        Disguise::Joins => ("cannot be seen", "remove it, unless the language needs it there"),
        Disguise::Blank => ("looks like a space but does not separate words", "write a plain space"),
        Disguise::Quote => (
            "looks like a quotation mark but does not quote",
            "write `\"` or `'`; a text that holds it stands in quotes",
        ),
        Disguise::Sign => (
            "looks like a sign of the shell but is a letter to it",
            "write the plain sign, or put it in quotes if it is text",
        ),
        Disguise::Dash => ("looks like a hyphen but does not begin an option", "write `-`"),
    };
    findings.add(code, at, format!("the character {number} {what}"), help);
}

fn disguise(before: char, c: char, next: Option<char>) -> Option<Disguise> {
    Some(match c {
        '\n' | '\t' => return None,
        // A line may end as Windows ends it.
        '\r' if matches!(next, Some('\n') | None) => return None,
        '\0'..='\u{1f}' | '\u{7f}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' => Disguise::Control,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Disguise::Turns
        }
        // Behind a sign of another script or a picture they choose its form.
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
            if !before.is_ascii() || (before.is_ascii_graphic() && next == Some('\u{20e3}')) =>
        {
            return None;
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}' => Disguise::Nothing,
        '\u{200c}' | '\u{200d}' => Disguise::Joins,
        // In a word of letters that are not ASCII's they are letters themselves.
        '\u{2b9}'..='\u{2bd}' | '\u{2c8}' | '\u{2ee}' | '\u{55a}' | '\u{5f3}' | '\u{5f4}'
            if [Some(before), next].iter().flatten().any(|c| c.is_alphabetic() && !c.is_ascii()) =>
        {
            return None;
        }
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
        | '\u{2b9}'..='\u{2bd}'
        | '\u{2c8}'
        | '\u{2ee}'
        | '\u{55a}'
        | '\u{5f3}'
        | '\u{5f4}'
        | '\u{2032}'
        | '\u{2033}'
        | '\u{2035}'
        | '\u{2036}'
        | '\u{ff02}'
        | '\u{ff07}'
        | '\u{ff40}'
        | '\u{b4}' => Disguise::Quote,
        // `|`, `&`, `;`, `<`, `>`, `$` and `\` in full width, and the question mark of Greek.
        '\u{ff5c}' | '\u{ff06}' | '\u{ff1b}' | '\u{ff1c}' | '\u{ff1e}' | '\u{ff04}' | '\u{ff3c}'
        | '\u{37e}' => Disguise::Sign,
        c if is_dash(c)
            && before.is_whitespace()
            && next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '-' || is_dash(next)) =>
        {
            Disguise::Dash
        }
        _ => return None,
    })
}

fn is_dash(c: char) -> bool {
    let dashes = '\u{2010}'..='\u{2015}';
    dashes.contains(&c)
        || matches!(c, '\u{2d7}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(script: &str, shell: bool) -> usize {
        let mut findings = Findings::default();
        let text = Mapped::slice(script, Span::new(0, script.len()));
        in_script(&text, shell, &mut findings);
        findings.into_sorted(script).iter().filter(|finding| finding.is_error()).count()
    }

    #[test]
    fn what_cannot_be_meant_as_text_is_an_error() {
        for script in [
            "echo\u{a0}x",
            "A=‘x’",
            "echo “done”",
            "echo 'it is' \"$A\" “done”",
            "echo $(cat “f”)",
            "echo \"${A}\" “done”",
            "# it's\nls\u{a0}-l",
            "ls\u{a0}-l <<E\n“x”\nE\n",
        ] {
            assert_eq!(errors(script, true), 1, "{script}");
            assert_eq!(errors(script, false), 0, "{script}");
        }
    }

    #[test]
    fn a_letter_that_looks_like_a_quotation_mark_is_told_but_in_words_of_its_language() {
        for script in ["test \"$A\" = ʼxʼ", "echo ʹxʹ", "echo ˈx"] {
            assert_ne!(findings(script), 0, "{script}");
        }
        for script in ["echo сімʼя", "echo ʼнє", "echo ג׳"] {
            assert_eq!(findings(script), 0, "{script}");
        }
    }

    #[test]
    fn a_command_that_a_value_comes_from_is_looked_at_as_a_script_is() {
        for c in ['\u{2066}', '\u{200f}', '\u{200b}', '\u{a0}', '\u{201c}'] {
            let mut findings = Findings::default();
            in_command(&format!("echo {c}x"), Span::new(0, 1), &mut findings);
            assert_eq!(findings.into_sorted("a text").len(), 1, "{c:?}");
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_an_error_in_any_script_but_not_the_end_of_a_line() {
        for script in ["rm x\r: nothing", "echo \u{8}x", "echo \u{1b}[2K", "ls\u{b}", "echo \u{2800}x"] {
            assert_eq!((errors(script, true), errors(script, false)), (1, 1), "{script:?}");
        }
        assert_eq!(errors("ls\r\nls\r", true), 0);
        assert_eq!(errors("ls\tx\n", true), 0);
    }

    #[test]
    fn a_selector_of_a_form_is_an_error_where_there_is_no_form_to_select() {
        for script in ["r\u{fe0f}m x", "rm \u{e0100}x", "l\u{34f}s", "ls \u{17b4}", "rm\u{180b} x"] {
            assert_eq!((errors(script, true), errors(script, false)), (1, 1), "{script:?}");
        }
        for script in ["echo \u{26a0}\u{fe0f} stop", "echo 1\u{fe0f}\u{20e3}", "echo \u{845b}\u{e0100}"] {
            assert_eq!(findings(script), 0, "{script:?}");
        }
    }

    fn findings(script: &str) -> usize {
        let mut findings = Findings::default();
        in_script(&Mapped::slice(script, Span::new(0, script.len())), true, &mut findings);
        findings.into_sorted(script).len()
    }

    #[test]
    fn comments_of_a_shell_are_written_as_people_write() {
        assert_eq!(findings("ls # “here” – it’s\u{a0}so\n# ‘x’\n"), 0);
        assert_eq!(findings("ls # \u{202e}x\n"), 1, "what turns the text is told everywhere");
        assert_eq!(findings("echo \"# “here”\"\n"), 2);
    }

    #[test]
    fn signs_in_full_width_are_told_where_a_shell_would_act_on_plain_ones() {
        for script in
            ["false ｜｜ rm x", "make ＆＆ ship", "ls； rm x", "echo ＞ f", "ls\u{37e} ls", "rm ––force x"]
        {
            assert_eq!(findings(script), 1, "{script}");
        }
        assert_eq!(findings("echo '完了；次＆次' \"（＄１）\" # ；\n"), 0);
    }

    #[test]
    fn what_may_be_text_is_a_warning() {
        for script in [
            "echo it’s done",
            "echo '“done”' \"\u{a0}‘x’\"",
            "echo \"$(printf \"“x”\")\"",
            "echo \"`printf \"“x”\"`\"",
            "echo \"${A:-\" “x” \"}\"",
            "echo $'\\'“x”'",
            "ls # “here”",
            "cat <<EOF\n“text”\nEOF",
            "ls –l",
        ] {
            assert_eq!(errors(script, true), 0, "{script}");
        }
    }
}
