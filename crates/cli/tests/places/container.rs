//! A container behind a target.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use holdpoint_hosts::{Container, Engine, Options, skipped};
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::Ran;
use crate::support::{RUN, Stage, stage};
use crate::waiting::eventually;

/// A container that shares a folder with this machine.
struct Contained {
    stage: Stage,
    container: Container,
    folder: PathBuf,
    _shared: tempfile::TempDir,
}

impl Contained {
    fn new(test: &str) -> Option<Contained> {
        let stage = stage(test, 0, &Options::default())?;
        let shared = tempfile::tempdir().unwrap();
        let container = Engine::start().and_then(|engine| Arc::new(engine).container("app", shared.path()));
        let container = container.map_err(|missing| skipped(test, &missing)).ok()?;
        let config = "[environments.staging]\nrehearsal = true\ntargets = { app = \"docker://app\" }\n";
        stage.bench.file("holdpoint.toml", config);
        let folder = shared.path().canonicalize().unwrap();
        Some(Contained { stage, container, folder, _shared: shared })
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.stage.command(words);
        command.env("DOCKER_HOST", self.container.engine().address());
        command
    }

    fn ends(&self, code: i32, words: &[&str]) -> Ran {
        let ran = Ran::of(self.command(words).output().unwrap());
        assert_eq!(ran.code, code, "{words:?}\n{}", ran.both());
        ran
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }
}

#[test]
fn blocks_run_in_a_container_and_leave_nothing_there() {
    let Some(contained) = Contained::new("places::blocks_run_in_a_container") else { return };
    let body = format!(
        "## Deploy\n\n```yaml step\ntarget: app\n```\n\n```sh run\n#| capture: {{ HOST: {{ stdout: true }} }}\n\
         echo ran >>{0}/count\nFOO=kept\nuname -n\n```\n\n```sh check\ntest \"$FOO\" = kept\n\
         test \"$HOST\" = \"$(uname -n)\"\n```\n",
        contained.folder.display()
    );
    contained.stage.book("", &body);
    contained.ends(0, &RUN);
    assert_eq!(contained.text("count"), "ran\n");
    contained.stage.ends(0, &["verify", "1"]).says("intact and complete");
    assert_eq!(contained.container.execute(&["sh", "-c", "ls ~/.holdpoint/attempts"]).unwrap(), "");
}

#[test]
fn a_block_whose_place_was_restarted_under_it_is_in_doubt_and_for_somebody_to_decide() {
    let Some(contained) = Contained::new("places::a_block_whose_place_was_restarted") else { return };
    let folder = contained.folder.display();
    let body = format!(
        "## Deploy\n\n```yaml step\ntarget: app\n```\n\n```sh run\necho ran >>{folder}/count\nsleep 600\n```\n"
    );
    contained.stage.book("", &body);
    let mut driver = contained.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the block runs", || contained.text("count") == "ran\n");
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
    contained.container.restart().unwrap();
    let told = contained.ends(3, &["resume", "1", "--unattended"]);
    told.says("the place was restarted while the block ran").says("a decision on what is in doubt");
    contained.stage.ends(0, &["verify", "1"]).says("intact, open");
    contained.stage.bench.file("answers.yaml", "steps: { deploy: { choice: happened, reason: I looked } }\n");
    let told = contained.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    told.says("keeps something of this run").says("targets --clean");
    assert_eq!(contained.text("count"), "ran\n");
    contained.stage.ends(0, &["verify", "1"]).says("intact and complete");
}
