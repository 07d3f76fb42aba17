//! `dns`: the same question to each server, whether they agree.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr as _;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use holdpoint_model::DnsProbe;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Duration, timeout};

use crate::connection::socket;
use crate::parts::Facts;

/// How often, and how long each time, a server is asked by UDP, which loses questions.
const TRIES: usize = 3;
const WAIT: Duration = Duration::from_secs(2);
/// Most bytes of an answer by UDP, so that it comes whole on any way (DNS Flag Day 2020).
const PAYLOAD: u16 = 1232;

pub(crate) async fn ask(probe: &DnsProbe, facts: &mut Facts) -> Result<(), String> {
    let mut name =
        Name::from_utf8(&probe.name).map_err(|error| format!("`{}` is no name: {error}", probe.name))?;
    name.set_fqdn(true);
    let kind = RecordType::from_str(&probe.r#type).map_err(|error| error.to_string())?;
    let servers = match probe.servers.is_empty() {
        true => of_machine()?,
        false => probe.servers.iter().map(|server| address(server)).collect::<Result<Vec<_>, _>>()?,
    };
    let twice = servers.iter().enumerate().find(|(at, server)| servers[..*at].contains(server));
    if let Some((_, server)) = twice {
        return Err(format!("`servers` has {server} twice, and a server always agrees with itself"));
    }
    facts.set("name", probe.name.as_str());
    facts.set("type", probe.r#type.as_str());
    let (mut told, mut authenticated) = (Vec::new(), true);
    // What the others say is told all the same.
    let mut failed = None;
    let mut all: Vec<Vec<String>> = Vec::new();
    for server in servers {
        let checks = if probe.dnssec { Checks::Told } else { Checks::Own };
        let answer = match question(server, &name, kind, checks).await {
            Ok(answer) => answer,
            Err(why) => {
                told.push(json!({"server": server.to_string(), "error": why}));
                failed.get_or_insert(format!("{server} {why}"));
                continue;
            }
        };
        let code = answer.metadata.response_code;
        if !is_answer(code) {
            let mut why = format!("{server} answers {code}");
            if probe.dnssec && code == ResponseCode::ServFail {
                let unchecked = question(server, &name, kind, Checks::Off).await;
                if unchecked.is_ok_and(|answer| is_answer(answer.metadata.response_code)) {
                    why.push_str(
                        ": the signatures are bogus, for it answers where it is asked not to validate them",
                    );
                }
            }
            told.push(json!({"server": server.to_string(), "code": code.to_string()}));
            failed.get_or_insert(why);
            continue;
        }
        let own = answer.answers.iter().filter(|record| record.record_type() == kind);
        let mut records: Vec<String> = own.clone().map(|record| record.data.to_string()).collect();
        records.sort();
        let mut of_server = json!({
            "server": server.to_string(),
            "code": code.to_string(),
            "authoritative": answer.metadata.authoritative,
            "records": records,
            "ttl": own.map(|record| record.ttl).min(),
        });
        if probe.dnssec {
            of_server["authenticated"] = answer.metadata.authentic_data.into();
            authenticated &= answer.metadata.authentic_data;
        }
        told.push(of_server);
        all.push(records);
    }
    facts.set("servers", told);
    if let Some(why) = failed {
        return Err(why);
    }
    if probe.dnssec {
        facts.set("authenticated", authenticated);
    }
    let first = all.first().cloned().unwrap_or_default();
    let agree = all.iter().all(|records| *records == first);
    facts.set("agree", agree);
    facts.set("found", agree && !first.is_empty());
    if let Some(wanted) = &probe.records {
        let served: Vec<&String> = all.iter().flatten().collect();
        let not_in = |records: &[&String], of: &[&String]| {
            let mut left: Vec<&str> =
                records.iter().filter(|it| !of.contains(it)).map(|it| it.as_str()).collect();
            left.dedup();
            Value::from(left)
        };
        let wanted: Vec<String> = wanted.iter().map(|it| as_served(it, kind, &served)).collect();
        let wanted: Vec<&String> = wanted.iter().collect();
        // Where servers do not agree, what only some of them have is told by `agree`.
        facts.set("missing", not_in(&wanted, &served));
        facts.set("extra", not_in(&served, &wanted));
    }
    facts.set("records", if agree { Value::from(first) } else { Value::Null });
    Ok(())
}

/// A text is served without the quotes that zone files put around each of its parts, and those are then one; a name with its
/// final dot; an address in the shortest form.
fn as_served(wanted: &str, kind: RecordType, served: &[&String]) -> String {
    let is_served = served.iter().any(|served| *served == wanted);
    let is_name = matches!(
        kind,
        RecordType::CNAME | RecordType::MX | RecordType::NS | RecordType::PTR | RecordType::SRV
    );
    if is_name && !wanted.ends_with('.') {
        return format!("{wanted}.");
    }
    if let (RecordType::A | RecordType::AAAA, Ok(address)) = (kind, wanted.parse::<IpAddr>()) {
        return address.to_string();
    }
    let unquoted = (kind == RecordType::TXT && !is_served).then(|| unquoted(wanted)).flatten();
    unquoted.unwrap_or_else(|| wanted.to_owned())
}

/// What stands in quotes, one part behind the other, as RFC 1035, 5.1, writes it; `None` where it is written otherwise.
fn unquoted(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.trim().strip_prefix('"')?.bytes();
    loop {
        match rest.next()? {
            b'"' => match rest.by_ref().find(|byte| !byte.is_ascii_whitespace()) {
                None => return String::from_utf8(bytes).ok(),
                Some(b'"') => {}
                Some(_) => return None,
            },
            b'\\' => match rest.next()? {
                first @ b'0'..=b'9' => {
                    let digits = [first, rest.next()?, rest.next()?];
                    bytes.push(std::str::from_utf8(&digits).ok()?.parse().ok()?);
                }
                other => bytes.push(other),
            },
            byte => bytes.push(byte),
        }
    }
}

fn address(server: &str) -> Result<SocketAddr, String> {
    socket(server, 53).ok_or_else(|| format!("`{server}` is no address of a server"))
}

/// As `resolv.conf(5)` names them.
fn of_machine() -> Result<Vec<SocketAddr>, String> {
    let path = std::path::Path::new("/etc/resolv.conf");
    let text =
        holdpoint_files::read(path, 1024 * 1024).map_err(|error| format!("/etc/resolv.conf: {error}"))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let named = text.lines().filter_map(|line| line.strip_prefix("nameserver")?.split_whitespace().next());
    let servers: Vec<SocketAddr> = named.filter_map(|server| address(server).ok()).collect();
    // Those of a machine stand in for one another; the first is asked.
    let first = servers.into_iter().next();
    first.map(|server| vec![server]).ok_or_else(|| "/etc/resolv.conf names no server".to_owned())
}

/// What a server is asked to do with signatures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Checks {
    /// What it does by itself.
    Own,
    /// That, and to say what came of it.
    Told,
    /// To answer without looking at them.
    Off,
}

/// Whether a server answered the question, if only by there being no such name.
fn is_answer(code: ResponseCode) -> bool {
    matches!(code, ResponseCode::NoError | ResponseCode::NXDomain)
}

async fn question(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    checks: Checks,
) -> Result<Message, String> {
    let mut asked = Message::query();
    asked.metadata.op_code = OpCode::Query;
    asked.metadata.recursion_desired = true;
    if checks != Checks::Own {
        asked.metadata.authentic_data = true;
        asked.metadata.checking_disabled = checks == Checks::Off;
        let mut edns = Edns::new();
        edns.set_dnssec_ok(true).set_max_payload(PAYLOAD);
        asked.set_edns(edns);
    }
    asked.add_query(Query::query(name.clone(), kind));
    let bytes = asked.to_vec().map_err(|error| format!("cannot be asked: {error}"))?;
    let answer = by_udp(server, &bytes, &asked).await?;
    match answer.metadata.truncation {
        true => by_tcp(server, &bytes, &asked).await,
        false => Ok(answer),
    }
}

async fn by_udp(server: SocketAddr, bytes: &[u8], asked: &Message) -> Result<Message, String> {
    let told = |error: std::io::Error| format!("does not answer: {error}");
    let here = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(here).await.map_err(told)?;
    socket.connect(server).await.map_err(told)?;
    let mut answer = vec![0; 65_535];
    for _ in 0..TRIES {
        socket.send(bytes).await.map_err(told)?;
        let waited = timeout(WAIT, async {
            loop {
                let count = socket.recv(&mut answer).await.map_err(told)?;
                if let Some(read) = answers(&answer[..count], asked) {
                    return Ok(read);
                }
            }
        });
        if let Ok(read) = waited.await {
            return read;
        }
    }
    Err(format!("does not answer, asked {TRIES} times"))
}

async fn by_tcp(server: SocketAddr, bytes: &[u8], asked: &Message) -> Result<Message, String> {
    let told = |error: std::io::Error| format!("does not answer by TCP: {error}");
    let length =
        u16::try_from(bytes.len()).map_err(|_| "cannot be asked: the question is too long".to_owned())?;
    let mut stream = TcpStream::connect(server).await.map_err(told)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await.map_err(told)?;
    let length = stream.read_u16().await.map_err(told)?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.map_err(told)?;
    answers(&answer, asked).ok_or_else(|| "answers something else".to_owned())
}

/// The message, where it answers this question.
fn answers(bytes: &[u8], asked: &Message) -> Option<Message> {
    let message = Message::from_vec(bytes).ok()?;
    let ours = message.metadata.id == asked.metadata.id && message.queries == asked.queries;
    (ours && message.metadata.message_type == MessageType::Response).then_some(message)
}
