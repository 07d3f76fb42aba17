//! What happens, as it happens: server-sent events.

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::hash::Hasher as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as Shared};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::answer::{Kind, Trouble};
use crate::asked::{Given, first, had_last, named};
use crate::host::{Happened, Host, LiveUpdate, Wanted};
use crate::identity::Identity;
use crate::known::{Known, is_still};
use crate::state::State;
use crate::work::{begin, of_host};

/// How many events wait for a slow listener.
const WAITING: usize = 64;
/// How often the list is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a silent stream says that it is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Events for one listener, until they are gone or known no more.
struct Listener {
    to: mpsc::Sender<Event>,
    state: Arc<State>,
    who: Identity,
}

impl Listener {
    /// Whether they are there still, and still somebody who may listen.
    fn listens(&self) -> bool {
        !self.to.is_closed() && is_still(&self.who, &self.state)
    }

    fn tell(&self, event: Event) -> bool {
        self.listens() && self.to.blocking_send(event).is_ok()
    }

    fn tell_json(&self, name: &str, data: &Value) -> bool {
        self.tell(Event::default().event(name).data(data.to_string()))
    }
}

/// What happens in one run: all that is on record, or from an event on; then what is added.
pub(crate) async fn events(
    Shared(state): Shared<Arc<State>>,
    Known(who): Known,
    Path(run): Path<String>,
    headers: HeaderMap,
    given: Given,
) -> Response {
    let begun = async {
        let run = named(&run)?;
        let from = first(given)?;
        // Where a browser lost the line it says what it had.
        let from = had_last(&headers)?.map(|last| last.saturating_add(1)).or(from).unwrap_or(0);
        let named = run.clone();
        of_host(&state, move |host| host.number(&named)).await?;
        let follow = move |host: &dyn Host, listener: &Listener| {
            let followed = host.follow(&run, from, &mut |told| match told {
                LiveUpdate::Event { happened: Happened { n, at, words }, event } => {
                    let data = json!({"n": n, "at": at, "words": in_a_line(&words), "event": event});
                    listener.tell(Event::default().id(n.to_string()).event("event").data(data.to_string()))
                }
                LiveUpdate::Standing(row) => listener.tell_json("standing", &row.json),
                LiveUpdate::Nothing => listener.listens(),
            });
            match followed {
                Ok(()) => listener.tell_json("end", &json!({})),
                Err(why) => listener.tell_json("refused", &json!({"error": why.message, "help": why.help})),
            };
        };
        listen(&state, who, follow)
    };
    begun.await.unwrap_or_else(|trouble: Trouble| trouble.told(&state, Kind::Api))
}

/// That the list of runs is another than before.
pub(crate) async fn changes(Shared(state): Shared<Arc<State>>, Known(who): Known) -> Response {
    let watch = |host: &dyn Host, listener: &Listener| {
        let mut before = None;
        while listener.listens() {
            let listed = host.list(&Wanted::default());
            let now = match &listed {
                Ok(rows) => digest(&rows.iter().map(|row| row.json.to_string()).collect::<Vec<_>>()),
                Err(why) => digest(&why.message),
            };
            if before.replace(now) != Some(now) && !listener.tell_json("changed", &json!({})) {
                return;
            }
            std::thread::sleep(LOOK);
        }
    };
    listen(&state, who, watch).unwrap_or_else(|trouble| trouble.told(&state, Kind::Api))
}

fn digest(of: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A stream of what `tell` tells, which has a thread of its own.
fn listen(
    state: &Arc<State>,
    who: Identity,
    tell: impl FnOnce(&dyn Host, &Listener) + Send + 'static,
) -> Result<Response, Trouble> {
    let place = state.listeners.place(&who).ok_or_else(|| Trouble::too_slow("too many listen already"))?;
    let (to, mut from) = mpsc::channel(WAITING);
    let listener = Listener { to, state: Arc::clone(state), who };
    let host = Arc::clone(&state.host);
    begin(move || {
        tell(&*host, &listener);
        drop(place);
    })?;
    let events =
        stream::poll_fn(move |context| from.poll_recv(context).map(|event| event.map(Ok::<_, Infallible>)));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response())
}

/// What nothing acts in, in one line.
pub(crate) fn in_a_line(words: &str) -> String {
    holdpoint_model::visible(words.replace('\n', "⏎").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_in_one_harmless_line() {
        assert_eq!(in_a_line("note by ann: a\nb"), "note by ann: a⏎b");
        let hostile = in_a_line("note by ann: \u{202e}\u{1b}[2J");
        assert!(!hostile.contains(['\u{202e}', '\u{1b}']), "{hostile:?}");
    }
}
