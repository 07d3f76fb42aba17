//! What is asked of a place, and what it said of itself.

use std::time::Duration;

use holdpoint_model::Become;

use crate::Stream;
use crate::progress::Stop;

/// Which start of which place: what is recorded before anything is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Boot id, start of process 1 and pid namespace: another after every restart of a machine or container.
    pub boot: String,
    /// A random word kept on the place's disk: another on another disk.
    pub store: String,
}

/// One try to run one block.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// A name that no other attempt ever has: letters, digits and `-`.
    pub id: String,
    /// The place as it was recorded before the start. A place that is another one by now refuses.
    pub identity: Identity,
    /// Names of variables of [`crate::Job::env`] that hold secrets. They are unset before what carries over is told.
    pub secrets: Vec<String>,
    /// All secrets that what it prints is masked by, by name. Who takes it up and does not know them gets nothing that it prints.
    pub known: Vec<(String, String)>,
}

/// How a place's blocks run.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// Whom blocks become there.
    pub r#become: Option<Become>,
    /// As whom, through that; `None`: as root.
    pub as_user: Option<String>,
    /// Their umask, octal digits; `None`: the one of this process.
    pub umask: Option<u32>,
    /// How long a place that cannot be reached is tried, beyond its block's time limit. `None`: ten minutes.
    pub patience: Option<Duration>,
}

/// What is known of a block whose place cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing of it was sent: it has not begun there, and no doubt is possible.
    NotBegun,
    /// It was sent; whether it has begun is not known here.
    Unknown,
    /// It has begun, and goes on there.
    Begun,
}

/// Hears of a block on a place while it runs there.
pub trait Sink {
    /// The block has begun.
    fn on_begun(&mut self) {}

    /// The block registered a secret. Called before `on_output` gets anything that was printed afterwards.
    ///
    /// # Errors
    /// Why it cannot be one. The block is stopped, and nothing more of its output is handed on.
    fn on_secret(&mut self, name: &str, value: &str) -> Result<(), String>;

    /// More output, in order, at most 1 MiB; when it came, since the block began.
    ///
    /// # Errors
    /// It cannot be taken: the block is stopped.
    fn on_output(&mut self, stream: Stream, bytes: &[u8], at: Duration) -> std::io::Result<()>;

    /// The line is cut, for this reason, and so much is known of the block; the place is called anew, again and again,
    /// until it is reached. The block begins once at the most, however often it is called.
    fn on_cut(&mut self, _why: &str, _standing: Standing) {}

    /// The place is reached again.
    fn on_healed(&mut self) {}
}

/// What a place said of itself when it was first reached.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    pub(crate) identity: Identity,
    /// Who tells a signal from an exit code there.
    pub(crate) how: String,
    pub(crate) home: String,
    pub(crate) base: String,
    pub(crate) temporary: String,
    pub(crate) host: String,
    pub(crate) user: String,
}

/// A stop that the caller asked for.
pub(crate) fn interrupted(why: &str) -> Option<Stop> {
    match why {
        "limit" => Some(Stop::TimedOut),
        "stop" => Some(Stop::Interrupted),
        _ => None,
    }
}
