//! What all requests share.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::host::Host;
use crate::identity::Identity;
use crate::places::Places;
use crate::proxied::Proxied;
use crate::rendering::Pages;
use crate::sessions::Sessions;
use crate::tokens::Tokens;
use crate::waiting::Waiting;

/// So long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// So many records are read at once.
const READERS: usize = 2;
/// So many reports are made or sent at once.
const REPORTS: usize = 6;
/// So many listen at once to what happens.
const LISTENERS: usize = 32;

/// What all requests share. Nothing of it is anybody's run: those are the host's.
pub(crate) struct State {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) sessions: Sessions,
    pub(crate) waiting: Waiting,
    pub(crate) tokens: Tokens,
    pub(crate) pages: Pages,
    /// Where it is reached.
    pub(crate) reached: Reached,
    /// Who says who somebody is, where that is no link.
    pub(crate) proxied: Option<Proxied>,
    pub(crate) readers: Arc<Semaphore>,
    pub(crate) reports: Places,
    pub(crate) listeners: Places,
    pub(crate) limits: Limits,
}

/// Under which names the server is reached, and how its cookie is called.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// What may stand in `Host`, in lower case.
    pub(crate) hosts: Vec<String>,
    /// The cookie of a session.
    pub(crate) cookie: String,
    /// Whether the cookie is for encrypted connections alone.
    pub(crate) secure: bool,
    /// The site of the passkeys that sign here; `None` where nothing is signed.
    pub(crate) site: Option<String>,
}

/// How often something may be asked for.
pub(crate) struct Limits {
    /// By somebody nobody knows.
    pub(crate) strangers: DefaultDirectRateLimiter,
    /// To be let in with something that does not count.
    pub(crate) failed: DefaultDirectRateLimiter,
    /// By each that is known.
    pub(crate) known: DefaultKeyedRateLimiter<Identity>,
}

fn a_second(rate: u32, burst: u32) -> Quota {
    let some = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(some(rate)).allow_burst(some(burst))
}

impl State {
    pub(crate) fn new(
        host: Arc<dyn Host>,
        tokens: Tokens,
        reached: Reached,
        proxied: Option<Proxied>,
    ) -> State {
        State {
            host,
            sessions: Sessions::new(),
            waiting: Waiting::default(),
            tokens,
            pages: Pages::new(),
            reached,
            proxied,
            readers: Arc::new(Semaphore::new(READERS)),
            reports: Places::new(REPORTS),
            listeners: Places::new(LISTENERS),
            limits: Limits {
                strangers: RateLimiter::direct(a_second(50, 200)),
                failed: RateLimiter::direct(a_second(1, 10)),
                known: RateLimiter::keyed(a_second(20, 100)),
            },
        }
    }
}
