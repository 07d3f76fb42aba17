//! `allowed_signers`: who may sign with which key, in OpenSSH's own format and meaning (ssh-keygen(1)).
//!
//! Stricter than OpenSSH in one thing: a line that cannot be read makes the file unusable, rather than being passed
//! over, so that nobody is left out by a slip nobody sees.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use holdpoint_model::folded;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::certificate::{CertType, Certificate};
use ssh_key::public::KeyData;

use crate::Presented;
use crate::anchor::GIT;
use crate::envelope::kind_is_taken;
use crate::options::{self, Options};
use crate::pattern::matches_list;
use crate::{APPROVAL, EXPUNGE, REVIEW, SESSION, SIGNOFF};

/// What is signed here, and git's own, as which tags are signed that anchor a run.
const NAMESPACES: [&str; 6] = [SIGNOFF, SESSION, APPROVAL, EXPUNGE, REVIEW, GIT];

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadSigners {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// The file, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    lines: Vec<Line>,
}

/// One line: whose key, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    principals: String,
    options: Options,
    key: KeyData,
}

impl AllowedSigners {
    /// Reads the text. Times without a zone of their own are of `zone`: OpenSSH takes the local one.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn read(text: &str, zone: &TimeZone) -> Result<AllowedSigners, BadSigners> {
        let mut lines = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let Some(text) = of_a_key(text) else { continue };
            let number = index + 1;
            let read = plain(text).and_then(|()| line(number, text, zone));
            lines.push(read.map_err(|reason| BadSigners { line: number, reason })?);
        }
        Ok(AllowedSigners { lines })
    }

    /// Whether nobody may sign.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Holds the lines against who is who: a key is one person's, and a person is written in one way. `known` are the
    /// names that people go by, `person` says whose each is. Lines for other namespaces than ours and git's say nothing here.
    ///
    /// # Errors
    /// Which two places name one person as two, in words.
    pub fn one_person_each(&self, known: &[&str], person: impl Fn(&str) -> String) -> Result<(), String> {
        let ours = |line: &&Line| {
            let list = line.options.namespaces.as_deref();
            list.is_none_or(|list| NAMESPACES.iter().any(|namespace| matches_list(namespace, list)))
        };
        let lines: Vec<&Line> = self.lines.iter().filter(ours).collect();
        // Nothing between two commas is nobody.
        let literal = |pattern: &&str| !pattern.is_empty() && !pattern.contains(['*', '?', '!']);
        let plain = |pattern: &str| pattern.is_empty() || literal(&pattern);
        let of_toml: HashSet<&str> = known.iter().copied().collect();
        let mut spelt: HashMap<String, (&str, String)> =
            known.iter().map(|name| (folded(name), (*name, "holdpoint.toml".to_owned()))).collect();
        for line in &lines {
            for name in line.principals.split(',').filter(literal) {
                let here = (name, format!("line {}", line.number));
                let (other, place) = spelt.entry(folded(name)).or_insert(here);
                // Aliases stand in lower case; nobody signs as one.
                if *other != name && person(name) == person(other) && !of_toml.contains(name) {
                    return Err(format!(
                        "`{name}` on line {} and `{other}` ({place}) are one person, written in two ways",
                        line.number
                    ));
                }
            }
        }
        let mut names: Vec<&str> = spelt.values().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let mut keys: HashMap<&KeyData, (String, &str, usize)> = HashMap::new();
        for line in lines.iter().filter(|line| !line.options.authority) {
            // Where nothing in it is a pattern, it names nobody else than it says.
            let patterns = !line.principals.split(',').all(plain);
            let matching = names.iter().copied().filter(|name| matches_list(name, &line.principals));
            let matching = patterns.then_some(matching).into_iter().flatten();
            for name in line.principals.split(',').filter(literal).chain(matching) {
                let whose = person(name);
                match keys.entry(&line.key) {
                    Entry::Occupied(entry) => {
                        let (other, called, number) = entry.get();
                        if *other != whose {
                            return Err(format!(
                                "one key stands for two people: for {called} on line {number}, for {name} on line {}",
                                line.number
                            ));
                        }
                    }
                    Entry::Vacant(entry) => {
                        entry.insert((whose, name, line.number));
                    }
                }
            }
        }
        // Whoever holds an authority's key is whomever it may vouch for.
        for line in lines.iter().filter(|line| line.options.authority) {
            let Some((own, called, number)) = keys.get(&line.key) else { continue };
            let other =
                line.principals.split(',').find(|name| !plain(name) || literal(name) && person(name) != *own);
            if let Some(other) = other {
                return Err(format!(
                    "one key stands for two people: for {called} on line {number}, and as an authority for {other} \
                     on line {}",
                    line.number
                ));
            }
        }
        Ok(())
    }

    /// Whether some line names this key, for whomever and whatever.
    pub(crate) fn name(&self, key: &KeyData) -> bool {
        self.lines.iter().any(|line| line.key == *key)
    }

    /// The line that lets `principal` sign with what is presented, in this namespace, at that time.
    ///
    /// # Errors
    /// Why no line does, in words: of the line that comes nearest.
    pub fn find(
        &self,
        principal: &str,
        presented: &Presented,
        namespace: &str,
        at: Timestamp,
    ) -> Result<&Line, String> {
        if let Presented::Certificate(certificate) = presented {
            let own = |line: &&Line| !line.options.authority && line.key == *certificate.public_key();
            let theirs = |line: &&Line| matches_list(principal, &line.principals);
            let mut others = self.lines.iter().filter(own).filter(|line| !theirs(line));
            if let Some(line) = others.next() {
                let (number, other) = (line.number, &line.principals);
                return Err(format!(
                    "line {number}: the certificate's key is that of {other}: one key is one person"
                ));
            }
        }
        let mut refusal = None;
        for line in self.lines.iter().filter(|line| matches_list(principal, &line.principals)) {
            match line.admits(principal, presented, namespace, at) {
                Some(Ok(())) => return Ok(line),
                Some(Err(reason)) => refusal = refusal.or(Some(format!("line {}: {reason}", line.number))),
                None => {}
            }
        }
        Err(refusal.unwrap_or_else(|| {
            let named = self.lines.iter().any(|line| matches_list(principal, &line.principals));
            if named {
                format!("the key {} is not one of {principal}", presented.fingerprint())
            } else {
                format!("{principal} is not among the allowed signers")
            }
        }))
    }

    /// Whether some line is about this principal, with whatever key.
    pub fn names(&self, principal: &str) -> bool {
        self.lines.iter().any(|line| matches_list(principal, &line.principals))
    }

    /// Whether some line lets this principal sign for a purpose, with whatever key.
    pub fn may(&self, principal: &str, namespace: &str) -> bool {
        let for_it = |line: &&Line| {
            line.options.namespaces.as_deref().is_none_or(|list| matches_list(namespace, list))
        };
        self.lines.iter().filter(for_it).any(|line| matches_list(principal, &line.principals))
    }

    /// Whether some line lets somebody sign for a purpose, whoever that is.
    pub fn may_somebody(&self, namespace: &str) -> bool {
        let lists = self.lines.iter().map(|line| line.options.namespaces.as_deref());
        lists.into_iter().any(|list| list.is_none_or(|list| matches_list(namespace, list)))
    }

    /// Everybody who is named and by no pattern, sorted.
    pub fn principals(&self) -> Vec<&str> {
        let all = self.lines.iter().flat_map(|line| line.principals.split(','));
        let mut named: Vec<&str> =
            all.filter(|name| !name.is_empty() && !name.contains(['*', '?', '!'])).collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// The passkeys of a site that lines name for this principal.
    pub fn passkeys(&self, principal: &str, site: &str) -> Vec<Presented> {
        let theirs = self.lines.iter().filter(|line| !line.options.authority);
        let theirs = theirs.filter(|line| matches_list(principal, &line.principals));
        let of_site =
            |key: &KeyData| matches!(key, KeyData::SkEcdsaSha2NistP256(key) if key.application() == site);
        theirs.map(|line| &line.key).filter(|key| of_site(key)).cloned().map(Presented::Key).collect()
    }

    /// Whether some line names this principal with this key, or with an authority that vouches for it.
    pub fn knows(&self, principal: &str, presented: &Presented) -> bool {
        let mut lines = self.lines.iter().filter(|line| matches_list(principal, &line.principals));
        lines.any(|line| line.is_of(presented))
    }
}

impl Line {
    fn is_of(&self, presented: &Presented) -> bool {
        match (self.options.authority, presented) {
            (false, Presented::Key(key)) => *key == self.key,
            (true, Presented::Certificate(certificate)) => *certificate.signature_key() == self.key,
            _ => false,
        }
    }

    /// `None`: the line is about another key.
    fn admits(
        &self,
        principal: &str,
        presented: &Presented,
        namespace: &str,
        at: Timestamp,
    ) -> Option<Result<(), String>> {
        if !self.is_of(presented) {
            return None;
        }
        if let Presented::Certificate(certificate) = presented
            && let Err(reason) = vouches(certificate, principal, at)
        {
            return Some(Err(reason));
        }
        let options = &self.options;
        Some(match (&options.namespaces, options.valid_after, options.valid_before) {
            (Some(list), ..) if !matches_list(namespace, list) => {
                Err(format!("the key is not for `{namespace}`, but for `{list}`"))
            }
            (_, Some(after), _) if at < after => Err(format!("the key is valid from {after} only")),
            (.., Some(before)) if at.as_second() > before.as_second() => {
                Err(format!("the key was valid until {before}"))
            }
            _ => Ok(()),
        })
    }
}

/// As OpenSSH's `sshkey_cert_check_authority`: a user's certificate, in its time, that names the principal. Critical
/// options are refused beyond what OpenSSH does: each one restricts, and none is known here.
fn vouches(certificate: &Certificate, principal: &str, at: Timestamp) -> Result<(), String> {
    if certificate.cert_type() != CertType::User {
        return Err("the certificate is not one of a person".to_owned());
    }
    if !certificate.valid_principals().iter().any(|name| name == principal) {
        return Err(format!("the certificate does not name {principal}"));
    }
    if !certificate.critical_options().is_empty() {
        return Err("the certificate has critical options, of which none is known".to_owned());
    }
    let second = u64::try_from(at.as_second()).map_err(|_| "a time before 1970".to_owned())?;
    kind_is_taken(certificate.signature_key()).map_err(|why| format!("of the authority, {why}"))?;
    let authority = certificate.signature_key().fingerprint(ssh_key::HashAlg::Sha256);
    certificate
        .validate_at(second, [&authority])
        .map_err(|_| "the certificate is not valid at that time, or not signed by its authority".to_owned())
}

/// What a line of a file of keys holds, without the blanks around it; `None` where that is nothing, or a comment.
pub(crate) fn of_a_key(line: &str) -> Option<&str> {
    let text = line.trim_matches([' ', '\t', '\r']);
    (!text.is_empty() && !text.starts_with('#')).then_some(text)
}

/// Refuses what acts on a terminal, or what an editor puts before a file and nobody sees.
pub(crate) fn plain(line: &str) -> Result<(), String> {
    match line.chars().find(|c| c.is_control() && *c != '\t' || *c == '\u{feff}') {
        None => Ok(()),
        Some(c) => Err(format!("it has the character U+{:04X}, which nobody sees", u32::from(c))),
    }
}

fn line(number: usize, text: &str, zone: &TimeZone) -> Result<Line, String> {
    let (principals, rest) = principals(text)?;
    let rest = rest.trim_start_matches([' ', '\t']);
    let missing = || "after the principals come options, if there are any, and a public key".to_owned();
    if rest.is_empty() {
        return Err(missing());
    }
    match rest.parse::<PublicKey>() {
        Ok(key) => {
            return Ok(Line { number, principals, options: Options::default(), key: key.key_data().clone() });
        }
        // No option begins like a kind of key.
        Err(error) if ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| rest.starts_with(kind)) => {
            return Err(match rest.split([' ', '\t']).next().is_some_and(|kind| kind.contains("-cert-v01@")) {
                true => "a certificate stands where a public key must: list its authority, with `cert-authority`".to_owned(),
                false => format!("the public key cannot be read: {error}"),
            });
        }
        Err(_) => {}
    }
    let end = end_of_options(rest);
    let options = options::read(&rest[..end], zone)?;
    let key = rest[end..].trim_start_matches([' ', '\t']);
    if key.is_empty() {
        return Err(missing());
    }
    let key = key.parse::<PublicKey>().map_err(|error| format!("the public key cannot be read: {error}"))?;
    Ok(Line { number, principals, options, key: key.key_data().clone() })
}

fn principals(text: &str) -> Result<(String, &str), String> {
    let (list, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quotation mark is missing")?,
        None => text.split_once([' ', '\t']).unwrap_or((text, "")),
    };
    if list.is_empty() {
        return Err("the principals are missing".to_owned());
    }
    if let Some(c) = list.chars().find(|c| c.is_whitespace() && !matches!(c, ' ' | '\t')) {
        return Err(format!("the principals have U+{:04X}, a blank that people do not type", u32::from(c)));
    }
    Ok((list.to_owned(), rest))
}

/// Up to the first blank outside of quotation marks.
fn end_of_options(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\\' if !escaped => {
                escaped = true;
                continue;
            }
            b'"' if !escaped => quoted = !quoted,
            b' ' | b'\t' if !quoted => return at,
            _ => {}
        }
        escaped = false;
    }
    text.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use ssh_key::public::Ed25519PublicKey;

    use super::*;

    fn key(number: u64) -> String {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        PublicKey::from(KeyData::Ed25519(Ed25519PublicKey(bytes))).to_openssh().unwrap()
    }

    #[test]
    fn thousands_of_people_are_told_apart_in_the_time_of_reading_them() {
        let mut text = String::new();
        for number in 0..20_000 {
            writeln!(text, "p{number}@example.org {}", key(number)).unwrap();
        }
        let names: Vec<String> = (0..20_000).map(|number| format!("p{number}@example.org")).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let signers = AllowedSigners::read(&text, &TimeZone::UTC).unwrap();
        let began = Instant::now();
        signers.one_person_each(&known, folded).unwrap();
        // Comparing each with each takes minutes.
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        writeln!(text, "other@example.org {}", key(19_999)).unwrap();
        let signers = AllowedSigners::read(&text, &TimeZone::UTC).unwrap();
        let refused = signers.one_person_each(&known, folded).unwrap_err();
        assert_eq!(
            refused,
            "one key stands for two people: for p19999@example.org on line 20000, for other@example.org on line 20001"
        );
    }
}
