//! Pages in a real browser: by keyboard alone, on a narrow screen, in the dark, as things happen.

use serde_json::json;

use crate::http::serving;
use crate::node::node;
use crate::pages::store;
use crate::support::HOLDPOINT;

/// Signs in by the link, walks with the keyboard, and tells what it saw.
const WALK: &str = r##"
import { execSync, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import puppeteer from "MODULES/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js";
const { link, url, root, home, holdpoint, shots } = JSON.parse(readFileSync(0));
const executablePath = execSync("command -v chromium").toString().trim();
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({ executablePath, args });
const page = await browser.newPage();
const said = [], asked = [];
page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => said.push(error.message));
page.on("request", (request) => asked.push(new URL(request.url()).origin));
const shot = async (name) => { if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true }); };
const wide = () => page.evaluate(() => document.scrollingElement.scrollWidth);
const focused = () => page.evaluate(() => {
  const at = document.activeElement;
  return at.getAttribute("aria-label") ?? at.innerText ?? at.name ?? at.tagName;
});
const seen = {};
await page.goto(link);
await page.waitForSelector("#runs");
seen.after_link = page.url();
seen.history = await page.evaluate(() => location.href);
// By keyboard alone: every stop says what it is.
seen.stops = [];
for (let n = 0; n < 30; n++) {
  await page.keyboard.press("Tab");
  const name = await focused();
  seen.stops.push(name);
  if (name === "Run 3") break;
}
await shot("list");
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
seen.opened = page.url();
await page.waitForFunction(() => document.documentElement.dataset.live === "yes");
seen.before = await page.evaluate(() => document.querySelectorAll("#happens li").length);
await shot("run");
const env = { PATH: process.env.PATH, HOME: home, HOLDPOINT_OPERATOR: "ops@example.org" };
execFileSync(holdpoint, ["note", "3", "seen in a browser <i>x</i>"], { cwd: root, env, stdio: "ignore" });
await page.waitForFunction(() => document.getElementById("happens").innerText.includes("seen in a browser <i>x</i>"));
await page.waitForFunction(() => document.getElementById("standing").innerText.includes("seen in a browser"));
seen.italic = await page.evaluate(() => document.querySelectorAll("#happens i, #standing i").length);
seen.landmarks = await page.evaluate(() => ["header", "nav", "main", "h1"].map((of) => document.querySelectorAll(of).length));
seen.unnamed = await page.evaluate(() => [...document.querySelectorAll("input, button, a")].filter((of) =>
  !(of.innerText || of.getAttribute("aria-label") || of.closest("label")?.innerText)).length);
// The list is another when a run is opened elsewhere; whoever is in it stays where they are.
await page.goto(url);
await page.waitForFunction(() => document.documentElement.dataset.live === "yes");
await page.focus("#runs a[href='/runs/1']");
try { execFileSync(holdpoint, ["run", "good.md", "--env", "staging", "--unattended"], { cwd: root, env, stdio: "ignore" }); } catch (error) { said.push(String(error)); }
await page.waitForSelector("#runs a[href='/runs/4']");
seen.stayed = await focused();
await page.setViewport({ width: 360, height: 740 });
seen.narrow = [await wide()];
await shot("list-narrow");
await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
seen.dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
await page.goto(`${url}runs/3`);
seen.narrow.push(await wide());
await shot("run-narrow-dark");
// What was proved is not left standing where it no longer holds.
await page.goto(`${url}runs/2`);
await page.waitForFunction(() => document.documentElement.dataset.live === "yes");
const intact = () => page.evaluate(() => document.getElementById("standing").innerText.includes("intact"));
seen.intact = [await intact()];
execSync("sed -i 's/staging/stagong/' .holdpoint/runs/0002-*/run.jsonl", { cwd: root });
await page.waitForFunction(() => document.getElementById("line").innerText.includes("Nothing more is told"));
await page.waitForFunction(() => !document.getElementById("standing").innerText.includes("intact,"));
seen.intact.push(await intact());
seen.headings = await page.evaluate(() => document.querySelectorAll("h1").length);
await shot("altered-narrow-dark");
await page.goto(`${url}runs/1/report`);
await page.waitForFunction(() => document.documentElement.dataset.proof);
seen.proof = await page.evaluate(() => document.documentElement.dataset.proof);
await page.goto(url);
await page.evaluate(() => { document.querySelector("header button").focus(); });
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
seen.signed_out = page.url();
await shot("sign-in-narrow-dark");
const back = await page.goto(`${url}runs/1`);
seen.afterwards = back.status();
await shot("trouble-narrow-dark");
seen.elsewhere = asked.filter((origin) => `${origin}/` !== url);
seen.said = said;
await browser.close();
console.log(JSON.stringify(seen));
"##;

#[test]
fn somebody_with_a_keyboard_and_a_narrow_screen_reads_everything_as_it_happens() {
    let bench = store();
    let server = serving(&bench);
    let url = server.told["url"].as_str().unwrap();
    let seen = node(
        WALK,
        &json!({
            "link": server.link(), "url": url, "root": bench.root(), "home": bench.all().join("home"),
            "holdpoint": HOLDPOINT, "shots": std::env::var("HOLDPOINT_SHOTS").ok(),
        }),
    );
    assert_eq!(seen["after_link"], url, "{seen:#}");
    let stops = seen["stops"].as_array().unwrap();
    assert_eq!(stops[0], "Skip to content", "{seen:#}");
    assert_eq!(stops.last().unwrap(), "Run 3", "{seen:#}");
    assert_eq!(seen["opened"], format!("{url}runs/3"), "{seen:#}");
    assert!(seen["before"].as_u64().unwrap() > 2, "what happened so far stands there: {seen:#}");
    assert_eq!(seen["italic"], 0, "texts are texts: {seen:#}");
    assert_eq!(seen["landmarks"], json!([1, 1, 1, 1]), "{seen:#}");
    assert_eq!(seen["unnamed"], 0, "{seen:#}");
    assert_eq!(seen["stayed"], "Run 1", "{seen:#}");
    assert_eq!(seen["narrow"], json!([360, 360]), "{seen:#}");
    assert_eq!(seen["dark"], "rgb(13, 17, 23)", "{seen:#}");
    assert_eq!(seen["intact"], json!([true, false]), "{seen:#}");
    assert_eq!(seen["headings"], 1, "{seen:#}");
    assert_eq!(seen["proof"], "good", "{seen:#}");
    assert_eq!(seen["signed_out"], format!("{url}sign-in"), "{seen:#}");
    assert_eq!(seen["afterwards"], 401, "{seen:#}");
    assert_eq!(seen["elsewhere"], json!([]), "{seen:#}");
    // Two pages are refused, which the console says.
    let said: Vec<&str> = seen["said"].as_array().unwrap().iter().filter_map(|said| said.as_str()).collect();
    assert!(said.iter().all(|said| said.contains("401") || said.contains("422")), "{said:?}");
}
