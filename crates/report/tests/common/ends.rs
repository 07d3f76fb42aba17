//! How blocks end, and what was expected of them.

use holdpoint_engine::*;

use super::sha256;

pub fn by(who: &str) -> By {
    By { who: format!("{who}@example.org"), via: Via::Terminal }
}

pub fn session(operator: &str) -> Session {
    Session {
        operator: format!("{operator}@example.org"),
        operator_from: "git".to_owned(),
        program: Program { version: "0.1.0".to_owned(), sha256: Some(sha256(b"program")) },
        os_user: operator.to_owned(),
        host: "bastion-1".to_owned(),
        tty: Some("/dev/pts/3".to_owned()),
        cwd: "/srv/product".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        clock_synchronised: Some(true),
        checks: None,
        commit: None,
        dirty: None,
        committed: None,
        anchor: None,
        change: None,
        unmet: Vec::new(),
    }
}

/// How an attempt ends.
#[derive(Clone)]
pub struct End {
    pub outcome: Outcome,
    pub exit: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub seconds: i64,
    pub expectations: Vec<Judged>,
    pub captures: Vec<(&'static str, String)>,
    pub kept: bool,
    pub masked: Vec<(&'static str, u64)>,
}

pub fn passed(stdout: impl AsRef<[u8]>) -> End {
    End {
        outcome: Outcome::Passed,
        exit: Some(0),
        stdout: stdout.as_ref().to_vec(),
        stderr: Vec::new(),
        seconds: 4,
        expectations: vec![held("exit code 0")],
        captures: Vec::new(),
        kept: true,
        masked: Vec::new(),
    }
}

pub fn failed(exit: i32, stderr: impl AsRef<[u8]>) -> End {
    End {
        outcome: Outcome::Failed,
        exit: Some(exit),
        stderr: stderr.as_ref().to_vec(),
        expectations: vec![broke("exit code 0", &exit.to_string())],
        ..passed("")
    }
}

pub fn held(expected: &str) -> Judged {
    Judged { expected: expected.to_owned(), came: None, held: true }
}

pub fn broke(expected: &str, came: &str) -> Judged {
    Judged { expected: expected.to_owned(), came: Some(came.to_owned()), held: false }
}
