//! An edit of a block's script for this run. What no document may hold, no edit makes.

use holdpoint_document::{Block, replacement_error};
use holdpoint_engine::Task;
use holdpoint_executor::{Asked, syntax_errors};

use crate::problem::Problem;
use crate::screen;
use crate::world::{Journal, Scene};

/// The script as the operator leaves it in their editor, which begins with what would run now. `None`: it stays as it
/// is, and it was said why.
pub(super) fn edited(
    scene: &Scene<'_>,
    task: Task,
    script: &str,
    journal: &dyn Journal,
) -> Result<Option<String>, Problem> {
    let current = super::script_at_hand(scene, task, journal)?.unwrap_or_else(|| script.to_owned());
    let Some(edited) = dialoguer::Editor::new().extension(".sh").edit(&current).ok().flatten() else {
        screen::tell("    Nothing was saved: the script is as it was.");
        return Ok(None);
    };
    // The editor's last newlines do not come back.
    if edited.trim_end() == current.trim_end() {
        screen::tell("    Nothing was changed.");
        return Ok(None);
    }
    if let Some(name) = crate::secrets::held_by(&edited) {
        screen::tell(&format!(
            "    It holds the secret {name}, which is not kept. Use ${name}: the script is as it was."
        ));
        return Ok(None);
    }
    if let Some(why) = task.block(scene.plan).and_then(|block| refusal(block, &edited)) {
        screen::say_hung("    ", &screen::neutralise(&format!("Not taken, the script is as it was: {why}")));
        return Ok(None);
    }
    Ok(Some(edited))
}

/// Why it is not run in the block's place, in words.
fn refusal(block: &Block, script: &str) -> Option<String> {
    if let Some(why) = replacement_error(script, &block.language) {
        return Some(why);
    }
    let asked = [Asked { interpreter: &block.interpreter, script }];
    let error = syntax_errors(&asked).into_iter().find_map(|(_, error)| error.ok())?;
    let program = block.interpreter.join(" ");
    Some(format!("{program} cannot parse it, line {}: {}", error.line, error.message))
}
