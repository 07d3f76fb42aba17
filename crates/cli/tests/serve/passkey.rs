//! A passkey in a real browser, with an authenticator of Chromium's own: made, listed, and a hold point signed with it, which every
//! verifier proves.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::http::serving_with;
use crate::node::node;
use crate::signing::{QA, repository};
use crate::support::{HOLDPOINT, Ran};

const WALK: &str = r##"
import { execSync, execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import puppeteer from "MODULES/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js";
const { link, url, root, home, holdpoint, who, shots } = JSON.parse(readFileSync(0));
const executablePath = execSync("command -v chromium").toString().trim();
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({ executablePath, args });
const page = await browser.newPage();
const said = [];
page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => said.push(error.message));
const shot = async (name) => { if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true }); };
const cdp = await page.createCDPSession();
await cdp.send("WebAuthn.enable");
const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
  protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
  automaticPresenceSimulation: true,
} });
const holds = (selector, text) => page.waitForFunction(
  (selector, text) => document.querySelector(selector)?.textContent.includes(text), {}, selector, text);
const seen = {};
await page.goto(link);
await page.waitForSelector("#runs");
// By keyboard alone: a name, Enter, and the line is there.
await page.goto(`${url}passkey`);
await page.focus("input[name=who]");
await page.keyboard.type(who);
await page.keyboard.press("Enter");
await page.waitForSelector("#made:not([hidden])");
seen.line = await page.$eval("#made", (made) => made.textContent);
await shot("passkey");
const env = { PATH: process.env.PATH, HOME: home, HOLDPOINT_OPERATOR: "ops@example.org" };
appendFileSync(`${root}/allowed_signers`, `${seen.line}\n`);
execSync("git add -A && git -c user.name=o -c user.email=o@example.org commit -qm signers", { cwd: root, env: process.env });
const opens = () => {
  try { execFileSync(holdpoint, ["run", "r.md", "--env", "production", "--unattended"], { cwd: root, env, stdio: "ignore" }); }
  catch (error) { if (error.status !== 3) throw error; }
};
opens();
await page.goto(`${url}runs/1`);
await page.waitForFunction(() => document.documentElement.dataset.live === "yes");
seen.shown = await page.$eval("#standing pre", (pre) => pre.textContent);
await page.type("#sign input[name=who]", who);
// What is typed stays where something else is added meanwhile.
execFileSync(holdpoint, ["note", "1", "almost there"], { cwd: root, env, stdio: "ignore" });
await holds("#standing pre", "almost there");
seen.kept = await page.$eval("#sign input[name=who]", (input) => input.value);
await shot("hold-point");
// Whoever the authenticator does not verify signs nothing.
await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
await page.click("#sign button");
await holds("#said", "Nothing was signed.");
await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
await page.focus("#sign input[name=who]");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.getElementById("happens").textContent.includes("Quinn Auditor"));
await page.waitForFunction(() => !document.getElementById("sign"));
await shot("signed");
// A rejection in another run.
opens();
await page.goto(`${url}runs/2`);
await page.type("#sign input[name=who]", who);
await page.type("#reject input[name=reason]", "The footer says v1.0");
await page.setViewport({ width: 360, height: 740 });
seen.narrow = await page.evaluate(() => document.scrollingElement.scrollWidth);
seen.unnamed = await page.evaluate(() => [...document.querySelectorAll("input, select, button, a")].filter((of) =>
  !(of.innerText || of.getAttribute("aria-label") || of.closest("label")?.innerText)).length);
await shot("reject-narrow");
await page.keyboard.press("Enter");
await page.waitForFunction(() => document.getElementById("happens").textContent.includes("The footer says v1.0"));
await holds("#said", "Rejected by Quinn Auditor.");
// It is noted in, and once it is over, it is reviewed.
await page.type("#note input[name=who]", who);
await page.type("#note input[name=text]", "The tape is in the safe");
await page.keyboard.press("Enter");
await holds("#noted", "Noted in run 2.");
execFileSync(holdpoint, ["resume", "1", "--unattended"], { cwd: root, env, stdio: "ignore" });
await page.goto(`${url}?unreviewed=true`);
await page.click("a[aria-label='Run 1']");
await page.waitForSelector("#review");
await page.type("#review input[name=who]", who);
await page.select("#review select", "post-release");
await page.type("#review input[name=text]", "It serves what was promoted");
await shot("review-narrow");
seen.reviewNarrow = await page.evaluate(() => document.scrollingElement.scrollWidth);
await page.click("#review button");
await holds("#said", "Review 1 of run 1: post-release check by Quinn Auditor");
// The report proves it.
await page.goto(`${url}runs/1/report`);
await page.waitForFunction(() => document.documentElement.dataset.proof);
seen.proof = await page.evaluate(() => document.documentElement.dataset.proof);
seen.said = said;
await browser.close();
console.log(JSON.stringify(seen));
"##;

#[test]
fn a_passkey_that_is_made_in_a_browser_signs_a_hold_point_there_and_every_verifier_proves_it() {
    let bench = repository("");
    let server = serving_with(&bench, &["--sign"]);
    let url = server.told["url"].as_str().unwrap();
    let seen = node(
        WALK,
        &json!({
            "link": server.link(), "url": url, "root": bench.root(),
            "home": bench.all().join("home"), "holdpoint": HOLDPOINT, "who": QA,
            "shots": std::env::var("HOLDPOINT_SHOTS").ok(),
        }),
    );
    assert_eq!(seen["kept"], QA, "{seen:#}");
    assert_eq!(seen["narrow"], 360, "{seen:#}");
    assert_eq!(seen["reviewNarrow"], 360, "{seen:#}");
    assert_eq!(bench.of_type(2, "note")[0]["text"], "The tape is in the safe");
    assert_eq!(seen["unnamed"], 0, "{seen:#}");
    assert_eq!(seen["proof"], "good", "{seen:#}");
    // Chromium would have keys of other kinds, which OpenSSH does not know.
    let said: Vec<&str> = seen["said"].as_array().unwrap().iter().filter_map(|said| said.as_str()).collect();
    assert!(said.iter().all(|said| said.contains("pubKeyCredParams")), "{said:?}");
    let given = &bench.of_type(1, "signoff.given")[0];
    assert_eq!((given["assurance"].as_str(), given["by"]["who"].as_str()), (Some("fido-uv"), Some(QA)));
    assert!(seen["shown"].as_str().unwrap().contains("It is tested."), "{seen:#}");
    assert_eq!(bench.of_type(2, "signoff.rejected")[0]["signed"]["assurance"], "fido-uv");
    bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    bench.sh("mkdir out && tar --zstd -xf run.tar.zst -C out");
    let dir = std::fs::read_dir(bench.path("out")).unwrap().next().unwrap().unwrap().path();
    let whole = "intact and complete, by its own signers";
    let says = |command: &mut Command| {
        let ran = Ran::of(command.arg(&dir).output().unwrap());
        assert_eq!((ran.code, ran.stdout.lines().next()), (0, Some(whole)), "{}", ran.both());
        ran
    };
    let ours = says(bench.command(HOLDPOINT).arg("verify"));
    assert!(ours.stderr.contains("by passkey, asked for by http://localhost:"), "{}", ours.stderr);
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/independent/verify.py");
    says(bench.command("python3").arg("-B").arg(verifier));
    let script = Ran::of(bench.command("sh").arg(dir.join("verify.sh")).output().unwrap());
    assert_eq!((script.code, script.stdout.trim()), (0, whole), "{}", script.both());
    assert!(script.stderr.contains("with ECDSA-SK key SHA256:"), "{}", script.stderr);
    let trusted = bench.ends(0, &["verify", "1", "--trust", "."]);
    assert!(trusted.stdout.contains("by trusted signers"), "{}", trusted.both());
}
