//! `image`, against a real engine where this machine can have one.

use std::process::Command;

use holdpoint_hosts::{Engine, skipped};

use crate::bench::{Bench, HOLDPOINT, Ran};
use crate::{SECRET, book};

#[test]
fn an_image_is_asked_for_its_labels_architecture_and_digest() {
    let engine = match Engine::start() {
        Ok(engine) => engine,
        Err(missing) => {
            return skipped("probes::an_image_is_asked_for_its_labels_architecture_and_digest", &missing);
        }
    };
    let bench = Bench::new();
    bench.sh("mkdir root && echo x > root/file && tar -C root -cf root.tar .");
    let tar = bench.path("root.tar");
    engine
        .docker(&["import", "--change", "LABEL org.example.release=v1", tar.to_str().unwrap(), "probe:v1"])
        .unwrap();
    let id = engine.docker(&["image", "inspect", "--format", "{{.Id}}", "probe:v1"]).unwrap();
    let architecture =
        engine.docker(&["image", "inspect", "--format", "{{.Architecture}}", "probe:v1"]).unwrap();
    let asks = |code: i32, probe: &str| {
        bench.file("book.md", &book(&[&format!("image: {{ {probe} }}")]));
        let mut command: Command = bench.command(HOLDPOINT);
        command
            .args(["run", "book.md", "--unattended"])
            .env("TOKEN", SECRET)
            .env("DOCKER_HOST", engine.address());
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, code, "{probe}\n{}", ran.both());
        ran
    };
    let (id, architecture) = (id.trim(), architecture.trim());
    asks(
        0,
        &format!(
            "name: \"probe:v1\", digest: \"{id}\", architecture: {architecture}, labels: {{ org.example.release: v1 }}"
        ),
    );
    asks(3, "name: \"probe:v1\", architecture: s390x").says("s390x");
    asks(3, "name: \"probe:v1\", labels: { org.example.release: v2 }").says("v2");
    asks(3, "name: \"probe:v9\"").says("docker:");
}

#[test]
fn a_machine_without_an_engine_says_so() {
    let bench = Bench::new();
    bench.file("book.md", &book(&["image: { name: \"probe:v1\" }"]));
    let mut command = bench.command(HOLDPOINT);
    command
        .args(["run", "book.md", "--unattended"])
        .env("TOKEN", SECRET)
        .env("DOCKER_HOST", "unix:///nowhere.sock");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.both());
    ran.says("docker");
}
