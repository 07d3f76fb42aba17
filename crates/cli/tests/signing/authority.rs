//! A time-stamping authority of our own: certificates by `openssl`, replies by `openssl ts -reply`, and a web server
//! before them that can also fail in the ways that such servers do.

use holdpoint_xtask::tools::at_another_time;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// How it answers.
#[derive(Clone, Debug)]
pub enum How {
    /// As it should.
    Stamps,
    /// With this instead of a reply.
    Says(&'static str, Vec<u8>),
    /// To another query than it was asked, of this digest.
    Other(String),
    /// With a reply that it gave before.
    Same(Vec<u8>),
    /// Never.
    Hangs,
}

pub struct Authority {
    dir: PathBuf,
    pub url: String,
    how: Arc<Mutex<How>>,
}

const CNF: &str = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n\
    keyUsage=critical,keyCertSign\n[tsa]\nbasicConstraints=critical,CA:FALSE\n\
    keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n\
    [t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\ncerts=ca.pem\nsigner_digest=sha256\n\
    default_policy=1.2.3.4.1\ndigests=sha256\n";

/// `openssl` in a directory, which must succeed; at the time that a file in it names, where there is one.
fn openssl(dir: &Path, arguments: &str) {
    let mut command = match fs::read_to_string(dir.join("when")) {
        Ok(when) => {
            let mut command = Command::new("faketime");
            command.args([&when, "openssl"]);
            command
        }
        Err(_) => Command::new("openssl"),
    };
    let ran = at_another_time(command.args(arguments.split(' ')).current_dir(dir)).unwrap();
    assert!(ran.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// The reply to a query.
fn reply(dir: &Path, query: &[u8]) -> Vec<u8> {
    fs::write(dir.join("query"), query).unwrap();
    openssl(dir, "ts -reply -config cnf -section t -queryfile query -out reply");
    fs::read(dir.join("reply")).unwrap()
}

impl Authority {
    /// With its files in this directory, which is made.
    pub fn new(dir: PathBuf) -> Authority {
        fs::create_dir(&dir).unwrap();
        Authority::inside(dir)
    }

    /// For which it is another time: its certificates last for a month from `certified`, and it `stamps` some time later,
    /// for every program has a clock of its own that begins then.
    pub fn at(dir: PathBuf, certified: &str, stamps: &str) -> Authority {
        fs::create_dir(&dir).unwrap();
        let when = dir.join("when");
        fs::write(&when, certified).unwrap();
        let authority = Authority::inside(dir);
        fs::write(&when, stamps).unwrap();
        authority
    }

    fn inside(dir: PathBuf) -> Authority {
        fs::write(dir.join("cnf"), CNF).unwrap();
        fs::write(dir.join("serial"), "01\n").unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config cnf";
        openssl(
            &dir,
            &format!(
                "req -x509 {key} -keyout ca.key -out ca.pem -days 30 -extensions ca -subj /CN=Authority"
            ),
        );
        openssl(&dir, &format!("req -new {key} -keyout tsa.key -out tsa.csr -subj /CN=Stamps"));
        let signed = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile cnf -extensions tsa";
        openssl(&dir, &format!("x509 -req -in tsa.csr -out tsa.pem {signed}"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/stamp", listener.local_addr().unwrap());
        let how = Arc::new(Mutex::new(How::Stamps));
        let (inside, doing) = (dir.clone(), Arc::clone(&how));
        std::thread::spawn(move || {
            // Whoever is kept waiting is kept until the test is over.
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let how = doing.lock().unwrap().clone();
                match answer(&inside, &how, &mut stream) {
                    Some(answer) => drop(stream.write_all(&answer)),
                    None => kept.push(stream),
                }
            }
        });
        Authority { dir, url, how }
    }

    pub fn answers(&self, how: How) {
        *self.how.lock().unwrap() = how;
    }

    /// The certificate of whoever vouches for it.
    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A token over this digest, by whoever asks it themselves.
    pub fn stamp(&self, digest: &str) -> Vec<u8> {
        stamp(&self.dir, digest)
    }
}

fn stamp(dir: &Path, digest: &str) -> Vec<u8> {
    openssl(dir, &format!("ts -query -sha256 -cert -digest {digest} -out other"));
    reply(dir, &fs::read(dir.join("other")).unwrap())
}

/// What goes back; nothing where it hangs.
fn answer(dir: &Path, how: &How, stream: &mut TcpStream) -> Option<Vec<u8>> {
    let query = body(stream);
    let (status, body) = match how {
        How::Hangs => return None,
        How::Stamps => ("200 OK", reply(dir, &query)),
        How::Other(digest) => ("200 OK", stamp(dir, digest)),
        How::Same(reply) => ("200 OK", reply.clone()),
        How::Says(status, body) => (*status, body.clone()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    Some([head.into_bytes(), body].concat())
}

fn body(stream: &mut TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(told) = line.strip_prefix("content-length:") {
            length = told.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    body
}
