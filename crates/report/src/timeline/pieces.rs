//! Output cut into the pieces in which it came.

use std::time::Duration;

use super::Stream;

/// A piece of output, or what happened to the terminal between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Output(Stream, Vec<u8>),
    /// The block's terminal has this many columns and rows from here on.
    Size(u16, u16),
}

/// Output cut where the timing says it came. Nothing is lost: what the timing does not cover, or covers in a way
/// that cannot be, comes at the end without a time.
pub(super) fn pieces(stdout: &[u8], stderr: &[u8], timing: &[u8]) -> Vec<(Option<Duration>, Piece)> {
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
                pieces.push((at, Piece::Size(columns, rows)));
                continue;
            }
            "o" => (Stream::Stdout, stdout, &mut out),
            "e" => (Stream::Stderr, stderr, &mut err),
            _ => break,
        };
        let Ok(offset) = offset.parse::<usize>() else { break };
        let Some(piece) = whole.get(*done..offset) else { break };
        *done = offset;
        if !piece.is_empty() {
            pieces.push((at, Piece::Output(stream, piece.to_vec())));
        }
    }
    for (stream, rest) in [(Stream::Stdout, &stdout[out..]), (Stream::Stderr, &stderr[err..])] {
        if !rest.is_empty() {
            pieces.push((None, Piece::Output(stream, rest.to_vec())));
        }
    }
    pieces
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

    fn joined(pieces: &[(Option<Duration>, Piece)], of: Stream) -> Vec<u8> {
        let bytes = pieces.iter().filter_map(|(_, piece)| match piece {
            Piece::Output(stream, bytes) if *stream == of => Some(bytes.clone()),
            _ => None,
        });
        bytes.flatten().collect()
    }

    #[test]
    fn pieces_come_when_the_timing_says() {
        let timing = b"r 80x24 0\no 4 1000\ne 5 1500\nr 200x50 1600\no 8 2000000\n";
        let pieces = pieces(b"one\ntwo\n", b"oops\n", timing);
        let expected = [
            (Some(Duration::ZERO), Piece::Size(80, 24)),
            (Some(Duration::from_millis(1)), Piece::Output(Stream::Stdout, b"one\n".to_vec())),
            (Some(Duration::from_micros(1500)), Piece::Output(Stream::Stderr, b"oops\n".to_vec())),
            (Some(Duration::from_micros(1600)), Piece::Size(200, 50)),
            (Some(Duration::from_secs(2)), Piece::Output(Stream::Stdout, b"two\n".to_vec())),
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
