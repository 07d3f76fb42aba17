//! Runs a row's contenders in turn, A B C A B C, so that what slows the machine down slows all of them down.

use std::io;

use super::figures::{ContenderFigures, Measured, judge};
use super::options::Options;
use super::row::{Contender, Row};
use super::scene::{Sample, Scene};

/// Seconds that one contender may take in one row before its rounds end, and in one run before it is ended.
struct Patience {
    row: f64,
    run: f64,
}

struct Contest<'a> {
    contender: &'a Contender,
    rounds: Vec<(usize, Sample)>,
    spent: f64,
    failed: Option<String>,
}

/// Measures a row.
///
/// # Errors
/// The bench itself fails. A contender that fails is a figure that is missing, with its reason.
pub(super) fn row(row: &Row, scene: &mut Scene, options: &Options) -> io::Result<Measured> {
    let load = load();
    println!("\n==> {}: {}", row.name, row.title);
    let absent = row.absent.iter().map(|(who, why)| (*who, (*why).to_owned())).collect();
    let measured = |not_built, contenders: Vec<ContenderFigures>| {
        let targets = judge(row, &contenders);
        Measured { name: row.name, title: row.title, not_built, contenders, targets, absent, load }
    };
    if let Some(why) = missing(row, scene)? {
        println!("    not built: {why}");
        return Ok(measured(Some(why), Vec::new()));
    }
    scene.inputs.make(row)?;
    let no_hosts = scene.have_hosts(row.hosts);
    let scene = &*scene;
    let patience =
        if options.quick { Patience { row: 15.0, run: 60.0 } } else { Patience { row: 90.0, run: 300.0 } };
    let rounds = if options.quick { row.rounds.div_ceil(3) } else { row.rounds };
    let mut contest: Vec<Contest<'_>> = row
        .contenders
        .iter()
        .map(|contender| Contest {
            contender,
            rounds: Vec::new(),
            spent: 0.0,
            failed: no_hosts.clone().or_else(|| scene.lacks(contender)),
        })
        .collect();
    for round in 0..=rounds {
        for one in &mut contest {
            one.turn(scene, round, &patience)?;
        }
    }
    let told =
        contest.into_iter().map(|one| ContenderFigures::of(one.contender, one.rounds, one.failed)).collect();
    Ok(measured(None, told))
}

impl Contest<'_> {
    /// Round 0 is for warming up: it counts only where there will be no other.
    fn turn(&mut self, scene: &Scene, round: usize, patience: &Patience) -> io::Result<()> {
        if self.failed.is_some() || self.spent > patience.row {
            return Ok(());
        }
        match scene.run(self.contender, patience.run) {
            Ok(sample) => {
                self.spent += sample.seconds;
                if round > 0 || self.spent > patience.row {
                    self.rounds.push((round, sample));
                }
            }
            Err(why) => {
                let why = why?;
                println!("    {}: {why}", self.contender.name);
                self.failed = Some(why);
            }
        }
        Ok(())
    }
}

/// Why the program cannot do a row's work yet.
fn missing(row: &Row, scene: &Scene) -> io::Result<Option<String>> {
    let Some(document) = &row.needs else { return Ok(None) };
    let findings = scene.check(document)?;
    Ok(match (findings.contains("not-supported"), row.contenders.is_empty()) {
        (true, _) => Some("the program refuses it (not-supported)".to_owned()),
        (false, true) => Some("the program takes it, and this row is still to be written".to_owned()),
        (false, false) => None,
    })
}

/// How many processes want a processor, and how many processors there are.
fn load() -> (f64, usize) {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = told.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    (load, std::thread::available_parallelism().map_or(1, usize::from))
}
