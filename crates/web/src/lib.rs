//! Runs in a browser and over HTTP: a server over runs that are passed in ([`Host`]). It shows, and changes nothing but that, where
//! it is told so, whoever is signed in signs and reviews with a passkey, and notes.
//!
//! What it does not do: it opens no record, folds no event and judges nothing; whoever passes the runs in does. Nobody gets
//! anything without a session or a token, a request names a run by number or id and never by a path, and what takes long is
//! given up in the open.

mod answer;
mod api;
mod asked;
mod connections;
mod guard;
mod host;
mod identity;
mod known;
mod live;
mod name;
mod pages;
mod places;
mod proxied;
mod rendering;
mod router;
mod secret;
mod server;
mod sessions;
mod signing;
mod state;
mod tokens;
mod waiting;
mod work;

pub use host::{
    Asker, Happened, HoldPoint, Host, LiveUpdate, Passkey, Pending, Person, Refusal, RefusalKind, Report,
    Row, Shown, StepRow, ToSign, Wanted, Wish,
};
pub use name::{NoRunName, RunName};
pub use proxied::{IdentityHeader, Proxied};
pub use server::{CannotServe, Options, PublicUrl, Server};
pub use tokens::{Token, TokenError, Tokens};
