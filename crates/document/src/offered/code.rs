//! Code cut into pieces: nothing is lost, and nothing is in two of them.

use std::ops::Range;

use super::classes::{Around, classify};
use super::piece::{Command, Cut, Kind, Piece};
use super::programs::is_known;
use super::prompts::{self, Hashes, Prompt, has_root_prompts, hashes_of_session, prompt, reads_as_command};
use super::session::{doubt, doubt_all, may_be_typed, unprompted};
use super::whole::{MOST_LINES, is_whole, may_end};
use crate::blocks::goes_on_blankly;
use crate::{Class, Confidence, Reading};

/// Code of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code<'c> {
    /// The info string of its fence; `None` for indented code and paragraphs.
    pub(crate) info: Option<&'c str>,
    pub(crate) text: &'c str,
    /// The text right before it.
    pub(crate) before: &'c str,
}

/// Words of fences that hold scripts of a shell, and those that hold what a terminal showed.
const SCRIPTS: &[&str] = &["sh", "bash", "zsh", "ksh", "dash", "ash"];
const TERMINALS: &[&str] = &["shell", "commandline", "command-line", "shellscript", "shell-script", "cli"];
/// Those of the latter which hold what a terminal showed, prompts and output with the commands.
const SESSIONS: &[&str] = &[
    "console",
    "shell-session",
    "shellsession",
    "sh-session",
    "bash-session",
    "terminal",
    "session",
    "sh-console",
];

fn is_terminal(word: &str) -> bool {
    TERMINALS.contains(&word) || SESSIONS.contains(&word)
}

/// The first word of an info string, without what tools write behind it.
fn word(info: &str) -> String {
    parted(info).0.to_lowercase()
}

/// An info string as the word that it begins with, and what tools write behind it: `title="on db01"`.
pub(crate) fn parted(info: &str) -> (&str, &str) {
    let info = info.trim();
    // MyST names the directive first: `{code-block} bash`.
    let behind =
        ["{code-block}", "{code}", "{sourcecode}", "{code-cell}"].iter().find_map(|d| info.strip_prefix(d));
    let word = behind.unwrap_or(info).trim_start().trim_start_matches(['{', '.']);
    let end = word.find([' ', '{', '}', ',', ':', '\t']).unwrap_or(word.len());
    (&word[..end], word[end..].trim_matches([' ', '\t', ',', ':']))
}

/// The shell that commands of this code are for; `None` where it is no code of a shell.
pub(crate) fn language(code: &Code<'_>) -> Option<&'static str> {
    let word = code.info.map(word).unwrap_or_default();
    match word.as_str() {
        "sh" | "dash" | "ash" => Some("sh"),
        "zsh" => Some("zsh"),
        "ksh" => Some("ksh"),
        word if SCRIPTS.contains(&word) || is_terminal(word) => Some("bash"),
        // What Confluence exports says `syntaxhighlighter-pre` of all code.
        "" | "text" | "txt" | "plaintext" | "none" | "code" | "syntaxhighlighter-pre" => {
            reads_as_commands(code).then_some("bash")
        }
        _ => None,
    }
}

/// Whether code of which nothing says what it is reads as commands: a prompt begins it, or each line of it is one.
fn reads_as_commands(code: &Code<'_>) -> bool {
    // Most paragraphs have nothing that a prompt ends in.
    if code.info.is_none()
        && !code.text.lines().next().unwrap_or_default().contains(['$', '#', '%', '❯', '➜'])
    {
        return false;
    }
    let lines = code.text.lines().filter(|line| !line.trim().is_empty());
    let is_prompt = |line: &str| matches!(prompt(line, false), Some((Prompt::Shell | Prompt::Root, length)) if length < line.len());
    let first = lines.into_iter().find(|line| !line.trim_start().starts_with('#'));
    if first.is_some_and(is_prompt) {
        return true;
    }
    if code.info.is_some() && has_root_prompts(code.text, false, is_known) {
        return true;
    }
    // Prompts with commands above them are told of, and not offered.
    let prompted = code.info.is_some() && code.text.lines().any(is_prompt);
    if prompted && first.is_some_and(may_be_typed) {
        return true;
    }
    // A paragraph is prose, unless it has prompts.
    code.info.is_some() && is_list_of_commands(code.text)
}

fn is_list_of_commands(text: &str) -> bool {
    let (mut rest, mut found) = (text, 0);
    while let Some(line) = rest.lines().next() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = behind(rest, line);
            continue;
        }
        let first = trimmed.split_whitespace().next().unwrap_or_default();
        let first = if let ("sudo", Some(second)) = (first, trimmed.split_whitespace().nth(1)) {
            second
        } else {
            first
        };
        let length = command_lines(rest, |_| None);
        let lines: Vec<&str> = rest.lines().take(length).collect();
        let compound = matches!(first, "for" | "while" | "until" | "if") && is_whole(&lines.join("\n"));
        let begins = compound || is_known(first) || first.starts_with("export") || first.starts_with('-');
        let odd =
            !compound && trimmed.contains(" is ") || trimmed.contains(": ") && !trimmed.contains(['"', '\'']);
        if !begins || odd || first == "." || first == ":" {
            return false;
        }
        found += 1;
        // Its other lines are whatever they are.
        lines.iter().for_each(|line| rest = behind(rest, line));
    }
    found > 0
}

/// What follows this first line.
fn behind<'t>(text: &'t str, line: &str) -> &'t str {
    let rest = text.get(line.len()..).unwrap_or_default();
    let rest = rest.strip_prefix('\r').unwrap_or(rest);
    rest.strip_prefix('\n').unwrap_or(rest)
}

/// How many lines the command takes that begins with the first; `strip` gives what of a line that goes on is the command's.
fn command_lines<'t>(text: &'t str, strip: impl Fn(&'t str) -> Option<&'t str>) -> usize {
    let (mut command, mut before) = (String::new(), "");
    for (count, line) in text.lines().take(MOST_LINES).enumerate() {
        if count > 0 {
            command.push('\n');
        }
        command.push_str(strip(line).filter(|_| count > 0).unwrap_or(line));
        if (count < 16 || may_end(before, line)) && is_whole(&command) {
            return count + 1;
        }
        before = line;
    }
    text.lines().count().clamp(1, MOST_LINES)
}

/// Cuts code into pieces; nothing for code of another language.
pub(crate) fn cut(code: &Code<'_>) -> Cut {
    if language(code).is_none() {
        return Cut::default();
    }
    let tag = code.info.map(word).unwrap_or_default();
    let is_script = SCRIPTS.contains(&tag.as_str());
    let around = Around {
        before: code.before,
        is_script: is_script || is_terminal(&tag),
        is_untagged: !is_script && !is_terminal(&tag),
    };
    let hashes = SESSIONS.contains(&tag.as_str()).then(|| hashes_of_session(code.text, is_known)).flatten();
    let roots = match hashes {
        Some(hashes) => hashes != Hashes::Comments,
        None => has_root_prompts(code.text, is_script, is_known),
    };
    let prompted = is_prompted(code.text, roots);
    let lines: Vec<Range<usize>> = lines(code.text);
    let is_session = SESSIONS.contains(&tag.as_str());
    let mut cutter =
        Cutter { code, lines, cut: Cut::default(), roots, hashes, prompted, is_session, around, doubt: None };
    let mut at = 0;
    while at < cutter.lines.len() {
        at = cutter.take(at);
    }
    let Cutter { mut cut, doubt, .. } = cutter;
    let doubt = doubt.or_else(|| unprompted(&cut).filter(|_| is_session && !prompted));
    if let Some(reason) = doubt {
        doubt_all(&mut cut, &reason);
    }
    cut
}

/// Whether commands stand behind prompts: what stands within a command of many lines, such as a here-document, is none.
fn is_prompted(text: &str, roots: bool) -> bool {
    let is_prompt = |line: &str| prompt(line, roots).is_some();
    if !text.lines().any(is_prompt) {
        return false;
    }
    let mut rest = text;
    while let Some(line) = rest.lines().next() {
        if is_prompt(line) {
            return true;
        }
        let begins = !line.trim_start().starts_with('#') && may_be_typed(line) && !is_whole(line);
        let length = if begins { command_lines(rest, |_| None) } else { 1 };
        let lines: Vec<&str> = rest.lines().take(length).collect();
        // What does not end may hold prompts or not.
        if begins && !is_whole(&lines.join("\n")) {
            return true;
        }
        lines.iter().for_each(|line| rest = behind(rest, line));
    }
    false
}

/// Lines with their ends.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let ends = text.split_inclusive('\n').map(|line| {
        let range = start..start + line.len();
        start += line.len();
        range
    });
    ends.collect()
}

struct Cutter<'c> {
    code: &'c Code<'c>,
    lines: Vec<Range<usize>>,
    cut: Cut,
    roots: bool,
    /// What `# ` begins, where that had to be told from all lines of a session.
    hashes: Option<Hashes>,
    /// Commands stand behind prompts, and all else is what they print.
    prompted: bool,
    /// It is marked as what a terminal showed.
    is_session: bool,
    around: Around<'c>,
    /// Why nothing of it is offered.
    doubt: Option<String>,
}

impl<'c> Cutter<'c> {
    fn line(&self, index: usize) -> &'c str {
        self.code.text[self.lines[index].clone()].trim_end_matches(['\n', '\r'])
    }

    fn put(&mut self, kind: Kind, at: Range<usize>) {
        if at.is_empty() {
            return;
        }
        match self.cut.pieces.last_mut() {
            Some(last) if last.kind == kind && last.at.end == at.start && kind != Kind::Command => {
                last.at.end = at.end
            }
            _ => self.cut.pieces.push(Piece { kind, at }),
        }
    }

    /// Takes what begins at this line, and says where the next begins.
    fn take(&mut self, index: usize) -> usize {
        let line = self.line(index);
        let at = self.lines[index].clone();
        let found = prompt(line, self.roots);
        if let Some((prompt, length)) = found {
            if self.is_remark(&prompt, &line[length..]) {
                self.put(Kind::Comment, at);
                return index + 1;
            }
            return self.command(index, Some(prompt), length);
        }
        if line.trim().is_empty() {
            self.put(Kind::Blank, at);
        } else if self.is_option(index) {
            self.put(Kind::Comment, at);
        } else if let Some(rest) = line.trim_start().strip_prefix('#') {
            // Beside other prompts it may be root's, in a shell that one of these opened.
            if self.prompted && rest.starts_with(' ') && reads_as_command(rest, is_known) {
                let length = line.len() - rest.len() + 1;
                let next = self.command(index, Some(Prompt::Root), length);
                self.unsure("`# ` may begin a remark here, or be the prompt of root: it is not sure which");
                return next;
            }
            self.put(Kind::Comment, at);
        } else if let Some(unknown) = self.unknown_prompt(line) {
            let reason = format!(
                "`{unknown}` may be a prompt that is not known here, and a command stand behind it: nothing tells the commands from what they print"
            );
            let next = self.command(index, None, 0);
            self.unsure(&reason);
            self.doubt.get_or_insert(reason);
            return next;
        } else if self.prompted && may_be_typed(line) {
            let above = self.cut.commands.last_mut().map(|command| match command.is_doubtful && command.who.is_none() {
                true => command.reading.reason.clone(),
                false => {
                    command.is_unsettled = true;
                    let first = command.text.trim().lines().next().unwrap_or_default();
                    format!("it stands where what `{first}` prints would, has no prompt, and reads as a command: run it by hand if it is one")
                }
            });
            let next = self.command(index, None, 0);
            let reason = above.unwrap_or_else(|| {
                let line = line.trim();
                let reason = format!(
                    "`{line}` stands above the first prompt and reads as a command: it is not sure which of the lines are commands"
                );
                self.doubt.get_or_insert(reason).clone()
            });
            self.unsure(&reason);
            return next;
        } else if self.prompted {
            // Before the first prompt there is nothing that it could be the output of.
            self.output(at);
        } else {
            return self.command(index, None, 0);
        }
        index + 1
    }

    /// What may be a prompt on this line, where lines may be what is printed.
    fn unknown_prompt(&self, line: &'c str) -> Option<&'c str> {
        let unknown = prompts::maybe(line, is_known)?;
        let root = unknown.ends_with('#');
        (self.prompted || self.is_session || !root).then_some(unknown)
    }

    /// Has the command that was taken last not be offered.
    fn unsure(&mut self, reason: &str) {
        if let Some(command) = self.cut.commands.last_mut() {
            doubt(command, reason);
        }
    }

    /// Whether a line is an option of the directive that the code stands in: `:linenos:`.
    fn is_option(&self, index: usize) -> bool {
        let is_option = |line: &str| {
            line.strip_prefix(':').and_then(|rest| rest.split_once(':')).is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            })
        };
        self.code.info.is_some_and(|info| info.trim_start().starts_with('{'))
            && (0..=index).all(|line| is_option(self.line(line)))
    }

    /// Whether a sentence stands behind what is a prompt of root elsewhere in this code.
    fn is_remark(&self, prompt: &Prompt, rest: &str) -> bool {
        let sentence = rest.trim_end().ends_with(['.', ':', '!', '?']) && !rest.contains(" -");
        let capital = rest.starts_with(char::is_uppercase) && rest.contains(' ');
        self.hashes.is_some() && *prompt == Prompt::Root && (sentence || capital)
    }

    /// Why nothing of a session is offered here, where it is not sure.
    fn doubt(&self, prompt: Option<&Prompt>, text: &str) -> Option<&'static str> {
        match self.hashes? {
            Hashes::Comments => None,
            Hashes::Doubt => Some(
                "of its lines behind `# ` some read as commands of root and some as remarks, and nothing tells commands from what they print",
            ),
            Hashes::Prompts if prompt == Some(&Prompt::Root) && !reads_as_command(text, is_known) => {
                Some("behind `# ` stands a command of root that is not known here, or a remark")
            }
            Hashes::Prompts => None,
        }
    }

    fn output(&mut self, at: Range<usize>) {
        if let Some(command) = self.cut.commands.last_mut() {
            let start = command.output.as_ref().map_or(at.start, |output| output.start);
            command.output = Some(start..at.end);
        }
        self.put(Kind::Output, at);
    }

    fn command(&mut self, index: usize, prompt: Option<Prompt>, length: usize) -> usize {
        let mut text = self.line(index).get(length..).unwrap_or_default().to_owned();
        let start = self.lines[index].start;
        if length > 0 {
            self.put(Kind::Prompt, start..start + length);
        }
        let of_shell = !matches!(prompt, Some(Prompt::Program(_) | Prompt::Windows));
        let mut end = index + 1;
        let mut pieces = vec![(start + length, self.lines[index].end)];
        let (mut is_parted, mut runs_on) = (goes_on_blankly(&text), None);
        if of_shell && !text.trim().is_empty() && (is_parted || !is_whole(&text)) {
            let mut whole = text.clone();
            let (mut next, mut rest) = (end, Vec::new());
            // Of what stands where something printed would, not all is looked at for its end.
            let most = if self.prompted && prompt.is_none() { 16 } else { MOST_LINES };
            while next < self.lines.len() && next - index < most {
                let line = self.line(next);
                if self.prompted && self::prompt(line, self.roots).is_some() {
                    runs_on = Some(next);
                    break;
                }
                let secondary = if prompt.is_some() && line.starts_with("> ") { 2 } else { 0 };
                whole.push('\n');
                whole.push_str(&line[secondary..]);
                rest.push((next, secondary));
                next += 1;
                let goes_on = goes_on_blankly(line);
                is_parted |= goes_on;
                if !goes_on && (rest.len() < 16 || may_end(self.line(next - 2), line)) && is_whole(&whole) {
                    break;
                }
            }
            // What no line ends is told of the first line alone, where what follows it is output.
            if is_whole(&whole) || !self.prompted {
                for (line, secondary) in rest {
                    let at = self.lines[line].clone();
                    pieces.push((at.start + secondary, at.end));
                }
                (text, end) = (whole, next);
            }
        }
        if let Some(next) = runs_on.filter(|_| !is_whole(&text)) {
            self.runs_into_a_prompt(&text, next);
        }
        // Options on lines of their own belong to it, and no shell would take them for that.
        let mut is_cut = false;
        while !self.prompted && end < self.lines.len() && goes_on(self.line(index), self.line(end)) {
            text.push('\n');
            text.push_str(self.line(end));
            pieces.push((self.lines[end].start, self.lines[end].end));
            (end, is_cut) = (end + 1, true);
        }
        let mut last = start + length;
        for (from, to) in pieces {
            self.put(if from > last { Kind::Prompt } else { Kind::Command }, last..from);
            match self.cut.pieces.last_mut() {
                Some(piece)
                    if piece.kind == Kind::Command && piece.at.end == from && from > start + length =>
                {
                    piece.at.end = to
                }
                _ => self.put(Kind::Command, from..to),
            }
            last = to;
        }
        let cut_off = if is_parted {
            Some(
                "a blank stands behind the `\\` at the end of a line, so that no shell goes on there: take it away",
            )
        } else {
            is_cut.then_some(
                "its options go on below it, and no `\\` says so: a shell would run the first line alone",
            )
        };
        let reading = match cut_off.or_else(|| self.doubt(prompt.as_ref(), &text)) {
            Some(reason) => Reading {
                class: Class::NotACommand,
                confidence: Confidence::Likely,
                reason: reason.to_owned(),
            },
            None => classify(&text, prompt.as_ref(), &self.around),
        };
        let at = start..self.lines[end - 1].end;
        let is_typed_in = matches!(prompt, Some(Prompt::Program(_)));
        let who = prompt.filter(|prompt| matches!(prompt, Prompt::Shell | Prompt::Root));
        let who = who.map(|prompt| prompts::who(self.line(index), &prompt, length));
        let is_doubtful = cut_off.is_some();
        self.cut.commands.push(Command {
            at,
            text,
            reading,
            output: None,
            is_typed_in,
            is_doubtful,
            is_unsettled: false,
            who,
        });
        end
    }

    /// A command that ends on none of its lines, and the next prompt stands at `next`: where that is part of a
    /// here-document, no line of the session is what it seems to be.
    fn runs_into_a_prompt(&mut self, text: &str, next: usize) {
        let opens = holdpoint_shell::open_here_document(text).is_some();
        if opens || text.trim_end().ends_with('\\') {
            let first = text.lines().next().unwrap_or_default().trim();
            let line = self.line(next).trim();
            self.doubt.get_or_insert(format!(
                "`{first}` goes on, and `{line}` stands where it would: it is not sure which of the lines are commands"
            ));
        }
    }
}

/// Whether a line has options for the command that begins with the line `above`: it is indented below that.
fn goes_on(above: &str, line: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let option = line.trim_start().trim_start_matches('-');
    let marks = line.trim_start().len() - option.len();
    indent(line) > indent(above)
        && matches!(marks, 1 | 2)
        && option.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests;
