//! What a shell tells about itself at its end, and what of it becomes the next state.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStringExt;

use crate::names::{crosses, is_identifier};
use crate::prepare::Environment;
use crate::state::{Array, State, Text};
use crate::unquote::{Unreadable, Words};

/// What a shell told about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ShellState {
    cwd: Vec<u8>,
    shell: Variables,
    hidden: Hidden,
}

/// Which variables could not be seen because function-local ones stood in front of them.
#[derive(Debug, Default, PartialEq, Eq)]
enum Hidden {
    /// It ended outside of any function.
    #[default]
    Nothing,
    /// These.
    Names(BTreeSet<String>),
    /// Nobody can tell.
    Anything,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Variables {
    exported: BTreeMap<String, Text>,
    plain: BTreeMap<String, Text>,
    arrays: BTreeMap<String, Array>,
    attributes: BTreeMap<String, String>,
}

/// The environment a block was given and where it came from.
pub(crate) struct Given<'a> {
    /// The environment the program was started in.
    pub(crate) base: &'a Environment,
    /// What the process got.
    pub(crate) sent: &'a Environment,
    /// Whether the block was put into a directory of its own.
    pub(crate) own_cwd: bool,
    /// Whether it was given arrays and attributes.
    pub(crate) arrays: bool,
    /// What its machine calls itself: bash looks that up.
    pub(crate) host: &'a [u8],
}

/// What the wrapper tells first: the state is restored, the script begins.
pub(crate) const READY: &[u8] = b"ready\0";

/// The remark for a block that ended inside functions.
pub(crate) const IN_FUNCTIONS: &str = "the script ended inside a function, whose local variables cannot be told from \
    the others: variables stay as they were before it; only the working directory carries over";

/// Reads what our wrapper wrote, all of it: `ready`, then `state`, functions, directory, variables, more, `end`,
/// each closed by NUL. `None`: the shell did not get to its end.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<ShellState>, Unreadable> {
    let fields: Vec<&[u8]> = bytes.split(|&byte| byte == 0).collect();
    let [b"ready", b"state", functions, cwd, variables, more, b"end", b""] = fields[..] else {
        return if fields.len() <= 2 { Ok(None) } else { Err(Unreadable) };
    };
    let bash = variables.starts_with(b"declare ");
    let mut told =
        ShellState { cwd: cwd.strip_suffix(b"\n").unwrap_or(cwd).to_vec(), ..ShellState::default() };
    if told.cwd.first() != Some(&b'/') {
        return Err(Unreadable);
    }
    told.shell = if bash { declarations(variables)? } else { assignments(variables, more)? };
    told.hidden =
        match functions.split(|&byte| byte == b' ').filter(|name| !name.is_empty()).collect::<Vec<_>>()[..] {
            [] | [b"source"] => Hidden::Nothing,
            [_] | [_, b"source"] if functions != b"? " => {
                locals(more).map_or(Hidden::Anything, Hidden::Names)
            }
            _ => Hidden::Anything,
        };
    Ok(Some(told))
}

/// `declare -FLAGS NAME=VALUE` lines of bash.
fn declarations(text: &[u8]) -> Result<Variables, Unreadable> {
    let mut variables = Variables::default();
    let mut words = Words::new(text);
    while words.peek().is_some() {
        if words.bare(|byte| byte == b' ') != b"declare" {
            return Err(Unreadable);
        }
        words.expect(b' ')?;
        let flags = words.bare(|byte| byte == b' ');
        words.expect(b' ')?;
        let name = String::from_utf8(words.bare(|byte| byte == b'=' || byte == b'\n').to_vec())
            .map_err(|_| Unreadable)?;
        let has = |flag: u8| flags.contains(&flag);
        if has(b'a') || has(b'A') {
            // An array that was declared and never assigned is printed without a value.
            let items = if words.eat(b'=') { array(&mut words)? } else { Vec::new() };
            let array = if has(b'A') { associative(items) } else { indexed(items)? };
            variables.arrays.insert(name.clone(), array);
        } else if words.eat(b'=') {
            let value = Text::from_bytes(words.word(|byte| byte == b'\n')?);
            let kind = if has(b'x') { &mut variables.exported } else { &mut variables.plain };
            kind.insert(name.clone(), value);
        }
        words.expect(b'\n')?;
        let array_flags: &[u8] = if has(b'a') || has(b'A') { b"x" } else { b"" };
        let mut kept: Vec<u8> = flags
            .iter()
            .copied()
            .filter(|flag| b"ilnu".contains(flag) || array_flags.contains(flag))
            .collect();
        kept.sort_unstable();
        if !kept.is_empty() {
            variables.attributes.insert(name, String::from_utf8(kept).map_err(|_| Unreadable)?);
        }
    }
    Ok(variables)
}

type Items = Vec<(Vec<u8>, Vec<u8>)>;

/// `([KEY]=VALUE …)`; older bash prints the same in single quotes.
fn array(words: &mut Words<'_>) -> Result<Items, Unreadable> {
    if words.peek() != Some(b'(') {
        let inner = words.word(|byte| byte == b'\n')?;
        let mut inner_words = Words::new(&inner);
        return if inner.first() == Some(&b'(') { array(&mut inner_words) } else { Err(Unreadable) };
    }
    words.expect(b'(')?;
    let mut items = Vec::new();
    loop {
        while words.eat(b' ') {}
        if words.eat(b')') {
            return Ok(items);
        }
        words.expect(b'[')?;
        let key = words.word(|byte| byte == b']')?;
        words.expect(b']')?;
        words.expect(b'=')?;
        items.push((key, words.word(|byte| byte == b' ' || byte == b')')?));
    }
}

fn associative(items: Items) -> Array {
    Array::Associative(
        items.into_iter().map(|(key, value)| (Text::from_bytes(key), Text::from_bytes(value))).collect(),
    )
}

fn indexed(items: Items) -> Result<Array, Unreadable> {
    let number = |key: &[u8]| std::str::from_utf8(key).ok()?.parse::<u64>().ok();
    let item = |(key, value): (Vec<u8>, _)| Ok((number(&key).ok_or(Unreadable)?, Text::from_bytes(value)));
    items.into_iter().map(item).collect::<Result<_, _>>().map(Array::Indexed)
}

/// The environment that `export -p` of a POSIX shell prints.
pub(crate) fn exports(text: &[u8]) -> Result<BTreeMap<String, Text>, Unreadable> {
    let mut found = BTreeMap::new();
    let mut words = Words::new(text);
    while words.peek().is_some() {
        if words.bare(|byte| byte == b' ') != b"export" {
            return Err(Unreadable);
        }
        words.expect(b' ')?;
        let name = name(&mut words)?.to_owned();
        if words.eat(b'=') {
            found.insert(name, Text::from_bytes(words.word(|byte| byte == b'\n')?));
        }
        words.expect(b'\n')?;
    }
    Ok(found)
}

/// `NAME=VALUE` lines of `set` and `export NAME[=VALUE]` lines of `export -p`.
fn assignments(set: &[u8], exports: &[u8]) -> Result<Variables, Unreadable> {
    let mut variables = Variables::default();
    let mut words = Words::new(set);
    while words.peek().is_some() {
        let name = name(&mut words)?;
        words.expect(b'=')?;
        let value = Text::from_bytes(words.word(|byte| byte == b'\n')?);
        words.expect(b'\n')?;
        variables.plain.insert(name.to_owned(), value);
    }
    let (mut words, mut value) = (Words::new(exports), Vec::new());
    while words.peek().is_some() {
        if words.bare(|byte| byte == b' ') != b"export" {
            return Err(Unreadable);
        }
        words.expect(b' ')?;
        let name = name(&mut words)?;
        if words.eat(b'=') {
            // The same as above; only its end matters.
            value.clear();
            words.word_into(&mut value, |byte| byte == b'\n')?;
        }
        words.expect(b'\n')?;
        if let Some((name, value)) = variables.plain.remove_entry(name) {
            variables.exported.insert(name, value);
        }
    }
    Ok(variables)
}

fn name<'a>(words: &mut Words<'a>) -> Result<&'a str, Unreadable> {
    let name = words.bare(|byte| byte == b'=' || byte == b'\n');
    std::str::from_utf8(name).ok().filter(|name| is_identifier(name)).ok_or(Unreadable)
}

/// Names that `local -p` lists. Only bash 5 prints declarations; of older ones it is not known what they hide.
fn locals(text: &[u8]) -> Result<BTreeSet<String>, Unreadable> {
    let told = declarations(text)?;
    let names = told.exported.into_keys().chain(told.plain.into_keys()).chain(told.arrays.into_keys());
    // `local x` without a value hides a variable too and is listed without `=`.
    let bare = text
        .split(|&byte| byte == b'\n')
        .filter(|line| line.starts_with(b"declare ") && !line.contains(&b'='));
    let bare = bare.filter_map(|line| line.rsplit(|&byte| byte == b' ').next());
    Ok(names.chain(bare.filter_map(|name| String::from_utf8(name.to_vec()).ok())).collect())
}

impl ShellState {
    /// The state after a block, from the one before it; with a remark where something could not be told.
    pub(crate) fn after(self, before: &State, given: &Given<'_>) -> (State, Option<&'static str>) {
        let mut next = before.clone();
        if !given.own_cwd {
            next.cwd = std::ffi::OsString::from_vec(self.cwd.clone()).into();
        }
        if self.hidden == Hidden::Anything {
            return (next, Some(IN_FUNCTIONS));
        }
        self.exported(&mut next, given);
        self.unexported(&mut next, given);
        (next, None)
    }

    fn visible(&self, name: &str) -> bool {
        crosses(name) && !matches!(&self.hidden, Hidden::Names(names) if names.contains(name))
    }

    /// Whether the process got this variable and left it alone: what the state says about it still holds.
    fn untouched(&self, name: &str, given: &Given<'_>) -> bool {
        let sent = given.sent.get(OsStr::new(name)).map(|value| &**value);
        sent.is_some() && sent == self.shell.exported.get(name).map(|value| &**value)
    }

    fn exported(&self, next: &mut State, given: &Given<'_>) {
        let sent = given.sent.keys().filter_map(|name| name.to_str());
        let gone = sent.filter(|name| !self.shell.exported.contains_key(*name));
        let names = gone.chain(self.shell.exported.keys().map(String::as_str));
        for name in names.filter(|name| !self.untouched(name, given) && self.visible(name)) {
            let base = given.base.get(OsStr::new(name)).map(|value| &**value);
            let now = self.shell.exported.get(name);
            next.forget(name);
            if now.map(|value| &**value) != base {
                next.exported.insert(name.to_owned(), now.cloned());
            }
        }
    }

    fn unexported(&self, next: &mut State, given: &Given<'_>) {
        let keep = |name: &String| !self.visible(name) || self.untouched(name, given);
        let old_plain = next.plain.clone();
        next.plain.retain(|name, _| keep(name));
        for (name, value) in
            self.shell.plain.iter().filter(|(name, value)| self.visible(name) && !initial(name, value, given))
        {
            next.plain.insert(name.clone(), value.clone());
        }
        if given.arrays {
            next.arrays.retain(|name, _| keep(name));
            next.attributes.retain(|name, _| keep(name));
        } else {
            // This shell was not given arrays and knows no attributes: they wait for the next bash, unless a scalar
            // has taken the name.
            next.arrays.retain(|name, _| !self.shell.plain.contains_key(name));
            let (plain, arrays) = (&next.plain, &next.arrays);
            next.attributes.retain(|name, _| {
                keep(name)
                    || arrays.contains_key(name)
                    || plain.get(name).is_some_and(|now| old_plain.get(name) == Some(now))
            });
        }
        for (name, array) in self.shell.arrays.iter().filter(|(name, _)| self.visible(name)) {
            next.arrays.insert(name.clone(), array.clone());
        }
        for (name, flags) in self.shell.attributes.iter().filter(|(name, _)| self.visible(name)) {
            next.attributes.insert(name.clone(), flags.clone());
        }
    }
}

/// Whether a plain variable has the value that shells start with anyway.
fn initial(name: &str, value: &Text, given: &Given<'_>) -> bool {
    match name {
        "IFS" => value.as_bytes() == b" \t\n",
        "PS4" => value.as_bytes() == b"+ ",
        // bash in the role of sh.
        "POSIXLY_CORRECT" => value.as_bytes() == b"y",
        "TERM" => value.as_bytes() == b"dumb",
        // bash looks it up where it was not inherited.
        "SHELL" => true,
        "HOSTNAME" => value.as_bytes() == given.host,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, Text> {
        pairs.iter().map(|(name, value)| (name.to_string(), (*value).into())).collect()
    }

    #[test]
    fn declarations_of_every_bash_are_read() {
        let text = "declare -- a=\"1 2\"\ndeclare -x b=$'x\\ny'\ndeclare -ir c=\"3\"\ndeclare -x unset\n\
            declare -a d=([0]=\"p\" [2]=\"q\\\"\")\ndeclare -A e=([k]=\"v\" [\"]\"]=$'\\001' )\n\
            declare -a f='([0]=\"old bash\")'\ndeclare -a g\n";
        let read = declarations(text.as_bytes()).unwrap();
        assert_eq!(read.plain, texts(&[("a", "1 2"), ("c", "3")]));
        assert_eq!(read.exported, texts(&[("b", "x\ny")]));
        assert_eq!(read.attributes, [("c".to_owned(), "i".to_owned())].into());
        let indexed =
            |items: &[(u64, &str)]| Array::Indexed(items.iter().map(|&(n, v)| (n, v.into())).collect());
        let arrays = [
            ("d", indexed(&[(0, "p"), (2, "q\"")])),
            ("e", Array::Associative([("k".into(), "v".into()), ("]".into(), "\u{1}".into())].into())),
            ("f", indexed(&[(0, "old bash")])),
            ("g", indexed(&[])),
        ];
        assert_eq!(read.arrays, arrays.map(|(name, array)| (name.to_owned(), array)).into());
    }

    #[test]
    fn assignments_of_a_posix_shell_are_read() {
        let read = assignments(b"A='1'\nB='it'\"'\"'s\n'\nC=bare\n", b"export A='1'\nexport D\n").unwrap();
        assert_eq!(read.exported, texts(&[("A", "1")]));
        assert_eq!(read.plain, texts(&[("B", "it's\n"), ("C", "bare")]));
    }

    #[test]
    fn what_is_not_a_whole_report_is_no_state() {
        for (bytes, expected) in [
            (&b"ready\0"[..], Ok(None)),
            (b"", Ok(None)),
            (b"ready\0state\0", Err(Unreadable)),
            (b"ready\0state\0\0/\n\0A='1\0\0end\0", Err(Unreadable)),
            (b"ready\0state\0\0relative\n\0\0\0end\0", Err(Unreadable)),
            (b"ready\0state\0\0/\n\0func () {\n\0\0end\0", Err(Unreadable)),
            (b"ready\0state\0\0/\n\0\0\0end\0more\0", Err(Unreadable)),
        ] {
            assert_eq!(read(bytes), expected, "{}", bytes.escape_ascii());
        }
        let told = read(b"ready\0state\0\0/a\nb\n\0A='1'\n\0\0end\0").unwrap().unwrap();
        assert_eq!(told.cwd, b"/a\nb");
    }
}
