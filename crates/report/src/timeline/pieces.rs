//! Output cut into the pieces in which it came.

use std::time::Duration;

use super::Stream;

/// Output cut where the timing says it came. Nothing is lost: what the timing does not cover, or covers in a way
/// that cannot be, comes at the end without a time.
pub(super) fn pieces(
    stdout: &[u8],
    stderr: &[u8],
    timing: &[u8],
) -> Vec<(Option<Duration>, Stream, Vec<u8>)> {
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
        let (Ok(offset), Ok(micros)) = (offset.parse::<usize>(), micros.parse::<u64>()) else { break };
        let Some(piece) = whole.get(*done..offset) else { break };
        *done = offset;
        if !piece.is_empty() {
            pieces.push((Some(Duration::from_micros(micros)), stream, piece.to_vec()));
        }
    }
    for (stream, rest) in [(Stream::Stdout, &stdout[out..]), (Stream::Stderr, &stderr[err..])] {
        if !rest.is_empty() {
            pieces.push((None, stream, rest.to_vec()));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(pieces: &[(Option<Duration>, Stream, Vec<u8>)], of: Stream) -> Vec<u8> {
        pieces.iter().filter(|(_, stream, _)| *stream == of).flat_map(|(_, _, bytes)| bytes.clone()).collect()
    }

    #[test]
    fn pieces_come_when_the_timing_says() {
        let pieces = pieces(b"one\ntwo\n", b"oops\n", b"o 4 1000\ne 5 1500\no 8 2000000\n");
        let expected = [
            (Some(Duration::from_millis(1)), Stream::Stdout, b"one\n".to_vec()),
            (Some(Duration::from_micros(1500)), Stream::Stderr, b"oops\n".to_vec()),
            (Some(Duration::from_secs(2)), Stream::Stdout, b"two\n".to_vec()),
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
            let pieces = pieces(b"one\ntwo\n", b"", timing.as_bytes());
            assert_eq!(joined(&pieces, Stream::Stdout), b"one\ntwo\n", "{timing:?}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_of_output_is_replayed_once_and_in_order(
            stdout in proptest::collection::vec(any::<u8>(), 0..40),
            stderr in proptest::collection::vec(any::<u8>(), 0..40),
            lines in proptest::collection::vec(("[oex]", 0usize..60, 0u64..1000), 0..12),
        ) {
            let timing: String = lines.iter().map(|(s, offset, micros)| format!("{s} {offset} {micros}\n")).collect();
            let pieces = pieces(&stdout, &stderr, timing.as_bytes());
            prop_assert_eq!(joined(&pieces, Stream::Stdout), stdout);
            prop_assert_eq!(joined(&pieces, Stream::Stderr), stderr);
        }
    }
}
