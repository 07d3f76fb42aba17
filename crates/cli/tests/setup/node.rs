//! Programs of the npm registry that tests hold output against; `cargo xtask tools` installs them.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Bench, Ran};

/// Runs a script with a JSON value on standard input, and reads what it prints as JSON. `MODULES` in the script stands
/// for the directory of the packages.
pub fn node(script: &str, input: &Value) -> Value {
    let modules = holdpoint_xtask::tools::node_modules();
    assert!(modules.is_dir(), "packages are missing; cargo xtask tools installs them");
    let bench = Bench::new();
    bench.file("script.mjs", &script.replace("MODULES", modules.to_str().unwrap()));
    let mut command = bench.command("node");
    command
        .arg("script.mjs")
        .env("NODE_NO_WARNINGS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("node: {error}; cargo xtask tools installs it"));
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    ran.json()
}
