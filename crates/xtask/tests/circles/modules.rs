//! A crate's modules as its sources declare them, and where a name in one of them is defined.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, Ident, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// Most re-exports that a name is followed through: a glob may lead back to where it stands.
const FOLLOWED: usize = 16;

/// A path that stands in a module.
pub(crate) struct Named {
    pub(crate) module: usize,
    pub(crate) path: Vec<String>,
}

#[derive(Default)]
struct Module {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    items: BTreeSet<String>,
    uses: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
}

/// All modules of a crate; the first is its root.
#[derive(Default)]
pub(crate) struct Modules {
    modules: Vec<Module>,
    named: Vec<Named>,
}

enum Found {
    Module(usize),
    Item(usize),
}

/// The root files of all libraries and programs below `crates`.
pub(crate) fn roots(crates: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    for entry in fs::read_dir(crates).unwrap() {
        let mut folders = vec![entry.unwrap().path().join("src")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.ends_with("lib.rs") || path.ends_with("main.rs") {
                    roots.push(path);
                }
            }
        }
    }
    roots.sort();
    assert!(!roots.is_empty(), "no crate below {}", crates.display());
    roots
}

/// Reads a crate from its root file on. Files are named from `base`.
pub(crate) fn read(base: &Path, root: &Path) -> Modules {
    let mut modules = Modules::default();
    modules.take_file(base, root, root.parent().unwrap(), None);
    modules
}

impl Modules {
    pub(crate) fn named(&self) -> &[Named] {
        &self.named
    }

    pub(crate) fn file(&self, module: usize) -> &str {
        &self.modules[module].file
    }

    /// The file with the definition of what `path` names in `module`, if that is an item of this crate.
    pub(crate) fn defined(&self, module: usize, path: &[String]) -> Option<&str> {
        match self.find(module, path, 0)? {
            Found::Item(module) => Some(self.file(module)),
            Found::Module(_) => None,
        }
    }

    fn find(&self, from: usize, path: &[String], depth: usize) -> Option<Found> {
        let mut at = Found::Module(from);
        for (index, name) in path.iter().enumerate() {
            // What is inside of an item, as variants are, is where the item is.
            let Found::Module(module) = at else { return Some(at) };
            at = match name.as_str() {
                "crate" => Found::Module(0),
                "self" => at,
                "super" => Found::Module(self.modules[module].parent?),
                name => self.look_up(module, name, index + 1 == path.len(), depth)?,
            };
        }
        Some(at)
    }

    fn look_up(&self, module: usize, name: &str, last: bool, depth: usize) -> Option<Found> {
        if depth > FOLLOWED {
            return None;
        }
        let Module { children, items, uses, globs, .. } = &self.modules[module];
        let item = items.contains(name).then_some(Found::Item(module));
        let child = children.get(name).map(|child| Found::Module(*child));
        // A module and an item may share a name; a path goes on through the module and ends at the item.
        let found = if last { item.or(child) } else { child.or(item) };
        let used = || {
            let uses = uses.iter().filter(|(as_, _)| as_ == name);
            let mut found: Vec<_> = uses.filter_map(|(_, path)| self.find(module, path, depth + 1)).collect();
            let wanted = found.iter().position(|found| matches!(found, Found::Item(_)) == last);
            (!found.is_empty()).then(|| found.swap_remove(wanted.unwrap_or(0)))
        };
        let spread = || {
            globs.iter().find_map(|glob| match self.find(module, glob, depth + 1)? {
                Found::Module(inside) if inside != module => self.look_up(inside, name, last, depth + 1),
                _ => None,
            })
        };
        found.or_else(used).or_else(spread)
    }

    fn take_file(&mut self, base: &Path, file: &Path, inside: &Path, parent: Option<usize>) -> usize {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.strip_prefix(base).unwrap().display().to_string();
        let module = self.add(name, parent);
        self.take(base, module, inside, &parsed.items);
        module
    }

    fn add(&mut self, file: String, parent: Option<usize>) -> usize {
        self.modules.push(Module { file, parent, ..Module::default() });
        self.modules.len() - 1
    }

    fn take(&mut self, base: &Path, module: usize, inside: &Path, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(declared) if is_test(&declared.attrs) => {}
                Item::Mod(declared) => {
                    let child = self.take_child(base, module, inside, declared);
                    self.modules[module].children.insert(declared.ident.to_string(), child);
                }
                Item::Use(used) => self.take_use(module, used),
                item => {
                    let name = defines(item).map(Ident::to_string);
                    self.modules[module].items.extend(name);
                    let mut names = Names::default();
                    names.visit_item(item);
                    self.named.extend(names.paths.into_iter().map(|path| Named { module, path }));
                }
            }
        }
    }

    fn take_child(&mut self, base: &Path, module: usize, inside: &Path, declared: &ItemMod) -> usize {
        let name = declared.ident.to_string();
        let inner = inside.join(&name);
        if let Some((_, items)) = &declared.content {
            let child = self.add(self.modules[module].file.clone(), Some(module));
            self.take(base, child, &inner, items);
            return child;
        }
        let beside = inside.join(format!("{name}.rs"));
        let file = if beside.exists() { beside } else { inner.join("mod.rs") };
        self.take_file(base, &file, &inner, Some(module))
    }

    fn take_use(&mut self, module: usize, used: &ItemUse) {
        let (mut uses, mut globs) = (Vec::new(), Vec::new());
        flatten(&used.tree, &mut Vec::new(), &mut uses, &mut globs);
        if matches!(used.vis, Visibility::Inherited) {
            self.named.extend(uses.iter().map(|(_, path)| Named { module, path: path.clone() }));
        }
        self.modules[module].uses.extend(uses);
        self.modules[module].globs.extend(globs);
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let test = |attribute: &Attribute| attribute.parse_args::<Ident>().is_ok_and(|name| name == "test");
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && test(attribute))
}

fn flatten(
    tree: &UseTree,
    before: &mut Vec<String>,
    uses: &mut Vec<(String, Vec<String>)>,
    globs: &mut Vec<Vec<String>>,
) {
    let mut with = |name: &Ident, as_: &Ident| {
        let itself = name == "self";
        let path: Vec<_> = before.iter().cloned().chain((!itself).then(|| name.to_string())).collect();
        let as_ = if as_ == "self" { path.last().cloned().unwrap_or_default() } else { as_.to_string() };
        uses.push((as_, path));
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, uses, globs);
            before.pop();
        }
        UseTree::Name(name) => with(&name.ident, &name.ident),
        UseTree::Rename(renamed) => with(&renamed.ident, &renamed.rename),
        UseTree::Glob(_) => globs.push(before.clone()),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, uses, globs);
            }
        }
    }
}

fn defines(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

/// All paths inside of an item.
#[derive(Default)]
struct Names {
    paths: Vec<Vec<String>>,
}

impl<'a> Visit<'a> for Names {
    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 || is_type(&names[0]) {
            self.paths.push(names);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if let Expr::Path(called) = &*call.func
            && let Some(name) = called.path.get_ident()
        {
            self.paths.push(vec![name.to_string()]);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_item_use(&mut self, used: &'a ItemUse) {
        let mut uses = Vec::new();
        flatten(&used.tree, &mut Vec::new(), &mut uses, &mut Vec::new());
        self.paths.extend(uses.into_iter().map(|(_, path)| path));
    }

    fn visit_item_mod(&mut self, inner: &'a ItemMod) {
        if !is_test(&inner.attrs) {
            visit::visit_item_mod(self, inner);
        }
    }

    /// A macro's arguments are tokens: paths in them are told by their colons.
    fn visit_macro(&mut self, called: &'a Macro) {
        visit::visit_macro(self, called);
        let text = called.tokens.to_string().replace(" :: ", "::").replace(":: ", "::").replace(" ::", "::");
        let apart = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        let names = text.split(apart).map(|name| name.trim_matches(':'));
        let path = |name: &str| name.split("::").map(str::to_owned).collect::<Vec<_>>();
        self.paths.extend(names.filter(|name| name.contains("::") || is_type(name)).map(path));
    }
}

/// A name alone may be a variable's, unless it begins as types do, or is called.
fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}
