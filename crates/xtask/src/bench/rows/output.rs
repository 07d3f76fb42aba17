//! Steps that print a great deal.

use std::fmt::Write as _;

use super::texts;
use crate::bench::row::{Contender, Figure, Over, Program, Role, Row};

const RUN: &[&str] = &["run", "book.md", "--unattended"];
/// Prints `$FLOOD` bytes; the bench says where the program is.
const SCRIPT: &str = "\"$LIMITS\" flood \"$FLOOD\"";
const GIGABYTE: &str = "1000000000";
const HUNDRED: &str = "100000000";
/// Peak memory that a run may have, however much is printed.
const PEAK: f64 = 16e6;

pub(in crate::bench) fn gigabyte() -> Row {
    let ours = |name, bytes| {
        let run = Contender::new(name, Role::Ours, Program::Holdpoint, RUN);
        run.text("book.md", texts::one_block("", "", SCRIPT)).set("FLOOD", bytes)
    };
    let secrets = Contender::new("ours, eight secrets", Role::Ours, Program::Holdpoint, RUN);
    let secrets =
        secrets.text("book.md", texts::one_block(&eight_secrets(), "", SCRIPT)).set("FLOOD", GIGABYTE);
    let secrets =
        (1..=8).fold(secrets, |run, n| run.set(&format!("TOKEN_{n}"), &format!("k7#Vt-{n:04}-q9Lw")));
    let tee = "\"$LIMITS\" flood \"$FLOOD\" | tee kept | sha256sum";
    Row::new("output", "1 GB printed by one step, against pipe → SHA-256 → file in one thread", 7)
        .with(ours("ours", GIGABYTE))
        .with(Contender::new("pump", Role::Limit, Program::Limits, &["pump", GIGABYTE, "kept"]))
        .with(secrets)
        .with(ours("ours, 100 MB", HUNDRED))
        .with(Contender::new(
            "pump, then sync",
            Role::Limit,
            Program::Limits,
            &["pump-synced", GIGABYTE, "kept"],
        ))
        .with(
            Contender::new("tee | sha256sum", Role::Peer, Program::System("sh"), &["-c", tee])
                .set("FLOOD", GIGABYTE),
        )
        .and(peers())
        .time("÷ pump", "ours", "pump", 1.1)
        .time("÷ pump, eight secrets", "ours, eight secrets", "pump", 2.0)
        .target("peak at 1 GB", Figure::Memory, "ours", Over::Nothing, PEAK)
        .target("peak at 1 GB, eight secrets", Figure::Memory, "ours, eight secrets", Over::Nothing, PEAK)
        .memory("peak: 1 GB ÷ 100 MB", "ours", "ours, 100 MB", 1.1)
}

fn eight_secrets() -> String {
    (1..=8).fold("inputs:\n".to_owned(), |mut text, n| {
        let _ = writeln!(text, "  TOKEN_{n}: {{ secret: true, from: {{ env: TOKEN_{n} }} }}");
        text
    })
}

fn peers() -> Vec<Contender> {
    let audited = Contender::new(
        "audited-runbook",
        Role::Peer,
        Program::Peer("audited-runbook"),
        &["run", "--db", "audit.db", "bench.yaml"],
    );
    let paulrun = &["-c", "yes | paulrun run --no-step book.md"];
    vec![
        audited.text("bench.yaml", texts::audited(1, SCRIPT)).set("FLOOD", GIGABYTE),
        Contender::new("cram", Role::Peer, Program::Peer("cram"), &["bench.t"])
            .text("bench.t", format!("Bench\n\n  $ {SCRIPT}\n"))
            .set("FLOOD", GIGABYTE)
            // What it printed is not what was expected, for nothing was.
            .exits(1),
        Contender::new("paulrun", Role::Peer, Program::ShellWith("paulrun"), paulrun)
            .text("book.md", texts::paulrun(1, SCRIPT))
            .set("FLOOD", GIGABYTE),
    ]
}

pub(in crate::bench) fn pty() -> Row {
    let book = texts::one_block("", "#| tty: true\n", SCRIPT);
    // Both at a terminal that somebody sits at: a block with a terminal of its own waits for them.
    let ours = &["-c", "exec \"$LIMITS\" seat \"$HOLDPOINT\" run book.md"];
    let script = &[
        "-c",
        "exec \"$LIMITS\" seat script --quiet --return --command '\"$LIMITS\" flood \"$FLOOD\"' kept",
    ];
    Row::new("pty", "100 MB printed on a pty and shown on another, against script(1); the limit is the kernel's pty, not shown", 5)
        .needs(&book)
        .with(
            Contender::new("ours", Role::Ours, Program::System("sh"), ours)
                .text("book.md", book)
                .set("FLOOD", HUNDRED),
        )
        .with(Contender::new("the kernel's pty", Role::Limit, Program::Limits, &["pty", HUNDRED, "kept"]))
        .with(Contender::new("script", Role::Peer, Program::System("sh"), script).set("FLOOD", HUNDRED))
        .time("÷ script(1)", "ours", "script", 0.75)
}
