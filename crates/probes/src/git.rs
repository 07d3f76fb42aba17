//! `git`: facts of the repository, asked of git itself.

use std::path::Path;

use holdpoint_helper::Answer;
use holdpoint_model::GitProbe;
use serde_json::{Value, json};

use crate::parts::Facts;
use crate::work;

const MOST: u64 = 16 * 1024 * 1024;

pub(crate) async fn ask(
    probe: &GitProbe,
    (root, store): (&Path, Option<&Path>),
    facts: &mut Facts,
) -> Result<(), String> {
    let git = Git { root: root.to_owned() };
    facts.set("head", git.text(&["rev-parse", "--verify", "HEAD^{commit}"]).await?);
    let branch = git.answer(&["symbolic-ref", "--quiet", "--short", "HEAD"]).await?;
    facts.set("branch", if branch.code() == Some(0) { text(&branch).into() } else { Value::Null });
    let (looked, store) = (root.to_owned(), store.map(Path::to_owned));
    let looked = work::beside(move || {
        holdpoint_repository::look(&looked, store.as_deref()).map_err(|untold| format!("git: {}", untold.why))
    });
    let looked = looked.await?;
    // Neither true nor false where git was told not to look.
    match looked.overlooked {
        Some(why) if looked.changed.is_empty() => {
            facts.set("clean", Value::Null);
            facts.set("unclear", format!("{why}; ask by a `sh check`, if that may decide"));
        }
        _ => facts.set("clean", looked.changed.is_empty()),
    }
    if let Some((older, newer)) = &probe.ancestor {
        let (older, newer) = (git.revision(older, "commit").await?, git.revision(newer, "commit").await?);
        let answer = git.answer(&["merge-base", "--is-ancestor", &older, &newer]).await?;
        match answer.code() {
            Some(code @ (0 | 1)) => facts.set("ancestor", code == 0),
            _ => return Err(format!("git: {}", answer.words())),
        }
    }
    if let Some((one, other)) = &probe.equal_trees {
        let (one, other) = (git.revision(one, "tree").await?, git.revision(other, "tree").await?);
        facts.set("equal_trees", one == other);
        facts.set("trees", json!([one, other]));
    }
    if let Some(tag) = &probe.tag {
        facts.set("tag", signed(&git, tag, probe.signers.as_deref()).await?);
    }
    Ok(())
}

/// Who signed a tag, by `git verify-tag`.
async fn signed(git: &Git, tag: &str, signers: Option<&str>) -> Result<Value, String> {
    let name = format!("refs/tags/{tag}");
    let object = git.text(&["rev-parse", "--verify", "--end-of-options", &name]).await;
    let object = object.map_err(|error| format!("`{tag}` names no tag: {error}"))?;
    let commit = git.revision(&name, "commit").await?;
    let signers = signers.map(|path| crate::paths::place(&git.root, path)).transpose()?;
    let setting = signers.as_ref().map(|path| format!("gpg.ssh.allowedSignersFile={}", path.display()));
    let root = git.root.clone();
    let verifiers = work::beside(move || {
        holdpoint_repository::verifiers(&root).map_err(|untold| format!("git: {}", untold.why))
    });
    let verifiers = verifiers.await?;
    let mut arguments: Vec<&str> = verifiers.iter().map(String::as_str).collect();
    // Who may sign by the document comes last, and counts.
    arguments.extend(setting.iter().flat_map(|setting| ["-c", setting.as_str()]));
    arguments.extend(["verify-tag", "--raw", &object]);
    let answer = git.answer(&arguments).await?;
    let said = String::from_utf8_lossy(&answer.said).into_owned();
    // OpenSSH's words, as git passes them on.
    let by = said.lines().find_map(|line| {
        let rest = line.strip_prefix("Good \"git\" signature for ")?;
        rest.rsplit_once(" with ").map(|(who, _)| who.to_owned())
    });
    let signed_by = by.filter(|_| answer.code() == Some(0));
    // Where a file says who may sign, whoever is not in it may not, with a good PGP signature either.
    let good = answer.code() == Some(0) && (signers.is_none() || signed_by.is_some());
    Ok(
        json!({ "name": tag, "object": object, "commit": commit, "signed": good, "signed_by": signed_by, "said": said.trim() }),
    )
}

struct Git {
    root: std::path::PathBuf,
}

impl Git {
    async fn answer(&self, arguments: &[&str]) -> Result<Answer, String> {
        // Nothing of the repository's own configuration is run while it is looked at, and nothing is written.
        let helper = holdpoint_repository::git(&self.root).arguments(arguments).at_most(MOST).alone();
        work::answer(helper).await
    }

    async fn text(&self, arguments: &[&str]) -> Result<String, String> {
        let answer = self.answer(arguments).await?;
        match answer.code() {
            Some(0) => Ok(text(&answer)),
            _ => Err(format!("git: {}", answer.words())),
        }
    }

    /// The object of this kind that a revision names.
    async fn revision(&self, revision: &str, kind: &str) -> Result<String, String> {
        let peeled = format!("{revision}^{{{kind}}}");
        let found = self.text(&["rev-parse", "--verify", "--end-of-options", &peeled]).await;
        found.map_err(|error| format!("`{revision}` names no {kind}: {error}"))
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.printed).trim().to_owned()
}
