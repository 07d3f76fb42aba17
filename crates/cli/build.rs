//! How development builds of the program and of its tests are linked.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| var(name).is_ok_and(|has| has == value);
    // A program that may lie anywhere in memory is relocated at each start: of an unoptimised one that is half of all
    // that a start costs, and the tests start it some ten thousand times. What is released stays as it is.
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg=-no-pie");
    }
}
