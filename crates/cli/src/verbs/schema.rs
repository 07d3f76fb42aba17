//! `schema`: JSON Schemas (draft 2020-12) of what people write and of what a record holds.
//!
//! They stand beside this file. `tests/setup` holds them against what reads: those of what people write key by key
//! against the readers, which have no types to derive from; that of events against the types of events.

use crate::args::{self, SchemaOf};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;

/// Prints a schema.
pub fn schema(screen: &Screen, arguments: &args::Schema) -> Result<Exit, Problem> {
    let written = match arguments.of {
        SchemaOf::FrontMatter => include_str!("schema/front-matter.json"),
        SchemaOf::Options => include_str!("schema/options.json"),
        SchemaOf::Step => include_str!("schema/step.json"),
        SchemaOf::Expect => include_str!("schema/expect.json"),
        SchemaOf::Record => include_str!("schema/record.json"),
        SchemaOf::Signoff => include_str!("schema/signoff.json"),
        SchemaOf::Probe => include_str!("schema/probe.json"),
        SchemaOf::Config => include_str!("schema/config.json"),
        SchemaOf::Answers => include_str!("schema/answers.json"),
        SchemaOf::Events => include_str!("schema/events.json"),
    };
    screen.data(written.trim_end());
    Ok(Exit::Passed)
}
