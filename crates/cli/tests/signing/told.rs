//! What show, replay and reports say of a sign-off whose signature does not count.

use crate::export::signed_off;
use crate::trust::sign_again;

#[test]
fn a_sign_off_by_anothers_key_is_told_wherever_the_run_is_told() {
    let shop = signed_off();
    sign_again(&shop, "ops");
    let said = shop.bench.ends(6, &["verify", "1"]).stdout;
    let event = shop.sign_off(1);
    assert!(said.contains(&format!("does not conform at event {event}")), "{said}");
    let report = |format| shop.bench.ends(6, &["report", "1", "--format", format]);
    shop.bench.ends(6, &["show", "1"]).says("DOES NOT CONFORM").says(&format!("event {event}"));
    let shown = shop.bench.ends(6, &["show", "1", "--format", "json"]).json();
    let told = report("json").json();
    for summary in [shown, told] {
        assert_eq!(summary["misfits"][0]["n"], event);
        let status = |step: usize| summary["steps"][step]["status"].as_str().unwrap().to_owned();
        assert_eq!([status(0), status(1), status(2)], ["passed", "unknown", "unknown"]);
        let given = summary["sign_offs"].as_array().unwrap().iter().any(|one| one["what"] == "given");
        assert!(!given, "{}", summary["sign_offs"]);
    }
    let copy = report("markdown").stdout;
    assert!(
        copy.contains("**DOES NOT CONFORM**")
            && !copy.contains("STEP 2 SIGNED")
            && !copy.contains("Verdict | **PASSED"),
        "{copy}"
    );
    report("html").says("DOES NOT CONFORM");
    let junit = report("junit").stdout;
    let of_it = junit.split_once("release#1 signoff").unwrap().1.split_once("</testcase>").unwrap().0;
    assert!(of_it.contains("is not proved"), "{junit}");
    report("cast").says("does not conform");
    shop.bench.ends(6, &["replay", "1", "--speed", "1000"]).says("does not conform");
}

#[test]
fn a_sign_off_whose_signature_is_gone_is_told_by_show_and_replay() {
    let shop = signed_off();
    std::fs::remove_file(shop.signed(1, ".sig")).unwrap();
    let verdict = shop.bench.ends(6, &["verify", "1"]).stdout.trim().to_owned();
    shop.bench.ends(6, &["show", "1"]).says("NOT INTACT").says(&verdict);
    shop.bench.ends(6, &["show", "1", "--format", "json"]).says(&verdict);
    shop.bench.ends(6, &["replay", "1", "--speed", "1000"]).says("not intact").says(&verdict);
}
