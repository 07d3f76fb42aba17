//! Who operates, on what machine, with what program.

use std::env::VarError;
use std::path::Path;

use holdpoint_document::{Config, folded, recorded_zone, unseen};
use holdpoint_engine::{BY_GIT, EnvironmentSeen, People, Program, Session};
use jiff::tz::TimeZone;

use crate::git;
use crate::problem::Problem;

/// The run that a block belongs to, where this process was started by one.
pub const OF_RUN: &str = "HOLDPOINT_RUN";
/// What stands there for commands that belong to no run yet or to no block, as those that give inputs.
pub const OF_NO_BLOCK: &str = "0";

/// The process that opened a shell beside its run, for whatever is typed in that.
pub const BESIDE: &str = "HOLDPOINT_BESIDE";

/// Whether this is typed in a shell that the process `pid` at `host` has opened, and waits for.
pub fn is_beside(pid: u32, host: &str) -> bool {
    let opened_by = std::env::var(BESIDE).ok().and_then(|pid| pid.parse::<u32>().ok());
    opened_by == Some(pid) && host == holdpoint_record::this_machine()
}

/// Refuses what only a person does, where a block of a run does it: its script would sign with whatever is at hand.
pub fn not_in_a_block(what: &str) -> Result<(), Problem> {
    let Some(run) = within() else { return Ok(()) };
    let of =
        if run == OF_NO_BLOCK { "a command that holdpoint runs" } else { &format!("a block of run {run}") };
    Err(Problem::refused(
        format!("{what} in {of} ({OF_RUN} is set): no script does that for somebody"),
        "Type it in a terminal of your own.",
    ))
}

/// The number of the run that a block around us belongs to.
pub fn within() -> Option<String> {
    std::env::var_os(OF_RUN).map(|run| run.to_string_lossy().into_owned())
}

/// What to do where nobody is known by a name.
pub fn who_else(name: &str, names: &[&str]) -> String {
    match holdpoint_document::nearest(name, names) {
        Some(near) => format!("Did you mean {near}?"),
        None if names.is_empty() => "List people in holdpoint.toml: [people.\"PRINCIPAL\"].".to_owned(),
        None => {
            // Whoever is somebody and has roles, too, is named more than once.
            let names: std::collections::BTreeSet<&str> = names.iter().copied().collect();
            let names: Vec<&str> = names.into_iter().collect();
            format!("holdpoint.toml lists {}.", names.join(", "))
        }
    }
}

/// The principal of somebody who wants to add to a run: of whom it knows, where it knows anybody by name.
pub fn listed(people: &People, said: &str) -> Result<String, Problem> {
    if !people.is_empty() && !people.knows(said) {
        return Err(Problem::refused(
            format!("{said} is not listed in holdpoint.toml, as it was when the run opened"),
            who_else(said, &people.names()),
        ));
    }
    Ok(people.principal(said).to_owned())
}

/// The same, of somebody at a page, where names are looked up in today's configuration too. Who is one person there and
/// was another when the run opened, as where an alias became somebody else's name, adds nothing in that other one's name.
pub fn listed_still(people: &People, config: Option<&Config>, said: &str) -> Result<String, Problem> {
    let said = said.trim();
    if said.is_empty() {
        return Err(Problem::usage("it is not said who that is", "Nothing was done. Say who you are."));
    }
    seen(said, "the name", "the page")?;
    not_for_another(said, config)?;
    let principal = listed(people, said)?;
    match config.and_then(|config| config.principal(said)) {
        Some(today) if folded(today) != folded(&principal) => Err(Problem::refused(
            format!("{said} is {today} today, and was {principal} when the run opened"),
            "Nothing was done. Whoever keeps holdpoint.toml gives each person a name of their own.",
        )),
        _ => Ok(principal),
    }
}

/// Where the operator's name came from when it stands in the command.
const BY_OPTION: &str = "option";

/// The session, where git's `user.email` says the operator's name as well: in a protected environment that is asked of
/// whom the configuration does not list. It does not help a name that is typed with the command, where others are listed.
pub fn vouched(
    session: Session,
    environment: &EnvironmentSeen,
    config: Option<&Config>,
    root: &Path,
) -> Result<Session, Problem> {
    not_for_another(&session.operator, config)?;
    let session = Session { operator: as_written(session.operator, config), ..session };
    let known = config.is_some_and(|config| config.principal(&session.operator).is_some());
    let typed = session.operator_from == BY_OPTION
        && config.is_some_and(|config| config.principals().next().is_some());
    if !environment.protected || known || typed || session.operator_from == BY_GIT {
        return Ok(session);
    }
    let same = |email: String| folded(&email) == folded(&session.operator);
    Ok(match git::configured(root, "user.email")?.is_some_and(same) {
        true => Session { operator_from: BY_GIT.to_owned(), ..session },
        false => session,
    })
}

/// A name in the configuration's own letters, where it has it in others that are the same to whoever folds names (full width,
/// another Unicode form): whoever verifies without folding sees one person, too.
fn as_written(name: String, config: Option<&Config>) -> String {
    let theirs = config.and_then(|config| {
        let principal = config.principal(&name)?;
        config.names_of(principal).find(|written| folded(written) == folded(&name))
    });
    match theirs {
        Some(theirs) if !theirs.eq_ignore_ascii_case(&name) => theirs.to_owned(),
        _ => name,
    }
}

/// Who operates: `--operator`, `HOLDPOINT_OPERATOR`, git's `user.email`, the OS user, in this order; and which.
pub fn operator(option: Option<&str>, root: &Path) -> Result<(String, &'static str), Problem> {
    let (who, from) = whoever(option, root)?;
    seen(&who, "the operator's name", from).map(|()| (who, from))
}

/// Refuses a name that looks like that of somebody whom the configuration names, and is not theirs.
pub fn not_for_another(name: &str, config: Option<&Config>) -> Result<(), Problem> {
    let Some(other) = config.and_then(|config| config.look_alike(name)) else { return Ok(()) };
    let written = |name: &str| -> String {
        name.chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) })
            .collect()
    };
    Err(Problem::usage(
        format!(
            "{name} looks like {other}, whom {} names, and is another name: \"{}\", there \"{}\"",
            crate::place::CONFIG,
            written(name),
            written(other)
        ),
        "Nothing was done. Write the name as it stands there.",
    ))
}

/// Refuses the name of somebody who could pass for somebody else, whether or not a configuration names anybody.
pub fn seen(name: &str, what: &str, from: &str) -> Result<(), Problem> {
    let Some(c) = unseen(name) else { return Ok(()) };
    Err(Problem::usage(
        format!("{what} has the character U+{:04X}, which nobody sees (from: {from})", u32::from(c)),
        "Nothing was done. Say who it is without it.",
    ))
}

fn whoever(option: Option<&str>, root: &Path) -> Result<(String, &'static str), Problem> {
    let said = |text: String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    if let Some(who) = option.map(str::to_owned).and_then(said) {
        return Ok((who, BY_OPTION));
    }
    match std::env::var("HOLDPOINT_OPERATOR").map(said) {
        Ok(Some(who)) => return Ok((who, "HOLDPOINT_OPERATOR")),
        Ok(None) | Err(VarError::NotPresent) => {}
        Err(VarError::NotUnicode(_)) => {
            return Err(Problem::usage(
                "HOLDPOINT_OPERATOR is not UTF-8, so it names nobody",
                "Nothing was done. Set it to your name, or say --operator.",
            ));
        }
    }
    let configured = git::configured(root, "user.email")?.and_then(said);
    Ok(configured.map_or_else(|| (os_user(), "os"), |who| (who, "git")))
}

/// The session as the record keeps it.
pub fn session(option: Option<&str>, root: &Path) -> Result<Session, Problem> {
    circumstances(option, root).map(with_program)
}

/// Waits for the digest of the program, where it is not taken yet, and adds it.
pub fn with_program(mut session: Session) -> Session {
    session.program.sha256 = crate::digest::program();
    session
}

/// Where somebody sits, and with what program: as the machine says it.
pub struct ProcessOrigin {
    /// The program, without its digest, which takes its time.
    pub program: Program,
    /// The machine's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The terminal, if there is one.
    pub tty: Option<String>,
}

impl ProcessOrigin {
    /// Where this process is.
    pub fn of_this_process() -> ProcessOrigin {
        let tty = rustix::termios::ttyname(std::io::stdin(), Vec::new()).ok();
        ProcessOrigin {
            program: Program { version: env!("CARGO_PKG_VERSION").to_owned(), sha256: None },
            os_user: os_user(),
            host: holdpoint_record::this_machine(),
            tty: tty.map(|name| name.to_string_lossy().into_owned()),
        }
    }
}

impl ProcessOrigin {
    /// As the record has it of whoever operates.
    pub fn taken(self) -> holdpoint_engine::Login {
        holdpoint_engine::Login { os_user: self.os_user, host: self.host, tty: self.tty }
    }
}

/// The session without the program's digest, which takes its time.
pub fn circumstances(option: Option<&str>, root: &Path) -> Result<Session, Problem> {
    let (operator, operator_from) = operator(option, root)?;
    let cwd = std::env::current_dir().map(|cwd| cwd.to_string_lossy().into_owned()).unwrap_or_default();
    let ProcessOrigin { program, os_user, host, tty } = ProcessOrigin::of_this_process();
    Ok(Session {
        operator,
        operator_from: operator_from.to_owned(),
        program,
        os_user,
        host,
        tty,
        cwd,
        time_zone: time_zone()?,
        clock_synchronised: clock_synchronised(),
        checks: None,
        commit: None,
        dirty: None,
        committed: None,
        anchor: None,
        change: None,
        unmet: Vec::new(),
    })
}

/// What to do where `TZ` names no zone.
const SET_A_ZONE: &str = "Nothing was done. Set it to an IANA name, such as Europe/Berlin, or unset it.";

/// The zone's name, else its offset. Where the system says by a link which it is, as most do, the data base of all zones
/// need not be looked through.
///
/// # Errors
/// `TZ` names none that is known: what the C library makes of it, nobody could tell later.
pub fn time_zone() -> Result<String, Problem> {
    let Some(asked) = std::env::var_os("TZ") else {
        return Ok(linked().unwrap_or_else(|| told(&TimeZone::system())));
    };
    // The same zones once more, as files of an installation, with leap seconds and without: by them nothing here tells times.
    let name = asked.to_str().unwrap_or_default();
    let name = name.strip_prefix(':').unwrap_or(name);
    if let Some(name) = plain(name) {
        return Err(Problem::usage(
            format!("TZ is `{}`, which names a file of zones and no zone", asked.display()),
            match recorded_zone(name) {
                Ok(_) => format!("Nothing was done. Set it to {name}."),
                Err(_) => SET_A_ZONE.to_owned(),
            },
        ));
    }
    TimeZone::try_system().map(|zone| told(&zone)).map_err(|_| {
        Problem::usage(
            format!("TZ is `{}`, which is no time zone that is known", asked.display()),
            SET_A_ZONE,
        )
    })
}

/// The name of a zone that stands in a directory for zones with, or without, leap seconds.
fn plain(name: &str) -> Option<&str> {
    name.strip_prefix("posix/").or_else(|| name.strip_prefix("right/"))
}

fn linked() -> Option<String> {
    let target = std::fs::read_link(LOCAL_TIME).ok().filter(|_| Path::new(LOCAL_TIME).is_file())?;
    let (_, name) = target.to_str()?.split_once("/zoneinfo/")?;
    let name = plain(name).unwrap_or(name);
    (!name.is_empty()).then(|| name.to_owned())
}

fn told(zone: &TimeZone) -> String {
    let known = zone.iana_name().filter(|name| recorded_zone(name).is_ok());
    known.map_or_else(|| zone.to_offset(jiff::Timestamp::now()).to_string(), str::to_owned)
}

/// The link to the zone's data.
const LOCAL_TIME: &str = "/etc/localtime";

/// The account's name, else its number.
fn os_user() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let number = rustix::process::geteuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_number = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    });
    of_number
        .or_else(|| named("USER"))
        .or_else(|| named("LOGNAME"))
        .unwrap_or_else(|| format!("uid {number}"))
}

/// systemd says so with a file; elsewhere nobody knows.
fn clock_synchronised() -> Option<bool> {
    Path::new("/run/systemd/timesync")
        .is_dir()
        .then(|| Path::new("/run/systemd/timesync/synchronized").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_is_named_as_the_data_base_of_zones_names_it() {
        let (system, told) = (TimeZone::system(), time_zone().unwrap());
        // Where it has no name, its offset is told.
        assert!(system.iana_name().is_none_or(|name| name == told), "{system:?}: {told}");
    }
}
