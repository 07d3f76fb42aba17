//! Where the next block begins: working directory and variables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Deref;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What carries over from block to block. Holds changes against the environment the program was started in, never
/// that environment itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Working directory, absolute, as the shell names it (symbolic links kept).
    #[serde(with = "path")]
    pub cwd: PathBuf,
    /// Exported variables that differ from the base environment; `None` is one that was unset.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exported: BTreeMap<String, Option<Text>>,
    /// Shell variables that are not exported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plain: BTreeMap<String, Text>,
    /// Arrays of bash.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arrays: BTreeMap<String, Array>,
    /// Attributes of bash by variable, as `declare` names them: `i` integer, `l` lower, `n` nameref, `u` upper, and
    /// for arrays `x` exported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// An array of bash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Array {
    /// Values by index; may have holes.
    Indexed(BTreeMap<u64, Text>),
    /// Values by key.
    Associative(BTreeMap<Text, Text>),
}

/// A value: any bytes but NUL. In JSON a string; `hex:` stands in front of one that is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(OsString);

/// Bytes that are not a [`State`].
#[derive(Debug, thiserror::Error)]
#[error("the kept shell state cannot be read: {0}")]
pub struct Damaged(String);

impl State {
    /// Nothing but a working directory, which must be absolute.
    pub fn new(cwd: impl Into<PathBuf>) -> State {
        State {
            cwd: cwd.into(),
            exported: BTreeMap::new(),
            plain: BTreeMap::new(),
            arrays: BTreeMap::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// Exports a variable to every later block.
    pub fn export(&mut self, name: &str, value: impl Into<Text>) {
        self.forget(name);
        self.exported.insert(name.to_owned(), Some(value.into()));
    }

    /// The scalar of this name, exported or plain, as far as it is part of the state.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let exported = self.exported.get(name).and_then(Option::as_ref);
        exported.or_else(|| self.plain.get(name)).map(|text| &**text)
    }

    /// As it is kept: JSON, the same bytes for the same state.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_in(None)
    }

    /// The same, with a working directory in `root` as the way there from it: whoever goes on may have `root` elsewhere.
    pub fn to_bytes_in(&self, root: Option<&Path>) -> Vec<u8> {
        let mut state = self.clone();
        if let Some(way) = root.and_then(|root| self.cwd.strip_prefix(root).ok()) {
            // The root itself as a dot, and not as nothing.
            state.cwd = [Component::CurDir].into_iter().chain(way.components()).collect();
        }
        // Maps with string keys and no fallible field: serde_json has nothing to fail on.
        serde_json::to_vec(&Kept { version: 1, state }).unwrap_or_default()
    }

    /// Reads what [`State::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<State, Damaged> {
        State::from_bytes_in(bytes, None)
    }

    /// Reads what [`State::to_bytes_in`] wrote, for whoever has that directory at `root`.
    pub fn from_bytes_in(bytes: &[u8], root: Option<&Path>) -> Result<State, Damaged> {
        let kept: Kept = serde_json::from_slice(bytes).map_err(|error| Damaged(error.to_string()))?;
        if kept.version != 1 {
            return Err(Damaged(format!("version {} is not known to this program", kept.version)));
        }
        let mut state = kept.state;
        if !state.cwd.is_absolute() {
            let stays = |part| matches!(part, Component::CurDir | Component::Normal(_));
            let root = root.filter(|_| state.cwd.components().all(stays));
            let root = root.ok_or_else(|| Damaged("the working directory is not absolute".to_owned()))?;
            // By its parts: no `.` stays in what the shell will call it.
            let way = state.cwd.components().filter(|part| *part != Component::CurDir);
            state.cwd = root.components().chain(way).collect();
        }
        Ok(state)
    }

    /// Drops everything known about a variable.
    pub(crate) fn forget(&mut self, name: &str) {
        self.exported.remove(name);
        self.plain.remove(name);
        self.arrays.remove(name);
        self.attributes.remove(name);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    state: State,
}

impl Text {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// From bytes; they hold no NUL, or no process can be given them.
    pub fn from_bytes(bytes: Vec<u8>) -> Text {
        Text(OsString::from_vec(bytes))
    }
}

impl Deref for Text {
    type Target = OsStr;

    fn deref(&self) -> &OsStr {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text.into())
    }
}

impl From<OsString> for Text {
    fn from(text: OsString) -> Text {
        Text(text)
    }
}

/// Also a map's key, so one string: `hex:` in front of what is not UTF-8, and of what begins like that by itself.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) if !text.starts_with(HEX) => serializer.serialize_str(text),
            _ => {
                let digits = self.as_bytes().iter().map(|byte| format!("{byte:02x}"));
                serializer.serialize_str(&digits.fold(HEX.to_owned(), |text, digit| text + &digit))
            }
        }
    }
}

const HEX: &str = "hex:";

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = match text.strip_prefix(HEX) {
            Some(digits) => {
                from_hex(digits).ok_or_else(|| de::Error::custom("a `hex:` value is not hexadecimal"))?
            }
            None => text.into_bytes(),
        };
        if bytes.contains(&0) {
            return Err(de::Error::custom("a value holds a NUL byte"));
        }
        Ok(Text::from_bytes(bytes))
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.map(|pair| Some(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?)).collect()
}

mod path {
    use super::*;

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        Text::from(path.as_os_str().to_owned()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Ok(Text::deserialize(deserializer)?.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_state_is_always_the_same_bytes() {
        let mut state = State::new("/srv");
        state.export("B", "1");
        state.export("A", "é\n\"");
        state.exported.insert("GONE".into(), None);
        state.plain.insert("raw".into(), Text::from_bytes(vec![0xff, b'x']));
        assert_eq!(
            String::from_utf8(state.to_bytes()).unwrap(),
            r#"{"version":1,"state":{"cwd":"/srv","exported":{"A":"é\n\"","B":"1","GONE":null},"plain":{"raw":"hex:ff78"}}}"#
        );
        assert_eq!(State::from_bytes(&state.to_bytes()).unwrap(), state);
    }

    #[test]
    fn a_value_that_looks_like_the_escape_survives() {
        let mut state = State::new("/");
        state.export("A", "hex:zz");
        assert_eq!(State::from_bytes(&state.to_bytes()).unwrap(), state);
    }

    #[test]
    fn arrays_with_any_keys_survive() {
        let mut state = State::new("/");
        state.arrays.insert("I".into(), Array::Indexed([(0, "a".into()), (7, "".into())].into()));
        let odd = Text::from_bytes(vec![0xfe]);
        state
            .arrays
            .insert("D".into(), Array::Associative([("k 1".into(), odd.clone()), (odd, "v".into())].into()));
        state.attributes.insert("I".into(), "i".into());
        assert_eq!(State::from_bytes(&state.to_bytes()).unwrap(), state);
    }

    #[test]
    fn a_directory_in_the_root_is_found_where_the_root_is_by_now() {
        let (before, now) = (Path::new("/home/a/clone"), Path::new("/home/b/c"));
        for (cwd, kept, found) in [
            ("/home/a/clone", ".", "/home/b/c"),
            ("/home/a/clone/x/y", "./x/y", "/home/b/c/x/y"),
            ("/home/a/clones", "/home/a/clones", "/home/a/clones"),
            ("/srv", "/srv", "/srv"),
        ] {
            let bytes = State::new(cwd).to_bytes_in(Some(before));
            assert_eq!(
                String::from_utf8_lossy(&bytes),
                format!(r#"{{"version":1,"state":{{"cwd":"{kept}"}}}}"#)
            );
            assert_eq!(State::from_bytes_in(&bytes, Some(now)).unwrap(), State::new(found));
        }
        for way in ["..", "./../x", "x/../.."] {
            let bytes = format!(r#"{{"version":1,"state":{{"cwd":"{way}"}}}}"#);
            assert!(State::from_bytes_in(bytes.as_bytes(), Some(now)).is_err(), "{way}");
        }
    }

    #[test]
    fn what_is_not_a_state_is_refused() {
        for bytes in [
            "",
            "{}",
            r#"{"version":2,"state":{"cwd":"/"}}"#,
            r#"{"version":1,"state":{"cwd":"relative"}}"#,
            r#"{"version":1,"state":{"cwd":"/","more":1}}"#,
            r#"{"version":1,"state":{"cwd":"/","plain":{"a":"hex:f"}}}"#,
            r#"{"version":1,"state":{"cwd":"/","plain":{"a":"hex:+1"}}}"#,
            r#"{"version":1,"state":{"cwd":"/","plain":{"a":"\u0000"}}}"#,
        ] {
            assert!(State::from_bytes(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }
}
