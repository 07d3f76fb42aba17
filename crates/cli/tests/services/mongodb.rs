//! MongoDB: the real `mongosh` against a server that speaks its wire protocol over SQLite.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use holdpoint_hosts::{Missing, skipped};
use holdpoint_xtask::command::output;
use holdpoint_xtask::tools;

use crate::support::{Server, Stage, answering, eventually, free_port};

#[test]
fn a_collection_is_dumped_restored_and_indexed_or_left_without_a_trace_where_its_field_is_not_unique() {
    let Some((mongosh, served)) = tools::mongodb() else {
        let missing =
            Missing("mongosh and nx-27017 are not here; type: cargo xtask tools --mongodb".to_owned());
        return skipped("MongoDB's run-book", &missing);
    };
    let (port, (health, _)) = (free_port(), answering(200));
    let stage = Stage::new(&[
        ("BACKUP_DIR", "../backups"),
        ("APP_HEALTH_URL", &format!("http://127.0.0.1:{health}/health")),
    ]);
    stage.program("mongosh", &mongosh);
    let (files, backups) = (stage.beside("files"), stage.beside("backups"));
    let mut command = Command::new(&served);
    command.args([
        "--port",
        &port.to_string(),
        "--data-dir",
        "data",
        "--log-file",
        "said",
        "--pid-file",
        "pid",
    ]);
    command.current_dir(&files).env("PATH", tools::search_path());
    let mut server = Server::start(&command, None, &files.join("log"));
    eventually("the server can be asked", || {
        server.lives();
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let url = format!("mongodb://127.0.0.1:{port}/shop?appName=holdpoint");
    let asks = |script: &str| {
        let mut shell = Command::new(&mongosh);
        shell.args(["--nodb", "--quiet", "--norc", "--eval"]).env("HOME", &files).env("MONGO_URL", &url);
        output(shell.arg(format!("const db = connect(process.env.MONGO_URL); {script}"))).unwrap()
    };
    let state =
        "print(db.orders.getIndexes().length, db.getSiblingDB('shop_restored').orders.countDocuments())";
    let filled =
        "for (let n = 0; n < 20; n++) db.orders.insertOne({ _id: n, item: 'item ' + n, kind: n % 3 })";
    assert_eq!(asks(&format!("{filled}; {state}")), "1 0");
    let answers = |index: &str| {
        format!(
            "inputs: {{ COLLECTION: orders, INDEX: {index} }}
steps:
  release: {{ sign: {{ as: qa@example.org, name: Quinn Auditor }} }}
"
        )
    };
    let secrets = [("MONGO_URL", &*url)];

    let told = stage.ends(1, "mongodb-backup-index", &answers("kind"), &secrets);
    assert!(told.contains("the same: 20 "), "{told}");
    assert_eq!((asks(state), fs::read_dir(&backups).unwrap().count()), ("1 0".to_owned(), 0), "{told}");

    stage.ends(0, "mongodb-backup-index", &answers("item"), &secrets);
    assert_eq!(asks(state), "2 0");
    assert_eq!(fs::read_to_string(backups.join("orders.ejson")).unwrap().lines().count(), 20);
}
