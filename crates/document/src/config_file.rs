//! Reads `holdpoint.toml`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::findings::{Findings, suggest};
use crate::names::is_variable;
use crate::spanned::{Fields, Node, Value, parse_toml};
use crate::{
    AnchorsFrom, Assurance, Checks, Code, Config, CoverageFloors, Diagnostic, Environment, Person, Span,
    UserConfig,
};

/// Most environments: each condition of a document may have to look at all of them.
const MOST_ENVIRONMENTS: usize = 1000;

mod notify;
mod people;
mod requires;
mod table;
mod targets;

use people::Named;
pub(crate) use requires::no_time;
use table::table;

/// The configuration and what is wrong with it.
pub(crate) fn read(source: &str) -> (Config, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let config = parse_toml(source, &mut findings)
        .map(|node| decode(&node, source, &mut findings))
        .unwrap_or_default();
    (config, findings.into_sorted(source))
}

/// The user's own configuration and what is wrong with it.
pub(crate) fn read_own(source: &str) -> (UserConfig, Vec<Diagnostic>) {
    let (mut findings, mut config) = (Findings::default(), UserConfig::default());
    let node = parse_toml(source, &mut findings);
    let fields = node.as_ref().and_then(|node| Fields::open(node, "your own configuration", &mut findings));
    if let Some(mut fields) = fields {
        if let Some(node) = fields.get("allow_paths") {
            config.allow_paths = node.texts(&mut findings).unwrap_or_default();
            if config.allow_paths.iter().any(|path| !path.starts_with('/')) {
                let message = "a directory in `allow_paths` is not given from the root";
                findings.add(Code::BadValue, node.span, message, "write the whole path: \"/srv/records\"");
            }
        }
        config.checks = checks(&mut fields, &mut findings);
        config.notify = notify::read(fields.get("notify"), true, &mut findings);
        if let Some(node) = fields.get("allow_notices") {
            config.allow_notices = node.texts(&mut findings).unwrap_or_default();
            if config.allow_notices.iter().any(|path| !path.starts_with('/')) {
                let message = "a directory in `allow_notices` is not given from the root";
                findings.add(Code::BadValue, node.span, message, "write the whole path: \"/srv/shop\"");
            }
        }
        fields.finish(&mut findings);
    }
    (config, findings.into_sorted(source))
}

/// Whether checks wait for somebody.
fn checks(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Checks> {
    fields.get("checks")?.word(findings, &[("ask", Checks::Ask), ("auto", Checks::Auto)])
}

fn decode(node: &Node, source: &str, findings: &mut Findings) -> Config {
    let mut config = Config::default();
    let Some(mut fields) = Fields::open(node, "the configuration", findings) else { return config };
    config.checks = checks(&mut fields, findings);
    config.notify = notify::read(fields.get("notify"), false, findings);
    config.store = one(fields.get("store"), "`[store]`", "path", findings);
    if let Some(mut fields) =
        fields.get("signers").and_then(|node| Fields::open(node, "`[signers]`", findings))
    {
        config.signers =
            fields.need("file", "add it, or remove the table", findings).and_then(|node| node.text(findings));
        config.revoked = fields.text("revoked", findings);
        fields.finish(findings);
    }
    let mut named = Named::default();
    for entry in table(fields.get("people"), "[people.\"PRINCIPAL\"]", findings) {
        let Some(mut fields) = Fields::open(&entry.node, "a person", findings) else { continue };
        let (name, alias) = (fields.get("name"), fields.get("alias"));
        let read = name.and_then(|node| node.text(findings));
        if let (Some(node), Some(name)) = (name, &read) {
            named.printed.push((name.clone(), entry.key.clone(), node.span));
        }
        let person = Person { name: read, alias: alias.and_then(|node| node.text(findings)) };
        named.principals.push((entry.key.clone(), entry.key_span));
        if let (Some(node), Some(alias)) = (alias, &person.alias) {
            named.aliases.push((alias.clone(), entry.key.clone(), node.span));
        }
        fields.finish(findings);
        config.people.insert(entry.key.clone(), person);
    }
    for entry in table(fields.get("roles"), "[roles]", findings) {
        let principals = entry.node.texts(findings).unwrap_or_default();
        if let Value::Seq(items) = &entry.node.value {
            let spans = items.iter().map(|item| item.span);
            named.members.extend(principals.iter().cloned().zip(spans));
        }
        config.roles.insert(entry.key.clone(), principals);
    }
    named.principals.extend(named.members.iter().cloned());
    people::one_person_each(&named, source, findings);
    people::told_apart(&named, source, findings);
    people::roles_of_the_listed(&config, &named, findings);
    let (mut rehearsals, mut overriding) = (Vec::new(), Vec::new());
    let mut alike: HashMap<String, &str> = HashMap::new();
    let environments = table(fields.get("environments"), "[environments.NAME]", findings);
    if let Some(beyond) = environments.get(MOST_ENVIRONMENTS) {
        let message = format!("{} environments: there may be {MOST_ENVIRONMENTS}", environments.len());
        findings.add(Code::BadValue, beyond.key_span, message, "take out those that no document runs in");
    }
    for entry in environments.iter().take(MOST_ENVIRONMENTS) {
        if entry.key.trim() != entry.key || entry.key.is_empty() {
            let message = format!("`{}` cannot be the name of an environment", entry.key);
            findings.add(Code::BadValue, entry.key_span, message, "write it without blanks around it");
        }
        match alike.entry(entry.key.to_lowercase()) {
            Entry::Occupied(other) => {
                let message = format!("`{}` and `{}` differ in case only", entry.key, other.get());
                findings.add(Code::BadValue, entry.key_span, message, "give one of them another name");
            }
            Entry::Vacant(free) => {
                free.insert(entry.key.as_str());
            }
        }
        let before = rehearsals.len();
        let environment = environment(&entry.node, source, &mut rehearsals, &mut overriding, findings);
        for (_, span) in rehearsals[before..].iter().filter(|(name, _)| *name == entry.key) {
            let message = "no environment is its own rehearsal".to_owned();
            findings.add(
                Code::BadValue,
                *span,
                message,
                "name the environment in which this one is rehearsed",
            );
        }
        if let Some(environment) = environment {
            config.environments.insert(entry.key.clone(), environment);
        }
    }
    if let Some(fields) = fields.get("anchors").and_then(|node| Fields::open(node, "`[anchors]`", findings)) {
        config.anchors = anchors(fields, findings);
    }
    if let Some(fields) = fields.get("coverage").and_then(|node| Fields::open(node, "`[coverage]`", findings))
    {
        config.coverage = floors(fields, findings);
    }
    fields.finish(findings);
    let known: Vec<&str> = config.roles.keys().map(String::as_str).collect();
    for (role, span) in overriding.iter().filter(|(role, _)| !config.roles.contains_key(role)) {
        let message = format!("nobody has the role `{role}`");
        findings.add(Code::Undeclared, *span, message, suggest(role, &known, "roles"));
    }
    for (name, span) in rehearsals {
        match config.environments.get(&name) {
            Some(environment) if environment.rehearsal => {}
            Some(_) => findings.add(
                Code::BadValue,
                span,
                format!("the environment `{name}` is not a rehearsal"),
                format!("add `rehearsal = true` to [environments.{name}]"),
            ),
            None => {
                let names: Vec<&str> = config.environments.keys().map(String::as_str).collect();
                let message = format!("there is no environment `{name}`");
                findings.add(Code::Undeclared, span, message, suggest(&name, &names, "environments"));
            }
        }
    }
    config
}

/// Parts of a hundred.
fn floors(mut fields: Fields<'_>, findings: &mut Findings) -> CoverageFloors {
    let mut floor = |key| {
        let node: &Node = fields.get(key)?;
        let percent = node.int(findings)?;
        let floor = u8::try_from(percent).ok().filter(|floor| *floor <= 100);
        if floor.is_none() {
            let message = format!("`{key}` is {percent}, and is a part of a hundred");
            findings.add(Code::BadValue, node.span, message, "write a whole number from 0 to 100");
        }
        floor
    };
    let (checked, rollback) = (floor("checked"), floor("rollback"));
    let (rehearsed, ran) = (floor("rehearsed"), floor("ran"));
    fields.finish(findings);
    CoverageFloors { checked, rollback, rehearsed, ran }
}

/// Where anchors come from.
fn anchors(mut fields: Fields<'_>, findings: &mut Findings) -> AnchorsFrom {
    let tsa = fields.get("tsa").and_then(|node| {
        let address = node.text(findings)?;
        let known = address.starts_with("https://") || address.starts_with("http://");
        if !known {
            let message = format!("`{address}` is no address of an authority");
            findings.add(Code::BadValue, node.span, message, "it begins with https:// or http://");
        }
        known.then_some(address)
    });
    let ca = fields.get("ca");
    let path = ca.and_then(|node| node.text(findings));
    if let (Some(node), None) = (ca, &tsa) {
        let message = "`ca` says whose time-stamps count, but no authority is named".to_owned();
        findings.add(Code::Misplaced, node.span, message, "add `tsa = \"https://…\"`, or remove `ca`");
    }
    fields.finish(findings);
    AnchorsFrom { tsa, ca: path }
}

/// The only key of a table.
fn one(
    node: Option<&Node>,
    what: &'static str,
    key: &'static str,
    findings: &mut Findings,
) -> Option<String> {
    let mut fields = Fields::open(node?, what, findings)?;
    let value =
        fields.need(key, "add it, or remove the table", findings).and_then(|node| node.text(findings));
    fields.finish(findings);
    value
}

fn environment(
    node: &Node,
    source: &str,
    rehearsals: &mut Vec<(String, Span)>,
    overriding: &mut Vec<(String, Span)>,
    findings: &mut Findings,
) -> Option<Environment> {
    let mut fields = Fields::open(node, "an environment", findings)?;
    let mut read = Environment {
        rehearsal: fields.bool("rehearsal", findings).unwrap_or(false),
        protected: fields.bool("protected", findings).unwrap_or(false),
        four_eyes: fields.bool("four_eyes", findings).unwrap_or(false),
        ..Environment::default()
    };
    for entry in table(fields.get("vars"), "vars = { NAME = \"value\" }", findings) {
        is_variable(&entry.key, entry.key_span, findings);
        if let Some(value) = entry.node.scalar(findings) {
            read.vars.insert(entry.key.clone(), value);
        }
    }
    read.targets = targets::read(fields.get("targets"), source, findings);
    read.signature = fields.get("signature").and_then(|node| {
        let words = [("typed", Assurance::Typed), ("ssh", Assurance::Ssh), ("fido-uv", Assurance::FidoUv)];
        node.word(findings, &words)
    });
    read.sessions = fields
        .get("sessions")
        .and_then(|node| node.word(findings, &[("typed", Assurance::Typed), ("ssh", Assurance::Ssh)]));
    read.requires = requires::read(fields.get("requires"), rehearsals, findings);
    if let Some(node) = fields.get("override") {
        read.may_override = node.texts(findings).unwrap_or_default();
        overriding.extend(read.may_override.iter().map(|role| (role.clone(), node.span)));
    }
    fields.finish(findings);
    Some(read)
}
