//! By which way a notice is given, and what came of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use holdpoint_document::{Noteworthy, Notify};
use holdpoint_helper::{Helper, Stop, Unanswered};

use crate::files;
use crate::operator::{OF_NO_BLOCK, OF_RUN};

/// Longest time that a command may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Longest time that an address may take for one try, seconds.
const SECONDS: &str = "10";
/// Pauses between tries.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// One way.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// A program, its arguments, and the directory that it stands in.
    Command(Vec<String>, PathBuf),
    /// An address that it is posted to.
    Address(String),
}

/// What is under way, to be ended from elsewhere. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Ending(Arc<Mutex<Under>>);

#[derive(Default)]
struct Under {
    stops: Vec<Stop>,
    is_over: bool,
}

impl Ending {
    /// Ends what is under way, and has nothing begin any more.
    pub(super) fn end_all(&self) {
        let mut under = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under.is_over = true;
        under.stops.drain(..).for_each(|stop| stop.now());
    }

    /// Runs a helper, which may be ended from elsewhere.
    fn ask(&self, helper: Helper) -> Result<(), String> {
        {
            let mut under = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if under.is_over {
                return Err("nobody waited any longer".to_owned());
            }
            under.stops.push(helper.stop());
        }
        match helper.ask() {
            Ok(answer) if answer.code() == Some(0) => Ok(()),
            Ok(answer) => Err(answer.words()),
            Err(Unanswered::Stopped(name)) => Err(format!("{name} was ended, as nobody waited any longer")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What came of a notice.
#[derive(Debug)]
pub(super) struct Given {
    what: Noteworthy,
    way: String,
    tries: usize,
    result: Result<(), String>,
}

impl Given {
    /// For the record.
    pub(super) fn words(&self) -> String {
        let Given { what, way, tries, result } = self;
        let tries = if *tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
        match result {
            Ok(()) => format!("notice `{what}` given by {way}, {tries}"),
            Err(why) => format!("notice `{what}` not given by {way}, {tries}: {why}"),
        }
    }
}

impl Way {
    /// All that a configuration asks for.
    pub(super) fn of(notify: &Notify, root: &Path) -> Vec<Way> {
        let command =
            (!notify.command.is_empty()).then(|| Way::Command(notify.command.clone(), root.to_owned()));
        command.into_iter().chain(notify.url.clone().map(Way::Address)).collect()
    }

    /// As people are told of it: what stands behind the host may be a secret of theirs.
    pub(super) fn told(&self) -> String {
        match self {
            Way::Command(words, _) => format!("the command {}", words[0]),
            Way::Address(address) => {
                let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                format!("{scheme}://{}", host.rsplit('@').next().unwrap_or_default())
            }
        }
    }

    /// Gives it; takes as long as it takes.
    pub(super) fn give(&self, what: Noteworthy, notice: &str, ending: &Ending) -> Given {
        let (tries, result) = match self {
            Way::Command(words, root) => (1, run(words, root, notice, ending)),
            Way::Address(address) => {
                let mut tries = 1;
                let mut result = post(address, notice, ending);
                for pause in PAUSES {
                    if result.is_ok() {
                        break;
                    }
                    std::thread::sleep(pause);
                    tries += 1;
                    result = post(address, notice, ending);
                }
                (tries, result)
            }
        };
        Given { what, way: self.told(), tries, result }
    }
}

fn run(words: &[String], root: &Path, notice: &str, ending: &Ending) -> Result<(), String> {
    let named = Path::new(&words[0]);
    // One with a directory in its name lies in the repository, by no link elsewhere, or is named from the root.
    let program = match words[0].contains('/') && !named.is_absolute() {
        true => Some(root.join(named))
            .filter(|_| files::stays(&words[0]))
            .and_then(|path| files::beneath(root, &path))
            .ok_or("it leads out of the repository")?,
        false => named.to_owned(),
    };
    let helper = Helper::new(program).arguments(&words[1..]).directory(root).alone().within(LIMIT);
    let helper = helper.variable(OF_RUN, OF_NO_BLOCK);
    ending.ask(helper.input(format!("{notice}\n")))
}

/// Where it goes and what it says reach `curl` by its standard input: an address can be a secret, and arguments are seen by
/// everybody on the machine.
fn post(address: &str, notice: &str, ending: &Ending) -> Result<(), String> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let said = format!("url = {}\ndata-raw = {}\n", quoted(address), quoted(notice));
    let curl = Helper::new("curl")
        .arguments(["-q", "--silent", "--show-error", "--fail", "--globoff", "--proto", "=http,https"])
        .arguments(["--max-time", SECONDS, "--max-filesize", "65536", "--output", "/dev/null"])
        .arguments(["--header", "Content-Type: application/json", "--config", "-"]);
    ending.ask(curl.input(said).alone().within(LIMIT))
}
