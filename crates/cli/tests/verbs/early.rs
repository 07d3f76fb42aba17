//! Steps that do not begin before a time: waited for where that is soon, else the run is parked.

use jiff::{SignedDuration, Timestamp};

use crate::hours::{PEOPLE, at};
use crate::runs::book;
use crate::support::{Bench, forge};

fn bench(not_before: &str) -> Bench {
    let steps = format!(
        "## First\n\n```sh run\necho first >>log\n```\n\n## Second\n\n```yaml step\nnot_before: {not_before}\n```\n\n```sh run\necho second >>log\n```\n"
    );
    Bench::with(&[("book.md", &book("", &steps))])
}

const RUN: [&str; 3] = ["run", "book.md", "--unattended"];

#[test]
fn a_time_that_is_soon_is_waited_for_and_the_step_begins_no_earlier() {
    let due = Timestamp::now() + SignedDuration::from_secs(4);
    let due = due.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let bench = bench(&due);
    bench.ends(0, &RUN).says("second does not begin before").says("waiting for that");
    let begun = bench.of_type(1, "action.started").pop().unwrap();
    let begun: Timestamp = begun["at"].as_str().unwrap().parse().unwrap();
    assert!(begun >= due.parse::<Timestamp>().unwrap());
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn a_time_that_is_far_parks_the_run_which_goes_on_once_it_has_come() {
    let bench = bench("22:00 Europe/Berlin");
    let ran = at(&bench, "2027-01-05 12:00:00", &RUN);
    assert_eq!(ran.code, 3, "{}", ran.both());
    ran.says("second does not begin before").says("not waited for").says("holdpoint resume 1");
    assert_eq!(bench.text("log"), "first\n");
    let resume = ["resume", "1", "--unattended"];
    let ran = at(&bench, "2027-01-05 19:00:00", &resume);
    assert_eq!(ran.code, 3, "{}", ran.both());
    let ran = at(&bench, "2027-01-05 21:00:00", &resume);
    assert_eq!(ran.code, 0, "{}", ran.both());
    bench.ends(0, &["verify", "1"]);
    // Begun earlier, it would not be what the document says.
    forge(&bench.run_dir(1), |events| {
        for event in events.iter_mut().skip(2) {
            event["at"] = serde_json::json!("2027-01-05T20:59:59.000000Z");
        }
    });
    bench.ends(6, &["verify", "1"]).says("does not begin before 22:00 Europe/Berlin");
}

#[test]
fn whoever_has_the_role_lets_a_step_begin_early_where_the_run_is_taken_up_again() {
    let bench = bench("22:00 Europe/Berlin");
    bench.file("holdpoint.toml", &["[environments.any]\noverride = [\"lead\"]\n", PEOPLE].concat());
    let ran = at(&bench, "2027-01-05 12:00:00", &[&RUN[..], &["--env", "any"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.both());
    let show = bench.ends(0, &["show", "1"]);
    show.says("not_before: second does not begin before 22:00 Europe/Berlin, 2027-01-05 21:00Z");
    let overriding = ["resume", "1", "--unattended", "--override", "everybody is here", "--override-by"];
    let by = |who: &'static str| at(&bench, "2027-01-05 12:30:00", &[&overriding[..], &[who]].concat());
    let ran = by("ops@example.org");
    assert_eq!(ran.code, 5, "{}", ran.both());
    ran.says("second does not begin before 22:00").says("does not have the role lead");
    let ran = by("lead@example.org");
    assert_eq!(ran.code, 0, "{}", ran.both());
    ran.says("RULES OVERRIDDEN: not_before, by lead@example.org: everybody is here");
    assert_eq!(bench.text("log"), "first\nsecond\n");
    bench.ends(0, &["verify", "1"]);
    let overridden = bench.of_type(1, "deviation").pop().unwrap();
    assert_eq!(overridden["overridden"]["rules"], serde_json::json!(["not_before"]));
    bench.ends(0, &["report", "1"]).says("everybody is here");
}

#[test]
fn the_plan_tells_the_time_of_a_step() {
    bench("22:00 Europe/Berlin").ends(0, &["plan", "book.md"]).says("not before 22:00 Europe/Berlin");
}

#[test]
fn a_time_that_is_none_is_an_error_with_what_was_meant() {
    for (written, says) in [
        ("22:00", "`22:00` is no time with a zone"),
        ("22:00 Europe/Berlim", "did you mean `Europe/Berlin`?"),
        ("25:00 UTC", "`25:00` is no time of the day"),
        ("tomorrow", "write it as 22:00 Europe/Berlin"),
    ] {
        bench(&format!("{written:?}")).ends(2, &["check", "book.md"]).says(says);
    }
}
