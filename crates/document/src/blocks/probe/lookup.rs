//! `tcp` and `dns`

use std::net::{Ipv4Addr, Ipv6Addr};

use holdpoint_bounded::json::Value as Json;

use super::reader::{Reader, address, is_address, shown};
use crate::blocks::raw::is_templated;
use crate::{DnsProbe, TcpProbe};

const TYPES: &[(&str, &str)] = &[
    ("A", "A"),
    ("AAAA", "AAAA"),
    ("CAA", "CAA"),
    ("CNAME", "CNAME"),
    ("MX", "MX"),
    ("NS", "NS"),
    ("PTR", "PTR"),
    ("SOA", "SOA"),
    ("SRV", "SRV"),
    ("TXT", "TXT"),
];

pub(super) fn tcp(reader: &mut Reader<'_, '_>) -> Option<TcpProbe> {
    let to = reader.need("to", "write `to: host:port`");
    let to = reader.must_be("to", to, has_port, "write a host and a port: `db.example.org:5432`");
    let (send, answer) = (reader.text("send"), reader.text("answer"));
    if let (Some(_), Some(node)) = (&answer, reader.get("answer")) {
        reader.expects("$.answered", Json::Bool(true), node.span);
    }
    Some(TcpProbe { to: to?, send, answer })
}

fn has_port(to: &str) -> bool {
    let port = |(host, port): (&str, &str)| {
        !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    to.rsplit_once(':').is_some_and(port)
}

pub(super) fn dns(reader: &mut Reader<'_, '_>) -> Option<DnsProbe> {
    let name = reader.need("name", "write `name: www.example.org`");
    let name = reader.must_be("name", name, is_name, "write a name of letters, digits, `-`, `_` and dots");
    let r#type = match reader.get("type") {
        Some(node) => node.word(reader.findings, TYPES),
        None => Some("A"),
    };
    let servers = reader.texts("servers").map(|(servers, _)| servers);
    if let Some(node) = reader.get("servers") {
        let all = servers.as_deref().unwrap_or_default();
        for (at, server) in all.iter().enumerate() {
            // With its port or without, in whatever form.
            let at_port = |server: &str| address(server, 53);
            let same = |other: &String| {
                other == server || at_port(other).is_some_and(|it| at_port(server) == Some(it))
            };
            if all[..at].iter().any(same) {
                let message = format!("`{}` stands twice in `servers`", shown(server));
                reader.bad(node, message, "name each server once: it always agrees with itself");
            }
            if !is_templated(server) && !is_address(server) {
                let message = format!("`{}` is no address of a server", shown(server));
                reader.bad(node, message, "write addresses: `192.0.2.53` or `192.0.2.53:5353`");
            }
        }
    }
    let records = reader.texts("records");
    if let (Some((records, _)), Some(of), Some(node)) = (&records, r#type, reader.get("records")) {
        for record in records.iter().filter(|record| !is_templated(record) && !could_be(record, of)) {
            reader.bad(node, format!("`{}` is no record of the type {of}", shown(record)), example(of));
        }
    }
    match &records {
        Some((_, span)) => {
            reader.expects("$.missing", Json::Array(Vec::new()), *span);
            reader.expects("$.extra", Json::Array(Vec::new()), *span);
        }
        None => {
            let span = reader.node.span;
            reader.expects("$.found", Json::Bool(true), span);
        }
    }
    let dnssec = match reader.get("dnssec") {
        Some(node) => node.bool(reader.findings).map(|dnssec| dnssec.then_some(node.span)),
        None => Some(None),
    };
    if let Some(Some(span)) = dnssec {
        reader.expects("$.authenticated", Json::Bool(true), span);
    }
    let span = reader.node.span;
    reader.expects("$.agree", Json::Bool(true), span);
    Some(DnsProbe {
        name: name?,
        r#type: r#type?.to_owned(),
        servers: servers.unwrap_or_default(),
        records: records.map(|(records, _)| records),
        dnssec: dnssec?.is_some(),
    })
}

/// Whether a server could serve this; what is no literal is looked at when its values are known.
fn could_be(record: &str, of: &str) -> bool {
    // Where names lead may have other letters, as for the delegation of a part of a network (RFC 2317).
    let host = |name: &str| !name.is_empty() && name.len() <= 254 && !name.contains("..");
    let numbers = |parts: &[&str]| parts.iter().all(|part| part.parse::<u16>().is_ok());
    // As they are served: with one blank between them.
    let parts: Vec<&str> = record.split(' ').collect();
    match (of, &parts[..]) {
        ("A", _) => record.parse::<Ipv4Addr>().is_ok(),
        ("AAAA", _) => record.parse::<Ipv6Addr>().is_ok(),
        ("CNAME" | "NS" | "PTR", [name]) => host(name),
        ("MX", [preference, name]) => numbers(&[preference]) && host(name),
        ("SRV", [priority, weight, port, name]) => numbers(&[priority, weight, port]) && host(name),
        ("CNAME" | "NS" | "PTR" | "MX" | "SRV", _) => false,
        _ => true,
    }
}

fn example(of: &str) -> &'static str {
    match of {
        "A" => "write an address: `192.0.2.7`",
        "AAAA" => "write an address: `2001:db8::7`",
        "MX" => "write a preference and a name: `10 mail.example.org.`",
        "SRV" => "write priority, weight, port and a name: `0 5 443 www.example.org.`",
        _ => "write a name: `www.example.org.`",
    }
}

fn is_name(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let whole = labels.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    name.len() <= 254
        && (whole || name == ".")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
