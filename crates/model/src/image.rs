//! Names of images, as registries are asked for them.

/// Where an image lies, and which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// The registry: a host, and a port where one is named.
    pub registry: String,
    /// The repository within it.
    pub repository: String,
    /// A tag, or a digest (`sha256:…`), which counts where both are named.
    pub reference: String,
}

impl ImageName {
    /// Reads `HOST[:PORT]/REPOSITORY[:TAG][@sha256:…]`; `None` where it is no such name. A host has a dot or a port in it, or is
    /// `localhost`: without one nobody says whose image it is.
    pub fn parse(name: &str) -> Option<ImageName> {
        let (name, digest) = match name.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (name, None),
        };
        let (host, path) = name.split_once('/')?;
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        let is_part = |part: &str| {
            let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let ends = |byte: Option<u8>| byte.is_some_and(inner);
            ends(part.bytes().next())
                && ends(part.bytes().last())
                && part.bytes().all(|byte| inner(byte) || b"._-".contains(&byte))
        };
        let is_tag = |tag: &str| {
            let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            tag.len() <= 128
                && tag.bytes().next().is_some_and(word)
                && tag.bytes().all(|byte| word(byte) || b".-".contains(&byte))
        };
        let good = is_host(host)
            && repository.len() <= 255
            && repository.split('/').all(is_part)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_image_digest);
        let docker = host == "docker.io";
        let alone = docker && !repository.contains('/');
        good.then(|| ImageName {
            // By which names Docker's own registry is reached.
            registry: if docker { "registry-1.docker.io".to_owned() } else { host.to_owned() },
            repository: if alone { format!("library/{repository}") } else { repository.to_owned() },
            reference: digest.or(tag).unwrap_or("latest").to_owned(),
        })
    }

    /// Whether the registry is on this machine, where no TLS is needed on the way to it.
    pub fn is_of_this_machine(&self) -> bool {
        is_loopback(&self.registry)
    }

    /// Whether it is named by the digest of its bytes.
    pub fn is_by_digest(&self) -> bool {
        is_image_digest(&self.reference)
    }
}

/// Whether a host, with or without a port, is this machine by its name.
pub fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether this is the digest of an image or of a part of one.
pub fn is_image_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(crate::hash::is_sha256)
}

fn is_host(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':').filter(|(host, _)| !host.is_empty()) {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let named = |host: &str| {
        !host.starts_with(['-', '.'])
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_address = v6.is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    let said = host.contains('.') || host == "localhost" || port.is_some() || is_address;
    said && (is_address || named(host))
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_which_registry_is_asked_for_what() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let by_digest = format!("localhost:5000/app:v1@{digest}");
        for (name, registry, repository, reference, here) in [
            ("registry.example.org/app", "registry.example.org", "app", "latest", false),
            (
                "registry.example.org:5000/team/app:v1.2_x",
                "registry.example.org:5000",
                "team/app",
                "v1.2_x",
                false,
            ),
            (&*by_digest, "localhost:5000", "app", &*digest, true),
            ("localhost/app:v1", "localhost", "app", "v1", true),
            ("127.0.0.9:80/a/b-c/d__e:v1", "127.0.0.9:80", "a/b-c/d__e", "v1", true),
            ("[::1]:5000/app:v1", "[::1]:5000", "app", "v1", true),
            ("docker.io/nginx:1", "registry-1.docker.io", "library/nginx", "1", false),
            ("docker.io/a/b:1", "registry-1.docker.io", "a/b", "1", false),
        ] {
            let read = ImageName::parse(name).unwrap();
            assert_eq!(
                (&*read.registry, &*read.repository, &*read.reference),
                (registry, repository, reference)
            );
            assert_eq!(read.is_of_this_machine(), here, "{name}");
        }
        for name in [
            "app",
            "team/app:v1",
            "registry.example.org/",
            "registry.example.org/App",
            "registry.example.org/a//b",
            "registry.example.org/../b",
            "registry.example.org/a?b:c",
            "registry.example.org/a:v 1",
            "registry.example.org/a:",
            "registry.example.org/a@sha256:abc",
            "registry.example.org/a@sha512:abc",
            "registry.example.org:x/a",
            "me@registry.example.org/a",
            "https://registry.example.org/a",
            "registry.example.org#/a",
            "localhost.evil@x/a",
        ] {
            assert_eq!(ImageName::parse(name), None, "{name}");
        }
        assert!(!is_loopback("localhost.example.org") && !is_loopback("127.0.0.1.example.org:80"));
    }
}
