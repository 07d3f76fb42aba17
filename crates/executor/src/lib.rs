//! One script → how it ended and what it printed, somewhere. Knows no run-books.
//!
//! # What a block can rely on
//!
//! - One process that leads a session and a process group of its own, without a terminal; standard input `/dev/null`, standard output and error apart.
//! - What it writes to the FIFO `$HOLDPOINT_SECRETS` as `NAME=value` is handed to the caller before anything that it
//!   prints afterwards.
//! - Shells (`bash`; `sh`, `dash`, `ash`) begin where the block before ended: working directory, exported and plain
//!   variables, and in bash arrays and the attributes integer, lower, upper and nameref. Read-only variables come
//!   back writable. Functions, aliases, options, traps and positional parameters do not cross.
//! - On a terminal of its own ([`Local::run_on_terminal`]): the three standard descriptors are a pty, the block's main
//!   process leads its session, and what the block leaves in the background is hung up with it.
//! - Any other interpreter is called as `INTERPRETER SCRIPTFILE` with environment and working directory; nothing
//!   comes back from it.
//! - A script that ends by itself keeps its state whatever its exit code; one that a signal ended does not.
//!
//! # What this crate does not do
//!
//! It does not judge an outcome, keep a record, mask secrets, catch Ctrl-C or talk to a terminal: a block may be given
//! one of its own, and what its operator types and sees goes through the caller.

mod dump;
mod ended;
mod ending;
mod exit;
mod fleeting;
mod group;
mod interpreter;
mod job;
mod limit;
mod local;
mod names;
mod outlet;
mod prepare;
mod progress;
mod pty;
mod registry;
mod remote;
mod scratch;
mod session;
mod shell;
mod spawn;
mod state;
mod streams;
mod syntax;
mod terminal;
mod unquote;
mod waiting;
mod watch;
mod window;

pub use fleeting::{FleetingDir, fleeting_file};
pub use group::ProcessGroup;
pub use job::{Ended, How, Job, Stream};
pub use local::Local;
pub use remote::{
    Attempt, Came, Had, Held, Identity, Kept, Probed, Remote, Setting, Sink, Standing, Unreachable, Ways,
};
pub use state::{Array, Damaged, State, Text};
pub use syntax::{Asked, SyntaxError, Unchecked, syntax_error, syntax_errors};
pub use window::{Display, Input, Size};
