//! Every verb through the real binary, in a hermetic place.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(missing_docs, unreachable_pub, reason = "a test binary: nothing of it can be reached from outside")]

mod adopt;
mod again;
mod audit;
mod bad_input;
mod blocks;
mod changes;
mod cli;
mod compared;
mod contained;
mod corrected;
mod covered;
mod dry_run;
mod early;
mod ended;
mod exchanged;
mod expunged;
mod five_hundred;
mod floods;
mod foretold;
mod forged;
mod found;
mod gate;
mod hanging;
mod held;
mod hours;
mod included;
mod lapsed;
mod lints;
mod listed;
mod looked;
mod misplaced;
mod named;
mod nothing;
mod offered;
mod policy;
mod real;
mod rolled_back;
mod runs;
mod same;
mod sealed;
mod support;
mod surveyed;
mod targets;
mod titles;
mod told;
mod unknowns;
mod unrendered;
mod values;
mod verdicts;
#[path = "../common/waiting.rs"]
mod waiting;
