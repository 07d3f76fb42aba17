//! The plot: every target on one logarithmic axis, as a part of what is to be reached.

use std::fmt::Write as _;

use super::figures::{Measured, Reached, Spread, Told};
use super::row::Figure;

const WIDTH: f64 = 1060.0;
const LEFT: f64 = 380.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 74.0;
const LINE: f64 = 26.0;
/// A letter of a peer's name.
const NAME: f64 = 5.5;

const STYLE: &str = "text { font: 13px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #59636e } \
.head { font-size: 17px; font-weight: 600 } .grid { stroke: #e4e8ec } .goal { stroke: #1f2328; stroke-width: 1.5 } \
.reached { fill: #1a7f37; stroke: #1a7f37 } .missed { fill: #cf222e; stroke: #cf222e } .spread { stroke-width: 2 } \
.peer { fill: none; stroke: #8c959f; stroke-width: 1.5 } .band { fill: #f6f8fa } .name { font-size: 10px; fill: #59636e }";

/// One line: a target and, where it is a ratio of times, what others reach; none where the row could not be measured.
struct Line<'a> {
    row: &'a Measured,
    target: Option<&'a Reached>,
    peers: Vec<(&'static str, f64)>,
}

impl<'a> Line<'a> {
    fn all(row: &'a Measured) -> Vec<Line<'a>> {
        if row.not_built.is_some() {
            return vec![Line { row, target: None, peers: Vec::new() }];
        }
        let line = |target| Line { row, target: Some(target), peers: peers(row, target) };
        row.targets.iter().map(line).collect()
    }
}

/// An SVG. Left of the line at 1 is what is reached.
pub(super) fn plot(head: &str, rows: &[Measured]) -> String {
    let lines: Vec<Line<'_>> = rows.iter().flat_map(Line::all).collect();
    let (least, most) = decades(&lines);
    let at = |ratio: f64| LEFT + (ratio.log10() - least) / (most - least) * (WIDTH - LEFT - RIGHT);
    let height = TOP + LINE * lines.len() as f64 + 46.0;
    let bottom = height - 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\
         <style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <text class=\"head\" x=\"16\" y=\"28\">Speed and memory, as parts of the target</text>\
         <text class=\"small\" x=\"16\" y=\"48\">{}</text>\n",
        escaped(head)
    );
    for (index, line) in lines.iter().enumerate() {
        svg.push_str(&one(line, index, &at));
    }
    let mut decade = least;
    while decade <= most {
        let (x, ratio) = (at(10f64.powf(decade)), 10f64.powf(decade));
        let _ =
            writeln!(svg, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>");
        let _ = writeln!(
            svg,
            "<text class=\"small\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{ratio}×</text>",
            bottom + 16.0
        );
        decade += 1.0;
    }
    let goal = at(1.0);
    let _ = writeln!(
        svg,
        "<line class=\"goal\" x1=\"{goal:.1}\" x2=\"{goal:.1}\" y1=\"{}\" y2=\"{bottom}\"/>",
        TOP - 6.0
    );
    let _ =
        writeln!(svg, "<text x=\"{goal:.1}\" y=\"{:.1}\" text-anchor=\"middle\">target</text>", TOP - 10.0);
    let _ = writeln!(
        svg,
        "<text class=\"small\" x=\"{LEFT}\" y=\"{:.1}\">filled: ours, median with least and most of any round; \
         rings: others on the same work</text>\n</svg>",
        bottom + 34.0
    );
    svg
}

fn one(line: &Line<'_>, index: usize, at: &impl Fn(f64) -> f64) -> String {
    let (top, y) = (TOP + LINE * index as f64, TOP + LINE * (index as f64 + 0.5));
    let mut svg = String::new();
    if index.is_multiple_of(2) {
        let _ =
            writeln!(svg, "<rect class=\"band\" x=\"0\" y=\"{top}\" width=\"{WIDTH}\" height=\"{LINE}\"/>");
    }
    let label = format!("{}: {}", line.row.name, line.target.map_or("", |target| target.what));
    let _ = writeln!(svg, "<text x=\"16\" y=\"{:.1}\">{}</text>", y + 4.5, escaped(&label));
    for (index, (name, ratio)) in line.peers.iter().enumerate() {
        let x = at(*ratio);
        let _ = writeln!(svg, "<circle class=\"peer\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>");
        let next = line.peers.get(index + 1).map_or(WIDTH - RIGHT, |(_, next)| at(*next));
        // Where there is no room for the name, the table has it.
        if next - x > name.len() as f64 * NAME + 12.0 {
            let (x, y) = (x + 7.0, y + 3.5);
            let _ = writeln!(svg, "<text class=\"name\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(name));
        }
    }
    let told = match line.target.map(|target| (target, parts(target))) {
        Some((target, Some(Spread { least, median, most }))) => {
            let class = if target.is("reached") { "reached" } else { "missed" };
            let (from, to, x) = (at(least), at(most), at(median));
            let _ = writeln!(
                svg,
                "<line class=\"{class} spread\" x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>"
            );
            format!("{median:.2} × the target")
        }
        Some((_, None)) => "no figure".to_owned(),
        None => "not built".to_owned(),
    };
    let _ = writeln!(
        svg,
        "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\">{told}</text>",
        WIDTH - RIGHT + 18.0,
        y + 4.0
    );
    svg
}

/// What came, as a part of the target.
fn parts(target: &Reached) -> Option<Spread> {
    let Spread { least, median, most } = target.came?;
    let part = |value: f64| (value / target.at_most).max(1e-4);
    Some(Spread { least: part(least), median: part(median), most: part(most) })
}

/// What others reach of the first target of a row, which is a ratio to its limit or to one of them.
fn peers(row: &Measured, target: &Reached) -> Vec<(&'static str, f64)> {
    let first = row.targets.first().is_some_and(|first| first.what == target.what);
    let (Some(ours), Some(came)) = (row.contenders.first(), target.came) else { return Vec::new() };
    if !first || target.unit != "ratio" || ours.time.median == 0.0 {
        return Vec::new();
    }
    let peers = row.contenders.iter().filter(|told| told.role == "peer" && told.failed.is_none());
    let part = |told: &Told| told.over(ours, Figure::Time).median * came.median / target.at_most;
    let mut peers: Vec<_> = peers.map(|told| (told.name, part(told))).collect();
    peers.sort_by(|one, other| one.1.total_cmp(&other.1));
    peers
}

/// The decades that hold everything.
fn decades(lines: &[Line<'_>]) -> (f64, f64) {
    let figures = lines.iter().flat_map(|line| {
        let own = line.target.and_then(parts).into_iter().flat_map(|came| [came.least, came.most]);
        own.chain(line.peers.iter().map(|(_, ratio)| *ratio))
    });
    let (least, most) =
        figures.fold((0.5, 2.0), |(least, most): (f64, f64), ratio| (least.min(ratio), most.max(ratio)));
    (least.log10().floor(), most.log10().ceil())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reached_stands_left_of_the_target_and_what_is_missed_right_of_it() {
        let target = |came, verdict: &str| Reached {
            what: "÷ <x>",
            unit: "ratio",
            at_most: 2.0,
            came: Some(Spread { least: came, median: came, most: came }),
            processor: None,
            verdict: verdict.to_owned(),
        };
        let row = Measured {
            name: "row",
            title: "a row",
            not_built: None,
            contenders: Vec::new(),
            targets: vec![target(1.0, "reached"), target(20.0, "missed")],
            absent: Vec::new(),
            load: (0.0, 2),
        };
        let svg = plot("now", &[row]);
        let place = |class: &str| -> f64 {
            let after = svg.split_once(&format!("<circle class=\"{class}\" cx=\"")).unwrap().1;
            after.split_once('"').unwrap().0.parse().unwrap()
        };
        let goal = svg.split_once("<line class=\"goal\" x1=\"").unwrap().1.split_once('"').unwrap().0;
        let goal: f64 = goal.parse().unwrap();
        assert!(place("reached") < goal && goal < place("missed"), "{svg}");
        assert!(svg.contains("÷ &lt;x&gt;"), "{svg}");
    }

    #[test]
    fn a_row_that_could_not_be_measured_has_its_line() {
        let (contenders, targets, absent) = (Vec::new(), Vec::new(), Vec::new());
        let not_built = Some("there is none yet".to_owned());
        let row =
            Measured { name: "hosts", title: "", not_built, contenders, targets, absent, load: (0.0, 2) };
        let svg = plot("now", &[row]);
        assert!(svg.contains(">hosts: <") && svg.contains(">not built<"), "{svg}");
    }
}
