//! A hold point that takes two people, and what every form says of it.

use serde_json::json;

use crate::shop::{QA, QB, Shop};

#[test]
fn whoever_rejects_what_they_signed_takes_it_back_in_every_form() {
    let shop = Shop::waiting(2);
    shop.signs("1", QA, "qa");
    let key = shop.key("qa");
    let key = key.to_str().unwrap();
    shop.bench.ends(0, &["sign", "1", "--as", QA, "--reject", "--reason", "I misread it", "--key", key]);
    shop.signs("1", QB, "qb");
    let bench = &shop.bench;
    shop.is(1, 0, "intact, open");
    let shown = bench.ends(0, &["show", "1"]);
    assert!(shown.stdout.contains("WAITING") && !shown.stdout.contains("SIGNED"), "{}", shown.stdout);
    shown.says("waits at");
    let copy = bench.ends(0, &["report", "1"]);
    copy.says("STEP 2 WAITING**").says("**SIGNED, NO LONGER COUNTS**").says("**signed**, no longer counts");
    for told in [
        bench.ends(0, &["show", "1", "--format", "json"]).json(),
        bench.ends(0, &["report", "1", "--format", "json"]).json(),
    ] {
        let hold = &told["steps"].as_array().unwrap().iter().find(|step| step["id"] == "release").unwrap();
        assert_eq!((&hold["status"], &told["waits"]["step"]), (&json!("waiting"), &json!("release")));
        let given = told["sign_offs"].as_array().unwrap().iter().filter(|it| it["what"] == "given");
        let counts: Vec<_> = given.map(|it| (it["by"]["who"].clone(), it["counts"].clone())).collect();
        assert_eq!(counts, [(json!(QA), json!(false)), (json!(QB), json!(true))]);
    }
    bench.ends(0, &["report", "1", "--format", "junit"]).says("<skipped>waiting</skipped>");
    shop.signs("1", QA, "qa");
    bench.ends(0, &["show", "1"]).says("SIGNED");
}
