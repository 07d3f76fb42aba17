//! What `cargo xtask dist` packs, with a small program in the place of `holdpoint`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const FAKE: &str = r##"#!/bin/sh
case $1 in
completions) echo "# for $2" ;;
man) mkdir -p "$3" && echo page >"$3/holdpoint.1" ;;
esac
"##;

/// The archive, and the Debian package.
fn packed(directory: &Path, into: &str) -> [PathBuf; 2] {
    let fake = directory.join("holdpoint");
    fs::write(&fake, FAKE).unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint-xtask"));
    let output = command
        .arg("dist")
        .arg("--holdpoint")
        .arg(&fake)
        .arg("--into")
        .arg(directory.join(into))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    let files: Vec<PathBuf> = told.lines().map(PathBuf::from).collect();
    files.try_into().unwrap_or_else(|_| panic!("dpkg-deb is needed: {told}"))
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_archive_holds_program_completions_pages_and_what_it_is_made_of_and_is_the_same_bytes_each_time() {
    let scratch = tempfile::tempdir().unwrap();
    let [archive, package] = packed(scratch.path(), "one");
    let listed = said(Command::new("tar").arg("-tzvf").arg(&archive));
    for file in [
        "bin/holdpoint",
        "completions/bash/holdpoint",
        "completions/zsh/_holdpoint",
        "completions/fish/holdpoint.fish",
        "man/man1/holdpoint.1",
        "sbom.cdx.json",
        "README.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
    ] {
        assert!(
            listed.lines().any(|line| line.ends_with(file) && line.contains("0/0")),
            "{file} in\n{listed}"
        );
    }
    let name = archive.file_name().unwrap().to_str().unwrap().strip_suffix(".tar.gz").unwrap();
    let sbom = said(Command::new("tar").arg("-xzOf").arg(&archive).arg(format!("{name}/sbom.cdx.json")));
    let sbom: serde_json::Value = serde_json::from_str(&sbom).unwrap();
    let names: Vec<&str> =
        sbom["components"].as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"clap") && names.contains(&"holdpoint-engine"), "{names:?}");
    // Of tests alone.
    assert!(!names.contains(&"expectrl") && !names.contains(&"proptest"), "{names:?}");
    said(Command::new("sha256sum").args(["--check", "SHA256SUMS"]).current_dir(archive.parent().unwrap()));
    let again = packed(scratch.path(), "two");
    assert_eq!(
        [archive, package].map(|file| fs::read(file).unwrap()),
        again.map(|file| fs::read(file).unwrap())
    );
}

#[test]
fn cargo_binstall_is_told_the_archive_by_its_name_and_the_program_by_its_path_in_it() {
    let scratch = tempfile::tempdir().unwrap();
    let [archive, _] = packed(scratch.path(), "one");
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../cli/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let told = &manifest["package"]["metadata"]["binstall"];
    let name = archive.file_name().unwrap().to_str().unwrap();
    let target = name.strip_prefix("holdpoint-").unwrap().strip_suffix(".tar.gz").unwrap();
    let (version, target) = target.split_once('-').unwrap();
    let filled = |key: &str| {
        let values = [("name", "holdpoint"), ("version", version), ("target", target), ("bin", "holdpoint")];
        values.iter().fold(told[key].as_str().unwrap().to_owned(), |text, (name, value)| {
            text.replace(&format!("{{ {name} }}"), value)
        })
    };
    assert_eq!(filled("pkg-url").rsplit_once('/').unwrap().1, name);
    assert_eq!(filled("pkg-fmt"), "tgz");
    let listed = said(Command::new("tar").arg("-tzf").arg(&archive));
    assert!(listed.lines().any(|line| line == filled("bin-dir")), "{} in\n{listed}", filled("bin-dir"));
}

#[test]
fn a_debian_package_puts_everything_where_it_belongs_and_runs_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let [_, package] = packed(scratch.path(), "one");
    let listed = said(Command::new("dpkg-deb").arg("--contents").arg(&package));
    for (mode, file) in [
        ("-rwxr-xr-x root/root", "./usr/bin/holdpoint"),
        ("-rw-r--r-- root/root", "./usr/share/bash-completion/completions/holdpoint"),
        ("-rw-r--r-- root/root", "./usr/share/zsh/vendor-completions/_holdpoint"),
        ("-rw-r--r-- root/root", "./usr/share/fish/vendor_completions.d/holdpoint.fish"),
        ("-rw-r--r-- root/root", "./usr/share/man/man1/holdpoint.1.gz"),
        ("-rw-r--r-- root/root", "./usr/share/doc/holdpoint/LICENSE-MIT"),
        ("drwxr-xr-x root/root", "./usr/share/doc/holdpoint/"),
    ] {
        let found = listed.lines().find(|line| line.ends_with(&format!(" {file}")));
        assert!(found.is_some_and(|line| line.starts_with(mode)), "{mode} {file} in\n{listed}");
    }
    let told = said(Command::new("dpkg-deb").arg("--field").arg(&package));
    assert!(told.contains("Depends: git\n") && told.contains("Section: admin"), "{told}");
    let control = scratch.path().join("control");
    said(Command::new("dpkg-deb").arg("--control").arg(&package).arg(&control));
    let names: Vec<_> = fs::read_dir(control).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["control"], "no script of it runs as root");
}
