//! What a document shows as printed, as lines of a `text expect`.

use std::sync::LazyLock;

use regex::Regex;

use crate::offered::stands_for_nothing;
use crate::placeholders::{Search, is_left_out};

/// What differs from run to run: times, dates, identifiers, addresses, sizes, durations, numbers of processes, devices.
static VOLATILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts = [
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?",
        r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b[A-Za-z0-9 ,:+-]*[0-9]{4}",
        r"\b[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?\b",
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
        r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
        r"\b[0-9a-f]*(?:[0-9][a-f]|[a-f][0-9])[0-9a-f]{5,}\b",
        r"\b[0-9]+(?:\.[0-9]+)?(?:[smhd]|ms|[KMGT]i?B?|%)(?:\b|[0-9]+[smhd]\b)?",
        r"\b[0-9]+(?:\.[0-9]+)*\b",
        // Devices are called otherwise on the next machine.
        r"/dev/(?:mapper/|disk/|nvme|sd|vd|xvd|hd|md|dm-|loop|sr|tty)[A-Za-z0-9_./:-]*",
        r"\b(?:en[ops][a-z0-9]+|eth[0-9]+|wlan[0-9]+|veth[0-9a-f]+)\b",
    ];
    Regex::new(&parts.join("|")).ok()
});

/// The lines that take the place of what is shown; `None` where they could not say anything.
pub(super) fn lines(shown: &str) -> Option<Vec<String>> {
    let search = Search::of(shown, false);
    let mut lines = Vec::new();
    for line in shown.trim_end().lines() {
        let line = line.trim_end();
        if is_left_out(line) {
            lines.push("* (glob*)".to_owned());
            continue;
        }
        let mut loose: Vec<std::ops::Range<usize>> =
            search.as_ref().map(|search| search.in_line(line)).unwrap_or_default();
        loose.retain(|range| !stands_for_nothing(&line[range.clone()]));
        loose
            .extend(VOLATILE.iter().flat_map(|volatile| volatile.find_iter(line)).map(|found| found.range()));
        loose.extend(columns(line));
        loose.sort_by_key(|range| (range.start, range.end));
        lines.push(loosened(line, &loose));
    }
    let says = |line: &String| {
        line.trim_end_matches(" (glob)").chars().any(char::is_alphabetic) && *line != "* (glob*)"
    };
    lines.iter().any(says).then_some(lines)
}

/// The blanks of a line that is a row of columns: these are as wide as what stands in them.
fn columns(line: &str) -> Vec<std::ops::Range<usize>> {
    let inner = line.trim_start();
    let indent = line.len() - inner.len();
    let is_row = inner.contains("  ") || inner.contains('\t');
    let mut found = Vec::new();
    let mut at = indent;
    for part in inner.split_inclusive([' ', '\t']).filter(|_| is_row) {
        let blank = part.len() - part.trim_end().len();
        at += part.len();
        found.extend((blank > 0).then(|| at - blank..at));
    }
    found
}

fn loosened(line: &str, loose: &[std::ops::Range<usize>]) -> String {
    // Braces would be a template; a mark at the end would be one.
    let odd = line.contains("{{") || line.contains("{%") || line.contains("{#") || line.ends_with(')');
    if loose.is_empty() && !odd {
        return line.to_owned();
    }
    let mut glob = String::new();
    for (at, c) in line.char_indices() {
        match loose.iter().find(|range| range.contains(&at)) {
            Some(_) if glob.ends_with('*') && !glob.ends_with("\\*") => {}
            Some(_) => glob.push('*'),
            None if c == '{' => glob.push('?'),
            None if matches!(c, '*' | '?' | '[' | '\\') => glob.extend(['\\', c]),
            None => glob.push(c),
        }
    }
    format!("{glob} (glob)")
}
