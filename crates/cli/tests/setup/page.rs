//! The HTML report, opened in a real browser: a good record, altered ones, and browsers that cannot check everything.

use std::fs;
use std::sync::OnceLock;

use base64ct::{Base64, Encoding as _};
use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::node::node;
use crate::support::{Bench, sha256};
use crate::token::{Token, agent};

const CONFIG: &str = r#"
[signers]
file = "allowed_signers"
[roles]
qa = ["qa@example.org"]
lead = ["lead@example.org"]
head = ["head@example.org"]
[people."qa@example.org"]
name = "Quinn Adler"
[people."lead@example.org"]
name = "Lea Dietrich"
[people."head@example.org"]
name = "Hana Sato"
[environments.production]
signature = "ssh"
"#;

const BOOK: &str = "---\nrunbook: 1\nroles: [qa, lead, head]\n---\n# Release\n\n## Build\n\n```sh run\necho built\n```\n\n\
    ## Approve\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: It is tested.\n```\n\n\
    ## Review\n\n```yaml signoff\nrole: lead\nmeaning: review\nstatement: It is reviewed.\n```\n\n\
    ## Take over\n\n```yaml signoff\nrole: head\nmeaning: responsibility\nstatement: It is mine.\n```\n";

/// Pages opened one after another: what came of the proof, what the console said, what was asked of a network.
const OPEN: &str = r#"
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";
import puppeteer from "MODULES/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js";
const executablePath = execSync("command -v chromium").toString().trim();
const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({ executablePath, args });
const opened = [];
for (const { file, before, final } of JSON.parse(readFileSync(0))) {
  const page = await browser.newPage();
  const [said, asked] = [[], []];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(error.message));
  page.on("request", (request) => asked.push(request.url()));
  if (before) await page.evaluateOnNewDocument(before);
  await page.goto(`file://${file}`);
  if (final) await page.waitForFunction(() => document.documentElement.dataset.proof);
  const state = await page.evaluate(() => document.documentElement.dataset.proof ?? null);
  const text = await page.evaluate(() => document.getElementById("proof").innerText);
  opened.push({ state, text, said, asked: asked.filter((url) => url !== `file://${file}`) });
  await page.close();
}
await browser.close();
console.log(JSON.stringify(opened));
"#;

/// The page of a run that three people signed, with a key of each kind.
struct Signed {
    page: String,
    /// A signature of the first statement by a key that nobody knows.
    foreign: Vec<u8>,
    foreign_key: String,
}

fn signed() -> &'static Signed {
    static SIGNED: OnceLock<Signed> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let bench =
            Bench::with(&[("holdpoint.toml", CONFIG), ("r.md", BOOK), (".gitignore", ".holdpoint\n")]);
        bench.sh(
            "for k in 'qa ed25519 256' 'lead ecdsa 384' 'head rsa 2048' 'other ed25519 256'; do set -- $k
            ssh-keygen -q -t $2 -b $3 -N '' -f ../$1
            [ $1 = other ] || echo \"$1@example.org $(cut -d' ' -f1,2 ../$1.pub)\" >> allowed_signers
            done",
        );
        bench.committed();
        bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
        bench.sh("eval $(ssh-agent -s) >/dev/null; trap 'ssh-agent -k >/dev/null' EXIT
            ssh-add -q ../qa ../lead ../head
            for who in qa lead head; do
              holdpoint sign latest --as $who@example.org --yes
              holdpoint resume latest --unattended || [ $? = 3 ]
            done");
        bench.ends(0, &["verify", "latest"]);
        let first = bench.of_type(1, "signoff.given")[0]["n"].as_u64().unwrap();
        let statement = bench.run_dir(1).join(format!("signoffs/{first:04}.json"));
        fs::copy(statement, bench.path("statement")).unwrap();
        bench.sh("ssh-keygen -q -Y sign -n signoff@holdpoint -f ../other statement");
        bench.ends(0, &["report", "latest", "--format", "html", "-o", "page.html"]);
        let foreign_key = bench.sh("ssh-keygen -l -f ../other.pub | cut -d' ' -f2").trim().to_owned();
        let foreign = fs::read(bench.path("statement.sig")).unwrap();
        Signed { page: bench.text("page.html"), foreign, foreign_key }
    })
}

/// The record inside of a page, to be altered.
#[derive(Clone)]
pub struct Kept {
    pub data: Value,
}

const BEGINS: &str = "<script type=\"application/json\" id=\"record\">";

impl Kept {
    pub fn of(page: &str) -> Kept {
        let data = page.split_once(BEGINS).unwrap().1.split_once("</script>").unwrap().0;
        Kept { data: serde_json::from_str(data).unwrap() }
    }

    pub fn bytes(&self, pointer: &str) -> Vec<u8> {
        Base64::decode_vec(self.data.pointer(pointer).unwrap().as_str().unwrap()).unwrap()
    }

    pub fn set(&mut self, pointer: &str, bytes: &[u8]) {
        *self.data.pointer_mut(pointer).unwrap() = json!(Base64::encode_string(bytes));
    }

    pub fn replace(&mut self, pointer: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.bytes(pointer)).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        self.set(pointer, text.replacen(from, to, 1).as_bytes());
    }

    pub fn events(&self) -> Vec<Value> {
        let log = String::from_utf8(self.bytes("/log")).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Writes these events as an insider would, and the last one ends its write: numbers, chain and seal are made to fit.
    pub fn forge(&mut self, events: Vec<Value>) {
        let mut log = String::new();
        let count = events.len();
        for (n, mut event) in events.into_iter().enumerate() {
            event["n"] = json!(n);
            event["prev"] = json!(sha256(log.as_bytes()));
            if n + 1 == count {
                event.as_object_mut().unwrap().shift_remove("more");
            }
            log += &format!("{event}\n");
        }
        let mut seal: Value = serde_json::from_slice(&self.bytes("/seal")).unwrap();
        seal["events"] = json!(count);
        seal["bytes"] = json!(log.len());
        seal["sha256"] = json!(sha256(log.as_bytes()));
        self.set("/log", log.as_bytes());
        self.set("/seal", seal.to_string().as_bytes());
    }

    pub fn page(&self) -> String {
        let (head, rest) = signed().page.split_once(BEGINS).unwrap();
        let (_, tail) = rest.split_once("</script>").unwrap();
        format!("{head}{BEGINS}{}</script>{tail}", self.data)
    }
}

/// Which events are sign-offs.
fn sign_offs(kept: &Kept) -> Vec<usize> {
    let events = kept.events();
    (0..events.len()).filter(|n| events[*n]["type"] == "signoff.given").collect()
}

fn file(n: usize) -> String {
    format!("/signoffs/{n:04}.json")
}

pub fn open(pages: &[(String, Option<&str>, bool)]) -> Vec<Value> {
    let bench = Bench::new();
    let input: Vec<_> = (0..)
        .zip(pages)
        .map(|(at, (page, before, final_))| {
            let name = format!("page-{at}.html");
            bench.file(&name, page);
            json!({"file": bench.path(&name), "before": before, "final": final_})
        })
        .collect();
    node(OPEN, &json!(input)).as_array().unwrap().clone()
}

#[test]
fn a_page_is_green_where_its_record_holds_and_names_the_event_where_it_does_not() {
    let good = Kept::of(&signed().page);
    let signs = sign_offs(&good);
    let (first, second) = (signs[0], signs[1]);
    let blob_of =
        |n: usize, what: &str| good.events()[n]["output"][what]["sha256"].as_str().unwrap().to_owned();
    let finished = good.events().iter().position(|event| event["type"] == "action.finished").unwrap();
    let output = format!("/blobs/{}", blob_of(finished, "stdout"));
    let count = good.events().len();

    type Alter<'a> = Box<dyn Fn(&mut Kept) + 'a>;
    let alter = |change: fn(&mut Kept)| -> Alter<'_> { Box::new(change) };
    let cases: Vec<(&str, Alter<'_>, &str, String)> = vec![
        ("nothing", alter(|_| {}), "good", "3 signatures by key, the seal".to_owned()),
        (
            "a line",
            alter(|kept| kept.replace("/log", "\"duration_ms\":", "\"duration_ms\":1")),
            "bad",
            format!("At event {}: its prev", finished + 1),
        ),
        (
            "the last line",
            alter(|kept| kept.replace("/log", "\"verdict\":\"passed\"", "\"verdict\":\"failed\"")),
            "bad",
            format!("At event {}: the seal has another", count - 1),
        ),
        (
            "a blob",
            Box::new(|kept: &mut Kept| kept.set(&output, b"build")),
            "bad",
            format!("At event {finished}: the blob"),
        ),
        (
            "a blob of the same length",
            Box::new(|kept: &mut Kept| kept.set(&output, b"BUILT\n")),
            "bad",
            format!("At event {finished}: the blob"),
        ),
        (
            "a blob that is gone",
            Box::new(|kept: &mut Kept| {
                kept.data["blobs"].as_object_mut().unwrap().remove(output.trim_start_matches("/blobs/"));
            }),
            "bad",
            format!("At event {finished}: the blob"),
        ),
        (
            "the tail cut",
            alter(|kept| {
                let log = kept.bytes("/log");
                kept.set("/log", &log[..log[..log.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1]);
            }),
            "bad",
            format!("At event {}: truncated", count - 1),
        ),
        (
            "the tail cut in a line",
            alter(|kept| {
                let log = kept.bytes("/log");
                kept.set("/log", &log[..log.len() - 20]);
            }),
            "bad",
            format!("At event {}: truncated", count - 1),
        ),
        (
            "a line added",
            alter(|kept| {
                let log = [kept.bytes("/log"), b"{\"n\":".to_vec()].concat();
                kept.set("/log", &log);
            }),
            "bad",
            format!("At event {count}: it was added after"),
        ),
        (
            "the seal",
            alter(|kept| kept.replace("/seal", "\"verdict\":\"passed\"", "\"verdict\":\"failed\"")),
            "bad",
            format!("At event {}: the seal has another verdict", count - 1),
        ),
        (
            "the past, chained and sealed again",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                events[finished]["duration_ms"] = json!(987_654);
                kept.forge(events);
            }),
            "bad",
            format!("At event {first}: the signed statement has another moment of the record"),
        ),
        (
            "a signature moved to another sign-off",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                events[second]["signature"] = events[first]["signature"].clone();
                for end in ["", ".sig"] {
                    let bytes = kept.bytes(&format!("{}{end}", file(first)));
                    kept.set(&format!("{}{end}", file(second)), &bytes);
                }
                kept.forge(events);
            }),
            "bad",
            format!("At event {second}: the signed statement has another"),
        ),
        (
            "a statement",
            Box::new(|kept: &mut Kept| kept.replace(&file(first), "It is tested.", "It is best.")),
            "bad",
            format!("At event {first}: signoffs/{first:04}.json is not the one"),
        ),
        (
            "a statement and its event, chained again",
            Box::new(|kept: &mut Kept| {
                kept.replace(&file(first), "It is tested.", "It is best.");
                let mut events = kept.events();
                events[first]["statement"] = json!("It is best.");
                events[first]["signature"]["statement"] = json!(sha256(&kept.bytes(&file(first))));
                kept.forge(events);
            }),
            "bad",
            format!("At event {first}: it is not this key's signature"),
        ),
        (
            "the text that the first signer was shown",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                let shown = events[first]["presence"]["shown"]["sha256"].as_str().unwrap().to_owned();
                let pointer = format!("/blobs/{shown}");
                kept.replace(&pointer, "It is tested.", "It is best. .");
                events[first]["presence"]["host"] = json!("elsewhere");
                kept.forge(events);
            }),
            "bad",
            format!("At event {first}: the blob"),
        ),
        (
            "a text in the place of what the first signer was shown",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                events[first]["presence"]["shown"] = events[0]["runbook"]["blob"].clone();
                kept.forge(events);
            }),
            "bad",
            format!("At event {first}: the signed statement has another shown text"),
        ),
        (
            "the host that the first signer sat at",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                events[first]["presence"]["host"] = json!("elsewhere");
                kept.forge(events);
            }),
            "bad",
            format!("At event {first}: the signed statement has another session of its signer"),
        ),
        (
            "what the second signer was told of the first",
            Box::new(|kept: &mut Kept| {
                kept.replace(&file(second), "\"type\": \"signoff.given\"", "\"type\": \"signoff.refused\"");
                let mut events = kept.events();
                events[second]["signature"]["statement"] = json!(sha256(&kept.bytes(&file(second))));
                kept.forge(events);
            }),
            "bad",
            format!("At event {second}: the signed statement has another account of what happened"),
        ),
        (
            "a statement of the third sign-off, by an RSA key, and its event",
            Box::new(|kept: &mut Kept| {
                let third = sign_offs(kept)[2];
                kept.replace(&file(third), "It is mine.", "It is ours.");
                let mut events = kept.events();
                events[third]["statement"] = json!("It is ours.");
                events[third]["signature"]["statement"] = json!(sha256(&kept.bytes(&file(third))));
                kept.forge(events);
            }),
            "bad",
            format!("At event {}: it is not this key's signature", signs[2]),
        ),
        (
            "a key that nobody knows",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                kept.set(&format!("{}.sig", file(first)), &signed().foreign);
                events[first]["signature"]["signature"] = json!(sha256(&signed().foreign));
                events[first]["signature"]["key"] = json!(signed().foreign_key);
                kept.forge(events);
            }),
            "bad",
            format!("At event {first}: the key is not one of qa@example.org"),
        ),
        (
            "a signature that is gone",
            Box::new(|kept: &mut Kept| {
                kept.data["signoffs"].as_object_mut().unwrap().remove(&format!("{first:04}.json.sig"));
            }),
            "bad",
            format!("At event {first}: signoffs/{first:04}.json.sig is missing"),
        ),
        (
            "a sign-off by key without a signature",
            Box::new(|kept: &mut Kept| {
                let mut events = kept.events();
                events[second].as_object_mut().unwrap().shift_remove("signature");
                kept.forge(events);
            }),
            "bad",
            format!("At event {second}: a sign-off has a signature exactly if a key gave it"),
        ),
        (
            "a blob left out",
            Box::new(|kept: &mut Kept| {
                let digest = output.trim_start_matches("/blobs/");
                kept.data["blobs"].as_object_mut().unwrap().remove(digest);
                kept.data["left_out"] = json!([digest]);
            }),
            "unsure",
            "is too large for this page and was not checked".to_owned(),
        ),
        (
            "a key given twice in a line",
            alter(|kept| {
                let events = kept.events();
                kept.forge(events);
                let log = String::from_utf8(kept.bytes("/log")).unwrap();
                let (head, last) = log.trim_end().rsplit_once('\n').unwrap();
                let log = format!("{head}\n{}\n", last.replace("\"type\"", "\"type\":\"note\",\"type\""));
                kept.set("/log", log.as_bytes());
                kept.data["seal"] = Value::Null;
            }),
            "unsure",
            "is spelled in a way that only holdpoint verify can judge".to_owned(),
        ),
        (
            // What no chain can show, and the documentation says so.
            "tail and seal cut together",
            Box::new(|kept: &mut Kept| {
                let log = String::from_utf8(kept.bytes("/log")).unwrap();
                let cut: String = log.split_inclusive('\n').take(second).collect();
                kept.set("/log", cut.as_bytes());
                kept.data["seal"] = Value::Null;
            }),
            "open",
            "Intact, open".to_owned(),
        ),
        ("no record", alter(|kept| kept.data = json!({})), "bad", "cannot be read".to_owned()),
    ];
    // What was not altered, always.
    let mut cases = cases.into_iter();
    let unaltered: Vec<_> = cases.by_ref().take(1).collect();
    let cases: Vec<_> = unaltered.into_iter().chain(sample::some(cases, 3)).collect();
    let altered = cases.iter().map(|(what, alter, ..)| {
        let mut kept = good.clone();
        alter(&mut kept);
        assert_eq!(kept.data == good.data, *what == "nothing", "{what}: nothing was altered");
        (kept.page(), None, true)
    });
    let opened = open(&altered.collect::<Vec<_>>());
    for ((what, _, state, words), opened) in cases.iter().zip(&opened) {
        assert_eq!(opened["state"], *state, "{what}: {opened}");
        assert!(opened["text"].as_str().unwrap().contains(words), "{what}: {words}: {opened}");
        assert_eq!((&opened["said"], &opened["asked"]), (&json!([]), &json!([])), "{what}");
    }
    assert_eq!(opened.len(), cases.len());
}

#[test]
fn what_a_browser_cannot_check_is_never_green() {
    let page = || signed().page.clone();
    let without = "Object.defineProperty(crypto, 'subtle', { value: undefined })";
    let old = "const ask = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = (format, key, how, ...rest) => how.name === 'Ed25519'
            ? Promise.reject(new DOMException('unknown', 'NotSupportedError')) : ask(format, key, how, ...rest)";
    // The policy of the page does not let another script run: nothing is checked, and the page says so.
    let changed = page().replace("class Proof {", "class Proof  {");
    let opened = open(&[(page(), Some(without), true), (page(), Some(old), true), (changed, None, false)]);
    let expected = [
        (json!("unsure"), "Nothing was checked."),
        (json!("unsure"), "was not checked here: this browser does not know Ed25519 keys"),
        (Value::Null, "Not checked yet"),
    ];
    for ((state, words), opened) in expected.iter().zip(&opened) {
        assert_eq!(opened["state"], *state, "{opened}");
        assert!(opened["text"].as_str().unwrap().contains(words), "{words}: {opened}");
    }
    assert_eq!(opened.len(), expected.len());
}

const MANY: &str = "---\nrunbook: 1\nroles: [qa]\n---\n# Release\n\n## Build\n\n```sh run\necho built\n```\n\n\
    ## Approve\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: It is tested.\ncount: 4\n```\n";

/// A page of a run that keys on P-256 and P-521 signed, and a security key of each kind.
fn of_other_keys() -> String {
    let people = ["a", "b", "c", "d"].map(|who| format!("{who}@example.org"));
    let list = people.iter().map(|who| format!("\"{who}\"")).collect::<Vec<_>>().join(", ");
    let named: String = people.iter().map(|who| format!("[people.\"{who}\"]\nname = \"{who}\"\n")).collect();
    let config = format!(
        "[signers]\nfile = \"allowed_signers\"\n[roles]\nqa = [{list}]\n{named}\
         [environments.production]\nsignature = \"ssh\"\n"
    );
    let bench = Bench::with(&[("holdpoint.toml", &config), ("r.md", MANY), (".gitignore", ".holdpoint\n")]);
    bench.sh("for k in 'a 256' 'b 521'; do set -- $k
        ssh-keygen -q -t ecdsa -b $2 -N '' -f ../$1
        echo \"$1@example.org $(cut -d' ' -f1,2 ../$1.pub)\" >> allowed_signers
        done");
    let tokens = [Token::ed25519(), Token::ecdsa()];
    let lines = people[2..].iter().zip(&tokens).map(|(who, token)| format!("{who} {}\n", token.line()));
    bench.file("allowed_signers", &(bench.text("allowed_signers") + &lines.collect::<String>()));
    agent(&bench.all().join("agent"), tokens.to_vec());
    bench.committed();
    bench.ends(3, &["run", "r.md", "--env", "production", "--unattended"]);
    bench.sh("for who in a b; do holdpoint sign 1 --as $who@example.org --yes --key ../$who; done
        for who in c d; do SSH_AUTH_SOCK=../agent holdpoint sign 1 --as $who@example.org --yes; done");
    bench.ends(0, &["resume", "1", "--unattended"]);
    bench.ends(0, &["verify", "1"]).says("4 signatures by key checked");
    bench.ends(0, &["report", "1", "--format", "html", "-o", "page.html"]);
    bench.text("page.html")
}

#[test]
fn every_kind_of_key_is_checked_by_the_browser_or_said_not_to_be() {
    let page = of_other_keys();
    let kept = Kept::of(&page);
    let (head, rest) = page.split_once(BEGINS).unwrap();
    let (_, tail) = rest.split_once("</script>").unwrap();
    let with = |kept: &Kept| format!("{head}{BEGINS}{}</script>{tail}", kept.data);
    // A browser without one of these kinds.
    let lacking = |kind: &str| {
        format!(
            "const known = crypto.subtle.importKey.bind(crypto.subtle);
            crypto.subtle.importKey = async (format, key, how, ...rest) => {{
              if ((how.namedCurve ?? how.name) === '{kind}') throw new DOMException('no', 'NotSupportedError');
              return known(format, key, how, ...rest);
            }};"
        )
    };
    let (without_521, without_ed) = (lacking("P-521"), lacking("Ed25519"));
    let mut pages = vec![
        (page.clone(), None, true),
        (page.clone(), Some(without_521.as_str()), true),
        (page.clone(), Some(without_ed.as_str()), true),
    ];
    let sign_offs = sign_offs(&kept);
    assert_eq!(sign_offs.len(), 4);
    for n in &sign_offs {
        let mut altered = kept.clone();
        let name = format!("/signoffs/{n:04}.json.sig");
        let other = sign_offs.iter().find(|other| *other != n).unwrap();
        let foreign = kept.bytes(&format!("/signoffs/{other:04}.json.sig"));
        altered.set(&name, &foreign);
        let mut events = altered.events();
        events[*n]["signature"]["signature"] = json!(sha256(&foreign));
        altered.forge(events);
        pages.push((with(&altered), None, true));
    }
    let opened = open(&pages);
    let states: Vec<&str> = opened.iter().map(|page| page["state"].as_str().unwrap()).collect();
    assert_eq!(states[0], "good", "{:#?}", opened[0]);
    assert!(opened[0]["text"].as_str().unwrap().contains("4 signatures by key"), "{:#?}", opened[0]);
    for (at, what) in [(1, "does not know ECDSA keys"), (2, "does not know Ed25519 keys")] {
        assert_ne!(states[at], "good", "{:#?}", opened[at]);
        assert_ne!(states[at], "bad", "{:#?}", opened[at]);
        assert!(opened[at]["text"].as_str().unwrap().contains(what), "{:#?}", opened[at]);
    }
    for (at, n) in sign_offs.iter().enumerate() {
        let page = &opened[3 + at];
        assert_eq!(page["state"], "bad", "{page:#?}");
        assert!(page["text"].as_str().unwrap().contains(&format!("At event {n}:")), "{page:#?}");
    }
}
