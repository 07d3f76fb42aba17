//! Two real accounts on one machine, each with an agent of its own: one performs, the other signs. Made and removed by
//! the test, which therefore must run as root.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::shop::{OPS, QA, QB, Shop};
use crate::support::HOLDPOINT;

/// Accounts and their group, gone when dropped.
struct Accounts {
    group: String,
    names: Vec<String>,
}

fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Accounts {
    fn make(names: [&str; 2]) -> Accounts {
        assert!(
            rustix::process::geteuid().is_root(),
            "accounts can be made by root only: run this test as root"
        );
        static MADE: AtomicU32 = AtomicU32::new(0);
        let tag = format!("{}x{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
        let group = format!("hp{tag}g");
        must(Command::new("groupadd").arg(&group));
        let mut accounts = Accounts { group, names: Vec::new() };
        for name in names {
            let name = format!("hp{tag}{name}");
            must(Command::new("useradd").args(["--no-create-home", "-G", &accounts.group, &name]));
            accounts.names.push(name);
        }
        accounts
    }

    /// A command line as one of them, with an agent that holds this key.
    fn run(&self, account: usize, shop: &Shop, key: &str, operator: &str, line: &str) -> Output {
        let line = format!(
            "cd '{}' && eval \"$(ssh-agent -s)\" >/dev/null && ssh-add -q '{}' && {{ {line}; code=$?; }}; kill $SSH_AGENT_PID; exit $code",
            shop.bench.root().display(),
            shop.key(key).display()
        );
        let home = shop.bench.all().join(key);
        fs::create_dir_all(&home).unwrap();
        must(Command::new("chown").arg(&self.names[account]).arg(&home));
        let mut command = Command::new("runuser");
        command.args(["-u", &self.names[account], "--", "env", "-i"]);
        command.arg(format!("PATH={}", std::env::var("PATH").unwrap()));
        command.arg(format!("HOME={}", home.display())).arg(format!("TMPDIR={}", home.display()));
        command.arg(format!("HOLDPOINT_OPERATOR={operator}")).args([
            "TZ=UTC",
            "LC_ALL=C.UTF-8",
            "sh",
            "-c",
            &line,
        ]);
        command.output().unwrap()
    }
}

impl Drop for Accounts {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Command::new("userdel").arg(name).output();
        }
        let _ = Command::new("groupdel").arg(&self.group).output();
    }
}

fn code(output: &Output) -> (i32, String) {
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A shop in a store that both accounts share, and the program where both may execute it.
fn shared() -> (Accounts, Shop, String) {
    let accounts = Accounts::make(["ops", "qa"]);
    let shop = Shop::new(1);
    // The way there must be open.
    let program: PathBuf = shop.bench.all().join("holdpoint");
    fs::copy(HOLDPOINT, &program).unwrap();
    let all = shop.bench.all().display();
    let group = &accounts.group;
    shop.bench.sh(&format!(
        "chmod 755 '{all}' '{all}/keys' '{all}/holdpoint'; mkdir -p .holdpoint/runs; \
         chgrp -R {group} . && chmod -R g+rwX . && chmod 2770 .holdpoint/runs && chmod 2775 . .holdpoint"
    ));
    for (account, key) in [(0, "ops"), (1, "qa")] {
        must(Command::new("chown").arg(&accounts.names[account]).arg(shop.key(key)));
    }
    let holdpoint = program.display().to_string();
    (accounts, shop, holdpoint)
}

#[test]
fn one_account_performs_and_another_signs_in_a_store_that_their_group_shares() {
    let (accounts, shop, holdpoint) = shared();
    let ran =
        accounts.run(0, &shop, "ops", OPS, &format!("{holdpoint} run book.md --env production --unattended"));
    assert_eq!(code(&ran).0, 3, "{}", code(&ran).1);

    let own = accounts.run(0, &shop, "ops", OPS, &format!("{holdpoint} sign 1 --as {OPS} --yes"));
    assert_eq!(code(&own).0, 5, "{}", code(&own).1);
    assert_eq!(shop.bench.of_type(1, "signoff.refused").len(), 1);

    let signed = accounts.run(1, &shop, "qa", QA, &format!("{holdpoint} sign 1 --as {QA} --yes"));
    assert_eq!(code(&signed).0, 0, "{}", code(&signed).1);
    let on = accounts.run(0, &shop, "ops", OPS, &format!("{holdpoint} resume 1 --unattended"));
    assert_eq!(code(&on).0, 0, "{}", code(&on).1);
    shop.is(1, 0, "intact and complete");
    let dir = shop.bench.run_dir(1);
    assert_eq!(crate::support::mode(&dir), 0o2770);
    assert_eq!(crate::support::mode(&dir.join("run.jsonl")), 0o660);
}

#[test]
fn one_account_hands_over_and_another_accepts_and_goes_on() {
    let (accounts, shop, holdpoint) = shared();
    let does = |account: usize, key: &str, who: &str, words: &str, wanted: i32| {
        let ran = code(&accounts.run(account, &shop, key, who, &format!("{holdpoint} {words}")));
        assert_eq!(ran.0, wanted, "{words}: {}", ran.1);
    };
    does(0, "ops", OPS, "run book.md --env production --unattended", 3);
    does(0, "ops", OPS, &format!("handover 1 --to {QB} --note 'Is it live?'"), 0);
    does(0, "ops", OPS, "resume 1 --unattended", 5);
    does(1, "qa", QA, &format!("sign 1 --as {QA} --yes"), 0);
    does(1, "qa", QB, "resume 1 --unattended", 3);
    does(1, "qa", QB, "handover 1 --accept", 0);
    does(1, "qa", QB, "resume 1 --unattended", 0);
    shop.is(1, 0, "intact and complete");
    let opened = &shop.bench.events(1)[0]["session"]["os_user"];
    let resumed = &shop.bench.of_type(1, "session.opened")[0]["os_user"];
    assert_eq!((opened.as_str(), resumed.as_str()), (Some(&*accounts.names[0]), Some(&*accounts.names[1])));
    assert_eq!(shop.bench.of_type(1, "handover.accepted")[0]["by"]["who"], QB);
}
