//! What a session says, on the terminal.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::Step;
use holdpoint_driver::{Moment, Observer, Overtaken};
use holdpoint_engine::{Choice, Deviation, Event, Finished, Outcome, Retrying, Task, Via};

use super::RunView;
use super::assume::Learnt;
use super::lines::Lines;
use super::tell::{show_command, show_passages, show_what_it_does};
use crate::notices::Notices;
use crate::screen::{self, Retries, Screen, Soaking};

/// Shows moments to people. What desks and runners ask and say themselves stands between them.
#[derive(Debug)]
pub struct Screening {
    screen: Screen,
    /// Whether somebody works through the document here, and so reads what stands between its steps.
    reads_along: bool,
    /// Steps before which that was shown.
    passed: BTreeSet<usize>,
    /// Attempts under way: while there are any, nothing waits for the terminal.
    under_way: usize,
    /// Checks that hold and must hold for longer.
    soaking: Soaking,
    /// Blocks that are tried again by themselves.
    retries: Retries,
    /// People who are told elsewhere.
    notices: Option<Notices>,
    /// Programs that are told.
    lines: Option<Lines>,
    /// What a dry run knows, where it is one.
    learnt: Option<Rc<RefCell<Learnt>>>,
}

impl Screening {
    /// For somebody who works through the document, or only looks at what is done.
    pub fn new(screen: &Screen, reads_along: bool) -> Screening {
        let (soaking, passed) = (Soaking::new(screen), BTreeSet::new());
        let retries = Retries::new(screen);
        Screening {
            screen: screen.clone(),
            reads_along,
            passed,
            under_way: 0,
            soaking,
            retries,
            notices: None,
            lines: None,
            learnt: None,
        }
    }

    /// Of a dry run, which decides by stand-ins about what nobody knows yet, and says so.
    pub fn assuming(self, learnt: &Rc<RefCell<Learnt>>) -> Screening {
        Screening { learnt: Some(Rc::clone(learnt)), ..self }
    }

    /// The names that a condition reads and nobody knows before a real run, in words; `None` where there are none.
    fn unknown_in(&self, condition: &str) -> Option<String> {
        let learnt = self.learnt.as_ref()?.borrow();
        let unknown = learnt.unknown_in(condition);
        (!unknown.is_empty()).then(|| unknown.join(", "))
    }

    /// The names that a condition reads and that have the value of an earlier run, in words; `None` where there are none.
    fn replayed_in(&self, condition: &str) -> Option<String> {
        let learnt = self.learnt.as_ref()?.borrow();
        let (names, number) = (learnt.replayed_in(condition), learnt.replayed_from?);
        (!names.is_empty()).then(|| format!("{} replayed from run {number}", names.join(", ")))
    }

    /// Says that something is passed over, and what it does, where only a real run finds out whether it is.
    fn show_passed_over(&self, view: &RunView<'_>, step: &str, action: Option<&str>, condition: &str) {
        let shown = self.screen.neutralise(condition);
        let Some(unknown) = self.unknown_in(condition) else {
            let replayed = self.replayed_in(condition).map(|it| format!(" ({it})")).unwrap_or_default();
            return self.screen.tell(&format!("  not for this run: {shown} does not hold{replayed}"));
        };
        self.screen.tell(&format!(
            "  passed over here: whether {shown} holds depends on {unknown}, unknown before the real run. Where it does:"
        ));
        show_what_it_does(&self.screen, view, step, action);
    }

    /// Also tells other programs, a line each time.
    pub fn in_lines(self, told: bool) -> Screening {
        Screening { lines: told.then(|| Lines::new(&self.screen)), ..self }
    }

    /// Also has these notices given.
    pub fn noticing(self, notices: &Notices) -> Screening {
        Screening { notices: Some(notices.clone()), ..self }
    }

    fn show_passages(&mut self, view: &RunView<'_>, before: usize) {
        if self.reads_along && self.passed.insert(before) {
            show_passages(&self.screen, view, before);
        }
    }

    fn show_step(&mut self, view: &RunView<'_>, id: &str, rollback: bool) {
        let Some((index, _)) = view.plan.step(id) else { return };
        self.screen.enter(Some(id));
        if !rollback {
            self.show_passages(view, index);
        }
        let number = view.run.opened().filter(|opened| !opened.dry).map_or(0, |opened| opened.number);
        let run = if number > 0 { format!("run {number}") } else { "dry run".to_owned() };
        let title = view.run.opened().map(|opened| opened.title()).unwrap_or_default();
        let step = view.run.step_in_words(&view.plan.steps[index]);
        self.screen.title(&format!("{run} · {step} · {title}"));
        screen::step_head(&self.screen, view.plan, index, view.run);
        for condition in &view.plan.steps[index].when {
            let holds = || view.run.values().holds(condition).unwrap_or_default();
            if let Some(unknown) = self.unknown_in(condition).filter(|_| holds()) {
                let condition = self.screen.neutralise(condition);
                self.screen.tell(&format!(
                    "  taken to be for this run: whether {condition} holds depends on {unknown}, unknown before the real run"
                ));
            } else if let Some(replayed) = self.replayed_in(condition).filter(|_| holds()) {
                let condition = self.screen.neutralise(condition);
                self.screen.tell(&format!("  for this run: {condition} holds ({replayed})"));
            }
        }
    }

    /// How an attempt ended. Of a block that is tried again by itself the first failure and the end are told, and in between
    /// how often and for how long. Of a check that must hold for a time, the first try and the last are told, and in between for
    /// how long it has.
    fn show_end(&mut self, view: &RunView<'_>, finished: &Finished) {
        let task = Task::named(view.plan, &finished.step, &finished.action);
        let task = task.and_then(|task| view.run.at_place(task, finished.place.as_deref()));
        let holding = task.filter(|_| !finished.probe).and_then(|task| view.run.holding(view.plan, task));
        if task.is_some_and(|task| view.run.is_holding(view.plan, task))
            && holding.is_some_and(|holding| holding.tries > 1 || holding.anew > 0)
        {
            return;
        }
        let (action, place) = (finished.action.as_str(), finished.place.as_deref());
        let again = task.filter(|_| !finished.probe).and_then(|task| view.run.retrying(view.plan, task));
        if again.is_some() {
            self.retries.failed(finished);
            if self.retries.tells_of(action, place) {
                return;
            }
        }
        let retried = again.is_none() && self.retries.ends(action, place);
        if !task.is_some_and(|task| view.run.is_holding(view.plan, task)) {
            self.soaking.ends(&finished.action, finished.place.as_deref());
        }
        screen::verdict_line(&self.screen, finished);
        screen::failure(&self.screen, finished);
        if let Some(opened) = view.run.opened().filter(|opened| retried && !opened.dry) {
            let step = view.plan.step(&finished.step).map_or("", |(_, step)| step.number.as_str());
            screen::was_retried(&self.screen, finished.attempt, opened.number, step);
        }
        if let Some(holding) = holding.filter(|holding| holding.tries > 1) {
            let passed = finished.outcome == Outcome::Passed && !holding.given_up;
            screen::has_held(&self.screen, &holding, passed);
        }
    }
}

/// Whether it may happen between two tries of a check, which is still told of under everything else.
fn goes_on_beside_a_soak(moment: &Moment) -> bool {
    matches!(
        moment,
        Moment::Waiting { .. }
            | Moment::Permitted { .. }
            | Moment::AttemptStarted { .. }
            | Moment::AttemptTakenUp { .. }
            | Moment::AttemptOpen { .. }
            | Moment::AnswerOvertaken { .. }
            | Moment::KeptBack { .. }
            | Moment::AttemptEnded { .. }
            | Moment::PassedOver { .. }
            | Moment::Answered { .. }
            | Moment::Noted { .. }
    )
}

/// What to do about a process group that still runs.
fn waiting_for(group: i32) -> String {
    format!("Wait for that, or stop it with: kill -- -{group}")
}

/// Why an answer does not count, and what to do.
fn overtaken(why: Overtaken, asked_again: bool, left: bool) -> &'static str {
    match (why, asked_again) {
        (Overtaken::Ended, _) if left => {
            "has an end after all: what was answered does not count, and nothing else begins. Resume the run, or roll it back."
        }
        (Overtaken::Ended, _) => "has an end after all: what was answered does not count.",
        (Overtaken::Runs, true) => {
            "still runs, so what was answered does not count. Wait for it or end it there, then answer once more."
        }
        (Overtaken::Runs, false) => {
            "still runs, so what was answered does not count. Wait for it or end it there, then resume the run."
        }
        (Overtaken::Unreached, true) => {
            "may still run, so what was answered does not count. Every answer but to run it again counts when it is given \
             once more."
        }
        (Overtaken::Unreached, false) => {
            "may still run, so what was answered does not count. Resume the run once its place answers, or at a terminal."
        }
    }
}

impl Observer for Screening {
    fn saw(&mut self, view: &RunView<'_>, moment: &Moment) {
        match moment {
            Moment::AttemptStarted { .. } | Moment::AttemptTakenUp { .. } => self.under_way += 1,
            Moment::AttemptEnded { .. } | Moment::AttemptOpen { .. } => {
                self.under_way = self.under_way.saturating_sub(1);
            }
            _ => {}
        }
        if !goes_on_beside_a_soak(moment) {
            self.soaking.clear();
            self.retries.clear();
        }
        if let Some(notices) = &self.notices {
            notices.saw(view, moment);
        }
        if let Some(lines) = &mut self.lines {
            lines.saw(view, moment);
        }
        match moment {
            Moment::StepEntered { step, rollback, .. } => self.show_step(view, step, *rollback),
            Moment::StepsPassed => {
                self.screen.enter(None);
                self.show_passages(view, view.plan.steps.len());
            }
            Moment::PassedOver { step, action, condition } => {
                self.show_passed_over(view, step, action.as_deref(), condition);
            }
            Moment::SignOffLapsed { action, reason, .. } => self.screen.tell(&self.screen.neutralise(&format!(
                "  the sign-off of {action} has lapsed ({reason}); it is asked for again"
            ))),
            Moment::Waiting { action, place, pause_ms, held: Some(held), .. } => {
                let of = |step: &Step| step.actions.iter().any(|of| of.id == *action);
                let step = view.plan.steps.iter().position(of);
                let clocked = step.and_then(|step| self.screen.clocked(view.plan, view.run, step));
                let pause = Duration::from_millis(*pause_ms);
                self.soaking.holds((action, place.as_deref()), held, pause, clocked);
            }
            Moment::Waiting { action, place, pause_ms, held: None, .. } => {
                let pause = Duration::from_millis(*pause_ms);
                if let Some(retrying) = retrying(view, action, place.as_deref()) {
                    self.retries.waits((action, place.as_deref()), retrying, pause);
                }
            }
            Moment::AttemptStarted { action, place, .. } => {
                if let Some(retrying) = retrying(view, action, place.as_deref()) {
                    self.retries.begins((action, place.as_deref()), retrying);
                }
            }
            Moment::NotBefore { step, until, waits } => {
                let until = holdpoint_report::clock(*until, &jiff::tz::TimeZone::system());
                let what = if *waits { "waiting for that" } else { "not waited for" };
                let text = format!("{step} does not begin before {until}: {what}");
                self.screen.tell(&self.screen.neutralise(&format!("  {text}")));
            }
            Moment::Permitted { step, action, script } => {
                if let Some(task) = Task::named(view.plan, step, action) {
                    show_command(&self.screen, view, task, script, false);
                }
            }
            Moment::NeedsSomebody { .. } => self.screen.tell(
                "  This block needs somebody at a terminal, and nobody is asked here. Resume the run at one, without \
                 --unattended; or have the answers file skip the block.",
            ),
            Moment::AttemptEnded { finished, assumed: false, .. } => self.show_end(view, finished),
            Moment::AttemptTakenUp { action, place, attempt, .. } => {
                let place = place.as_deref().unwrap_or_default();
                self.screen.tell(&self.screen.neutralise(&format!(
                    "  looking at {place} for {action}, attempt {attempt}"
                )));
            }
            Moment::AttemptOpen { action, place, why, .. } => {
                let place = place.as_deref().unwrap_or_default();
                let mark = self.screen.style().yellow().bold().apply_to("IN DOUBT");
                self.screen.tell(&format!(
                    "  {mark} {}",
                    self.screen.neutralise(&format!("{action} at {place}: {why}"))
                ));
            }
            Moment::AnswerOvertaken { action, why, asked_again, group: Some(group), .. } => {
                let (what, meant) = match why {
                    Overtaken::Unreached => (
                        "what the interrupted block started still runs",
                        match asked_again {
                            true => " If it is meant to: every answer but to run the block again counts when it is given once more.",
                            false => " If it is meant to, say so at a terminal.",
                        },
                    ),
                    Overtaken::Runs | Overtaken::Ended => ("processes of the interrupted block still run", ""),
                };
                let then = if *asked_again { "Then answer once more." } else { "Then resume the run." };
                self.screen.say_hung(
                    "  ",
                    &self.screen.neutralise(&format!(
                        "{action}: what was answered does not count, for {what}. {}. {then}{meant}",
                        waiting_for(*group)
                    )),
                );
            }
            Moment::KeptBack { action, place, end: true, .. } => {
                let what = format!(
                    "{action} still runs at {}, so the run does not end. Wait for it or end it there. Then resume the run.",
                    place.as_deref().unwrap_or("its place")
                );
                self.screen.say_hung("  ", &self.screen.neutralise(&what));
            }
            Moment::KeptBack { action, place, group, .. } => {
                let what = match (place, group) {
                    (_, Some(group)) => format!(
                        "{action} does not begin: processes of the interrupted block still run. {}",
                        waiting_for(*group)
                    ),
                    (place, None) => format!(
                        "{action} does not begin: what was begun at {} still runs. Wait for it or end it there",
                        place.as_deref().unwrap_or("its place")
                    ),
                };
                self.screen.say_hung("  ", &self.screen.neutralise(&format!("{what}. Then resume the run.")));
            }
            Moment::AnswerOvertaken { action, place, why, asked_again, left, .. } => {
                let place = place.as_deref().unwrap_or_default();
                let what = format!("{action} at {place} {}", overtaken(*why, *asked_again, *left));
                self.screen.say_hung("  ", &self.screen.neutralise(&what));
            }
            Moment::Answered { events, .. } => tell_answers(&self.screen, view, events),
            Moment::RollbackAsked => self.screen.tell("  the document asks for a rollback of what was done"),
            // The runner says when a block really begins, the desk what it asks, the verb how it ended.
            Moment::AttemptEnded { assumed: true, .. }
            | Moment::PauseCut { .. }
            | Moment::Asked { .. }
            | Moment::Noted { .. }
            | Moment::Parked { .. }
            | Moment::Closed { .. } => {}
        }
    }

    fn caught_up(&mut self) {
        // What is drawn between two tries stays.
        if self.under_way == 0 && !self.soaking.is_drawn() && !self.retries.is_drawn() {
            self.screen.written();
        }
    }
}

/// How this block stands, where it is tried again by itself.
fn retrying(view: &RunView<'_>, action: &str, place: Option<&str>) -> Option<Retrying> {
    let task = view.plan.steps.iter().find_map(|step| Task::named(view.plan, &step.id, action))?;
    view.run.retrying(view.plan, view.run.at_place(task, place)?)
}

/// What was decided, in one line each: all that an answers file answered; of what was typed, what does not say itself.
fn tell_answers(screen: &Screen, view: &RunView<'_>, events: &[Event]) {
    let by_hand = |step: &str, action: &str| {
        Task::named(view.plan, step, action).is_some_and(|task| task.offered(view.plan).is_some())
    };
    for event in events {
        let Some(by) = event.by() else { continue };
        let typed = by.via == Via::Terminal;
        if !typed && by.via != Via::Answers {
            continue;
        }
        let line = match event {
            Event::SignOffGiven(given) => {
                format!("signed off by {} ({}) in the role {}", given.name, given.by.who, given.role)
            }
            Event::SignOffRejected { reason, by, .. } => format!("rejected by {}: {reason}", by.who),
            Event::Deviation(Deviation { kind, reason, .. }) if typed => {
                format!("deviation: {kind}, {reason}")
            }
            // Nobody was asked about it, so nothing stands above.
            Event::Deviation(Deviation { kind, step, action, place, reason, .. }) => {
                let what = action.clone().unwrap_or_else(|| format!("what is left of {step}"));
                let at = place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
                format!("deviation: {what}{at} {kind}, {reason}")
            }
            Event::RollbackOpened { steps, .. } => format!("roll back {}", steps.join(", ")),
            // Nothing else on the screen says that it counted.
            Event::ItemConfirmed { step, action, .. } if by_hand(step, action) => "done by hand".to_owned(),
            Event::Decision {
                choice:
                    choice @ (Choice::Abort
                    | Choice::NotApplicable
                    | Choice::PassOver
                    | Choice::Accepted
                    | Choice::Happened),
                ..
            } if typed => format!("decided: {choice}"),
            _ if typed => continue,
            Event::ItemConfirmed { .. } => "confirmed".to_owned(),
            Event::ValueRecorded { name, value, within_limits, .. } => {
                let value = if value.is_empty() { "(left empty)" } else { value };
                format!("{name} = {value}{}", if *within_limits { "" } else { " (out of its limits)" })
            }
            Event::Decision { choice, .. } => format!("decided: {choice}"),
            _ => continue,
        };
        let from = if typed { "" } else { " (from the answers file)" };
        screen.say_hung("  ", &screen.within_a_line(&format!("{line}{from}")));
    }
}
