//! What the independent verifier and the report's page say of the same signatures, asked without a record around them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use holdpoint_signing::SIGNOFF;
use serde_json::{Value, json};

use crate::MESSAGE;
use crate::cases::QA;
use crate::passkeys::Passkey;

/// Of each, whether its flags say that somebody was verified; what is wrong with it, in words.
type Said = Result<bool, String>;

const PYTHON: &str = r#"
import base64, json, sys, tempfile
from datetime import datetime, timezone
sys.path.insert(0, sys.argv[1])
from keys import Keys
from narrow import Fault
asked, said = json.load(sys.stdin), []
for case in asked["cases"]:
    with tempfile.TemporaryDirectory() as scratch:
        keys = Keys(case["allowed"].encode(), None, "UTC", scratch)
        at = [datetime(2026, 7, 1, 12, tzinfo=timezone.utc)]
        try:
            _, flags = keys.verify(asked["who"], asked["space"], asked["message"].encode(), case["signature"].encode(), at)
            said.append({"verified": bool(flags & 4)})
        except Fault as fault:
            said.append({"wrong": str(fault)})
print(json.dumps(said))
"#;

const NODE: &str = r#"
const asked = JSON.parse(require("node:fs").readFileSync(0));
(async () => {
  const said = [];
  for (const { signature } of asked.cases) {
    try {
      const flags = await proveEnvelope(readEnvelope(utf8.encode(signature)), utf8.encode(asked.message));
      said.push(flags?.present ? { verified: flags.verified } : { wrong: "not touched" });
    } catch (error) {
      if (!(error instanceof Wrong || error instanceof NotChecked)) throw error;
      said.push({ wrong: error.message });
    }
  }
  console.log(JSON.stringify(said));
})();
"#;

fn ask(command: &mut Command, passkeys: &[(&str, Passkey)]) -> Vec<Said> {
    let cases: Vec<_> = passkeys
        .iter()
        .map(|(_, passkey)| json!({"allowed": passkey.allowed(), "signature": passkey.armored()}))
        .collect();
    let asked = json!({
        "who": QA, "space": SIGNOFF, "message": str::from_utf8(MESSAGE).unwrap(), "cases": cases,
    });
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    let said: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |said: &Value| match said["verified"].as_bool() {
        Some(verified) => Ok(verified),
        None => Err(said["wrong"].as_str().unwrap().to_owned()),
    };
    said.iter().map(of).collect()
}

/// The verifier in Python that was written from docs/record.md alone.
pub(crate) fn independent(passkeys: &[(&str, Passkey)]) -> Vec<Said> {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/independent");
    ask(Command::new("python3").args(["-B", "-c", PYTHON, scripts]), passkeys)
}

/// The scripts of the report's page, with the WebCrypto of node.
pub(crate) fn page(passkeys: &[(&str, Passkey)]) -> Vec<Said> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/src/html/page");
    let [bytes, ssh] = ["bytes.js", "ssh.js"].map(|name| fs::read_to_string(page.join(name)).unwrap());
    ask(Command::new("node").args(["-e", &format!("{bytes}{ssh}{NODE}")]), passkeys)
}
