//! What is put before the eyes of whoever signs: one text, made of the plan and of what happened so far alone, so that
//! whoever verifies the record comes to the same bytes (record.md, "What the signer is shown").

mod wording;
mod words;

pub use wording::Wording;
pub(crate) use words::words;

use holdpoint_model::{Assurance, Plan, Work, many, visible};
use serde::Serialize;

use crate::run::state::Left;
use crate::seen::ShownAction;
use crate::{
    BlobRef, Change, ChangeSeen, Event, Exchanged, Included, Rehearsed, Run, RunOpened, Runbook, Task,
    excerpt,
};

/// So many lines of what was said of a change are shown; its digest stands for all of them.
const SAID: usize = 30;

/// What whoever signs is shown, in parts with a title each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exhibit {
    /// In which words.
    #[serde(skip)]
    pub wording: Wording,
    /// The parts, in the order in which they are shown.
    pub parts: Vec<Part>,
}

/// A part of an exhibit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is about.
    pub title: String,
    /// Its lines, in which nothing acts or hides; one that goes on over several is marked where it does.
    pub lines: Vec<String>,
}

impl Part {
    fn of(title: impl Into<String>) -> Part {
        Part { title: title.into(), lines: Vec::new() }
    }

    /// Nothing in a text from elsewhere passes for a line of ours.
    fn say(&mut self, text: impl AsRef<str>) {
        self.lines.push(visible(text.as_ref().as_bytes()).replace('\n', "\n    │ "));
    }
}

impl Exhibit {
    /// The text whose digest is recorded, and signed where a key signs.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.wording.head());
        for Part { title, lines } in &self.parts {
            text.push_str(&format!("\n{title}\n"));
            lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        text
    }
}

impl Run {
    /// What whoever signs off a hold point, or rejects it, is shown now, in today's words. `script` gives the text of a script that is
    /// not the document's own.
    ///
    /// # Errors
    /// Of `script`.
    pub fn exhibit<E>(
        &self,
        plan: &Plan,
        task: Task,
        script: impl FnMut(&BlobRef) -> Result<Vec<u8>, E>,
    ) -> Result<Exhibit, E> {
        self.exhibit_in(Wording::LATEST, plan, task, script)
    }

    /// The same in these words.
    ///
    /// # Errors
    /// Of `script`.
    pub fn exhibit_in<E>(
        &self,
        wording: Wording,
        plan: &Plan,
        task: Task,
        mut script: impl FnMut(&BlobRef) -> Result<Vec<u8>, E>,
    ) -> Result<Exhibit, E> {
        let seen = self.witness.kept();
        let mut parts = vec![self.run_itself(wording, &mut script)?];
        let mut happened = Part::of("What happened");
        let mut under = None;
        for told in self.witness.told() {
            if under != Some(told.step) {
                under = Some(told.step);
                if let Some((_, step)) = plan.step(told.step) {
                    happened.say(self.signed_title(step));
                }
            }
            for how in outcomes(wording, plan, &told) {
                happened.say(format!("  {:<30} {how}", told.label));
            }
            if wording >= Wording::Third {
                self.left_out((wording, plan), &told)
                    .for_each(|line| happened.say(format!("    not done: {line}")));
            }
            ran((wording, plan), &told, &mut script, &mut happened)?;
        }
        if happened.lines.is_empty() {
            happened.say("nothing so far");
        }
        parts.push(happened);
        let deviated = self.witness.whose_deviations();
        let mut deviations = match deviated.len() {
            0 => Part::of("No deviations"),
            many => Part::of(format!("Deviations ({many})")),
        };
        deviated.iter().for_each(|whose| deviations.say(wording.of_whom(whose)));
        parts.push(deviations);
        let exchanges = seen.history.iter().filter_map(|happened| match &happened.event {
            Event::DocumentExchanged(exchanged) => Some((happened.n, exchanged)),
            _ => None,
        });
        let mut documents = Vec::new();
        for (n, exchanged) in exchanges {
            documents.push(exchanged_at(wording, n, exchanged, &mut script)?);
        }
        let mut history = Part::of("On the way here");
        seen.history.iter().for_each(|happened| history.say(words::line(wording, happened)));
        let mut values = Part::of("Values");
        for (name, value) in &seen.inputs {
            values.say(format!("{name} = {}", value.as_deref().unwrap_or("(secret)")));
        }
        for (name, value) in &seen.values {
            let former = self.witness.former().get(name).map(|former| format!(", before that {former}"));
            values.say(format!("{name} = {value}{}", former.unwrap_or_default()));
        }
        for (path, digest) in &seen.artefacts {
            values.say(format!("{path}: sha256 {digest}"));
        }
        parts.extend(documents);
        parts.extend([history, values].into_iter().filter(|part| !part.lines.is_empty()));
        parts.push(self.hold_point(wording, plan, task));
        Ok(Exhibit { wording, parts })
    }

    /// Which run of which document.
    fn run_itself<E>(
        &self,
        wording: Wording,
        script: &mut impl FnMut(&BlobRef) -> Result<Vec<u8>, E>,
    ) -> Result<Part, E> {
        let mut part = Part::of("Run");
        let Some(opened) = self.opened() else { return Ok(part) };
        let RunOpened { runbook, number, id, environment, session, policy, .. } = opened;
        let revision = runbook.revision.as_ref().map(|revision| format!(" · revision {revision}"));
        part.say(format!("{}{}", opened.title(), revision.unwrap_or_default()));
        let commit = runbook.commit.as_ref().map(|commit| format!(" · commit {commit}"));
        part.say(format!("{}{}", runbook.path, commit.unwrap_or_default()));
        if wording >= Wording::Seventh {
            uncommitted(runbook).into_iter().for_each(|line| part.say(line));
        }
        part.say(format!("sha256 {}", runbook.blob.sha256));
        for Included { path, blob } in &runbook.includes {
            part.say(format!("includes {path} · sha256 {}", blob.sha256));
        }
        part.say(format!("run {number} ({id}) · {} · operated by {}", environment.name, self.operator()));
        part.say(format!("opened from account {} on {}", session.os_user, session.host));
        for approved in &policy.approvals {
            part.say(format!("approved by {} ({}), {}", approved.name, approved.who, approved.time));
        }
        if let Some(rehearsed) = &policy.rehearsed {
            let Rehearsed { environment, number, id, ended, seal, captured, .. } = rehearsed;
            part.say(format!(
                "rehearsed in {environment}: run {number} ({id}), ended {ended}, seal sha256 {}",
                seal.sha256
            ));
            for (name, value) in captured {
                part.say(format!("captured there, and the same here: {name} = {value}"));
            }
        }
        if let Some(Change { id: Some(id), check, seen, .. }) = &policy.change {
            let check = check.as_ref().map(|script| format!(", as {script} said"));
            part.say(format!("under the change {id}{}", check.unwrap_or_default()));
            for seen in seen.iter().filter(|_| wording >= Wording::Seventh) {
                said_of_the_change(seen, script, &mut part)?;
            }
        }
        if let Some(window) = &policy.window {
            part.say(format!("may be changed {window}"));
        }
        if let Some(freeze) = &policy.freeze {
            part.say(format!(
                "may not be changed when {} says so, sha256 {}",
                freeze.path, freeze.calendar.sha256
            ));
        }
        for unmet in &policy.unmet {
            part.say(format!("did not hold: {}", unmet.why));
        }
        let from_file = self.witness.answered_by_file();
        if wording >= Wording::Third && from_file > 0 {
            part.say(format!("{} came from an answers file: nobody was asked", many(from_file, "answer")));
        }
        Ok(part)
    }

    /// What is to be signed off.
    fn hold_point(&self, wording: Wording, plan: &Plan, task: Task) -> Part {
        let mut part = Part::of("Hold point");
        part.say(self.signed_title(task.step_of(plan)));
        let Some(Work::SignOff(sign_off)) = task.work(plan) else { return part };
        part.say(self.statement(sign_off).unwrap_or_else(|error| error.to_string()));
        let least = self.least_assurance();
        part.say(format!("role {} · meaning {} · at least {least}", sign_off.role, sign_off.meaning));
        if wording >= Wording::Second && self.is_independent(sign_off) {
            part.say("independent: by somebody who performed nothing of this run");
        }
        let signed: Vec<String> =
            self.signers(task).map(|who| self.signer(wording, plan, task, who)).collect();
        if !signed.is_empty() {
            part.say(format!("signed off so far by {}; it takes {}", signed.join(", "), sign_off.count));
        }
        if least > Assurance::Typed {
            agents(plan).for_each(|id| part.say(format!("gets the SSH agent: {id}")));
        }
        part
    }

    /// What somebody left out, as the document has it: its name alone says to nobody what was not done. A script that ran
    /// stands there already.
    fn left_out<'p>(
        &self,
        (wording, plan): (Wording, &'p Plan),
        told: &ShownAction<'_>,
    ) -> impl Iterator<Item = &'p str> {
        let task = Task::named(plan, told.step, told.label).filter(|_| told.ran.is_none());
        let is_left = |task: &Task| {
            let skipped = matches!(self.state(*task).left, Some(Left::Skipped));
            skipped || (!told.confirmed && task.offered(plan).is_some() && told.outcome.is_somebodys())
        };
        let text = task.filter(is_left).and_then(|task| match (task.work(plan), task.block(plan)) {
            (Some(Work::Confirm { text }), _) => {
                let once = task.once(plan);
                let cut = once.and_then(|once| once.cut.as_deref()).filter(|_| wording < Wording::Fifth);
                let flat = once.and_then(|once| once.flat.as_deref()).filter(|_| wording < Wording::Sixth);
                Some(cut.or(flat).unwrap_or(text))
            }
            (_, Some(block)) => Some(block.script.as_str()),
            _ => None,
        });
        text.unwrap_or_default().trim_end().lines()
    }

    /// Whoever signed a hold point off, and that a file did it for them, where one did.
    fn signer(&self, wording: Wording, plan: &Plan, task: Task, who: &str) -> String {
        let id = task.id(plan);
        let by = self.witness.kept().history.iter().rev().find_map(|happened| match &happened.event {
            Event::SignOffGiven(signed) if signed.action == id && self.same(&signed.by.who, who) => {
                Some(&signed.by)
            }
            _ => None,
        });
        format!("{who}{}", by.map_or("", |by| wording.source(by)))
    }
}

/// What does not stand in the commit that is named.
fn uncommitted(runbook: &Runbook) -> Vec<&'static str> {
    let document = match (&runbook.commit, runbook.committed) {
        (None, _) => Some("OF NO COMMIT: nothing but its digest says which document it is"),
        (Some(_), Some(true)) => None,
        (Some(_), _) => Some("NOT AS COMMITTED: the document is another than that commit has"),
    };
    let tree = (runbook.dirty == Some(true)).then_some(
        "UNCOMMITTED CHANGES in the work tree when the run opened: scripts may be others than that commit has",
    );
    document.into_iter().chain(tree).collect()
}

/// What the environment's script said of the change, as far as somebody reads.
fn said_of_the_change<E>(
    seen: &ChangeSeen,
    script: &mut impl FnMut(&BlobRef) -> Result<Vec<u8>, E>,
    part: &mut Part,
) -> Result<(), E> {
    part.say(format!("  {}", seen.words()));
    let output = visible(&script(&seen.output)?);
    let lines: Vec<&str> = output.trim_end().lines().collect();
    for line in lines.iter().take(SAID) {
        part.say(format!("  > {line}"));
    }
    if let Some(more) = lines.len().checked_sub(SAID).filter(|more| *more > 0) {
        part.say(format!("  … and {}", many(more, "more line")));
    }
    Ok(())
}

/// What is another line in the document since then.
fn exchanged_at<E>(
    wording: Wording,
    n: u64,
    exchanged: &Exchanged,
    script: &mut impl FnMut(&BlobRef) -> Result<Vec<u8>, E>,
) -> Result<Part, E> {
    let mut part = Part::of(format!("The document was exchanged at event {n}"));
    part.say(wording.of_whom(&exchanged.whose()));
    let difference = script(&exchanged.diff)?;
    let difference = String::from_utf8_lossy(&difference);
    excerpt(&difference).into_iter().for_each(|line| part.say(format!("  {line}")));
    Ok(part)
}

/// How an action ended, and who says so: a line, or one for each value that it wrote down.
fn outcomes(wording: Wording, plan: &Plan, told: &ShownAction<'_>) -> Vec<String> {
    if wording >= Wording::Fourth && !told.written.is_empty() {
        return told.written.iter().map(|(_, whose)| wording.of_whom(whose)).collect();
    }
    vec![outcome(wording, plan, told)]
}

fn outcome(wording: Wording, plan: &Plan, told: &ShownAction<'_>) -> String {
    let offered =
        || Task::named(plan, told.step, told.label).is_some_and(|task| task.offered(plan).is_some());
    if wording >= Wording::Third && told.confirmed && offered() {
        return wording.of_whom(&told.outcome.beginning("done by hand, says "));
    }
    wording.of_whom(told.outcome)
}

/// The command as it ran, and what was expected of it.
fn ran<E>(
    (wording, plan): (Wording, &Plan),
    told: &ShownAction<'_>,
    script: &mut impl FnMut(&BlobRef) -> Result<Vec<u8>, E>,
    part: &mut Part,
) -> Result<(), E> {
    let Some(ran) = told.ran else { return Ok(()) };
    let block = Task::named(plan, told.step, &ran.action).and_then(|task| task.block(plan));
    let text = match &ran.script {
        Some(blob) => visible(&script(blob)?),
        None => block.map(|block| block.script.clone()).unwrap_or_default(),
    };
    // As the document has them: what their templates came to is the block's alone.
    let variables = block.filter(|_| wording >= Wording::Second).map(|block| &block.options.env);
    for (name, value) in variables.into_iter().flatten() {
        part.say(format!("    with {name}={value}"));
    }
    for line in text.trim_end().lines() {
        part.say(format!("    $ {line}"));
    }
    for judged in &ran.expectations {
        let held = if judged.held { "held" } else { "did not hold" };
        part.say(format!("    expected: {} ({held})", judged.expected));
    }
    Ok(())
}

/// Blocks that get the SSH agent, and so could have anything signed while it holds a key.
fn agents(plan: &Plan) -> impl Iterator<Item = String> {
    let steps = plan.steps.iter().enumerate();
    let tasks = steps.flat_map(|(index, step)| {
        let actions = (0..step.actions.len()).map(move |action| Task::action(index, action));
        actions.chain((0..step.rollbacks.len()).map(move |block| Task::rollback(index, block)))
    });
    tasks.filter(|task| task.block(plan).is_some_and(|block| block.options.agent)).map(|task| task.id(plan))
}
