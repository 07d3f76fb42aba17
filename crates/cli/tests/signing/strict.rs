//! Seals, writes and JSON that only a lenient reader takes: `verify.sh` held against the program.

use std::fs;
use std::path::Path;

use holdpoint_xtask::sample;
use serde_json::{Value, json};

use crate::export::{both_say, exported, lines, signed_off, unpacked};
use crate::support::sha256;

#[test]
fn an_altered_seal_is_told_by_the_script_as_by_the_program() {
    let (shop, dir) = exported();
    let seal = fs::read_to_string(dir.join("seal.json")).unwrap();
    let whole: Value = serde_json::from_str(&seal).unwrap();
    let changed = |key: &str, value: Value| {
        let mut seal = whole.clone();
        seal[key] = value;
        seal.to_string()
    };
    let cases = [
        changed("events", json!(whole["events"].as_u64().unwrap() - 1)),
        changed("events", json!(99)),
        changed("bytes", json!(1)),
        changed("sha256", json!("0".repeat(64))),
        changed("verdict", json!("failed")),
        changed("id", json!("x")),
        changed("number", json!(2)),
        changed("more", json!(2)),
        "{".to_owned(),
        String::new(),
    ];
    for case in sample::some(cases, 2) {
        fs::write(dir.join("seal.json"), &case).unwrap();
        let (code, verdict) = both_say(&shop, &dir, &case);
        assert!(code == 6 && verdict.starts_with("altered at event "), "{case}: {verdict}");
    }
}

/// jq takes all of this for JSON, and for the same as what stood there.
#[test]
fn json_that_only_a_lenient_reader_takes_gets_the_same_verdict_from_both() {
    let (shop, dir) = exported();
    let seal = fs::read(dir.join("seal.json")).unwrap();
    let text = String::from_utf8(seal.clone()).unwrap();
    let instead = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        text.replacen(from, to, 1).into_bytes()
    };
    let number = "\"number\":1";
    let cases = vec![
        instead(number, "\"number\":1.0"),
        instead(number, "\"number\":1e0"),
        instead(number, "\"number\":+1"),
        instead(number, "\"number\":01"),
        instead(number, "\"number\":1."),
        instead(number, "\"number\":1,\"number\":1"),
        instead(number, "\"number\":2,\"num\\u0062er\":1"),
        instead(number, "\"number\":1,\"number\":NaN"),
        instead("{", "\u{feff}{"),
        [&seal[..], &seal].concat(),
    ];
    for case in sample::some(cases, 2) {
        fs::write(dir.join("seal.json"), &case).unwrap();
        let what = String::from_utf8_lossy(&case);
        let (code, verdict) = both_say(&shop, &dir, &what);
        assert!(code == 6 && verdict.starts_with("altered at event "), "{what}: {verdict}");
    }
    // Written otherwise, and the same all the same.
    let pretty: Value = serde_json::from_slice(&seal).unwrap();
    fs::write(dir.join("seal.json"), serde_json::to_string_pretty(&pretty).unwrap().replace('\n', "\r\n"))
        .unwrap();
    assert_eq!(both_say(&shop, &dir, "a seal of many lines"), (0, "intact and complete".to_owned()));

    // The last line, which no digest is over once the seal is gone.
    fs::remove_file(dir.join("seal.json")).unwrap();
    let mut lines = lines(&dir);
    let last = lines.pop().unwrap();
    let whole = String::from_utf8(last).unwrap();
    let instead = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from} in {whole}");
        whole.replacen(from, to, 1).into_bytes()
    };
    let at = lines.len();
    let n = format!("\"n\":{at},");
    let ours = whole.find("\"at\":").unwrap();
    let cases = vec![
        (true, instead(&n, &format!("\"n\":{at}.0,"))),
        (true, instead(&n, &format!("\"n\":{at}e0,"))),
        (true, instead("\"type\":", "\"type\":\"run.closed\",\"type\":")),
        (true, instead("\n", "\r\n")),
        (true, b"null\n".to_vec()),
        (false, instead(&n, &format!("\"n\":+{at},"))),
        (false, instead(&n, &format!("\"n\":0{at},"))),
        (false, instead("\"type\":", "\"x\":NaN,\"type\":")),
        (false, instead("\"type\":", "\"x\":\"\\ud800\",\"type\":")),
        (false, instead("\"type\":", &format!("\"x\":{}1{},\"type\":", "[".repeat(200), "]".repeat(200)))),
        (false, instead("{", "\u{feff}{")),
        (false, [&whole.as_bytes()[..ours], b"\"x\":\"\xed\xa0\x80\",", &whole.as_bytes()[ours..]].concat()),
    ];
    for (somebody, case) in sample::some(cases, 2) {
        fs::write(dir.join("run.jsonl"), [&lines.concat()[..], &case].concat()).unwrap();
        let what = String::from_utf8_lossy(&case);
        // What is no JSON at all is what a crash may leave; what is JSON that no record holds, somebody wrote.
        let verdict =
            if somebody { (6, format!("altered at event {at}")) } else { (0, "intact, open".to_owned()) };
        assert_eq!(both_say(&shop, &dir, &what), verdict, "{what}");
    }
}

/// What somebody wrote who makes digests fit: each line's, and the seal's where there is one.
fn rechained(dir: &Path, lines: &[String]) {
    let mut log = String::new();
    for line in lines {
        let prev = line.find("\"prev\":\"").unwrap() + 8;
        log += &format!("{}{}{}", &line[..prev], sha256(log.as_bytes()), &line[prev + 64..]);
    }
    fs::write(dir.join("run.jsonl"), &log).unwrap();
    let path = dir.join("seal.json");
    if let Ok(seal) = fs::read(&path) {
        let mut seal: Value = serde_json::from_slice(&seal).unwrap();
        seal["bytes"] = log.len().into();
        seal["sha256"] = sha256(log.as_bytes()).into();
        fs::write(path, seal.to_string()).unwrap();
    }
}

#[test]
fn where_a_write_ends_is_told_by_both() {
    const MORE: &str = ",\"more\":true";
    let shop = signed_off();
    shop.bench.ends(0, &["export", "1", "-o", "run.tar.zst"]);
    let dir = unpacked(&shop, "run.tar.zst");
    let good = fs::read_to_string(dir.join("run.jsonl")).unwrap();
    let seal = fs::read(dir.join("seal.json")).unwrap();
    let lines: Vec<String> = good.split_inclusive('\n').map(str::to_owned).collect();
    let begins = lines.iter().position(|line| line.contains(MORE)).expect("a write of several events");
    assert!(begins > 0 && !lines[begins - 1].contains(MORE));
    let last = lines.len() - 1;
    let last_write = 1 + lines[..last].iter().rposition(|line| !line.contains(MORE)).unwrap();
    let with = |n: usize, from: &str, to: &str| {
        let mut lines = lines.clone();
        assert!(lines[n].contains(from), "{}", lines[n]);
        lines[n] = lines[n].replacen(from, to, 1);
        lines
    };
    let says = |lines: &[String], sealed: bool, what: &str| {
        fs::write(dir.join("seal.json"), &seal).unwrap();
        if !sealed {
            fs::remove_file(dir.join("seal.json")).unwrap();
        }
        rechained(&dir, lines);
        both_say(&shop, &dir, what)
    };
    let (open, altered) = ((0, "intact, open".to_owned()), |n: usize| (6, format!("altered at event {n}")));

    let more_at_the_end = with(last, ",\"type\"", ",\"more\":true,\"type\"");
    assert_eq!(says(&more_at_the_end, true, "a sealed record that ends in a write"), altered(last_write));
    assert_eq!(says(&more_at_the_end, false, "an open one"), open);
    for (from, to) in
        [(MORE, ",\"more\":false"), (MORE, ",\"more\":null"), (MORE, ",\"more\":1"), (MORE, ",\"mode\":true")]
    {
        assert_eq!(says(&with(begins, from, to), true, to), altered(begins), "{to}");
    }
    let moved = with(begins, MORE, "");
    let moved: Vec<String> = moved
        .into_iter()
        .enumerate()
        .map(|(n, line)| match n == begins {
            true => line.replacen("}\n", ",\"more\":true}\n", 1),
            false => line,
        })
        .collect();
    assert_eq!(says(&moved, true, "more at the end of its line"), altered(begins));
    let swapped = with(0, "\"type\":\"run.opened\",", "");
    let swapped: Vec<String> = swapped
        .into_iter()
        .enumerate()
        .map(|(n, line)| if n == 0 { line.replacen("{", "{\"type\":\"run.opened\",", 1) } else { line })
        .collect();
    assert_eq!(says(&swapped, true, "the type first"), altered(0));

    // Cut behind its first line, and in its second one.
    let mut half = lines[..=begins + 1].to_vec();
    assert_eq!(says(&lines[..=begins], false, "the first line of a write"), open);
    half[begins + 1].truncate(150);
    assert_eq!(says(&half, false, "half a line of a write"), open);
    fs::write(dir.join("seal.json"), &seal).unwrap();
    fs::write(dir.join("run.jsonl"), lines[..=begins].concat()).unwrap();
    assert_eq!(both_say(&shop, &dir, "a sealed write, cut"), (6, "truncated".to_owned()));
    assert_eq!(
        says(&with(0, ",\"type\"", ",\"more\":true,\"type\"")[..1], false, "a first write that is torn"),
        (6, "truncated".to_owned())
    );

    // A wrong line is no crash's, also where its write is torn; a blob that a torn write names need not be there.
    let mut wrong = lines[..=begins].to_vec();
    wrong[begins] = wrong[begins].replacen("{\"n\":", "{\"n\":1", 1);
    assert_eq!(says(&wrong, false, "a wrong number in a torn write"), altered(begins));
    let named: Value = serde_json::from_str(&lines[begins]).unwrap();
    let lines = with(begins, named["output"]["timing"]["sha256"].as_str().unwrap(), &"f".repeat(64));
    assert_eq!(says(&lines[..=begins], false, "a blob that only a torn write names"), open);
    assert_eq!(says(&lines, true, "the same blob, and the write is whole"), altered(begins));
}
