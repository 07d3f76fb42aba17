//! The ordered steps of a run-book, as the engine walks them.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{Field, FrontMatter, NotBefore, Offered, Probe, Rollout, Span};

/// Annotated or foreign (format.md section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// Front matter has `runbook: 1`: anything ambiguous is an error.
    Annotated,
    /// Any other Markdown: every step is the operator's to do and confirm.
    Foreign,
}

/// What a document asks to be done, in order. Owned; spans point into the source text that made it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Annotated or foreign.
    pub kind: DocumentKind,
    /// The title: front matter's, else the first heading's, else empty.
    pub title: String,
    /// The document's claims and inputs; empty for a foreign document.
    pub front: FrontMatter,
    /// The steps, in document order.
    pub steps: Vec<Step>,
    /// Text between the steps that no action shows, in document order. It is to be read, and nothing is done with it:
    /// [`Plan::digest`] does not cover it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passages: Vec<Passage>,
    /// In a run whose document was exchanged: the plan that this one took the place of. No document's own plan has one.
    #[serde(skip)]
    pub former: Option<Box<Plan>>,
}

/// Text that stands between steps: a section that holds none, an introduction, what follows a step's last action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// Index of the step that follows; the number of steps where none does.
    pub before: usize,
    /// The included file that it stands in, by its path; `None` for the document itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its heading as a template, where it begins with one that is not the document's title.
    pub heading: Option<String>,
    /// The text, a span for each block of Markdown; never empty.
    pub prose: Vec<Span>,
}

/// The smallest heading section, ordered-list item or task-list item that holds something to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Stable name: the heading's GitHub slug, `/` and first words for list items; unique in the plan. What an include
    /// brings has the slug of its link and a dot before it.
    pub id: String,
    /// The included file that it is from, by its path; `None` for the document itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Position as the operator sees it, `2.1.3`: a heading or ordered item that is or contains steps takes the next
    /// number among its siblings. The document's only first-level heading, where it is its first heading too, is its
    /// title and no level.
    pub number: String,
    /// What it is called; a template.
    pub title: String,
    /// What programs called it once, which left `<placeholders>` out of titles, where that is another: whoever signs is shown
    /// it by that name.
    #[serde(skip)]
    pub once_titled: Option<Box<str>>,
    /// Titles of the headings above, outermost first.
    pub path: Vec<String>,
    /// The step's exact source bytes.
    pub span: Span,
    /// SHA-256, lower-case hex, of the bytes under `span`.
    pub digest: String,
    /// Who performs it.
    pub role: Option<String>,
    /// Conditions that must all hold, outermost first; minijinja expressions.
    pub when: Vec<String>,
    /// Where its blocks run, unless they say otherwise.
    pub target: Option<String>,
    /// How its blocks go over the places of their target; one place after another where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// When it may begin at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<NotBefore>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// How long it is expected to take, waiting for people included; `None` where the document does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Duration>,
    /// A point of no return: nothing before it can be rolled back once it has been crossed.
    pub irreversible: bool,
    /// Whether an operator may skip it, with a reason.
    pub skippable: bool,
    /// What it is an alternative of, or is only done in some cases, outermost first: it may be passed over as not for this
    /// run, which is no deviation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// What there is to do, in document order; never empty.
    pub actions: Vec<Action>,
    /// Blocks that undo it, in document order.
    pub rollbacks: Vec<Block>,
}

/// A part of a document that is not for every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// Where it begins: steps of the same part are passed over together.
    pub at: usize,
    /// Its title.
    pub title: String,
    /// Why it may be passed over: `a rollback`, `only in some cases`.
    pub why: String,
}

/// What a failing action leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The operator decides.
    #[default]
    Ask,
    /// The run ends failed.
    Stop,
    /// What was done is rolled back, then the run ends.
    Rollback,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// `STEP#N` counted from 1 within the step, or the block's own `id`; unique in the plan.
    pub id: String,
    /// The source bytes that make the action.
    pub span: Span,
    /// Prose since the action before it, shown above it.
    pub prose: Option<Span>,
    /// Text of `> [!CAUTION]` alerts since the mutating block before it: asks before this one runs.
    pub caution: Option<String>,
    /// What to do.
    pub work: Work,
    /// What is confirmed, as it was read once, where that was another text: records that were made then have it.
    #[serde(skip)]
    pub once: Option<Box<Once>>,
}

/// What an item said as earlier programs read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Once {
    /// When an image at its edge was cut.
    pub cut: Option<Box<str>>,
    /// When its lines lost what they are indented by within the item.
    pub flat: Option<Box<str>>,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Work {
    /// Changes something.
    Run(Block),
    /// Only looks.
    Check(Block),
    /// The operator does it by hand and says so.
    Confirm {
        /// What to confirm, as Markdown; a template in an annotated document.
        text: String,
    },
    /// The operator writes down observed values.
    Record {
        /// In the order written; never empty.
        fields: Vec<Field>,
    },
    /// A hold point.
    SignOff(SignOff),
}

/// A script with its options and what it must produce.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// First word of the info string, lower case.
    pub language: String,
    /// The program and its arguments that run it: from `#!`, `interpreter`, or the language.
    pub interpreter: Vec<String>,
    /// The script, dedented, without the option lines.
    pub script: String,
    /// The whole fence, from the opening to the closing line.
    pub span: Span,
    /// What the `#|` lines say.
    pub options: Options,
    /// What a probe must find out, then expectations of every `expect` block that follows it, in document order.
    pub expect: Vec<Expectation>,
    /// What it asks instead of running its script, which is then what the document says of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<Box<Probe>>,
    /// In a document that people wrote for themselves: what is known of the command. It is run only where somebody says
    /// so of this command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<Box<Offered>>,
}

/// Options of run, check and rollback blocks (format.md section 4).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Options {
    /// Given by hand; becomes the action's id.
    pub id: Option<String>,
    /// Longest time one attempt may take.
    pub timeout: Option<Duration>,
    /// Try again until it passes.
    pub retry: Option<Retry>,
    /// Must hold for so long, once it has passed: a check alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// May be run again without harm.
    pub idempotent: bool,
    /// What to take from its results into variables.
    pub capture: Vec<Capture>,
    /// Where it runs; `None` is the step's.
    pub target: Option<String>,
    /// Working directory, relative to the repository's root; `None` carries over.
    pub cwd: Option<String>,
    /// More variables for this block alone; values are templates.
    pub env: Vec<(String, String)>,
    /// Condition for this action; a minijinja expression.
    pub when: Option<String>,
    /// Needs a terminal.
    pub tty: bool,
    /// Gets the SSH agent also where sign-offs are given by key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub agent: bool,
    /// Secrets it is given; `None` gives it all declared ones.
    pub secrets: Option<Vec<String>>,
    /// Whether its output is kept.
    pub record: bool,
    /// Why it is not kept; present whenever `record` is false.
    pub reason: Option<String>,
    /// Render the script with minijinja, values quoted for the shell.
    pub template: bool,
    /// Output is kept but folded away in reports and not shown live.
    pub sensitive: bool,
    /// `set -eu` (and `-o pipefail` in bash).
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            id: None,
            timeout: None,
            retry: None,
            hold: None,
            idempotent: false,
            capture: Vec::new(),
            target: None,
            cwd: None,
            env: Vec::new(),
            when: None,
            tty: false,
            agent: false,
            secrets: None,
            record: true,
            reason: None,
            template: false,
            sensitive: false,
            strict: true,
        }
    }
}

/// Try again `every` so often, `for_` so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retry {
    /// Pause between attempts.
    pub every: Duration,
    /// No attempt starts once attempts and pauses have taken this long.
    #[serde(rename = "for")]
    pub for_: Duration,
}

/// A soak: the check is tried `every` so often and must pass each time, until it has held `for_` so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// From the end of the first try that passed to the end of the last.
    #[serde(rename = "for")]
    pub for_: Duration,
    /// Pause between tries; shorter than `for_`.
    pub every: Duration,
}

/// So many tries a soak may take at the most, as its document plans them: each is on record.
pub const MOST_TRIES: u32 = 3000;

/// A variable taken from a block's results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capture {
    /// The variable's name.
    pub name: String,
    /// Where its value is.
    pub from: CaptureFrom,
    /// May be empty; else an empty value fails the block.
    pub empty: bool,
    /// May be `null`; else that fails the block.
    pub null: bool,
}

/// Where a captured value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptureFrom {
    /// A file the block wrote, relative to where it ended; one trailing newline is dropped.
    File(String),
    /// All of standard output; one trailing newline is dropped.
    Stdout,
    /// Group 1, else the whole match, of the first match in standard output.
    Regex(String),
    /// The one node that an RFC 9535 path selects in standard output read as JSON.
    Json(String),
}

/// One thing a run or check must have produced.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expectation {
    /// What must hold.
    pub that: Expected,
    /// Where it is written.
    pub span: Span,
}

/// What must hold of a result. Texts are templates, those of literal lines too.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// The exit code is one of these.
    Exit(Vec<i32>),
    /// A property of standard output.
    Stdout(Matcher),
    /// A property of standard error.
    Stderr(Matcher),
    /// Standard output is JSON and the RFC 9535 path selects exactly this one value; strings are templates.
    Json {
        /// The path, as written.
        path: String,
        /// What it must select.
        value: holdpoint_bounded::json::Value,
    },
    /// Standard output is these lines (`text expect`).
    Lines(Vec<LineMatcher>),
}

/// A property of an output. Texts are held against its bytes; what is no UTF-8 is no character of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matcher {
    /// Nothing, or white space only.
    Empty,
    /// Something other than white space.
    NotEmpty,
    /// The text stands somewhere in it.
    Contains(String),
    /// The text stands nowhere in it.
    NotContains(String),
    /// It is the text, one trailing newline aside.
    Equals(String),
    /// The regular expression matches somewhere.
    Matches(String),
    /// The regular expression matches nowhere.
    NotMatches(String),
}

/// One line of a `text expect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineMatcher {
    /// The line without its ending mark; a template.
    pub text: String,
    /// How it is compared.
    pub how: LineKind,
    /// How many lines it may stand for.
    pub times: Times,
}

/// How an expected line is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// Byte for byte.
    Equal,
    /// `*` any text, `?` one character; `\` takes the special meaning of `*`, `?`, `[` and `\` away.
    Glob,
    /// A regular expression over the whole line.
    Regex,
}

/// How many lines an expected line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Exactly one.
    Once,
    /// `(?)`
    Optional,
    /// `(*)`
    Any,
    /// `(+)`
    AtLeastOnce,
}

/// A hold point: nobody passes without the named role's sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignOff {
    /// Whose sign-off it takes.
    pub role: String,
    /// What the signature means (21 CFR 11.50 (a) (3)).
    pub meaning: Meaning,
    /// What is signed; a template.
    pub statement: String,
    /// Not by whoever performed the steps.
    pub independent: bool,
    /// How many different people.
    pub count: u32,
    /// How long it stays good.
    pub expires: Option<Duration>,
}

/// What a signature means (21 CFR 11.50 (a) (3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Meaning {
    /// The signer looked at it.
    Review,
    /// The signer signs it off.
    Approval,
    /// The signer answers for it.
    Responsibility,
    /// The signer made it.
    Authorship,
}

impl fmt::Display for Meaning {
    /// As a document writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Meaning::Review => "review",
            Meaning::Approval => "approval",
            Meaning::Responsibility => "responsibility",
            Meaning::Authorship => "authorship",
        })
    }
}

impl Plan {
    /// Whether people wrote it for themselves: its texts are no templates.
    pub fn is_foreign(&self) -> bool {
        self.kind == DocumentKind::Foreign
    }

    /// This plan as the one that takes the place of `former`, in a run whose document is exchanged.
    #[must_use]
    pub fn in_place_of(self, former: Plan) -> Plan {
        Plan { former: Some(Box::new(former)), ..self }
    }

    /// How many plans it took the place of, one after the other.
    pub fn exchanges(&self) -> usize {
        std::iter::successors(self.former.as_deref(), |plan| plan.former.as_deref()).count()
    }

    /// The plan that a run goes by once its document was exchanged so many times; this one, where it was not exchanged
    /// so often.
    pub fn after(&self, exchanges: usize) -> &Plan {
        if self.former.is_none() {
            return self;
        }
        let back = self.exchanges().saturating_sub(exchanges);
        std::iter::successors(Some(self), |plan| plan.former.as_deref()).nth(back).unwrap_or(self)
    }

    /// The step of this id and its index.
    pub fn step(&self, id: &str) -> Option<(usize, &Step)> {
        self.steps.iter().enumerate().find(|(_, step)| step.id == id)
    }
}

impl Step {
    /// Whether any of its actions is a `run` block.
    pub fn mutates(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.work, Work::Run(_)))
    }

    /// Hands every span of it to `each`.
    pub fn each_span(&mut self, each: &mut impl FnMut(&mut Span)) {
        let of_block = |block: &mut Block, each: &mut dyn FnMut(&mut Span)| {
            each(&mut block.span);
            block.expect.iter_mut().for_each(|expectation| each(&mut expectation.span));
        };
        each(&mut self.span);
        for action in &mut self.actions {
            each(&mut action.span);
            action.prose.iter_mut().for_each(&mut *each);
            if let Work::Run(block) | Work::Check(block) = &mut action.work {
                of_block(block, each);
            }
        }
        self.rollbacks.iter_mut().for_each(|block| of_block(block, each));
    }
}

impl Work {
    /// The block, where it is one.
    pub fn block(&self) -> Option<&Block> {
        match self {
            Work::Run(block) | Work::Check(block) => Some(block),
            _ => None,
        }
    }

    /// The command that is offered, where it is one.
    pub fn offered(&self) -> Option<&Offered> {
        self.block()?.offered.as_deref()
    }

    /// Values that somebody writes down here: all of a record, and those that an offered command must have.
    pub fn fields(&self) -> Vec<&Field> {
        match self {
            Work::Record { fields } => fields.iter().collect(),
            _ => self
                .offered()
                .map_or_else(Vec::new, |offered| offered.values.iter().map(|blank| &blank.field).collect()),
        }
    }

    /// `run`, `check`, `confirm`, `record` or `signoff`; `offer` where a command is offered.
    pub fn kind(&self) -> &'static str {
        match self {
            Work::Run(block) if block.offered.is_some() => "offer",
            Work::Run(_) => "run",
            Work::Check(_) => "check",
            Work::Confirm { .. } => "confirm",
            Work::Record { .. } => "record",
            Work::SignOff(_) => "signoff",
        }
    }
}
