//! MongoDB: the real `mongosh` against a server that speaks its wire protocol over SQLite, and, for users, against a stub of
//! ours that checks logins and commands.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdpoint_hosts::{Missing, skipped};
use holdpoint_xtask::command::output;
use holdpoint_xtask::tools;

use crate::support::{Server, Stage, answering, answering_by, eventually, free_port, standin};

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

const ADMIN: &str = "word-of-who-manages-users-9Kw2";
const OLD: &str = "word-of-the-old-user-4Tz7";
const NEW: &str = "word-of-the-new-user-6Qx1";

/// Users as the stub lists them, but for the administrator.
const AS_BEFORE: &str = "shop_a read@reports readWrite@shop";
const REPLACED: &str = "shop_b read@reports readWrite@shop";

const ANSWERS: &str = "inputs: { OLD_USER: shop_a, NEW_USER: shop_b }
steps:
  give-it-to-the-application: { confirm: true }
  leave-to-drop-the-old-user: { sign: { as: qa@example.org, name: Quinn Auditor } }
  drop-the-old-user: { choice: proceed }
";

/// The stub, an application that is well until the stub was asked `unwell_after`, and a repository to run in.
struct Users {
    stage: Stage,
    mongosh: PathBuf,
    address: String,
    _server: Server,
    /// Where the stub is told what to do and says what it was asked.
    directory: tempfile::TempDir,
}

fn log(files: &Path) -> String {
    fs::read_to_string(files.join("log-mongodb")).unwrap()
}

/// What the stub was asked by this name that it did.
fn done(log: &str, command: &str) -> usize {
    log.lines().filter(|line| line.starts_with("0 ") && line.contains(&format!("{{\"{command}\""))).count()
}

fn users(unwell_after: Option<&'static str>) -> Option<Users> {
    let Some(mongosh) = tools::mongosh() else {
        let missing = Missing("mongosh is not here; type: cargo xtask tools --mongodb".to_owned());
        skipped("the run-book of MongoDB's users", &missing);
        return None;
    };
    let directory = tempfile::Builder::new().prefix("mongodb-").tempdir().unwrap();
    let files = directory.path().to_owned();
    let port = free_port();
    let address = format!("mongodb://127.0.0.1:{port}/admin");
    let kept = files.clone();
    let health = answering_by(move || {
        if unwell_after.is_some_and(|command| done(&log(&kept), command) > 0) { 503 } else { 200 }
    });
    let stage = Stage::new(&[
        ("MONGO_ADDRESS", &address),
        ("APP_HEALTH_URL", &format!("http://127.0.0.1:{health}/health")),
    ]);
    stage.program("mongosh", &mongosh);
    let user = |name: &str, word: &str, roles: &[(&str, &str)]| {
        let roles: Vec<_> =
            roles.iter().map(|(role, db)| serde_json::json!({ "role": role, "db": db })).collect();
        serde_json::json!({ "user": name, "db": "admin", "pwd": word, "roles": roles })
    };
    let all = [
        user("users_admin", ADMIN, &[("userAdminAnyDatabase", "admin")]),
        user("shop_a", OLD, &[("readWrite", "shop"), ("read", "reports")]),
    ];
    let list = files.join("users");
    fs::write(&list, serde_json::to_string(&all).unwrap()).unwrap();
    let server = standin("mongodb", port, &[list.to_str().unwrap()], &files);
    fs::remove_file(&list).unwrap();
    Some(Users { stage, mongosh, address, _server: server, directory })
}

impl Users {
    fn tell(&self, how: &str) {
        fs::write(self.directory.path().join(how), "").unwrap();
    }

    /// What a script prints that `mongosh` runs as somebody.
    fn asks(&self, user: &str, word: &str, script: &str) -> String {
        let mut shell = Command::new(&self.mongosh);
        shell.args(["--nodb", "--quiet", "--norc", "--eval"]).env("HOME", self.directory.path());
        shell.env("ADDRESS", &self.address).env("WORD", word).env("WORD_A", OLD);
        let connect = format!("const db = connect(process.env.ADDRESS, {user:?}, process.env.WORD);");
        output(shell.arg(format!("{connect} {script}"))).unwrap()
    }

    fn left(&self) -> String {
        let script = "print(db.getUsers().users.filter((one) => one.user !== 'users_admin')
            .map((one) => [one.user, ...one.roles.map((role) => `${role.role}@${role.db}`).sort()].join(' ')).join(', '))";
        self.asks("users_admin", ADMIN, script)
    }

    /// Runs the run-book, which must end with this code, and looks for passwords wherever they could have been left.
    #[track_caller]
    fn ends(&self, code: i32, answers: &str, old: &str) -> String {
        let secrets = [("ADMIN_PASSWORD", ADMIN), ("OLD_PASSWORD", old), ("NEW_PASSWORD", NEW)];
        let told = self.stage.ends(code, "mongodb-user-rotation", answers, &secrets);
        for (name, secret) in secrets {
            for directory in [self.directory.path(), &self.stage.beside("home"), &self.stage.repo()] {
                self.stage.files_lack(directory, name, secret);
            }
        }
        told
    }

    fn log(&self) -> String {
        log(self.directory.path())
    }
}

#[test]
fn a_user_is_replaced_by_one_with_the_same_roles_and_refused_from_then_on() {
    let Some(users) = users(None) else { return };
    let told = users.ends(0, ANSWERS, OLD);
    assert!(told.contains("shop_a: 18 AuthenticationFailed") && told.contains("shop_b: let in"), "{told}");
    assert_eq!(users.left(), REPLACED);
    let log = users.log();
    assert_eq!(
        (done(&log, "createUser"), done(&log, "dropUser"), done(&log, "updateUser")),
        (1, 1, 0),
        "{log}"
    );
    assert!(log.contains(r#""pwd": "xxx""#), "the stub was given a password: {log}");
}

#[test]
fn a_second_user_with_other_roles_is_dropped_and_the_old_one_is_as_before() {
    let Some(users) = users(None) else { return };
    users.tell("forgetful");
    let told = users.ends(1, ANSWERS, OLD);
    assert!(told.contains("roles given: old read@reports readWrite@shop, new readWrite@shop"), "{told}");
    assert!(told.contains("dropped: shop_b") && told.contains("ROLLED BACK"), "{told}");
    assert_eq!((users.left(), users.asks("shop_a", OLD, "print('in')")), (AS_BEFORE.into(), "in".into()));
}

#[test]
fn an_application_that_does_not_work_with_the_second_user_leads_back_to_the_old_one() {
    let Some(users) = users(Some("createUser")) else { return };
    let answers =
        format!("{ANSWERS}  give-it-to-the-application#2: {{ choice: rollback, reason: it is not well }}\n");
    let told = users.ends(1, &answers, OLD);
    assert!(told.contains("503") && told.contains("dropped: shop_b"), "{told}");
    assert_eq!((users.left(), users.asks("shop_a", OLD, "print('in')")), (AS_BEFORE.into(), "in".into()));
}

#[test]
fn nothing_is_rolled_back_once_the_old_user_is_dropped() {
    let Some(users) = users(Some("dropUser")) else { return };
    let told = users.ends(3, ANSWERS, OLD);
    assert!(told.contains("503") && told.contains("point of no return"), "{told}");
    let rolled = users.stage.holdpoint(&["rollback", "latest", "--reason", "it is not well"], &[]);
    assert!(!rolled.told.contains("make-the-second-user"), "{}", rolled.told);
    assert_eq!(users.left(), REPLACED, "{}", rolled.told);
}

#[test]
fn a_user_whom_somebody_else_made_meanwhile_is_left_alone() {
    let Some(users) = users(None) else { return };
    users.tell("quicker");
    let told = users.ends(3, ANSWERS, OLD);
    assert!(told.contains("already exists") && told.contains("not the user of this run"), "{told}");
    assert_eq!(users.left(), format!("{AS_BEFORE}, {REPLACED}"));
    assert_eq!(done(&users.log(), "dropUser"), 0);
}

#[test]
fn no_user_is_made_where_something_is_not_as_it_must_be() {
    let Some(users) = users(None) else { return };
    let to = |old: &str, new: &str| format!("inputs: {{ OLD_USER: {old}, NEW_USER: {new} }}\nsteps: {{}}\n");
    let cases = [
        ("a wrong password", to("shop_a", "shop_b"), "word-of-nobody-1Fg3", "Authentication failed"),
        ("one user", to("shop_a", "shop_a"), OLD, "Three users, two passwords"),
        ("the administrator", to("users_admin", "shop_b"), OLD, "Three users, two passwords"),
        ("one password", to("shop_a", "shop_b"), NEW, "Three users, two passwords"),
        ("no old user", to("shop_c", "shop_b"), OLD, "old users: 0"),
    ];
    for (what, answers, old, tells) in cases {
        let told = users.ends(3, &answers, old);
        assert!(told.contains(tells), "{what}: {told}");
    }
    let make = "db.createUser({ user: 'shop_b', pwd: 'word-of-another-8Lm5', roles: ['read'] })";
    users.asks("users_admin", ADMIN, make);
    let told = users.ends(3, &to("shop_a", "shop_b"), OLD);
    assert!(told.contains("new users: 1"), "{told}");
    users.tell("open");
    let told = users.ends(3, &to("shop_a", "shop_c"), OLD);
    assert!(told.contains("nobody was told"), "{told}");
    assert_eq!(done(&users.log(), "createUser"), 1, "one, and that was not made by the run-book");
}

#[test]
fn an_address_that_would_show_the_password_on_the_way_is_refused_before_anybody_is_asked() {
    let Some(mongosh) = tools::mongosh() else {
        return skipped("MongoDB's addresses", &Missing("mongosh is not here".to_owned()));
    };
    for address in [
        "mongodb://db.example.org/admin",
        "mongodb://127.0.0.1,db.example.org/admin",
        "mongodb://db.example.org/admin?tls=true&tls=false",
        "mongodb://db.example.org/admin?tls=true&tlsInsecure=true",
        "mongodb+srv://db.example.org/admin?tls=false",
        "mongodb://127.0.0.1/admin?authSource=shop",
        "mongodb://who@127.0.0.1/admin",
        "mongodb://127.0.0.1/",
    ] {
        let stage = Stage::new(&[("MONGO_ADDRESS", address)]);
        stage.program("mongosh", &mongosh);
        let secrets = [("ADMIN_PASSWORD", ADMIN), ("OLD_PASSWORD", OLD), ("NEW_PASSWORD", NEW)];
        let told = stage.ends(3, "mongodb-user-rotation", ANSWERS, &secrets);
        assert!(told.contains("The address is encrypted"), "{address}: {told}");
        assert!(!told.contains("The server asks who one is"), "{address}: {told}");
    }
}

#[test]
fn the_stub_refuses_what_a_server_refuses() {
    let Some(users) = users(None) else { return };
    let cases = [
        ("nobody", "createUser: 'x', pwd: 'word-of-x-2Hj8', roles: []", 13),
        ("nobody", "usersInfo: 1", 13),
        ("nobody", "dropUser: 'shop_a'", 13),
        ("shop_a", "createUser: 'x', pwd: 'word-of-x-2Hj8', roles: []", 13),
        ("shop_a", "dropUser: 'users_admin'", 13),
        ("users_admin", "createUser: 'x', pwd: 'word-of-x-2Hj8'", 40414),
        ("users_admin", "createUser: 'x', roles: []", 2),
        ("users_admin", "createUser: 'x', pwd: 'word-of-x-2Hj8', roles: ['king']", 31),
        ("users_admin", "createUser: 'x', pwd: 'word-of-x-2Hj8', roles: [], role: 'read'", 40415),
        ("users_admin", "createUser: 'shop_a', pwd: 'word-of-x-2Hj8', roles: []", 51003),
        ("users_admin", "updateUser: 'x', pwd: 'word-of-x-2Hj8'", 11),
        ("users_admin", "dropUser: 'x'", 11),
        ("users_admin", "find: 'orders'", 59),
        ("users_admin", "usersInfo: 1, showPrivileges: true", 20),
    ];
    let mut script = "const who = { nobody: connect(process.env.ADDRESS), users_admin: db, shop_a: \
                      connect(process.env.ADDRESS, 'shop_a', process.env.WORD_A) };\n"
        .to_owned();
    for (who, command, _) in cases {
        let asked = format!("who.{who}.runCommand({{ {command} }}); print(0);");
        script.push_str(&format!("try {{ {asked} }} catch (error) {{ print(error.code); }}\n"));
    }
    script.push_str("try { connect(process.env.ADDRESS, 'shop_a', 'x'); print(0); } catch (error) { print(error.code); }\n");
    script.push_str("db.changeUserPassword('shop_a', 'word-of-today-7Bn4'); connect(process.env.ADDRESS, 'shop_a', 'word-of-today-7Bn4');\n");
    script.push_str("try { connect(process.env.ADDRESS, 'shop_a', process.env.WORD_A); print(0); } catch (error) { print(error.code); }");
    let wanted: Vec<_> =
        cases.iter().map(|(_, _, code)| *code).chain([18, 18]).map(|code| code.to_string()).collect();
    assert_eq!(users.asks("users_admin", ADMIN, &script).lines().collect::<Vec<_>>(), wanted);
}
