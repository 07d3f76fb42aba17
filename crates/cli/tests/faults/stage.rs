//! The sample product's scratch repository, made once and put back before each point; and a compiler that remembers.
//!
//! What a promotion does is real at every point: Git, builds, deployments, processes that serve. Only two things are
//! not done over and over: the product's past is written once and copied, and what `rustc` once made of the very same
//! input is handed out again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use holdpoint_xtask::command::output;
use holdpoint_xtask::product::{self, Product};

use crate::support::Desk;

/// `rustc`, which hands out what it made of the same words, source and commit before. The digest is of everything that
/// the product's scripts tell it, but for the directories, which are new every time.
const REMEMBERING: &str = r#"#!/usr/bin/env bash
set -euo pipefail
out= words=()
for word; do
    [ "${last:-}" = -o ] && out=$word
    case $word in /*) words+=(path) ;; *) words+=("$word") ;; esac
    last=$word
done
for last; do :; done
if [ -z "$out" ] || [ ! -f "$last" ]; then exec "$REAL_RUSTC" "$@"; fi
key=$({ printf '%s\n' "${words[@]}" "${RELEASE_COMMIT:-}"; sed 's/^/ /' "$last"; } | sha256sum | cut -d' ' -f1)
made=$REMEMBERED/$key
if [ ! -e "$made" ]; then
    "$REAL_RUSTC" "$@"
    cp "$out" "$made.$$"
    mv "$made.$$" "$made"
fi
cp "$made" "$out"
"#;

/// A desk with the product on it, which can be put back to where it was.
pub struct Stage {
    pub desk: Desk,
    pub product: Product,
    /// The product as it was made, nothing of it running.
    kept: PathBuf,
}

impl Stage {
    /// Makes the product, and keeps a copy.
    pub fn new(remembered: &Path) -> Stage {
        let desk = Desk::new();
        let mut product = product::make(&desk.root().join("product")).unwrap();
        product.stop().unwrap();
        let kept = desk.root().join("kept");
        copy(&product.root, &kept);
        let bin = desk.root().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let real = output(Command::new("bash").args(["-c", "command -v rustc"])).unwrap();
        std::fs::write(bin.join("rustc"), REMEMBERING).unwrap();
        output(Command::new("chmod").arg("755").arg(bin.join("rustc"))).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let desk = desk.set("PATH", path).set("REAL_RUSTC", real);
        let desk = desk.set("REMEMBERED", remembered.display().to_string()).in_directory(&product.repo);
        product.leave_running();
        Stage { desk, product, kept }
    }

    /// As it was made, and serving.
    pub fn put_back(&self) {
        self.product.stop().unwrap();
        std::fs::remove_dir_all(&self.product.root).unwrap();
        copy(&self.kept, &self.product.root);
        for place in [&self.product.staging, &self.product.production] {
            output(self.product.script("activate.sh", place).arg(&self.product.previous)).unwrap();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = self.product.stop() {
            eprintln!("the sample product could not be stopped: {error}");
        }
    }
}

/// Everything as it is, times and modes too: Git's index holds them.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).stdin(Stdio::null()).status();
    assert!(status.unwrap().success(), "{} cannot be copied", from.display());
}

/// Stages, made when they are asked for; as many as points are taken at a time.
pub struct Stages {
    remembered: tempfile::TempDir,
    free: Mutex<Vec<Stage>>,
}

impl Stages {
    pub fn new() -> Stages {
        let remembered = tempfile::Builder::new().prefix("remembered-").tempdir().unwrap();
        Stages { remembered, free: Mutex::default() }
    }

    /// Has something done on a stage that is as it was made.
    pub fn on<T>(&self, act: impl FnOnce(&Stage) -> T) -> T {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = free().pop();
        let stage = stage.unwrap_or_else(|| Stage::new(self.remembered.path()));
        stage.put_back();
        let done = act(&stage);
        free().push(stage);
        done
    }
}
