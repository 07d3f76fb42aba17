//! Which run is meant where none is named: the only one that makes sense.

use holdpoint_record::RunDir;
use holdpoint_view::Wanted;

use super::read::{find, store_problem};
use super::standing::{Standing, standings};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Which runs make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// Every one.
    All,
    /// Those that are not over.
    Open,
    /// Those that wait for a sign-off.
    SignOff,
}

impl Among {
    /// In words, after "the only run".
    fn words(self) -> &'static str {
        match self {
            Among::All => "there is",
            Among::Open => "that is open",
            Among::SignOff => "that waits for a sign-off",
        }
    }

    fn takes(self, standing: &Standing) -> bool {
        let awaited = standing.awaited.as_ref();
        match self {
            Among::All => true,
            Among::Open => awaited.is_some(),
            Among::SignOff => awaited.is_some_and(|awaited| awaited.what == Wanted::SignOff),
        }
    }
}

/// The run that is named, or where none is, the only one that makes sense, which is told. A run that cannot be read may be
/// any: beside one, nobody can say which is meant.
pub fn chosen(screen: &Screen, named: Option<&str>, among: Among) -> Result<RunDir, Problem> {
    if let Some(named) = named {
        return find(named);
    }
    let dirs = Place::here()?.store().runs().map_err(store_problem)?;
    let mut found: Vec<RunDir> = match among {
        Among::All => dirs,
        _ => dirs
            .iter()
            .zip(standings(&dirs))
            .filter(|(_, standing)| match standing {
                Ok(standing) => among.takes(standing),
                Err(unreadable) => !unreadable.never_opened,
            })
            .map(|(dir, _)| dir.clone())
            .collect(),
    };
    match (found.pop(), found.len()) {
        (Some(only), 0) => {
            screen.tell(&format!("Taking run {}, the only one {}.", only.number, among.words()));
            // As it would be named.
            find(&only.number.to_string())
        }
        (Some(last), _) => {
            found.push(last);
            let (older, newest) = found.split_at(found.len().saturating_sub(20));
            let numbers =
                newest.iter().rev().map(|dir| dir.number.to_string()).collect::<Vec<_>>().join(", ");
            let more = if older.is_empty() { "" } else { " and older ones" };
            Err(Problem::usage(
                format!("which run is meant? {} make sense: {numbers}{more}", found.len()),
                "Name one: by its number, the beginning of its id, a path or `latest`.",
            ))
        }
        (None, _) => Err(Problem::usage(
            match among {
                Among::All => "there are no runs".to_owned(),
                _ => format!("there is no run {}", among.words()),
            },
            "`holdpoint runs` lists the runs of this repository.",
        )),
    }
}

/// The run that must be named, where nobody looks before something is done.
pub fn named<'a>(named: Option<&'a str>, unasked: Option<&str>) -> Result<Option<&'a str>, Problem> {
    match (named, unasked) {
        (None, Some(option)) => Err(Problem::usage(
            format!("with {option} the run must be named"),
            "Nobody would see which one was meant. `holdpoint runs` lists them.",
        )),
        _ => Ok(named),
    }
}
