//! The scripts that make a record of each kind and forge them: a change of the program that they do not know of would leave
//! runs out, shift the numbers of those after it, and pack other records into a corpus than their names say.

use holdpoint_xtask::sample;

use crate::support::{Bench, HOLDPOINT, Ran};

/// Variants that each know another record, and event numbers of it.
const KNOW: [&str; 8] = [
    "same-again-open",
    "rej-reason",
    "st-history",
    "combo-tomb-and-seal",
    "combo-tomb-and-signature",
    "combo-statement-and-seal",
    "st-14-min-before",
    "st-15-min-and-900-ns-before",
];

#[test]
fn records_of_every_kind_are_made_and_forged_to_the_end() {
    let bench = Bench::with(&[]);
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/independent");
    let ask = |words: &[&str]| {
        let mut command = bench.command(words[0]);
        command.args(&words[1..]).env("HOLDPOINT", HOLDPOINT).env_remove("HOLDPOINT_OPERATOR");
        Ran::of(command.output().unwrap())
    };
    let work = bench.path("work");
    let work = work.to_str().unwrap();
    let made = ask(&["bash", &format!("{scripts}/records.sh"), work]);
    assert_eq!(made.code, 0, "{}\n{}", made.stdout, made.stderr);
    let forge = format!("{scripts}/forge.py");
    let some: &[&str] = if sample::takes_all() { &[] } else { &KNOW };
    let forged = ask(&[&["python3", "-B", &forge, work], some].concat());
    assert_eq!(forged.code, 0, "{}\n{}", forged.stdout, forged.stderr);
    let told = forged.stdout.lines().last().unwrap_or_default();
    assert!(told.ends_with(" agree"), "{}", forged.stdout);
    for name in KNOW {
        let told = forged.stdout.lines().find(|line| line.contains(&format!("/{name}: ")));
        let told = told.unwrap_or_else(|| panic!("{name} is told: {}", forged.stdout));
        match told.strip_prefix("! ").and_then(|told| told.split_once(": ")) {
            None => {}
            // The script compares times to the second: docs/record.md says so.
            Some((_, three)) => {
                assert_eq!(name, "st-15-min-and-900-ns-before", "{told}");
                let three: Vec<_> = three.split(" | ").collect();
                assert_eq!(three[0], "does not conform at event 11 (6)", "{told}");
                assert_eq!(three[0], three[2], "{told}");
            }
        }
    }
}

#[test]
fn records_are_not_made_further_than_the_first_command_that_does_not_end_as_it_must() {
    let bench = Bench::with(&[("program", "#!/bin/sh\nexit 2\n")]);
    bench.sh("chmod 755 program");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/independent/records.sh");
    let mut command = bench.command("bash");
    command.arg(script).arg(bench.path("work")).env("HOLDPOINT", bench.path("program"));
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("ended with 2 and not 0"), "{}", ran.stderr);
    let forge = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/independent/forge.py");
    let mut command = bench.command("python3");
    command.args(["-B", forge]).arg(bench.path("work")).env("HOLDPOINT", bench.path("program"));
    let ran = Ran::of(command.output().unwrap());
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stderr.contains("has 0 records"), "{}", ran.stderr);
}
