//! Steps on other machines.

use super::texts;
use crate::bench::row::{Contender, Content, Figure, Over, Program, Role, Row};

const RUN: &[&str] = &["run", "book.md", "--env", "farm", "--unattended"];
/// So many hosts.
const MANY: u32 = 32;
/// So many steps.
const STEPS: u32 = 20;
/// So many that last.
const LONG: u32 = 5;

/// Rounds of one `ssh` a host, all hosts at once, over connections that a round before them makes.
const PARALLEL: &str = r#"bin=${PATH%%:*} PATH=${PATH#*:} control=$(mktemp -d)
at() { ssh -F "$bin/config" -o ControlMaster=auto -o ControlPath="$control/%C" -o ControlPersist=60 "$@" </dev/null; }
each() {
  while IFS=: read -r host port; do
    at -p "$port" "$host" "$1" || echo "$host" >>failed &
  done <hosts
  wait
}
each true
date +%s.%N >took
n=0
while [ $n -lt "$ROUNDS" ]; do each "$SCRIPT"; n=$((n + 1)); done
date +%s.%N >>took
while IFS=: read -r host port; do at -p "$port" -O exit "$host"; done <hosts 2>ends
rm -r "$control"
[ ! -e failed ]
"#;

pub(in crate::bench) fn nothing() -> Row {
    let title =
        "one step on 32 hosts, against 32 parallel ssh, both over connections that stand; by the step of 20";
    let ansible = Contender::new(
        "ansible",
        Role::Peer,
        Program::Peer("ansible"),
        &["-i", "hosts", "-f", "32", "bench.yaml"],
    );
    many("hosts", title, "true", STEPS)
        .with(
            ansible
                .file("hosts", Content::OfHosts(inventory))
                .text("bench.yaml", texts::playbook_at("all", 3, "true"))
                .set("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3")
                .units(3)
                .timing_itself(),
        )
        .time("÷ 32 parallel ssh", "ours", "ssh", 2.0)
}

pub(in crate::bench) fn two_seconds() -> Row {
    let title = "the same of steps that sleep for 2 s, by the step of 5";
    many("hosts-sleep", title, "sleep 2", LONG).time("÷ 32 parallel ssh", "ours", "ssh", 1.3)
}

pub(in crate::bench) fn one() -> Row {
    let ours = ours("true", 50, one_place).units(50);
    let title = "one step on one host, over a connection that stands; by the step of 50";
    Row::new("host", title, 5).at_hosts(1).with(ours).with(ssh("true", 50)).target(
        "at most 60 ms",
        Figure::Time,
        "ours",
        Over::Nothing,
        0.060,
    )
}

fn many(name: &'static str, title: &'static str, script: &str, steps: u32) -> Row {
    Row::new(name, title, 5).at_hosts(MANY).with(ours(script, steps, places)).with(ssh(script, steps))
}

fn ours(script: &str, steps: u32, places: fn(&[String]) -> String) -> Contender {
    Contender::new("ours", Role::Ours, Program::Holdpoint, RUN)
        .text("book.md", texts::at_places(steps, MANY, script))
        .file("holdpoint.toml", Content::OfHosts(places))
        .units(steps)
        .timing_itself()
}

fn ssh(script: &str, rounds: u32) -> Contender {
    Contender::new("ssh", Role::Limit, Program::System("sh"), &["-c", PARALLEL])
        .file("hosts", Content::OfHosts(|hosts| hosts.iter().map(|host| format!("{host}\n")).collect()))
        .set("SCRIPT", script)
        .set("ROUNDS", &rounds.to_string())
        .units(rounds)
        .timing_itself()
}

fn places(hosts: &[String]) -> String {
    let places: Vec<String> = hosts.iter().map(|host| format!("\"ssh://{host}\"")).collect();
    format!(
        "[environments.farm]\nrehearsal = true\n[environments.farm.targets]\nweb = [{}]\n",
        places.join(", ")
    )
}

fn one_place(hosts: &[String]) -> String {
    places(&hosts[..hosts.len().min(1)])
}

/// For ansible.
fn inventory(hosts: &[String]) -> String {
    let line = |host: &String| {
        let (user, address) = host.split_once('@').unwrap_or_default();
        let (address, port) = address.split_once(':').unwrap_or_default();
        format!("{address} ansible_user={user} ansible_port={port} ansible_remote_tmp=/tmp/.ansible-bench\n")
    };
    hosts.iter().map(line).collect()
}
