//! A page of documentation, read as Markdown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    holdpoint_xtask::workspace()
}

/// A page by its path from the root.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) headings: Vec<String>,
    /// Info string and content.
    pub(crate) fences: Vec<(String, String)>,
    pub(crate) links: Vec<String>,
    /// What stands in backticks.
    pub(crate) codes: Vec<String>,
}

impl Page {
    pub(crate) fn of(path: &str) -> Page {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (mut headings, mut fences, mut links, mut codes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut heading, mut fence) = (None::<String>, None::<(String, String)>);
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => headings.extend(heading.take()),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    fence = Some((info.to_string(), String::new()));
                }
                Event::End(TagEnd::CodeBlock) => fences.extend(fence.take()),
                Event::Start(Tag::Link { dest_url, .. }) => links.push(dest_url.to_string()),
                Event::Text(part) | Event::Code(part) => {
                    if fence.is_none() && text[range].starts_with('`') {
                        codes.push(part.to_string());
                    }
                    for text in heading.iter_mut().chain(fence.as_mut().map(|(_, content)| content)) {
                        text.push_str(&part);
                    }
                }
                _ => {}
            }
        }
        Page { path: path.to_owned(), headings, fences, links, codes, text }
    }

    /// The text of every section whose heading names `what` in backticks, joined.
    pub(crate) fn sections_about(&self, what: &str) -> String {
        let (mut within, mut found) = (None::<HeadingLevel>, String::new());
        for (event, range) in Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    if self.text[range.clone()].contains(&format!("`{what}`")) {
                        within = Some(level);
                    } else if within.is_some_and(|outer| level <= outer) {
                        within = None;
                    }
                }
                Event::Start(Tag::Table(_) | Tag::Paragraph | Tag::CodeBlock(_)) if within.is_some() => {
                    found.push_str(&self.text[range]);
                    found.push('\n');
                }
                _ => {}
            }
        }
        found
    }

    /// Whether `word` stands in backticks anywhere, alone or as a part of something longer.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        let words = |code: &String| {
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
            words.any(|part| part == word)
        };
        self.codes.iter().any(words)
    }

    /// Whether `word` stands in backticks anywhere, alone or as the first of several words.
    pub(crate) fn names(&self, word: &str) -> bool {
        names(&self.text, word)
    }
}

/// Whether `word` stands in backticks in `text`, alone or as the first of several words.
pub(crate) fn names(text: &str, word: &str) -> bool {
    [format!("`{word}`"), format!("`{word} "), format!("`{word}:")].iter().any(|quoted| text.contains(quoted))
}

/// Every page: Markdown at the root and in `docs`, and beside examples.
pub(crate) fn all() -> Vec<Page> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git lists no files");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let ours = |path: &&str| {
        root().join(path).is_file()
            && (!path.contains('/') || path.starts_with("docs/") || path.ends_with("README.md"))
    };
    let pages: Vec<Page> = listed.lines().filter(ours).map(Page::of).collect();
    assert!(pages.len() > 10, "{} pages only: were they moved?", pages.len());
    pages
}

/// The text of a source file.
pub(crate) fn source(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder of sources, by its path from that folder, sorted.
pub(crate) fn sources_below(folder: &str) -> Vec<String> {
    fn visit(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.file_type().unwrap().is_dir() {
                true => visit(&entry.path(), &format!("{name}/"), found),
                false if name.ends_with(".rs") => found.push(name),
                false => {}
            }
        }
    }
    let mut found = Vec::new();
    visit(&root().join(folder), "", &mut found);
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no sources");
    found
}

/// What stands between `open` and `close`, each time.
pub(crate) fn between<'t>(text: &'t str, open: &str, close: char) -> Vec<&'t str> {
    text.match_indices(open)
        .filter_map(|(at, open)| {
            let rest = &text[at + open.len()..];
            rest.find(close).map(|end| &rest[..end])
        })
        .collect()
}
