//! An edit of a block's script for this run. What no document may hold, no edit makes.

use std::io::Write as _;

use holdpoint_document::{Block, replacement_error};
use holdpoint_engine::Task;
use holdpoint_executor::{Asked, syntax_errors};
use holdpoint_helper::Helper;

use crate::files;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::{RunView, Store};

/// The script as the operator leaves it in their editor, which begins with what would run now. `None`: it stays as it
/// is, and it was said why.
pub(super) fn edited(
    screen: &Screen,
    view: &RunView<'_>,
    task: Task,
    script: &str,
    store: &Store<'_>,
) -> Result<Option<String>, Problem> {
    let current = super::script_at_hand(view, task, store)?.unwrap_or_else(|| script.to_owned());
    let edited = match in_the_editor(&current) {
        Ok(Some(edited)) => edited,
        Ok(None) => {
            screen.tell("    Nothing was saved: the script is as it was.");
            return Ok(None);
        }
        Err(why) => {
            let words = format!("Nothing was saved, the script is as it was: {why}");
            screen.say_hung("    ", &screen.neutralise(&words));
            return Ok(None);
        }
    };
    // The editor's last newlines do not come back.
    if edited.trim_end() == current.trim_end() {
        screen.tell("    Nothing was changed.");
        return Ok(None);
    }
    if let Some(name) = view.secrets.held_by(&edited) {
        screen.tell(&format!(
            "    It holds the secret {name}, which is not kept. Use ${name}: the script is as it was."
        ));
        return Ok(None);
    }
    if let Some(why) = task.block(view.plan).and_then(|block| refusal(block, &edited)) {
        screen.say_hung("    ", &screen.neutralise(&format!("Not taken, the script is as it was: {why}")));
        return Ok(None);
    }
    Ok(Some(edited))
}

/// What the operator's editor makes of a text. `None`: it saved nothing. The error says why that cannot be known.
fn in_the_editor(text: &str) -> Result<Option<String>, String> {
    let named = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok());
    let named = named.unwrap_or_else(|| "vi".to_owned());
    // What cannot be taken apart as words is the name of a program.
    let words = shlex::split(&named).filter(|words| !words.is_empty()).unwrap_or_else(|| vec![named]);
    let failed = |error: std::io::Error| format!("there is no file to edit: {error}");
    let mut file = tempfile::Builder::new().prefix("holdpoint-").suffix(".sh").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let saved_at = || file.path().metadata().and_then(|file| file.modified()).map_err(failed);
    let before = saved_at()?;
    let helper = Helper::new(&words[0]).arguments(&words[1..]).arguments([file.path()]);
    let status = helper.lend_terminal().map_err(|why| why.to_string())?;
    if !status.success() {
        return Err(format!("{} ended with {status}", words[0]));
    }
    // By its name: editors put another file in its place.
    let edited =
        files::read_text(file.path(), files::TEXT).map_err(|error| format!("what was saved: {error}"))?;
    Ok((edited != text || saved_at()? != before).then(|| edited.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Why it is not run in the block's place, in words.
fn refusal(block: &Block, script: &str) -> Option<String> {
    if let Some(why) = replacement_error(script, block) {
        return Some(why);
    }
    let asked = [Asked { interpreter: &block.interpreter, script }];
    let error = syntax_errors(&asked).into_iter().find_map(|(_, error)| error.ok())?;
    let program = block.interpreter.join(" ");
    Some(format!("{program} cannot parse it, line {}: {}", error.line, error.message))
}
