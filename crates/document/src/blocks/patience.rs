//! `retry` and `hold`: a block that is begun again by itself, until it passes or for as long as it must hold.

use super::raw::{Kind, Read};
use crate::findings::Findings;
use crate::spanned::{Fields, Node};
use crate::{Code, Hold, MOST_TRIES, PROBE_LIMIT, Retry, Span};

/// Where each of them stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Patience {
    pub(super) retry: Option<Span>,
    pub(super) hold: Option<Span>,
}

/// Reads both. `timeout` and `idempotent` have been read.
pub(super) fn patience(
    fields: &mut Fields<'_>,
    kind: Kind,
    read: &mut Read,
    findings: &mut Findings,
) -> Patience {
    let (retry, hold) = (fields.get("retry"), fields.get("hold"));
    read.options.retry = retry.and_then(|node| self::retry(node, findings));
    if let Some(node) = retry
        && kind != Kind::Check
        && !read.options.idempotent
    {
        findings.add(
            Code::RetryNotIdempotent,
            node.span,
            "a block that changes something is retried, and nothing says that this is harmless",
            "add `idempotent: true` if running it twice does no harm, else remove `retry`",
        );
    }
    if let Some(node) = hold {
        read.options.hold = self::hold(node, findings);
        if kind == Kind::Check {
            // How long a try may take says how long nobody may have looked.
            read.options.timeout.get_or_insert(PROBE_LIMIT);
        } else {
            findings.add(
                Code::Misplaced,
                node.span,
                "`hold` is for checks, which are tried over and over, and this block may change something",
                "move `hold` to a check that follows this block",
            );
            read.options.hold = None;
        }
    }
    Patience { retry: retry.map(|node| node.span), hold: hold.map(|node| node.span) }
}

fn retry(node: &Node, findings: &mut Findings) -> Option<Retry> {
    let mut fields = Fields::open(node, "`retry`", findings)?;
    let every = fields.need("every", "say how long to wait between attempts: `every: 5s`", findings);
    let every = every.and_then(|node| node.duration(findings));
    let for_ = fields.need("for", "say how long to go on: `for: 3m`", findings);
    let for_ = for_.and_then(|node| node.duration(findings));
    fields.finish(findings);
    let (every, for_) = (every?, for_?);
    if every > for_ {
        let message = "`every` is longer than `for`, so nothing is ever tried again";
        node.bad(findings, message, "wait less between attempts, or go on for longer");
        return None;
    }
    Some(Retry { every, for_ })
}

fn hold(node: &Node, findings: &mut Findings) -> Option<Hold> {
    let mut fields = Fields::open(node, "`hold`", findings)?;
    let for_ = fields.need("for", "say how long it must hold: `for: 10m`", findings);
    let for_ = for_.and_then(|node| node.duration(findings));
    let every = fields.need("every", "say how long to wait between tries: `every: 30s`", findings);
    let every = every.and_then(|node| node.duration(findings));
    fields.finish(findings);
    let (for_, every) = (for_?, every?);
    if every >= for_ {
        let message = "`every` is not shorter than `for`, so nobody would look in between";
        node.bad(findings, message, "try more often, or hold for longer");
        return None;
    }
    let tries = for_.as_millis() / every.as_millis().max(1);
    if tries > u128::from(MOST_TRIES) {
        let message = format!("these are {tries} tries, and each is on record: {MOST_TRIES} at the most");
        node.bad(findings, message, "try less often, or hold for less long");
        return None;
    }
    Some(Hold { for_, every })
}
