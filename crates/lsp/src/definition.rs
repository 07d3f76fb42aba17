//! Where something is said: the file that a link includes, the step that a link leads to, the input behind a name.

use std::path::{Component, Path, PathBuf};

use holdpoint_document::{Span, Work, unescaped};

use crate::Read;
use crate::text::Text;

/// A place: in the document, or a whole file.
pub(crate) enum Leads {
    Here(Span),
    File(PathBuf),
}

/// Where the place at `offset` leads.
pub(crate) fn definition(path: &Path, text: &Text, read: &Read, offset: usize) -> Option<Leads> {
    let (start, line) = text.line(offset);
    if let Some(to) = link(line, offset - start) {
        return match to.strip_prefix('#') {
            Some(id) => {
                read.plan.steps.iter().find(|step| step.file.is_none() && step.id == id).map(|step| {
                    let line = step.span.of(text.as_str()).lines().next().unwrap_or_default();
                    Leads::Here(Span::new(step.span.start, step.span.start + line.len()))
                })
            }
            None => included(path, &read.root, to).map(Leads::File),
        };
    }
    let name = word(text.as_str(), offset)?;
    let input = read.plan.front.inputs.iter().find(|input| input.name == name);
    input.map(|input| Leads::Here(input.span)).or_else(|| made(read, name).map(Leads::Here))
}

/// The block that gives a value its name.
fn made(read: &Read, name: &str) -> Option<Span> {
    let own = read.plan.steps.iter().filter(|step| step.file.is_none());
    own.flat_map(|step| &step.actions).find_map(|action| {
        let names = match &action.work {
            Work::Run(block) | Work::Check(block) => {
                block.options.capture.iter().any(|capture| capture.name == name)
            }
            Work::Record { fields } => fields.iter().any(|field| field.name == name),
            _ => false,
        };
        names.then_some(action.span)
    })
}

/// The target of the link that a column stands in: `[text](target "title")`.
fn link(line: &str, column: usize) -> Option<&str> {
    let mut from = 0;
    while let Some(found) = line.get(from..)?.find("](") {
        let opens = from + found;
        let closes = line[opens..].find(')').map_or(line.len(), |at| opens + at);
        let begins = line[..opens].rfind('[').unwrap_or(opens);
        if (begins..=closes).contains(&column) {
            let to = line[opens + 2..closes].trim_start();
            return match to.strip_prefix('<') {
                Some(to) => to.split('>').next(),
                None => to.split_whitespace().next(),
            };
        }
        from = closes.max(opens + 2);
    }
    None
}

/// The file that a link leads to, where that is a file of the repository.
fn included(path: &Path, root: &Path, to: &str) -> Option<PathBuf> {
    let to = to.split('#').next().unwrap_or_default();
    if to.is_empty() || to.contains("://") || Path::new(to).is_absolute() {
        return None;
    }
    let mut whole = path.parent()?.to_owned();
    for part in Path::new(to).components() {
        match part {
            Component::Normal(name) => whole.push(&*unescaped(name.to_str()?).ok()?),
            Component::ParentDir => {
                whole.pop();
            }
            _ => {}
        }
    }
    (whole.starts_with(root) && whole.is_file()).then_some(whole)
}

/// The name around a byte.
pub(crate) fn word(text: &str, offset: usize) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.get(..offset)?;
    let start = before.trim_end_matches(is_part).len();
    let rest = &text[start..];
    let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
    (length > 0).then(|| &rest[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_from_any_place_in_it() {
        let line = "See [one](a.md \"include\") and [two](#b).";
        let told: Vec<Option<&str>> =
            [0, 4, 12, 24, 26, 31, 38, 40].map(|column| link(line, column)).to_vec();
        assert_eq!(
            told,
            [None, Some("a.md"), Some("a.md"), Some("a.md"), None, Some("#b"), Some("#b"), None]
        );
        assert_eq!(link("[open](a.md", 3), Some("a.md"));
        assert_eq!(link("ä](", 1), None);
        assert_eq!(link("[a](<my file.md> \"include\")", 6), Some("my file.md"));
    }

    #[test]
    fn a_name_is_found_from_its_first_byte_to_behind_its_last() {
        for offset in 1..=4 {
            assert_eq!(word("$A_1b-c", offset), Some("A_1b"), "{offset}");
        }
        assert_eq!(word("a + b", 2), None);
    }
}
