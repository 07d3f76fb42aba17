//! Output cut into the pieces in which it came.

use std::ops::Range;
use std::time::Duration;

use super::Stream;

/// Longer ones are cut: nobody sees so much at once, bytes.
const LONGEST: u64 = 1024 * 1024;

/// A piece of one stream: when it came, since the block's start, and where in the stream it stands, bytes.
pub(super) type Came = (Option<Duration>, Stream, Range<u64>);

/// Output of these lengths, cut where the timing says it came. Nothing is lost: what the timing does not cover, or
/// covers in a way that cannot be, comes at the end without a time.
pub(super) fn pieces(stdout: u64, stderr: u64, timing: &[u8]) -> Vec<Came> {
    let mut pieces = Vec::new();
    let (mut out, mut err) = (0, 0);
    for line in String::from_utf8_lossy(timing).lines() {
        let mut words = line.split(' ');
        let (Some(stream), Some(offset), Some(micros), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            break;
        };
        let (stream, whole, done) = match stream {
            "o" => (Stream::Stdout, stdout, &mut out),
            "e" => (Stream::Stderr, stderr, &mut err),
            _ => break,
        };
        let (Ok(offset), Ok(micros)) = (offset.parse::<u64>(), micros.parse::<u64>()) else { break };
        if offset < *done || offset > whole {
            break;
        }
        cut(Some(Duration::from_micros(micros)), stream, *done..offset, &mut pieces);
        *done = offset;
    }
    cut(None, Stream::Stdout, out..stdout, &mut pieces);
    cut(None, Stream::Stderr, err..stderr, &mut pieces);
    pieces
}

fn cut(at: Option<Duration>, stream: Stream, range: Range<u64>, pieces: &mut Vec<Came>) {
    let mut from = range.start;
    while from < range.end {
        let to = range.end.min(from + LONGEST);
        pieces.push((at, stream, from..to));
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Where the pieces of a stream stand, joined.
    fn joined(pieces: &[Came], of: Stream) -> Range<u64> {
        let mut end = 0;
        for (_, _, range) in pieces.iter().filter(|(_, stream, _)| *stream == of) {
            assert!(
                range.start == end && range.end > end && range.end - range.start <= LONGEST,
                "{pieces:?}"
            );
            end = range.end;
        }
        0..end
    }

    #[test]
    fn pieces_come_when_the_timing_says() {
        let pieces = pieces(8, 5, b"o 4 1000\ne 5 1500\no 8 2000000\n");
        let expected = [
            (Some(Duration::from_millis(1)), Stream::Stdout, 0..4),
            (Some(Duration::from_micros(1500)), Stream::Stderr, 0..5),
            (Some(Duration::from_secs(2)), Stream::Stdout, 4..8),
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
