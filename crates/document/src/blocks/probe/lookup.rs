//! `tcp` and `dns`

use holdpoint_bounded::json::Value as Json;

use super::reader::{Reader, is_address, shown};
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
            if all[..at].contains(server) {
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

fn is_name(name: &str) -> bool {
    name.len() <= 254 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
