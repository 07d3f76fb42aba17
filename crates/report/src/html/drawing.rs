//! The run as a drawing: a row a step, bars for executions and waits, marks for sign-offs. Inline SVG, styled by the page.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use holdpoint_engine::{Event, Finished, Holding, Outcome, Status, Task};
use holdpoint_view::{Reading, between};
use jiff::{SignedDuration, Timestamp};

use crate::markdown::words::with_place;
use crate::text::visible;
use crate::time::{clock, took};
use crate::{Material, Summary};

/// Measures in the drawing's own unit, about a pixel.
const WIDTH: f64 = 960.0;
const LABELS: f64 = 270.0;
const ROW: f64 = 22.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 26.0;
/// Narrower than this nothing is seen.
const LEAST: f64 = 3.0;
/// More rows than this are no drawing any more: steps that nothing happened in are left out first.
const MOST_ROWS: usize = 80;
const LONGEST_LABEL: usize = 38;

/// The drawing, as an `svg` element; empty where nothing happened yet.
pub(super) fn drawing(m: &Material<'_>, summary: &Summary) -> String {
    let marks = marks(m);
    let axis = Axis::of(m);
    let touched = |id: &str| marks.iter().any(|mark| mark.step == id);
    let all = summary.steps.len() <= MOST_ROWS;
    let mut steps: Vec<_> = summary.steps.iter().filter(|step| all || touched(&step.id)).collect();
    let left_out = summary.steps.len() - steps.len().min(MOST_ROWS);
    steps.truncate(MOST_ROWS);
    if marks.is_empty() {
        return String::new();
    }
    let rows: HashMap<&str, usize> = steps.iter().enumerate().map(|(at, s)| (s.id.as_str(), at)).collect();
    let height = TOP + ROW * steps.len() as f64 + BOTTOM;
    let mut out = format!(
        "<svg class=\"drawing\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"The run in time: a row for each step\">"
    );
    axis.draw(&mut out, m, height);
    for (at, step) in steps.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let label = label(&format!("{} {}", step.number, step.title));
        put(
            &mut out,
            format_args!(
                "<line class=\"row\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{0:.1}\" y2=\"{0:.1}\"/>",
                y + ROW
            ),
        );
        put(&mut out, format_args!("<text x=\"0\" y=\"{:.1}\">{label}</text>", y + ROW * 0.68));
    }
    for mark in &marks {
        if let Some(row) = rows.get(mark.step) {
            mark.draw(&mut out, &axis, TOP + ROW * *row as f64);
        }
    }
    out.push_str("</svg>");
    if left_out > 0 {
        put(&mut out, format_args!("<p class=\"small\">{left_out} more steps are not drawn.</p>"));
    }
    out
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(what);
}

/// Something drawn in the row of a step.
struct Mark<'a> {
    step: &'a str,
    kind: &'static str,
    from: Timestamp,
    /// The same as `from` for what takes no time.
    to: Timestamp,
    what: String,
}

/// Time along the drawing. Long pauses are shortened, and marked where they are.
struct Axis {
    /// Moments in order, with their places.
    points: Vec<(Timestamp, f64)>,
    /// Places and lengths of what was shortened, milliseconds.
    breaks: Vec<(f64, f64, u64)>,
}

impl Axis {
    fn of(m: &Material<'_>) -> Axis {
        let mut times: Vec<Timestamp> = m.events.iter().map(|stamped| stamped.at).collect();
        // A clock may have gone back; the axis is of time as it was recorded.
        times.sort();
        let gaps: Vec<u64> = times.windows(2).map(|pair| between(pair[0], pair[1])).collect();
        let short: u64 = gaps.iter().filter(|gap| **gap < 60_000).sum();
        let most = (short / 6).max(2_000);
        let shown = |gap: u64| gap.min(most) as f64;
        let total: f64 = gaps.iter().map(|gap| shown(*gap)).sum::<f64>().max(1.0);
        let scale = (WIDTH - LABELS - 12.0) / total;
        let (mut x, mut breaks) = (LABELS, Vec::new());
        let mut points = vec![(times.first().copied().unwrap_or_default(), x)];
        for (at, gap) in times.iter().skip(1).zip(gaps) {
            let next = x + shown(gap) * scale;
            if gap > most {
                breaks.push((x, next, gap));
            }
            x = next;
            points.push((*at, x));
        }
        Axis { points, breaks }
    }

    fn place(&self, at: Timestamp) -> f64 {
        let after = self.points.partition_point(|(known, _)| *known < at);
        self.points.get(after).or(self.points.last()).map_or(LABELS, |(_, x)| *x)
    }

    fn draw(&self, out: &mut String, m: &Material<'_>, height: f64) {
        let bottom = height - BOTTOM;
        for (from, to, gap) in &self.breaks {
            let width = to - from;
            put(
                out,
                format_args!(
                    "<rect class=\"pause\" x=\"{from:.1}\" y=\"{TOP:.1}\" width=\"{width:.1}\" height=\"{:.1}\"><title>{} passed here; drawn shorter</title></rect>",
                    bottom - TOP,
                    took(*gap)
                ),
            );
            if width > 70.0 {
                put(
                    out,
                    format_args!(
                        "<text class=\"axis\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">pause {}</text>",
                        from + width / 2.0,
                        TOP - 6.0,
                        took(*gap)
                    ),
                );
            }
        }
        if let (Some((first, from)), Some((last, to))) = (self.points.first(), self.points.last()) {
            let y = height - 8.0;
            put(
                out,
                format_args!(
                    "<text class=\"axis\" x=\"{from:.1}\" y=\"{y:.1}\">{}</text>",
                    clock(*first, &m.zone)
                ),
            );
            put(
                out,
                format_args!(
                    "<text class=\"axis\" text-anchor=\"end\" x=\"{to:.1}\" y=\"{y:.1}\">{}</text>",
                    clock(*last, &m.zone)
                ),
            );
        }
    }
}

impl Mark<'_> {
    fn draw(&self, out: &mut String, axis: &Axis, y: f64) {
        let (from, to) = (axis.place(self.from), axis.place(self.to));
        let middle = y + ROW / 2.0;
        let what = escaped(&self.what);
        match self.kind {
            "signed" => put(
                out,
                format_args!(
                    "<path class=\"signed\" d=\"M{to:.1} {:.1}l6 6l-6 6l-6 -6z\"><title>{what}</title></path>",
                    middle - 6.0
                ),
            ),
            "deviation" => put(
                out,
                format_args!(
                    "<path class=\"deviation\" d=\"M{from:.1} {:.1}l6 10h-12z\"><title>{what}</title></path>",
                    middle - 6.0
                ),
            ),
            "done" => put(
                out,
                format_args!(
                    "<circle class=\"done\" cx=\"{from:.1}\" cy=\"{middle:.1}\" r=\"3.5\"><title>{what}</title></circle>"
                ),
            ),
            kind => {
                let (thick, width) =
                    (if matches!(kind, "waited" | "held") { 4.0 } else { 12.0 }, (to - from).max(LEAST));
                put(
                    out,
                    format_args!(
                        "<rect class=\"{kind}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{thick}\" rx=\"1\"><title>{what}</title></rect>",
                        middle - thick / 2.0
                    ),
                );
            }
        }
    }
}

/// What a mark of a block says that has no end.
fn doubt(action: &str) -> String {
    format!("{action}: no end recorded")
}

/// Everything worth a mark, waits first, so that what ended them is drawn over them.
fn marks<'a>(m: &'a Material<'_>) -> Vec<Mark<'a>> {
    let (mut waits, mut marks) = (Vec::new(), Vec::new());
    let mut running: HashMap<String, Timestamp> = HashMap::new();
    let mut waiting: HashMap<&str, (Timestamp, &str, &str)> = HashMap::new();
    let last = m.events.last().map(|stamped| stamped.at).unwrap_or_default();
    let mut reading = Reading::new(m.plan).refusing(m.refused());
    for stamped in m.events {
        if reading.take(stamped).is_err() {
            break;
        }
        let at = stamped.at;
        let mut point =
            |step: &'a str, kind, what: String| marks.push(Mark { step, kind, from: at, to: at, what });
        match &stamped.event {
            Event::ActionStarted(started) | Event::RollbackStarted(started) => {
                let action = with_place(&started.action, started.place.as_deref());
                let what = doubt(&action);
                running.insert(action, at);
                let rest = Mark { step: &started.step, kind: "doubt", from: at, to: at, what };
                marks.push(rest);
            }
            Event::ActionFinished(ended) | Event::RollbackFinished(ended) => {
                let action = with_place(&ended.action, ended.place.as_deref());
                let from = running.remove(&action).unwrap_or(at);
                let doubt = doubt(&action);
                marks.retain(|mark| !(mark.kind == "doubt" && mark.from == from && mark.what == doubt));
                let undo = matches!(stamped.event, Event::RollbackFinished(_));
                let kind = match ended.outcome {
                    Outcome::Passed if undo => "undone",
                    Outcome::Passed => "passed",
                    Outcome::Failed | Outcome::TimedOut | Outcome::Interrupted => "failed",
                };
                let what = format!("{action}, attempt {}: {}", ended.attempt, took(ended.duration_ms));
                match soak(&reading, ended) {
                    // One band for all that passed one after another, and the last try of them at its end.
                    Some(held) => {
                        let from = at - SignedDuration::try_from(held.held).unwrap_or_default();
                        let of = format!("{action} held: ");
                        marks.retain(|mark| {
                            !(mark.kind == "held" && mark.from == from && mark.what.starts_with(&of))
                        });
                        let tries = if held.tries == 1 { "try" } else { "tries" };
                        let (time, all) = (span(held.held), span(held.of));
                        let told = format!("{of}{time} of {all}, {} {tries}", held.tries);
                        marks.push(Mark { step: &ended.step, kind: "held", from, to: at, what: told });
                        if held.left().is_zero() {
                            marks.push(Mark { step: &ended.step, kind, from: at, to: at, what });
                        }
                    }
                    None => marks.push(Mark { step: &ended.step, kind, from, to: at, what }),
                }
            }
            Event::ItemConfirmed { step, action, .. } => point(step, "done", format!("{action} confirmed")),
            Event::ValueRecorded { step, name, .. } => point(step, "done", format!("{name} recorded")),
            Event::ValueCorrected(corrected) => {
                point(&corrected.step, "done", format!("{} corrected", corrected.name))
            }
            Event::SignOffRequested { step, action, role, .. } => {
                waiting.entry(action).or_insert((at, step, role));
            }
            Event::SignOffGiven(given) => {
                let what = format!("signed by {}", given.name);
                let signed = is_signed(&reading, &given.step, &given.action);
                let waited = if signed { waiting.remove(given.action.as_str()) } else { None };
                if let Some((from, step, role)) = waited {
                    let what = format!("waited {} for role {role}", took(between(from, at)));
                    waits.push(Mark { step, kind: "waited", from, to: at, what });
                }
                point(&given.step, "signed", what);
            }
            // An override belongs to no step.
            Event::Deviation(deviation) if deviation.step.is_empty() => {}
            Event::Deviation(deviation) => point(&deviation.step, "deviation", deviation.reason.clone()),
            Event::Handover(handover) => {
                if let Some(step) = &handover.standing.next.step {
                    point(step, "done", format!("handed over to {}", handover.to));
                }
            }
            Event::RunClosed { .. } => waiting.clear(),
            _ => {}
        }
    }
    for (_, (from, step, role)) in waiting {
        waits.push(Mark { step, kind: "waited", from, to: last, what: format!("waits for role {role}") });
    }
    waits.extend(marks);
    waits
}

/// For how long a check has held with this try of it, from its second one on.
fn soak(reading: &Reading<'_>, ended: &Finished) -> Option<Holding> {
    if ended.outcome != Outcome::Passed || ended.probe {
        return None;
    }
    let (plan, run) = (reading.plan(), reading.run());
    let task = run.at_place(Task::named(plan, &ended.step, &ended.action)?, ended.place.as_deref())?;
    run.holding(plan, task).filter(|holding| holding.tries > 1)
}

fn span(time: Duration) -> String {
    took(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// Whether the hold point has every sign-off that it takes.
fn is_signed(reading: &Reading<'_>, step: &str, action: &str) -> bool {
    let plan = reading.plan();
    let found = plan.step(step).and_then(|(index, step)| {
        Some(Task::action(index, step.actions.iter().position(|known| known.id == action)?))
    });
    found.is_some_and(|task| reading.run().status(plan, task) == Status::Signed)
}

fn label(text: &str) -> String {
    let short: String = text.chars().take(LONGEST_LABEL).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    format!("{}{cut}", escaped(&short))
}

fn escaped(text: &str) -> String {
    let text = visible(text.replace('\n', " ").as_bytes());
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
