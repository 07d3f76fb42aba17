//! What a session says, for other programs: a JSON object a line on standard output, as things happen. People are told on
//! standard error as always.

use holdpoint_driver::Moment;
use holdpoint_engine::{Event, Via, unknown};
use jiff::Timestamp;
use serde::Serialize;

use super::RunView;
use crate::screen::Screen;

/// What each line says that it is: another form takes another number.
const FORMAT: &str = "holdpoint-moments-1";

/// Writes lines, counted from 0.
#[derive(Debug)]
pub struct Lines {
    screen: Screen,
    written: u64,
}

#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    format: &'static str,
    n: u64,
    at: Timestamp,
    run: u64,
    #[serde(flatten)]
    what: &'a T,
}

/// The first line: what is being run.
#[derive(Serialize)]
#[serde(tag = "moment", rename = "run_driven")]
struct Driven<'a> {
    id: &'a str,
    document: &'a str,
    title: String,
    environment: &'a str,
    operator: &'a str,
    dry: bool,
    steps: usize,
}

impl Lines {
    /// None yet.
    pub fn new(screen: &Screen) -> Lines {
        Lines { screen: screen.clone(), written: 0 }
    }

    /// Something has become true, and is durable.
    pub fn saw(&mut self, view: &RunView<'_>, moment: &Moment) {
        let Some(opened) = view.run.opened() else { return };
        if self.written == 0 {
            let driven = Driven {
                id: &opened.id,
                document: &opened.runbook.path,
                title: opened.title(),
                environment: &opened.environment.name,
                operator: view.run.operator(),
                dry: opened.dry,
                steps: view.plan.steps.len(),
            };
            self.write(opened.number, &driven);
        }
        if let (true, Moment::Answered { step, action, events }) = (opened.dry, moment) {
            let (step, action) = (step.clone(), action.clone());
            let events = events.iter().cloned().map(as_known).collect();
            return self.write(0, &Moment::Answered { step, action, events });
        }
        self.write(opened.number, moment);
    }

    fn write(&mut self, run: u64, what: &impl Serialize) {
        let line = Line { format: FORMAT, n: self.written, at: Timestamp::now(), run, what };
        // Nothing in it fails to be written as JSON; a line that is none would be worse than none.
        if let Ok(line) = serde_json::to_string(&line) {
            self.written += 1;
            self.screen.data(&line);
        }
    }
}

/// Of a value that nobody knows before the real run, that it is unknown: the event has one that fits its field.
fn as_known(mut event: Event) -> Event {
    if let Event::ValueRecorded { name, value, by, .. } = &mut event
        && by.via == Via::Assumed
    {
        *value = unknown(name);
    }
    event
}
