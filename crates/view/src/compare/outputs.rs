//! What two blocks printed, line by line.

use holdpoint_engine::BlobRef;
use similar::{Algorithm, ChangeTag, TextDiff};

use super::masking::Masking;

/// A longer output is not compared line by line, bytes.
const LONGEST: u64 = 1024 * 1024;
/// Nor is one of more lines: the time grows with the square of what differs.
const MOST: usize = 5_000;
/// So many lines of a diff are told.
const TOLD: usize = 200;

/// Outputs of two runs.
pub(super) struct Outputs {
    masking: [Masking; 2],
}

impl Outputs {
    pub(super) fn new(masking: [Masking; 2]) -> Outputs {
        Outputs { masking }
    }

    /// In what two outputs differ, as lines of a unified diff; `None` where they are the same but for what is masked. The
    /// error says why they were not compared.
    pub(super) fn compared(
        &self,
        a: impl FnOnce() -> Result<Vec<u8>, String>,
        b: impl FnOnce() -> Result<Vec<u8>, String>,
        (one, other): (&BlobRef, &BlobRef),
    ) -> Result<Option<Vec<String>>, String> {
        if one == other {
            return Ok(None);
        }
        if one.bytes.max(other.bytes) > LONGEST {
            return Err(format!("longer than {LONGEST} bytes, and not the same"));
        }
        let [of_a, of_b] = &self.masking;
        let lines = |bytes: Vec<u8>, masking: &Masking| -> Vec<String> {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.lines().map(|line| masking.masked(line)).collect()
        };
        let (a, b) = (lines(a()?, of_a), lines(b()?, of_b));
        if a == b {
            return Ok(None);
        }
        if a.len().max(b.len()) > MOST {
            return Err(format!("more than {MOST} lines, and not the same"));
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
                told.push(format!("{mark} {}", change.value()));
            }
        }
        if told.len() > TOLD {
            let more = told.len() - TOLD;
            told.truncate(TOLD);
            told.push(format!("  … {more} more lines"));
        }
        Ok(Some(told))
    }
}
