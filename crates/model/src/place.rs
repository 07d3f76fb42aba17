//! Places: the machines and containers that a target stands for, and how a step goes over several of them.

use std::fmt;

use serde::{Serialize, Serializer};

/// Where blocks of a target run, as an environment configures it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// In the order written: never empty in a configuration without findings, and all different.
    pub places: Vec<Place>,
    /// Whom blocks become there before they run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#become: Option<Become>,
}

/// How blocks become another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Become {
    /// Through `sudo`.
    Sudo,
}

impl Become {
    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Become::Sudo => "sudo",
        }
    }
}

/// One machine or container. Written as a URL; equal places are written the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The machine that drives the run.
    Local,
    /// A machine reached through OpenSSH.
    Ssh(Host),
    /// A container on the machine that drives the run.
    Docker(String),
    /// A container on another machine.
    DockerSsh(Host, String),
}

/// A machine as OpenSSH is told of it; what is not given, its own configuration says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    /// The login name.
    pub user: Option<String>,
    /// A name, or an address; lower case. An IPv6 address stands without its brackets.
    pub name: String,
    /// The port.
    pub port: Option<u16>,
}

/// How a step goes over the places of its target (targets.md, "One step, many places").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rollout {
    /// So many places go first, and all others wait until those have passed.
    pub first: u32,
    /// At most so many places are at work at any time; at least one.
    pub at_once: u32,
    /// With more failed places than this, no further place begins.
    pub stop_after: u32,
}

impl Default for Rollout {
    /// One place after another; none begins after a failure.
    fn default() -> Rollout {
        Rollout { first: 0, at_once: 1, stop_after: 0 }
    }
}

impl Place {
    /// The forms of a place, for help lines.
    pub const FORMS: &str =
        "write `local`, `ssh://USER@HOST:PORT`, `docker://CONTAINER` or `docker+ssh://USER@HOST/CONTAINER`";

    /// Reads a place.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(text: &str) -> Result<Place, String> {
        if text == "local" {
            return Ok(Place::Local);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!("`{text}` is no place"));
        };
        match scheme {
            "ssh" => Ok(Place::Ssh(Host::parse(rest)?)),
            "docker" => container(rest).map(Place::Docker),
            "docker+ssh" => {
                let (host, name) =
                    rest.split_once('/').ok_or_else(|| format!("`{text}` names no container"))?;
                Ok(Place::DockerSsh(Host::parse(host)?, container(name)?))
            }
            _ => Err(format!("blocks cannot reach a place by `{scheme}`")),
        }
    }

    /// The place in one spelling, and its login name apart: a port that is not given is 22, a dot behind a host's name says
    /// nothing. Of two that are the same so, one may be the other where the login names are the same or one is not given.
    pub fn whoever_logs_in(&self) -> (Place, Option<String>) {
        match self {
            Place::Ssh(host) => (Place::Ssh(host.whoever()), host.user.clone()),
            Place::DockerSsh(host, container) => {
                (Place::DockerSsh(host.whoever(), container.clone()), host.user.clone())
            }
            Place::Local | Place::Docker(_) => (self.clone(), None),
        }
    }

    /// Whether it is the machine that drives the run.
    pub fn is_local(&self) -> bool {
        *self == Place::Local
    }
}

/// Where OpenSSH listens unless something else is said.
const PORT: u16 = 22;

impl Host {
    fn whoever(&self) -> Host {
        let name = self.name.trim_end_matches('.').to_owned();
        Host { user: None, name, port: Some(self.port.unwrap_or(PORT)) }
    }

    fn parse(text: &str) -> Result<Host, String> {
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(word(user, "login name")?), rest),
            None => (None, text),
        };
        let (name, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            let (address, port) = bracketed.split_once(']').ok_or("an address in brackets does not end")?;
            let address: std::net::Ipv6Addr =
                address.parse().map_err(|_| format!("`{address}` is no IPv6 address"))?;
            let port = match port {
                "" => None,
                port => Some(port.strip_prefix(':').ok_or("only a port may follow the address")?),
            };
            (address.to_string(), port)
        } else {
            let (name, port) = match rest.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (rest, None),
            };
            (word(name, "host name")?.to_ascii_lowercase(), port)
        };
        let port = port.map(|port| match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|b| b.is_ascii_digit()) => Ok(number),
            _ => Err(format!("`{port}` is no port")),
        });
        Ok(Host { user, name, port: port.transpose()? })
    }
}

fn container(text: &str) -> Result<String, String> {
    word(text, "container name")
}

/// Letters, digits, `.`, `_` and `-`, the first of them a letter, a digit or `_`: nothing that could pass for an option
/// of a program.
fn word(text: &str, what: &str) -> Result<String, String> {
    let first = text.chars().next().ok_or_else(|| format!("the {what} is missing"))?;
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !(first.is_ascii_alphanumeric() || first == '_') || !text.chars().all(good) {
        return Err(format!("`{text}` cannot be a {what}"));
    }
    Ok(text.to_owned())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Local => f.write_str("local"),
            Place::Ssh(host) => write!(f, "ssh://{host}"),
            Place::Docker(name) => write!(f, "docker://{name}"),
            Place::DockerSsh(host, name) => write!(f, "docker+ssh://{host}/{name}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        if self.name.contains(':') {
            write!(f, "[{}]", self.name)?
        } else {
            f.write_str(&self.name)?
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_it_was_read() {
        for text in [
            "local",
            "ssh://deploy@prod-01",
            "ssh://prod-01.example.org:2222",
            "ssh://deploy@[2001:db8::1]:22",
            "docker://db",
            "docker+ssh://deploy@prod-01:2222/app_1.x",
        ] {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Place::parse("ssh://a@PROD"), Place::parse("ssh://a@prod"), "hosts have no case");
    }

    #[test]
    fn a_place_written_in_two_ways_is_one() {
        let may_be = |one: &str, other: &str| {
            let [(one, login), (two, other)] =
                [one, other].map(|text| Place::parse(text).unwrap().whoever_logs_in());
            one == two && (login == other || login.is_none() || other.is_none())
        };
        for (one, other) in [
            ("ssh://h", "ssh://h:22"),
            ("ssh://H", "ssh://h."),
            ("ssh://h", "ssh://deploy@h:22"),
            ("ssh://[2001:db8::1]", "ssh://[2001:DB8:0::1]:22"),
            ("docker+ssh://h/db", "docker+ssh://deploy@h:22/db"),
            ("docker://db", "docker://db"),
            ("local", "local"),
        ] {
            assert!(may_be(one, other) && may_be(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("ssh://h", "ssh://h:2222"),
            ("ssh://a@h", "ssh://b@h"),
            ("ssh://h1", "ssh://h2"),
            ("docker+ssh://h/db", "docker+ssh://h/web"),
            ("docker://db", "docker://DB"),
            ("docker://db", "docker+ssh://h/db"),
        ] {
            assert!(!may_be(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused_and_so_is_what_a_program_could_take_for_an_option() {
        for text in [
            "",
            "Local",
            "prod-01",
            "ssh://",
            "ssh://@host",
            "ssh://-oProxyCommand=x",
            "ssh://-l@host",
            "ssh://host:0",
            "ssh://host:+22",
            "ssh://host:65536",
            "ssh://host/path",
            "ssh://a b@host",
            "ssh://[::1",
            "ssh://[x]",
            "ssh://[::1]x",
            "http://host",
            "docker://",
            "docker://a/b",
            "docker://-it",
            "docker+ssh://host",
            "docker+ssh://host/",
            "docker+ssh:///app",
        ] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }
}
