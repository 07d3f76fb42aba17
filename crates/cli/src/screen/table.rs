//! Rows of data for people, in columns of the width that there is.

use console::{Style, measure_text_width};

use super::Screen;
use super::harmless::harmless;
use super::wrap::{longest_word, wrapped};

/// Blanks between two columns.
const GAP: usize = 2;
/// What has no room beside the rest stands below it, so far in.
const BELOW: usize = 6;
/// Where no terminal shows it, no column is made wider than this for the sake of one long cell.
const EVEN: usize = 40;

/// Columns under their heads, and rows of them.
///
/// Where a terminal shows it and it is too wide, the widest columns give way, down to their longest word; what has no room
/// then stands below its row. Elsewhere a row is a line: what is written to a file is searched line by line.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    margin: usize,
}

#[derive(Debug, Default)]
struct Column {
    head: String,
    right: bool,
    /// Whether it is left out before anything is broken into lines.
    spare: bool,
}

/// What stands in a column.
#[derive(Debug, Default)]
pub struct Cell {
    text: String,
    style: Option<Style>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell { text: text.into(), style: None }
    }
}

impl Cell {
    /// With a style, where colours may be written.
    pub fn styled(self, style: Style) -> Cell {
        Cell { style: Some(style), ..self }
    }
}

impl Table {
    /// One with these heads; without a line for them where all are empty. A head that begins with `>` is of numbers, which
    /// stand at the right of their column; one that begins with `?` is left out where there is no room for all.
    pub fn new(heads: &[&str]) -> Table {
        let column = |head: &&str| Column {
            head: head.trim_start_matches(['>', '?']).to_owned(),
            right: head.starts_with('>'),
            spare: head.starts_with('?'),
        };
        Table { columns: heads.iter().map(column).collect(), rows: Vec::new(), margin: 0 }
    }

    /// So far in from the left.
    pub fn indented(self, margin: usize) -> Table {
        Table { margin, ..self }
    }

    /// One more row, with a cell for each column.
    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.rows.push(cells.into());
    }
}

impl Screen {
    /// Lines of a table for standard output, harmless whatever stands in it.
    pub fn tabled(&self, mut table: Table) -> Vec<String> {
        for cell in table.rows.iter_mut().flatten() {
            cell.text = self.one_line(&cell.text).replace('\t', " ");
        }
        let style = Style::new().force_styling(self.data_colours());
        lines(&table, self.data_columns(), &style)
    }

    /// Writes a table to standard output.
    pub fn table(&self, table: Table) {
        let lines = self.tabled(table);
        if !lines.is_empty() {
            self.write_data(&harmless(&lines.join("\n"), self.data_colours()));
        }
    }

    /// Writes a text of several lines to standard output, behind a margin; what does not fit goes on below.
    pub fn data_hung(&self, margin: &str, text: &str) {
        self.hung_on_stdout(margin, &self.neutralise(text)).iter().for_each(|line| self.data(line));
    }

    /// A style for cells, in use where data may have colours.
    pub fn data_style(&self) -> Style {
        Style::new().force_styling(self.data_colours())
    }
}

/// The whole table in `width` columns, or as wide as it is.
fn lines(table: &Table, width: Option<usize>, head: &Style) -> Vec<String> {
    let shown = shown(table, width);
    let all: Vec<&Column> = shown.iter().map(|at| &table.columns[*at]).collect();
    let heads = all
        .iter()
        .map(|column| Cell::from(column.head.as_str()).styled(head.clone().dim()))
        .collect::<Vec<_>>();
    let rows: Vec<Vec<&Cell>> =
        table.rows.iter().map(|row| shown.iter().map(|at| &row[*at]).collect()).collect();
    let titled = heads.iter().any(|head| !head.text.is_empty()).then(|| heads.iter().collect::<Vec<_>>());
    let over = |measure: fn(&str) -> usize| -> Vec<usize> {
        let cells = |at: usize| titled.iter().chain(&rows).map(move |row| measure(&row[at].text)).max();
        (0..all.len()).map(|at| cells(at).unwrap_or(0)).collect()
    };
    let room = width.map(|all| all.saturating_sub(table.margin));
    let (natural, least) = (over(measure_text_width), over(longest_word));
    let laid = |beside: usize| {
        let widths = fit(&natural[..beside], &least[..beside], room)?;
        let rows = titled.iter().map(|row| (row, true)).chain(rows.iter().map(|row| (row, false)));
        Some(rows.flat_map(|(row, head)| of_row(table, (row, head), (&all, &widths), width)).collect())
    };
    let mut beside = all.len();
    let whole: Option<Vec<String>> = laid(beside);
    // What a long last column would have broken into many lines is read more easily below.
    let without = if whole.is_some() && beside > 1 { laid(beside - 1) } else { None };
    let mut lines = match (whole, without) {
        (Some(whole), Some(without)) if without.len() < whole.len() => Some(without),
        (whole, _) => whole,
    };
    while lines.is_none() && beside > 1 {
        beside -= 1;
        lines = laid(beside);
    }
    lines.unwrap_or_default()
}

/// The lines of one row: what stands beside one another, and what stands below.
fn of_row(
    table: &Table,
    (row, is_head): (&[&Cell], bool),
    (columns, widths): (&[&Column], &[usize]),
    whole: Option<usize>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let cells: Vec<Vec<String>> =
        row.iter().zip(widths).map(|(cell, width)| wrapped((*width).max(1), &cell.text)).collect();
    for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
        let mut line = " ".repeat(table.margin);
        for (column, width) in widths.iter().enumerate() {
            let text = cells[column].get(at).map_or("", String::as_str);
            let even = if whole.is_some() { *width } else { (*width).min(EVEN) };
            let blanks = " ".repeat(even.saturating_sub(measure_text_width(text)));
            let text = match &row[column].style {
                Some(style) if !text.is_empty() => style.apply_to(text).to_string(),
                _ => text.to_owned(),
            };
            let gap = if column == 0 { "" } else { &" ".repeat(GAP) };
            line += &match columns[column].right {
                true => format!("{gap}{blanks}{text}"),
                false => format!("{gap}{text}{blanks}"),
            };
        }
        lines.push(line.trim_end().to_owned());
    }
    // These stand in no column: each says what its head would say of it, but for the last, which is what the row is about.
    let below = row.iter().zip(columns).enumerate().skip(widths.len());
    for (at, (cell, column)) in below.filter(|(_, (cell, _))| !is_head && !cell.text.is_empty()) {
        let named = at + 1 < row.len() && !column.head.is_empty();
        let text = if named { format!("{} {}", column.head, cell.text) } else { cell.text.clone() };
        let margin = table.margin + BELOW;
        let room = whole.unwrap_or(usize::MAX).saturating_sub(margin).max(1);
        let hang = " ".repeat(margin);
        lines.extend(wrapped(room, &text).into_iter().map(|text| format!("{hang}{text}")));
    }
    lines
}

/// Which columns are shown: all, unless it takes leaving out what can be spared.
fn shown(table: &Table, width: Option<usize>) -> Vec<usize> {
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let Some(width) = width else { return all };
    let natural = |at: usize| {
        let cells = table.rows.iter().map(|row| measure_text_width(&row[at].text));
        cells.max().unwrap_or(0).max(measure_text_width(&table.columns[at].head))
    };
    let whole: usize = all.iter().map(|at| natural(*at) + GAP).sum();
    match table.margin + whole <= width + GAP {
        true => all,
        false => all.into_iter().filter(|at| !table.columns[*at].spare).collect(),
    }
}

/// How wide these columns are beside one another; `None` where their longest words have no room, but for a column that
/// stands alone.
fn fit(natural: &[usize], least: &[usize], width: Option<usize>) -> Option<Vec<usize>> {
    let mut widths = natural.to_vec();
    let Some(width) = width else { return Some(widths) };
    let room = width.saturating_sub(GAP * natural.len().saturating_sub(1));
    if least.iter().sum::<usize>() > room && natural.len() > 1 {
        return None;
    }
    while widths.iter().sum::<usize>() > room {
        let gives = (0..widths.len()).filter(|at| widths[*at] > least[*at]).max_by_key(|at| widths[*at]);
        match gives {
            Some(gives) => widths[gives] -= 1,
            // One that stands alone, and has a word that is wider than the terminal.
            None => widths[0] = room,
        }
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs() -> Table {
        let mut table = Table::new(&[">run", "state", "?operator", "title"]);
        table.row([
            "9".into(),
            "passed".into(),
            "ann@example.org".into(),
            "Promote the shop to production".into(),
        ]);
        table.row([
            "10".into(),
            "waits for qa".into(),
            "bob@example.org".into(),
            "本番環境を切り替える".into(),
        ]);
        table
    }

    fn told(width: Option<usize>) -> Vec<String> {
        lines(&runs(), width, &Style::new().force_styling(false))
    }

    #[test]
    fn where_there_is_room_a_row_is_a_line() {
        let wide = [
            "run  state         operator         title",
            "  9  passed        ann@example.org  Promote the shop to production",
            " 10  waits for qa  bob@example.org  本番環境を切り替える",
        ];
        assert_eq!(told(None), wide);
        assert_eq!(told(Some(66)), wide);
    }

    #[test]
    fn in_a_pipe_one_long_cell_makes_no_other_row_wide() {
        let mut table = Table::new(&["", ""]);
        let long = "step ".repeat(30).trim().to_owned();
        table.row(["Short".into(), "PASSED".into()]);
        table.row([long.clone().into(), "WAITING".into()]);
        let even = format!("{:<40}  PASSED", "Short");
        let plain = Style::new().force_styling(false);
        assert_eq!(lines(&table, None, &plain), [even, format!("{long}  WAITING")]);
    }

    #[test]
    fn what_can_be_spared_goes_first_then_the_widest_is_broken_at_words_then_it_stands_below() {
        let spared = [
            "run  state         title",
            "  9  passed        Promote the shop to production",
            " 10  waits for qa  本番環境を切り替える",
        ];
        assert_eq!(told(Some(65)), spared);
        let broken = [
            "run  state         title",
            "  9  passed        Promote the shop to",
            "                   production",
            " 10  waits for qa  本番環境を切り替える",
        ];
        assert_eq!(told(Some(47)), broken);
        let below = told(Some(28));
        assert_eq!(below[..3], ["run  state", "  9  passed", "      Promote the shop to"]);
        let below = [
            "run  state",
            "  9  passed",
            "      Promote the",
            "      shop to",
            "      production",
            " 10  waits for qa",
            "      本番環境を切",
            "      り替える",
        ];
        assert_eq!(told(Some(18)), below);
    }

    #[test]
    fn what_stands_below_its_row_says_what_its_head_would_say_of_it() {
        let mut table = Table::new(&[">run", "state", "environment", "opened (UTC)", "title"]);
        table.row([
            "6".into(),
            "waits for release-manager".into(),
            "production-eu-west".into(),
            "13:02:50".into(),
            "Promote the shop to production".into(),
        ]);
        let shown = [
            "run  state            environment",
            "  6  waits for        production-eu-west",
            "     release-manager",
            "      opened (UTC) 13:02:50",
            "      Promote the shop to production",
        ];
        assert_eq!(lines(&table, Some(40), &Style::new().force_styling(false)), shown);
    }

    #[test]
    fn nothing_in_a_cell_acts_on_the_terminal_or_begins_a_line() {
        let mut table = Table::new(&["", ""]);
        table.row(["a\nb".into(), "\u{1b}[2J".into()]);
        let (screen, _) = Screen::kept(&Default::default());
        assert_eq!(screen.tabled(table), ["a⏎b  ␛[2J"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_but_for_one_word(
            width in 20_usize..120,
            cells in proptest::collection::vec("([a-z@.]{1,25}|[一-龥]{1,9}|🚀| ){0,12}", 3 * 4),
        ) {
            let mut table = Table::new(&[">run", "state", "?who", "title"]);
            for row in cells.chunks(4) {
                table.row([0, 1, 2, 3].map(|at| Cell::from(row[at].trim())));
            }
            for line in lines(&table, Some(width), &Style::new().force_styling(false)) {
                let words = line.split_whitespace().count();
                prop_assert!(measure_text_width(&line) <= width || words <= 1, "{line:?} in {width}");
            }
        }
    }
}
