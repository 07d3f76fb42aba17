//! What a helper is told before it starts, and what stops it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

/// Takes what a helper says on standard error, line by line.
pub(crate) type Hear = Box<dyn FnMut(&[u8]) + Send>;

/// A program to be asked.
pub struct Helper {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) directory: Option<PathBuf>,
    /// Variables that it gets, and those that it does not.
    pub(crate) variables: Vec<(OsString, Option<OsString>)>,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) alone: bool,
    pub(crate) limit: Option<Duration>,
    pub(crate) most: u64,
    pub(crate) hear: Option<Hear>,
    pub(crate) moments: (Sender<Moment>, Receiver<Moment>),
}

/// Ends a helper from elsewhere, before it starts or while it runs.
#[derive(Clone, Debug)]
pub struct Stop(pub(crate) Sender<Moment>);

impl Stop {
    /// Ends it now. Nothing happens where it has ended.
    pub fn now(&self) {
        let _ = self.0.send(Moment::Stop);
    }
}

/// What can happen.
#[derive(Debug)]
pub(crate) enum Moment {
    Ended(io::Result<ExitStatus>),
    /// Its output is at an end, or longer than it may be.
    Printed(io::Result<Vec<u8>>),
    /// It has said all.
    Said(Vec<u8>),
    Stop,
}
