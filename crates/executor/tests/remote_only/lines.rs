//! Lines that break, hosts that are not known, disks that are full.

use std::fs;
use std::future::pending;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use holdpoint_executor::{Came, How, Remote, Setting, Sink, Standing, State, Stream, Ways};
use holdpoint_hosts::{Network, Options, Sshd, skipped};
use holdpoint_model::Place;
use tokio::sync::Notify;

use crate::common::{job, runtime};
use crate::places::{Hearing, Ssh, attempt, ended};

/// How much of everything: a little each time, all of it where `HOLDPOINT_FAULTS` is `all`.
fn all() -> bool {
    std::env::var("HOLDPOINT_FAULTS").is_ok_and(|which| which == "all")
}

struct Counting<'n> {
    out: Vec<u8>,
    cuts: usize,
    healed: usize,
    seen: &'n Notify,
}

impl Sink for Counting<'_> {
    fn on_secret(&mut self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn on_output(&mut self, _: Stream, bytes: &[u8], _: Duration) -> std::io::Result<()> {
        self.out.extend_from_slice(bytes);
        self.seen.notify_one();
        Ok(())
    }

    fn on_cut(&mut self, _why: &str, _standing: Standing) {
        self.cuts += 1;
    }

    fn on_healed(&mut self) {
        self.healed += 1;
    }
}

/// A block that prints numbers for `seconds`, and how often it ran.
fn counting(seconds: u64) -> (String, String) {
    let last = seconds * 10;
    let script = format!(
        "echo run >>ran; n=0; while [ $n -lt {last} ]; do n=$((n+1)); echo $n; sleep 0.1; done; exit 7"
    );
    (script, (1..=last).map(|number| format!("{number}\n")).collect())
}

fn a_cut_of(test: &str, seconds: u64) -> Option<(usize, usize)> {
    let server = Network::create().and_then(|network| Sshd::behind(network, &Options::default()));
    let ssh = match server {
        Ok(server) => Ssh::with(server, Setting::default()),
        Err(missing) => {
            skipped(test, &missing);
            return None;
        }
    };
    let (script, expected) = counting(seconds.min(10) + 2);
    let state = State::new(ssh.server.home());
    let (attempt, seen) = (attempt(&ssh.remote), Notify::new());
    let mut heard = Counting { out: Vec::new(), cuts: 0, healed: 0, seen: &seen };
    let block = job("sh", &script);
    let came = runtime().block_on(async {
        let cut = async {
            seen.notified().await;
            let network = ssh.server.network().unwrap();
            network.cut().unwrap();
            // The length of the cut is what is tried here.
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            network.heal().unwrap();
        };
        let run = ssh.remote.run(&block, &state, &attempt, pending(), &mut heard);
        tokio::join!(run, cut).0
    });
    let Came::Ended(ended) = came else { panic!("{came:?}") };
    assert_eq!(ended.how, How::Exited(7));
    assert_eq!(String::from_utf8(heard.out).unwrap(), expected, "whole, once, in order");
    assert_eq!(fs::read_to_string(ssh.server.home().join("ran")).unwrap(), "run\n");
    Some((heard.cuts, heard.healed))
}

#[test]
fn a_line_that_is_cut_for_5_s_loses_nothing() {
    a_cut_of("a_line_that_is_cut_for_5_s_loses_nothing", 5);
}

#[test]
fn a_line_that_is_cut_for_longer_is_made_anew() {
    for seconds in if all() { vec![30, 120] } else { vec![14] } {
        if let Some((cuts, healed)) = a_cut_of("a_line_that_is_cut_for_longer_is_made_anew", seconds) {
            assert!(cuts >= 1 && healed == 1, "{seconds} s: {cuts} {healed}");
        }
    }
}

#[test]
fn a_host_that_is_not_known_is_refused_with_the_line_to_add() {
    let test = "a_host_that_is_not_known_is_refused_with_the_line_to_add";
    let server = match Sshd::on_loopback(&Options::default()) {
        Ok(server) => server,
        Err(missing) => return skipped(test, &missing),
    };
    let line = fs::read_to_string(server.known_hosts()).unwrap();
    fs::write(server.known_hosts(), "").unwrap();
    let ways = Ways { ssh_config: Some(server.ssh_config()), ..Ways::default() };
    let place = Place::parse(&format!("ssh://{}", server.host())).unwrap();
    let refused = runtime().block_on(Remote::open(place, ways, Setting::default())).unwrap_err();
    let key: String = line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    assert!(refused.help.as_ref().is_some_and(|help| help.contains(&key)), "{refused:?}\n{key}");
    assert_eq!(fs::read_to_string(server.known_hosts()).unwrap(), "", "nobody adds it unasked");
}

#[test]
fn a_host_that_does_not_answer_is_told_within_bounds() {
    let test = "a_host_that_does_not_answer_is_told_within_bounds";
    let server = match Sshd::on_loopback(&Options::default()) {
        Ok(server) => server,
        Err(missing) => return skipped(test, &missing),
    };
    let ways = Ways { ssh_config: Some(server.ssh_config()), ..Ways::default() };
    let place = Place::parse(&format!("ssh://{}", server.host())).unwrap();
    drop(server);
    let began = Instant::now();
    let refused = runtime().block_on(Remote::open(place, ways, Setting::default()));
    assert!(refused.is_err() && began.elapsed() < Duration::from_secs(25));
}

#[test]
fn whoever_may_not_become_another_user_runs_nothing() {
    let test = "whoever_may_not_become_another_user_runs_nothing";
    let server = match Sshd::on_loopback(&Options::default()) {
        Ok(server) => server,
        Err(missing) => return skipped(test, &missing),
    };
    let setting = Setting { r#become: Some(holdpoint_model::Become::Sudo), ..Setting::default() };
    let ssh = Ssh::with(server, setting);
    let refused = runtime().block_on(ssh.remote.probe()).unwrap().become_refused;
    assert!(refused.as_ref().is_some_and(|why| why.contains("sudo")), "{refused:?}");
    let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
    let (state, attempt) = (State::new(ssh.server.home()), attempt(&ssh.remote));
    let block = job("sh", "touch ran");
    let came = runtime().block_on(ssh.remote.run(&block, &state, &attempt, pending(), &mut sink));
    let Came::Ended(ended) = came else { panic!("{came:?}") };
    assert!(matches!(&ended.how, How::NotStarted(why) if why.contains("sudo")), "{ended:?}");
    assert!(!ssh.server.home().join("ran").exists());
}

#[test]
fn a_secret_is_on_no_command_line_when_another_user_runs_the_block() {
    let test = "a_secret_is_on_no_command_line_when_another_user_runs_the_block";
    let server = match Sshd::on_loopback(&Options { may_become_root: true, ..Options::default() }) {
        Ok(server) => server,
        Err(missing) => return skipped(test, &missing),
    };
    let setting = Setting { r#become: Some(holdpoint_model::Become::Sudo), ..Setting::default() };
    let ssh = Ssh::with(server, setting);
    assert_eq!(runtime().block_on(ssh.remote.probe()).unwrap().become_refused, None);
    let mut attempt = attempt(&ssh.remote);
    attempt.secrets = vec!["TOKEN".to_owned()];
    let mut block = job("sh", "id -u; until [ -e go ]; do sleep 0.05; done; echo ${#TOKEN}");
    block.env.push(("TOKEN".to_owned(), "correct-horse-battery".to_owned()));
    let (mut printed, mut looked, go) = (Vec::new(), 0, ssh.server.home().join("go"));
    let came = {
        let mut sink = Hearing(|_, bytes: &[u8], _| {
            printed.extend_from_slice(bytes);
            for process in fs::read_dir("/proc").unwrap() {
                let command = fs::read(process.unwrap().path().join("cmdline")).unwrap_or_default();
                looked += usize::from(command.starts_with(b"sudo"));
                assert!(!String::from_utf8_lossy(&command).contains("correct-horse"));
            }
            fs::write(&go, "").unwrap();
            Ok(())
        });
        let state = State::new(ssh.server.home());
        runtime().block_on(ssh.remote.run(&block, &state, &attempt, pending(), &mut sink))
    };
    assert!(matches!(&came, Came::Ended(ended) if ended.how == How::Exited(0)), "{came:?}");
    assert_eq!((printed.as_slice(), looked > 0), (&b"0\n21\n"[..], true));
}

#[test]
fn a_full_disk_is_told_and_the_end_is_known_all_the_same() {
    let test = "a_full_disk_is_told_and_the_end_is_known_all_the_same";
    let options = Options { home_size: Some(256 * 1024), ..Options::default() };
    let Some(ssh) = Ssh::plain(test, &options) else { return };
    let state = State::new("/");
    let mut bytes = 0;
    let mut sink = Hearing(|_, piece: &[u8], _| {
        bytes += piece.len();
        Ok(())
    });
    let attempt = attempt(&ssh.remote);
    let block = job("sh", "head -c 2000000 /dev/zero; exit 6");
    let came = runtime().block_on(ssh.remote.run(&block, &state, &attempt, pending(), &mut sink));
    let Came::Ended(ended) = came else { panic!("{came:?}") };
    assert_eq!(ended.how, How::Exited(6));
    assert_eq!(ended.output_error.map(|error| error.kind()), Some(std::io::ErrorKind::StorageFull));
    assert!(bytes < 2_000_000);
}

#[test]
fn a_disk_that_is_full_from_the_beginning_runs_nothing() {
    let test = "a_disk_that_is_full_from_the_beginning_runs_nothing";
    let options = Options { home_size: Some(128 * 1024), ..Options::default() };
    let Some(ssh) = Ssh::plain(test, &options) else { return };
    // To the last block; a directory takes none there.
    let _ = fs::write(ssh.server.home().join("filler"), vec![b'x'; 256 * 1024]);
    let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
    let ran = tempfile::tempdir().unwrap();
    ssh.server.user().give(ran.path()).unwrap();
    let block = job("sh", "touch ran");
    let (state, attempt) = (State::new(ran.path()), attempt(&ssh.remote));
    let came = runtime().block_on(ssh.remote.run(&block, &state, &attempt, pending(), &mut sink));
    assert!(matches!(came, Came::NeverRan(_)), "{came:?}");
    assert!(!ran.path().join("ran").exists());
}

#[test]
fn much_output_takes_little_memory() {
    let test = "much_output_takes_little_memory";
    let Some(ssh) = Ssh::plain(test, &Options::default()) else { return };
    let megabytes = if all() { 1024 } else { 96 };
    let state = State::new(ssh.server.home());
    let (mut bytes, mut largest) = (0, 0);
    let mut sink = Hearing(|_, piece: &[u8], _| {
        bytes += piece.len();
        largest = largest.max(piece.len());
        Ok(())
    });
    let before = peak();
    let attempt = attempt(&ssh.remote);
    let block = job("sh", &format!("head -c {megabytes}M /dev/zero"));
    let began = Instant::now();
    let came = runtime().block_on(ssh.remote.run(&block, &state, &attempt, pending(), &mut sink));
    let took = began.elapsed();
    assert!(matches!(&came, Came::Ended(ended) if ended.how == How::Exited(0)), "{came:?}");
    assert_eq!(bytes, megabytes * 1024 * 1024);
    assert!(largest <= 1024 * 1024);
    let grown = peak() - before;
    eprintln!("{megabytes} MiB in {took:?}, {grown} KiB more memory");
    assert!(grown < 64 * 1024, "{grown} KiB more");
}

/// The most memory that this process ever had, KiB.
fn peak() -> usize {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_block_of_nothing_costs_a_small_multiple_of_a_bare_session() {
    let test = "a_block_of_nothing_costs_a_small_multiple_of_a_bare_session";
    let Some(ssh) = Ssh::plain(test, &Options::default()) else { return };
    let socket = ssh.server.home().join("../bare");
    let bare = |more: &[&str]| {
        let mut command = std::process::Command::new("ssh");
        command
            .arg("-F")
            .arg(ssh.server.ssh_config())
            .arg("-o")
            .arg(format!("ControlPath={}", socket.display()));
        command.args(more).arg(format!("ssh://{}", ssh.server.host()));
        let done = command.arg("true").stdin(std::process::Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    bare(&["-o", "ControlMaster=auto", "-o", "ControlPersist=60"]);
    let runtime = runtime();
    let (state, block) = (State::new(ssh.server.home()), job("sh", "true"));
    let (mut bares, mut blocks) = (Vec::new(), Vec::new());
    // In turns: whatever else the machine does meets both.
    for _ in 0..12 {
        let began = Instant::now();
        bare(&[]);
        bares.push(began.elapsed());
        let attempt = attempt(&ssh.remote);
        let mut sink = Hearing(|_, _: &[u8], _| Ok(()));
        let began = Instant::now();
        let came = runtime.block_on(ssh.remote.run(&block, &state, &attempt, pending(), &mut sink));
        blocks.push(began.elapsed());
        assert!(matches!(came, Came::Ended(_)));
    }
    bare(&["-O", "exit"]);
    bares.sort();
    blocks.sort();
    let (bare, block) = (bares[6], blocks[6]);
    let times = block.as_secs_f64() / bare.as_secs_f64();
    eprintln!("a block of nothing takes {block:?}, a bare session {bare:?}: {times:.1} times");
    assert!(times < 25.0, "{times}");
}

#[test]
fn where_a_host_keeps_its_programs_first_is_where_an_interpreter_is_looked_for_first() {
    let test = "where_a_host_keeps_its_programs_first_is_where_an_interpreter_is_looked_for_first";
    let open = fs::Permissions::from_mode(0o755);
    let own = tempfile::tempdir().unwrap();
    fs::set_permissions(own.path(), open.clone()).unwrap();
    for (folder, says) in [("first", "first"), ("second", "second")] {
        let tool = own.path().join(folder).join("tool");
        fs::create_dir(own.path().join(folder)).unwrap();
        fs::set_permissions(own.path().join(folder), open.clone()).unwrap();
        fs::write(&tool, format!("#!/bin/sh\necho {says}\n")).unwrap();
        fs::set_permissions(&tool, open.clone()).unwrap();
    }
    let path = format!("{0}/first:{0}/second:/usr/bin:/bin", own.path().display());
    let options = Options { variables: vec![("PATH".to_owned(), path)], ..Options::default() };
    let Some(ssh) = Ssh::plain(test, &options) else { return };
    let mut out = Vec::new();
    let ended = runtime().block_on(ended(
        &ssh.remote,
        &job("tool", ""),
        &State::new(ssh.server.home()),
        pending(),
        |_, bytes, _| {
            out.extend_from_slice(bytes);
            Ok(())
        },
    ));
    assert_eq!((ended.how, out.as_slice()), (How::Exited(0), &b"first\n"[..]));
}
