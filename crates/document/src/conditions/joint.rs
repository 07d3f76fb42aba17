//! What comes out the same in every world: comparisons by themselves, and what `and`, `or` and `not` make of them.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};

use super::complaint::Complaint;
use super::kinds::{Kind, Texts};
use super::printed::{to_ask, to_show};
use super::worlds::{MOST, Worlds};
use crate::findings::suggest;

/// Most evaluations spent on one condition.
const EVALUATIONS: usize = 200_000;

/// Longest expression that is shown in a message.
const SHOWN: usize = 120;

/// A part of an expression that is true or false.
struct Node<'e, 'a> {
    expression: &'e Expr<'a>,
    what: What<'e, 'a>,
}

enum What<'e, 'a> {
    All(Vec<Node<'e, 'a>>),
    Any(Vec<Node<'e, 'a>>),
    Not(Box<Node<'e, 'a>>),
    /// `one if test else other`.
    Either(Box<[Node<'e, 'a>; 3]>),
    /// Holds where all of these do, or any of them.
    Atoms(Vec<usize>, bool),
}

/// Complaints about what comes out the same whatever its names are. Only for what has nothing else wrong with it.
pub(super) fn decided(
    expression: &Expr<'_>,
    known: &dyn Fn(&str) -> (Kind, bool),
    kind: &mut dyn FnMut(&Expr<'_>) -> Kind,
    template: bool,
) -> Vec<Complaint> {
    let mut worlds = Worlds::new(known, kind, template);
    let root = read(expression, &mut worlds, 0);
    worlds.settle();
    let mut judge = Judge { worlds: &worlds, known, left: EVALUATIONS, complaints: Vec::new() };
    judge.look(&root);
    judge.complaints
}

fn read<'e, 'a>(expression: &'e Expr<'a>, worlds: &mut Worlds<'_>, depth: usize) -> Node<'e, 'a> {
    let what = match expression {
        _ if depth > super::operators::DEEPEST => What::Atoms(worlds.atoms_of(expression), true),
        Expr::BinOp(binary) if matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
            let mut parts = Vec::new();
            let mut at = expression;
            // It leans to the left.
            while let Expr::BinOp(inner) = at
                && std::mem::discriminant(&inner.op) == std::mem::discriminant(&binary.op)
            {
                parts.push(&inner.right);
                at = &inner.left;
            }
            parts.push(at);
            let parts = parts.into_iter().rev().map(|part| read(part, worlds, depth + 1)).collect();
            if matches!(binary.op, BinOpKind::ScAnd) { What::All(parts) } else { What::Any(parts) }
        }
        Expr::UnaryOp(unary) if matches!(unary.op, UnaryOpKind::Not) => {
            What::Not(Box::new(read(&unary.expr, worlds, depth + 1)))
        }
        Expr::IfExpr(choice) if choice.false_expr.is_some() => {
            let other = choice.false_expr.as_ref().unwrap_or(&choice.true_expr);
            What::Either(Box::new([
                read(&choice.test_expr, worlds, depth + 1),
                read(&choice.true_expr, worlds, depth + 1),
                read(other, worlds, depth + 1),
            ]))
        }
        _ => match worlds.items_of(expression) {
            Some(items) => What::Atoms(items, false),
            None => What::Atoms(worlds.atoms_of(expression), true),
        },
    };
    Node { expression, what }
}

struct Judge<'w, 'n> {
    worlds: &'w Worlds<'n>,
    known: &'w dyn Fn(&str) -> (Kind, bool),
    left: usize,
    complaints: Vec<Complaint>,
}

impl Judge<'_, '_> {
    /// Tells of the innermost parts that come out the same; whether any did.
    fn look(&mut self, node: &Node<'_, '_>) -> bool {
        let told = match &node.what {
            What::All(parts) | What::Any(parts) => {
                let mut told = false;
                for part in parts {
                    told |= self.look(part);
                }
                told || self.look_at_pairs(node, parts)
            }
            // What is no rehearsal here may be one in another configuration: `not environment.rehearsal` waits for that.
            What::Not(inner) => !matches!(inner.expression, Expr::GetAttr(_)) && self.look(inner),
            What::Either(parts) => {
                let mut told = false;
                for part in parts.iter() {
                    told |= self.look(part);
                }
                told
            }
            What::Atoms(..) => false,
        };
        // `false` alone says plainly what it does.
        if told || matches!(node.expression, Expr::Const(_)) {
            return told;
        }
        let Some(held) = self.outcome(&[node], true) else { return false };
        let complaint = self.told(node, held);
        self.complaints.push(complaint);
        true
    }

    /// Two parts that cannot hold together, or of which one always holds.
    fn look_at_pairs(&mut self, node: &Node<'_, '_>, parts: &[Node<'_, '_>]) -> bool {
        let all = matches!(node.what, What::All(_));
        for (at, one) in parts.iter().enumerate() {
            for other in &parts[at + 1..] {
                if self.outcome(&[one, other], all) != Some(!all) {
                    continue;
                }
                let (Some(one), Some(other)) = (shown(one.expression), shown(other.expression)) else {
                    return false;
                };
                self.complaints.push(match all {
                    true => Complaint {
                        message: format!("`{one}` and `{other}` never hold both"),
                        help: format!("write `{one} or {other}`, if one of them is enough"),
                    },
                    false => Complaint {
                        message: format!("one of `{one}` and `{other}` always holds"),
                        help: format!(
                            "write `{one} and {other}`, if both are meant, or leave the condition out"
                        ),
                    },
                });
                return true;
            }
        }
        false
    }

    fn told(&self, node: &Node<'_, '_>, held: bool) -> Complaint {
        let how = if held { "always holds" } else { "never holds" };
        let what = shown(node.expression).map_or_else(|| "this".to_owned(), |text| format!("`{text}`"));
        let names = to_ask(node.expression).map(|asked| asked.names).unwrap_or_default();
        let message = match names.as_slice() {
            [] => format!("{what} {how}"),
            [name] if !held && (self.known)(name).0 == Kind::Truth(Some(false)) => {
                format!("{what} {how}: there is no such environment that this document can run in")
            }
            names => format!("{what} {how}, whatever `{}` is", names.join("`, `")),
        };
        let help = names.iter().find_map(|name| match (self.known)(name).0 {
            Kind::Text(Texts::OneOf(texts, plural)) => {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                Some(suggest("", &texts, plural))
            }
            Kind::Truth(Some(false)) => {
                let key = name.rsplit('.').next().unwrap_or(name);
                Some(format!(
                    "set `{key} = true` for an environment in holdpoint.toml, or leave the condition out"
                ))
            }
            _ => None,
        });
        let otherwise = match &node.what {
            What::All(_) if !held => {
                "write `or` if one of them is enough, or take out what contradicts the rest"
            }
            What::Any(_) if held => "write `and` if all of them are meant, or leave the condition out",
            _ => "compare with something that may be so or not",
        };
        Complaint { message, help: help.unwrap_or_else(|| otherwise.to_owned()) }
    }

    /// What these come to together, by `and` or by `or`, where that is the same in every world.
    fn outcome(&mut self, nodes: &[&Node<'_, '_>], all: bool) -> Option<bool> {
        let mut used = BTreeSet::new();
        nodes.iter().for_each(|node| self.used(node, &mut used));
        let used: Vec<usize> = used.into_iter().collect();
        let sizes = used.iter().map(|at| self.worlds.variables[*at].values.len());
        let count = sizes.clone().try_fold(1_usize, |all, size| all.checked_mul(size))?;
        if count > MOST || count == 0 {
            return None;
        }
        let mut world = vec![0; self.worlds.variables.len()];
        let (mut may_hold, mut may_fail, mut fails_elsewhere) = (false, false, false);
        for number in 0..count {
            self.left = self.left.checked_sub(1)?;
            let mut rest = number;
            let mut inside = true;
            for at in &used {
                let variable = &self.worlds.variables[*at];
                world[*at] = rest % variable.values.len();
                rest /= variable.values.len();
                inside &= world[*at] < variable.inside;
            }
            let mut outcome = Some(all);
            for node in nodes {
                if outcome == Some(all) {
                    outcome = self.evaluate(node, &world);
                }
            }
            match (outcome, inside) {
                (Some(true), true) => may_hold = true,
                (Some(false), true) => may_fail = true,
                (Some(false), false) => fails_elsewhere = true,
                _ => {}
            }
            if may_hold && may_fail {
                return None;
            }
        }
        match (may_hold, may_fail) {
            (true, false) if !fails_elsewhere => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    fn used(&self, node: &Node<'_, '_>, used: &mut BTreeSet<usize>) {
        match &node.what {
            What::All(parts) | What::Any(parts) => parts.iter().for_each(|part| self.used(part, used)),
            What::Not(inner) => self.used(inner, used),
            What::Either(parts) => parts.iter().for_each(|part| self.used(part, used)),
            What::Atoms(atoms, _) => {
                used.extend(atoms.iter().flat_map(|at| &self.worlds.atoms[*at].variables));
            }
        }
    }

    /// What it is in one world; `None` where it cannot be evaluated there.
    fn evaluate(&self, node: &Node<'_, '_>, world: &[usize]) -> Option<bool> {
        match &node.what {
            What::All(parts) => join(parts.iter().map(|part| self.evaluate(part, world)), true),
            What::Any(parts) => join(parts.iter().map(|part| self.evaluate(part, world)), false),
            What::Not(inner) => self.evaluate(inner, world).map(|held| !held),
            What::Either(parts) => match self.evaluate(&parts[0], world)? {
                true => self.evaluate(&parts[1], world),
                false => self.evaluate(&parts[2], world),
            },
            What::Atoms(atoms, all) => join(
                atoms.iter().map(|at| {
                    let atom = &self.worlds.atoms[*at];
                    let (mut index, mut step) = (0, 1);
                    for variable in &atom.variables {
                        index += world[*variable] * step;
                        step *= self.worlds.variables[*variable].values.len();
                    }
                    atom.outcomes.get(index).copied().flatten()
                }),
                *all,
            ),
        }
    }
}

fn shown(expression: &Expr<'_>) -> Option<String> {
    to_show(expression).filter(|text| text.chars().count() <= SHOWN)
}

/// By `and` where `all`, else by `or`: up to the first that says what comes of it, or cannot be evaluated.
fn join(mut parts: impl Iterator<Item = Option<bool>>, all: bool) -> Option<bool> {
    parts.find(|part| *part != Some(all)).unwrap_or(Some(all))
}
