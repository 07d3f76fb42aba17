//! What the streams of this process lead to.

use std::io::IsTerminal;

/// What a process's streams lead to, and what the environment says of the terminal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Able {
    /// Whether people read along on a terminal.
    pub(super) terminal: bool,
    /// Whether what is read comes from a terminal.
    pub(super) typed: bool,
    /// Whether people look at data on a terminal.
    pub(super) data_on_terminal: bool,
    /// Whether what is written goes through a pipe.
    pub(super) piped: bool,
    pub(super) dumb: bool,
    pub(super) no_color: bool,
    /// Whether the window takes a title.
    pub(super) titled: bool,
    /// Whether the terminal says that it takes links.
    pub(super) links: bool,
}

/// Terminals whose windows take a title, by how `TERM` begins.
const TITLED: [&str; 14] = [
    "xterm",
    "screen",
    "tmux",
    "rxvt",
    "alacritty",
    "foot",
    "kitty",
    "ghostty",
    "wezterm",
    "konsole",
    "gnome",
    "vte",
    "st-",
    "contour",
];

impl Able {
    pub(super) fn of_this_process() -> Able {
        use rustix::fs::{FileType, fstat};
        let piped =
            fstat(std::io::stderr()).is_ok_and(|file| FileType::from_raw_mode(file.st_mode).is_fifo());
        Able {
            terminal: std::io::stderr().is_terminal(),
            typed: std::io::stdin().is_terminal(),
            data_on_terminal: std::io::stdout().is_terminal(),
            piped,
            dumb: std::env::var_os("TERM").is_none_or(|term| term == "dumb"),
            titled: std::env::var("TERM").is_ok_and(|term| TITLED.iter().any(|of| term.starts_with(of))),
            links: supports_hyperlinks::on(supports_hyperlinks::Stream::Stderr),
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        }
    }
}
