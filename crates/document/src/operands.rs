//! Which words of a command are its operands: neither options nor what options take.

pub(crate) use holdpoint_shell::OF_SSH;

/// Where among the words those stand that are neither options nor what those in `taking` take, and whether the last word
/// takes another.
pub(crate) fn operands<W: AsRef<str>>(
    words: impl IntoIterator<Item = W>,
    taking: &[&str],
) -> (Vec<usize>, bool) {
    let (mut operands, mut taken) = (Vec::new(), false);
    for (at, word) in words.into_iter().enumerate() {
        match word.as_ref() {
            _ if taken => taken = false,
            word if takes_the_next(word, taking) => taken = true,
            word if word.starts_with('-') && word != "-" => {}
            _ => operands.push(at),
        }
    }
    (operands, taken)
}

/// Whether an option takes the next word: itself, or as the last of several letters (`-vp 22`).
pub(crate) fn takes_the_next(word: &str, taking: &[&str]) -> bool {
    let is = |letter: char| taking.iter().any(|one| one.chars().eq(['-', letter]));
    let flags = word.strip_prefix('-').filter(|flags| !flags.starts_with('-'));
    taking.contains(&word)
        || flags.is_some_and(|flags| flags.find(is).is_some_and(|at| at + 1 == flags.len()))
}

#[cfg(test)]
mod tests {
    use super::{OF_SSH, operands};

    #[test]
    fn what_an_option_takes_is_no_operand() {
        for (line, taking, found, takes) in [
            ("host uptime", OF_SSH, vec![0, 1], false),
            ("-p 22 host", OF_SSH, vec![2], false),
            ("-vp 22 host", OF_SSH, vec![2], false),
            ("-p22 host", OF_SSH, vec![1], false),
            ("-B eth0 host", OF_SSH, vec![2], false),
            ("-v -o", OF_SSH, vec![], true),
            ("apply -var a=b -no-color", &["-var"], vec![0], false),
            ("configure --profile prod", &["--profile"], vec![0], false),
            ("- x", &[], vec![0, 1], false),
        ] {
            assert_eq!(operands(line.split(' '), taking), (found, takes), "{line}");
        }
    }
}
