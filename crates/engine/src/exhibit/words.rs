//! What happened beside the outcome of each action, one line an event, for whoever signs.

use crate::{
    Deviation, DeviationKind, Event, Evidence, Finished, Handover, Happened, Look, Override, Session,
    SignedOff, SignedSession, Wording,
};

/// The event in one line, with its number.
pub(super) fn line(wording: Wording, happened: &Happened) -> String {
    format!("event {}: {}", happened.n, words(wording, &happened.event))
}

pub(crate) fn words(wording: Wording, event: &Event) -> String {
    match event {
        Event::ActionFinished(finished) | Event::RollbackFinished(finished) => attempt(wording, finished),
        Event::SessionOpened(session) => {
            let Session { operator, os_user, host, unmet, .. } = session;
            let whys: String = unmet.iter().map(|unmet| format!("; did not hold: {}", unmet.why)).collect();
            let found = found(wording, &session.look());
            format!("taken up by {operator} (account {os_user} on {host}){whys}{found}")
        }
        Event::SessionSigned(signed) => {
            let SignedSession { name, assurance, seat, by, .. } = &**signed;
            format!("operated by {name} ({}), who signed that: {assurance}, {}", by.who, seat.words())
        }
        Event::RulesChecked(look) => {
            let whys: Vec<&str> = look.unmet.iter().map(|unmet| unmet.why.as_str()).collect();
            format!("rules did not hold: {}{}", whys.join("; "), found(wording, look))
        }
        Event::LogRecovered { torn } => format!("a torn tail of {} bytes was cut off the record", torn.bytes),
        Event::ValueRecorded { name, value, evidence, within_limits, by, .. } => {
            let limits = if *within_limits { "" } else { ", OUT OF ITS LIMITS" };
            let evidence = match evidence {
                None => String::new(),
                Some(Evidence::Url(url)) => format!(", evidence {url}"),
                Some(Evidence::File { path, blob }) => format!(", evidence {path} (sha256 {})", blob.sha256),
            };
            format!("{name} = {value}, recorded by {}{limits}{evidence}", wording.who(by))
        }
        Event::ValueCorrected(corrected) => corrected.words(),
        Event::SignOffGiven(SignedOff { action, role, name, assurance, presence, by, .. }) => {
            let place = presence.as_ref().map(|presence| format!(" ({})", presence.words()));
            let place = place.unwrap_or_default();
            let from = wording.source(by);
            format!("{action} signed off by {name} ({}){from} as {role}, {assurance}{place}", by.who)
        }
        Event::SignOffRejected { action, reason, presence, by, .. } => {
            let place = presence.as_ref().map(|presence| format!(" ({})", presence.words()));
            format!("{action} rejected by {}{}: {reason}", wording.who(by), place.unwrap_or_default())
        }
        Event::SignOffRefused { action, reason, by, .. } => {
            format!("an attempt by {} to sign off {action} did not count: {reason}", wording.who(by))
        }
        Event::SignOffLapsed { action, reason, .. } => format!("the sign-off of {action} lapsed: {reason}"),
        Event::Deviation(deviation) => deviated(wording, deviation),
        Event::DocumentExchanged(exchanged) => wording.of_whom(&exchanged.whose()),
        Event::Decision { action, place, choice, reason, by, .. } => {
            let (place, why) = (at(place.as_deref()), because(reason.as_deref()));
            format!("decided about {action}{place} by {}: {choice}{why}", wording.who(by))
        }
        Event::RollbackOpened { steps, reason, by, .. } => {
            let who =
                by.as_ref().map_or("as the document says".to_owned(), |by| format!("by {}", wording.who(by)));
            format!("rollback of {} {who}{}", steps.join(", "), because(reason.as_deref()))
        }
        Event::Note { text, step, corrects, by } => {
            let step = step.as_ref().map(|step| format!(" about {step}")).unwrap_or_default();
            let corrects = corrects.map(|n| format!(", correcting event {n}")).unwrap_or_default();
            format!("note by {}{step}{corrects}: {text}", wording.who(by))
        }
        Event::Handover(handover) => {
            let Handover { to, note, by, .. } = &**handover;
            format!("handed over to {to} by {}{}", wording.who(by), because(note.as_deref()))
        }
        Event::HandoverAccepted { by } => format!("handover accepted by {}", wording.who(by)),
        Event::HandoverWithdrawn { reason, by } => {
            format!("handover withdrawn by {}{}", wording.who(by), because(reason.as_deref()))
        }
        // Not told to whoever signs: `Happened` holds none of these.
        Event::RunOpened(_)
        | Event::NotApplicable { .. }
        | Event::ActionStarted(_)
        | Event::RollbackStarted(_)
        | Event::ItemConfirmed { .. }
        | Event::SignOffRequested { .. }
        | Event::RunClosed { .. } => String::new(),
    }
}

/// How the repository stood, and what was said of the change, where that was looked at.
fn found(wording: Wording, look: &Look) -> String {
    if wording < Wording::Seventh {
        return String::new();
    }
    let Look { commit, dirty, committed, change, .. } = look;
    let told = [
        commit.as_ref().map(|commit| format!("at commit {commit}")),
        (*committed == Some(false)).then(|| "THE DOCUMENT IS NOT AS COMMITTED".to_owned()),
        (*dirty == Some(true)).then(|| "UNCOMMITTED CHANGES in the work tree".to_owned()),
        change.as_ref().map(|seen| format!("of the change its script said: {}", seen.words())),
    ];
    told.into_iter().flatten().map(|told| format!("; {told}")).collect()
}

fn attempt(wording: Wording, finished: &Finished) -> String {
    let Finished { action, place, attempt, probe, outcome, exit, signal, error, expectations, .. } = finished;
    let place = at(place.as_deref());
    let probe = if *probe { ", to find out" } else { "" };
    let ended = match (exit, signal) {
        (Some(code), _) => format!(" (exit code {code})"),
        (None, Some(signal)) => format!(" (signal {signal})"),
        (None, None) => String::new(),
    };
    let missed = expectations.iter().filter(|judged| !judged.held).map(|judged| {
        let came = judged.came.as_deref().unwrap_or("it did not hold");
        match wording >= Wording::Seventh {
            true => format!("; expected {}, got {came}", judged.expected),
            false => format!("; {}: {came}", judged.expected),
        }
    });
    let error = error.iter().map(|error| format!("; {error}"));
    let why: String = error.chain(missed).collect();
    format!("{action}{place}, attempt {attempt}{probe}: {outcome}{ended}{why}")
}

fn deviated(wording: Wording, deviation: &Deviation) -> String {
    let Deviation { kind, step, action, place, script, overridden, reason, by } = deviation;
    if let Some(overridden) = overridden {
        let Override { rules, role, name, assurance, .. } = &**overridden;
        let rules: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
        return format!(
            "rules overridden ({}) by {name} ({}) as {role}, {assurance}: {reason}",
            rules.join(", "),
            by.who
        );
    }
    let of = action.as_ref().unwrap_or(step);
    let script = script.as_ref().map(|script| format!("; runs instead: sha256 {}", script.sha256));
    let script = script.unwrap_or_default();
    // The wordings' own names: records keep the text, and it is made again as it was.
    let kind = match kind {
        DeviationKind::Shell => "outside of the document",
        DeviationKind::OutOfOrder => "out of order",
        kind => kind.words(),
    };
    format!("{kind}: {of}{} by {}: {reason}{script}", at(place.as_deref()), wording.who(by))
}

fn at(place: Option<&str>) -> String {
    place.map(|place| format!(" at {place}")).unwrap_or_default()
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}
