//! How a request names a run: by number or by id, and by nothing else.

use std::fmt;
use std::str::FromStr;

/// A run as a request names it. Never a path, and no part of one: whatever is neither a number nor a whole id is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunName {
    /// Its number in the store.
    Number(u64),
    /// Its id, a ULID, in capitals.
    Id(String),
}

/// Length of a ULID.
const ULID: usize = 26;
/// No store has so many runs that a number is longer.
const LONGEST_NUMBER: usize = 10;

/// What is neither a number nor an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run is named by its number or by its whole id")]
pub struct NoRunName;

impl FromStr for RunName {
    type Err = NoRunName;

    fn from_str(text: &str) -> Result<RunName, NoRunName> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && text.len() <= LONGEST_NUMBER && !text.starts_with('0') {
            return text.parse().map(RunName::Number).map_err(|_| NoRunName);
        }
        let id = text.to_ascii_uppercase();
        let crockford =
            |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
        if id.len() == ULID && id.bytes().all(crockford) && id.as_bytes()[0] <= b'7' {
            return Ok(RunName::Id(id));
        }
        Err(NoRunName)
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunName::Number(number) => number.fmt(f),
            RunName::Id(id) => f.write_str(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_number_or_whole_id_and_by_nothing_else() {
        let id = "01HZY3V5K2Q8J4W6N7R9T0XABC";
        assert_eq!("42".parse(), Ok(RunName::Number(42)));
        assert_eq!(id.parse(), Ok(RunName::Id(id.to_owned())));
        assert_eq!(id.to_lowercase().parse(), Ok(RunName::Id(id.to_owned())));
        for no in [
            "",
            "0",
            "042",
            "-1",
            "+1",
            "1 ",
            " 1",
            "1/",
            "99999999999",
            "latest",
            "0042-release",
            ".",
            "..",
            "../1",
            "1\0",
            "１",
            "01HZY3V5K2Q8J4W6N7R9T0XAB",
            "01HZY3V5K2Q8J4W6N7R9T0XABCD",
            "81HZY3V5K2Q8J4W6N7R9T0XABC",
            "01HZY3V5K2Q8J4W6N7R9T0XAB/",
            "01HZY3V5K2Q8J4W6N7R9T0XABU",
        ] {
            assert_eq!(no.parse::<RunName>(), Err(NoRunName), "{no:?}");
        }
    }
}
