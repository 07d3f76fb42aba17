//! The local executor keeps what every executor promises, and what only it can.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;
#[macro_use]
mod conformance;
mod local_only;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use conformance::{Executor, World};
use holdpoint_executor::{Ended, Job, Local, ProcessGroup, State, Stream};

/// This machine.
struct Here {
    local: Local,
    home: tempfile::TempDir,
}

impl Executor for Here {
    fn open(_test: &str) -> Option<Here> {
        Some(Here { local: Local::new().unwrap(), home: tempfile::tempdir().unwrap() })
    }

    fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    fn is_alive(&self, pid: i32) -> bool {
        common::is_alive(pid)
    }

    async fn run(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        on_start: impl FnOnce(ProcessGroup),
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        self.local.run(job, state, interrupt, on_start, on_output).await
    }
}

conformance!(crate::Here, and ends with its driver);
