//! `audit`: goes over all runs of a store. Executes nothing.

use holdpoint_document::many;
use std::path::Path;

use holdpoint_record::{Audit, Audited, Fault, NoStore, Store, audit as look};
use serde_json::{Value, json};

use super::anchored;
use super::read::{read_problem, store_problem};
use super::reviewed;
use super::verdict::verdict_words;
use super::verify::held;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::{Screen, Table};

/// So many numbers that no run has are listed each; a directory of any number may be put into a store.
const LISTED: usize = 1000;

/// Looks at every run, and at what ties them together.
pub fn audit(screen: &Screen, arguments: &args::Audit) -> Result<Exit, Problem> {
    let store = match &arguments.store {
        Some(path) if path.is_dir() => known(Store::open(path))?,
        Some(path) => {
            return Err(Problem::usage(
                format!("{} is no directory", path.display()),
                "A store is the directory that holds the runs, .holdpoint/runs as a rule.",
            ));
        }
        None => Place::here()?.store(),
    };
    let mut audit = look(&store).map_err(store_problem)?;
    tokens(&mut audit)?;
    if let Some(trusted) = &arguments.trust {
        trust(&mut audit, trusted)?;
    }
    let told = AuditReport { store: &store, audit: &audit };
    match arguments.format {
        Format::Json => screen.data(&serde_json::to_string_pretty(&told.json()).unwrap_or_default()),
        Format::Text => told.text(screen),
    }
    Ok(if audit.wrong.is_empty() { Exit::Passed } else { Exit::Record })
}

/// The store, unless the directory is none: a look at what has no runs would find nothing wrong for ever.
fn known(store: Store) -> Result<Store, Problem> {
    let Err(why) = store.is_one().map_err(store_problem)? else { return Ok(store) };
    let path = store.path().display();
    Err(match why {
        NoStore::Run => Problem::usage(
            format!("{path} is one run, not a store"),
            "`holdpoint verify` proves one. A store is the directory that holds the runs.",
        ),
        NoStore::Around(store) => Problem::usage(
            format!("{path} is no store: it holds no runs"),
            format!("There may be one in it: holdpoint audit {}", store.display()),
        ),
        NoStore::Other => Problem::usage(
            format!("{path} is no store: it holds other things, and no runs"),
            "A store is the directory that holds the runs, .holdpoint/runs as a rule.",
        ),
    })
}

/// Proves the time-stamps beside each record that is what was written: what they are over was looked at already.
fn tokens(audit: &mut Audit) -> Result<(), Problem> {
    for run in &mut audit.runs {
        let Ok(proof) = &run.proof else { continue };
        let Some(opened) = &proof.opened else { continue };
        if run.anchors.held.is_empty() || !proof.verdict.holds() {
            continue;
        }
        let before = run.anchors.wrong.is_some();
        run.anchors =
            anchored::proved(&run.run.path, opened, &proof.position).map_err(read_problem)?.whole()?;
        let why = run.anchors.wrong.clone().filter(|_| !before);
        audit.wrong.extend(why.map(|why| Fault { run: run.run.number, kind: "anchor", why }));
    }
    audit.wrong.sort_by_key(|fault| fault.run);
    Ok(())
}

/// Holds each record that is what was written against what the reader trusts.
fn trust(audit: &mut Audit, trusted: &Path) -> Result<(), Problem> {
    let (mut wrong, mut remarks) = (Vec::new(), Vec::new());
    for run in &audit.runs {
        let Ok(proof) = &run.proof else { continue };
        let Some(held) = held(&run.run.path, proof, (&run.reviews, &run.anchors), trusted)? else { continue };
        let number = run.run.number;
        wrong.extend(held.wrong.into_iter().map(|why| Fault { run: number, kind: "trust", why }));
        remarks.extend(held.remarks.into_iter().map(|remark| (number, remark)));
    }
    audit.wrong.extend(wrong);
    audit.wrong.sort_by_key(|fault| fault.run);
    audit.remarks.extend(remarks);
    Ok(())
}

/// What is said of a store.
struct AuditReport<'a> {
    store: &'a Store,
    audit: &'a Audit,
}

impl AuditReport<'_> {
    fn json(&self) -> Value {
        let AuditReport { store, audit } = self;
        let run = |run: &Audited| {
            let mut json = json!({"number": run.run.number, "name": run.run.name, "state": state(run)});
            match &run.proof {
                Err(error) => json["error"] = json!(error.to_string()),
                Ok(proof) => {
                    json["stands"] = json!(stands(run));
                    json["deviations"] = json!(proof.deviations);
                    json["verdict"] = json!(proof.verdict.to_string());
                    json["events"] = json!(proof.position.events);
                    json["signatures"] = json!(proof.signatures);
                    json["expunged"] = json!(proof.expunged.len());
                    json["conformity_checked"] = json!(proof.conformity_checked());
                    json["stands_at"] = json!(proof.stands_at);
                }
            }
            if let Some(opened) = run.opened() {
                json["id"] = json!(opened.id);
                json["environment"] = json!(opened.environment.name);
                json["former"] = json!(opened.former);
            }
            if let Some((first, last)) = run.times {
                (json["opened"], json["last"]) = (json!(first), json!(last));
            }
            json["seal"] = json!(run.seal);
            json["reviews"] = json!(run.reviews.held.iter().map(reviewed::facts).collect::<Vec<_>>());
            json["anchors"] = json!(run.anchors.held.iter().map(anchored::facts).collect::<Vec<_>>());
            json["rehearsed_in"] = json!(audit.rehearsed.get(&run.run.number));
            json
        };
        let fault = |Fault { run, kind, why }: &Fault| json!({"run": run, "kind": kind, "why": why});
        let remark = |(run, what): &(u64, String)| json!({"run": run, "what": what});
        json!({
            "store": store.path(),
            "runs": audit.runs.iter().map(run).collect::<Vec<_>>(),
            "missing": audit.missing.iter().flat_map(|(from, to)| *from..=*to).take(LISTED).collect::<Vec<_>>(),
            "missing_in_all": audit.missing.iter().map(|(from, to)| to - from + 1).sum::<u64>(),
            "wrong": audit.wrong.iter().map(fault).collect::<Vec<_>>(),
            "remarks": audit.remarks.iter().map(remark).collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) {
        let AuditReport { audit, .. } = self;
        if audit.runs.is_empty() {
            screen.data("There are no runs.");
            return;
        }
        let mut table = Table::new(&[">run", "state", "environment", ">events", ">keys", "record"]);
        for run in &audit.runs {
            let (events, keys, verdict) = match &run.proof {
                Ok(proof) => (proof.position.events, proof.signatures, proof.verdict.to_string()),
                Err(error) => (0, 0, error.to_string()),
            };
            let environment = run.opened().map_or("", |opened| opened.environment.name.as_str());
            let number = run.run.number;
            let mut more = String::new();
            if let Some(at) = run.proof.as_ref().ok().and_then(|proof| proof.stands_at.as_ref()) {
                more = format!(", stands at {at}");
            }
            if let Some(rehearsal) = audit.rehearsed.get(&number) {
                more = format!("{more}, rehearsed in run {rehearsal}");
            }
            match run.reviews.held.len() {
                0 => {}
                reviews => more = format!("{more}, {}", many(reviews, "review")),
            }
            match run.anchors.held.len() {
                0 => {}
                anchors => more = format!("{more}, {}", many(anchors, "anchor")),
            }
            table.row([
                number.to_string().into(),
                stands(run).into(),
                environment.into(),
                events.to_string().into(),
                keys.to_string().into(),
                format!("{verdict}{more}").into(),
            ]);
        }
        screen.table(table);
        for Fault { run, kind, why } in &audit.wrong {
            screen.data_hung("WRONG  ", &screen.one_line(&format!("run {run}: {kind}: {why}")));
        }
        for (run, what) in &audit.remarks {
            screen.tell(&screen.within_a_line(&format!("  run {run}: {what}")));
        }
        let runs = many(audit.runs.len(), "run");
        screen.say(&match audit.wrong.len() {
            0 => format!("{runs}, nothing is wrong."),
            wrong => format!("{runs}, {} wrong.", many(wrong, "thing")),
        });
    }
}

/// As [`state`], and how many deviations there were.
fn stands(run: &Audited) -> String {
    match (&run.proof, run.closed) {
        (Ok(proof), Some(verdict)) if !run.never_opened() => verdict.told(proof.deviations),
        _ => state(run).to_owned(),
    }
}

/// In words that never change, for programs.
fn state(run: &Audited) -> &'static str {
    match (&run.proof, run.closed) {
        (Err(_), _) => "unreadable",
        _ if run.never_opened() => "never opened",
        (Ok(_), Some(verdict)) => verdict_words(verdict),
        (Ok(_), None) => "open",
    }
}
