//! `serve`: shows the runs of a store in a browser and to programs.

mod follow;
mod happened;
mod host;
mod note;
mod passkey;
mod review;
mod row;
mod sign;
mod stamp;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use holdpoint_report::clock;
use holdpoint_web::{CannotServe, Options, Proxied, Server, TokenError, Tokens};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::host::Store;
use crate::args::{self, Format};
use crate::digest::sha256;
use crate::exit::Exit;
use crate::files;
use crate::operator::not_in_a_block;
use crate::place::{Place, user};
use crate::problem::Problem;
use crate::screen::Screen;

/// Serves until it is interrupted; or sees to tokens.
pub async fn serve(screen: &Screen, arguments: &args::Serve) -> Result<Exit, Problem> {
    let place = Place::here()?;
    let state = state_of(&place)?;
    let tokens = Tokens::within(&state);
    match arguments {
        args::Serve { token: Some(name), .. } => make_token(screen, &tokens, name, arguments),
        args::Serve { revoke: Some(name), .. } => {
            tokens.revoke(name).map_err(token_problem)?;
            screen.tell(&format!("The token {name} counts no more."));
            Ok(Exit::Passed)
        }
        args::Serve { tokens: true, .. } => list_tokens(screen, &tokens, arguments.format),
        _ => listen(screen, place, state, arguments).await,
    }
}

async fn listen(
    screen: &Screen,
    place: Place,
    state: PathBuf,
    arguments: &args::Serve,
) -> Result<Exit, Problem> {
    if arguments.sign {
        not_in_a_block("nothing is signed")?;
    }
    let fault = |error: std::io::Error| Problem::fault(format!("signals cannot be heard: {error}"), "");
    let (mut interrupted, mut ended) =
        (signal(SignalKind::interrupt()).map_err(fault)?, signal(SignalKind::terminate()).map_err(fault)?);
    let host = Arc::new(Store::of(place)?);
    let options = Options {
        listen: arguments.listen,
        beyond_loopback: arguments.beyond_this_machine,
        public: arguments.public_url.clone(),
        sign: arguments.sign,
        proxied: proxied(arguments)?,
        state,
    };
    let server = Server::bind(host, options).await.map_err(serve_problem)?;
    let (url, link) = (server.url().to_owned(), server.link());
    match arguments.format {
        Format::Json => {
            let (link, next) = link.map(|(link, file)| (link, file.display().to_string())).unzip();
            let told = json!({
                "address": server.address().to_string(), "url": url, "sign_in": link, "next_sign_in": next,
            });
            screen.data(&told.to_string());
        }
        Format::Text => {
            let changes = match arguments.sign {
                true => {
                    "with passkeys hold points are signed and runs reviewed there, and notes taken, in this account"
                }
                false => "nothing can be changed there",
            };
            screen.tell(&format!("Serving at {url}, to whoever is signed in; {changes}."));
            match (link, &arguments.identity_header) {
                (Some((link, file)), _) => {
                    screen.tell(&format!("Sign in once, within a quarter of an hour: {link}"));
                    let file = file.display();
                    screen.tell(&format!(
                        "  The link after that one is in a file that only you can read: {file}"
                    ));
                }
                (None, header) => {
                    let header = header.iter().map(ToString::to_string).collect::<String>();
                    screen.tell(&format!("The proxy signs people in, and says in {header} who they are."));
                }
            }
            screen.say("  Ctrl-C ends it.");
        }
    }
    let stop = async {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = ended.recv() => {}
        }
    };
    server.serve(stop).await;
    Ok(Exit::Passed)
}

/// The proxy that signs people in, where there is one.
fn proxied(arguments: &args::Serve) -> Result<Option<Proxied>, Problem> {
    let (Some(header), Some(path)) = (&arguments.identity_header, &arguments.proxy_secret) else {
        return Ok(None);
    };
    let make =
        "Make one: (umask 077; openssl rand -hex 32 >FILE). Have the proxy send it in Holdpoint-Proxy.";
    let wrong = |why: String| {
        let path = path.display();
        Problem::usage(
            format!("no proxy can sign people in by {header} and the secret in {path}: {why}"),
            make,
        )
    };
    let text = files::read(path, files::TEXT).map_err(|error| wrong(error.to_string()))?;
    let mode = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(wrong("others on this machine may read it".to_owned()));
    }
    let text = String::from_utf8(text).map_err(|_| wrong("it is no text".to_owned()))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    Proxied::new(header.clone(), secret).map(Some).map_err(wrong)
}

fn make_token(
    screen: &Screen,
    tokens: &Tokens,
    name: &str,
    arguments: &args::Serve,
) -> Result<Exit, Problem> {
    let lasts = SignedDuration::from_hours(24 * i64::from(arguments.days));
    let now = Timestamp::now();
    let token = tokens.make(name, now, lasts).map_err(token_problem)?;
    match arguments.format {
        Format::Json => screen.data(&json!({"name": name, "token": token, "until": now + lasts}).to_string()),
        Format::Text => {
            screen.say(&format!(
                "The token {name} reads the API of this repository's runs for {} days. It is told once; take it back with: holdpoint serve --revoke {name}",
                arguments.days
            ));
            screen.data(&token);
        }
    }
    Ok(Exit::Passed)
}

fn list_tokens(screen: &Screen, tokens: &Tokens, format: Format) -> Result<Exit, Problem> {
    let all = tokens.all().map_err(token_problem)?;
    let now = Timestamp::now();
    if format == Format::Json {
        let rows: Vec<_> = all
            .iter()
            .map(|token| {
                json!({"name": token.name, "made": token.made, "until": token.until, "counts": now < token.until})
            })
            .collect();
        screen.data(&serde_json::to_string_pretty(&rows).unwrap_or_default());
    } else if all.is_empty() {
        screen.say("There are no tokens. Make one with: holdpoint serve --token NAME");
    } else {
        let zone = TimeZone::system();
        for token in &all {
            let counts = if now < token.until { "until" } else { "counts no more since" };
            screen.data(&screen.neutralise(&format!(
                "{} {counts} {}",
                token.name,
                clock(token.until, &zone)
            )));
        }
    }
    Ok(Exit::Passed)
}

/// The user's own directory for what is served of a store: no checkout brings tokens along.
fn state_of(place: &Place) -> Result<PathBuf, Problem> {
    // The same whether the store is there yet or not.
    let store = place.store();
    let below = store.path().strip_prefix(&place.root).unwrap_or(store.path());
    let store = place.root.canonicalize().unwrap_or_else(|_| place.root.clone()).join(below);
    let name = &sha256(store.as_os_str().as_encoded_bytes())[..16];
    let state = user::state().ok_or_else(|| {
        Problem::usage(
            "there is no directory to keep tokens and links in",
            "Set HOME, or XDG_STATE_HOME, to a directory of your own.",
        )
    })?;
    Ok(state.join("serve").join(name))
}

fn serve_problem(error: CannotServe) -> Problem {
    let message = error.to_string();
    match error {
        CannotServe::Beyond(_) => Problem::usage(
            message,
            "Nothing is served. Listen on 127.0.0.1 and put a proxy that encrypts in front of it (docs/serve.md); where that \
             is on another machine, say --beyond-this-machine --public-url https://HOST.",
        ),
        CannotServe::Unencrypted => {
            Problem::usage(message, "Nothing is served. Say --public-url https://HOST; see docs/serve.md.")
        }
        CannotServe::NoName(_) => Problem::usage(
            message,
            "Nothing is served. Listen on 127.0.0.1, which browsers of this machine reach as localhost; or say --public-url \
             https://HOST, with a name.",
        ),
        CannotServe::Address { .. } => {
            Problem::usage(message, "Nothing is served. Another port may be free: --listen 127.0.0.1:0.")
        }
        CannotServe::Link { .. } => Problem::usage(message, "Nothing is served. Look at the directory."),
    }
}

fn token_problem(error: TokenError) -> Problem {
    let message = error.to_string();
    match error {
        TokenError::File { .. } => Problem::usage(
            message,
            "No token counts until it is mended. Without the file there are none; make new ones.",
        ),
        TokenError::Name => Problem::usage(message, "Say who is to use it: --token ci."),
        TokenError::Taken(name) => {
            Problem::usage(message, format!("Take it back first: holdpoint serve --revoke {name}"))
        }
        TokenError::Unknown(_) => Problem::usage(
            message,
            "Tokens are of one repository each: `holdpoint serve --tokens` lists those of this one.",
        ),
        TokenError::TooMany => {
            Problem::usage(message, "Take some back: holdpoint serve --tokens, then --revoke NAME.")
        }
    }
}
