//! Drives a run: asks the engine what may go on, has somebody asked and blocks executed, and records what came of it.
//!
//! Runs, resumes, rehearsals and dry runs are one loop ([`Session`]) in different worlds. A world is a [`Journal`] that
//! keeps events, a [`Desk`] that answers, a [`Runner`] that executes, and an [`Observer`] that is told what happens.
//! Whoever only writes (a signature, a note, a handover) uses the session's [`Recorder`] alone.
//!
//! Nothing here is process-wide, and nothing knows of files, processes, clocks, terminals or exit codes. A world's own
//! errors pass through; what the driver itself finds wrong is a [`Fault`].

mod asking;
mod attempts;
mod doubts;
mod fault;
mod memory;
mod moment;
mod passing;
mod recorder;
mod secrets;
mod session;
mod under_way;
mod waiting;
mod walk;
mod world;

pub use doubts::Looked;
pub use fault::{Fault, NotConforming};
pub use memory::{KEPT_UNASKED, Memory};
pub use moment::{Held, Moment, Observer, Overtaken};
pub use passing::Passing;
pub use recorder::{Recorded, Recorder};
pub use secrets::Secrets;
pub use session::{Rules, Session, Stop, roll_back};
pub use world::{
    Answer, BlobStore, Desk, End, Executed, Interrupt, Journal, LeftBehind, Position, Reached, RunView,
    Runner, Script, SignedStatement, Sink, Way, Whereabouts,
};
