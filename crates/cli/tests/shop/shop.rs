//! The shop's repository, its remote, and its hosts: one in staging, three in production.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use holdpoint_hosts::{Machine, Missing, skipped, write_ssh, write_ssh_for};
use holdpoint_xtask::command::output;
use holdpoint_xtask::{tools, workspace};

use crate::bench::{Bench, HOLDPOINT, Ran};
use crate::host::Host;

pub const BOOK: &str = "runbooks/docker-release.md";

pub struct Shop {
    pub bench: Bench,
    /// One host for all.
    pub staging: Host,
    /// Two web hosts.
    pub web: [Host; 2],
    /// The database's.
    pub db: Host,
    /// What users come to, before the web hosts.
    pub front: Host,
    path: String,
}

fn hosts() -> Result<(Host, [Host; 2], Host, Host), Missing> {
    let staging = Host::start()?.with_nginx()?.with_postgres()?;
    let web = [Host::start()?.with_nginx()?, Host::start()?.with_nginx()?];
    let db = Host::start()?.with_postgres()?;
    let first = format!("server {}:8080;\n", web[0].address());
    let front = Host::in_between()?.with_nginx_before("front-hosts.conf", &first, "")?;
    Ok((staging, web, db, front))
}

impl Shop {
    /// The shop with its first release on all hosts; `None`, said and counted, where this machine cannot have them.
    pub fn open(test: &str) -> Option<Shop> {
        let (staging, web, db, front) = hosts().map_err(|missing| skipped(test, &missing)).ok()?;
        let bench = Bench::new();
        let path = with_ssh(&bench, &[&staging, &web[0], &web[1], &db, &front]);
        // Before the first run: what is made in there from then on is shared with those who sit elsewhere.
        let store = bench.path(".holdpoint/runs");
        fs::create_dir_all(&store).unwrap();
        Machine::share(&store).map_err(|missing| skipped(test, &missing)).ok()?;
        let shop = Shop { bench, staging, web, db, front, path };
        shop.commit_the_first();
        shop.first_release();
        Some(shop)
    }

    fn commit_the_first(&self) {
        let (from, root) = (workspace().join("examples/shop"), self.bench.root());
        output(Command::new("cp").arg("--recursive").arg(from.join(".")).arg(&root)).unwrap();
        self.bench.file(BOOK, &fs::read_to_string(workspace().join(BOOK)).unwrap());
        for beside in [
            "runbooks/services/docker-host.md",
            "runbooks/common/clone.md",
            "runbooks/common/change-hands.md",
        ] {
            self.bench.file(beside, &fs::read_to_string(workspace().join(beside)).unwrap());
        }
        self.bench.file("holdpoint.toml", &self.configuration());
        self.bench.file(".gitignore", ".holdpoint/\n");
        self.bench.sh(
            "git init -q -b staging . && git add -A && git commit -qm first && git init -q --bare ../origin.git && \
             git remote add origin ../origin.git && git push -q origin staging staging:production",
        );
    }

    /// The example's, with the hosts of this test. Both environments are rehearsals: nobody sits here to sign.
    fn configuration(&self) -> String {
        let text = fs::read_to_string(workspace().join("examples/shop/holdpoint.toml")).unwrap();
        let places = [&self.staging, &self.web[0], &self.web[1], &self.db].map(Host::place);
        let user = self.db.sshd.user().name.clone();
        let (staging, production) = text.split_once("[environments.production]\n").unwrap();
        let names = [
            ("ssh://deploy@staging-01", &places[0]),
            ("ssh://deploy@prod-01", &places[1]),
            ("ssh://deploy@prod-02", &places[2]),
            ("ssh://deploy@prod-db", &places[3]),
        ];
        let of = |text: &str, host: &Host| {
            let mut text = text.replace("sudo -n nginx", "nginx -e stderr -p nginx/ -c nginx.conf");
            text = text.replace("/var/run/postgresql", &host.socket().display().to_string());
            text = text.replace("PGUSER = \"deploy\"", &format!("PGUSER = {user:?}"));
            for (name, place) in names {
                text = text.replace(name, place);
            }
            text
        };
        let production = production.replace("protected = true\nfour_eyes = true\n", "rehearsal = true\n");
        let ops = "operator = [\"ops@example.org\"]";
        let text = staging.replace(ops, &ops.replace(']', ", \"night@example.org\"]"));
        let staging =
            text.replace("[roles]", "[people.\"night@example.org\"]\nname = \"Nora Night\"\n\n[roles]");
        let text = format!(
            "{}[environments.production]\n{}",
            of(&staging, &self.staging),
            of(&production, &self.db)
        );
        // What comes and goes is the second web host.
        let targets = format!(".targets]\nfront = {:?}\nhost = {:?}\n", self.front.place(), places[2]);
        let vars = format!(
            ".vars]\nHOST = {:?}\nHOST_ADDRESS = \"{}:8080\"\nFRONT_HOSTS = \"front-hosts.conf\"\n\
             FRONT_URL = \"http://{}:8080\"\n",
            places[2],
            self.web[1].address(),
            self.front.address(),
        );
        text.replace(".targets]\n", &targets).replace(".vars]\n", &vars)
    }

    /// What was there before: brought to each host by hand.
    fn first_release(&self) {
        output(self.command("scripts/base-image.sh").env("DOCKER_BUILDKIT", "0")).unwrap();
        let built =
            output(self.command("scripts/build.sh").arg("staging").env("DOCKER_BUILDKIT", "0")).unwrap();
        let image = |service: &str| {
            let line = built.lines().find_map(|line| line.strip_prefix(service)).unwrap();
            line.trim().to_owned()
        };
        let (web, worker) = (image("web "), image("worker "));
        for host in [&self.staging, &self.web[0], &self.web[1], &self.db] {
            let mut transfer = self.command("scripts/transfer.sh");
            output(transfer.args([&host.place(), "staging", &web, &worker])).unwrap();
        }
        let scripts = workspace().join("examples/shop/scripts");
        for host in [&self.staging, &self.web[0], &self.web[1]] {
            let mut activate = host.command("bash");
            activate.arg(scripts.join("activate.sh")).args(["web", &web]).env("PATH", tools::search_path());
            output(activate.env("NGINX_COMMAND", "nginx -e stderr -p nginx/ -c nginx.conf")).unwrap();
        }
        for host in [&self.staging, &self.db] {
            let at = |mut command: Command| {
                command.env("PGHOST", host.socket()).env("PGDATABASE", "shop");
                command.env("PATH", tools::search_path()).env("PGUSER", &host.sshd.user().name);
                output(&mut command).unwrap()
            };
            let mut up = host.command("bash");
            up.arg(scripts.join("database.sh")).arg("up").arg(workspace().join("examples/shop/database"));
            at(up);
            let mut activate = host.command("bash");
            activate.arg(scripts.join("activate.sh")).args(["worker", &worker]);
            at(activate);
        }
    }

    /// Commits something and pushes it to staging; the commit.
    pub fn push(&self, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            self.bench.file(name, text);
        }
        self.bench
            .sh("git add -A && git commit -qm next && git push -q origin HEAD:staging && git rev-parse HEAD")
            .trim()
            .to_owned()
    }

    /// A program in the repository, as whoever operates finds it: the local engine is that of staging's host.
    pub fn command(&self, program: &str) -> Command {
        let program = if program.contains('/') && !program.starts_with('/') {
            self.bench.path(program).into_os_string()
        } else {
            program.into()
        };
        let mut command = self.bench.command(program);
        command.env("PATH", &self.path).env("DOCKER_HOST", self.staging.engine());
        command
    }

    /// What the engine that builds says.
    pub fn docker(&self, words: &[&str]) -> String {
        output(self.command("docker").args(words).env("DOCKER_BUILDKIT", "0")).unwrap()
    }

    /// Another image that looks as if it were built of the same commit; its digest.
    pub fn built_again(&self, image: &str) -> String {
        let folder = self.bench.all().join("again");
        fs::create_dir(&folder).unwrap();
        self.docker(&["tag", image, "again"]);
        fs::write(folder.join("Dockerfile"), "FROM again\nENV REBUILT=yes\n").unwrap();
        self.docker(&["build", "--quiet", folder.to_str().unwrap()]).trim().to_owned()
    }

    pub fn holdpoint(&self, words: &[&str]) -> Command {
        let mut command = self.command(HOLDPOINT);
        command.args(words).env("DOCKER_BUILDKIT", "0").stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) -> Ran {
        let ran = self.ran(&mut self.holdpoint(words));
        assert_eq!(ran.code, code, "{words:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// What came of a command; shown too, where somebody looks on (`cargo xtask demo --docker`).
    pub fn ran(&self, command: &mut Command) -> Ran {
        let ran = Ran::of(command.output().unwrap());
        if std::env::var_os("HOLDPOINT_DEMO").is_some() {
            let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
            println!("\n$ holdpoint {}\n{}{}", words.join(" "), ran.stderr, ran.stdout);
        }
        ran
    }

    /// The words of a release in an environment, with answers to all that is asked.
    pub fn release<'a>(&self, environment: &'a str) -> Vec<&'a str> {
        let answers = "inputs: { RELEASE: v2.0.0 }
steps:
  the-web-service: { choice: proceed }
  remove-what-was-kept-for-going-back: { choice: proceed }
  observed-values: { value: { error_rate: \"0.02\" } }
  quality-assurance:
    confirm: true
    sign: { as: qa@example.org, name: Quinn Auditor }
";
        self.bench.file(".holdpoint/answers.yaml", answers);
        vec!["run", BOOK, "--env", environment, "--unattended", "--answers", ".holdpoint/answers.yaml"]
    }

    /// Somebody else's machine: an account, a host name, a network and a clone of its own. It has the store, the remote and the
    /// hosts, and nothing else of whoever began.
    pub fn elsewhere(&self) -> Machine {
        let mut machine = Machine::create(1).unwrap();
        let (home, clone) = (machine.home().to_owned(), machine.home().join("shop"));
        for folder in [&home.join("bin"), &home.join("tmp")] {
            fs::create_dir(folder).unwrap();
            machine.user().give(folder).unwrap();
        }
        let hosts = [&self.staging, &self.web[0], &self.web[1], &self.db].map(|host| &host.sshd);
        let path = std::env::var("PATH").unwrap();
        write_ssh_for(machine.user(), &home.join("bin"), &path, hosts).unwrap();
        hosts.iter().for_each(|host| host.network().unwrap().reach_others().unwrap());
        // The remote is a directory of somebody else's here.
        fs::write(home.join(".gitconfig"), "[safe]\n\tdirectory = *\n").unwrap();
        machine.mounts(HOLDPOINT.as_ref(), &home.join("holdpoint")).unwrap();
        machine.mounts(&self.bench.all().join("origin.git"), &home.join("origin.git")).unwrap();
        machine.hides(self.bench.all());
        output(at(&machine, &home, "git").args(["clone", "-q", "-b", "staging", "origin.git", "shop"]))
            .unwrap();
        machine.mounts(&self.bench.path(".holdpoint/runs"), &clone.join(".holdpoint/runs")).unwrap();
        fs::copy(self.bench.path(".holdpoint/answers.yaml"), clone.join(".holdpoint/answers.yaml")).unwrap();
        machine
    }

    /// `holdpoint` there.
    pub fn holdpoint_at(&self, machine: &Machine, words: &[&str]) -> Command {
        let mut command = at(machine, &machine.home().join("shop"), machine.home().join("holdpoint"));
        command.args(words).env("HOLDPOINT_OPERATOR", "night@example.org");
        command
    }

    /// The words with which a host is added or removed, in staging.
    pub fn host<'a>(&self, action: &str, revision: &str, image: &str) -> Vec<&'a str> {
        let answers = format!(
            "inputs: {{ ACTION: {action}, REVISION: \"{revision}\", IMAGE: \"{image}\" }}
steps:
  review: {{ sign: {{ as: qa@example.org, name: Quinn Auditor }} }}
"
        );
        self.bench.file(".holdpoint/answers.yaml", &answers);
        let book = "runbooks/services/docker-host.md";
        vec!["run", book, "--env", "staging", "--unattended", "--answers", ".holdpoint/answers.yaml"]
    }
}

/// A `PATH` whose `ssh` knows the hosts.
fn with_ssh(bench: &Bench, hosts: &[&Host]) -> String {
    let bin = bench.all().join("bin");
    fs::create_dir(&bin).unwrap();
    let path = tools::search_path().to_string_lossy().into_owned();
    write_ssh(&bin, &path, hosts.iter().map(|host| &host.sshd)).unwrap();
    format!("{}:{path}", bin.display())
}

/// A program at a machine, in a directory there.
fn at(machine: &Machine, directory: &Path, program: impl AsRef<OsStr>) -> Command {
    let home = machine.home();
    let mut command = machine.command(program).unwrap();
    let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap());
    command.current_dir(directory).env_clear().env("PATH", path).env("HOME", home);
    command.env("TMPDIR", home.join("tmp")).env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
    command
}
