//! `docs/cli.md` names every verb, option, exit code and environment variable; commands that are shown exist.

use crate::none;
use crate::page::{Page, all, between, source, sources_below};

fn page() -> Page {
    Page::of("docs/cli.md")
}

/// Variants of an enum in a source, lower case.
fn variants(text: &str, head: &str) -> Vec<String> {
    let (_, body) = text.split_once(head).unwrap_or_else(|| panic!("{head} is not there"));
    let body = &body[..body.find("\n}").unwrap()];
    let starts =
        |line: &&str| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase());
    let name = |line: &str| {
        let line = line.trim();
        line[..line.find(|c: char| !c.is_alphanumeric()).unwrap_or(line.len())].to_lowercase()
    };
    let found: Vec<String> = body.lines().filter(starts).map(name).collect();
    assert!(!found.is_empty(), "{head} has no variants");
    found
}

fn verbs() -> Vec<String> {
    variants(&source("crates/cli/src/args.rs"), "pub enum Verb {")
}

/// Long options: fields under an `#[arg(… long …)]`.
fn options() -> Vec<String> {
    let parts = sources_below("crates/cli/src/args").into_iter().map(|part| format!("args/{part}"));
    let parts = parts.chain(["args.rs".to_owned()]);
    let text: String = parts.map(|part| source(&format!("crates/cli/src/{part}"))).collect();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[arg(") {
        let attribute = &text[at..at + text[at..].find(")]").unwrap()];
        if let Some(named) = between(attribute, "long = \"", '"').first() {
            found.push((*named).to_owned());
        } else if attribute.split(['(', ',', ' ']).any(|word| word == "long") {
            let field = between(&text[at..], "pub ", ':')[0];
            found.push(field.replace('_', "-"));
        }
    }
    assert!(found.len() > 10, "{} options only", found.len());
    found
}

#[test]
fn every_verb_has_a_section_and_a_row() {
    let page = page();
    let wrong = verbs().into_iter().filter(|verb| {
        let heading = page.headings.iter().any(|heading| heading.split(' ').any(|word| word == verb));
        !heading || !page.text.contains(&format!("| [`{verb}`]"))
    });
    none(wrong.collect(), "docs/cli.md has no section or no row for");
}

#[test]
fn every_option_is_told() {
    let page = page();
    let wrong = options().into_iter().filter(|option| !page.text.contains(&format!("--{option}"))).collect();
    none(wrong, "docs/cli.md does not tell these options");
}

#[test]
fn the_table_of_exit_codes_is_the_list_of_exit_codes() {
    let text = source("crates/cli/src/exit.rs");
    let known: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .map(|(_, code)| code)
        .collect();
    let page = page();
    let (_, table) = page.text.split_once("| code | means |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let listed: Vec<&str> = rows.map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    assert_eq!(listed, known);
    assert!(known.len() >= 8);
}

#[test]
fn every_choice_of_an_answers_file_is_told() {
    let page = page();
    let choices = holdpoint_document::CHOICES.iter().map(|choice| (*choice).to_owned());
    none(choices.filter(|choice| !page.names(choice)).collect(), "docs/cli.md does not tell these choices");
}

#[test]
fn every_environment_variable_that_is_read_is_told() {
    let page = page();
    let mut wrong = Vec::new();
    for file in sources_below("crates/cli/src") {
        let text = source(&format!("crates/cli/src/{file}"));
        let read = between(&text, "env::var(\"", '"').into_iter().chain(between(&text, "var_os(\"", '"'));
        wrong.extend(read.filter(|name| !page.names(name)).map(|name| format!("{name}, read in {file}")));
    }
    none(wrong, "docs/cli.md does not tell these variables");
}

/// Commands after a `$ ` in blocks, and at the beginning of lines of code blocks without a language.
fn commands() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for page in all() {
        for (info, text) in &page.fences {
            let shown = |line: &&str| info == "console" && line.starts_with("$ ") || info.is_empty();
            let lines = text.lines().filter(shown);
            found.extend(lines.map(|line| (page.path.clone(), line.trim_start_matches("$ ").to_owned())));
        }
    }
    found
}

#[test]
fn every_command_that_is_shown_exists() {
    let (verbs, options) = (verbs(), options());
    let tasks = variants(&source("crates/xtask/src/main.rs"), "enum Verb {");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (page, command) in commands() {
        let command = command.split(" # ").next().unwrap_or_default();
        let known = match command.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["holdpoint", verb, rest @ ..] => {
                let option = |word: &&&str| word.starts_with("--");
                let named =
                    |word: &&str| options.iter().any(|option| word[2..].split('=').next() == Some(option));
                verbs.iter().any(|known| known == verb) && rest.iter().filter(option).all(named)
            }
            ["cargo", "xtask", task, ..] => tasks.iter().any(|known| known == task),
            _ => continue,
        };
        seen += 1;
        if !known {
            wrong.push(format!("{page}: {command}"));
        }
    }
    assert!(seen > 25, "{seen} commands only");
    none(wrong, "commands that do not exist");
}
