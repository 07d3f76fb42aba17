//! Every rendering of whatever the engine took.

use std::collections::BTreeMap;

use holdpoint_engine::{Event, Stamped};
use holdpoint_report::{Absent, Kept, Material, ReportError, cast, html, json, junit, markdown, timeline};

use crate::events::fold;
use crate::text::harmless;
use crate::world::{BOOK, PLAN, blob, sha256};

pub(crate) fn rendered(bytes: &[u8]) {
    let taken = fold(bytes);
    if taken.is_empty() {
        return;
    }
    let at = |n: u64| jiff::Timestamp::from_second(1_763_900_000 + i64::try_from(n).unwrap_or(0) * 7);
    let stamped = (0..).zip(taken).map(|(n, event)| {
        let at = at(n).expect("a time");
        Stamped { n, prev: String::new(), at, event }
    });
    let events: Vec<Stamped> = stamped.collect();
    let material = Material {
        plan: &PLAN,
        document: BOOK,
        source: BOOK,
        events: &events,
        blob: &|reference| blob(reference).ok_or(Absent::Missing),
        verdict_of_verify: None,
        held: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        reviews: Vec::new(),
        reviews_wrong: None,
        anchors: Vec::new(),
        anchors_wrong: None,
        expunged: Vec::new(),
        rehearsal_wrong: None,
        zone: jiff::tz::TimeZone::UTC,
    };
    let of_this = matches!(&events[0].event, Event::RunOpened(opened)
        if opened.runbook.blob.sha256 == sha256(BOOK.as_bytes()));
    if !of_this {
        // A copy of another document would be a forgery.
        assert!(matches!(markdown(&material), Err(ReportError::OtherDocument { .. })));
        return;
    }
    let copy = markdown(&material).expect("the executed copy can be made");
    assert_eq!(markdown(&material).ok().as_deref(), Some(copy.as_str()), "made twice");
    harmless(&copy);
    let none = BTreeMap::new();
    let kept = Kept { log: b"", seal: None, signoffs: &none, expunged: &[], rehearsal: None };
    let page = html(&material, &kept).expect("the page can be made");
    harmless(&page);
    assert_eq!(page.matches("<script").count(), 2, "the record, and the proof of it");
    let summary = json(&material).expect("the summary can be made");
    assert_eq!(json(&material).ok(), Some(summary));
    let xml = junit(&material).expect("the JUnit file can be made");
    assert!(xml.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r')), "XML may not hold that");
    let cast = cast(&material).expect("the cast can be made");
    for line in cast.lines().filter(|line| !line.starts_with('#')) {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    timeline(&material);
}
