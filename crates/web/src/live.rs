//! What happens, as it happens: server-sent events.

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::hash::Hasher as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::answer::{Kind, Trouble};
use crate::asked::{had_last, named};
use crate::host::{Host, Told, Wanted};
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

/// Where a listener to one run begins.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    from: Option<u64>,
}

/// What happens in one run: all that is on record, or from an event on; then what is added.
pub(crate) async fn events(
    Shared(state): Shared<Arc<State>>,
    Known(who): Known,
    Path(run): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<From>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let begun = async {
        let run = named(&run)?;
        let no_from = |_| {
            Trouble::new(StatusCode::BAD_REQUEST, "only from=N can be asked for, the number of an event", "")
        };
        let Query(From { from }) = asked.map_err(no_from)?;
        // Where a browser lost the line it says what it had.
        let from = had_last(&headers)?.map(|last| last.saturating_add(1)).or(from).unwrap_or(0);
        let named = run.clone();
        of_host(&state, move |host| host.number(&named)).await?;
        let follow = move |host: &dyn Host, listener: &Listener| {
            let followed = host.follow(&run, from, &mut |told| match told {
                Told::Event { n, event } => {
                    let data = json!({"n": n, "words": words(&event), "event": event});
                    listener.tell(Event::default().id(n.to_string()).event("event").data(data.to_string()))
                }
                Told::Standing(row) => listener.tell_json("standing", &row.json),
                Told::Nothing => listener.listens(),
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
    let Ok(place) = Arc::clone(&state.listeners).try_acquire_owned() else {
        return Err(Trouble::too_slow("too many listen already"));
    };
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

/// An event in a line, for people who watch: what, of what, and what came of it.
fn words(event: &Value) -> String {
    let text = |key: &str| event[key].as_str();
    let what = text("type").unwrap_or_default();
    let of = text("action").or_else(|| text("step"));
    let place = text("place").map(|place| format!("at {place}"));
    let by = event["by"]["who"].as_str().or_else(|| text("operator")).map(|who| format!("by {who}"));
    let came = ["outcome", "verdict", "choice", "role", "name", "text", "reason"].into_iter().find_map(text);
    let parts =
        [Some(what.to_owned()), of.map(str::to_owned), place, came.map(|came| format!("({came})")), by];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    holdpoint_model::visible(line.replace('\n', "⏎").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_in_one_harmless_line() {
        let cases = [
            (json!({"type": "run.closed", "verdict": "passed"}), "run.closed (passed)"),
            (
                json!({"type": "action.finished", "action": "build#1", "place": "ssh://a", "outcome": "failed"}),
                "action.finished build#1 at ssh://a (failed)",
            ),
            (json!({"type": "note", "text": "a\nb", "by": {"who": "ann"}}), "note (a⏎b) by ann"),
        ];
        for (event, line) in cases {
            assert_eq!(words(&event), line);
        }
        let hostile = words(&json!({"type": "note", "text": "\u{202e}\u{1b}[2J"}));
        assert!(!hostile.contains(['\u{202e}', '\u{1b}']), "{hostile:?}");
    }
}
