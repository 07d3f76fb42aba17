//! HTTPS, with an authority of the test's own, by `openssl`.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use crate::asks;
use crate::bench::Bench;
use crate::waiting::eventually;

struct Https {
    child: Child,
    port: u16,
}

impl Drop for Https {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A repository with an authority, and certificates of a server and of a client by it.
fn certified() -> Bench {
    let bench = Bench::new();
    bench.file("answer.json", "{\"commit\": \"abc\"}");
    bench.file("extensions", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    bench.file(
        "ca.cnf",
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n\
         copy_extensions=none\n[any]\ncommonName=supplied\n",
    );
    bench.sh(
        "new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'; : > index; echo 01 > serial
        for ca in ca other; do openssl req -x509 $new -keyout $ca.key -out $ca.pem -days 30 -subj /CN=$ca 2>/dev/null; done
        for name in localhost old client; do
            subject=$name; test $name = old && subject=localhost
            openssl req $new -keyout $name.key -out $name.csr -subj /CN=$subject 2>/dev/null
        done
        openssl x509 -req -in localhost.csr -CA ca.pem -CAkey ca.key -days 10 -extfile extensions -out localhost.pem 2>/dev/null
        openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -days 10 -extfile extensions -out client.pem 2>/dev/null
        openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in old.csr -startdate 200101000000Z \
            -enddate 210101000000Z -extfile extensions -notext -out old.pem 2>/dev/null",
    );
    bench
}

fn serve(bench: &Bench, certificate: &str, more: &[&str]) -> Https {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = bench.command("openssl");
    let (at, pem, key) = (port.to_string(), format!("{certificate}.pem"), format!("{certificate}.key"));
    server.args(["s_server", "-quiet", "-WWW", "-accept", &at, "-cert", &pem, "-key", &key]).args(more);
    let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let https = Https { child, port };
    eventually("it takes connections", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    https
}

fn probe(https: &Https, rest: &str) -> String {
    format!("http: {{ url: \"https://localhost:{}/answer.json\", resolve: 127.0.0.1{rest} }}", https.port)
}

#[test]
fn a_server_is_believed_by_its_certificate_alone() {
    let bench = certified();
    let https = serve(&bench, "localhost", &[]);
    let ran = asks(
        &bench,
        0,
        &probe(&https, ", json: { $.commit: \"{{ WANT }}\" }, tls: { ca: ca.pem, valid_for: 7d }"),
    );
    ran.says("\"issuer\": \"CN=ca\"");
    asks(&bench, 3, &probe(&https, ", tls: { ca: ca.pem, valid_for: 14d }"))
        .says("$.tls.valid_long_enough = true");
    asks(&bench, 3, &probe(&https, ", tls: { ca: other.pem }"))
        .says("TLS with localhost fails: its certificate is signed by no authority in other.pem");
    // Nobody else vouches for it.
    asks(&bench, 3, &probe(&https, "")).says("fails");
    asks(&bench, 3, &probe(&https, ", tls: { ca: answer.json }")).says("holds no certificate");
    asks(&bench, 3, &probe(&https, ", tls: { ca: missing.pem }")).says("missing.pem cannot be read");
    let other = probe(&https, ", tls: { ca: ca.pem }").replace("localhost", "shop.example");
    asks(&bench, 3, &other).says("its certificate is for localhost, 127.0.0.1, not for shop.example");
}

#[test]
fn why_tls_fails_is_said_in_words_with_what_to_do() {
    let bench = certified();
    let https = serve(&bench, "ca", &[]);
    asks(&bench, 3, &probe(&https, ", tls: { ca: ca.pem }")).says("is that of an authority").says("CA:FALSE");
    let plain = crate::server::Server::says("HTTP/1.1 200 OK\r\n\r\n");
    let url = plain.url("/").replace("http:", "https:");
    asks(&bench, 3, &format!("http: {{ url: \"{url}\", tls: {{ ca: ca.pem }} }}"))
        .says("no TLS")
        .says("`http://`");
}

#[test]
fn an_expired_certificate_is_refused() {
    let bench = certified();
    let https = serve(&bench, "old", &[]);
    asks(&bench, 3, &probe(&https, ", tls: { ca: ca.pem }")).says("expired");
}

#[test]
fn a_client_shows_the_certificate_that_it_is_given() {
    let bench = certified();
    let https = serve(&bench, "localhost", &["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"]);
    asks(&bench, 0, &probe(&https, ", tls: { ca: ca.pem, certificate: client.pem, key: client.key }"));
    let ran = asks(&bench, 3, &probe(&https, ", tls: { ca: ca.pem }"));
    assert!(
        ran.both().contains("CertificateRequired")
            || ran.both().contains("fails")
            || ran.both().contains("does not answer"),
        "{}",
        ran.both()
    );
    asks(&bench, 3, &probe(&https, ", tls: { ca: ca.pem, certificate: client.pem, key: ca.pem }"))
        .says("holds no key");
}
