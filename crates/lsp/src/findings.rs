//! Findings as an editor shows them.

use holdpoint_document::{Diagnostic as Finding, Severity};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Uri,
};

use crate::text::Text;
use crate::{Found, Read};

/// Who found them.
pub(crate) const SOURCE: &str = "holdpoint";

/// What is wrong with a document. What is wrong with a file that it includes stands at its top, and leads there.
pub(crate) fn diagnostics(
    text: &Text,
    read: &Read,
    uri: impl Fn(&std::path::Path) -> Option<Uri>,
) -> Vec<Diagnostic> {
    read.findings.iter().map(|found| diagnostic(text, found, &uri)).collect()
}

fn diagnostic(text: &Text, found: &Found, uri: impl Fn(&std::path::Path) -> Option<Uri>) -> Diagnostic {
    let Found { finding, file } = found;
    let mut shown = Diagnostic {
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(finding.code.as_str().to_owned())),
        source: Some(SOURCE.to_owned()),
        message: told(finding),
        ..Diagnostic::default()
    };
    match (file, finding.span) {
        (None, Some(span)) => shown.range = text.range(span),
        (Some((path, inner)), span) => {
            let range = span.map(|span| Text::new(inner.clone()).range(span));
            shown.message = format!("{}: {}", path.display(), shown.message);
            shown.related_information = uri(path).map(|uri| {
                let location = Location::new(uri, range.unwrap_or_default());
                vec![DiagnosticRelatedInformation { location, message: finding.message.to_string() }]
            });
        }
        (None, None) => shown.range = Range::default(),
    }
    shown
}

fn told(finding: &Finding) -> String {
    format!("{}\nhelp: {}", finding.message, finding.help)
}
