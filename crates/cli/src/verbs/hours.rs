//! Rules that hang on the time: the facts are gathered here before a run opens, the engine judges them.

use holdpoint_calendar::busy;
use holdpoint_engine::{FOLLOWED, Freeze, Frozen, Policy, Rule, Unmet};
use jiff::Timestamp;

use super::prepare::Prepared;
use crate::problem::Problem;
use crate::world::Store;

/// A calendar that was read and followed.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its path, as configured.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How far it was followed.
    until: Timestamp,
    /// What its events take until then.
    times: Vec<Frozen>,
}

impl Calendar {
    /// As event 0 has it.
    pub fn kept(&self, store: &mut Store<'_>) -> Result<Freeze, Problem> {
        let Calendar { path, bytes, until, times } = self;
        Ok(Freeze { path: path.clone(), calendar: store.put(bytes)?, until: *until, times: times.clone() })
    }

    /// The same, before anything is kept.
    fn seen(&self) -> Freeze {
        let calendar = holdpoint_engine::BlobRef { sha256: String::new(), bytes: 0 };
        Freeze { path: self.path.clone(), calendar, until: self.until, times: self.times.clone() }
    }
}

/// Window and calendar, and whether they let something be changed now.
pub struct Hours {
    /// The window, as event 0 has it.
    pub window: Option<String>,
    /// The calendar.
    pub calendar: Option<Calendar>,
    /// What does not hold, each with what to do.
    pub unmet: Vec<(Unmet, &'static str)>,
}

impl Prepared {
    /// The window and the calendar, and whether they let something be changed now. A calendar that cannot
    /// be followed is an error: what it would say nobody knows, so nobody can answer for it.
    pub fn hours(&self) -> Result<Hours, Problem> {
        let now = Timestamp::now();
        let window = self.requires.window.as_ref().map(ToString::to_string);
        let calendar = self.requires.freeze.as_ref().map(|path| self.calendar(path, now)).transpose()?;
        let freeze = calendar.as_ref().map(Calendar::seen);
        let policy = Policy { window: window.clone(), freeze, ..Policy::default() };
        let helped = |unmet: Unmet| {
            let window = unmet.rule == Rule::Window;
            (unmet, if window { "Wait until it opens." } else { "Wait until that is over." })
        };
        let unmet = policy.out_of_time(&self.environment.name, now).into_iter().map(helped).collect();
        Ok(Hours { window, calendar, unmet })
    }

    fn calendar(&self, path: &str, now: Timestamp) -> Result<Calendar, Problem> {
        let name = &self.environment.name;
        let wrong = |why: String| {
            Problem::usage(
                format!("`{path}`, the calendar of times in which {name} may not be changed, {why}"),
                "Nothing was run. holdpoint.toml names it as requires.freeze: correct the file, or the name.",
            )
        };
        let bytes =
            self.place.configured_file(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let until = now.saturating_add(FOLLOWED).unwrap_or(Timestamp::MAX);
        let zone = self.requires.window.as_ref().map(|window| window.zone.as_str());
        let times =
            busy(&bytes, zone, (now, until)).map_err(|why| wrong(format!("cannot be followed: {why}")))?;
        let times = times.into_iter().map(|busy| Frozen { from: busy.from, to: busy.to, what: busy.what });
        Ok(Calendar { path: path.to_owned(), bytes, until, times: times.collect() })
    }
}
