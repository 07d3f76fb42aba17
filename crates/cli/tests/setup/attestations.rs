//! `report --format in-toto`, opened and checked by other people's programs: securesystemslib, in-toto-attestation, openssl.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::support::{Bench, Ran, sha256};

const CONFIG: &str = "[signers]\nfile = \"allowed_signers\"\n[environments.staging]\nrehearsal = true\n\
    [roles]\nqa = [\"qa@example.org\"]\n[people.\"qa@example.org\"]\nname = \"Quinn Auditor\"\n";
const BOOK: &str = "---\nrunbook: 1\ntitle: A release\nrevision: C\nroles: [qa]\n---\n\n# A release\n\n## Build\n\n\
    ```sh check\n#| capture: { VERSION: { file: out.txt }, IMAGE: { stdout: true } }\necho v1 > out.txt\n\
    printf sha256:%064d 7\n```\n\n## Wait\n\n- [ ] Waited\n\n\
    ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release {{ VERSION }}.\n```\n";
const ANSWERS: &str = "steps:\n  wait: { choice: skip, reason: \"it\u{2019}s late\" }\n  \
    release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";

const CHECK: &str = r#"
import json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
given = json.load(sys.stdin)
try:
    envelope = Envelope.from_dict(given["envelope"])
    key = SSlibKey.from_crypto(load_pem_public_key(given["key"].encode()), keyid=given["keyid"])
    accepted = list(envelope.verify([key], 1))
    assert envelope.payload_type == "application/vnd.in-toto+json"
    statement = json_format.Parse(envelope.payload, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    print(json.dumps({"accepted": accepted, "statement": json.loads(envelope.payload)}))
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
"#;

/// What the stock verifier says of an envelope.
fn judged(envelope: &Value, key: &str, keyid: &str) -> Value {
    let python = holdpoint_xtask::tools::python();
    assert!(python.exists(), "the verifier is missing; cargo xtask tools installs it");
    let mut child = Command::new(python)
        .args(["-I", "-c", CHECK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let given = json!({"envelope": envelope, "key": key, "keyid": keyid});
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.json()
}

/// A sealed run, and two keys: `key` and `other`, each with its public half in `.pub`.
fn sealed() -> Bench {
    let bench = Bench::with(&[
        ("book.md", BOOK),
        ("holdpoint.toml", CONFIG),
        ("answers.yaml", ANSWERS),
        ("allowed_signers", ""),
    ]);
    bench.sh(
        "umask 077; for k in key other; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $k
        openssl pkey -in $k -pubout -out $k.pub; done",
    );
    bench.ends(0, &["run", "book.md", "--env", "staging", "--unattended", "--answers", "answers.yaml"]);
    bench
}

fn attest(bench: &Bench) -> Value {
    bench.ends(0, &["report", "1", "--format", "in-toto", "--key", "key", "-o", "run.json"]);
    serde_json::from_str(&bench.text("run.json")).unwrap()
}

#[test]
fn a_stock_verifier_takes_the_attestation_and_it_tells_the_run() {
    let bench = sealed();
    let envelope = attest(&bench);
    let keyid = envelope["signatures"][0]["keyid"].as_str().unwrap().to_owned();
    let said = judged(&envelope, &bench.text("key.pub"), &keyid);
    assert_eq!(said["accepted"], json!([keyid]), "{said}");
    let statement = &said["statement"];
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://holdpoint.example/run/v2");
    let file = |name: &str| sha256(&fs::read(bench.run_dir(1).join(name)).unwrap());
    let subject = |name: &str, digest: &str| json!({"name": name, "digest": {"sha256": digest}});
    assert_eq!(
        statement["subject"],
        json!([
            subject("files/out.txt", &sha256(b"v1\n")),
            subject("run.jsonl", &file("run.jsonl")),
            subject("seal.json", &file("seal.json")),
            subject("values/IMAGE", &format!("{:064}", 7)),
        ])
    );
    let predicate = &statement["predicate"];
    let opened = &bench.events(1)[0];
    for (pointer, value) in [
        ("/run/id", &opened["id"]),
        ("/run/number", &json!(1)),
        ("/document/digest/sha256", &opened["runbook"]["blob"]["sha256"]),
        ("/document/revision", &json!("C")),
        (
            "/environment",
            &json!({
                "name": "staging", "rehearsal": true, "protected": false, "fourEyes": false,
                "signature": "typed", "sessions": "typed",
            }),
        ),
        ("/verdict", &json!("passed")),
        ("/verification", &json!("intact and complete")),
        ("/deviations/0/reason", &json!("it\u{2019}s late")),
        ("/signOffs/0/name", &json!("Quinn Auditor")),
        ("/signOffs/0/assurance", &json!("rehearsal")),
        ("/signOffs/0/statement", &json!("I release v1.")),
    ] {
        assert_eq!(predicate.pointer(pointer), Some(value), "{pointer} of {predicate:#}");
    }
    assert!(predicate["people"].as_array().unwrap().iter().any(|p| p["principal"] == "qa@example.org"));
}

#[test]
fn the_documentation_lists_every_key_of_the_predicate() {
    let envelope = attest(&sealed());
    let payload = Base64::decode_vec(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/record.md")).unwrap();
    let section = text.split_once("\n## Attestations\n").unwrap().1.split_once("\n## ").unwrap().0;
    for (key, value) in statement["predicate"].as_object().unwrap() {
        let named = format!("`{key}`");
        let heads = |line: &&str| line.split('|').nth(1).is_some_and(|cell| cell.contains(&named));
        let row = section.lines().find(heads).unwrap_or_else(|| panic!("no row of {key}"));
        let one = value.as_array().and_then(|all| all.first()).unwrap_or(value);
        for inner in one.as_object().into_iter().flat_map(|object| object.keys()) {
            assert!(row.contains(&format!("`{inner}`")), "{inner} of {key}: {row}");
        }
    }
}

const EVENTFUL: &str = "---\nrunbook: 1\ntitle: A release\nroles: [qa]\n---\n\n# A release\n\n## Look\n\n\
    ```sh check\n#| retry: { every: 10ms, for: 30s }\necho x >> tries\n[ \"$(wc -l < tries)\" -gt 1 ]\n```\n\n\
    ## Observe\n\n```yaml record\npressure: { prompt: Pressure, type: number, max: 2 }\n```\n\n\
    ## Wait\n\n- [ ] Waited\n\n\
    ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\nindependent: true\n```\n";
const KEYS: &str = "[signers]\nfile = \"allowed_signers\"\nrevoked = \"revoked_keys\"\n\
    [environments.production]\nsignature = \"ssh\"\n\
    [roles]\nqa = [\"qa@example.org\", \"ops@example.org\"]\n[people.\"qa@example.org\"]\nname = \"Quinn Auditor\"\n\
    [people.\"ops@example.org\"]\nname = \"Olive Operator\"\n";

/// The statement of a run on whose way everything went that can go otherwise before somebody signs.
fn eventful() -> (Bench, Value) {
    let answers =
        "steps:\n  observe: { value: { pressure: \"1.5\" } }\n  wait: { choice: skip, reason: late }\n";
    let bench = Bench::with(&[
        ("book.md", EVENTFUL),
        ("holdpoint.toml", KEYS),
        ("answers.yaml", answers),
        ("revoked_keys", "# none yet\n"),
    ]);
    bench.sh("umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key
        openssl pkey -in key -pubout -out key.pub
        for who in ops qa; do ssh-keygen -q -t ed25519 -N '' -f ../$who
            echo \"$who@example.org $(cut -d' ' -f1,2 ../$who.pub)\" >> allowed_signers; done");
    let run = ["run", "book.md", "--env", "production", "--unattended", "--answers", "answers.yaml"];
    let by_ops = ["--operator", "ops@example.org"];
    bench.ends(3, &[&run[..], &by_ops].concat());
    bench.ends(0, &[&["note", "1", "DO NOT RELEASE", "--step", "look"][..], &by_ops].concat());
    bench.ends(
        0,
        &[&["correct", "1", "pressure", "1.9", "--reason", "the wrong gauge"][..], &by_ops].concat(),
    );
    bench.ends(5, &["sign", "1", "--as", "ops@example.org", "--key", "../ops", "--yes"]);
    let qa = ["sign", "1", "--as", "qa@example.org", "--key", "../qa"];
    bench.ends(0, &[&qa[..], &["--reject", "--reason", "the footer is wrong"]].concat());
    bench.ends(0, &[&qa[..], &["--yes"]].concat());
    bench.ends(0, &[&["resume", "1", "--unattended"][..], &by_ops].concat());
    let envelope = attest(&bench);
    let keyid = envelope["signatures"][0]["keyid"].as_str().unwrap().to_owned();
    let said = judged(&envelope, &bench.text("key.pub"), &keyid);
    assert_eq!(said["accepted"], json!([keyid]), "{said}");
    (bench, said["statement"].clone())
}

#[test]
fn an_attestation_tells_what_did_not_go_straight_and_by_whose_rules() {
    let (bench, statement) = eventful();
    let predicate = &statement["predicate"];
    let events = bench.events(1);
    let event = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    for (pointer, value) in [
        ("/rules/configuration/sha256", &events[0]["config"]["sha256"]),
        ("/rules/signers/sha256", &json!(sha256(bench.text("allowed_signers").as_bytes()))),
        ("/rules/revoked/sha256", &json!(sha256(bench.text("revoked_keys").as_bytes()))),
        ("/failedAttempts/0/action", &json!("look#1")),
        ("/failedAttempts/0/attempt", &json!(1)),
        ("/failedAttempts/0/outcome", &json!("failed")),
        ("/failedAttempts/0/exit", &json!(1)),
        ("/failedAttempts/0/unheld/0/expected", &json!("exit 0")),
        ("/notes/0/text", &json!("DO NOT RELEASE")),
        ("/notes/0/principal", &json!("ops@example.org")),
        ("/notes/0/step", &json!("look")),
        ("/corrections/0/old", &json!("1.5")),
        ("/corrections/0/new", &json!("1.9")),
        ("/corrections/0/reason", &json!("the wrong gauge")),
        ("/refusedAttempts/0/principal", &json!("ops@example.org")),
        ("/refusedAttempts/0/reason", &event("signoff.refused")["reason"]),
        ("/rejections/0/reason", &json!("the footer is wrong")),
        ("/rejections/0/key", &event("signoff.rejected")["signed"]["signature"]["key"]),
        ("/rejections/0/event", &event("signoff.rejected")["n"]),
        ("/signOffs/0/key", &event("signoff.given")["signature"]["key"]),
        ("/signOffs/0/counts", &json!(true)),
        ("/deviations/0/reason", &json!("late")),
        ("/sessions/0/operator", &json!("ops@example.org")),
        ("/environment/signature", &json!("ssh")),
        ("/verdict", &json!("passed")),
    ] {
        assert_eq!(predicate.pointer(pointer), Some(value), "{pointer} of {predicate:#}");
    }
}

/// Keys of the predicate that the documentation has a row for.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../../../docs/record.md");
    let table =
        page.split_once("Every key of the predicate").unwrap().1.split_once("So a program").unwrap().0;
    let cells = table.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once(" | ")?.0));
    cells.flat_map(|cell| cell.split("`, `")).map(|key| key.trim_matches('`').to_owned()).collect()
}

#[test]
fn every_key_of_the_predicate_is_documented_and_there_though_nothing_went_otherwise() {
    let bench =
        Bench::with(&[("book.md", "---\nrunbook: 1\n---\n# Plain\n\n## Look\n\n```sh check\ntrue\n```\n")]);
    bench.sh("umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key");
    bench.ends(0, &["run", "book.md", "--unattended"]);
    let plain = Base64::decode_vec(attest(&bench)["payload"].as_str().unwrap()).unwrap();
    let plain: Value = serde_json::from_slice(&plain).unwrap();
    let keys = |statement: &Value| statement["predicate"].as_object().unwrap().keys().cloned().collect();
    let told: BTreeSet<String> = keys(&plain);
    assert_eq!(told, documented());
    assert_eq!(told, keys(&eventful().1));
    assert_eq!(plain["predicate"]["rejections"], json!([]));
    assert_eq!(plain["predicate"]["rules"], json!({"configuration": null, "signers": null, "revoked": null}));
}

#[test]
fn the_stock_verifier_refuses_altered_payloads_other_types_and_other_keys() {
    let bench = sealed();
    let good = attest(&bench);
    let keyid = good["signatures"][0]["keyid"].as_str().unwrap();
    let (key, other) = (bench.text("key.pub"), bench.text("other.pub"));
    let refused = |envelope: &Value, key: &str| {
        let said = judged(envelope, key, keyid);
        assert!(said["error"].as_str().is_some_and(|error| error.starts_with("VerificationError")), "{said}");
    };
    refused(&good, &other);
    let payload = Base64::decode_vec(good["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    let mut altered = good.clone();
    altered["payload"] = json!(Base64::encode_string(text.replace("passed", "failed").as_bytes()));
    assert_ne!(altered, good);
    refused(&altered, &key);
    let mut altered = good.clone();
    altered["payloadType"] = json!("application/json");
    refused(&altered, &key);
    let mut altered = good.clone();
    altered["signatures"][0]["sig"] = json!("MAYCAQECAQE=");
    refused(&altered, &key);
}

#[test]
fn the_documented_commands_check_it_with_openssl_and_notice_what_was_altered() {
    let page = include_str!("../../../../docs/record.md");
    let section = page.split_once("with OpenSSL alone:").expect("it is documented").1;
    let script =
        section.split("```").nth(1).and_then(|fence| fence.strip_prefix("sh\n")).expect("as commands");
    let bench = sealed();
    let envelope = attest(&bench);
    bench.sh(
        "cp key.pub attest.pub; cp .holdpoint/runs/0001-book/run.jsonl .holdpoint/runs/0001-book/seal.json .",
    );
    let check = |envelope: &Value| {
        bench.file("run.intoto.json", &envelope.to_string());
        let mut shell = bench.command("sh");
        shell.args(["-euc", script]);
        Ran::of(shell.output().unwrap())
    };
    let good = check(&envelope);
    let lines: Vec<&str> = good.stdout.lines().collect();
    assert_eq!(
        (good.code, lines),
        (0, vec!["Verified OK", "run.jsonl: OK", "seal.json: OK"]),
        "{}",
        good.stderr
    );
    let payload = Base64::decode_vec(envelope["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap().replace("staging", "stagong");
    let mut altered = envelope.clone();
    altered["payload"] = json!(Base64::encode_string(text.as_bytes()));
    assert_ne!(check(&altered).code, 0);
    bench.sh("cp other.pub attest.pub");
    assert_ne!(check(&envelope).code, 0);
}

#[test]
fn only_sealed_and_intact_records_are_attested() {
    let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", CONFIG), ("allowed_signers", "")]);
    bench.sh("umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key");
    bench.ends(3, &["run", "book.md", "--env", "staging", "--unattended"]);
    let attest = ["report", "1", "--format", "in-toto", "--key", "key", "-o", "run.json"];
    bench.ends(2, &attest).says("is not sealed");
    bench.file("answers.yaml", ANSWERS);
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    bench.ends(0, &attest);
    fs::remove_file(bench.path("run.json")).unwrap();
    let log = bench.run_dir(1).join("run.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("late", "lite", 1)).unwrap();
    bench.ends(6, &attest).says("altered at event");
    fs::write(&log, text).unwrap();
    let blob = bench.events(1)[2]["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    bench.ends(0, &["expunge", "1", "--blob", &blob, "--reason", "no"]);
    bench.ends(6, &attest).says("expunged");
    assert!(!bench.exists("run.json"));
}

#[test]
fn a_key_that_others_can_read_or_that_a_person_signs_with_attests_nothing() {
    let bench = sealed();
    let attest = |key: &str| bench.holdpoint(&["report", "1", "--format", "in-toto", "--key", key]);
    let refused = |key: &str, why: &str| {
        let ran = attest(key);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{key}: {}", ran.both());
        assert!(ran.stderr.contains(why), "{key}: {}", ran.stderr);
    };
    bench.sh("chmod 640 other; mkdir dir; chmod 700 dir");
    refused("other", "is not yours alone");
    refused("dir", "it is a directory");
    refused("nowhere", "cannot be read");
    bench.sh("ssh-keygen -q -t ecdsa -b 256 -N '' -f ssh; chmod 600 ssh");
    refused("ssh", "it is an SSH key");
    bench.sh("cp ssh theirs && ssh-keygen -q -p -N '' -m PKCS8 -f theirs");
    assert_eq!(attest("theirs").code, 0, "nobody signs with it yet");
    bench.sh("printf 'qa@example.org %s\\n' \"$(cat ssh.pub)\" > allowed_signers");
    bench.ends(0, &["run", "book.md", "--env", "staging", "--unattended", "--answers", "answers.yaml"]);
    let ran = bench.holdpoint(&["report", "2", "--format", "in-toto", "--key", "theirs"]);
    assert_eq!(ran.code, 2, "{}", ran.both());
    assert!(ran.stderr.contains("a person signs with"), "{}", ran.stderr);
    bench.ends(2, &["report", "1", "--format", "in-toto"]);
    bench.ends(2, &["report", "1", "--format", "html", "--key", "key"]);
}
