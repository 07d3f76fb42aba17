//! What git says of a repository, as far as a person is to be told of it or asked.

use std::ffi::OsString;
use std::path::Path;

use holdpoint_repository::{Untold, asked, git};
pub use holdpoint_repository::{at, below, configured, holds, ignores, look, top};

use crate::problem::Problem;

impl From<Untold> for Problem {
    fn from(untold: Untold) -> Problem {
        let directory = untold.directory.display();
        // Configuration that comes by the environment (GIT_CONFIG_COUNT) is not listened to.
        let why = |what| untold.why.contains(what);
        let help = match (why("dubious ownership"), why("TMPDIR")) {
            (_, true) => "Nothing was executed. Have TMPDIR name a directory that can be written to, or unset it."
                .to_owned(),
            (true, _) => format!(
                "Nothing was executed. It belongs to somebody else; if you trust them: git config --global --add \
                 safe.directory '{directory}'"
            ),
            _ => "Nothing was executed. Without git it is not known which repository this is; `git status` there \
                      says more."
                .to_owned(),
        };
        Problem::usage(untold.to_string(), help)
    }
}

/// Makes a signed annotated tag at the commit at hand, by SSH: with the key in a file, else with the one that the user's
/// configuration names. Gives the tag object, byte for byte. What git and `ssh-keygen` have to ask, they ask at the terminal.
pub fn sign_tag(root: &Path, name: &str, message: &str, key: Option<&Path>) -> Result<Vec<u8>, Problem> {
    let no = |why: String| Problem::usage(why, "Nothing was kept beside the record.");
    let key = match key {
        Some(key) => key.as_os_str().to_owned(),
        None => match configured(root, "user.signingKey")? {
            Some(key) => key.into(),
            None => {
                return Err(Problem::usage(
                    "nothing says with which key to sign the tag",
                    "Give --key FILE, or set git's user.signingKey to an SSH key. Nothing was written.",
                ));
            }
        },
    };
    let mut signing = OsString::from("user.signingKey=");
    signing.push(key);
    let answer = git(root)
        .arguments(["-c", "gpg.format=ssh", "-c", "gpg.ssh.program=ssh-keygen", "-c"])
        .arguments([signing])
        .arguments(["tag", "--sign", "--cleanup=verbatim", "--file=-", "--", name])
        .input(message)
        .ask_at_terminal();
    if !answer.map_err(|error| no(error.to_string()))?.status.success() {
        return Err(no(format!("git did not make the tag {name}, and has said why")));
    }
    Ok(asked(root, ["cat-file", "tag", &format!("refs/tags/{name}")])?)
}

/// The thread's result.
pub fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
