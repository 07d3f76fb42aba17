//! What came of a process, from what was seen of it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::dump::{self, Given};
use crate::interpreter::Kind;
use crate::progress::Stop;
use crate::watch::Seen;
use crate::{Ended, How, State};

const LOST: &str = "the script replaced its shell or its EXIT trap, or ended it from inside: working directory and \
    variables stay as they were before it";
const STOPPED: &str =
    "the script was ended by a signal: working directory and variables stay as they were before it";
const TOLD_TO_END: &str =
    "the script was told to end: working directory and variables stay as they were before it";
const UNTAKEN: &str =
    "not all that the script told was taken: working directory and variables stay as they were before it";
const TOO_MUCH: &str = "the script left more than 16 MiB of variables: working directory and variables stay as they \
    were before it";
const UNREADABLE: &str = "what the shell told about its variables cannot be read: working directory and variables \
    stay as they were before it";

/// How it ended, and where the next block begins: `state` is what this one began with.
pub(crate) fn ended(seen: Seen, kind: Kind, given: &Given<'_>, state: &State) -> Ended {
    let how = match &seen.status {
        Ok(status) => how(*status),
        Err(error) => How::NotStarted(format!("the process could not be waited for: {error}")),
    };
    let mut ended = Ended {
        timed_out: matches!(seen.stop, Some(Stop::TimedOut)),
        interrupted: matches!(seen.stop, Some(Stop::Interrupted)),
        output_error: None,
        secret_error: None,
        duration: seen.duration,
        state: Some(state.clone()),
        remarks: seen.remarks,
        how,
    };
    let stopped = match &seen.stop {
        None => None,
        Some(Stop::TimedOut | Stop::Interrupted) => Some(TOLD_TO_END),
        // It may have gone on to its end, and have ended well.
        Some(Stop::Output(_) | Stop::Secret(_)) => Some(UNTAKEN),
    };
    match seen.stop {
        Some(Stop::Output(error)) => ended.output_error = Some(error),
        Some(Stop::Secret(why)) => ended.secret_error = Some(why),
        _ => {}
    }
    if kind == Kind::Other {
        return ended;
    }
    let began = seen.told.as_ref().is_none_or(|told| told.starts_with(dump::READY));
    let lost = match (&ended.how, stopped, seen.told.as_deref().map(dump::read)) {
        (How::Exited(code), None, _) if !began => {
            ended.how = How::NotStarted(format!(
                "the shell ended with exit code {code} before the script began; its messages say why"
            ));
            return ended;
        }
        (How::Signalled(_), _, _) => STOPPED,
        (_, Some(stopped), _) => stopped,
        (_, None, None) => TOO_MUCH,
        (_, None, Some(Err(_))) => UNREADABLE,
        (_, None, Some(Ok(None))) => LOST,
        (_, None, Some(Ok(Some(told)))) => {
            let (next, remark) = told.after(state, given);
            ended.state = Some(next);
            ended.remarks.extend(remark.map(str::to_owned));
            return ended;
        }
    };
    ended.state = None;
    ended.remarks.push(lost.to_owned());
    ended
}

fn how(status: ExitStatus) -> How {
    match (status.code(), status.signal()) {
        (Some(code), _) => How::Exited(code),
        (None, signal) => How::Signalled(signal.unwrap_or(0)),
    }
}
