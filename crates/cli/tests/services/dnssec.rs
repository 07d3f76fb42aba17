//! DNSSEC: authorities (Knot DNS), one of which signs its zone and one of which serves it changed; resolvers (Unbound) with
//! and without the zone's key.

use std::fs;
use std::process::Command;

use holdpoint_xtask::command::output;

use crate::dns::{asked, started};
use crate::support::{Server, Stage, eventually, free_port, program};

const NAME: &str = "www.shop.example.";

struct Zone {
    directory: tempfile::TempDir,
    servers: Vec<Server>,
}

impl Zone {
    /// An authority for these records; its port.
    fn authority(&mut self, name: &str, records: &str, signing: &str) -> u16 {
        let (home, port) = (self.directory.path().join(name), free_port());
        fs::create_dir_all(home.join("db")).unwrap();
        fs::write(home.join("shop.example.zone"), records).unwrap();
        let at = home.display();
        let config = format!(
            "server:\n    rundir: {at}\n    listen: 127.0.0.1@{port}\nlog:\n  - target: stderr\n    any: info\n\
             database:\n    storage: {at}/db\n\
             acl:\n  - id: transfer\n    address: 127.0.0.1\n    action: transfer\n\
             template:\n  - id: default\n    storage: {at}\n\
             zone:\n  - domain: shop.example.\n    acl: transfer\n    dnssec-signing: {signing}\n"
        );
        self.servers.push(started("knotd", &home, &config, &["-c", "config"]));
        self.answers(port, "RRSIG");
        port
    }

    /// A resolver that asks that authority, and validates where it is given a key; its port.
    fn resolver(&mut self, name: &str, authority: u16, key: Option<&str>) -> u16 {
        let (home, port) = (self.directory.path().join(name), free_port());
        fs::create_dir_all(&home).unwrap();
        let anchor =
            key.map(|key| format!("  trust-anchor: \"shop.example. DNSKEY {key}\"\n")).unwrap_or_default();
        let config = format!(
            "server:\n  interface: 127.0.0.1@{port}\n  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  \
             directory: {}\n  use-syslog: no\n  do-not-query-localhost: no\n  module-config: \"validator iterator\"\n  \
             num-threads: 1\n{anchor}\
             stub-zone:\n  name: shop.example.\n  stub-addr: 127.0.0.1@{authority}\n\
             remote-control:\n  control-enable: no\n",
            home.display(),
        );
        self.servers.push(started("unbound", &home, &config, &["-d", "-c", "config"]));
        self.answers(port, "status: ");
        port
    }

    fn answers(&mut self, port: u16, words: &str) {
        eventually("the name server answers", || {
            self.servers.iter_mut().for_each(Server::lives);
            dig(port, &["+dnssec", NAME, "A"]).contains(words)
        });
    }
}

fn dig(port: u16, words: &[&str]) -> String {
    let mut kdig = Command::new(program("kdig"));
    kdig.args(["+timeout=1", "+retry=0", "@127.0.0.1", "-p", &port.to_string()]).args(words);
    output(&mut kdig).unwrap_or_default()
}

#[test]
fn a_probe_that_asks_for_dnssec_wants_every_server_to_have_validated_the_answer() {
    let directory = tempfile::Builder::new().prefix("dnssec-").tempdir().unwrap();
    let mut zone = Zone { directory, servers: Vec::new() };
    let records = "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n\
                   ns1 A 127.0.0.1\nwww A 127.0.0.8\n";
    let signing = zone.authority("signing", records, "on");
    // What it serves, with another address under the same signatures.
    let signed = dig(signing, &["+noall", "+answer", "shop.example.", "AXFR"]);
    let changed = signed.replace("127.0.0.8", "127.0.0.66");
    assert_ne!(signed, changed, "{signed}");
    let forged = zone.authority("forged", &changed, "off");
    let keys = dig(signing, &["+short", "shop.example.", "DNSKEY"]);
    let key = keys.lines().find(|key| key.starts_with("257 ")).unwrap();
    let validates = zone.resolver("validates", signing, Some(key));
    let believes = zone.resolver("believes", signing, None);
    let sees_through = zone.resolver("sees-through", forged, Some(key));

    let stage = Stage::new(&[]);
    let all = |ports: &[u16]| {
        let servers: Vec<String> = ports.iter().map(|port| format!("\"127.0.0.1:{port}\"")).collect();
        format!("name: {NAME}, servers: [{}]", servers.join(", "))
    };
    for (probe, code, words) in [
        (format!("{}, dnssec: true, records: [127.0.0.8]", all(&[validates])), 0, "\"authenticated\": true"),
        (format!("{}, dnssec: true", all(&[believes])), 3, "$.authenticated = true"),
        // All of them must.
        (format!("{}, dnssec: true", all(&[validates, believes])), 3, "$.authenticated = true"),
        // An authority validates nothing: it says what it has.
        (format!("{}, dnssec: true", all(&[signing])), 3, "$.authenticated = true"),
        (format!("{}, dnssec: true", all(&[sees_through])), 3, "the signatures are bogus"),
        // Nobody who does not ask is told of more than before.
        (all(&[sees_through]), 3, "Server Failure"),
        (all(&[believes]), 0, "\"agree\": true"),
    ] {
        asked(&stage, &probe, code, words);
    }
}
