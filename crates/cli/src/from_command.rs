//! What a command gives an input (`from: { command }`): its output within limits, and nothing of it left behind.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use holdpoint_helper::{Helper, Unanswered};

use crate::files;
use crate::interrupts;
use crate::operator::{OF_NO_BLOCK, OF_RUN};
use crate::screen::Screen;

/// Longest time that a command may take.
const LIMIT: Duration = Duration::from_secs(600);

/// What a command prints, up to [`files::VALUE`] bytes, and how it ended; or why there is nothing, in words. What it has
/// to say meanwhile is shown. Where somebody sits at the terminal (`ask`), it may ask them.
pub fn answer(
    screen: &Screen,
    command: &str,
    root: &Path,
    without: &[&str],
    ask: bool,
) -> Result<(ExitStatus, Vec<u8>), String> {
    let helper = Helper::new("sh")
        .arguments(["-euc", command])
        .directory(root)
        .without(without)
        .variable(OF_RUN, OF_NO_BLOCK);
    let helper = helper.within(LIMIT).at_most(files::VALUE);
    let told = screen.clone();
    let say = move |line: &[u8]| told.say(&told.neutralise(&String::from_utf8_lossy(line)));
    let helper = helper.heard_by(say);
    // A session of its own has no terminal, and all of it ends; at ours it is one of many.
    let helper = if ask { helper } else { helper.alone() };
    let _stops = interrupts::Stops::with_the_next(screen, helper.stop());
    let answer = helper.ask().map_err(|why| words(&why))?;
    Ok((answer.status, answer.printed))
}

/// Why a command gave nothing, after its name.
fn words(why: &Unanswered) -> String {
    match why {
        Unanswered::TooLong(_, limit) => {
            format!("it did not end within {}", holdpoint_engine::duration(*limit))
        }
        Unanswered::TooMuch(_, most) => format!("it prints more than {most} bytes"),
        Unanswered::HeldOpen(_) => "something that it left running holds its output open".to_owned(),
        Unanswered::Stopped(_) => "it was interrupted".to_owned(),
        Unanswered::Missing(_) | Unanswered::Failed(..) => why.to_string(),
    }
}
