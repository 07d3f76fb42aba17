//! The run before another one in its store, as the other's event 0 names it.

use std::path::Path;

use holdpoint_engine::{Event, Former, FormerHead};
use sha2::{Digest as _, Sha256};

use crate::chain::hex;
use crate::seal::seal_and_bytes;
use crate::store::{RunDir, Store, StoreError};
use crate::{ReadError, Reader};

impl Store {
    /// The run before the one of this number, as it is now: the one of the greatest number below. A gap is no reason
    /// to say nothing, nor is a record that cannot be read: then its number alone is named.
    ///
    /// # Errors
    /// The store cannot be listed.
    pub fn former(&self, number: u64) -> Result<Option<Former>, StoreError> {
        let before = self.runs()?.into_iter().rev().find(|run| run.number < number);
        Ok(before.map(|RunDir { number, path, .. }| {
            former(number, &path).unwrap_or(Former { number, id: None, seal: None, head: None })
        }))
    }
}

fn former(number: u64, dir: &Path) -> Result<Former, ReadError> {
    if let Some((seal, bytes)) = seal_and_bytes(dir)? {
        let digest = hex(Sha256::new_with_prefix(&bytes));
        return Ok(Former { number, id: Some(seal.id), seal: Some(digest), head: None });
    }
    let mut reader = Reader::open(dir)?;
    let mut id = None;
    for stamped in reader.by_ref() {
        if let Event::RunOpened(opened) = stamped?.event {
            id.get_or_insert(opened.id);
        }
    }
    let end = reader.position();
    let head = FormerHead { events: end.events, bytes: end.bytes, sha256: end.sha256 };
    Ok(Former { number, head: id.is_some().then_some(head), id, seal: None })
}
