//! Code cut into pieces: nothing is lost, and nothing is in two of them.

use std::ops::Range;

use super::classes::{Around, classify};
use super::programs::is_known;
use super::prompts::{Hashes, Prompt, has_root_prompts, hashes_of_session, prompt, reads_as_command};
use super::whole::{MOST_LINES, is_whole, may_end};
use crate::placeholders::is_elided;
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

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blank,
    Comment,
    Prompt,
    Command,
    Output,
}

/// A piece, by its bytes in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) at: Range<usize>,
}

/// A whole command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// Its lines in the code, with prompts.
    pub(crate) at: Range<usize>,
    /// What a shell gets: without prompts.
    pub(crate) text: String,
    pub(crate) reading: Reading,
    /// What it is shown to print, if anything.
    pub(crate) output: Option<Range<usize>>,
    /// It stands behind the prompt of a program, into which it is typed.
    pub(crate) is_typed_in: bool,
}

/// Code that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) commands: Vec<Command>,
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
    if lines.into_iter().find(|line| !line.trim_start().starts_with('#')).is_some_and(is_prompt) {
        return true;
    }
    if code.info.is_some() && has_root_prompts(code.text, false, is_known) {
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
    let prompted = code.text.lines().any(|line| prompt(line, roots).is_some());
    let lines: Vec<Range<usize>> = lines(code.text);
    let mut cutter = Cutter { code, lines, cut: Cut::default(), roots, hashes, prompted, around };
    let mut at = 0;
    while at < cutter.lines.len() {
        at = cutter.take(at);
    }
    cutter.cut
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
    around: Around<'c>,
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
        } else if self.is_option(index) || line.trim_start().starts_with('#') {
            self.put(Kind::Comment, at);
        } else if self.prompted {
            // Before the first prompt there is nothing that it could be the output of.
            self.output(at);
        } else {
            return self.command(index, None, 0);
        }
        index + 1
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
        if of_shell && !text.trim().is_empty() && !is_whole(&text) {
            let mut whole = text.clone();
            let (mut next, mut rest) = (end, Vec::new());
            while next < self.lines.len() && next - index < MOST_LINES {
                let line = self.line(next);
                if self.prompted && self::prompt(line, self.roots).is_some() {
                    break;
                }
                let secondary = if prompt.is_some() && line.starts_with("> ") { 2 } else { 0 };
                whole.push('\n');
                whole.push_str(&line[secondary..]);
                rest.push((next, secondary));
                next += 1;
                if (rest.len() < 16 || may_end(self.line(next - 2), line)) && is_whole(&whole) {
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
        let cut_off = is_cut.then_some(
            "its options go on below it, and no `\\` says so: a shell would run the first line alone",
        );
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
        self.cut.commands.push(Command { at, text, reading, output: None, is_typed_in });
        end
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

impl Command {
    /// Whether it only stands for something that is not there.
    pub(crate) fn is_left_out(&self) -> bool {
        is_elided(&self.text)
    }

    /// Whether it is offered.
    pub(crate) fn is_offered(&self) -> bool {
        matches!(self.reading.class, Class::Offered | Class::Interactive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<'c>(info: &'c str, text: &'c str) -> Code<'c> {
        Code { info: Some(info), text, before: "" }
    }

    /// `KIND TEXT`, a line each.
    fn told(info: &str, text: &str) -> Vec<String> {
        let cut = cut(&code(info, text));
        let whole: String = cut.pieces.iter().map(|piece| &text[piece.at.clone()]).collect();
        assert_eq!(whole, text, "pieces lose something of {text:?}");
        cut.pieces
            .iter()
            .map(|piece| format!("{:?} {}", piece.kind, text[piece.at.clone()].trim_end().replace('\n', "⏎")))
            .collect()
    }

    #[test]
    fn code_is_cut_into_pieces_without_loss() {
        assert_eq!(
            told("console", "$ ls -l\ntotal 0\n\n$ echo a \\\n> b\na b\n# then\n$ date\n"),
            [
                "Prompt $",
                "Command ls -l",
                "Output total 0",
                "Blank ",
                "Prompt $",
                "Command echo a \\",
                "Prompt >",
                "Command b",
                "Output a b",
                "Comment # then",
                "Prompt $",
                "Command date"
            ]
        );
        assert_eq!(
            told(
                "sh",
                "# stop it\nsystemctl stop x\n\ncat <<E\n# text\nE\nfor i in 1 2\ndo\n  echo $i\ndone\nf() {\n  a\n}\n"
            ),
            [
                "Comment # stop it",
                "Command systemctl stop x",
                "Blank ",
                "Command cat <<E⏎# text⏎E",
                "Command for i in 1 2⏎do⏎  echo $i⏎done",
                "Command f() {⏎  a⏎}"
            ]
        );
    }

    #[test]
    fn commands_come_without_their_prompts_and_with_what_they_print() {
        let text = "user@web:~$ sudo systemctl \\\n> restart x\nDone.\n\nuser@web:~$ echo it's\nx\n";
        let cut = cut(&code("console", text));
        let texts: Vec<&str> = cut.commands.iter().map(|command| command.text.as_str()).collect();
        assert_eq!(texts, ["sudo systemctl \\\nrestart x", "echo it's"]);
        assert_eq!(cut.commands[0].output.clone().map(|at| &text[at]), Some("Done.\n"));
        assert_eq!(cut.commands[1].reading.class, Class::NotACommand);
    }

    #[test]
    fn code_of_which_nothing_says_what_it_is_must_read_as_commands() {
        let yes = [
            "ls -l\nrm x\n",
            "$ frobnicate\nok\n",
            "# comment\nkubectl get pods\n",
            "curl -s http://x \\\n  -H a\n",
            "sudo reboot\n",
            "# systemctl stop x\n",
            "for i in $(seq 3)\ndo\n  echo $i\ndone\nls\n",
        ];
        for text in yes {
            assert_eq!(language(&code("", text)), Some("bash"), "{text}");
        }
        let no = [
            "NAME READY\nweb 1/1\n",
            "host: a\nport: 1\n",
            "ls -l\ntotal 12\n",
            "for example this\n",
            "if it fails, wait\n",
            "{ \"a\": 1 }\n",
            "date is today\n",
            "",
            "SELECT 1;\n",
            "mysql> SELECT 1;\n",
        ];
        for text in no {
            assert_eq!(language(&code("", text)), None, "{text}");
        }
        let paragraph = |text| language(&Code { info: None, text, before: "" });
        assert_eq!((paragraph("$ ls"), paragraph("reboot"), paragraph("ls -l")), (Some("bash"), None, None));
        assert_eq!(language(&code("yaml", "ls\n")), None);
        assert_eq!(language(&code("bash {.copy}", "ls\n")), Some("bash"));
        assert_eq!(language(&code("{.sh}", "ls\n")), Some("sh"));
    }

    #[test]
    fn code_ends_in_whatever_it_ends() {
        for text in [
            "",
            "\n",
            "$",
            "$ ",
            "ls",
            "ls\r\nrm x\r\n",
            "cat <<E\nnever",
            "$ cat <<E\nx\n$ ls",
            "> ",
            "#",
            "\\",
            "ls \\",
        ] {
            for info in ["", "sh", "console"] {
                told_or_nothing(info, text);
            }
        }
    }

    fn told_or_nothing(info: &str, text: &str) {
        if language(&code(info, text)).is_some() {
            told(info, text);
        }
    }
}
