//! What an editor can put right: a near miss by what was probably meant, and words that front matter lacks.

use holdpoint_document::{Code, Diagnostic as Finding, Span, nearest};
use lsp_types::Range;

use crate::Read;
use crate::text::Text;

/// A change that puts a finding right.
pub(crate) struct Mend {
    pub(crate) title: String,
    pub(crate) range: Range,
    pub(crate) text: String,
    /// The finding's number in [`Read::findings`].
    pub(crate) of: usize,
}

/// What could be put right within a range.
pub(crate) fn mends(text: &Text, read: &Read, range: Range) -> Vec<Mend> {
    let (from, to) = (text.offset(range.start), text.offset(range.end));
    let mut all = Vec::new();
    for (of, found) in read.findings.iter().enumerate() {
        let Some(span) = found.finding.span.filter(|_| found.file.is_none()) else { continue };
        if span.start > to || span.end < from {
            continue;
        }
        let mend =
            |(title, span, by): (String, Span, String)| Mend { title, range: text.range(span), text: by, of };
        all.extend(meant(text, &found.finding, span).map(mend));
        all.extend(front(text, &found.finding, span).into_iter().map(mend));
    }
    all
}

/// "did you mean": of the key, the value or the word that the finding points at.
fn meant(text: &Text, finding: &Finding, span: Span) -> Option<(String, Span, String)> {
    let (_, rest) = finding.help.split_once("did you mean `")?;
    let (word, _) = rest.split_once('`')?;
    let whole = span.of(text.as_str());
    // A value may stand in quotes.
    let quote = |c: char| c == '"' || c == '\'';
    let inner = whole.trim_matches(quote);
    let start = span.start + (whole.len() - whole.trim_start_matches(quote).len());
    let span = Span::new(start, start + inner.len());
    // `runbook: 1` for a key, whose value stands behind it.
    let word = match (finding.code, word.split_once(": ")) {
        (Code::UnknownKey, Some((key, _))) => key,
        _ => word,
    };
    if inner.is_empty()
        || inner.contains('\n')
        || (nearest(inner, &[word]).is_none() && squeezed(inner) != squeezed(word))
    {
        return None;
    }
    Some((format!("Write `{word}`"), span, word.to_owned()))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What stands in the front matter: a key that is another tool's, and what becomes of prose.
fn front(text: &Text, finding: &Finding, span: Span) -> Vec<(String, Span, String)> {
    let source = text.as_str();
    let Some(at) = source.find("---").map(|at| at + 3).filter(|at| source[*at..].starts_with(['\n', '\r']))
    else {
        return Vec::new();
    };
    let line = at + source[at..].find('\n').map_or(0, |end| end + 1);
    let here = Span::new(line, line);
    match finding.code {
        Code::LostStep => [true, false]
            .map(|manual| {
                let what = if manual { "Have prose confirmed" } else { "Prose is only read" };
                (format!("{what}: `manual: {manual}`"), here, format!("manual: {manual}\n"))
            })
            .into(),
        Code::KeptKey => {
            let key = span.of(source);
            let title = format!("Keep `{key}` for another tool");
            match source[..].find("\nkeep: [").map(|at| at + "\nkeep: [".len()) {
                Some(at) if !source[at..].starts_with(']') => {
                    vec![(title, Span::new(at, at), format!("{key}, "))]
                }
                Some(at) => vec![(title, Span::new(at, at), key.to_owned())],
                None if source.contains("\nkeep:") => Vec::new(),
                None => vec![(title, here, format!("keep: [{key}]\n"))],
            }
        }
        _ => Vec::new(),
    }
}
