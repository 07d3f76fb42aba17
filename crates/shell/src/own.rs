//! Where a variable of a shell script surely holds what the script gave it, and no value of before.

use std::ops::Range;

use crate::token::{Keyword, Kind, Operator, Part, Token, Word};
use crate::{read, split};

/// How deep compound commands are followed.
const DEEPEST: usize = 32;

/// Where in a script the variable is one of its own: behind `NAME=…`, `read NAME`, `unset NAME` that are executed on every
/// path there, and in `for NAME in …`. `strict` says whether a failing command ends the script. What is not surely so, is
/// not.
pub fn own(script: &str, name: &str, strict: bool) -> Vec<Range<usize>> {
    let read = read(script);
    // What a process began with can be looked up all the same.
    let looks_back = script.contains("environ");
    if read.error.is_some() || !read.doubts.is_empty() || looks_back || !script.contains(name) {
        return Vec::new();
    }
    let strict = strict && !script.contains("set +") && !script.contains("+o");
    let mut reader = Reader { script, name, all: &read.tokens, found: Vec::new() };
    reader.list(&read.tokens, script.len(), strict, 0);
    reader.found
}

struct Reader<'s> {
    script: &'s str,
    name: &'s str,
    all: &'s [Token],
    found: Vec<Range<usize>>,
}

impl Reader<'_> {
    /// Notes where in this list, which ends at `end`, the variable is an own one, and tells whether it is at its end.
    fn list(&mut self, tokens: &[Token], end: usize, strict: bool, depth: usize) -> bool {
        if depth > DEEPEST {
            return false;
        }
        let mut own = false;
        for statement in split::statements(tokens) {
            let Some(behind) = self.statement(statement, strict, depth) else { continue };
            if !own && !self.is_waited_for(behind) {
                self.found.push(behind..end);
                own = true;
            }
        }
        own
    }

    /// Whether a here-document of before stands behind this place.
    fn is_waited_for(&self, at: usize) -> bool {
        let before = self.all.iter().filter(|token| token.at.start < at);
        let begun = before.clone().filter(|token| match &token.kind {
            Kind::Redirection(it) => {
                self.script.get(it.operator.clone()).is_some_and(|sign| matches!(sign, "<<" | "<<-"))
            }
            _ => false,
        });
        begun.count() != before.filter(|token| matches!(token.kind, Kind::Body(_))).count()
    }

    /// Where the variable is an own one from, if the statement makes it that.
    fn statement(&mut self, statement: &[Token], strict: bool, depth: usize) -> Option<usize> {
        let joins = |kind: &Kind| matches!(kind, Kind::Operator(Operator::And | Operator::Or));
        let parts = split::between(statement, joins);
        let mut first = None;
        let is_alone = parts.len() == 1;
        let apart = statement.iter().any(|token| matches!(token.kind, Kind::Operator(Operator::Background)));
        for (number, (_, pipeline)) in parts.into_iter().enumerate() {
            // In a pipe it is another shell's, and behind `&&` it may not be executed.
            let pipes = |kind: &Kind| matches!(kind, Kind::Operator(Operator::Pipe));
            let commands = split::between(pipeline, pipes);
            let piped = commands.len() > 1;
            for (_, command) in commands {
                let behind = self.command(trimmed(command), strict && is_alone && !piped, depth);
                if number == 0 && !piped && !apart {
                    first = behind;
                }
            }
        }
        first
    }

    fn command(&mut self, tokens: &[Token], strict: bool, depth: usize) -> Option<usize> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        match &first.kind {
            Kind::Word(_) => self.simple(tokens, strict).then_some(last.at.end),
            Kind::Keyword(Keyword::Not) => self.command(trimmed(&tokens[1..]), false, depth),
            Kind::Keyword(Keyword::For) => self.goes_over(tokens, strict, depth),
            Kind::Keyword(Keyword::While) => {
                self.while_it_reads(tokens, depth);
                None
            }
            Kind::Keyword(Keyword::If) => self.either(tokens, strict, depth),
            Kind::Keyword(Keyword::BraceOpen) => self.inside(tokens, strict, depth).then_some(last.at.end),
            Kind::Operator(Operator::Open) => {
                self.inside(tokens, strict, depth);
                None
            }
            _ => None,
        }
    }

    /// What stands in `{ … }` or `( … )`; whether the variable is an own one at its end.
    fn inside(&mut self, tokens: &[Token], strict: bool, depth: usize) -> bool {
        match tokens {
            [_, inner @ .., last]
                if matches!(
                    last.kind,
                    Kind::Keyword(Keyword::BraceClose) | Kind::Operator(Operator::Close)
                ) =>
            {
                self.list(inner, last.at.start, strict, depth + 1)
            }
            _ => false,
        }
    }

    /// `for NAME in …; do … done`
    fn goes_over(&mut self, tokens: &[Token], strict: bool, depth: usize) -> Option<usize> {
        let (body, end) = body(tokens)?;
        let named = |token: &Token| self.bare(token) == Some(self.name);
        if !tokens.get(1).is_some_and(named) {
            self.list(body, end, strict, depth + 1);
            return None;
        }
        self.holds(body, end);
        let listed = matches!(tokens.get(2)?.kind, Kind::Keyword(Keyword::In));
        let mut over = tokens[3..].iter().map_while(|token| match &token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        });
        let is_one = |word: &Word| {
            !word.parts.is_empty()
                && word.parts.iter().all(Part::is_settled)
                && !word.whole(self.script).contains(['*', '?', '[', '{'])
        };
        // Its redirections may lead nowhere: then nothing is executed.
        let begins = strict || matches!(tokens.last()?.kind, Kind::Keyword(Keyword::Done));
        (listed && begins && over.any(is_one)).then_some(end)
    }

    /// `while read NAME; do … done`
    fn while_it_reads(&mut self, tokens: &[Token], depth: usize) {
        let Some((body, end)) = body(tokens) else { return };
        let is_separator = |kind: &Kind| {
            matches!(kind, Kind::Operator(Operator::Semicolon | Operator::Newline) | Kind::Comment)
        };
        let asked = tokens[1..].iter().take_while(|token| token.kind != Kind::Keyword(Keyword::Do));
        let mut asked: Vec<Token> = asked.cloned().collect();
        while asked.last().is_some_and(|last| is_separator(&last.kind)) {
            asked.pop();
        }
        // Where it does not read, what follows is not executed.
        if self.simple(&asked, true) {
            self.holds(body, end);
        } else {
            self.list(body, end, false, depth + 1);
        }
    }

    /// Notes that it is an own one in all of this.
    fn holds(&mut self, body: &[Token], end: usize) {
        let from = body.first().map_or(end, |first| first.at.start);
        if !self.is_waited_for(from) {
            self.found.push(from..end);
        }
    }

    fn bare(&self, token: &Token) -> Option<&str> {
        match &token.kind {
            Kind::Word(word) => word.bare(self.script),
            _ => None,
        }
    }

    /// `if …; then … else … fi`
    fn either(&mut self, tokens: &[Token], strict: bool, depth: usize) -> Option<usize> {
        let [_, inner @ .., last] = tokens else { return None };
        if last.kind != Kind::Keyword(Keyword::Fi) {
            return None;
        }
        let is_part =
            |kind: &Kind| matches!(kind, Kind::Keyword(Keyword::Then | Keyword::Elif | Keyword::Else));
        let (mut all, mut otherwise) = (true, false);
        for (before, part) in split::between(inner, is_part) {
            let (Some(before), Some(end)) = (before, part.last()) else { continue };
            if before.kind == Kind::Keyword(Keyword::Elif) {
                continue;
            }
            otherwise |= before.kind == Kind::Keyword(Keyword::Else);
            all &= self.list(part, end.at.end, strict, depth + 1);
        }
        (all && otherwise).then_some(last.at.end)
    }

    /// Whether a simple command surely gives the variable another value.
    fn simple(&self, words: &[Token], strict: bool) -> bool {
        let mut plain: Vec<&Word> = Vec::new();
        let mut redirected = false;
        for token in words {
            match &token.kind {
                Kind::Word(word) => plain.push(word),
                Kind::Redirection(_) => redirected = true,
                _ => return false,
            }
        }
        // It may lead nowhere: then nothing is executed.
        if redirected && !strict {
            return false;
        }
        let gives = |word: &&Word| {
            word.whole(self.script).strip_prefix(self.name).is_some_and(|rest| rest.starts_with('='))
        };
        let begins =
            plain.iter().take_while(|word| crate::assigned(word.whole(self.script)).is_some()).count();
        let (given, command) = plain.split_at(begins);
        let bare: Vec<Option<&str>> = command.iter().map(|word| word.bare(self.script)).collect();
        let named =
            |words: &[Option<&str>]| words.iter().all(Option::is_some) && words.contains(&Some(self.name));
        match bare.as_slice() {
            [] => given.iter().any(gives),
            [Some("export" | "readonly"), ..] => {
                !command.iter().any(|word| word.whole(self.script).starts_with('-'))
                    && command[1..].iter().any(gives)
            }
            [Some("read"), Some("-r"), names @ ..]
            | [Some("read"), names @ ..]
            | [Some("unset"), Some("-v"), names @ ..]
            | [Some("unset"), names @ ..] => {
                named(names) && !names.iter().flatten().any(|word| word.starts_with('-'))
            }
            _ => false,
        }
    }
}

/// What stands between `do` and `done`, and where that ends.
fn body(tokens: &[Token]) -> Option<(&[Token], usize)> {
    let begin = tokens.iter().position(|token| token.kind == Kind::Keyword(Keyword::Do))?;
    let end = tokens.iter().rposition(|token| token.kind == Kind::Keyword(Keyword::Done))?;
    Some((tokens.get(begin + 1..end)?, tokens[end].at.start))
}

/// The tokens from the first to the last that is no note.
fn trimmed(tokens: &[Token]) -> &[Token] {
    let is_note = |token: &Token| {
        matches!(token.kind, Kind::Comment | Kind::Body(_) | Kind::Operator(Operator::Newline))
    };
    let Some(first) = tokens.iter().position(|token| !is_note(token)) else { return &[] };
    let last = tokens.iter().rposition(|token| !is_note(token)).unwrap_or(first);
    &tokens[first..=last]
}

#[cfg(test)]
mod tests {
    use super::own;

    /// Whether every `$TAG` of the script is one of its own.
    fn is_own(script: &str, strict: bool) -> bool {
        let own = own(script, "TAG", strict);
        script.match_indices("$TAG").all(|(at, _)| own.iter().any(|range| range.contains(&at)))
    }

    #[test]
    fn what_a_script_gives_a_variable_on_every_path_is_its_own() {
        for script in [
            "TAG=1; test \"$TAG\" = 2",
            "A=x TAG=$(git describe)\necho $TAG",
            "export TAG=1; echo $TAG",
            "TAG=$(a) || exit 1; echo \"$(b $TAG)\"",
            "TAG=1 && echo $TAG",
            "for TAG in a b; do test $TAG = c; done; echo $TAG",
            "read TAG <a.md; test \"$TAG\" = 2",
            "read -r A TAG\necho $TAG",
            "while read -r TAG; do echo $TAG; done <list",
            "while IFS= read -r TAG\ndo\n  echo $TAG\ndone <list",
            "if a; then TAG=1; else TAG=2; fi; echo $TAG",
            "if a; then TAG=1; echo $TAG; fi",
            "{ TAG=1; }; echo $TAG",
            "( TAG=1; echo $TAG )",
            "a | { TAG=1; echo $TAG; }",
            "unset TAG; echo $TAG",
            "TAG=1; cat <<E\n$TAG\nE\n",
            "for x in a; do TAG=$x; echo $TAG; done",
        ] {
            assert!(is_own(script, true), "{script:?}");
        }
    }

    #[test]
    fn what_may_be_a_value_of_before_is_not() {
        for script in [
            "echo $TAG; TAG=1",
            "TAG=${X}$TAG",
            "TAG+=1; echo $TAG",
            "TAG[1]=1; echo $TAG",
            "TAG=1 a; echo $TAG",
            "a && TAG=1; echo $TAG",
            "a || TAG=1; echo $TAG",
            "TAG=1 & echo $TAG",
            "a | TAG=1; echo $TAG",
            "a | read TAG; echo $TAG",
            "read TAG <x || :; echo $TAG",
            "set +e; read TAG <x; echo $TAG",
            "(TAG=1); echo $TAG",
            "if a; then TAG=1; fi; echo $TAG",
            "if a; then TAG=1; elif b; then :; else TAG=2; fi; echo $TAG",
            "case x in y) TAG=1 ;; esac; echo $TAG",
            "f() { TAG=1; }; echo $TAG",
            "f() { echo $TAG; }; TAG=1; f",
            "trap 'echo $TAG' EXIT; TAG=1",
            "for TAG in $LIST; do :; done; echo $TAG",
            "for TAG in *.md; do :; done; echo $TAG",
            "for TAG in $TAG; do :; done",
            "for TAG; do :; done; echo $TAG",
            "while a; do TAG=1; done; echo $TAG",
            "while read TAG; do :; done <x; echo $TAG",
            "until read TAG; do echo $TAG; done",
            "cat <<E; TAG=1\n$TAG\nE\n",
            "x=$(TAG=1); echo $TAG",
            "TAG=1; tr '\\0' ' ' </proc/$$/environ | grep $TAG",
            "TAG=1; echo $TAG '",
            "! read TAG <x; echo $TAG",
            "export -n TAG=1; echo $TAG",
            "unset -f TAG; echo $TAG",
            "unset -v -f TAG; echo $TAG",
        ] {
            assert!(!is_own(script, true), "{script:?}");
        }
        assert!(!is_own("read TAG <x; echo $TAG", false));
        assert!(!is_own("TAG=1 <x; echo $TAG", false));
    }
}
