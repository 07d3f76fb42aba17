//! How events, answers and reports name a rollback block.

const ROLLBACK: &str = "#rollback-";

/// What a rollback block is called: its step's id, and its number counted from 1.
pub fn rollback_id(step: &str, number: usize) -> String {
    format!("{step}{ROLLBACK}{number}")
}

/// The step, and the number of the block counted from 1, where an id is that of a rollback block.
pub fn rollback_of(id: &str) -> Option<(&str, usize)> {
    let (step, number) = id.rsplit_once(ROLLBACK)?;
    Some((step, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_rollback_block_is_taken_apart_as_it_was_made_and_no_other_is() {
        assert_eq!(rollback_of(&rollback_id("switch", 12)), Some(("switch", 12)));
        for other in ["switch", "switch#2", "switch#rollback-", "switch#rollback-one", "switch-rollback-1"] {
            assert_eq!(rollback_of(other), None, "{other}");
        }
    }
}
