//! What the commands of a document ask for.

use std::collections::BTreeSet;

use super::blanks::{Mark, Sheet, What, examples, marks, unset, variable};
use super::classes::changes;
use super::code::Command;
use super::filled::masked;
use super::insert::{Why, template};
use super::units::Unit;
use crate::{Blank, Span, lints};

/// Values of a document, by their names.
pub(crate) struct Values {
    sheet: Sheet,
    /// Variables that its commands set.
    defined: BTreeSet<String>,
    /// Literals that are asked about: the same value wherever they stand.
    literals: BTreeSet<String>,
}

impl Values {
    /// Reads all code with commands that are offered, so that each value takes what it may take wherever it stands.
    pub(crate) fn of(units: &[Unit]) -> Values {
        let offered = |unit: &&Unit| unit.cut.commands.iter().any(Command::is_offered);
        let commands = || units.iter().filter(offered).flat_map(|unit| &unit.cut.commands);
        let defined = commands().flat_map(|command| lints::outline(&command.text).defines).collect();
        let literals = literals(commands().filter(|command| command.is_offered()));
        let mut values = Values { sheet: Sheet::default(), defined, literals };
        values.sheet.restrict_all_for(commands().map(|command| command.text.as_str()));
        for command in commands().filter(|command| command.is_offered()) {
            let named = values.named(&command.text);
            if named.is_empty() {
                continue;
            }
            for (number, why) in template(&command.text, &named).wrong {
                if let Why::Again(_) = why {
                    values.sheet.restrict(&named[number].1);
                }
            }
            let below = named.iter().filter(|(mark, _)| is_below(&command.text, mark, &named));
            below.for_each(|(_, name)| values.sheet.go_on(name));
            let programs = programs(&command.text, &named);
            named.iter().for_each(|(_, name)| {
                match (programs.of_values.contains(&name.as_str()), programs.of_variables) {
                    (true, _) => values.sheet.run(name),
                    (false, true) => values.sheet.restrict(name),
                    (false, false) => {}
                }
            });
        }
        values
    }

    /// The marks of a command, each with the name of the value that takes its place.
    pub(crate) fn named(&mut self, text: &str) -> Vec<(Mark, String)> {
        let named = self.marks(text).into_iter().map(|mark| {
            let name = self.sheet.name(text, &mark);
            (mark, name)
        });
        named.collect()
    }

    /// The marks of a command.
    pub(crate) fn marks(&self, text: &str) -> Vec<Mark> {
        marks(text, &self.literals)
    }

    /// The name of a literal where no value can take its place.
    pub(crate) fn fixed(&mut self, written: &str, kind: &str, command: &str) -> String {
        self.sheet.fixed(written, kind, command)
    }

    /// The value that is asked for a mark.
    pub(crate) fn blank(&self, name: &str, written: &str, what: What, inserted: bool) -> Blank {
        self.sheet.blank(name, written, what, inserted)
    }

    /// Variables that a command reads and nothing sets.
    pub(crate) fn variables(&self, text: &str, language: &str) -> Vec<Blank> {
        unset(text, language, &self.defined).iter().map(|name| variable(name)).collect()
    }
}

/// The literals that are asked about: those of commands that change something, and those that are given to a variable which such a
/// command reads.
fn literals<'c>(commands: impl Iterator<Item = &'c Command> + Clone) -> BTreeSet<String> {
    let changing = || commands.clone().filter(|command| changes(&command.text));
    let read: BTreeSet<String> = changing().flat_map(|command| lints::outline(&command.text).uses).collect();
    let sets = |command: &&Command| {
        !examples(&command.text).is_empty()
            && lints::outline(&command.text).defines.iter().any(|name| read.contains(name))
    };
    let of =
        |command: &'c Command| examples(&command.text).into_iter().map(|(at, _)| command.text[at].to_owned());
    changing().chain(commands.clone().filter(sets)).flat_map(of).collect()
}

/// The lines of a document in which a literal stands that no command asks about: between these places.
pub(crate) fn elsewhere(source: &str, literal: &str, asked: &[Span]) -> Vec<usize> {
    let mut lines = Vec::new();
    for (at, _) in source.match_indices(literal) {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
        let mut behind = source[at + literal.len()..].chars();
        // A full stop may end a sentence.
        let goes_on = match behind.next() {
            Some('.') => behind.next().is_some_and(part),
            next => next.is_some_and(part),
        };
        let begun = source[..at].chars().next_back().is_some_and(|c| part(c) || c == '.');
        let stands = !goes_on && !begun;
        let is_asked = asked.iter().any(|span| span.start <= at && at < span.end);
        if stands && !is_asked {
            lines.push(1 + source[..at].matches('\n').count());
        }
    }
    lines.dedup();
    lines
}

/// Numbers of lines in words: `line 3`, `lines 3, 5 and 9`; of many the first few.
pub(crate) fn in_lines(lines: &[usize]) -> String {
    const MOST: usize = 4;
    match lines {
        [only] => format!("line {only}"),
        lines => {
            let (told, more) = lines.split_at(lines.len().min(MOST));
            let mut told: Vec<String> = told.iter().map(usize::to_string).collect();
            told.extend((!more.is_empty()).then(|| format!("{} more", more.len())));
            let last = told.pop().unwrap_or_default();
            format!("lines {} and {last}", told.join(", "))
        }
    }
}

/// Whether a path stands before a mark in its word.
fn is_below(text: &str, mark: &Mark, named: &[(Mark, String)]) -> bool {
    let filled = masked(text, named.iter().map(|(mark, _)| mark.at.clone()));
    let before = filled[..mark.at.start].rsplit(|c: char| c.is_whitespace() || ";|&()<>".contains(c)).next();
    before.is_some_and(|word| word.contains('/'))
}

/// What names the programs that a command runs.
struct Programs<'n> {
    /// These values, or parts of them.
    of_values: Vec<&'n str>,
    /// Variables, among others: such a program may read its words once more.
    of_variables: bool,
}

fn programs<'n>(text: &str, named: &'n [(Mark, String)]) -> Programs<'n> {
    // Letters that nobody writes stand for the values.
    let letter = |number: usize| char::from_u32(0xE000 + number as u32 % 0x1000).unwrap_or('\u{e000}');
    let mut told = text.to_owned();
    for (number, (mark, _)) in named.iter().enumerate().rev() {
        told.replace_range(mark.at.clone(), letter(number).encode_utf8(&mut [0; 4]));
    }
    let calls = lints::outline(&told).calls;
    let of_values = named
        .iter()
        .enumerate()
        .filter(|(number, _)| calls.iter().any(|(program, _)| program.contains(letter(*number))));
    Programs {
        of_values: of_values.map(|(_, (_, name))| name.as_str()).collect(),
        of_variables: calls.iter().any(|(program, _)| program.contains('$')),
    }
}

#[cfg(test)]
mod tests {
    use crate::compile;

    /// Of each command its script, and its values as they are asked for.
    fn asked(code: &str) -> Vec<(String, Vec<String>)> {
        let plan = compile(&format!("# T\n\n## A\n\n{code}\n"), None).plan;
        let blocks =
            plan.steps.iter().flat_map(|step| &step.actions).filter_map(|action| action.work.block());
        let told = blocks.map(|block| {
            let offered = block.offered.as_ref().expect("offered");
            let prompts = offered.values.iter().map(|blank| {
                format!("{}: {}", blank.field.name, blank.field.prompt.as_deref().unwrap_or_default())
            });
            (block.script.trim_end().to_owned(), prompts.collect())
        });
        told.collect()
    }

    #[test]
    fn a_literal_that_is_put_right_is_put_right_wherever_a_command_has_it() {
        let right = || vec!["version: v1.0.23, a version: still right?".to_owned()];
        let told = asked(
            "```sh\nexport VERSION=v1.0.23\ngit tag \"$VERSION\"\ngit log v1.0.23\ngit push origin v1.0.23\n```",
        );
        let wanted = [
            ("export VERSION={{ version }}", right()),
            ("git tag \"$VERSION\"", Vec::new()),
            ("git log {{ version }}", right()),
            ("git push origin {{ version }}", right()),
        ];
        assert_eq!(told, wanted.map(|(script, asked)| (script.to_owned(), asked)));
        // Where it is only given to a variable, what reads that is what it changes.
        let told = asked("```sh\nVERSION=v1.0.23\ngit tag \"$VERSION\"\n```");
        assert_eq!(told[0], ("VERSION={{ version }}".to_owned(), right()));
        let told = asked("```sh\nVERSION=v1.0.23\necho \"$VERSION\"\n```");
        assert_eq!(told[0], ("VERSION=v1.0.23".to_owned(), Vec::new()));
    }

    #[test]
    fn a_literal_that_stays_as_it_is_is_asked_about_by_itself_or_told() {
        let told = asked("```sh\ngit push origin v1.0.23\ncat > VERSION <<'EOF'\nv1.0.23\nEOF\n```");
        assert_eq!(told[0].1, ["version: v1.0.23, a version: still right?"]);
        assert_eq!(
            told[1],
            (
                "cat > VERSION <<'EOF'\nv1.0.23\nEOF".to_owned(),
                vec![
                    "version_2: v1.0.23, a version, where no other can take its place: still right?"
                        .to_owned()
                ]
            )
        );
        let told = asked(
            "Tag v1.0.23, and not v1.0.230.\n\n```sh\ngit push origin v1.0.23\n```\n\nTell them of v1.0.23.",
        );
        assert_eq!(
            told[0].1,
            ["version: v1.0.23, a version: still right? It stays as it is in lines 5 and 11"]
        );
    }
}
