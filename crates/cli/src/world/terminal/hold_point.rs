//! A sign-off from another account: the evidence first, then the signature.

use std::path::Path;

use holdpoint_document::SignOff;
use holdpoint_engine::{By, Task};

use super::ask::{self, Asked};
use super::shown::Shown;
use super::sign;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{Answer, RunView, Store};

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
    /// What they are shown.
    pub fn shown(&self, store: &Store<'_>) -> Result<Shown, Problem> {
        Shown::of(self.view, self.task, store)
    }

    /// Asks what is to be done; shows outputs on request.
    pub fn ask(&self, shown: &Shown, pager: bool, store: &Store<'_>) -> Result<Consent, Problem> {
        let options = [
            ("leave", 'l', "sign nothing now; the run waits on"),
            ("sign", 's', "sign it off, as the statement says"),
            ("reject", 'j', "refuse to sign it off, with a written reason; nothing is rolled back"),
            ("evidence", 'v', "show what the signature binds once more"),
            ("outputs", 'o', "show what the blocks printed last"),
            ("info", 'i', "say where the run stands: steps, people, time, deviations, values"),
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
                        continue;
                    };
                    return Ok(Consent::Reject(reason));
                }
                Asked::Said("evidence") => shown.show(self.screen, pager),
                Asked::Said("outputs") => self.show_outputs(store)?,
                Asked::Said("info") => super::info::tell(self.screen, self.view),
                _ => return Ok(Consent::Leave),
            }
        }
    }

    /// What the blocks printed last, in the order in which they ended; of what was expunged, that it was.
    pub fn show_outputs(&self, store: &Store<'_>) -> Result<(), Problem> {
        let expunged = store.expunged();
        for (action, output) in self.view.run.last_outputs() {
            self.screen.tell(&self.screen.neutralise(&format!("  {action}")));
            for blob in [&output.stdout, &output.stderr] {
                if let Some((_, words)) = expunged.iter().find(|(gone, _)| gone == blob) {
                    self.screen.say_hung("    ", &self.screen.neutralise(&format!("EXPUNGED: {words}")));
                    continue;
                }
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
        shown: &Shown,
        store: &mut Store<'_>,
    ) -> Result<Option<Answer>, Problem> {
        if reason.trim().is_empty() {
            return Err(Problem::usage("a rejection needs a reason", "Say why, with --reason."));
        }
        sign::rejection(
            self.screen,
            self.view,
            (self.task, self.sign_off),
            (reason, self.by.clone()),
            key,
            shown,
            store,
        )
    }

    /// Signs: by key where the environment asks for one or `key` names one, else by typing the printed name, which
    /// `yes` cannot do.
    pub fn sign(
        &self,
        key: Option<&Path>,
        yes: bool,
        shown: &Shown,
        store: &mut Store<'_>,
    ) -> Result<Option<Answer>, Problem> {
        if let Some(reason) = self.view.run.role_refusal(self.sign_off, &self.by.who) {
            return Ok(Some(sign::refused(self.screen, self.view, self.task, reason, self.by.clone())));
        }
        let by_key = self.view.run.takes_key(key.is_some());
        let configured = self.view.run.opened().and_then(|opened| opened.printed_name(&self.by.who));
        let name = match configured {
            Some(name) if by_key => name.clone(),
            Some(_) if yes => {
                return Err(Problem::usage(
                    "a signature without a key is a printed name, typed, and --yes types none",
                    "Sign from a terminal, without --yes; or by key, with --key FILE --yes.",
                ));
            }
            None if yes => {
                return Err(Problem::usage(
                    "a printed name is needed, and --yes types none",
                    "Sign from a terminal, without --yes; or by key, with --key FILE --yes and your printed name in \
                     holdpoint.toml under [people].",
                ));
            }
            _ => match sign::printed_name(self.screen, self.view, &self.by.who, "signs") {
                Asked::Said(name) => name,
                Asked::Left => return Ok(None),
            },
        };
        let given = sign::given(self.view, self.task, self.sign_off, name, self.by.clone(), shown);
        sign::give(self.screen, self.view, self.task, given, key, shown, store)
    }
}
