//! `report --format cast`, played by the stock player.

use serde_json::{Value, json};

use crate::node::node;
use crate::support::Bench;

const BOOK: &str = "---\nrunbook: 1\ntitle: A change\n---\n\n# A change\n\n## Wait a moment\n\n```sh check\n\
    printf 'one\\n'; sleep 0.3; printf 'two\\033[31m\\n' >&2; printf 'half'; printf ' done'\n```\n\n\
    ## Look\n\n```sh check\nprintf '\\377\\376\\n'; exit 3\n```\n\n```yaml expect\nexit: 3\n```\n";

/// The player itself, without its page: it parses, schedules and seeks as it does in a browser.
const PLAY: &str = r#"
import fs from "node:fs";
const dist = "MODULES/asciinema-player/dist";
const core = fs.readdirSync(dist).find((name) => /^core-.*\.js$/.test(name));
const { C: Core } = await import(`${dist}/${core}`);
const input = JSON.parse(fs.readFileSync(0, "utf8"));
const failed = (...what) => { console.error(...what); process.exit(1); };
const logger = { log() {}, debug() {}, info() {}, warn: failed, error: failed };
const player = new Core({ data: input.cast }, { logger, speed: 100 });
const seen = { output: "", markers: [] };
player.addEventListener("output", (text) => { seen.output += [].concat(text).join(""); });
player.addEventListener("marker", (marker) => seen.markers.push(marker.label));
player.addEventListener("metadata", (told) => { seen.duration = told.duration; seen.known = told.markers; });
player.addEventListener("error", failed);
player.addEventListener("ended", () => console.log(JSON.stringify(seen)));
player.terminalReady();
await player.init();
await player.play();
"#;

#[test]
fn the_stock_player_plays_a_run_to_its_end_with_its_waits_and_a_marker_a_step() {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.ends(0, &["run", "book.md"]);
    let text = bench.ends(0, &["report", "1", "--format", "cast"]).stdout;
    let seen = node(PLAY, &json!({"cast": text}));
    assert_eq!(seen["markers"], json!(["1 Wait a moment", "2 Look"]));
    let output = seen["output"].as_str().unwrap();
    for part in
        ["Run 1: A change", "│ \u{1b}[0mone\r\n", "two␛[31m\r\n", "half done\r\n", "⟨0xFF⟩⟨0xFE⟩", "PASSED"]
    {
        assert!(output.contains(part), "{part:?} is not in {output}");
    }
    let report = bench.ends(0, &["report", "1", "--format", "json"]).json();
    let whole = report["run"]["elapsed_ms"].as_f64().unwrap() / 1000.0;
    let played = seen["duration"].as_f64().unwrap();
    assert!(played >= 0.3 && (played - whole).abs() < 0.01, "{played} s played, {whole} s recorded");
}

#[test]
fn every_line_is_what_the_format_says_and_intervals_add_up_to_the_recorded_times() {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.ends(0, &["run", "book.md"]);
    let text = bench.ends(0, &["report", "1", "--format", "cast"]).stdout;
    let mut lines = text.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(
        (&head["version"], &head["term"]["cols"], &head["term"]["rows"]),
        (&json!(3), &json!(100), &json!(30))
    );
    assert!(head["timestamp"].is_i64());
    let mut codes = String::new();
    let mut at = 0.0;
    let mut two = (0.0, 0.0);
    for line in lines {
        let event: (f64, String, String) = serde_json::from_str(line).unwrap();
        assert!(event.0 >= 0.0);
        at += event.0;
        if event.2.contains("mone") {
            two.0 = at;
        }
        if event.2.contains("two") {
            two.1 = at;
        }
        let foreign = event.2.replace("\r\n", "");
        assert!(event.1 != "m" || !foreign.contains('\u{1b}'), "{foreign:?}");
        codes.push_str(&event.1);
    }
    assert!(codes.trim_start_matches('o').starts_with("mo") && codes.ends_with("ox"), "{codes}");
    // Not what a clock says, which depends on how busy the machine is, but what the record says.
    let timing = &bench.of_type(1, "action.finished")[0]["output"]["timing"]["sha256"];
    let blob = bench.run_dir(1).join("blobs/sha256").join(timing.as_str().unwrap());
    let timing = std::fs::read_to_string(blob).unwrap();
    let came = |stream: &str| -> f64 {
        let line = timing.lines().find(|line| line.starts_with(stream)).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() / 1_000_000.0
    };
    let recorded = came("e ") - came("o ");
    assert!((two.1 - two.0 - recorded).abs() < 0.000_01, "{two:?} in the cast, {recorded} recorded");
}

#[test]
fn an_open_run_has_a_cast_without_an_end() {
    let bench = Bench::with(&[("book.md", &BOOK.replace("exit: 3", "exit: 4"))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let text = bench.ends(0, &["report", "1", "--format", "cast", "-o", "run.cast"]);
    assert_eq!(text.stdout, "");
    let text = bench.text("run.cast");
    assert!(text.contains("expected") && !text.contains("\"x\""), "{text}");
    assert!(node(PLAY, &json!({"cast": text}))["output"].as_str().unwrap().contains("FAILED"));
}
