//! Records to test on.
#![allow(dead_code, reason = "each test binary uses some of it")]

pub(crate) mod sample;

use std::path::{Path, PathBuf};

use holdpoint_engine::{
    BlobRef, By, EnvironmentSeen, Event, Finished, Outcome, Output, Program, RunOpened, Runbook, Session,
    Started, Verdict, Via,
};
use holdpoint_model::Assurance;
use holdpoint_record::{LOG, RunDir, Store, Writer};
use jiff::Timestamp;

pub(crate) const RUNBOOK: &[u8] = b"# Promote\n";
pub(crate) const STDOUT: &[u8] = b"deployed\n";

/// A store in a directory of its own.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join(".holdpoint/runs"));
        Bench { dir, store }
    }

    /// A run with its first event, being driven.
    pub(crate) fn opened(&self, slug: &str) -> Writer {
        let (number, mut writer) = self.store.create_run(slug).unwrap();
        let runbook = writer.put_blob(RUNBOOK).unwrap();
        writer.append(now(), opened(number, runbook)).unwrap();
        writer
    }

    /// A run of six events that is not over: opened, started, finished, two notes, deviation-free.
    pub(crate) fn open_record(&self) -> PathBuf {
        self.driven().dir().to_owned()
    }

    /// A run of seven events that is over, and not sealed.
    pub(crate) fn closed_record(&self) -> PathBuf {
        let mut writer = self.driven();
        writer.append(now(), Event::RunClosed { verdict: Verdict::Passed }).unwrap();
        writer.dir().to_owned()
    }

    /// A run of seven events that is over and sealed.
    pub(crate) fn sealed_record(&self) -> PathBuf {
        let mut writer = self.driven();
        writer.append(now(), Event::RunClosed { verdict: Verdict::Passed }).unwrap();
        let dir = writer.dir().to_owned();
        writer.seal().unwrap();
        dir
    }

    pub(crate) fn driven(&self) -> Writer {
        let mut writer = self.opened("promote");
        writer.append(now(), Event::ActionStarted(started())).unwrap();
        let output = Output {
            stdout: writer.put_blob(STDOUT).unwrap(),
            stderr: writer.put_blob(b"").unwrap(),
            timing: writer.put_blob(b"o 9 1200\n").unwrap(),
        };
        writer.append_all([(now(), finished(output)), (now(), note("ready"))]).unwrap();
        writer.append(now(), note("goß 世界 \"quoted\"")).unwrap();
        writer.append(now(), note("the last one")).unwrap();
        writer
    }

    pub(crate) fn runs(&self) -> Vec<RunDir> {
        self.store.runs().unwrap()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T14:34:05.123456789Z".parse().unwrap()
}

pub(crate) fn by() -> By {
    By { who: "ops@example.org".into(), via: Via::Terminal }
}

pub(crate) fn note(text: &str) -> Event {
    Event::Note { text: text.into(), step: None, corrects: None, by: by() }
}

pub(crate) fn id(number: u64) -> String {
    format!("01KAQ{number:04}0000000000000000")
}

pub(crate) fn opened(number: u64, runbook: BlobRef) -> Event {
    Event::RunOpened(Box::new(RunOpened {
        dry: false,
        format: holdpoint_record::FORMAT.into(),
        id: id(number),
        number,
        former: None,
        runbook: Runbook {
            path: "runbooks/promote.md".into(),
            blob: runbook,
            includes: Vec::new(),
            commit: None,
            dirty: None,
            committed: None,
            title: "Promote".into(),
            document_id: Some("SOP-0013".into()),
            revision: None,
            claims: Default::default(),
            foreign: false,
        },
        plan: "0".repeat(64),
        environment: EnvironmentSeen {
            targets: Default::default(),
            rollouts: None,
            name: "local".into(),
            rehearsal: false,
            protected: false,
            four_eyes: false,
            signature: Assurance::Typed,
            sessions: Assurance::Typed,
            vars: [("sha256".to_owned(), "x".to_owned()), ("bytes".to_owned(), "1".to_owned())].into(),
        },
        inputs: Vec::new(),
        config: None,
        signers: None,
        revoked: None,
        roles: [("qa".to_owned(), vec!["qa@example.org".to_owned()])].into(),
        people: Default::default(),
        aliases: Default::default(),
        policy: Default::default(),
        session: Session {
            operator: "ops@example.org".into(),
            operator_from: "option".into(),
            program: Program { version: "0.1.0".into(), sha256: Some("1".repeat(64)) },
            os_user: "ops".into(),
            host: "build".into(),
            tty: None,
            cwd: "project".into(),
            time_zone: "Europe/Vienna".into(),
            clock_synchronised: Some(true),
            checks: None,
            commit: None,
            dirty: None,
            committed: None,
            anchor: None,
            change: None,
            unmet: Vec::new(),
        },
    }))
}

pub(crate) fn started() -> Started {
    Started {
        place: None,
        step: "deploy".into(),
        action: "deploy-1".into(),
        attempt: 1,
        probe: false,
        script: None,
        cwd: "project".into(),
        remote: None,
    }
}

pub(crate) fn finished(output: Output) -> Event {
    Event::ActionFinished(Box::new(Finished {
        place: None,
        step: "deploy".into(),
        action: "deploy-1".into(),
        attempt: 1,
        probe: false,
        outcome: Outcome::Passed,
        exit: Some(0),
        signal: None,
        error: None,
        duration_ms: 12,
        output: Some(output),
        expectations: Vec::new(),
        captures: Default::default(),
        files: Default::default(),
        state: None,
        masked: Default::default(),
        remarks: Vec::new(),
    }))
}

/// The record's bytes.
pub(crate) fn log(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join(LOG)).unwrap()
}

pub(crate) fn set_log(dir: &Path, bytes: &[u8]) {
    std::fs::write(dir.join(LOG), bytes).unwrap();
}

/// The record's lines, each with its LF.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}
