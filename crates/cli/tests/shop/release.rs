//! The run-book of a release, over its hosts.

use std::process::Stdio;

use crate::load::Load;
use crate::shop::Shop;
use crate::waiting::eventually;

/// What production asks for.
const RULE: &str = ", rehearsal = \"staging\", max_age = \"7d\", same = [\"WEB_IMAGE\", \"WORKER_IMAGE\"]";

/// One stage for all of it, for it takes long to build: each part begins where the one before it ended.
#[test]
fn a_release_reaches_every_host_once_or_none() {
    let Some(shop) = Shop::open("shop::a_release_reaches_every_host_once_or_none") else { return };
    let before = [&shop.web[0], &shop.web[1]].map(|host| host.runs("web"));
    assert!(before[0].starts_with("sha256:") && before[0] == before[1], "{before:?}");

    // A release whose canary does not serve what was promoted: what was there comes back, and nobody noticed.
    let version = shop.bench.text("web/www/cgi-bin/version");
    shop.push(&[("web/www/cgi-bin/version", &version.replace("$REVISION", "somebody else"))]);
    let load = Load::on(&shop.web[0].address());
    shop.ends(5, &shop.release("production")).says("rehearsal");
    let wrong = shop.bench.text("holdpoint.toml");
    shop.push(&[("holdpoint.toml", &wrong.replace(RULE, ""))]);
    let ran = shop.ends(1, &shop.release("production"));
    assert!(load.all_went_well() > 20);
    assert_eq!([&shop.web[0], &shop.web[1]].map(|host| host.runs("web")), before, "{}", ran.stderr);
    assert_eq!(shop.web[0].activations().len(), 3, "the first, the canary, the first again");
    assert_eq!(shop.web[1].activations().len(), 1, "the other host is untouched");
    shop.ends(0, &["verify", "latest"]).says("intact and complete");

    // A good one, rehearsed, with a change of the database.
    let commit = shop.push(&[
        ("holdpoint.toml", &wrong),
        ("web/www/cgi-bin/version", &version),
        ("database/0003-note.up.sql", "ALTER TABLE orders ADD COLUMN note text;\n"),
        ("database/0003-note.down.sql", "ALTER TABLE orders DROP COLUMN note;\n"),
    ]);
    shop.ends(0, &shop.release("staging"));
    let rehearsed = shop.staging.runs("web");
    assert!(rehearsed.ends_with(&commit));

    // Somebody builds that commit again, from something else: no host gets what nobody rehearsed.
    let rehearsed = rehearsed.split(' ').next().unwrap();
    let other = shop.built_again(rehearsed);
    let ran = shop.ends(1, &shop.release("production"));
    let why = format!("WEB_IMAGE is {other}, and was {rehearsed} in the rehearsal, run ");
    shop.ends(0, &["show", "latest", "--format", "json"]).says(&why);
    assert_eq!([&shop.web[0], &shop.web[1]].map(|host| host.runs("web")), before, "{}", ran.stderr);
    for host in [&shop.web[0], &shop.web[1], &shop.db] {
        assert!(!host.sshd.home().join("shop/releases").join(&commit).exists(), "nothing is transferred");
    }
    shop.ends(0, &["verify", "latest"]).says("intact and complete");
    shop.docker(&["image", "rm", "--no-prune", &other]);

    // Whoever drives it is killed in the middle of the canary's activation; it is taken up by another account at another
    // machine, which has the store, the remote and the hosts, and nothing else in common.
    let loads = [&shop.web[0], &shop.web[1]].map(|host| Load::on(&host.address()));
    let words = shop.release("production");
    let machine = shop.elsewhere();
    let mut driver = shop.holdpoint(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the canary's activation has begun", || shop.web[0].activations().len() == 4);
    driver.kill().unwrap();
    driver.wait().unwrap();
    let words = ["resume", "latest", "--unattended", "--answers", ".holdpoint/answers.yaml"];
    let ran = shop.ran(&mut shop.holdpoint_at(&machine, &words));
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    for load in loads {
        assert!(load.all_went_well() > 20);
    }
    for host in &shop.web {
        assert!(host.runs("web").ends_with(&commit), "{}", host.runs("web"));
    }
    assert_eq!(shop.web[0].activations().len(), 4, "once");
    assert_eq!(shop.web[1].activations().len(), 2, "once");
    assert!(shop.db.runs("worker").ends_with(&commit));
    let digests = [&shop.web[0], &shop.web[1], &shop.staging].map(|host| host.runs("web"));
    assert!(
        digests.iter().all(|digest| *digest == digests[0]),
        "the very image that was rehearsed: {digests:?}"
    );
    shop.ends(0, &["verify", "latest"]).says("intact and complete");
    let proved = shop.ran(&mut shop.holdpoint_at(&machine, &["verify", "latest"]));
    assert_eq!(proved.code, 0, "{}", proved.both());
    let shown = shop.ends(0, &["show", "latest", "--format", "json"]).stdout;
    for there in [machine.name(), &machine.user().name, "night@example.org"] {
        assert!(shown.contains(there), "{there} is not in {shown}");
    }
    let production = shop.bench.sh("git ls-remote origin refs/heads/production");
    assert!(production.starts_with(&commit), "production is its branch");

    // A host is added to those that users come to, and is drained and removed again.
    let digest = digests[0].split(' ').next().unwrap().to_owned();
    let front =
        |shop: &Shop| std::fs::read_to_string(shop.front.sshd.home().join("front-hosts.conf")).unwrap();
    let load = Load::on(&shop.front.address());
    shop.ends(0, &shop.host("add", &commit, &digest));
    assert!(front(&shop).contains(&shop.web[1].address()), "{}", front(&shop));
    shop.ends(0, &shop.host("remove", &commit, &digest));
    assert!(load.all_went_well() > 20);
    assert!(!front(&shop).contains(&shop.web[1].address()), "{}", front(&shop));
    assert_eq!(shop.web[1].runs("web"), "", "nothing runs there any more");
    shop.ends(0, &["verify", "latest"]).says("intact and complete");
}
