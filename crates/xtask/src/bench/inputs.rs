//! Large inputs, made once and kept below `target/bench/inputs` until the program that makes them changes.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::row::{Content, Input, Row};
use crate::command;

pub(crate) struct Inputs {
    home: PathBuf,
    maker: PathBuf,
}

impl Inputs {
    /// Inputs of this version of `holdpoint-inputs`; those of others are removed.
    pub(crate) fn of(maker: &Path, home: &Path) -> io::Result<Inputs> {
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(maker)?);
        let version = format!("{:016x}", hasher.finish());
        let all = home.join("inputs");
        fs::create_dir_all(&all)?;
        for entry in fs::read_dir(&all)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy() != version {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let home = all.join(version);
        fs::create_dir_all(&home)?;
        Ok(Inputs { home, maker: maker.to_owned() })
    }

    /// Makes what a row needs.
    pub(crate) fn make(&self, row: &Row) -> io::Result<()> {
        for (_, content) in row.contenders.iter().flat_map(|contender| &contender.files) {
            if let Content::Link(input) | Content::Copy(input) = content {
                self.ready(*input)?;
            }
        }
        Ok(())
    }

    /// Where an input is; it is made if it is not there.
    pub(crate) fn ready(&self, input: Input) -> io::Result<PathBuf> {
        let path = self.home.join(name(input));
        if path.exists() {
            return Ok(path);
        }
        println!("    making {}", name(input));
        // Under another name until it is whole, for a bench may be broken off.
        let partial = self.home.join("partial").join("0001-long-run");
        let _ = fs::remove_dir_all(self.home.join("partial"));
        fs::create_dir_all(self.home.join("partial"))?;
        match input {
            Input::Document { blocks } => fs::write(&partial, document(blocks))?,
            Input::Record { events, closed } => {
                let how = if closed { "closed" } else { "open" };
                let mut maker = Command::new(&self.maker);
                command::run(maker.args(["record", how, &events.to_string()]).arg(&partial))?;
            }
            Input::Store { runs } => {
                let mut maker = Command::new(&self.maker);
                command::run(maker.args(["store", &runs.to_string()]).arg(&partial))?;
            }
        }
        fs::rename(&partial, &path)?;
        Ok(path)
    }
}

fn name(input: Input) -> String {
    match input {
        Input::Document { blocks } => format!("document-{blocks}.md"),
        Input::Record { events, closed } => {
            format!("record-{events}-{}", if closed { "closed" } else { "open" })
        }
        Input::Store { runs } => format!("store-{runs}"),
    }
}

/// A run-book as people write them: what is to be done and why, a table, a command, what must come of it.
pub(crate) fn document(blocks: u32) -> String {
    let mut text = "---\nrunbook: 1\ntitle: A long run-book\n---\n\n# A long run-book\n".to_owned();
    for n in 1..=blocks {
        let (rack, unit) = (n % 40, n * 7919 % 48);
        let _ = write!(text, "\n## Unit {n}: take it out of service, and look at it\n\n{PROSE}\n");
        let _ =
            write!(text, "\n| rack | unit | *state* |\n|---|---|---|\n| {rack} | {unit} | `in service` |\n");
        let script =
            format!("state=\"$(printf 'unit %s in rack %s' {unit} {rack})\"\nprintf '%s\\n' \"$state\"\n");
        let _ = write!(text, "\n- Keep [the manual](https://example.org/manual/{n}) at hand.\n");
        text.push_str("- Call **whoever is on duty** where the state is not `in service`.\n");
        let _ = write!(
            text,
            "\n```sh run\n{script}```\n\n```yaml expect\nstdout: [ {{ contains: 'rack {rack}' }} ]\n```\n"
        );
    }
    text
}

const PROSE: &str = "The unit must be idle before it is taken out; a job that runs on it is lost, and whoever *owns* \
the job finds out on Monday. Idle means that `jobs` prints nothing for it and that its lamp is **green**, which takes\n\
up to two minutes after the last job has ended. Where the lamp stays amber, do not wait any longer: the unit has kept a \
lock that nobody holds (see [the lamp](https://example.org/lamp)), and the remedy is the same as for a lost job.\n\n\
> Units of the second series have no lamp. For these, look at the display, and believe what it says only if it says\n\
> the same twice, and if the lamp of the unit beside it says so as well; *then* write down when that was, by the clock\n\
> on the wall.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_document_is_a_run_book_without_errors() {
        let text = document(3);
        let compiled = holdpoint_document::compile(&text, None);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        assert_eq!(compiled.plan.steps.len(), 3);
    }

    #[test]
    fn ten_thousand_blocks_are_eleven_megabytes() {
        let megabytes = document(10_000).len() as f64 / 1e6;
        assert!((10.5..11.5).contains(&megabytes), "{megabytes}");
    }
}
