//! In what a document differs from the one whose place it took.

use holdpoint_engine::excerpt;
use serde::Serialize;

use crate::blobs::{Material, fetch};
use crate::{Summary, text};

/// An exchange, as it is shown.
#[derive(Serialize)]
pub(crate) struct Exchange {
    /// The event.
    pub(crate) n: u64,
    /// Lines that differ, with what stands around them; or why there are none to show.
    pub(crate) lines: Vec<String>,
}

/// Every exchange of the run.
pub(crate) fn exchanges(m: &Material<'_>, summary: &Summary) -> Vec<Exchange> {
    let each =
        summary.deviations.iter().filter_map(|deviation| Some((deviation.n, deviation.exchanged.as_ref()?)));
    let shown = each.map(|(n, exchanged)| {
        let lines = match fetch(m, &exchanged.diff) {
            Ok(bytes) => {
                let whole = String::from_utf8_lossy(&bytes);
                excerpt(&whole).into_iter().map(|line| text::visible(line.as_bytes())).collect()
            }
            Err(why) => vec![why],
        };
        Exchange { n, lines }
    });
    shown.collect()
}
