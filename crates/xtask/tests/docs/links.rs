//! Links between pages resolve, and decisions are numbered without gaps.

use std::path::Path;

use crate::none;
use crate::page::{Page, all, root};

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    heading.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let pages = all();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in &pages {
        for link in page.links.iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            seen += 1;
            let (path, fragment) =
                link.split_once('#').map_or((link.as_str(), None), |(path, f)| (path, Some(f)));
            let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
            let target = match path {
                "" => root().join(&page.path),
                _ => root().join(folder).join(path),
            };
            let Ok(target) = target.canonicalize() else {
                wrong.push(format!("{}: {link}: no such file", page.path));
                continue;
            };
            let Some(fragment) = fragment else { continue };
            let relative =
                target.strip_prefix(root().canonicalize().unwrap()).unwrap().to_string_lossy().into_owned();
            let there = Page::of(&relative).headings.iter().any(|heading| anchor(heading) == fragment);
            if !there {
                wrong.push(format!("{}: {link}: no such heading", page.path));
            }
        }
    }
    assert!(seen > 60, "{seen} links only");
    none(wrong, "links that lead nowhere");
}

#[test]
fn the_site_has_every_page_and_no_other() {
    let summary = Page::of("docs/SUMMARY.md");
    let listed: Vec<String> = summary.links.iter().map(|link| format!("docs/{link}")).collect();
    let pages = all().into_iter().map(|page| page.path);
    let mut pages: Vec<String> =
        pages.filter(|path| path.starts_with("docs/") && *path != summary.path).collect();
    pages.sort();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(sorted, pages, "docs/SUMMARY.md lists what `cargo xtask site` builds");
}

#[test]
fn decisions_are_numbered_in_order_and_all_are_listed() {
    let mut names: Vec<String> = std::fs::read_dir(root().join("docs/decisions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    let index = Page::of("docs/decisions/README.md");
    for (number, name) in (1..).zip(&names) {
        assert!(name.starts_with(&format!("{number:03}-")), "{name} should be number {number}");
        assert!(index.links.contains(name), "docs/decisions/README.md does not list {name}");
        let text = Page::of(&format!("docs/decisions/{name}")).text;
        assert!(text.starts_with(&format!("# {number:03}: ")), "{name} says another number");
        for part in ["**Context.**", "**Decision.**", "**Alternatives.**", "**Consequences.**"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
    }
}
