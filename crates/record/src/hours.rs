//! The window and the calendar that a run went by, proved again from what is kept of them with the run.

use holdpoint_calendar::{Busy, busy};
use holdpoint_engine::{Event, FOLLOWED, Freeze, RunOpened, Task};
use holdpoint_model::{Environment, Plan};
use jiff::{SignedDuration, Timestamp};

use crate::kept::Blobs;

/// How much earlier than event 0 a calendar is followed: it was read before that was written.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// What the kept calendar says.
#[derive(Default)]
pub(crate) enum Followed {
    /// There is none.
    #[default]
    None,
    /// Its times.
    Times(Vec<Busy>),
    /// It was expunged.
    Gone,
}

/// Holds window and calendar of event 0, written `at`, against the recorded configuration, and follows the calendar once
/// more.
pub(crate) fn prove(
    opened: &RunOpened,
    at: Timestamp,
    environment: &Environment,
    blobs: &mut Blobs<'_>,
) -> Result<Followed, String> {
    let (policy, requires) = (&opened.policy, &environment.requires);
    // A dry run goes by no rule.
    if opened.dry {
        return Ok(Followed::None);
    }
    let told = policy.change.as_ref().map(|change| (&change.pattern, change.check.as_ref()));
    if told != requires.change.as_ref().map(|asked| (&asked.pattern, asked.check.as_ref())) {
        return Err("what is asked of a change is not as in the recorded configuration".to_owned());
    }
    if policy.window != requires.window.as_ref().map(ToString::to_string) {
        return Err("the window is not as in the recorded configuration".to_owned());
    }
    if policy.freeze.as_ref().map(|freeze| &freeze.path) != requires.freeze.as_ref() {
        return Err("the calendar is not that of the recorded configuration".to_owned());
    }
    let Some(Freeze { path, calendar, until, .. }) = &policy.freeze else { return Ok(Followed::None) };
    if until.duration_since(at) > FOLLOWED {
        return Err(format!("{path} was followed further than calendars are"));
    }
    if blobs.is_gone(calendar) {
        return Ok(Followed::Gone);
    }
    let bytes = blobs.bytes(calendar).map_err(|error| error.to_string())?;
    let zone = requires.window.as_ref().map(|window| window.zone.as_str());
    let from = at.saturating_sub(BEFORE).unwrap_or(Timestamp::MIN);
    let times =
        busy(&bytes, zone, (from, *until)).map_err(|why| format!("{path} cannot be followed: {why}"))?;
    let followed = Followed::Times(times);
    followed.holds(opened, at)?;
    Ok(followed)
}

impl Followed {
    /// Whether event 0 says of this moment what the calendar does. Only moments count at which something began: what a zone
    /// will do years later is another thing in each version of the database of zones.
    fn holds(&self, opened: &RunOpened, at: Timestamp) -> Result<(), String> {
        let (Followed::Times(times), Some(freeze)) = (self, &opened.policy.freeze) else { return Ok(()) };
        let says = times.iter().any(|busy| busy.from <= at && at < busy.to);
        if says == freeze.at(at).is_some() || at >= freeze.until {
            return Ok(());
        }
        let says = if says { "takes place" } else { "is free" };
        Err(format!("by {} as it is kept this time {says}, and event 0 says otherwise", freeze.path))
    }

    /// The same, of something that begins now.
    pub(crate) fn at_begin(
        &self,
        opened: Option<&RunOpened>,
        plan: &Plan,
        event: &Event,
        at: Timestamp,
    ) -> Result<(), String> {
        let (Event::ActionStarted(started), Some(opened)) = (event, opened) else { return Ok(()) };
        if matches!(self, Followed::Times(_))
            && Task::named(plan, &started.step, &started.action).is_some_and(|task| task.mutates(plan))
        {
            return self.holds(opened, at);
        }
        Ok(())
    }
}
