//! What somebody with the disk can do to a record, and what verify says of it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::fs;
use std::path::Path;

use sha2::Digest as _;

use common::sample::places;
use common::{Bench, STDOUT, lines, log, note, now, set_log};
use holdpoint_record::{
    BlobError, OpenError, ReadError, RecordVerdict, Writer, blob, glance, read, referenced, verify_bytes,
};

fn verdict(dir: &Path) -> String {
    verify_bytes(dir).unwrap().verdict.to_string()
}

#[test]
fn an_untouched_record_is_intact() {
    let bench = Bench::new();
    let report = verify_bytes(&bench.sealed_record()).unwrap();
    assert_eq!(report.verdict, RecordVerdict::IntactComplete);
    assert_eq!(report.verdict.to_string(), "intact and complete");
    assert!(
        report.verdict.intact() && report.remarks.is_empty() && report.unreferenced.is_empty(),
        "{report:?}"
    );
    assert_eq!((report.position.events, report.seal.unwrap().events), (7, 7));

    let report = verify_bytes(&bench.open_record()).unwrap();
    assert_eq!(report.verdict.to_string(), "intact, open");
    assert!(report.verdict.intact() && report.remarks.is_empty(), "{report:?}");
}

/// Every byte of the record, changed to something else, sealed: it shows at that line or at the next one.
#[test]
fn every_changed_byte_of_a_sealed_record_shows() {
    let dir = Bench::new();
    let dir = dir.sealed_record();
    let good = log(&dir);
    for at in places("changed bytes of a sealed record", good.len(), 3) {
        let line = good[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        for to in [good[at] ^ 1, b'\n'] {
            if to == good[at] {
                continue;
            }
            let mut bad = good.clone();
            bad[at] = to;
            set_log(&dir, &bad);
            match verify_bytes(&dir) {
                Ok(report) => match report.verdict {
                    RecordVerdict::Altered { event, .. } => {
                        assert!(
                            event == line || event == line + 1,
                            "byte {at} of line {line} to {to}: {event}"
                        );
                    }
                    other => panic!("byte {at} of line {line} to {to}: {other:?}"),
                },
                Err(ReadError::NewerVersion { .. }) => assert_eq!(line, 0),
                Err(other) => panic!("byte {at}: {other}"),
            }
        }
    }
}

/// Without a seal the last line has nothing behind it that vouches for it.
#[test]
fn every_changed_byte_before_the_last_line_of_an_open_record_shows() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = log(&dir);
    let last = good.len() - lines(&good).last().unwrap().len();
    for at in places("changed bytes of an open record", last, 3) {
        let line_end: &[u8] = if good[at] == b'\n' { b" x\r{\xff" } else { b"" };
        for to in [good[at] ^ 1].iter().chain(line_end).copied() {
            let mut bad = good.clone();
            bad[at] = to;
            set_log(&dir, &bad);
            assert!(
                !matches!(verify_bytes(&dir), Ok(report) if report.verdict.intact()),
                "byte {at} to {to}"
            );
            assert!(Writer::open(&dir).is_err(), "byte {at} to {to}");
            assert_eq!(log(&dir), bad, "a refused record is left as it is");
        }
    }
}

#[test]
fn a_missing_line_shows_where_it_is_missing() {
    let bench = Bench::new();
    for (dir, count) in [(bench.open_record(), 6), (bench.sealed_record(), 7)] {
        let good = lines(&log(&dir));
        assert_eq!(good.len(), count);
        for gone in 0..count - 1 {
            let mut bad = good.clone();
            bad.remove(gone);
            set_log(&dir, &bad.concat());
            assert_eq!(verdict(&dir), format!("altered at event {gone}"));
        }
    }
}

#[test]
fn swapped_lines_show_at_the_first_of_them() {
    let bench = Bench::new();
    for dir in [bench.open_record(), bench.sealed_record()] {
        let good = lines(&log(&dir));
        for first in 0..good.len() - 1 {
            let mut bad = good.clone();
            bad.swap(first, first + 1);
            set_log(&dir, &bad.concat());
            assert_eq!(verdict(&dir), format!("altered at event {first}"));
        }
    }
}

#[test]
fn a_sealed_record_that_is_cut_anywhere_is_truncated() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let good = log(&dir);
    for length in 0..good.len() {
        set_log(&dir, &good[..length]);
        assert_eq!(verdict(&dir), "truncated", "at byte {length}");
    }
}

#[test]
fn an_open_record_that_is_cut_at_a_line_is_intact_and_open() {
    // What a chain cannot prove, and the specification says so.
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = lines(&log(&dir));
    for kept in 1..=good.len() {
        set_log(&dir, &good[..kept].concat());
        assert_eq!(verdict(&dir), "intact, open");
        // Events 2 and 3 are of one write: nobody gets one without the other.
        let whole = if kept == 3 { 2 } else { kept };
        assert_eq!(read(&dir).unwrap().events.len(), whole);
    }
}

#[test]
fn a_line_that_says_otherwise_whether_its_write_goes_on_shows() {
    let more = ",\"more\":true";
    let bench = Bench::new();
    for dir in [bench.open_record(), bench.sealed_record()] {
        let good = lines(&log(&dir));
        let going_on = |line: &[u8]| String::from_utf8_lossy(line).contains(more);
        assert_eq!((0..good.len()).filter(|n| going_on(&good[*n])).collect::<Vec<_>>(), [2]);
        for n in 0..good.len() - 1 {
            let line = String::from_utf8(good[n].clone()).unwrap();
            let other = match going_on(&good[n]) {
                true => line.replacen(more, "", 1),
                false => line.replacen(",\"type\"", &format!("{more},\"type\""), 1),
            };
            assert_ne!(other, line);
            let mut bad = good.clone();
            bad[n] = other.into_bytes();
            set_log(&dir, &bad.concat());
            assert_eq!(verdict(&dir), format!("altered at event {}", n + 1), "{n}");
        }
    }
}

/// Somebody who writes the seal anew as well.
#[test]
fn a_sealed_record_that_ends_in_the_middle_of_a_write_is_altered() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let (good, path) = (String::from_utf8(log(&dir)).unwrap(), dir.join("seal.json"));
    let bad = good.replace(",\"type\":\"run.closed\"", ",\"more\":true,\"type\":\"run.closed\"");
    assert_ne!(bad, good);
    set_log(&dir, bad.as_bytes());
    let mut seal: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    seal["bytes"] = bad.len().into();
    let digest = sha2::Sha256::digest(&bad).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    seal["sha256"] = digest.into();
    fs::write(&path, seal.to_string()).unwrap();
    let report = verify_bytes(&dir).unwrap();
    assert_eq!(report.verdict.to_string(), "altered at event 6");
    assert!(report.verdict.reason().unwrap().contains("no whole write"), "{report:?}");
    let refused = read(&dir).unwrap_err().to_string();
    assert!(refused.contains("event 6") && refused.contains("no whole write"), "{refused}");
    // Unsealed it is a torn tail, and the run goes on before it.
    fs::remove_file(&path).unwrap();
    assert_eq!(verdict(&dir), "intact, open");
    let (_, events, recovered) = Writer::open(&dir).unwrap();
    assert_eq!((events.len(), recovered.is_some()), (6, true));
}

#[test]
fn a_record_without_a_first_event_is_truncated_and_cannot_be_taken_up() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let first = lines(&log(&dir)).remove(0);
    for length in [0, 1, first.len() - 1] {
        set_log(&dir, &first[..length]);
        assert_eq!(verdict(&dir), "truncated", "{length} bytes");
        assert!(matches!(read(&dir), Err(ReadError::NoFirstEvent(_))));
        assert!(matches!(Writer::open(&dir), Err(OpenError::Read(ReadError::NoFirstEvent(_)))));
        assert_eq!(log(&dir).len(), length);
    }
}

#[test]
fn what_is_added_after_the_seal_shows() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let good = log(&dir);
    let digest = holdpoint_record::Reader::open(&dir).map(|mut reader| {
        reader.by_ref().for_each(drop);
        reader.position().sha256
    });
    let line = format!(
        r#"{{"n":7,"prev":"{}","at":"2026-11-23T14:34:05Z","type":"note","text":"x","by":{{"who":"x","via":"terminal"}}}}"#,
        digest.unwrap()
    );
    for added in [format!("{line}\n"), line, "\n".into(), "x".into(), "\0\0".into()] {
        set_log(&dir, &[&good[..], added.as_bytes()].concat());
        assert_eq!(verdict(&dir), "altered at event 7", "{added:?}");
    }
}

#[test]
fn a_byte_taken_out_of_the_last_event_is_alteration_and_no_truncation() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let text = String::from_utf8(log(&dir)).unwrap();
    set_log(
        &dir,
        text.replace("14:34:05.123456Z\",\"type\":\"run.closed", "14:34:05.12345Z\",\"type\":\"run.closed")
            .as_bytes(),
    );
    assert_ne!(log(&dir), text.as_bytes());
    assert_eq!(verdict(&dir), "altered at event 6");
}

#[test]
fn a_blob_that_is_missing_or_altered_shows_at_the_event_that_names_it() {
    let bench = Bench::new();
    for dir in [bench.open_record(), bench.sealed_record()] {
        let events = read(&dir).unwrap().events;
        for n in [0_usize, 2] {
            for reference in referenced(&events[n].event).unwrap() {
                let path = dir.join("blobs/sha256").join(&reference.sha256);
                let good = fs::read(&path).unwrap();
                let spoilt: [&dyn Fn(); 5] = [
                    &|| fs::remove_file(&path).unwrap(),
                    &|| fs::write(&path, [&good[..], b"x"].concat()).unwrap(),
                    &|| {
                        fs::write(
                            &path,
                            good.iter()
                                .map(|byte| byte ^ 1)
                                .chain([0].into_iter().filter(|_| good.is_empty()))
                                .collect::<Vec<_>>(),
                        )
                        .unwrap()
                    },
                    &|| {
                        fs::remove_file(&path).unwrap();
                        fs::create_dir(&path).unwrap();
                    },
                    &|| {
                        fs::remove_dir(&path).unwrap();
                        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
                    },
                ];
                for spoil in spoilt {
                    spoil();
                    assert_eq!(verdict(&dir), format!("altered at event {n}"));
                    let told = blob(&dir, &reference).unwrap_err().to_string();
                    let is_link = path.is_symlink();
                    assert_eq!(told.contains("it is a link, not a file"), is_link, "{told}");
                }
                fs::remove_file(&path).unwrap();
                fs::write(&path, &good).unwrap();
                assert_eq!(blob(&dir, &reference).unwrap(), good);
            }
        }
        assert!(verify_bytes(&dir).unwrap().verdict.intact());
    }
}

#[test]
fn the_first_thing_that_is_wrong_is_what_verify_names() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let events = read(&dir).unwrap().events;
    let output = &referenced(&events[2].event).unwrap()[0];
    assert_eq!(blob(&dir, output).unwrap(), STDOUT);
    fs::remove_file(dir.join("blobs/sha256").join(&output.sha256)).unwrap();
    let good = lines(&log(&dir));
    let mut bad = good.clone();
    bad.remove(4);
    set_log(&dir, &bad.concat());
    assert_eq!(verdict(&dir), "altered at event 2", "blob of 2, line 4");
    let mut bad = good.clone();
    bad.remove(1);
    set_log(&dir, &bad.concat());
    assert_eq!(verdict(&dir), "altered at event 1", "line 1, blob of 2");
    set_log(&dir, &good[..5].concat());
    assert_eq!(verdict(&dir), "altered at event 2", "blob of 2, cut");
}

#[test]
fn a_blob_of_another_length_than_the_record_says_is_altered() {
    let bench = Bench::new();
    let mut writer = bench.driven();
    let good = writer.put_blob(b"output").unwrap();
    for bytes in [0, 5, 7, u64::MAX] {
        let wrong = holdpoint_engine::BlobRef { bytes, ..good.clone() };
        assert!(matches!(blob(writer.dir(), &wrong), Err(BlobError::Altered { .. })), "{bytes}");
    }
}

#[test]
fn a_blob_reference_that_is_a_path_is_never_followed() {
    let bench = Bench::new();
    let dir = bench.open_record();
    fs::write(dir.join("outside"), b"").unwrap();
    for sha256 in ["../../outside", "", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"] {
        let reference = holdpoint_engine::BlobRef { sha256: sha256.into(), bytes: 0 };
        assert!(matches!(blob(&dir, &reference), Err(BlobError::BadDigest(_))));
    }
}

#[test]
fn a_seal_that_does_not_fit_is_alteration() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let path = dir.join("seal.json");
    let good = fs::read_to_string(&path).unwrap();
    let cases = [
        ("\"verdict\":\"passed\"", "\"verdict\":\"failed\""),
        ("\"verdict\":\"passed\"", "\"verdict\":\"fine\""),
        ("\"number\":1", "\"number\":2"),
        ("\"events\":7", "\"events\":6"),
        ("\"format\":\"2.0\"", "\"format\":\"1.0\""),
        ("\"id\":\"01K", "\"id\":\"01J"),
        ("\"sha256\":\"", "\"sha256\":\"0"),
        ("\"number\":1", "\"number\":1,\"number\":1"),
        ("\"number\":1", "\"number\":1,\"more\":1"),
        ("{", ""),
        (good.as_str(), ""),
    ];
    for (from, to) in cases {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        fs::write(&path, bad).unwrap();
        let report = verify_bytes(&dir).unwrap();
        assert!(
            matches!(report.verdict, RecordVerdict::Altered { event: 6 | 7, .. }),
            "{to}: {:?}",
            report.verdict
        );
        // Whoever only shows a record takes no other seal than whoever proves it.
        // A glance looks at both ends, and not at what is between them.
        let ends = (!from.contains("sha256")).then(|| glance(&dir).map(drop));
        for read in [Some(read(&dir).map(drop)), ends].into_iter().flatten() {
            let fault = read.expect_err(to);
            assert!(matches!(fault, ReadError::Altered { .. } | ReadError::Seal(_)), "{to}: {fault}");
        }
    }
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("run.jsonl", &path).unwrap();
    assert_eq!(verdict(&dir), "altered at event 6");
    let told = read(&dir).map(drop).unwrap_err().to_string();
    assert_eq!(told, "seal.json is no seal: it is a link, not a file");
    fs::remove_file(&path).unwrap();
    let report = verify_bytes(&dir).unwrap();
    assert_eq!(report.verdict, RecordVerdict::IntactOpen);
    assert!(report.remarks[0].contains("closed and not sealed"));
}

#[test]
fn a_seal_on_a_run_that_is_not_over_is_alteration() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let open = bench.open_record();
    let position = {
        let mut reader = holdpoint_record::Reader::open(&open).unwrap();
        reader.by_ref().for_each(drop);
        reader.position()
    };
    let mut seal: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("seal.json")).unwrap()).unwrap();
    seal["events"] = position.events.into();
    seal["bytes"] = position.bytes.into();
    seal["sha256"] = position.sha256.into();
    fs::write(open.join("seal.json"), seal.to_string()).unwrap();
    assert_eq!(verdict(&open), "altered at event 5");
    assert!(matches!(Writer::open(&open), Err(OpenError::Sealed)));
}

#[test]
fn blobs_that_no_event_names_are_listed_and_no_fault() {
    let bench = Bench::new();
    let mut writer = bench.driven();
    let orphan = writer.put_blob(b"an output that no event came to name").unwrap();
    fs::write(writer.dir().join("blobs/partial-0"), b"cut sho").unwrap();
    let report = verify_bytes(writer.dir()).unwrap();
    assert_eq!(report.verdict, RecordVerdict::IntactOpen);
    assert_eq!(report.unreferenced, [orphan.sha256]);
    let [told] = &report.remarks[..] else { panic!("{:?}", report.remarks) };
    assert!(told.contains("in use now, by process") && told.contains("outputs are being written"), "{told}");
    let dir = writer.dir().to_owned();
    drop(writer);
    let report = verify_bytes(&dir).unwrap();
    let [told] = &report.remarks[..] else { panic!("{:?}", report.remarks) };
    assert!(told.starts_with("1 file(s) blobs/partial-*") && told.contains("a crash leaves such"), "{told}");
}

#[test]
fn a_record_can_be_verified_anywhere_and_a_wrong_number_is_remarked() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let moved = bench.dir.path().join("evidence");
    fs::rename(&dir, &moved).unwrap();
    assert!(verify_bytes(&moved).unwrap().remarks.is_empty());
    let other = bench.dir.path().join("0002-promote");
    fs::rename(&moved, &other).unwrap();
    let report = verify_bytes(&other).unwrap();
    assert_eq!(report.verdict, RecordVerdict::IntactComplete);
    assert_eq!(report.remarks, ["the directory has the number 2 and the record 1"]);
}

#[test]
fn events_are_read_back_as_they_were_returned() {
    let bench = Bench::new();
    let mut writer = bench.driven();
    let last = writer.append(now(), note("again")).unwrap();
    let back = read(writer.dir()).unwrap();
    assert_eq!(back.events.last(), Some(&last));
    assert_eq!(back.position, writer.position());
    assert!(!back.closed());
}

/// Every byte put in and every byte taken out, and the seal's and the blobs' own: nothing of it is called intact, but
/// white space around what a seal says.
#[test]
fn every_insertion_and_deletion_in_any_file_of_a_sealed_record_shows() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let mut files = vec![dir.join("run.jsonl"), dir.join("seal.json")];
    files.extend(fs::read_dir(dir.join("blobs/sha256")).unwrap().map(|blob| blob.unwrap().path()));
    let mut judged = 0;
    let whole = std::env::var_os("HOLDPOINT_FAULTS").is_some_and(|value| value == "all");
    for file in files {
        let good = fs::read(&file).unwrap();
        let meant = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        for at in places("insertions and deletions in a file of a sealed record", good.len() + 1, 4) {
            let (before, after) = good.split_at(at);
            let mut bad: Vec<Vec<u8>> =
                [b'0', b' ', b'\n', 0].iter().map(|byte| [before, &[*byte], after].concat()).collect();
            if let Some((_, after)) = after.split_first() {
                bad.push([before, after].concat());
                bad.push(before.to_vec());
            }
            for bad in bad.into_iter().filter(|bad| *bad != good) {
                fs::write(&file, &bad).unwrap();
                judged += 1;
                let intact = matches!(verify_bytes(&dir), Ok(report) if report.verdict.intact());
                let same =
                    file.ends_with("seal.json") && meant(&bad).is_some_and(|bad| Some(bad) == meant(&good));
                assert!(
                    !intact || same,
                    "{}: byte {at}: {:?}",
                    file.display(),
                    String::from_utf8_lossy(&bad)
                );
            }
        }
        fs::write(&file, &good).unwrap();
    }
    assert!(judged > if whole { 10_000 } else { 2_500 }, "{judged}");
}

#[test]
fn any_two_lines_that_change_places_show() {
    let bench = Bench::new();
    for dir in [bench.open_record(), bench.sealed_record()] {
        let good = lines(&log(&dir));
        for first in 0..good.len() {
            for second in first + 1..good.len() {
                let mut bad = good.clone();
                bad.swap(first, second);
                set_log(&dir, &bad.concat());
                assert_eq!(verdict(&dir), format!("altered at event {first}"), "{first} and {second}");
            }
        }
    }
}

/// Where nothing is sealed, bytes of the last line put in or taken out may pass only as another such line, or as a
/// torn tail: what a chain cannot show, and docs/record.md says so.
#[test]
fn every_insertion_and_deletion_before_the_last_line_of_an_open_record_shows() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = log(&dir);
    let last = good.len() - lines(&good).last().unwrap().len();
    for at in places("insertions and deletions in an open record", last, 3) {
        let (before, after) = good.split_at(at);
        for bad in [[before, b"0", after].concat(), [before, &after[1..]].concat()] {
            if bad == good {
                continue;
            }
            set_log(&dir, &bad);
            let intact = matches!(verify_bytes(&dir), Ok(report) if report.verdict.intact());
            assert!(!intact, "byte {at}");
        }
    }
}
