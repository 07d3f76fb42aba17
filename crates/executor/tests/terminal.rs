//! Blocks on a terminal of their own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use holdpoint_executor::{Display, Ended, How, Input, Job, Local, Size, State};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const SIZE: Size = Size { columns: 80, rows: 24 };

/// Something the operator does once a text has been written, after what they did before.
enum Then {
    Types(&'static str),
    Resizes(u16, u16),
    Interrupts,
}

use Then::{Interrupts, Resizes, Types};

/// What came of a block.
struct Came {
    ended: Ended,
    shown: Vec<u8>,
    sizes: Vec<Size>,
    /// How many of the operator's deeds were done.
    done: usize,
    secrets: Vec<String>,
}

impl Came {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    fn lines(&self) -> Vec<String> {
        self.text().split("\r\n").map(str::to_owned).collect()
    }
}

fn job(interpreter: &str, script: &str) -> Job {
    Job { grace: Duration::from_millis(400), ..common::job(interpreter, script) }
}

struct Desk {
    local: Local,
    state: State,
    home: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    fn new() -> Desk {
        let home = tempfile::tempdir().unwrap();
        let runtime = common::runtime();
        let environment = std::env::vars_os().filter(|(name, _)| name != "TERM");
        let more = [("TERM", "xterm"), ("COLUMNS", "7")].map(|(n, v)| (n.into(), v.into()));
        let local = Local::with(environment.chain(more), &std::env::temp_dir()).unwrap();
        Desk { local, state: State::new(home.path().canonicalize().unwrap()), home, runtime }
    }

    fn run(&mut self, job: &Job, script: &[(&str, Then)]) -> Came {
        let (sender, input) = unbounded_channel();
        let interrupt = Notify::new();
        let kept = RefCell::new((Vec::new(), Vec::new(), 0, 0));
        let secrets = RefCell::new(Vec::new());
        let display = |display: Display<'_>, _| {
            let (shown, sizes, at, done) = &mut *kept.borrow_mut();
            match display {
                Display::Size(size) => sizes.push(size),
                Display::Bytes(bytes) => shown.extend_from_slice(bytes),
            }
            while let Some((text, then)) = script.get(*done) {
                let found = shown[*at..].windows(text.len()).position(|window| window == text.as_bytes());
                let Some(found) = found else { break };
                (*at, *done) = (*at + found + text.len(), *done + 1);
                act(then, &sender, &interrupt);
            }
            Ok(())
        };
        let run = self.local.run_on_terminal(
            job,
            &self.state,
            SIZE,
            input,
            interrupt.notified(),
            |_| {},
            |name, value| {
                secrets.borrow_mut().push(format!("{name}={value} after {} bytes", kept.borrow().0.len()));
                Ok(())
            },
            display,
        );
        let limited = async { tokio::time::timeout(Duration::from_secs(60), run).await };
        let ended = self.runtime.block_on(limited);
        let (shown, sizes, _, done) = kept.into_inner();
        let ended = ended.unwrap_or_else(|_| {
            let shown = String::from_utf8_lossy(&shown);
            panic!("it hangs after {shown:?}, {done} deeds and the sizes {sizes:?}")
        });
        if let Some(state) = &ended.state {
            self.state = state.clone();
        }
        Came { ended, shown, sizes, done, secrets: secrets.into_inner() }
    }

    /// Runs a block that nobody types anything into.
    async fn shows(&self, job: &Job, mut display: impl FnMut(Display<'_>) -> io::Result<()>) -> Ended {
        let (_sender, input) = unbounded_channel();
        let display = |shown: Display<'_>, _| display(shown);
        let (interrupt, secret) = (std::future::pending(), |_: &str, _: &str| Ok(()));
        self.local.run_on_terminal(job, &self.state, SIZE, input, interrupt, |_| {}, secret, display).await
    }

    #[track_caller]
    fn passes(&mut self, interpreter: &str, text: &str, script: &[(&str, Then)]) -> Came {
        let came = self.run(&job(interpreter, text), script);
        assert_eq!(came.ended.how, How::Exited(0), "{:?}\n{}", came.ended, came.text());
        assert_eq!(came.done, script.len(), "not all was done: {}", came.text());
        came
    }
}

fn act(then: &Then, sender: &UnboundedSender<Input>, interrupt: &Notify) {
    match then {
        Types(keys) => sender.send(Input::Keys(keys.as_bytes().to_vec())).unwrap(),
        Resizes(columns, rows) => {
            sender.send(Input::Resized(Size { columns: *columns, rows: *rows })).unwrap();
        }
        Interrupts => interrupt.notify_one(),
    }
}

fn is_alive(pid: &str) -> bool {
    pid.trim().parse().is_ok_and(common::is_alive)
}

#[test]
fn a_block_has_a_terminal_of_the_operators_size_on_all_three_descriptors() {
    for shell in ["bash", "sh"] {
        let script = "for fd in 0 1 2; do test -t $fd; done; tty >/dev/null; stty size; echo ${COLUMNS-none}; echo e >&2\n\
            [ \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ ]; : </dev/tty";
        let came = Desk::new().passes(shell, script, &[]);
        assert_eq!(came.lines()[0], "24 80", "{shell}");
        assert_eq!(came.lines().last().map(String::as_str), Some(""), "{shell}");
        assert!(came.lines().contains(&"e".to_owned()));
        assert_eq!(came.sizes, [SIZE]);
    }
}

#[test]
fn variables_and_directory_carry_over_into_a_terminal_and_out_of_it() {
    for shell in ["bash", "sh"] {
        let mut desk = Desk::new();
        desk.state.plain.insert("plain".into(), "it's\nhere".into());
        let script = "mkdir -p sub; cd sub; test -t 0; echo name; read -r answer; echo \"<$answer> $plain\"";
        let came = desk.passes(shell, script, &[("name", Types("yes \u{e9}x\u{7f}\r"))]);
        // What is typed is echoed by the terminal, and a whole character was erased.
        assert!(came.text().contains("<yes \u{e9}> it's\r\nhere"), "{shell}: {}", came.text());
        let came = desk.passes(shell, "pwd; echo \"$answer\"", &[]);
        assert!(came.lines()[0].ends_with("/sub") && came.lines()[1] == "yes \u{e9}", "{}", came.text());
        assert!(!desk.state.exported.contains_key("COLUMNS") && !desk.state.plain.contains_key("LINES"));
    }
}

#[test]
fn a_change_of_the_window_reaches_the_program_and_is_told() {
    let script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.02; done";
    let came = Desk::new().passes("bash", script, &[("ready", Resizes(200, 50))]);
    assert!(came.text().contains("50 200"), "{}", came.text());
    assert_eq!(came.sizes, [SIZE, Size { columns: 200, rows: 50 }]);
}

#[test]
fn ctrl_c_interrupts_the_program_in_it_and_not_the_run() {
    let script = "trap 'echo caught; exit 0' INT; echo ready; while :; do sleep 0.02; done";
    let came = Desk::new().passes("bash", script, &[("ready", Types("\x03"))]);
    assert!(came.text().contains("caught") && !came.ended.interrupted);
    let came = Desk::new().run(&job("perl", "$| = 1; print 'ready'; sleep 99"), &[("ready", Types("\x03"))]);
    assert_eq!((came.ended.how, came.ended.interrupted), (How::Signalled(2), false));
}

#[test]
fn jobs_of_an_interactive_shell_can_be_suspended_and_brought_back() {
    let came = Desk::new().passes(
        "bash",
        "PS1='$ ' bash --norc --noprofile -i",
        &[
            ("$ ", Types("sh -c 'echo be''gun; read -r x; echo \"got $x\"'\r")),
            ("begun", Types("\x1a")),
            ("Stopped", Types("fg\r")),
            // The shell names the job when it stops, and again when it is brought back.
            ("got $x\"'\r\n", Types("")),
            ("got $x\"'\r\n", Types("it\r")),
            ("got it", Types("exit 0\r")),
        ],
    );
    assert!(came.ended.remarks.is_empty(), "{:?}", came.ended.remarks);
}

#[test]
fn any_bytes_arrive_as_they_are_and_whole() {
    let script = "stty raw; head -c 3000000 /dev/zero | tr '\\0' '\\377'; printf 'x\\0y\\033[1m'";
    let came = Desk::new().passes("sh", script, &[]);
    assert_eq!(came.shown.len(), 3_000_007);
    assert!(came.shown.ends_with(b"\xffx\0y\x1b[1m"));
}

#[test]
fn what_is_written_last_arrives() {
    for _ in 0..20 {
        let came = Desk::new().passes("sh", "seq 1 5000; printf end", &[]);
        assert!(came.text().ends_with("5000\r\nend"), "{:?}", came.text().get(came.text().len() - 40..));
    }
}

#[test]
fn many_keys_that_nobody_reads_do_not_hang_the_block() {
    let script = "stty -icanon -echo; echo ready; sleep 0.1; head -c 200000 | tr -d 'k' | wc -c";
    let (keys, mut desk) = (Box::leak("k".repeat(200_000).into_boxed_str()), Desk::new());
    let came = desk.passes("sh", script, &[("ready", Types(keys))]);
    assert_eq!(came.lines()[1], "0");
}

#[test]
fn a_secret_is_known_before_what_is_printed_after_it() {
    let script =
        "echo before; printf 'TOKEN=hunter2hunter2\\n' >\"$HOLDPOINT_SECRETS\"; sleep 0; echo hunter2hunter2";
    let came = Desk::new().passes("sh", script, &[]);
    let known: usize = came.secrets[0].rsplit(' ').nth(1).unwrap().parse().unwrap();
    assert!(came.secrets[0].starts_with("TOKEN=hunter2hunter2 after") && known <= 8, "{:?}", came.secrets);
}

#[test]
fn a_time_limit_ends_every_process_of_the_session() {
    let mut long = job(
        "bash",
        "set -m; trap '' TERM; (trap '' TERM HUP; exec sleep 98) & echo $!; echo $$; bash --norc -i; sleep 99",
    );
    long.timeout = Some(Duration::from_millis(500));
    let came = Desk::new().run(&long, &[]);
    assert!(came.ended.timed_out, "{:?}", came.ended);
    for pid in came.lines().iter().take(2) {
        assert!(!is_alive(pid), "{pid} lives\n{}", came.text());
    }
    assert_eq!(came.ended.state, None);
}

#[test]
fn an_interrupt_lets_a_block_clean_up_and_a_shell_that_ignores_term_is_hung_up() {
    let script = "trap 'echo cleaned >log; exit 7' TERM; echo ready; while :; do sleep 0.02; done";
    let mut desk = Desk::new();
    let came = desk.run(&job("bash", script), &[("ready", Interrupts)]);
    assert_eq!((came.ended.how, came.ended.interrupted), (How::Exited(7), true));
    assert_eq!(std::fs::read_to_string(desk.home.path().join("log")).unwrap(), "cleaned\n");

    let mut patient = job("bash", "PS1='$ ' exec bash --norc --noprofile -i");
    patient.grace = Duration::from_secs(2);
    let came = desk.run(&patient, &[("$ ", Interrupts)]);
    assert_eq!((&came.ended.how, came.ended.interrupted), (&How::Signalled(1), true), "{}", came.text());
    assert!(came.ended.duration < patient.grace);
}

#[test]
fn the_terminal_hangs_up_on_the_background_and_what_ignores_that_lives_on() {
    // Whoever runs the tests may ignore HUP (nohup), and what they start inherits that.
    let script =
        "env --default-signal=HUP sleep 97 & echo $!; (trap '' HUP; exec sleep 5) & echo $!; sleep 0.05";
    let came = Desk::new().passes("bash", script, &[]);
    let lines = came.lines();
    let start = std::time::Instant::now();
    while is_alive(&lines[0]) {
        assert!(start.elapsed() < Duration::from_secs(20), "the background was not hung up");
        std::thread::yield_now();
    }
    assert!(is_alive(&lines[1]));
    assert!(came.ended.remarks[0].contains("keeps the output open"), "{:?}", came.ended.remarks);
}

#[test]
fn a_background_process_that_prints_all_the_time_does_not_hang_the_block() {
    let script =
        "(trap '' HUP; i=0; while [ $i -lt 300 ]; do echo x; sleep 0.05; i=$((i+1)); done) & sleep 0.2";
    let came = Desk::new().passes("bash", script, &[]);
    assert!(came.ended.duration < Duration::from_secs(10));
    assert!(came.ended.remarks[0].contains("keeps the output open"));
}

#[test]
fn an_error_of_whoever_shows_it_stops_the_block() {
    let desk = Desk::new();
    let block = job("sh", "echo one; sleep 99");
    let run = desk.shows(&block, |display| match display {
        Display::Bytes(_) => Err(io::Error::other("full")),
        Display::Size(_) => Ok(()),
    });
    let ended = desk.runtime.block_on(run);
    assert_eq!(ended.output_error.unwrap().to_string(), "full");
}

#[test]
fn a_run_that_is_dropped_ends_the_session() {
    let desk = Desk::new();
    let (told, pid) = (Notify::new(), RefCell::new(String::new()));
    let block = job("bash", "set -m; (trap '' HUP TERM; exec sleep 98) & echo $!; wait");
    let run = desk.shows(&block, |display| {
        if let Display::Bytes(bytes) = display {
            pid.borrow_mut().push_str(std::str::from_utf8(bytes).unwrap());
            told.notify_one();
        }
        Ok(())
    });
    desk.runtime.block_on(async {
        tokio::select! { _ = run => panic!("it ended"), () = told.notified() => {} }
    });
    let pid = pid.into_inner().lines().next().unwrap().to_owned();
    let start = std::time::Instant::now();
    while is_alive(&pid) {
        assert!(start.elapsed() < Duration::from_secs(20), "{pid} lives on");
        std::thread::yield_now();
    }
}

#[test]
fn a_missing_interpreter_is_named() {
    let came = Desk::new().run(&job("no-such-program", "x"), &[]);
    assert!(matches!(came.ended.how, How::NotStarted(why) if why.contains("no-such-program")));
}

#[test]
fn other_languages_get_the_terminal_too() {
    let came = Desk::new().passes("perl", "print -t STDIN && -t STDOUT ? \"both\\n\" : \"none\\n\"", &[]);
    assert_eq!(came.lines()[0], "both");
}
