//! Two people are two people: names in `holdpoint.toml` that could be taken for one another.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::{Findings, line};
use crate::{Code, Config, Span, folded, looks, unseen};

/// How many letters a slip of the keyboard changes at most.
const SLIP: usize = 2;
/// With so many names is one compared at most: comparing takes long beside everything else.
const TRIED: usize = 500;

/// Every name of somebody in the file, where it stands.
#[derive(Default)]
pub(super) struct Named {
    /// Principals, of `[people]` and of `[roles]`.
    pub(super) principals: Vec<(String, Span)>,
    /// Whoever is given a role.
    pub(super) members: Vec<(String, Span)>,
    /// Aliases, each with whose it is.
    pub(super) aliases: Vec<(String, String, Span)>,
    /// Printed names, each with whose it is.
    pub(super) printed: Vec<(String, String, Span)>,
}

/// A name as people are shown it, whose it is, and where it stands.
type Shown<'a> = (&'a str, String, Span);

/// Reports and sign-offs show people by their printed names, or else by their principals: of two people these must not
/// look the same.
pub(super) fn told_apart(named: &Named, source: &str, findings: &mut Findings) {
    for (name, _, span) in &named.printed {
        if folded(name).is_empty() {
            findings.add(
                Code::BadValue,
                *span,
                "a printed name is empty",
                "write it as sign-offs show it, or remove the key",
            );
        }
        if let Some(c) = unseen(name) {
            let message = format!("a name has the character U+{:04X}, which nobody sees", u32::from(c));
            findings.add(Code::BadValue, *span, message, "remove it: who is who must be seen");
        }
    }
    let principals = named.principals.iter().map(|(name, span)| (name, name, *span));
    let printed = named.printed.iter().map(|(name, whose, span)| (name, whose, *span));
    let mut seen: BTreeMap<(usize, String), Vec<Shown<'_>>> = BTreeMap::new();
    let mut once = BTreeSet::new();
    for (name, whose, span) in
        principals.chain(printed).filter(|(name, whose, _)| once.insert((*name, *whose)))
    {
        let own = folded(whose);
        // Principals of ASCII letters are compared as they are: a program compares them, and `bernd` is not `bemd`.
        let plain = |name: &str| name.is_ascii() && named.principals.iter().any(|(other, _)| other == name);
        let mut other = None;
        for key in looks(name).into_iter().enumerate() {
            let alike = seen.entry(key).or_default();
            other = other.or_else(|| {
                let two = |(before, of, _): &&Shown<'_>| *of != own && !(plain(before) && plain(name));
                alike.iter().find(two).map(|(before, _, at)| (*before, *at))
            });
            alike.push((name, own.clone(), span));
        }
        if let Some((other, at)) = other {
            let message = format!(
                "`{name}` and `{other}` on line {} look the same, and are two people's",
                line(at, source)
            );
            let help = "write names that nobody can take for one another on a report";
            findings.add(Code::BadValue, span, message, help);
        }
    }
}

/// A role is given to somebody whom `[people]` does not list, and who is nearly somebody it lists: one letter more or
/// less, and nobody can ever sign. People whom nobody could have meant may have roles without being listed.
pub(super) fn roles_of_the_listed(config: &Config, named: &Named, findings: &mut Findings) {
    let roles: BTreeSet<String> = config.roles.values().flatten().map(|who| folded(who)).collect();
    let listed: BTreeSet<String> = config.people.keys().map(|who| folded(who)).collect();
    let digits_off = |who: &str| who.replace(|c: char| c.is_ascii_digit(), "");
    for (who, span) in &named.members {
        let own = folded(who);
        if listed.contains(&own) {
            continue;
        }
        // Whoever is listed and has roles of their own is somebody else.
        let free = listed.iter().filter(|other| !roles.contains(*other));
        let near = |other: &&String| {
            own.chars().count().abs_diff(other.chars().count()) <= SLIP
                && strsim::damerau_levenshtein(&own, other) <= SLIP
                && digits_off(&own) != digits_off(other)
        };
        if let Some(other) = free.take(TRIED).find(near) {
            let meant = config.people.keys().find(|name| folded(name) == *other).unwrap_or(other);
            let message = format!("`{who}` has a role, and [people] does not list them");
            let help = format!(
                "did you mean `{meant}`? Somebody else gets a table of their own: [people.\"{who}\"]"
            );
            findings.add(Code::Undeclared, *span, message, help);
        }
    }
}

/// Principals that look the same, or differ in case only, are one person, and an alias names one person: else whoever signs could be
/// whoever performed.
pub(super) fn one_person_each(named: &Named, source: &str, findings: &mut Findings) {
    let mut spellings: BTreeMap<String, Vec<(&str, Span)>> = BTreeMap::new();
    for (name, span) in &named.principals {
        let spelt = spellings.entry(folded(name)).or_default();
        if !spelt.iter().any(|(other, _)| other == name) {
            spelt.push((name, *span));
        }
    }
    let line = |span| line(span, source);
    let aliases = named.aliases.iter().map(|(alias, _, span)| (alias, span));
    for (name, span) in named.principals.iter().map(|(name, span)| (name, span)).chain(aliases) {
        if let Some(c) = unseen(name) {
            let message = format!("a name has the character U+{:04X}, which nobody sees", u32::from(c));
            findings.add(Code::BadValue, *span, message, "remove it: who is who must be seen");
        }
    }
    for spelt in spellings.values().filter(|spelt| spelt.len() > 1) {
        for (name, span) in spelt {
            let others = spelt.iter().filter(|(other, _)| other != name);
            let others: Vec<String> =
                others.map(|(other, at)| format!("`{other}` on line {}", line(*at))).collect();
            let message = format!("`{name}` and {} are one person, written in two ways", others.join(", "));
            findings.add(Code::BadValue, *span, message, "write a principal the same way everywhere");
        }
    }
    // Whose each name is, and where it is given.
    let mut owners: BTreeMap<String, Vec<(String, Span)>> = BTreeMap::new();
    for (name, span) in &named.principals {
        owners.entry(folded(name)).or_default().push((folded(name), *span));
    }
    for (alias, who, span) in &named.aliases {
        owners.entry(folded(alias)).or_default().push((folded(who), *span));
    }
    for (alias, who, span) in &named.aliases {
        let own = folded(who);
        let others = owners.get(&folded(alias)).into_iter().flatten();
        if let Some((_, at)) = others.into_iter().find(|(owner, _)| *owner != own) {
            let at = *at;
            let message = format!("`{alias}` names somebody else too, on line {}", line(at));
            findings.add(Code::BadValue, *span, message, "give each person an alias of their own");
        }
    }
}
