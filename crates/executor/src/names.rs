//! Names of variables: which are ours, which are the shell's own, which may cross between blocks.

/// What our wrapper's own shell variables begin with.
pub(crate) const OURS: &str = "__holdpoint_";

/// Variables that a shell makes anew in every process, that are read-only in it, or that describe one process only.
/// The working directory crosses by itself, so `PWD` is here; `OLDPWD` was left by somebody else.
const OF_THE_SHELL: &[&str] = &[
    "COLUMNS",
    "COMP_CWORD",
    "COMP_KEY",
    "COMP_LINE",
    "COMP_POINT",
    "COMP_TYPE",
    "COMP_WORDBREAKS",
    "COMP_WORDS",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "HOSTTYPE",
    "LINENO",
    "LINES",
    "MACHTYPE",
    "OLDPWD",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "PS1",
    "PS2",
    "PWD",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "UID",
    "_",
];

/// Whether a variable of this name may cross from one block to the next.
pub(crate) fn crosses(name: &str) -> bool {
    is_identifier(name)
        && !name.starts_with("BASH")
        && !name.starts_with("HOLDPOINT_")
        && !name.starts_with(OURS)
        && OF_THE_SHELL.binary_search(&name).is_err()
}

/// Whether an inherited environment variable may reach a block: not what changes how a shell starts, and nothing
/// of ours that was not given for this very block.
pub(crate) fn inherited(name: &[u8]) -> bool {
    !name.starts_with(b"HOLDPOINT_")
        && !matches!(
            name,
            b"BASH_ENV" | b"BASH_XTRACEFD" | b"BASHOPTS" | b"SHELLOPTS" | b"OLDPWD" | b"PWD" | b"_"
        )
}

/// Whether it can be a shell variable's name at all.
pub(crate) fn is_identifier(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_as_the_search_needs_it() {
        assert!(OF_THE_SHELL.is_sorted());
    }

    #[test]
    fn a_users_names_cross_and_the_shells_own_do_not() {
        for name in ["RELEASE", "a", "_x", "IFS", "PATH", "ENV", "HOSTNAME"] {
            assert!(crosses(name), "{name}");
        }
        for name in
            ["_", "BASH_ENV", "BASHPID", "UID", "HOLDPOINT_RUN", "PWD", "1a", "a-b", "", "é", "__holdpoint_x"]
        {
            assert!(!crosses(name), "{name}");
        }
    }
}
