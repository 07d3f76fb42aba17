//! Offers the commands of a document's steps, one by one.
//!
//! The steps are there already, each with what is to be confirmed; where code with commands stands in one, it becomes actions
//! of its own, with the text before it above it, and what is left is confirmed as before. No line of the document is lost by
//! that, and none is shown twice.

use super::blanks::{Mark, What};
use super::insert::{Why, template};
use super::literals::{Elsewhere, in_lines};
use super::piece::Command;
use super::texts::{dedented, expected, fenced, is_title, lines, lines_after, span_of, ticked};
use super::units::{Unit, label, units};
use super::values::Values;
use crate::foreign::{Piece, Shown, close_gaps, is_layout};
use crate::markdown::Tree;
use crate::names::is_secret;
use crate::{Action, Blank, Block, Class, Expectation, Expected, Offered, Options, Span, Step, Work};

/// Why a command with a secret in it is not run: what is written down in a run is kept, and read by whoever reads the record.
fn not_kept(written: &str) -> String {
    format!(
        "`{written}` is a secret, and what is written down here is kept: run it by hand in a shell of your own, or have `holdpoint adopt` make it a secret input"
    )
}

/// Code that commands are offered of, in order.
pub(crate) fn offered_units(source: &str, tree: &Tree) -> Vec<Unit> {
    let mut units = units(source, tree);
    units.retain(|unit| unit.cut.commands.iter().any(Command::is_offered));
    units
}

/// Makes actions of the commands in these steps, and has the pieces of the document tell where each is shown.
pub(crate) fn offer(source: &str, units: &[Unit], steps: &mut [Step], pieces: &mut Vec<Piece>) {
    if units.is_empty() {
        return;
    }
    let commands = units.iter().flat_map(|unit| unit.cut.commands.iter().map(move |command| (unit, command)));
    let asked: Vec<Span> = commands
        .filter(|(_, command)| command.is_offered())
        .map(|(unit, command)| unit.body.span(command.at.clone()))
        .collect();
    let values = Values::of(units);
    let elsewhere = values.elsewhere(source, &asked);
    let mut offers = Offers { units, values, elsewhere };
    let mut all = std::mem::take(pieces);
    all.sort_by_key(|piece| piece.span.start);
    let mut of_steps: Vec<Vec<Piece>> = vec![Vec::new(); steps.len()];
    for piece in all {
        match piece.shown {
            Shown::Prose { step, .. } | Shown::Work { step, .. } => of_steps[step].push(piece),
            _ => pieces.push(piece),
        }
    }
    for (index, (step, own)) in steps.iter_mut().zip(of_steps).enumerate() {
        let mut made = Made { source, step: index, title: &step.title, actions: Vec::new(), pieces };
        let actions = std::mem::take(&mut step.actions);
        let mut of_actions: Vec<Vec<Piece>> = vec![Vec::new(); actions.len()];
        for piece in own {
            if let Shown::Prose { action, .. } | Shown::Work { action, .. } = piece.shown {
                of_actions[action].push(piece);
            }
        }
        for (action, own) in actions.into_iter().zip(of_actions) {
            offers.split(action, &own, &mut made);
        }
        step.actions = made.actions;
        for (number, action) in step.actions.iter_mut().enumerate() {
            action.id = format!("{}#{}", step.id, number + 1);
        }
    }
    pieces.sort_by_key(|piece| piece.span.start);
    close_gaps(pieces, source.len());
}

/// A step on its way.
struct Made<'m> {
    source: &'m str,
    /// Its index.
    step: usize,
    title: &'m str,
    actions: Vec<Action>,
    pieces: &'m mut Vec<Piece>,
}

impl Made<'_> {
    /// An action, the piece that it is made of, and the prose above it.
    fn push(&mut self, own: Option<Span>, prose: Option<Span>, span: Span, work: Work) {
        let (step, action) = (self.step, self.actions.len());
        self.pieces.extend(prose.map(|span| Piece { span, shown: Shown::Prose { step, action } }));
        self.pieces.extend(own.map(|span| Piece { span, shown: Shown::Work { step, action } }));
        let prose = prose.and_then(|prose| span_of(self.source, prose.start, prose.end));
        self.actions.push(Action { id: String::new(), span, prose, caution: None, work, once: None });
    }

    /// An action that stays as it is.
    fn keep(&mut self, action: Action, own: &[Piece]) {
        let (step, number) = (self.step, self.actions.len());
        self.pieces.extend(own.iter().map(|piece| {
            let shown = match piece.shown {
                Shown::Prose { .. } => Shown::Prose { step, action: number },
                _ => Shown::Work { step, action: number },
            };
            Piece { shown, ..*piece }
        }));
        self.actions.push(action);
    }

    /// Whether what is left says nothing: rules and marks of other tools belong to the command that they stand below, and
    /// nobody is asked about them.
    fn lays_out(&mut self, rest: Span) -> bool {
        if !is_layout(rest.of(self.source)) {
            return false;
        }
        let marks = span_of(self.source, rest.start, rest.end).map(|marks| dedented(self.source, marks));
        match self.actions.last_mut().map(|action| &mut action.work) {
            Some(Work::Run(Block { offered: Some(offered), .. })) => {
                offered.after.push_str(&lines(&marks.unwrap_or_default()));
                true
            }
            Some(Work::Confirm { text }) => {
                marks.iter().for_each(|marks| text.push_str(&format!("\n\n{marks}")));
                true
            }
            _ => false,
        }
    }

    /// Text that is the step's title already.
    fn heading(&mut self, span: Span) {
        self.pieces.push(Piece { span, shown: Shown::Heading });
    }
}

/// A part of code that is an action by itself.
struct Part<'c> {
    /// What is offered; `None` where it is done by hand.
    command: Option<&'c Command>,
    /// Where all that belongs to it ends in the code.
    end: usize,
}

/// The actions of code: a command that is offered, or what stands between such and is none to run. What is typed into a
/// program belongs to the command that begins it, and what says nothing to whatever it stands beside.
fn parts(commands: &[Command]) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for command in commands.iter().filter(|command| !command.is_left_out()) {
        let end = command.output.as_ref().map_or(command.at.end, |output| output.end);
        let offered = command.is_offered().then_some(command);
        match parts.last_mut() {
            Some(Part { command: Some(begun), end: last })
                if command.is_typed_in && begun.reading.class == Class::Interactive =>
            {
                *last = end;
            }
            Some(Part { command: None, end: last }) if offered.is_none() => *last = end,
            _ => parts.push(Part { command: offered, end }),
        }
    }
    parts
}

struct Offers<'u> {
    units: &'u [Unit],
    values: Values,
    /// Where the literals stand that are asked about, but for commands that are offered.
    elsewhere: Elsewhere,
}

impl Offers<'_> {
    /// An action as what it offers, and what is left of it; `own` are its pieces.
    fn split(&mut self, action: Action, own: &[Piece], made: &mut Made<'_>) {
        let has = |piece: &Piece| {
            let from = self.units.partition_point(|unit| unit.span.start < piece.span.start);
            self.units.get(from).is_some_and(|unit| unit.span.end <= piece.span.end)
        };
        let is_work = |piece: &&Piece| matches!(piece.shown, Shown::Work { .. });
        if !own.iter().any(has) {
            return made.keep(action, own);
        }
        let work = own.iter().find(is_work).copied();
        let mut prose: Option<Span> = None;
        for piece in own.iter().filter(|piece| !is_work(piece)) {
            let (rest, _) = self.piece(piece, prose, made);
            prose = rest;
        }
        let text = match action.work {
            Work::Confirm { text } => text,
            // What is written down for a row of a table stands below what the table is led to by.
            other => return made.push(work.map(|piece| piece.span), prose, action.span, other),
        };
        match work {
            Some(piece) if has(&piece) => {
                let (rest, apart) = self.piece(&piece, prose, made);
                if let Some(words) = ticked(piece.span.of(made.source)) {
                    // A box is ticked for the whole of its item, after what stands in it.
                    let all = apart.and_then(|apart| span_of(made.source, apart.start, apart.end));
                    let all = all.map(|all| dedented(made.source, all));
                    let all = all.as_ref().and_then(|all| Some(all.split_once(']')?.1.trim().to_owned()));
                    let text = all.unwrap_or_else(|| words.to_owned());
                    made.push(apart, rest, action.span, Work::Confirm { text });
                    return;
                }
                if let Some((apart, words)) =
                    apart.and_then(|apart| Some((apart, span_of(made.source, apart.start, apart.end)?)))
                {
                    let text = dedented(made.source, words);
                    made.push(Some(apart), None, words, Work::Confirm { text });
                }
                if let Some((rest, left)) = rest
                    .filter(|rest| !made.lays_out(*rest))
                    .and_then(|rest| Some((rest, span_of(made.source, rest.start, rest.end)?)))
                {
                    let text = dedented(made.source, left);
                    made.push(Some(rest), None, left, Work::Confirm { text });
                }
            }
            Some(piece) => made.push(Some(piece.span), prose, action.span, Work::Confirm { text }),
            // A section that is read and followed is confirmed by its heading, unless nothing of it is left.
            None => {
                if let Some(rest) = prose.filter(|rest| !made.lays_out(*rest)) {
                    made.push(None, prose, Span::new(rest.end, rest.end), Work::Confirm { text });
                }
            }
        }
    }

    /// What a piece offers, after prose that stands before it; what is left of it; and its words, where these could not
    /// stand above its first command because prose from further up does: an item that both are in comes between.
    fn piece(
        &mut self,
        piece: &Piece,
        before: Option<Span>,
        made: &mut Made<'_>,
    ) -> (Option<Span>, Option<Span>) {
        let (mut cursor, mut before, mut apart) = (piece.span.start, before, None);
        let units = self.units;
        let from = units.partition_point(|unit| unit.span.start < piece.span.start);
        for unit in units[from..].iter().take_while(|unit| unit.span.end <= piece.span.end) {
            let own =
                span_of(made.source, cursor, unit.span.start).map(|_| Span::new(cursor, unit.span.start));
            let prose = match (before.take(), own) {
                // What the step is called is not said twice.
                (None, Some(own)) if is_title(own.of(made.source), made.title) => {
                    made.heading(own);
                    None
                }
                (Some(before), Some(own)) if before.end < own.start => {
                    apart = Some(own);
                    Some(before)
                }
                (Some(before), Some(own)) => Some(Span::new(before.start, own.end)),
                (before, own) => before.or(own),
            };
            self.unit(unit, prose, made);
            cursor = unit.span.end;
        }
        let rest = span_of(made.source, cursor, piece.span.end).map(|_| Span::new(cursor, piece.span.end));
        let rest = match (before, rest) {
            (Some(before), Some(rest)) => Some(Span::new(before.start, rest.end)),
            (before, rest) => before.or(rest),
        };
        (rest, apart)
    }

    /// Each command that is offered as an action, and so what stands among them and is done by hand: none of it is shown with
    /// another command.
    fn unit(&mut self, unit: &Unit, mut prose: Option<Span>, made: &mut Made<'_>) {
        let text = unit.body.text();
        let parts = parts(&unit.cut.commands);
        let (mut from, mut start) = (0, unit.span.start);
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let end = if last { text.len() } else { part.end };
            let stop = if last { unit.span.end } else { unit.body.span(from..end).end.max(start) };
            let span = Span::new(start, stop);
            let work = match part.command {
                Some(command) => {
                    let mut lead = lines(&text[from..command.at.start]);
                    let label = label(if index == 0 { &unit.info } else { "" });
                    if !label.is_empty() {
                        lead.insert_str(0, &format!("{label}\n"));
                    }
                    Work::Run(self.block(unit, command, lead, lines_after(text, command, end)))
                }
                None => {
                    let info = if index == 0 { &unit.info } else { "" };
                    Work::Confirm { text: fenced(info, &lines(&text[from..end])) }
                }
            };
            made.push(Some(span), prose.take(), span, work);
            (from, start) = (end, stop);
        }
    }

    fn block(&mut self, unit: &Unit, command: &Command, lead: String, mut after: String) -> Block {
        let text = command.text.trim_end().to_owned();
        let named = self.values.named(&text);
        let tty = command.reading.class == Class::Interactive;
        let mut refused = None;
        let all = template(&text, &named);
        let never = |number: usize| {
            all.wrong.iter().find_map(|(wrong, why)| match why {
                Why::Never(message) if *wrong == number => Some(message.clone()),
                _ => None,
            })
        };
        let (mut values, mut inserted): (Vec<Blank>, Vec<(Mark, String)>) = (Vec::new(), Vec::new());
        for (number, (mark, name)) in named.iter().enumerate() {
            let wrong = match mark.what {
                What::Stays(_) => Some(String::new()),
                _ => never(number),
            };
            let written = &text[mark.at.clone()];
            if mark.what == What::Placeholder && is_secret(name) {
                refused.get_or_insert(not_kept(written));
                continue;
            }
            // What is said of a literal elsewhere says nothing of one that stays as it is.
            let name = match (&wrong, mark.what) {
                (Some(_), What::Example(kind)) => &self.values.fixed(written, kind, &text),
                _ => name,
            };
            let mut blank = self.values.blank(name, written, mark.what, wrong.is_none());
            if let (What::Example(_), true, Some(prompt)) =
                (mark.what, wrong.is_none(), &mut blank.field.prompt)
            {
                let lines = self.elsewhere.lines(written);
                if !lines.is_empty() {
                    prompt.push_str(&format!(" It stays as it is in {}", in_lines(lines)));
                }
            }
            match (wrong, mark.what) {
                (None, _) => inserted.push((mark.clone(), name.clone())),
                (Some(why), What::Placeholder) => {
                    refused.get_or_insert(format!(
                        "{why}: put the value in and run it by hand, or edit the command"
                    ));
                }
                (Some(_), What::Example(_) | What::Stays(_)) => {}
            }
            if !values.iter().any(|value| value.field.name == *name) {
                values.push(blank);
            }
        }
        for variable in self.values.variables(&text, unit.language) {
            match is_secret(&variable.field.name) {
                true => drop(refused.get_or_insert(not_kept(&format!("${}", variable.field.name)))),
                false => values.push(variable),
            }
        }
        let made = template(&text, &inserted);
        let is_template = !inserted.is_empty();
        // One that leaves something unclear once others are text again is told as any other.
        if refused.is_none() && is_template {
            refused = made.wrong.iter().find_map(|(_, why)| match why {
                Why::Never(message) => Some(format!("{message}: run it by hand, or edit the command")),
                Why::Again(_) => None,
            });
        }
        let shown = command.output.as_ref().map(|output| &unit.body.text()[output.clone()]);
        let mut expect = Vec::new();
        if let Some((shown, output)) =
            shown.zip(command.output.clone()).filter(|(shown, _)| !shown.trim().is_empty())
        {
            if tty || command.is_unsettled {
                after = format!("{}{after}", lines(shown));
            } else {
                let that = Expected::Lines(expected(shown));
                expect.push(Expectation { that, span: unit.body.span(output) });
            }
        }
        let script = if is_template { made.template } else { text.clone() };
        let offered = Offered { text, lead, after, values, refused, reading: command.reading.clone() };
        Block {
            language: unit.language.to_owned(),
            interpreter: vec![unit.language.to_owned()],
            script: format!("{script}\n"),
            span: unit.span,
            options: Options { template: is_template, tty, ..Options::default() },
            expect,
            probe: None,
            offered: Some(Box::new(offered)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Plan, Work, compile};

    /// Actions of a plan: `offer TEXT [OUTPUT]`, `confirm TEXT`, each behind its prose in `«»`.
    fn told(source: &str) -> Vec<String> {
        let plan: Plan = compile(source, None).plan;
        let actions =
            plan.steps.iter().flat_map(|step| step.actions.iter().map(move |action| (step, action)));
        let told = actions.map(|(step, action)| {
            let prose = action.prose.map(|prose| format!("«{}» ", prose.of(source))).unwrap_or_default();
            let what = match &action.work {
                Work::Confirm { text } => format!("confirm {text}"),
                work => {
                    let offered = work.offered().expect("offered");
                    format!("{}{} {}{}", offered.lead, work.kind(), offered.text, offered.after)
                }
            };
            format!("{}: {prose}{what}", step.number).replace('\n', "⏎")
        });
        told.collect()
    }

    #[test]
    fn each_command_of_a_section_is_an_action_and_what_is_left_is_confirmed() {
        let source = "# T\n\n## Restart\n\nDrain it.\n\n```sh\n# first\nkubectl drain a\n\n# then\nreboot\n# end\n```\n\nLook at the dashboard.\n";
        assert_eq!(
            told(source),
            [
                "1: «Drain it.» # first⏎offer kubectl drain a",
                "1: # then⏎offer reboot# end⏎",
                "1: «Look at the dashboard.» confirm Restart"
            ]
        );
    }

    #[test]
    fn a_numbered_item_offers_its_command_under_its_title() {
        let source = "# T\n\n1. Stop it:\n\n   ```console\n   $ systemctl stop x\n   Stopped.\n   ```\n\n2. Look at it\n3. Start it, and wait.\n\n   ```sh\n   systemctl start x\n   ```\n\n   Wait a minute.\n";
        assert_eq!(
            told(source),
            [
                "1: offer systemctl stop x",
                "2: confirm Look at it",
                "3: offer systemctl start x",
                "3: confirm Wait a minute."
            ]
        );
        let plan = compile(source, None).plan;
        let block = plan.steps[0].actions[0].work.block().expect("block");
        assert_eq!((block.script.as_str(), block.expect.len()), ("systemctl stop x\n", 1));
        assert_eq!(plan.steps[2].actions[1].id, format!("{}#2", plan.steps[2].id));
    }

    #[test]
    fn what_explains_stays_with_the_text_around_it() {
        let source =
            "# T\n\n## A\n\nIt can be triggered by:\n\n```sh\nkill -9 1\n```\n\n## B\n\n```yaml\na: 1\n```\n";
        assert_eq!(told(source).len(), 2, "{:?}", told(source));
        assert!(told(source).iter().all(|line| line.contains("confirm")));
    }

    #[test]
    fn values_are_asked_for_and_inserted() {
        let source = "# T\n\n## A\n\n```sh\ndeploy <version> \"to $REGION\"\n```\n";
        let plan = compile(source, None).plan;
        let block = plan.steps[0].actions[0].work.block().expect("block");
        let offered = block.offered.as_ref().expect("offered");
        let asked: Vec<&str> = offered.values.iter().map(|blank| blank.field.name.as_str()).collect();
        assert_eq!(
            (block.script.as_str(), asked),
            ("deploy {{ version }} \"to $REGION\"\n", vec!["version", "REGION"])
        );
        assert!(block.options.template);
        assert_eq!(offered.text, "deploy <version> \"to $REGION\"");
    }

    #[test]
    fn a_value_that_names_a_program_is_one_and_what_stands_behind_it_is_harmless() {
        use holdpoint_model::{Fit, fit};
        let asked = |command: &str| {
            let plan = compile(&format!("# T\n\n## A\n\n```sh\n{command}\n```\n"), None).plan;
            let block = plan.steps[0].actions[0].work.block().expect("block").clone();
            let offered = block.offered.expect("offered");
            assert_eq!(offered.refused, None, "{command}");
            (block.script, offered.values)
        };
        let (script, values) = asked("sudo -u <user> <tool> --to '<where>'");
        assert_eq!(script, "sudo -u {{ user }} {{ tool }} --to {{ where }}\n");
        let takes = |at: usize, value: &str| fit(&values[at].field.kind, value) == Fit::Within;
        assert!(takes(0, "it's me") && takes(1, "/opt/a/bin/ctl") && !takes(1, "ls -l") && !takes(1, "a;b"));
        assert!(takes(2, "db-1") && !takes(2, "x;touch F") && !takes(2, "$(x)"));
        let (_, values) = asked("$CLI get <name>");
        assert!(values.iter().all(|blank| fit(&blank.field.kind, "x;touch F") != Fit::Within));
    }

    #[test]
    fn no_value_leads_up_from_the_path_that_it_goes_on() {
        use holdpoint_model::{Fit, fit};
        for command in
            ["rm -rf /srv/<app>/", "rm -rf '/srv/<app>'", "rm -rf /srv/$APP/", "rm -r --at=/x/a-<app>"]
        {
            let plan = compile(&format!("# T\n\n## A\n\n```sh\n{command}\n```\n"), None).plan;
            let offered = plan.steps[0].actions[0].work.offered().expect("offered").clone();
            let takes = |value: &str| fit(&offered.values[0].field.kind, value) == Fit::Within;
            for good in ["shop", ".hidden", "shop/v1.2", "a..b"] {
                assert!(takes(good) || good == "a..b", "{command}: {good}");
            }
            for bad in ["..", "../x", "a/..", "a/../../b", "/..", ".", "a/./b"] {
                // A variable may stand for what is here.
                assert!(!takes(bad) || command.contains('$') && !bad.contains(".."), "{command}: {bad}");
            }
        }
        let plan = compile("# T\n\n## A\n\n```sh\ncp a <where>\n```\n", None).plan;
        let offered = plan.steps[0].actions[0].work.offered().expect("offered").clone();
        assert_eq!(fit(&offered.values[0].field.kind, "../b"), Fit::Within);
    }

    #[test]
    fn an_annotated_document_offers_nothing() {
        let source = "---\nrunbook: 1\n---\n\n# T\n\n## A\n\n```sh run\nls\n```\n";
        let plan = compile(source, None).plan;
        assert!(plan.steps[0].actions[0].work.offered().is_none());
    }
}
