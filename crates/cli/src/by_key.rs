//! Sign-offs by key: what is signed is built from the record, what came back is checked as `verify` will check it, and
//! only then it is kept.

use std::path::{Path, PathBuf};

use holdpoint_document::Assurance;
use holdpoint_driver::SignedStatement;
use holdpoint_engine::{BlobRef, Event, KeySignature, RunOpened, SignedAs, SignedOff, Task};
use holdpoint_record::LONGEST_STATEMENT;
use holdpoint_signing::agent::{Agent, Identity};
use holdpoint_signing::{Moment, Prefix, Signers, Statement, check, keygen, namespace};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::approvals;
use crate::digest::sha256;
use crate::files;
use crate::operator::time_zone;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{RunView, Store};

/// The key's file that somebody may name, and the option that they name it with.
#[derive(Clone, Copy, Debug)]
pub struct KeyFile<'a> {
    /// The file; without one, the agent is asked.
    pub file: Option<&'a Path>,
    option: &'static str,
}

impl<'a> KeyFile<'a> {
    /// As `--key` names it.
    pub fn of_key(file: Option<&'a Path>) -> KeyFile<'a> {
        KeyFile { file, option: "--key" }
    }

    /// As `--override-key` names it.
    pub fn of_override_key(file: Option<&'a Path>) -> KeyFile<'a> {
        KeyFile { file, option: "--override-key" }
    }
}

/// What is signed by key.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// This hold point is signed off.
    SignOff(Task),
    /// It is rejected, for this reason.
    Rejection(&'a str),
    /// Rules are overridden.
    Override,
    /// A session is operated.
    Session,
}

impl<'a> What<'a> {
    fn namespace(self) -> &'static str {
        namespace(match self {
            What::SignOff(_) => SignedAs::SignOff,
            What::Rejection(_) => SignedAs::Rejection,
            What::Override => SignedAs::Override,
            What::Session => SignedAs::Session,
        })
    }

    fn rejected(self) -> Option<&'a str> {
        match self {
            What::Rejection(reason) => Some(reason),
            What::SignOff(_) | What::Override | What::Session => None,
        }
    }

    /// Why it does not count in the run as it stands.
    fn refusal(self, view: &RunView<'_>, given: &SignedOff) -> Option<String> {
        match self {
            What::SignOff(task) => view.run.sign_off_refusal(view.plan, task, given),
            _ => view.run.key_refusal(given.signature.as_ref(), &given.by.who),
        }
    }

    fn least(self, view: &RunView<'_>) -> Assurance {
        match self {
            What::Session => Assurance::Ssh,
            What::SignOff(_) | What::Rejection(_) | What::Override => view.run.least_assurance(),
        }
    }
}

/// What came of asking for a signature.
#[derive(Debug)]
pub enum Signature {
    /// A sign-off that counts; its files are kept already, for the event that comes next.
    Given(Box<SignedOff>),
    /// It was signed, and does not count: why.
    Refused(String),
    /// Nothing was signed: why, and what to do.
    None(String),
}

/// Who may sign in this run, as event 0 keeps it.
pub fn signers(
    opened: &RunOpened,
    get: impl Fn(&BlobRef) -> Result<Vec<u8>, Problem>,
) -> Result<Signers, Problem> {
    Signers::of(opened, get, |error| {
        Problem::usage(
            error.to_string(),
            "The run keeps these files as they were: correct them and open a new run.",
        )
    })
}

/// Has `given` signed as `what`: with the key in a file, else with one that the agent holds.
pub fn sign(
    view: &RunView<'_>,
    given: SignedOff,
    what: What<'_>,
    key: KeyFile<'_>,
    store: &mut Store<'_>,
) -> Result<Signature, Problem> {
    let to_sign = match to_sign(view, given, what, Timestamp::now(), store)? {
        Ok(to_sign) => to_sign,
        Err(why) => return Ok(Signature::None(why)),
    };
    let ToSign { given, statement } = &to_sign;
    let signers = own_signers(view, store)?;
    match signature(&signers, &given.by.who, what.namespace(), key, statement) {
        Ok(signature) => signed(view, to_sign, what, (signature, &signers), store),
        Err(why) => Ok(Signature::None(why)),
    }
}

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSign {
    /// The sign-off, as it will stand in the record.
    given: SignedOff,
    /// The statement, byte for byte.
    pub statement: Vec<u8>,
}

/// As event 0 keeps them, of a run that is open.
pub fn own_signers(view: &RunView<'_>, store: &Store<'_>) -> Result<Signers, Problem> {
    signers(opened(view)?, |blob| store.get(blob))
}

fn opened<'v>(view: &RunView<'v>) -> Result<&'v RunOpened, Problem> {
    let not = || Problem::fault("the run is not open", "This is a fault of holdpoint.");
    view.run.opened().ok_or_else(not)
}

/// What is signed where `given` is, as `what`, at that time; why nothing can be.
pub fn to_sign(
    view: &RunView<'_>,
    given: SignedOff,
    what: What<'_>,
    at: Timestamp,
    store: &mut Store<'_>,
) -> Result<Result<ToSign, String>, Problem> {
    let opened = opened(view)?;
    // As it will stand in the record.
    let Event::SignOffGiven(given) = view.secrets.masked_event(Event::SignOffGiven(given))? else {
        return Err(Problem::fault(
            "a sign-off was masked into something else",
            "This is a fault of holdpoint.",
        ));
    };
    let end = store.position()?;
    let prefix = Prefix { events: end.events, bytes: end.bytes, sha256: end.sha256 };
    let moment = Moment::of(at, &TimeZone::system());
    let statement = Statement::of(opened, &given, moment, prefix, view.run.seen())
        .rejected(what.rejected().map(|reason| view.secrets.masked(reason).into_owned()));
    let bytes = statement.to_bytes().map_err(|error| {
        Problem::fault(format!("the statement cannot be written: {error}"), "This is a fault of holdpoint.")
    })?;
    if bytes.len() as u64 > LONGEST_STATEMENT {
        return Ok(Err(format!(
            "the statement would have {} bytes and can have {LONGEST_STATEMENT}: too much has happened in this run to be told in it",
            bytes.len()
        )));
    }
    Ok(Ok(ToSign { given, statement: bytes }))
}

/// Checks what came back, as `verify` will, by who may sign in this run, and keeps it where it counts.
pub fn signed(
    view: &RunView<'_>,
    to_sign: ToSign,
    what: What<'_>,
    (signature, signers): (String, &Signers),
    store: &mut Store<'_>,
) -> Result<Signature, Problem> {
    let ToSign { mut given, statement: bytes } = to_sign;
    match check(&bytes, signature.as_bytes(), &given.by.who, what.namespace(), signers, Timestamp::now()) {
        Err(refused) => Ok(Signature::Refused(refused.to_string())),
        Ok(assured) if assured.assurance < what.least(view) => Ok(Signature::Refused(format!(
            "the environment asks for {}, and {} did not verify its user",
            what.least(view),
            assured.key
        ))),
        Ok(assured) => {
            if let Some(why) = withdrawn(&given.by.who, what.namespace(), &bytes, &signature)? {
                return Ok(Signature::Refused(why));
            }
            given.assurance = assured.assurance;
            given.signature = Some(KeySignature {
                key: assured.key,
                statement: sha256(&bytes),
                signature: sha256(signature.as_bytes()),
            });
            // Of what does not count nothing is left behind.
            if let Some(why) = what.refusal(view, &given) {
                return Ok(Signature::Refused(why));
            }
            store.keep_signed(SignedStatement { statement: bytes, signature: signature.into_bytes() })?;
            Ok(Signature::Given(Box::new(given)))
        }
    }
}

/// Why a signature does not count by the repository's files of today: the run goes by those of when it opened, and the key may
/// have been revoked since, or have ended. Where nobody is named today who may sign, none counts: the run knew some.
pub fn withdrawn(
    principal: &str,
    namespace: &str,
    message: &[u8],
    signature: &str,
) -> Result<Option<String>, Problem> {
    let place = Place::here()?;
    if place.configuration().is_none_or(|config| config.signers.is_none()) {
        let why = "holdpoint.toml names nobody here who may sign today: type it in the run's repository";
        return Ok(Some(why.to_owned()));
    }
    let today = match approvals::signers(&place, &time_zone()?) {
        Ok(today) => today,
        Err(why) => return Ok(Some(format!("who may sign today cannot be told: {why}"))),
    };
    let counts = check(message, signature.as_bytes(), principal, namespace, &today, Timestamp::now());
    Ok(counts
        .err()
        .map(|refused| format!("by allowed_signers and revoked keys as they are today: {refused}")))
}

/// Has `message` signed by `principal`: with the key in a file, else with one that the agent holds. The error says why
/// nothing was signed, and what to do.
pub fn signature(
    signers: &Signers,
    principal: &str,
    namespace: &str,
    key: KeyFile<'_>,
    message: &[u8],
) -> Result<String, String> {
    match key.file {
        Some(key) => {
            // Or `ssh-keygen` would wait for what never comes.
            files::open(key).map_err(|error| format!("the key {} cannot be read: {error}", key.display()))?;
            keygen::sign(key, namespace, message).map_err(|error| error.to_string())
        }
        None => by_agent(signers, principal, namespace, key.option, message),
    }
}

/// Why the agent could not sign for `principal`, where no key file is named; what takes a key fails early with it.
pub fn unable(signers: &Signers, principal: &str, namespace: &str, key: KeyFile<'_>) -> Option<String> {
    match key.file {
        Some(file) if !file.is_file() => Some(format!("there is no key {}", file.display())),
        Some(_) => None,
        None => agent_with(signers, principal, namespace, key.option).err(),
    }
}

/// Whether `principal` could sign; tells why not. Nobody is asked for what cannot be done.
pub fn is_able(
    screen: &Screen,
    signers: &Signers,
    principal: &str,
    namespace: &str,
    key: KeyFile<'_>,
) -> bool {
    let why = unable(signers, principal, namespace, key);
    if let Some(why) = &why {
        screen.tell(&format!("No signature is possible here: {}", screen.neutralise(why)));
    }
    why.is_none()
}

/// Why no agent can sign for anybody.
pub fn no_agent(key: KeyFile<'_>) -> Option<String> {
    socket(key.option).err()
}

fn instead_of_an_agent(option: &str) -> String {
    format!("give the key's file with {option}, or add it with ssh-add")
}

fn socket(option: &str) -> Result<PathBuf, String> {
    std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from).ok_or_else(|| {
        format!(
            "no SSH agent is at hand (SSH_AUTH_SOCK is not set): give the key's file with {option}, or start one (eval \
             \"$(ssh-agent)\"), then ssh-add"
        )
    })
}

fn by_agent(
    signers: &Signers,
    principal: &str,
    namespace: &str,
    option: &str,
    message: &[u8],
) -> Result<String, String> {
    let (mut agent, identity) = agent_with(signers, principal, namespace, option)?;
    agent.sign(&identity, namespace, message).map_err(|error| format!("the SSH agent did not sign: {error}"))
}

/// The agent, and a key of theirs that it holds; the error names the `option` that takes a key's file instead.
fn agent_with(
    signers: &Signers,
    principal: &str,
    namespace: &str,
    option: &str,
) -> Result<(Agent, Identity), String> {
    let give = instead_of_an_agent(option);
    let socket = socket(option)?;
    let no_answer = |error| format!("the SSH agent does not answer ({error}): {give}");
    let mut agent = Agent::at(&socket).map_err(no_answer)?;
    let identities = agent.identities().map_err(no_answer)?;
    let of = |identity: &&Identity| signers.allowed.knows(principal, &identity.presented);
    let now = Timestamp::now();
    let good =
        |identity: &&Identity| signers.allowed.find(principal, &identity.presented, namespace, now).is_ok();
    // One that does not count says why, when it is checked.
    let Some(identity) = identities.iter().find(good).or_else(|| identities.iter().find(of)) else {
        return Err(format!("the SSH agent holds no key of {principal} that allowed_signers knows: {give}"));
    };
    Ok((agent, identity.clone()))
}
