//! The engine from outside: what it asks, what it takes, what it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "tests"
)]

mod alternatives;
mod anchors;
mod blocks;
mod budgets;
mod build;
mod came;
mod capturing;
mod changing;
mod conditions;
mod correcting;
mod deviations;
mod early;
mod events;
mod expiry;
mod fake;
mod handover;
mod hours;
mod independence;
mod judging;
mod looks;
mod offered;
mod opening;
mod oracle;
mod oracle_places;
mod overriding;
mod people;
mod places;
mod properties;
mod reconcile;
mod rehearsal;

mod resume;
mod rollback;
mod rollouts;
mod same;
mod sample;
mod seen;
mod sent;
mod sessions;
mod shown;
mod soaks;
mod statuses;
mod story;
mod universe;
mod walk;
