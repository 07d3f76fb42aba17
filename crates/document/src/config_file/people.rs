//! Two people are two people: names in `holdpoint.toml` that could be taken for one another.

use std::collections::BTreeMap;

use crate::findings::Findings;
use crate::{Code, Span, folded};

/// Every name of somebody in the file, where it stands.
#[derive(Default)]
pub(super) struct Named {
    /// Principals, of `[people]` and of `[roles]`.
    pub(super) principals: Vec<(String, Span)>,
    /// Aliases, each with whose it is.
    pub(super) aliases: Vec<(String, String, Span)>,
}

/// Principals that differ in case only are one person, and an alias names one person: else whoever signs could be
/// whoever performed.
pub(super) fn one_person_each(named: &Named, source: &str, findings: &mut Findings) {
    let mut spellings: BTreeMap<String, Vec<(&str, Span)>> = BTreeMap::new();
    for (name, span) in &named.principals {
        let spelt = spellings.entry(folded(name)).or_default();
        if !spelt.iter().any(|(other, _)| other == name) {
            spelt.push((name, *span));
        }
    }
    let line = |span: Span| source.get(..span.start).unwrap_or_default().matches('\n').count() + 1;
    for spelt in spellings.values().filter(|spelt| spelt.len() > 1) {
        for (name, span) in spelt {
            let others = spelt.iter().filter(|(other, _)| other != name);
            let others: Vec<String> =
                others.map(|(other, at)| format!("`{other}` on line {}", line(*at))).collect();
            let message = format!("`{name}` and {} are one person, written in two ways", others.join(", "));
            findings.add(Code::BadValue, *span, message, "write a principal the same way everywhere");
        }
    }
    for (alias, who, span) in &named.aliases {
        let (wanted, own) = (folded(alias), folded(who));
        let principal = named.principals.iter().filter(|(name, _)| folded(name) == wanted && wanted != own);
        let other = named.aliases.iter().filter(|(name, of, _)| folded(name) == wanted && folded(of) != own);
        let mut places = principal.map(|(_, at)| *at).chain(other.map(|(_, _, at)| *at));
        if let Some(at) = places.next() {
            let message = format!("`{alias}` names somebody else too, on line {}", line(at));
            findings.add(Code::BadValue, *span, message, "give each person an alias of their own");
        }
    }
}
