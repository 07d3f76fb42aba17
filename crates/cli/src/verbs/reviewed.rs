//! What is told of reviews.

use holdpoint_record::Reviewed;
use holdpoint_view::ReviewFacts;
use jiff::tz::TimeZone;

/// What is told of a review everywhere.
pub fn facts(reviewed: &Reviewed) -> ReviewFacts {
    let Reviewed { review, signed, unlisted } = reviewed;
    ReviewFacts {
        number: review.number,
        what: review.kind.words().to_owned(),
        text: review.text.clone(),
        verdict: review.verdict.clone(),
        who: review.reviewer.principal.clone(),
        name: review.reviewer.name.clone(),
        time: review.at.time.clone(),
        key: signed.key.clone(),
        listed: unlisted.is_none(),
    }
}

/// A review on one line.
pub fn words(review: &ReviewFacts) -> String {
    let ReviewFacts { number, what, text, who, name, time, listed, .. } = review;
    let at = holdpoint_report::clock_of(time, &TimeZone::system());
    let unlisted = if *listed { "" } else { ", with a key that its own signers do not list" };
    format!("{number}, {what} by {name} ({who}), {at}{unlisted}: {text}")
}
