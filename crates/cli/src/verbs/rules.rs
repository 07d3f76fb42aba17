//! What the environment asks for before a run opens. Nothing is written here.

use holdpoint_document::{Assurance, Plan, Work};
use holdpoint_driver::Secrets;
use holdpoint_engine::{Change, Circumstances, EnvironmentSeen, Rule, Session, Unmet};
use holdpoint_record::Found;
use holdpoint_signing::Asked;
use jiff::Timestamp;

use super::changes::{self, Looked};
use super::gate::{self, Missing};
use super::hours::{Calendar, Hours};
use super::prepare::{Prepared, today};
use super::read::passed_over;
use crate::approvals::{self, Standing};
use crate::place::{Place, Traced};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::sources::Sources;

/// Who is told of programs that are asked, and what is masked in what they say.
pub type Asking<'a> = (&'a Screen, &'a Secrets);

/// How far the environment's rules hold.
#[derive(Debug, Default)]
pub struct Obeyed {
    /// Approvals that the run relies on.
    pub standing: Standing,
    /// The rehearsal that it relies on.
    pub rehearsed: Option<Found>,
    /// The change under which it runs, and what was said of it.
    pub change: Option<(Change, Option<Looked>)>,
    /// The window in which the environment may be changed.
    pub window: Option<String>,
    /// The calendar of times in which it may not.
    pub calendar: Option<Calendar>,
    /// Rules that do not hold, each with what to do.
    pub unmet: Vec<(Unmet, String)>,
    /// Rules that must keep holding while the run lasts.
    pub kept: Vec<Rule>,
    /// Whether a step has a time before which it does not begin.
    pub waits_for_a_time: bool,
    /// Roles that may override them.
    pub may_override: Vec<String>,
}

impl Obeyed {
    /// The refusal, if a rule does not hold.
    pub fn refusal(&self) -> Option<Problem> {
        let (first, rest) = self.unmet.split_first()?;
        let mut message = first.0.why.clone();
        let mut helps = vec![first.1.as_str()];
        for (unmet, what) in rest {
            message.push_str("; and ");
            message.push_str(&unmet.why);
            // One thing may mend several. Each on a line, so that a command ends where it ends.
            if !helps.contains(&what.as_str()) {
                helps.push(what);
            }
        }
        let mut help = helps.join("\n");
        if !self.may_override.is_empty() {
            let roles = self.may_override.join(" or ");
            help.push_str(&format!(
                "\n(Or somebody with the role {roles} answers for it: --override REASON --override-by WHO)"
            ));
        }
        Some(Problem::refused(message, help))
    }

    /// Says which approvals of these bytes do not hold, though the run did not need them, and which damaged runs were passed
    /// over before the rehearsal was found.
    pub fn warn(&self, screen: &Screen) {
        let found = self.rehearsed.as_ref().map(|found| (found.number, passed_over(&found.passed_over)));
        if let Some((number, Some(words))) = found {
            let mark = screen.style().yellow().apply_to("warning:");
            screen.say_hung("  ", &format!("{mark} the rehearsal is run {number}; {words}"));
        }
        for (who, why) in &self.standing.failing {
            let mark = screen.style().yellow();
            let told = screen.neutralise(&format!("the approval by {who} does not hold: {why}"));
            screen.tell(&format!("  {} {told}", mark.apply_to("warning:")));
        }
    }

    /// Takes note of a rule that does not hold.
    pub fn add(&mut self, rule: Rule, why: String, help: impl Into<String>) {
        self.unmet.push((Unmet { rule, why }, help.into()));
    }
}

impl Prepared {
    /// Holds the environment's rules against the document. An error is a rule that nobody can override. Nothing has been
    /// executed or written yet.
    pub fn obey(&self, traced: &Traced, session: &Session, asking: Asking<'_>) -> Result<Obeyed, Problem> {
        let mut obeyed = self.obey_without_values(traced, session, asking)?;
        match gate::rehearsed(self)? {
            Some(Ok(found)) => obeyed.rehearsed = Some(found),
            Some(Err(Missing { why, help })) => obeyed.add(Rule::Rehearsal, why, help),
            None => {}
        }
        Ok(obeyed)
    }

    /// Refuses a run that no value of an input would make one that may open: nobody is asked for values in vain.
    pub fn may_open(&self, traced: &Traced, session: &Session, asking: Asking<'_>) -> Result<(), Problem> {
        let mut obeyed = self.obey_without_values(traced, session, asking)?;
        if let Some(Missing { why, help }) = gate::missing_whatever_is_given(self)? {
            obeyed.add(Rule::Rehearsal, why, help);
        }
        obeyed.refusal().map_or(Ok(()), Err)
    }

    /// The rules that do not depend on what the inputs are.
    fn obey_without_values(
        &self,
        traced: &Traced,
        session: &Session,
        (screen, secrets): Asking<'_>,
    ) -> Result<Obeyed, Problem> {
        let name = &self.environment.name;
        let config = self.place.configuration();
        let none = holdpoint_document::Environment::default();
        let environment = config.and_then(|config| config.environments.get(name)).unwrap_or(&none);
        self.somebody(session)?;
        self.signers_are_people(session)?;
        let mut obeyed = Obeyed {
            kept: holdpoint_engine::kept(environment),
            may_override: environment.may_override.clone(),
            waits_for_a_time: self.plan.steps.iter().any(|step| step.not_before.is_some()),
            ..Obeyed::default()
        };
        let circumstances =
            Circumstances { name, environment, config, front: &self.plan.front, today: today() };
        for Unmet { rule, why } in
            circumstances.unmet(traced.commit.as_deref(), traced.committed, traced.dirty)
        {
            let help = help(rule, traced);
            obeyed.add(rule, why, help);
        }
        let Hours { window, calendar, unmet } = self.hours()?;
        (obeyed.window, obeyed.calendar) = (window, calendar);
        unmet.into_iter().for_each(|(Unmet { rule, why }, help)| obeyed.add(rule, why, help));
        if let Some(change) = changes::change(self) {
            let looked = changes::look(screen, &self.place.root, (name, &change), secrets)?;
            let seen = looked.as_ref().map(|looked| &looked.seen);
            if let Some(why) = change.unmet(name, seen) {
                let (why, help) = changes::told(why, &change, looked.as_ref());
                obeyed.add(Rule::Change, why, help);
            }
            obeyed.change = Some((change, looked));
        }
        if self.requires.approved_document {
            let Prepared { place, path, sources, plan, environment, .. } = self;
            let book = Book { path, sources, plan, environment };
            let (standing, unmet) = approved(place, &book, &session.time_zone);
            obeyed.standing = standing;
            if let Some((why, help)) = unmet {
                obeyed.add(Rule::ApprovedDocument, why, help);
            }
        }
        let signs =
            self.plan.steps.iter().flat_map(|step| &step.actions).any(|a| matches!(a.work, Work::SignOff(_)));
        if signs && self.environment.signature > Assurance::Typed && !self.environment.rehearsal {
            self.signable()?;
        }
        Ok(obeyed)
    }

    /// Where it takes four eyes, or is protected, whoever operates is somebody.
    fn somebody(&self, session: &Session) -> Result<(), Problem> {
        let Session { operator, operator_from, .. } = session;
        let config = self.place.configuration();
        let known = config.is_some_and(|config| config.principal(operator).is_some());
        match holdpoint_engine::stranger(&self.environment, operator, Some(operator_from), known) {
            Some(why) => {
                let names: Vec<&str> = config.iter().flat_map(|config| config.principals()).collect();
                Err(Problem::refused(why, crate::operator::who_else(operator, &names)))
            }
            None => Ok(()),
        }
    }

    /// Refuses a file of allowed signers that has one person as two: nobody could tell who signed.
    fn signers_are_people(&self, session: &Session) -> Result<(), Problem> {
        match approvals::mistaken(&self.place, &session.time_zone) {
            Some(why) => Err(Problem::usage(
                why,
                "Give each key and each name to one person, in allowed_signers and holdpoint.toml. Two names of one \
                 person are a principal and its alias.",
            )),
            None => Ok(()),
        }
    }

    /// Refuses a run that would wait for a signature which nobody can give.
    fn signable(&self) -> Result<(), Problem> {
        let why = match approvals::signers(&self.place, "UTC") {
            Ok(signers) if signers.allowed.is_empty() => "nobody is allowed to sign".to_owned(),
            Ok(_) => return Ok(()),
            Err(why) => why,
        };
        Err(Problem::refused(
            format!("{} requires signatures by key, and {why}", self.environment.name),
            "List people and their public keys in the file that [signers] names (ssh-keygen(1), ALLOWED SIGNERS).",
        ))
    }
}

/// A document that is approved or not, and where it runs.
pub struct Book<'a> {
    /// Its path, as the record names it.
    pub path: &'a str,
    /// Its text, and what it includes.
    pub sources: &'a Sources,
    /// What it says.
    pub plan: &'a Plan,
    /// Where it runs.
    pub environment: &'a EnvironmentSeen,
}

/// Whether everybody whom the document names has approved these very bytes, and nothing has taken their place; if not,
/// why, and what to do.
pub fn approved(place: &Place, book: &Book<'_>, zone: &str) -> (Standing, Option<(String, String)>) {
    let name = &book.environment.name;
    let requires = format!("{name} requires an approved document, and");
    let digest = crate::digest::sha256(book.sources.own().as_bytes());
    let asked = Asked::of((book.path, &digest, &book.sources.named()), book.plan, place.configuration());
    let unable = |why: String, help: &str| (Standing::default(), Some((why, help.to_owned())));
    let signers = match approvals::signers(place, zone) {
        Ok(signers) => signers,
        Err(why) => {
            let help = "Mend the files that holdpoint.toml names under [signers].";
            return unable(format!("{requires} it cannot be told who may sign: {why}"), help);
        }
    };
    let kept = match approvals::kept(&place.root) {
        Ok(kept) => kept,
        Err(why) => {
            let help = "Remove it, or bring back what was committed: `git status` shows it.";
            return unable(format!("{requires} its approvals cannot be told: {why}"), help);
        }
    };
    let standing = approvals::standing(&asked, kept, &signers, Timestamp::now(), today());
    let (least, four_eyes) = (book.environment.signature, book.environment.four_eyes);
    let unmet = if let Some(why) = asked.not_approved(&standing.given(), least, four_eyes) {
        let failing = standing.failing.iter();
        let failing: String =
            failing.map(|(who, why)| format!("; the approval by {who} does not hold: {why}")).collect();
        Some((format!("{requires} {why}{failing}"), approving_help(place, book.path, &asked)))
    } else {
        standing.superseded.as_ref().map(|why| {
            let help = "Run the document that is approved now.".to_owned();
            (format!("{requires} this one is superseded: {why}"), help)
        })
    };
    (standing, unmet)
}

/// Who is to approve it.
fn approving_help(place: &Place, path: &str, asked: &Asked) -> String {
    let help = match asked.approvers.as_slice() {
        [] => "Name them in its front matter: approvers: [WHO].".to_owned(),
        _ => format!("Each of them types, from their own account: holdpoint approve {path}"),
    };
    let known = |who: &&str| place.configuration().is_some_and(|it| it.principal(who).is_some());
    let unknown: Vec<&str> = asked.approvers.iter().map(String::as_str).filter(|who| !known(who)).collect();
    match unknown.as_slice() {
        [] => help,
        names => format!(
            "holdpoint.toml knows nobody by the name {}: a table [people.\"PRINCIPAL\"] with that alias does. {help}",
            names.join(" or ")
        ),
    }
}

/// The first of several paths, and how many more there are.
pub fn some_of(paths: &[String]) -> String {
    const FEW: usize = 3;
    let more = paths.len().saturating_sub(FEW);
    let first = paths.iter().take(FEW).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

/// What to do about a rule that does not hold.
pub fn help(rule: Rule, traced: &Traced) -> String {
    if let (Rule::CleanCommit, Some(why)) = (rule, &traced.overlooked) {
        return format!("Undo that: {why}.");
    }
    if let (Rule::CleanCommit, Some(true)) = (rule, traced.dirty) {
        return format!(
            "It differs in {}. Commit or stash that. What blocks write, or a log of this terminal, belongs in .gitignore or outside of the repository.",
            some_of(&traced.changed)
        );
    }
    let help = match rule {
        Rule::Committed if traced.commit.is_none() => {
            "Commit the document, or run it in an environment that is not protected."
        }
        Rule::Committed if traced.included.is_some() => {
            let path = traced.included.as_deref().unwrap_or_default();
            return format!("Commit {path} first, which it includes: what runs there must be traceable.");
        }
        Rule::Committed => "Commit its changes first: what runs there must be traceable.",
        Rule::KnownPeople => {
            "Give them a table in holdpoint.toml: [people.\"PRINCIPAL\"] with alias = \"NAME\", as the document writes it."
        }
        Rule::Effective => "Use the revision that is effective now.",
        Rule::CleanCommit => "Run it in a git repository, from a commit.",
        Rule::SameCommit => "Go back to that commit, or open a new run.",
        Rule::Roles => "Give them the role again, or open a new run.",
        Rule::Window => "Wait until it opens.",
        Rule::Freeze => "Wait until that is over.",
        Rule::NotBefore => "Wait until then.",
        Rule::ApprovedDocument | Rule::Rehearsal | Rule::Change | Rule::Anchor => "",
    };
    help.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_each_of_several_rules_stands_on_a_line_of_its_own() {
        let mut obeyed = Obeyed { may_override: vec!["lead".to_owned()], ..Obeyed::default() };
        obeyed.add(
            Rule::Committed,
            "it is not committed".to_owned(),
            "Approve it: holdpoint approve book.md",
        );
        obeyed.add(
            Rule::Rehearsal,
            "it was not rehearsed".to_owned(),
            "Run it there first: holdpoint run book.md",
        );
        let refusal = obeyed.refusal().map(|refusal| refusal.adding("Then: holdpoint resume 1"));
        let advice = refusal.as_ref().and_then(Problem::advice).unwrap_or_default();
        assert_eq!(
            advice.lines().collect::<Vec<_>>(),
            [
                "Approve it: holdpoint approve book.md",
                "Run it there first: holdpoint run book.md",
                "(Or somebody with the role lead answers for it: --override REASON --override-by WHO)",
                "Then: holdpoint resume 1",
            ]
        );
    }
}
