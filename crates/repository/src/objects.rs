//! What commits hold.

use std::path::Path;

use crate::{Untold, entries, git, succeeded, unable};

/// The commit at hand, and of each path with bytes whether they are what it holds there, byte for byte.
pub fn holds(root: &Path, read: &[(&str, &[u8])]) -> Result<(Option<String>, Vec<bool>), Untold> {
    // The end of a request that a path may hold needs a newer git.
    let odd = read.iter().any(|(path, _)| path.contains('\n'));
    let (end, option) = if odd { ('\0', Some("-z")) } else { ('\n', None) };
    let asked: String = read.iter().map(|(path, _)| format!("HEAD:{path}{end}")).collect();
    let asking = git(root)
        .arguments(["cat-file", "--batch"])
        .arguments(option)
        .input(format!("HEAD{end}{asked}"))
        .ask();
    let answer = succeeded(root, asking)?;
    let mut rest = answer.as_slice();
    let commit = object(&mut rest).map(|(name, ..)| name);
    if commit.is_none() {
        unborn(root)?;
    }
    let mut held = Vec::with_capacity(read.len());
    for (path, bytes) in read {
        let there = object(&mut rest);
        if let (None, Some(commit)) = (&there, &commit) {
            absent(root, commit, path)?;
        }
        held.push(there.is_some_and(|(_, kind, there)| kind == "blob" && there == *bytes));
    }
    Ok((commit, held))
}

/// That there is no commit yet. One that is named, and whose object is gone, is none that can be told about.
fn unborn(root: &Path) -> Result<(), Untold> {
    let answer = git(root).arguments(["rev-parse", "--verify", "--quiet", "HEAD"]).ask();
    let answer = answer.map_err(|error| unable(root, &error.to_string()))?;
    match answer.code() {
        Some(0) => succeeded(root, git(root).arguments(["cat-file", "-e", "HEAD^{commit}"]).ask()).map(drop),
        Some(1) => Ok(()),
        _ => Err(unable(root, &answer.words())),
    }
}

/// That a commit has no such path. Of one that it has, git lacks the object.
fn absent(root: &Path, commit: &str, path: &str) -> Result<(), Untold> {
    // Paths begin at the root, and are no patterns.
    let listing = git(root).variable("GIT_LITERAL_PATHSPECS", "1");
    let listing = listing.arguments(["ls-tree", "-z", "--full-tree", commit, "--", path]);
    let told = succeeded(root, listing.ask())?;
    let listed =
        entries(&told).any(|entry| entry.splitn(2, |byte| *byte == b'\t').nth(1) == Some(path.as_bytes()));
    if !listed {
        return Ok(());
    }
    let object = format!("{commit}:{path}");
    succeeded(root, git(root).arguments(["cat-file", "blob", &object]).ask()).map(drop)
}

/// What these paths hold at a commit, byte for byte, each `None` where it is no file there. `None` for all where the commit
/// is not in the history of the one at hand: an object may lie in a repository without anybody there vouching for it.
pub fn at<const N: usize>(
    root: &Path,
    commit: &str,
    paths: [&str; N],
) -> Result<Option<[Option<Vec<u8>>; N]>, Untold> {
    // A record may say anything here, an option or a name.
    if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let answer = git(root).arguments(["merge-base", "--is-ancestor", commit, "HEAD"]).ask();
    let answer = answer.map_err(|error| unable(root, &error.to_string()))?;
    match answer.code() {
        Some(0) => {}
        Some(1) => return Ok(None),
        // So it ends also where there is no such commit.
        Some(128) if !exists(root, commit)? => return Ok(None),
        _ => return Err(unable(root, &answer.words())),
    }
    let one = |path: &str| -> Result<Option<Vec<u8>>, Untold> {
        if path.contains('\n') {
            return Ok(None);
        }
        let asking = git(root).arguments(["cat-file", "--batch"]).input(format!("{commit}:{path}\n")).ask();
        let answer = succeeded(root, asking)?;
        let found = object(&mut answer.as_slice());
        if found.is_none() {
            absent(root, commit, path)?;
        }
        Ok(found.filter(|(_, kind, _)| kind == "blob").map(|(.., bytes)| bytes.to_vec()))
    };
    let mut found = [const { None }; N];
    for (found, path) in found.iter_mut().zip(paths) {
        *found = one(path)?;
    }
    Ok(Some(found))
}

/// Whether the repository holds an object of this name.
fn exists(root: &Path, object: &str) -> Result<bool, Untold> {
    let asking = git(root).arguments(["cat-file", "--batch-check"]).input(format!("{object}\n")).ask();
    Ok(!succeeded(root, asking)?.ends_with(b" missing\n"))
}

/// The next object that `cat-file --batch` printed: name, kind, bytes. `None` where there is none.
fn object<'a>(rest: &mut &'a [u8]) -> Option<(String, String, &'a [u8])> {
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let (header, after) = (std::str::from_utf8(&rest[..line]).ok(), &rest[line + 1..]);
    *rest = after;
    let mut words = header?.split(' ');
    let (name, kind, length) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
    if words.next().is_some() {
        return None;
    }
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after.strip_prefix(b"\n")?;
    Some((name.to_owned(), kind.to_owned(), bytes))
}
