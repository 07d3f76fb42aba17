//! What two blocks printed, line by line.

use holdpoint_engine::BlobRef;
use similar::{Algorithm, ChangeTag, TextDiff};

use super::masking::Masking;

/// A longer output is not compared line by line, bytes.
const LONGEST: u64 = 1024 * 1024;
/// Nor is one of more lines: the time grows with the square of what differs.
const MOST: usize = 2_000;
/// Nor more lines than this of all outputs together.
const MOST_OF_ALL: usize = 10_000;
/// A line is told to so many characters.
const WIDEST: usize = 400;
/// So many lines of a diff are told.
const TOLD: usize = 200;

/// Outputs of two runs.
pub(super) struct Outputs {
    masking: [Masking; 2],
    lines: usize,
}

/// What comes of comparing two outputs.
pub(super) enum Came {
    /// They are the same, byte for byte.
    Same,
    /// They are the same but for what is masked: the first lines that are not.
    Masked([String; 2]),
    /// Lines of a unified diff, masked.
    Differ(Vec<String>),
}

impl Outputs {
    pub(super) fn new(masking: [Masking; 2]) -> Outputs {
        Outputs { masking, lines: 0 }
    }

    /// In what two outputs differ. The error says why they were not compared.
    pub(super) fn compared(
        &mut self,
        a: impl FnOnce() -> Result<Vec<u8>, String>,
        b: impl FnOnce() -> Result<Vec<u8>, String>,
        (one, other): (&BlobRef, &BlobRef),
    ) -> Result<Came, String> {
        if one == other {
            return Ok(Came::Same);
        }
        if one.bytes.max(other.bytes) > LONGEST {
            return Err(format!("longer than {LONGEST} bytes, and not the same"));
        }
        let [of_a, of_b] = &self.masking;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (raw_a, raw_b) = (text(a()?), text(b()?));
        let lines = |text: &str, masking: &Masking| -> Vec<String> {
            text.lines().map(|line| masking.masked(line)).collect()
        };
        let (a, b) = (lines(&raw_a, of_a), lines(&raw_b, of_b));
        if a == b {
            let mut apart = raw_a.lines().zip(raw_b.lines()).filter(|(one, other)| one != other);
            // Only how the last line ends may be another.
            let (one, other) = apart.next().unwrap_or(("", ""));
            return Ok(Came::Masked([shortened(one), shortened(other)]));
        }
        self.lines += a.len() + b.len();
        if a.len().max(b.len()) > MOST {
            return Err(format!("more than {MOST} lines, and not the same"));
        }
        if self.lines > MOST_OF_ALL {
            return Err(format!(
                "not the same, and more than {MOST_OF_ALL} lines of all outputs were compared before"
            ));
        }
        let (a, b): (Vec<&str>, Vec<&str>) =
            (a.iter().map(String::as_str).collect(), b.iter().map(String::as_str).collect());
        let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_slices(&a, &b);
        let mut told: Vec<String> = Vec::new();
        for group in diff.grouped_ops(2) {
            if !told.is_empty() {
                told.push("  …".to_owned());
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let mark = match change.tag() {
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                    ChangeTag::Equal => ' ',
                };
                told.push(format!("{mark} {}", shortened(change.value())));
            }
        }
        if told.len() > TOLD {
            let more = told.len() - TOLD;
            told.truncate(TOLD);
            told.push(format!("  … {more} more lines"));
        }
        Ok(Came::Differ(told))
    }
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
