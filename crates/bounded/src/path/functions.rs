//! `match` and `search`.

use super::evaluate::Walk;
use super::tree::{Match, Pattern};
use crate::json::Value;
use crate::pattern;

impl<'v> Walk<'v> {
    /// Whether the text matches. What is no text, or no pattern, does not.
    pub(super) fn matches(&mut self, matches: &Match, here: &'v Value) -> Option<bool> {
        let text = self.operand(&matches.text, here)?;
        let Some(Value::String(text)) = text.as_deref() else { return Some(false) };
        match &matches.pattern {
            Pattern::Known(pattern) => self.held(pattern, text),
            Pattern::Told(operand) => {
                let source = self.operand(operand, here)?;
                let Some(Value::String(source)) = source.as_deref() else { return Some(false) };
                // Compiling costs more than most texts do.
                self.spend(1000)?;
                match pattern::interoperable(source, matches.whole) {
                    Ok(pattern) => self.held(&pattern, text),
                    Err(_) => Some(false),
                }
            }
        }
    }

    fn held(&mut self, pattern: &pattern::Pattern, text: &str) -> Option<bool> {
        self.spend(pattern.work(text.len()) / 64 + 1)?;
        pattern.is_match(text).ok()
    }
}
