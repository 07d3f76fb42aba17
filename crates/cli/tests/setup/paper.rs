//! The report as paper, and on a narrow screen: nothing of it is cut, and all of it is printed.

use crate::node::node;
use crate::support::Bench;

/// Opens a page on screens and prints it on papers: what is wider than its place, and what was written.
const PRINT: &str = r#"
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";
import puppeteer from "MODULES/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js";
const executablePath = execSync("command -v chromium").toString().trim();
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({ executablePath, args });
const { file, screens, papers } = JSON.parse(readFileSync(0));
const wide = () => {
  const room = document.documentElement.clientWidth;
  const over = [...document.querySelectorAll("main *")].filter((part) =>
    part.getClientRects().length > 0 && (part.getBoundingClientRect().right > room + 1 || part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0 && getComputedStyle(part).display !== "inline"));
  return over.map((part) => `${part.tagName} ${part.className}: ${part.textContent.slice(0, 60)}`);
};
// Short words whose letters stand on two lines.
const broken = () => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    if (!texts.currentNode.parentElement.closest("th, td") || texts.currentNode.parentElement.closest("code, .digest")) continue;
    for (const word of texts.currentNode.data.matchAll(/(?<![^\s])[A-Za-z]{2,11}(?![^\s.,;:])/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((part) => Math.round(part.top))).size > 1) found.push(word[0]);
    }
  }
  return found;
};
const told = [];
for (const width of screens) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 800 });
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => document.documentElement.dataset.proof);
  await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
  told.push({ of: `${width} px`, wide: await page.evaluate(wide), broken: await page.evaluate(broken) });
  await page.close();
}
for (const [format, width] of papers) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 1000 });
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => document.documentElement.dataset.proof);
  await page.emulateMediaType("print");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  told.push({ of: format, wide: await page.evaluate(wide), broken: await page.evaluate(broken) });
  await page.pdf({ path: `${file}.${format}.pdf`, format });
  await page.close();
}
await browser.close();
console.log(JSON.stringify(told));
"#;

const LONG: &str =
    "a-name-that-is-longer-than-any-column-and-has-no-place-where-it-could-be-broken-into-two-lines";

/// Long names everywhere, a hundred steps, output that is wider than paper.
fn bench() -> Bench {
    let mut book = format!(
        "---\nrunbook: 1\ntitle: Paper\ndocument_id: SOP-0013\nrevision: \"07\"\nroles: [operator, qa]\n---\n\n# Paper\n\n\
         ## Print\n\n```sh check\n#| capture: {{ A_VERY_LONG_VARIABLE_WHOSE_NAME_FILLS_A_COLUMN: {{ stdout: true }} }}\n\
         echo {LONG}{LONG}\n```\n\n```sh check\nseq 1 120; echo line $((100 + 20)) is the last\n```\n\n"
    );
    for step in 1..=60 {
        book += &format!("## Step {step} with {LONG}\n\n```sh check\necho output of {step}\n```\n\n");
    }
    book += "## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n";
    let config = "[people.\"ops@example.org\"]\nname = \"Olive Operator\"\n[people.\"qa@example.org\"]\nname = \"Quinn Auditor\"\n\
        [roles]\noperator = [\"ops@example.org\"]\nqa = [\"qa@example.org\"]\n[environments.staging]\nrehearsal = true\n";
    let answers = "steps:\n  step-2-with-LONG: { choice: skip, reason: it was done by hand }\n  release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";
    let bench = Bench::with(&[
        ("p.md", &book),
        ("holdpoint.toml", config),
        ("a.yaml", &answers.replace("LONG", LONG)),
    ]);
    bench.ends(
        0,
        &[
            "run",
            "p.md",
            "--env",
            "staging",
            "--unattended",
            "--answers",
            "a.yaml",
            "--operator",
            "ops@example.org",
        ],
    );
    bench
}

#[test]
fn nothing_is_cut_on_paper_or_on_a_narrow_screen_and_each_sheet_says_what_it_is_of() {
    let bench = bench();
    bench.ends(0, &["report", "1", "--format", "html", "-o", "p.html"]);
    let file = bench.path("p.html").canonicalize().unwrap();
    // What is left between the margins of a sheet, in pixels of 1/96 inch.
    let asked = serde_json::json!({ "file": file, "screens": [500, 900, 1200], "papers": [["a4", 673], ["letter", 695]] });
    let told = node(PRINT, &asked);
    for of in told.as_array().unwrap() {
        assert_eq!(of["wide"].as_array().unwrap().len(), 0, "{of:#}");
    }
    for paper in ["a4", "letter"] {
        let text = bench.sh(&format!("pdftotext -layout p.html.{paper}.pdf -"));
        let sheets: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
        assert!(sheets.len() > 10, "{} sheets", sheets.len());
        for (at, sheet) in sheets.iter().enumerate() {
            for says in [
                "SOP-0013 revision 07",
                "run 1 in staging, REHEARSAL",
                &format!("{} of {}", at + 1, sheets.len()),
            ] {
                assert!(sheet.contains(says), "{paper}, sheet {} does not say {says}:\n{sheet}", at + 1);
            }
        }
        // A table that goes on says again what stands in its columns.
        let heads = sheets.iter().filter(|sheet| sheet.contains("Result") && sheet.contains("Began")).count();
        assert!(heads > 1, "{paper}: {heads} heads");
        let whole: String = text.split_whitespace().collect();
        let lines =
            (1..=120).map(|line| line.to_string()).chain((1..=60).map(|step| format!("outputof{step}")));
        for line in lines.chain([
            "line120isthelast".to_owned(),
            format!("{LONG}{LONG}"),
            "REHEARSALinstaging".to_owned(),
        ]) {
            assert!(whole.contains(&line), "{paper}: {line} is not on paper");
        }
    }
}

#[test]
fn no_short_word_of_a_table_is_broken_and_none_is_cut() {
    let block = |kind: &str, script: &str| format!("```sh {kind}\n{script}\n```\n\n");
    let book = format!(
        "---\nrunbook: 1\ntitle: Undone\n---\n\n# Undone\n\n## Look\n\n{}## Switch\n\n{}{}## Rollback\n\n{}## Answers\n\n{}",
        block("check", "true"),
        block("run", "true"),
        block("rollback", "true"),
        block("run", "true"),
        block("check", "false"),
    );
    let config = "[people.\"ops@example.org\"]\nname = \"Olive Operator\"\n[environments.production]\n";
    let answers = "steps:\n  look: { choice: skip, reason: a colleague has looked at all of it an hour ago }\n  answers: { choice: rollback, reason: nothing answers after three minutes of waiting }\n";
    let bench = Bench::with(&[("p.md", &book), ("holdpoint.toml", config), ("a.yaml", answers)]);
    let by = ["--answers", "a.yaml", "--operator", "ops@example.org", "--unattended"];
    bench.ends(1, &[&["run", "p.md", "--env", "production"], &by[..]].concat());
    bench.ends(0, &["report", "1", "--format", "html", "-o", "p.html"]);
    let file = bench.path("p.html").canonicalize().unwrap();
    let asked = serde_json::json!({ "file": file, "screens": [500, 700, 900, 1200], "papers": [["a4", 673], ["letter", 695]] });
    for of in node(PRINT, &asked).as_array().unwrap() {
        for what in ["wide", "broken"] {
            assert_eq!(of[what].as_array().unwrap().len(), 0, "{what}: {of:#}");
        }
    }
}

#[test]
fn a_short_form_takes_fewer_sheets_and_keeps_every_step() {
    let bench = bench();
    let mut sheets = Vec::new();
    for outputs in ["full", "appendix", "none"] {
        let name = format!("{outputs}.html");
        bench.ends(0, &["report", "1", "--format", "html", "--outputs", outputs, "-o", &name]);
        let file = bench.path(&name).canonicalize().unwrap();
        let asked = serde_json::json!({ "file": file, "screens": [], "papers": [["a4", 673]] });
        node(PRINT, &asked);
        let text = bench.sh(&format!("pdftotext -layout {name}.a4.pdf -"));
        assert_eq!(text.contains("line 120 is the last"), outputs != "none", "{outputs}");
        assert!(text.contains("Step 60"));
        sheets.push(text.matches('\u{c}').count());
    }
    assert!(sheets[2] < sheets[0], "{sheets:?}");
    bench
        .ends(2, &["report", "1", "--format", "markdown", "--outputs", "none"])
        .says("--outputs is for the page");
}
