//! All rows. Limits and targets are those that the project set itself before it was written.

mod documents;
mod hosts;
mod output;
mod records;
mod steps;
mod texts;

pub(crate) use texts::runbook;

use super::row::Row;

/// Every row, in the order in which they are measured.
pub(super) fn all() -> Vec<Row> {
    vec![
        steps::version(),
        steps::one_step(),
        steps::thousand(),
        output::gigabyte(),
        output::pty(),
        documents::check(),
        documents::plan(),
        records::verify(),
        records::show(),
        records::resume(),
        records::store(),
        hosts::nothing(),
        hosts::two_seconds(),
        hosts::one(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::bench::row::{Over, Role};

    #[test]
    fn every_target_is_about_contenders_that_are_there() {
        for row in all() {
            let names: Vec<&str> = row.contenders.iter().map(|contender| contender.name).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}: {names:?}", row.name);
            for target in &row.targets {
                assert!(names.contains(&target.of), "{}: {}", row.name, target.what);
                assert!(
                    target.over == Over::Nothing
                        || names.iter().any(|name| target.over == Over::Contender(name)),
                    "{}: {}",
                    row.name,
                    target.what
                );
            }
        }
    }

    #[test]
    fn every_row_has_a_target_for_us_or_says_what_it_waits_for() {
        for row in all() {
            let ours = |name| row.contenders.iter().any(|c| c.name == name && c.role == Role::Ours);
            let waits = row.contenders.is_empty() && row.needs.is_some();
            assert!(
                waits || (!row.targets.is_empty() && row.targets.iter().all(|t| ours(t.of))),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn rows_are_called_by_names_of_their_own() {
        let names: Vec<&str> = all().iter().map(|row| row.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}
