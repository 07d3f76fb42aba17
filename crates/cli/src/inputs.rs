//! Values of the inputs a document asks for, and where each came from.

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::Path;

use holdpoint_document::{Input, Plan, Source};
use holdpoint_driver::Secrets;
use holdpoint_engine::{Fit, InputGiven, LONGEST_VALUES, fit};
use holdpoint_redact::Redactor;

use crate::files;
use crate::from_command;
use crate::interrupts::Prompting;
use crate::problem::{Finding, Problem};
use crate::screen::{Screen, meant, not_empty, with_kind};

/// A refused value longer than this is not shown, bytes.
const SHOWN: usize = 1000;

/// What leads a program to the SSH agent, with which it could sign as whoever's key that holds.
pub const AGENT: [&str; 3] = ["SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO"];

/// Every input with its value.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// For the record: secrets by name only.
    pub given: Vec<InputGiven>,
    /// The secrets' values.
    pub secrets: Vec<(String, String)>,
    /// Inputs that got no value (a plan is shown all the same).
    pub unknown: Vec<String>,
}

/// How inputs are found.
pub struct Wanted<'a> {
    /// `--set`, by name.
    pub set: BTreeMap<String, String>,
    /// `inputs:` of the answers file.
    pub answers: &'a BTreeMap<String, String>,
    /// The repository's root, for `from: { file: … }` and `{ command: … }`.
    pub root: &'a Path,
    /// Whether somebody can be asked.
    pub ask: bool,
    /// Whether an input without a value is an error.
    pub all: bool,
    /// Whether commands get the SSH agent: where sign-offs are given by key, a command could sign as well.
    pub agent: bool,
}

/// `K=V`, each, no name twice.
pub fn parse_set(set: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let mut values = BTreeMap::new();
    for pair in set {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            // Not shown: what stands there may be a secret.
            return Err(Problem::usage("--set takes a name and a value", "Write --set NAME=VALUE."));
        };
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Problem::usage(format!("--set gives {name} twice"), "Give it once."));
        }
    }
    Ok(values)
}

/// Finds a value for every input: given, from its source, its default, else asked for.
pub fn resolve(
    screen: &Screen,
    plan: &Plan,
    name: &str,
    source: &str,
    wanted: &Wanted<'_>,
) -> Result<Inputs, Problem> {
    let declared = &plan.front.inputs;
    for (given, from) in
        wanted.set.keys().map(|k| (k, "--set")).chain(wanted.answers.keys().map(|k| (k, "the answers file")))
    {
        if !declared.iter().any(|input| input.name == *given) {
            let names: Vec<&str> = declared.iter().map(|input| input.name.as_str()).collect();
            let help = match (holdpoint_document::nearest(given, &names), names.is_empty()) {
                (Some(near), _) => format!("Did you mean {near}?"),
                (None, true) => "The document asks for no inputs.".to_owned(),
                (None, false) => format!("It asks for {}.", names.join(", ")),
            };
            return Err(Problem::usage(
                format!("{from} gives {given}, which the document does not ask for"),
                help,
            ));
        }
    }
    let (mut inputs, mut length) = (Inputs::default(), 0);
    for input in declared {
        let Some((value, from)) = find(screen, input, name, source, wanted)? else {
            if wanted.all {
                let help = format!("Give it with --set {}=VALUE.", input.name);
                let message = format!("the input {} has no value", input.name);
                return Err(at(input, name, source, message, help));
            }
            inputs.unknown.push(input.name.clone());
            continue;
        };
        let refuse = |why: &str| {
            let is_shown = !input.secret && value.len() <= SHOWN;
            let shown = if is_shown { format!(", not {value:?}") } else { String::new() };
            let help = match from.as_str() {
                "set" => "It was given with --set: give another there.".to_owned(),
                "answers" => "It is in the answers file: write another there.".to_owned(),
                "default" => "It is the default in the document: give another with --set.".to_owned(),
                from => format!("It came from {from}: mend that, or give another with --set."),
            };
            Err(at(input, name, source, format!("the input {}: {why}{shown}", input.name), help))
        };
        match fit(&input.kind, &value) {
            Fit::Within => {}
            Fit::OutOfLimits(why) | Fit::Wrong(why) => return refuse(&why),
        }
        length += value.len();
        if length > LONGEST_VALUES {
            return refuse(&format!("all inputs together have at most {LONGEST_VALUES} bytes"));
        }
        let kept = (!input.secret).then(|| value.clone());
        inputs.given.push(InputGiven { name: input.name.clone(), value: kept, secret: input.secret, from });
        if input.secret {
            inputs.secrets.push((input.name.clone(), value));
        }
    }
    Ok(inputs)
}

/// Whether a value of an input is asked of somebody or of a command: nothing that is given comes before.
pub fn asks(plan: &Plan, wanted: &Wanted<'_>) -> bool {
    let mut open =
        plan.front.inputs.iter().filter(|input| {
            !wanted.set.contains_key(&input.name) && !wanted.answers.contains_key(&input.name)
        });
    open.any(|input| match &input.from {
        Some(Source::Command(_)) => true,
        // What is not there is asked for.
        _ => input.default.is_none(),
    })
}

/// Hides the secrets whose values lie about here, before anything that may hold them is read and found wrong.
/// What cannot be had is told later.
pub fn hide_at_hand(screen: &Screen, plan: &Plan, root: &Path, hidden: &Secrets) {
    let (set, answers) = (BTreeMap::new(), BTreeMap::new());
    let wanted = Wanted { set, answers: &answers, root, ask: false, all: false, agent: false };
    let secrets = plan.front.inputs.iter().filter(|input| input.secret).filter_map(|input| {
        let from = input.from.as_ref().filter(|from| !matches!(from, Source::Command(_)))?;
        let (value, _) = from_source(screen, from, &wanted).ok()??;
        let secret = (input.name.clone(), value);
        Redactor::new(vec![secret.clone()]).is_ok().then_some(secret)
    });
    if let Ok(secrets) = Redactor::new(secrets.collect()) {
        hidden.hide(&secrets);
    }
}

/// Values of the secrets of a run that is taken up again; everything else is in its record.
pub fn secrets_again(
    screen: &Screen,
    plan: &Plan,
    given: &[InputGiven],
    name: &str,
    source: &str,
    wanted: &Wanted<'_>,
) -> Result<Vec<(String, String)>, Problem> {
    let mut only = plan.clone();
    only.front.inputs.retain(|input| input.secret && given.iter().any(|known| known.name == input.name));
    Ok(resolve(screen, &only, name, source, wanted)?.secrets)
}

fn find(
    screen: &Screen,
    input: &Input,
    name: &str,
    source: &str,
    wanted: &Wanted<'_>,
) -> Result<Option<(String, String)>, Problem> {
    if let Some(value) = wanted.set.get(&input.name) {
        return Ok(Some((value.clone(), "set".to_owned())));
    }
    if let Some(value) = wanted.answers.get(&input.name) {
        return Ok(Some((value.clone(), "answers".to_owned())));
    }
    if let Some(from) = &input.from {
        // Whoever only looks executes nothing.
        if matches!(from, Source::Command(_)) && !wanted.all {
            return Ok(None);
        }
        let fail = |why: String| {
            let message = format!("the input {}: {why}", input.name);
            at(input, name, source, message, "Mend that, or give it with --set.".to_owned())
        };
        // Nothing is no value. A document in which it may be one says `default: ""`.
        match from_source(screen, from, wanted).map_err(fail)? {
            Some((value, from)) if value.trim() == "null" => {
                return Err(fail(format!("{from} gives null, which is no value")));
            }
            Some(found) if !found.0.trim().is_empty() => return Ok(Some(found)),
            _ => {}
        }
    }
    if let Some(default) = &input.default {
        return Ok(Some((default.clone(), "default".to_owned())));
    }
    if !wanted.ask {
        return Ok(None);
    }
    ask(screen, input).map(|value| Some((value, "asked".to_owned())))
}

fn from_source(
    screen: &Screen,
    source: &Source,
    wanted: &Wanted<'_>,
) -> Result<Option<(String, String)>, String> {
    let fail = |what: String, why: String| format!("{what}: {why}");
    match source {
        Source::Env(name) => match std::env::var(name) {
            Ok(value) => Ok(Some((value, format!("env {name}")))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(fail(format!("env {name}"), "it is not UTF-8".to_owned())),
        },
        Source::File(path) => {
            let fail = |why: &str| fail(format!("the file {path}"), why.to_owned());
            if !files::stays(path) {
                return Err(fail("it lies outside of the repository"));
            }
            match files::read_within(&[wanted.root], &wanted.root.join(path), files::VALUE) {
                Ok(bytes) => {
                    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8"))?;
                    Ok(Some((one_newline_off(text), format!("file {path}"))))
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(fail(&error.to_string())),
            }
        }
        Source::Command(command) => {
            let without: &[&str] = if wanted.agent { &[] } else { &AGENT };
            let (status, stdout) = from_command::answer(screen, command, wanted.root, without, wanted.ask)
                .map_err(|why| fail(format!("its command `{command}`"), why))?;
            if !status.success() {
                return Err(fail(format!("its command `{command}`"), status.to_string()));
            }
            let text = String::from_utf8(stdout).map_err(|_| {
                fail(format!("its command `{command}`"), "the answer is not UTF-8".to_owned())
            })?;
            Ok(Some((one_newline_off(text), "command".to_owned())))
        }
    }
}

fn one_newline_off(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    text
}

fn ask(screen: &Screen, input: &Input) -> Result<String, Problem> {
    let prompt = input.prompt.as_ref().unwrap_or(&input.name).clone();
    // Said before a wrong answer says it.
    let prompt = screen.neutralise(&with_kind(prompt, &input.kind));
    let prompting = Prompting::for_input(screen);
    let answer = match input.secret {
        true => hidden(screen, &prompting, &prompt, input),
        false => shown(screen, &prompting, &prompt, input),
    };
    let answer = answer.map(|text| if input.secret { text } else { meant(&input.kind, &text).to_owned() });
    answer.map_err(|error| {
        if error.kind() == std::io::ErrorKind::Interrupted {
            prompting.wait_until_heard();
        }
        Problem::usage(
            format!("the input {} was not given", input.name),
            "Nothing was run. Start again when you have it.",
        )
    })
}

/// What is typed is the value; `:?` says what it takes, `::` begins one with a colon.
fn shown(screen: &Screen, prompting: &Prompting, prompt: &str, input: &Input) -> std::io::Result<String> {
    let fits = |text: &str| match fit(&input.kind, meant(&input.kind, text)) {
        Fit::Within => Ok(()),
        Fit::OutOfLimits(why) | Fit::Wrong(why) => Err(why),
    };
    let explain = || {
        let takes = input.kind.words().unwrap_or_else(|| "any text".into());
        screen.say_hung("    ", &format!("The run's input {}; it takes {takes}. What is typed goes into the record. Ctrl-C leaves, and nothing runs.", input.name));
    };
    let fits = |value: &str| not_empty(value).and_then(|()| fits(value));
    screen.only_value(prompting, prompt, fits, explain)
}

/// A secret, asked for until it is one that can be used: whoever mistypes it starts nothing again.
fn hidden(screen: &Screen, prompting: &Prompting, prompt: &str, input: &Input) -> std::io::Result<String> {
    loop {
        let value = screen.hidden(prompting, &format!("{prompt} (not shown)"))?;
        let why = match fit(&input.kind, &value) {
            Fit::OutOfLimits(why) | Fit::Wrong(why) => why,
            Fit::Within => match Redactor::new(vec![(input.name.clone(), value.clone())]) {
                Ok(_) => return Ok(value),
                Err(error) => error.to_string(),
            },
        };
        screen.tell(&screen.neutralise(&format!("{why}. Try again; Ctrl-C leaves.")));
    }
}

fn at(input: &Input, name: &str, source: &str, message: String, help: String) -> Problem {
    use holdpoint_document::{Code, Diagnostic};
    let diagnostic = Diagnostic::new(Code::BadValue, input.span, message.clone(), help);
    Problem::findings("an input is not right; nothing was run", vec![Finding::new(name, source, diagnostic)])
}
