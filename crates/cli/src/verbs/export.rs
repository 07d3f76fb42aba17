//! `export`: a record as one file to give away, proved before and after.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;

use holdpoint_engine::{BlobRef, Event, RunOpened, Stamped};
use holdpoint_record::bundle::{Content, pack};
use holdpoint_record::{
    LOG, Read, RunDir, Verification, anchor_files, referenced, review_files, reviews, text_blob, verify,
};
use jiff::tz::TimeZone;

use super::anchored;
use super::read::{find, read_dir, read_problem, said};
use crate::args;
use crate::bundle::{SCRIPT, unpacked};
use crate::exit::Exit;
use crate::output::{cannot_write, there_already};
use crate::problem::Problem;
use crate::screen::Screen;

/// Files of a bundle, by name.
type Files = BTreeMap<String, Content>;

/// Packs the run that was named. A record that is not what was written is not given away.
pub fn export(screen: &Screen, arguments: &args::Export) -> Result<Exit, Problem> {
    let (dir, output) = (find(&arguments.run)?, &arguments.output);
    if output.symlink_metadata().is_ok() {
        return Err(there_already(output));
    }
    let proof = verify(&dir.path).map_err(read_problem)?;
    screen.data(&proof.verdict.to_string());
    if !proof.verdict.holds() {
        let reason = proof.verdict.reason().unwrap_or_default().to_owned();
        return Err(Problem::record(
            format!("the record is not given away: {reason}"),
            "Nothing was written. `holdpoint verify` says more; the directory itself can be copied as it is.",
        ));
    }
    let read = holdpoint_record::read(&dir.path).map_err(read_problem)?;
    if read.torn.is_some() {
        return Err(Problem::usage(
            "the run is being driven, or was interrupted in the middle of a write",
            "Export it when it is parked or over; `holdpoint resume` takes an interrupted one up.",
        ));
    }
    let files = files(&dir, &read, &proof)?;
    let time = read.events.last().map_or(0, |last| last.at.as_second()).try_into().unwrap_or(0);
    let cannot = |error| cannot_write(output, &error);
    let parent = output.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    // 0600, and under another name until it is known to be good.
    let mut file = holdpoint_executor::fleeting_file(parent).map_err(cannot)?;
    pack(&dir.name, time, &files, &mut file).map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    let unreadable = |why: &str| {
        let message = format!("what was packed cannot be read back: {why}");
        Problem::usage(message, "Nothing was written. The run's directory can be copied as it is.")
    };
    let again = unpacked(file.path()).map_err(|error| unreadable(&error.to_string()))?;
    let again = again.ok_or_else(|| unreadable("it is no bundle"))?;
    let again = verify(&again.dir).map_err(read_problem)?;
    if !is_the_same(&proof, &again) {
        return Err(Problem::usage(
            "the record changed while it was packed",
            "Nothing was written. Export it again.",
        ));
    }
    file.persist_noclobber(output).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => there_already(output),
        _ => cannot_write(output, &error.error),
    })?;
    screen.tell(&format!(
        "Written to {}. Whoever gets it: holdpoint verify FILE, or unpack it and sh verify.sh.",
        screen.path(output)
    ));
    Ok(if proof.verdict.intact() { Exit::Passed } else { Exit::Record })
}

/// Whether what was packed is what was proved. That the bytes of what was expunged lie there, and are not given away, makes
/// another reason and nothing else.
fn is_the_same(proof: &Verification, packed: &Verification) -> bool {
    let gone = |of: &Verification| {
        let of = of.expunged.iter().map(|gone| (gone.event, gone.tombstone.clone(), gone.key.clone()));
        of.collect::<Vec<_>>()
    };
    let same = match proof.verdict.is_expunged() && packed.verdict.is_expunged() {
        true => proof.verdict.to_string() == packed.verdict.to_string(),
        false => proof.verdict == packed.verdict,
    };
    same && proof.position == packed.position && gone(proof) == gone(packed)
}

/// A bundle that cannot be unpacked: damaged, or made to do harm. What the machine refuses is its own fault.
pub fn unpack_problem(error: io::Error) -> Problem {
    let message = format!("the bundle cannot be unpacked: {error}");
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other => {
            Problem::record(message, "Nothing was proved. Ask for it anew from whoever made it.")
        }
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
            Problem::usage(message, "Nothing was proved.")
        }
        _ => Problem::fault(message, "Nothing was proved. It needs room in TMPDIR."),
    }
}

/// What belongs into the bundle: what events name, the seal, and what people read.
fn files(dir: &RunDir, read: &Read, proof: &Verification) -> Result<Files, Problem> {
    let mut files = Files::new();
    files.insert(LOG.to_owned(), Content::File(dir.path.join(LOG), read.position.bytes));
    if read.seal.is_some() {
        add(&mut files, dir, "seal.json".to_owned())?;
    }
    let gone: HashSet<&str> = proof.expunged.iter().map(|gone| gone.tombstone.blob.sha256.as_str()).collect();
    for Stamped { n, event, .. } in &read.events {
        let blobs = referenced(event).map_err(Problem::ours)?;
        for BlobRef { sha256, .. } in blobs {
            let name = format!("blobs/sha256/{sha256}");
            if let Some(gone) = proof.expunged.iter().find(|gone| gone.tombstone.blob.sha256 == sha256)
                && gone.key.is_some()
            {
                add(&mut files, dir, format!("{name}.expunged.sig"))?;
            }
            // The bytes of one that was expunged are not given away, even if a later block printed them again.
            add(&mut files, dir, if gone.contains(sha256.as_str()) { name + ".expunged" } else { name })?;
        }
        if event.signature().is_some() {
            for ending in ["json", "json.sig"] {
                add(&mut files, dir, format!("signoffs/{n:04}.{ending}"))?;
            }
        }
    }
    if let Some(opened) = &proof.opened {
        let anchors = anchored::proved(&dir.path, opened, &proof.position).map_err(read_problem)?.whole()?;
        if let Some(why) = &anchors.wrong {
            return Err(Problem::record(
                format!("its anchors do not hold: {why}"),
                "Nothing was written. The directory itself can be copied as it is.",
            ));
        }
        let mut names = anchors.held.iter().flat_map(|anchored| anchor_files(&anchored.anchor));
        names.try_for_each(|name| add(&mut files, dir, name))?;
    }
    if read.seal.is_some() {
        let reviews = reviews(&dir.path).map_err(read_problem)?;
        if let Some(why) = &reviews.wrong {
            return Err(Problem::record(
                format!("its reviews do not hold: {why}"),
                "Nothing was written. The directory itself can be copied as it is.",
            ));
        }
        review_files(reviews.held.len()).try_for_each(|name| add(&mut files, dir, name))?;
    }
    let Some(Event::RunOpened(opened)) = read.events.first().map(|first| &first.event) else {
        return Err(Problem::record("the record does not begin with run.opened", "Nothing was written."));
    };
    for (name, copied) in [("allowed_signers", &opened.signers), ("revoked_keys", &opened.revoked)] {
        if let Some(bytes) = copied.as_ref().and_then(|copied| text_blob(&dir.path, copied).ok()) {
            files.insert(name.to_owned(), Content::Bytes(bytes));
        }
    }
    let needed = [Some(&opened.runbook.blob), opened.config.as_ref()];
    let included = opened.runbook.includes.iter().map(|one| &one.blob);
    let reported =
        !needed.into_iter().flatten().chain(included).any(|blob| gone.contains(blob.sha256.as_str()));
    if reported {
        reports(&mut files, dir, proof, opened)?;
    }
    files.insert("verify.sh".to_owned(), Content::Bytes(SCRIPT.into()));
    files.insert("README.txt".to_owned(), Content::Bytes(readme(opened, proof, reported).into()));
    Ok(files)
}

fn add(files: &mut Files, dir: &RunDir, name: String) -> Result<(), Problem> {
    let path = dir.path.join(&name);
    let found = path.symlink_metadata().map_err(|error| {
        Problem::usage(format!("{} cannot be read: {error}", path.display()), "Nothing was written.")
    })?;
    files.insert(name, Content::File(path, found.len()));
    Ok(())
}

/// In the zone of the run, so that they are the same wherever they are made.
fn reports(files: &mut Files, dir: &RunDir, proof: &Verification, opened: &RunOpened) -> Result<(), Problem> {
    let recorded = read_dir(RunDir { number: dir.number, name: dir.name.clone(), path: dir.path.clone() })?;
    let recorded = recorded.with_rehearsal();
    let zone = TimeZone::get(&opened.session.time_zone).unwrap_or(TimeZone::UTC);
    let verdict = Some(said(proof));
    let fault = |error: holdpoint_report::ReportError| {
        Problem::fault(error.to_string(), "This is a fault of holdpoint. Nothing was written.")
    };
    let text = recorded.in_zone(zone.clone(), verdict.clone(), holdpoint_report::markdown).map_err(fault)?;
    files.insert("reports/executed.md".to_owned(), Content::Bytes(text.into()));
    let json = recorded.in_zone(zone, verdict, holdpoint_report::json).map_err(fault)?;
    let json = serde_json::to_string_pretty(&json).unwrap_or_default() + "\n";
    files.insert("reports/run.json".to_owned(), Content::Bytes(json.into()));
    Ok(())
}

fn readme(opened: &RunOpened, proof: &Verification, reported: bool) -> String {
    let Verification { verdict, position, .. } = proof;
    let reports = match reported {
        true => "  reports/executed.md   what happened, to read; reports/run.json: the same for programs\n",
        false => "  (no reports: what they are made of was expunged)\n",
    };
    format!(
        "Run {number} of \"{title}\", {id}\n\n\
         When this was packed, its record was: {verdict}\n\
         {events} events, {bytes} bytes, sha256 of run.jsonl {sha256}\n\n\
         The evidence:\n\
         \x20 run.jsonl             events, one a line, chained by digest\n\
         \x20 blobs/sha256/         run-book, configuration, outputs, files, each under its digest\n\
         \x20 signoffs/             what was signed, and the SSH signatures over it\n\
         \x20 seal.json             closes the record; is not there if the run was open\n\
         \x20 reviews/              what was said of it afterwards, signed, where anybody did\n\
         \x20 anchors/              time-stamps and git tags over it, where there are any\n\n\
         Copies, for people, and not evidence:\n\
         {reports}\
         \x20 allowed_signers, revoked_keys   whose keys counted, where the run knew such\n\n\
         To check it: `holdpoint verify FILE` with the file that this came in, or, without that program,\n\
         `sh verify.sh` in here. The script needs sha256sum, jq and ssh-keygen (OpenSSH 9.1 or newer), and openssl\n\
         where there are anchors; its head says\n\
         what it checks and what not. Whoever made the file made the script in it too: read it, or take it from the\n\
         sources of holdpoint. Neither check reaches the copies. Both take `--trust DIR`, a directory with the\n\
         allowed_signers and revoked keys that you trust, and say whose word it is otherwise.\n\n\
         One signature by hand, event N being the one that it belongs to, and TIME (YYYYMMDDHHMMSSZ) when it was signed or\n\
         recorded; in the time zone of the run, where allowed_signers has times without a zone; without -r, where there are\n\
         no revoked_keys:\n\n\
         \x20 ssh-keygen -Y verify -f allowed_signers -r revoked_keys -O verify-time=TIME -I WHO -n signoff@holdpoint \\\n\
         \x20     -s signoffs/N.json.sig <signoffs/N.json\n",
        number = opened.number,
        title = holdpoint_report::visible(opened.title().as_bytes()),
        id = opened.id,
        events = position.events,
        bytes = position.bytes,
        sha256 = position.sha256,
    )
}
