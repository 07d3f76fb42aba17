//! What docs/record.md says to type where none of this program is at hand, typed: on records of the corpus, whose keys have
//! ended long ago.

use std::path::Path;

use crate::support::{Bench, Ran};

/// The fences of the documentation that stand behind these words, in their order.
fn fences(begin: &str, count: usize) -> Vec<String> {
    let page = include_str!("../../../../docs/record.md");
    let rest = page.split_once(begin).unwrap_or_else(|| panic!("{begin} is not documented")).1;
    let fences = rest.split("\n```").skip(1).step_by(2);
    let shell =
        fences.filter_map(|fence| fence.strip_prefix("bash\n").or_else(|| fence.strip_prefix("sh\n")));
    shell.take(count).map(str::to_owned).collect()
}

/// These lines in a record of the corpus, after what is set up.
fn typed(record: &str, before: &str, lines: &str) -> Ran {
    let bench = Bench::new();
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/records/2.0");
    bench.sh(&format!("tar -xzf '{}/{record}.tar.gz'", records.display()));
    let set_up = fences("### With OpenSSH alone", 1).remove(0).replace("/tmp/", "../tmp-");
    let script = format!("set -eu\ncd {record}\n{before}\n{set_up}\n{}", lines.replace("/tmp/", "../tmp-"));
    let mut command = bench.command("bash");
    Ran::of(command.arg("-c").arg(script).output().unwrap())
}

#[test]
fn the_documented_commands_find_signatures_good_whose_keys_have_ended_and_others_not() {
    let all = fences("### With OpenSSH alone", 3);
    let [_, sign_off, session] = &all[..] else { panic!("{all:?}") };
    let at = |lines: &str, from: u32, to: u32| {
        lines
            .replace(&format!("{from:04}.json"), &format!("{to:04}.json"))
            .replace(&format!(".n == {from}"), &format!(".n == {to}"))
    };
    let sign_off = at(sign_off, 7, 6);
    let record = "sessions-signed-and-null-captured";
    for lines in [&sign_off, session] {
        let ran = typed(record, "", lines);
        assert_eq!(ran.code, 0, "{lines}\n{}", ran.both());
        ran.says("Good \"s");
        // Somebody else's name, and bytes that were changed.
        let other =
            lines.replace("qa@example.org", "o@example.org").replace("ops@example.org", "o@example.org");
        assert_ne!(typed(record, "", &other).code, 0);
        assert_ne!(typed(record, "sed -i 's/Etc/etc/' signoffs/*.json", lines).code, 0);
    }
    // By the clock of today, as the commands were once, none of them is good.
    let today = sign_off.replace("good \"$(jq -r .at.time signoffs/0006.json)\"", "good now");
    assert_ne!(typed(record, "", &today).code, 0);
}

#[test]
fn the_documented_commands_know_what_was_revoked_and_tombstones() {
    let record = "key-revoked";
    let lines =
        fences("### With OpenSSH alone", 2).remove(1).replace("0007", "0012").replace(".n == 7", ".n == 12");
    assert_ne!(typed(record, "", &lines).code, 0);
    let tombstone = fences("[set up below](#with-openssh-alone)", 1).remove(0);
    let stone = "HEX=$(ls blobs/sha256 | sed -n 's/[.]expunged$//p')";
    let ran = typed("expunged-signed", stone, &tombstone.replace("HEX", "$HEX"));
    assert_eq!(ran.code, 0, "{tombstone}\n{}", ran.both());
    ran.says("Good \"expunge@holdpoint\"");
}
