//! PostgreSQL: passwords, backups, fail-over. Real servers, of which Debian's `postgresql` brings the programs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdpoint_xtask::command::output;

use crate::support::{Server, Stage, answering, eventually, free_port, program};

const ADMIN: &str = "admin-pass-7Kq2";
const OLD: &str = "old-password-of-shop-1Xy";
const NEW: &str = "new-password-of-shop-9Zw";

/// A cluster in a directory of its own, and the server on it.
struct Cluster {
    directory: tempfile::TempDir,
    port: u16,
    server: Option<Server>,
}

/// PostgreSQL refuses to run as root: then it is the user that Debian's package makes.
fn as_postgres(name: &str, directory: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
    }
    command.arg("--").arg(program(name)).current_dir(directory).env("LC_ALL", "C.UTF-8");
    command
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("postgresql-").tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        output(Command::new("chown").arg("postgres:").arg(directory.path())).unwrap();
    }
    directory
}

impl Cluster {
    /// A primary with a database `shop`, its tables, and the role `shop_web`.
    fn primary() -> Cluster {
        let directory = directory();
        // In a file of the cluster's own directory, readable to its user.
        let password = directory.path().join("password");
        fs::write(&password, ADMIN).unwrap();
        let mut initdb = as_postgres("initdb", directory.path());
        initdb.args([
            "--no-sync",
            "--no-instructions",
            "--auth=scram-sha-256",
            "--username=postgres",
            "--pwfile=password",
        ]);
        if rustix::process::geteuid().is_root() {
            output(Command::new("chown").arg("postgres:").arg(&password)).unwrap();
        }
        output(initdb.arg("--pgdata=data")).unwrap();
        let mut cluster = Cluster { directory, port: free_port(), server: None };
        cluster.start();
        cluster.sql("postgres", "CREATE DATABASE shop");
        cluster.sql(
            "shop",
            &format!(
                "CREATE ROLE shop_web LOGIN PASSWORD '{OLD}'; CREATE TABLE orders (id int PRIMARY KEY, item text);
                 INSERT INTO orders SELECT n, 'item ' || n FROM generate_series(1, 1000) AS n;
                 CREATE TABLE customers (id int); INSERT INTO customers VALUES (1), (2), (3)"
            ),
        );
        cluster
    }

    /// One that streams from this one.
    fn standby(&self) -> Cluster {
        let mut cluster = Cluster { directory: directory(), port: free_port(), server: None };
        let mut copy = as_postgres("pg_basebackup", cluster.directory.path());
        copy.args(["--pgdata=data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname"]);
        copy.arg(self.connection("postgres")).env("PGPASSWORD", ADMIN);
        output(&mut copy).unwrap();
        cluster.start();
        eventually("the standby streams", || {
            self.sql("shop", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"
        });
        cluster
    }

    fn start(&mut self) {
        let mut postgres = Command::new(program("postgres"));
        postgres.current_dir(self.directory.path()).args([
            "-D",
            "data",
            "-p",
            &self.port.to_string(),
            "-k",
            "",
        ]);
        postgres.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "wal_keep_size=64MB"]);
        let log = self.directory.path().join("log");
        let mut server = Server::start(&postgres, Some("postgres"), &log);
        eventually("the server answers", || {
            server.lives();
            let mut ready = Command::new(program("pg_isready"));
            output(ready.args(["--dbname", &self.connection("postgres")])).is_ok()
        });
        self.server = Some(server);
    }

    fn connection(&self, database: &str) -> String {
        format!("host=127.0.0.1 port={} dbname={database} user=postgres", self.port)
    }

    /// As run-books are given it.
    fn place(&self) -> String {
        format!("host=127.0.0.1 port={} dbname=shop", self.port)
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(program("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]);
        // By a file: what a statement holds is nothing for the list of processes, which the tests beside this one look at.
        let mut statements = tempfile::NamedTempFile::new().unwrap();
        statements.write_all(sql.as_bytes()).unwrap();
        psql.arg("--file").arg(statements.path());
        output(psql.arg(self.connection(database)).env("PGPASSWORD", ADMIN)).unwrap()
    }

    fn takes(&self, password: &str) -> bool {
        let mut psql = Command::new(program("psql"));
        psql.args(["--no-psqlrc", "--no-password", "-c", "SELECT 1"]);
        let place = format!("{} user=shop_web", self.place());
        output(psql.arg(place).env("PGPASSWORD", password)).is_ok()
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Cluster {
    /// Also what a run-book has started again. In order: one that is killed leaves its shared memory.
    fn drop(&mut self) {
        let mut stop = as_postgres("pg_ctl", self.directory.path());
        let _ = output(stop.args(["--pgdata=data", "--mode=immediate", "stop"]));
        self.server = None;
    }
}

#[test]
fn a_role_gets_a_new_password_and_keeps_the_old_one_where_the_application_cannot_work() {
    let cluster = Cluster::primary();
    let (port, health) = answering(503);
    let url = format!("http://127.0.0.1:{port}/health");
    let stage = Stage::new(&[("PG_PRIMARY", &cluster.place()), ("APP_HEALTH_URL", &url)]);
    let secrets = [("ADMIN_PASSWORD", ADMIN), ("OLD_PASSWORD", OLD), ("NEW_PASSWORD", NEW)];
    let answers = "inputs: { ROLE: shop_web }
steps:
  set-the-new-password: { choice: proceed }
  give-it-to-the-application: { confirm: true }
  release: { sign: { as: qa@example.org, name: Quinn Auditor } }
";
    let told = stage.ends(1, "postgresql-role-password", answers, &secrets);
    assert!(told.contains("503"), "{told}");
    assert!(cluster.takes(OLD) && !cluster.takes(NEW), "{told}");

    health.store(200, std::sync::atomic::Ordering::SeqCst);
    stage.ends(0, "postgresql-role-password", answers, &secrets);
    assert!(cluster.takes(NEW) && !cluster.takes(OLD));
    let log = fs::read_to_string(cluster.directory.path().join("log")).unwrap();
    assert!(!log.contains(NEW));
}

#[test]
fn a_backup_counts_once_it_was_restored_and_leaves_nothing_where_it_cannot_be() {
    let cluster = Cluster::primary();
    let stage = Stage::new(&[("PG_PRIMARY", &cluster.place()), ("BACKUP_DIR", "../backups")]);
    let backups = stage.beside("backups");
    let listed = || fs::read_dir(&backups).unwrap().count();
    let databases = || cluster.sql("postgres", "SELECT datname FROM pg_database ORDER BY 1");
    let (secrets, before) = ([("ADMIN_PASSWORD", ADMIN)], databases());
    let answers = "inputs: { BACKUP: nightly-1 }
steps:
  release: { sign: { as: qa@example.org, name: Quinn Auditor } }
";
    // Dumps well, and cannot be restored: the check finds its table by a search path that a restore does not have.
    cluster.sql(
        "shop",
        "CREATE FUNCTION known(int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM customers WHERE id = $1)';
         CREATE TABLE visits (customer int CHECK (known(customer))); INSERT INTO visits VALUES (1)",
    );
    let told = stage.ends(1, "postgresql-backup-restore", answers, &secrets);
    assert!(told.contains("relation \"customers\" does not exist"), "{told}");
    assert_eq!((listed(), databases()), (0, before.clone()), "{told}");

    cluster.sql("shop", "DROP TABLE visits");
    stage.ends(0, "postgresql-backup-restore", answers, &secrets);
    let counts = fs::read_to_string(backups.join("nightly-1.dump.counts")).unwrap();
    assert_eq!(counts, "public.customers|3\npublic.orders|1000\n");
    assert_eq!((listed(), databases()), (2, before));
}

#[test]
fn a_standby_takes_over_once_it_has_everything_and_until_then_the_primary_comes_back() {
    let primary = Cluster::primary();
    let standby = primary.standby();
    let (port, _) = answering(200);
    let url = format!("http://127.0.0.1:{port}/health");
    let (at, other) = (primary.place(), standby.place());
    let stage = Stage::new(&[("PG_PRIMARY", &at), ("PG_STANDBY", &other), ("APP_HEALTH_URL", &url)]);
    let switched = |name: &str| {
        let mut switch = as_postgres("pg_ctl", primary.directory.path());
        switch.args(["--pgdata=data", "--wait", "--log=restarted"]);
        let words: Vec<_> = switch.get_args().map(|word| word.to_str().unwrap().to_owned()).collect();
        format!("cd {}\nsetpriv {} {name}", primary.directory.path().display(), words.join(" "))
    };
    let controldata = program("pg_controldata");
    let told = format!(
        "{} {} | sed -n 's/^Latest checkpoint location: */stopped at /p'",
        controldata.display(),
        primary.data().display()
    );
    stage.script(
        "scripts/services/fence-primary.sh",
        &format!("#!/bin/sh -eu\n{}\n{told}\n", switched("stop --mode=fast")),
    );
    let options = format!("-o '-p {} -k \"\" -c listen_addresses=127.0.0.1 -c fsync=off'", primary.port);
    stage.script(
        "scripts/services/unfence-primary.sh",
        &format!("#!/bin/sh -eu\n{}\n", switched(&format!("start {options}"))),
    );
    let secrets = [("ADMIN_PASSWORD", ADMIN)];
    let answers = "steps:
  fence-the-primary: { choice: proceed }
  promote-the-standby: { choice: proceed }
  leave-to-promote: { sign: { as: qa@example.org, name: Quinn Auditor } }
  the-application-works: { confirm: true }
  release: { sign: { as: qa@example.org, name: Quinn Auditor } }
";
    // A standby that has received everything, and replays nothing.
    standby.sql("shop", "SELECT pg_wal_replay_pause()");
    primary.sql("shop", "INSERT INTO orders VALUES (2000, 'late')");
    let told = stage.ends(1, "postgresql-fail-over", answers, &secrets);
    assert!(told.contains("The standby has everything"), "{told}");
    assert_eq!(primary.sql("shop", "SELECT count(*) FROM orders"), "1001", "the primary is back");
    assert_eq!(standby.sql("shop", "SELECT pg_is_in_recovery()"), "t");

    standby.sql("shop", "SELECT pg_wal_replay_resume()");
    eventually("the standby has replayed what was held back", || {
        standby.sql("shop", "SELECT count(*) FROM orders") == "1001"
    });
    eventually("the standby streams again", || {
        primary.sql("shop", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"
    });
    stage.ends(0, "postgresql-fail-over", answers, &secrets);
    assert_eq!(standby.sql("shop", "SELECT count(*) FROM orders"), "1001");
    assert_eq!(standby.sql("shop", "SELECT count(*) FROM holdpoint_written"), "1");
    standby.sql("shop", "INSERT INTO orders VALUES (3000, 'after')");
    assert!(!primary.data().join("postmaster.pid").exists(), "the old primary is stopped");
}
