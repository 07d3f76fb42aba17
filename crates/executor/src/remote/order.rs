//! What a place is sent for one block.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdpoint_model::Become;

use super::asked::{Attempt, Hello, Setting};
use super::proof::marks;
use crate::interpreter::{Interpreter, Kind};
use crate::prepare::{changes, refuse_unusable};
use crate::scratch::file_name;
use crate::shell::{READY, StandardInput, Wrapper, quoted, restore};
use crate::waiting::arguments;
use crate::{Job, State};

/// The text that a place's shell is given. Each of its parts is one file beside this one.
const COMMON: &str = include_str!("common.sh");
const CALL: &str = include_str!("call.sh");
const KEEPER: &str = include_str!("keeper.sh");
const RUNNER: &str = include_str!("runner.sh");

/// No argument and no variable of a process may be longer, with its name (Linux), bytes.
const LONGEST_VARIABLE: usize = 128 * 1024;

/// One question to a place. It is one command, which a shell runs when it has read all of it, or not at all.
pub(crate) struct Call {
    text: Vec<u8>,
    /// What its answer begins with; where there is none, the question cannot be asked.
    token: Result<String, String>,
}

/// A question as it is sent.
pub(crate) struct Text {
    /// To a shell that has been asked nothing before.
    pub(crate) whole: Vec<u8>,
    /// To one that has.
    pub(crate) more: Vec<u8>,
    /// What the answer begins with.
    pub(crate) token: String,
}

impl Call {
    pub(crate) fn new() -> Call {
        let token = token();
        let call = Call { text: b"{\n".to_vec(), token: token.clone() };
        call.with("token", token.unwrap_or_default())
    }

    /// With a variable.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Call {
        assign(&mut self.text, name, value.as_ref());
        self
    }

    /// All of it, for this operation.
    ///
    /// # Errors
    /// This machine has nothing that nobody else knows.
    pub(crate) fn text(self, operation: &str) -> Result<Text, String> {
        self.behind(operation, [COMMON, CALL].concat().into_bytes())
    }

    /// The same, for an operation that blocks are started and followed by.
    ///
    /// # Errors
    /// As [`Call::text`].
    pub(crate) fn of_a_block(self, operation: &str) -> Result<Text, String> {
        let mut before = [COMMON, CALL].concat().into_bytes();
        for (name, part) in [("keeper", KEEPER), ("runner", RUNNER)] {
            assign(&mut before, name, [COMMON, part].concat().as_bytes());
        }
        self.behind(operation, before)
    }

    /// What stands before the command starts nothing.
    fn behind(mut self, operation: &str, before: Vec<u8>) -> Result<Text, String> {
        let token = self.token?;
        self.text.extend_from_slice(format!("call {operation}; }}\n").as_bytes());
        Ok(Text { whole: [&before[..], &self.text].concat(), more: self.text, token })
    }
}

/// What nobody else knows.
///
/// # Errors
/// This machine gives nothing at random.
pub(crate) fn token() -> Result<String, String> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(length) => filled += length,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(format!("this machine gives no random bytes: {error}")),
        }
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn assign(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b"=", &quoted(value), b"\n"] {
        text.extend_from_slice(part);
    }
}

/// A block, ready to be sent.
pub(crate) struct Order {
    pub(crate) kind: Kind,
    program: String,
    /// For the keeper, a line each.
    head: String,
    /// For the runner.
    payload: Vec<u8>,
}

/// How blocks of a place are run.
pub(crate) struct Ways<'a> {
    pub(crate) hello: &'a Hello,
    pub(crate) setting: &'a Setting,
}

impl Ways<'_> {
    /// What stands before the shell that runs a block, for a shell that splits it at blanks; empty where nothing does.
    pub(crate) fn becoming(&self) -> Result<String, String> {
        let Some(Become::Sudo) = self.setting.r#become else { return Ok(String::new()) };
        let user = self.setting.as_user.as_deref().unwrap_or("root");
        let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if user.is_empty() || user.starts_with('-') || !user.chars().all(good) {
            return Err(format!("`{}` cannot be the name of a user", user.escape_debug()));
        }
        // Never asks: standard input is the block's order, and nobody is there to answer.
        Ok(format!("sudo -n -u {user} --"))
    }

    /// The umask that blocks of this machine have.
    fn umask(&self) -> String {
        let own = || {
            let status = std::fs::read_to_string("/proc/self/status").ok()?;
            let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
            u32::from_str_radix(umask.trim(), 8).ok()
        };
        format!("{:04o}", self.setting.umask.or_else(own).unwrap_or(0o022))
    }
}

impl Order {
    /// The error says to the operator why it cannot be run.
    pub(crate) fn of(
        job: &Job,
        state: &State,
        attempt: &Attempt,
        mark: &str,
        ways: &Ways<'_>,
    ) -> Result<Order, String> {
        let Attempt { id, secrets: withheld, known, .. } = attempt;
        refuse_unusable(job, state)?;
        if job.script.contains('\0') {
            return Err("the script holds a NUL byte".to_owned());
        }
        let interpreter = Interpreter::read(&job.interpreter).ok_or("the block names no interpreter")?;
        let given = given(job, state)?;
        let directory = format!("{}/{id}", ways.hello.base);
        let becoming = ways.becoming()?;
        let nobody = becoming.is_empty();
        // A name that nobody can list or guess.
        let elsewhere =
            |what: &str| Ok::<_, String>(format!("{}/.holdpoint-{}-{what}", ways.hello.temporary, token()?));
        let run = if nobody { directory.clone() } else { elsewhere("run")? };
        let work = if nobody { format!("{directory}/work") } else { elsewhere("work")? };
        let file = file_name(&job.name, interpreter.extension());
        let script = format!("{work}/{file}");
        let cwd = job.cwd.as_ref().map_or_else(|| state.cwd.clone(), |own| state.cwd.join(own));
        let shell = interpreter.kind != Kind::Other;
        let fifo = PathBuf::from(format!("{run}/state.f"));
        let words = if shell {
            let wrapper = Wrapper {
                kind: interpreter.kind,
                script: Path::new(&script),
                fifo: &fifo,
                input: StandardInput::Nothing,
                strict: job.strict,
                traced: interpreter.traces(),
                elsewhere: false,
                withheld,
            };
            arguments(&interpreter, (&job.name, job.strict), Path::new(&script), Some(&wrapper))
        } else {
            arguments(&interpreter, (&job.name, job.strict), Path::new(&script), None)
        };
        let words: Vec<Vec<u8>> = words.iter().map(|word| quoted(word.as_bytes())).collect();
        let own = job.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let beginning = match shell {
            true => [&restore(interpreter.kind, state, &own)[..], READY].concat(),
            false => Vec::new(),
        };
        let path = job.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| OsStr::new(value));
        let path = path.or_else(|| state.get("PATH")).unwrap_or_default();
        let secrets = format!("{run}/secrets");
        let within = job.within.as_deref().filter(|_| job.cwd.is_some());
        let mut payload = Vec::new();
        let mut set = |name: &str, value: &[u8]| assign(&mut payload, name, value);
        set("events", format!("{run}/events").as_bytes());
        set("orders", format!("{run}/orders").as_bytes());
        set("state", fifo.as_os_str().as_bytes());
        set("secrets", secrets.as_bytes());
        set("mention", &quoted(secrets.as_bytes()));
        set("work", work.as_bytes());
        set("file", file.as_bytes());
        set("script", job.script.as_bytes());
        set("cwd", cwd.as_os_str().as_bytes());
        set("within", within.map_or(&b""[..], |within| within.as_os_str().as_bytes()));
        set("path", path.as_bytes());
        set("program", interpreter.head[0].as_bytes());
        set("arguments", &words.join(&b' '));
        set("shell", if shell { b"yes" } else { b"" });
        set("environment", &given);
        set("beginning", &beginning);
        set("umask", ways.umask().as_bytes());
        set("how", ways.hello.how.as_bytes());
        set("grace", hundredths(job.grace).to_string().as_bytes());
        set("whole", b"yes");
        let limit =
            job.timeout.map_or_else(|| "0".to_owned(), |limit| seconds(limit.max(Duration::from_millis(10))));
        let known = marks(&token()?, known);
        let head = format!("{directory}\n{mark}\n{limit}\n{run}\n{becoming}\n{known}");
        Ok(Order { kind: interpreter.kind, program: interpreter.head[0].clone(), head, payload })
    }

    /// The call with what a start needs.
    pub(crate) fn add_to(&self, call: Call) -> Call {
        call.with("head", &self.head).with("payload", &self.payload)
    }

    /// Why a block was not begun, from the runner's code for it.
    pub(crate) fn refusal(&self, code: &str, job: &Job, state: &State) -> String {
        let cwd = job.cwd.as_ref().map_or_else(|| state.cwd.clone(), |own| state.cwd.join(own));
        let cwd = format!("the working directory {}", cwd.display());
        let program = &self.program;
        let (what, more) = code.split_once(' ').unwrap_or((code, ""));
        match (what, more) {
            ("cwd", "missing") => format!("{cwd} does not exist (any more)"),
            ("cwd", "file") => format!("{cwd} is not a directory"),
            ("cwd", _) => format!("{cwd} cannot be entered: permission denied"),
            ("within", found) => {
                let within = job.within.as_deref().unwrap_or(Path::new("/")).display();
                format!("{cwd} leads to {found}, out of {within}")
            }
            ("interpreter", _) if program.contains('/') => {
                format!("the interpreter `{program}` is not a program that can be run")
            }
            ("interpreter", _) => format!("the interpreter `{program}` was not found in PATH"),
            ("exec", _) => format!(
                "`{program}` could not be started: perhaps the exported variables are too large for the system there"
            ),
            ("full", _) => "the script could not be written there: is the disk full?".to_owned(),
            ("work", _) => "no private directory for the script could be made there".to_owned(),
            ("tool", name) => format!("`{name}` is missing there"),
            _ => {
                "the block did not begin there (with `become`: may this user run `sudo` without a password?)"
                    .to_owned()
            }
        }
    }
}

/// Shell text that sets the block's environment.
fn given(job: &Job, state: &State) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let changes = changes(job, state);
    for (name, value) in changes {
        let Some(name) = name.to_str().filter(|name| crate::names::is_identifier(name)) else {
            return Err(format!("`{}` cannot be the name of a variable there", name.display()));
        };
        match value {
            Some(value) if name.len() + value.len() + 2 > LONGEST_VARIABLE => {
                return Err(format!(
                    "the value of {name} is too large to be given to a process; export a shorter one"
                ));
            }
            Some(value) => {
                assign(&mut text, name, value.as_bytes());
                text.extend_from_slice(format!("export {name}\n").as_bytes());
            }
            None => text.extend_from_slice(format!("unset {name}\n").as_bytes()),
        }
    }
    Ok(text)
}

fn hundredths(duration: Duration) -> u128 {
    duration.as_millis().div_ceil(10)
}

fn seconds(duration: Duration) -> String {
    let hundredths = hundredths(duration);
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        part => format!("{}.{part:02}", hundredths / 100),
    }
}
