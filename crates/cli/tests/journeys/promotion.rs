//! The sample product, promoted by the run-book of this repository: dry, rehearsed, for real, and taken back.

use std::path::Path;

use holdpoint_xtask::command::{git, output};
use holdpoint_xtask::product::{self, ANSWERS, Product, RELEASE, RUNBOOK};
use holdpoint_xtask::sample;
use sha2::{Digest, Sha256};

use crate::support::{Desk, OPS, QA, Record, Terminal, eventually, group_is_gone};

struct Shop {
    product: Product,
    desk: Desk,
}

impl Shop {
    fn open() -> Shop {
        let desk = Desk::new();
        let product = product::make(&desk.root().join("product")).unwrap();
        let desk = desk.in_directory(&product.repo);
        Shop { product, desk }
    }

    /// Branches and tags, there and here, and where the deployments stand.
    fn refs(&self) -> String {
        let remote = output(git(&self.product.repo).args(["ls-remote", "origin"])).unwrap();
        let tags = output(git(&self.product.repo).args(["tag", "--list"])).unwrap();
        format!("{remote}\n{tags}")
    }

    fn serves(&self, place: &product::Place) -> String {
        self.product.version(place).unwrap()["commit"].as_str().unwrap().to_owned()
    }
}

fn words<'a>(environment: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["run", RUNBOOK, "--env", environment, "--set", "RELEASE=v1.4.0"], more].concat()
}

fn sha256(path: &Path) -> String {
    Sha256::digest(std::fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers every prompt as an operator does for whom all goes well, until `text` or the end of the run.
#[track_caller]
fn goes_on_until(terminal: &mut Terminal, text: &str) {
    loop {
        let prompts = [text, "What now? [run]", "[c]onfirm", "proceed [y]", "Type the value.", "HOLD POINT"];
        match terminal.waits_for_any(&prompts) {
            0 => return,
            1 => presses(terminal, ""),
            2 => drop(terminal.chooses("confirm")),
            3 => drop(terminal.chooses("proceed")),
            4 => {
                terminal
                    .answers("Error rate over the last ten minutes, in percent (number, 0 to 0.1; with an address as evidence)", "0.02");
                terminal.answers("Evidence (address)", "https://dashboard.example.org/parcel-desk");
                terminal.answers("Who was told that the release is live, and where", "#releases");
                terminal.answers("Write that down?", "yes");
            }
            _ => {
                terminal.chooses("sign");
                terminal.answers("Who signs it off (as holdpoint.toml names people)?", OPS);
                terminal.waits_for("refused:").chooses("sign");
                terminal.answers("Who signs it off (as holdpoint.toml names people)?", QA);
                terminal.answers("Printed name", "Quinn Auditor");
            }
        }
    }
}

fn presses(terminal: &mut Terminal, keys: &str) {
    terminal.listens();
    terminal.types(&format!("{keys}\r"));
}

/// Waits until a block with this script runs, and gives its process group.
fn in_the_middle_of(shop: &Shop, number: u32, action: &str) -> i32 {
    eventually(&format!("{action} runs"), || shop.desk.record(number).in_doubt().as_deref() == Some(action));
    shop.desk.record(number).child_group()
}

fn document(record: &Record) -> String {
    record.events[0]["runbook"]["blob"]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_bytes_are_tried_dry_rehearsed_and_then_run_in_production() {
    let shop = Shop::open();
    let (product, desk) = (&shop.product, &shop.desk);
    let (before, digest) = (shop.refs(), sha256(&product.repo.join(RUNBOOK)));

    // Dry: checks only; nothing is changed, nothing is kept.
    let (_, told) = desk.ends(0, &words("staging", &["--dry-run", "--answers", ANSWERS]));
    assert!(told.contains("Nothing was changed or kept."), "{told}");
    assert_eq!(shop.refs(), before);
    assert_eq!(desk.runs(), 0);

    // Rehearsed, from the answers file.
    desk.ends(0, &words("staging", &["--unattended", "--answers", ANSWERS]));
    let rehearsal = desk.is_intact_and_complete(1);
    assert_eq!(document(&rehearsal), digest);
    assert_eq!(shop.serves(&product.staging), product.candidate);
    assert_eq!(shop.serves(&product.production), product.previous);

    // For real, with Ctrl-C in the middle of the tests.
    let mut terminal = desk.terminal(&words("production", &[]));
    goes_on_until(&mut terminal, "The tests of the candidate are green");
    terminal.waits_for("What now? [run]").listens();
    terminal.types("\r");
    let action = "the-tests-of-the-candidate-are-green#1";
    let group = in_the_middle_of(&shop, 2, action);
    terminal.presses_ctrl_c();
    terminal.waits_for("✗ INTERRUPTED").waits_for("What now?");
    group_is_gone(group);
    presses(&mut terminal, "park");
    terminal.waits_for("PARKED");
    terminal.ends(3);
    assert_eq!(desk.is_intact_and_open(2).last()["outcome"], "interrupted");
    assert_eq!(shop.serves(&product.production), product.previous);

    // And on, to the end.
    let mut terminal = desk.terminal(&["resume", "latest"]);
    terminal.waits_for("goes on here; what passed in it is not run again").chooses("retry");
    goes_on_until(&mut terminal, "Run 2: PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(2);
    assert_eq!(document(&record), digest);
    assert_eq!(record.starts(action), 2);
    assert_eq!(record.one("signoff.given")["by"]["who"], QA);
    assert_eq!(record.one("signoff.refused")["by"]["who"], OPS);
    assert_eq!(record.events[0]["runbook"]["committed"], true);
    assert_eq!(shop.serves(&product.production), product.candidate);
    let refs = shop.refs();
    assert!(refs.contains(&format!("{}\trefs/heads/production", product.candidate)), "{refs}");
    assert!(refs.lines().any(|line| line == RELEASE), "{refs}");

    // What is left to be filed, and to be watched.
    desk.ends(0, &["report", "2", "--format", "markdown", "--output", "executed.md"]);
    let copy = desk.read("executed.md");
    for wanted in ["Promote staging to production", "PASSED", "[x]", "Quinn Auditor", &product.candidate] {
        assert!(copy.contains(wanted), "{wanted} in\n{copy}");
    }
    assert!(!copy.contains("- [ ]"), "an item is not ticked in\n{copy}");
    let (shown, told) = desk.ends(0, &["replay", "2", "--speed", "1000"]);
    assert!(format!("{shown}{told}").contains("Activate the release"));
    let (listed, _) = desk.ends(0, &["runs"]);
    assert!(listed.contains("staging") && listed.contains("production"), "{listed}");
}

#[test]
fn a_promotion_is_rolled_back_on_demand_after_its_activation() {
    let shop = Shop::open();
    let (product, desk) = (&shop.product, &shop.desk);
    let before = shop.refs();
    let mut terminal = desk.terminal(&words("staging", &[]));

    // The program is killed while it builds. The build goes on alone; the operator has it done again.
    goes_on_until(&mut terminal, "Build the promoted commit");
    presses(terminal.waits_for("What now? [run]"), "");
    let action = "build-the-promoted-commit#1";
    let group = in_the_middle_of(&shop, 1, action);
    terminal.killed();
    desk.is_intact_and_open(1);
    group_is_gone(group);
    let mut terminal = desk.terminal(&["resume", "latest"]);
    terminal.waits_for("IN DOUBT").chooses("run");
    goes_on_until(&mut terminal, "What serves is what was promoted");
    assert_eq!(desk.record(1).starts(action), 2);
    assert_eq!(shop.serves(&product.staging), product.candidate);
    assert_ne!(shop.refs(), before);
    terminal.chooses("what rollback").waits_for("1. undo").waits_for("Activate the release");
    terminal.chooses("roll back").answers("Roll back and end the run?", "yes");
    terminal.answers("Why is it rolled back? (Ctrl-C goes back)", "the dashboard is red");
    goes_on_until(&mut terminal, "ROLLED BACK");
    terminal.ends(1);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(shop.serves(&product.staging), product.previous);
    assert_eq!(shop.serves(&product.production), product.previous);
    assert_eq!(shop.refs(), before);
    let mutating: Vec<_> =
        record.all("rollback.finished").iter().map(|event| event["step"].clone()).collect();
    assert_eq!(serde_json::Value::from(mutating), record.one("rollback.opened")["steps"]);
    assert_eq!(record.one("rollback.opened")["without"], serde_json::json!([]));
    assert!(record.all("rollback.finished").iter().all(|event| event["outcome"] == "passed"));
    assert_eq!(record.one("rollback.opened")["steps"].as_array().unwrap().len(), 7);
}

/// Promotes in production with answers from a file up to the hold point, signs that off with QA's key, and goes on.
fn promoted_with(shop: &Shop, answers: &str) {
    let key = shop.product.key.to_str().unwrap();
    shop.desk.ends(3, &words("production", &["--unattended", "--answers", answers]));
    shop.desk.ends(0, &["sign", "latest", "--as", QA, "--key", key, "--yes"]);
    shop.desk.ends(0, &["resume", "latest", "--unattended"]);
}

#[test]
fn a_changed_byte_is_rehearsed_again_and_the_comparison_names_what_differed_and_nothing_else() {
    let shop = Shop::open();
    let (product, desk) = (&shop.product, &shop.desk);
    let commit = |message: &str| {
        output(git(&product.repo).args(["commit", "--quiet", "--all", "-m", message])).unwrap();
    };
    desk.ends(0, &words("staging", &["--unattended", "--answers", ANSWERS]));

    // One byte, in the document and in a file that it includes.
    for file in sample::some([RUNBOOK, "runbooks/common/clone.md"], 1) {
        let text = std::fs::read_to_string(product.repo.join(file)).unwrap();
        std::fs::write(product.repo.join(file), format!("{text}\n")).unwrap();
        commit("Add a line that says nothing");
        let runs = desk.runs();
        let (_, told) = desk.ends(5, &words("production", &["--unattended", "--answers", ANSWERS]));
        let told = told.replace('|', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("1 line differs"), "{told}");
        assert_eq!(desk.runs(), runs, "nothing is written");
        desk.ends(0, &words("staging", &["--unattended", "--answers", ANSWERS]));
    }

    // What QA will see differs in one observed value.
    let answers = std::fs::read_to_string(product.repo.join(ANSWERS)).unwrap();
    assert_eq!(answers.matches("\"0.02\"").count(), 1);
    let planted = desk.root().join("planted.yaml");
    std::fs::write(&planted, answers.replace("\"0.02\"", "\"0.05\"")).unwrap();
    promoted_with(&shop, planted.to_str().unwrap());
    desk.ends(0, &["verify", "latest"]);
    assert_eq!(shop.serves(&product.production), product.candidate);

    let (told, _) = desk.ends(0, &["compare", "latest", "--to-rehearsal", "--format", "json"]);
    let comparison: serde_json::Value = serde_json::from_str(&told).unwrap();
    let differences = comparison["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{differences:#?}");
    assert_eq!(
        (&differences[0]["name"], &differences[0]["a"], &differences[0]["b"]),
        (&"error_rate".into(), &"0.02".into(), &"0.05".into())
    );
    assert_eq!(comparison["not_compared"], serde_json::json!([]));
    let of_stage: Vec<_> =
        comparison["by_condition"].as_array().unwrap().iter().map(|it| &it["at"]).collect();
    assert_eq!(of_stage, ["set-the-stage-of-the-rehearsal"]);
}
