//! The change under which a run goes: its id is asked for where somebody types, and the environment's script is asked
//! whether it may go on. The engine judges what came of it.

use std::path::Path;
use std::time::Duration;

use holdpoint_driver::Secrets;
use holdpoint_engine::{BlobRef, Change, ChangeSeen};
use holdpoint_helper::Helper;
use jiff::Timestamp;

use super::prepare::Prepared;
use crate::interrupts::Stops;
use crate::operator::{OF_NO_BLOCK, OF_RUN};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::Store;
use crate::world::terminal::ask::{self, Asked};

/// Longest time that the script may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Most bytes that it may print.
const MOST: u64 = 64 * 1024;
/// What it gets of our environment: enough to find programs and files of the account.
const KEPT: [&str; 8] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// What the script said, with the bytes that are kept of it.
#[derive(Clone, Debug)]
pub struct Looked {
    /// For the record.
    pub seen: ChangeSeen,
    /// What it printed, secrets masked.
    output: Vec<u8>,
    script: Vec<u8>,
}

impl Looked {
    /// Keeps the bytes that an event is going to name.
    pub fn keep(&self, store: &mut Store<'_>) -> Result<(), Problem> {
        store.put(&self.output)?;
        store.put(&self.script)?;
        Ok(())
    }

    /// The last thing that it said, for whoever is refused.
    pub fn last_words(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.output);
        let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
        Some(line.trim().chars().take(200).collect())
    }
}

/// What the environment asks of a change, and which one was given.
pub fn change(prepared: &Prepared) -> Option<Change> {
    let asks = prepared.requires.change.as_ref()?;
    let (pattern, check, id) = (asks.pattern.clone(), asks.check.clone(), prepared.change.clone());
    Some(Change { pattern, check, id, seen: None })
}

/// The id of the change: as given, else as whoever sits there types it. `None` where nobody does, or none is asked for.
pub fn given(
    screen: &Screen,
    prepared: &Prepared,
    given: Option<&str>,
    ask: bool,
) -> Result<Option<String>, Problem> {
    let name = &prepared.environment.name;
    match (change(prepared), given) {
        (None, Some(id)) => Err(Problem::usage(
            format!("a change is given ({id}), and {name} asks for none"),
            "Leave --change out, or have holdpoint.toml ask for it: requires = { change = { pattern = '…' } }.",
        )),
        (Some(_), Some(id)) => Ok(Some(id.to_owned())),
        (Some(change), None) if ask => {
            let help = format!(
                "Its id, all of which matches {}: it stands at the head of every report.",
                change.pattern
            );
            let prompt = format!("Under which change is {name} changed?");
            let fits = |id: &str| change.refuses(id).map_or(Ok(()), Err);
            match ask::first(screen, &prompt, &help, fits) {
                Asked::Said(id) => Ok(Some(id)),
                Asked::Left => Ok(None),
            }
        }
        (_, None) => Ok(None),
    }
}

/// Why there is none that lets the run go on, with what the script said last, and what to do.
pub fn told(why: String, change: &Change, looked: Option<&Looked>) -> (String, String) {
    let why = match looked.and_then(Looked::last_words) {
        Some(words) => format!("{why}: {words}"),
        None => why,
    };
    let help = match &change.id {
        None => "Say which: --change ID.".to_owned(),
        Some(id) if change.refuses(id).is_some() => {
            "Give the id as it is written there: --change ID.".to_owned()
        }
        Some(id) => format!("Have {id} opened, or give another one."),
    };
    (why, help)
}

/// Asks the script about the change, where there is one to ask and an id that the environment takes.
pub fn look(
    screen: &Screen,
    root: &Path,
    (name, change): (&str, &Change),
    secrets: &Secrets,
) -> Result<Option<Looked>, Problem> {
    let (Some(path), Some(id)) = (&change.check, &change.id) else { return Ok(None) };
    if change.refuses(id).is_some() {
        return Ok(None);
    }
    let at = Timestamp::now();
    let whole = root.join(path);
    let script = holdpoint_files::read_within(&[root], &whole, MOST).map_err(|error| {
        Problem::usage(
            format!("the script {path}, which is asked about changes, cannot be read: {error}"),
            "Nothing was run. holdpoint.toml names it as requires.change.check.",
        )
    })?;
    let helper = Helper::new(whole)
        .directory(root)
        .without_those_of("", &KEPT)
        .variable(OF_RUN, OF_NO_BLOCK)
        .variable("HOLDPOINT_CHANGE", id)
        .variable("HOLDPOINT_ENVIRONMENT", name)
        .within(LIMIT)
        .at_most(MOST)
        .alone();
    let _stops = Stops::with_the_next(screen, helper.stop());
    let (exit, output) = match helper.ask() {
        Ok(answer) => {
            let (code, killed) = (answer.code(), answer.killed());
            let mut output = [answer.printed, answer.said].concat();
            if let Some(killed) = killed {
                let begins = if output.is_empty() || output.ends_with(b"\n") { "" } else { "\n" };
                output.extend(format!("{begins}{killed}\n").into_bytes());
            }
            (code, output)
        }
        Err(why) => (None, format!("{why}\n").into_bytes()),
    };
    let output = secrets.masked_bytes(output);
    let script = secrets.masked_bytes(script);
    let kept = |bytes: &[u8]| BlobRef { sha256: crate::digest::sha256(bytes), bytes: bytes.len() as u64 };
    let seen = ChangeSeen { at, exit, output: kept(&output), script: kept(&script) };
    Ok(Some(Looked { seen, output, script }))
}
