//! From samples to figures: medians, ratios, and whether a target is reached.

use serde::Serialize;

use super::row::{Contender, Figure, Over, Role, Row, Target};
use super::scene::Sample;

/// A row, measured.
#[derive(Serialize)]
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Why the row could not be measured at all.
    pub(super) not_built: Option<String>,
    pub(super) contenders: Vec<ContenderFigures>,
    pub(super) targets: Vec<Reached>,
    /// Who would be compared as well, and why not.
    pub(super) absent: Vec<(&'static str, String)>,
    /// Processes that waited for a processor when the row began, besides ours; and processors.
    pub(super) load: (f64, usize),
}

/// A contender, measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ContenderFigures {
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    pub(super) units: u32,
    /// Measured runs.
    pub(super) runs: usize,
    /// Wall seconds by the unit.
    pub(super) time: Spread,
    /// Processor seconds by the unit.
    pub(super) cpu: Spread,
    /// Bytes.
    pub(super) peak: Spread,
    /// Each round's figures, to be paired with another's; the key is the round.
    #[serde(skip)]
    pub(super) rounds: Vec<(usize, Sample)>,
    /// Why there are no figures.
    pub(super) failed: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) most: f64,
}

/// A target, and what came.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Reached {
    pub(super) what: &'static str,
    pub(super) unit: &'static str,
    pub(super) at_most: f64,
    /// The ratio of medians, with the least and the greatest of any round; or the figure itself.
    pub(super) came: Option<Spread>,
    /// The same ratio in processor time, where the target is a ratio of times. Steadier on a busy machine; not judged.
    pub(super) processor: Option<f64>,
    /// `reached`, `missed`, or why neither can be said.
    pub(super) verdict: String,
}

impl Reached {
    pub(super) fn is(&self, verdict: &str) -> bool {
        self.verdict == verdict
    }
}

impl Spread {
    pub(super) fn of(figures: impl Iterator<Item = f64>) -> Option<Spread> {
        let mut sorted: Vec<f64> = figures.collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Spread { least, median, most })
    }
}

impl ContenderFigures {
    pub(super) fn of(
        contender: &Contender,
        rounds: Vec<(usize, Sample)>,
        failed: Option<String>,
    ) -> ContenderFigures {
        let units = f64::from(contender.units);
        let spread =
            |figure: &dyn Fn(&Sample) -> f64| Spread::of(rounds.iter().map(|(_, sample)| figure(sample)));
        let role = match contender.role {
            Role::Ours => "ours",
            Role::Limit => "limit",
            Role::Peer => "peer",
        };
        ContenderFigures {
            name: contender.name,
            role,
            units: contender.units,
            runs: rounds.len(),
            time: spread(&|sample| sample.seconds / units).unwrap_or_default(),
            cpu: spread(&|sample| sample.cpu / units).unwrap_or_default(),
            peak: spread(&|sample| sample.peak).unwrap_or_default(),
            rounds,
            failed,
        }
    }

    fn spread(&self, figure: Figure) -> Spread {
        match figure {
            Figure::Time => self.time,
            Figure::Processor => self.cpu,
            Figure::Memory => self.peak,
        }
    }

    fn figure(&self, figure: Figure, sample: &Sample) -> f64 {
        match figure {
            Figure::Time => sample.seconds / f64::from(self.units),
            Figure::Processor => sample.cpu / f64::from(self.units),
            Figure::Memory => sample.peak,
        }
    }

    /// This one's figure over another's: of the medians; and of each round, for the spread.
    pub(super) fn over(&self, other: &ContenderFigures, figure: Figure) -> Spread {
        let median = self.spread(figure).median / other.spread(figure).median;
        let pairs = self.rounds.iter().filter_map(|(round, mine)| {
            let (_, theirs) = other.rounds.iter().find(|(of, _)| of == round)?;
            Some(self.figure(figure, mine) / other.figure(figure, theirs))
        });
        let spread = Spread::of(pairs).unwrap_or(Spread { least: median, median, most: median });
        Spread { median, least: spread.least.min(median), most: spread.most.max(median) }
    }
}

/// Every target of a row, judged.
pub(super) fn judge(row: &Row, told: &[ContenderFigures]) -> Vec<Reached> {
    row.targets.iter().map(|target| reached(target, told)).collect()
}

fn reached(target: &Target, told: &[ContenderFigures]) -> Reached {
    let figures = |name| {
        let found = told.iter().find(|told| told.name == name).ok_or(format!("there is no {name}"))?;
        match &found.failed {
            Some(why) => Err(format!("no figure of {name}: {why}")),
            None => Ok(found),
        }
    };
    let came = figures(target.of).and_then(|ours| match target.over {
        Over::Nothing => Ok(ours.spread(target.figure)),
        Over::Contender(name) => Ok(ours.over(figures(name)?, target.figure)),
    });
    let processor = match (target.over, target.figure) {
        (Over::Contender(name), Figure::Time) => figures(target.of)
            .and_then(|ours| Ok(ours.over(figures(name)?, Figure::Processor).median))
            .ok()
            .filter(|ratio| ratio.is_finite()),
        _ => None,
    };
    let unit = match (target.over, target.figure) {
        (Over::Contender(_), _) => "ratio",
        (Over::Nothing, Figure::Time | Figure::Processor) => "seconds",
        (Over::Nothing, Figure::Memory) => "bytes",
    };
    let verdict = match &came {
        Ok(came) if came.median <= target.at_most => "reached".to_owned(),
        Ok(_) => "missed".to_owned(),
        Err(why) => why.clone(),
    };
    Reached { what: target.what, unit, at_most: target.at_most, came: came.ok(), processor, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::row::Program;

    fn told(name: &'static str, seconds: &[f64]) -> ContenderFigures {
        let contender = Contender::new(name, Role::Ours, Program::Holdpoint, &[]).units(2);
        let sample = |seconds: &f64| Sample { seconds: *seconds, cpu: 0.0, peak: 1.0 };
        ContenderFigures::of(&contender, seconds.iter().map(sample).enumerate().collect(), None)
    }

    fn row(at_most: f64) -> Row {
        Row::new("row", "a row", 1).time("÷ limit", "ours", "limit", at_most)
    }

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two_in_the_middle() {
        let of = |figures: &[f64]| Spread::of(figures.iter().copied());
        assert_eq!(of(&[3.0, 1.0, 9.0]), Some(Spread { least: 1.0, median: 3.0, most: 9.0 }));
        assert_eq!(of(&[4.0, 2.0]).map(|spread| spread.median), Some(3.0));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_ratio_is_that_of_the_medians_with_the_spread_of_its_rounds() {
        let ratio = told("ours", &[1.0, 2.0, 9.0]).over(&told("limit", &[1.0, 1.0, 3.0]), Figure::Time);
        assert_eq!(ratio, Spread { least: 1.0, median: 2.0, most: 3.0 });
    }

    #[test]
    fn a_target_is_reached_at_its_limit_and_missed_above_it() {
        let told = [told("ours", &[2.0]), told("limit", &[1.0])];
        assert!(judge(&row(2.0), &told)[0].is("reached"));
        assert!(judge(&row(1.99), &told)[0].is("missed"));
    }

    #[test]
    fn a_target_without_figures_is_neither_reached_nor_missed() {
        let mut limit = told("limit", &[]);
        limit.failed = Some("it is not installed".to_owned());
        let reached = &judge(&row(2.0), &[told("ours", &[2.0]), limit])[0];
        assert_eq!(reached.verdict, "no figure of limit: it is not installed");
        assert_eq!(reached.came, None);
    }
}
