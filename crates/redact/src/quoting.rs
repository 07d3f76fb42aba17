//! Forms in which shells, programming languages and markup write a text.
//!
//! Without the quotes around it: those stay, and nothing is told by them.

use std::collections::BTreeSet;

/// What shells make of a text: `set -x`, `printf %q`, `${x@Q}`, `declare -p`, `export -p`, `set`. What they write as
/// `$'…'` is a form of [`add_source`].
pub(super) fn add_shell(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    crate::zsh::add(text, forms);
    let mut add = |form: String| forms.insert(form.into_bytes());
    // In single quotes: bash, zsh and most others; `shlex.quote` of Python; dash, which takes quotes in a row together.
    add(text.replace('\'', r"'\''"));
    add(text.replace('\'', r#"'"'"'"#));
    add(in_rows(text));
    // Doubled: SQL, YAML and PowerShell; CSV.
    add(text.replace('\'', "''"));
    add(text.replace('"', "\"\""));
    // `ls`, `cp` and others of GNU in their messages; in a locale without other characters those too.
    add(in_messages_of_gnu(text, false));
    add(in_messages_of_gnu(text, true));
    // In double quotes; `!` is escaped for interactive shells.
    add(escaped(text, |_, c| r#"\$`""#.contains(c)));
    add(escaped(text, |_, c| r#"\$`"!"#.contains(c)));
    // By backslashes: bash, of which `[[ … == "$x" ]]` under a trace takes every character; zsh; `quotemeta` of Perl;
    // `Shellwords` of Ruby.
    add(escaped(text, bash_escapes));
    add(escaped(text, |_, c| !QUOTING_OF_BASH.contains(&c)));
    add(escaped(text, |before, c| "=~#".contains(c) && before.is_none() || ZSH.contains(c)));
    add(escaped(text, |_, c| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_'));
    add(escaped(text, |_, c| !(c.is_ascii_alphanumeric() || "_-.,:+/@%\n".contains(c))));
    add(escaped(text, |_, c| !(c.is_ascii_alphanumeric() || "_-.,:+/@\n".contains(c))));
    // And byte by byte, where the locale has no others.
    let marked = |byte: u8| QUOTING_OF_BASH.contains(&char::from(byte));
    forms.insert(text.bytes().flat_map(|b| (!marked(b)).then_some(b'\\').into_iter().chain([b])).collect());
}

/// What a shell's trace, or JSON, makes of a text that was quoted before: `set -x` of a command that is put together in a
/// variable, a command line in a log of JSON. Twice, in the ways that are common: what is quoted three times is not found.
pub(super) fn add_quoted_again(text: &str, json: impl Fn(&str) -> String, forms: &mut BTreeSet<Vec<u8>>) {
    let mut once = BTreeSet::new();
    add_shell(text, &mut once);
    add_source(text, &mut once);
    once.insert(json(text).into_bytes());
    for form in once.iter().filter_map(|form| std::str::from_utf8(form).ok()).filter(|form| *form != text) {
        let again = [
            form.replace('\'', r"'\''"),
            form.replace('\'', r#"'"'"'"#),
            in_rows(form),
            escaped(form, |_, c| r#"\$`""#.contains(c)),
            escaped(form, bash_escapes),
            json(form),
        ];
        forms.extend(again.map(String::into_bytes));
        crate::zsh::add_traced(form, forms);
        // bash writes a text with such characters in `$'…'`.
        if form.contains(|c: char| c.is_ascii_control()) {
            let source = |beyond| source(form, Unprinted::Shell("\\E"), beyond, (true, false));
            forms.extend([Beyond::Kept, Beyond::Bytes].map(|beyond| source(beyond).into_bytes()));
        }
    }
}

/// What bash marks quoted characters with itself, and does not escape.
const QUOTING_OF_BASH: [char; 2] = ['\x01', '\x7f'];

const ZSH: &str = " \t!\"$&'()*;<>?[\\]^`{|}";

fn bash_escapes(before: Option<char>, c: char) -> bool {
    match c {
        '#' => before.is_none(),
        '~' => before.is_none_or(|before| ":=".contains(before)),
        _ => " \t\n!\"$&'()*,;<>?[\\]^`{|}".contains(c),
    }
}

/// With a backslash before the characters that are told by themselves and what stands before them.
fn escaped(text: &str, wanted: impl Fn(Option<char>, char) -> bool) -> String {
    let mut form = String::with_capacity(text.len() * 2);
    let mut before = None;
    for c in text.chars() {
        if wanted(before, c) {
            form.push('\\');
        }
        form.push(c);
        before = Some(c);
    }
    form
}

/// Single quotes in a row put into double quotes together.
fn in_rows(text: &str) -> String {
    let mut form = String::with_capacity(text.len() + 8);
    let mut within = false;
    for c in text.chars() {
        match (c == '\'', within) {
            (true, false) => form += "'\"",
            (false, true) => form += "\"'",
            _ => {}
        }
        within = c == '\'';
        form.push(c);
    }
    form + if within { "\"" } else { "" }
}

/// In single quotes, which end where something is not printed: that stands in `$'…'`.
fn in_messages_of_gnu(text: &str, only_ascii: bool) -> String {
    let mut form = String::with_capacity(text.len() + 8);
    let mut escaping = false;
    for c in text.chars() {
        if c.is_control() || only_ascii && !c.is_ascii() {
            if !std::mem::replace(&mut escaping, true) {
                form += "'$'";
            }
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| Unprinted::Shell("\\033").add(b, &mut form));
            continue;
        }
        if std::mem::replace(&mut escaping, false) {
            form += "''";
        }
        match c {
            '\'' => form += r"'\''",
            c => form.push(c),
        }
    }
    form
}

/// How what is not printed is written.
#[derive(Clone, Copy, PartialEq)]
enum Unprinted {
    /// `\n`, `\E` and the like, else `\033`: `$'…'` of bash and others.
    Shell(&'static str),
    /// `\n`, `\r`, `\t`, else `\x1b`: Python, Go.
    Hex,
    /// `\n`, `\r`, `\t`, else `\u{1b}`: Rust.
    Braces,
}

/// How characters beyond ASCII are written.
#[derive(Clone, Copy, PartialEq)]
enum Beyond {
    Kept,
    /// `\xe4`, `\u20ac`, `\U0001f511`.
    Points,
    /// Their bytes, as what is not printed.
    Bytes,
}

/// Inside of a string of a programming language, or of `$'…'` of a shell: Python's `repr` and `ascii`, of texts and of
/// bytes, and others.
pub(super) fn add_source(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"\\".contains(&byte)) {
        return;
    }
    let unprinted = [
        Unprinted::Shell("\\E"),
        Unprinted::Shell("\\e"),
        Unprinted::Shell("\\033"),
        Unprinted::Hex,
        Unprinted::Braces,
    ];
    for unprinted in unprinted {
        for beyond in [Beyond::Kept, Beyond::Points, Beyond::Bytes] {
            for quotes in [(true, false), (false, false), (false, true), (true, true)] {
                forms.insert(source(text, unprinted, beyond, quotes).into_bytes());
            }
        }
    }
}

/// The same in one way; `single` and `double` quotes are escaped or not.
fn source(text: &str, unprinted: Unprinted, beyond: Beyond, (single, double): (bool, bool)) -> String {
    let mut form = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => form += r"\\",
            '\'' if single => form += r"\'",
            '"' if double => form += "\\\"",
            _ if c.is_ascii_control() => unprinted.add(c as u8, &mut form),
            _ if c.is_ascii() || beyond == Beyond::Kept => form.push(c),
            _ if beyond == Beyond::Points => form += &point(c),
            _ => c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| unprinted.add(b, &mut form)),
        }
    }
    form
}

impl Unprinted {
    fn add(self, byte: u8, form: &mut String) {
        let letter = match (byte, self) {
            (b'\n', _) => "\\n",
            (b'\r', _) => "\\r",
            (b'\t', _) => "\\t",
            (0x1b, Unprinted::Shell(escape)) => escape,
            (0x07, Unprinted::Shell(_)) => "\\a",
            (0x08, Unprinted::Shell(_)) => "\\b",
            (0x0b, Unprinted::Shell(_)) => "\\v",
            (0x0c, Unprinted::Shell(_)) => "\\f",
            (_, Unprinted::Shell(_)) => return *form += &format!("\\{byte:03o}"),
            (_, Unprinted::Hex) => return *form += &format!("\\x{byte:02x}"),
            (_, Unprinted::Braces) => return *form += &format!("\\u{{{byte:x}}}"),
        };
        form.push_str(letter);
    }
}

fn point(c: char) -> String {
    match u32::from(c) {
        point @ ..=0xff => format!("\\x{point:02x}"),
        point @ ..=0xffff => format!("\\u{point:04x}"),
        point => format!("\\U{point:08x}"),
    }
}

/// In HTML and XML: as little as they ask for, with quotes, with more; characters by number in decimal and in hex.
pub(super) fn add_markup(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:@ ".contains(c)) {
        return;
    }
    let any = |wanted: fn(char) -> bool| text.chars().any(wanted);
    let control = if any(|c| c.is_ascii_control()) { &Control::ALL[..] } else { &[Control::Kept] };
    let beyond = if any(|c| !c.is_ascii()) { &[false, true][..] } else { &[false] };
    let slash = if any(|c| "/`=".contains(c)) { &[false, true][..] } else { &[false] };
    let double = if any(|c| c == '"') { &["\"", "&quot;", "&#34;", "&#x22;"][..] } else { &["\""] };
    let single = if any(|c| c == '\'') { &["'", "&#39;", "&#x27;", "&apos;", "&#039;"][..] } else { &["'"] };
    let greater = if any(|c| c == '>') { &[">", "&gt;"][..] } else { &[">"] };
    let hex =
        if control.len() + beyond.len() > 2 { &[Hex::Not, Hex::Lower, Hex::Upper][..] } else { &[Hex::Not] };
    for (double, single) in pairs(double, single) {
        for (greater, slash) in pairs(greater, slash) {
            for (control, (beyond, hex)) in pairs(control, &pairs(beyond, hex)) {
                let markup = Markup { double, single, greater, slash, control, beyond, hex };
                forms.insert(markup.of(text).into_bytes());
            }
        }
    }
}

/// The same as it is most often written: with or without quotes, with or without blanks by number.
pub(super) fn plain_markup(text: &str) -> Vec<String> {
    let quotes = [
        ("\"", "'"),
        ("&quot;", "'"),
        ("&quot;", "&#x27;"),
        ("&quot;", "&#39;"),
        ("&quot;", "&#039;"),
        ("&quot;", "&apos;"),
        ("&#34;", "&#39;"),
    ];
    let markups = pairs(&quotes, &[Control::Kept, Control::Blanks]).into_iter();
    let markups = markups.map(|((double, single), control)| Markup {
        double,
        single,
        greater: "&gt;",
        slash: false,
        control,
        beyond: false,
        hex: Hex::Not,
    });
    markups.map(|markup| markup.of(text)).collect()
}

/// A way to write HTML or XML: what becomes of quotes and `>`, and what is written by number.
struct Markup {
    double: &'static str,
    single: &'static str,
    greater: &'static str,
    /// Template engines in browsers.
    slash: bool,
    control: Control,
    /// What is not ASCII.
    beyond: bool,
    hex: Hex,
}

impl Markup {
    fn of(&self, text: &str) -> String {
        let mut form = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            match c {
                '&' => form += "&amp;",
                '<' => form += "&lt;",
                '>' => form += self.greater,
                '"' => form += self.double,
                '\'' => form += self.single,
                '/' | '`' | '=' if self.slash => form += &number(c, Hex::Upper),
                '\t' if matches!(self.control, Control::Padded) => form += "&#09;",
                _ if self.control.numbers(c) => form += &number(c, self.hex),
                _ if !c.is_ascii() && self.beyond => form += &number(c, self.hex),
                _ => form.push(c),
            }
        }
        form
    }
}

/// Which control characters are written by number.
#[derive(Clone, Copy)]
enum Control {
    Kept,
    /// What a reader of XML would take for a line end: canonical XML, in texts.
    Return,
    /// Blanks that an attribute would not keep: Python's `quoteattr`, libxml2, canonical XML.
    Blanks,
    /// The same, a tab as `&#09;`: Python's ElementTree.
    Padded,
    All,
}

impl Control {
    const ALL: [Control; 5] =
        [Control::Kept, Control::Return, Control::Blanks, Control::Padded, Control::All];

    fn numbers(self, c: char) -> bool {
        match self {
            Control::Kept => false,
            Control::Return => c == '\r',
            Control::Blanks | Control::Padded => "\n\r\t".contains(c),
            Control::All => c.is_ascii_control(),
        }
    }
}

/// Each of these with each of those.
fn pairs<A: Copy, B: Copy>(these: &[A], those: &[B]) -> Vec<(A, B)> {
    these.iter().flat_map(|this| those.iter().map(|that| (*this, *that))).collect()
}

#[derive(Clone, Copy)]
enum Hex {
    Not,
    Lower,
    Upper,
}

fn number(c: char, hex: Hex) -> String {
    match hex {
        Hex::Not => format!("&#{};", u32::from(c)),
        Hex::Lower => format!("&#x{:x};", u32::from(c)),
        Hex::Upper => format!("&#x{:X};", u32::from(c)),
    }
}

/// Every character by its number: in HTML and XML, in JSON; every byte in a URL. Hex in either case.
pub(super) fn add_numbers(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    for hex in [Hex::Not, Hex::Lower, Hex::Upper] {
        forms.insert(text.chars().map(|c| number(c, hex)).collect::<String>().into_bytes());
    }
    let units = |write: fn(u16) -> String| text.encode_utf16().map(write).collect::<String>();
    let bytes = |write: fn(u8) -> String| text.bytes().map(write).collect::<String>();
    forms.extend(
        [
            units(|unit| format!("\\u{unit:04x}")),
            units(|unit| format!("\\u{unit:04X}")),
            bytes(|byte| format!("%{byte:02x}")),
            bytes(|byte| format!("%{byte:02X}")),
        ]
        .map(String::into_bytes),
    );
}

/// How Perl holds a text, which tells how it writes it.
#[derive(Clone, Copy)]
enum Held {
    Characters,
    /// The bytes of its UTF-8.
    Bytes,
    /// Characters below U+0100, one byte each.
    Latin,
}

/// What Perl makes of a text: `Data::Dumper` with `Useqq`; `quotemeta`, of what is not ASCII.
pub(super) fn add_perl(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"$@\"\\".contains(&byte)) {
        return;
    }
    let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    forms.insert(dumped(text.chars().map(u32::from), Held::Characters).into_bytes());
    forms.insert(dumped(text.bytes().map(u32::from), Held::Bytes).into_bytes());
    if let Some(latin) = &latin {
        forms.insert(dumped(latin.iter().copied().map(u32::from), Held::Latin).into_bytes());
    }
    if text.is_ascii() {
        return;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let quoted = |byte: u8| (!plain(byte)).then_some(b'\\').into_iter().chain([byte]);
    forms.insert(text.bytes().flat_map(quoted).collect());
    forms.insert(escaped(text, |_, c| !(c.is_ascii_alphanumeric() || c == '_')).into_bytes());
    forms.extend(latin.map(|latin| latin.into_iter().flat_map(quoted).collect()));
}

/// Inside of the double quotes of `Useqq`. A number in octal is no longer than what follows it allows.
fn dumped(units: impl Iterator<Item = u32>, held: Held) -> String {
    let (mut form, mut units) = (String::new(), units.peekable());
    while let Some(unit) = units.next() {
        let digit = units.peek().is_some_and(|next| (0x30..=0x39).contains(next));
        match (char::from_u32(unit), held) {
            (Some(c @ ('\\' | '"' | '$' | '@')), _) => form.extend(['\\', c]),
            (Some('\n'), _) => form += "\\n",
            (Some('\r'), _) => form += "\\r",
            (Some('\t'), _) => form += "\\t",
            (Some('\x0c'), _) => form += "\\f",
            (Some('\x08'), _) => form += "\\b",
            (Some('\x07'), _) => form += "\\a",
            (Some('\x1b'), _) => form += "\\e",
            (Some(' '..='~'), _) => form.extend(char::from_u32(unit)),
            (_, Held::Characters) if unit > 0x7f => form += &format!("\\x{{{unit:x}}}"),
            _ if digit => form += &format!("\\{unit:03o}"),
            _ => form += &format!("\\{unit:o}"),
        }
    }
    form
}
