//! What becomes of code: blocks that run, with values and expectations, or examples.

use super::proposal::Proposal;
use super::shown;
use crate::blocks::{is_shell_like, kind_of};
use crate::markdown::{Fence, Fenced};
use crate::names::is_secret;
use crate::offered::{
    Command, Mark, Piece, PieceKind, Unit, Values, What, Why, in_place, parted, surely_looks, template,
};
use crate::{Class, Confidence, Span};

/// A fence that holds no commands that are offered: it must not be taken for one that does.
pub(super) fn documentation(proposal: &mut Proposal, fence: &Fence) {
    if kind_of(&fence.info).is_ok_and(|kind| kind == crate::blocks::Kind::Documentation) {
        return;
    }
    if !fence.closed {
        proposal.leave(fence.span, "close this fence; what it swallows is no step");
    }
    example(proposal, fence, "nothing in it is a command to run, so it is shown only");
}

/// Marks a fence as an example.
fn example(proposal: &mut Proposal, fence: &Fence, reason: &str) {
    let mut words = fence.info.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '+'));
    let language = words.find(|word| is_shell_like(&word.to_lowercase()));
    let own = Some(parted(&fence.info).0).filter(|word| word.chars().all(char::is_alphanumeric));
    let language = language.or(own).filter(|word| !word.is_empty()).unwrap_or("text");
    proposal.edit(info_of(fence), format!("{language} example"), reason);
    leave_words(proposal, fence, language);
}

/// Names what a fence says besides its language, which goes: a run-book has no place for it there, and it may say where the
/// commands are to be run.
fn leave_words(proposal: &mut Proposal, fence: &Fence, language: &str) {
    let words = parted(&fence.info).1;
    if words.contains(char::is_alphanumeric) && words != language {
        let words = words.strip_suffix('}').filter(|words| !words.contains('{')).unwrap_or(words);
        let what = format!(
            "`{words}` stands behind the language of this fence, where a run-book has a kind alone, and is left out: write it above \
             the fence, or give the step a `target` if it says where this is to be run"
        );
        proposal.leave(fence.info_span, what);
    }
}

/// Where the info string stands, or would.
fn info_of(fence: &Fence) -> Span {
    match fence.info_span.start == fence.info_span.end {
        true => Span::new(fence.span.start + fence.mark.1, fence.span.start + fence.mark.1),
        false => fence.info_span,
    }
}

/// Why code is left as it is.
fn unfit(unit: &Unit, fence: Option<Fenced<'_>>, source: &str) -> Option<String> {
    let Some(Fenced { fence, quoted }) = fence else {
        return Some(
            "put these commands into a fence, and say what they are: `sh run` or `sh check`".to_owned(),
        );
    };
    if kind_of(&fence.info).is_ok_and(|kind| kind == crate::blocks::Kind::Documentation)
        && fence.info.split_whitespace().nth(1).is_some()
    {
        return Some("its fence says that it is an example".to_owned());
    }
    if quoted {
        return Some("it stands in a quote, where nothing runs: move it out if it is to be run".to_owned());
    }
    let start = source[..fence.span.start].rfind('\n').map_or(0, |end| end + 1);
    if !source[start..fence.span.start].trim().is_empty() {
        return Some("begin the fence on a line of its own, below the item's text".to_owned());
    }
    let printed = |piece: &Piece| match piece.kind {
        PieceKind::Output => Some(piece.at.clone()),
        _ => None,
    };
    let above = unit.cut.pieces.iter().find_map(printed);
    if let (Some(above), Some(first)) = (above, unit.cut.commands.first())
        && above.start < first.at.start
    {
        return Some(
            "what stands above its first prompt is no command, and no command prints it: take it out"
                .to_owned(),
        );
    }
    let odd = unit.cut.commands.iter().find(|command| !command.is_offered());
    if let Some(odd) = odd {
        let first = odd.text.lines().next().unwrap_or_default().trim();
        if odd.is_doubtful {
            return Some(format!("`{first}`: is it to be run, and here? {}", odd.reading.reason));
        }
        return Some(format!(
            "`{first}` among the commands is none to run ({}): take them apart",
            odd.reading.reason
        ));
    }
    let unsure = unit.cut.commands.iter().find(|command| command.reading.confidence == Confidence::Unsure);
    unsure.map(|command| format!("is this to be run? {}", command.reading.reason))
}

/// Why the commands of a piece of code do not become a block; `taken_back` where they did, and it did not hold.
pub(super) fn why_not(
    source: &str,
    values: &Values,
    unit: &Unit,
    fence: Option<Fenced<'_>>,
    taken_back: Option<&String>,
) -> Option<String> {
    let refused = |command: &Command| {
        let marks = values.marks(&command.text);
        if let Some(mark) = marks.iter().find(|mark| matches!(mark.what, What::Stays(_))) {
            let written = &command.text[mark.at.clone()];
            return Some(format!(
                "`{written}` is asked for elsewhere, and is part of a longer word in it: put in what is right there"
            ));
        }
        let named: Vec<(Mark, String)> = marks.into_iter().map(|mark| (mark, "x".to_owned())).collect();
        template(&command.text, &named).wrong.into_iter().find_map(|(_, why)| match why {
            Why::Never(message) => Some(message),
            Why::Again(_) => None,
        })
    };
    taken_back
        .map(|why| format!("as a block it would not hold: {why}"))
        .or_else(|| unfit(unit, fence, source))
        .or_else(|| offered(unit).find_map(refused))
}

/// Leaves code as it is, but for a mark that nothing in it runs.
pub(super) fn leave(proposal: &mut Proposal, unit: &Unit, fence: Option<Fenced<'_>>, why: String) {
    let may_be = |command: &&Command| command.is_offered() || command.is_doubtful;
    let count = unit.cut.commands.iter().filter(may_be).count();
    if count == 0 {
        fence.into_iter().for_each(|fenced| documentation(proposal, fenced.fence));
        return;
    }
    proposal.commands.left += count;
    if let Some(fenced) = fence.filter(|fenced| kind_of(&fenced.fence.info).is_err()) {
        example(proposal, fenced.fence, &why);
    }
    proposal.leave(unit.span, why);
}

/// Makes blocks of the commands in a fence, which is indented by `width` more than it is.
pub(super) fn rewrite(
    proposal: &mut Proposal,
    values: &mut Values,
    source: &str,
    (unit, fence): (&Unit, &Fence),
    width: usize,
) {
    let start = source[..fence.span.start].rfind('\n').map_or(0, |end| end + 1);
    let indent = format!("{}{}", &source[start..fence.span.start], " ".repeat(width));
    Rewrite { proposal, values, source, unit, fence, indent }.all();
}

struct Rewrite<'r> {
    proposal: &'r mut Proposal,
    values: &'r mut Values,
    source: &'r str,
    unit: &'r Unit,
    fence: &'r Fence,
    /// The white space before the fence, once it is where it belongs.
    indent: String,
}

impl Rewrite<'_> {
    fn all(&mut self) {
        let commands: Vec<&Command> = self.unit.cut.commands.iter().collect();
        // What is printed ends a block, and is expected of it.
        let mut begin = 0;
        while begin < commands.len() {
            let end = next(&commands, begin);
            let block = &commands[begin..end];
            if begin == 0 {
                let (opening, reason) = self.opening(block);
                let options = self.options(block);
                self.proposal.edit(info_of(self.fence), format!("{opening}{options}"), reason);
                leave_words(self.proposal, self.fence, self.unit.language);
            }
            self.output(&commands, begin, end);
            begin = end;
        }
        for piece in self.unit.cut.pieces.iter().filter(|piece| piece.kind == PieceKind::Prompt) {
            let span = self.unit.body.span(piece.at.clone());
            self.proposal.edit(span, "", "a prompt is no part of the command");
        }
        for command in commands {
            self.command(command);
        }
    }

    /// `LANG KIND` for these commands, and why.
    fn opening(&self, block: &[&Command]) -> (String, String) {
        let looks = block.iter().all(|command| surely_looks(&command.text));
        let interactive = block.iter().find(|command| is_interactive(command));
        let kind = if looks && interactive.is_none() { "check" } else { "run" };
        let why = match interactive {
            Some(command) => command.reading.reason.clone(),
            None if looks => "these only look".to_owned(),
            None => {
                let changes = block.iter().find(|command| !surely_looks(&command.text)).or(block.first());
                changes.map(|command| command.reading.reason.clone()).unwrap_or_default()
            }
        };
        (format!("{} {kind}", self.unit.language), format!("{kind}: {why}"))
    }

    fn options(&self, block: &[&Command]) -> String {
        if block.iter().copied().any(is_interactive) {
            format!("\n{}#| tty: true", self.indent)
        } else {
            String::new()
        }
    }

    /// Takes what is shown as printed out of the code, and expects it.
    fn output(&mut self, commands: &[&Command], begin: usize, end: usize) {
        let Some(output) = commands[end - 1].output.clone() else { return };
        let (pad, marks) = (self.indent.clone(), String::from(self.fence.mark.0).repeat(self.fence.mark.1));
        let interactive = commands[begin..end].iter().copied().any(is_interactive);
        let text = &self.unit.body.text()[output.clone()];
        let lines = shown::lines(text).filter(|_| !interactive);
        let (what, body, reason) = match &lines {
            Some(lines) => (
                "text expect",
                lines.clone(),
                "what is shown as printed is expected; what differs from run to run is left open",
            ),
            None => (
                "text example",
                text.trim_end().lines().map(str::to_owned).collect(),
                "what is shown as printed cannot be told from what differs, so it is shown only",
            ),
        };
        let mut put = format!("{marks}\n\n{pad}{marks}{what}\n");
        body.iter().for_each(|line| put.push_str(&format!("{pad}{line}\n")));
        if end < commands.len() {
            let (opening, _) = self.opening(&commands[end..next(commands, end)]);
            let options = self.options(&commands[end..next(commands, end)]);
            put.push_str(&format!("{pad}{marks}\n\n{pad}{marks}{opening}{options}\n"));
        }
        let span = self.unit.body.span(output);
        let whole = self.whole_lines(span);
        self.proposal.edit(whole, put, reason);
        if lines.is_none() {
            self.proposal.leave(span, "say what must be printed, if anything must");
        }
    }

    /// From behind the indentation of the first line to the end of the last.
    fn whole_lines(&self, span: Span) -> Span {
        let end = self.source[span.start..span.end].trim_end_matches(' ').len() + span.start;
        Span::new(span.start, end)
    }

    /// Puts variables where values stand in a command.
    fn command(&mut self, command: &Command) {
        let named = self.values.named(&command.text);
        let wrong: Vec<usize> = template(&command.text, &named)
            .wrong
            .into_iter()
            .filter_map(|(at, why)| matches!(why, Why::Never(_)).then_some(at))
            .collect();
        let mut needs = false;
        let texts = in_place(&command.text, &named);
        for (number, ((mark, name), text)) in named.iter().zip(texts).enumerate() {
            if wrong.contains(&number) {
                continue;
            }
            let written = &command.text[mark.at.clone()];
            let blank = self.values.blank(name, written, mark.what, true);
            let reason = match (is_secret(name), mark.what) {
                (true, _) => format!("`{written}` is a secret: it is asked for, and masked"),
                (false, What::Placeholder) => format!("`{written}` is asked for"),
                (false, What::Example(kind) | What::Stays(kind)) => {
                    format!("`{written}` looks like an example of a {kind}: it is the default")
                }
            };
            self.proposal.ask(blank);
            let Some(span) = self.span_in(command, mark.at.clone()) else { continue };
            self.proposal.edit(span, text, reason);
            needs = true;
        }
        for blank in self.values.variables(&command.text, self.unit.language) {
            self.proposal.ask(blank);
            needs = true;
        }
        let commands = &mut self.proposal.commands;
        *(if needs { &mut commands.with_values } else { &mut commands.as_written }) += 1;
    }

    /// Where a part of a command's text stands in the document: the text has no prompts, and its lines do.
    fn span_in(&self, command: &Command, at: std::ops::Range<usize>) -> Option<Span> {
        let mut passed = 0;
        let within = |piece: &&Piece| {
            piece.kind == PieceKind::Command
                && command.at.start <= piece.at.start
                && piece.at.end <= command.at.end
        };
        for piece in self.unit.cut.pieces.iter().filter(within) {
            let length = piece.at.len();
            if at.start >= passed && at.end <= passed + length {
                let start = piece.at.start + at.start - passed;
                return Some(self.unit.body.span(start..start + at.len()));
            }
            passed += length;
        }
        None
    }
}

/// Where the block ends that begins with this command.
fn next(commands: &[&Command], begin: usize) -> usize {
    let end = commands[begin..].iter().position(|command| command.output.is_some());
    end.map_or(commands.len(), |end| begin + end + 1)
}

fn is_interactive(command: &Command) -> bool {
    command.reading.class == Class::Interactive
}

/// The commands of a unit that are offered.
fn offered(unit: &Unit) -> impl Iterator<Item = &Command> {
    unit.cut.commands.iter().filter(|command| command.is_offered())
}
