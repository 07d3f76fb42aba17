//! Reading a long document.

use crate::bench::row::{Contender, Content, Input, Program, Role, Row};

const DOCUMENT: Input = Input::Document { blocks: 10_000 };

pub(in crate::bench) fn check() -> Row {
    let title = "check of 10,000 blocks, 11 MB, against pulldown-cmark alone as a whole process";
    let paulrun = Contender::new("paulrun", Role::Peer, Program::Peer("paulrun"), &["check", "book.md"]);
    let mask =
        Contender::new("mask", Role::Peer, Program::Peer("mask"), &["--maskfile", "book.md", "--help"]);
    reading("check", title)
        .with(mask.file("book.md", Content::Link(DOCUMENT)))
        .with(paulrun.file("book.md", Content::Link(DOCUMENT)))
        .absent("InnovationEngine", "a binary to download, in no registry here")
        .absent("rundoc", "took over five minutes for this document when it was tried")
}

pub(in crate::bench) fn plan() -> Row {
    reading("plan", "plan of 10,000 blocks, 11 MB, against pulldown-cmark alone as a whole process")
}

fn reading(verb: &'static str, title: &'static str) -> Row {
    let ours = Contender::new("ours", Role::Ours, Program::Holdpoint, &[verb, "book.md"]);
    let limit = Contender::new("pulldown-cmark", Role::Limit, Program::Limits, &["markdown", "book.md"]);
    Row::new(verb, title, 9)
        .with(ours.file("book.md", Content::Link(DOCUMENT)))
        .with(limit.file("book.md", Content::Link(DOCUMENT)))
        .time("time ÷ pulldown-cmark", "ours", "pulldown-cmark", 2.0)
        .memory("memory ÷ pulldown-cmark", "ours", "pulldown-cmark", 1.5)
}
