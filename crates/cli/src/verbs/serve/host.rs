//! The store as the server asks it: by the very code of `runs`, `show`, `verify` and `report`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use holdpoint_record::{RunDir, StoreError, by_all, seal_digest};
use holdpoint_report::{Outputs, html_and_policy, summarise, took, zone_name};
use holdpoint_web::{
    Asker, HoldPoint, Host, LiveUpdate, Passkey, Pending, Person, Refusal, RefusalKind, Report, Row, RunName,
    Shown, StepRow, ToSign, Wanted, Wish,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::follow;
use super::happened::last;
use super::row::row;
use super::stamp::{Stamp, short_enough, small_enough};
use super::{note, review, sign};
use crate::args::{Format, Listing};
use crate::attest::sound_beside;
use crate::digest::sha256;
use crate::exit::Exit;
use crate::operator::operator;
use crate::place::Place;
use crate::problem::Problem;
use crate::verbs::anchored;
use crate::verbs::evidence::put_before;
use crate::verbs::plans::Plans;
use crate::verbs::read::{proved, said, store_problem};
use crate::verbs::report::kept;
use crate::verbs::reviewed::words;
use crate::verbs::runs::{Tone, UNREADABLE, asked_for, json_of};
use crate::verbs::show::{facts, status_tone};
use crate::verbs::standing::{Standing, Unreadable, standing};

/// A run as it stood when it was read.
type Known = (Stamp, Arc<Result<Standing, Unreadable>>);

/// The runs of a store.
pub struct Store {
    place: Place,
    operator: String,
    /// By directory. What has not changed since is not read again.
    known: Mutex<HashMap<PathBuf, Known>>,
}

impl Store {
    /// Of a place.
    pub fn of(place: Place) -> Result<Store, Problem> {
        let (operator, _) = operator(None, &place.root)?;
        Ok(Store { place, operator, known: Mutex::default() })
    }

    /// The run that is named.
    fn find(&self, run: &RunName) -> Result<RunDir, Refusal> {
        self.place.store().find(&run.to_string()).map_err(|error| {
            let missing = matches!(error, StoreError::NotFound { .. });
            let refusal = self.refusal(&store_problem(error));
            match missing {
                true => Refusal {
                    kind: RefusalKind::Missing,
                    message: format!("there is no run {run}"),
                    help: "The list has all of them.".to_owned(),
                },
                false => refusal,
            }
        })
    }

    /// A problem as it is told to somebody elsewhere: where the store lies on this machine is nothing for them.
    fn refusal(&self, problem: &Problem) -> Refusal {
        let store = self.place.store();
        let told = |text: &str| text.replace(&format!("{}", store.path().display()), "the store");
        let kind = match problem.exit {
            Exit::Record => RefusalKind::Record,
            Exit::Usage | Exit::Refused => RefusalKind::Asked,
            _ => RefusalKind::Fault,
        };
        Refusal {
            kind,
            message: told(&problem.to_string()),
            help: told(problem.advice().unwrap_or_default()),
        }
    }

    /// Where each of the runs stands.
    fn standings(&self, dirs: &[RunDir]) -> Vec<Arc<Result<Standing, Unreadable>>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before: Vec<Option<Known>> = {
            let known = known();
            dirs.iter().map(|dir| known.get(&dir.path).cloned()).collect()
        };
        let plans = Plans::default();
        let pairs: Vec<_> = dirs.iter().zip(before).collect();
        let now = by_all(&pairs, |(dir, before)| {
            let stamp = Stamp::of(&dir.path);
            if let Some((was, standing)) = before
                && *was == stamp
                && stamp.settled()
                && !standing.as_ref().as_ref().is_ok_and(Standing::is_outdated)
            {
                return (stamp, Arc::clone(standing));
            }
            let read = short_enough(&dir.path).map_err(Unreadable::from).and_then(|()| standing(dir, &plans));
            (stamp, Arc::new(read))
        });
        let all = now.iter().map(|(_, standing)| Arc::clone(standing)).collect();
        *known() = dirs.iter().map(|dir| dir.path.clone()).zip(now).collect();
        all
    }
}

impl Host for Store {
    fn title(&self) -> String {
        self.place.root.file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    fn operator(&self) -> String {
        self.operator.clone()
    }

    fn person(&self, said: &str) -> Result<Person, Refusal> {
        // Names and roles may have come or gone since the server began.
        let place = Place::of(&self.place.root).map_err(|problem| Refusal {
            // Nothing that whoever asks did wrong.
            kind: RefusalKind::Fault,
            help: "Whoever keeps holdpoint.toml puts it right: holdpoint check says what is wrong."
                .to_owned(),
            ..self.refusal(&problem)
        })?;
        let named = place.configuration().and_then(|config| {
            let principal = config.principal(said)?;
            // Names that only look alike are one person's where people type them. Where accounts prove them, as at the proxy,
            // they are two accounts.
            let written = config.names_of(principal).any(|name| name.eq_ignore_ascii_case(said));
            written.then_some((config, principal))
        });
        let Some((config, principal)) = named else {
            return Err(Refusal {
                kind: RefusalKind::Nobody,
                message: format!("{said} is nobody whom holdpoint.toml names"),
                help: "Whoever keeps holdpoint.toml lists people there, under [people] or in a role."
                    .to_owned(),
            });
        };
        let name = config.people.get(principal).and_then(|person| person.name.clone());
        let holds = |members: &Vec<String>| members.iter().any(|member| config.person(member) == principal);
        let roles = config.roles.iter().filter(|(_, members)| holds(members)).map(|(role, _)| role.clone());
        Ok(Person {
            principal: principal.to_owned(),
            name: name.unwrap_or_else(|| principal.to_owned()),
            roles: roles.collect(),
        })
    }

    fn zone(&self) -> String {
        zone_name(&TimeZone::system(), Timestamp::now())
    }

    fn list(&self, wanted: &Wanted) -> Result<Vec<Row>, Refusal> {
        let mut dirs =
            self.place.store().runs().map_err(store_problem).map_err(|problem| self.refusal(&problem))?;
        dirs.reverse();
        let standings = self.standings(&dirs);
        let asked = Listing {
            runbook: None,
            env: wanted.environment.clone(),
            open: wanted.open,
            waiting_for: wanted.waits_for.clone(),
            since: None,
            unreviewed: wanted.unreviewed,
            format: Format::Json,
        };
        let all = dirs.iter().zip(standings.iter().map(|standing| &**standing)).collect();
        let listed = asked_for(&self.place, &asked, all).map_err(|problem| self.refusal(&problem))?;
        Ok(listed
            .into_iter()
            .map(|(dir, standing)| match standing {
                Ok(standing) => row(dir, standing),
                Err(Unreadable { problem, .. }) => {
                    let mut json = json_of(dir, standing);
                    let title = self.refusal(problem).message;
                    json["error"] = json!(title);
                    let (environment, opened, operator) = Default::default();
                    let (number, state, tone) = (dir.number, UNREADABLE.to_owned(), Tone::Bad.name());
                    Row { number, state, tone, environment, opened, operator, title, json }
                }
            })
            .collect())
    }

    fn number(&self, run: &RunName) -> Result<u64, Refusal> {
        Ok(self.find(run)?.number)
    }

    fn run(&self, run: &RunName) -> Result<Shown, Refusal> {
        let dir = self.find(run)?;
        self.shown(dir).map_err(|problem| self.refusal(&problem))
    }

    fn report(&self, run: &RunName) -> Result<Report, Refusal> {
        let dir = self.find(run)?;
        let made = || -> Result<Report, Problem> {
            small_enough(&dir.path)?;
            let (proof, recorded) = proved(dir)?;
            let page = kept(&recorded, &proof, true, |material, kept| {
                html_and_policy(material, kept, Outputs::Full)
            })?;
            let page = page.map_err(Problem::ours)?;
            Ok(Report { html: page.html, policy: page.policy })
        };
        made().map_err(|problem| self.refusal(&problem))
    }

    fn follow(
        &self,
        run: &RunName,
        from: u64,
        tell: &mut dyn FnMut(LiveUpdate) -> bool,
    ) -> Result<(), Refusal> {
        let dir = self.find(run)?;
        follow::follow(&dir, from, tell).map_err(|problem| self.refusal(&problem))
    }

    fn prepare(&self, run: &RunName, wish: Wish, site: &str) -> Result<Pending, Refusal> {
        let dir = self.find(run)?;
        let prepared = match &wish.what {
            ToSign::Review { .. } => review::prepare(&self.place, &dir, wish, site),
            ToSign::SignOff | ToSign::Rejection(_) => sign::prepare(&self.place, dir, wish, site),
        };
        prepared.map_err(|problem| self.refusal(&problem))
    }

    fn complete(
        &self,
        run: &RunName,
        pending: &Pending,
        passkey: &Passkey,
        from: Asker<'_>,
    ) -> Result<String, Refusal> {
        let dir = self.find(run)?;
        let completed = match &pending.wish.what {
            ToSign::Review { .. } => review::complete(&self.place, &dir, pending, passkey, from),
            ToSign::SignOff | ToSign::Rejection(_) => {
                sign::complete(&self.place, dir, pending, passkey, from)
            }
        };
        completed.map_err(|problem| self.refusal(&problem))
    }

    fn note(&self, run: &RunName, who: &str, text: &str) -> Result<String, Refusal> {
        let dir = self.find(run)?;
        note::note(&self.place, dir, who, text).map_err(|problem| self.refusal(&problem))
    }
}

impl Store {
    fn shown(&self, dir: RunDir) -> Result<Shown, Problem> {
        small_enough(&dir.path)?;
        let (proof, recorded) = proved(dir)?;
        let mut verdict = proof.verdict.to_string();
        let mut summary = recorded.with_material(Some(said(&proof)), summarise).map_err(Problem::ours)?;
        summary.anchor_wanted =
            anchored::still_wanted(&recorded.dir.path, recorded.opened(), summary.anchor_wanted);
        let mut intact = proof.verdict.intact();
        // What was expunged is told, and leaves nothing that could not be signed or reviewed.
        let mut holds = proof.verdict.holds();
        if holds && let Err(why) = sound_beside(&summary) {
            (intact, holds, verdict) = (false, false, why.to_string());
        }
        let mut json = serde_json::to_value(&summary).map_err(Problem::ours)?;
        json["intact"] = json!(intact);
        // Of a record that does not hold nobody is shown what to sign.
        let hold_point = match holds && !recorded.sealed {
            true => put_before(&recorded)?,
            false => None,
        };
        let hold_point = hold_point.map(|put| HoldPoint {
            sha256: sha256(put.text.as_bytes()),
            action: put.action,
            role: put.role,
            text: put.text,
        });
        json["hold_point"] = json!(hold_point);
        // Of an open run there is none, and what is wrong with one is in the verdict.
        let reviewable = seal_digest(&recorded.dir.path).ok().flatten().filter(|_| holds);
        let steps = summary.steps.iter().map(|step| StepRow {
            number: step.number.clone(),
            title: match &step.file {
                Some(file) => format!("{} (from {file})", step.title),
                None => step.title.clone(),
            },
            status: step.words(),
            tone: status_tone(step.status).name(),
            took: if step.elapsed_ms > 0 { took(step.elapsed_ms) } else { String::new() },
        });
        let steps = steps.collect();
        let facts = facts(&summary);
        Ok(Shown {
            number: summary.run.number,
            title: summary.document.title.clone(),
            state: summary.verdict_words(),
            verdict,
            intact,
            facts: facts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
            steps,
            hold_point,
            reviewable,
            reviews: summary.reviews.iter().map(words).collect(),
            events: recorded.position.events,
            happened: if recorded.sealed { Vec::new() } else { last(&recorded.events) },
            over: recorded.sealed,
            json,
        })
    }
}
