//! Which answers came from a file, so that nobody was asked.

use holdpoint_engine::Via;
use holdpoint_model::many;

use super::{Happening, Summary, What};

impl Summary {
    /// How many answers came from an answers file, and which, in words; of steps that were begun again, those of the last
    /// round. An attempt to sign that did not count has answered nothing: somebody was asked after it.
    pub fn answered_by_file(&self) -> Option<String> {
        let answered = |happening: &&Happening| {
            let by_file = happening.what.by().is_some_and(|by| by.via == Via::Answers);
            by_file && !happening.superseded && !matches!(happening.what, What::Refused { .. })
        };
        let of_actions = self.steps.iter().flat_map(|step| {
            let of_step = step.history.iter().filter(answered).map(|_| step.id.as_str());
            let of_action = step
                .actions
                .iter()
                .flat_map(move |action| action.history.iter().filter(answered).map(|_| action.id.as_str()));
            of_step.chain(of_action)
        });
        let of: Vec<&str> = of_actions.collect();
        let mut named = of.clone();
        named.dedup();
        let came = format!("{} came from an answers file, and nobody was asked: ", many(of.len(), "answer"));
        (!of.is_empty()).then(|| came + &named.join(", "))
    }
}
