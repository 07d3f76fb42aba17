//! DNS: two authorities (Knot DNS) and a resolver (Unbound) that remembers what it was told.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64ct::{Base64, Encoding};
use holdpoint_xtask::command::output;

use crate::support::{Server, Stage, answering_at, eventually, free_port, program};

const NAME: &str = "www.shop.example.";
const OLD: &str = "127.0.0.8";
/// Long enough that the resolver is asked while it still has the old address.
const TTL: u32 = 6;

struct Names {
    directory: tempfile::TempDir,
    primary: u16,
    secondary: u16,
    resolver: u16,
    secret: String,
    servers: Vec<Server>,
}

fn ask(port: u16) -> String {
    let mut kdig = Command::new(program("kdig"));
    kdig.args(["+short", "+timeout=1", "+retry=0", "@127.0.0.1", "-p", &port.to_string(), NAME, "A"]);
    output(&mut kdig).unwrap_or_default()
}

impl Names {
    fn start() -> Names {
        let directory = tempfile::Builder::new().prefix("dns-").tempdir().unwrap();
        let secret = Base64::encode_string(b"a secret that updates are signed");
        let (primary, secondary, resolver) = (free_port(), free_port(), free_port());
        let mut names = Names { directory, primary, secondary, resolver, secret, servers: Vec::new() };
        let acl = format!(
            "key:\n  - id: holdpoint\n    algorithm: hmac-sha256\n    secret: {}\n\
             remote:\n  - id: other\n    address: 127.0.0.1@{secondary}\n\
             acl:\n  - id: update\n    key: holdpoint\n    action: update\n  \
             - id: transfer\n    address: 127.0.0.1\n    action: transfer\n",
            names.secret
        );
        names.knot("primary", primary, &acl, "notify: other\n    acl: [update, transfer]");
        let from = format!(
            "remote:\n  - id: other\n    address: 127.0.0.1@{primary}\n\
             acl:\n  - id: notified\n    address: 127.0.0.1\n    action: notify\n"
        );
        names.knot("secondary", secondary, &from, "master: other\n    acl: notified");
        names.unbound();
        for port in [primary, secondary, resolver] {
            eventually("the name server answers", || {
                names.servers.iter_mut().for_each(Server::lives);
                ask(port) == OLD
            });
        }
        names
    }

    fn knot(&mut self, name: &str, port: u16, more: &str, zone: &str) {
        let home = self.directory.path().join(name);
        fs::create_dir(&home).unwrap();
        fs::create_dir(home.join("db")).unwrap();
        let at = home.display();
        if name == "primary" {
            let records = format!(
                "$ORIGIN shop.example.\n$TTL {TTL}\n@ SOA ns1 hostmaster 1 3600 600 86400 {TTL}\n@ NS ns1\n\
                 ns1 A 127.0.0.1\nwww A {OLD}\n"
            );
            fs::write(home.join("shop.example.zone"), records).unwrap();
        }
        let config = format!(
            "server:\n    rundir: {at}\n    listen: 127.0.0.1@{port}\nlog:\n  - target: stderr\n    any: info\n\
             database:\n    storage: {at}/db\n{more}template:\n  - id: default\n    storage: {at}\n\
             zone:\n  - domain: shop.example.\n    {zone}\n"
        );
        self.run("knotd", &home, &config, &["-c", "config"]);
    }

    fn unbound(&mut self) {
        let home = self.directory.path().join("resolver");
        fs::create_dir(&home).unwrap();
        let config = format!(
            "server:\n  interface: 127.0.0.1@{}\n  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  \
             directory: {}\n  use-syslog: no\n  do-not-query-localhost: no\n  module-config: iterator\n  num-threads: 1\n\
             stub-zone:\n  name: shop.example.\n  stub-addr: 127.0.0.1@{}\n\
             remote-control:\n  control-enable: yes\n  control-interface: {}/control\n  control-use-cert: no\n",
            self.resolver,
            home.display(),
            self.primary,
            home.display()
        );
        self.run("unbound", &home, &config, &["-d", "-c", "config"]);
    }

    /// The resolver forgets what it was told, so that what it is told next is as fresh as can be.
    fn forget(&self) {
        let mut control = Command::new(program("unbound-control"));
        control.current_dir(self.directory.path().join("resolver"));
        output(control.args(["-c", "config", "flush_zone", "shop.example."])).unwrap();
    }

    fn run(&mut self, name: &str, home: &Path, config: &str, words: &[&str]) {
        self.servers.push(started(name, home, config, words));
    }
}

/// Starts a server in its directory, with this configuration.
pub fn started(name: &str, home: &Path, config: &str, words: &[&str]) -> Server {
    fs::write(home.join("config"), config).unwrap();
    let mut server = Command::new(program(name));
    server.args(words).current_dir(home);
    Server::start(&server, None, &home.join("log"))
}

#[test]
fn an_address_changes_at_every_authority_and_at_a_resolver_that_had_the_old_one_or_not_at_all() {
    let names = Names::start();
    let at = |port: u16| format!("127.0.0.1@{port}");
    let serves = free_port();
    let stage = Stage::new(&[
        ("DNS_ZONE", "shop.example."),
        ("DNS_KEY_NAME", "hmac-sha256:holdpoint"),
        ("DNS_PRIMARY", &at(names.primary)),
        ("DNS_AUTHORITIES", &format!("{} {}", at(names.primary), at(names.secondary))),
        ("DNS_RESOLVER", &at(names.resolver)),
        ("DNS_SERVICE", &format!(":{serves}/health")),
    ]);
    let answers = |address: &str| {
        format!(
            "inputs: {{ NAME: {NAME}, NEW_ADDRESS: {address} }}
steps:
  release: {{ sign: {{ as: qa@example.org, name: Quinn Auditor }} }}
"
        )
    };
    let secrets = [("TSIG_SECRET", &*names.secret)];

    // Nothing serves at this address.
    let told = stage.ends(1, "dns-record", &answers("127.0.0.9"), &secrets);
    assert!(told.contains("Failed to connect"), "{told}");
    assert_eq!([ask(names.primary), ask(names.secondary)], [OLD, OLD], "{told}");

    // A key that the authorities do not know changes nothing.
    let stranger = Base64::encode_string(b"a secret that is nobody's at all");
    let told = stage.ends(1, "dns-record", &answers("127.0.0.7"), &[("TSIG_SECRET", &stranger)]);
    assert!(!told.contains("Every authority serves the new address"), "{told}");
    assert_eq!(ask(names.primary), OLD, "{told}");

    answering_at("127.0.0.7", serves);
    names.forget();
    let told = stage.ends(0, "dns-record", &answers("127.0.0.7"), &secrets);
    assert_eq!([ask(names.primary), ask(names.secondary), ask(names.resolver)], ["127.0.0.7"; 3]);
    let waited = told.split_once("The old TTL has passed at the resolver").unwrap().1;
    assert!(waited.contains(&format!("actual    \"{OLD}\"")), "the cache was stale: {told}");
}

#[test]
fn a_probe_asks_every_server_for_a_name_and_wants_them_to_agree() {
    let names = Names::start();
    let stage = Stage::new(&[]);
    let at = |port: u16| format!("\"127.0.0.1:{port}\"");
    let all = [names.primary, names.secondary, names.resolver].map(at).join(", ");
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = at(silent.local_addr().unwrap().port());
    for (probe, code, words) in [
        (format!("name: {NAME}, servers: [{all}], records: [{OLD}]"), 0, "\"authoritative\": true"),
        (format!("name: {NAME}, servers: [{all}], records: [127.0.0.9]"), 3, "$.extra = []"),
        (format!("name: gone.shop.example, servers: [{all}]"), 3, "$.found = true"),
        (format!("name: shop.example, type: SOA, servers: [{}]", at(names.primary)), 0, "hostmaster"),
        (format!("name: {NAME}, servers: [{silent}]"), 3, "does not answer"),
        // What the others say is told all the same.
        (format!("name: {NAME}, servers: [{silent}, {}]", at(names.primary)), 3, "\"authoritative\": true"),
    ] {
        asked(&stage, &probe, code, words);
    }
    // One authority has something else.
    let mut control = Command::new(program("knotc"));
    control.current_dir(names.directory.path().join("secondary"));
    output(control.args(["-c", "config", "zone-freeze", "shop.example."])).unwrap();
    for words in [
        &["zone-begin", "shop.example."][..],
        &["zone-unset", "shop.example.", "www", "A", OLD],
        &["zone-set", "shop.example.", "www", "6", "A", "127.0.0.9"],
        &["zone-commit", "shop.example."],
    ] {
        let mut control = Command::new(program("knotc"));
        control.current_dir(names.directory.path().join("primary"));
        output(control.args(["-c", "config"]).args(words)).unwrap();
    }
    eventually("the primary has changed", || ask(names.primary) == "127.0.0.9");
    let both = [names.primary, names.secondary].map(at).join(", ");
    asked(&stage, &format!("name: {NAME}, servers: [{both}]"), 3, "$.agree = true");
}

/// Runs a book of one probe, which must end so and say this.
pub fn asked(stage: &Stage, probe: &str, code: i32, words: &str) {
    stage.write(
        "look.md",
        &format!("---\nrunbook: 1\ntitle: Look\n---\n\n# Look\n\n## Look\n\n```yaml check\ntimeout: 20s\ndns: {{ {probe} }}\n```\n"),
    );
    let ran = stage.holdpoint(&["run", "look.md", "--unattended", "--env", "staging"], &[]);
    assert_eq!(ran.code, code, "{probe}\n{}", ran.told);
    assert!(ran.told.contains(words), "{probe}\n{}", ran.told);
}
