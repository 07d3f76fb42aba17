//! What came of an attempt.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::asked::{Attempt, Hello, Sink, interrupted};
use super::course::{Course, Last, disk_full};
use super::frames::Cut;
use super::order::Order;
use crate::dump::{self, Given};
use crate::ended::ended;
use crate::prepare::{Environment, base, environment};
use crate::progress::Stop;
use crate::watch::{OUTPUT_KEPT_OPEN, Seen};
use crate::{Ended, Job, State, Stream};

/// How much of an attempt's output is kept already, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Had {
    /// Of standard output.
    pub stdout: u64,
    /// Of standard error.
    pub stderr: u64,
}

/// What becomes of the state of a block whose output is withheld.
const WITHHELD: &str = "working directory and variables stay as they were before it";

/// What came of an attempt.
#[derive(Debug)]
pub enum Came {
    /// The block ended, or was refused before anything of it ran.
    Ended(Box<Ended>),
    /// The block never ran, and under this attempt it never will. Says why.
    NeverRan(String),
    /// Whether or how the block ended cannot be known. Says why.
    InDoubt(String),
    /// The block runs on the place, and whoever kept it there is gone: nobody will know how it ends. Says so.
    Unkept(String),
    /// The place could not be reached any more; the block may run, and the attempt may be taken up later.
    Unreachable(String),
}

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) order: &'a Order,
    pub(super) job: &'a Job,
    pub(super) state: &'a State,
    pub(super) attempt: &'a Attempt,
    pub(super) hello: &'a Hello,
}

pub(super) fn came(
    last: Result<(Last, bool), Cut>,
    mut course: Course,
    asked: &Asked<'_>,
    sink: &mut impl Sink,
) -> Came {
    let (last, sent_before) = match last {
        Ok(last) => last,
        Err(Cut(why)) => return Came::Unreachable(why),
    };
    match last {
        Last::End(words, told) => of_end(&words, &told, course, asked, sink),
        Last::Void(why) => Came::NeverRan(match why.as_str() {
            "full" => "the disk of the place is full".to_owned(),
            "tmp" => "no private directory could be made on the place".to_owned(),
            _ => "it was not begun in time, and will not be".to_owned(),
        }),
        Last::Doubt(why, block) => {
            // What it printed is worth seeing, whatever came of it.
            course.merger.finish(
                course.merger.had(Stream::Stdout),
                course.merger.had(Stream::Stderr),
                Duration::ZERO,
            );
            course.deliver(Vec::new(), sink);
            let what = match (why.as_str(), block.as_str()) {
                ("removed", "running") => {
                    let what = "what the place kept of the block was removed, and the block still runs";
                    return Came::Unkept(what.to_owned());
                }
                ("removed", _) => "what the place kept of the block was removed",
                ("rebooted", _) => "the place was restarted while the block ran",
                (_, "running") => {
                    let what = "whoever kept the block there is gone, and the block still runs";
                    return Came::Unkept(what.to_owned());
                }
                (_, "ended") => "whoever kept the block there is gone, and so is the block",
                _ => "whoever kept the block there is gone",
            };
            Came::InDoubt(what.to_owned())
        }
        Last::Refused(why) => {
            let what = match why.as_str() {
                "boot" => "the place was restarted since its identity was recorded",
                "store" => {
                    "the place is not the one whose identity was recorded: what it keeps of its attempts is another's"
                }
                _ => "the place could not make a directory for the attempt",
            }
            .to_owned();
            match (sent_before, why.as_str()) {
                (false, _) => Came::NeverRan(what),
                (true, "boot") => Came::InDoubt(what),
                // The answer is another place's, or none: it says nothing of the block.
                (true, _) => Came::Unreachable(what),
            }
        }
    }
}

fn of_end(
    words: &BTreeMap<String, String>,
    told: &[u8],
    mut course: Course,
    asked: &Asked<'_>,
    sink: &mut impl Sink,
) -> Came {
    let &Asked { order, job, state, attempt, hello } = asked;
    let of = |key: &str| words.get(key).map_or("", String::as_str);
    let code = of("code").split(' ').next().and_then(|code| code.parse::<i32>().ok());
    let took = Duration::from_millis(of("took").parse::<u64>().unwrap_or_default() * 10);
    let mut remarks = Vec::new();
    let lost: Vec<&str> = of("lost").split(',').filter(|what| *what != "none").collect();
    match course.merger.last_secret() {
        Ok(Some((name, value))) => {
            if course.refused.is_none()
                && let Err(why) = sink.on_secret(&name, &value)
            {
                course.refuse(Stop::Secret(why));
            }
        }
        Ok(None) => {}
        Err(why) => course.refuse(Stop::Secret(why)),
    }
    if lost.contains(&"log") {
        // What of it is a secret was in there: nothing more is handed on.
        course.refuse(Stop::Output(disk_full("the log of its output")));
    }
    let sizes: Vec<u64> = of("sizes").split(' ').filter_map(|size| size.parse().ok()).collect();
    if let [out, err] = sizes[..] {
        course.merger.finish(out, err, took);
        course.deliver(Vec::new(), sink);
    }
    if let Some(stream) = lost.iter().find(|what| ["out", "err"].contains(what)) {
        course.refuse(Stop::Output(disk_full(if *stream == "out" {
            "standard output"
        } else {
            "standard error"
        })));
    }
    let raw = match (of("kind"), code) {
        ("refused", _) => {
            let why = order.refusal(of("code"), job, state);
            return Came::Ended(Box::new(Ended::not_started(why, state)));
        }
        ("exit", Some(code)) => code << 8,
        ("signal", Some(signal)) => signal,
        ("either", Some(code)) => {
            remarks.push(format!(
                "it ended with exit code {code} or by signal {}: nothing on the place can tell which",
                code - 128
            ));
            code << 8
        }
        _ => return Came::InDoubt("the block began, and nobody on the place saw how it ended".to_owned()),
    };
    if of("held") == "yes" {
        remarks.push(OUTPUT_KEPT_OPEN.to_owned());
    }
    let stop = course.refused.take().or_else(|| interrupted(of("why")));
    // In front of what the shell told stands the environment that it was started in.
    let nul = told.iter().position(|&byte| byte == 0).unwrap_or(told.len());
    let first = dump::exports(&told[..nul]).unwrap_or_default();
    let first = first.into_iter().map(|(name, value)| (std::ffi::OsString::from(name), (*value).to_owned()));
    let mut started_in: Environment = base(first);
    let mut sent = environment(job, state, &started_in);
    for name in &attempt.secrets {
        let name = std::ffi::OsStr::new(name);
        started_in.remove(name);
        sent.remove(name);
    }
    let kind = order.kind;
    let given = Given {
        base: &started_in,
        sent: &sent,
        own_cwd: job.cwd.is_some(),
        arrays: kind == crate::interpreter::Kind::Bash,
        host: hello.host.as_bytes(),
    };
    let told = match of("state") {
        "yes" if !told.is_empty() => told.get(nul + 1..).unwrap_or_default().to_vec(),
        // Cleared away already, or never kept: the script began, and nothing more is known.
        "yes" | "lost" => dump::READY.to_vec(),
        _ => Vec::new(),
    };
    let own = remarks.clone();
    let seen =
        Seen { status: Ok(ExitStatus::from_raw(raw)), duration: took, stop, told: Some(told), remarks };
    let mut ended = ended(seen, kind, &given, state);
    if let Some(why) = course.proof.withholds() {
        // Its variables and what is said of them may hold what cannot be masked, as its output may.
        (ended.state, ended.remarks) = (None, own);
        ended.remarks.push(WITHHELD.to_owned());
        ended.output_error.get_or_insert_with(|| std::io::Error::other(format!("it is withheld: {why}")));
    }
    Came::Ended(Box::new(ended))
}
