//! Who is signed in: sessions, and the link that makes one.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::secret::{self, Digest};

/// How long somebody stays signed in.
pub(crate) const SESSION: SignedDuration = SignedDuration::from_hours(8);
/// How long a link can be used.
pub(crate) const LINK: SignedDuration = SignedDuration::from_mins(15);
/// So many at once; the one that would end first goes.
const MOST: usize = 64;

/// Sessions of one server, and its link. Nothing of them outlives the process.
pub(crate) struct Sessions {
    inner: Mutex<Inner>,
    used: Notify,
}

struct Inner {
    link: Option<(Digest, Timestamp)>,
    until: HashMap<Digest, Timestamp>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(..)")
    }
}

impl Sessions {
    /// Nobody is signed in, and there is no link.
    pub(crate) fn new() -> Sessions {
        let inner = Mutex::new(Inner { link: None, until: HashMap::new() });
        Sessions { inner, used: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new link's secret. The one before it counts no more.
    pub(crate) fn link(&self, now: Timestamp) -> io::Result<String> {
        let secret = secret::new()?;
        self.inner().link = Some((Digest::of(&secret), now + LINK));
        Ok(secret)
    }

    /// Signs in by the link's secret, which is used up by that. Gives the cookie's value; `None` where it is not the link's,
    /// or too late.
    pub(crate) fn sign_in(&self, given: &str, now: Timestamp) -> io::Result<Option<String>> {
        let cookie = secret::new()?;
        let mut inner = self.inner();
        let good = inner.link.is_some_and(|(digest, until)| digest == Digest::of(given) && now < until);
        if !good {
            return Ok(None);
        }
        inner.link = None;
        inner.until.retain(|_, until| now < *until);
        if inner.until.len() >= MOST
            && let Some(first) =
                inner.until.iter().min_by_key(|(_, until)| **until).map(|(digest, _)| *digest)
        {
            inner.until.remove(&first);
        }
        inner.until.insert(Digest::of(&cookie), now + SESSION);
        self.used.notify_one();
        Ok(Some(cookie))
    }

    /// Waits until the link is used.
    pub(crate) async fn used(&self) {
        self.used.notified().await;
    }

    /// The session of a cookie, while it lasts.
    pub(crate) fn of(&self, cookie: &str, now: Timestamp) -> Option<Digest> {
        let session = Digest::of(cookie);
        self.lasts(&session, now).then_some(session)
    }

    /// Whether a session lasts.
    pub(crate) fn lasts(&self, session: &Digest, now: Timestamp) -> bool {
        self.inner().until.get(session).is_some_and(|until| now < *until)
    }

    /// Ends a session.
    pub(crate) fn end(&self, session: &Digest) {
        self.inner().until.remove(session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_signs_in_once_and_in_time() {
        let (sessions, now) = (Sessions::new(), Timestamp::UNIX_EPOCH);
        assert!(sessions.sign_in("", now).unwrap().is_none(), "there is no link yet");
        let link = sessions.link(now).unwrap();
        assert!(sessions.sign_in(&link[1..], now).unwrap().is_none());
        assert!(sessions.sign_in(&link, now + LINK).unwrap().is_none(), "too late");
        let cookie = sessions.sign_in(&link, now).unwrap().unwrap();
        assert!(sessions.sign_in(&link, now).unwrap().is_none(), "used up");
        let session = sessions.of(&cookie, now).unwrap();
        assert!(sessions.of(&cookie, now + SESSION).is_none(), "it ends by itself");
        assert!(sessions.of(&link, now).is_none());
        sessions.end(&session);
        assert!(sessions.of(&cookie, now).is_none());
    }

    #[test]
    fn a_new_link_takes_the_place_of_the_one_before() {
        let (sessions, now) = (Sessions::new(), Timestamp::UNIX_EPOCH);
        let first = sessions.link(now).unwrap();
        let second = sessions.link(now).unwrap();
        assert!(sessions.sign_in(&first, now).unwrap().is_none());
        assert!(sessions.sign_in(&second, now).unwrap().is_some());
    }

    #[test]
    fn of_too_many_sessions_the_oldest_ends() {
        let sessions = Sessions::new();
        let mut cookies = Vec::new();
        for n in 0..=MOST as i64 {
            let now = Timestamp::from_second(n).unwrap();
            let link = sessions.link(now).unwrap();
            cookies.push(sessions.sign_in(&link, now).unwrap().unwrap());
        }
        let now = Timestamp::from_second(100).unwrap();
        assert!(sessions.of(&cookies[0], now).is_none());
        assert!(cookies[1..].iter().all(|cookie| sessions.of(cookie, now).is_some()));
    }
}
