//! All that the names in a condition can be, and what each comparison in it comes to then.
//!
//! Nothing here says once more what the library does: a comparison of names that can be few things is asked of it for
//! each of them. Of a name that can be anything, values stand for all others that compare in the same way. What nobody
//! can ask is true in one world and false in another, so that nothing false is said of it: but where the text that it is
//! asked of is one that is written out beside it.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_bounded::template;
use minijinja::Value;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr};

use super::kinds::{CONFIGURED, Kind, Operator, Range};
use super::made::counts;
use super::operators::{comparison, of_link, of_test};
use super::printed::{Asked, dotted, to_ask, to_show};

/// Most worlds that one comparison is looked at in.
pub(super) const MOST: usize = 4096;

/// As long as nobody asks whether something is.
const LONG: usize = 200;

/// Most numbers that `range(…)` is taken apart into.
const COUNTED: usize = 100;

/// What a name, or a comparison that nobody can ask, can be.
pub(super) struct Variable {
    pub(super) values: Vec<Value>,
    /// How many of them are known to be possible. Others may be elsewhere, as the name of another environment.
    pub(super) inside: usize,
}

/// A comparison, or whatever else is true or false.
pub(super) struct Atom {
    pub(super) variables: Vec<usize>,
    /// What it is for each of their values, the first variable's counting fastest; `None` where it cannot be evaluated.
    pub(super) outcomes: Vec<Option<bool>>,
}

/// A comparison of something that can be anything with a value.
struct Pending {
    atom: usize,
    variable: usize,
    operator: Operator,
    value: Value,
}

/// Something that is asked of a text in another way than by its own order: of `lower`, of its length, of what is in it.
/// Of a text that is written out in a comparison beside it, that can be evaluated.
struct Guise {
    atom: usize,
    asked: Asked,
    /// What it is compared with, where it is not true or false by itself.
    against: Option<(Operator, Value)>,
}

/// Whether something begins or ends with a word.
struct Affix {
    atom: usize,
    variable: usize,
    word: String,
    last: bool,
}

pub(super) struct Worlds<'n> {
    /// What is known of a name, and whether it always has a value.
    known: &'n dyn Fn(&str) -> (Kind, bool),
    kind: &'n mut dyn FnMut(&Expr<'_>) -> Kind,
    template: bool,
    pub(super) variables: Vec<Variable>,
    pub(super) atoms: Vec<Atom>,
    by_name: BTreeMap<String, usize>,
    pending: Vec<Pending>,
    guises: Vec<Guise>,
    affixes: Vec<Affix>,
    ranges: BTreeMap<usize, Kind>,
}

impl<'n> Worlds<'n> {
    pub(super) fn new(
        known: &'n dyn Fn(&str) -> (Kind, bool),
        kind: &'n mut dyn FnMut(&Expr<'_>) -> Kind,
        template: bool,
    ) -> Worlds<'n> {
        Worlds {
            known,
            kind,
            template,
            variables: Vec::new(),
            atoms: Vec::new(),
            by_name: BTreeMap::new(),
            pending: Vec::new(),
            guises: Vec::new(),
            affixes: Vec::new(),
            ranges: BTreeMap::new(),
        }
    }

    /// The atoms that an expression which is neither `and`, `or` nor `not` comes to: it holds where all of them do.
    pub(super) fn atoms_of(&mut self, expression: &Expr<'_>) -> Vec<usize> {
        if let Some(atom) = self.asked(expression) {
            return vec![self.add(atom)];
        }
        let compared = match expression {
            Expr::BinOp(binary) => comparison(binary.op).and_then(|operator| {
                self.compared(operator, &binary.left, &binary.right).map(|one| vec![one])
            }),
            Expr::Compare(chain) => {
                let mut left = &chain.expr;
                let mut all = Some(Vec::new());
                for link in &chain.ops {
                    let one = of_link(link.op).and_then(|operator| self.compared(operator, left, &link.expr));
                    all = all.zip(one).map(|(mut all, one)| {
                        all.push(one);
                        all
                    });
                    left = &link.expr;
                }
                all
            }
            Expr::Test(test) => match (of_test(test.name), test.args.as_slice()) {
                (Some(operator), [CallArg::Pos(other)]) => {
                    self.compared(operator, &test.expr, other).map(|one| vec![one])
                }
                _ => self.affix(test.name, &test.expr, &test.args, expression).map(|one| vec![one]),
            },
            _ => None,
        };
        compared.unwrap_or_else(|| vec![self.free(expression)])
    }

    /// The items of `left in [one, other]`, each as `left == item`; `None` where it is another expression.
    pub(super) fn items_of(&mut self, expression: &Expr<'_>) -> Option<Vec<usize>> {
        let Expr::BinOp(binary) = expression else { return None };
        if !matches!(binary.op, BinOpKind::In) || self.asked(expression).is_some() {
            return None;
        }
        let items = match &binary.right {
            Expr::List(list) => &list.items,
            Expr::Tuple(tuple) => &tuple.items,
            counting => {
                let counted =
                    counts(counting).filter(|numbers| !numbers.is_empty() && numbers.len() <= COUNTED)?;
                let equal = |number| self.against(Operator::Equal, &binary.left, Value::from(number));
                return counted.into_iter().map(equal).collect();
            }
        };
        items.iter().map(|item| self.compared(Operator::Equal, &binary.left, item)).collect()
    }

    fn add(&mut self, atom: Atom) -> usize {
        self.atoms.push(atom);
        self.atoms.len() - 1
    }

    fn variable(&mut self, name: String, variable: Variable) -> usize {
        *self.by_name.entry(name).or_insert_with(|| {
            self.variables.push(variable);
            self.variables.len() - 1
        })
    }

    /// What may be true or false: the same wherever it is written in the same way.
    fn free(&mut self, expression: &Expr<'_>) -> usize {
        let name = to_show(expression).unwrap_or_else(|| format!("#{}", self.variables.len()));
        let values = vec![Value::from(false), Value::from(true)];
        let variable = self.variable(format!("? {name}"), Variable { values, inside: 2 });
        let atom = self.add(Atom { variables: vec![variable], outcomes: vec![Some(false), Some(true)] });
        self.guises.extend(to_ask(expression).map(|asked| Guise { atom, asked, against: None }));
        atom
    }

    /// `term is startingwith "word"`, and what ends so.
    fn affix(
        &mut self,
        test: &str,
        term: &Expr<'_>,
        arguments: &[CallArg<'_>],
        whole: &Expr<'_>,
    ) -> Option<usize> {
        let last = match test {
            "startingwith" => false,
            "endingwith" => true,
            _ => return None,
        };
        let [CallArg::Pos(word)] = arguments else { return None };
        let word = constant(word)?.as_str()?.to_owned();
        let name = to_show(term)?;
        let asked = to_ask(whole)?;
        let empty = Variable { values: Vec::new(), inside: 0 };
        let variable = self.variable(format!("{} {name}", if last { "$" } else { "^" }), empty);
        let atom = self.add(Atom { variables: vec![variable], outcomes: Vec::new() });
        self.affixes.push(Affix { atom, variable, word, last });
        self.guises.push(Guise { atom, asked, against: None });
        Some(atom)
    }

    /// An expression of names that can be few things.
    fn asked(&mut self, expression: &Expr<'_>) -> Option<Atom> {
        let asked = to_ask(expression)?;
        let found: Option<Vec<Variable>> = asked.names.iter().map(|name| self.few(name)).collect();
        let found = found?;
        let worlds = found.iter().try_fold(1_usize, |all, one| all.checked_mul(one.values.len()))?;
        if worlds > MOST {
            return None;
        }
        let environment = template::environment();
        let compiled = template::expression(&environment, &asked.text).ok()?;
        let mut context = asked.context();
        let mut outcomes = Vec::with_capacity(worlds);
        for world in 0..worlds {
            let mut rest = world;
            for (at, variable) in found.iter().enumerate() {
                let value = &variable.values[rest % variable.values.len()];
                rest /= variable.values.len();
                match value.is_undefined() {
                    true => context.remove(&format!("__n{at}")),
                    false => context.insert(format!("__n{at}"), value.clone()),
                };
            }
            let outcome = compiled.eval(Value::from_object(Context(context.clone()))).ok();
            let outcome = outcome.filter(|value| !value.is_undefined());
            let truth = |value: &Value| value.kind() == minijinja::value::ValueKind::Bool || self.template;
            outcomes.push(outcome.filter(truth).map(|value| value.is_true()));
        }
        let variables = asked
            .names
            .iter()
            .zip(found)
            .map(|(name, variable)| self.variable(name.clone(), variable))
            .collect();
        Some(Atom { variables, outcomes })
    }

    /// Everything that a name can be, where that is little.
    fn few(&self, name: &str) -> Option<Variable> {
        let (kind, always) = (self.known)(name);
        let mut values = match &kind {
            // A template sees it as it was written.
            Kind::Number(range) if self.template && range.declared => return None,
            Kind::Truth(None) => vec![Value::from(false), Value::from(true)],
            Kind::Truth(Some(only)) => vec![Value::from(*only)],
            kind => kind.values()?,
        };
        if !always {
            values.push(Value::UNDEFINED);
        }
        let inside = values.len();
        // What always holds is to hold with another configuration too.
        if let Kind::Text(texts) = &kind
            && texts.elsewhere().is_some()
        {
            values.extend(["!", "another", "~~~", &"~".repeat(LONG)].map(Value::from));
            if texts.elsewhere() == Some(CONFIGURED) {
                values.extend(["", "0", "-999999999", "999999999"].map(Value::from));
            }
        }
        if let Kind::Truth(Some(only)) = kind {
            values.push(Value::from(!only));
        }
        (inside > 0).then_some(Variable { values, inside })
    }

    /// A comparison of anything with a value that is written out.
    fn compared(&mut self, operator: Operator, left: &Expr<'_>, right: &Expr<'_>) -> Option<usize> {
        let (term, operator, value) = match (constant(left), constant(right)) {
            (None, Some(value)) => (left, operator, value),
            (Some(value), None) => (right, operator.turned(), value),
            _ => return None,
        };
        self.against(operator, term, value)
    }

    /// A comparison of anything with a value.
    fn against(&mut self, operator: Operator, term: &Expr<'_>, value: Value) -> Option<usize> {
        let kind = (self.kind)(term);
        let fits = match &kind {
            Kind::Text(_) => value.as_str().is_some(),
            Kind::Number(range) => {
                let exact = f64::try_from(value.clone()).is_ok_and(|value| value.abs() < EXACT);
                exact
                    && value.kind() == minijinja::value::ValueKind::Number
                    && !(self.template && range.declared)
            }
            _ => false,
        };
        if !fits {
            return None;
        }
        let plain = dotted(term);
        let guise = if plain.is_none() { to_ask(term) } else { None };
        let name = plain.or_else(|| to_show(term))?;
        let empty = Variable { values: Vec::new(), inside: 0 };
        let variable = self.variable(format!("= {name}"), empty);
        let atom = self.add(Atom { variables: vec![variable], outcomes: Vec::new() });
        self.ranges.insert(variable, kind);
        let against = Some((operator, value.clone()));
        self.guises.extend(guise.map(|asked| Guise { atom, asked, against }));
        self.pending.push(Pending { atom, variable, operator, value });
        Some(atom)
    }

    /// Gives everything that is compared with values some that stand for all.
    pub(super) fn settle(&mut self) {
        for (variable, kind) in &self.ranges {
            let values: Vec<&Value> =
                self.pending.iter().filter(|it| it.variable == *variable).map(|it| &it.value).collect();
            let stand_ins = match kind {
                Kind::Number(range) => numbers(&values, *range),
                _ => texts(&values),
            };
            self.variables[*variable] = Variable { inside: stand_ins.len(), values: stand_ins };
        }
        let pending = std::mem::take(&mut self.pending);
        for Pending { atom, variable, operator, value } in &pending {
            let (atom, variable) = (*atom, *variable);
            let outcomes = self.variables[variable].values.iter().map(|one| Some(operator.holds(one, value)));
            self.atoms[atom].outcomes = outcomes.collect();
        }
        self.settle_affixes();
        for guise in std::mem::take(&mut self.guises) {
            self.show_through(&guise, &pending);
        }
    }

    /// A text begins with one of the words that are asked for, and so with those that begin that word, or with none.
    fn settle_affixes(&mut self) {
        let affixes = std::mem::take(&mut self.affixes);
        for affix in &affixes {
            let words: BTreeSet<&str> = affixes
                .iter()
                .filter(|other| other.variable == affix.variable)
                .map(|other| other.word.as_str())
                .collect();
            let holds = |one: &&str| match affix.last {
                true => one.ends_with(&affix.word),
                false => one.starts_with(&affix.word),
            };
            let outcomes = words.iter().map(|one| Some(holds(one))).chain([Some(false)]).collect();
            let values: Vec<Value> =
                words.iter().map(|one| Value::from(*one)).chain([Value::from("\0")]).collect();
            self.variables[affix.variable] = Variable { inside: values.len(), values };
            self.atoms[affix.atom].outcomes = outcomes;
        }
    }

    /// Where a name is compared with texts that are written out, what else is asked of it is known for each of these.
    fn show_through(&mut self, guise: &Guise, pending: &[Pending]) {
        let [name] = guise.asked.names.as_slice() else { return };
        let Some(base) = self.by_name.get(&format!("= {name}")).copied() else { return };
        if !matches!(self.ranges.get(&base), Some(Kind::Text(_))) {
            return;
        }
        let compiled_by = template::environment();
        let Ok(compiled) = template::expression(&compiled_by, &guise.asked.text) else { return };
        let mut context: BTreeMap<String, Value> = guise.asked.context();
        let written: Vec<&Value> =
            pending.iter().filter(|it| it.variable == base).map(|it| &it.value).collect();
        let known: Vec<Option<Option<bool>>> = (self.variables[base].values.iter())
            .map(|value| {
                written.contains(&value).then(|| {
                    context.insert("__n0".to_owned(), value.clone());
                    let found = compiled.eval(Value::from_object(Context(context.clone()))).ok()?;
                    match &guise.against {
                        Some((operator, other)) => Some(operator.holds(&found, other)),
                        None => Some(found.is_true()),
                    }
                })
            })
            .collect();
        let atom = &mut self.atoms[guise.atom];
        let outcomes = (atom.outcomes.iter())
            .flat_map(|otherwise| known.iter().map(|known| known.unwrap_or(*otherwise)))
            .collect();
        atom.outcomes = outcomes;
        atom.variables.insert(0, base);
    }
}

/// Whole numbers below this are told apart from their neighbours.
pub(super) const EXACT: f64 = 9_007_199_254_740_000.0;

/// Numbers of which one stands for each that compares otherwise with these.
fn numbers(compared: &[&Value], range: Range) -> Vec<Value> {
    let mut known: Vec<f64> =
        compared.iter().filter_map(|value| f64::try_from((*value).clone()).ok()).collect();
    known.extend([range.least, range.most].into_iter().filter(|limit| limit.is_finite()));
    known.sort_by(f64::total_cmp);
    let mut values: Vec<f64> = Vec::new();
    for (at, one) in known.iter().enumerate() {
        match range.whole {
            true => values.extend([one.floor() - 1.0, one.floor(), one.ceil(), one.ceil() + 1.0]),
            false => {
                values.extend([*one, one - 1.0, one + 1.0]);
                values.extend(known.get(at + 1).map(|next| one + (next - one) / 2.0));
            }
        }
    }
    values.retain(|value| (range.least..=range.most).contains(value));
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.into_iter().map(Value::from).collect()
}

/// Texts of which one stands for each that compares otherwise with these.
fn texts(compared: &[&Value]) -> Vec<Value> {
    let mut values = vec![String::new()];
    for text in compared.iter().filter_map(|value| value.as_str()) {
        values.extend([text.to_owned(), format!("{text}\0")]);
    }
    values.sort();
    values.dedup();
    values.into_iter().map(Value::from).collect()
}

fn constant(expression: &Expr<'_>) -> Option<Value> {
    match expression {
        Expr::Const(constant) => Some(constant.value.clone()),
        Expr::UnaryOp(unary) => match (&unary.op, &unary.expr) {
            (minijinja::machinery::ast::UnaryOpKind::Neg, Expr::Const(constant)) => {
                f64::try_from(constant.value.clone()).ok().map(|number| Value::from(-number))
            }
            _ => None,
        },
        _ => None,
    }
}

impl Operator {
    /// With its sides swapped.
    pub(super) fn turned(self) -> Operator {
        match self {
            Operator::Less => Operator::Greater,
            Operator::AtMost => Operator::AtLeast,
            Operator::Greater => Operator::Less,
            Operator::AtLeast => Operator::AtMost,
            same => same,
        }
    }

    fn holds(self, left: &Value, right: &Value) -> bool {
        match self {
            Operator::Equal => left == right,
            Operator::Unequal => left != right,
            Operator::Less => left < right,
            Operator::AtMost => left <= right,
            Operator::Greater => left > right,
            Operator::AtLeast => left >= right,
        }
    }
}

/// Names that have a value in one world.
#[derive(Debug)]
struct Context(BTreeMap<String, Value>);

impl minijinja::value::Object for Context {
    fn get_value(self: &std::sync::Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).cloned()
    }
}
