//! What reads as something else than a command: sentences, rows of listings, words to somebody, statements of databases.

use std::sync::LazyLock;

use holdpoint_shell::{Kind, Operator, Script, Token, assigned};
use regex::Regex;

use super::programs::{is_device, is_known};

/// A value in a row: a number, a size, a share, a date or time, an age, a state.
static VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[0-9][0-9.,:/%+TZ-]*(?:[KMGTP]i?B?|[smhd](?:[0-9]+[smhd])*|ms|%)?|<none>|-|Running|Ready|NotReady|Pending|Completed|Active|Succeeded|Failed|Error|CrashLoopBackOff|True|False|true|false)$",
    )
    .ok()
});

/// The mode of a file, as `ls -l` shows it.
static MODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[-dlbcps][-rwxsStT]{9}[.+@]?$").ok());

/// A statement of a database.
static STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?is)^(?:select\s.*(?:;\s*$|\sfrom\s)|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|(?:drop|create|alter|truncate)\s+(?:or\s+replace\s+)?(?:table|database|schema|user|role|view|(?:unique\s+)?index|extension|publication|subscription)\s|grant\s.*\sto\s|revoke\s.*\sfrom\s|(?:begin|commit|rollback|vacuum)\b[^|&]*;\s*$)",
    )
    .ok()
});

/// Words that sentences have, and commands do not, unless they are texts.
const OF_SENTENCES: &[&str] = &[
    "the", "that", "this", "these", "your", "you", "it", "its", "is", "are", "was", "were", "will", "should",
    "must", "then",
];

fn first(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// The word that names the program of the first command as it is written; `None` where a compound begins.
pub(super) fn named<'t>(text: &'t str, read: &Script) -> Option<&'t str> {
    let written = |token: &Token| text.get(token.at.clone()).unwrap_or_default();
    for token in &read.tokens {
        match &token.kind {
            Kind::Comment | Kind::Operator(Operator::Newline) | Kind::Redirection(_) => {}
            Kind::Word(_) if assigned(written(token)).is_some() => {}
            Kind::Word(_) => return Some(written(token)),
            _ => return None,
        }
    }
    None
}

/// Why a command of one line reads as something else, if it does.
pub(super) fn unlike(text: &str, read: &Script) -> Option<String> {
    // What a remark says is no matter.
    let remark = read.tokens.iter().find(|token| token.kind == Kind::Comment).map(|token| token.at.start);
    let trimmed = text[..remark.filter(|at| *at > 0).unwrap_or(text.len())].trim();
    if trimmed.is_empty() {
        return None;
    }
    if STATEMENT.as_ref().is_some_and(|statement| statement.is_match(trimmed)) {
        return Some("it reads as a statement for a database".to_owned());
    }
    let head = first(trimmed);
    if head.starts_with('@') {
        return Some(format!("`{head}` is somebody who is written to, and no program"));
    }
    if is_device(head) {
        return Some(format!("`{head}` is a device or a file of the kernel, and no program"));
    }
    if head.trim_end_matches(')').bytes().all(|byte| byte.is_ascii_digit()) && head.ends_with(')') {
        return Some(format!("`{head}` is the number of an item, and no program"));
    }
    if MODE.as_ref().is_some_and(|mode| mode.is_match(head)) || is_row(trimmed) {
        return Some("it reads as a row of a listing".to_owned());
    }
    // `then` begins no command, and a sentence.
    let named =
        named(text, read).or_else(|| Some(head).filter(|head| matches!(*head, "then" | "do" | "else")))?;
    if named.len() > 1 && named.bytes().all(|byte| byte.is_ascii_uppercase()) && !is_known(named) {
        return Some(format!(
            "`{named}` is no program's name: it reads as a heading, or as a word of another language"
        ));
    }
    reads_as_sentence(trimmed, named).then(|| "it reads as a sentence".to_owned())
}

/// Whether a line is a row of columns or of values, and no option stands in it.
pub(super) fn is_row(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let head = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    let option = |word: &&str| word.len() > 1 && word.starts_with('-') && !is_value(word);
    if text.contains('\n')
        || words.iter().any(option)
        || text.contains(['=', '"', '\'', '|', '>', '$', '&', ';'])
    {
        return false;
    }
    let columns = text.contains('\t') || text.contains("   ") || text.matches("  ").count() > 1;
    let values = words.iter().filter(|word| is_value(word)).count();
    // `kill 123 124 125`
    let numbers = words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let known = is_known(head);
    columns && (!known || values > 0)
        || words.len() > 2 && values * 2 >= words.len() && (!known || values > 2 && !numbers)
}

fn is_value(word: &str) -> bool {
    VALUE.as_ref().is_some_and(|value| value.is_match(word))
}

/// `Then restart the service: …`, `Start PostgreSQL. Command: …`, `stop the queue`.
fn reads_as_sentence(text: &str, named: &str) -> bool {
    if text.contains('\n') || matches!(named, "echo" | "printf") {
        return false;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let letters = |word: &&str| {
        let word = word.trim_end_matches(['.', ',', ':']);
        !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || c == '\'')
    };
    let capital = named.starts_with(char::is_uppercase) && !is_known(named);
    if capital && words.len() > 2 && words[1..3].iter().all(letters) {
        return true;
    }
    // Code in backticks, at the end of an enumeration or after a colon.
    if !is_known(named) && text.contains('`') && words.iter().any(|word| word.ends_with([':', ','])) {
        return true;
    }
    let plain =
        !text.contains(['"', '\'', '=', '|', '>', '<', '$', ';', '&', '{', '/']) && !text.contains(" -");
    plain && words.len() > 2 && words[1..].iter().any(|word| OF_SENTENCES.contains(word))
}

#[cfg(test)]
mod tests {
    use super::unlike;

    #[test]
    fn sentences_rows_statements_and_words_to_somebody_are_told_from_commands() {
        let told = |text: &str| unlike(text, &holdpoint_shell::read(text));
        for text in [
            "Then restart the service: `touch /tmp/x`",
            "Start PostgreSQL. Command: `sudo systemctl start patroni && sudo systemctl status patroni`",
            "then run it like so: `touch x`",
            "stop the queue",
            "test that the service works",
            "drwxr-xr-x 2 root root 4096 Jan  1 00:00 x",
            "/dev/sda1 50G 20G 30G 40% /",
            "tmpfs 16G 0 16G 0% /run",
            "web-0 1/1 Running 0 5d",
            "web-0   1/1   Running   0   5d",
            "node   Ready   control-plane   5d   v1.29.1",
            "NAME READY STATUS",
            "base_0000_0261\t2019-06-15 04:27:42.235000+00:00\t\t0001",
            "SELECT 1;",
            "select * from users;",
            "DROP TABLE x;",
            "drop table x",
            "UPDATE users SET a=1 WHERE id=2",
            "GET /health",
            "POST /api/v1 x",
            "@bors r+ p=5",
            "1) 1) (integer) 5100            # A unique id",
            "Failed calling webhook, failing open vault.hashicorp.com: failed calling webhook",
        ] {
            assert!(told(text).is_some(), "{text}");
        }
        for text in [
            "kill -9 1",
            "kill 123 124 125",
            "sleep 5",
            "deployer exec homes $CLUSTER $HUB",
            "deployer update eksctl config xxxx",
            "cf uninstall-plugin xxxx",
            "touch x",
            "service web stop",
            "git commit -m 'this is it'",
            "echo this is it",
            "useradd -m it",
            "make install",
            "chmod 644 a b",
            "git tag v1.2.3",
            "iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
            "A=1 FOO=2 run it",
            "for i in 1 2; do echo the $i; done",
            "Rscript x.R",
            "kubectl  get  pods",
            "aws   s3 ls",
            "open -a /Applications/Google\\ Chrome.app/ http://localhost:8080",
            "mysql < dump.sql",
            "update-ca-certificates",
            "cd .. # working dir is now `eks`",
            "git checkout v1 # use the new version",
            "nc -zv web 443 444",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
