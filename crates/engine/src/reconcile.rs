//! Whether a document may take the place of the one that a run goes by: a table over how far each step has come and what
//! became of it in the new document.

use std::collections::BTreeSet;

use holdpoint_model::{FrontMatter, Input, Plan, Span, Step};

use crate::Run;

/// How far a step has come when its document is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Everything in it is settled.
    Done,
    /// Something of it is on record.
    UnderWay,
    /// Nothing is on record of it.
    Remaining,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It asks for the same, behind the same steps.
    Same,
    /// It asks for the same, and other steps stand before it than did.
    Moved,
    /// It asks for something else.
    Changed,
    /// It is not there any more.
    Gone,
    /// It was not there.
    New,
}

/// A step of either document, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fate {
    /// The step's id.
    pub step: String,
    /// How far it has come; of a new one, the farthest that a step behind it has.
    pub progress: Progress,
    /// What became of it.
    pub became: Became,
}

impl Fate {
    /// The table. What is done or under way stays what it is and where it is, and nothing new comes before it; what
    /// nobody has begun may be anything.
    pub fn may_be(&self) -> bool {
        match (self.progress, self.became) {
            (Progress::Done | Progress::UnderWay, Became::Same) => true,
            (
                Progress::Done | Progress::UnderWay,
                Became::Moved | Became::Changed | Became::Gone | Became::New,
            ) => false,
            (
                Progress::Remaining,
                Became::Same | Became::Moved | Became::Changed | Became::Gone | Became::New,
            ) => true,
        }
    }

    /// Why it may not be, in words.
    fn refusal(&self) -> String {
        let Fate { step, progress, became } = self;
        let stands = match progress {
            Progress::Done => "is done",
            Progress::UnderWay => "is under way",
            Progress::Remaining => "has not begun",
        };
        match (became, progress) {
            (Became::New, Progress::Done) => format!("{step} is new, and stands before a step that is done"),
            (Became::New, _) => format!("{step} is new, and stands before a step that is under way"),
            (Became::Gone, _) => format!("{step} {stands}, and is gone"),
            (Became::Moved, _) => format!("{step} {stands}, and other steps stand before it now"),
            (Became::Changed | Became::Same, _) => format!("{step} {stands}, and is not the same"),
        }
    }
}

/// What became of every step, and why the document may not take the other one's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The old document's steps in their order, then the new ones in theirs.
    pub fates: Vec<Fate>,
    /// One reason each; none where it may.
    pub refusals: Vec<String>,
}

/// What becomes of a run of `old` that goes on by `new`; `progress` has as many of the old steps, in order, as anything is
/// on record of, and all others remain.
pub fn reconcile(old: &Plan, new: &Plan, progress: &[Progress]) -> Reconciled {
    let mut refusals = claims(old, new);
    let before_old = Before::of(old, new);
    let before_new = Before::of(new, old);
    let of = |index: usize| progress.get(index).copied().unwrap_or(Progress::Remaining);
    let mut fates = Vec::new();
    for (index, step) in old.steps.iter().enumerate() {
        let became = match new.step(&step.id) {
            None => Became::Gone,
            Some((_, there)) if !is_same(step, there) => Became::Changed,
            Some((there, _)) if before_old.step(index) != before_new.step(there) => Became::Moved,
            Some(_) => Became::Same,
        };
        fates.push(Fate { step: step.id.clone(), progress: of(index), became });
    }
    for (index, step) in new.steps.iter().enumerate() {
        if old.step(&step.id).is_some() {
            continue;
        }
        let behind = new.steps[index..].iter().filter_map(|behind| Some(of(old.step(&behind.id)?.0)));
        let behind: BTreeSet<u8> = behind.map(rank).collect();
        let progress = match behind.first() {
            Some(0) => Progress::Done,
            Some(1) => Progress::UnderWay,
            _ => Progress::Remaining,
        };
        fates.push(Fate { step: step.id.clone(), progress, became: Became::New });
    }
    refusals.extend(fates.iter().filter(|fate| !fate.may_be()).map(Fate::refusal));
    Reconciled { fates, refusals }
}

fn rank(progress: Progress) -> u8 {
    match progress {
        Progress::Done => 0,
        Progress::UnderWay => 1,
        Progress::Remaining => 2,
    }
}

/// Of each step of a plan, those before it that another plan has too.
struct Before<'p>(Vec<BTreeSet<&'p str>>);

impl<'p> Before<'p> {
    fn of(plan: &'p Plan, other: &Plan) -> Before<'p> {
        let mut before = BTreeSet::new();
        let sets = plan.steps.iter().map(|step| {
            let so_far = before.clone();
            if other.step(&step.id).is_some() {
                before.insert(step.id.as_str());
            }
            so_far
        });
        Before(sets.collect())
    }

    fn step(&self, index: usize) -> &BTreeSet<&'p str> {
        &self.0[index]
    }
}

/// Whether two steps ask for the same: their own bytes, and what they inherit. Where they stand, and under which number and
/// headings, is not looked at.
fn is_same(one: &Step, other: &Step) -> bool {
    let bare = |step: &Step| {
        let mut step = Step { number: String::new(), path: Vec::new(), ..step.clone() };
        step.each_span(&mut |span| *span = Span::default());
        step
    };
    bare(one) == bare(other)
}

/// What a run was opened with must be what the new document asks for.
fn claims(old: &Plan, new: &Plan) -> Vec<String> {
    let mut refusals = Vec::new();
    if old.kind != new.kind {
        refusals.push("one of the two is a run-book of this format, and the other is none".to_owned());
    }
    let asks = |front: &FrontMatter| {
        let bare = |input: &Input| (input.name.clone(), input.kind.clone(), input.secret);
        front.inputs.iter().map(bare).collect::<Vec<_>>()
    };
    if asks(&old.front) != asks(&new.front) {
        refusals.push("it asks for other inputs than the run was opened with".to_owned());
    }
    refusals
}

impl Run {
    /// How far each step has come of which anything is on record, in document order: every step up to the last such one.
    pub fn progress_of_steps(&self) -> Vec<Progress> {
        let of = |step: usize| if self.is_settled(step) { Progress::Done } else { Progress::UnderWay };
        (0..self.furthest).map(of).collect()
    }

    /// What would become of every step if the run went on by this plan.
    pub fn reconcile(&self, old: &Plan, new: &Plan) -> Reconciled {
        reconcile(old, new, &self.progress_of_steps())
    }
}
