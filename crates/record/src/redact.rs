//! The one place where secrets are masked, before anything is shown, hashed or stored (record.md section 6).
//!
//! A mitigation: what a program prints in another form than those of [`forms`] is not found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};

/// Shortest value that can be masked, in bytes. Shorter ones would be found everywhere.
pub const LEAST_SECRET: usize = 8;

/// Why a value cannot be a secret. Never says anything about the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It would be found everywhere, or guessed from what is masked.
    #[error(
        "the secret {name} is too short to be masked: it must have at least {LEAST_SECRET} bytes besides white space"
    )]
    TooShort {
        /// Its name.
        name: String,
    },
    /// The matcher refused the secrets as a whole.
    #[error("the secrets cannot be masked: {0}")]
    Matcher(String),
}

/// Masks secrets as `[REDACTED:NAME]`. Cheap to clone; its debug form shows names only.
///
/// Where forms overlap, the leftmost is masked, of those the longest.
#[derive(Clone)]
pub struct Redactor {
    /// `None` without secrets: everything passes through as it is.
    matcher: Option<Arc<Matcher>>,
}

struct Matcher {
    find: AhoCorasick,
    /// What is looked for, sorted, each once.
    forms: Vec<Vec<u8>>,
    /// Whose form it is, as an index into `names`.
    owner: Vec<usize>,
    names: Vec<String>,
    masks: Vec<Vec<u8>>,
    /// Bytes that some form begins with.
    begins: [bool; 256],
    longest: usize,
}

/// Every form a value is looked for in. Each must have at least [`LEAST_SECRET`] bytes.
fn forms(value: &str) -> Vec<Vec<u8>> {
    // A line end after the value is no part of it: files have one, what prints the value may not.
    let value = value.trim_end_matches(['\r', '\n']);
    let whole =
        [value.to_owned(), value.replace("\r\n", "\n"), value.replace("\r\n", "\n").replace('\n', "\r\n")];
    let lines = value.lines().map(|line| line.trim().to_owned());
    let forms = whole.into_iter().chain(lines).filter(|form| form.trim().len() >= LEAST_SECRET);
    forms.map(String::into_bytes).collect()
}

impl Redactor {
    /// For these secrets, by name and value. Of two names for one value the first is shown.
    pub fn new(secrets: Vec<(String, String)>) -> Result<Redactor, SecretError> {
        let (mut names, mut owners) = (Vec::new(), BTreeMap::new());
        for (name, value) in secrets {
            if value.trim().len() < LEAST_SECRET {
                return Err(SecretError::TooShort { name });
            }
            let index = names.iter().position(|known| *known == name).unwrap_or(names.len());
            if index == names.len() {
                names.push(name);
            }
            for form in forms(&value) {
                owners.entry(form).or_insert(index);
            }
        }
        if names.is_empty() {
            return Ok(Redactor { matcher: None });
        }
        let (forms, owner): (Vec<_>, Vec<_>) = owners.into_iter().unzip();
        let find = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        let find = find.map_err(|e| SecretError::Matcher(e.to_string()))?;
        let mut begins = [false; 256];
        forms.iter().filter_map(|form| form.first()).for_each(|first| begins[usize::from(*first)] = true);
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        let masks = names.iter().map(|name| format!("[REDACTED:{name}]").into_bytes()).collect();
        Ok(Redactor {
            matcher: Some(Arc::new(Matcher { find, forms, owner, names, masks, begins, longest })),
        })
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.matcher.is_none()
    }

    /// Masks a whole text. Borrowed where there is nothing to mask.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.matcher {
            Some(matcher) if matcher.find.is_match(text) => {
                let mut masked = Vec::with_capacity(text.len());
                matcher
                    .mask(text.as_bytes(), true, &mut |_| {}, &mut |piece| masked.extend_from_slice(piece));
                // Forms are whole characters, so only whole characters were replaced.
                Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// A masker for a stream that comes in pieces.
    pub fn stream(&self) -> MaskStream {
        let counts = vec![0; self.matcher.as_ref().map_or(0, |matcher| matcher.names.len())];
        MaskStream { matcher: self.matcher.clone(), held: Vec::new(), counts }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.matcher.as_ref().map_or(&[][..], |matcher| &matcher.names);
        f.debug_struct("Redactor").field("names", &names).finish_non_exhaustive()
    }
}

impl Matcher {
    /// Masks what of `bytes` is decided, all of it if it is the `last` there is. Gives how much that was.
    fn mask(
        &self,
        bytes: &[u8],
        last: bool,
        hit: &mut impl FnMut(usize),
        sink: &mut impl FnMut(&[u8]),
    ) -> usize {
        let undecided = |from| if last { bytes.len() } else { self.undecided(bytes, from) };
        let (mut at, mut until) = (0, undecided(0));
        // A match that begins before `until` is final: a longer one would make its beginning undecided.
        while let Some(found) =
            self.find.find(Input::new(bytes).range(at..)).filter(|found| found.start() < until)
        {
            let owner = self.owner[found.pattern().as_usize()];
            pass(&bytes[at..found.start()], sink);
            sink(&self.masks[owner]);
            hit(owner);
            at = found.end();
            until = if at > until { undecided(at) } else { until };
        }
        pass(&bytes[at..until], sink);
        until
    }

    /// Where the first form begins that more bytes could complete.
    fn undecided(&self, bytes: &[u8], from: usize) -> usize {
        let earliest = from.max((bytes.len() + 1).saturating_sub(self.longest));
        let begins = |at: &usize| self.begins[usize::from(bytes[*at])] && self.continues(&bytes[*at..]);
        (earliest..bytes.len()).find(begins).unwrap_or(bytes.len())
    }

    /// Whether some form begins with these bytes and goes on.
    fn continues(&self, bytes: &[u8]) -> bool {
        let after = self.forms.partition_point(|form| form.as_slice() <= bytes);
        self.forms.get(after).is_some_and(|form| form.starts_with(bytes))
    }
}

fn pass(bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
    if !bytes.is_empty() {
        sink(bytes);
    }
}

/// Masks a stream. However it is cut into pieces, the result is that of the whole.
///
/// Holds back fewer bytes than the longest form has. What was pushed last is out only after `finish`.
pub struct MaskStream {
    matcher: Option<Arc<Matcher>>,
    held: Vec<u8>,
    counts: Vec<u64>,
}

impl fmt::Debug for MaskStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskStream").finish_non_exhaustive()
    }
}

impl MaskStream {
    /// Takes the next piece and gives what is decided to `sink`, in one or several pieces.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        let Some(matcher) = &self.matcher else {
            return pass(bytes, sink);
        };
        let counts = &mut self.counts;
        let mut hit = |owner: usize| counts[owner] += 1;
        if self.held.is_empty() {
            let done = matcher.mask(bytes, false, &mut hit, sink);
            self.held.extend_from_slice(&bytes[done..]);
        } else {
            self.held.extend_from_slice(bytes);
            let done = matcher.mask(&self.held, false, &mut hit, sink);
            self.held.drain(..done);
        }
    }

    /// The stream is over: gives the rest to `sink`, and says how often each secret was masked, by name.
    pub fn finish(mut self, sink: &mut impl FnMut(&[u8])) -> BTreeMap<String, u64> {
        let Some(matcher) = &self.matcher else {
            return BTreeMap::new();
        };
        let counts = &mut self.counts;
        matcher.mask(&self.held, true, &mut |owner| counts[owner] += 1, sink);
        let counted = matcher.names.iter().cloned().zip(self.counts);
        counted.filter(|(_, count)| *count > 0).collect()
    }
}
