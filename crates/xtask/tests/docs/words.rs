//! What people read keeps to the style page: the section "How we write" of `CONTRIBUTING.md`, and the glossary.

use std::fs;
use std::path::Path;
use std::process::Command;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, ItemMod, LitStr};

use crate::none;
use crate::page::root;

/// What is not written, and what to write instead.
const RULES: &[(&str, &str)] = &[
    ("please", "say what to do"),
    ("kindly", "say what to do"),
    ("successfully", "say what happened"),
    ("sorry", "say what happened"),
    ("oops", "say what happened"),
    ("unfortunately", "say what happened"),
    ("obviously", "leave it out"),
    ("it should be noted", "leave it out"),
    ("in order to", "to"),
    ("so as to", "to"),
    ("utilize", "use"),
    ("utilise", "use"),
    ("leverage", "use"),
    ("prior to", "before"),
    ("subsequent to", "after"),
    ("whilst", "while"),
    ("in case of", "if, or when"),
    ("in the event of", "if, or when"),
    ("with regard to", "about"),
    ("at this point in time", "now"),
    ("e.g.", "for example"),
    ("i.e.", "that is"),
    ("resp.", "or"),
    ("and/or", "or"),
    ("run book is", "run-book is"),
    ("run books", "run-books"),
    ("sign off by", "sign-off by"),
    ("signoff by", "sign-off by"),
    ("performs a rollback", "rolls back"),
    ("blacklist", "what it lists"),
    ("whitelist", "what it lists"),
    ("master branch", "the branch's name"),
];

/// Sentences that are others' own: file, and what stands there.
const QUOTED: &[(&str, &str)] = &[
    // The style page names what it forbids.
    ("CONTRIBUTING.md", "please"),
    ("CONTRIBUTING.md", "successfully"),
];

/// The rules that `text` breaks.
fn broken(text: &str) -> Vec<&'static (&'static str, &'static str)> {
    let text = text.to_lowercase().replace('\n', " ");
    let word = |c: char| c.is_alphanumeric();
    let holds = |phrase: &str| {
        text.match_indices(phrase).any(|(at, _)| {
            !text[..at].ends_with(word)
                && (phrase.ends_with('.') || !text[at + phrase.len()..].starts_with(word))
        })
    };
    RULES.iter().filter(|(phrase, _)| holds(phrase)).collect()
}

/// The sentences of a page: its paragraphs, cells and headings, without code.
fn sentences(markdown: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut fence = false;
    for event in
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS)
    {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::MetadataBlock(_)) => fence = true,
            Event::End(TagEnd::CodeBlock | TagEnd::MetadataBlock(_)) => fence = false,
            Event::Text(part) if !fence => found.last_mut().unwrap().push_str(&part),
            Event::SoftBreak | Event::HardBreak => found.last_mut().unwrap().push(' '),
            Event::Code(_) => found.last_mut().unwrap().push('…'),
            Event::End(_) => found.push(String::new()),
            _ => {}
        }
    }
    found
}

/// The texts of a source file that have a blank in them, help and docstrings too, without its tests.
fn literals(source: &str) -> Vec<String> {
    struct Texts(Vec<String>);
    fn is_test(attributes: &[Attribute]) -> bool {
        attributes.iter().any(|attribute| match &attribute.meta {
            syn::Meta::List(list) => attribute.path().is_ident("cfg") && list.tokens.to_string() == "test",
            _ => attribute.path().is_ident("test"),
        })
    }
    impl<'ast> Visit<'ast> for Texts {
        fn visit_lit_str(&mut self, text: &'ast LitStr) {
            self.0.push(text.value());
        }
        fn visit_macro(&mut self, makes: &'ast syn::Macro) {
            for token in makes.tokens.clone() {
                self.token(token);
            }
        }
        fn visit_item_mod(&mut self, item: &'ast ItemMod) {
            if !is_test(&item.attrs) {
                visit::visit_item_mod(self, item);
            }
        }
        fn visit_item_fn(&mut self, item: &'ast ItemFn) {
            if !is_test(&item.attrs) {
                visit::visit_item_fn(self, item);
            }
        }
    }
    impl Texts {
        /// What stands in a macro's brackets is no syntax tree.
        fn token(&mut self, token: proc_macro2::TokenTree) {
            match token {
                proc_macro2::TokenTree::Group(group) => {
                    group.stream().into_iter().for_each(|token| self.token(token))
                }
                proc_macro2::TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.0.push(text.value());
                    }
                }
                _ => {}
            }
        }
    }
    let mut texts = Texts(Vec::new());
    texts.visit_file(&syn::parse_file(source).unwrap());
    texts.0.retain(|text| text.trim().contains(' '));
    texts.0
}

fn tracked(patterns: &[&str]) -> Vec<String> {
    let listed =
        Command::new("git").arg("-C").arg(root()).args(["ls-files", "--"]).args(patterns).output().unwrap();
    String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn what_people_read_keeps_to_the_style_page() {
    let (mut wrong, mut seen, mut quoted) = (Vec::new(), 0, vec![false; QUOTED.len()]);
    let pages = tracked(&["*.md", ":!tests", ":!crates/*/tests"]);
    for path in pages.into_iter().chain(tracked(&["crates/*/src/**/*.rs", "crates/*/src/*.rs"])) {
        if Path::new(&path).file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests")) {
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).unwrap();
        // Most sources hold none of the phrases anywhere, however their lines are broken, and need not be parsed.
        seen += text.lines().count();
        let one_line: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c == '\\').filter(|part| !part.is_empty()).collect();
        if broken(&one_line.join(" ")).is_empty() {
            continue;
        }
        let texts = if path.ends_with(".md") { sentences(&text) } else { literals(&text) };
        for text in texts {
            for (phrase, instead) in broken(&text) {
                match QUOTED.iter().position(|known| *known == (&*path, *phrase)) {
                    Some(known) => quoted[known] = true,
                    None => {
                        wrong.push(format!("{path}: \"{phrase}\" (write: {instead}) in: {}", text.trim()))
                    }
                }
            }
        }
    }
    assert!(seen > 50_000, "{seen} lines only");
    let gone = QUOTED.iter().zip(quoted).filter(|(_, quoted)| !quoted);
    wrong.extend(gone.map(|((path, phrase), _)| format!("{path}: \"{phrase}\" stands there no more")));
    none(wrong, "not as CONTRIBUTING.md, \"How we write\", says");
}

#[test]
fn a_phrase_is_found_in_a_paragraph_a_cell_a_message_and_a_macro_and_in_no_code() {
    let markdown = "Do it in\norder to win.\n\n| a |\n|---|\n| Please go |\n\n`please`\n\n```\nplease\n```\n";
    let found: Vec<&str> =
        sentences(markdown).iter().flat_map(|text| broken(text)).map(|(phrase, _)| *phrase).collect();
    assert_eq!(found, ["in order to", "please"]);

    let source = r#"
        /// Kindly wait.
        fn told() { say("Sorry to say"); format!("see {} {}", one, ["prior to it"]); let pleased = "pleased to"; }
        #[cfg(test)] mod tests { const T: &str = "please do"; }
        #[test] fn one() { say("please do"); }
    "#;
    let found: Vec<&str> =
        literals(source).iter().flat_map(|text| broken(text)).map(|(phrase, _)| *phrase).collect();
    assert_eq!(found, ["kindly", "sorry", "prior to"]);
}
