//! JSON text to values, by the grammar of RFC 8259 and nothing beside it.

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::{Number, Value};

/// Nesting beyond this is refused.
const DEPTH: usize = 128;

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at line {line} column {column}")]
pub struct Fault {
    /// What is wrong, in words.
    pub what: String,
    /// The line, counted from one.
    pub line: usize,
    /// The column in bytes, counted from one.
    pub column: usize,
}

/// Reads one JSON value, with nothing but white space around it. A name that stands twice in an object is refused:
/// readers take the first or the last, and nobody knows which was looked at.
///
/// # Errors
/// The text is no JSON, nested deeper than 128, or has a number whose exponent has more than 15 digits.
pub fn read(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.fault("something stands after the value")) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, what: impl Into<String>) -> Fault {
        let before = &self.text.as_bytes()[..self.at.min(self.text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Fault { what: what.into(), line, column }
    }

    /// That something else stands here than what is expected.
    fn expected(&self, what: &str) -> Fault {
        match self.text[self.at..].chars().next() {
            Some(_) => self.fault(format!("expected {what}")),
            None => self.fault(format!("expected {what}, but the text ends")),
        }
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        self.blanks();
        match self.next() {
            Some(b'{' | b'[') if depth >= DEPTH => Err(self.fault(format!("nested deeper than {DEPTH}"))),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in
                    [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))]
                {
                    if self.text[self.at..].starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.expected("a value"))
            }
        }
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let Some(number) = Number::parse(&rest[..length]) else {
            return Err(self.fault("a number that is none, or is too large to be compared"));
        };
        self.at += length;
        Ok(Value::Number(number))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        self.blanks();
        if self.next() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.blanks();
            match self.next() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut members = IndexMap::new();
        self.at += 1;
        self.blanks();
        if self.next() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if self.next() != Some(b'"') {
                return Err(self.expected("a name in quotes"));
            }
            let start = self.at;
            let name = self.string()?;
            let slot = match members.entry(name) {
                Entry::Vacant(slot) => slot,
                Entry::Occupied(slot) => {
                    let what = format!("the name {:?} is given twice in one object", slot.key());
                    self.at = start;
                    return Err(self.fault(what));
                }
            };
            self.blanks();
            if self.next() != Some(b':') {
                return Err(self.expected("`:`"));
            }
            self.at += 1;
            slot.insert(self.value(depth)?);
            self.blanks();
            match self.next() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.expected("`,` or `}`")),
            }
        }
        self.at += 1;
        Ok(Value::Object(members))
    }

    /// A text in quotes, read from its opening quote.
    fn string(&mut self) -> Result<String, Fault> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.next() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let (c, length) = escaped(&self.text[self.at + 1..], '"')
                        .ok_or_else(|| self.fault("an escape that is none, or half a character"))?;
                    out.push(c);
                    self.at += 1 + length;
                }
                Some(_) => return Err(self.fault("a control character that is not escaped")),
                None => return Err(self.expected("`\"`")),
            }
        }
        self.at += 1;
        Ok(out)
    }
}

/// What an escape stands for that begins after its backslash, and its length. Paths escape their own quote too.
pub(crate) fn escaped(text: &str, quote: char) -> Option<(char, usize)> {
    let c = text.chars().next()?;
    let one = match c {
        _ if c == quote => quote,
        '\\' | '/' => c,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let unit = |text: Option<&str>| {
                let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
                u16::from_str_radix(digits, 16).ok()
            };
            let first = unit(text.get(1..5))?;
            if let Some(c) = char::from_u32(u32::from(first)) {
                return Some((c, 5));
            }
            let second = text.get(5..7).filter(|text| *text == "\\u").and_then(|_| unit(text.get(7..11)))?;
            let pair = char::decode_utf16([first, second]).next()?.ok()?;
            return Some((pair, 11));
        }
        _ => return None,
    };
    Some((one, c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_read_and_written_as_it_stood() {
        let text = r#"{"b":[1.10,-0,1e3,123456789012345678901234567890],"a":{"":"\u0001é𝄞\"\\"},"c":[true,false,null,[],{}]}"#;
        assert_eq!(read(text).unwrap().to_string(), text);
        assert_eq!(read("\"\\ud834\\udd1e\\/\"").unwrap(), Value::String("𝄞/".to_owned()));
    }

    #[test]
    fn a_name_that_stands_twice_in_an_object_is_refused_with_its_place() {
        let fault = read("{\"a\": 1,\n \"b\": 2, \"a\": 1}").unwrap_err();
        assert_eq!(fault.to_string(), "the name \"a\" is given twice in one object at line 2 column 10");
        assert!(read(r#"{"a": 1, "\u0061": 1}"#).is_err());
        assert!(read(r#"[{"a": 1}, {"a": 1}]"#).is_ok());
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&nested(128)).is_ok());
        assert!(read(&nested(129)).is_err());
        assert!(read(&"[".repeat(1_000_000)).is_err());
        assert!(read(&"{\"a\":".repeat(1_000_000)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_another_reader_takes_is_taken_and_what_it_refuses_is_refused(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\\n\"", "\"\\u00e9\"", "\"\\ud800\"", "\"", "1", "-1.50", "0", "01", "1e2",
                    "true", "nul", "null", " ", "\n", "\t", "é", "'", "\u{1}",
                ]),
                0..9,
            ),
        ) {
            let text = parts.concat();
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // Theirs has no room for numbers of any length.
            prop_assume!(!theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
            match read(&text) {
                Ok(value) => {
                    let theirs = theirs.unwrap();
                    prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&value.to_string()).unwrap(), &theirs);
                }
                Err(fault) => prop_assert!(theirs.is_err() || fault.what.contains("twice"), "{}: {}", text, fault),
            }
        }
    }
}
