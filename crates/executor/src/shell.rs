//! The text that surrounds a shell script: takes over the state, runs the script, tells the state at the end.
//!
//! The script stands in a file of its own, so its line numbers are its author's. State goes in through standard
//! input, where the shell waits for it (and which is `/dev/null`, or a block's terminal, before the script begins), and
//! comes out through a FIFO: nothing a background process could inherit and hold open, no descriptor number that a script's own `exec 9>lock` could take, no
//! value on a disk or a command line. Only builtins are used, so that `PATH=` or a missing program harms nothing,
//! and nothing is forked.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::interpreter::Kind;
use crate::names::crosses;
use crate::state::{Array, State};

/// What the wrapper is made of.
pub(crate) struct Wrapper<'a> {
    pub(crate) kind: Kind,
    /// The script's file.
    pub(crate) script: &'a Path,
    /// The FIFO that the state comes out of.
    pub(crate) fifo: &'a Path,
    /// What standard input is for the script, once its beginning has come out of it.
    pub(crate) input: StandardInput,
    pub(crate) strict: bool,
    /// Whether the shell was started with a trace.
    pub(crate) traced: bool,
    /// Whether it waits at the root directory, and not where it was started.
    pub(crate) elsewhere: bool,
    /// Names of variables that it never tells: they hold secrets, and what it tells is kept for a while.
    pub(crate) withheld: &'a [String],
}

/// What a script reads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StandardInput {
    /// `/dev/null`.
    Nothing,
    /// The terminal that it writes to.
    Terminal,
}

/// The exit code of a wrapper that could not take over the state; told from a script's own by the missing `ready`.
const NOT_RESTORED: &str = "exit 125";

impl Wrapper<'_> {
    /// One line for `SHELL -c`.
    pub(crate) fn text(&self) -> Vec<u8> {
        let fifo = quoted(self.fifo.as_os_str().as_bytes());
        let mut text = Vec::new();
        let mut add = |part: &[u8]| text.extend_from_slice(part);
        if self.traced {
            add(b"{ set +x; } 2>/dev/null; ");
        }
        if self.elsewhere {
            add(b"command cd /; ");
        }
        // Waits here until it is told where it begins. Nobody tells it any more: it ends.
        add(b". /dev/stdin && [ \"${__holdpoint_restored-}\" ] || ");
        add(NOT_RESTORED.as_bytes());
        add(b"; unset -v __holdpoint_restored; exec ");
        add(match self.input {
            StandardInput::Nothing => b"</dev/null; ",
            StandardInput::Terminal => b"<&1; ",
        });
        add(b"command printf 'ready\\0' 1<>");
        add(&fifo);
        add(b"; trap ");
        add(&quoted(&self.tell(&fifo, true)));
        add(b" EXIT; ");
        add(match (self.strict, self.kind) {
            (false, _) => b"",
            (true, Kind::Bash) => b"set -eu -o pipefail; ",
            (true, _) => b"set -eu; ",
        });
        if self.traced {
            add(b"set -x; ");
        }
        add(b". ");
        add(&quoted(self.script.as_os_str().as_bytes()));
        add(b"; ");
        add(&self.tell(&fifo, false));
        // The user's own EXIT trap, if there is one, runs now and sees the script's exit code.
        add(b"; exit \"$__holdpoint_status\"");
        text
    }

    /// Tells the state, once. `in_trap`: from the EXIT trap, which may run inside the functions of the script, where
    /// local variables hide the others: bash lists its innermost ones; sh only knows whether there are any.
    ///
    /// The FIFO is opened for reading too, which never waits for the other side; a regular file in its place is not
    /// written to. Standard error goes nowhere so that a trace (`set -x`) shows nothing of this.
    fn tell(&self, fifo: &[u8], in_trap: bool) -> Vec<u8> {
        let (functions, variables, more) = match (self.kind, in_trap) {
            (Kind::Bash, _) => (
                r#"command printf '%s ' "${FUNCNAME[@]-}" && "#,
                "command declare -p",
                "{ command local -p || :; }",
            ),
            (_, true) => (
                "if (local __holdpoint_x); then command printf '? '; fi && ",
                r#"if [ "${BASH_VERSION-}" ]; then command declare -p; else command set; fi"#,
                "command export -p",
            ),
            (_, false) => (
                "",
                r#"if [ "${BASH_VERSION-}" ]; then command declare -p; else command set; fi"#,
                "command export -p",
            ),
        };
        let head = r#"{ __holdpoint_status=$?; if [ -z "${__holdpoint_told-}" ] && [ -p "#;
        let nul = r"command printf '\0'";
        let body = format!(
            r"command printf 'state\0' && {functions}{nul} && command pwd && {nul} && {variables} && {nul} && {more} && command printf '\0end\0'"
        );
        let body = if self.withheld.is_empty() { body } else { self.withholding(&body) };
        let parts: [&[u8]; 7] = [
            head.as_bytes(),
            fifo,
            b" ]; then __holdpoint_told=1; { ",
            body.as_bytes(),
            b"; } 1<>",
            fifo,
            TAIL,
        ];
        parts.concat()
    }
}

impl Wrapper<'_> {
    /// What tells, in a shell of its own that has forgotten what is withheld. Where it cannot forget (a variable that is
    /// read-only, or a local one that hides another), nothing is told: a state that is lost is better than a secret that
    /// is kept.
    fn withholding(&self, body: &str) -> String {
        let mut text = "(".to_owned();
        for name in self.withheld.iter().filter(|name| crate::names::is_identifier(name)) {
            text += &format!("command unset -v {name}; [ -z \"${{{name}+x}}\" ] && ");
        }
        text + &format!("{{ {body}; }})")
    }
}

const TAIL: &[u8] = b" || :; fi; set +x; } 2>/dev/null";

/// The last line of what a shell is told before its script runs: without it, it was not told everything.
pub(crate) const READY: &[u8] = b"__holdpoint_restored=1\n";

/// Shell text for a shell that was started elsewhere: goes where it would have been started, as if it had been, and lets
/// its time begin.
pub(crate) fn arrival(kind: Kind, cwd: &Path) -> Vec<u8> {
    let clock: &[u8] = match kind {
        Kind::Bash => b"SECONDS=0 &&\n",
        // It may be bash all the same.
        _ => b"{ [ -z \"${BASH_VERSION-}\" ] || SECONDS=0; } &&\n",
    };
    // Shells differ in whether `OLDPWD` is marked for export before anybody has set it.
    let marked: &[u8] = match kind {
        Kind::Bash => b"export OLDPWD &&\n",
        _ => b"{ [ -z \"${BASH_VERSION-}\" ] || export OLDPWD; } &&\n",
    };
    let cwd = quoted(cwd.as_os_str().as_bytes());
    [b"command cd -L -- ", &cwd[..], b" &&\nunset -v OLDPWD &&\n", marked, clock].concat()
}

/// Shell text that brings back what the environment cannot carry; empty where there is nothing. `given` holds the
/// names that this block's own environment sets, which come first.
pub(crate) fn restore(kind: Kind, state: &State, given: &BTreeMap<&str, &str>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut line = |parts: &[&[u8]]| {
        parts.iter().for_each(|part| text.extend_from_slice(part));
        text.extend_from_slice(b" &&\n");
    };
    let wanted = |name: &&String| crosses(name) && !given.contains_key(name.as_str());
    let declare = |name: &String| match state.attributes.get(name).filter(|_| kind == Kind::Bash) {
        Some(flags) => format!("declare -{flags} {name}"),
        None if kind == Kind::Bash => format!("declare -- {name}"),
        None => name.clone(),
    };
    for (name, value) in state.plain.iter().filter(|(name, _)| wanted(name)) {
        line(&[declare(name).as_bytes(), b"=", &quoted(value.as_bytes())]);
    }
    if kind == Kind::Bash {
        for (name, array) in state.arrays.iter().filter(|(name, _)| wanted(name)) {
            line(&[&array_declaration(name, array, state.attributes.get(name).map_or("", String::as_str))]);
        }
        let bare = |name: &&String| !state.plain.contains_key(*name) && !state.arrays.contains_key(*name);
        for name in state.attributes.keys().filter(wanted).filter(bare) {
            line(&[declare(name).as_bytes()]);
        }
    }
    text
}

fn array_declaration(name: &str, array: &Array, flags: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let mut item = |key: &[u8], value: &[u8]| {
        for part in [b"[", key, b"]=", &quoted(value), b" "] {
            text.extend_from_slice(part);
        }
    };
    let kind = match array {
        Array::Indexed(items) => {
            items.iter().for_each(|(index, value)| item(index.to_string().as_bytes(), value.as_bytes()));
            "a"
        }
        Array::Associative(items) => {
            items.iter().for_each(|(key, value)| item(&quoted(key.as_bytes()), value.as_bytes()));
            "A"
        }
    };
    [format!("declare -{kind}{flags} {name}=(").into_bytes(), text, b")".to_vec()].concat()
}

/// A word of shell text, always in single quotes: bash doubles `\x01` and `\x7f` within double quotes of an array, and
/// `]`, `@` and `*` mean something in a bare subscript. Values hold no NUL (see `prepare`).
pub(crate) fn quoted(word: &[u8]) -> Vec<u8> {
    let mut text = vec![b'\''];
    for (count, part) in word.split(|&byte| byte == b'\'').enumerate() {
        text.extend_from_slice(if count == 0 { b"" } else { br"'\''" });
        text.extend_from_slice(part);
    }
    text.push(b'\'');
    text
}
