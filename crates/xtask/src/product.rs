//! A scratch repository of the sample product, with a past, and with a release that already serves.

mod history;
mod names;
pub mod ports;
mod template;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::command::{self, git};

pub use names::{ANSWERS, INCLUDED, OPERATOR, PREVIOUS, PRODUCTION_ANSWERS, QA, RELEASE, RUNBOOK};

/// A scratch repository and its two deployments. Stops what serves when it is dropped, unless told to leave it.
#[derive(Debug, Serialize)]
pub struct Product {
    /// Where all of it lies: `repo`, `origin.git`, `deploy`.
    pub root: PathBuf,
    /// The operator's clone, on `main`, clean.
    pub repo: PathBuf,
    /// The bare repository that the clone calls `origin`.
    pub origin: PathBuf,
    /// The key of [`QA`], whom `allowed_signers` lists with it: a sample signs with it, as nobody but they would.
    pub key: PathBuf,
    /// The deployment that rehearsals switch.
    pub staging: Place,
    /// The deployment that the real thing switches.
    pub production: Place,
    /// The commit that serves in both, tagged [`PREVIOUS`].
    pub previous: String,
    /// The commit at `staging`, not yet tagged, to become [`RELEASE`].
    pub candidate: String,
    #[serde(skip)]
    left_running: bool,
}

/// One deployment of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The environment's name.
    pub environment: String,
    /// The loopback port it serves on.
    pub port: u16,
    /// `releases/`, `current`, `backups/`, `service.log`, `service.pid`.
    pub root: PathBuf,
}

impl Place {
    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Makes the product in `dir`, which must be empty or missing: `origin.git`, a clone with feature, development,
/// staging and production branches, `holdpoint.toml` with two free loopback ports, the run-book, and the older
/// release built and serving in both deployments. Takes about two seconds; needs git, bash, ssh-keygen and rustc.
///
/// # Errors
/// What the file system, git or the product's own scripts say.
pub fn make(dir: &Path) -> io::Result<Product> {
    fs::create_dir_all(dir)?;
    let root = dir.canonicalize()?;
    if fs::read_dir(&root)?.next().is_some() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is not empty", root.display())));
    }
    let [staging, production] = ports::free()?;
    let place = |environment: &str, port| Place {
        environment: environment.to_owned(),
        port,
        root: root.join("deploy").join(environment),
    };
    let (repo, origin) = (root.join("repo"), root.join("origin.git"));
    command::output(git(&root).args(["init", "--quiet", "--bare", "--initial-branch=main", "origin.git"]))?;
    template::write(&repo, staging, production)?;
    let key = root.join("qa-key");
    template::write_signers(&repo, &key)?;
    let (previous, candidate) = history::write(&repo)?;

    let (staging, production) = (place("staging", staging), place("production", production));
    let product =
        Product { root, repo, origin, key, staging, production, previous, candidate, left_running: false };
    product.deploy_previous()?;
    Ok(product)
}

impl Product {
    /// One of the repository's scripts, to be run as the run-book does for this deployment.
    pub fn script(&self, name: &str, place: &Place) -> Command {
        let mut command = Command::new("bash");
        command.arg(format!("scripts/{name}")).current_dir(&self.repo);
        command.env("DEPLOY_ROOT", &place.root).env("APP_PORT", place.port.to_string());
        command::hermetic(&mut command);
        command
    }

    /// What `/version` of a deployment says.
    ///
    /// # Errors
    /// It does not answer, or not with JSON.
    pub fn version(&self, place: &Place) -> io::Result<serde_json::Value> {
        let mut get = self.script("http-get", place);
        let body = command::output(get.arg(format!("{}/version", place.url())))?;
        serde_json::from_str(&body).map_err(io::Error::from)
    }

    /// Stops what serves in both deployments and waits until it is gone. Once more does nothing.
    ///
    /// # Errors
    /// A process that does not end.
    pub fn stop(&self) -> io::Result<()> {
        for place in [&self.staging, &self.production] {
            command::output(&mut self.script("stop.sh", place))?;
        }
        Ok(())
    }

    /// Lets both deployments serve on after this value is gone; [`stop`] ends them.
    pub fn leave_running(&mut self) {
        self.left_running = true;
    }

    fn deploy_previous(&self) -> io::Result<()> {
        let build = format!("build/{}", self.previous);
        command::output(self.script("build.sh", &self.staging).args([&self.previous, &build]))?;
        for place in [&self.staging, &self.production] {
            command::output(self.script("transfer.sh", place).arg(&build))?;
            command::output(self.script("activate.sh", place).arg(&self.previous))?;
        }
        fs::remove_dir_all(self.repo.join("build"))
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        if !self.left_running
            && let Err(error) = self.stop()
        {
            eprintln!("the sample product could not be stopped: {error}");
        }
    }
}

/// Stops what serves of a product made earlier in `dir`, by this process or another.
///
/// # Errors
/// No product there, or a process that does not end.
pub fn stop(dir: &Path) -> io::Result<()> {
    let deployments = fs::read_dir(dir.join("deploy")).map_err(|error| {
        io::Error::new(error.kind(), format!("no sample product in {}: {error}", dir.display()))
    })?;
    for deployment in deployments {
        let mut stop = Command::new("bash");
        stop.arg("scripts/stop.sh").current_dir(dir.join("repo"));
        command::output(stop.env("DEPLOY_ROOT", deployment?.path().canonicalize()?))?;
    }
    Ok(())
}
