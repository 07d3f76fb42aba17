//! What is expunged of a record, through the real binary: what it may not hide, what an open run needs, and who is told.

use std::fs;

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, forge};

const PART: &str =
    "---\nrunbook: 1\ntitle: Part\n---\n\n# Part\n\n## Look\n\n```sh check\necho looked\n```\n";
const CONFIG: &str = "[roles]\nqa = [\"qa@example.org\"]\n\n[environments.lab]\nrehearsal = true\n";
const SIGNED: &str = "steps:\n  release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";

fn bench() -> Bench {
    let main = book(
        "roles: [qa]\ninputs:\n  X: { default: \"890\" }\n",
        "## Part\n\n[part](part.md \"include\")\n\n## Do\n\n```sh run\n#| template: true\nTOKEN={{ X }}; echo done\n```\n\n\
         ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n\n\
         ## After\n\n```sh run\necho \"after $TOKEN\"\n```\n",
    );
    Bench::with(&[("book.md", &main), ("part.md", PART), ("holdpoint.toml", CONFIG), ("signed.yaml", SIGNED)])
}

fn run_book(bench: &Bench) -> String {
    bench.events(1)[0]["runbook"]["blob"]["sha256"].as_str().unwrap().to_owned()
}

/// Every digest of a blob that an event names.
fn named(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(keys)
            if keys.len() == 2 && keys.contains_key("sha256") && keys.contains_key("bytes") =>
        {
            found.push(keys["sha256"].as_str().unwrap().to_owned());
        }
        Value::Object(keys) => keys.values().for_each(|value| named(value, found)),
        Value::Array(values) => values.iter().for_each(|value| named(value, found)),
        _ => {}
    }
}

#[test]
fn an_open_run_keeps_what_it_needs_and_goes_on_whatever_else_was_expunged() {
    let bench = bench();
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "lab"]);
    let events = bench.events(1);
    let mut blobs = Vec::new();
    events.iter().for_each(|event| named(event, &mut blobs));
    blobs.sort();
    blobs.dedup();
    let mut needed = Vec::new();
    for blob in &blobs {
        let ran = bench.holdpoint(&["expunge", "1", "--blob", blob, "--reason", "it leaked"]);
        match ran.code {
            0 => assert!(bench.holdpoint(&["show", "1"]).code == 0, "{blob}"),
            2 => {
                ran.says("the run is open, and cannot go on without that blob")
                    .says("holdpoint resume 1 --abort");
                needed.push(blob.as_str());
            }
            _ => panic!("{}", ran.both()),
        }
    }
    let opened = &events[0];
    for blob in [&opened["runbook"]["blob"], &opened["runbook"]["includes"][0]["blob"], &opened["config"]] {
        assert!(needed.contains(&blob["sha256"].as_str().unwrap()), "{blob} of {needed:?}");
    }
    assert!(needed.len() < blobs.len(), "what it printed may go");
    let listed = bench.ends(0, &["runs"]).stdout;
    assert!(listed.contains("waits for qa since ") && listed.contains(", expunged"), "{listed}");
    assert!(!listed.contains("expunged since"), "{listed}");
    bench.ends(0, &["sign", "1", "--format", "text"]).says("890");
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "signed.yaml"]);
    bench.ends(0, &["show", "1", "--step", "after", "--output"]).says("after 890");
    bench.ends(0, &["expunge", "1", "--blob", &run_book(&bench), "--reason", "it is over"]);
}

#[test]
fn what_was_cut_out_of_a_record_is_not_hidden_by_expunging_its_run_book() {
    let bench = bench();
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "lab"]);
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "signed.yaml"]);
    bench.ends(0, &["audit"]);
    let dir = bench.run_dir(1);
    forge(&dir, |events| events.retain(|event| !event["type"].as_str().unwrap().starts_with("signoff.")));
    bench.ends(6, &["verify", "1"]).says("does not conform");
    let book = run_book(&bench);
    let ran = bench.ends(6, &["expunge", "1", "--blob", &book, "--reason", "a token in it"]);
    ran.says("the record is not in order").says("does not conform");
    assert!(dir.join("blobs/sha256").join(&book).exists());

    // Whoever holds the disk does it without the program.
    let opened = &bench.events(1)[0];
    let tombstone = json!({"format": opened["format"], "id": opened["id"], "blob": opened["runbook"]["blob"],
        "at": opened["at"], "who": "qa@example.org", "reason": "a token in it"});
    fs::remove_file(dir.join("blobs/sha256").join(&book)).unwrap();
    fs::write(dir.join(format!("blobs/sha256/{book}.expunged")), tombstone.to_string()).unwrap();
    let verified = bench.ends(6, &["verify", "1", "--format", "json"]).json();
    assert_eq!(verified["conformity_checked"], json!(false), "{verified:#}");
    bench.ends(6, &["audit"]).says("conformity was not checked").says("wrong.");
    let json = bench.ends(6, &["audit", "--format", "json"]).json();
    assert_eq!(json["runs"][0]["conformity_checked"], json!(false), "{json:#}");
    let kinds: Vec<&str> =
        json["wrong"].as_array().unwrap().iter().filter_map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, ["expunged", "expunged"], "{json:#}");
}

#[test]
fn what_could_not_be_proved_for_what_was_expunged_is_told_by_audit_too() {
    let bench = bench();
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "lab"]);
    let output =
        bench.of_type(1, "action.finished")[0]["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    bench.ends(0, &["expunge", "1", "--blob", &output, "--reason", "leaked"]);
    bench
        .ends(6, &["audit"])
        .says("run 1: 1 execution could not be judged again: what they printed was expunged");
}

#[test]
fn a_reason_of_many_lines_passes_for_no_line_of_verify() {
    let bench = bench();
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "lab"]);
    let output =
        bench.of_type(1, "action.finished")[0]["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    let lines =
        "leak\n  2 signatures by key checked\nevent 12: sign-off by lead@example.org with a key, trusted";
    bench.ends(0, &["expunge", "1", "--blob", &output, "--reason", lines]);
    for verb in [&["verify", "1"][..], &["audit"], &["show", "1", "--step", "part.look", "--output"]] {
        let ran = bench.holdpoint(verb);
        for line in
            ran.both().lines().filter(|line| line.contains("by key checked") || line.contains("lead@"))
        {
            assert!(line.trim_start().starts_with('│') || line.contains('⏎'), "{verb:?}: {line}");
        }
    }
}

#[test]
fn who_reads_a_run_is_told_by_whom_when_and_why_something_was_expunged() {
    let bench = bench();
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "lab"]);
    bench.ends(0, &["resume", "1", "--unattended", "--answers", "signed.yaml"]);
    let output =
        bench.of_type(1, "action.finished")[0]["output"]["stdout"]["sha256"].as_str().unwrap().to_owned();
    bench.ends(0, &["expunge", "1", "--blob", &output, "--reason", "it_shows *the* <token>"]);
    let tombstone = "by ops@example.org: it_shows *the* <token>";
    for verb in [
        &["show", "1"][..],
        &["show", "1", "--step", "part.look", "--output"],
        &["replay", "1", "--speed", "100000"],
        &["replay", "1", "--format", "json"],
        &["report", "1", "--format", "cast"],
    ] {
        let ran = bench.holdpoint(verb);
        let told = ran.both().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains(tombstone) && !told.contains("is missing") && !told.contains("MISSING"),
            "{verb:?}: {told}"
        );
    }
    bench
        .ends(6, &["report", "1"])
        .says("EXPUNGED")
        .says("by ops@example.org: it_shows \\*the\\* \\<token\\>");
    for format in ["html", "junit"] {
        let ran = bench.ends(6, &["report", "1", "--format", format]);
        assert!(
            ran.stdout.contains("EXPUNGED") && ran.stdout.contains("it_shows *the* &lt;token&gt;"),
            "{format}"
        );
    }
    let json = bench.ends(0, &["show", "1", "--format", "json"]).json();
    assert_eq!(json["expunged"][0]["sha256"], json!(output), "{json:#}");
    // Bytes of one digest are the same, whoever holds them still: another output is to be compared.
    let after = bench.of_type(1, "action.finished").pop().unwrap()["output"]["stdout"]["sha256"].clone();
    bench.ends(0, &["expunge", "1", "--blob", after.as_str().unwrap(), "--reason", "it shows X"]);
    bench.ends(3, &["run", "book.md", "--unattended", "--env", "lab", "--set", "X=891"]);
    bench.ends(0, &["resume", "2", "--unattended", "--answers", "signed.yaml"]);
    let compared = bench.holdpoint(&["compare", "1", "2"]);
    compared.says("NOT COMPARED").says("was expunged at ").says("it shows X");
}
