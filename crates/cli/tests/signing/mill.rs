//! A repository whose production environment takes approved documents only, and the people in it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::shop::{OPS, QA, QB, Shop};
use crate::support::{Bench, Ran, sha256};

const CONFIG: &str = r#"[signers]
file = "allowed_signers"
revoked = "revoked_keys"

[people."ops@example.org"]
name = "Olive Operator"
alias = "github.com/olive"

[people."qa@example.org"]
name = "Quinn Auditor"
alias = "github.com/quinn"

[people."qb@example.org"]
name = "Quentin Borrower"

[roles]
operator = ["ops@example.org"]
qa = ["qa@example.org", "qb@example.org"]
lead = ["qb@example.org"]

[environments.production]
override = ["lead"]
requires = { approved_document = true }

[environments.vault]
signature = "ssh"
override = ["lead"]
requires = { approved_document = true }

[environments.strict]
protected = true
four_eyes = true
requires = { approved_document = true }

[environments.plain]
"#;

/// The document's front matter, with what else it claims.
pub fn document(claims: &str) -> String {
    format!(
        "---\nrunbook: 1\ntitle: Restart the mill\ndocument_id: SOP-1\n{claims}---\n\n# Restart the mill\n\n\
         ## Look\n\n```sh check\ntouch looked\n```\n"
    )
}

/// As it is approved: by two people, neither of whom wrote it.
pub const CLAIMS: &str =
    "revision: \"1\"\nauthors: [github.com/olive]\napprovers: [github.com/quinn, qb@example.org]\n";

/// The repository, everything committed.
pub fn mill(claims: &str) -> Shop {
    let bench = Bench::with(&[
        ("sop.md", &document(claims)),
        ("holdpoint.toml", CONFIG),
        ("revoked_keys", ""),
        (".gitignore", "/.holdpoint/runs/\n/looked\n"),
    ]);
    let shop = Shop { bench };
    fs::create_dir(shop.bench.all().join("keys")).unwrap();
    let lines: Vec<String> = [(OPS, "ops"), (QA, "qa"), (QB, "qb")]
        .map(|(who, name)| {
            format!("{who} namespaces=\"signoff@holdpoint,approval@holdpoint\" {}", shop.make_key(name))
        })
        .into();
    shop.bench.file("allowed_signers", &(lines.join("\n") + "\n"));
    shop.bench.committed();
    shop
}

/// The same, approved by everybody whom it names, and that committed too.
pub fn approved() -> Shop {
    let shop = mill(CLAIMS);
    shop.approves("sop.md", QA, "qa");
    shop.approves("sop.md", QB, "qb");
    shop.commit();
    shop
}

impl Shop {
    pub fn approve(&self, file: &str, who: &str, key: &str) -> Ran {
        let key = self.key(key);
        self.bench.holdpoint(&["approve", file, "--as", who, "--key", key.to_str().unwrap(), "--yes"])
    }

    #[track_caller]
    pub fn approves(&self, file: &str, who: &str, key: &str) {
        let ran = self.approve(file, who, key);
        assert_eq!(ran.code, 0, "{}", ran.both());
    }

    pub fn commit(&self) {
        self.bench.sh("git add -A && git commit -qm more");
    }

    /// `run`, unattended, with these arguments more.
    pub fn run(&self, environment: &str, more: &[&str]) -> Ran {
        let mut arguments = vec!["run", "sop.md", "--env", environment, "--unattended"];
        arguments.extend(more);
        self.bench.holdpoint(&arguments)
    }

    #[track_caller]
    pub fn runs(&self, environment: &str) {
        let ran = self.run(environment, &[]);
        assert_eq!(ran.code, 0, "{}", ran.both());
    }

    /// A run is refused, says so, and neither writes nor executes anything.
    #[track_caller]
    pub fn refuses(&self, environment: &str, why: &str) {
        let before = self.bench.tree();
        let ran = self.run(environment, &[]);
        assert_eq!(ran.code, 5, "{}", ran.both());
        ran.says(why).says("help: ");
        assert_eq!(self.bench.tree(), before);
    }

    /// Where an approval of the document as it is lies, or would.
    pub fn approval(&self, who: &str, ending: &str) -> PathBuf {
        let digest = sha256(&fs::read(self.bench.path("sop.md")).unwrap());
        self.bench.path(&format!(".holdpoint/approvals/{digest}/{who}.json{ending}"))
    }

    /// An approval's statement.
    pub fn stated(&self, who: &str) -> Value {
        serde_json::from_slice(&fs::read(self.approval(who, "")).unwrap()).unwrap()
    }

    /// Puts a statement in place, signed by this key for this namespace, as `ssh-keygen` alone would.
    pub fn forge_approval(&self, who: &str, statement: &Value, key: &str, namespace: &str) {
        let path = self.approval(who, "");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = serde_json::to_vec_pretty(statement).unwrap();
        bytes.push(b'\n');
        fs::write(&path, bytes).unwrap();
        let _ = fs::remove_file(self.approval(who, ".sig"));
        self.bench.sh(&format!(
            "ssh-keygen -q -Y sign -n {namespace} -f '{}' '{}'",
            self.key(key).display(),
            path.display()
        ));
    }
}
