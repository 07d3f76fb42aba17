//! A path followed through a document, its steps counted. `None` where they are used up.

use std::borrow::Cow;

use super::tree::{Comparison, Logical, Operand, Query, Segment, Selector};
use crate::json::Value;

pub(super) fn select<'v>(segments: &[Segment], root: &'v Value, steps: u64) -> Option<(Vec<&'v Value>, u64)> {
    let mut walk = Walk { root, steps };
    let nodes = walk.nodes(segments, root)?;
    Some((nodes, walk.steps))
}

/// Where a path is followed, and how many steps are left.
pub(super) struct Walk<'v> {
    root: &'v Value,
    steps: u64,
}

impl<'v> Walk<'v> {
    pub(super) fn spend(&mut self, steps: u64) -> Option<()> {
        self.steps = self.steps.checked_sub(steps)?;
        Some(())
    }

    fn nodes(&mut self, segments: &[Segment], from: &'v Value) -> Option<Vec<&'v Value>> {
        let mut nodes = vec![from];
        for segment in segments {
            let mut next = Vec::new();
            for node in nodes {
                self.segment(segment, node, &mut next)?;
            }
            nodes = next;
        }
        self.spend(1)?;
        Some(nodes)
    }

    fn segment(&mut self, segment: &Segment, node: &'v Value, out: &mut Vec<&'v Value>) -> Option<()> {
        self.spend(1)?;
        for selector in &segment.selectors {
            self.selector(selector, node, out)?;
        }
        if segment.descendants {
            for child in children(node) {
                self.segment(segment, child, out)?;
            }
        }
        Some(())
    }

    fn selector(&mut self, selector: &Selector, node: &'v Value, out: &mut Vec<&'v Value>) -> Option<()> {
        self.spend(1)?;
        match (selector, node) {
            (Selector::Name(name), Value::Object(members)) => out.extend(members.get(name)),
            (Selector::Index(index), Value::Array(items)) => {
                out.extend(place(*index, items.len()).and_then(|at| items.get(at)));
            }
            (Selector::Wildcard, _) => {
                for child in children(node) {
                    self.spend(1)?;
                    out.push(child);
                }
            }
            (Selector::Slice { start, end, step }, Value::Array(items)) => {
                for at in slice(*start, *end, *step, items.len()) {
                    self.spend(1)?;
                    out.extend(items.get(at));
                }
            }
            (Selector::Filter(filter), _) => {
                for child in children(node) {
                    if self.holds(filter, child)? {
                        out.push(child);
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn holds(&mut self, filter: &Logical, here: &'v Value) -> Option<bool> {
        self.spend(1)?;
        match filter {
            Logical::Any(parts) => {
                for part in parts {
                    if self.holds(part, here)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Logical::All(parts) => {
                for part in parts {
                    if !self.holds(part, here)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Logical::Not(inner) => Some(!self.holds(inner, here)?),
            Logical::Exists(query) => Some(!self.query(query, here)?.is_empty()),
            Logical::Compare(left, comparison, right) => {
                let (left, right) = (self.operand(left, here)?, self.operand(right, here)?);
                self.spend(1)?;
                if let (Some(left), Some(right)) = (left.as_deref(), right.as_deref()) {
                    self.spend_on_comparing(left, right)?;
                }
                Some(compare(left.as_deref(), *comparison, right.as_deref()))
            }
            Logical::Matches(matches) => self.matches(matches, here),
        }
    }

    /// What comparing these takes at the most, paid for as it is found out: to look is work as well.
    fn spend_on_comparing(&mut self, left: &Value, right: &Value) -> Option<()> {
        match (left, right) {
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                for (left, right) in left.iter().zip(right) {
                    self.spend(1)?;
                    self.spend_on_comparing(left, right)?;
                }
                Some(())
            }
            (Value::Object(left), Value::Object(right)) if left.len() == right.len() => {
                for (name, left) in left {
                    self.spend(name.len() as u64 / 64 + 1)?;
                    right.get(name).map_or(Some(()), |right| self.spend_on_comparing(left, right))?;
                }
                Some(())
            }
            (Value::String(left), Value::String(right)) => {
                self.spend(left.len().min(right.len()) as u64 / 64)
            }
            (Value::Number(left), Value::Number(right)) => {
                self.spend((left.as_str().len() + right.as_str().len()) as u64 / 16)
            }
            _ => Some(()),
        }
    }

    pub(super) fn query(&mut self, query: &Query, here: &'v Value) -> Option<Vec<&'v Value>> {
        self.nodes(&query.segments, if query.relative { here } else { self.root })
    }

    /// The operand's value; the inner `None` is RFC 9535's Nothing.
    pub(super) fn operand<'o>(
        &mut self,
        operand: &'o Operand,
        here: &'v Value,
    ) -> Option<Option<Cow<'o, Value>>>
    where
        'v: 'o,
    {
        Some(match operand {
            Operand::Literal(value) => Some(Cow::Borrowed(value)),
            Operand::Singular(query) => self.query(query, here)?.first().copied().map(Cow::Borrowed),
            Operand::Value(query) => match self.query(query, here)?.as_slice() {
                [one] => Some(Cow::Borrowed(*one)),
                _ => None,
            },
            Operand::Count(query) => Some(counted(self.query(query, here)?.len())),
            Operand::Length(operand) => match self.operand(operand, here)?.as_deref() {
                Some(Value::String(text)) => {
                    self.spend(text.len() as u64 / 64)?;
                    Some(counted(text.chars().count()))
                }
                Some(Value::Array(items)) => Some(counted(items.len())),
                Some(Value::Object(members)) => Some(counted(members.len())),
                _ => None,
            },
        })
    }
}

fn counted(count: usize) -> Cow<'static, Value> {
    Cow::Owned(Value::Number(count.into()))
}

fn children(node: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match node {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Where an index stands; negative ones count from the end.
fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(if index < 0 { length + index } else { index }).ok()
}

/// RFC 9535, 2.3.4.2.2.
fn slice(start: Option<i64>, end: Option<i64>, step: i64, length: usize) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let normal = |at: i64| if at >= 0 { at } else { length.saturating_add(at) };
    let (first, last) = match step >= 0 {
        true => (normal(start.unwrap_or(0)).clamp(0, length), normal(end.unwrap_or(length)).clamp(0, length)),
        false => (
            normal(start.unwrap_or(length - 1)).clamp(-1, length - 1),
            end.map_or(-1, |end| normal(end).clamp(-1, length - 1)),
        ),
    };
    let within = move |at: &i64| (step > 0 && *at < last) || (step < 0 && *at > last);
    let places = std::iter::successors(Some(first), move |at| at.checked_add(step)).take_while(within);
    places.filter_map(|at| usize::try_from(at).ok())
}

fn compare(left: Option<&Value>, comparison: Comparison, right: Option<&Value>) -> bool {
    let less = |a: Option<&Value>, b: Option<&Value>| match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a < b,
        (Some(Value::String(a)), Some(Value::String(b))) => a < b,
        _ => false,
    };
    match comparison {
        Comparison::Equal => left == right,
        Comparison::Unequal => left != right,
        Comparison::Less => less(left, right),
        Comparison::AtMost => less(left, right) || left == right,
        Comparison::Greater => less(right, left),
        Comparison::AtLeast => less(right, left) || left == right,
    }
}
