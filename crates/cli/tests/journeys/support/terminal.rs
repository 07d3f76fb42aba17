//! A real terminal with `holdpoint` on it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

use super::{Desk, PATIENCE, eventually, kill};

/// A pty, the program on it, and all that the program wrote.
pub struct Terminal {
    session: OsSession,
    master: File,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// How much of the text has been waited for.
    at: usize,
    before: Termios,
    /// What tells its end to the first process of the session, and from there the program's process id.
    end: tempfile::TempDir,
}

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    ended: bool,
}

/// Sets the terminal as a person's is, says so, and runs the program when told to, with its process id in a file. Stays until
/// the test has read everything: when the first process of a session ends, Linux throws away what nobody has read yet.
const WAITING: &str = r#"read -r _; stty sane cols 160 rows 50; echo READY; read -r _
end=$1; shift; trap : INT QUIT
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$end" "$@"; code=$?
exec </dev/null >/dev/null 2>&1; read -r _ <"$end/end"; exit "$code""#;
/// The same, but all that is written goes through a pipe as well.
const PIPED: &str = r#"read -r _; stty sane cols 160 rows 50; echo READY; read -r _
end=$1; shift; trap : INT
{ trap : INT; "$@"; echo $? >code; } 2>&1 | tee log
exec </dev/null >/dev/null 2>&1; read -r _ <"$end/end"; exit "$(cat code)""#;
/// The same as the first, but can be lost, as a login shell or an ssh session can.
const STAYING: &str = r#"read -r _; stty sane cols 160 rows 50; echo READY; read -r _; shift; "$@"; exit $?"#;

impl Terminal {
    /// Starts the program on a terminal of 160 columns that echoes, as people's do.
    pub fn start(desk: &Desk, words: &[&str]) -> Terminal {
        Terminal::of(WAITING, desk, words)
    }

    /// Starts the program from a session that can be lost: see [`Terminal::is_lost`].
    pub fn start_in_a_session(desk: &Desk, words: &[&str]) -> Terminal {
        Terminal::of(STAYING, desk, words)
    }

    /// Starts the program under `tee`, which keeps what is written in `log`.
    pub fn start_under_tee(desk: &Desk, words: &[&str]) -> Terminal {
        Terminal::of(PIPED, desk, words)
    }

    /// The same, for a test that presses Ctrl-C, and waits for what is said and not for the end. The terminal stays open: Linux
    /// throws away what was written right after a Ctrl-C where nobody has it open any more by the time it is read.
    pub fn start_under_tee_that_ends(desk: &Desk, words: &[&str]) -> Terminal {
        Terminal::of(&PIPED.replace("exec </dev/null", "exec 9>&1 </dev/null"), desk, words)
    }

    /// Starts the program on a terminal with so many columns and rows.
    pub fn start_sized(desk: &Desk, columns: usize, rows: usize, words: &[&str]) -> Terminal {
        let size = format!("cols {columns} rows {rows}");
        Terminal::of(&WAITING.replace("cols 160 rows 50", &size), desk, words)
    }

    /// Starts another program.
    pub fn start_program(desk: &Desk, program: &str, words: &[&str]) -> Terminal {
        Terminal::of_program(WAITING, desk, program, words)
    }

    fn of(session: &str, desk: &Desk, words: &[&str]) -> Terminal {
        Terminal::of_program(session, desk, env!("CARGO_BIN_EXE_holdpoint"), words)
    }

    fn of_program(session: &str, desk: &Desk, program: &str, words: &[&str]) -> Terminal {
        let mut command: Command = desk.command("/bin/sh");
        let end = tempfile::tempdir().unwrap();
        mkfifoat(CWD, end.path().join("end"), Mode::RUSR | Mode::WUSR).unwrap();
        command.args(["-c", session, "sh"]).arg(end.path()).arg(program).args(words);
        let session = OsSession::spawn(command).unwrap();
        let master = session.get_process().get_raw_handle().unwrap();
        let seen = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        read_on(master.try_clone().unwrap(), Arc::clone(&seen));
        let before = tcgetattr(&master).unwrap();
        let mut terminal = Terminal { session, master, seen, at: 0, before, end };
        // The size is ours only after the one that the library gives.
        terminal.types("\r");
        terminal.waits_for("READY\r\n");
        terminal.before = tcgetattr(&terminal.master).unwrap();
        terminal.types("\r");
        terminal
    }

    /// Waits for a text; what is waited for next must come after it. Colours and cursor movements do not count.
    #[track_caller]
    pub fn waits_for(&mut self, text: &str) -> &mut Terminal {
        self.waits_for_any(&[text]);
        self
    }

    /// Waits for whichever of these comes first, and says which.
    #[track_caller]
    pub fn waits_for_any(&mut self, texts: &[&str]) -> usize {
        let start = Instant::now();
        let (lock, changed) = &*self.seen;
        let mut seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let plain = without_escapes(&seen.bytes);
            let rest = &plain[self.at..];
            let found = texts.iter().enumerate().filter_map(|(n, text)| Some((rest.find(text)?, n))).min();
            if let Some((at, which)) = found {
                self.at += at + texts[which].len();
                return which;
            }
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero() && !seen.ended, "{texts:?} never came after:\n{rest}\n-- of:\n{plain}");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Everything that was written, without colours and cursor movements.
    pub fn text(&self) -> String {
        without_escapes(&self.bytes())
    }

    /// Everything that was written.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
    }

    /// Types, as it is.
    pub fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Answers a prompt once it listens, and waits until the answer is taken: whether how one goes back stands beside it or
    /// above.
    #[track_caller]
    pub fn answers(&mut self, prompt: &str, answer: &str) -> &mut Terminal {
        self.waits_for(prompt).listens();
        self.types(&format!("{answer}\r"));
        let taken = ["", " (Ctrl-C goes back)"].map(|back| format!("{prompt}{back}: {answer}\r\n"));
        self.waits_for_any(&taken.each_ref().map(String::as_str));
        self
    }

    /// Answers "What now?".
    #[track_caller]
    pub fn chooses(&mut self, word: &str) -> &mut Terminal {
        self.answers("What now?", word)
    }

    /// Waits until a prompt takes keys: the terminal hands on each as it comes.
    pub fn listens(&mut self) {
        eventually("a prompt that listens", || self.has_not(LocalModes::ICANON));
    }

    /// Waits until what is typed is not shown.
    pub fn hides(&mut self) {
        eventually("a prompt that hides what is typed", || self.has_not(LocalModes::ECHO));
    }

    fn has_not(&self, mode: LocalModes) -> bool {
        !self.has(mode)
    }

    /// Whether the terminal is in this mode.
    pub fn has(&self, mode: LocalModes) -> bool {
        tcgetattr(&self.master).unwrap().local_modes.contains(mode)
    }

    /// Makes the window another size.
    pub fn resizes(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).unwrap();
    }

    /// Ctrl-C.
    pub fn presses_ctrl_c(&mut self) {
        self.types("\x03");
    }

    /// Sends the program a signal.
    pub fn sends(&mut self, signal: Signal) {
        kill(self.pid(), signal);
    }

    /// The program's process id.
    pub fn pid(&self) -> i32 {
        let file = self.end.path().join("pid");
        let told = || std::fs::read_to_string(&file).ok()?.strip_suffix('\n')?.parse().ok();
        eventually("the program has a process id", || told().is_some());
        told().unwrap()
    }

    /// Waits for the end, and makes sure that the terminal is as it was: modes, and the cursor visible.
    #[track_caller]
    pub fn ends(self, code: i32) -> String {
        let status = self.over();
        let text = self.text();
        assert!(
            matches!(status, WaitStatus::Exited(_, came) if came == code),
            "{status:?} not {code}\n{text}"
        );
        let after = tcgetattr(&self.master).unwrap();
        let modes = |termios: &Termios| {
            format!(
                "{:?} {:?} {:?} {:?}",
                termios.input_modes, termios.output_modes, termios.control_modes, termios.local_modes
            )
        };
        assert_eq!(modes(&after), modes(&self.before), "the terminal is not as it was:\n{text}");
        let bytes = self.bytes();
        let last = |needle: &[u8]| bytes.windows(needle.len()).rposition(|window| window == needle);
        assert!(last(b"\x1b[?25l") <= last(b"\x1b[?25h"), "the cursor stays hidden:\n{text}");
        text
    }

    /// As [`Terminal::ends`], and gives everything that was written, as it was.
    #[track_caller]
    pub fn bytes_at_the_end(self, code: i32) -> Vec<u8> {
        let seen = Arc::clone(&self.seen);
        self.ends(code);
        seen.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
    }

    /// Waits for the end, whatever it is, and gives everything that was written since the program began. What asks
    /// something is left.
    pub fn bytes_at_any_end(mut self) -> Vec<u8> {
        let (lock, changed) = &*Arc::clone(&self.seen);
        let begun = Instant::now();
        let mut seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !seen.ended {
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", without_escapes(&seen.bytes));
            let asks = without_escapes(&seen.bytes).ends_with(": ");
            (seen, _) = changed.wait_timeout(seen, Duration::from_millis(200)).unwrap();
            if asks && !seen.ended {
                drop(seen);
                self.presses_ctrl_c();
                seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
            }
        }
        let bytes = seen.bytes.clone();
        drop(seen);
        self.over();
        bytes
    }

    /// The session ends without a word, as when a connection breaks: the terminal hangs up.
    pub fn is_lost(&mut self) {
        kill(self.session.get_process().pid().as_raw(), Signal::KILL);
        self.over();
    }

    /// Kills the program, which gets no chance to do anything more.
    pub fn killed(mut self) {
        self.sends(Signal::KILL);
        self.over();
    }

    /// Waits for the end, until everything is read, and lets the session end too.
    fn over(&self) -> WaitStatus {
        self.wait_for_the_end();
        // Open in both directions, a FIFO waits for nobody, and keeps what is written.
        let mut end = File::options().read(true).write(true).open(self.end.path().join("end")).unwrap();
        end.write_all(b"\n").unwrap();
        self.session.get_process().wait().unwrap()
    }

    fn wait_for_the_end(&self) {
        let start = Instant::now();
        let (lock, changed) = &*self.seen;
        let mut seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !seen.ended {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "it does not end:\n{}", without_escapes(&seen.bytes));
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }
}

/// Reads what the program writes until nobody has the terminal open any more.
fn read_on(mut master: File, seen: Arc<(Mutex<Seen>, Condvar)>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let length = match master.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.unwrap_or(0),
            };
            let (lock, changed) = &*seen;
            let mut seen = lock.lock().unwrap_or_else(PoisonError::into_inner);
            seen.bytes.extend_from_slice(&buffer[..length]);
            seen.ended = length == 0;
            changed.notify_all();
            if length == 0 {
                return;
            }
        }
    });
}

/// Text without control sequences. One that is not complete yet is left out, and so is half a character.
fn without_escapes(bytes: &[u8]) -> String {
    let mut plain = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, rest.first()) {
            (0x1b, Some(b'[')) => match rest.iter().skip(1).position(|byte| (0x40..=0x7e).contains(byte)) {
                Some(end) => rest = &rest[end + 2..],
                None => break,
            },
            (0x1b, Some(b'(')) => rest = rest.get(2..).unwrap_or_default(),
            (0x1b, Some(b']')) => match rest.iter().position(|byte| *byte == 0x07) {
                Some(end) => rest = &rest[end + 1..],
                None => break,
            },
            (0x1b, Some(_)) => rest = &rest[1..],
            (0x1b, None) => break,
            _ => plain.push(*first),
        }
    }
    match std::str::from_utf8(&plain) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&plain[..error.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(&plain).into_owned(),
    }
}
