//! The same work, written down for each who does it.

use std::fmt::Write as _;

/// A run-book of one section with this block and its options.
pub(super) fn one_block(front: &str, options: &str, script: &str) -> String {
    format!(
        "---\nrunbook: 1\ntitle: Bench\n{front}---\n\n# Bench\n\n## Only step\n\n```sh run\n{options}{script}\n```\n"
    )
}

/// A run-book of so many steps that do nothing.
pub(crate) fn runbook(steps: u32) -> String {
    repeated("---\nrunbook: 1\ntitle: Bench\n---\n\n# Bench\n", steps, |n| {
        format!("\n## Step {n}\n\n```sh run\ntrue\n```\n")
    })
}

pub(super) fn justfile(steps: u32) -> String {
    repeated("all:\n", steps, |_| "    @true\n".to_owned())
}

/// With a semicolon, for otherwise make starts `true` without a shell.
pub(super) fn makefile(steps: u32) -> String {
    repeated(".PHONY: all\nall:\n", steps, |_| "\t@true;\n".to_owned())
}

pub(super) fn maskfile() -> String {
    "# Bench\n\n## step\n\n```sh\ntrue\n```\n".to_owned()
}

pub(super) fn paulrun(steps: u32, script: &str) -> String {
    repeated("---\ntitle: Bench\n---\n\n# Bench\n", steps, |n| {
        format!("\n## Step {n}\n\n```sh run\n{script}\n```\n")
    })
}

pub(super) fn audited(steps: u32, script: &str) -> String {
    repeated("name: bench\nsteps:\n", steps, |n| format!("  - name: s{n}\n    command: '{script}'\n"))
}

pub(super) fn rundoc(steps: u32) -> String {
    repeated("# Bench\n", steps, |_| "\n```bash\ntrue\n```\n".to_owned())
}

pub(super) fn cram(steps: u32) -> String {
    repeated("Bench\n\n", steps, |_| "  $ true\n".to_owned())
}

pub(super) fn playbook(steps: u32) -> String {
    let head = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n";
    repeated(head, steps, |_| task("step", "true"))
}

/// The same at hosts of an inventory, and when the steps began and ended; one before that has the connections made.
pub(super) fn playbook_at(hosts: &str, steps: u32, script: &str) -> String {
    let head = format!("- hosts: {hosts}\n  gather_facts: false\n  tasks:\n{}", task("connect", "true"));
    let time = |name| {
        let here = "      delegate_to: localhost\n      run_once: true\n      connection: local\n";
        let task = task(name, "date +%s.%N >>\"{{ playbook_dir }}/took\"");
        format!("{task}{here}")
    };
    repeated(&(head + &time("begin")), steps, |_| task("step", script)) + &time("end")
}

fn task(name: &str, script: &str) -> String {
    format!("    - name: {name}\n      ansible.builtin.shell: '{script}'\n")
}

/// A run-book of so many steps, each of which runs this at the places of the target `web`, so many at a time, and of when they
/// began and ended; one before that has the connections made.
pub(super) fn at_places(steps: u32, at_once: u32, script: &str) -> String {
    let step = |name: &str, script: &str| {
        format!(
            "\n## {name}\n\n```yaml step\ntarget: web\nrollout: {{ at_once: {at_once} }}\n```\n\n```sh run\n{script}\n```\n"
        )
    };
    let time = |name: &str| format!("\n## {name}\n\n```sh run\ndate +%s.%N >>took\n```\n");
    let head = "---\nrunbook: 1\ntitle: Bench\n---\n\n# Bench\n".to_owned();
    let head = head + &step("Connect", "true") + &time("Begin");
    repeated(&head, steps, |n| step(&format!("Step {n}"), script)) + &time("End")
}

fn repeated(head: &str, times: u32, part: impl Fn(u32) -> String) -> String {
    (1..=times).fold(head.to_owned(), |mut text, n| {
        let _ = write!(text, "{}", part(n));
        text
    })
}

/// A run-book of so many steps, each with a block and an item, as those of a generated store.
pub(super) fn turns(steps: u32) -> String {
    repeated("---\nrunbook: 1\ntitle: Long run\n---\n\n# Long run\n", steps, |n| {
        format!(
            "\n## Turn {n}\n\n```sh run\necho turn {n} is done\n```\n\n- [ ] Gauge 1 of turn {n} is in the green\n"
        )
    })
}
