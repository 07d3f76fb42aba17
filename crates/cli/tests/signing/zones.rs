//! Runs that were opened where it is summer, or far from any whole hour: whoever verifies them says the same.

use crate::export::unpacked;
use crate::independent::all_say;
use crate::shop::{OPS, QA, Shop};
use crate::support::{HOLDPOINT, Ran};
use holdpoint_xtask::tools::at_another_time;

#[test]
fn a_run_of_summer_or_of_half_an_hour_is_told_alike_and_its_keys_by_its_zone() {
    // The clock on the wall when it was signed, and the one by which its keys end, half an hour later or before that.
    for (zone, wall, good, over) in [
        ("Europe/Berlin", "2026-07-01 14:00:00", "20260701133000", "20260701125500"),
        ("Europe/Berlin", "2026-01-15 13:00:00", "20260115133000", "20260115125500"),
        ("<-0330>+03:30", "2026-01-15 08:30:00", "20260115090000", "20260115082500"),
        ("<+0545>-05:45", "2026-07-01 17:45:00", "20260701181500", "20260701174000"),
    ] {
        for (ends, code) in [(good, 0), (over, 5)] {
            let shop = Shop::new(1);
            let at = format!("valid-before=\"{ends}\",namespaces=");
            let signers = shop.bench.text("allowed_signers").replace("namespaces=", &at);
            shop.bench.file("allowed_signers", &signers);
            let holdpoint = |words: &[&str]| {
                let mut command = shop.bench.command("faketime");
                command.env("TZ", zone).arg(wall).arg(HOLDPOINT).args(words);
                Ran::of(at_another_time(&mut command).unwrap())
            };
            let run =
                holdpoint(&["run", "book.md", "--env", "production", "--unattended", "--operator", OPS]);
            assert_eq!(run.code, 3, "{zone}: {}", run.both());
            let key = shop.key("qa");
            let ran = holdpoint(&["sign", "1", "--as", QA, "--key", key.to_str().unwrap(), "--yes"]);
            assert_eq!(ran.code, code, "{zone} {ends}: {}", ran.both());
            if code != 0 {
                continue;
            }
            assert_eq!(holdpoint(&["resume", "1", "--unattended"]).code, 0, "{zone}");
            shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
            let dir = unpacked(&shop, "run.tar.zst");
            let said = all_say(&shop, &dir, zone);
            assert_eq!(said, (0, "intact and complete, by its own signers".to_owned()), "{zone}");
        }
    }
}
