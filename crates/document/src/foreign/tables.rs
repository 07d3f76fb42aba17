//! Tables whose rows are things to tick, or to choose something for.

use std::sync::LazyLock;

use regex::Regex;

use super::words;
use crate::Span;

/// A row that is a thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line.
    pub(super) span: Span,
    /// What it says, without what is to be chosen.
    pub(super) title: String,
    /// What may be chosen; empty where it is only ticked.
    pub(super) choices: Vec<String>,
    /// The column for remarks, if there is one.
    pub(super) comment: Option<Comment>,
}

/// A remark that is written down for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// What its column is called.
    pub(super) called: String,
    /// What stands there already.
    pub(super) written: String,
}

/// Headings of columns that stand for an answer.
const ANSWERS: &str = "yes, no, y, n, n/a, na, n.a., not applicable, pass, fail, passed, failed, ok, not ok, nok, okay, good, bad, \
    true, false, done, not done, compliant, non-compliant, not compliant, accept, reject, accepted, rejected, conforms, \
    met, not met, satisfactory, unsatisfactory, ✓, ✗, ✔, ✘";

/// Headings of a column that is ticked.
const TICKS: &str =
    "done, complete, completed, check, checked, tick, ticked, ok, verified, ☐, □, ✓, ✔, ✅, [ ], yes";

/// Headings of columns for remarks.
const REMARKS: &str = "comment, comments, remark, remarks, note, notes, observation, observations";

/// The rows of a table that are things to do; none where it only tells something.
pub(super) fn rows(source: &str, table: Span) -> Vec<Row> {
    let mut lines = lines(source, table);
    let Some((_, head)) = lines.next() else { return Vec::new() };
    let head: Vec<String> = cells(head.of(source)).iter().map(|cell| plain(cell).to_lowercase()).collect();
    let Some(_) = lines.next() else { return Vec::new() };
    let body: Vec<(Span, Vec<String>)> = lines
        .map(|(_, line)| (line, cells(line.of(source)).into_iter().map(str::to_owned).collect()))
        .collect();
    let is = |list: &str, name: &str| list.split(", ").any(|one| one.trim() == name);
    let column = |at: usize| body.iter().filter_map(move |(_, cells)| cells.get(at));
    let open = |at: usize| column(at).all(|cell| is_box(cell));
    let answers: Vec<usize> = (0..head.len()).filter(|at| is(ANSWERS, &head[*at]) && open(*at)).collect();
    let remarks = (0..head.len()).find(|at| is(REMARKS, &head[*at]));
    let named: Vec<String> = match answers.len() {
        2.. => answers.iter().map(|at| capitalised(&head[*at])).collect(),
        _ => Vec::new(),
    };
    let within = |at: usize| column(at).any(|cell| boxes(cell).len() > 1);
    let ticks: Vec<usize> = (0..head.len())
        .filter(|at| open(*at) && (is(TICKS, &head[*at]) || column(*at).any(|cell| !cell.trim().is_empty())))
        .collect();
    let made = |(number, (span, cells)): (usize, &(Span, Vec<String>))| {
        let inside = cells.iter().enumerate().find(|(at, cell)| within(*at) && boxes(cell).len() > 1);
        let ticked = || {
            // A box alone, or none where the other rows have some, is there to be filled in as well.
            let own = |(at, cell): (usize, &String)| has_box(cell) || within(at) && is_box(cell);
            (ticks.is_empty() && cells.iter().enumerate().any(own) && !divides(cells)).then(Vec::new)
        };
        let (choices, used): (Vec<String>, Vec<usize>) = match (&named[..], inside) {
            ([_, ..], _) => (named.clone(), answers.clone()),
            ([], Some((at, cell))) => (boxes(cell), vec![at]),
            ([], None) if !ticks.is_empty() => (Vec::new(), ticks.clone()),
            ([], None) => (Vec::new(), ticked()?),
        };
        let told = cells.iter().enumerate().filter(|(at, _)| !used.contains(at) && remarks != Some(*at));
        let title: Vec<String> = told.map(|(_, cell)| plain(cell)).filter(|cell| !cell.is_empty()).collect();
        let comment = remarks.filter(|_| !choices.is_empty()).map(|at| Comment {
            called: capitalised(&head[at]),
            written: cells.get(at).map(|cell| plain(cell)).unwrap_or_default(),
        });
        let title = match title.is_empty() {
            // All that it says is what may be chosen.
            true if named.is_empty() && !choices.is_empty() => format!("row {}", number + 1),
            true => return None,
            false => title.join(" – "),
        };
        Some(Row { span: *span, title, choices, comment })
    };
    body.iter().enumerate().filter_map(made).collect()
}

/// Whether a row only heads those below it: all that it says stands in its first cell, in bold.
fn divides(cells: &[String]) -> bool {
    let mut said = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    said.next().is_some_and(words::heads) && said.next().is_none()
}

/// Whether a cell is a box and what is ticked with it: `☐ pass`.
fn has_box(cell: &str) -> bool {
    let marked = cell.trim_start().starts_with(['☐', '□', '▢', '◻', '☑', '☒'])
        || ["[ ]", "[x]", "[X]"].iter().any(|mark| cell.trim_start().starts_with(mark));
    marked && !plain(cell).is_empty()
}

/// The lines of a table, from mark to end, without line ends.
fn lines(source: &str, table: Span) -> impl Iterator<Item = (usize, Span)> {
    let mut at = table.start;
    table.of(source).split_inclusive('\n').enumerate().filter_map(move |(index, line)| {
        let start = at;
        at += line.len();
        let text = line.trim_end();
        (!text.trim().is_empty()).then_some((index, Span::new(start, start + text.len())))
    })
}

/// The cells of a row as they are written.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim_start_matches(['>', ' ', '\t']);
    let inner = line.strip_prefix('|').unwrap_or(line);
    let (mut cells, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in inner.char_indices() {
        if c == '|' && !escaped {
            cells.push(&inner[start..at]);
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    if !inner[start..].trim().is_empty() {
        cells.push(&inner[start..]);
    }
    cells
}

/// A cell's text without the marks of boxes, bold and code.
fn plain(cell: &str) -> String {
    let text: String =
        cell.chars().filter(|c| !matches!(c, '☐' | '□' | '▢' | '◻' | '☑' | '☒' | '*' | '`')).collect();
    let text = ["[ ]", "[x]", "[X]"].iter().fold(text, |text, mark| text.replace(mark, ""));
    text.replace("\\|", "|").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a cell is there to be filled in: empty, or a box. One that somebody ticked when the list was written is asked for
/// again, as a ticked item is: this run has not done it.
fn is_box(cell: &str) -> bool {
    matches!(
        cell.trim(),
        "" | "☐"
            | "□"
            | "▢"
            | "◻"
            | "☑"
            | "☒"
            | "[ ]"
            | "[]"
            | "[x]"
            | "[X]"
            | "( )"
            | "○"
            | "&nbsp;"
            | "_"
            | "-"
            | "&#9744;"
    )
}

/// What stands behind each box of a cell: `☐ pass ☐ fail`.
fn boxes(cell: &str) -> Vec<String> {
    static BOX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[☐□▢◻☑☒○]|\[[ xX]?\]").ok());
    let Some(pattern) = BOX.as_ref() else { return Vec::new() };
    let mut parts = pattern.split(cell);
    if parts.next().is_none_or(|before| !before.trim().is_empty()) {
        return Vec::new();
    }
    let words: Vec<String> =
        parts.map(|part| plain(part.trim_end_matches(['/', ',', ' ']).trim_end_matches("<br>"))).collect();
    let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
    if words.iter().any(String::is_empty) || distinct.len() < words.len() { Vec::new() } else { words }
}

fn capitalised(text: &str) -> String {
    let upper = matches!(text, "n/a" | "na" | "n.a." | "ok" | "nok");
    let mut chars = text.chars();
    match chars.next() {
        Some(_) if upper => text.to_uppercase(),
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(table: &str) -> Vec<String> {
        let told = |row: Row| {
            format!(
                "{}: {}{}",
                row.title,
                row.choices.join("/"),
                row.comment.map_or(String::new(), |c| format!(" +{}{}", c.called, c.written))
            )
        };
        rows(table, Span::new(0, table.len())).into_iter().map(told).collect()
    }

    #[test]
    fn rows_with_columns_of_answers_are_choices() {
        assert_eq!(
            told(
                "| Item | Yes | No | Comment |\n|---|---|---|---|\n| Door shut | | | |\n| Lamp on | ☐ | ☐ | |\n"
            ),
            ["Door shut: Yes/No +Comment", "Lamp on: Yes/No +Comment"]
        );
        assert_eq!(
            told("| # | Item | Pass | Fail | N/A |\n|-|-|-|-|-|\n| 1 | A \\| b | | | |"),
            ["1 – A | b: Pass/Fail/N/A"]
        );
        assert_eq!(
            told("| Item | Result |\n|-|-|\n| A | ☐ pass ☐ fail |\n| B | [ ] pass / [ ] fail |"),
            ["A: pass/fail", "B: pass/fail"]
        );
    }

    #[test]
    fn rows_that_somebody_ticked_are_asked_again() {
        assert_eq!(
            told("| Check | Result |\n|-|-|\n| A | ☑ pass ☐ fail |\n| B | [x] pass [ ] fail |"),
            ["A: pass/fail", "B: pass/fail"]
        );
        assert_eq!(told("| Task | Done |\n|---|---|\n| A | [x] |\n| B | ☑ |"), ["A: ", "B: "]);
    }

    #[test]
    fn rows_in_which_less_is_left_to_choose_are_confirmed() {
        assert_eq!(
            told(
                "| Check | Result |\n|-|-|\n| **Disks** | |\n| A | ☐ pass ☐ fail |\n| B | ☐ pass |\n| C | |\n| D | see below |"
            ),
            ["A: pass/fail", "B – pass: ", "C: "]
        );
        assert_eq!(
            told("| Result |\n|-|\n| ☐ pass ☐ fail |\n| ☐ Door shut |"),
            ["row 1: pass/fail", "Door shut: "]
        );
    }

    #[test]
    fn what_stands_in_a_column_for_remarks_is_kept() {
        assert_eq!(
            told("| Item | Yes | No | Comment |\n|-|-|-|-|\n| A | | | ask Kim |"),
            ["A: Yes/No +Commentask Kim"]
        );
    }

    #[test]
    fn rows_with_a_box_are_ticked() {
        assert_eq!(told("| Task | Done |\n|---|---|\n| A | |\n| B | [ ] |"), ["A: ", "B: "]);
        assert_eq!(told("|  | Task |\n|---|---|\n| ☐ | A |"), ["A: "]);
    }

    #[test]
    fn tables_that_tell_something_are_none() {
        assert_eq!(told("| Host | Port |\n|---|---|\n| a | 1 |"), [""; 0]);
        assert_eq!(told("| Feature | Yes | No |\n|---|---|---|\n| a | x | |"), [""; 0]);
        assert_eq!(told("| Name | Owner |\n|---|---|\n| a | |"), [""; 0]);
    }
}
