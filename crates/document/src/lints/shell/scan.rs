//! From tokens to commands and variables.

use std::borrow::Cow;

use holdpoint_shell::{
    Command as Tokens, Keyword, Kind, Node, Part, PartKind, Pipeline, Token, is_name, pipelines, read,
    redirected,
};

use super::command::{Command, Shell, Word};

/// The commands as written, and the variables they read. What is left open goes to the end.
pub(super) fn scan(text: &str) -> Shell<'_> {
    let script = read(text);
    let mut scanner = Scanner { text, read: Shell::default() };
    scanner.variables(&script.tokens);
    let lines = pipelines(&script.tokens);
    scanner.lines(&lines, &Command::default());
    // Of what does not parse, nobody can say what stands where.
    if script.error.is_none() {
        scanner.read.redirected = redirected(text, &lines);
    }
    scanner.read
}

struct Scanner<'t> {
    text: &'t str,
    read: Shell<'t>,
}

impl<'t> Scanner<'t> {
    /// `around` says what holds of all of them.
    fn lines(&mut self, lines: &[Pipeline<'_>], around: &Command<'t>) {
        for line in lines {
            for (index, node) in line.nodes.iter().enumerate() {
                let goes_on = index + 1 < line.nodes.len();
                let mut like = Command {
                    words: Vec::new(),
                    captured: around.captured || goes_on,
                    fed: around.fed || index > 0,
                    piped: goes_on,
                    grouped: around.grouped,
                    limited: around.limited,
                    background: around.background || line.background,
                    raised: false,
                    password_for: None,
                };
                match node {
                    Node::Command(command) => self.command(command, like),
                    Node::Group { body, after } => {
                        self.redirected(after, &mut like);
                        like.piped = false;
                        like.grouped |= goes_on;
                        self.lines(body, &like);
                    }
                }
            }
        }
    }

    fn redirected(&mut self, tokens: &Tokens<'_>, command: &mut Command<'t>) {
        for token in &tokens.tokens {
            let Kind::Redirection(redirection) = &token.kind else { continue };
            let operator = &self.text[redirection.operator.clone()];
            let descriptor = redirection.descriptor.clone().map_or("", |at| &self.text[at]);
            let target =
                redirection.target.as_ref().and_then(|word| word.bare(self.text)).unwrap_or_default();
            // `>&2` goes where errors go, and to no file.
            let copies = operator == ">&" && target.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if operator.starts_with('<') {
                command.fed |= operator != "<&";
            } else {
                command.captured |= descriptor != "2" && !copies;
            }
            redirection.target.iter().for_each(|word| self.substitutions(&word.parts, command.grouped));
        }
    }

    fn command(&mut self, tokens: &Tokens<'_>, mut command: Command<'t>) {
        self.redirected(tokens, &mut command);
        if tokens.keyword == Some(Keyword::Test) {
            command.words.push(Word { text: "[[".into(), at: 0..0 });
        }
        for token in &tokens.tokens {
            let Kind::Word(word) = &token.kind else { continue };
            self.substitutions(&word.parts, command.grouped);
            let text = word.text(self.text, &|part| self.expansion(part));
            command.words.push(Word { text, at: token.at.clone() });
        }
        match (tokens.keyword, command.words.as_mut_slice()) {
            (None, []) => {}
            (None, _) => self.read.commands.push(command),
            (Some(Keyword::Test), [test, first, ..]) => {
                test.at = first.at.start..first.at.start;
                self.read.commands.push(command);
            }
            (Some(Keyword::For | Keyword::Select), [name, ..]) if is_name(&name.text) => {
                self.read.defines.insert(name.text.to_string());
            }
            _ => {}
        }
    }

    /// Commands in words come before those that take what they print.
    fn substitutions(&mut self, parts: &[Part], grouped: bool) {
        for part in parts {
            let mut found = Vec::new();
            part.lists(&mut |part, tokens| found.push((part.kind.clone(), pipelines(tokens))));
            for (kind, lines) in found {
                match kind {
                    PartKind::Array(tokens) => {
                        for token in &tokens {
                            if let Kind::Word(word) = &token.kind {
                                self.substitutions(&word.parts, grouped);
                            }
                        }
                    }
                    PartKind::Process { takes, .. } => {
                        let around = Command { captured: !takes, fed: takes, grouped, ..Command::default() };
                        self.lines(&lines, &around);
                    }
                    _ => self.lines(&lines, &Command { captured: true, grouped, ..Command::default() }),
                }
            }
        }
    }

    /// What stands in a word for what the shell works out.
    fn expansion(&self, part: &Part) -> Cow<'t, str> {
        match &part.kind {
            PartKind::Parameter { braces: None, .. } => self.text[part.at.clone()].into(),
            PartKind::Parameter { name, .. } => format!("${}", &self.text[name.clone()]).into(),
            PartKind::Arithmetic(_) => "0".into(),
            _ => "".into(),
        }
    }

    fn variables(&mut self, tokens: &[Token]) {
        for token in tokens {
            match &token.kind {
                Kind::Word(word) | Kind::Pattern(word) => self.variables_in(&word.parts),
                Kind::Redirection(redirection) => {
                    // The end of a here-document is a text.
                    if !self.text[redirection.operator.clone()].trim_end_matches('-').ends_with("<<") {
                        redirection.target.iter().for_each(|word| self.variables_in(&word.parts));
                    }
                }
                Kind::Body(body) => {
                    self.variables_in(&body.parts);
                    self.substitutions(&body.parts, false);
                }
                Kind::Arithmetic(parts) => {
                    self.variables_in(parts);
                    self.substitutions(parts, false);
                }
                Kind::Keyword(_) | Kind::Operator(_) | Kind::Comment => {}
            }
        }
    }

    fn variables_in(&mut self, parts: &[Part]) {
        for part in parts {
            match &part.kind {
                PartKind::Parameter { name, braces } => {
                    let text = &self.text[name.clone()];
                    if is_name(text) && !braces.as_ref().is_some_and(|_| self.defaults(part, name.end, text))
                    {
                        // `${#NAME}` and `${!NAME}` say nothing of whether it is set.
                        let plain = braces.is_none() || name.start == part.at.start + 2;
                        self.read.uses.extend(plain.then(|| (text.to_owned(), part.at.clone())));
                    }
                }
                PartKind::Double(parts) | PartKind::Arithmetic(parts) | PartKind::Glob(parts) => {
                    self.variables_in(parts);
                }
                PartKind::Command(tokens)
                | PartKind::Backquote(Some(tokens))
                | PartKind::Array(tokens)
                | PartKind::Process { tokens, .. } => self.variables(tokens),
                _ => {}
            }
        }
    }

    /// Whether `${NAME…}` says what stands for it where it is not set; notes `${NAME=…}`.
    fn defaults(&mut self, part: &Part, from: usize, name: &str) -> bool {
        let after = self.text.get(from..part.at.end).unwrap_or_default();
        if after.trim_start_matches(':').starts_with('=') {
            self.read.defines.insert(name.to_owned());
        }
        after.starts_with([':', '-', '=', '+', '?'])
            && !after[1..].starts_with(|c: char| c.is_ascii_digit() || c == ' ' || c == '$')
    }
}
