//! What looking into an output may take, and what is said where it takes too long: found by changing the code.

use holdpoint_engine::Outcome;
use holdpoint_model::{Expected, Matcher};

use crate::judging::{complaints, expecting, judged, printed};

#[test]
fn thousands_of_texts_that_are_looked_for_in_a_large_output_take_no_more_than_there_is() {
    let large = "a".repeat(2_000_000);
    let texts = (0..2000).map(|n| Expected::Stdout(Matcher::NotContains(format!("b{n}"))));
    let judgement = judged(&expecting(texts.collect::<Vec<_>>()), &printed(&large));
    assert_eq!(judgement.outcome, Outcome::Passed, "{:?}", complaints(&judgement).first());
}

#[test]
fn a_pattern_that_the_document_itself_writes_is_judged_whatever_it_takes() {
    // Whether it says something was looked at when the document was read.
    let written = judged(&expecting([Expected::Stdout(Matcher::Matches(".*".into()))]), &printed("x"));
    assert_eq!(written.outcome, Outcome::Passed, "{:?}", complaints(&written));
    let came =
        judged(&expecting([Expected::Stdout(Matcher::Matches(".*{{ NOTHING }}".into()))]), &printed("x"));
    assert_eq!(came.outcome, Outcome::Failed);
}
