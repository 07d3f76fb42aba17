//! A repository whose production environment asks for signatures by key, and the people in it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::{self, Bench, Ran};

pub const OPS: &str = "ops@example.org";
pub const QA: &str = "qa@example.org";
pub const QB: &str = "qb@example.org";

const CONFIG: &str = r#"[signers]
file = "allowed_signers"
revoked = "revoked_keys"

[people."ops@example.org"]
name = "Olive Operator"

[people."qa@example.org"]
name = "Quinn Auditor"

[people."qb@example.org"]
name = "Quentin Borrower"

[roles]
operator = ["ops@example.org"]
qa = ["qa@example.org", "qb@example.org", "ops@example.org"]

[environments.production]
signature = "ssh"
"#;

/// A check, a hold point for so many people, and what it guards.
pub fn book(count: u32) -> String {
    format!(
        "---\nrunbook: 1\ntitle: A release\nroles: [qa]\ninputs:\n  RELEASE: {{ default: v1 }}\n---\n\n# A release\n\n\
         ## Look\n\n```sh check\n#| capture: {{ COMMIT: {{ regex: 'commit (\\w+)' }} }}\necho commit abc123\n```\n\n\
         ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release {{{{ RELEASE }}}}.\n\
         independent: true\ncount: {count}\n```\n\n## Change\n\n```sh run\necho live > live\n```\n\n```sh check\ncat live\n```\n"
    )
}

/// The repository.
pub struct Shop {
    pub bench: Bench,
}

impl Shop {
    /// With a key for everybody, and a run that waits for the sign-off.
    pub fn waiting(count: u32) -> Shop {
        let shop = Shop::new(count);
        shop.bench.ends(3, &["run", "book.md", "--env", "production", "--unattended"]);
        shop
    }

    pub fn new(count: u32) -> Shop {
        let bench =
            Bench::with(&[("book.md", &book(count)), ("holdpoint.toml", CONFIG), ("revoked_keys", "")]);
        let shop = Shop { bench };
        fs::create_dir(shop.bench.all().join("keys")).unwrap();
        let lines: Vec<String> = [(OPS, "ops"), (QA, "qa"), (QB, "qb")]
            .map(|(who, name)| {
                format!("{who} namespaces=\"signoff@holdpoint,expunge@holdpoint\" {}", shop.make_key(name))
            })
            .into();
        shop.bench.file("allowed_signers", &(lines.join("\n") + "\n"));
        shop
    }

    /// Makes a key; gives its public line.
    pub fn make_key(&self, name: &str) -> String {
        let path = self.key(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(&path)
            .status()
            .expect("ssh-keygen (openssh-client) is needed");
        assert!(made.success());
        fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned()
    }

    pub fn key(&self, name: &str) -> PathBuf {
        self.bench.all().join("keys").join(name)
    }

    /// `holdpoint sign`, by key file.
    pub fn sign(&self, run: &str, who: &str, key: &str) -> Ran {
        let key = self.key(key);
        self.bench.holdpoint(&["sign", run, "--as", who, "--key", key.to_str().unwrap(), "--yes"])
    }

    #[track_caller]
    pub fn signs(&self, run: &str, who: &str, key: &str) {
        let ran = self.sign(run, who, key);
        assert_eq!(ran.code, 0, "{}", ran.both());
    }

    #[track_caller]
    pub fn resumes(&self, run: &str) {
        self.bench.ends(0, &["resume", run, "--unattended"]);
    }

    /// The verdict of `verify`, and its remarks.
    pub fn verdict(&self, run: u64) -> (i32, String, String) {
        let ran = self.bench.holdpoint(&["verify", &run.to_string(), "--format", "json"]);
        let json = ran.json();
        (ran.code, json["verdict"].as_str().unwrap().to_owned(), json["remarks"].to_string())
    }

    #[track_caller]
    pub fn is(&self, run: u64, code: i32, verdict: &str) {
        let (came, words, remarks) = self.verdict(run);
        assert_eq!((came, words.as_str()), (code, verdict), "{remarks}");
    }

    /// The number of the first sign-off.
    pub fn sign_off(&self, run: u64) -> usize {
        self.bench
            .events(run)
            .iter()
            .position(|event| event["type"] == "signoff.given")
            .expect("it was signed off")
    }

    /// Rewrites events as an insider with the store in hand would: numbers, chain and seal fit again.
    pub fn forge(&self, run: u64, how: impl FnOnce(&mut Vec<Value>)) {
        support::forge(&self.bench.run_dir(run), how);
    }

    /// The file of the first sign-off.
    pub fn signed(&self, run: u64, ending: &str) -> PathBuf {
        self.bench.run_dir(run).join(format!("signoffs/{:04}.json{ending}", self.sign_off(run)))
    }
}
