//! Messages as they come over a pipe: a header with a length, and JSON. Whatever comes that is none of that is passed over, and
//! what follows is read: an editor's slip must not take the server away.

use std::io::{self, BufRead, Read as _};

use lsp_server::Message;

/// Longest line of a header, and longest message, in bytes.
const HEADER: u64 = 4096;
const MESSAGE: u64 = 64 * 1024 * 1024;

/// What came.
pub(crate) enum Came {
    Message(Message),
    /// Something that is no message; why.
    Malformed(String),
}

/// The next thing that comes; `None` at the end.
///
/// # Errors
/// The pipe cannot be read.
pub(crate) fn next(input: &mut impl BufRead) -> io::Result<Option<Came>> {
    let mut length: Option<u64> = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            match length {
                Some(length) => return body(input, length),
                None => continue,
            }
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("Content-Length") {
            length = value.trim().parse().ok();
            if length.is_none() {
                return Ok(Some(Came::Malformed(format!("`{}` is no length", value.trim()))));
            }
        } else if !name.eq_ignore_ascii_case("Content-Type") {
            return Ok(Some(Came::Malformed("a header was expected: Content-Length".to_owned())));
        }
    }
}

fn body(input: &mut impl BufRead, length: u64) -> io::Result<Option<Came>> {
    if length > MESSAGE {
        let passed = io::copy(&mut input.take(length), &mut io::sink())?;
        let malformed = Came::Malformed(format!("a message of {length} bytes is too long"));
        return Ok((passed == length).then_some(malformed));
    }
    let mut text = Vec::new();
    if input.take(length).read_to_end(&mut text)? as u64 != length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&text) {
        Ok(message) => Came::Message(message),
        Err(error) => Came::Malformed(error.to_string()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Methods of what comes; `!` for what is no message.
    fn told(mut input: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(Some(came)) = next(&mut input) {
            all.push(match came {
                Came::Message(Message::Request(request)) => request.method,
                Came::Message(Message::Notification(notification)) => notification.method,
                Came::Message(Message::Response(_)) => "response".to_owned(),
                Came::Malformed(_) => "!".to_owned(),
            });
        }
        all
    }

    fn framed(text: &str) -> Vec<u8> {
        format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
    }

    #[test]
    fn what_is_no_message_is_passed_over_and_the_next_one_is_read() {
        let good = framed(r#"{"jsonrpc":"2.0","method":"good"}"#);
        for bad in [
            &framed("{")[..],
            &framed("[]"),
            &framed("\u{feff}"),
            b"Content-Length: 3\r\n\r\n\xff\xfe\xfd",
            b"Content-Length: many\r\n",
            b"Content-Length: -1\r\n",
            b"GET / HTTP/1.1\r\n",
            b"Content-Length: 0\r\n\r\n",
        ] {
            let all = told(&[bad, &good, &good].concat());
            assert_eq!(all, ["!", "good", "good"], "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(told(&[b"\r\n\r\n", &good[..]].concat()), ["good"]);
        let typed = b"content-type: x\r\ncontent-length: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"good\"}";
        assert_eq!(told(typed), ["good"]);
    }

    #[test]
    fn a_length_that_lies_takes_no_memory_and_ends_with_the_pipe() {
        assert_eq!(told(b"Content-Length: 99999999999999\r\n\r\n{}"), [""; 0]);
        assert_eq!(told(b"Content-Length: 40\r\n\r\n{}"), [""; 0]);
        assert_eq!(told(&[b'x'; 10_000]).len(), 3);
    }
}
