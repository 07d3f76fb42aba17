//! Starting, and many small steps.

use super::texts;
use crate::bench::row::{Contender, Figure, Over, Place, Program, Role, Row};

const RUN: &[&str] = &["run", "book.md", "--unattended"];

pub(in crate::bench) fn version() -> Row {
    Row::new("version", "start: --version, against a static C true", 45)
        .with(Contender::new("ours", Role::Ours, Program::Holdpoint, &["--version"]))
        .with(Contender::new("static true", Role::Limit, Program::True, &["true"]))
        .target("at most 3 ms", Figure::Time, "ours", Over::Nothing, 0.003)
}

pub(in crate::bench) fn one_step() -> Row {
    let ours =
        |name| Contender::new(name, Role::Ours, Program::Holdpoint, RUN).text("book.md", texts::runbook(1));
    Row::new("one-step", "start: a durable run of one step, against just with one step", 30)
        .with(ours("ours"))
        .with(ours("ours, in a repository").at(Place::Repository))
        .with(Contender::new("sh -c true", Role::Limit, Program::System("sh"), &["-c", "true"]))
        .and(peers(1, 1))
        .time("÷ just", "ours", "just", 1.5)
        .time("÷ just, in a git repository", "ours, in a repository", "just", 1.5)
        .absent("braintree runbook", RUBY)
        .absent("runbook-exec", KEY)
}

pub(in crate::bench) fn thousand() -> Row {
    let ours = |name, steps| {
        let run = Contender::new(name, Role::Ours, Program::Holdpoint, RUN);
        run.text("book.md", texts::runbook(steps)).units(steps)
    };
    let limit =
        Contender::new("loop", Role::Limit, Program::Limits, &["loop", "1000", "/bin/sh", "-c", "true"]);
    Row::new(
        "steps",
        "1,000 steps that do nothing, against a loop of posix_spawn sh -c true and wait; by the step",
        9,
    )
    .with(ours("ours", 1_000))
    .with(limit.units(1_000))
    .with(ours("ours, no sync", 1_000).at(Place::Memory))
    .with(ours("ours, 100 steps", 100))
    .with(ours("ours, 10,000 steps", 10_000))
    .and(peers(1_000, 50))
    .time("÷ loop", "ours", "loop", 1.0)
    .time("durability tax: with ÷ without sync", "ours", "ours, no sync", 1.3)
    .time("flat: 10,000 ÷ 1,000 steps", "ours, 10,000 steps", "ours", 1.1)
    .time("flat: 10,000 ÷ 100 steps", "ours, 10,000 steps", "ours, 100 steps", 1.1)
    .absent("braintree runbook", RUBY)
    .absent("runbook-exec", KEY)
}

const RUBY: &str = "a Ruby gem, and there is no registry for it here";
const KEY: &str = "asks a language model's service about every step, and ends where there is none";

/// Others that can do `steps` steps; the slow ones do `few` of them.
fn peers(steps: u32, few: u32) -> Vec<Contender> {
    let peer = |name, arguments: &[&str]| Contender::new(name, Role::Peer, Program::Peer(name), arguments);
    let shell = |name, line: &str| Contender::new(name, Role::Peer, Program::ShellWith(name), &["-c", line]);
    let mask = format!("i=0; while [ $i -lt {few} ]; do mask step || exit 1; i=$((i+1)); done");
    vec![
        peer("just", &["--justfile", "justfile", "all"])
            .text("justfile", texts::justfile(steps))
            .units(steps),
        Contender::new("make", Role::Peer, Program::System("make"), &["-f", "bench.mk"])
            .text("bench.mk", texts::makefile(steps))
            .units(steps),
        shell("mask", &mask).text("maskfile.md", texts::maskfile()).units(few),
        peer("cram", &["bench.t"]).text("bench.t", texts::cram(steps)).units(steps),
        peer("audited-runbook", &["run", "--db", "audit.db", "bench.yaml"])
            .text("bench.yaml", texts::audited(steps, "true"))
            .units(steps),
        shell("paulrun", "yes | paulrun run --no-step book.md")
            .text("book.md", texts::paulrun(few, "true"))
            .units(few),
        peer("rundoc", &["run", "book.md"]).text("book.md", texts::rundoc(few)).units(few),
        peer("ansible", &["-i", "localhost,", "bench.yaml"])
            .text("bench.yaml", texts::playbook(few))
            .units(few),
    ]
}
