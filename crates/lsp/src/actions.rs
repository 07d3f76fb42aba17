//! What an editor can put right: a near miss by what was probably meant, words that front matter lacks, and what `adopt`
//! proposes for a document, or for a block.

use holdpoint_document::{Code, Diagnostic as Finding, DocumentKind, Edit, Span, adopt, nearest};
use lsp_types::Range;

use crate::Read;
use crate::text::Text;

/// A change that puts a finding right.
pub(crate) struct Mend {
    pub(crate) title: String,
    /// What takes the place of what; none overlaps another.
    pub(crate) edits: Vec<(Range, String)>,
    /// The finding's number in [`Read::findings`], if it is about one.
    pub(crate) of: Option<usize>,
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
        let mend = |(title, span, by): (String, Span, String)| Mend {
            title,
            edits: vec![(text.range(span), by)],
            of: Some(of),
        };
        all.extend(meant(text, &found.finding, span).map(mend));
        all.extend(front(text, &found.finding, span).into_iter().map(mend));
        let block = block(text, read, &found.finding, span);
        all.extend(block.map(|(title, edits)| Mend { title, edits, of: Some(of) }));
    }
    all.extend(whole(text, read));
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

/// What `adopt` proposes for a document that is no run-book yet.
fn whole(text: &Text, read: &Read) -> Option<Mend> {
    let adoption = (read.plan.kind == DocumentKind::Foreign)
        .then(|| read.proposed.get_or_init(|| adopt(text.as_str(), read.config.as_ref())))
        .filter(|adoption| !adoption.edits.is_empty())?;
    let left = match (adoption.left.len(), adoption.errors.len()) {
        (0, 0) => String::new(),
        (left, errors) => format!(" ({} to decide then)", left + errors),
    };
    let title = format!("Make a run-book of this document, as `holdpoint adopt` proposes{left}");
    let edits = adoption.edits.iter().map(|edit| (text.range(edit.span), edit.text.clone())).collect();
    Some(Mend { title, edits, of: None })
}

/// What `adopt` would propose for a block of a run-book that does not say what it is: the same that it proposes in a document
/// that is none. Nothing where a value would have to be declared.
fn block(text: &Text, read: &Read, finding: &Finding, span: Span) -> Option<(String, Vec<(Range, String)>)> {
    if finding.code != Code::MissingKind {
        return None;
    }
    let source = text.as_str();
    let key = source.find("\nrunbook:").map(|at| at + 1).filter(|at| *at < span.start)?;
    let from = source[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let opening = source[from..].lines().next()?.trim_start_matches([' ', '>', '\t']);
    let mark = opening.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = opening.chars().take_while(|c| *c == mark).count();
    let closes = |line: &&str| line.trim().len() >= length && line.trim().chars().all(|c| c == mark);
    let mut to = from;
    for (number, line) in source[from..].split_inclusive('\n').enumerate() {
        to += line.len();
        if number > 0 && closes(&line) {
            break;
        }
    }
    let own = |edit: &Edit| from <= edit.span.start && edit.span.end <= to;
    let proposed = read.proposed.get_or_init(|| {
        // As long as it is, so that every place stays where it is.
        let masked = [&source[..key], "x-rbook:", &source[key + "runbook:".len()..]].concat();
        adopt(&masked, read.config.as_ref())
    });
    let edits: Vec<&Edit> = proposed.edits.iter().filter(|edit| own(edit)).collect();
    let info = edits.iter().find(|edit| edit.span.start <= span.end && span.start <= edit.span.end)?;
    let title = format!("Write `{}`: {}", info.text.lines().next()?, info.reason);
    let takes_values = edits.iter().any(|edit| edit.text.contains("${"));
    let edits = || edits.iter().map(|edit| (text.range(edit.span), edit.text.clone())).collect();
    (!takes_values).then(|| (title, edits()))
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
