//! The cases, made on this machine: keys and certificates by `ssh-keygen`, lines of text by families.

use std::fs;
use std::process::{Command, Stdio};

use holdpoint_signing::{REVIEW, SIGNOFF};
use jiff::Timestamp;

use crate::MESSAGE;
use crate::stock::{Key, Keys, spelt};

pub(crate) const QA: &str = "qa@example.org";
const OPS: &str = "ops@example.org";
const NOON: &str = "2026-07-01T12:00:00Z";

/// One question to both.
pub(crate) struct Case {
    /// `FAMILY: WHAT`.
    pub(crate) name: String,
    pub(crate) allowed: String,
    pub(crate) revoked: Option<Vec<u8>>,
    pub(crate) principal: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) signature: Vec<u8>,
    pub(crate) message: &'static [u8],
    pub(crate) at: Timestamp,
    pub(crate) zone: &'static str,
}

impl Case {
    pub(crate) fn of(name: String, allowed: String, signature: &str) -> Case {
        Case {
            name,
            allowed,
            revoked: None,
            principal: QA,
            namespace: SIGNOFF,
            signature: signature.as_bytes().to_vec(),
            message: MESSAGE,
            at: NOON.parse().unwrap(),
            zone: "UTC",
        }
    }
}

/// A key's signature, and the words that stand for keys in lines.
struct Made {
    keys: Keys,
    key: Key,
    other: Key,
    authority: Key,
    plain: String,
    certified: String,
    certificate: String,
}

impl Made {
    fn new() -> Made {
        let keys = Keys::new();
        let (key, other) = (keys.make("key", "ed25519", "", ""), keys.make("other", "ecdsa", "256", ""));
        let authority = keys.make("ca", "ed25519", "", "");
        let plain = key.sign(SIGNOFF, MESSAGE);
        let own = keys.make("certified", "ed25519", "", "");
        let by = own.certify(&authority, QA, "20260101Z:20270101Z");
        let certified = by.sign(SIGNOFF, MESSAGE);
        let certificate = fs::read_to_string(format!("{}-cert.pub", own.path.display())).unwrap();
        Made { keys, key, other, authority, plain, certified, certificate: first_two(&certificate) }
    }

    /// `KEY`, `OTHER`, `CA` and `CERT` as what they are.
    fn spell(&self, text: &str) -> String {
        let names = [
            ("KEY", self.key.public.as_str()),
            ("OTHER", &self.other.public),
            ("CA", &self.authority.public),
            ("CERT", &self.certificate),
        ];
        spelt(text, &names)
    }
}

fn first_two(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

pub(crate) fn all() -> Vec<Case> {
    let made = Made::new();
    let families = [
        lines(&made),
        kinds(&made),
        certificates(&made),
        lists(&made),
        times(&made),
        spaces(&made),
        forms(&made),
        crate::passkeys::cases(),
    ];
    families.into_iter().flatten().collect()
}

/// Lines of `allowed_signers` that begin otherwise than usual, and what they are about.
const LINES: &[&str] = &[
    "qa@example.org KEY",
    "qa@example.org OTHER",
    "ops@example.org KEY",
    "*@example.org KEY",
    "*@example.org,!qa@example.org KEY",
    "!qa@example.org,*@example.org KEY",
    "!ops@*,*@example.org KEY",
    "!qa@example.org KEY",
    "* KEY",
    "?a@example.org KEY",
    "qa@example.?rg KEY a comment",
    "qa@*.org,ops@* KEY",
    "qa@example.org,ops@example.org KEY",
    "\"qa@example.org,ops@example.org\" KEY",
    "\"qa@example.org\" KEY",
    "\"qa@example.org KEY",
    "qa@example.org, KEY",
    ",qa@example.org KEY",
    "qa@example.org,,ops@example.org KEY",
    "QA@example.org KEY",
    "  qa@example.org KEY",
    "\tqa@example.org\tKEY",
    "qa@example.org  KEY",
    "qa@example.org KEY\r",
    "# a comment\n\nqa@example.org KEY",
    "#qa@example.org KEY",
    " # a comment\nqa@example.org KEY",
    "qa@example.org KEY\n\n",
    "ops@example.org OTHER\nqa@example.org KEY",
    "qa@example.org OTHER\nqa@example.org KEY",
    "qa@example.org KEY\nqa@example.org KEY",
    "ops@example.org KEY\nqa@example.org KEY",
    "qa@example.org namespaces=\"git\" KEY\nqa@example.org KEY",
    "qa@example.org valid-before=\"20260101Z\" KEY\nqa@example.org KEY",
    "not a line\nqa@example.org KEY",
    "qa@example.org KEY\nnot a line",
    "qa@example.org\nqa@example.org KEY",
    "ops@example.org ssh-ed25519 AAAA\nqa@example.org KEY",
    "ops@example.org what=\"x\" OTHER\nqa@example.org KEY",
    "qa@example.org namespaces=\"signoff@holdpoint\" KEY",
    "qa@example.org NAMESPACES=\"signoff@holdpoint\" KEY",
    "qa@example.org namespaces=signoff@holdpoint KEY",
    "qa@example.org namespaces=\"signoff@holdpoint KEY",
    "qa@example.org namespaces KEY",
    "qa@example.org namespaces=\"\" KEY",
    "qa@example.org namespaces=\"git\",namespaces=\"signoff@holdpoint\" KEY",
    "qa@example.org cert-authority KEY",
    "qa@example.org cert-authority CA",
    "qa@example.org CERT-AUTHORITY CA",
    "qa@example.org cert-authority,cert-authority CA",
    "qa@example.org cert-authority=\"yes\" CA",
    "*@example.org cert-authority CA",
    "*,!qa@example.org cert-authority CA",
    "ops@example.org cert-authority CA",
    "qa@example.org cert-authority,namespaces=\"git\" CA",
    "qa@example.org cert-authority,namespaces=\"signoff@*\" CA",
    "qa@example.org cert-authority,valid-before=\"20260601Z\" CA",
    "qa@example.org cert-authority,valid-after=\"20260601Z\" CA",
    "qa@example.org cert-authority OTHER",
    "qa@example.org CA",
    "qa@example.org CERT",
    "qa@example.org cert-authority CA\nqa@example.org KEY",
    "qa@example.org cert-authority CA\nops@example.org KEY",
    "qa@example.org CA\nqa@example.org cert-authority CA",
    "qa@example.org verify-required KEY",
    "qa@example.org no-touch-required KEY",
    "qa@example.org unknown=\"x\" KEY",
    "qa@example.org ,namespaces=\"*\" KEY",
    "qa@example.org namespaces=\"*\", KEY",
    "qa@example.org namespaces=\"*\" valid-after=\"20260101Z\" KEY",
    "qa@example.org namespaces=\"*\",valid-after=\"20260101Z\",valid-before=\"20270101Z\" KEY",
    "qa@example.org valid-after=\"20270101Z\",valid-before=\"20260101Z\" KEY",
    "qa@example.org valid-after=\"20260101Z\",valid-before=\"20260101Z\" KEY",
    "",
    "\n",
];

fn lines(made: &Made) -> Vec<Case> {
    let mut cases = Vec::new();
    for line in LINES {
        for (signed, signature) in [("plain", &made.plain), ("certified", &made.certified)] {
            for principal in [QA, OPS] {
                let name = format!("line: {line:?}, {signed}, {principal}");
                let case = Case::of(name, made.spell(line), signature);
                cases.push(Case { principal, ..case });
            }
        }
    }
    // A file that does not end as lines do, or begins with a mark.
    for (what, allowed) in [
        ("no line end", format!("{QA} {}", made.key.public)),
        ("a mark before it", format!("\u{feff}{QA} {}\n", made.key.public)),
        ("CR LF", format!("{QA} {}\r\n{OPS} {}\r\n", made.key.public, made.other.public)),
        ("another blank", format!("{QA}\u{a0}{}\n", made.key.public)),
    ] {
        cases.push(Case::of(format!("line: {what}"), allowed, &made.plain));
    }
    cases
}

const KINDS: &[(&str, &str)] = &[
    ("ed25519", ""),
    ("ecdsa", "256"),
    ("ecdsa", "384"),
    ("ecdsa", "521"),
    ("rsa", "1024"),
    ("rsa", "2048"),
    ("rsa", "3072"),
    ("rsa", "4096"),
    ("rsa", "8192"),
    ("dsa", ""),
];

/// An RSA key of 8192 bits takes a minute to find, so the public half of one is kept, and its signature of the message.
const RSA_8192: [&str; 2] = [include_str!("rsa-8192.pub"), include_str!("rsa-8192.sig")];

fn kinds(made: &Made) -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, bits) in KINDS {
        let key = (*bits != "8192").then(|| made.keys.make(&format!("{kind}{bits}"), kind, bits, ""));
        let signature = key.as_ref().map_or(RSA_8192[1].to_owned(), |key| key.sign(SIGNOFF, MESSAGE));
        let public = key.as_ref().map_or(RSA_8192[0].trim_end(), |key| &key.public);
        let own = format!("{QA} {public}\n");
        let beside = format!("{OPS} {public}\n{QA} {}\n", made.key.public);
        let of = |what: &str, allowed: &str, signature: &str| {
            Case::of(format!("kind: {kind}{bits}, {what}"), allowed.to_owned(), signature)
        };
        let list = Some(format!("{public}\n").into_bytes());
        let others = made.spell("qa@example.org KEY\n");
        cases.push(of("its own line", &own, &signature));
        cases.push(of("another's line", &others, &signature));
        cases.push(of("beside the signer's line", &beside, &made.plain));
        cases.push(Case { message: b"other bytes", ..of("of other bytes", &own, &signature) });
        cases.push(Case { revoked: list.clone(), ..of("revoked", &own, &signature) });
        cases.push(Case { revoked: list, ..of("on the list of revoked keys", &others, &made.plain) });
        let Some(key) = key else { continue };
        let window = ["-n", QA, "-V", "20260101Z:20270101Z"];
        let by = key.certify_with(&made.authority, &window).sign(SIGNOFF, MESSAGE);
        cases.push(of("certified", &made.spell("qa@example.org cert-authority CA\n"), &by));
        let subject = made.keys.make(&format!("subject-{kind}{bits}"), "ed25519", "", "");
        let by = subject.certify_with(&key, &window).sign(SIGNOFF, MESSAGE);
        cases.push(of("an authority", &format!("{QA} cert-authority {}\n", key.public), &by));
    }
    cases
}

fn certificates(made: &Made) -> Vec<Case> {
    let window = ["-V", "20260101Z:20270101Z"];
    let certificates: &[(&str, &[&str])] = &[
        ("for qa", &["-n", QA, window[0], window[1]]),
        ("for ops", &["-n", OPS, window[0], window[1]]),
        ("for both", &["-n", "ops@example.org,qa@example.org", window[0], window[1]]),
        ("for a pattern", &["-n", "*@example.org", window[0], window[1]]),
        ("for everybody", &[window[0], window[1]]),
        ("without an end", &["-n", QA, "-V", "20260101Z:forever"]),
        ("without a beginning", &["-n", QA, "-V", "always:20270101Z"]),
        ("without either", &["-n", QA]),
        ("ended", &["-n", QA, "-V", "20250101Z:20260101Z"]),
        ("not begun", &["-n", QA, "-V", "20270101Z:20280101Z"]),
        ("ends now", &["-n", QA, "-V", "20260101Z:20260701120000Z"]),
        ("begins now", &["-n", QA, "-V", "20260701120000Z:20270101Z"]),
        ("of a host", &["-h", "-n", QA, window[0], window[1]]),
        ("a forced command", &["-n", QA, window[0], window[1], "-O", "force-command=true"]),
        ("an address", &["-n", QA, window[0], window[1], "-O", "source-address=10.0.0.0/8"]),
        ("verify-required", &["-n", QA, window[0], window[1], "-O", "verify-required"]),
        ("an unknown critical option", &["-n", QA, window[0], window[1], "-O", "critical:x@example.org=y"]),
        ("an unknown extension", &["-n", QA, window[0], window[1], "-O", "extension:x@example.org=y"]),
        ("no extensions", &["-n", QA, window[0], window[1], "-O", "clear"]),
        ("a serial", &["-n", QA, window[0], window[1], "-z", "18446744073709551615"]),
    ];
    let lines = [
        "qa@example.org cert-authority CA",
        "*@example.org cert-authority CA",
        "qa@example.org,ops@example.org cert-authority CA",
        "qa@example.org cert-authority OTHER",
        "qa@example.org cert-authority,valid-before=\"20260701115959Z\" CA",
        "qa@example.org cert-authority,namespaces=\"signoff@holdpoint\",valid-after=\"20260701120000Z\" CA",
    ];
    let mut cases = Vec::new();
    for (number, (what, arguments)) in certificates.iter().enumerate() {
        let key = made.keys.make(&format!("c{number}"), "ed25519", "", "");
        let signature = key.certify_with(&made.authority, arguments).sign(SIGNOFF, MESSAGE);
        for line in lines {
            for principal in [QA, OPS] {
                let name = format!("certificate: {what}, {line:?}, {principal}");
                cases.push(Case { principal, ..Case::of(name, made.spell(line), &signature) });
            }
        }
        let own = format!("{QA} {}\n", key.public);
        cases.push(Case::of(format!("certificate: {what}, its key's own line"), own, &signature));
    }
    cases
}

fn lists(made: &Made) -> Vec<Case> {
    let texts = [
        "",
        "\n",
        "# nobody\n",
        "KEY",
        "KEY\n",
        "KEY a comment\n",
        "  KEY\n",
        "OTHER\n",
        "# lost\n\nOTHER\nKEY\n",
        "CA\n",
        "CERT\n",
        "KEY\r\n",
        "not a key\n",
        "OTHER\nnot a key\n",
        "ssh-ed25519 AAAA\n",
        "qa@example.org KEY\n",
        "SHA256:AAAA\n",
        "serial: 1\n",
    ];
    let allowed = made.spell("qa@example.org KEY\nqa@example.org cert-authority CA\n");
    let mut cases = Vec::new();
    let mut of = |what: String, revoked: Vec<u8>| {
        for (signed, signature) in [("plain", &made.plain), ("certified", &made.certified)] {
            let case = Case::of(format!("revoked: {what}, {signed}"), allowed.clone(), signature);
            cases.push(Case { revoked: Some(revoked.clone()), ..case });
        }
    };
    for text in texts {
        of(format!("{text:?}"), made.spell(text).into_bytes());
    }
    for (what, key) in [("KEY", &made.key), ("OTHER", &made.other), ("CA", &made.authority)] {
        let list = made.keys.revoked(key);
        of(format!("a binary list of {what}"), list.clone());
        of(format!("a binary list of {what}, cut short"), list[..list.len() - 3].to_vec());
    }
    cases
}

/// Times on both sides of the changes to and from summer time in Berlin, and on the other half of the world.
fn times(made: &Made) -> Vec<Case> {
    let moments = [
        "20260101Z",
        "20260701Z",
        "20260701z",
        "20260701UTC",
        "20260701120000Z",
        "20260701120001Z",
        "202607011200",
        "20260701",
        "20260701140000",
        "20260701130000",
        "20260115120000",
        "20260329023000",
        "20260329013000",
        "20260329033000",
        "20261025023000",
        "20261025013000",
        "20261025033000",
        "20260405023000",
        "20261004023000",
        "19700101000000Z",
        "19691231235959Z",
        "20380119031408Z",
        "99991231235959Z",
        "2026",
        "202607",
        "2026070112",
        "20260701120060Z",
        "20261301Z",
        "20260230Z",
        "20260701240000Z",
        "2026-07-01",
        "",
        "0",
        "always",
    ];
    let at = [
        "2026-07-01T10:00:00Z",
        "2026-07-01T11:30:00Z",
        "2026-07-01T12:00:00Z",
        "2026-07-01T12:00:01Z",
        "2026-03-29T00:59:59Z",
        "2026-03-29T01:30:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    ];
    let mut cases = Vec::new();
    let mut of = |moment: &str, option: &str, at: &str, zone: &'static str| {
        let allowed = made.spell(&format!("{QA} {option}=\"{moment}\" KEY\n"));
        let case = Case::of(format!("time: {option}={moment:?} at {at} in {zone}"), allowed, &made.plain);
        cases.push(Case { at: at.parse().unwrap(), zone, ..case });
    };
    for moment in moments {
        for option in ["valid-after", "valid-before"] {
            of(moment, option, at[2], "UTC");
            // Where it says its zone, that of the reader changes nothing.
            let zones: &[&str] = if moment.ends_with(['Z', 'z', 'C']) { &["Europe/Berlin"] } else { ZONES };
            for zone in zones {
                for at in at {
                    of(moment, option, at, zone);
                }
            }
        }
    }
    cases
}

const ZONES: &[&str] = &["Europe/Berlin", "Australia/Sydney", "Europe/Dublin", "+03"];

fn spaces(made: &Made) -> Vec<Case> {
    let lists = [
        "*",
        "signoff@holdpoint",
        "git,signoff@holdpoint",
        "git",
        "signoff@*",
        "*@holdpoint",
        "!git,*",
        "*,!signoff@holdpoint",
        "!signoff@holdpoint",
        "SIGNOFF@holdpoint",
        " signoff@holdpoint",
        "signoff@holdpoint,",
    ];
    let mut cases = Vec::new();
    for made_for in [SIGNOFF, "git"] {
        let signature = made.key.sign(made_for, MESSAGE);
        for asked in [SIGNOFF, "git", REVIEW] {
            for list in lists {
                let allowed = made.spell(&format!("{QA} namespaces=\"{list}\" KEY\n"));
                let name = format!("namespace: made for {made_for}, asked for {asked}, {list:?}");
                cases.push(Case { namespace: asked, ..Case::of(name, allowed, &signature) });
            }
        }
    }
    cases
}

/// The same signature, written otherwise.
fn forms(made: &Made) -> Vec<Case> {
    let plain = &made.plain;
    let body: String = plain.lines().filter(|line| !line.starts_with("-----")).collect();
    let wrapped = |width: usize| {
        let lines: Vec<_> =
            (0..body.len()).step_by(width).map(|at| &body[at..(at + width).min(body.len())]).collect();
        format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
    };
    let forms = [
        ("as it is", plain.clone()),
        ("no line end", plain.trim_end().to_owned()),
        ("CR LF", plain.replace('\n', "\r\n")),
        ("lines before it", format!("hello\n{plain}")),
        ("blank lines before it", format!("\n\n{plain}")),
        ("lines behind it", format!("{plain}hello\n")),
        ("twice", format!("{plain}{plain}")),
        ("lines of 64", wrapped(64)),
        ("lines of 76", wrapped(76)),
        ("one line", wrapped(body.len())),
        ("blanks in it", plain.replacen("U1NIU0lH", "U1NI U0lH", 1)),
        ("another label", plain.replace("SSH SIGNATURE", "PGP SIGNATURE")),
        ("no end", plain.replace("-----END SSH SIGNATURE-----", "")),
        ("no padding", plain.replace('=', "")),
        ("bytes behind it", plain.replace("\n-----END", "AAAA\n-----END")),
        ("nothing", String::new()),
        ("a public key", made.key.public.clone()),
    ];
    let allowed = made.spell("qa@example.org KEY\n");
    forms.into_iter().map(|(what, text)| Case::of(format!("form: {what}"), allowed.clone(), &text)).collect()
}

impl Keys {
    /// OpenSSH's binary list of one revoked key.
    fn revoked(&self, key: &Key) -> Vec<u8> {
        let list = key.path.with_extension("krl");
        said(
            Command::new("ssh-keygen")
                .args(["-q", "-k", "-f"])
                .arg(&list)
                .arg(key.path.with_extension("pub")),
        );
        fs::read(list).unwrap()
    }
}

fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
