//! Everything that can go wrong becomes message, help and exit code here, and nowhere else.

mod fault;
mod room;

use std::fmt;
use std::sync::{Arc, OnceLock};

use holdpoint_document::{Diagnostic, Severity};
use holdpoint_record::DiskError;
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

pub use room::{More, Room};

use crate::exit::Exit;
use crate::screen::Screen;

/// Why a verb did not do what it was asked. Outcomes of runs are not problems.
#[derive(Debug)]
pub struct Problem {
    /// The program's exit code.
    pub exit: Exit,
    message: String,
    help: Option<String>,
    findings: Vec<Finding>,
}

/// One finding in a named text.
#[derive(Debug)]
pub struct Finding {
    diagnostic: Diagnostic,
    source: Text,
}

/// A named text that findings are shown in, shared by all of them.
#[derive(Clone, Debug)]
pub struct Text {
    name: Arc<str>,
    /// In which nothing acts on a terminal.
    text: Arc<String>,
    /// Where the text as it was and the shown one differ: up to which byte of the one, and of the other.
    moved: Arc<[(usize, usize)]>,
    /// The text as it was, where another is shown: a secret in it would not be found any more.
    before: Option<Arc<String>>,
    /// Where each line begins; found when it is asked for.
    lines: Arc<OnceLock<Vec<usize>>>,
}

impl Text {
    /// The text called `name`.
    pub fn new(name: &str, text: impl Into<Arc<String>>) -> Text {
        let text = text.into();
        let (text, moved, before) = match disarmed(&text) {
            Ok(text) => (text, Arc::default(), None),
            Err((shown, moved)) => (Arc::new(shown), moved.into(), Some(text)),
        };
        Text { name: name.into(), text, moved, before, lines: Arc::default() }
    }

    /// Where a byte of the text as it was is in the shown one.
    fn shown(&self, at: usize) -> usize {
        match self.moved.partition_point(|(before, _)| *before <= at).checked_sub(1) {
            Some(index) => self.moved[index].1 + (at - self.moved[index].0),
            None => at,
        }
    }

    /// A line ends where miette ends it: at LF, at CR LF, and at CR alone.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let ends = |at: &usize| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
            let found = memchr::memchr2_iter(b'\n', b'\r', bytes).filter(ends);
            std::iter::once(0).chain(found.map(|at| at + 1)).collect()
        })
    }
}

/// Where a text that is shown for another differs from it: each time the offset behind the difference, in both.
type Moved = Vec<(usize, usize)>;

/// The text, if nothing in it acts on a terminal; else one that is shown for it, and where they differ. Line ends stay.
fn disarmed(text: &Arc<String>) -> Result<Arc<String>, (String, Moved)> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r');
    let shown = |c: char| {
        let mut buffer = [0; 4];
        holdpoint_report::visible(c.encode_utf8(&mut buffer).as_bytes())
    };
    let stays = |c: char| u8::try_from(c).is_ok_and(plain) || shown(c).starts_with(c);
    if text.bytes().all(plain) || text.chars().all(stays) {
        return Ok(Arc::clone(text));
    }
    let (mut out, mut moved) = (String::with_capacity(text.len()), Vec::new());
    for (at, c) in text.char_indices() {
        if stays(c) {
            out.push(c);
        } else {
            out.push_str(&shown(c));
            moved.push((at + c.len_utf8(), out.len()));
        }
    }
    Err((out, moved))
}

impl SourceCode for Text {
    /// Reads only the lines asked for: miette's own reader counts from the beginning of the text each time.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let lines = self.lines();
        // Lines around it that no screen shows are left out: they may be megabytes.
        let (of, to) = (self.line_of(span.offset()), self.line_of(span.offset() + span.len()));
        let before = if (of.saturating_sub(before)..of).any(|at| self.is_wide(at)) { 0 } else { before };
        let after = if (to + 1..=to + after).any(|at| self.is_wide(at)) { 0 } else { after };
        // One line more on both sides, so that what is read decides as it does with the whole text.
        let first = of.saturating_sub(before + 1);
        let start = lines[first];
        let last = to + after + 2;
        let end = lines.get(last).copied().unwrap_or(self.text.len());
        let near = SourceSpan::from((span.offset() - start, span.len()));
        let text: &'a str = &self.text[start..end];
        let read = text.read_span(&near, before, after)?;
        let at = SourceSpan::from((read.span().offset() + start, read.span().len()));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_string(),
            read.data(),
            at,
            read.line() + first,
            read.column(),
            read.line_count() + first,
        )))
    }
}

impl Finding {
    /// A finding in the text called `name`.
    pub fn new(name: &str, text: &str, diagnostic: Diagnostic) -> Finding {
        Finding::in_text(&Text::new(name, text.to_owned()), diagnostic)
    }

    /// One of several findings in a text.
    pub fn in_text(text: &Text, diagnostic: Diagnostic) -> Finding {
        Finding { diagnostic, source: text.clone() }
    }
}

/// A message without the numbers that a system has for its errors: their words stand before them.
fn without_numbers(mut message: String) -> String {
    const MARK: &str = " (os error ";
    let mut from = 0;
    while let Some(at) = message[from..].find(MARK).map(|at| from + at) {
        let rest = &message[at + MARK.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest[digits..].starts_with(')') {
            message.replace_range(at..at + MARK.len() + digits + 1, "");
        }
        from = message.len().min(at + 1);
    }
    message
}

impl Problem {
    fn new(exit: Exit, message: impl Into<String>, help: impl Into<String>) -> Problem {
        let help = help.into();
        Problem {
            exit,
            message: without_numbers(message.into()),
            help: (!help.is_empty()).then_some(help),
            findings: Vec::new(),
        }
    }

    /// Asked for in a way that cannot be done.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Usage, message, help)
    }

    /// Something that a run needs cannot be used: it waits for somebody to put that right.
    pub fn waits(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Parked, message, help)
    }

    /// Refused by a rule of the environment.
    pub fn refused(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Refused, message, help)
    }

    /// What to do about it, where there is something to be said.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// With more to say on what to do: on a line of its own, as what stands before it may end with a command.
    pub fn adding(mut self, help: &str) -> Problem {
        let before = self.help.map(|before| format!("{before}\n")).unwrap_or_default();
        self.help = Some(format!("{before}{help}"));
        self
    }

    /// The record is not what it was.
    pub fn record(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Record, message, help)
    }

    /// An error that nobody but us can have caused.
    pub fn ours(error: impl fmt::Display) -> Problem {
        Problem::fault(error.to_string(), "This is a fault of holdpoint.")
    }

    /// A fault of ours, or of the machine.
    pub fn fault(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Fault, message, help)
    }

    /// The file system refused while nothing was being executed: what may be missing or forbidden is for whoever asked
    /// to see to, and the rest is the machine's fault. Neither says anything about a record.
    pub fn disk(error: &DiskError, message: impl Into<String>) -> Problem {
        use std::io::ErrorKind::{AlreadyExists, NotADirectory, NotFound, PermissionDenied};
        match error.cause.kind() {
            _ if error.is_no_file() => Problem::usage(
                message,
                "Nothing was executed. Something else than a file stands there (a FIFO, a link): move it away.",
            ),
            _ if error.lacks_descriptors() => Problem::usage(
                message,
                "Nothing was executed. More files may have to be open at once: raise the limit with `ulimit -n 256`.",
            ),
            AlreadyExists | NotADirectory | NotFound | PermissionDenied => {
                Problem::usage(message, "Nothing was executed. Look at the path and its permissions.")
            }
            _ => Problem::fault(message, "Nothing was executed. Make room or mend the disk, then try again."),
        }
    }

    /// Errors in a document, a configuration or an answers file.
    pub fn findings(message: impl Into<String>, findings: Vec<Finding>) -> Problem {
        Problem { findings, ..Problem::new(Exit::Usage, message, "") }
    }

    /// Writes it for people.
    pub fn print(&self, screen: &Screen) {
        let mut room = Room::among(self.findings.iter().map(|finding| &finding.diagnostic));
        for finding in &self.findings {
            if room.takes(&finding.diagnostic) {
                screen.say(&render(screen, &finding.shown_on(screen)));
            }
        }
        if !room.more.is_nothing() {
            screen.say(&room.more.words());
        }
        screen.say(render(screen, &self.shown_on(screen)).trim_end());
    }

    /// What it is, in one sentence, as it may be shown.
    pub fn message(&self, screen: &Screen) -> String {
        screen.neutralise(&self.message)
    }

    fn shown_on(&self, screen: &Screen) -> Shown {
        Shown {
            message: self.message(screen),
            help: self.help.as_ref().map(|help| screen.neutralise(help)),
            finding: None,
            source: None,
        }
    }
}

/// Columns that findings are written for where there is more room.
const WIDTH: usize = 100;

/// Writes findings for people, with one write.
pub fn say_all(screen: &Screen, findings: &[Finding]) {
    let findings = findings.iter().map(|found| render(screen, &found.shown_on(screen)));
    let out = findings.collect::<Vec<_>>().join("\n");
    if !out.is_empty() {
        screen.say(&out);
    }
}

/// As people read it: with its source line where there is one.
fn render(screen: &Screen, shown: &Shown) -> String {
    use miette::GraphicalTheme;
    let theme = match (screen.colours(), screen.is_terminal()) {
        (true, _) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    rendered(shown, theme, screen.width().min(WIDTH))
}

fn rendered(diagnostic: &dyn miette::Diagnostic, theme: miette::GraphicalTheme, width: usize) -> String {
    let mut out = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
    // A path, an address or a name is not broken where something in it looks like the end of a word.
    let handler = handler
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation);
    match handler.render_report(&mut out, diagnostic) {
        Ok(()) => out,
        Err(_) => diagnostic.to_string(),
    }
}

/// Its sentence, in which nothing acts; what masks secrets is the screen that shows it, or the record that keeps it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&holdpoint_report::visible(self.message.as_bytes()))
    }
}

impl std::error::Error for Problem {}

/// A problem or a finding as a screen shows it: masked and made harmless before it is broken into lines.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    /// Its code, and how bad it is.
    finding: Option<(&'static str, Severity)>,
    /// Where it points, and at what.
    source: Option<(Text, SourceSpan)>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding.map(|(code, _)| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.finding.map(|(_, severity)| match severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|(text, _)| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.source.as_ref()?;
        let label = LabeledSpan::new(Some("here".to_owned()), span.offset(), span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// Bytes of a line up to the end of what is pointed at, beyond which nothing is pointed at: no screen shows that, and
/// what draws it counts columns in 16 bits.
const WIDEST: usize = 8_000;

/// More lines than this are not shown of what is pointed at, but the first of them.
const TALLEST: usize = 12;

impl Text {
    /// The number, from 0, of the line that a byte stands on.
    fn line_of(&self, at: usize) -> usize {
        self.lines().partition_point(|begins| *begins <= at).saturating_sub(1)
    }

    /// Whether a line, by its number from 0, is longer than anybody would look at.
    fn is_wide(&self, line: usize) -> bool {
        let lines = self.lines();
        let end = || lines.get(line + 1).copied().unwrap_or(self.text.len());
        lines.get(line).is_some_and(|start| end() - start > WIDEST)
    }
}

impl Finding {
    /// What is pointed at in the shown text: of more than a screen can show, the first line.
    fn pointed_at(&self) -> Option<(usize, usize)> {
        let span = self.diagnostic.span?;
        let (start, end) = (self.source.shown(span.start), self.source.shown(span.end));
        let (first, last) = (self.source.line_of(start), self.source.line_of(end));
        let is_much =
            last > first && (last - first >= TALLEST || (first..=last).any(|at| self.source.is_wide(at)));
        match self.source.lines().get(first + 1) {
            Some(next) if is_much => Some((start, (next - 1).max(start))),
            _ => Some((start, end)),
        }
    }

    /// Line and byte within it, from 1, where that is too far to the right to be shown.
    fn too_far(&self, (start, end): (usize, usize)) -> Option<(usize, usize)> {
        let lines = self.source.lines();
        let (line, last) = (self.source.line_of(start), self.source.line_of(end));
        let far = start - lines[line] > WIDEST || end - lines[last] > WIDEST;
        far.then_some((line + 1, start - lines[line] + 1))
    }

    fn shown_on(&self, screen: &Screen) -> Shown {
        let (diagnostic, name) = (&self.diagnostic, screen.neutralise(&self.source.name));
        let mut message = screen.neutralise(&diagnostic.message);
        let pointed_at = self.pointed_at();
        let too_far = pointed_at.and_then(|span| self.too_far(span));
        if let Some((line, column)) = too_far {
            message += &format!(" ({name}, line {line}, byte {column} of it)");
        }
        let withheld = self.source.before.as_ref().is_some_and(|before| screen.held_by(before).is_some());
        let span = pointed_at.filter(|_| !withheld && too_far.is_none());
        let source = span.map(|(start, end)| {
            let text = Text { name: name.into(), ..self.source.clone() };
            (text, SourceSpan::from((start, end - start)))
        });
        Shown {
            message,
            help: Some(screen.neutralise(&diagnostic.help)),
            finding: Some((diagnostic.code.as_str(), diagnostic.severity)),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_system_stands_in_a_message() {
        for (text, told) in [
            ("a cannot be read: Is a directory (os error 21)", "a cannot be read: Is a directory"),
            ("x (os error 2), y (os error 13)", "x, y"),
            ("what (os error) is, (os error 1", "what (os error) is, (os error 1"),
            ("plain", "plain"),
        ] {
            assert_eq!(Problem::usage(text, "").to_string(), told);
        }
    }
}
