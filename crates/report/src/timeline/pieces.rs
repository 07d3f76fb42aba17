//! Output cut into the pieces in which it came.

use std::ops::Range;
use std::time::Duration;

use super::Stream;

/// Longer ones are cut: nobody sees so much at once, bytes.
const LONGEST: u64 = 1024 * 1024;

/// A piece of output, or what happened to the terminal between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// Where the piece stands in its stream, bytes.
    Output(Stream, Range<u64>),
    /// The block's terminal has this many columns and rows from here on.
    Size(u16, u16),
}

/// What came, and when, since the block's start.
type Timed = (Option<Duration>, Came);

/// Output of these lengths, cut where the timing says it came. Nothing is lost: what the timing does not cover, or
/// covers in a way that cannot be, comes at the end without a time.
pub(super) fn pieces(stdout: u64, stderr: u64, timing: &[u8]) -> Vec<Timed> {
    let mut pieces = Vec::new();
    let (mut out, mut err) = (0, 0);
    for line in String::from_utf8_lossy(timing).lines() {
        let mut words = line.split(' ');
        let (Some(stream), Some(offset), Some(micros), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            break;
        };
        let Ok(micros) = micros.parse::<u64>() else { break };
        let at = Some(Duration::from_micros(micros));
        let (stream, whole, done) = match stream {
            "r" => {
                let Some((columns, rows)) = size(offset) else { break };
                pieces.push((at, Came::Size(columns, rows)));
                continue;
            }
            "o" => (Stream::Stdout, stdout, &mut out),
            "e" => (Stream::Stderr, stderr, &mut err),
            _ => break,
        };
        let Ok(offset) = offset.parse::<u64>() else { break };
        if offset < *done || offset > whole {
            break;
        }
        cut(at, stream, *done..offset, &mut pieces);
        *done = offset;
    }
    cut(None, Stream::Stdout, out..stdout, &mut pieces);
    cut(None, Stream::Stderr, err..stderr, &mut pieces);
    pieces
}

fn cut(at: Option<Duration>, stream: Stream, range: Range<u64>, pieces: &mut Vec<Timed>) {
    let mut from = range.start;
    while from < range.end {
        let to = range.end.min(from + LONGEST);
        pieces.push((at, Came::Output(stream, from..to)));
        from = to;
    }
}

/// `80x24`: columns and rows, neither of them none.
fn size(text: &str) -> Option<(u16, u16)> {
    let (columns, rows) = text.split_once('x')?;
    let size = (columns.parse().ok()?, rows.parse().ok()?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Where the pieces of a stream stand, joined.
    fn joined(pieces: &[Timed], of: Stream) -> Range<u64> {
        let mut end = 0;
        for (_, came) in pieces {
            let Came::Output(stream, range) = came else { continue };
            if *stream == of {
                let fits = range.start == end && range.end > end && range.end - range.start <= LONGEST;
                assert!(fits, "{pieces:?}");
                end = range.end;
            }
        }
        0..end
    }

    #[test]
    fn pieces_come_when_the_timing_says() {
        let timing = b"r 80x24 0\no 4 1000\ne 5 1500\nr 200x50 1600\no 8 2000000\n";
        let pieces = pieces(8, 5, timing);
        let expected = [
            (Some(Duration::ZERO), Came::Size(80, 24)),
            (Some(Duration::from_millis(1)), Came::Output(Stream::Stdout, 0..4)),
            (Some(Duration::from_micros(1500)), Came::Output(Stream::Stderr, 0..5)),
            (Some(Duration::from_micros(1600)), Came::Size(200, 50)),
            (Some(Duration::from_secs(2)), Came::Output(Stream::Stdout, 4..8)),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn timing_that_cannot_be_loses_no_output() {
        for timing in [
            "",
            "x",
            "o 99 1\n",
            "o 4 1\no 2 2\n",
            "o -1 1\n",
            "o 4 1 1\n",
            "e 1 1\n",
            "o 18446744073709551615 0\n",
            "r 80 0\no 4 1\n",
            "r 0x24 0\no 4 1\n",
            "r 80x70000 0\no 4 1\n",
        ] {
            let pieces = pieces(8, 0, timing.as_bytes());
            assert_eq!(joined(&pieces, Stream::Stdout), 0..8, "{timing:?}");
        }
    }

    #[test]
    fn what_came_at_once_or_at_no_known_time_is_cut_into_pieces_that_fit_into_memory() {
        for timing in ["", "o 1073741824 17\n"] {
            let pieces = pieces(1 << 30, 0, timing.as_bytes());
            assert_eq!((joined(&pieces, Stream::Stdout), pieces.len()), (0..1 << 30, 1024));
        }
    }

    proptest! {
        #[test]
        fn every_byte_of_output_is_replayed_once_and_in_order(
            stdout in 0..40_u64,
            stderr in 0..40_u64,
            lines in proptest::collection::vec(("[oex]", 0usize..60, 0u64..1000), 0..12),
        ) {
            let timing: String = lines.iter().map(|(s, offset, micros)| format!("{s} {offset} {micros}\n")).collect();
            let pieces = pieces(stdout, stderr, timing.as_bytes());
            prop_assert_eq!(joined(&pieces, Stream::Stdout), 0..stdout);
            prop_assert_eq!(joined(&pieces, Stream::Stderr), 0..stderr);
        }
    }
}
