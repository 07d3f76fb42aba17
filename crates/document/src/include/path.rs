//! Where a link of an included file leads: a path from the repository's root, by words alone.

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
    if let Some(c) = unseen.or_else(|| to.chars().find(|c| "%?#\\:".contains(*c))) {
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
    let mut parts: Vec<&str> = from.split('/').collect();
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
            part => parts.push(part),
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
