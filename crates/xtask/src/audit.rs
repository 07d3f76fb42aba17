//! The clause table of docs/audit.md, made of docs/audit.toml and of the tests that are there: a name that is no test is
//! an error, so that the table cannot tell of what nobody shows any more.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

/// The data, from the root.
pub const DATA: &str = "docs/audit.toml";
/// The page, from the root.
pub const PAGE: &str = "docs/audit.md";
const BEGIN: &str = "<!-- made by `cargo xtask audit` of audit.toml: do not edit -->\n";
const END: &str = "<!-- end of what was made -->\n";
/// What the product does for a clause that it does nothing for begins like this.
const NOTHING: &str = "nothing";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    regulation: Vec<Regulation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regulation {
    name: String,
    clauses: Vec<Clause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clause {
    clause: String,
    about: String,
    does: String,
    tests: Vec<String>,
    shop: String,
}

/// Writes the tables into the page.
///
/// # Errors
/// The page as it should be cannot be told, or not be written.
pub fn run(root: &Path) -> io::Result<()> {
    fs::write(root.join(PAGE), page(root)?)
}

/// The page as it should be.
///
/// # Errors
/// The data cannot be read, a clause is not whole, or a test that it names is not there exactly once.
pub fn page(root: &Path) -> io::Result<String> {
    let text = fs::read_to_string(root.join(PAGE))?;
    let tables = tables(&fs::read_to_string(root.join(DATA))?, &tests(root)?)?;
    let between = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = between.ok_or_else(|| wrong(format!("{PAGE} has no place for the tables")))?;
    Ok(format!("{before}{BEGIN}{tables}\n{END}{after}"))
}

/// Every test by its name, with the files that it stands in.
///
/// # Errors
/// A source cannot be read.
pub fn tests(root: &Path) -> io::Result<BTreeMap<String, Vec<String>>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let mut folders = vec![root.join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                for test in tests_in(&fs::read_to_string(&path)?) {
                    found.entry(test).or_default().push(name.clone());
                }
            }
        }
    }
    Ok(found)
}

/// Functions right after a `#[test]`, other attributes and comments aside. None is ever ignored: tidy sees to that.
fn tests_in(text: &str) -> Vec<String> {
    let (mut found, mut is_test) = (Vec::new(), false);
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[test]") {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ")
            && let Some((name, _)) = rest.split_once('(')
        {
            if std::mem::take(&mut is_test) {
                found.push(name.to_owned());
            }
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
    }
    found
}

fn tables(data: &str, tests: &BTreeMap<String, Vec<String>>) -> io::Result<String> {
    let data: Data = toml::from_str(data).map_err(|error| wrong(format!("{DATA}: {error}")))?;
    let mut out = String::new();
    for Regulation { name, clauses } in &data.regulation {
        out += &format!("\n## {name}\n\n| clause | what the product does | shown by | left to the shop |\n");
        out += "|---|---|---|---|\n";
        for clause in clauses {
            out += &row(clause, tests)
                .map_err(|why| wrong(format!("{DATA}: {name}, {}: {why}", clause.clause)))?;
        }
    }
    Ok(out)
}

fn row(clause: &Clause, tests: &BTreeMap<String, Vec<String>>) -> Result<String, String> {
    let Clause { clause, about, does, tests: named, shop } = clause;
    for text in [clause, about, does, shop] {
        if text.trim().is_empty() || text.contains(['|', '\n']) {
            return Err(format!("{text:?} is no cell of a table"));
        }
    }
    if named.is_empty() && !does.starts_with(NOTHING) {
        return Err("it says what the product does, and names no test that shows it".to_owned());
    }
    let mut shown = Vec::new();
    for name in named {
        match tests.get(name).map(Vec::as_slice) {
            Some([file]) => shown.push(format!("[{}](../{file})", name.replace('_', " "))),
            Some(files) => {
                return Err(format!("there are {} tests called {name}: {}", files.len(), files.join(", ")));
            }
            None => return Err(format!("there is no test called {name}")),
        }
    }
    Ok(format!("| {clause} {about} | {does} | {} | {shop} |\n", shown.join("; ")))
}

fn wrong(what: String) -> io::Error {
    io::Error::other(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#[test]\nfn one() {}\n\n#[test]\n#[allow(x)]\n// why\nfn two() {}\nfn three() {}\n\
        #[test]\nconst FOUR: u8 = 4;\nfn four() {}\nproptest! {\n    #[test]\n    fn five(x in y) {}\n}\n";

    fn known() -> BTreeMap<String, Vec<String>> {
        tests_in(SOURCE).into_iter().map(|name| (name, vec!["crates/x/tests/y.rs".to_owned()])).collect()
    }

    fn table(clause: &str) -> io::Result<String> {
        tables(&format!("[[regulation]]\nname = \"R\"\nclauses = [{{ {clause} }}]\n"), &known())
    }

    #[test]
    fn a_test_is_what_the_runner_runs() {
        assert_eq!(tests_in(SOURCE), ["one", "two", "five"]);
    }

    #[test]
    fn a_row_tells_its_tests_as_sentences_that_lead_to_them() {
        let made =
            table(r#"clause = "1", about = "a", does = "d", tests = ["one", "two"], shop = "s""#).unwrap();
        assert!(
            made.ends_with(
                "| 1 a | d | [one](../crates/x/tests/y.rs); [two](../crates/x/tests/y.rs) | s |\n"
            )
        );
    }

    #[test]
    fn a_clause_that_is_not_whole_or_names_what_is_no_test_is_an_error() {
        for (clause, why) in [
            (
                r#"clause = "1", about = "a", does = "d", tests = ["three"], shop = "s""#,
                "no test called three",
            ),
            (r#"clause = "1", about = "a", does = "d", tests = ["four"], shop = "s""#, "no test called four"),
            (r#"clause = "1", about = "a", does = "d", tests = [], shop = "s""#, "names no test"),
            (r#"clause = "1", about = "a", does = "d", tests = ["one"], shop = """#, "no cell"),
            (r#"clause = "1", about = "a|b", does = "d", tests = ["one"], shop = "s""#, "no cell"),
            (r#"clause = "1", about = "a", does = "d", tests = ["one"]"#, "shop"),
            (r#"clause = "1", about = "a", does = "d", tests = ["one"], shop = "s", more = "m""#, "more"),
        ] {
            let error = table(clause).unwrap_err().to_string();
            assert!(error.contains(why), "{clause}: {error}");
        }
        let mut twice = known();
        twice.get_mut("one").unwrap().push("crates/x/tests/z.rs".to_owned());
        let data = "[[regulation]]\nname = \"R\"\nclauses = [{ clause = \"1\", about = \"a\", does = \"d\", tests = [\"one\"], shop = \"s\" }]";
        assert!(tables(data, &twice).unwrap_err().to_string().contains("there are 2 tests called one"));
    }
}
