//! A document with the files that it includes: its bytes as they were read, and as one text.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use holdpoint_document::{Compiled, Diagnostic, Included, NotIncluded, Parts, Span};
use holdpoint_engine::{self as engine, BlobRef};

use crate::digest::sha256;
use crate::files;
use crate::problem::{Finding, Text};

/// Most bytes of a file that is included. What all of them come to is limited where they are put together.
const MOST: u64 = 4 * 1024 * 1024;

/// What a document was read from. Spans of its plan and of findings are of [`Sources::text`].
#[derive(Debug, Default)]
pub struct Sources {
    own: Arc<String>,
    parts: Option<Box<Parts>>,
}

impl Sources {
    /// Of a document's own text and what became of it; takes the parts out of there.
    pub fn of(own: Arc<String>, compiled: &mut Compiled) -> Sources {
        Sources { own, parts: compiled.parts.take() }
    }

    /// The document's own text, byte for byte.
    pub fn own(&self) -> &str {
        &self.own
    }

    /// All of it as one text.
    pub fn text(&self) -> &str {
        self.parts.as_ref().map_or(&self.own, |parts| &parts.text)
    }

    /// With all files that are included; `None` where none is.
    pub fn parts(&self) -> Option<&Parts> {
        self.parts.as_deref()
    }

    /// The files that it includes, each once.
    pub fn files(&self) -> &[Included] {
        self.parts.as_ref().map_or(&[], |parts| &parts.files)
    }

    /// The same, as event 0 names them.
    pub fn named(&self) -> Vec<engine::Included> {
        let named = |file: &Included| {
            let bytes = file.text.as_bytes();
            let blob = BlobRef { sha256: sha256(bytes), bytes: bytes.len() as u64 };
            engine::Included { path: file.path.clone(), blob }
        };
        self.files().iter().map(named).collect()
    }

    /// The document called `path` and its includes, each by path and bytes.
    pub fn each<'s>(&'s self, path: &'s str) -> Vec<(&'s str, &'s [u8])> {
        let included = self.files().iter().map(|file| (file.path.as_str(), file.text.as_bytes()));
        std::iter::once((path, self.own.as_bytes())).chain(included).collect()
    }

    /// Path, text and place in it that a span is of; the document is called `path`.
    pub fn locate<'s>(&'s self, path: &'s str, span: Span) -> (&'s str, &'s str, Span) {
        match self.parts.as_ref().map(|parts| parts.locate(span)) {
            None => (path, &self.own, span),
            Some((None, local)) => (path, &self.own, local),
            Some((Some(file), local)) => (&file.path, &file.text, local),
        }
    }

    /// Findings, each in the file that it is about.
    pub fn findings<'f>(&self, path: &str, found: impl IntoIterator<Item = &'f Diagnostic>) -> Vec<Finding> {
        let mut texts: BTreeMap<String, Text> = BTreeMap::new();
        let own = Text::new(path, Arc::clone(&self.own));
        let placed = |finding: &Diagnostic| {
            let (file, text, local) = match finding.span {
                Some(span) => self.locate(path, span),
                None => return Finding::in_text(&own, finding.clone()),
            };
            let finding = Diagnostic { span: Some(local), ..finding.clone() };
            if file == path {
                return Finding::in_text(&own, finding);
            }
            let text = texts.entry(file.to_owned()).or_insert_with(|| Text::new(file, text.to_owned()));
            Finding::in_text(text, finding)
        };
        found.into_iter().map(placed).collect()
    }
}

/// Gives files of the repository at `root` to whoever includes them: regular files, by no link.
pub fn reader(root: &Path) -> impl FnMut(&str) -> Result<String, NotIncluded> {
    move |path| read(root, path)
}

fn read(root: &Path, path: &str) -> Result<String, NotIncluded> {
    let not = |why: String, help: &str| NotIncluded { why, help: help.to_owned() };
    let whole = root.join(path);
    let links = "include the file that it leads to by its own path";
    let linked = || not("a link leads to it, and links are not followed".to_owned(), links);
    let ups = Path::new(path).ancestors().filter(|up| !up.as_os_str().is_empty());
    let is_link = |up: &Path| root.join(up).symlink_metadata().is_ok_and(|found| found.is_symlink());
    if ups.into_iter().any(is_link) {
        return Err(linked());
    }
    let bytes = files::read_within(&[root], &whole, MOST).map_err(|error| match error.kind() {
        ErrorKind::NotFound => not(
            "there is no such file".to_owned(),
            "a path begins beside the file that it stands in, as that of a link does",
        ),
        _ => not(error.to_string(), "include a regular file of this repository that can be read"),
    })?;
    // Once more, for what was read may have come by a link that was put there meanwhile.
    let found = root.canonicalize().and_then(|root| Ok(whole.canonicalize()? == root.join(path)));
    if !found.is_ok_and(|same| same) {
        return Err(linked());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        not(format!("it is not UTF-8, from byte {at} on"), "save it as UTF-8")
    })
}
