//! Everything that can go wrong becomes message, help and exit code here, and nowhere else.

use std::fmt;

use holdpoint_document::{Diagnostic, Severity};
use holdpoint_record::DiskError;
use miette::{LabeledSpan, NamedSource, SourceCode};

use crate::exit::Exit;
use crate::secrets::masked;

/// Why a verb did not do what it was asked. Outcomes of runs are not problems.
#[derive(Debug)]
pub struct Problem {
    /// The program's exit code.
    pub exit: Exit,
    message: String,
    help: Option<String>,
    findings: Vec<Finding>,
}

/// One finding in a named text.
#[derive(Debug)]
pub struct Finding {
    diagnostic: Diagnostic,
    source: NamedSource<String>,
}

impl Finding {
    /// A finding in the text called `name`.
    pub fn new(name: &str, text: &str, diagnostic: Diagnostic) -> Finding {
        Finding { diagnostic, source: NamedSource::new(name, text.to_owned()) }
    }
}

impl Problem {
    fn new(exit: Exit, message: impl Into<String>, help: impl Into<String>) -> Problem {
        let help = help.into();
        Problem {
            exit,
            message: message.into(),
            help: (!help.is_empty()).then_some(help),
            findings: Vec::new(),
        }
    }

    /// Asked for in a way that cannot be done.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Usage, message, help)
    }

    /// Refused by a rule of the environment.
    pub fn refused(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Refused, message, help)
    }

    /// The record is not what it was.
    pub fn record(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Record, message, help)
    }

    /// A fault of ours, or of the machine.
    pub fn fault(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(Exit::Fault, message, help)
    }

    /// The file system refused while nothing was being executed: what may be missing or forbidden is for whoever asked
    /// to see to, and the rest is the machine's fault. Neither says anything about a record.
    pub fn disk(error: &DiskError, message: impl Into<String>) -> Problem {
        use std::io::ErrorKind::{AlreadyExists, NotADirectory, NotFound, PermissionDenied};
        match error.cause.kind() {
            AlreadyExists | NotADirectory | NotFound | PermissionDenied => {
                Problem::usage(message, "Nothing was executed. Look at the path and its permissions.")
            }
            _ => Problem::fault(message, "Nothing was executed. Make room or mend the disk, then try again."),
        }
    }

    /// Errors in a document, a configuration or an answers file.
    pub fn findings(message: impl Into<String>, findings: Vec<Finding>) -> Problem {
        Problem { findings, ..Problem::new(Exit::Usage, message, "") }
    }

    /// Writes it for people.
    pub fn print(&self) {
        for finding in &self.findings {
            crate::screen::say(&render(finding));
        }
        let tail: &dyn miette::Diagnostic = self;
        crate::screen::say(render(tail).trim_end());
    }
}

/// A diagnostic as people read it: with its source line where there is one.
pub fn render(diagnostic: &dyn miette::Diagnostic) -> String {
    use miette::{GraphicalReportHandler, GraphicalTheme};
    let theme = match (crate::screen::colours(), crate::screen::is_terminal()) {
        (true, _) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    match handler.render_report(&mut out, diagnostic) {
        Ok(()) => out,
        Err(_) => diagnostic.to_string(),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Before it is broken into lines.
        f.write_str(&masked(&self.message))
    }
}

impl std::error::Error for Problem {}

impl miette::Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(masked(help)) as Box<dyn fmt::Display>)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.diagnostic.message))
    }
}

impl std::error::Error for Finding {}

impl miette::Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code.as_str()))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(masked(&self.diagnostic.help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.diagnostic.span.is_some().then_some(&self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.diagnostic.span?;
        let label = LabeledSpan::new(Some("here".to_owned()), span.start, span.end - span.start);
        Some(Box::new(std::iter::once(label)))
    }
}
