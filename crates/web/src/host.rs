//! What the server asks of whoever has the runs. It opens no record itself.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::name::RunName;

/// A store of runs, as a server needs it. Every call may take its time, and has a thread of its own.
pub trait Host: Send + Sync + 'static {
    /// Whose runs they are, for the head of each page: the name of a repository.
    fn title(&self) -> String;

    /// Who runs the server, by principal.
    fn operator(&self) -> String;

    /// Somebody whom a proxy has signed in, as the configuration has them today.
    ///
    /// # Errors
    /// [`RefusalKind::Nobody`]: it names nobody so.
    fn person(&self, said: &str) -> Result<Person, Refusal>;

    /// The zone of the times in the list, for people.
    fn zone(&self) -> String;

    /// Runs that are asked for, the newest first.
    ///
    /// # Errors
    /// [`Refusal`]: the store cannot be read, or something is asked for that nobody knows.
    fn list(&self, wanted: &Wanted) -> Result<Vec<Row>, Refusal>;

    /// The number of a run.
    ///
    /// # Errors
    /// There is none of that name.
    fn number(&self, run: &RunName) -> Result<u64, Refusal>;

    /// One run, proved and summed up.
    ///
    /// # Errors
    /// [`Refusal`]: there is none, or its record cannot be read, or not soon.
    fn run(&self, run: &RunName) -> Result<Shown, Refusal>;

    /// The report of a run, proved.
    ///
    /// # Errors
    /// As [`Host::run`].
    fn report(&self, run: &RunName) -> Result<Report, Refusal>;

    /// Tells what is on record of a run from event `from` on, and goes on telling what is added, until the run is over or
    /// `tell` says that nobody listens any more; it is asked several times a second.
    ///
    /// # Errors
    /// As [`Host::run`], also for what becomes of the record meanwhile.
    fn follow(
        &self,
        run: &RunName,
        from: u64,
        tell: &mut dyn FnMut(LiveUpdate) -> bool,
    ) -> Result<(), Refusal>;

    /// What is signed where somebody signs the hold point that the run waits at, rejects it, or reviews a run that is over.
    /// `site` is that of the passkeys.
    ///
    /// # Errors
    /// [`Refusal`]: they may not, or another text is signed by now than they were shown, or somebody else has the run.
    fn prepare(&self, run: &RunName, wish: Wish, site: &str) -> Result<Pending, Refusal>;

    /// Puts on record what comes of it: in words, what that was. `page` is the origin that the passkey must have been asked by.
    ///
    /// # Errors
    /// As [`Host::prepare`], which holds once more; or the signature does not count.
    fn complete(
        &self,
        run: &RunName,
        pending: &Pending,
        passkey: &Passkey,
        from: Asker<'_>,
    ) -> Result<String, Refusal>;

    /// Puts a note on the record of a run that is open: in words, what that was.
    ///
    /// # Errors
    /// [`Refusal`]: the run is over, or does not know them, or somebody else has it.
    fn note(&self, run: &RunName, who: &str, text: &str) -> Result<String, Refusal>;
}

/// Somebody whom the configuration names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Their principal.
    pub principal: String,
    /// What they are called.
    pub name: String,
    /// Their roles.
    pub roles: Vec<String>,
}

/// Which runs of the list. What is left out asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only runs that are not over.
    pub open: bool,
    /// Only runs that wait for somebody in this role.
    pub waits_for: Option<String>,
    /// Only runs in this environment.
    pub environment: Option<String>,
    /// Only sealed runs that nobody has reviewed yet.
    pub unreviewed: bool,
}

/// A run in the list. Texts are as recorded; pages make them harmless.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// How it stands, in the words of the command line, with since when.
    pub state: String,
    /// What kind of news that is: `good`, `note`, `bad`, `wait`, `back`, `quiet` or `plain`.
    pub tone: &'static str,
    /// Where it runs.
    pub environment: String,
    /// When it was opened, for people.
    pub opened: String,
    /// Who operates it.
    pub operator: String,
    /// What it runs, or what is wrong with its record.
    pub title: String,
    /// The same for programs.
    #[serde(skip)]
    pub json: Value,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its number.
    pub number: u64,
    /// What it runs.
    pub title: String,
    /// How it stands.
    pub state: String,
    /// What came of proving its record just now, in words.
    pub verdict: String,
    /// Whether the record is intact.
    pub intact: bool,
    /// What is to be known of it: a name and a text each.
    pub facts: Vec<(String, String)>,
    /// Its steps.
    pub steps: Vec<StepRow>,
    /// The hold point that it waits at, where what is signed there can be made from the record alone.
    pub hold_point: Option<HoldPoint>,
    /// SHA-256 of its seal in lower-case hex, where it can be reviewed.
    pub reviewable: Option<String>,
    /// What was said of it since it is over, a review each.
    pub reviews: Vec<String>,
    /// How many events are told of in it.
    pub events: u64,
    /// The last of them, where it is not over, the earliest first.
    pub happened: Vec<Happened>,
    /// Whether it is over.
    pub over: bool,
    /// The same for programs.
    #[serde(skip)]
    pub json: Value,
}

/// Something that happened, for people. Texts are as recorded; whoever shows them makes them harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// The number of the event.
    pub n: u64,
    /// When, as times are shown.
    pub at: String,
    /// What, in a line.
    pub words: String,
}

/// A hold point that somebody is waited for at.
#[derive(Clone, Debug, Serialize)]
pub struct HoldPoint {
    /// The action.
    pub action: String,
    /// Whose sign-off it takes.
    pub role: String,
    /// What whoever signs is shown.
    pub text: String,
    /// SHA-256 of that text, in lower-case hex, as it is signed.
    pub sha256: String,
}

/// A step of a run.
#[derive(Clone, Debug, Serialize)]
pub struct StepRow {
    /// Position as the operator sees it.
    pub number: String,
    /// Its title.
    pub title: String,
    /// What became of it, in words.
    pub status: String,
    /// What kind of news that is, as of a [`Row`].
    pub tone: &'static str,
    /// How long it took.
    pub took: String,
}

/// A page that is whole, with the policy that it needs.
#[derive(Clone, Debug)]
pub struct Report {
    /// HTML.
    pub html: String,
    /// Its content security policy, without what only a header can say.
    pub policy: String,
}

/// What a follower is told.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveUpdate {
    /// The next event on record, as the record has it, and what there is to say of it in a line.
    Event {
        /// In words.
        happened: Happened,
        /// As recorded.
        event: Value,
    },
    /// How the run stands now, where that changed.
    Standing(Box<Row>),
    /// Nothing happened. It is said so that whoever listens no more can say so.
    Nothing,
}

/// What somebody asks to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Who they say they are.
    pub who: String,
    /// What it is.
    pub what: ToSign,
    /// SHA-256 of what they were shown: a hold point's text, or the seal of a run that is over.
    pub shown: String,
}

/// What can be signed from a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToSign {
    /// The hold point that the run waits at is signed off.
    SignOff,
    /// It is rejected, for this reason.
    Rejection(String),
    /// A run that is over is reviewed.
    Review {
        /// The kind of review, as the command line names it.
        kind: String,
        /// What is said.
        text: String,
    },
}

/// Who asks a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker<'a> {
    /// The site that it is for.
    pub site: &'a str,
    /// The page, as `https://HOST`.
    pub page: &'a str,
}

/// What waits for a passkey.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The run's whole id.
    pub run: String,
    /// What was asked for.
    pub wish: Wish,
    /// When; the statement says so.
    pub at: Timestamp,
    /// What is to be signed, byte for byte.
    pub statement: Vec<u8>,
    /// What the passkey is to be asked with.
    pub challenge: Vec<u8>,
}

/// What a browser gives of a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// The signature, in DER.
    pub signature: Vec<u8>,
}

/// Why something is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of reason it is.
    pub kind: RefusalKind,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

/// Kinds of reasons, each with a status of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// There is no such run.
    Missing,
    /// What is asked for is nothing that can be asked for.
    Asked,
    /// Whoever asks may not, whoever they are.
    Nobody,
    /// The record is damaged, or is none.
    Record,
    /// It is too much to be read here.
    TooMuch,
    /// The machine, or a fault of ours.
    Fault,
}
