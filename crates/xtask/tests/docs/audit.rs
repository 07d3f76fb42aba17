//! The clause tables tell what the tests show.

use std::collections::BTreeSet;

use holdpoint_xtask::audit::{PAGE, page};

use crate::none;
use crate::page::{Page, root};

#[test]
fn the_clause_tables_are_what_is_made_of_their_data_and_of_the_tests_that_are_there() {
    let made = page(&root()).unwrap();
    assert!(Page::of(PAGE).text == made, "{PAGE} is not what `cargo xtask audit` makes");
}

#[test]
fn every_clause_that_is_asked_for_has_a_row() {
    let text = Page::of(PAGE).text;
    let asked =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"].map(|letter| format!("11.10 ({letter})"));
    let others =
        ["11.50", "11.70", "11.100", "11.200", "11.300", "5.8.1", "5.8.7", "8.2.6"].map(str::to_owned);
    let annex = (4..=17).map(|clause| if clause == 7 { "7.1".to_owned() } else { clause.to_string() });
    let alcoa =
        "attributable legible contemporaneous original accurate complete consistent enduring available";
    let all = asked.into_iter().chain(others).chain(annex).chain(alcoa.split(' ').map(str::to_owned));
    let gone = all.filter(|clause| !text.contains(&format!("\n| {clause} "))).collect();
    none(gone, "docs/audit.md has no row for");
}

#[test]
fn it_claims_support_and_never_compliance() {
    let text = Page::of(PAGE).text.to_lowercase();
    assert!(text.contains("it supports compliance and claims none"));
    let claims = ["is compliant", "complies with", "ensures compliance", "guarantees"];
    none(claims.iter().filter(|claim| text.contains(**claim)).map(|c| (*c).to_owned()).collect(), "claims");
    let sentences: BTreeSet<&str> = text.matches("](../crates/").collect();
    assert!(!sentences.is_empty() && text.matches("](../crates/").count() > 90);
}
