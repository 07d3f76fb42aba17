//! Scripts of `sed`, as far as it can be told at a glance that they only print.

/// Whether `sed`, called with these words, edits no file in place and has a script that writes and runs nothing.
pub(super) fn only_prints(words: &[&str]) -> bool {
    let (mut scripts, mut others, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(word) = words.get(at) {
        at += 1;
        match *word {
            "-e" | "--expression" => {
                let Some(script) = words.get(at) else { return false };
                scripts.push(*script);
                at += 1;
            }
            "--quiet" | "--silent" | "--regexp-extended" => {}
            word if word.starts_with("--") => return false,
            word if word.starts_with('-') && word.len() > 1 => {
                if !word[1..].chars().all(|option| "nErsuz".contains(option)) {
                    return false;
                }
            }
            other => others.push(other),
        }
    }
    if scripts.is_empty() {
        scripts.extend(others.first());
    }
    !scripts.is_empty() && scripts.iter().all(|script| prints(script.trim()))
}

/// One command: what it is for, and `p`, `d`, `q` or `=`; or `s` with flags that print.
fn prints(script: &str) -> bool {
    let Some(command) = behind_address(script) else { return false };
    if matches!(command, "p" | "d" | "q" | "=" | "!d" | "!p") {
        return true;
    }
    let mut chars = command.chars();
    let (Some('s'), Some(mark)) = (chars.next(), chars.next()) else { return false };
    if mark.is_alphanumeric() || mark.is_whitespace() || mark == '\\' {
        return false;
    }
    let parts: Vec<&str> = chars.as_str().split(mark).collect();
    // A mark that is escaped makes more parts of it, and is not followed.
    matches!(parts.as_slice(), [_, _, flags] if flags.chars().all(|flag| flag.is_ascii_digit() || "gpiI".contains(flag)))
        && !command.contains('\n')
}

/// What follows the lines that a command is for: numbers, `$`, `/…/`, or two of those.
fn behind_address(script: &str) -> Option<&str> {
    let one = |text: &str| -> Option<usize> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        match text.chars().next() {
            Some('$') => Some(1),
            Some('/') => text[1..].find('/').map(|end| end + 2),
            _ => Some(digits),
        }
    };
    let rest = &script[one(script)?..];
    match rest.strip_prefix(',') {
        Some(second) => Some(&second[one(second)?..]),
        None => Some(rest),
    }
}
