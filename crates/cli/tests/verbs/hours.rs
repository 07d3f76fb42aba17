//! Rules that hang on the time: a window in which an environment may be changed, and a calendar of times in which it may
//! not.

use holdpoint_xtask::tools::at_another_time;
use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran, forge, sha256};

const CONFIG: &str = r#"
[environments.night]
requires = { window = "Tue 22:00..Wed 02:00 Europe/Berlin" }
override = ["lead"]

[environments.frozen]
requires = { freeze = "freeze.ics", window = "Mon 00:00..Sun 23:59 Europe/Berlin" }
"#;

/// Whoever operates, and whoever may override.
pub(crate) const PEOPLE: &str = r#"
[people."ops@example.org"]
name = "Olive Operator"

[people."lead@example.org"]
name = "Lea Lead"

[roles]
lead = ["lead@example.org"]
"#;

const FREEZE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// A check, a block that sets the clock to what `next` says, and one more.
const STEPS: &str = "## Look\n\n```sh check\ntrue\n```\n\n## First\n\n```sh run\necho first >>log; cat next >clock\n```\n\n```sh rollback\necho undone >>log\n```\n\n## Second\n\n```sh run\necho second >>log\n```\n";

fn bench() -> Bench {
    Bench::with(&[
        ("book.md", &book("", STEPS)),
        ("holdpoint.toml", &[CONFIG, PEOPLE].concat()),
        ("freeze.ics", FREEZE),
        ("next", "@2027-01-05 21:40:00\n"),
    ])
}

/// `holdpoint` at a time that a file tells, and that may change while it runs.
pub(crate) fn at(bench: &Bench, time: &str, arguments: &[&str]) -> Ran {
    bench.file("clock", &format!("@{time}\n"));
    let mut command = bench.command("faketime");
    let inner =
        "unset FAKETIME; export FAKETIME_NO_CACHE=1 FAKETIME_TIMESTAMP_FILE=\"$PWD/clock\"; exec \"$@\"";
    command.args(["--exclude-monotonic", "-f", &format!("@{time}"), "sh", "-c", inner, "sh", HOLDPOINT]);
    Ran::of(at_another_time(command.args(arguments)).unwrap())
}

#[track_caller]
fn ends_at(bench: &Bench, time: &str, code: i32, arguments: &[&str]) -> Ran {
    let ran = at(bench, time, arguments);
    assert_eq!(ran.code, code, "{time}: {arguments:?}\n{}", ran.both());
    ran
}

const NIGHT: [&str; 5] = ["run", "book.md", "--env", "night", "--unattended"];
const FROZEN: [&str; 5] = ["run", "book.md", "--env", "frozen", "--unattended"];

#[test]
fn outside_of_its_window_no_run_opens_and_inside_one_does() {
    let bench = bench();
    let before = bench.tree();
    for (time, says) in [
        (
            "2027-01-05 20:59:50",
            "may be changed Tue 22:00..Wed 02:00 Europe/Berlin, and it is Tue 21:59 there; it opens Tue 2027-01-05 22:00",
        ),
        ("2027-01-06 01:00:00", "and it is Wed 02:00 there; it opens Tue 2027-01-12 22:00"),
        // In summer Berlin is two hours before UTC.
        ("2027-07-07 00:00:00", "and it is Wed 02:00 there"),
    ] {
        let ran = ends_at(&bench, time, 5, &NIGHT);
        ran.says(says).says("Wait until it opens.").says("role lead");
        std::fs::remove_file(bench.path("clock")).unwrap();
        assert_eq!(bench.tree(), before);
    }
    ends_at(&bench, "2027-01-05 21:00:00", 0, &NIGHT);
    assert_eq!(bench.text("log"), "first\nsecond\n");
    let policy = &bench.events(1)[0]["policy"];
    assert_eq!(policy["kept"], json!(["roles", "window"]));
    assert_eq!(policy["window"], "Tue 22:00..Wed 02:00 Europe/Berlin");
    bench.ends(0, &["verify", "1"]);
    for format in ["markdown", "html", "junit"] {
        let report = bench.ends(0, &["report", "1", "--format", format]).stdout;
        assert!(report.contains("Tue 22:00"), "{format}");
    }
}

#[test]
fn whoever_has_the_role_answers_for_a_run_outside_of_its_window() {
    let bench = bench();
    let time = "2027-01-04 12:00:00";
    let overriding = ["--override", "the site is down", "--override-by"];
    let by = |who: &'static str| [&NIGHT[..], &overriding, &[who]].concat();
    ends_at(&bench, time, 5, &by("ops@example.org")).says("does not have the role lead");
    assert!(!bench.exists(".holdpoint"));
    ends_at(&bench, time, 0, &by("lead@example.org"));
    let events = bench.events(1);
    assert_eq!(events[0]["policy"]["unmet"][0]["rule"], "window");
    assert_eq!(events[1]["overridden"]["rules"], json!(["window"]));
    bench.ends(0, &["verify", "1"]);
    bench.ends(0, &["report", "1"]).says("the site is down").says("Rules that did not hold");
    let inside = ends_at(&bench, "2027-01-05 21:30:00", 2, &by("lead@example.org"));
    inside.says("there is nothing to override");
}

#[test]
fn a_block_that_changes_something_does_not_begin_once_the_window_has_ended() {
    let bench = bench();
    bench.file("next", "@2027-01-06 01:00:00\n");
    let ran = ends_at(&bench, "2027-01-05 21:30:00", 5, &NIGHT);
    ran.says("and it is Wed 02:00 there").says("holdpoint resume 1");
    assert_eq!(bench.text("log"), "first\n");
    let looked = bench.of_type(1, "rules.checked").pop().unwrap();
    assert_eq!(looked["unmet"][0]["rule"], "window");
    let resume = ["resume", "1", "--unattended"];
    ends_at(&bench, "2027-01-07 12:00:00", 5, &resume).says("it opens Tue 2027-01-12 22:00");
    let tells = |of: &str| {
        let markdown = bench.ends(0, &["report", "1", "--format", "markdown"]).stdout;
        let rows = markdown.lines().filter(|line| line.contains("did not hold") && line.contains("window"));
        let whys: Vec<&str> = rows.filter(|line| line.contains("and it is Wed 02:00 there")).collect();
        assert_eq!(whys.len(), 1, "{of}: {markdown}");
        markdown
    };
    tells("open");
    // What was done is taken back at any time.
    bench.sh("cp -r .holdpoint kept");
    ends_at(
        &bench,
        "2027-01-07 12:00:00",
        1,
        &["rollback", "1", "--reason", "too late", "--yes", "--unattended"],
    );
    assert_eq!(bench.text("log"), "first\nundone\n");
    bench.ends(0, &["verify", "1"]);
    tells("rolled back");
    bench.sh("rm -r .holdpoint && mv kept .holdpoint");
    // Somebody answers for it.
    bench.sh("cp -r .holdpoint kept");
    let overriding = ["--override", "half of it is done", "--override-by", "lead@example.org"];
    ends_at(&bench, "2027-01-07 12:00:00", 0, &[&resume[..], &overriding].concat());
    bench.ends(0, &["verify", "1"]);
    let markdown = tells("overridden");
    let row = markdown.lines().find(|line| line.contains("**the whole run**")).unwrap();
    assert!(row.contains("window") && row.contains("half of it is done"), "{row}");
    bench.sh("rm -r .holdpoint && mv kept .holdpoint");
    // Or it goes on when the window opens again.
    ends_at(&bench, "2027-01-12 21:00:00", 0, &resume);
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn while_the_calendar_has_an_event_nothing_is_changed() {
    let bench = bench();
    let ran = ends_at(&bench, "2026-12-23 23:00:00", 5, &FROZEN);
    ran.says("frozen may not be changed from 2026-12-23T23:00:00Z to 2026-12-26T23:00:00Z, as freeze.ics says: Christmas");
    ran.says("Wait until that is over.");
    // The next year's, by its rule.
    ends_at(&bench, "2027-12-25 12:00:00", 5, &FROZEN).says("Christmas");
    bench.file("next", "@2026-12-23 23:00:00\n");
    ends_at(&bench, "2026-12-23 22:59:00", 5, &FROZEN).says("Christmas");
    assert_eq!(bench.text("log"), "first\n");
    bench.ends(0, &["verify", "1"]);
    // A run goes by the calendar of its opening.
    bench.file("freeze.ics", &FREEZE.replace("1224", "1223"));
    ends_at(&bench, "2026-12-26 23:00:00", 0, &["resume", "1", "--unattended"]);
    bench.ends(0, &["verify", "1"]);
    let freeze = &bench.events(1)[0]["policy"]["freeze"];
    assert_eq!(
        (&freeze["path"], freeze["calendar"]["sha256"].as_str()),
        (&json!("freeze.ics"), Some(&*sha256(FREEZE.as_bytes())))
    );
    assert_eq!(freeze["times"].as_array().unwrap().len(), 2, "{freeze}");
}

#[test]
fn a_calendar_that_cannot_be_followed_opens_nothing() {
    let bench = bench();
    std::fs::remove_file(bench.path("freeze.ics")).unwrap();
    bench
        .ends(2, &FROZEN)
        .says("`freeze.ics`, the calendar of times in which frozen may not be changed, cannot be read");
    for (text, why) in [
        ("", "cannot be followed"),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20270101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "it has no end",
        ),
        (&FREEZE.replace("YEARLY", "HOURLY"), "FREQ=HOURLY, which is not followed"),
    ] {
        bench.file("freeze.ics", text);
        bench.ends(2, &FROZEN).says(why).says("Nothing was run.");
        assert!(!bench.exists(".holdpoint"));
    }
    bench.sh("ln -sf /etc/passwd freeze.ics");
    bench.ends(2, &FROZEN);
}

/// How a record is made another.
type Forging<'a> = &'a dyn Fn(&Bench, &mut Vec<Value>);

/// What the record tells of these rules cannot be made another without `verify` telling.
#[test]
fn a_record_with_another_window_or_calendar_does_not_conform() {
    let bench = bench();
    ends_at(&bench, "2027-01-05 21:30:00", 0, &NIGHT);
    ends_at(&bench, "2026-12-20 12:00:00", 0, &FROZEN);
    let other = FREEZE.replace("1224", "0105").replace("1227", "0106");
    let cases: [(&str, u64, Forging<'_>, &str); 8] = [
        (
            "the window removed",
            1,
            &|_, events| drop(events[0]["policy"].as_object_mut().unwrap().remove("window")),
            "window",
        ),
        (
            "the rule removed",
            1,
            &|_, events| {
                events[0]["policy"].as_object_mut().unwrap().remove("window");
                events[0]["policy"]["kept"] = json!(["roles"]);
            },
            "not as in the recorded configuration",
        ),
        (
            "another window",
            1,
            &|_, events| events[0]["policy"]["window"] = json!("Mon 00:00..Sun 23:59 Europe/Berlin"),
            "the window is not as in the recorded configuration",
        ),
        (
            "begun after its end",
            1,
            &|_, events| {
                for event in events.iter_mut().skip(3) {
                    event["at"] = json!("2027-01-06T03:00:00.000000Z");
                }
            },
            "it began though the rule window did not hold",
        ),
        ("a freeze that is left out", 2, &|_, events| events[0]["policy"]["freeze"]["times"] = json!([]), ""),
        (
            "begun in the freeze",
            2,
            &|_, events| {
                for event in events.iter_mut().skip(3) {
                    event["at"] = json!("2026-12-25T03:00:00.000000Z");
                }
            },
            "it began though the rule freeze did not hold",
        ),
        (
            "begun in a freeze that is left out",
            2,
            &|_, events| {
                events[0]["policy"]["freeze"]["times"] = json!([]);
                for event in events.iter_mut().skip(3) {
                    event["at"] = json!("2026-12-25T03:00:00.000000Z");
                }
            },
            "by freeze.ics as it is kept this time takes place",
        ),
        (
            "another calendar",
            2,
            &|bench, events| {
                let digest = sha256(other.as_bytes());
                let blob = format!(
                    ".holdpoint/runs/{}/blobs/sha256/{digest}",
                    bench.run_dir(2).file_name().unwrap().to_str().unwrap()
                );
                bench.file(&blob, &other);
                events[0]["policy"]["freeze"]["calendar"] = json!({ "sha256": digest, "bytes": other.len() });
                for event in events.iter_mut() {
                    event["at"] = json!("2027-01-05T12:00:00.000000Z");
                }
            },
            "this time takes place",
        ),
    ];
    for (what, run, how, why) in cases {
        bench.sh("rm -rf kept && cp -r .holdpoint kept");
        forge(&bench.run_dir(run), |events| how(&bench, events));
        let ran = bench.holdpoint(&["verify", &run.to_string()]);
        let wrong = !why.is_empty();
        assert_eq!(ran.code, if wrong { 6 } else { 0 }, "{what}: {}", ran.both());
        ran.says(why);
        bench.sh("rm -rf .holdpoint && mv kept .holdpoint");
    }
    // The calendar's bytes are bytes of the record.
    let digest = sha256(FREEZE.as_bytes());
    std::fs::write(bench.run_dir(2).join("blobs/sha256").join(digest), &other).unwrap();
    bench.ends(6, &["verify", "2"]);
}
