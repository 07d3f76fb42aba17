//! A long text in the reader's pager.

use std::io::Write as _;

use holdpoint_helper::{Helper, Unanswered};

use crate::screen::raw::told_size;
use crate::screen::{self, Audience, Screen};

/// What is used where nobody says, if it is there; its prompt comes behind that.
const DEFAULT: [&str; 2] = ["less", "-R"];

/// Whether somebody would have to look back for the beginning of a text, above which so many lines more are needed, and can.
pub fn is_long(screen: &Screen, text: &str, more: usize) -> bool {
    let Some((columns, rows)) = told_size() else { return false };
    let lines = text.lines().map(|line| line.chars().count().div_ceil(usize::from(columns)).max(1));
    screen.moves()
        && screen.audience() == Audience::Present
        && lines.sum::<usize>() + more > usize::from(rows)
}

/// Shows it in `$PAGER`, else in less, with that `prompt`: without what would let a reader run commands or write files by its keys, where the
/// pager knows of that. `false`: there is none, and nothing was shown.
///
/// # Errors
/// Why it was not shown, in words.
pub fn show(text: &str, prompt: &str) -> Result<bool, String> {
    let default = [DEFAULT.map(str::to_owned).to_vec(), vec![format!("-P{prompt}")]].concat();
    let words = match std::env::var("PAGER") {
        Ok(named) if named.trim().is_empty() => return Ok(false),
        // What cannot be taken apart as words is the name of a program.
        Ok(named) => shlex::split(&named).filter(|words| !words.is_empty()).unwrap_or_else(|| vec![named]),
        Err(_) => default.clone(),
    };
    if words == ["cat"] {
        return Ok(false);
    }
    let failed = |error: std::io::Error| format!("there is no file for the pager: {error}");
    let mut file = tempfile::Builder::new().prefix("holdpoint-").suffix(".txt").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let helper = Helper::new(&words[0]).arguments(&words[1..]).arguments([file.path()]);
    let helper = helper.variable("LESSSECURE", "1").variable("LESSHISTFILE", "-");
    // What these have it do, it does before it shows anything.
    let helper = helper.without(&["LESSOPEN", "LESSCLOSE", "LESSEDIT", "LESSKEY", "LESSKEYIN"]);
    // What was typed before it opened is for none of its keys: nobody had seen it.
    screen::forget_typed();
    match helper.lend_terminal() {
        Ok(status) if status.success() => Ok(true),
        Ok(status) => Err(format!("the pager {} ended with {status}", words[0])),
        Err(Unanswered::Missing(_)) if words == default => Ok(false),
        Err(why) => Err(format!("the pager was not shown: {why}")),
    }
}
