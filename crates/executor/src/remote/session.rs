//! A session that goes on from block to block.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;

use super::frames::{Frame, Frames};
use super::line::{Held, Input, Output};

/// Longest answer to a question that is not about a block.
pub(super) const ANSWER: Duration = Duration::from_secs(15);

/// A session over which something was asked, and more can be.
pub(crate) struct Open {
    pub(super) stdin: Input,
    pub(super) frames: Frames<Output>,
    pub(super) held: Held,
    /// When it was last heard of.
    pub(super) since: Instant,
}

/// A session that rests for longer is not gone on with: nobody would know whether its line stands.
pub(super) const REST: Duration = Duration::from_secs(5);

impl Open {
    /// Has what the place keeps of the block that this session followed cleared away. Gives itself back where it was.
    pub(crate) async fn reap(mut self) -> Option<Open> {
        let asked = async {
            self.stdin.write_all(b"call reap\n").await.ok()?;
            self.stdin.flush().await.ok()?;
            loop {
                match self.frames.next().await.ok()? {
                    Frame::Said(word, _) if word == "reaped" => return Some(()),
                    Frame::Said(word, _) if word == "error" || word == "none" => return None,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(ANSWER, asked).await.ok()??;
        self.since = Instant::now();
        Some(self)
    }
}
