//! Typed probes: what a `yaml check` asks. Texts are templates, but for the names of headers and labels.

use std::fmt;
use std::time::Duration;

use holdpoint_bounded::json::Value;
use serde::{Deserialize, Serialize};

/// Most bytes that a request of a probe sends as its body.
pub const SENT_LIMIT: usize = 64 * 1024;

/// Most bytes of a body that are shown in a sentence.
const SHOWN: usize = 200;

/// Longest time that a probe takes, unless its block says otherwise.
pub const PROBE_LIMIT: Duration = Duration::from_secs(30);

/// What is asked. What must hold of the answer are expectations of its block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// A web server.
    Http(HttpProbe),
    /// Whatever listens at a port.
    Tcp(TcpProbe),
    /// Name servers.
    Dns(DnsProbe),
    /// The file system.
    File(FileProbe),
    /// The repository.
    Git(GitProbe),
    /// An image of a container engine.
    Image(ImageProbe),
}

/// A request that changes nothing, or of which the document says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpProbe {
    /// `http` or `https`.
    pub url: String,
    /// How it is asked for.
    pub method: Method,
    /// In the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, HeaderValue)>,
    /// What is sent, by POST alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// How many redirects are followed.
    pub redirects: u32,
    /// A file with the authorities that are trusted instead of those of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Files with a certificate, and its key, that we show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<(String, String)>,
    /// An address, or address and port, that is connected to instead of what the name leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve: Option<String>,
    /// How much longer the server's certificate must be good, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<u64>,
    /// Most bytes of the body.
    pub at_most: u64,
    /// Whether the body is read as JSON.
    pub reads_json: bool,
}

/// Methods that change nothing (RFC 9110, 9.2.1), and the one by which questions are asked that need a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// The whole answer.
    Get,
    /// Its head.
    Head,
    /// What may be asked for.
    Options,
    /// Of which nobody can see from outside whether it changes something.
    Post,
}

/// What a request sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// This text.
    Text(String),
    /// This value, as JSON; its texts are templates, the names in it are not.
    Json(Value),
}

/// What a header is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderValue {
    /// This text.
    Text(String),
    /// A secret input with a text before it: its value is read when the probe asks, and is no part of the record.
    Secret {
        /// The input's name.
        name: String,
        /// What stands before its value.
        before: String,
    },
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpProbe {
    /// `host:port`.
    pub to: String,
    /// What is sent once it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// What is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A question to name servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsProbe {
    /// The name.
    pub name: String,
    /// The type of its records, as `A`.
    pub r#type: String,
    /// `address` or `address:port` of each server that is asked; none asks those of the machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Exactly these are wanted, in any order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<String>>,
    /// Whether each server is asked to validate the answer (RFC 4035), and must say that it did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dnssec: bool,
}

/// A path of the driving machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProbe {
    /// Within the repository, or of the machine where it is written so from `/` on.
    pub path: String,
    /// Whether it is one of the machine.
    pub of_machine: bool,
    /// A text that is looked for in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Whether its digest is taken.
    pub digest: bool,
}

/// Facts of the repository that the run-book lies in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitProbe {
    /// Two revisions: is the first an ancestor of the second?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ancestor: Option<(String, String)>,
    /// Two revisions: is what they hold the same?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal_trees: Option<(String, String)>,
    /// A tag of which is asked who signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Who may sign, in OpenSSH's format; what git is set to otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<String>,
}

/// An image, as the container engine of this machine has it, or its registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageProbe {
    /// Its name.
    pub name: String,
    /// Whether the registry is asked that the name names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registry: bool,
    /// Which image is meant where a registry has one for each of several architectures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
}

impl Probe {
    /// Which it is, as documents write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Probe::Http(_) => "http",
            Probe::Tcp(_) => "tcp",
            Probe::Dns(_) => "dns",
            Probe::File(_) => "file",
            Probe::Git(_) => "git",
            Probe::Image(_) => "image",
        }
    }

    /// Whether nobody can see from outside that it changes nothing.
    pub fn may_change(&self) -> bool {
        matches!(self, Probe::Http(HttpProbe { method: Method::Post, .. }))
    }

    /// The same probe with each of its templates put through `make`.
    ///
    /// # Errors
    /// The first that `make` gives.
    pub fn rendered<E>(&self, mut make: impl FnMut(&str) -> Result<String, E>) -> Result<Probe, E> {
        let mut probe = self.clone();
        for text in probe.texts() {
            *text = make(text)?;
        }
        Ok(probe)
    }

    /// Its templates.
    fn texts(&mut self) -> Vec<&mut String> {
        let mut texts = Vec::new();
        match self {
            Probe::Http(http) => {
                texts.push(&mut http.url);
                texts.extend(http.headers.iter_mut().filter_map(|(_, value)| match value {
                    HeaderValue::Text(text) => Some(text),
                    HeaderValue::Secret { .. } => None,
                }));
                match &mut http.body {
                    Some(Body::Text(text)) => texts.push(text),
                    Some(Body::Json(value)) => texts_in(value, &mut texts),
                    None => {}
                }
                texts.extend(http.ca.as_mut());
                texts.extend(http.client.iter_mut().flat_map(|(certificate, key)| [certificate, key]));
                texts.extend(http.resolve.as_mut());
            }
            Probe::Tcp(tcp) => {
                texts.push(&mut tcp.to);
                texts.extend(tcp.send.as_mut());
                texts.extend(tcp.answer.as_mut());
            }
            Probe::Dns(dns) => {
                texts.push(&mut dns.name);
                texts.extend(&mut dns.servers);
                texts.extend(dns.records.iter_mut().flatten());
            }
            Probe::File(file) => {
                texts.push(&mut file.path);
                texts.extend(file.contains.as_mut());
            }
            Probe::Git(git) => {
                let pairs = git.ancestor.iter_mut().chain(git.equal_trees.iter_mut());
                texts.extend(pairs.flat_map(|(one, other)| [one, other]));
                texts.extend(git.tag.as_mut());
                texts.extend(git.signers.as_mut());
            }
            Probe::Image(image) => {
                texts.push(&mut image.name);
                texts.extend(image.architecture.as_mut());
            }
        }
        texts
    }
}

fn texts_in<'v>(value: &'v mut Value, texts: &mut Vec<&'v mut String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts_in(item, texts)),
        Value::Object(members) => members.values_mut().for_each(|item| texts_in(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Body {
    /// As it is sent.
    pub fn sent(&self) -> String {
        match self {
            Body::Text(text) => text.clone(),
            Body::Json(value) => value.to_string(),
        }
    }
}

impl fmt::Display for Body {
    /// What is sent, or which bytes where they are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = self.sent();
        match self {
            _ if sent.len() > SHOWN => {
                write!(f, "{} bytes, SHA-256 {}", sent.len(), crate::hash::sha256(sent.as_bytes()))
            }
            Body::Text(_) => write!(f, "{sent:?}"),
            Body::Json(_) => f.write_str(&sent),
        }
    }
}

impl Method {
    /// As requests write it.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Probe {
    /// What it asks, in one sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Http(http) => {
                write!(f, "asks {} by {}", http.url, http.method)?;
                if let Some(resolve) = &http.resolve {
                    write!(f, " at {resolve}")?;
                }
                if let Some(body) = &http.body {
                    write!(f, ", sending {body}")?;
                }
                if http.redirects > 0 {
                    write!(f, ", following up to {} redirects", http.redirects)?;
                }
            }
            Probe::Tcp(tcp) => {
                write!(f, "connects to {}", tcp.to)?;
                if tcp.send.is_some() {
                    f.write_str(", sends something")?;
                }
                if let Some(answer) = &tcp.answer {
                    write!(f, ", waits for {answer:?}")?;
                }
            }
            Probe::Dns(dns) => {
                match dns.servers.as_slice() {
                    [] => f.write_str("asks the name servers of this machine")?,
                    servers => write!(f, "asks {}", servers.join(", "))?,
                }
                write!(f, " for {} of {}", dns.r#type, dns.name)?;
                if dns.dnssec {
                    f.write_str(", authenticated by DNSSEC")?;
                }
            }
            Probe::File(file) => write!(f, "looks at the file {}", file.path)?,
            Probe::Git(git) => {
                f.write_str("asks git for the state of this repository")?;
                if let Some((older, newer)) = &git.ancestor {
                    write!(f, ", whether {older} is an ancestor of {newer}")?;
                }
                if let Some((one, other)) = &git.equal_trees {
                    write!(f, ", whether {one} and {other} hold the same")?;
                }
                if let Some(tag) = &git.tag {
                    write!(f, ", who signed the tag {tag}")?;
                }
            }
            Probe::Image(image) => {
                let whom = if image.registry { "its registry" } else { "the container engine" };
                write!(f, "asks {whom} about the image {}", image.name)?;
            }
        }
        f.write_str(", from this machine")
    }
}
