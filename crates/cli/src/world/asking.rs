//! Tells from what a failed block printed that a program wanted to ask somebody.

/// Said of such a block.
pub(super) const WANTS_A_TERMINAL: &str = "a program wanted to ask somebody, and this block has no terminal: give it \
    one with `#| tty: true`, or use the program's batch mode";

/// Said of one at another place, where no block has a terminal.
pub(super) const ASKS_ELSEWHERE: &str = "a program wanted to ask somebody, and blocks at other places have no terminal: use \
    the program's batch mode";

/// An output longer than this is not looked at, bytes: who cannot ask has not much to say.
pub(super) const MOST: u64 = holdpoint_driver::KEPT_UNASKED;

/// What programs print that find no terminal to ask at; in lower case.
const WORDS: &[&str] = &[
    // Most shells and programs.
    "/dev/tty",
    "not a tty",
    "non-tty",
    "non tty device",
    "not a terminal",
    "must be run from a terminal",
    // sudo
    "a terminal is required",
    "no tty present",
    "a password is required",
    "no askpass program",
    // OpenSSH
    "host key verification failed",
    "permission denied (password",
    "permission denied (publickey,password",
    "permission denied (publickey,gssapi-keyex,gssapi-with-mic,password",
    "permission denied (publickey,keyboard-interactive",
    "permission denied (keyboard-interactive",
    "read_passphrase",
    // git
    "terminal prompts disabled",
    "could not read username",
    "could not read password",
    // gpg
    "inappropriate ioctl for device",
    "no pinentry",
    "can't query passphrase in batch mode",
    "no terminal at all requested",
    // Prompts that came to nothing: ssh-keygen, openssl, mysql.
    "enter passphrase",
    "enter old passphrase",
    "enter pass phrase",
    "encryption password:",
    "decryption password:",
    "bad password read",
    "enter password:",
    "enter pem pass phrase",
    // su, passwd, curl
    "su: authentication failure",
    "authentication token manipulation error",
    "enter host password for user",
    "enter proxy password for user",
    // libpq
    "no password supplied",
];

/// Whether one of the outputs says so.
pub(super) fn wants_a_terminal(outputs: &[Vec<u8>]) -> bool {
    outputs.iter().any(|output| {
        let text = String::from_utf8_lossy(output).to_ascii_lowercase();
        WORDS.iter().any(|words| text.contains(words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_real_programs_are_known_and_those_of_others_are_not() {
        for words in [
            "sudo: a terminal is required to read the password; either use the -S option to read from standard input",
            "Host key verification failed.\r\n",
            "fatal: could not read Username for 'https://example.org': No such device or address",
            "sh: 1: cannot open /dev/tty: No such device or address",
            "gpg: signing failed: Inappropriate ioctl for device",
            "the input device is not a TTY",
            "Error: Cannot perform an interactive login from a non TTY device",
            "ops@example.org: Permission denied (publickey,password).",
            // As they print without a terminal: the next three were tried.
            "Enter passphrase: Load key \"k\": incorrect passphrase supplied to decrypt private key",
            "Enter pass phrase for r.pem:\nCould not read private key from r.pem",
            "enter AES-256-CBC encryption password:\nbad password read",
            "Enter PEM pass phrase:\n40571CBDE77F0000:error:1400006B:UI routines:UI_process:processing error",
            "Password: su: Authentication failure",
            "New password: Password change has been aborted.\npasswd: Authentication token manipulation error",
            "Enter host password for user 'bob':\ncurl: (22) The requested URL returned error: 401",
            "Enter password: \nERROR 1045 (28000): Access denied for user 'ops'@'localhost' (using password: NO)",
            "psql: error: connection to server at \"db\" failed: fe_sendauth: no password supplied",
            "Error: Cannot perform an interactive login from a non-TTY device",
            "gpg: can't query passphrase in batch mode",
            "gpg: Sorry, no terminal at all requested - can't get input",
        ] {
            assert!(wants_a_terminal(&[Vec::new(), words.into()]), "{words}");
        }
        for words in [
            "",
            "cat: x: Permission denied",
            "git@example.org: Permission denied (publickey).",
            "ldap_bind: Authentication failure",
            "curl: (22) The requested URL returned error: 401",
        ] {
            assert!(!wants_a_terminal(&[words.into()]), "{words}");
        }
    }
}
