//! A sign-off from another account: the evidence first, then the signature.

use std::path::Path;

use holdpoint_document::{Assurance, SignOff};
use holdpoint_engine::{By, Stamped, Task};
use holdpoint_record::RunDir;

use super::ask::{self, Asked};
use super::evidence::tell_actions;
use super::sign;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{Answer, RunView, Store, history};

/// What the signer wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Sign it off.
    Sign,
    /// Refuse to, for this reason.
    Reject(String),
    /// Neither, now.
    Leave,
}

/// A hold point and whoever is about to sign it off.
pub struct HoldPoint<'a> {
    /// Where they look.
    pub screen: &'a Screen,
    /// The run.
    pub view: &'a RunView<'a>,
    /// The hold point.
    pub task: Task,
    /// What it asks for.
    pub sign_off: &'a SignOff,
    /// Who is at the keyboard.
    pub by: By,
}

impl HoldPoint<'_> {
    /// Everything that the signature will bind: what ran and how it ended, what was done differently, the values.
    pub fn show_evidence(&self, dir: &RunDir, events: &[Stamped], store: &Store<'_>) {
        let say = |text: String| self.screen.say(&self.screen.within_a_line(&text));
        let Some(opened) = self.view.run.opened() else { return };
        let seen = self.view.run.seen();
        let runbook = &opened.runbook;
        let revision = runbook.revision.as_ref().map(|revision| format!(" · revision {revision}"));
        say(format!("{}{}", opened.title(), revision.unwrap_or_default()));
        let commit =
            runbook.commit.as_ref().map(|commit| format!(" · commit {}", commit.get(..12).unwrap_or(commit)));
        say(format!("  {}{}", runbook.path, commit.unwrap_or_default()));
        say(format!(
            "  run {} · {} · operated by {}",
            opened.number,
            opened.environment.name,
            self.view.run.operator()
        ));
        say(format!("  {}", dir.path.display()));
        for approved in &opened.policy.approvals {
            say(format!("  approved by {} ({}), {}", approved.name, approved.who, approved.time));
        }
        for unmet in &opened.policy.unmet {
            say(format!("  did not hold: {}", unmet.why));
        }
        say(String::new());
        say("What happened".to_owned());
        tell_actions(self.screen, self.view, &seen.actions, events, store);
        say(match seen.deviations.len() {
            0 => "No deviations".to_owned(),
            many => format!("Deviations ({many})"),
        });
        seen.deviations.iter().for_each(|deviation| say(format!("  {deviation}")));
        if !seen.history.is_empty() {
            say("On the way here".to_owned());
        }
        seen.history.iter().for_each(|happened| say(format!("  {}", history::line(happened))));
        let inputs = seen.inputs.iter().map(|(name, value)| (name, value.as_deref().unwrap_or("(secret)")));
        let values: Vec<_> =
            inputs.chain(seen.values.iter().map(|(name, value)| (name, value.as_str()))).collect();
        if !values.is_empty() {
            say("Values".to_owned());
        }
        values.into_iter().for_each(|(name, value)| say(format!("  {name} = {value}")));
        for (path, digest) in &seen.artefacts {
            say(format!("  {path}: sha256 {digest}"));
        }
        say(String::new());
        let sign_off = self.sign_off;
        let step = self.task.step_of(self.view.plan);
        say(format!("Hold point: {}", self.view.run.title(step)));
        say(format!("  {}", self.view.run.statement(sign_off).unwrap_or_default()));
        let least = self.view.run.least_assurance();
        say(format!("  role {} · meaning {} · at least {least}", sign_off.role, sign_off.meaning));
        sign::tell_signers(self.screen, self.view, self.task);
        if self.view.run.least_assurance() > Assurance::Typed {
            self.agents().for_each(|id| say(format!("  gets the SSH agent: {id}")));
        }
    }

    /// Blocks that get the SSH agent, and so could have anything signed while it holds a key.
    fn agents(&self) -> impl Iterator<Item = String> {
        let plan = self.view.plan;
        let steps = plan.steps.iter().enumerate();
        let tasks = steps.flat_map(|(index, step)| {
            let actions = (0..step.actions.len()).map(move |action| Task::action(index, action));
            actions.chain((0..step.rollbacks.len()).map(move |block| Task::rollback(index, block)))
        });
        tasks
            .filter(|task| task.block(plan).is_some_and(|block| block.options.agent))
            .map(|task| task.id(plan))
    }

    /// Asks what is to be done; shows outputs on request.
    pub fn ask(&self, store: &Store<'_>) -> Result<Consent, Problem> {
        let options = [
            ("leave", 'l', "sign nothing now; the run waits on"),
            ("sign", 's', "sign it off, as the statement says"),
            ("reject", 'j', "refuse to sign it off, with a written reason; nothing is rolled back"),
            ("outputs", 'o', "show what the blocks printed last"),
        ];
        loop {
            let who = self.screen.neutralise(&self.by.who);
            match ask::one_of(self.screen, &format!("{who}, what now?"), &options, true) {
                Asked::Said("sign") => return Ok(Consent::Sign),
                Asked::Said("reject") => {
                    let Asked::Said(reason) = ask::text(
                        self.screen,
                        "Why?",
                        "One sentence; it stands in the record and in every report.",
                    ) else {
                        return Ok(Consent::Leave);
                    };
                    return Ok(Consent::Reject(reason));
                }
                Asked::Said("outputs") => self.show_outputs(store)?,
                _ => return Ok(Consent::Leave),
            }
        }
    }

    fn show_outputs(&self, store: &Store<'_>) -> Result<(), Problem> {
        for (action, output) in self.view.run.last_outputs() {
            self.screen.say(&self.screen.neutralise(&format!("  {action}")));
            for blob in [&output.stdout, &output.stderr] {
                let bytes = store.get(blob)?;
                for line in String::from_utf8_lossy(&bytes).lines() {
                    self.screen.say(&format!("    {}", self.screen.neutralise(line)));
                }
            }
        }
        Ok(())
    }

    /// Refuses to sign it off, if it is theirs to refuse: by key where the environment asks for one.
    pub fn reject(
        &self,
        reason: String,
        key: Option<&Path>,
        store: &mut Store<'_>,
    ) -> Result<Option<Answer>, Problem> {
        if reason.trim().is_empty() {
            return Err(Problem::usage("a rejection needs a reason", "Say why, with --reason."));
        }
        sign::rejection(
            self.screen,
            self.view,
            (self.task, self.sign_off),
            reason,
            self.by.clone(),
            key,
            store,
        )
    }

    /// Signs: by key where the environment asks for one or `key` names one, else by typing the printed name, which
    /// `yes` cannot do.
    pub fn sign(
        &self,
        key: Option<&Path>,
        yes: bool,
        store: &mut Store<'_>,
    ) -> Result<Option<Answer>, Problem> {
        if let Some(reason) = self.view.run.role_refusal(self.sign_off, &self.by.who) {
            return Ok(Some(sign::refused(self.screen, self.view, self.task, reason, self.by.clone())));
        }
        let by_key = key.is_some() || self.view.run.least_assurance() > Assurance::Typed;
        let configured = self.view.run.opened().and_then(|opened| opened.printed_name(&self.by.who));
        let name = match configured {
            Some(name) if by_key => name.clone(),
            _ if yes => {
                return Err(Problem::usage(
                    "a typed signature is typed, and a printed name is needed",
                    "Leave out --yes; or sign by key, with your printed name in holdpoint.toml under [people].",
                ));
            }
            _ => match sign::printed_name(self.screen, self.view, &self.by.who) {
                Asked::Said(name) => name,
                Asked::Left => return Ok(None),
            },
        };
        let given = sign::given(self.view, self.task, self.sign_off, name, self.by.clone());
        sign::give(self.screen, self.view, self.task, given, key, store)
    }
}
