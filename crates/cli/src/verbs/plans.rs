//! Plans of many runs, each made once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdpoint_document::Plan;
use holdpoint_engine::RunOpened;

use crate::problem::Problem;

/// A document and what it includes, and the digest of its configuration.
type Digests = (Vec<(String, String)>, Option<String>);

/// Plans by what they were made of: many runs are of one document.
#[derive(Default)]
pub struct Plans(Mutex<HashMap<Digests, Arc<Plan>>>);

impl Plans {
    /// The plan of what event 0 names; `compiled` makes it, if it was not made before.
    pub fn of(
        &self,
        opened: &RunOpened,
        compiled: impl FnOnce() -> Result<Plan, Problem>,
    ) -> Result<Arc<Plan>, Problem> {
        let config = opened.config.as_ref().map(|config| config.sha256.clone());
        // Where it lies decides which file a link leads to.
        let book = &opened.runbook;
        let own = (book.path.clone(), book.blob.sha256.clone());
        let included = book.includes.iter().map(|one| (one.path.clone(), one.blob.sha256.clone()));
        let key = (std::iter::once(own).chain(included).collect(), config);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = known().get(&key).cloned() {
            return Ok(plan);
        }
        let plan = Arc::new(compiled()?);
        known().insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}
