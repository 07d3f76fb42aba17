//! What a power cut leaves of a write of several lines: whether a line that the disk got in parts can have been followed
//! by another of the same write (record.md section 7).

use serde::Deserialize;

use crate::line::MORE;
use crate::preallocated::has_hole;

/// Whether line `n`, of which the disk lacks parts, may have said that its write goes on. Where it says so is known:
/// after keys of known lengths.
pub(crate) fn may_go_on(line: &[u8], n: u64) -> bool {
    let digest_and_time = 64 + "2026-11-23T14:34:05.123456Z".len();
    let before = format!(r#"{{"n":{n},"prev":"","at":"""#).len() + digest_and_time;
    let expected = MORE.bytes().chain(*b",");
    (before..)
        .zip(expected)
        .all(|(at, wanted)| line.get(at).is_none_or(|byte| matches!(*byte, 0) || *byte == wanted))
}

/// Whether another line of the same write may follow this one, which begins at `offset` in the file: it says so, or the
/// disk got it in parts. Nothing else of it is looked at.
pub(crate) fn goes_on(line: &[u8], offset: u64) -> bool {
    #[derive(Deserialize)]
    struct Goes {
        #[serde(default)]
        more: bool,
    }
    match serde_json::from_slice::<Goes>(line) {
        Ok(Goes { more }) => more,
        Err(_) => has_hole(line, offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::encode;
    use holdpoint_engine::{By, Event, Stamped, Via};

    #[test]
    fn a_line_with_a_hole_goes_on_unless_what_is_left_of_it_says_that_it_does_not() {
        for n in [0, 9, 10, 12_345] {
            let by = By { who: "ops@example.org".into(), via: Via::Terminal };
            let event = Event::Note { text: "x".repeat(2000), step: None, corrects: None, by };
            let at = "2026-11-23T14:34:05Z".parse().unwrap();
            let stamped = Stamped { n, prev: "0".repeat(64), at, event };
            for more in [false, true] {
                let line = encode(&stamped, more).unwrap();
                let (mut tail, mut head) = (line.clone(), line.clone());
                tail[512..1024].fill(0);
                head[..512].fill(0);
                assert_eq!(may_go_on(&tail, n), more, "{n}");
                assert!(may_go_on(&head, n), "nobody can know");
                assert_eq!(goes_on(&line, 0), more);
                assert!(goes_on(&tail, 0) && goes_on(&head, 0));
                assert!(!goes_on(&line[..600], 0), "no hole, and no event");
            }
        }
    }
}
