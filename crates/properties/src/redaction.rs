//! Secrets in streams, however they are cut.

use std::collections::BTreeMap;

use holdpoint_redact::Redactor;

/// So much of a stream is looked at, in bytes.
const MOST: usize = 1024;
/// And of a secret: long ones hold much back at every piece, and show nothing more.
const LONGEST: usize = 48;

pub(crate) fn masked(bytes: &[u8]) {
    let at = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    let (head, stream) = bytes.split_at(at);
    let stream = stream.get(2..).unwrap_or_default();
    let stream = &stream[..stream.len().min(MOST)];
    let mut lines = head.split(|byte| *byte == b'\n');
    let sizes = lines.next().unwrap_or_default();
    // `\n` in a secret is a line feed, so that a secret may have lines.
    let secrets: Vec<(String, String)> = lines
        .take(6)
        .enumerate()
        .map(|(n, secret)| {
            (
                format!("S{n}"),
                String::from_utf8_lossy(&secret[..secret.len().min(LONGEST)]).replace("\\n", "\n"),
            )
        })
        .collect();
    let Ok(redactor) = Redactor::new(secrets.clone()) else {
        let short = |value: &str| value.trim().len() < holdpoint_redact::LEAST_SECRET;
        assert!(secrets.iter().any(|(_, value)| short(value)), "refused for nothing");
        return;
    };
    let whole = streamed(&redactor, std::iter::once(stream));
    for (_, value) in &secrets {
        let value = value.trim_end_matches(['\r', '\n']).as_bytes();
        for part in &whole.left {
            assert!(!part.windows(value.len()).any(|window| window == value), "a secret was let through");
        }
    }
    if let Ok(text) = std::str::from_utf8(stream) {
        assert_eq!(redactor.text(text).as_bytes(), whole.out, "text and stream");
    }
    let count: usize = whole.counts.values().map(|count| usize::try_from(*count).unwrap_or(usize::MAX)).sum();
    assert_eq!(count, whole.left.len() - 1, "as many masks as are told");
    let cut = streamed(&redactor, pieces(stream, sizes));
    assert_eq!(cut.out, whole.out, "cut as told");
    assert_eq!(cut.counts, whole.counts);
    for size in 1..=2 {
        assert_eq!(streamed(&redactor, stream.chunks(size)).out, whole.out, "pieces of {size}");
    }
}

/// The stream in pieces of these lengths, over and over.
fn pieces<'s>(mut rest: &'s [u8], sizes: &[u8]) -> impl Iterator<Item = &'s [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle().take(MOST / 2) {
        let (piece, after) = rest.split_at(usize::from(*size).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces.into_iter()
}

/// What came out, what of it stands between masks, and how often each secret was masked.
struct Streamed {
    out: Vec<u8>,
    left: Vec<Vec<u8>>,
    counts: BTreeMap<String, u64>,
}

fn streamed<'s>(redactor: &Redactor, pieces: impl Iterator<Item = &'s [u8]>) -> Streamed {
    let (mut out, mut left, mut stream) = (Vec::new(), vec![Vec::new()], redactor.stream());
    // Masks are given apart; what is let through never begins as they do, but where the stream itself says so.
    let mut sink = |piece: &[u8]| {
        out.extend_from_slice(piece);
        if piece.starts_with(b"[REDACTED:S") && piece.len() == 13 {
            left.push(Vec::new());
        } else if let Some(last) = left.last_mut() {
            last.extend_from_slice(piece);
        }
    };
    for piece in pieces {
        stream.push(piece, &mut sink);
    }
    let counts = stream.finish(&mut sink);
    Streamed { out, left, counts }
}
