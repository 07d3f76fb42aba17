//! What a probe refuses when its values are known.
#![allow(clippy::unwrap_used, reason = "tests")]

use hickory_proto::op::{Message, MessageType};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record};
use holdpoint_model::{DnsProbe, HttpProbe, Method, Probe};
use holdpoint_probes::{Setting, ask};

fn http(url: &str) -> Probe {
    Probe::Http(HttpProbe {
        url: url.to_owned(),
        method: Method::Get,
        headers: Vec::new(),
        body: None,
        redirects: 0,
        ca: None,
        client: None,
        resolve: None,
        valid_for: None,
        at_most: 1,
        reads_json: false,
    })
}

fn setting() -> Setting {
    Setting {
        root: ".".into(),
        store: None,
        secrets: vec![("TOKEN".to_owned(), "pass word/1".to_owned())],
        by: "a test".to_owned(),
    }
}

#[tokio::test]
async fn a_url_that_holds_a_secret_a_user_or_another_scheme_is_not_asked() {
    let setting = setting();
    for (url, why) in [
        ("http://127.0.0.1:1/?token=pass+word%2F1", "the secret TOKEN stands in the URL"),
        ("http://127.0.0.1:1/pass%20word/1", "the secret TOKEN stands in the URL"),
        ("http://me:you@127.0.0.1:1/", "a URL with a user in it"),
        ("http://127.0.0.1:1/version#/health", "a URL with a `#` in it"),
        ("http://127.0.0.1:1/#", "a URL with a `#` in it"),
        ("file:///etc/passwd", "no URL of a web server"),
        ("127.0.0.1", "is no URL"),
    ] {
        let answer = ask(&http(url), &setting, std::future::pending()).await;
        assert!(answer.failure.as_ref().unwrap().contains(why), "{url}: {:?}", answer.failure);
        assert!(!answer.facts.to_string().contains("pass word"), "{url}");
    }
}

/// A name server that has one text, in two parts, for every name.
async fn text_server() -> std::net::SocketAddr {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        loop {
            let (count, from) = socket.recv_from(&mut question).await.unwrap();
            let asked = Message::from_vec(&question[..count]).unwrap();
            let name = asked.queries[0].name().clone();
            let mut answer = asked.clone();
            answer.metadata.message_type = MessageType::Response;
            let text = TXT::new(vec!["v=spf1 ".to_owned(), "\"a\" -all".to_owned()]);
            answer.answers.push(Record::from_rdata(name, 60, RData::TXT(text)));
            socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
        }
    });
    at
}

fn texts(servers: &[String], records: &[&str]) -> Probe {
    Probe::Dns(DnsProbe {
        name: "example.org".to_owned(),
        r#type: "TXT".to_owned(),
        servers: servers.to_vec(),
        records: Some(records.iter().map(|record| (*record).to_owned()).collect()),
        dnssec: false,
    })
}

#[tokio::test]
async fn a_text_is_held_against_what_is_served_as_a_zone_file_writes_it_too() {
    let servers = [text_server().await.to_string()];
    for (record, holds) in [
        (r#"v=spf1 "a" -all"#, true),
        (r#""v=spf1 \"a\" -all""#, true),
        (r#""v=spf1 "   "\"a\" \045all""#, true),
        (r#""v=spf1 \"a\" -all"#, false),
        (r#""v=spf1" "\"a\" -all""#, false),
        (r#""v=spf1 \"a\" -all" x"#, false),
        (r#""v=spf1 \"a\" \999all""#, false),
    ] {
        let answer = ask(&texts(&servers, &[record]), &setting(), std::future::pending()).await;
        assert_eq!(answer.failure, None, "{record}");
        let facts: serde_json::Value = serde_json::from_str(&answer.facts.to_string()).unwrap();
        assert_eq!(facts["missing"].as_array().unwrap().is_empty(), holds, "{record}: {facts}");
        assert_eq!(facts["extra"].as_array().unwrap().is_empty(), holds, "{record}: {facts}");
    }
}

#[tokio::test]
async fn a_server_that_is_named_twice_is_asked_nothing() {
    let at = text_server().await;
    for servers in [[at.to_string(), at.to_string()], ["127.0.0.1".to_owned(), "127.0.0.1:53".to_owned()]] {
        let answer = ask(&texts(&servers, &["x"]), &setting(), std::future::pending()).await;
        let failure = answer.failure.unwrap();
        assert!(failure.contains("twice"), "{failure}");
    }
}
