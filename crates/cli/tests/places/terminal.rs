//! Several places on a terminal: a line for each while they are at work, and nothing of it afterwards.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use expectrl::session::OsSession;
use holdpoint_hosts::Options;
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::{RUN, Stage, stage};
use crate::waiting::eventually;

/// Prints a line, and a progress display; ends when it is let, at one place badly.
const BLOCK: &str = "## Deploy

```yaml step
target: web
rollout: { at_once: 3 }
```

```sh run
echo begun; printf '%s\\r' 10% 20%
until [ -f go ]; do sleep 0.05; done
echo whole
[ ! -f bad ]
```
";

/// What stands on a terminal of 80 columns, as far as we move its cursor.
fn shown(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let (mut lines, mut row, mut column) = (vec![Vec::<char>::new()], 0, 0);
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                let (mut number, mut end) = (String::new(), ' ');
                for letter in rest.by_ref().skip(1) {
                    if letter.is_ascii_alphabetic() {
                        end = letter;
                        break;
                    }
                    number.push(letter);
                }
                let number = number.parse().unwrap_or(1);
                match end {
                    'A' => row -= number,
                    'B' => row += number,
                    'K' => lines[row].clear(),
                    _ => {}
                }
            }
            _ => {
                if column == 80 {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let width = lines[row].len().max(column + 1);
                lines[row].resize(width, ' ');
                lines[row][column] = letter;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.into_iter().map(|line| line.into_iter().collect()).collect()
}

/// A run on a terminal of 80 columns, and all that it wrote.
pub struct Terminal {
    session: OsSession,
    pub master: File,
    seen: Arc<Mutex<(Vec<u8>, bool)>>,
}

impl Terminal {
    /// Types once a prompt listens: what is typed before that is thrown away.
    pub fn answers(&mut self, keys: &[u8]) {
        eventually("a prompt that listens", || {
            !tcgetattr(&self.master).unwrap().local_modes.contains(LocalModes::ICANON)
        });
        self.master.write_all(keys).unwrap();
    }

    fn of(stage: &Stage) -> Terminal {
        Terminal::with(stage.command_on_a_terminal(&RUN))
    }

    /// The program with these words, and somebody who types.
    pub fn attended(stage: &Stage, words: &[&str]) -> Terminal {
        let mut command = stage.command_on_a_terminal(words);
        command.stdin(std::process::Stdio::inherit());
        Terminal::with(command)
    }

    fn with(command: std::process::Command) -> Terminal {
        let session = OsSession::spawn(command).unwrap();
        let mut master = session.get_process().get_raw_handle().unwrap();
        let seen = Arc::new(Mutex::default());
        let (mut from, to) = (master.try_clone().unwrap(), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let length = from.read(&mut buffer).unwrap_or(0);
                let mut seen = to.lock().unwrap();
                let (bytes, ended): &mut (Vec<u8>, bool) = &mut seen;
                bytes.extend_from_slice(&buffer[..length]);
                *ended = length == 0;
                if *ended {
                    return;
                }
            }
        });
        // The size is ours only after the one that the library gives.
        master.write_all(b"\r").unwrap();
        Terminal { session, master, seen }
    }

    pub fn shows(&self) -> Vec<String> {
        shown(&self.seen.lock().unwrap().0)
    }

    /// Waits until each place has a line that holds this, all of them one below the other.
    fn shows_at_each(&self, stage: &Stage, text: &str) {
        eventually(text, || {
            let lines = self.shows();
            let of = |line: &String| line.starts_with("  ssh://") && line.contains(text);
            lines.len() >= stage.hosts.len() && lines[lines.len() - stage.hosts.len()..].iter().all(of)
        });
    }

    pub fn ends(self) -> Vec<String> {
        eventually("the run ends", || self.seen.lock().unwrap().1);
        self.session.get_process().wait().unwrap();
        self.shows()
    }
}

#[test]
fn each_place_has_a_line_while_it_is_at_work_and_what_failed_is_shown_when_it_has_ended() {
    let Some(stage) = stage("places::each_place_has_a_line", 3, &Options::default()) else { return };
    stage.book("", BLOCK);
    fs::write(stage.on(1, "bad"), "").unwrap();
    let terminal = Terminal::of(&stage);
    terminal.shows_at_each(&stage, " · 20%");
    (0..3).for_each(|host| fs::write(stage.on(host, "go"), "").unwrap());
    let shown = terminal.ends();
    let of = |what: &str| shown.iter().filter(|line| line.contains(what)).count();
    assert_eq!((of(" runs "), of("✓ passed"), of("✗ FAILED"), of("│ whole")), (0, 2, 1, 1), "{shown:#?}");
    assert!(shown.contains(&format!("  {} │ whole", stage.place(1))), "{shown:#?}");
    assert_eq!((of("  started deploy#1 at ssh://"), of(" connects ")), (3, 0), "{shown:#?}");
}

#[test]
fn ctrl_c_while_a_place_is_connected_to_ends_that_and_nothing_is_recorded_as_failed() {
    let Some(stage) = stage("places::ctrl_c_while_a_place_is_connected_to", 1, &Options::default()) else {
        return;
    };
    // It takes connections, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("ssh://nobody@127.0.0.1:{}", silent.local_addr().unwrap().port());
    stage.bench.file(
        "holdpoint.toml",
        &format!("[environments.staging]\nrehearsal = true\ntargets = {{ web = {place:?} }}\n"),
    );
    stage.book("", "## Deploy\n\n```yaml step\ntarget: web\n```\n\n```sh run\ntouch came\n```\n");
    let mut terminal = Terminal::of(&stage);
    let _connection = silent.accept().unwrap();
    eventually("its line is there", || terminal.shows().iter().any(|line| line.contains(" connects ")));
    terminal.master.write_all(b"\x03").unwrap();
    let shown = terminal.ends();
    let text = shown.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("was being connected to: nothing ran there"), "{shown:#?}");
    assert!(!text.contains("FAILED") && !text.contains(" connects "), "{shown:#?}");
    assert_eq!(stage.blocks(), Vec::<String>::new());
    stage.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn ctrl_c_is_answered_once_and_leaves_no_line_of_a_place() {
    let Some(stage) = stage("places::ctrl_c_leaves_no_line", 3, &Options::default()) else { return };
    stage.book("", BLOCK);
    let mut terminal = Terminal::of(&stage);
    terminal.shows_at_each(&stage, " · 20%");
    terminal.master.write_all(b"\x03").unwrap();
    let shown = terminal.ends();
    let of = |what: &str| shown.iter().filter(|line| line.contains(what)).count();
    assert_eq!((of(" runs "), of(" stops "), of("✗ INTERRUPTED")), (0, 0, 3), "{shown:#?}");
    assert_eq!(of("stopping the block"), 1, "{shown:#?}");
}
