//! Hundreds of cases held against stock `ssh-keygen -Y verify`: kinds and sizes of keys, certificates, forms of lines, patterns,
//! namespaces, times and zones, lists of revoked keys, forms of signatures. Where both do not say the same, the case stands in
//! `differences.txt` with the row of docs/record.md ("Where OpenSSH says something else") that says why; the list is compared
//! exactly, so that a difference that is gone goes from it, too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

mod cases;
mod others;
mod passkeys;
#[path = "../stock/mod.rs"]
mod stock;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::Case;
use holdpoint_model::Assurance;
use holdpoint_signing::{Assertion, Assured, Envelope, Refused, SIGNOFF, Signers, check};
use holdpoint_xtask::sample;
use passkeys::Passkey;

const MESSAGE: &[u8] = b"{\"statement\":\"I release it.\"}\n";
/// So many are taken where not all are.
const FEW: usize = 160;

/// What stock says.
fn stock_takes(case: &Case) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let [signers, sig, list] = ["allowed", "sig", "revoked"].map(|name| directory.path().join(name));
    fs::write(&signers, &case.allowed).unwrap();
    fs::write(&sig, &case.signature).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "verify", "-n", case.namespace, "-I", case.principal, "-f"]).arg(&signers);
    command.arg("-s").arg(&sig).arg(format!("-Overify-time={}", case.at.strftime("%Y%m%d%H%M%SZ")));
    if let Some(revoked) = &case.revoked {
        fs::write(&list, revoked).unwrap();
        command.arg("-r").arg(&list);
    }
    // Of POSIX, the sign of an offset is the other way round.
    command.env("TZ", case.zone.replace("+03", "<+03>-3"));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // It may refuse before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(case.message);
    child.wait().unwrap().success()
}

/// What is said here; why not, in words.
fn taken(case: &Case) -> Result<(), String> {
    let read = Signers::read(Some(case.allowed.as_bytes()), case.revoked.as_deref(), case.zone);
    let signers =
        read.and_then(|signers| signers.of_people(&[], str::to_owned)).map_err(|bad| bad.to_string())?;
    check(case.message, &case.signature, case.principal, case.namespace, &signers, case.at)
        .map(|_| ())
        .map_err(|refused| refused.to_string())
}

/// `stricter` or `laxer`, and why, where both do not say the same.
fn difference(case: &Case) -> Option<(&'static str, String)> {
    match (taken(case), stock_takes(case)) {
        (Ok(()), true) | (Err(_), false) => None,
        (Err(why), true) => Some(("stricter", why)),
        (Ok(()), false) => Some(("laxer", String::new())),
    }
}

/// Those that differ, by the name of their case.
fn differences(cases: &[Case]) -> BTreeMap<String, (&'static str, String)> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(differs) = difference(case) {
                        found.lock().unwrap().insert(case.name.clone(), differs);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// `differences.txt`: by case, `stricter` or `laxer`, and the row that says why.
fn listed() -> BTreeMap<String, (String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/table/differences.txt"))
        .unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
    let listed: BTreeMap<_, _> = lines
        .iter()
        .map(|line| {
            let [case, how, row] = line.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("three cells: {line}")
            };
            (case.to_owned(), (how.to_owned(), row.to_owned()))
        })
        .collect();
    assert_eq!(listed.len(), lines.len(), "a case stands there once");
    listed
}

/// Rows of docs/record.md, by their ids: whether each is `stricter` or `laxer`.
fn documented() -> BTreeMap<String, String> {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/record.md")).unwrap();
    let section = text.split_once("### Where OpenSSH says something else").unwrap().1;
    let section = section.split_once("\n## ").unwrap().0;
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
    })
    .collect()
}

#[test]
fn of_hundreds_of_cases_each_goes_as_with_stock_ssh_keygen_or_is_listed_with_the_row_that_says_why() {
    let all = cases::all();
    let names: BTreeSet<_> = all.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), all.len(), "each case has a name of its own");
    assert!(all.len() > 600, "{} cases", all.len());
    let listed = listed();
    for case in listed.keys() {
        assert!(names.contains(case), "there is no case {case}");
    }
    // Those of passkeys are few, and each forges something else.
    let (passkeys, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|case| case.name.starts_with("passkey: "));
    let mut taken = sample::some(others, FEW);
    taken.extend(passkeys);
    let found = differences(&taken);
    let mut wrong = Vec::new();
    for case in &taken {
        let due = listed.get(&case.name).map(|(how, _)| how.as_str());
        match (found.get(&case.name), due) {
            (None, None) => {}
            (Some((how, _)), Some(due)) if *how == due => {}
            (Some((how, why)), _) => wrong.push(format!("{} | {how} | {why}", case.name)),
            (None, Some(_)) => wrong.push(format!("{} | as stock, and listed as a difference", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), taken.len(), wrong.join("\n"));
}

#[test]
fn a_passkey_counts_by_what_its_flags_say_and_tells_its_page() {
    let of = |what: &str| {
        let (_, passkey) = passkeys::passkeys().into_iter().find(|(name, _)| *name == what).unwrap();
        assured(&passkey).map(|assured| (assured.assurance, assured.page))
    };
    let page = || Some(passkeys::PAGE.to_owned());
    assert_eq!(of("as it is"), Ok((Assurance::FidoUv, page())));
    assert_eq!(of("touched"), Ok((Assurance::Ssh, page())));
    assert_eq!(of("not touched"), Err(Refused::NotPresent));
    assert_eq!(of("verified and not touched"), Err(Refused::NotPresent));
}

#[test]
fn independent_verifier_and_page_say_of_every_passkey_what_the_program_says() {
    let all = passkeys::passkeys();
    let (independent, page) = (others::independent(&all), others::page(&all));
    let mut wrong = Vec::new();
    for (((what, passkey), independent), page) in all.iter().zip(independent).zip(page) {
        let ours = fido(passkey);
        for (who, theirs) in [("independent", independent), ("page", page)] {
            if ours.as_ref().ok() != theirs.as_ref().ok() {
                wrong.push(format!("{what}: {ours:?}, {who}: {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether it counts, and verified somebody.
fn fido(passkey: &Passkey) -> Result<bool, Refused> {
    assured(passkey).map(|assured| assured.assurance == Assurance::FidoUv)
}

fn assured(passkey: &Passkey) -> Result<Assured, Refused> {
    let signers = Signers::read(Some(passkey.allowed().as_bytes()), None, "UTC").unwrap();
    let at = "2026-07-01T12:00:00Z".parse().unwrap();
    check(MESSAGE, passkey.armored().as_bytes(), cases::QA, SIGNOFF, &signers, at)
}

#[test]
fn what_a_browser_gives_is_written_as_the_signature_that_stock_takes() {
    let passkey = Passkey::good();
    let (data, signature) = passkey.given();
    let assertion = Assertion::of(passkey.client_data(), &data, signature.to_der().as_bytes()).unwrap();
    let presented = Envelope::read(passkey.armored().as_bytes()).unwrap().presented().unwrap();
    let envelope = Envelope::of(&presented, SIGNOFF, assertion.write().unwrap()).unwrap();
    assert_eq!(envelope.armored().unwrap(), passkey.armored());
    for (client_data, data) in [
        (passkey.client_data(), &data[..36]),
        (passkey.client_data(), b"".as_slice()),
        (b"{}".as_slice(), &data),
        (b"[1]".as_slice(), &data),
        (b"\xff".as_slice(), &data),
    ] {
        assert!(Assertion::of(client_data, data, signature.to_der().as_bytes()).is_err());
    }
    assert!(Assertion::of(passkey.client_data(), &data, b"0\0").is_err());
}

#[test]
fn each_listed_difference_has_a_documented_row_and_each_row_a_case() {
    let documented = documented();
    let mut shown = BTreeSet::new();
    for (case, (how, row)) in listed() {
        assert_eq!(documented.get(&row), Some(&how), "{case}: {row}");
        shown.insert(row);
    }
    assert_eq!(shown, documented.into_keys().collect(), "rows that no case shows, or none documents");
}
