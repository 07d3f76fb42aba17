//! One action on the screen: the command with its values, how it ended, what was expected beside what came.

use holdpoint_document::Block;
use holdpoint_engine::{Finished, Holding, Outcome, Values, duration, expects, mask};

use super::Screen;
use super::wrap::is_for_copying;

/// Names of known variables that a script mentions, with their values; secrets masked.
pub fn variables_of(script: &str, values: &Values) -> Vec<(String, String)> {
    let mentions = |name: &str| {
        script.match_indices('$').any(|(at, _)| {
            let rest = &script[at + 1..];
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let rest = rest.trim_start_matches(['#', '!']);
            rest.strip_prefix(name)
                .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    };
    let plain = values.vars().iter().map(|(name, value)| (name.clone(), value.clone()));
    let secret = values.secrets().iter().map(|name| (name.clone(), mask(name)));
    plain.chain(secret).filter(|(name, _)| mentions(name)).collect()
}

/// The exact command, what it is and where it runs, and the variables it uses under it.
pub fn shown_command(
    screen: &Screen,
    block: &Block,
    script: &str,
    edited: bool,
    values: &Values,
    (kind, place): (&str, &str),
) {
    let mut facts = vec![format!("{} {kind}", block.language), screen.neutralise(place)];
    let needs = [(block.options.tty, "tty"), (block.options.agent, "agent")];
    facts.extend(needs.into_iter().filter(|(needed, _)| *needed).map(|(_, what)| what.to_owned()));
    if let Some(limit) = block.options.timeout {
        facts.push(format!("limit {}", duration(limit)));
    }
    if let Some(retry) = block.options.retry {
        facts.push(format!("again every {} for {}", duration(retry.every), duration(retry.for_)));
    }
    if let Some(hold) = block.options.hold {
        facts.push(format!("must hold for {}, tried every {}", duration(hold.for_), duration(hold.every)));
    }
    if edited {
        facts.push("EDITED for this run".to_owned());
    }
    for line in screen.hung("  ", &facts.join(" · ")) {
        screen.say(&screen.style().dim().apply_to(line).to_string());
    }
    for line in screen.neutralise(script.trim_end()).lines() {
        screen.say(&format!("    {}", screen.style().cyan().apply_to(line)));
    }
    for (name, value) in variables_of(script, values) {
        shown_value(screen, "      ", &name, &value);
    }
    // That a block that changes something ends with 0 is expected without a word. What an offered command is shown to
    // print stands below it as the document has it.
    if block.offered.is_none() && (kind == "check" || !block.expect.is_empty()) {
        shown_expects(screen, block, values);
    }
}

/// Expected lines that are shown before a block runs.
const MOST_LINES: usize = 10;

/// What it must bring.
fn shown_expects(screen: &Screen, block: &Block, values: &Values) {
    let all = expects(block, values);
    let words: Vec<&str> = all.iter().map(|one| one.words.as_str()).collect();
    if words.is_empty() {
        return;
    }
    let dim = |line: String| screen.say(&screen.style().dim().apply_to(line).to_string());
    screen.hung("    expects: ", &screen.one_line(&words.join(", "))).into_iter().for_each(dim);
    for one in &all {
        let shown = one.lines.iter().take(MOST_LINES);
        shown.for_each(|line| screen.hung("      ", &screen.one_line(line)).into_iter().for_each(dim));
        if let Some(more) = one.lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            dim(format!("      and {more} more lines"));
        }
    }
}

/// `NAME = VALUE`, as many lines of it as can be read at a glance.
fn shown_value(screen: &Screen, margin: &str, name: &str, value: &str) {
    let name = format!("{margin}{name} = ");
    let columns = screen.width().saturating_sub(console::measure_text_width(&name) + 1);
    let value = screen.one_line(value);
    for (at, line) in screen.value_lines(columns, 4, &value).into_iter().enumerate() {
        let name = if at == 0 { name.clone() } else { " ".repeat(console::measure_text_width(&name)) };
        screen.say(&screen.style().dim().apply_to(format!("{name}{line}")).to_string());
    }
}

/// A block begins. With a bar, which tells that something runs, only another attempt is told.
pub fn started(screen: &Screen, id: &str, attempt: u32) {
    match (screen.bars(), attempt) {
        (true, 1) => {}
        (true, attempt) => {
            screen.say(&screen.style().dim().apply_to(format!("  attempt {attempt}")).to_string())
        }
        (false, 1) => screen.say(&format!("  started {id}")),
        (false, attempt) => screen.say(&format!("  started {id}, attempt {attempt}")),
    }
}

/// A block begins at one of several places: one of them may begin long after somebody was asked.
pub fn started_at(screen: &Screen, id: &str, place: &str, attempt: u32) {
    let more = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
    screen.say(&format!("  started {id} at {}{more}", screen.neutralise(place)));
}

/// How the error of a block begins that had begun, and was stopped for what it did.
pub const STOPPED: &str = "the block was stopped: ";

/// How its process ended.
pub(super) fn ended_with(finished: &Finished) -> String {
    let stopped = finished.error.as_ref().is_some_and(|error| error.starts_with(STOPPED));
    match (finished.exit, finished.signal) {
        (None, None) if stopped => "stopped".to_owned(),
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "not started".to_owned(),
    }
}

/// It is not tried again by itself: where all that was tried can be seen.
pub fn was_retried(screen: &Screen, attempt: u32, number: u64, step: &str) {
    screen.tell(&screen.neutralise(&format!(
        "    attempt {attempt}; each of them: holdpoint show {number} --step {step} --attempts"
    )));
}

/// One line on how a block ended.
pub fn verdict_line(screen: &Screen, finished: &Finished) {
    let took = holdpoint_report::took(finished.duration_ms);
    let ended = ended_with(finished);
    let (word, style) = match finished.outcome {
        Outcome::Passed => ("✓ passed", screen.style().green()),
        Outcome::Failed => ("✗ FAILED", screen.style().red().bold()),
        Outcome::TimedOut => ("✗ TIMED OUT", screen.style().red().bold()),
        Outcome::Interrupted => ("✗ INTERRUPTED", screen.style().yellow().bold()),
    };
    let place = finished.place.as_ref().filter(|place| *place != "local");
    let place = place.map_or_else(String::new, |place| format!(" · {}", screen.neutralise(place)));
    screen.say(&format!(
        "  {} {}",
        style.apply_to(word),
        screen.style().dim().apply_to(format!("· {ended} · {took}{place}"))
    ));
    for (name, value) in &finished.captures {
        shown_value(screen, "    captured ", name, value);
    }
    for remark in &finished.remarks {
        screen.say_hung(
            &format!("    {} ", screen.style().yellow().apply_to("note:")),
            &screen.neutralise(remark),
        );
    }
}

/// For how long a check has held, once that is over.
pub fn has_held(screen: &Screen, holding: &Holding, passed: bool) {
    let Holding { held, of, tries, .. } = *holding;
    let tries = if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
    screen.tell(&match passed {
        true => format!("    held for {}, {tries} that passed", duration(held)),
        false => format!("    it had held for {} of {}, {tries} that passed", duration(held), duration(of)),
    });
}

/// What was expected beside what came, for everything that did not hold.
pub fn failure(screen: &Screen, finished: &Finished) {
    for judged in finished.expectations.iter().filter(|judged| !judged.held) {
        beside(screen, "    expected  ", &screen.neutralise(&judged.expected));
        let came = screen.neutralise(judged.told().as_deref().unwrap_or("nothing"));
        beside(screen, &format!("    {}    ", screen.style().red().apply_to("actual")), &came);
    }
    // Of a block that was stopped nothing was to be expected any more.
    let held = finished.expectations.iter().filter(|judged| judged.held && judged.is_written()).count();
    if held > 0 && finished.outcome == Outcome::Failed {
        let expectations = if held == 1 { "expectation" } else { "expectations" };
        screen.say(&screen.style().dim().apply_to(format!("    ({held} {expectations} held)")).to_string());
    }
}

/// A value of an expectation: each of its lines cut where the screen ends.
fn beside(screen: &Screen, name: &str, value: &str) {
    let taken = console::measure_text_width(name);
    let columns = screen.width().saturating_sub(taken + 1);
    let lines = value.split('\n').flat_map(|line| match is_for_copying(line) {
        true => vec![line.to_owned()],
        false => screen.value_lines(columns, 6, line),
    });
    for (at, line) in lines.enumerate() {
        if is_for_copying(&line) {
            screen.say(&line);
            continue;
        }
        screen.say(&format!("{}{line}", if at == 0 { name.to_owned() } else { " ".repeat(taken) }));
    }
}

#[cfg(test)]
mod tests {
    use holdpoint_engine::Judged;

    use super::*;

    #[test]
    fn a_host_key_to_be_added_can_be_copied_from_what_came() {
        let (screen, kept) = Screen::kept(&Default::default());
        let key = format!("[127.0.0.1]:2222 ssh-ed25519 AAAA{}", "C3NzaC1lZDI1NTE5".repeat(8));
        let came = Some(format!("not started: its host key is not known here, add to known_hosts:\n{key}"));
        let judged = Judged { expected: "it begins".to_owned(), came, held: false };
        let finished = Finished {
            expectations: vec![judged],
            ..Finished::of("a".to_owned(), "a#1".to_owned(), 1, Outcome::Failed)
        };
        failure(&screen, &finished);
        let shown = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
        assert!(shown.lines().any(|line| line == key), "{shown}");
    }
}
