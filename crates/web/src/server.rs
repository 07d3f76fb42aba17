//! The server: where it listens, under which names it is reached, and its link to sign in by.

use std::fs;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::host::Host;
use crate::proxied::Proxied;
use crate::sessions::LINK;
use crate::state::{Reached, State};
use crate::tokens::{Tokens, private};
use crate::{connections, router};

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether that may be reached from other machines.
    pub beyond_loopback: bool,
    /// How people reach it, where that is by a proxy.
    pub public: Option<PublicUrl>,
    /// Whether whoever is signed in may sign with a passkey.
    pub sign: bool,
    /// Who says who somebody is, where that is a proxy: then no link signs in.
    pub proxied: Option<Proxied>,
    /// The directory of tokens and links, the user's own.
    pub state: PathBuf,
}

/// How people reach the server: a scheme and a host, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    host: String,
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<PublicUrl, String> {
        let url: Uri = text.parse().map_err(|_| "it is no URL".to_owned())?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        match (url.scheme_str(), url.authority()) {
            (Some("https"), Some(host))
                if path == "/" && !host.as_str().contains('@') && !text.contains('#') =>
            {
                // Browsers leave out the port that goes without saying.
                let host = host.as_str().to_ascii_lowercase();
                Ok(PublicUrl { host: host.strip_suffix(":443").map(str::to_owned).unwrap_or(host) })
            }
            (Some("http"), _) => Err(
                "http is not encrypted: a proxy in front of the server does that, and is reached by https"
                    .to_owned(),
            ),
            _ => Err("expected https://HOST or https://HOST:PORT, and nothing behind it".to_owned()),
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum CannotServe {
    /// It would be reached by other machines, and nobody said so.
    #[error("{0} can be reached from other machines")]
    Beyond(IpAddr),
    /// It would be reached by other machines unencrypted, or by a name that it does not know.
    #[error(
        "what is reached from other machines needs a proxy that encrypts, and the name by which that is reached"
    )]
    Unencrypted,
    /// Passkeys sign for a site that has a name.
    #[error("passkeys are for a site that has a name, and {0} is none")]
    NoName(String),
    /// The address cannot be had.
    #[error("{address} cannot be listened on: {cause}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// The link cannot be kept.
    #[error("the link cannot be written to {}: {cause}", path.display())]
    Link {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// A server that listens, and answers nobody yet.
pub struct Server {
    /// The one of `address`, and where people come by the name `localhost`, that of its other address.
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    state: Arc<State>,
    url: String,
    /// The link that signs in once, and the file of the one after it.
    link: Option<(String, PathBuf)>,
}

impl Server {
    /// Takes the address and makes the first link.
    ///
    /// # Errors
    /// [`CannotServe`].
    pub async fn bind(host: Arc<dyn Host>, options: Options) -> Result<Server, CannotServe> {
        let Options { listen, beyond_loopback, public, sign, proxied, state } = options;
        if !listen.ip().is_loopback() {
            if !beyond_loopback {
                return Err(CannotServe::Beyond(listen.ip()));
            }
            if public.is_none() {
                return Err(CannotServe::Unencrypted);
            }
        }
        let site = sign.then(|| site(listen.ip(), public.as_ref())).transpose()?;
        let by_name = site.is_some() && public.is_none();
        let listeners = if by_name { of_localhost(listen).await? } else { vec![bound(listen).await?] };
        let address = local_address(&listeners, listen)?;
        let (reached, url) = reached(address, public, site);
        let link_file = state.join(format!("sign-in-{}", address.port()));
        let links = proxied.is_none();
        let state = Arc::new(State::new(host, Tokens::within(&state), reached, proxied));
        let link = match links {
            true => Some((new_link(&state, &url, &link_file)?, link_file)),
            false => None,
        };
        Ok(Server { listeners, address, state, url, link })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How people reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The link that signs in once, and the file in which there is always one that was not used yet; `None` where a proxy signs
    /// people in.
    pub fn link(&self) -> Option<(&str, &Path)> {
        self.link.as_ref().map(|(link, file)| (&**link, &**file))
    }

    /// Answers until `stop` comes. Another link takes the place of one that was used, or is too old.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Server { listeners, state, url, link, .. } = self;
        let router = router::router(&state);
        let Some((_, link_file)) = link else {
            return connections::take(listeners, router, stop).await;
        };
        let links = async {
            loop {
                // A link that cannot be written is one that nobody can use: the next round tries again.
                let seconds = u64::try_from(LINK.as_secs()).unwrap_or(u64::MAX);
                let _ = tokio::time::timeout(Duration::from_secs(seconds), state.sessions.used()).await;
                let _ = new_link(&state, &url, &link_file);
            }
        };
        tokio::select! {
            () = connections::take(listeners, router, stop) => {}
            () = links => {}
        }
        let _ = fs::remove_file(&link_file);
    }
}

async fn bound(address: SocketAddr) -> Result<TcpListener, CannotServe> {
    TcpListener::bind(address).await.map_err(|cause| CannotServe::Address { address, cause })
}

fn local_address(listeners: &[TcpListener], asked: SocketAddr) -> Result<SocketAddr, CannotServe> {
    let first = listeners.first().ok_or_else(|| io::Error::other("nothing listens"));
    first.and_then(TcpListener::local_addr).map_err(|cause| CannotServe::Address { address: asked, cause })
}

/// Both addresses that `localhost` has, at one port: a browser goes to whichever it likes, and whoever of this machine's users
/// had the other one would be the page that people sign in at. A machine without the other family has nobody there.
async fn of_localhost(listen: SocketAddr) -> Result<Vec<TcpListener>, CannotServe> {
    let other = |port| match listen {
        SocketAddr::V4(_) => SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
    };
    let mut tries = 0;
    loop {
        let first = bound(listen).await?;
        let port = local_address(std::slice::from_ref(&first), listen)?.port();
        let without = [io::ErrorKind::AddrNotAvailable, io::ErrorKind::Unsupported];
        match bound(other(port)).await {
            Ok(second) => return Ok(vec![first, second]),
            Err(CannotServe::Address { cause, .. })
                if without.contains(&cause.kind()) || cause.raw_os_error() == Some(NO_SUCH_FAMILY) =>
            {
                return Ok(vec![first]);
            }
            // A port that the system chose may be taken there: it chooses another.
            Err(taken) if listen.port() != 0 || tries == PORTS => return Err(taken),
            Err(_) => tries += 1,
        }
    }
}

/// Most ports that are tried where the system chooses.
const PORTS: usize = 20;
/// The machine does not know addresses of this family at all.
const NO_SUCH_FAMILY: i32 = rustix::io::Errno::AFNOSUPPORT.raw_os_error();

/// The site of the passkeys that sign here: the name by which the server is reached.
fn site(listen: IpAddr, public: Option<&PublicUrl>) -> Result<String, CannotServe> {
    let Some(PublicUrl { host }) = public else {
        let localhost = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let known = localhost.contains(&listen);
        return known.then(|| "localhost".to_owned()).ok_or_else(|| CannotServe::NoName(listen.to_string()));
    };
    let name = host.split_once(':').map_or(host.as_str(), |(name, _)| name);
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let address = name.parse::<IpAddr>().is_ok() || !name.bytes().any(|byte| byte.is_ascii_lowercase());
    match name.bytes().all(fits) && !address {
        true => Ok(name.to_owned()),
        false => Err(CannotServe::NoName(host.clone())),
    }
}

/// Under which names the server is reached, and the URL for people.
fn reached(address: SocketAddr, public: Option<PublicUrl>, site: Option<String>) -> (Reached, String) {
    let port = address.port();
    match public {
        Some(PublicUrl { host }) => {
            let url = format!("https://{host}/");
            // `__Host-` is a promise that browsers hold: from this host, encrypted, for all of it.
            let cookie = "__Host-holdpoint".to_owned();
            (Reached { scheme: "https", hosts: vec![host], cookie, secure: true, site }, url)
        }
        None => {
            let mut hosts = vec![address.to_string(), format!("localhost:{port}")];
            if port == 80 {
                hosts.extend(
                    hosts.clone().iter().filter_map(|host| host.strip_suffix(":80")).map(str::to_owned),
                );
            }
            // Browsers do not tell cookies of two ports apart.
            let cookie = format!("holdpoint-{port}");
            // By its address no passkey signs.
            let url = match &site {
                Some(site) => format!("http://{site}:{port}/"),
                None => format!("http://{address}/"),
            };
            (Reached { scheme: "http", hosts, cookie, secure: false, site }, url)
        }
    }
}

/// Makes a link and keeps it where only the user can read it.
fn new_link(state: &State, url: &str, file: &Path) -> Result<String, CannotServe> {
    let make = || -> io::Result<String> {
        let dir = file.parent().unwrap_or(Path::new("."));
        private(dir)?;
        clear_links(dir);
        // Behind `#` it stands in no log and in no request: the page gives it on.
        let link = format!("{url}sign-in#{}", state.sessions.link(Timestamp::now())?);
        let mut kept = tempfile::NamedTempFile::new_in(dir)?;
        writeln!(kept, "{link}")?;
        kept.persist(file)?;
        Ok(link)
    };
    make().map_err(|cause| CannotServe::Link { path: file.to_owned(), cause })
}

/// Links of servers that were killed. One that runs writes its own anew before it is too old.
fn clear_links(dir: &Path) {
    let old = |entry: &fs::DirEntry| {
        let age = entry.metadata().and_then(|of| of.modified()).ok().and_then(|at| at.elapsed().ok());
        entry.file_name().to_string_lossy().starts_with("sign-in-")
            && age.is_some_and(|age| age > LINK.unsigned_abs() * 2)
    };
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter(old).for_each(|entry| drop(fs::remove_file(entry.path())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_a_name_and_for_no_address() {
        let of = |listen: &str, public: Option<&str>| {
            let public = public.map(|url| url.parse().unwrap());
            site(listen.parse().unwrap(), public.as_ref()).ok()
        };
        assert_eq!(of("127.0.0.1", None).as_deref(), Some("localhost"));
        assert_eq!(of("::1", None).as_deref(), Some("localhost"));
        assert_eq!(
            of("127.0.0.1", Some("https://Runs.example.org:8443")).as_deref(),
            Some("runs.example.org")
        );
        for (listen, public) in [
            ("127.8.0.1", None),
            ("127.0.0.1", Some("https://10.0.0.1")),
            ("127.0.0.1", Some("https://[::1]")),
        ] {
            assert_eq!(of(listen, public), None, "{listen} {public:?}");
        }
    }

    #[test]
    fn a_public_url_is_encrypted_and_has_nothing_but_a_host() {
        for good in ["https://runs.example.org", "https://runs.example.org/", "https://RUNS.example.org:8443"]
        {
            assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://runs.example.org",
            "runs.example.org",
            "https://",
            "https://a/b",
            "https://a/?q",
            "https://u:p@a",
            "https://a/#f",
            "ftp://a",
            "",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }
}
