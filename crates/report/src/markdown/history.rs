//! What happened to a step or an action, as the lines of a block quote.

use holdpoint_engine::{By, Corrected, DeviationKind, Evidence, SignedOff};
use holdpoint_model::{Action, Block, Work, many};

use super::pen::Pen;
use super::words;
use crate::edges::shorten;
use crate::text::{code, code_cell, fenced, prose};
use crate::time::{clock, took};
use crate::{ActionSummary, Happening, Soak, Status, StepSummary, What, blobs};

/// A happening told: a word in capitals, the rest of its line, and lines below it.
pub(super) struct MarkdownHappening {
    pub(super) word: String,
    pub(super) rest: String,
    pub(super) details: Vec<String>,
}

/// The part of the document a happening is about.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) work: Option<&'a Work>,
    pub(super) block: Option<&'a Block>,
}

/// How much room a happening is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Nothing else happened.
    Alone,
    /// The attempt that counts, among others.
    Last,
    /// Overtaken by another.
    Earlier,
}

/// Which command of a fence it is, where each is offered by itself.
fn offered(about: About<'_>) -> String {
    let Some(offered) = about.block.and_then(|block| block.offered.as_ref()) else { return String::new() };
    let mut lines = offered.text.trim().lines();
    let first = lines.next().unwrap_or_default();
    let short: String = first.chars().take(60).collect();
    let more = if lines.next().is_some() || short.len() < first.len() { " …" } else { "" };
    format!(" · {}{more}", code(&short))
}

impl Pen<'_> {
    /// What became of an action.
    pub(super) fn action(&self, result: &ActionSummary, action: Option<&Action>) -> Vec<String> {
        let work = action.map(|action| &action.work);
        self.result(result, About { work, block: work.and_then(Work::block) })
    }

    /// What became of a rollback block.
    pub(super) fn rollback_block(&self, result: &ActionSummary, block: &Block) -> Vec<String> {
        self.result(result, About { work: None, block: Some(block) })
    }

    fn result(&self, result: &ActionSummary, about: About<'_>) -> Vec<String> {
        let words = result.status.words();
        let rollback =
            if result.kind == "rollback" && result.status != Status::NotUsed { "ROLLBACK " } else { "" };
        if let [only] = &result.history[..]
            && !only.superseded
        {
            let told = self.tell(only, about, Weight::Alone);
            // The one thing that happened is the result: one line says both.
            if told.word == words {
                let (rest, mark) = (told.rest, &self.mark);
                let mut lines = vec![format!("**{rollback}{words}**{} · {rest} · {mark}", offered(about))];
                lines.extend(told.details);
                return lines;
            }
        }
        let explained = match result.status {
            Status::NotUsed => ": nothing was rolled back here",
            Status::RolledBack => ": what this did was undone, see the rollback below",
            Status::Waiting if self.summary.run.closed.is_some() => ": the run ended before it was complete",
            Status::Waiting => ": the run cannot go on without it",
            Status::Holding if self.summary.run.closed.is_some() => {
                ": the run ended before it had held for long enough"
            }
            Status::Holding => ": it has held so far, and not for long enough yet",
            Status::Running => ": it was running when this copy was made",
            Status::InDoubt => ": it was begun and the record does not say how it ended",
            Status::Unknown => ": the record does not conform, so nothing after that counts",
            Status::TakenAsDone => {
                ": the record does not say how it ended; the operator says that it happened"
            }
            _ => "",
        };
        let before = result.status.before().map(|before| format!(": {before}")).unwrap_or_default();
        let mut facts: Vec<String> = words::at_places(result).into_iter().collect();
        facts.extend(words::attempts(result));
        facts.extend(words::soaks(result));
        let facts: String = facts.iter().map(|fact| format!(" · {fact}")).collect();
        let (which, mark) = (offered(about), &self.mark);
        let mut lines = vec![format!("**{rollback}{words}**{explained}{before}{which}{facts} · {mark}")];
        lines.extend(self.history(&result.history, &result.soaks(), about, |at| result.is_last_attempt(at)));
        lines
    }

    /// What became of a step as a whole.
    pub(super) fn step(&self, step: &StepSummary) -> Vec<String> {
        let mut line = format!("**STEP {} {}**", prose(&step.number), step.words());
        line.push_str(&step.file.as_ref().map(|file| format!(" · from {}", code(file))).unwrap_or_default());
        if let (Some(started), Some(ended)) = (step.started, step.ended) {
            let (zone, elapsed) = (&self.m.zone, took(step.elapsed_ms));
            let span = format!(" · {} to {} · {elapsed}", clock(started, zone), clock(ended, zone));
            line.push_str(if started == ended { "" } else { &span });
        }
        line.push_str(&words::expected(step).map(|told| format!(" · {told}")).unwrap_or_default());
        if step.rounds > 1 {
            line.push_str(&match step.rounds {
                2 => " · begun twice".to_owned(),
                times => format!(" · begun {times} times"),
            });
        }
        if !step.performers.is_empty() {
            let names: Vec<String> =
                step.performers.iter().map(|who| prose(self.summary.name_of(who))).collect();
            line.push_str(&format!(" · by {}", names.join(", ")));
        }
        let mut lines = vec![format!("{line} · {}", self.mark)];
        if let Some((state, why)) = step.rollback.and_then(words::undone) {
            lines.extend([String::new(), format!("**{state}**: {why}")]);
        }
        lines.extend(self.places(step));
        lines.extend(self.history(&step.history, &[], About::default(), |_| false));
        lines
    }

    /// A table of a step that is done at several places: a row a place, a column an action.
    fn places(&self, step: &StepSummary) -> Vec<String> {
        let Some(by_place) = step.by_place() else { return Vec::new() };
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let named =
            by_place.actions.iter().map(|action| format!("{} {}", code_cell(&action.id), action.kind));
        let head: Vec<String> = ["Place".to_owned()].into_iter().chain(named).collect();
        let mut lines = vec![String::new(), row(head.clone()), row(vec!["---".to_owned(); head.len()])];
        for place in &by_place.places {
            let cells = by_place.row(place).into_iter().map(words::at_place);
            lines.push(row([code_cell(place)].into_iter().chain(cells).collect()));
        }
        lines
    }

    fn history(
        &self,
        history: &[Happening],
        soaks: &[Soak],
        about: About<'_>,
        is_last_attempt: impl Fn(usize) -> bool,
    ) -> Vec<String> {
        let between = crate::soaks::between(history, soaks, |n| self.corrections.contains_key(&n));
        let mut lines = Vec::new();
        let mut earlier = false;
        for (at, happening) in history.iter().enumerate() {
            if happening.superseded != earlier {
                earlier = happening.superseded;
                let caption = if earlier { "*Earlier, before this was done again:*" } else { "*Then:*" };
                lines.extend([String::new(), caption.to_owned()]);
            }
            if let Some(first) = between.get(&at) {
                if let Some(told) = first {
                    let place = happening.place.as_ref().map(|place| format!("at {} · ", code(place)));
                    let at = clock(happening.at, &self.m.zone);
                    let told = format!("**HELD** · {}{told}, from {at} on", place.unwrap_or_default());
                    lines.extend([String::new(), told]);
                }
                continue;
            }
            let told =
                self.tell(happening, about, if is_last_attempt(at) { Weight::Last } else { Weight::Earlier });
            let history = if happening.superseded { " (earlier)" } else { "" };
            lines.push(String::new());
            lines.push(format!("**{}**{history} · {}", told.word, told.rest));
            lines.extend(told.details);
        }
        lines
    }

    fn tell(&self, happening: &Happening, about: About<'_>, weight: Weight) -> MarkdownHappening {
        let at = clock(happening.at, &self.m.zone);
        let simple =
            |word: &str, rest: String| MarkdownHappening { word: word.to_owned(), rest, details: Vec::new() };
        let mut told = match &happening.what {
            What::Attempt(attempt) => self.attempt(attempt, &at, about, weight),
            What::Confirmed { text, by } => {
                let offered = about.block.is_some_and(|block| block.offered.is_some());
                let text = text.as_ref().map(|text| match offered {
                    true => format!("{} · ", code(text.trim())),
                    false => format!("“{}” · ", prose(text.trim())),
                });
                simple(
                    words::confirmed(about.block),
                    format!("{}{at} · {}", text.unwrap_or_default(), self.who(by)),
                )
            }
            What::Recorded { name, value, evidence, within_limits, by } => {
                let word = if *within_limits { "RECORDED" } else { "OUT OF LIMITS" };
                let limits = words::limits_of(about.work, name)
                    .map(|l| format!(" ({})", prose(&l)))
                    .unwrap_or_default();
                let proof =
                    evidence.as_ref().map(|e| format!(" · evidence: {}", proof(e))).unwrap_or_default();
                let value = if value.is_empty() { "left empty".to_owned() } else { code(value) };
                let value = format!("{} = {value}{limits}{proof}", code(name));
                simple(word, format!("{value} · {at} · {}", self.who(by)))
            }
            What::Corrected(corrected) => {
                let Corrected { name, old, new, reason, within_limits, by, .. } = &**corrected;
                let word = if *within_limits { "CORRECTED" } else { "CORRECTED, OUT OF LIMITS" };
                let limits = words::limits_of(about.work, name)
                    .map(|l| format!(" ({})", prose(&l)))
                    .unwrap_or_default();
                let value = format!("{} = {} → {}{limits}", code(name), code(old), code(new));
                simple(word, format!("{value} · {}", self.because(&at, reason, by)))
            }
            What::Requested { role, statement, at_first } => {
                let mut told = simple("SIGN-OFF ASKED FOR", format!("{at} · role {}", code(role)));
                told.details = vec![String::new(), format!("To be signed: {}", prose(statement))];
                if let Some(at_first) = at_first {
                    let line = format!("Asked for before a value was corrected: {}", prose(at_first));
                    told.details.extend([String::new(), line]);
                }
                told
            }
            What::Given(given) => self.signed(happening.n, given, &at),
            What::Rejected { reason, key, presence, by } => {
                let key = key.as_ref().map(|key| format!(" · key {}", code(key))).unwrap_or_default();
                let mut told = simple("REJECTED", format!("{}{key}", self.because(&at, reason, by)));
                if let Some(presence) = presence {
                    let shown = code(&format!("sha256:{}", presence.shown.sha256));
                    let from = format!("From: {} · shown: {shown}", prose(&presence.words()));
                    told.details = vec![String::new(), from];
                }
                told
            }
            What::Refused { reason, by } => simple("DID NOT COUNT", self.because(&at, reason, by)),
            What::Lapsed { reason } => {
                simple("LAPSED", format!("{} · {at} · asked for again", prose(reason)))
            }
            What::Deviation { number, kind, script, reason, by } => {
                let word = words::deviation_beside(*kind);
                let mut told =
                    simple(word, format!("deviation {number} · {}", self.because(&at, reason, by)));
                // An edited script is shown where it ran.
                if let Some(script) = script.as_ref().filter(|_| *kind != DeviationKind::Edited) {
                    told.details = self.script("What was run", script, "sh");
                }
                told
            }
            What::Decision { choice, reason, by } => {
                let reason =
                    reason.as_ref().map(|reason| format!(" · reason: {}", prose(reason))).unwrap_or_default();
                simple("DECIDED", format!("{}{reason} · {at} · {}", words::choice(*choice), self.who(by)))
            }
            What::NotApplicable { condition } => {
                simple("NOT APPLICABLE", format!("{} does not hold · {at}", code(condition)))
            }
            What::Note { text, corrects, by } => {
                let corrects = corrects.map(|n| format!("corrects event {n}: ")).unwrap_or_default();
                simple("NOTE", format!("{corrects}{} · {at} · {}", prose(text), self.who(by)))
            }
        };
        if let Some(place) = &happening.place {
            told.rest = format!("at {} · {}", code(place), told.rest);
        }
        let end = match &happening.what {
            What::Attempt(attempt) => attempt.finished.as_ref().map(|ended| ended.n),
            _ => None,
        };
        for note in
            [Some(happening.n), end].into_iter().flatten().flat_map(|n| self.corrections.get(&n)).flatten()
        {
            let (at, who) = (clock(note.at, &self.m.zone), self.who(&note.by));
            let line = format!("**CORRECTED** by event {}: {} · {at} · {who}", note.n, prose(&note.text));
            told.details.extend([String::new(), line]);
        }
        told
    }

    /// The printed name, and how the answer came if not from a terminal.
    pub(super) fn who(&self, by: &By) -> String {
        format!("{}{}", prose(self.summary.name_of(&by.who)), words::via(by))
    }

    fn because(&self, at: &str, reason: &str, by: &By) -> String {
        format!("reason: {} · {at} · {}", prose(reason), self.who(by))
    }

    /// The manifestation of a signature: name, time with zone and meaning (21 CFR 11.50), what was signed, how sure.
    fn signed(&self, n: u64, given: &SignedOff, at: &str) -> MarkdownHappening {
        let row = |what: &str, value: String| format!("| {what} | {value} |");
        let mut details = vec![
            String::new(),
            row("Signed by", format!("{} ({})", prose(&given.name), code_cell(&given.by.who))),
            "| --- | --- |".to_owned(),
            row("Time", at.to_owned()),
            row("Meaning", words::meaning(given.meaning).to_owned()),
            row("Role", code_cell(&given.role)),
            row("Statement", prose(&given.statement)),
            row("Assurance", words::assurance(given.assurance).to_owned()),
        ];
        details.extend(given.signature.as_ref().map(|signature| row("Key", code_cell(&signature.key))));
        if let Some(presence) = &given.presence {
            details.push(row("From", prose(&presence.words())));
            details.push(row("Shown", code_cell(&format!("sha256:{}", presence.shown.sha256))));
        }
        let rest = format!(
            "{} · {}{}",
            words::meaning(given.meaning),
            prose(&given.name),
            words::signed_via(&given.by)
        );
        MarkdownHappening { word: words::signed(self.summary.counts(n)).to_owned(), rest, details }
    }

    /// A script from a blob, whole.
    pub(super) fn script(
        &self,
        caption: &str,
        script: &holdpoint_engine::BlobRef,
        language: &str,
    ) -> Vec<String> {
        let mut lines = vec![String::new()];
        match blobs::fetch(self.m, script) {
            Ok(bytes) => {
                lines.push(format!("{caption} ({}):", code(&format!("sha256:{}", script.sha256))));
                lines.push(String::new());
                lines.extend(fenced(language, &shorten(&bytes, 500).lines));
            }
            Err(why) => lines.push(format!(
                "{caption}: **{}** ({})",
                prose(&why),
                code(&format!("sha256:{}", script.sha256))
            )),
        }
        lines
    }
}

/// Proof named with a value.
pub(super) fn proof(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Url(url) => code(url),
        Evidence::File { path, blob } => {
            format!(
                "{} ({}, {})",
                code(path),
                many(blob.bytes, "byte"),
                code(&format!("sha256:{}", blob.sha256))
            )
        }
    }
}
