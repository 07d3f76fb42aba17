//! Words in which somebody is named, with how their answer came or without.

use std::borrow::Cow;

use crate::By;

/// What happened, in words with a name in them: once as statements have it, and once telling of an answers file.
#[derive(Clone, PartialEq)]
pub(crate) struct Whose {
    before: Cow<'static, str>,
    by: Option<By>,
    after: String,
}

impl Whose {
    /// Nobody is named in it.
    pub(crate) fn nobodys(text: impl Into<Cow<'static, str>>) -> Whose {
        Whose { before: text.into(), by: None, after: String::new() }
    }

    /// `before`, the name, and what follows it.
    pub(crate) fn of(before: impl Into<Cow<'static, str>>, by: &By, after: impl Into<String>) -> Whose {
        Whose { before: before.into(), by: Some(by.clone()), after: after.into() }
    }

    /// With the name alone, whatever the answer came from.
    pub(crate) fn named(&self) -> String {
        let who = self.by.as_ref().map_or("", |by| &by.who);
        format!("{}{who}{}", self.before, self.after)
    }

    /// With the name, and that the answer came from a file, where it did.
    pub(crate) fn sourced(&self) -> String {
        let who = self.by.as_ref().map(By::words).unwrap_or_default();
        format!("{}{who}{}", self.before, self.after)
    }

    /// Whether this stands before the name.
    pub(crate) fn begins(&self, before: &str) -> bool {
        self.before == before
    }

    /// Whether somebody is named in it.
    pub(crate) fn is_somebodys(&self) -> bool {
        self.by.is_some()
    }

    /// The same with something else before the name.
    pub(crate) fn beginning(&self, before: &'static str) -> Whose {
        Whose { before: before.into(), ..self.clone() }
    }
}
