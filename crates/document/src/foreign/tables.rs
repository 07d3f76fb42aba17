//! Tables whose rows are things to tick, or to choose something for.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::words;
use crate::Span;

/// A row that is a thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its line.
    pub(crate) span: Span,
    /// What it says, without what is to be chosen.
    pub(crate) title: String,
    /// What may be chosen; empty where it is only ticked.
    pub(crate) choices: Vec<String>,
    /// The column for remarks, if there is one.
    pub(crate) comment: Option<Comment>,
}

/// A remark that is written down for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    /// What its column is called.
    pub(crate) called: String,
    /// What stands there already.
    pub(crate) written: String,
}

/// Headings of columns that stand for an answer.
const ANSWERS: &str = "yes, no, y, n, n/a, na, n.a., not applicable, pass, fail, passed, failed, ok, not ok, nok, okay, good, bad, \
    true, false, done, not done, compliant, non-compliant, not compliant, accept, reject, accepted, rejected, conforms, \
    met, not met, satisfactory, unsatisfactory, ✓, ✗, ✔, ✘, ja, nein, oui, non, sí, sim, não, nee, nej, i.o., n.i.o.";

/// Headings of a column that is ticked.
const TICKS: &str = "done, complete, completed, check, checked, tick, ticked, ok, verified, confirmed, pass, passed, ☐, □, ✓, ✔, ✅, [ ], \
    yes";

/// Of these, what no column of something else is called.
const DONE: &str = "done, completed, checked, ticked, verified";

/// Headings of columns for remarks.
const REMARKS: &str = "comment, comments, remark, remarks, note, notes, observation, observations, \
    bemerkung, bemerkungen, anmerkung, anmerkungen, kommentar, kommentare, remarque, remarques, commentaire, commentaires, \
    comentario, comentarios, observaciones, opmerking, opmerkingen";

/// What stands in cells that somebody filled in: how far it is, or which answer it was.
const FILLED: &str = "x, ✓, ✔, ✅, ✗, ✘, ❌, yes, no, y, n, ok, nok, done, not done, not yet, pass, fail, passed, failed, pending, \
    to do, todo, open, tbd, wip, in progress, started, later, \
    ja, nein, oui, non";

/// What says that there is nothing to answer.
const NOT_APPLICABLE: &str = "n/a, na, n.a., not applicable";

/// The columns of a table, by what is to be done with their cells.
struct Columns {
    /// One of them holds the answer, and what each is called.
    answers: Vec<(usize, String)>,
    /// In one of them an answer is written, and which there are.
    named: Option<(usize, Vec<String>)>,
    /// All of them are ticked.
    ticks: Vec<usize>,
    remarks: Option<usize>,
}

impl Columns {
    fn of(head: &[&str], body: &[(Span, Vec<String>)]) -> Columns {
        let column = |at: usize| body.iter().filter_map(move |(_, cells)| cells.get(at));
        // Nothing else stands in it than what is to be filled in, or was.
        let fillable = |at: usize| column(at).all(|cell| is_open(cell) || is(FILLED, &plain(cell)));
        // A column in which all is filled in tells how things are.
        let asks = |at: usize| fillable(at) && column(at).any(|cell| is_box(cell));
        let called: Vec<String> = head.iter().map(|cell| plain(cell).to_lowercase()).collect();
        let called_as = |list: &str, at: usize| is(list, called[at].trim_end_matches(['?', ':']));
        let all = 0..head.len();
        let mut answers: Vec<(usize, String)> = all
            .clone()
            .filter(|at| called_as(ANSWERS, *at))
            .map(|at| (at, capitalised(&called[at])))
            .collect();
        // Where an answer stands in each row, the table says what is so.
        let unanswered = |(_, cells): &(Span, Vec<String>)| {
            let of_answers = || answers.iter().filter_map(|(at, _)| cells.get(*at));
            of_answers().all(|cell| is_open(cell)) && of_answers().any(|cell| is_box(cell))
        };
        let several: BTreeSet<usize> =
            answers.iter().map(|(at, _)| *at).filter(|_| answers.len() > 1).collect();
        if several.is_empty() || !body.iter().any(unanswered) {
            answers.clear();
        }
        let named = all.clone().find_map(|at| Some((at, answers_in(&called[at])?)).filter(|_| asks(at)));
        let is_mark = |at: usize| is(TICKS, head[at].trim()) || called_as(TICKS, at);
        // Whatever somebody wrote beside a task, what is not done is still to be.
        let done = |at: usize| at > 0 && called_as(DONE, at) && column(at).any(|cell| is_box(cell));
        let ticks = all
            .clone()
            .filter(|at| !several.contains(at))
            .filter(|at| done(*at) || asks(*at) && (is_mark(*at) || column(*at).any(|cell| is_drawn(cell))));
        Columns {
            ticks: ticks.collect(),
            remarks: all.clone().find(|at| is(REMARKS, &called[*at])),
            answers,
            named,
        }
    }
}

/// The rows of a table that are things to do; none where it only tells something.
pub(crate) fn rows(source: &str, table: Span) -> Vec<Row> {
    let mut lines = lines(source, table);
    let Some((_, head)) = lines.next() else { return Vec::new() };
    let head = cells(head.of(source));
    let Some(_) = lines.next() else { return Vec::new() };
    let body: Vec<(Span, Vec<String>)> = lines
        .map(|(_, line)| (line, cells(line.of(source)).into_iter().map(str::to_owned).collect()))
        .collect();
    let columns = Columns::of(&head, &body);
    let within: Vec<bool> = (0..head.len())
        .map(|at| body.iter().filter_map(|(_, cells)| cells.get(at)).any(|cell| boxes(cell).len() > 1))
        .collect();
    let within = |at: usize| within.get(at).copied().unwrap_or_default();
    let heads = |number: usize| {
        let divides = |number: usize| body.get(number).is_some_and(|(_, cells)| divides(cells));
        // One in bold above another, or with nothing below it, says something by itself.
        divides(number) && number + 1 < body.len() && !divides(number + 1)
    };
    let made = |(number, (span, cells)): (usize, &(Span, Vec<String>))| {
        if heads(number) {
            return None;
        }
        let inside = cells.iter().enumerate().find(|(at, cell)| within(*at) && boxes(cell).len() > 1);
        let ticked = || {
            // A box alone, or none where the other rows have some, is there to be filled in as well.
            let own =
                |(at, cell): (usize, &String)| has_box(cell) || is_drawn(cell) || within(at) && is_box(cell);
            cells.iter().enumerate().any(own).then(Vec::new)
        };
        let (mut choices, used): (Vec<String>, Vec<usize>) = match (&columns, inside) {
            (Columns { answers, .. }, _) if !answers.is_empty() => (
                answers.iter().map(|(_, answer)| answer.clone()).collect(),
                answers.iter().map(|(at, _)| *at).collect(),
            ),
            (_, Some((at, cell))) => (boxes(cell), vec![at]),
            (Columns { named: Some((at, answers)), .. }, None) => (answers.clone(), vec![*at]),
            (Columns { ticks, .. }, None) if !ticks.is_empty() => (Vec::new(), ticks.clone()),
            _ => (Vec::new(), ticked()?),
        };
        // That it is not applicable was an answer once, and may be again.
        let said = |at: &usize| cells.get(*at).is_some_and(|cell| is(NOT_APPLICABLE, &plain(cell)));
        if used.iter().any(said) && !choices.iter().any(|choice| is(NOT_APPLICABLE, choice)) {
            if choices.is_empty() {
                choices.push("Done".to_owned());
            }
            choices.push("N/A".to_owned());
        }
        let used: BTreeSet<usize> = used.into_iter().collect();
        // What else stands where the answer is to stand is part of what is asked.
        let says_more = |cell: &str| !is_open(cell) && boxes(cell).is_empty() && !is(FILLED, &plain(cell));
        let told = cells
            .iter()
            .enumerate()
            .filter(|(at, cell)| columns.remarks != Some(*at) && (!used.contains(at) || says_more(cell)));
        let title: Vec<String> = told.map(|(_, cell)| plain(cell)).filter(|cell| !cell.is_empty()).collect();
        let comment = columns.remarks.filter(|_| !choices.is_empty()).map(|at| Comment {
            called: capitalised(&plain(head[at]).to_lowercase()),
            written: cells.get(at).map(|cell| plain(cell)).unwrap_or_default(),
        });
        let title = match title.is_empty() {
            // All that it says is what may be chosen.
            true if inside.is_some() => format!("row {}", number + 1),
            true => return None,
            false => title.join(" – "),
        };
        Some(Row { span: *span, title, choices, comment })
    };
    body.iter().enumerate().filter_map(made).collect()
}

/// Whether a word is one of a list.
fn is(list: &str, word: &str) -> bool {
    list.split(", ").any(|one| one.trim() == word.to_lowercase())
}

/// The answers that a heading names: `Yes/No`, `Pass / Fail / N/A`, `Done (Y/N)`.
fn answers_in(heading: &str) -> Option<Vec<String>> {
    let inner = match heading.split_once('(') {
        Some((_, inner)) => inner.strip_suffix(')')?,
        None => heading.trim_end_matches(['?', ':']),
    };
    let one = inner.replace("n/a", "n.a.");
    let parts: Vec<&str> = one.split('/').map(str::trim).collect();
    (parts.len() > 1 && parts.iter().all(|part| is(ANSWERS, part)))
        .then(|| parts.iter().map(|part| capitalised(&part.replace("n.a.", "n/a"))).collect())
}

/// Whether a row only heads those below it: all that it says stands in its first cell, in bold.
fn divides(cells: &[String]) -> bool {
    let mut said = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    said.next().is_some_and(words::heads) && said.next().is_none()
}

/// Whether a cell is a box and what is ticked with it: `☐ pass`.
fn has_box(cell: &str) -> bool {
    // `[x](…)` is a link.
    let is_behind = |mark: &&str| {
        cell.trim_start().strip_prefix(*mark).is_some_and(|rest| !rest.starts_with(['(', '[', ':']))
    };
    let marked = cell.trim_start().starts_with(['☐', '□', '▢', '◻', '☑', '☒'])
        || ["[ ]", "[x]", "[X]"].iter().any(is_behind);
    marked && !plain(cell).is_empty()
}

/// Whether a cell is a box that somebody drew, and nothing else.
fn is_drawn(cell: &str) -> bool {
    matches!(
        cell.trim(),
        "☐" | "□" | "▢" | "◻" | "☑" | "☒" | "[ ]" | "[]" | "[x]" | "[X]" | "( )" | "&#9744;"
    )
}

/// Whether a cell is there to be filled in, or says that it is not for this row.
fn is_open(cell: &str) -> bool {
    is_box(cell) || is(NOT_APPLICABLE, &plain(cell))
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
    // `[x](…)` is a link.
    let is_link = |end: usize| cell[..end].ends_with(']') && cell[end..].starts_with(['(', '[', ':']);
    let mut parts = pattern.split(cell);
    if pattern.find_iter(cell).any(|found| is_link(found.end()))
        || parts.next().is_none_or(|before| !before.trim().is_empty())
    {
        return Vec::new();
    }
    let words: Vec<String> =
        parts.map(|part| plain(part.trim_end_matches(['/', ',', ' ']).trim_end_matches("<br>"))).collect();
    let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
    if words.iter().any(String::is_empty) || distinct.len() < words.len() { Vec::new() } else { words }
}

/// With a capital, and `OK` and its like in capitals.
fn capitalised(text: &str) -> String {
    let word = |(at, word): (usize, &str)| {
        let mut chars = word.chars();
        match chars.next() {
            Some(_) if matches!(word, "n/a" | "na" | "n.a." | "ok" | "nok") => word.to_uppercase(),
            Some(first) if at == 0 => first.to_uppercase().chain(chars).collect(),
            _ => word.to_owned(),
        }
    };
    text.split(' ').enumerate().map(word).collect::<Vec<_>>().join(" ")
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
    fn answers_have_their_names_in_other_languages() {
        assert_eq!(
            told(
                "| Prüfpunkt | Ja | Nein | Bemerkung |\n|-|-|-|-|\n| Tür zu | ☐ | ☐ | |\n| Licht an | | | |"
            ),
            ["Tür zu: Ja/Nein +Bemerkung", "Licht an: Ja/Nein +Bemerkung"]
        );
        assert_eq!(told("| Contrôle | Oui | Non |\n|-|-|-|\n| Porte | | |"), ["Porte: Oui/Non"]);
        assert_eq!(told("| Funktion | Ja | Nein |\n|-|-|-|\n| A | x | |\n| B | | x |"), [""; 0]);
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
    fn what_was_not_applicable_once_may_be_again() {
        assert_eq!(
            told("| Item | Yes | No | Comment |\n|-|-|-|-|\n| A | | | |\n| B | n/a | | |\n| C | | N/A | x |"),
            ["A: Yes/No +Comment", "B: Yes/No/N/A +Comment", "C: Yes/No/N/A +Commentx"]
        );
        assert_eq!(
            told("| Item | Yes | No | N/A |\n|-|-|-|-|\n| A | | | |\n| B | | | n/a |"),
            ["A: Yes/No/N/A", "B: Yes/No/N/A"]
        );
        assert_eq!(
            told("| Task | Done |\n|-|-|\n| A | x |\n| B | |\n| C | n/a |\n| D | pending |"),
            ["A: ", "B: ", "C: Done/N/A", "D: "]
        );
        assert_eq!(told("| | Task |\n|-|-|\n| ☐ | A |\n| n/a | B |"), ["A: ", "B: Done/N/A"]);
        assert_eq!(
            told("| Item | Yes | No |\n|-|-|-|\n| A | | |\n| B | if new | |"),
            ["A: Yes/No", "B – if new: Yes/No"]
        );
        assert_eq!(
            told("| Task | Done |\n|-|-|\n| A | Kim, Monday |\n| B | |"),
            ["A – Kim, Monday: ", "B: "]
        );
    }

    #[test]
    fn rows_that_are_filled_in_are_asked_again_where_others_are_open() {
        assert_eq!(
            told("| Item | Pass | Fail |\n|-|-|-|\n| A | x | |\n| B | | |\n| C | | ✗ |"),
            ["A: Pass/Fail", "B: Pass/Fail", "C: Pass/Fail"]
        );
        assert_eq!(told("| Task | Done? |\n|-|-|\n| A | yes |\n| B | |"), ["A: ", "B: "]);
        assert_eq!(told("| [ ] | Task |\n|-|-|\n| | A |\n| | B |"), ["A: ", "B: "]);
        assert_eq!(told("| ☐ | Task |\n|-|-|\n| | A |\n| x | B |"), ["A: ", "B: "]);
        assert_eq!(told("| | Task | Who |\n|-|-|-|\n| [x] | A | Kim |\n| [ ] | B | |"), ["A – Kim: ", "B: "]);
        // What has a box is asked for, whatever stands in its column.
        assert_eq!(told("| | Task |\n|-|-|\n| ☐ | A |\n| Kim did | B |"), ["A: "]);
    }

    #[test]
    fn a_heading_may_name_the_answers() {
        assert_eq!(
            told("| Item | Yes/No | Notes |\n|-|-|-|\n| A | | |\n| B | yes | |"),
            ["A: Yes/No +Notes", "B: Yes/No +Notes"]
        );
        assert_eq!(told("| Item | Pass / Fail / N/A |\n|-|-|\n| A | |"), ["A: Pass/Fail/N/A"]);
        assert_eq!(told("| Item | Done (Y/N) |\n|-|-|\n| A | |"), ["A: Y/N"]);
        assert_eq!(told("| Option | Yes/No |\n|-|-|\n| A | yes |\n| B | no |"), [""; 0]);
        assert_eq!(told("| Path | CPU/Memory |\n|-|-|\n| A | |"), [""; 0]);
    }

    #[test]
    fn rows_that_head_others_are_read_and_empty_ones_are_none() {
        assert_eq!(
            told(
                "| Item | Yes | No |\n|-|-|-|\n| **Disks** | | |\n| A | | |\n| | | |\n| **Net** | | |\n| B | | |"
            ),
            ["A: Yes/No", "B: Yes/No"]
        );
        assert_eq!(told("| Task | Done |\n|-|-|\n| **Disks** | |\n| A | |"), ["A: "]);
        assert_eq!(
            told("| Item | Yes | No |\n|-|-|-|\n| **Door shut** | | |\n| **Lamp on** | | |"),
            ["Door shut: Yes/No", "Lamp on: Yes/No"]
        );
        for head in ["| Item | Yes | No |", "| Task | Done |", "| | Task |"] {
            assert_eq!(told(&format!("{head}\n|-|-|-|\n")), [""; 0], "{head}");
        }
    }

    #[test]
    fn tables_that_tell_something_are_none() {
        assert_eq!(told("| Host | Port |\n|---|---|\n| a | 1 |"), [""; 0]);
        assert_eq!(told("| Feature | Yes | No |\n|---|---|---|\n| a | x | |"), [""; 0]);
        assert_eq!(told("| Name | Owner |\n|---|---|\n| a | |"), [""; 0]);
        for informs in [
            "| Port | Protocol | Note |\n|-|-|-|\n| 80 | tcp | - |\n| 443 | tcp | - |",
            "| Host | Role | Open |\n|-|-|-|\n| web | http | yes |\n| db | | no |",
            "| Runbook | Link |\n|-|-|\n| News | [X](https://x.test/a) |\n| Old | [x](https://x.test/b) |",
            "| Runbook | Links |\n|-|-|\n| News | [x](https://a.test) [x](https://b.test) |",
            "| Feature | Supported |\n|-|-|\n| a | ✅ |\n| b | ❌ |",
            "| Feature | Yes | No |\n|-|-|-|\n| a | x | |\n| b | | x |",
            "| Task | Done |\n|-|-|\n| a | yes |\n| b | no |",
            "| Is it up? | Yes | No |\n|-|-|-|\n| web | go on | call the lead |",
            "| Check | Expected |\n|-|-|\n| disk | 20 % |\n| | or more |",
            "| OK | Meaning |\n|-|-|\n| yes | it works |\n| no | it does not |",
            "| Key | Value |\n|-|-|\n| a | _ |\n| b | &nbsp; |",
            "| 機能 | 対応 |\n|-|-|\n| a | ○ |\n| b | ○ |",
        ] {
            assert_eq!(told(informs), [""; 0], "{informs}");
        }
    }
}
