//! Where the run stands, for whoever is asked something: what is done, here and left, who is waited for, how long it
//! takes, what was done differently, and which values it has. The engine and the view say what; here it is laid out.

use holdpoint_document::many;
use holdpoint_engine::{Run, Status, mask};
use holdpoint_report::{clock, took};
use holdpoint_view::{Awaited, Wanted};
use jiff::Timestamp;

use crate::screen::Screen;
use crate::world::RunView;
use crate::world::tell::{progress, tell_each};

/// Tells all of it.
pub(super) fn tell(screen: &Screen, view: &RunView<'_>) {
    let (plan, now) = (view.plan, Timestamp::now());
    // What time has undone is on record only once somebody goes on.
    let seen = view.run.seen_at(plan, now);
    let run = seen.as_ref().unwrap_or(view.run);
    let view = &RunView { run, ..*view };
    let here = run.stands_at(plan).map(|task| task.step);
    let titles = Titles { screen, view };
    let all = 0..plan.steps.len();
    let (done, open): (Vec<usize>, Vec<usize>) =
        all.filter(|step| Some(*step) != here).partition(|step| run.is_settled(*step));
    let fact = |name: &str, text: &str| screen.say_hung(&format!("    {name:<11} "), text);
    fact("done", &format!("{} of {}; {}", done.len(), many(plan.steps.len(), "step"), progress(run)));
    titles.list(&done);
    if let Some(here) = here {
        fact("here", &titles.of(here));
    }
    fact("left", &if open.is_empty() { "nothing".to_owned() } else { open.len().to_string() });
    titles.list(&open);
    if let Some(who) = waits(run, view, now) {
        fact("waits for", &screen.neutralise(&who));
    }
    fact("time", &time(screen, view, here, now));
    let deviations: Vec<String> = run.told_deviations().collect();
    fact("deviations", &if deviations.is_empty() { "none".to_owned() } else { deviations.len().to_string() });
    tell_each(screen, "      ", deviations.into_iter());
    let known = run.values();
    let values = known.vars().iter().map(|(name, value)| format!("{name} = {value}"));
    let secrets = known.secrets().iter().map(|name| format!("{name} = {}", mask(name)));
    let values: Vec<String> = values.chain(secrets).map(|value| screen.one_line(&value)).collect();
    fact("values", &if values.is_empty() { "none".to_owned() } else { values.len().to_string() });
    tell_each(screen, "      ", values.into_iter());
}

/// Whom the run waits for.
fn waits(run: &Run, view: &RunView<'_>, now: Timestamp) -> Option<String> {
    let awaited = Awaited::of(run, view.plan, now, true);
    let terms = run.stands_at(view.plan).map_or_else(Vec::new, |task| run.sign_off_terms(view.plan, task));
    let whom = match (awaited.what, awaited.role) {
        (Wanted::Closing, _) => return None,
        (_, Some(role)) => format!("the role {role}"),
        (_, None) => format!("whoever operates: {}", run.operator()),
    };
    Some([whom].into_iter().chain(terms).collect::<Vec<_>>().join("; "))
}

/// Since when it runs, and how long steps are expected to take.
fn time(screen: &Screen, view: &RunView<'_>, here: Option<usize>, now: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::system();
    let opened = view.run.opened_at();
    let since = u64::try_from(now.duration_since(opened).as_millis()).unwrap_or_default();
    let mut facts = vec![format!("opened {}, {} ago", clock(opened, &zone), took(since))];
    facts.extend(screen.at_hand_for().map(|time| format!("at this step for {time}")));
    if let Some(here) = here {
        facts.extend(screen.expected_facts(view.plan, view.run, here));
    }
    if let Some(ending) = view.run.ending(now) {
        facts.push(crate::screen::time_left(&ending, now));
    }
    screen.neutralise(&facts.join(" · "))
}

/// Steps as they are told.
struct Titles<'a> {
    screen: &'a Screen,
    view: &'a RunView<'a>,
}

impl Titles<'_> {
    /// With what became of it, where that is more than that it passed.
    fn of(&self, step: usize) -> String {
        let RunView { run, plan, .. } = self.view;
        let title = run.step_in_words(&plan.steps[step]);
        let told = match run.step_status(plan, step) {
            Status::Passed | Status::NotReached | Status::Confirmed | Status::Recorded => title,
            status => format!("{title} ({})", status.words().to_lowercase()),
        };
        self.screen.one_line(&told)
    }

    fn list(&self, steps: &[usize]) {
        tell_each(self.screen, "      ", steps.iter().map(|step| self.of(*step)));
    }
}
