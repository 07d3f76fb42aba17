//! stub
use crate::{Config, Diagnostic, Plan};
pub(crate) fn lint(source: &str, plan: &Plan, config: Option<&Config>) -> Vec<Diagnostic> {
    let _ = (source, plan, config);
    Vec::new()
}
pub(crate) fn claims(plan: &Plan, today: jiff::civil::Date) -> Vec<Diagnostic> {
    let _ = (plan, today);
    Vec::new()
}
