//! Where a link of an included file leads: a path from the repository's root, by words alone.

use std::borrow::Cow;

/// Why it leads nowhere, and what to write instead.
pub(super) struct Astray {
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// The path from the root that `to` is, as written in the file `from`: like a link of a page, it begins beside it.
pub(super) fn resolve(from: &str, to: &str) -> Result<String, Astray> {
    let astray = |message: String, help| Err(Astray { message, help });
    let beside = "write the path from this file to the other one, as in `common/preflight.md`";
    if from.starts_with('/') || from.is_empty() {
        let message = "a document outside of the repository includes nothing".to_owned();
        return astray(message, "keep it in the repository, with the files that it includes");
    }
    if to.is_empty() {
        return astray("this includes nothing: no file is named".to_owned(), beside);
    }
    if to.starts_with('/') {
        return astray(format!("`{to}` is no path from this file"), beside);
    }
    let unseen = crate::unseen(to);
    if let Some(c) = unseen.or_else(|| to.chars().find(|c| "?#\\:".contains(*c))) {
        let message = match c {
            ':' => {
                format!("`{to}` is an address or has a colon, and only a file of this repository is included")
            }
            '#' => "a whole file is included, not a part of it".to_owned(),
            c if unseen == Some(c) => {
                format!("the path has the character U+{:04X}, which nobody sees", u32::from(c))
            }
            c => format!("`{c}` is not taken in a path that is included"),
        };
        return astray(message, beside);
    }
    let mut parts: Vec<Cow<'_, str>> = from.split('/').map(Cow::Borrowed).collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "" => return astray(format!("`{to}` names no file"), beside),
            "." => {}
            ".." if parts.pop().is_none() => {
                let message = format!("`{to}` leads out of the repository");
                return astray(message, "include files of this repository only");
            }
            ".." => {}
            part => match unescaped(part) {
                Ok(part) => parts.push(part),
                Err(message) => return astray(message, ESCAPED),
            },
        }
    }
    match parts.iter().find(|part| part.eq_ignore_ascii_case(".git")) {
        Some(_) => astray(format!("`{to}` leads into git's own directory"), beside),
        None if parts.is_empty() || to.ends_with("..") || to.ends_with('.') => {
            astray(format!("`{to}` names no file"), beside)
        }
        None => Ok(parts.join("/")),
    }
}

const ESCAPED: &str = "write the name as it is, between `<` and `>` where it has a blank, and %25 for a `%`";

/// A part of a link's path without the escapes that links have (`%20`, RFC 3986 section 2.1).
///
/// # Errors
/// Why it names no file. Nothing that shapes a path may be escaped: whoever reads the link sees where it leads.
pub fn unescaped(part: &str) -> Result<Cow<'_, str>, String> {
    if !part.contains('%') {
        return Ok(Cow::Borrowed(part));
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = &behind[2..];
            }
            (b'%', ..) => return Err(format!("a `%` in `{part}` has no two hexadecimal digits behind it")),
            (byte, ..) => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    let name = String::from_utf8(bytes).map_err(|_| format!("`{part}` is not UTF-8 without its escapes"))?;
    if name == "." || name == ".." {
        return Err(format!("`{part}` is `{name}`, escaped, and leads nowhere"));
    }
    match crate::unseen(&name).or_else(|| name.chars().find(|c| c.is_control() || "/\\:".contains(*c))) {
        Some(c) if "/\\:".contains(c) => Err(format!("`{part}` has a `{c}`, escaped, and no name has one")),
        Some(c) => {
            Err(format!("`{part}` has the character U+{:04X}, escaped, which nobody sees", u32::from(c)))
        }
        None => Ok(Cow::Owned(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_path_begins_beside_the_file_and_stays_in_the_repository() {
        let told = |from: &str, to: &str| resolve(from, to).map_err(|astray| astray.message);
        for (from, to, there) in [
            ("deploy.md", "common/a.md", "common/a.md"),
            ("books/deploy.md", "a.md", "books/a.md"),
            ("books/deploy.md", "./a.md", "books/a.md"),
            ("books/deploy.md", "../common/a b.md", "common/a b.md"),
            ("a/b/c.md", "../../d.md", "d.md"),
            ("deploy.md", "common/my%20file.md", "common/my file.md"),
            ("a/deploy.md", "../%C3%BCber%2520.md", "über%20.md"),
            ("deploy.md", "my%23%3f..md", "my#?..md"),
        ] {
            assert_eq!(told(from, to).as_deref(), Ok(there), "{from} {to}");
        }
        for (from, to) in [
            ("deploy.md", "../a.md"),
            ("books/deploy.md", "../../a.md"),
            ("books/deploy.md", "../x/../../a.md"),
            ("deploy.md", "/etc/passwd"),
            ("/tmp/deploy.md", "a.md"),
            ("deploy.md", ""),
            ("deploy.md", ".."),
            ("books/deploy.md", "x/.."),
            ("deploy.md", "a//b.md"),
            ("deploy.md", "common/"),
            ("deploy.md", "https://a.b/c.md"),
            ("deploy.md", "a%2fb.md"),
            ("a/deploy.md", "%2e%2e/b.md"),
            ("a/deploy.md", ".%2E/b.md"),
            ("a/deploy.md", "%2e/b.md"),
            ("a/deploy.md", "..%2fb.md"),
            ("a/deploy.md", "%2e%2e%2fb.md"),
            ("deploy.md", "%2fetc/passwd"),
            ("deploy.md", "a%00.md"),
            ("deploy.md", "a%0ab.md"),
            ("deploy.md", "a%7f.md"),
            ("deploy.md", "a%5cb.md"),
            ("deploy.md", "https%3a//a.b/c.md"),
            ("deploy.md", "a%ff.md"),
            ("deploy.md", "a%c0%afb.md"),
            ("deploy.md", "a%e2%80%8b.md"),
            ("deploy.md", "a%2.md"),
            ("deploy.md", "a%.md"),
            ("deploy.md", "100%"),
            ("deploy.md", "a%+20.md"),
            ("deploy.md", "%2egit/a.md"),
            ("deploy.md", "%2EGit/hooks"),
            ("deploy.md", "a.md#part"),
            ("deploy.md", "a.md?x"),
            ("deploy.md", "a\\b.md"),
            ("deploy.md", "a\u{200b}.md"),
            ("deploy.md", ".git/a.md"),
        ] {
            assert!(told(from, to).is_err(), "{from} {to}");
        }
    }
}
