//! The sample product's own scripts, with real processes on loopback.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use holdpoint_xtask::command::{git, output};
use holdpoint_xtask::product::{self, Place, Product};

fn made() -> (tempfile::TempDir, Product) {
    let directory = tempfile::tempdir().unwrap();
    let product = product::make(directory.path()).unwrap();
    (directory, product)
}

fn serving(product: &Product, place: &Place) -> (String, u64) {
    let version = product.version(place).unwrap();
    (version["commit"].as_str().unwrap().to_owned(), version["pid"].as_u64().unwrap())
}

fn script(product: &Product, place: &Place, name: &str, arguments: &[&str]) -> Result<String, String> {
    output(product.script(name, place).args(arguments)).map_err(|error| error.to_string())
}

fn built(product: &Product, commit: &str) -> String {
    let build = format!("build/{commit}");
    script(product, &product.staging, "build.sh", &[commit, &build]).unwrap();
    build
}

#[test]
fn a_product_is_made_with_a_past_and_an_older_release_that_serves() {
    let (_directory, product) = made();
    for place in [&product.staging, &product.production] {
        assert_eq!(serving(&product, place).0, product.previous);
    }
    let refs = output(git(&product.repo).args(["ls-remote", "origin"])).unwrap();
    for (name, commit) in [
        ("refs/heads/production", &product.previous),
        ("refs/heads/rehearsal/production", &product.previous),
        ("refs/heads/staging", &product.candidate),
        ("refs/tags/v1.3.0^{}", &product.previous),
    ] {
        assert!(refs.lines().any(|line| line == format!("{commit}\t{name}")), "{name} in\n{refs}");
    }
    assert!(!refs.contains(product::RELEASE), "the release to come is not tagged yet");
    let mut ancestor = git(&product.repo);
    output(ancestor.args(["merge-base", "--is-ancestor", &product.previous, &product.candidate])).unwrap();
    let ahead =
        output(git(&product.repo).args(["log", "--oneline", "origin/staging..origin/development"])).unwrap();
    assert_eq!(ahead.lines().count(), 1, "work goes on beyond staging");
    assert_eq!(output(git(&product.repo).args(["status", "--porcelain"])).unwrap(), "", "the clone is clean");
    assert!(product.repo.join(product::RUNBOOK).is_file());
    assert_eq!(output(git(&product.repo).args(["config", "user.email"])).unwrap(), product::OPERATOR);
}

#[test]
fn a_product_is_not_made_over_something_that_is_there() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("letter.txt"), "dear").unwrap();
    assert!(product::make(directory.path()).is_err());
    assert_eq!(fs::read_to_string(directory.path().join("letter.txt")).unwrap(), "dear");
}

#[test]
fn a_release_is_switched_and_switched_back() {
    let (_directory, product) = made();
    let place = &product.staging;
    let (_, old_pid) = serving(&product, place);
    let build = built(&product, &product.candidate);
    script(&product, place, "transfer.sh", &[&build]).unwrap();
    assert_eq!(serving(&product, place), (product.previous.clone(), old_pid), "a transfer switches nothing");

    script(&product, place, "activate.sh", &[&product.candidate]).unwrap();
    let (commit, new_pid) = serving(&product, place);
    assert_eq!(commit, product.candidate);
    assert_ne!(new_pid, old_pid);
    script(&product, place, "process-gone", &[&old_pid.to_string()]).unwrap();
    script(&product, place, "process-gone", &[&new_pid.to_string()]).unwrap_err();

    script(&product, place, "activate.sh", &[&product.previous]).unwrap();
    assert_eq!(serving(&product, place).0, product.previous);
    assert_eq!(
        serving(&product, &product.production).0,
        product.previous,
        "the other deployment was left alone"
    );
}

#[test]
fn a_release_that_was_lost_comes_back_from_its_backup() {
    let (_directory, product) = made();
    let place = &product.staging;
    let backup = script(&product, place, "backup.sh", &[]).unwrap();
    let said = script(&product, place, "restore.sh", &[&backup]).unwrap();
    assert!(said.starts_with("already there"), "{said}");

    script(&product, place, "stop.sh", &[]).unwrap();
    fs::remove_dir_all(place.root.join("releases").join(&product.previous)).unwrap();
    script(&product, place, "activate.sh", &[&product.previous]).unwrap_err();
    script(&product, place, "restore.sh", &[&backup]).unwrap();
    script(&product, place, "activate.sh", &[&product.previous]).unwrap();
    assert_eq!(serving(&product, place).0, product.previous);
}

#[test]
fn a_damaged_backup_restores_nothing() {
    let (_directory, product) = made();
    let place = &product.staging;
    let backup = script(&product, place, "backup.sh", &[]).unwrap();
    fs::remove_dir_all(place.root.join("releases").join(&product.previous)).unwrap();
    let mut bytes = fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&backup, bytes).unwrap();
    let said = script(&product, place, "restore.sh", &[&backup]).unwrap_err();
    assert!(said.contains("damaged"), "{said}");
    assert!(!place.root.join("releases").join(&product.previous).exists());
}

#[test]
fn the_same_commit_is_built_to_the_same_bytes() {
    let (_directory, product) = made();
    let read = |build: &str| fs::read(product.repo.join(build).join("service")).unwrap();
    let first = read(&built(&product, &product.candidate));
    script(&product, &product.staging, "build.sh", &["origin/staging", "build/again"]).unwrap();
    assert!(first == read("build/again"));
}

#[test]
fn a_build_is_made_of_the_commit_and_not_of_the_work_tree() {
    let (_directory, product) = made();
    fs::write(product.repo.join("src/main.rs"), "this is no Rust").unwrap();
    built(&product, &product.candidate);
    script(&product, &product.staging, "test.sh", &[&product.candidate]).unwrap();
    script(&product, &product.staging, "test.sh", &[]).unwrap_err();
}

#[test]
fn what_is_not_as_it_should_be_is_refused() {
    let (_directory, product) = made();
    let place = &product.staging;
    let build = built(&product, &product.candidate);
    let untouched = serving(&product, place);
    let refused = |name: &str, arguments: &[&str], why: &str| {
        let said = script(&product, place, name, arguments).unwrap_err();
        assert!(said.contains(why), "{name} {arguments:?}: {said}");
    };
    refused("build.sh", &["no-such-commit", "build/x"], "no such commit");
    refused("activate.sh", &[&product.candidate], "not transferred");
    refused("remove-release.sh", &[&product.previous], "is active");
    refused("remove-release.sh", &["../.."], "not a full commit name");
    refused("restore.sh", &["no-such-backup.tar"], "no such backup");
    refused("http-get", &["ftp://127.0.0.1/"], "");

    fs::write(product.repo.join(&build).join("service"), "not what was built").unwrap();
    refused("transfer.sh", &[&build], "damaged");
    assert!(!place.root.join("releases").join(&product.candidate).exists());
    assert_eq!(serving(&product, place), untouched);
}

#[test]
fn pages_are_fetched_with_bash_alone_just_as_with_curl() {
    let (_directory, product) = made();
    let get = |page: &str, how: &str| {
        let url = format!("{}{page}", product.staging.url());
        output(product.script("http-get", &product.staging).arg(url).env("HTTP_GET", how)).ok()
    };
    for page in ["/version", "/health", "/no-such-page"] {
        assert_eq!(get(page, "bash"), get(page, ""), "{page}");
    }
    assert_eq!(get("/health", "bash").unwrap(), r#"{"status":"ok"}"#);
    assert_eq!(get("/no-such-page", "bash"), None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_service_keeps_nothing_of_the_shell_that_started_it() {
    let (_directory, product) = made();
    let place = &product.staging;
    let open = |path: &Path| fs::File::create(path).unwrap();
    let held = product.root.join("held");
    drop(open(&held));
    // As an executor that hands descriptors to a block would: 8, 9 and one beyond.
    let mut activate = std::process::Command::new("bash");
    activate.args([
        "-c",
        r#"exec 8>"$HELD" 9>"$HELD" 23>"$HELD"; exec bash scripts/activate.sh "$1""#,
        "activate",
    ]);
    activate.arg(&product.previous).current_dir(&product.repo);
    activate.env("HELD", &held).env("DEPLOY_ROOT", &place.root).env("APP_PORT", place.port.to_string());
    output(activate.env("SECRET_OF_THE_RUN", "hush")).unwrap();

    let (_, pid) = serving(&product, place);
    for descriptor in fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let target = fs::read_link(descriptor.unwrap().path()).unwrap();
        let target = target.to_string_lossy();
        let expected = ["/dev/null", "socket:"].iter().any(|start| target.starts_with(start));
        assert!(expected || target.ends_with("service.log"), "{target}");
    }
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains("SECRET_OF_THE_RUN"));
}

#[test]
fn a_product_left_running_is_stopped_by_its_directory() {
    let (directory, mut product) = made();
    let place = product.production.clone();
    let (_, pid) = serving(&product, &place);
    product.leave_running();
    drop(product);
    product::stop(directory.path()).unwrap();
    product::stop(directory.path()).unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", place.port)).is_err(), "process {pid} still serves");
}

/// Both when the product is made and when somebody goes on in it by hand.
#[test]
fn the_users_own_git_settings_stay_outside() {
    let directory = tempfile::tempdir().unwrap();
    let (home, made) = (directory.path().join("home"), directory.path().join("made"));
    let hooks = home.join("hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in ["pre-commit", "pre-push", "commit-msg"] {
        output(std::process::Command::new("install").args(["-m", "755", "/bin/false"]).arg(hooks.join(hook)))
            .unwrap();
    }
    let settings = format!(
        "[user]\nname = Nobody\nemail = nobody@example.org\n[commit]\ngpgSign = true\n[tag]\ngpgSign = true\n\
        [core]\nhooksPath = {}\n[init]\ndefaultBranch = trunk\n",
        hooks.display()
    );
    fs::write(home.join(".gitconfig"), settings).unwrap();

    let mut make = std::process::Command::new(env!("CARGO_BIN_EXE_holdpoint-xtask"));
    make.arg("product").arg(&made).env("HOME", &home).env("GIT_DIR", "no-such-repository");
    let described: serde_json::Value = serde_json::from_str(&output(&mut make).unwrap()).unwrap();
    product::stop(&made).unwrap();

    let by_hand = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.args(arguments).current_dir(described["repo"].as_str().unwrap()).env("HOME", &home);
        output(git.env_remove("GIT_CONFIG_GLOBAL")).unwrap()
    };
    assert_eq!(by_hand(&["config", "user.email"]), product::OPERATOR);
    by_hand(&["tag", "--annotate", "--message", "Release v9.9.9", "v9.9.9"]);
    by_hand(&["push", "--quiet", "origin", "refs/tags/v9.9.9"]);
    by_hand(&["commit", "--quiet", "--allow-empty", "--message", "Nothing"]);
}
