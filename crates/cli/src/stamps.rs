//! Time-stamp tokens (RFC 3161): asked for through `curl`, made sense of by `openssl`. Both are helpers; neither is needed
//! where there are no tokens.

use std::path::{Path, PathBuf};
use std::time::Duration;

use holdpoint_helper::{Answer, Helper, Unanswered};
use jiff::Timestamp;

/// Longest time that an authority may take; `curl` ends by itself, and is ended a little later where it does not.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest time that `openssl` may take.
const LOCAL: Duration = Duration::from_secs(30);
/// Most bytes of a reply, and of what `openssl` prints of one.
const LONGEST: u64 = 1024 * 1024;

/// Why there is no token, or none that holds.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// A program is not there. It says nothing about any token.
    #[error("{0} is needed for time-stamps, and is not installed or not on PATH")]
    Missing(String),
    /// This machine could not.
    #[error("{0}")]
    Here(String),
    /// The authority could not, or did otherwise than it was asked.
    #[error("{0}")]
    There(String),
}

impl From<Unanswered> for NoToken {
    fn from(error: Unanswered) -> NoToken {
        match error {
            Unanswered::Missing(program) => NoToken::Missing(program),
            other => NoToken::Here(other.to_string()),
        }
    }
}

/// What a token is held against.
#[derive(Clone, Copy)]
enum Against<'a> {
    /// The query that it answers: digest and nonce.
    Query(&'a Path),
    /// A digest in hex.
    Digest(&'a str),
}

/// A token that holds by the certificates that it brings itself.
#[derive(Clone, Debug)]
pub struct Stamped {
    /// The time that it tells.
    pub time: Timestamp,
    /// Why the authorities that are trusted did not make it, in `openssl`'s words; `None` where they did, or none was given.
    pub untrusted: Option<String>,
}

/// Has the authority at `url` time-stamp a digest; gives the reply, which is granted, over this digest, with our nonce,
/// and by one of `authorities` where there are any.
///
/// # Errors
/// There is none.
pub fn ask(url: &str, digest: &str, authorities: Option<&[u8]>) -> Result<(Vec<u8>, Timestamp), NoToken> {
    let scratch = scratch()?;
    let query = scratch.path().join("query.tsq");
    let made = openssl(&["ts", "-query", "-sha256", "-cert", "-digest", digest, "-out"], &[&query]).ask()?;
    here(made)?;
    let seconds = PATIENCE.as_secs().to_string();
    // No file of the user's says otherwise, and nobody else is asked than whom they named.
    let curl = Helper::new("curl")
        .arguments(["-q", "--silent", "--show-error", "--fail", "--globoff", "--proto", "=http,https"])
        .arguments(["--max-time", &seconds, "--max-filesize", &LONGEST.to_string()])
        .arguments(["--header", "Content-Type: application/timestamp-query", "--data-binary", "@-"])
        .arguments(["--url", url]);
    let query_bytes = std::fs::read(&query).map_err(|error| NoToken::Here(error.to_string()))?;
    let limit = PATIENCE + Duration::from_secs(5);
    let sent = curl.input(query_bytes).at_most(LONGEST).within(limit).alone().ask();
    let sent = sent.map_err(|error| match error {
        Unanswered::Missing(program) => NoToken::Missing(program),
        other => NoToken::There(other.to_string()),
    })?;
    let reply = match sent.code() {
        Some(0) => sent.printed,
        _ => return Err(NoToken::There(sent.words())),
    };
    let stamped = proved(&reply, Against::Query(&query), authorities)?;
    match stamped.untrusted {
        None => Ok((reply, stamped.time)),
        Some(why) => Err(NoToken::There(format!("its reply is not by the authority that you named: {why}"))),
    }
}

/// Proves that a token is over this digest and by the key of a certificate in it that is for time-stamping; and whether
/// one of `authorities` vouches for that.
///
/// # Errors
/// [`NoToken::There`] where it does not hold.
pub fn prove(reply: &[u8], digest: &str, authorities: Option<&[u8]>) -> Result<Stamped, NoToken> {
    proved(reply, Against::Digest(digest), authorities)
}

fn proved(reply: &[u8], against: Against<'_>, authorities: Option<&[u8]>) -> Result<Stamped, NoToken> {
    let scratch = scratch()?;
    let [file, token, own, trusted] =
        ["reply.tsr", "token.der", "own.pem", "trusted.pem"].map(|name| scratch.path().join(name));
    put(&file, reply)?;
    // What stands around the token nobody signed, so the time is read from the token alone.
    there(
        openssl(&["ts", "-reply", "-token_out", "-in"], &[&file])
            .arguments(["-out"])
            .arguments([&token])
            .ask()?,
    )?;
    let text = there(openssl(&["ts", "-reply", "-token_in", "-text", "-in"], &[&token]).ask()?)?;
    let time = time(&text.printed).ok_or_else(|| NoToken::There("it tells no time".to_owned()))?;
    let certificates = there(openssl(&["pkcs7", "-inform", "DER", "-print_certs", "-in"], &[&token]).ask()?)?;
    put(&own, &certificates.printed)?;
    let by = |authorities: &PathBuf| {
        // As of the time that it tells: authorities' certificates end, and what they stamped stays.
        let at = time.as_second().to_string();
        let helper = openssl(&["ts", "-verify", "-partial_chain", "-attime", &at, "-in"], &[&file]);
        let helper = helper.arguments(["-CAfile"]).arguments([authorities]);
        match against {
            Against::Query(query) => helper.arguments(["-queryfile"]).arguments([query]).ask(),
            Against::Digest(digest) => helper.arguments(["-digest", digest]).ask(),
        }
    };
    there(by(&own)?)?;
    let untrusted = match authorities {
        None => None,
        Some(bytes) => {
            put(&trusted, bytes)?;
            let answer = by(&trusted)?;
            (answer.code() != Some(0)).then(|| words(&answer))
        }
    };
    Ok(Stamped { time, untrusted })
}

/// `openssl`, without what would have it read other files or use other parts than it brings.
fn openssl(arguments: &[&str], files: &[&Path]) -> Helper {
    Helper::new("openssl")
        .arguments(arguments)
        .arguments(files)
        .without_those_of("OPENSSL_", &[])
        .without_those_of("SSL_CERT_", &[])
        .variable("OPENSSL_CONF", "/dev/null")
        .variable("LC_ALL", "C")
        .at_most(LONGEST)
        .within(LOCAL)
        .alone()
}

fn scratch() -> Result<tempfile::TempDir, NoToken> {
    let made = tempfile::Builder::new().prefix("holdpoint-stamp-").tempdir();
    made.map_err(|error| NoToken::Here(format!("there is no room for a token: {error}")))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), NoToken> {
    let put = std::fs::write(path, bytes);
    put.map_err(|error| NoToken::Here(format!("there is no room for a token: {error}")))
}

fn here(answer: Answer) -> Result<Answer, NoToken> {
    match answer.code() {
        Some(0) => Ok(answer),
        _ => Err(NoToken::Here(format!("openssl: {}", words(&answer)))),
    }
}

fn there(answer: Answer) -> Result<Answer, NoToken> {
    match answer.code() {
        Some(0) => Ok(answer),
        _ => Err(NoToken::There(words(&answer))),
    }
}

/// What `openssl` says, without what it says each time.
fn words(answer: &Answer) -> String {
    let said = String::from_utf8_lossy(&answer.said);
    let lines = said.lines().filter(|line| !line.starts_with("Using configuration"));
    // `4017A6…:error:0700006C:time stamp routines:ts_check_imprints:message imprint mismatch:../crypto/…`
    let words = lines.map(|line| match line.split(':').collect::<Vec<_>>().as_slice() {
        [_, "error", _, of, _, what, ..] => format!("{of}: {what}"),
        _ => line.trim().to_owned(),
    });
    let words: Vec<_> = words.filter(|words| !words.is_empty()).collect();
    match words.is_empty() {
        true => answer.words(),
        false => words.join("; "),
    }
}

/// The time in what `openssl ts -text` prints of a token: `Time stamp: Nov 29 01:46:49 2026 GMT`. Before it stands nothing
/// that whoever made the token could word.
fn time(text: &[u8]) -> Option<Timestamp> {
    let text = String::from_utf8_lossy(text);
    let told = text.lines().find_map(|line| line.strip_prefix("Time stamp: "))?;
    let mut words = told.split_whitespace();
    let (month, day, clock) = (words.next()?, words.next()?, words.next()?);
    let (year, "GMT") = (words.next()?, words.next()?) else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{day:0>2}T{clock}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_time_of_a_token_is_read_as_openssl_prints_it() {
        for (told, time) in [
            ("Time stamp: Nov 29 01:46:49 2026 GMT", Some("2026-11-29T01:46:49Z")),
            ("Time stamp: Feb  3 01:46:49.25 2026 GMT", Some("2026-02-03T01:46:49.25Z")),
            ("Time stamp: unspecified", None),
            ("Time stamp: Nov 31 01:46:49 2026 GMT", None),
            ("Serial: 1", None),
        ] {
            let text = format!("Version: 1\n{told}\nTSA: Time stamp: Jan 1 00:00:00 1990 GMT\n");
            assert_eq!(super::time(text.as_bytes()).map(|time| time.to_string()).as_deref(), time, "{told}");
        }
    }
}
