//! The engine from outside: what it asks, what it takes, what it refuses.

mod blocks;
mod build;
mod conditions;
mod deviations;
mod events;
mod judging;
mod people;
mod resume;
mod rollback;
mod story;
