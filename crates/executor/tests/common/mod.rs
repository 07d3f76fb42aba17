//! What tests of blocks have in common.

use std::path::Path;
use std::time::Duration;

use holdpoint_executor::Job;

/// A block named `block`, strict, without a time limit.
pub(crate) fn job(interpreter: &str, script: &str) -> Job {
    Job {
        name: "block".to_owned(),
        interpreter: interpreter.split(' ').map(str::to_owned).collect(),
        script: script.to_owned(),
        strict: true,
        env: Vec::new(),
        timeout: None,
        grace: Duration::from_millis(200),
        cwd: None,
        within: None,
    }
}

/// A runtime as blocks need it.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Whether a process of this machine has not ended.
#[allow(dead_code, reason = "not every test looks at processes")]
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with(['Z', 'X']))
}
