//! YAML that is read the short way: a map of plain words, quoted texts and flow collections, one entry a line, as
//! nearly all option lines and expectations are. Whatever is anything else is left to the YAML reader.

use super::{Entry, Mapped, Node, Value};

/// Flow collections nested deeper than this are left to the YAML reader.
const DEPTH: usize = 8;

/// Maps with more entries than this are left to the YAML reader, which has an index of their keys.
const ENTRIES: usize = 64;

/// The map that the lines make. `None` says nothing.
pub(super) fn simple(text: &Mapped) -> Option<Node> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut at, mut indent) = (0, None);
    for line in text.text().strip_suffix('\n')?.split('\n') {
        let content = line.trim_start_matches(' ');
        let start = at + line.len() - content.len();
        if *indent.get_or_insert(start - at) != start - at {
            return None;
        }
        at += line.len() + 1;
        let mut reader = Reader { text, bytes: &text.text().as_bytes()[..at - 1], at: start };
        let entry = reader.entry(0)?;
        if reader.at != at - 1
            || entries.len() >= ENTRIES
            || entries.iter().any(|other| other.key == entry.key)
        {
            return None;
        }
        entries.push(entry);
    }
    let start = indent?;
    let length = text.text()[start..].trim_end().len();
    Some(Node { value: Value::Map(entries), span: text.span(start..start + length) })
}

/// Where one line is read. Every method returns `None` at what it does not know.
struct Reader<'t> {
    text: &'t Mapped,
    /// The text up to the line's end.
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.next() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Bytes that `are` so, from here on.
    fn run(&mut self, are: impl Fn(u8) -> bool) -> &str {
        let start = self.at;
        while self.next().is_some_and(&are) {
            self.at += 1;
        }
        &self.text.text()[start..self.at]
    }

    /// `key: value`
    fn entry(&mut self, depth: usize) -> Option<Entry> {
        let start = self.at;
        let key = self.run(|byte| byte.is_ascii_lowercase() || byte == b'_').to_owned();
        let good = key.starts_with(|c: char| c.is_ascii_lowercase());
        if !good || matches!(key.as_str(), "true" | "false" | "null") {
            return None;
        }
        let key_span = self.text.span(start..self.at);
        if self.next() != Some(b':') || self.bytes.get(self.at + 1) != Some(&b' ') {
            return None;
        }
        self.at += 2;
        if depth > 0 {
            self.blanks();
        }
        Some(Entry { key, key_span, node: self.value(depth)? })
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        let value = match self.next()? {
            b'[' if depth < DEPTH => Value::Seq(self.collection(b']', |reader| reader.value(depth + 1))?),
            b'{' if depth < DEPTH => {
                let entries = self.collection(b'}', |reader| reader.entry(depth + 1))?;
                let twice =
                    |(index, entry): (usize, &Entry)| entries[..index].iter().any(|o| o.key == entry.key);
                if entries.len() > ENTRIES || entries.iter().enumerate().any(twice) {
                    return None;
                }
                Value::Map(entries)
            }
            quote @ (b'\'' | b'"') => {
                self.at += 1;
                // What stands for something else in quotes: escapes, and a quote that is doubled.
                let inner = self
                    .run(|byte| {
                        matches!(byte, b' '..=b'~') && byte != quote && (byte != b'\\' || quote == b'\'')
                    })
                    .to_owned();
                if self.next() != Some(quote) || self.bytes.get(self.at + 1) == Some(&quote) {
                    return None;
                }
                self.at += 1;
                Value::Text(inner)
            }
            first if first.is_ascii_alphanumeric() => plain(
                self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-')),
            ),
            _ => return None,
        };
        Some(Node { value, span: self.text.span(start..self.at) })
    }

    /// What stands between brackets, with commas between; at least one.
    fn collection<T>(&mut self, closes: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::with_capacity(1);
        loop {
            self.at += 1;
            self.blanks();
            items.push(item(self)?);
            self.blanks();
            match self.next()? {
                byte if byte == closes => break,
                b',' => {}
                _ => return None,
            }
        }
        self.at += 1;
        Some(items)
    }
}

/// The core schema of YAML 1.2: `yes` and `on` are texts.
pub(super) fn plain(raw: &str) -> Value {
    match raw {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = raw.strip_prefix(['+', '-']).unwrap_or(raw);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Value::Text(raw.to_owned());
    }
    let radix =
        |prefix, radix| raw.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    if let Some(value) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| raw.parse().ok()) {
        return Value::Int(value, raw.to_owned());
    }
    let float = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    match raw.parse::<f64>() {
        Ok(value) if float => Value::Float(value, raw.to_owned()),
        _ => Value::Text(raw.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::yaml::read;
    use super::*;
    use crate::Span;
    use crate::findings::Findings;

    fn same_as_any_yaml(source: &str) -> Result<bool, TestCaseError> {
        let text = Mapped::slice(source, Span::new(0, source.len()));
        let Some(node) = simple(&text) else { return Ok(false) };
        let mut findings = Findings::default();
        prop_assert_eq!(
            format!("{:?}", Some(node)),
            format!("{:?}", read(&text, &mut findings)),
            "{}",
            source
        );
        Ok(true)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn simple_lines_are_read_as_any_yaml(
            lines in prop::collection::vec(
                ("( {0,2})", "[a-z_]{1,5}|true|null|y", ":  ?|: |:", "[a-zA-Z0-9_./-]{0,6}|0x1f|1e3|~|true|1 2|5m|-|a:|a b|#|2026-11-23"),
                0..4,
            ),
            indent in " {0,2}",
            same in prop::bool::weighted(0.8),
            end in "\n|",
        ) {
            let lines: Vec<String> = lines
                .into_iter()
                .map(|(own, key, colon, value)| format!("{}{key}{colon}{value}", if same { &indent } else { &own }))
                .collect();
            same_as_any_yaml(&format!("{}{end}", lines.join("\n")))?;
        }

        #[test]
        fn collections_and_quotes_are_read_as_any_yaml(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "[", "]", "{", "}", "[ ", " ]", "{ ", " }", ",", ", ", " , ", "a: ", "b: ", "a", "b", "1", "0x1f", "true", "null: ",
                    "'", "\"", "' a'", "'it''s'", "\"a: b, #\"", "\"\\n\"", "'é'", "''", " ", "#", "a:b", "-", "[1]", "{a: 1}", "{a}", "[a: 1]", "1.5",
                ]),
                0..10,
            ),
        ) {
            same_as_any_yaml(&format!("key: {}\n", parts.concat()))?;
        }

        #[test]
        fn nested_collections_are_simple_and_read_as_any_yaml(value in nested()) {
            let is_simple = same_as_any_yaml(&format!("key: {value}\nother: {value}\n"))?;
            prop_assert!(is_simple, "{}", value);
        }
    }

    fn nested() -> impl Strategy<Value = String> {
        let leaf = "[a-z0-9][a-z0-9_./-]{0,5}|'[ -&(-~]{0,8}'|\"[ !#-\\[\\]-~]{0,8}\"";
        leaf.prop_recursive(4, 16, 3, |inner| {
            let seq = (prop::collection::vec(inner.clone(), 1..4), " {0,2}").prop_map(|(items, blank)| {
                format!("[{blank}{}{blank}]", items.join(&format!("{blank},{blank}")))
            });
            let map = (prop::collection::vec(inner, 1..4), " {0,2}").prop_map(|(items, blank)| {
                let entries: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| format!("k{}: {item}", ["a", "b", "c"][at]))
                    .collect();
                format!("{{{blank}{}{blank}}}", entries.join(&format!("{blank},{blank}")))
            });
            prop_oneof![seq, map]
        })
    }

    #[test]
    fn option_lines_and_expectations_are_simple() {
        for source in [
            "timeout: 5m\n",
            " id: part-3\n idempotent: true\n",
            "exit: 0\nstderr: empty\n",
            "stdout: [ { contains: 'rack 1' } ]\n",
            "retry: { every: 5s, for: 2m }\n",
            "secrets: [a, b]\n",
        ] {
            let text = Mapped::slice(source, Span::new(0, source.len()));
            assert!(simple(&text).is_some(), "{source}");
        }
    }
}
