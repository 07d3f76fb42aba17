//! Which values a command reads once more: by where they stand among its words, or by what is piped into it.

use std::collections::BTreeSet;

use holdpoint_shell::interpreter::base_name;
use holdpoint_shell::{Command, Keyword, Kind, Node, Part, PartKind, Pipeline, Token, Word, pipelines};

use super::again;
use super::holes::{Holed, VALUE};
use super::tags::{MOST, Tags};

/// Numbers of values.
type Values = BTreeSet<usize>;

struct Flow<'s> {
    script: &'s Holed,
    tags: &'s Tags,
    again: Vec<Option<&'static str>>,
}

/// A word as the shell will have it: `$` for what it puts in, [`VALUE`] for what the template does.
#[derive(Clone, Default)]
struct Spelled {
    text: String,
    /// The values in it, and how much of the word stands before each.
    values: Vec<(usize, usize)>,
    /// Values that a substitution in it prints.
    made: Values,
    /// It begins with `<(`.
    file: bool,
}

/// For each hole, the command that reads it once more, if one does.
pub(super) fn again(script: &Holed, tags: &Tags, tokens: &[Token]) -> Vec<Option<&'static str>> {
    let mut flow = Flow { script, tags, again: vec![None; script.holes.len()] };
    flow.lines(&pipelines(tokens), &Values::new());
    flow.again
}

impl Flow<'_> {
    fn run(&mut self, values: impl IntoIterator<Item = usize>, command: &'static str) {
        for value in values {
            self.again[value].get_or_insert(command);
        }
    }

    /// Reads pipelines that take `input`, and tells the values that they may print.
    fn lines(&mut self, lines: &[Pipeline<'_>], input: &Values) -> Values {
        let mut all = Values::new();
        for line in lines {
            let mut piped = input.clone();
            for node in &line.nodes {
                let printed = match node {
                    Node::Command(command) => self.command(command, &piped),
                    Node::Group { body, after } => {
                        let (given, takers) = self.redirected(after);
                        let input: Values = piped.union(&given).copied().collect();
                        let mut printed = self.lines(body, &input);
                        printed.extend(given);
                        self.takers(&takers, &printed.union(&input).copied().collect());
                        printed
                    }
                };
                all.extend(&printed);
                piped.extend(printed);
            }
        }
        all
    }

    fn takers(&mut self, takers: &[&[Token]], printed: &Values) {
        for tokens in takers {
            self.lines(&pipelines(tokens), printed);
        }
    }

    /// What redirections put in, and the `>( … )` that take what is printed.
    fn redirected<'t>(&mut self, command: &Command<'t>) -> (Values, Vec<&'t [Token]>) {
        let (mut given, mut takers) = (Values::new(), Vec::new());
        for token in &command.tokens {
            if let Kind::Redirection(redirection) = &token.kind
                && let Some(word) = &redirection.target
            {
                let spelled = self.spell(word, &mut takers);
                let operator = &self.script.text[redirection.operator.clone()];
                // The name of a file is not what stands in it.
                if operator == "<<<" {
                    given.extend(spelled.values.iter().map(|(value, _)| *value));
                }
                if operator.starts_with('<') {
                    given.extend(spelled.made);
                }
            }
        }
        (given, takers)
    }

    fn command(&mut self, command: &Command<'_>, piped: &Values) -> Values {
        let (given, mut takers) = self.redirected(command);
        let mut words: Vec<(Spelled, &Token)> = Vec::new();
        for token in &command.tokens {
            if let Kind::Word(word) = &token.kind {
                words.push((self.spell(word, &mut takers), token));
            }
        }
        let mut printed = given.clone();
        for (word, _) in &words {
            printed.extend(word.values.iter().map(|(value, _)| *value));
            printed.extend(&word.made);
        }
        let input: Values = piped.union(&given).copied().collect();
        let test = || Spelled { text: "[[".to_owned(), ..Spelled::default() };
        let first = words.first().map_or(0, |(_, token)| token.at.start);
        let last = words.last().map_or(0, |(_, token)| token.at.end);
        let tags = self.script.within(&(first..last)).any(|hole| !self.script.holes[hole].is_value());
        let all = words.clone();
        for words in self.ways(&words) {
            let mut ways = vec![words.iter().map(|(word, _)| word.clone()).collect::<Vec<_>>()];
            if tags {
                ways.push(self.joined(&words, &all));
            }
            for mut way in ways {
                match command.keyword {
                    Some(Keyword::Test) => way.insert(0, test()),
                    Some(_) => way.clear(),
                    None => {}
                }
                self.judge(&way, tags, &input);
            }
        }
        self.takers(&takers, &printed.union(&input).copied().collect());
        printed
    }

    /// The words of a command in every way that the tags in it may leave them.
    fn ways<'t>(&self, words: &[(Spelled, &'t Token)]) -> Vec<Vec<(Spelled, &'t Token)>> {
        let part = |token: &Token| self.tags.part(self.script, token.at.start);
        let looped = |token: &Token| self.tags.repeated(self.script, token.at.start);
        let mut parts: Vec<usize> = words.iter().filter_map(|(_, token)| part(token)).collect();
        parts.dedup();
        // With all of it gone, nothing is left to be judged.
        let all = words.iter().all(|(_, token)| part(token) == parts.first().copied());
        parts.truncate(if all { 0 } else { MOST });
        let mut whole = vec![words.to_vec()];
        // What may come often comes twice.
        if words.iter().any(|(_, token)| looped(token).is_some()) {
            let runs = words.chunk_by(|(_, one), (_, next)| looped(one) == looped(next));
            let twice = |run: &[(Spelled, &'t Token)]| {
                let often = run.iter().any(|(_, token)| looped(token).is_some());
                let times = 1 + usize::from(often);
                run.iter().cloned().cycle().take(run.len() * times).collect::<Vec<_>>()
            };
            whole.push(runs.flat_map(twice).collect());
        }
        let left = |words: &[(Spelled, &'t Token)], out: usize| {
            let out =
                |part: usize| parts.iter().position(|of| *of == part).is_some_and(|at| out & (1 << at) != 0);
            words.iter().filter(|(_, token)| !part(token).is_some_and(out)).cloned().collect()
        };
        (0..1 << parts.len()).flat_map(|out| whole.iter().map(move |words| left(words, out))).collect()
    }

    /// Whether nothing but tags, and words that they leave out, stands there.
    fn is_joint(&self, between: std::ops::Range<usize>, left_out: &[(Spelled, &Token)]) -> bool {
        let mut at = between.start;
        let holes = |range: std::ops::Range<usize>| range.is_empty() || self.script.is_tags(range);
        for (_, token) in left_out.iter().filter(|(_, token)| between.contains(&token.at.start)) {
            if !holes(at..token.at.start) {
                return false;
            }
            at = token.at.end;
        }
        !between.is_empty() && holes(at..between.end.max(at))
    }

    /// The words as they are if what stands beside a tag is one word.
    fn joined(&self, words: &[(Spelled, &Token)], all: &[(Spelled, &Token)]) -> Vec<Spelled> {
        let mut joined: Vec<Spelled> = Vec::new();
        let mut end = 0;
        for (word, token) in words {
            match joined.last_mut().filter(|_| self.is_joint(end..token.at.start, all)) {
                Some(last) => {
                    let before = last.text.len();
                    last.text.push_str(&word.text);
                    last.values.extend(word.values.iter().map(|(value, at)| (*value, at + before)));
                    last.made.extend(&word.made);
                }
                None => joined.push(word.clone()),
            }
            end = token.at.end;
        }
        joined
    }

    fn judge(&mut self, words: &[Spelled], tags: bool, input: &Values) {
        let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
        if let Some(command) = again::by_input(&texts) {
            self.run(input.iter().copied(), command);
        }
        let begins = again::begins(&texts);
        // Whatever program a value names may read its words once more.
        let program = again::program(&texts).filter(|at| base_name(&texts[*at]).contains(VALUE));
        if let Some(program) = program {
            let behind = words[program + 1..].iter().flat_map(|word| &word.values);
            self.run(behind.map(|(value, _)| *value).chain(input.iter().copied()), "{{ … }}");
        }
        for (index, word) in words.iter().enumerate() {
            let after = texts.get(index + 1).map_or("", String::as_str);
            let made = word.made.iter().map(|value| (*value, 0));
            for (value, begun) in word.values.iter().copied().chain(made) {
                let begun = &word.text[..begun];
                let told = again::by(&texts[..index], begun, after)
                    .or_else(|| tags.then(|| again::known_among(&texts[..index])).flatten());
                self.run(told.map(|_| value), told.unwrap_or_default());
            }
            // What is printed becomes a command and its arguments.
            if begins.contains(&index) && !word.file {
                self.run(word.made.iter().copied(), "$( … )");
            }
            if word.file
                && let Some(command) = again::by_file(&texts[..index])
            {
                self.run(word.made.iter().copied(), command);
            }
        }
    }

    fn spell<'t>(&mut self, word: &'t Word, takers: &mut Vec<&'t [Token]>) -> Spelled {
        let file = matches!(word.parts.first(), Some(Part { kind: PartKind::Process { .. }, .. }));
        let mut spelled = Spelled { file, ..Spelled::default() };
        for part in &word.parts {
            self.spell_part(part, &mut spelled, takers);
        }
        spelled
    }

    fn spell_part<'t>(&mut self, part: &'t Part, out: &mut Spelled, takers: &mut Vec<&'t [Token]>) {
        let text: &str = &self.script.text;
        match &part.kind {
            PartKind::Literal => {
                for (at, c) in text[part.at.clone()].char_indices() {
                    if c == VALUE {
                        let hole = self.script.within(&(part.at.start + at..part.at.start + at + 1));
                        out.values.extend(hole.map(|hole| (hole, out.text.len())));
                    }
                    out.text.push(c);
                }
            }
            PartKind::Escaped | PartKind::Single | PartKind::Ansi => {
                let word = Word { parts: vec![part.clone()] };
                out.text.push_str(&word.text(text, &|_| "".into()));
            }
            PartKind::Double(parts) => {
                for part in parts {
                    match &part.kind {
                        PartKind::Escaped => out.text.push_str(&text[part.at.start + 1..part.at.end]),
                        _ => self.spell_part(part, out, takers),
                    }
                }
            }
            PartKind::Parameter { name, .. } => {
                out.text.push('$');
                out.text.push_str(&text[name.clone()]);
            }
            PartKind::Process { takes: true, tokens } => {
                out.text.push('$');
                takers.push(tokens);
            }
            PartKind::Array(tokens) => {
                for token in tokens {
                    if let Kind::Word(word) = &token.kind {
                        let spelled = self.spell(word, takers);
                        out.values.extend(spelled.values.iter().map(|(value, _)| (*value, out.text.len())));
                        out.made.extend(spelled.made);
                    }
                }
            }
            PartKind::Glob(_) => out.text.push('$'),
            _ => out.text.push('$'),
        }
        if !matches!(
            part.kind,
            PartKind::Double(_) | PartKind::Array(_) | PartKind::Process { takes: true, .. }
        ) {
            let mut made = Values::new();
            part.lists(&mut |_, tokens| made.extend(self.lines(&pipelines(tokens), &Values::new())));
            out.made.extend(made);
        }
    }
}
