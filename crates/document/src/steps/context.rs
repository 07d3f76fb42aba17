//! What a step is made of, and what around it holds.

use std::rc::Rc;

use crate::include::Instance;
use crate::lints::Looked;
use crate::markdown::Tree;
use crate::{FrontMatter, OnFailure, Rollout, Span, Step};

/// What steps of a run-book are made of.
pub(crate) struct Book<'b> {
    pub(crate) source: &'b str,
    pub(crate) tree: &'b Tree,
    pub(crate) title: &'b str,
    /// Whether sections that are only to be read are steps: where it says `manual: true`.
    pub(crate) confirms: bool,
    /// What includes make of it.
    pub(crate) instances: &'b [Instance],
    /// Scripts are linted where it is given.
    pub(crate) lints: Option<&'b FrontMatter>,
}

/// The steps, with what can only be judged once all of them are known.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) steps: Vec<Step>,
    /// Roles that are named, and where.
    pub(crate) roles: Vec<(String, Span)>,
    /// Targets that are named, and where.
    pub(crate) targets: Vec<(String, Span)>,
    /// Secrets that blocks ask for, and where.
    pub(crate) secrets: Vec<(String, Span)>,
    /// Ids given by hand, and where.
    pub(crate) ids: Vec<(String, Span)>,
    /// What lints make of each script by itself, where they are asked.
    pub(crate) looked: Vec<Looked>,
}

/// What is inherited from the headings and items above.
#[derive(Clone, Default)]
pub(super) struct Context {
    /// Shared: most of the containers below add nothing to it.
    pub(super) path: Rc<Vec<String>>,
    pub(super) role: Option<String>,
    pub(super) when: Vec<String>,
    pub(super) target: Option<String>,
    pub(super) rollout: Option<Rollout>,
    pub(super) on_failure: OnFailure,
}

impl Context {
    /// What is inherited below a heading or an item of this title.
    pub(super) fn below(&self, title: Option<String>) -> Context {
        let mut inner = self.clone();
        if let Some(title) = title {
            Rc::make_mut(&mut inner.path).push(title);
        }
        inner
    }
}

/// What a step is called and where it stands.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) title: String,
    pub(super) span: Span,
    /// Where prose of its first action begins.
    pub(super) prose: usize,
}
