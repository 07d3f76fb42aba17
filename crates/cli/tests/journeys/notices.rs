//! Notices to people who do not sit at the terminal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::screens::book;
use crate::support::{Desk, PATIENCE, QA, eventually};

const STEPS: &str = "## Look\n\n```sh check\necho a-value-of-ours\n```\n\n## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n";

/// A web server that answers each request with the next of these codes, the last one again and again; what it was sent.
fn server(codes: &'static [u16]) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hooks/a-secret-path", listener.local_addr().unwrap());
    let (sent, told) = channel();
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let Some(asked) = request(&mut stream.unwrap(), codes[at.min(codes.len() - 1)]) else { continue };
            if sent.send(asked).is_err() {
                return;
            }
        }
    });
    (address, told)
}

/// Reads a request and answers it.
fn request(stream: &mut TcpStream, code: u16) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 || line == "\r\n" {
            break;
        }
        if let Some(said) = line.to_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    write!(stream, "HTTP/1.1 {code} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    Some((head, serde_json::from_slice(&body).unwrap()))
}

fn own(desk: &Desk, text: &str) {
    std::fs::write(desk.root().join("home/.config/holdpoint/config.toml"), text).unwrap();
}

/// What the record says of notices.
fn notes(desk: &Desk, run: u32) -> Vec<String> {
    let record = desk.record(run);
    record.all("note").iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_run_that_waits_tells_an_address_and_a_command_and_the_record_says_what_came_of_it() {
    let (address, told) = server(&[503, 200]);
    let desk = Desk::with(&book(STEPS));
    let script = desk.program("tell", "#!/bin/sh\ncat >>\"$1\"\n");
    let (script, kept) = (script.display(), desk.path("kept"));
    let kept = kept.display();
    own(&desk, &format!("[notify]\nurl = \"{address}\"\ncommand = [\"{script}\", \"{kept}\"]\n"));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let (head, _) = told.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("POST /hooks/a-secret-path ") && head.contains("application/json"), "{head}");
    let (_, notice) = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(notice["notice"], "waits");
    assert_eq!(notice["words"], "run 1 (Book, local) waits for qa at 2 Release");
    assert_eq!(
        (&notice["run"], &notice["role"], &notice["action"]),
        (&1.into(), &"qa".into(), &"release#1".into())
    );
    let by_command: Value = serde_json::from_str(&desk.read("kept")).unwrap();
    assert_eq!(by_command["words"], notice["words"]);
    assert!(!notice.to_string().contains("a-value-of-ours"), "{notice}");
    let mut notes = notes(&desk, 1);
    notes.sort();
    let host = address.split("/hooks").next().unwrap();
    assert_eq!(
        notes,
        [
            format!("notice `waits` given by {host}, 2 tries"),
            format!("notice `waits` given by the command {script}, 1 try")
        ]
    );
    assert!(!desk.record(1).bytes.windows(13).any(|bytes| bytes == b"a-secret-path"));
    desk.is_intact_and_open(1);
}

#[test]
fn only_what_is_asked_for_is_told_and_the_end_after_the_record_is_sealed() {
    let (address, told) = server(&[200]);
    let desk = Desk::with(&book("## Look\n\n```sh check\ntest -e there\n```\n"));
    own(&desk, &format!("[notify]\non = [\"fails\", \"ends\"]\nurl = \"{address}\"\n"));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let notice = told.recv_timeout(PATIENCE).unwrap().1;
    assert_eq!(notice["words"], "run 1 (Book, local) needs a decision at 1 Look");
    desk.write("there", "");
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.chooses("retry").waits_for("notice `ends` given by http://127.0.0.1:").waits_for("PASSED");
    terminal.ends(0);
    let words = || told.recv_timeout(PATIENCE).unwrap().1["words"].clone();
    assert_eq!(words(), "run 1 (Book, local) needs a decision at 1 Look");
    assert_eq!(words(), "run 1 (Book, local) has ended: passed");
    assert_eq!(notes(&desk, 1).len(), 2);
    desk.is_intact_and_complete(1);
}

#[test]
fn a_run_that_is_told_to_leave_at_a_prompt_says_that_it_is_parked_and_which_it_is() {
    for nested in [false, true] {
        let desk = Desk::with(&book(&STEPS.replace("sh check", "sh run")));
        let script = desk.program("tell", "#!/bin/sh\ncat >>\"$1\"\n");
        let (script, kept) = (script.display(), desk.path("kept"));
        own(&desk, &format!("[notify]\ncommand = [\"{script}\", \"{}\"]\n", kept.display()));
        let mut terminal = desk.terminal(&["run", "book.md"]);
        if nested {
            terminal.chooses("skip").waits_for("Why is it skipped? (Ctrl-C goes back)").listens();
        } else {
            terminal.waits_for("What now?").listens();
        }
        terminal.sends(rustix::process::Signal::TERM);
        terminal.waits_for("The program was asked to leave.").waits_for("holdpoint resume 1");
        let text = terminal.ends(3);
        assert_eq!(text.matches("The program was asked to leave.").count(), 1, "{text}");
        let notice: Value = serde_json::from_str(&desk.read("kept")).unwrap();
        assert_eq!(notice["words"], "run 1 (Book, local) is parked at 1 Look");
        assert_eq!(notes(&desk, 1), [format!("notice `parks` given by the command {script}, 1 try")]);
        desk.is_intact_and_open(1);
    }
}

#[test]
fn a_run_that_is_aborted_from_outside_tells_that_it_has_ended() {
    let desk = Desk::with(&book(STEPS));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let script = desk.program("tell", "#!/bin/sh\ncat >>\"$1\"\n");
    let (script, kept) = (script.display(), desk.path("kept"));
    own(&desk, &format!("[notify]\ncommand = [\"{script}\", \"{}\"]\n", kept.display()));
    let (_, told) = desk.ends(4, &["resume", "1", "--abort", "too late"]);
    let notice: Value = serde_json::from_str(&desk.read("kept")).unwrap();
    assert_eq!(notice["words"], "run 1 (Book, local) has ended: aborted");
    assert!(told.contains("notice `ends` given by the command"), "{told}");
}

#[test]
fn a_notice_that_cannot_be_given_holds_nothing_up_and_is_on_record() {
    let desk = Desk::with(&book(STEPS));
    // Nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    own(
        &desk,
        &format!("[notify]\non = [\"waits\"]\nurl = \"{address}\"\ncommand = [\"no-such-program\"]\n"),
    );
    let mut terminal = desk.terminal(&["run", "book.md"]);
    let who = "Who signs it off (as holdpoint.toml names people)?";
    terminal.chooses("sign").answers(who, QA).answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    let notes = notes(&desk, 1);
    let of = |text: &str| notes.iter().any(|note| note.contains(text));
    assert!(
        of("not given by the command no-such-program, 1 try") && of("not given by http://127.0.0.1:"),
        "{notes:?}"
    );
    assert!(of("3 tries: ") && notes.len() == 2, "{notes:?}");
    desk.is_intact_and_complete(1);
}

#[test]
fn a_repository_runs_and_sends_nothing_unless_its_user_allows_it() {
    let (address, told) = server(&[200]);
    let desk = Desk::with(&book(STEPS)).configure(&format!(
        "[notify]\non = [\"waits\"]\nurl = \"{address}\"\ncommand = [\"./tell\"]\nbell = true\nterminal = true\n"
    ));
    desk.program("tell", "#!/bin/sh\ncat >told\n");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("holdpoint.toml asks for notices by the command ./tell and by http://127.0.0.1:");
    terminal.waits_for("you did not allow it to").chooses("run").waits_for("HOLD POINT").chooses("park");
    let text = String::from_utf8(terminal.bytes_at_the_end(3)).unwrap();
    assert!(text.contains("\u{7}\u{1b}]9;run 1 (Book, local) waits for qa at 2 Release\u{7}"), "{text:?}");
    assert!(!desk.path("told").exists());
    assert!(notes(&desk, 1).is_empty());
    own(&desk, &format!("allow_notices = [\"{}\"]\n", desk.path(".").display()));
    desk.ends(3, &["resume", "1", "--unattended"]);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().1["notice"], "waits");
    assert!(desk.read("told").contains("waits for qa"));
    assert_eq!(notes(&desk, 1).len(), 2);
    assert!(told.try_recv().is_err());
    desk.is_intact_and_open(1);
}

#[test]
fn leave_for_a_repository_is_no_leave_for_what_lies_in_it() {
    let desk = Desk::with(&book(STEPS)).configure("[notify]\non = [\"waits\"]\ncommand = [\"./tell\"]\n");
    desk.program("tell", "#!/bin/sh\ncat >told\n");
    own(&desk, &format!("allow_notices = [\"{}\"]\n", desk.root().display()));
    let (shown, said) = desk.ends(3, &["run", "book.md", "--unattended"]);
    assert!(format!("{shown}{said}").contains("you did not allow it to"), "{shown}{said}");
    assert!(!desk.path("told").exists() && notes(&desk, 1).is_empty());
}

#[test]
fn a_command_of_a_repository_that_a_link_takes_out_of_it_is_refused() {
    let desk = Desk::with(&book(STEPS)).configure("[notify]\non = [\"waits\"]\ncommand = [\"esc/tell\"]\n");
    let elsewhere = tempfile::tempdir().unwrap();
    let (script, ran) = (elsewhere.path().join("tell"), elsewhere.path().join("ran"));
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\n", ran.display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), desk.path("esc")).unwrap();
    own(&desk, &format!("allow_notices = [\"{}\"]\n", desk.path(".").display()));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    assert!(!ran.exists());
    let notes = notes(&desk, 1);
    assert!(notes.len() == 1 && notes[0].ends_with("1 try: it leads out of the repository"), "{notes:?}");
}

#[test]
fn a_command_that_will_not_end_is_ended_with_the_run() {
    let desk = Desk::with(&book(STEPS));
    let script = desk
        .program("tell", "#!/bin/sh\ntrap '' TERM HUP\necho $$ >\"$1\"\nsleep 1000 &\nwait\nsleep 1000\n");
    let (script, pid) = (script.display(), desk.path("pid"));
    own(&desk, &format!("[notify]\non = [\"waits\"]\ncommand = [\"{script}\", \"{}\"]\n", pid.display()));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let group = desk.read("pid").trim().to_owned();
    // Of what has ended, somebody may yet have to take note.
    let lives = |stat: &str| {
        let rest: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        rest[2] == group && !["Z", "X"].contains(&rest[0])
    };
    let alive = || {
        let all = std::fs::read_dir("/proc").unwrap();
        let mut all = all.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok());
        all.any(|stat| lives(&stat))
    };
    // A process that was killed is there until it comes to run once more.
    eventually("nothing of the command is left", || !alive());
    let notes = notes(&desk, 1);
    assert!(notes.len() == 1 && notes[0].contains("as nobody waited any longer"), "{notes:?}");
}

#[test]
fn what_is_nearly_a_notice_is_an_error() {
    for (own_too, text) in [
        (true, "[notify]\non = [\"wait\"]\nbell = true\n"),
        (true, "[notify]\non = []\nbell = true\n"),
        (true, "[notify]\non = [\"waits\"]\n"),
        (true, "[notify]\nurl = \"hooks.example.org\"\n"),
        (true, "[notify]\nurl = \"https:// hooks.example.org\"\n"),
        (true, "[notify]\ncommand = \"tell\"\n"),
        (true, "[notify]\ncommand = []\n"),
        (true, "[notify]\nbells = true\n"),
        (true, "notify = true\n"),
        (false, "allow_notices = [\"here\"]\n"),
        (false, "[notify]\ncommand = [\"./tell\"]\n"),
    ] {
        let desk = Desk::with(&book(STEPS));
        own(&desk, text);
        desk.ends(2, &["run", "book.md", "--unattended"]);
        assert_eq!(desk.runs(), 0, "{text}");
        if own_too {
            let desk = Desk::with(&book(STEPS)).configure(text);
            desk.ends(2, &["run", "book.md", "--unattended"]);
            assert_eq!(desk.runs(), 0, "{text}");
        }
    }
}
