//! The one place where secrets are masked, before anything is shown, hashed or stored (record.md section 6).
//!
//! A mitigation: what a program prints in another form than those of `forms.rs` is not found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use find::Finder;
pub use forms::LEAST_SECRET;
use forms::forms;

mod find;
mod forms;
mod quoting;
mod zsh;

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
    find: Finder,
    /// What is looked for, sorted, each once, so that what begins with some bytes stands together.
    forms: Vec<Vec<u8>>,
    /// Whose form it is, as an index into `names`.
    owner: Vec<usize>,
    names: Vec<String>,
    masks: Vec<Vec<u8>>,
    begins: Begins,
    longest: usize,
}

/// The first two bytes of forms, so that most places are told at once to begin none.
struct Begins {
    one: [bool; 256],
    two: Vec<u64>,
}

impl Begins {
    fn of(forms: &[Vec<u8>]) -> Begins {
        let (mut one, mut two) = ([false; 256], vec![0; 1024]);
        for form in forms {
            if let [first, second, ..] = form[..] {
                let pair = usize::from(first) << 8 | usize::from(second);
                one[usize::from(first)] = true;
                two[pair / 64] |= 1 << (pair % 64);
            }
        }
        Begins { one, two }
    }

    /// Whether some form may begin with these bytes.
    fn may(&self, bytes: &[u8]) -> bool {
        match *bytes {
            [first, second, ..] => {
                let pair = usize::from(first) << 8 | usize::from(second);
                self.two[pair / 64] >> (pair % 64) & 1 == 1
            }
            [first] => self.one[usize::from(first)],
            [] => false,
        }
    }
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
        let find = Finder::new(&forms).map_err(|e| SecretError::Matcher(e.to_string()))?;
        let begins = Begins::of(&forms);
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
            Some(matcher) if matcher.find.find(text.as_bytes(), 0, text.len()).is_some() => {
                let mut masked = Vec::with_capacity(text.len());
                matcher
                    .mask(text.as_bytes(), true, &mut |_| {}, &mut |piece| masked.extend_from_slice(piece));
                // Forms are whole characters, so only whole characters were replaced.
                Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// Masks bytes, text or not.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(bytes.len());
        match &self.matcher {
            Some(matcher) => {
                matcher.mask(bytes, true, &mut |_| {}, &mut |piece| masked.extend_from_slice(piece));
            }
            None => masked.extend_from_slice(bytes),
        }
        masked
    }

    /// The name of the first secret that bytes hold in any form.
    pub fn held_by(&self, bytes: &[u8]) -> Option<&str> {
        let matcher = self.matcher.as_ref()?;
        let (form, ..) = matcher.find.find(bytes, 0, bytes.len())?;
        Some(&matcher.names[matcher.owner[form]])
    }

    /// A masker for a stream that comes in pieces.
    pub fn stream(&self) -> MaskStream {
        MaskStream { matcher: self.matcher.clone(), held: Vec::new(), counts: BTreeMap::new() }
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
        while let Some((form, start, end)) = self.find.find(bytes, at, until) {
            let owner = self.owner[form];
            pass(&bytes[at..start], sink);
            sink(&self.masks[owner]);
            hit(owner);
            at = end;
            until = if at > until { undecided(at) } else { until };
        }
        pass(&bytes[at..until], sink);
        until
    }

    /// Where the first form begins that more bytes could complete.
    fn undecided(&self, bytes: &[u8], from: usize) -> usize {
        let earliest = from.max((bytes.len() + 1).saturating_sub(self.longest));
        let begins = |at: &usize| self.begins.may(&bytes[*at..]) && self.continues(&bytes[*at..]);
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
    counts: BTreeMap<String, u64>,
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
            pass(&std::mem::take(&mut self.held), sink);
            return pass(bytes, sink);
        };
        let counts = &mut self.counts;
        let mut hit = |owner: usize| count(counts, &matcher.names[owner]);
        if self.held.is_empty() {
            let done = matcher.mask(bytes, false, &mut hit, sink);
            self.held.extend_from_slice(&bytes[done..]);
        } else {
            self.held.extend_from_slice(bytes);
            let done = matcher.mask(&self.held, false, &mut hit, sink);
            self.held.drain(..done);
        }
    }

    /// What is held back: it may begin a secret.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Masks for another redactor from here on; what is held back is looked at anew.
    pub fn switch(&mut self, redactor: &Redactor) {
        self.matcher.clone_from(&redactor.matcher);
    }

    /// The stream is over: gives the rest to `sink`, and says how often each secret was masked, by name.
    pub fn finish(mut self, sink: &mut impl FnMut(&[u8])) -> BTreeMap<String, u64> {
        match &self.matcher {
            None => pass(&self.held, sink),
            Some(matcher) => {
                let counts = &mut self.counts;
                matcher.mask(&self.held, true, &mut |owner| count(counts, &matcher.names[owner]), sink);
            }
        }
        self.counts
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MaskStream;

    #[test]
    fn a_stream_that_is_masked_can_be_written_by_another_thread() {
        fn moves<T: Send + 'static>() {}
        moves::<MaskStream>();
    }
}
