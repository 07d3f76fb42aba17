//! What is wrong with a document, where, why, and what to do about it.

use std::borrow::Cow;

use serde::Serialize;

use crate::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document runs; somebody should look.
    Warning,
    /// The document does not run.
    Error,
}

/// One finding of the parser or a lint.
///
/// Invariant: `message` is a sentence without a full stop, `help` tells what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Which rule, stable across versions.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// Where, if anywhere in particular.
    pub span: Option<Span>,
    /// What to do about it, with a "did you mean" where there is a near miss.
    pub help: Cow<'static, str>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $severity:ident;)*) => {
        /// The rule a finding comes from: format.md section 6 and the parser's own errors.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name, as printed and as tests and SARIF name it.
            pub fn as_str(self) -> &'static str { match self { $(Code::$variant => $text,)* } }

            /// How bad a finding of this rule is.
            pub fn severity(self) -> Severity { match self { $(Code::$variant => Severity::$severity,)* } }
        }
    };
}

codes! {
    /// An info string, block or fence of no known kind.
    UnknownKind = "unknown-kind", Error;
    /// A shell fence without a kind in an annotated document.
    MissingKind = "missing-kind", Error;
    /// A key that nothing defines.
    UnknownKey = "unknown-key", Error;
    /// A value of the wrong type, or outside of what the key takes.
    BadValue = "bad-value", Error;
    /// A key that must be there is not.
    MissingKey = "missing-key", Error;
    /// YAML or TOML that does not parse.
    Syntax = "syntax", Error;
    /// The format version is not one this program reads.
    FormatVersion = "format-version", Error;
    /// A fence that is never closed.
    UnclosedFence = "unclosed-fence", Error;
    /// A heading or front matter swallowed by a fence that was closed too late.
    SwallowedByFence = "swallowed-by-fence", Error;
    /// An `expect` with no run or check before it.
    ExpectWithoutSubject = "expect-without-subject", Error;
    /// A block of a kind that cannot stand where it stands.
    Misplaced = "misplaced", Error;
    /// `retry` on a run that is not declared idempotent.
    RetryNotIdempotent = "retry-not-idempotent", Error;
    /// A template that does not parse.
    Template = "template", Error;
    /// A comparison that can never hold, can never fail, or is not the one that is meant.
    Comparison = "comparison", Error;
    /// A name in a template that nothing defines.
    UndefinedName = "undefined-name", Error;
    /// A role, environment, target or input that nobody declares.
    Undeclared = "undeclared", Error;
    /// A file that cannot be included, or does not fit the document that includes it.
    BadInclude = "bad-include", Error;
    /// Includes that include each other.
    IncludeCycle = "include-cycle", Error;
    /// The same id given twice by hand.
    DuplicateId = "duplicate-id", Error;
    /// A script its own interpreter cannot parse.
    ScriptSyntax = "script-syntax", Error;
    /// A block to be run that holds no command.
    EmptyScript = "empty-script", Error;
    /// A character in a script that cannot be seen, or that turns the direction of text.
    HiddenCharacter = "hidden-character", Error;
    /// A second front matter in mid-file.
    SecondFrontMatter = "second-front-matter", Error;
    /// The same `document_id` in two files.
    DuplicateDocumentId = "duplicate-document-id", Error;
    /// A key of the front matter that is another tool's, and that `keep` does not name.
    KeptKey = "kept-key", Warning;
    /// Prose that a foreign document would have had confirmed, and this one only shows.
    LostStep = "lost-step", Warning;
    /// A list whose numbers begin again because what stands between its items is not indented.
    SplitList = "split-list", Warning;
    /// Nothing in the document is a step.
    NoSteps = "no-steps", Warning;
    /// A placeholder left in a command; a run refuses it.
    Placeholder = "placeholder", Warning;
    /// A character in a script that looks like a space, a quotation mark or a dash; an error where no text can be meant.
    LookAlike = "look-alike", Warning;
    /// A line that may be a command of this machine, and is not sure to be.
    UnsureCommand = "unsure-command", Warning;
    /// A block that does so little that more was probably meant.
    IdleScript = "idle-script", Warning;
    /// `$NAME` that nothing defines.
    UndefinedVariable = "undefined-variable", Warning;
    /// `$ ` prompts in a run block.
    PromptInBlock = "prompt-in-block", Warning;
    /// A program that wants a terminal, without `tty`.
    InteractiveProgram = "interactive-program", Warning;
    /// A command that wants the SSH agent, which this block does not get where sign-offs are given by key.
    NoAgent = "no-agent", Warning;
    /// An image by its tag, in a block that changes something, where a digest was captured before.
    TagNotDigest = "tag-not-digest", Warning;
    /// A command that never ends by itself.
    NeverEnds = "never-ends", Warning;
    /// A pipe in `sh` whose left side can fail unseen.
    PipeInSh = "pipe-in-sh", Warning;
    /// A secret printed to standard output.
    SecretPrinted = "secret-printed", Warning;
    /// A mutating step with no check after it.
    NoCheck = "no-check", Warning;
    /// An irreversible step with no sign-off before it.
    IrreversibleWithoutSignOff = "irreversible-without-sign-off", Warning;
    /// A mutating step with no rollback.
    NoRollback = "no-rollback", Warning;
    /// A file that the configuration names, of those who may sign or of revoked keys, is not there; or nobody is named who
    /// could sign what an environment asks for.
    NoSigners = "no-signers", Warning;
    /// An environment asks for anchors, and nothing could make one.
    NoAnchors = "no-anchors", Warning;
    /// A file that an environment's rules name, the calendar or the change's script, is not there.
    NoRuleFile = "no-rule-file", Warning;
    /// `effective_date` lies in the future.
    NotYetEffective = "not-yet-effective", Warning;
    /// `effective_date` lies before `approval_date`.
    EffectiveBeforeApproval = "effective-before-approval", Warning;
    /// An author is also an approver.
    AuthorApproves = "author-approves", Warning;
    /// An author or approver by a printed name, by which nobody signs.
    PrintedName = "printed-name", Warning;
    /// The review the document promises is overdue.
    ReviewOverdue = "review-overdue", Warning;
}

impl Diagnostic {
    /// A finding of rule `code` at `span`.
    pub fn new(
        code: Code,
        span: impl Into<Option<Span>>,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            span: span.into(),
            help: help.into(),
        }
    }

    /// Whether it keeps the document from running.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
