//! The world around the engine. Live, resume, rehearsal and dry run are the same loop in another world.

pub mod answers;
mod asking;
pub mod assume;
pub mod disk;
pub mod kept_state;
mod keys;
pub mod local;
pub mod memory;
mod operator_terminal;
mod reads;
mod recording;
mod reply;
mod shown;
mod tell;
pub mod terminal;

pub use reply::roll_back;
pub use tell::progress;

use std::io::Write;
use std::time::Duration;

use holdpoint_document::Plan;
use holdpoint_engine::{BlobRef, Event, Execution, Finished, Question, Run, Task, Verdict};
use holdpoint_record::SignedFiles;
use holdpoint_signing::Prefix;
use jiff::Timestamp;

use crate::interrupts::Interrupt;
use crate::problem::Problem;

/// Where events and bytes go.
pub trait Journal {
    /// Makes events durable, in order. After an error nothing more may be executed.
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Problem>;
    /// Keeps bytes; they are as durable as the next event.
    fn put(&mut self, bytes: &[u8]) -> Result<BlobRef, Problem>;
    /// Bytes that were kept.
    fn get(&self, blob: &BlobRef) -> Result<Vec<u8>, Problem>;
    /// Keeps bytes as they come. Unless they will be asked for `again`, a journal that forgets may forget them.
    fn sink(&mut self, again: bool) -> Result<Box<dyn Sink>, Problem>;
    /// Where the record stands: what somebody who signs the next event binds the signature to.
    fn position(&mut self) -> Result<Prefix, Problem>;
    /// Keeps the statement and the signature of the release that is the next event.
    fn keep_signed(&mut self, files: &SignedFiles) -> Result<(), Problem>;
    /// Notes the process group that runs, so that somebody who comes after a crash can see it.
    fn note_child(&mut self, group: Option<i32>);
    /// The run is over.
    fn seal(&mut self, verdict: Verdict) -> Result<(), Problem>;
}

/// Bytes on their way into a journal.
pub trait Sink: Write {
    /// All bytes are there; they are as durable as the next event.
    fn finish(self: Box<Self>) -> Result<BlobRef, Problem>;
    /// Whether they are kept for good.
    fn is_lasting(&self) -> bool;
}

/// What everybody in a world may look at.
pub struct RunView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The document's text.
    pub source: &'a str,
    /// The run so far.
    pub run: &'a Run,
}

/// What somebody answers.
#[derive(Debug)]
pub enum Answer {
    /// Run it.
    Go,
    /// These events are the answer.
    Events(Vec<Event>),
    /// Nobody here can answer: park.
    Park,
}

/// Whoever answers questions: a person, a file, or nobody.
pub trait Desk {
    /// Whether somebody sits there and may be asked.
    fn attended(&self) -> bool;
    /// A new step is at hand; its head is shown next.
    fn enter(&mut self, _scene: &RunView<'_>, _task: Task) {}
    /// The last step has passed.
    fn leave(&mut self, _scene: &RunView<'_>) {}
    /// A block is about to run with this script.
    fn permit(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &str,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem>;
    /// A question of the engine.
    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem>;
}

/// Whoever executes blocks.
pub trait Runner {
    /// The script as it will run: the document's, rendered, or edited.
    fn script(&self, view: &RunView<'_>, task: Task, journal: &dyn Journal) -> Result<Script, Problem>;
    /// Waits before an attempt that is made by itself; says what kept it from being waited out.
    fn wait(&mut self, pause: Duration) -> impl Future<Output = Option<Interrupt>>;
    /// Whether the program was asked to leave; where nobody is asked anything (not `attended`), by Ctrl-C too.
    fn asked_to_leave(&mut self, attended: bool) -> impl Future<Output = bool>;
    /// The directory the next block starts in.
    fn cwd(&self) -> String;
    /// Whether an execution needs somebody at a terminal.
    fn needs_somebody(&self, _scene: &RunView<'_>, _task: Task) -> bool {
        false
    }
    /// Says which block will probably come after the one that is executed next, so that it can be made ready.
    fn expect(&mut self, _scene: &RunView<'_>, _next: Option<Task>, _journal: &dyn Journal) {}
    /// Runs it to its end. Its start is durable already.
    fn execute(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        journal: &mut dyn Journal,
    ) -> impl Future<Output = Result<Executed, Problem>>;
}

/// A script and whether it is other than the document's own.
#[derive(Clone, Debug)]
pub struct Script {
    /// The exact text.
    pub text: String,
    /// Whether the record must keep it.
    pub differs: bool,
}

/// How an execution ended.
#[derive(Debug)]
pub struct Executed {
    /// For the record.
    pub finished: Finished,
    /// The operator wants to leave after this.
    pub park: bool,
    /// Nothing was executed, or what came of it does not count: it has been said already.
    pub assumed: bool,
    /// Nothing was started, by a fault of ours: what to say of it once the end is on record.
    pub fault: Option<Problem>,
}
