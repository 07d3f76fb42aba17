//! Rules that hang on the time: the window in which an environment may be changed, and the calendar of times in which it
//! may not. Judged by the times of events, and by no clock.

use std::time::Duration;

use holdpoint_model::{NotBefore, Plan, WeekMinute, Window, zone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::fold::{Fold, ensure};
use crate::{Event, Freeze, Frozen, Policy, Rule, Run, Task, Unmet, duration};

/// How far a calendar is followed from the opening of a run.
pub const FOLLOWED: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Something that ends when rules of time let nothing more be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// The rule.
    pub rule: Rule,
    /// What begins then or ends, in words.
    pub why: String,
}

impl Ending {
    /// How long it is until then, in words, to the minute below.
    pub fn left(&self, now: Timestamp) -> String {
        let seconds = u64::try_from(self.at.duration_since(now).as_secs()).unwrap_or(0);
        match seconds {
            0..60 => "less than a minute".to_owned(),
            _ => duration(Duration::from_secs(seconds / 60 * 60)),
        }
    }
}

impl Freeze {
    /// What keeps things from being changed at this moment.
    pub fn at(&self, at: Timestamp) -> Option<&Frozen> {
        self.times.iter().find(|time| time.from <= at && at < time.to)
    }

    /// What does next.
    fn next(&self, at: Timestamp) -> Option<&Frozen> {
        self.times.iter().find(|time| at < time.from)
    }
}

impl Policy {
    /// Whether any rule hangs on the time.
    pub fn has_hours(&self) -> bool {
        self.window.is_some() || self.freeze.is_some()
    }

    /// Rules of time that do not hold at this moment, in an environment of this name.
    pub fn out_of_time(&self, name: &str, at: Timestamp) -> Vec<Unmet> {
        let window = self.window.as_ref().and_then(|window| out_of_window(name, window, at));
        let freeze = self.freeze.as_ref().and_then(|freeze| frozen(name, freeze, at));
        let window = window.map(|why| Unmet { rule: Rule::Window, why });
        window.into_iter().chain(freeze.map(|why| Unmet { rule: Rule::Freeze, why })).collect()
    }

    /// When the first of them will not hold any more, of those that do.
    pub fn ending(&self, at: Timestamp) -> Option<Ending> {
        let window = self.window.as_ref().and_then(|text| {
            let at = closes(&Window::parse(text).ok()?, at)?;
            Some(Ending { at, rule: Rule::Window, why: "the window ends".to_owned() })
        });
        let freeze = self.freeze.as_ref().filter(|freeze| freeze.at(at).is_none()).map(|freeze| {
            let (at, why) = match freeze.next(at) {
                Some(next) => (next.from, format!("the freeze begins: {}", next.what)),
                None => (freeze.until, "the calendar was followed no further".to_owned()),
            };
            Ending { at, rule: Rule::Freeze, why }
        });
        window.into_iter().chain(freeze).min_by_key(|ending| ending.at)
    }
}

impl Rule {
    /// Whether it hangs on the time alone.
    pub fn is_of_time(self) -> bool {
        matches!(self, Rule::Window | Rule::Freeze | Rule::NotBefore)
    }
}

fn out_of_window(name: &str, text: &str, at: Timestamp) -> Option<String> {
    let window = match Window::parse(text) {
        Ok(window) => window,
        Err(why) => return Some(format!("the window of {name} cannot be read: {}", why.words())),
    };
    if closes(&window, at).is_some() {
        return None;
    }
    let opens = opens(&window, at).map(|opens| {
        let there = zone(&window.zone).unwrap_or(TimeZone::UTC).to_datetime(opens);
        format!("; it opens {}", there.strftime("%a %Y-%m-%d %H:%M"))
    });
    let there = zone(&window.zone).unwrap_or(TimeZone::UTC).to_datetime(at);
    Some(format!(
        "{name} may be changed {text}, and it is {} there{}",
        there.strftime("%a %H:%M"),
        opens.unwrap_or_default()
    ))
}

fn frozen(name: &str, freeze: &Freeze, at: Timestamp) -> Option<String> {
    let Freeze { path, until, .. } = freeze;
    if at >= *until {
        return Some(format!("{path} tells when {name} may not be changed, and was followed until {until}"));
    }
    let Frozen { from, to, what } = freeze.at(at)?;
    Some(format!("{name} may not be changed from {from} to {to}, as {path} says: {what}"))
}

/// When a window closes that is open at this moment; `None` where it is not.
pub fn closes(window: &Window, at: Timestamp) -> Option<Timestamp> {
    let zone = zone(&window.zone).ok()?;
    if !is_open(window, &zone, at) {
        return None;
    }
    changes(&zone, window.to, at).into_iter().find(|then| !is_open(window, &zone, *then))
}

/// When a window opens next that is not open at this moment.
pub fn opens(window: &Window, at: Timestamp) -> Option<Timestamp> {
    let zone = zone(&window.zone).ok()?;
    changes(&zone, window.from, at).into_iter().find(|then| is_open(window, &zone, *then))
}

/// A window is open while a clock there shows a time in it: an hour that comes twice counts twice, one that is left out
/// does not count.
fn is_open(window: &Window, zone: &TimeZone, at: Timestamp) -> bool {
    let there = zone.to_datetime(at);
    window.holds(WeekMinute::of(there.weekday(), there.time()))
}

/// The moments of the next weeks at which a clock may come to show this minute of the week: when it does, and when it is
/// changed. In order, all after `at`.
fn changes(zone: &TimeZone, minute: WeekMinute, at: Timestamp) -> Vec<Timestamp> {
    const DAYS: i64 = 16;
    let there = zone.to_datetime(at);
    let mut moments = Vec::new();
    for day in -1..=DAYS {
        let date = there.date().saturating_add(jiff::Span::new().days(day));
        if date.weekday() == minute.day() {
            let found = zone.to_ambiguous_timestamp(date.to_datetime(minute.time()));
            moments.extend(found.earlier());
            moments.extend(found.later());
        }
    }
    let last = at.saturating_add(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MAX);
    let changed = zone.following(at).map(|change| change.timestamp()).take_while(|change| *change <= last);
    moments.extend(changed);
    moments.retain(|moment| *moment > at);
    moments.sort_unstable();
    moments
}

impl Run {
    /// Rules of time that do not hold at this moment and that nobody has overridden, where this task changes something: it
    /// may not begin then.
    pub fn out_of_time(&self, plan: &Plan, task: Task, at: Timestamp) -> Vec<Unmet> {
        let unmet = self.unmet_by_time(plan, task, at).into_iter();
        unmet.filter(|unmet| !self.looks.overridden.contains(&unmet.rule)).collect()
    }

    /// The same, overridden or not.
    fn unmet_by_time(&self, plan: &Plan, task: Task, at: Timestamp) -> Vec<Unmet> {
        // What was done may be taken back at any time.
        if task.is_rollback() {
            return Vec::new();
        }
        let early = self.not_before(plan, task.step).filter(|due| at < *due).map(|due| {
            let step = task.step_of(plan);
            let written = step.not_before.as_ref().map(ToString::to_string).unwrap_or_default();
            let why =
                format!("{} does not begin before {written}, {}", step.id, due.strftime("%Y-%m-%d %H:%MZ"));
            Unmet { rule: Rule::NotBefore, why }
        });
        let hours = if task.mutates(plan) { self.hours_unmet(at) } else { Vec::new() };
        early.into_iter().chain(hours).collect()
    }

    /// When a step may begin at the earliest that has not begun; `None` where it may at any time.
    pub fn not_before(&self, plan: &Plan, step: usize) -> Option<Timestamp> {
        let written = plan.steps[step].not_before.as_ref()?;
        if self.looks.begun.contains(&step) || self.is_dry() {
            return None;
        }
        match written {
            NotBefore::Moment(_, moment) => Some(*moment),
            NotBefore::Clock(time, name) => {
                // A zone that nobody knows was refused when the document was read.
                let zone = zone(name).ok()?;
                let first = zone.to_datetime(self.looks.opened_at).date();
                let on = |days: i64| {
                    let day = first.saturating_add(jiff::Span::new().days(days));
                    zone.to_timestamp(day.to_datetime(*time)).ok()
                };
                (0..=2).filter_map(on).find(|due| *due >= self.looks.opened_at)
            }
        }
    }

    /// What rules of time say of what comes next, overridden or not.
    pub(crate) fn next_by_time(&self, plan: &Plan, at: Timestamp) -> Vec<Unmet> {
        let mut unmet: Vec<Unmet> = Vec::new();
        for task in self.beginning_next(plan) {
            let more = self.unmet_by_time(plan, task, at).into_iter();
            unmet.extend(
                more.filter(|one| unmet.iter().all(|other| other.rule != one.rule)).collect::<Vec<_>>(),
            );
        }
        unmet
    }

    /// Why what comes next may not begin yet, by the time of its step; `None` where it may, or somebody answered for that.
    pub fn too_early(&self, plan: &Plan, at: Timestamp) -> Option<Unmet> {
        let unmet = self.next_by_time(plan, at).into_iter().find(|unmet| unmet.rule == Rule::NotBefore);
        unmet.filter(|unmet| !self.looks.overridden.contains(&unmet.rule))
    }

    /// When rules of time will keep the run from changing anything more, where they do not yet.
    pub fn ending(&self, at: Timestamp) -> Option<Ending> {
        let opened = self.opened().filter(|opened| !opened.dry)?;
        let ending = opened.policy.ending(at)?;
        (!self.looks.overridden.contains(&ending.rule)).then_some(ending)
    }

    /// Rules of time that do not hold at this moment, overridden or not.
    pub fn hours_unmet(&self, at: Timestamp) -> Vec<Unmet> {
        let Some(opened) = self.opened().filter(|opened| !opened.dry) else { return Vec::new() };
        opened.policy.out_of_time(&opened.environment.name, at)
    }

    /// Something of a step is done before its time, and nobody answered for that. Of blocks, [`Run::held_in_time`] says so.
    pub(crate) fn not_early(&self, plan: &Plan, event: &Event, at: Timestamp) -> Fold {
        match self.timed(plan, event) {
            Some(step) => {
                let unmet = self.out_of_time(plan, Task::action(step, 0), at);
                let early = unmet.into_iter().find(|unmet| unmet.rule == Rule::NotBefore);
                early.map_or(Ok(()), |early| Err(format!("it began too early: {}", early.why)))
            }
            None => Ok(()),
        }
    }

    /// A step has begun that has a time: whoever let it begin before that has said nothing of the next one.
    pub(crate) fn begun(&mut self, plan: &Plan, event: &Event) {
        if let Some(step) = self.timed(plan, event) {
            self.looks.begun.insert(step);
            self.looks.overridden.remove(&Rule::NotBefore);
        }
    }

    /// The step that an event does something of, where it has a time before which it does not begin.
    fn timed(&self, plan: &Plan, event: &Event) -> Option<usize> {
        let id = match event {
            Event::ActionStarted(started) => &started.step,
            Event::ItemConfirmed { step, .. } | Event::ValueRecorded { step, .. } => step,
            Event::SignOffGiven(given) => &given.step,
            _ => return None,
        };
        self.step(plan, id).filter(|step| plan.steps[*step].not_before.is_some())
    }

    /// Something that changes something begins although rules of time do not hold.
    pub(crate) fn held_in_time(&self, plan: &Plan, task: Task, at: Timestamp) -> Fold {
        match self.out_of_time(plan, task, at).first() {
            None => Ok(()),
            Some(unmet) => {
                Err(format!("it began though the rule {} did not hold: {}", unmet.rule.as_str(), unmet.why))
            }
        }
    }
}

/// What event 0 says of rules of time, by itself: each that must keep holding says what it is, and no other does.
pub(crate) fn told(policy: &Policy) -> Fold {
    let asks = |rule| policy.kept.contains(&rule);
    ensure(asks(Rule::Window) == policy.window.is_some(), "its window is not told, or none is asked for")?;
    ensure(asks(Rule::Freeze) == policy.freeze.is_some(), "its freeze is not told, or none is asked for")?;
    let mut last = Timestamp::MIN;
    for Frozen { from, to, .. } in policy.freeze.iter().flat_map(|freeze| &freeze.times) {
        ensure(last < *from && from < to, "the times of its freeze are not in order")?;
        last = *to;
    }
    Ok(())
}
