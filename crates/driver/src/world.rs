//! What a session needs around it. Another world is another set of these.

use std::io::Write;
use std::time::Duration;

use holdpoint_engine::{BlobRef, Event, Execution, Finished, Question, Run, SentTo, Task, Unfound, Verdict};
use holdpoint_model::Plan;
use jiff::Timestamp;

use crate::{Fault, Secrets};

/// Where bytes are kept that events name. Desks and runners get this much of a journal: they cannot append.
pub trait BlobStore {
    /// The world's own errors.
    type Error: From<Fault>;

    /// Keeps bytes; they are as durable as the next event.
    fn put(&mut self, bytes: &[u8]) -> Result<BlobRef, Self::Error>;
    /// Bytes that were kept.
    fn get(&self, blob: &BlobRef) -> Result<Vec<u8>, Self::Error>;
    /// What was expunged, which [`BlobStore::get`] does not give: in words, by whom, when and why.
    fn expunged(&self) -> Vec<(BlobRef, String)> {
        Vec::new()
    }
    /// Keeps bytes as they come. Unless they will be asked for `again`, a store that forgets may forget them.
    fn sink(&mut self, again: bool) -> Result<Box<dyn Sink<Error = Self::Error>>, Self::Error>;
    /// Where the record stands: what somebody who signs the next event binds the signature to.
    fn position(&mut self) -> Result<Position, Self::Error>;
    /// Keeps the statement and the signature of the sign-off that is the next event.
    fn keep_signed(&mut self, signed: SignedStatement) -> Result<(), Self::Error>;
    /// Notes the process group that runs, so that somebody who comes after a crash can see it.
    fn note_child(&mut self, group: Option<i32>);
}

/// Where events go.
pub trait Journal: BlobStore {
    /// Makes events durable, in order. After an error nothing more may be executed.
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Self::Error>;
    /// The run is over.
    fn seal(&mut self, verdict: Verdict) -> Result<(), Self::Error>;
}

/// Bytes on their way into a journal. Needs neither the journal nor the run until it is finished.
pub trait Sink: Write {
    /// The world's own errors.
    type Error;

    /// All bytes are there; they are as durable as the next event.
    fn finish(self: Box<Self>) -> Result<BlobRef, Self::Error>;
    /// Whether they are kept for good.
    fn is_lasting(&self) -> bool;
}

/// How far a record goes: whatever is signed is signed for everything before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// How many events.
    pub events: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, lower-case hex.
    pub sha256: String,
}

/// A signed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    /// Its exact bytes.
    pub statement: Vec<u8>,
    /// The armored signature over them.
    pub signature: Vec<u8>,
}

/// What everybody in a world may look at.
#[derive(Clone, Copy)]
pub struct RunView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The document's text.
    pub source: &'a str,
    /// The run so far.
    pub run: &'a Run,
    /// The session's secrets.
    pub secrets: &'a Secrets,
}

/// What somebody answers.
#[derive(Debug)]
pub enum Answer {
    /// Run it.
    Go,
    /// These events are the answer. None at all are no answer: as `Park`.
    Events(Vec<Event>),
    /// Nobody here can answer: park.
    Park,
    /// The answer comes later, see [`Desk::heard`]. Before a block runs there is no such answer: it is as `Park`.
    Later,
}

/// Whoever answers questions: a person, a file, somebody elsewhere, or nobody.
///
/// Whoever sits at a terminal answers in the call. Somebody elsewhere (a channel, a web page, a second person) is told of
/// the question with [`Moment::Asked`](crate::Moment::Asked) and answered for with [`Answer::Later`]; when their answer
/// arrives, the question is put once more and the desk gives it, with the run before its eyes as it is by then.
pub trait Desk {
    /// The world's own errors.
    type Error: From<Fault>;

    /// Whether somebody sits there and may be asked. Where nobody does, a desk says nothing of its own before a block
    /// runs: the end of the block before it may not be durable yet.
    fn attended(&self) -> bool;
    /// A new step is at hand.
    fn enter(&mut self, _view: &RunView<'_>, _task: Task) {}
    /// A block is about to run with this script.
    fn permit(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &str,
        store: &mut dyn BlobStore<Error = Self::Error>,
    ) -> Result<Answer, Self::Error>;
    /// A step may not begin before this moment: whether it is waited for. Where it is not, somebody is asked what else to do.
    fn waits(&mut self, _view: &RunView<'_>, _task: Task, _until: Timestamp) -> bool {
        false
    }
    /// A block is about to run with this script that somebody let run at another place, where it is still under way: they
    /// are not asked again.
    fn permit_one_more(
        &mut self,
        _view: &RunView<'_>,
        _execution: Execution,
        _script: &str,
        _store: &mut dyn BlobStore<Error = Self::Error>,
    ) -> Result<Answer, Self::Error> {
        Ok(Answer::Go)
    }
    /// A question of the engine.
    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        store: &mut dyn BlobStore<Error = Self::Error>,
    ) -> Result<Answer, Self::Error>;
    /// Whether it may be asked while blocks run. Where somebody reads along at a terminal, it may not.
    fn is_asked_meanwhile(&self) -> bool {
        false
    }
    /// What the desk has to put on record by itself, though it was asked nothing: what came of what it told others, say. It is
    /// asked between two things that happen, and once more, `ending`, before the run is closed and after it was left.
    fn adds(&mut self, _view: &RunView<'_>, _ending: bool) -> Vec<Event> {
        Vec::new()
    }
    /// Waits until an answer that was to come later has arrived; `false`: none will any more. Waiting is given up, and begun
    /// anew, whenever something else arrives first: nothing may be lost by that.
    fn heard(&mut self) -> impl Future<Output = bool> {
        std::future::ready(false)
    }
}

/// What the program was asked for from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C: stop the block and ask.
    Stop,
    /// Stop the block and park: the program was asked to leave, or the terminal went away.
    Leave,
}

/// A process group that a block left whose driver died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its id.
    pub group: i32,
    /// The machine it is on, where that is not among the processes that can be seen from here: then nobody can tell whether it
    /// lives, and it is [`Unfound::Away`].
    pub elsewhere: Option<String>,
    /// What is known: the block itself [`Unfound::Runs`], and nothing begins beside it; or it has ended, and nobody can tell
    /// whether what it started goes on with its work, as of a place that is [`Unfound::Away`].
    pub unfound: Unfound,
}

/// Whoever executes blocks.
///
/// An attempt has several parts. Those that take time (`reach`, `run`, `reap`) hold neither the run nor the record: attempts
/// at several places are under way at once, and their ends are recorded as they come.
pub trait Runner {
    /// The world's own errors.
    type Error: From<Fault>;
    /// One attempt under way, with all that it needs.
    type Attempt;

    /// The script as it will run: the document's, rendered, or edited.
    fn script(
        &self,
        view: &RunView<'_>,
        task: Task,
        store: &dyn BlobStore<Error = Self::Error>,
    ) -> Result<Script, Self::Error>;
    /// Waits before an attempt that is made by itself; says what kept it from being waited out.
    fn wait(&self, pause: Duration) -> impl Future<Output = Option<Interrupt>>;
    /// Whether the program was asked to leave; where nobody is asked anything (not `attended`), by Ctrl-C too.
    fn asked_to_leave(&self, attended: bool) -> impl Future<Output = bool>;
    /// What a block that an earlier driver began on its machine left there, while any of it runs or may run.
    fn left_behind(&self) -> Option<LeftBehind> {
        None
    }
    /// The directory the next block of this machine starts in.
    fn cwd(&self) -> String;
    /// Whether an execution needs somebody at a terminal.
    fn needs_somebody(&self, _view: &RunView<'_>, _task: Task) -> bool {
        false
    }
    /// Says which block will probably come after the one that is executed next, so that it can be made ready.
    fn expect(&self, _view: &RunView<'_>, _next: Option<Task>, _store: &dyn BlobStore<Error = Self::Error>) {}
    /// Reaches the place where a block is about to run, before its start is recorded. Nothing of the block is sent there.
    fn reach(&self, _where_to: Whereabouts) -> impl Future<Output = Reached> {
        std::future::ready(Reached { cwd: self.cwd(), way: Way::Here })
    }
    /// Makes an attempt ready to run. That it has started is durable already, but for one that cannot be begun.
    fn start(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        script: &Script,
        way: Way,
        store: &mut dyn BlobStore<Error = Self::Error>,
    ) -> Result<Self::Attempt, Self::Error>;
    /// Runs it until nothing of it is left. `child` is told the process group that runs, and when none does.
    fn run(&self, attempt: &mut Self::Attempt, child: impl FnMut(Option<i32>)) -> impl Future<Output = ()>;
    /// What came of it.
    fn end(
        &self,
        view: &RunView<'_>,
        attempt: Self::Attempt,
        store: &mut dyn BlobStore<Error = Self::Error>,
    ) -> Result<End<Self::Error>, Self::Error>;
    /// The end of an attempt that was sent to a place is durable, with all of its output: the place need not keep it.
    fn reap(&self, _where_to: Whereabouts, _attempt: String) -> impl Future<Output = ()> {
        std::future::ready(())
    }
    /// The run is over: its places need not keep anything of the attempts that are `over`. Of those that are `open` no end is on
    /// record, and their places keep what they have. Each is given with its place's name.
    fn clean(&self, _over: Vec<(String, String)>, _open: Vec<(String, String)>) -> impl Future<Output = ()> {
        std::future::ready(())
    }
}

/// Where a block runs, as the document and event 0 name it; nothing for the machine that drives the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Whereabouts {
    /// The target.
    pub target: Option<String>,
    /// Its place.
    pub place: Option<String>,
}

/// What was learnt of a place before a block begins there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The directory the block starts in.
    pub cwd: String,
    /// How it gets there.
    pub way: Way,
}

/// How an attempt gets to where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It runs on this machine.
    Here,
    /// It is sent there, under this name.
    To(SentTo),
    /// It was sent there by an earlier driver, and is only followed from now on.
    Back(SentTo),
    /// It does not get there, for this reason: nothing of it will run.
    Nowhere(String),
    /// Somebody stopped it while its place was being reached: it does not begin, and nothing of it is recorded.
    Stopped(Interrupt),
}

/// A script and whether it is other than the document's own.
#[derive(Clone, Debug)]
pub struct Script {
    /// The exact text.
    pub text: String,
    /// Whether the record must keep it.
    pub differs: bool,
}

/// What is known of an execution that is not under way any more.
#[derive(Debug)]
pub enum End<E> {
    /// How it ended.
    Known(Box<Executed<E>>),
    /// Whether or how it ended is not known, for this reason: it stays open, and is looked for once more before anybody's
    /// answer about it counts.
    Open(Unfound, String),
}

/// How an execution ended.
#[derive(Debug)]
pub struct Executed<E> {
    /// For the record.
    pub finished: Finished,
    /// The operator wants to leave after this.
    pub park: bool,
    /// Nothing was executed, or what came of it does not count: it has been said already.
    pub assumed: bool,
    /// Nothing was started, by a fault of ours: what to say of it once the end is on record.
    pub fault: Option<E>,
}
