//! What the fuzzer begins with, and the words it knows: made from the repository's own cases and examples, and from
//! documents elsewhere where somebody names a folder of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(test)]
use holdpoint_engine::Verdict;
use holdpoint_engine::{Choice, Deviation, DeviationKind, Event, Outcome, Run};

use crate::settings::BETWEEN;
use crate::world::{BLOBS, BOOK, OPS, PLAN, by, names, session, usual};

/// What a target begins with, found below the repository's root.
///
/// # Errors
/// A folder that should be there cannot be read: a fuzzer that begins with nothing finds nothing.
pub fn seeds(root: &Path, target: &str) -> io::Result<Vec<Vec<u8>>> {
    match target {
        "documents" | "adopted" => documents(root),
        "blocks" => Ok(blocks(&documents(root)?)),
        "settings" => settings(root),
        "events" | "rendering" => Ok(histories().iter().map(|events| lines(events)).collect()),
        "record" => Ok(records()),
        "redaction" => Ok(streams()),
        "paths" => Ok(crate::bounded::paths_to_begin_with()),
        "templates" => Ok(crate::bounded::templates_to_begin_with()),
        "bundles" => Ok(crate::bundle::seeds()),
        "approvals" => Ok(crate::signed::approvals()),
        "signers" => Ok(crate::signed::lists()),
        "shell" => Ok(crate::shell::scripts_to_begin_with()),
        "calendars" => Ok(crate::calendars::to_begin_with()),
        other => Err(io::Error::other(format!("there is no target {other}"))),
    }
}

/// What a target begins with besides, made from the documents in a folder; nothing for targets that read no documents.
///
/// # Errors
/// The folder cannot be read, or holds no document.
pub fn elsewhere(folder: &Path, target: &str) -> io::Result<Vec<Vec<u8>>> {
    let documents = with_extension(folder, "md")?;
    if documents.is_empty() {
        return Err(io::Error::other(format!("{} holds no .md file", folder.display())));
    }
    Ok(match target {
        "documents" | "adopted" => documents,
        "blocks" => blocks(&documents),
        _ => Vec::new(),
    })
}

/// What the fuzzer found in earlier runs, minimised, each with a fix: `tests/cases/fuzz/TARGET`.
///
/// # Errors
/// They cannot be read.
pub fn found(root: &Path, target: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = root.join("tests/cases/fuzz").join(target);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    files(&folder)?.into_iter().map(|path| fs::read(&path).map(|bytes| (path, bytes))).collect()
}

/// Words that mean something to the readers, in libFuzzer's format.
pub fn dictionary() -> String {
    let mut words: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
    for events in histories() {
        for event in events {
            let text = serde_json::to_string(&event).unwrap_or_default();
            words.extend(text.split(['{', '}', ',', '[', ']', ':']).map(str::to_owned));
        }
    }
    words.retain(|word| (2..60).contains(&word.len()));
    words.sort();
    words.dedup();
    words.iter().map(|word| quoted(word)).collect()
}

fn quoted(word: &str) -> String {
    let text: String = word
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02X}"),
        })
        .collect();
    format!("\"{text}\"\n")
}

const WORDS: &[&str] = &[
    "```sh run\n",
    "```sh check\n",
    "```sh rollback\n",
    "```yaml expect\n",
    "```text expect\n",
    "```yaml record\n",
    "```yaml signoff\n",
    "```yaml step\n",
    "```\n",
    "~~~\n",
    "#| ",
    "--| ",
    "#!",
    "- [ ] ",
    "1. ",
    "> ",
    "## ",
    "> [!CAUTION]\n",
    "---\n",
    "runbook: 1\n",
    "timeout: 5m",
    "retry: { every: 1s, for: 3s }",
    "hold: { for: 3s, every: 1s }",
    "expected: 5m",
    "idempotent: true",
    "capture: { X: { stdout: true } }",
    "regex: ",
    "json: ",
    "file: ",
    "when: ",
    "cwd: ",
    "env: ",
    "interpreter: ",
    "secrets: [",
    "strict: false",
    "template: true",
    "sensitive: true",
    "record: false",
    "reason: ",
    "target: ",
    "tty: true",
    "id: ",
    "exit: [0, 1]",
    "stdout: empty",
    "stderr: not_empty",
    "{ contains: ",
    "{ not_matches: ",
    "{ equals: ",
    "$.a[0]",
    " (glob)",
    " (regex)",
    " (?)",
    " (*)",
    " (+)",
    " (glob+)",
    "{{ ",
    " }}",
    "{% raw %}",
    "{% if ",
    "<!--",
    "-->",
    "[^1]: ",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    ">-\n",
    "<<EOF\n",
    "$(",
    "${X}",
    "\u{feff}",
    "\r\n",
    "\u{0}",
    "\u{85}",
    "\u{2028}",
    "\u{e9}",
    "\u{1f680}",
    "inputs:",
    "secret: true",
    "from: { env: ",
    "choices: [",
    "min: ",
    "max: ",
    "role: qa",
    "meaning: approval",
    "statement: ",
    "independent: true",
    "count: 2",
    "expires: 1h",
    "on_failure: rollback",
    "irreversible: true",
    "skippable: false",
    "evidence: url",
    "[environments.x]",
    "rehearsal = true",
    "protected = true",
    "four_eyes = true",
    "[roles]",
    "[people.\"a@b\"]",
    "steps:",
    "choice: skip",
    "confirm: true",
    "sign: { who: a, name: b }",
    "\\n",
    "environment.name == \"x\"",
    "\\ud800",
    "1e400",
    "null",
];

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(named)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn with_extension(folder: &Path, extension: &str) -> io::Result<Vec<Vec<u8>>> {
    let fits = |path: &PathBuf| path.extension().is_some_and(|found| found == extension);
    files(folder)?.iter().filter(|path| fits(path)).map(fs::read).collect()
}

fn documents(root: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut all = vec![BOOK.as_bytes().to_vec()];
    for folder in ["tests/cases/document", "tests/cases/hostile", "tests/cases/real", "examples", "runbooks"]
    {
        all.extend(with_extension(&root.join(folder), "md")?);
    }
    Ok(all)
}

/// The blocks of documents, found by their fences at the margin.
fn blocks(documents: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for document in documents {
        let text = String::from_utf8_lossy(document);
        let mut parts = text.split("\n```");
        parts.next();
        while let (Some(block), rest) = (parts.next(), parts.next()) {
            if block.split_whitespace().count() > 1 {
                found.push(block.as_bytes().to_vec());
            }
            if rest.is_none() {
                break;
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Every configuration among the cases with answers behind it, and every answers file alone.
fn settings(root: &Path) -> io::Result<Vec<Vec<u8>>> {
    let answers = "steps:\n  write-down: { confirm: true, value: { rate: 0.1 } }\n  \
                   release: { sign: { who: qa@example.org, name: Quality } }\n  \
                   change#1: { choice: skip, reason: not today }\ninputs:\n  RELEASE: v2\n";
    let mut all = Vec::new();
    let mut configs = with_extension(&root.join("tests/cases/document"), "toml")?;
    let mut others = vec![answers.as_bytes().to_vec()];
    for case in with_extension(&root.join("tests/cases/cli"), "case")? {
        let text = String::from_utf8_lossy(&case).into_owned();
        configs.extend(part(&text, "holdpoint.toml"));
        others.extend(part(&text, "answers.yaml"));
    }
    for config in configs {
        all.push([&config, BETWEEN.as_bytes(), answers.as_bytes()].concat());
    }
    all.extend(others.iter().map(|answers| [BETWEEN.as_bytes(), answers].concat()));
    Ok(all)
}

/// A file of a case: what follows `-- NAME --`, up to the next such line.
fn part(case: &str, name: &str) -> Option<Vec<u8>> {
    let (_, rest) = case.split_once(&format!("\n-- {name} --\n"))?;
    Some(rest.split("\n-- ").next()?.as_bytes().to_vec())
}

/// Runs of the book as they may go: well, badly and decided in every way, crashed, rolled back.
fn histories() -> Vec<Vec<Event>> {
    let mut all = Vec::new();
    for bad in (0..14).map(Some).chain([None]) {
        for way in 0..8 {
            let events = history(bad, way);
            if !all.contains(&events) {
                all.push(events);
            }
        }
    }
    all
}

/// A run whose block number `bad` does not end well; what is chosen then is told by `way`.
fn history(bad: Option<usize>, way: usize) -> Vec<Event> {
    let outcomes = [Outcome::Failed, Outcome::TimedOut, Outcome::Interrupted];
    let (mut run, mut events, mut ended) = (Run::new(&PLAN), Vec::new(), 0);
    let mut tell = |run: &mut Run, event: Event| {
        let taken = run.apply(&PLAN, crate::world::when(&event), &event).is_ok();
        if taken {
            events.push(event);
        }
        taken
    };
    for _ in 0..60 {
        let outcome = if Some(ended) == bad { outcomes[way % 3] } else { Outcome::Passed };
        match usual(&run, outcome) {
            Some(event @ (Event::ActionFinished(_) | Event::RollbackFinished(_))) => {
                ended += 1;
                let crashed = Some(ended - 1) == bad && way % 4 == 3;
                tell(&mut run, if crashed { Event::SessionOpened(session()) } else { event });
            }
            Some(event) => {
                tell(&mut run, event);
            }
            None => {
                let Some(task) = run.offers(&PLAN).task else { break };
                let (step, action) = names(task);
                let mut choices = choices(&run, step, action);
                choices.rotate_left(way % 8);
                if !choices.into_iter().any(|event| tell(&mut run, event)) {
                    break;
                }
            }
        }
    }
    events
}

/// Everything that somebody may choose, whether or not it is offered.
fn choices(run: &Run, step: String, action: String) -> Vec<Event> {
    let reason = || "it is so".to_owned();
    let undone = run.rollback_plan(&PLAN);
    let ids = |steps: &[usize]| steps.iter().map(|index| PLAN.steps[*index].id.clone()).collect();
    let rollback = Event::RollbackOpened {
        places: Vec::new(),
        steps: ids(&undone.steps),
        without: ids(&undone.without),
        reason: Some(reason()),
        by: Some(by(OPS)),
    };
    let skipped = Event::Deviation(Deviation {
        place: None,
        kind: DeviationKind::Skipped,
        step: step.clone(),
        action: Some(action.clone()),
        script: None,
        overridden: None,
        reason: reason(),
        by: by(OPS),
    });
    let decisions =
        [Choice::Retry, Choice::Abort, Choice::Run, Choice::Happened, Choice::FindOut, Choice::Proceed];
    let decision = |choice| Event::Decision {
        place: None,
        step: step.clone(),
        action: action.clone(),
        choice,
        reason: Some(reason()),
        by: by(OPS),
    };
    decisions.into_iter().map(decision).chain([skipped, rollback]).collect()
}

fn lines(events: &[Event]) -> Vec<u8> {
    let line = |event: &Event| serde_json::to_string(event).unwrap_or_default() + "\n";
    events.iter().map(line).collect::<String>().into_bytes()
}

/// Whole, cut short and filled with NUL; with and without the chain put in.
fn records() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for events in histories() {
        let whole = lines(&events);
        all.push(whole[..whole.len() - 20].to_vec());
        all.push([&whole[..whole.len() - 20], &[0; 20]].concat());
        all.push([b"=", &crate::record::chained(&whole)[..]].concat());
        let grouped = in_writes_of_three(&whole);
        all.push(grouped[..grouped.len() - 20].to_vec());
        all.push([b"=", &crate::record::chained(&grouped)[..]].concat());
        all.extend([whole, grouped]);
    }
    all
}

/// Lines of which every third ends a write, and the last may end none.
fn in_writes_of_three(lines: &[u8]) -> Vec<u8> {
    let mut grouped = Vec::new();
    for (n, line) in lines.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if n % 3 != 2 {
            grouped.push(b'+');
        }
        grouped.extend_from_slice(line);
    }
    grouped
}

/// Secrets and streams that hold them whole, in part, one in another, in other forms.
fn streams() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "\u{3}\u{1}\nsk-live-12345\n\nBearer sk-live-12345 sk-live-1234",
        "\u{7}\nsecret-1\nsecret-12345\necret-123456\n\nx secret-123456 y secret-1234",
        "\u{2}\u{5}\nfirst line\\nsecond line\n\nfirst line\r\nsecond line\nfirst line",
        "\u{1}\naaaaaaaa\naaaaaaaaaaaab\n\naaaaaaaaaaaaaaaaaaaaaaaaab",
        "\u{4}\np&ss w\u{f6}rd\"\\\n\np%26ss%20w%C3%B6rd%22%5C cCZzcyB3w7ZyZCJc p\\u0026ss",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    all.extend(BLOBS.iter().map(|blob| [b"\x05\nsk-live-12345\n\n", *blob].concat()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_of_events_are_runs_that_end_in_every_way() {
        let histories = histories();
        assert!(histories.len() > 20, "{} different runs", histories.len());
        // Nothing done is no end of the fixed run-book: its hold point cannot be skipped.
        for verdict in [Verdict::Passed, Verdict::Failed, Verdict::RolledBack, Verdict::Aborted] {
            let closed = Event::RunClosed { verdict };
            assert!(histories.iter().any(|events| events.last() == Some(&closed)), "none ends {verdict:?}");
        }
    }
}
