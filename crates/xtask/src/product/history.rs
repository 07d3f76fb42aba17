//! A believable past for the sample product: features merged, one release out, the next one tested and waiting.

use std::fs;
use std::io;
use std::path::Path;

use super::names::{OPERATOR, PREVIOUS};
use super::template;
use crate::command::{self, git};

const DANA: &str = "Dana Developer <dana@example.org>";
const SAM: &str = "Sam Developer <sam@example.org>";

/// A change to one file: the text that stands there exactly once, and what comes in its place.
type Edit = (&'static str, &'static str, &'static str);

const SINCE: Edit = (
    "src/main.rs",
    r#"fn health(_started: u64) -> String {
    "{\"status\":\"ok\"}\n".into()
}"#,
    r#"fn health(started: u64) -> String {
    format!("{{\"status\":\"ok\",\"since\":{started}}}\n")
}"#,
);

const READY: Edit = (
    "src/main.rs",
    r#"        (Some("GET"), Some("/health")) => ("200 OK", health(started)),
"#,
    r#"        (Some("GET"), Some("/health")) => ("200 OK", health(started)),
        (Some("GET"), Some("/ready")) => ("200 OK", "{\"ready\":true}\n".into()),
"#,
);

const READY_TEST: Edit = (
    "src/main.rs",
    r#"    #[test]
    fn an_unknown_page_is_not_found() {"#,
    r#"    #[test]
    fn a_service_that_answers_is_ready() {
        assert_eq!(get("/ready"), ("200 OK", "{\"ready\":true}\n".into()));
    }

    #[test]
    fn an_unknown_page_is_not_found() {"#,
);

const NOTES: Edit = (
    "RELEASES.md",
    "# Release notes\n",
    "# Release notes\n
## 1.4.0

- `/health` says since when the service has been up.
- `/ready` answers as soon as the service accepts connections.
",
);

const LIMIT: Edit = ("src/main.rs", "from_secs(2)", "from_secs(5)");

/// Commits the files in `repo` as the product's past, pushes it, and gives the commits of `production` and `staging`.
pub(super) fn write(repo: &Path) -> io::Result<(String, String)> {
    let past = Past { repo };
    past.git(&["init", "--quiet", "--initial-branch=main"])?;
    for (key, value) in [
        ("user.name", "Olive Operator"),
        ("user.email", OPERATOR),
        // The repository's own say, so that the user's hooks and keys stay out of it.
        ("core.hooksPath", ".git/hooks"),
        ("commit.gpgSign", "false"),
        ("tag.gpgSign", "false"),
        ("push.gpgSign", "false"),
        ("advice.detachedHead", "false"),
    ] {
        past.git(&["config", key, value])?;
    }
    past.git(&["remote", "add", "origin", "../origin.git"])?;

    past.commit("2026-09-14T09:12:00Z", DANA, "Answer which commit serves, and whether it is well")?;
    template::write_runbook(repo)?;
    past.commit("2026-11-01T15:40:00Z", SAM, "Write down how a release is promoted")?;
    let previous = past.head()?;
    past.at("2026-11-03T10:00:00Z", SAM, &["tag", "--annotate", "--message", "Release v1.3.0", PREVIOUS])?;
    for branch in ["production", "rehearsal/production"] {
        past.git(&["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")])?;
    }

    past.feature("since", |past| {
        past.edit(&SINCE)?;
        past.commit("2026-11-10T08:31:00Z", DANA, "Say in /health since when the service has been up")
    })?;
    past.at("2026-11-10T11:02:00Z", SAM, &["merge", "--quiet", "--no-ff", "--no-edit", "feature/since"])?;
    past.feature("ready", |past| {
        past.edit(&READY)?;
        past.commit("2026-11-12T13:05:00Z", SAM, "Answer /ready as soon as connections are accepted")?;
        past.edit(&READY_TEST)?;
        past.commit("2026-11-12T13:48:00Z", SAM, "Test that a service that answers is ready")
    })?;
    past.at("2026-11-13T09:20:00Z", DANA, &["merge", "--quiet", "--no-ff", "--no-edit", "feature/ready"])?;
    past.edit(&NOTES)?;
    past.commit("2026-11-16T16:10:00Z", DANA, "Write the notes of release 1.4.0")?;
    let candidate = past.head()?;
    past.git(&["push", "--quiet", "origin", "HEAD:refs/heads/staging"])?;

    // Work goes on meanwhile, and must not be promoted with it.
    past.git(&["checkout", "--quiet", "-b", "development"])?;
    past.edit(&LIMIT)?;
    past.commit("2026-11-18T10:44:00Z", SAM, "Give slow clients five seconds to ask")?;
    past.git(&["checkout", "--quiet", "main"])?;
    for branch in ["feature/since", "feature/ready"] {
        past.git(&["branch", "--quiet", "--delete", branch])?;
    }
    past.git(&["push", "--quiet", "--tags", "--set-upstream", "origin", "main", "development"])?;
    past.git(&["fetch", "--quiet", "origin"])?;
    Ok((previous, candidate))
}

/// The repository whose past is being written.
struct Past<'a> {
    repo: &'a Path,
}

impl Past<'_> {
    fn git(&self, arguments: &[&str]) -> io::Result<String> {
        command::output(git(self.repo).args(arguments))
    }

    /// `git` as somebody did it at some time.
    fn at(&self, when: &str, who: &str, arguments: &[&str]) -> io::Result<String> {
        let (name, mail) = who.trim_end_matches('>').split_once(" <").unwrap_or((who, "nobody@example.org"));
        let mut command = git(self.repo);
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), mail);
            command.env(format!("GIT_{role}_DATE"), when);
        }
        command::output(command.args(arguments))
    }

    fn commit(&self, when: &str, who: &str, message: &str) -> io::Result<()> {
        self.git(&["add", "--all"])?;
        self.at(when, who, &["commit", "--quiet", "--message", message]).map(|_| ())
    }

    fn feature(&self, name: &str, work: impl FnOnce(&Self) -> io::Result<()>) -> io::Result<()> {
        self.git(&["checkout", "--quiet", "-b", &format!("feature/{name}")])?;
        work(self)?;
        self.git(&["push", "--quiet", "origin", &format!("feature/{name}")])?;
        self.git(&["checkout", "--quiet", "main"]).map(|_| ())
    }

    fn edit(&self, (path, old, new): &Edit) -> io::Result<()> {
        let file = self.repo.join(path);
        let text = fs::read_to_string(&file)?;
        if text.matches(old).count() != 1 {
            return Err(io::Error::other(format!("examples/product/{path} no longer holds, once:\n{old}")));
        }
        fs::write(file, text.replacen(old, new, 1))
    }

    fn head(&self) -> io::Result<String> {
        self.git(&["rev-parse", "HEAD"])
    }
}
