//! What the commands of a document ask for.

use std::collections::BTreeSet;

use super::blanks::{Mark, Sheet, What, marks, unset, variable};
use super::filled::masked;
use super::insert::{Why, template};
use super::literals::{Elsewhere, Literals};
use super::piece::Command;
use super::units::Unit;
use crate::{Blank, Span, lints};

/// Values of a document, by their names.
pub(crate) struct Values {
    sheet: Sheet,
    /// Variables that its commands set.
    defined: BTreeSet<String>,
    /// Literals that are asked about: the same value wherever they stand.
    literals: Literals,
}

impl Values {
    /// Reads all code with commands that are offered, so that each value takes what it may take wherever it stands.
    pub(crate) fn of(units: &[Unit]) -> Values {
        let offered = |unit: &&Unit| unit.cut.commands.iter().any(Command::is_offered);
        let commands = || units.iter().filter(offered).flat_map(|unit| &unit.cut.commands);
        let defined = commands().flat_map(|command| lints::outline(&command.text).defines).collect();
        let literals =
            Literals::of(commands().filter(|command| command.is_offered()).map(|command| &*command.text));
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

    /// Where the literals that are asked about stand in a document, but for these places.
    pub(crate) fn elsewhere(&self, source: &str, asked: &[Span]) -> Elsewhere {
        self.literals.elsewhere(source, asked)
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

    /// The script of the command behind one in which `literal` is asked about, and what is asked of it.
    fn behind(literal: &str, command: &str) -> (String, Vec<String>) {
        asked(&format!("```sh\ndeploy {literal}\n{command}\n```")).remove(1)
    }

    #[test]
    fn a_literal_within_a_longer_word_is_put_right_where_that_is_clear() {
        for (literal, command, script) in [
            ("v1.0.23", "tar xf app-v1.0.23.tar.gz", "tar xf app-{{ version }}.tar.gz"),
            ("v1.0.23", "git log v1.0.23..HEAD", "git log {{ version }}..HEAD"),
            ("v1.0.23", "git log HEAD..v1.0.23", "git log HEAD..{{ version }}"),
            ("v1.0.23", "docker inspect image:v1.0.23@latest", "docker inspect image:{{ version }}@latest"),
            ("v1.0.23", "cat 'app-v1.0.23.log'", "cat 'app-'{{ version }}'.log'"),
            ("v1.0.23", "cat release_v1.0.23/notes", "cat release_{{ version }}/notes"),
            ("2024-05-01", "cat release-2024-05-01.sql", "cat release-{{ date }}.sql"),
            ("2024-05-01", "ls /backup/2024-05-01/x", "ls /backup/{{ date }}/x"),
            ("10.1.2.3", "cat host-10.1.2.3.log", "cat host-{{ address }}.log"),
        ] {
            let told = behind(literal, command);
            assert_eq!(told.0, script, "{command}");
            assert!(told.1.len() == 1 && !told.1[0].contains("no other"), "{command}: {told:?}");
        }
    }

    #[test]
    fn a_literal_within_a_longer_word_that_may_depend_on_it_is_asked_about_by_itself() {
        for (literal, command) in [
            ("v1.0.23", "cat app_v1.0.23_amd64.deb"),
            ("v1.0.23", "cat app-v1.0.23-linux.zip"),
            ("v1.0.23", "ls appv1.0.23"),
            ("v1.0.23", "ls app-v1.0.23rc1"),
            ("v1.0.23", "ls app-v1.0.23.beta"),
            ("v1.0.23", "ls app-1.0.23-x"),
            ("1.0.23", "ls appv1.0.23"),
            ("v1.0.23", "grep 'v1\\.0\\.23' notes"),
            ("2024-05-01", "ls dump-2024-05-01T12:00"),
            ("2024-05-01", "ls dump-2024-05-01-2"),
            ("10.1.2.3", "ls 10.1.2.3.nip.io"),
            ("web1.example.com", "dig db.web1.example.com"),
        ] {
            let (script, asked) = behind(literal, command);
            assert_eq!(script, command);
            let by_itself = "where no other can take its place: still right?";
            let own = literal != "web1.example.com";
            assert!(asked.len() == 1 && (asked[0].ends_with(by_itself) || !own), "{command}: {asked:?}");
        }
    }

    #[test]
    fn a_version_or_a_date_that_is_set_off_in_a_longer_word_is_asked_about_where_it_changes_something() {
        for (command, script) in [
            ("pg_restore -d shop backup-2024-05-01.dump", "pg_restore -d shop backup-{{ date }}.dump"),
            ("tar xf app-v1.0.23.tar.gz", "tar xf app-{{ version }}.tar.gz"),
            ("rm -rf /srv/app_1.0.23/cache", "rm -rf /srv/app_{{ version }}/cache"),
            ("aws rds delete --id=shop-2024-05-01", "aws rds delete --id=shop-{{ date }}"),
        ] {
            let told = asked(&format!("```sh\n{command}\n```")).remove(0);
            assert_eq!(told.0, script);
            assert!(told.1.len() == 1 && told.1[0].ends_with("still right?"), "{told:?}");
        }
        let told = asked("```sh\ngunzip stacks.2021-03-05_173617.gz\n```").remove(0);
        assert!(told.1.len() == 1 && told.1[0].contains("no other can take its place"), "{told:?}");
        for command in [
            "ls backup-2024-05-01.dump",
            "curl -o x https://x.test/app-1.2.3.tar.gz",
            "rm host-10.1.2.3x",
            "rm app-1.2",
            "rm app1.2.3x",
            "rm 2024-13-01-x",
        ] {
            assert_eq!(asked(&format!("```sh\n{command}\n```")), [(command.to_owned(), Vec::new())]);
        }
    }

    #[test]
    fn what_only_looks_like_a_part_of_a_literal_stays_what_it_is() {
        for (literal, command) in [
            ("v1.0.23", "ls app-v1.0.231"),
            ("v1.0.23", "ls app-v1.0.23.4"),
            ("1.0.23", "ls app-2.1.0.23"),
            ("10.1.2.3", "ls host-10.1.2.30"),
            ("10.1.2.3", "ls host-110.1.2.3"),
            ("2024-05-01", "ls dump-2024-05-012"),
            ("i-0abc12345def", "ls xi-0abc12345def0"),
        ] {
            let told = behind(literal, command);
            assert_eq!(told, (command.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn a_version_with_and_without_its_letter_is_two_values_and_both_are_asked_about() {
        let told = asked("```sh\ngit push origin v1.0.23\ndocker images x:1.0.23\nls app-1.0.23.zip\n```");
        let scripts: Vec<&str> = told.iter().map(|(script, _)| script.as_str()).collect();
        assert_eq!(
            scripts,
            [
                "git push origin {{ version }}",
                "docker images x:{{ version_2 }}",
                "ls app-{{ version_2 }}.zip"
            ]
        );
    }

    #[test]
    fn what_the_text_says_of_a_literal_within_a_longer_word_is_told_too() {
        let told =
            asked("Get app-v1.0.23.tar.gz, not app-v1.0.231.tgz.\n\n```sh\ngit push origin v1.0.23\n```");
        assert_eq!(told[0].1, ["version: v1.0.23, a version: still right? It stays as it is in line 5"]);
    }
}
