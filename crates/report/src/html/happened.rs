//! What happened to a step or an action, as what stands beside it in the document.

use std::cell::RefCell;
use std::collections::BTreeMap;

use holdpoint_engine::{BlobRef, By, Corrected, DeviationKind, Evidence, Presence, SignedOff};
use holdpoint_model::{Action, Block, Work, many};
use minijinja::Environment;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::environment::anchor;
use super::outputs::script;
use super::told::{Detail, Expectation, HtmlHappening, Outputs, Pen, tone};
use crate::markdown::words;
use crate::time::{clock, took};
use crate::{
    ActionSummary, Happening, Material, NoteFacts, PlaceSummary, ReportError, Soak, Status, StepSummary,
    Summary, What,
};

/// The part of the document that something happened to.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    work: Option<&'a Work>,
    pub(super) block: Option<&'a Block>,
}

impl<'a> About<'a> {
    pub(super) fn of(action: &'a Action) -> About<'a> {
        About { work: Some(&action.work), block: action.work.block() }
    }

    pub(super) fn rollback(block: &'a Block) -> About<'a> {
        About { work: None, block: Some(block) }
    }
}

/// What became of it, and how it came to that.
#[derive(Serialize)]
struct Story {
    of_step: bool,
    /// Where links to a step lead.
    anchor: Option<String>,
    tone: &'static str,
    words: String,
    facts: Vec<String>,
    undone: Option<String>,
    places: Option<Table>,
    happenings: Vec<HtmlHappening>,
}

/// A step that is done at several places: a row a place, a column an action.
#[derive(Serialize)]
struct Table {
    actions: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
}

/// What became of an action at a place.
#[derive(Serialize)]
struct Cell {
    tone: &'static str,
    words: String,
}

impl Table {
    fn of(step: &StepSummary) -> Option<Table> {
        let by_place = step.by_place()?;
        let cell = |here: Option<&PlaceSummary>| Cell {
            tone: here.map_or("none", |here| tone(here.status)),
            words: words::at_place(here),
        };
        let row = |place: &&str| ((*place).to_owned(), by_place.row(place).into_iter().map(cell).collect());
        let rows = by_place.places.iter().map(row).collect();
        let named = by_place.actions.iter().map(|action| format!("{} {}", action.id, action.kind));
        Some(Table { actions: named.collect(), rows })
    }
}

impl<'a> Pen<'a> {
    pub(super) fn new(
        m: &'a Material<'a>,
        summary: &'a Summary,
        env: &'a Environment<'_>,
        outputs: Outputs,
    ) -> Result<Pen<'a>, ReportError> {
        let mut corrections: BTreeMap<u64, Vec<&NoteFacts>> = BTreeMap::new();
        for note in &summary.notes {
            if let Some(n) = note.corrects {
                corrections.entry(n).or_default().push(note);
            }
        }
        let (template, appendix) = (env.get_template("happened.html")?, RefCell::default());
        Ok(Pen { m, summary, template, corrections, outputs, appendix })
    }

    /// What became of an action or a rollback block.
    pub(super) fn action(&self, result: &ActionSummary, about: About<'_>) -> Result<String, ReportError> {
        let used = result.kind == "rollback" && result.status != Status::NotUsed;
        let mut facts = Vec::new();
        facts.extend(explained(self.summary, result.status).map(str::to_owned));
        facts.extend(words::at_places(result));
        facts.extend(words::attempts(result));
        facts.extend(words::soaks(result));
        self.write(&Story {
            of_step: false,
            anchor: None,
            tone: tone(result.status),
            words: format!("{}{}", if used { "ROLLBACK " } else { "" }, result.status.words()),
            facts,
            undone: None,
            places: None,
            happenings: self
                .history(&result.history, &result.soaks(), about, |at| result.is_last_attempt(at)),
        })
    }

    /// What became of a step as a whole.
    pub(super) fn step(&self, step: &StepSummary) -> Result<String, ReportError> {
        let mut facts: Vec<String> = step.file.iter().map(|file| format!("from {file}")).collect();
        if let (Some(started), Some(ended)) = (step.started, step.ended)
            && started != ended
        {
            let zone = &self.m.zone;
            facts.push(format!("{} to {}", clock(started, zone), clock(ended, zone)));
            facts.push(took(step.elapsed_ms));
        }
        facts.extend(words::expected(step));
        match step.rounds {
            0 | 1 => {}
            2 => facts.push("begun twice".to_owned()),
            times => facts.push(format!("begun {times} times")),
        }
        if !step.performers.is_empty() {
            let names: Vec<_> = step.performers.iter().map(|who| self.summary.name_of(who)).collect();
            facts.push(format!("by {}", names.join(", ")));
        }
        let undone = step.rollback.and_then(words::undone);
        let undone = undone.map(|(state, why)| format!("{state}: {why}"));
        self.write(&Story {
            of_step: true,
            anchor: Some(anchor(&step.id)),
            tone: tone(step.status),
            words: format!("STEP {} {}", step.number, step.words()),
            facts,
            undone,
            places: Table::of(step),
            happenings: self.history(&step.history, &[], About { work: None, block: None }, |_| false),
        })
    }

    fn write(&self, story: &Story) -> Result<String, ReportError> {
        Ok(self.template.render(Value::from(Serde(story)))?)
    }

    fn history(
        &self,
        history: &[Happening],
        soaks: &[Soak],
        about: About<'_>,
        is_last_attempt: impl Fn(usize) -> bool,
    ) -> Vec<HtmlHappening> {
        let between = crate::soaks::between(history, soaks, |n| self.corrections.contains_key(&n));
        let tell = |(at, happening): (usize, &Happening)| {
            let mut told = match between.get(&at) {
                None => self.tell(happening, about, is_last_attempt(at)),
                Some(words) => HtmlHappening {
                    tone: "good",
                    words: "HELD".to_owned(),
                    facts: vec![words.clone()?, format!("from {} on", clock(happening.at, &self.m.zone))],
                    ..HtmlHappening::default()
                },
            };
            if let Some(place) = &happening.place {
                told.facts.insert(0, format!("at {place}"));
            }
            told.earlier = happening.superseded;
            let end = match &happening.what {
                What::Attempt(attempt) => attempt.finished.as_ref().map(|ended| ended.n),
                _ => None,
            };
            let numbers = [Some(happening.n), end];
            for note in numbers.into_iter().flatten().flat_map(|n| self.corrections.get(&n)).flatten() {
                let (at, who) = (clock(note.at, &self.m.zone), self.who(&note.by));
                told.corrections.push(format!("by event {}: {} · {at} · {who}", note.n, note.text));
            }
            Some(told)
        };
        history.iter().enumerate().filter_map(tell).collect()
    }

    fn tell(&self, happening: &Happening, about: About<'_>, counts: bool) -> HtmlHappening {
        let at = clock(happening.at, &self.m.zone);
        let simple = |tone, words: &str, facts: Vec<String>| HtmlHappening {
            tone,
            words: words.to_owned(),
            facts,
            ..HtmlHappening::default()
        };
        match &happening.what {
            What::Attempt(attempt) => {
                let collapsed = !counts && self.outputs != Outputs::Full;
                HtmlHappening { collapsed, ..self.attempt(attempt, &at, about.block, counts) }
            }
            What::Confirmed { text, by } => {
                let mut facts: Vec<_> = text.iter().map(|text| format!("“{}”", text.trim())).collect();
                facts.extend([at, self.who(by)]);
                simple("good", words::confirmed(about.block), facts)
            }
            What::Recorded { name, value, evidence, within_limits, by } => {
                let (tone, word) =
                    if *within_limits { ("good", "RECORDED") } else { ("bad", "OUT OF LIMITS") };
                let limits = words::limits_of(about.work, name).map(|limits| format!(" ({limits})"));
                let value = if value.is_empty() { "left empty" } else { value };
                let mut facts = vec![format!("{name} = {value}{}", limits.unwrap_or_default())];
                facts.extend(evidence.as_ref().map(|evidence| format!("evidence: {}", proof(evidence))));
                facts.extend([at, self.who(by)]);
                simple(tone, word, facts)
            }
            What::Corrected(corrected) => {
                let Corrected { name, old, new, reason, within_limits, by, .. } = &**corrected;
                let (tone, word) =
                    if *within_limits { ("good", "CORRECTED") } else { ("bad", "CORRECTED, OUT OF LIMITS") };
                let limits = words::limits_of(about.work, name).map(|limits| format!(" ({limits})"));
                let value = format!("{name} = {old} → {new}{}", limits.unwrap_or_default());
                let facts = [vec![value], self.because(at, reason, by)].concat();
                simple(tone, word, facts)
            }
            What::Requested { role, statement, at_first } => {
                let mut told = simple("wait", "SIGN-OFF ASKED FOR", vec![at, format!("role {role}")]);
                told.details.push(Detail::Text { text: format!("To be signed: {statement}") });
                if let Some(at_first) = at_first {
                    let text = format!("Asked for before a value was corrected: {at_first}");
                    told.details.push(Detail::Text { text });
                }
                told
            }
            What::Given(given) => self.signed(happening.n, given, at),
            What::Rejected { reason, key, presence, by } => {
                let mut facts = self.because(at, reason, by);
                facts.extend(key.as_ref().map(|key| format!("key {key}")));
                facts.extend(presence.as_ref().map(|presence| presence.words()));
                facts.extend(presence.as_ref().map(|presence| format!("shown {}", shown(presence))));
                simple("bad", "REJECTED", facts)
            }
            What::Refused { reason, by } => simple("bad", "DID NOT COUNT", self.because(at, reason, by)),
            What::Lapsed { reason } => {
                simple("wait", "LAPSED", vec![reason.clone(), at, "asked for again".to_owned()])
            }
            What::Deviation { number, kind, script: blob, reason, by } => {
                let word = words::deviation_beside(*kind);
                let mut facts = vec![format!("deviation {number}")];
                facts.extend(self.because(at, reason, by));
                let mut told = simple("note", word, facts);
                // An edited script is shown where it ran.
                if let Some(blob) = blob.as_ref().filter(|_| *kind != DeviationKind::Edited) {
                    told.details.push(script(self.m, "What was run", blob));
                }
                told
            }
            What::Decision { choice, reason, by } => {
                let mut facts = vec![words::choice(*choice).to_owned()];
                facts.extend(reason.as_ref().map(|reason| format!("reason: {reason}")));
                facts.extend([at, self.who(by)]);
                simple("note", "DECIDED", facts)
            }
            What::NotApplicable { condition } => {
                simple("none", "NOT APPLICABLE", vec![format!("{condition} does not hold"), at])
            }
            What::Note { text, corrects, by } => {
                let mut facts: Vec<_> = corrects.map(|n| format!("corrects event {n}")).into_iter().collect();
                facts.extend([text.clone(), at, self.who(by)]);
                simple("note", "NOTE", facts)
            }
        }
    }

    /// The printed name, and how the answer came if not from a terminal.
    fn who(&self, by: &By) -> String {
        format!("{}{}", self.summary.name_of(&by.who), words::via(by))
    }

    pub(super) fn name_of<'b>(&'b self, principal: &'b str) -> &'b str {
        self.summary.name_of(principal)
    }

    fn because(&self, at: String, reason: &str, by: &By) -> Vec<String> {
        vec![format!("reason: {reason}"), at, self.who(by)]
    }

    /// The manifestation of a signature: name, time with zone and meaning (21 CFR 11.50), what was signed, how sure.
    fn signed(&self, n: u64, given: &SignedOff, at: String) -> HtmlHappening {
        let row = |name, value: String| (name, value);
        let mut rows = vec![
            row("Signed by", format!("{} ({}){}", given.name, given.by.who, words::signed_via(&given.by))),
            row("Time", at),
            row("Meaning", words::meaning(given.meaning).to_owned()),
            row("Role", given.role.clone()),
            row("Statement", given.statement.clone()),
            row("Assurance", words::assurance(given.assurance).to_owned()),
        ];
        rows.extend(given.signature.as_ref().map(|signature| row("Key", signature.key.clone())));
        if let Some(presence) = &given.presence {
            rows.extend([row("From", presence.words()), row("Shown", shown(presence))]);
        }
        HtmlHappening {
            tone: if self.summary.counts(n) { "good" } else { "none" },
            words: words::signed(self.summary.counts(n)).to_owned(),
            facts: vec![words::meaning(given.meaning).to_owned(), given.name.clone()],
            details: vec![Detail::Rows { rows }],
            ..HtmlHappening::default()
        }
    }
}

/// The text that its signer was shown, by its digest.
fn shown(presence: &Presence) -> String {
    format!("sha256:{}", presence.shown.sha256)
}

fn explained(summary: &Summary, status: Status) -> Option<&'static str> {
    Some(match status {
        Status::NotUsed => "nothing was rolled back here",
        Status::RolledBack => "what this did was undone, see the rollback below",
        Status::Waiting if summary.run.closed.is_some() => "the run ended before it was complete",
        Status::Waiting => "the run cannot go on without it",
        Status::Holding if summary.run.closed.is_some() => "the run ended before it had held for long enough",
        Status::Holding => "it has held so far, and not for long enough yet",
        Status::Running => "it was running when this page was made",
        Status::InDoubt => "it was begun and the record does not say how it ended",
        Status::Unknown => "the record does not conform, so nothing after that counts",
        Status::TakenAsDone => "the record does not say how it ended; the operator says that it happened",
        status => return status.before(),
    })
}

fn proof(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Url(url) => url.clone(),
        Evidence::File { path, blob: BlobRef { sha256, bytes } } => {
            format!("{path} ({}, sha256:{sha256})", many(*bytes, "byte"))
        }
    }
}

impl Expectation {
    pub(super) fn of(judged: &holdpoint_engine::Judged) -> Expectation {
        Expectation {
            held: judged.held,
            expected: judged.expected.clone(),
            came: judged.told().map(|came| came.into_owned()),
        }
    }
}
