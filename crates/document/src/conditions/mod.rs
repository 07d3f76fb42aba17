//! Conditions, typed before anything runs: what they compare must be able to be equal, and to differ.
//!
//! Read over the syntax tree of the library that evaluates them, so that both mean the same by an expression. A
//! condition that this does not understand is to be written plainly: what nobody can tell beforehand may never hold.
//! In templates it is let be.

mod asked;
mod calculations;
mod complaint;
mod filters;
mod joint;
mod kinds;
mod languages;
mod lists;
mod made;
mod matching;
mod meant;
mod operators;
mod printed;
mod statements;
mod sums;
mod words;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_bounded::template::check_read;
use minijinja::Value;
use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, UnaryOpKind};
use minijinja::machinery::{parse, parse_expr};
use minijinja::syntax::SyntaxConfig;

pub(crate) use complaint::Complaint;
use complaint::Trouble;
pub(crate) use kinds::{CONFIGURED, ENVIRONMENTS, Kind, Texts};
pub(crate) use matching::Room;
pub(crate) use meant::meant;

use asked::asked;
use filters::filtered;
use kinds::{Items, Operator, may_be_empty};
use languages::outcome;
use lists::{is_said, unsaid};
use made::{counted, of_value, sliced};
use operators::{DEEPEST, comparison, of_link, of_test};
use printed::{is_range, operand};
use words::told;

use crate::findings::suggest;

/// What is known of the names in an expression.
pub(crate) trait Names {
    /// What a name is, or an attribute of one.
    fn kind(&self, dotted: &str) -> Kind;

    /// Whether the name has a value in every run, whatever is skipped.
    fn is_always_there(&self, name: &str) -> bool;

    /// The attributes of a group of values.
    fn attributes(&self, name: &str) -> &'static [&'static str];
}

/// Complaints about a condition.
pub(crate) fn condition(text: &str, names: &dyn Names) -> Vec<Complaint> {
    // What does not parse is told elsewhere.
    let Some(expression) = parsed(text) else { return Vec::new() };
    let mut reader = Reader {
        names,
        shadowed: BTreeMap::new(),
        template: false,
        complaints: Vec::new(),
        kinds: BTreeMap::new(),
    };
    reader.truth(&expression, 0);
    reader.decide(&expression, 0, 0);
    reader.complaints
}

/// Whether it can be read at all.
pub(crate) fn parses(text: &str) -> bool {
    parsed(text).is_some()
}

/// A condition of which nothing is passed over.
fn parsed(text: &str) -> Option<Expr<'_>> {
    check_read(text, true).ok()?;
    parse_expr(text).ok()
}

/// Complaints about what the tags and insertions of a template compare.
pub(crate) fn template(text: &str, names: &dyn Names) -> Vec<Complaint> {
    let compares = ["==", "!=", "<", ">", " in ", " is ", "|", "["].iter().any(|sign| text.contains(sign));
    let Some(Ok(whole)) = compares.then(|| parse(text, "", SyntaxConfig::default())) else {
        return Vec::new();
    };
    let mut reader = Reader {
        names,
        shadowed: BTreeMap::new(),
        template: true,
        complaints: Vec::new(),
        kinds: BTreeMap::new(),
    };
    reader.shadow(&whole);
    reader.statement(&whole, 0);
    reader.complaints
}

/// What is known of a captured value: it is a text, whatever it holds.
pub(crate) fn captured(may_be_empty: bool) -> Kind {
    Kind::Text(if may_be_empty { Texts::Any } else { Texts::NotEmpty })
}

struct Reader<'n> {
    names: &'n dyn Names,
    /// Names that the template itself sets, and what is known of them.
    shadowed: BTreeMap<String, Kind>,
    template: bool,
    complaints: Vec<Complaint>,
    /// What each part was found to be: it is looked at once, and told of once.
    kinds: BTreeMap<*const (), Kind>,
}

impl Reader<'_> {
    fn complain(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.complaints.push(Complaint { message: message.into(), help: help.into() });
    }

    /// Tells of what has no kind.
    fn trouble(&mut self, trouble: Trouble) -> Kind {
        match trouble {
            Trouble::Unclear(_) if self.template => {}
            Trouble::Wrong(complaint) | Trouble::Unclear(complaint) => self.complaints.push(complaint),
        }
        Kind::Unknown
    }

    fn unclear(&mut self, message: impl Into<String>, help: impl Into<String>) -> Kind {
        self.trouble(Trouble::Unclear(Complaint { message: message.into(), help: help.into() }))
    }

    /// What stands where true or false is asked for.
    fn truth(&mut self, expression: &Expr<'_>, depth: usize) {
        let kind = self.kind(expression, depth);
        // Templates ask of a text whether there is any.
        if self.template {
            return self.filled(expression, &kind);
        }
        // Either may be what it comes to.
        if let Expr::IfExpr(choice) = expression {
            self.truth(&choice.true_expr, depth + 1);
            choice.false_expr.iter().for_each(|other| self.truth(other, depth + 1));
            return;
        }
        if matches!(kind, Kind::Truth(_)) {
            return;
        }
        if let Some(words) = kind.words() {
            let name = operand(expression).unwrap_or_else(|| "this".to_owned());
            let help = match &kind {
                Kind::Group if name == "environment" => "compare `environment.name`".to_owned(),
                Kind::Group | Kind::List(_) | Kind::Nothing => "compare one value".to_owned(),
                Kind::Number(_) => format!("compare it: `{name} > 0`"),
                Kind::Text(Texts::OneOf(texts, _)) if !texts.is_empty() => {
                    format!("compare it: `{name} == \"{}\"`", texts[0])
                }
                Kind::Text(texts) if may_be_empty(texts) => {
                    format!("compare it: `{name} != \"\"`, or with the text that is meant")
                }
                _ => format!("compare it: `{name} == \"true\"`, or with the text that is meant"),
            };
            let message = format!("`{name}` is {words}, and a condition is true or false");
            self.complain(message, help);
        }
    }

    /// What a template asks whether there is any of it, where there always is.
    fn filled(&mut self, expression: &Expr<'_>, kind: &Kind) {
        let filled = match kind {
            Kind::Text(Texts::OneOf(_, CONFIGURED)) => false,
            Kind::Text(Texts::OneOf(texts, _)) => texts.iter().all(|text| !text.is_empty()),
            Kind::Text(Texts::Exactly(_)) | Kind::Text(Texts::Any | Texts::Said) => false,
            Kind::Text(texts) => !may_be_empty(texts),
            Kind::Group => true,
            _ => false,
        };
        if filled
            && self.is_always_there(expression)
            && let Some(name) = operand(expression)
        {
            let message = format!("`{name}` is never empty, so this always holds");
            self.complain(message, "compare it with the text that is meant, or leave the condition out");
        }
    }

    /// Tells of what comes out the same in every world, where nothing else has been told of it: since there were this
    /// many complaints.
    fn decide(&mut self, expression: &Expr<'_>, told: usize, depth: usize) {
        if self.complaints.len() > told {
            return;
        }
        let (names, template, shadowed) = (self.names, self.template, self.shadowed.clone());
        let known = |dotted: &str| {
            let name = dotted.split('.').next().unwrap_or(dotted);
            match shadowed.contains_key(name) {
                true => (Kind::Unknown, false),
                false => (names.kind(dotted), names.is_always_there(name)),
            }
        };
        let mut kind = |part: &Expr<'_>| self.kind(part, depth + 1);
        let found = joint::decided(expression, &known, &mut kind, template);
        // Looking once more tells nothing new.
        self.complaints.truncate(told);
        self.complaints.extend(found);
    }

    fn kind(&mut self, expression: &Expr<'_>, depth: usize) -> Kind {
        let part = std::ptr::from_ref(expression).cast();
        if let Some(found) = self.kinds.get(&part) {
            return found.clone();
        }
        let found = self.found(expression, depth);
        self.kinds.insert(part, found.clone());
        found
    }

    fn found(&mut self, expression: &Expr<'_>, depth: usize) -> Kind {
        if depth > DEEPEST {
            return self
                .unclear("this condition is nested too deep", "take it apart, into a step and its blocks");
        }
        let deeper = depth + 1;
        match expression {
            Expr::Const(constant) => of_value(&constant.value),
            Expr::Var(var) => self.named(var.id),
            Expr::GetAttr(attribute) => match &attribute.expr {
                // What it has not is told where its names are.
                Expr::Var(var) if self.named(var.id) == Kind::Group => {
                    self.named(&format!("{}.{}", var.id, attribute.name))
                }
                other => {
                    let of = self.kind(other, deeper);
                    self.part(other, &of, &format!(".{}", attribute.name))
                }
            },
            Expr::GetItem(item) => self.item(&item.expr, &item.subscript_expr, deeper),
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOpKind::Not => {
                    self.truth(&unary.expr, deeper);
                    Kind::Truth(None)
                }
                UnaryOpKind::Neg => match self.kind(&unary.expr, deeper) {
                    kind @ (Kind::Text(_) | Kind::Truth(_)) => {
                        let what = kind.words().unwrap_or_default();
                        self.unclear(
                            format!("there is no minus of {what}"),
                            "write `| int` behind a text that holds a number",
                        )
                    }
                    Kind::Number(range) => Kind::Number(range.negated()),
                    _ => Kind::Unknown,
                },
            },
            Expr::BinOp(binary) => match binary.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => self.joined(expression, deeper),
                BinOpKind::In => {
                    self.among(&binary.left, &binary.right, deeper);
                    Kind::Truth(None)
                }
                op => match comparison(op) {
                    Some(operator) => {
                        self.compare(operator, &binary.left, &binary.right, deeper);
                        Kind::Truth(None)
                    }
                    None => self.calculated(op, &binary.left, &binary.right, deeper),
                },
            },
            Expr::Compare(chain) => {
                let mut left = &chain.expr;
                for link in &chain.ops {
                    match of_link(link.op) {
                        Some(operator) => self.compare(operator, left, &link.expr, deeper),
                        None => self.among(left, &link.expr, deeper),
                    }
                    left = &link.expr;
                }
                Kind::Truth(None)
            }
            Expr::IfExpr(choice) => {
                let told = self.complaints.len();
                self.truth(&choice.test_expr, deeper);
                self.decide(&choice.test_expr, told, deeper);
                let one = self.kind(&choice.true_expr, deeper);
                match &choice.false_expr {
                    Some(other) => one.or(self.kind(other, deeper)),
                    None => self.unclear(
                        "`if` without `else` comes to nothing where it does not hold",
                        "add `else` and what it is then, or write `and`",
                    ),
                }
            }
            Expr::Filter(filter) => {
                let written = filter.expr.as_ref().and_then(operand).unwrap_or_else(|| "…".to_owned());
                let of = filter.expr.as_ref().map_or(Kind::Unknown, |of| self.kind(of, deeper));
                let (arguments, kinds) = self.arguments(&filter.args, deeper);
                if let ("default" | "d", Some(other)) = (filter.name, kinds.first()) {
                    return of.or(other.clone());
                }
                if let Some(complaint) = lists::ordered(filter, &of, &kinds, self.template) {
                    return self.trouble(Trouble::Wrong(complaint));
                }
                filtered(filter.name, &of, &arguments, &written, self.template)
                    .unwrap_or_else(|trouble| self.trouble(trouble))
            }
            Expr::Test(test) => {
                match (of_test(test.name), test.args.as_slice()) {
                    (Some(operator), [CallArg::Pos(other)]) => {
                        self.compare(operator, &test.expr, other, deeper)
                    }
                    (None, [CallArg::Pos(other)]) if test.name == "in" => {
                        self.among(&test.expr, other, deeper)
                    }
                    _ => {
                        let written = operand(&test.expr).unwrap_or_else(|| "…".to_owned());
                        let always = self.is_always_there(&test.expr);
                        let of = self.kind(&test.expr, deeper);
                        let (arguments, _) = self.arguments(&test.args, deeper);
                        if let Err(trouble) = asked(test.name, &of, &arguments, &written, always) {
                            self.trouble(trouble);
                        }
                    }
                }
                Kind::Truth(None)
            }
            Expr::Call(call) => {
                self.arguments(&call.args, deeper);
                match &call.expr {
                    called if is_range(called) => Kind::List(Items::default()),
                    Expr::GetAttr(method) => self.unclear(
                        format!(
                            "`.{}(…)` calls something, and values have nothing to be called",
                            method.name
                        ),
                        format!("write a filter: `| {}`", method.name),
                    ),
                    _ => self.unclear(
                        "what this call comes to is not known before the run",
                        "compare the value itself",
                    ),
                }
            }
            Expr::Slice(slice) => {
                let of = self.kind(&slice.expr, deeper);
                for bound in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
                    self.kind(bound, deeper);
                }
                match of {
                    Kind::Text(texts) if texts.listed().is_none() => {
                        Kind::Text(sliced(slice.start.as_ref(), slice.stop.as_ref(), slice.step.is_some()))
                    }
                    Kind::List(items) => Kind::List(items),
                    of => self.part(&slice.expr, &of, "[…]"),
                }
            }
            Expr::List(list) => self.list(&list.items, deeper),
            Expr::Tuple(tuple) => self.list(&tuple.items, deeper),
            Expr::Map(map) => {
                map.keys.iter().chain(&map.values).for_each(|item| drop(self.kind(item, deeper)));
                Kind::Group
            }
        }
    }

    /// Whether the template makes it: a part of something, or what it set itself.
    fn is_made(&self, expression: &Expr<'_>) -> bool {
        match expression {
            Expr::Var(var) => self.shadowed.contains_key(var.id),
            Expr::GetAttr(_) | Expr::GetItem(_) => true,
            _ => false,
        }
    }

    fn list(&mut self, items: &[Expr<'_>], depth: usize) -> Kind {
        let kinds: Vec<Kind> = items.iter().map(|item| self.kind(item, depth)).collect();
        Kind::List(Items::of(items, &kinds, self.template))
    }

    /// `of[key]`.
    fn item(&mut self, of: &Expr<'_>, key: &Expr<'_>, depth: usize) -> Kind {
        let kind = self.kind(of, depth);
        let of_key = self.kind(key, depth);
        match (of, &kind, &of_key) {
            (Expr::Var(var), Kind::Group, Kind::Text(Texts::Exactly(key))) => {
                let found = self.named(&format!("{}.{key}", var.id));
                if found == Kind::Unknown {
                    let known = self.names.attributes(var.id);
                    self.complain(format!("`{}` has no `{key}`", var.id), suggest(key, known, "attributes"));
                }
                found
            }
            (_, Kind::List(items), _) if self.template => items.one(),
            _ => self.part(of, &kind, "[…]"),
        }
    }

    /// A part of something that has none of which anything is known.
    fn part(&mut self, of: &Expr<'_>, kind: &Kind, part: &str) -> Kind {
        let Some(words) = kind.words() else { return Kind::Unknown };
        let name = operand(of).unwrap_or_else(|| "this".to_owned());
        self.unclear(
            format!("`{name}{part}` is a part of `{name}`, which is {words}; what it comes to is not known before the run"),
            format!("compare `{name}` itself, as a whole"),
        )
    }

    fn is_always_there(&self, expression: &Expr<'_>) -> bool {
        match expression {
            Expr::Var(var) => !self.shadowed.contains_key(var.id) && self.names.is_always_there(var.id),
            Expr::GetAttr(attribute) => self.is_always_there(&attribute.expr),
            Expr::GetItem(item) => self.is_always_there(&item.expr),
            _ => false,
        }
    }

    /// The arguments as far as they are written out, and their kinds; the first ones are those without a name.
    fn arguments(&mut self, arguments: &[CallArg<'_>], depth: usize) -> (Vec<Option<Value>>, Vec<Kind>) {
        let mut values = Vec::with_capacity(arguments.len());
        let mut kinds = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let (one, alone) = match argument {
                CallArg::Pos(one) => (one, true),
                CallArg::Kwarg(_, one) | CallArg::PosSplat(one) | CallArg::KwargSplat(one) => (one, false),
            };
            kinds.push(self.kind(one, depth));
            values.push(match one {
                Expr::Const(constant) if alone => Some(constant.value.clone()),
                _ => None,
            });
        }
        (values, kinds)
    }

    fn named(&self, dotted: &str) -> Kind {
        let name = dotted.split('.').next().unwrap_or(dotted);
        match self.shadowed.get(name) {
            Some(kind) if name == dotted => kind.clone(),
            Some(_) => Kind::Unknown,
            None => self.names.kind(dotted),
        }
    }

    /// A chain of `and` and `or`, which may be long: it leans to the left, so it is gone down in a loop.
    fn joined(&mut self, whole: &Expr<'_>, depth: usize) -> Kind {
        let mut at = whole;
        let mut rights = Vec::new();
        while let Expr::BinOp(binary) = at
            && matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr)
        {
            rights.push(&binary.right);
            at = &binary.left;
        }
        self.truth(at, depth);
        rights.into_iter().rev().for_each(|right| self.truth(right, depth));
        if self.template { Kind::Unknown } else { Kind::Truth(None) }
    }

    /// One comparison of two values; of an `if` by each value that it can come to.
    fn compare(&mut self, operator: Operator, left: &Expr<'_>, right: &Expr<'_>, depth: usize) {
        if let (Some(one), Some(other)) = (operand(left), operand(right))
            && one == other
            && !matches!(left, Expr::Const(_))
        {
            let message = format!("`{one}` is compared with itself");
            self.unclear(message, "compare it with something else");
            return;
        }
        let (of_left, of_right) = (self.kind(left, depth), self.kind(right, depth));
        for (left, of_left) in self.branches(left, of_left, depth) {
            for (right, of_right) in self.branches(right, of_right.clone(), depth) {
                self.judge(operator, (left, &of_left), (right, &of_right));
            }
        }
    }

    /// What an `if` can come to, each by itself. What is wrong inside of it has been told.
    fn branches<'e, 'a>(
        &mut self,
        expression: &'e Expr<'a>,
        kind: Kind,
        depth: usize,
    ) -> Vec<(&'e Expr<'a>, Kind)> {
        let Expr::IfExpr(choice) = expression else { return vec![(expression, kind)] };
        let told = self.complaints.len();
        let one = self.kind(&choice.true_expr, depth + 1);
        let other = choice.false_expr.as_ref().map(|other| (other, self.kind(other, depth + 1)));
        self.complaints.truncate(told);
        std::iter::once((&choice.true_expr, one)).chain(other).collect()
    }

    fn judge(&mut self, operator: Operator, left: (&Expr<'_>, &Kind), right: (&Expr<'_>, &Kind)) {
        let complaint = match (left.1, right.1) {
            // Whatever it is, a text or a number: nobody said how the two are to be ordered.
            (Kind::Text(texts), Kind::Unknown) | (Kind::Unknown, Kind::Text(texts))
                if self.template && operator.orders() && self.is_made(left.0) | self.is_made(right.0) =>
            {
                let unsaid = unsaid(texts, &Texts::Any) && !is_said(left.0) && !is_said(right.0);
                unsaid.then(|| told::order(operator, left.0, right.0))
            }
            (Kind::Unknown, _) | (_, Kind::Unknown) => None,
            (Kind::Text(of_left), Kind::Text(of_right)) if operator.orders() => {
                let unsaid = unsaid(of_left, of_right) && !is_said(left.0) && !is_said(right.0);
                unsaid.then(|| told::order(operator, left.0, right.0))
            }
            (Kind::List(one), Kind::List(other)) if operator.orders() => {
                one.is_unsaid_beside(other).then(|| told::order(operator, left.0, right.0))
            }
            (one, other) if std::mem::discriminant(one) != std::mem::discriminant(other) => {
                Some(told::kinds(operator, left, right))
            }
            (Kind::Number(one), Kind::Number(other)) if self.template && (one.declared || other.declared) => {
                Some(told::as_written(operator, left, right))
            }
            _ => None,
        };
        let complaint = complaint.or_else(|| {
            outcome(operator, left.1, right.1).map(|held| told::outcome(operator, held, left, right))
        });
        let complaint = complaint.or_else(|| self.calculation(operator, left, right));
        self.complaints.extend(complaint);
    }

    /// `left in right`.
    fn among(&mut self, left: &Expr<'_>, right: &Expr<'_>, depth: usize) {
        let of_left = self.kind(left, depth);
        if let (Kind::Text(_), Expr::Const(constant)) = (&of_left, right)
            && let Some(text) = constant.value.as_str()
        {
            self.complaints.push(told::part(left, text));
            return;
        }
        // No text begins or ends without nothing.
        if let (Kind::Text(Texts::Exactly(text)), false) =
            (&of_left, matches!(right, Expr::List(_) | Expr::Tuple(_)))
            && text.is_empty()
            && matches!(self.kind(right, depth), Kind::Text(_))
        {
            let name = operand(right).unwrap_or_else(|| "this".to_owned());
            self.complain(
                format!("`\"\" in {name}` always holds: nothing is in every text"),
                format!("write what is looked for, or `{name} == \"\"`"),
            );
            return;
        }
        if let Expr::Call(call) = right
            && is_range(&call.expr)
        {
            self.kind(right, depth);
            self.complaints.extend(counted(left, &of_left, right));
            return;
        }
        let items = match right {
            Expr::List(list) => &list.items,
            Expr::Tuple(tuple) => &tuple.items,
            _ => {
                let of_right = self.kind(right, depth);
                self.complaints.extend(told::inside((left, &of_left), (right, &of_right)));
                return;
            }
        };
        if items.is_empty() {
            let name = operand(left).unwrap_or_else(|| "this".to_owned());
            self.complain(
                format!("`{name}` is never in a list of nothing"),
                "write what it may be into the list",
            );
        }
        let mut named = BTreeSet::new();
        for item in items {
            let kind = self.kind(item, depth);
            if let Kind::Text(Texts::Exactly(text)) = &kind {
                named.insert(text.clone());
            }
            self.judge(Operator::Equal, (left, &of_left), (item, &kind));
        }
        // What is `environment.name` depends on where the document runs, and a list may well be of all that is.
        if let Kind::Text(Texts::OneOf(texts, "choices")) = &of_left
            && texts.iter().all(|text| named.contains(text))
        {
            let name = operand(left).unwrap_or_default();
            let message = format!("`{name}` is always one of these, which are all that it can be");
            self.complain(message, "leave out what does not belong there, or the comparison");
        }
    }
}

#[cfg(test)]
mod tests;
