//! Finds forms in bytes, fast where there are none: no form is short, so most bytes need not be looked at.
//!
//! The skip table is that of Wu and Manber (*A fast algorithm for multi-pattern searching*, 1994): it is asked about
//! the last bytes that the beginning of a form would have if it began here, and says how far on the next form can
//! begin at the earliest. Where one may begin here, a trie tells.

use aho_corasick::{AhoCorasick, Anchored, BuildError, Input, MatchKind, StartKind};

use super::forms::LEAST_SECRET;

/// How many bytes the table is asked about at once.
const BLOCK: usize = 3;
/// Binary logarithm of the table's length: it should stay in the nearest cache.
const BITS: u32 = 15;
/// How many bytes of a form's beginning the table knows at most: more of them fill it up, and it tells less.
const WIDEST: usize = 24;

pub(super) struct Finder {
    /// How many bytes of each form's beginning the table knows; no form is shorter.
    width: usize,
    skip: Vec<u8>,
    trie: AhoCorasick,
}

impl Finder {
    /// For these forms, none of which is shorter than [`LEAST_SECRET`].
    pub(super) fn new(forms: &[Vec<u8>]) -> Result<Finder, BuildError> {
        let width = forms.iter().map(Vec::len).min().unwrap_or(WIDEST).clamp(LEAST_SECRET, WIDEST);
        // How far on the next form can begin where a block stands in the beginning of none.
        let farthest = (width - BLOCK + 1) as u8;
        let mut skip = vec![farthest; 1 << BITS];
        for form in forms {
            for (at, block) in form[..width].windows(BLOCK).enumerate() {
                let entry = &mut skip[slot(u32::from_be_bytes([0, block[0], block[1], block[2]]))];
                *entry = (*entry).min(farthest - 1 - at as u8);
            }
        }
        let trie = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .start_kind(StartKind::Anchored)
            .build(forms)?;
        Ok(Finder { width, skip, trie })
    }

    /// The first form that begins at `from` or later and before `until`; of those that begin there the longest.
    /// Gives its index, and where it begins and ends.
    pub(super) fn find(&self, bytes: &[u8], from: usize, until: usize) -> Option<(usize, usize, usize)> {
        let mut at = from;
        while at < until {
            // One byte more than a block: four are read as cheaply as three.
            let block = bytes.get(at + self.width - BLOCK - 1..at + self.width)?;
            let block = u32::from_be_bytes([0, block[1], block[2], block[3]]);
            let skip = self.skip[slot(block)];
            if skip == 0 {
                let here = Input::new(bytes).range(at..).anchored(Anchored::Yes);
                if let Some(found) = self.trie.find(here) {
                    return Some((found.pattern().as_usize(), at, found.end()));
                }
                at += 1;
            }
            at += usize::from(skip);
        }
        None
    }
}

fn slot(block: u32) -> usize {
    (block.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BITS)) as usize
}
