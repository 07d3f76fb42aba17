//! Where a contender starts: a new directory with its files, and an environment that is the same on every machine.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::inputs::Inputs;
use super::row::{Contender, Content, Place, Program};
use super::{built::Built, farm::Farm, peers};
use crate::command;

/// Everything that runs need.
pub(super) struct Scene {
    pub(super) built: Built,
    pub(super) inputs: Inputs,
    disk: PathBuf,
    memory: Option<PathBuf>,
    farm: Option<Farm>,
}

/// One finished run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Wall time.
    pub(super) seconds: f64,
    /// User and system time of it and of all that it waited for.
    pub(super) cpu: f64,
    /// Peak memory of the largest process among them, bytes.
    pub(super) peak: f64,
}

/// Where a contender that times itself writes when its work began and when it ended.
pub(super) const TOOK: &str = "took";

/// Directories of system programs, the same everywhere.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Scene {
    pub(super) fn new(built: Built, inputs: Inputs, home: &Path) -> io::Result<Scene> {
        let disk = home.join("scratch");
        emptied(&disk)?;
        let memory = in_memory().map(|path| path.join(format!("holdpoint-bench-{}", std::process::id())));
        memory.as_deref().map(emptied).transpose()?;
        Ok(Scene { built, inputs, disk, memory, farm: None })
    }

    /// Has so many hosts there, and no others. Gives why there are none, if so.
    pub(super) fn have_hosts(&mut self, count: u32) -> Option<String> {
        self.farm = None;
        if count == 0 {
            return None;
        }
        // Each host would have a disk of its own: in memory none waits for another's.
        match Farm::start(count, self.memory.as_ref().unwrap_or(&self.disk)) {
            Ok(farm) => {
                self.farm = Some(farm);
                None
            }
            Err(missing) => Some(missing.0),
        }
    }

    /// Why this contender cannot run here, if so.
    pub(super) fn lacks(&self, contender: &Contender) -> Option<String> {
        if contender.place == Place::Memory && self.memory.is_none() {
            return Some("there is no file system in memory here".to_owned());
        }
        match contender.program {
            Program::Peer(name) | Program::ShellWith(name) => peers::lacks(name),
            Program::System(name) if !command::exists(name) => Some(format!("{name} is not installed")),
            _ => None,
        }
    }

    /// One run from nothing to the end. `Err(Ok(why))` where the contender did not do its work.
    pub(super) fn run(&self, contender: &Contender, limit: f64) -> Result<Sample, io::Result<String>> {
        match self.gauged(contender, limit, Path::new("/dev/null")).map_err(Err)? {
            (sample, end) if end == contender.exit.to_string() => Ok(sample),
            (Sample { cpu, .. }, end) if end == "late" => {
                Err(Ok(format!("not done after {limit} s, {cpu:.1} s of them at work")))
            }
            // Once more, to hear what it says: a run is not measured while it writes messages to a file.
            _ => {
                let told = self.disk.join("stderr");
                let (_, end) = self.gauged(contender, limit, &told).map_err(Err)?;
                let told = fs::read(&told).map_err(Err)?;
                let told = String::from_utf8_lossy(&told);
                let line = told.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no word");
                Err(Ok(format!("exit {end}: {}", line.chars().take(160).collect::<String>())))
            }
        }
    }

    fn gauged(&self, contender: &Contender, limit: f64, stderr: &Path) -> io::Result<(Sample, String)> {
        let base = match (contender.place, &self.memory) {
            (Place::Memory, Some(memory)) => memory,
            _ => &self.disk,
        };
        let directory = base.join("here");
        emptied(&directory)?;
        fs::create_dir_all(base.join("home"))?;
        self.lay_out(contender, &directory)?;
        // What earlier runs left to be written must not be written during this one.
        command::run(&mut Command::new("sync"))?;
        let mut gauge = Command::new(&self.built.gauge);
        gauge.arg(limit.to_string()).arg(stderr).arg(self.program(contender)).args(&contender.arguments);
        gauge.current_dir(&directory).stdin(Stdio::null()).env_clear().env("LANG", "C.UTF-8");
        gauge.env("HOME", base.join("home")).env("GIT_CEILING_DIRECTORIES", base);
        gauge
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LIMITS", &self.built.limits)
            .env("HOLDPOINT", &self.built.holdpoint)
            .env("PATH", self.path(contender));
        gauge.envs(contender.variables.iter().map(|(name, value)| (name, value)));
        let told = command::output(&mut gauge)?;
        let took = contender.times_itself.then(|| fs::read_to_string(directory.join(TOOK)));
        fs::remove_dir_all(&directory)?;
        let (mut sample, end) =
            parse(&told).ok_or_else(|| io::Error::other(format!("the gauge said {told:?}")))?;
        match took.map(|took| took.ok().and_then(|took| since(&took))) {
            Some(Some(seconds)) => sample.seconds = seconds,
            // It did not come so far, or did other work than was asked for.
            Some(None) => return Ok((sample, format!("{end}, without a time"))),
            None => {}
        }
        Ok((sample, end))
    }

    fn program(&self, contender: &Contender) -> PathBuf {
        match contender.program {
            Program::Holdpoint => self.built.holdpoint.clone(),
            Program::Limits => self.built.limits.clone(),
            Program::Inputs => self.built.inputs.clone(),
            Program::True => self.built.nothing.clone(),
            Program::Peer(name) => peers::program(name),
            Program::ShellWith(_) => "sh".into(),
            Program::System(name) => name.into(),
        }
    }

    fn path(&self, contender: &Contender) -> String {
        let program = match contender.program {
            Program::Peer(name) | Program::ShellWith(name) => Some(peers::program(name)),
            _ => None,
        };
        let first = [self.farm.as_ref().map(Farm::bin), program.as_deref().and_then(Path::parent)];
        let first = first.into_iter().flatten().map(|folder| format!("{}:", folder.display()));
        first.collect::<String>() + PATH
    }

    fn lay_out(&self, contender: &Contender, directory: &Path) -> io::Result<()> {
        for (name, content) in &contender.files {
            let path = directory.join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            match content {
                Content::Text(text) => fs::write(&path, text)?,
                Content::OfHosts(text) => {
                    fs::write(&path, text(self.farm.as_ref().map_or(&[], Farm::hosts)))?;
                }
                Content::Link(input) => symlink(self.inputs.ready(*input)?, &path)?,
                Content::Copy(input) => copied(&self.inputs.ready(*input)?, &path)?,
            }
        }
        if contender.place == Place::Repository {
            for words in [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message=x"]]
            {
                let mut git = command::git(directory);
                git.args(["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]).args(words);
                command::output(&mut git)?;
            }
        }
        Ok(())
    }

    /// What the program says to a document, as JSON.
    pub(super) fn check(&self, document: &str) -> io::Result<String> {
        let path = self.disk.join("probe.md");
        fs::write(&path, document)?;
        let output = Command::new(&self.built.holdpoint)
            .args(["check", "--format", "json", "probe.md"])
            .current_dir(&self.disk)
            .env("GIT_CEILING_DIRECTORIES", &self.disk)
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for path in self.memory.iter().chain([&self.disk]) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Seconds between two times of `date +%s.%N`, a line each.
fn since(took: &str) -> Option<f64> {
    let mut times = took.lines().map(str::parse::<f64>);
    let (begun, ended) = (times.next()?.ok()?, times.next()?.ok()?);
    (ended > begun && times.next().is_none()).then_some(ended - begun)
}

fn parse(told: &str) -> Option<(Sample, String)> {
    let mut words = told.split(' ');
    let mut number = || words.next()?.parse::<f64>().ok();
    let (seconds, user, system, peak) = (number()?, number()?, number()?, number()?);
    Some((Sample { seconds, cpu: user + system, peak }, words.next()?.to_owned()))
}

fn in_memory() -> Option<PathBuf> {
    let path = PathBuf::from("/dev/shm");
    let kind =
        command::output(Command::new("stat").args(["--file-system", "--format=%T"]).arg(&path)).ok()?;
    (kind == "tmpfs").then_some(path)
}

fn emptied(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(directory)
}

fn copied(from: &Path, to: &Path) -> io::Result<()> {
    command::run(Command::new("cp").arg("--recursive").arg("--").args([from, to]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_gauge_says_is_read_and_what_it_does_not_say_is_not_made_up() {
        let (sample, end) = parse("1.5 0.25 0.5 4096 0").unwrap();
        assert_eq!((sample.seconds, sample.cpu, sample.peak, end.as_str()), (1.5, 0.75, 4096.0, "0"));
        assert_eq!(parse("1.5 0.25 0.5 4096 late").unwrap().1, "late");
        assert_eq!(since("1.5\n3.75\n"), Some(2.25));
        for wrong in ["", "1.5\n", "3\n2\n", "1\n2\n3\n", "1\nx\n"] {
            assert_eq!(since(wrong), None, "{wrong:?}");
        }
        for wrong in ["", "1.5 0.25 0.5 4096", "1.5 x 0.5 4096 0"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
