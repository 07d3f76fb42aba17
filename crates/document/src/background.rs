//! What the title of a section says of it: whether it is there to be read only.

/// Sections that are only read, whatever stands in them but boxes to tick.
const BACKGROUND: &str = "\
    abbreviations, acronyms, acronyms and abbreviations, appendices, audience, authors, bibliography, \
    change history, change log, changelog, contents, definitions, definitions and abbreviations, \
    definitions and acronyms, distribution list, document control, document history, external references, \
    further reading, glossary, goal, goals, history, intended audience, license, links, more information, \
    non-goals, objective, objectives, out of scope, purpose, purpose and scope, reference, references, \
    related documents, related links, related reading, resources, responsibilities, revision history, \
    roles and responsibilities, scope, see also, table of contents, terminology, terms, terms and definitions, \
    toc, useful links, version history";

/// Sections that are only read where they hold nothing to do.
const INTRODUCTION: &str = "\
    about, about this document, abstract, architecture, background, context, description, introduction, \
    motivation, overview, rationale, summary";

/// What the title of a section says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It is there to be read.
    Background,
    /// It is there to be read, unless it holds something to do.
    Introduction,
    /// Neither.
    Work,
}

/// What a title says; its number does not matter.
pub(crate) fn reading(title: &str) -> Reading {
    let title = title.trim_start_matches(|c: char| !c.is_alphabetic());
    let title = title.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is = |titles: &str| titles.split(", ").any(|one| one == title);
    if is(BACKGROUND) {
        Reading::Background
    } else if is(INTRODUCTION) {
        Reading::Introduction
    } else {
        Reading::Work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_what_is_only_read() {
        for (title, wanted) in [
            ("Purpose", Reading::Background),
            ("**References**", Reading::Background),
            ("2.1) Scope", Reading::Background),
            ("Overview", Reading::Introduction),
            ("Purpose of the restart", Reading::Work),
            ("Restart", Reading::Work),
        ] {
            assert_eq!(reading(title), wanted, "{title}");
        }
    }
}
