//! The table: what was measured, as Markdown.

use std::fmt::Write as _;

use super::figures::{ContenderFigures, Measured, Reached, Spread};
use super::row::Figure;

/// Everything, row by row; `head` says when and with what.
pub(super) fn table(head: &str, rows: &[Measured]) -> String {
    let mut text = format!("# Speed and memory\n\n{head}\n\n{}", summary(rows));
    for row in rows {
        text.push_str(&one(row));
    }
    text
}

/// One row: its contenders and its targets.
pub(super) fn one(row: &Measured) -> String {
    let mut text = format!("\n## `{}`: {}\n\n", row.name, row.title);
    if let Some(why) = &row.not_built {
        let _ = writeln!(text, "**Not built:** {why}.");
    } else {
        text.push_str("| | | median | least to most | processor | peak | ÷ limit | runs |\n");
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        let limit = row.contenders.iter().find(|told| told.role == "limit" && told.failed.is_none());
        for told in &row.contenders {
            text.push_str(&contender(told, limit));
        }
        text.push_str("\n| target | at most | came | least to most | in processor time | |\n|---|---|---|---|---|---|\n");
        for target in &row.targets {
            text.push_str(&reached(target));
        }
    }
    for (who, why) in &row.absent {
        let _ = write!(text, "\nNot measured: {who}, {why}.");
    }
    let (load, processors) = row.load;
    if !row.absent.is_empty() {
        text.push('\n');
    }
    if load > 0.5 {
        let _ = write!(
            text,
            "\nThe machine was busy when this row began (load {load:.1}, {processors} processors): \
             look at ratios, not at times.\n"
        );
    }
    text
}

fn summary(rows: &[Measured]) -> String {
    let targets = || rows.iter().flat_map(|row| &row.targets);
    let count = |verdict| targets().filter(|target| target.is(verdict)).count();
    let (reached, missed, all) = (count("reached"), count("missed"), targets().count());
    let unbuilt = rows.iter().filter(|row| row.not_built.is_some()).count();
    format!(
        "{reached} of {all} targets reached, {missed} missed, {} without a figure; {unbuilt} rows not built.\n",
        all - reached - missed
    )
}

fn contender(told: &ContenderFigures, limit: Option<&ContenderFigures>) -> String {
    let ContenderFigures { name, role, time, cpu, peak, .. } = told;
    if let Some(why) = &told.failed {
        return format!("| {} | {role} | {} | | | | | |\n", cell(name), cell(why));
    }
    let over = limit.map(|limit| format!("{:.2}", told.over(limit, Figure::Time).median)).unwrap_or_default();
    let each = if told.units > 1 { " each" } else { "" };
    format!(
        "| {} | {role} | {}{each} | {} to {} | {} | {} | {over} | {} |\n",
        cell(name),
        seconds(time.median),
        seconds(time.least),
        seconds(time.most),
        seconds(cpu.median),
        bytes(peak.median),
        told.runs
    )
}

fn reached(target: &Reached) -> String {
    let figure = |value| match target.unit {
        "seconds" => seconds(value),
        "bytes" => bytes(value),
        _ => format!("{value:.2}"),
    };
    let (came, spread) = match target.came {
        Some(Spread { least, median, most }) => {
            (figure(median), format!("{} to {}", figure(least), figure(most)))
        }
        None => ("".to_owned(), "".to_owned()),
    };
    let processor = target.processor.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
    let verdict = match target.verdict.as_str() {
        "missed" => "**missed**".to_owned(),
        verdict => cell(verdict),
    };
    format!(
        "| {} | {} | {came} | {spread} | {processor} | {verdict} |\n",
        target.what,
        figure(target.at_most)
    )
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn seconds(value: f64) -> String {
    match value {
        value if value >= 9.995 => format!("{value:.1} s"),
        value if value >= 0.9995 => format!("{value:.2} s"),
        value if value >= 0.009_995 => format!("{:.1} ms", value * 1e3),
        value => format!("{:.2} ms", value * 1e3),
    }
}

fn bytes(value: f64) -> String {
    format!("{:.1} MB", value / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: &str, not_built: Option<&str>) -> Measured {
        let came = (verdict == "missed").then_some(Spread { least: 1.0, median: 1.5, most: 2.0 });
        let target = Reached {
            what: "÷ x",
            unit: "ratio",
            at_most: 1.1,
            came,
            processor: None,
            verdict: verdict.to_owned(),
        };
        Measured {
            name: "row",
            title: "a row",
            not_built: not_built.map(str::to_owned),
            contenders: Vec::new(),
            targets: vec![target],
            absent: vec![("somebody", "for a reason".to_owned())],
            load: (0.0, 2),
        }
    }

    #[test]
    fn what_was_not_measured_is_said_with_its_reason() {
        let table =
            table("Now.", &[row("no figure of x: not installed", None), row("", Some("there is none yet"))]);
        for wanted in
            ["no figure of x: not installed", "**Not built:** there is none yet.", "somebody, for a reason"]
        {
            assert!(table.contains(wanted), "{wanted} in\n{table}");
        }
        assert!(
            table.contains("0 of 2 targets reached, 0 missed, 2 without a figure; 1 rows not built."),
            "{table}"
        );
    }

    #[test]
    fn a_missed_target_stands_out() {
        let text = one(&row("missed", None));
        assert!(text.contains("| ÷ x | 1.10 | 1.50 | 1.00 to 2.00 |  | **missed** |"), "{text}");
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let told = [0.000_57, 0.003_2, 0.087, 1.1, 220.0].map(seconds);
        assert_eq!(told, ["0.57 ms", "3.20 ms", "87.0 ms", "1.10 s", "220.0 s"]);
    }
}
