//! Two sessions in one process do not know of each other: nothing that a process has once can change, but for what is
//! listed here and in `ARCHITECTURE.md`.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, ItemMod, ItemStatic, Macro, StaticMutability, Type};

/// Statics that stay though they change, or hold a type of ours: file, name, why.
const KNOWN: [(&str, &str, &str); 4] = [
    ("engine/src/run/state.rs", "UNTOUCHED", "never changes: the state of what nobody has touched"),
    ("hosts/src/network.rs", "COUNT", "tests only: names of networks belong to the machine"),
    ("hosts/src/sshd.rs", "COUNT", "tests only: addresses belong to the machine"),
    ("xtask/src/product/ports.rs", "NEXT", "demo and tests only: ports belong to the machine"),
];

/// Types that cannot change once they are there. `LazyLock` is filled once, from nothing of a session.
const PLAIN: [&str; 15] = [
    "LazyLock", "Option", "Vec", "BTreeMap", "String", "str", "bool", "char", "u8", "u16", "u32", "u64",
    "usize", "Regex", "Duration",
];

/// Types of others and of ours behind a `LazyLock` that hold nothing that changes.
const CONSTANT: [&str; 2] = ["Plan", "Environment"];

/// Macros that make statics.
const MAKERS: [&str; 4] = ["thread_local", "task_local", "lazy_static", "static_assertions"];

struct Found {
    file: String,
    statics: Vec<(String, String, String)>,
}

impl Found {
    fn add(&mut self, name: impl ToString, what: String) {
        self.statics.push((self.file.clone(), name.to_string(), what));
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

/// The first name in a type that is not known to stay as it is.
fn changes(ty: &Type) -> Option<String> {
    struct Names(Option<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let last = path.segments.last().unwrap().ident.to_string();
            if !PLAIN.contains(&&*last) && !CONSTANT.contains(&&*last) {
                self.0.get_or_insert(last);
            }
            visit::visit_path(self, path);
        }
    }
    let mut names = Names(None);
    names.visit_type(ty);
    names.0
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        if let StaticMutability::Mut(_) = item.mutability {
            self.add(&item.ident, "static mut".to_owned());
        } else if let Some(name) = changes(&item.ty) {
            self.add(&item.ident, name);
        }
        visit::visit_item_static(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        let name = item.path.segments.last().unwrap().ident.to_string();
        if MAKERS.contains(&&*name) {
            self.add(name.clone(), format!("{name}!"));
        }
        visit::visit_macro(self, item);
    }
}

fn statics_of(file: &str, text: &str) -> Vec<(String, String, String)> {
    let mut found = Found { file: file.to_owned(), statics: Vec::new() };
    found.visit_file(&syn::parse_file(text).unwrap());
    found.statics
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn nothing_that_a_process_has_once_can_change() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for entry in fs::read_dir(crates).unwrap() {
        sources(&entry.unwrap().path().join("src"), &mut files);
    }
    files.retain(|file| !file.file_name().unwrap().to_str().unwrap().ends_with("_tests.rs"));
    assert!(files.len() > 300, "{}", files.len());
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(crates).unwrap().to_str().unwrap().to_owned();
        found.extend(statics_of(&name, &fs::read_to_string(&file).unwrap()));
    }
    let told = fs::read_to_string(crates.join("../ARCHITECTURE.md")).unwrap();
    for (file, name, _) in KNOWN {
        let before = found.len();
        found.retain(|(in_file, found, _)| !(in_file == file && found == name));
        assert!(found.len() < before, "known, and not there any more: {name} in {file}");
        assert!(
            told.contains(&format!("`{name}` in `{}`", file.replace("/src/", "/"))),
            "ARCHITECTURE.md does not list {name} in {file}"
        );
    }
    assert!(found.is_empty(), "statics that may change: {found:#?}");
}

#[test]
fn a_static_that_changes_is_found_wherever_it_stands_and_a_constant_is_none() {
    let changes = "static A: Mutex<u8> = x; static mut B: u8 = 0; fn f() { static C: OnceLock<u8> = x; }
        static D: LazyLock<std::sync::RwLock<String>> = x; static E: [AtomicU8; 2] = x; thread_local! { static F: u8 = 0; }
        mod m { impl S { fn g() { static G: Own = x; } } }";
    let names: Vec<String> = statics_of("a.rs", changes).into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names, ["A", "B", "C", "D", "E", "thread_local", "G"]);
    let stays = "static A: &[&str] = &[]; static B: LazyLock<Option<Regex>> = x; const C: Mutex<u8> = x;
        #[cfg(test)] mod tests { static D: AtomicU8 = x; }";
    assert_eq!(statics_of("a.rs", stays), []);
}
