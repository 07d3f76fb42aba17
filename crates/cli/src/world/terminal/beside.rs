//! A shell beside the run, whose prompt says so.

use std::io::Write as _;
use std::path::Path;

use holdpoint_helper::Helper;
use tempfile::NamedTempFile;

use crate::operator::BESIDE;
use crate::screen::Screen;
use crate::world::RunView;

/// Opens the operator's shell, and waits until they leave it. What they do in it is not recorded.
pub(super) fn open_shell(screen: &Screen, view: &RunView<'_>, root: &Path) {
    let shell = std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned());
    let number = view.run.opened().map_or(0, |opened| opened.number);
    screen.tell(&format!(
        "    A shell beside run {number}. What you do in it is not recorded; leave it with exit."
    ));
    let values = view.run.values().vars();
    let helper = Helper::new(&shell).directory(root).variable(BESIDE, std::process::id().to_string());
    let helper = values.iter().fold(helper, |helper, (name, value)| helper.variable(name, value));
    let beside = format!("(beside run {number}) ");
    let (helper, kept) = prompting(helper, Path::new(&shell), &beside);
    if let Err(why) = helper.lend_terminal() {
        screen.tell(&screen.neutralise(&format!("    {why}")));
    }
    drop(kept);
}

/// The shell with a prompt that begins so: what people set up for theirs is read first. The file is read when it starts.
fn prompting(helper: Helper, shell: &Path, beside: &str) -> (Helper, Option<NamedTempFile>) {
    match shell.file_name().and_then(|name| name.to_str()) {
        Some("bash") => match start_up(beside) {
            Some(file) => (helper.arguments(["--rcfile".as_ref(), file.path().as_os_str()]), Some(file)),
            None => (helper, None),
        },
        Some("fish") => {
            let begins = format!(
                "functions -c fish_prompt holdpoint_prompt; function fish_prompt; echo -n '{beside}'; holdpoint_prompt; end"
            );
            (helper.arguments(["-C".to_owned(), begins]), None)
        }
        // Those that read no file of the user's take it from here.
        _ => {
            let own = std::env::var("PS1").unwrap_or_else(|_| "$ ".to_owned());
            (helper.variable("PS1", format!("{beside}{own}")), None)
        }
    }
}

/// What bash reads in place of the user's file, which it reads first.
fn start_up(beside: &str) -> Option<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("holdpoint-").suffix(".bash").tempfile().ok()?;
    let text = format!("[ -r ~/.bashrc ] && . ~/.bashrc\nPS1='{beside}'\"${{PS1:-\\$ }}\"\n");
    file.write_all(text.as_bytes()).ok()?;
    Some(file)
}
