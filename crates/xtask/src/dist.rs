//! `cargo xtask dist`: what is given to people who do not build it themselves. For this machine's kind alone, made so that the
//! same program gives the same bytes.

mod clean;
mod debian;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{cargo, exists, output, run};
use crate::workspace;

/// What is asked for.
#[derive(Debug)]
pub struct Options {
    /// Takes this program, and builds none.
    pub holdpoint: Option<PathBuf>,
    /// Where it goes; `target/dist` otherwise.
    pub directory: Option<PathBuf>,
    /// Installs and uses the Debian package in a clean Debian too.
    pub try_it: bool,
    /// Builds the commit once more, elsewhere, and compares.
    pub twice: bool,
}

/// Files of the repository that go along.
const ALONG: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Writes `holdpoint-VERSION-TARGET.tar.gz`, the same as a Debian package where `dpkg` is, and `SHA256SUMS` of both.
///
/// # Errors
/// Something could not be built, asked or written.
pub fn make(options: &Options) -> io::Result<()> {
    let program = match &options.holdpoint {
        Some(program) => program.canonicalize()?,
        None => build(&workspace(), &target()?)?,
    };
    if options.twice {
        same_elsewhere(&program)?;
    }
    let directory =
        options.directory.clone().map_or_else(|| Ok(target()?.join("dist")), Ok::<_, io::Error>)?;
    let metadata = metadata()?;
    let version = version(&metadata)?;
    let name = format!("holdpoint-{version}-{}", host()?);
    let scratch = tempfile::tempdir()?;
    let tree = scratch.path().join(&name);
    fill(&tree, &program, &bill(&metadata, &version)?)?;
    fs::create_dir_all(&directory)?;
    let archive = directory.join(format!("{name}.tar.gz"));
    let time = output(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(workspace()))?;
    pack(scratch.path(), &name, &time, &archive)?;
    let mut made = vec![archive];
    if exists("dpkg-deb") {
        let package = debian::pack(&tree, &version, &time, &directory)?;
        if options.try_it {
            clean::used(&package)?;
        }
        made.push(package);
    } else if options.try_it {
        return Err(bad("there is no dpkg-deb here to make a Debian package with"));
    } else {
        println!("no Debian package, for there is no dpkg-deb here");
    }
    let names = made.iter().filter_map(|file| file.file_name());
    let sums = output(Command::new("sha256sum").args(names).current_dir(&directory))?;
    fs::write(directory.join("SHA256SUMS"), format!("{sums}\n"))?;
    made.iter().for_each(|file| println!("{}", file.display()));
    Ok(())
}

/// Builds what is given away; nothing of where it is built is in it.
fn build(checkout: &Path, target: &Path) -> io::Result<PathBuf> {
    let mut cargo = cargo();
    cargo
        .current_dir(checkout)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(checkout)?)
        .args(["build", "--release", "--locked", "-p", "holdpoint"]);
    run(&mut cargo)?;
    Ok(target.join("release/holdpoint"))
}

/// What rustc is told besides: panics name sources by paths that are the same on every machine.
fn flags(checkout: &Path) -> io::Result<String> {
    let registry = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => std::env::home_dir().ok_or_else(|| bad("there is no home directory"))?.join(".cargo"),
    };
    let mut flags: Vec<String> =
        std::env::var("RUSTFLAGS").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    for (from, to) in [(registry.as_path(), "cargo"), (checkout, "holdpoint")] {
        flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    }
    // As cargo separates them (its book, "Environment variables").
    Ok(flags.join("\u{1f}"))
}

/// Builds the commit at hand from nothing in another directory, and compares the program byte by byte.
fn same_elsewhere(program: &Path) -> io::Result<()> {
    let scratch = tempfile::tempdir()?;
    let checkout = scratch.path().join("another/checkout");
    run(Command::new("git").args(["clone", "--quiet", "--no-hardlinks"]).arg(workspace()).arg(&checkout))?;
    let again = build(&checkout, &scratch.path().join("another-target"))?;
    if fs::read(program)? != fs::read(&again)? {
        let kept = program.with_extension("again");
        fs::copy(&again, &kept)?;
        return Err(bad(&format!("built elsewhere it has other bytes; they are in {}", kept.display())));
    }
    println!("built elsewhere it has the same bytes");
    Ok(())
}

/// The program, what shells and `man` take in, and what it is made of.
fn fill(tree: &Path, program: &Path, bill: &Value) -> io::Result<()> {
    let put = |path: &str, bytes: &[u8], mode: u32| -> io::Result<()> {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap_or(tree))?;
        fs::write(&path, bytes)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))
    };
    put("bin/holdpoint", &fs::read(program)?, 0o755)?;
    for (shell, file) in [("bash", "holdpoint"), ("zsh", "_holdpoint"), ("fish", "holdpoint.fish")] {
        let script = output(Command::new(program).args(["completions", shell]))?;
        put(&format!("completions/{shell}/{file}"), format!("{script}\n").as_bytes(), 0o644)?;
    }
    let pages = tempfile::tempdir()?;
    output(Command::new(program).arg("man").arg("-o").arg(pages.path()))?;
    for page in fs::read_dir(pages.path())? {
        let page = page?;
        put(&format!("man/man1/{}", page.file_name().to_string_lossy()), &fs::read(page.path())?, 0o644)?;
    }
    for file in ALONG {
        put(file, &fs::read(workspace().join(file))?, 0o644)?;
    }
    put("sbom.cdx.json", format!("{}\n", serde_json::to_string_pretty(bill)?).as_bytes(), 0o644)
}

/// Sorted, by nobody, of the time of the last commit: nothing of the machine or the moment is in it.
fn pack(above: &Path, name: &str, time: &str, archive: &Path) -> io::Result<()> {
    let tar = archive.with_extension("");
    run(Command::new("tar")
        .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"])
        .arg(format!("--mtime=@{time}"))
        .arg("-cf")
        .arg(&tar)
        .arg("-C")
        .arg(above)
        .arg(name))?;
    run(Command::new("gzip").args(["--no-name", "--best", "--force"]).arg(&tar))
}

/// What the program is made of, as CycloneDX 1.5: its own version, and each dependency that is built into it.
fn bill(metadata: &Value, version: &str) -> io::Result<Value> {
    let packages = metadata["packages"].as_array().ok_or_else(|| bad("cargo metadata names no packages"))?;
    let by_id: BTreeMap<&str, &Value> =
        packages.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes =
        metadata["resolve"]["nodes"].as_array().ok_or_else(|| bad("cargo metadata resolves nothing"))?;
    let by_node: BTreeMap<&str, &Value> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let own = packages.iter().find(|package| package["name"] == "holdpoint");
    let own = own
        .and_then(|own| own["id"].as_str())
        .ok_or_else(|| bad("cargo metadata does not know holdpoint"))?;
    // What tests and the build itself take is not in the program.
    let (mut reached, mut ahead) = (BTreeMap::new(), vec![own]);
    while let Some(id) = ahead.pop() {
        if reached.insert(id, ()).is_some() {
            continue;
        }
        for dependency in by_node.get(id).and_then(|node| node["deps"].as_array()).into_iter().flatten() {
            let built_in = dependency["dep_kinds"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()));
            ahead.extend(dependency["pkg"].as_str().filter(|_| built_in));
        }
    }
    let component = |package: &Value| {
        let (name, version) = (&package["name"], &package["version"]);
        let purl = format!(
            "pkg:cargo/{}@{}",
            name.as_str().unwrap_or_default(),
            version.as_str().unwrap_or_default()
        );
        json!({
            "type": "library",
            "name": name,
            "version": version,
            "purl": purl,
            "licenses": [{ "expression": package["license"] }],
        })
    };
    let others = reached.keys().filter(|id| **id != own).filter_map(|id| by_id.get(id));
    let mut components: Vec<Value> = others.map(|package| component(package)).collect();
    components.sort_by_key(|component| component["purl"].to_string());
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": "holdpoint", "version": version } },
        "components": components,
    }))
}

fn metadata() -> io::Result<Value> {
    let told = output(cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        &host()?,
    ]))?;
    Ok(serde_json::from_str(&told)?)
}

fn version(metadata: &Value) -> io::Result<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let own =
        packages.filter(|package| package["name"] == "holdpoint").find_map(|own| own["version"].as_str());
    own.map(str::to_owned).ok_or_else(|| bad("cargo metadata does not know holdpoint"))
}

/// The kind of machine that this is, as rustc names it.
fn host() -> io::Result<String> {
    let told = output(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| bad("rustc does not say which machine this is"))
}

fn target() -> io::Result<PathBuf> {
    let told = output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&told)?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| bad("cargo names no target directory"))
}

fn bad(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}
