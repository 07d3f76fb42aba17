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
    let name = match arguments.of {
        SchemaOf::FrontMatter => "front-matter",
        SchemaOf::Options => "options",
        SchemaOf::Step => "step",
        SchemaOf::Expect => "expect",
        SchemaOf::Record => "record",
        SchemaOf::Signoff => "signoff",
        SchemaOf::Probe => "probe",
        SchemaOf::Config => "config",
        SchemaOf::Answers => "answers",
        SchemaOf::Events => "events",
        SchemaOf::Moments => "moments",
    };
    screen.data(named(name).trim_end());
    Ok(Exit::Passed)
}

/// The schema of this name; nothing where there is none.
pub fn named(name: &str) -> &'static str {
    match name {
        "front-matter" => include_str!("schema/front-matter.json"),
        "options" => include_str!("schema/options.json"),
        "step" => include_str!("schema/step.json"),
        "expect" => include_str!("schema/expect.json"),
        "record" => include_str!("schema/record.json"),
        "signoff" => include_str!("schema/signoff.json"),
        "probe" => include_str!("schema/probe.json"),
        "config" => include_str!("schema/config.json"),
        "answers" => include_str!("schema/answers.json"),
        "events" => include_str!("schema/events.json"),
        "moments" => include_str!("schema/moments.json"),
        _ => "",
    }
}
