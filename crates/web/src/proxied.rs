//! A proxy that signs people in, by OIDC or however it likes, and says in a header of every request who that is.

use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};

use crate::secret::Digest;

/// The header with which the proxy proves that it is the proxy: whoever else reaches the port could name anybody.
const PROXY_SECRET: HeaderName = HeaderName::from_static("holdpoint-proxy");

/// Fewest characters of the proxy's secret.
const SHORTEST: usize = 32;
/// No principal is longer, bytes.
const LONGEST: usize = 320;

/// The header in which a proxy names people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeader(HeaderName);

impl FromStr for IdentityHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<IdentityHeader, String> {
        let name: HeaderName = text.parse().map_err(|_| "it is no name of a header".to_owned())?;
        if name == PROXY_SECRET {
            return Err("it is for the proxy's secret, and names nobody".to_owned());
        }
        match [HOST, ORIGIN, COOKIE, AUTHORIZATION].contains(&name) {
            true => Err("it says something else in every request".to_owned()),
            false => Ok(IdentityHeader(name)),
        }
    }
}

impl fmt::Display for IdentityHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a proxy says who somebody is.
#[derive(Clone, Debug)]
pub struct Proxied {
    header: IdentityHeader,
    secret: Digest,
}

impl Proxied {
    /// Whoever brings `secret` says in `header` who asks.
    ///
    /// # Errors
    /// Why that would prove nothing.
    pub fn new(header: IdentityHeader, secret: &str) -> Result<Proxied, String> {
        let plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
        match plain && secret.len() >= SHORTEST {
            true => Ok(Proxied { header, secret: Digest::of(secret) }),
            false => Err(format!(
                "it takes a line of {SHORTEST} or more letters, digits and signs, without blanks"
            )),
        }
    }

    /// Whether a request came through the proxy.
    pub(crate) fn carried(&self, headers: &HeaderMap) -> bool {
        one(headers, &PROXY_SECRET).is_some_and(|given| Digest::of(given) == self.secret)
    }

    /// Who asks, as the proxy says.
    ///
    /// # Errors
    /// It did not come through the proxy, or the proxy names nobody, or more than one.
    pub(crate) fn says(&self, headers: &HeaderMap) -> Result<String, Unsaid> {
        if !self.carried(headers) {
            return Err(Unsaid::Past);
        }
        let named = one(headers, &self.header.0);
        // What HTTP takes for blanks (RFC 9110, 5.6.3); others are letters of another account's name.
        let named = named.map(|named| named.trim_matches([' ', '\t']));
        let named = named.filter(|named| !named.is_empty() && named.len() <= LONGEST);
        named.map(str::to_owned).ok_or_else(|| Unsaid::Nobody(self.header.clone()))
    }
}

/// Why nobody knows who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// It did not come through the proxy.
    Past,
    /// The proxy named nobody in this header, or more than one.
    Nobody(IdentityHeader),
}

/// A header that is there once.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut all = headers.get_all(name).into_iter();
    match (all.next(), all.next()) {
        // Proxies send names as UTF-8, which is more than visible ASCII.
        (Some(value), None) => std::str::from_utf8(value.as_bytes()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn somebody_is_named_by_the_proxy_alone_and_once() {
        let proxied = Proxied::new("X-Forwarded-Email".parse().unwrap(), SECRET).unwrap();
        let says = |lines: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            proxied.says(&headers).ok()
        };
        let (secret, ann) = (("holdpoint-proxy", SECRET), ("x-forwarded-email", "ann@example.org"));
        assert_eq!(says(&[secret, ann]).as_deref(), Some("ann@example.org"));
        assert_eq!(says(&[ann]), None);
        assert_eq!(says(&[secret]), None);
        assert_eq!(says(&[secret, ann, ann]), None);
        assert_eq!(says(&[secret, secret, ann]), None);
        assert_eq!(says(&[secret, ("x-forwarded-email", " ")]), None);
        assert_eq!(says(&[("holdpoint-proxy", "0123456789abcdef0123456789abcdee"), ann]), None);
    }

    #[test]
    fn a_secret_that_can_be_guessed_or_a_header_that_says_something_else_is_refused() {
        let of = |header: &str, secret: &str| {
            header.parse().is_ok_and(|header| Proxied::new(header, secret).is_ok())
        };
        assert!(of("x-forwarded-email", SECRET));
        assert!(!of("x-forwarded-email", &SECRET[1..]));
        assert!(!of("x-forwarded-email", &SECRET.replace('0', " ")));
        assert!(!of("holdpoint-proxy", SECRET));
        assert!(!of("host", SECRET) && !of("a b", SECRET) && !of("", SECRET));
    }
}
