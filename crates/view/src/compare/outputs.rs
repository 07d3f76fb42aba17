//! What two blocks printed, line by line.

use std::collections::BTreeMap;

use holdpoint_engine::BlobRef;
use similar::{Algorithm, ChangeTag, capture_diff_slices, group_diff_ops};

use super::masking::{Masked, Masking};

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

    /// What masks the outputs of each.
    pub(super) fn masking(&self) -> &[Masking; 2] {
        &self.masking
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
        let lines = |text: &str, masking: &Masking| -> Vec<Masked> {
            text.lines().map(|line| masking.line(line)).collect()
        };
        let (a, b) = (lines(&raw_a, of_a), lines(&raw_b, of_b));
        if a.len() == b.len() && a.iter().zip(&b).all(|(one, other)| one.is_like(other)) {
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
        let [one, other] = numbered(&a, &b);
        let mut told: Vec<String> = Vec::new();
        for group in group_diff_ops(capture_diff_slices(Algorithm::Myers, &one, &other), 2) {
            if !told.is_empty() {
                told.push("  …".to_owned());
            }
            for change in group.iter().flat_map(|op| op.iter_changes(&one, &other)) {
                let (mark, line) = match (change.tag(), change.old_index(), change.new_index()) {
                    (ChangeTag::Delete, Some(at), _) => ('-', &a[at]),
                    (ChangeTag::Insert, _, Some(at)) => ('+', &b[at]),
                    (_, _, Some(at)) => (' ', &b[at]),
                    _ => continue,
                };
                told.push(format!("{mark} {}", shortened(&line.told())));
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

/// Lines as numbers, the same for those that are alike.
fn numbered(a: &[Masked], b: &[Masked]) -> [Vec<usize>; 2] {
    let mut known: BTreeMap<&str, Vec<(usize, &Masked)>> = BTreeMap::new();
    let mut count = 0;
    let mut number = |line, alike: fn(&Masked, &Masked) -> bool| {
        let of = known.entry(Masked::text(line)).or_default();
        let same = of.iter().find(|(_, other)| *other == line);
        if let Some((number, _)) = same.or_else(|| of.iter().find(|(_, other)| alike(line, other))) {
            return *number;
        }
        count += 1;
        of.push((count, line));
        count
    };
    // Within one run a line is like itself alone.
    let other = b.iter().map(|line| number(line, |_, _| false)).collect();
    let one = a.iter().map(|line| number(line, Masked::is_like)).collect();
    [one, other]
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
