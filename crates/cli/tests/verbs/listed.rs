//! Whoever `holdpoint.toml` lists is somebody, with a printed name or without.

use crate::runs::book;
use crate::support::{Bench, OPERATOR};

const CONFIG: &str = "[people.\"ops@example.org\"]

[people.\"qa@example.org\"]
name = \"Quinn A\"

[people.\"second@example.org\"]

[roles]
qa = [\"qa@example.org\"]

[environments.prod]
four_eyes = true
";
const WAITING: &str = "## Look\n\n- [ ] It is good\n";

fn bench() -> Bench {
    Bench::with(&[("book.md", &book("", WAITING)), ("holdpoint.toml", CONFIG)])
}

#[test]
fn whoever_is_listed_without_a_name_operates_hands_over_and_is_handed_over_to() {
    assert_eq!(OPERATOR, "ops@example.org");
    let bench = bench();
    bench.ends(3, &["run", "book.md", "--env", "prod", "--unattended"]);
    let people = &bench.of_type(1, "run.opened")[0]["people"];
    assert_eq!(people["ops@example.org"], "");
    assert_eq!(people["qa@example.org"], "Quinn A");
    bench.ends(0, &["handover", "1", "--to", "Second@example.org"]);
    bench.ends(0, &["verify", "1"]);
    for format in ["markdown", "json"] {
        bench.ends(0, &["report", "1", "--format", format]).says(OPERATOR);
    }
    bench.ends(5, &["sign", "1", "--as", "nobody@example.org"]).says("second@example.org");
}

#[test]
fn whoever_is_listed_is_named_once_to_a_stranger() {
    let bench = bench();
    let ran =
        bench.ends(5, &["run", "book.md", "--env", "prod", "--unattended", "--operator", "zzzzzzzzzzzz"]);
    ran.says("holdpoint.toml lists ops@example.org, qa@example.org, second@example.org.");
    assert!(!bench.exists(".holdpoint"));
}
