//! Texts of the document as they were shown: rendered with the values of that time, and so in the record.

use holdpoint_model::{Plan, Work};

use crate::values::mask;
use crate::{By, Event, Run, Task, TemplateError};

impl Run {
    /// An item, or an offered command, as it is shown now; `None` for what is neither.
    pub fn item_text(&self, plan: &Plan, task: Task) -> Option<Result<String, TemplateError>> {
        let Some(Work::Confirm { text }) = task.work(plan) else { return self.offered_text(plan, task) };
        Some(self.values().render_shown(text))
    }

    /// Whether a record may say this of an item that is shown so now: also what programs once read there.
    pub(crate) fn is_item(&self, plan: &Plan, task: Task, said: &str, shown: &str) -> bool {
        let was_shown =
            |once: &str| self.values().render_shown(once).is_ok_and(|once| self.is_as_shown(said, &once));
        let once = || task.once(plan).into_iter().flat_map(|once| [&once.cut, &once.flat]).flatten();
        self.is_as_shown(said, shown) || once().any(|once| was_shown(once))
    }

    /// That somebody confirms this item, as it is shown now; `None` where there is no item that can be shown.
    pub fn confirmed(&self, plan: &Plan, task: Task, by: By) -> Option<Event> {
        let text = self.item_text(plan, task)?.ok()?;
        Some(Event::ItemConfirmed { step: task.step_of(plan).id.clone(), action: task.id(plan), text, by })
    }

    /// Whether this is what was shown. A secret that stands in the document itself is masked on its way into the record.
    pub fn is_as_shown(&self, said: &str, shown: &str) -> bool {
        let secrets = self.values().secrets().union(self.witness.masked());
        let masks: Vec<String> = secrets.map(|name| mask(name)).collect();
        said == shown || is_masked(said, shown, &masks)
    }
}

/// Whether masks in `said` stand for parts of `shown`, and all else is the same.
fn is_masked(said: &str, shown: &str, masks: &[String]) -> bool {
    let mut pieces = vec![said];
    for mask in masks {
        pieces = pieces.into_iter().flat_map(|piece| piece.split(mask.as_str())).collect();
    }
    let [first, between @ .., last] = &pieces[..] else { return false };
    let Some(mut rest) = shown.strip_prefix(first) else { return false };
    // A mask stands for something.
    let behind_one = |rest: &'_ str| rest.chars().next().map(char::len_utf8);
    for piece in between {
        let Some(least) = behind_one(rest) else { return false };
        let Some(at) = rest[least..].find(piece) else { return false };
        rest = &rest[least + at + piece.len()..];
    }
    behind_one(rest).is_some_and(|least| rest[least..].ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::is_masked;

    #[test]
    fn a_mask_stands_for_a_part_and_nothing_else_differs() {
        let masks = ["[REDACTED:A]".to_owned(), "[REDACTED:B]".to_owned()];
        let cases = [
            ("Type [REDACTED:A] twice", "Type hunter22 twice", true),
            ("[REDACTED:A]", "hunter22", true),
            ("[REDACTED:A] and [REDACTED:B].", "one and two.", true),
            ("Type [REDACTED:A] once", "Type hunter22 twice", false),
            ("Take [REDACTED:A] twice", "Type hunter22 twice", false),
            ("Type [REDACTED:C] twice", "Type hunter22 twice", false),
            ("Type hunter22 twice", "Type it twice", false),
            ("Type it[REDACTED:A]", "Type it", false),
            ("[REDACTED:A]", "", false),
            ("[REDACTED:A][REDACTED:B]", "x", false),
            ("[REDACTED:A][REDACTED:B]", "üx", true),
        ];
        for (said, shown, same) in cases {
            assert_eq!(is_masked(said, shown, &masks), same, "{said} / {shown}");
        }
    }
}
