//! Tokens as commands: what is piped into what, and what a group holds.
//!
//! Lenient: a script that no shell would parse still has commands. Depth is that of the tokens, which is bounded.

use crate::token::{Keyword, Kind, Operator, Token};

/// Commands with `|` between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline<'t> {
    /// One at least.
    pub nodes: Vec<Node<'t>>,
    /// Whether it goes on in the background.
    pub background: bool,
}

/// One command of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node<'t> {
    /// A simple command.
    Command(Command<'t>),
    /// `{ … }`, `( … )`, `if`, `while`, `for`, `case`; its words, such as those of `for`, are commands in it.
    Group {
        /// What it runs.
        body: Vec<Pipeline<'t>>,
        /// Redirections behind it.
        after: Command<'t>,
    },
}

/// Words and redirections of a simple command, in order; nothing else is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command<'t> {
    /// The keyword that it stands behind, if that takes words: `for`, `case`, `[[`.
    pub keyword: Option<Keyword>,
    /// Its words and redirections.
    pub tokens: Vec<&'t Token>,
}

impl Command<'_> {
    fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.keyword.is_none()
    }
}

#[derive(Default)]
struct Frame<'t> {
    done: Vec<Pipeline<'t>>,
    line: Pipeline<'t>,
    command: Command<'t>,
    /// The group that ended last, and takes what redirections follow.
    group: Option<Vec<Pipeline<'t>>>,
}

impl<'t> Frame<'t> {
    fn end_command(&mut self) {
        let command = std::mem::take(&mut self.command);
        match self.group.take() {
            Some(body) => self.line.nodes.push(Node::Group { body, after: command }),
            None if !command.is_empty() => self.line.nodes.push(Node::Command(command)),
            None => {}
        }
    }

    fn end_line(&mut self) {
        self.end_command();
        if !self.line.nodes.is_empty() {
            self.done.push(std::mem::take(&mut self.line));
        }
    }
}

/// The pipelines of a list of tokens.
pub fn pipelines(tokens: &[Token]) -> Vec<Pipeline<'_>> {
    let mut frames = vec![Frame::default()];
    let mut last = Frame::default();
    let mut piped = false;
    for token in tokens {
        let frame = frames.last_mut().unwrap_or(&mut last);
        match &token.kind {
            Kind::Word(_) | Kind::Redirection(_) => frame.command.tokens.push(token),
            Kind::Pattern(_) | Kind::Comment | Kind::Body(_) | Kind::Arithmetic(_) => {}
            Kind::Operator(operator) => match operator {
                // A line may end after `|`.
                Operator::Newline if piped => {}
                Operator::Pipe => frame.end_command(),
                Operator::Open => frames.push(Frame::default()),
                Operator::Close => close(&mut frames),
                Operator::Background => {
                    frame.end_command();
                    frame.line.background = true;
                    frame.end_line();
                }
                Operator::Test => {}
                _ => frame.end_line(),
            },
            Kind::Keyword(keyword) => match keyword {
                Keyword::If | Keyword::While | Keyword::Until | Keyword::BraceOpen => {
                    frames.push(Frame::default());
                }
                Keyword::For | Keyword::Select | Keyword::Case => {
                    let command = Command { keyword: Some(*keyword), tokens: Vec::new() };
                    frames.push(Frame { command, ..Frame::default() });
                }
                Keyword::Fi | Keyword::Done | Keyword::BraceClose | Keyword::Esac => close(&mut frames),
                Keyword::Then | Keyword::Elif | Keyword::Else | Keyword::Do => frame.end_line(),
                Keyword::In if frame.command.keyword == Some(Keyword::Case) => frame.end_line(),
                Keyword::In | Keyword::TestEnd => {}
                Keyword::Test | Keyword::Function => frame.command.keyword = Some(*keyword),
                Keyword::Not | Keyword::Time | Keyword::Coproc => {}
            },
        }
        piped = match &token.kind {
            Kind::Comment | Kind::Body(_) | Kind::Operator(Operator::Newline) => piped,
            kind => matches!(kind, Kind::Operator(Operator::Pipe)),
        };
    }
    while frames.len() > 1 {
        close(&mut frames);
    }
    let mut frame = frames.pop().unwrap_or(last);
    frame.end_line();
    frame.done
}

fn close(frames: &mut Vec<Frame<'_>>) {
    if frames.len() < 2 {
        return;
    }
    if let (Some(mut inner), Some(outer)) = (frames.pop(), frames.last_mut()) {
        inner.end_line();
        // What stood before `(` names a function.
        outer.command.tokens.clear();
        outer.group = Some(inner.done);
    }
}
