//! What templates make, weighed before it is kept or written.
//!
//! minijinja counts the bytes that it wrote and the slots of a list that it made. A list that holds another twice has two
//! slots, however large that is: sixty such steps make 2⁶⁰ numbers as text. Whatever writes, compares or sorts a value would
//! have to ask how large it is, and `~` and `==` cannot be made to. So a value that holds others is weighed where it is
//! made, as large as it would be written.

use std::collections::BTreeMap;

use minijinja::machinery::{CodeGenerator, Instructions, eval, make_string_output, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value};

use rewritten::Rewriting;
pub(super) use rewritten::{WEIGH, WEIGH_PART};

mod rewritten;

/// How deep lists may lie in one another.
const DEEPEST: usize = 32;

/// Most parts of a list that is repeated while its template is compiled.
const MOST_FOLDED: f64 = 10_000.0;

/// Renders a template.
///
/// # Errors
/// It does not parse, a name is not defined, or it takes too long.
pub fn render(environment: &Environment<'_>, text: &str, context: Value) -> Result<String, Error> {
    let read = parse(text, "<string>", environment.syntax().clone())?;
    let mut code = CodeGenerator::new("<string>", text);
    code.compile_stmt(&Rewriting::default().statement(&read));
    let (instructions, blocks) = code.finish();
    let mut written = String::new();
    let mut output = make_string_output(&mut written);
    eval(environment, &instructions, context, &blocks, &mut output, AutoEscape::None)?;
    Ok(written)
}

/// An expression that was read, to be evaluated.
pub struct Expression<'a> {
    environment: &'a Environment<'a>,
    instructions: Instructions<'a>,
}

/// Reads an expression.
///
/// # Errors
/// It does not parse.
pub fn expression<'a>(environment: &'a Environment<'a>, text: &'a str) -> Result<Expression<'a>, Error> {
    let mut code = CodeGenerator::new("<expression>", text);
    code.compile_expr(&Rewriting::default().expression(&parse_expr(text)?));
    Ok(Expression { environment, instructions: code.finish().0 })
}

impl Expression<'_> {
    /// Its value.
    ///
    /// # Errors
    /// A name is not defined, or it takes too long.
    pub fn eval(&self, context: Value) -> Result<Value, Error> {
        let (blocks, mut written) = (BTreeMap::new(), String::new());
        let mut output = make_string_output(&mut written);
        let (value, _) =
            eval(self.environment, &self.instructions, context, &blocks, &mut output, AutoEscape::None)?;
        Ok(value.unwrap_or_default())
    }
}

/// Passes a value on that is no larger than may be written.
pub(super) fn weigh(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    weigh_parts(state, &value, 0)?;
    Ok(value)
}

/// The same of what a namespace is to hold.
pub(super) fn weigh_held(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    weigh_part(state, &value, 0)?;
    Ok(value)
}

fn weigh_parts(state: &State<'_, '_>, value: &Value, depth: usize) -> Result<(), Error> {
    let is_map = value.kind() == ValueKind::Map;
    if !is_map && !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(());
    }
    if depth > DEEPEST {
        let message = format!("lists lie in one another more than {DEEPEST} deep");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    // What it holds may change afterwards, so what holds it cannot be weighed.
    if depth > 0 && value.as_object().is_some_and(|object| object.type_name().ends_with("::Namespace")) {
        return Err(Error::new(ErrorKind::InvalidOperation, "a namespace cannot be part of anything else"));
    }
    let Ok(parts) = value.try_iter() else { return Ok(()) };
    for part in parts {
        weigh_part(state, &part, depth)?;
        if is_map {
            weigh_part(state, &value.get_item(&part)?, depth)?;
        }
    }
    Ok(())
}

fn weigh_part(state: &State<'_, '_>, part: &Value, depth: usize) -> Result<(), Error> {
    let bytes = part.as_str().map_or(0, str::len);
    state.consume_fuel(1 + bytes as u64 / 64)?;
    weigh_parts(state, part, depth + 1)
}

/// Whether a list is repeated so often that writing it would take too long already while a template or condition is
/// compiled, where nothing counts. What does not parse is told elsewhere.
pub(super) fn is_repeated_too_often(text: &str, is_expression: bool) -> bool {
    if !text.contains('*') {
        return false;
    }
    let mut rewriting = Rewriting::default();
    if is_expression {
        let Ok(read) = parse_expr(text) else { return false };
        rewriting.expression(&read);
    } else {
        let Ok(read) = parse(text, "<string>", SyntaxConfig::default()) else { return false };
        rewriting.statement(&read);
    }
    rewriting.longest > MOST_FOLDED
}
