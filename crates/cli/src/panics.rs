//! A fault that nobody foresaw: said in a few words, with secrets masked, and the terminal as it was.

use std::any::Any;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;
use crate::interrupts::restore_terminal;
use crate::screen::Screen;

/// Does `work`; if it or any thread panics, the exit code says so. Blocks are ended and files taken away on the way.
///
/// A process has one hook. It is given this screen, and so masks what the session's secrets hide by then, those that
/// blocks have registered too.
pub fn guarded(screen: &Screen, work: impl FnOnce() -> Exit) -> Exit {
    // The work of one thread may be missed by the others.
    let panicked = Arc::new(AtomicBool::new(false));
    let (told_on, seen) = (screen.clone(), Arc::clone(&panicked));
    std::panic::set_hook(Box::new(move |panic| {
        seen.store(true, Ordering::SeqCst);
        tell(&told_on, panic);
    }));
    let exit = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Exit::Fault);
    if panicked.load(Ordering::SeqCst) { Exit::Fault } else { exit }
}

fn tell(screen: &Screen, panic: &PanicHookInfo<'_>) {
    restore_terminal(screen);
    let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
    screen.say(&format!(
        "\nholdpoint failed through a fault of its own{}: {}",
        place.unwrap_or_default(),
        screen.neutralise(words(panic.payload()))
    ));
    screen.say(
        "  help: What was acknowledged is on record; go on with: holdpoint resume latest. Report this, unless the \
         machine, or this user's share of it, is full of processes or open files.",
    );
}

fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason was given")
}
