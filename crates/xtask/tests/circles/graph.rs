//! Which file names what of which.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Modules, Named};

/// Files and the names that each takes from others.
pub(crate) struct Graph {
    edges: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Graph {
    /// The edges among a crate's files.
    pub(crate) fn of(modules: &Modules) -> Graph {
        let mut graph = Graph { edges: BTreeMap::new() };
        for Named { module, path } in modules.named() {
            let (from, name) = (modules.file(*module), path.last().unwrap());
            if let Some(to) = modules.defined(*module, path).filter(|to| *to != from) {
                let names = graph.edges.entry(from.to_owned()).or_default();
                names.entry(to.to_owned()).or_default().insert(name.clone());
            }
        }
        graph
    }

    pub(crate) fn has(&self, from: &str, to: &str) -> bool {
        self.edges.get(from).is_some_and(|names| names.contains_key(to))
    }

    pub(crate) fn forget(&mut self, from: &str, to: &str) {
        if let Some(names) = self.edges.get_mut(from) {
            names.remove(to);
        }
    }

    /// Files that reach one another.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let reached: BTreeMap<_, _> = self.edges.keys().map(|from| (from, self.reached(from))).collect();
        let mut circles: Vec<BTreeSet<String>> = Vec::new();
        for (from, to) in &reached {
            if to.contains(*from) && !circles.iter().any(|circle| circle.contains(*from)) {
                let back = |to: &&String| reached.get(to).is_some_and(|reached| reached.contains(*from));
                circles.push(to.iter().filter(back).cloned().collect());
            }
        }
        circles
    }

    /// The edges between these files, and the names that make each.
    pub(crate) fn within(&self, files: &BTreeSet<String>) -> impl Iterator<Item = (String, String, String)> {
        let inside = self.edges.iter().filter(|(from, _)| files.contains(*from));
        let edges = inside.flat_map(|(from, names)| names.iter().map(move |(to, names)| (from, to, names)));
        edges.filter(|(_, to, _)| files.contains(*to)).map(|(from, to, names)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            (from.clone(), to.clone(), names.join(", "))
        })
    }

    fn reached(&self, from: &str) -> BTreeSet<String> {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            for to in self.edges.get(file).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(to.clone()) {
                    next.push(to);
                }
            }
        }
        reached
    }
}
