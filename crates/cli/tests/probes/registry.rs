//! `image` with `registry`, against a real registry and against some that lie.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use holdpoint_xtask::product::ports;
use holdpoint_xtask::tools;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::asks;
use crate::bench::{Bench, files};
use crate::server::{Server, good};
use crate::waiting::eventually;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry on a port of this machine; it ends with the test.
struct Registry {
    port: u16,
    child: Child,
}

impl Registry {
    /// One over what lies in `storage`, which lets in whom `auth` says.
    fn start(storage: &Path, auth: &str) -> Registry {
        let [port] = ports::free().unwrap();
        let config = storage.with_extension(format!("{port}.yml"));
        let text = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"127.0.0.1:{port}\" }}\n{auth}\n",
            storage.display()
        );
        fs::write(&config, text).unwrap();
        let program = tools::find("docker-registry").expect("install it: cargo xtask tools");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).arg("serve").arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let registry = Registry { port, child: command.spawn().unwrap() };
        eventually("the registry answers", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        registry
    }

    fn name(&self, rest: &str) -> String {
        format!("127.0.0.1:{}/{rest}", self.port)
    }

    /// Puts a manifest, or a part of an image; its digest.
    fn put(&self, bench: &Bench, what: Option<(&str, &str)>, value: &Value) -> String {
        let text = value.to_string();
        let digest = digest(&text);
        bench.file("part", &text);
        let at = format!("http://127.0.0.1:{}/v2/team/app", self.port);
        bench.sh(&match what {
            None => format!(
                "to=$(curl -fsS -X POST -o /dev/null -D - {at}/blobs/uploads/ | tr -d '\\r' | sed -n 's/^Location: //p')
                 curl -fsS -X PUT -H 'Content-Type: application/octet-stream' --data-binary @part \"$to&digest={digest}\""
            ),
            Some((kind, reference)) => {
                format!("curl -fsS -X PUT -H 'Content-Type: {kind}' --data-binary @part {at}/manifests/{reference}")
            }
        });
        digest
    }

    /// An image of this architecture, under this tag; its manifest's digest and its configuration's.
    fn image(&self, bench: &Bench, architecture: &str, tag: &str) -> [String; 2] {
        let labels = json!({ "org.example.release": "v1", "for": architecture });
        let config = json!({ "architecture": architecture, "os": "linux", "config": { "Labels": labels },
            "rootfs": { "type": "layers", "diff_ids": [] } });
        let id = self.put(bench, None, &config);
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": id, "size": config.to_string().len() } });
        [self.put(bench, Some((MANIFEST, tag)), &manifest), id]
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn digest(text: &str) -> String {
    let hex: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn registry(bench: &Bench, code: i32, rest: &str) -> crate::bench::Ran {
    asks(bench, code, &format!("timeout: 20s\nimage: {{ registry: true, {rest} }}"))
}

#[test]
fn a_registry_is_asked_for_the_digest_the_labels_and_the_architecture_of_its_image() {
    let bench = Bench::new();
    let storage = bench.all().join("storage");
    let open = Registry::start(&storage, "");
    let [amd64, id] = open.image(&bench, "amd64", "v1");
    let name = open.name("team/app");
    let by_tag = format!(
        "name: \"{name}:v1\", digest: \"{amd64}\", architecture: amd64, labels: {{ org.example.release: v1 }}"
    );
    let ran = registry(&bench, 0, &by_tag);
    ran.says(&format!("\"id\": \"{id}\"")).says(&format!("{name}@{amd64}")).says("\"os\": \"linux\"");
    registry(&bench, 0, &format!("name: \"{name}@{amd64}\""));
    registry(&bench, 3, &format!("name: \"{name}:v1\", labels: {{ org.example.release: v2 }}")).says("v2");
    registry(&bench, 3, &format!("name: \"{name}:v1\", digest: \"sha256:{}\"", "0".repeat(64)))
        .says("$.digest = ");
    registry(&bench, 3, &format!("name: \"{name}:v1\", architecture: s390x"))
        .says("$.architecture = \"s390x\"");
    registry(&bench, 3, &format!("name: \"{name}:v9\"")).says("has no team/app v9: manifest unknown");
    // Several under one name: which is meant must be said, and the digest is that of the name.
    let [arm64, _] = open.image(&bench, "arm64", "arm64");
    let entry = |digest: &str, architecture: &str| json!({ "mediaType": MANIFEST, "digest": digest, "size": 1, "platform": { "os": "linux", "architecture": architecture } });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [
        entry(&amd64, "amd64"), entry(&arm64, "arm64"), entry(&amd64, "unknown") ] });
    let all = open.put(&bench, Some((INDEX, "all")), &index);
    let several = |rest: &str| format!("name: \"{name}:all\", digest: \"{all}\"{rest}");
    registry(&bench, 0, &several(", architecture: arm64, labels: { for: arm64 }")).says("\"platforms\": [");
    registry(&bench, 3, &several(", architecture: s390x")).says("there is no image for s390x");
    registry(&bench, 3, &several("")).says("linux/amd64, linux/arm64: say which by `architecture`");
    bench.ends(0, &["verify", "1"]);
    bench
        .ends(0, &["plan", "book.md"])
        .says(&format!("asks its registry about the image {name}:all, from this machine"));
}

#[test]
fn a_registry_that_gives_anybody_a_token_is_asked_with_it_and_any_other_is_not() {
    let bench = Bench::new();
    let storage = bench.all().join("storage");
    let open = Registry::start(&storage, "");
    open.image(&bench, "amd64", "v1");
    let tokens = Server::says(&good("{\"token\": \"anonymous-and-short-lived\"}"));
    let silly = |realm: &str| format!("auth: {{ silly: {{ realm: \"{realm}\", service: here }} }}");
    let gives = Registry::start(&storage, &silly(&tokens.url("/token")));
    registry(
        &bench,
        0,
        &format!("name: \"{}\", labels: {{ org.example.release: v1 }}", gives.name("team/app:v1")),
    );
    let asked: Vec<String> = tokens.requests.try_iter().collect();
    assert_eq!(asked.len(), 1, "{asked:?}");
    let wanted = "GET /token?service=here&scope=repository%3Ateam%2Fapp%3Apull HTTP/1.1\r\n";
    assert!(asked[0].starts_with(wanted) && !asked[0].to_lowercase().contains("authorization"), "{asked:?}");
    for (path, bytes) in files(&bench.root()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("anonymous-and-short"), "{}", path.display());
    }
    let refuses = Server::says("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    let passwords =
        format!("auth: {{ htpasswd: {{ realm: here, path: {} }} }}", bench.all().join("htpasswd").display());
    for (auth, why) in [
        (silly(&refuses.url("/")), "to nobody without an account"),
        (passwords, "to nobody without an account"),
        (silly("http://tokens.example.org/"), "the way there is not by https"),
    ] {
        let closed = Registry::start(&storage, &auth);
        registry(&bench, 3, &format!("name: \"{}\"", closed.name("team/app:v1"))).says(why);
    }
}

#[test]
fn what_a_registry_says_is_held_against_the_bytes_that_came() {
    let bench = Bench::new();
    let config = "{\"architecture\":\"amd64\",\"os\":\"linux\"}";
    let manifest = |digest: &str| {
        json!({ "schemaVersion": 2, "config": { "digest": digest }, "layers": [] }).to_string()
    };
    let right = manifest(&digest(config));
    let answers = |manifest: &str, head: &str, config: &str| {
        let (manifest, head, config) = (manifest.to_owned(), head.to_owned(), config.to_owned());
        Server::start(move |request, stream| {
            let body = if request.contains("/manifests/") { &manifest } else { &config };
            let answer = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes());
        })
    };
    let other = format!("sha256:{}", "1".repeat(64));
    let both = right.replace(",\"config\"", ",\"manifests\":[],\"config\"");
    assert_ne!(both, right);
    for (server, reference, code, words) in [
        (answers(&right, "", config), ":v1", 0, "\"architecture\": \"amd64\""),
        (answers(&right, "", config), &*format!("@{other}"), 3, "was asked for"),
        (
            answers(&right, &format!("Docker-Content-Digest: {other}\r\n"), config),
            ":v1",
            3,
            "was told by the registry",
        ),
        (answers(&right, "", "{}"), ":v1", 3, "was asked for"),
        (answers(&both, "", config), ":v1", 3, "an image and a list of several at once"),
        (answers("{\"schemaVersion\":1,\"fsLayers\":[]}", "", config), ":v1", 3, "names no configuration"),
        (answers(&manifest("sha512:abc"), "", config), ":v1", 3, "which is no SHA-256"),
        (answers("no json", "", config), ":v1", 3, "the manifest is no JSON"),
        (answers(&" ".repeat(5 * 1024 * 1024), "", config), ":v1", 3, "longer than 4194304 bytes"),
    ] {
        let name = format!("127.0.0.1:{}/team/app{reference}", server.port);
        registry(&bench, code, &format!("name: \"{name}\"")).says(words);
    }
    // Without TLS only where nobody stands between.
    registry(&bench, 3, "name: \"registry.invalid/app:v1\"").says("no address of registry.invalid is known");
}
