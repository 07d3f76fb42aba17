//! `approve`: an approver signs a document's bytes; `--list` says who has and who has not.

use holdpoint_document::{Config, Diagnostic};
use holdpoint_signing::{APPROVAL, Approval, Asked, Moment, Signer, Signers, prove_approval};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::prepare::{self, Checked, today};
use crate::approvals::{self, Standing};
use crate::args::{self, Format};
use crate::by_key::{self, KeyFile};
use crate::digest::sha256;
use crate::exit::Exit;
use crate::git;
use crate::interrupts::Interrupts;
use crate::operator::{not_in_a_block, operator, time_zone};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::terminal::ask::{self, Asked as Answer};

/// A document at hand, and how it stands.
struct AtHand {
    checked: Checked,
    asked: Asked,
    signers: Signers,
    standing: Standing,
}

/// Takes one approval, or lists them.
pub fn approve(screen: &Screen, arguments: &args::Approve) -> Result<Exit, Problem> {
    let at_hand = at_hand(arguments)?;
    if arguments.list {
        return Ok(list(screen, &at_hand, arguments.format));
    }
    not_in_a_block("nothing is approved")?;
    refuse_broken(&at_hand.checked)?;
    let AtHand { checked, asked, signers, standing } = &at_hand;
    let (said, _) = operator(arguments.principal.as_deref(), &checked.place.root)?;
    let config = checked.place.configuration();
    let who = config.map_or(said.as_str(), |config| config.person(&said)).to_owned();
    show(screen, &at_hand)?;
    if let Some(why) = asked.refusal(&who) {
        let help = match asked.approvers.as_slice() {
            [] => "Name them in its front matter: approvers: [WHO].",
            named if named.contains(&who) => "Name an approver in its front matter who did not write it.",
            named => {
                let names: Vec<&str> = named.iter().map(String::as_str).collect();
                match holdpoint_document::nearest(&said, &names) {
                    Some(near) => &format!("Did you mean {near}?"),
                    None => "If you are one of them, say so with --as; holdpoint.toml knows names by alias.",
                }
            }
        };
        return Err(Problem::refused(why, help));
    }
    if let Some((kept, _)) = standing.held(&who) {
        screen.tell(&format!("{who} has approved these very bytes already: {}", kept.path));
        return Ok(Exit::Passed);
    }
    let Some(name) = config.and_then(|config| config.people.get(&who)?.name.clone()) else {
        return Err(Problem::usage(
            format!("an approval shows a printed name, and holdpoint.toml has none for {who}"),
            format!("Add it: [people.\"{who}\"] with name = \"First Last\"."),
        ));
    };
    let key = KeyFile::of_key(arguments.key.as_deref());
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let able = || by_key::is_able(screen, signers, &who, APPROVAL, key);
    if !arguments.yes && !consents(screen, &who, checked, able)? {
        screen.say("Nothing was approved.");
        return Ok(Exit::Parked);
    }
    let at = Moment::of(Timestamp::now(), &TimeZone::system());
    let approval = Approval::of(asked, Signer { principal: who.clone(), name: name.clone() }, at);
    let fault = |error| Problem::fault(format!("the approval cannot be written: {error}"), "");
    let statement = approval.to_bytes().map_err(fault)?;
    let signature = by_key::signature(signers, &who, APPROVAL, key, &statement);
    let signature = match signature {
        Ok(signature) => signature.into_bytes(),
        Err(why) => {
            screen.tell(&format!("Nothing was approved: {}", screen.neutralise(&why)));
            return Ok(Exit::Parked);
        }
    };
    if let Err(why) = prove_approval(&statement, &signature, signers, Timestamp::now()) {
        return Err(Problem::refused(
            format!("it was signed, and does not count: {why}"),
            "Nothing was written. The file that [signers] names must list your key, for approvals too: \
             namespaces=\"signoff@holdpoint,approval@holdpoint\".",
        ));
    }
    let path = approvals::write(&checked.place.root, &approval, &statement, &signature)?;
    tell(screen, &at_hand, &who, &name, &path);
    Ok(Exit::Passed)
}

fn at_hand(arguments: &args::Approve) -> Result<AtHand, Problem> {
    let checked = prepare::check(&arguments.file)?;
    let sources = &checked.sources;
    let document = (checked.path.as_str(), sha256(sources.own().as_bytes()), sources.named());
    let document = (document.0, document.1.as_str(), document.2.as_slice());
    let asked = Asked::of(document, &checked.plan, checked.place.configuration());
    let signers = approvals::signers(&checked.place, &time_zone()?)
        .map_err(|why| Problem::usage(why, "holdpoint.toml names these files under [signers]."))?;
    let kept = approvals::kept(&checked.place.root).map_err(|why| {
        Problem::usage(why, "Remove it, or bring back what was committed: `git status` shows it.")
    })?;
    let standing = approvals::standing(&asked, kept, &signers, Timestamp::now(), today());
    Ok(AtHand { checked, asked, signers, standing })
}

/// A document that could not run is not approved.
fn refuse_broken(checked: &Checked) -> Result<(), Problem> {
    let broken: Vec<&Diagnostic> =
        checked.findings.iter().filter(|finding| checked.keeps_from_running(finding)).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let findings = checked.sources.findings(&checked.path, broken);
    Err(Problem::findings(format!("{} {}; nothing was approved", checked.path, checked.has()), findings))
}

fn consents(
    screen: &Screen,
    who: &str,
    checked: &Checked,
    able: impl FnOnce() -> bool,
) -> Result<bool, Problem> {
    if !prepare::asks(screen, false)? {
        return Err(Problem::usage(
            "there is no terminal to ask at",
            "Look at what is shown above, and at the document. Then add --yes to approve it.",
        ));
    }
    if !able() {
        return Ok(false);
    }
    let options = [
        ("leave", 'l', "approve nothing now"),
        ("approve", 'a', "sign these very bytes; whatever changes later takes a new approval"),
        ("show", 's', "show the document, whole"),
    ];
    loop {
        match ask::one_of(screen, &format!("{}, what now?", screen.neutralise(who)), &options, true) {
            Answer::Said("approve") => return Ok(true),
            Answer::Said("show") => {
                let show = |line: &str| screen.tell(&format!("    {}", screen.neutralise(line)));
                checked.sources.own().lines().for_each(show);
                for file in checked.sources.files() {
                    screen.tell(&format!("  included: {}", screen.neutralise(&file.path)));
                    file.text.lines().for_each(show);
                }
            }
            _ => return Ok(false),
        }
    }
}

/// What is to be approved, and by whom it was.
fn show(screen: &Screen, at_hand: &AtHand) -> Result<(), Problem> {
    let AtHand { checked, asked, standing, .. } = at_hand;
    let document = &asked.document;
    let say = |name: &str, value: &str| screen.say_hung(&format!("  {name:<12}"), &screen.neutralise(value));
    screen.say(&screen.style().bold().apply_to(screen.rule(&screen.neutralise(&document.title))).to_string());
    say("document", &document.path);
    let claims = [
        ("id", &document.document_id),
        ("revision", &document.revision),
        ("effective", &document.effective_date),
    ];
    for (name, claim) in claims {
        say(name, claim.as_deref().unwrap_or("not said"));
    }
    say("sha256", &document.sha256);
    for file in &document.includes {
        say("includes", &format!("{}, sha256 {}", file.path, file.sha256));
    }
    let traced = checked.place.trace(&checked.sources.each(&checked.path))?;
    say(
        "commit",
        &match (&traced.commit, traced.committed) {
            (Some(commit), Some(true)) => {
                format!("{}, with these very bytes", &commit[..commit.len().min(12)])
            }
            (Some(commit), _) => {
                format!("{}, which has other bytes or none", &commit[..commit.len().min(12)])
            }
            (None, _) => "none".to_owned(),
        },
    );
    let config = checked.place.configuration();
    let named = |all: &[String]| all.iter().map(|who| printed(who, config)).collect::<Vec<_>>().join(", ");
    say(
        "authors",
        if asked.authors.is_empty() { "not said".to_owned() } else { named(&asked.authors) }.as_str(),
    );
    for (who, state) in states(at_hand) {
        say("approver", &format!("{}: {state}", printed(&who, config)));
    }
    if let Some(why) = &standing.superseded {
        say("superseded", why);
    }
    for finding in &checked.findings {
        let mark = if finding.is_error() { "error" } else { "warning" };
        say(mark, &format!("{} ({})", finding.message, finding.code.as_str()));
    }
    screen.say("");
    Ok(())
}

fn printed(who: &str, config: Option<&Config>) -> String {
    let name = config.and_then(|config| config.people.get(who)?.name.as_deref());
    name.map_or_else(|| who.to_owned(), |name| format!("{name} ({who})"))
}

/// Each approver with how their approval stands, in words.
fn states(at_hand: &AtHand) -> Vec<(String, String)> {
    let AtHand { asked, standing, .. } = at_hand;
    let state = |who: &String| match (standing.held(who), standing.failed(who)) {
        (Some((kept, given)), _) => {
            let at = holdpoint_report::clock_of(&kept.approval.at.time, &jiff::tz::TimeZone::system());
            format!("approved {at} with {}", given.key)
        }
        (None, Some(why)) => format!("the approval does not hold: {why}"),
        (None, None) => "has not approved it".to_owned(),
    };
    let mut states: Vec<(String, String)> =
        asked.approvers.iter().map(|who| (who.clone(), state(who))).collect();
    let stray = standing.failing.iter().filter(|(who, _)| !asked.approvers.contains(who));
    states.extend(stray.map(|(who, why)| (who.clone(), format!("the approval does not hold: {why}"))));
    states
}

fn tell(screen: &Screen, at_hand: &AtHand, who: &str, name: &str, path: &str) {
    let AtHand { checked, asked, standing, .. } = at_hand;
    let (place, document) = (&checked.place, &checked.path);
    screen.tell(&screen.neutralise(&format!("Approved by {name} ({who}): {path}")));
    let missing = asked.approvers.iter().filter(|other| *other != who && standing.held(other).is_none());
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    if !missing.is_empty() {
        screen.tell(&screen.neutralise(&format!("  still missing: {}", missing.join(", "))));
    }
    if !place.is_git {
        return screen.tell("  This is no git repository: keep the file with the document.");
    }
    let directory = path.rsplit_once('/').map_or(path, |(directory, _)| directory);
    // It is approved already: this is only a hint.
    if git::ignores(&place.root, path, false).unwrap_or(false) {
        screen.tell(
            "  git ignores it: take the line that does out of .gitignore; only .holdpoint/runs belongs there.",
        );
    }
    screen.say(&screen.neutralise(&format!("  commit it with the document: git add {document} {directory}")));
}

/// Who has approved it, as data. Ends with 1 if it is not approved.
fn list(screen: &Screen, at_hand: &AtHand, format: Format) -> Exit {
    let AtHand { checked, asked, standing, .. } = at_hand;
    let missing = asked.not_approved(&standing.given(), holdpoint_document::Assurance::Typed, false);
    let approved = missing.is_none() && standing.superseded.is_none();
    let config = checked.place.configuration();
    match format {
        Format::Text => {
            for (who, state) in states(at_hand) {
                screen.data(&screen.neutralise(&format!("{}: {state}", printed(&who, config))));
            }
            for why in missing.iter().chain(&standing.superseded) {
                screen.data(&screen.neutralise(&format!("not approved: {why}")));
            }
        }
        Format::Json => {
            let approver = |who: &String| {
                json!({
                    "who": who,
                    "name": config.and_then(|config| config.people.get(who)?.name.clone()),
                    "approved": standing.held(who).map(|(kept, given)| {
                        json!({"time": kept.approval.at.time, "key": given.key, "file": kept.path})
                    }),
                    "does_not_hold": standing.failed(who),
                })
            };
            let approvers: Vec<_> = asked.approvers.iter().map(approver).collect();
            let json = json!({
                "document": asked.document,
                "approved": approved,
                "approvers": approvers,
                "missing": missing,
                "superseded": standing.superseded,
            });
            screen.data(&serde_json::to_string_pretty(&json).unwrap_or_default());
        }
    }
    if approved { Exit::Passed } else { Exit::Failed }
}
