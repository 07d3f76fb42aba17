//! The verb that serves runs over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use holdpoint_web::{IdentityHeader, PublicUrl};

use super::shared::Format;

/// `serve`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("of_tokens").args(["token", "revoke", "tokens"]).conflicts_with_all(["listen", "beyond_this_machine", "public_url", "sign", "identity_header", "proxy_secret"]))]
pub struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// How people reach it, where that is through a proxy that encrypts: https://HOST
    #[arg(long, value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// Let whoever is signed in sign off, reject and review with a passkey, and add notes; without it nothing can be changed
    #[arg(long)]
    pub sign: bool,
    /// Listen where other machines can connect, for a proxy on one of them
    #[arg(long, requires = "public_url")]
    pub beyond_this_machine: bool,
    /// The header in which a proxy that signs people in says who somebody is; then no link does
    #[arg(long, value_name = "HEADER", requires_all = ["public_url", "proxy_secret"])]
    pub identity_header: Option<IdentityHeader>,
    /// The file with the secret that the proxy sends in Holdpoint-Proxy
    #[arg(long, value_name = "FILE", requires = "identity_header")]
    pub proxy_secret: Option<PathBuf>,
    /// Make a token by which a program reads the API, print it once, and serve nothing
    #[arg(long, value_name = "NAME")]
    pub token: Option<String>,
    /// For how many days the token counts
    #[arg(long, value_name = "N", requires = "token", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
    /// Take a token back, and serve nothing
    #[arg(long, value_name = "NAME")]
    pub revoke: Option<String>,
    /// List the tokens, and serve nothing
    #[arg(long)]
    pub tokens: bool,
    /// How it is told where it serves; json gives one object, or with --tokens an array
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}
