//! Two screens in one process.

use holdpoint_redact::Redactor;

use super::*;
use crate::hearing::Asking;

const ANNS: &str = "hunter2hunter2";
const BOBS: &str = "correct-horse";

fn hiding(name: &str, secret: &str) -> (Screen, impl Fn() -> String) {
    let secrets = Secrets::default();
    let (screen, kept) = Screen::kept(&secrets);
    // Also what is hidden after the screen was made.
    secrets.hide(&Redactor::new(vec![(name.to_owned(), secret.to_owned())]).unwrap());
    (screen, move || String::from_utf8(kept.lock().unwrap().clone()).unwrap())
}

#[test]
fn each_masks_the_secrets_of_its_own_session_and_shows_those_of_the_other() {
    let ((anns, at_ann), (bobs, at_bob)) = (hiding("ANN", ANNS), hiding("BOB", BOBS));
    let both = format!("{ANNS} and {BOBS}");
    for screen in [&anns, &bobs] {
        screen.say(&both);
        screen.tell(&format!("  {both}"));
        screen.data(&both);
        screen.say(&screen.neutralise(&both));
        Live::still(screen, None).push(false, format!("{both}\n").as_bytes());
    }
    let (at_ann, at_bob) = (at_ann(), at_bob());
    assert_eq!(at_ann.matches(&format!("[REDACTED:ANN] and {BOBS}\n")).count(), 5, "{at_ann}");
    assert_eq!(at_bob.matches(&format!("{ANNS} and [REDACTED:BOB]\n")).count(), 5, "{at_bob}");
    assert!(!at_ann.contains(ANNS) && !at_bob.contains(BOBS));
    assert_eq!((anns.held_by(&both), bobs.held_by(&both)), (Some("ANN".to_owned()), Some("BOB".to_owned())));
}

#[test]
fn a_signal_or_a_prompt_at_one_is_none_at_the_other() {
    let ((anns, _), (bobs, _)) = (hiding("ANN", ANNS), hiding("BOB", BOBS));
    anns.hearing().ask(Asking::Operator);
    anns.hearing().one(holdpoint_driver::Interrupt::Stop);
    assert_eq!((anns.hearing().asking(), anns.hearing().signals()), (Asking::Operator, 1));
    assert_eq!((bobs.hearing().asking(), bobs.hearing().signals()), (Asking::Nobody, 0));
    assert!(anns.hearing().begins() && bobs.hearing().begins() && !anns.hearing().begins());
}

#[test]
fn a_problem_is_masked_by_the_screen_that_shows_it() {
    use crate::problem::Problem;
    let ((anns, at_ann), (bobs, at_bob)) = (hiding("ANN", ANNS), hiding("BOB", BOBS));
    let problem = Problem::usage(format!("no {ANNS}\u{1b}[2J"), format!("Ask {BOBS}."));
    problem.print(&anns);
    problem.print(&bobs);
    let (at_ann, at_bob) = (at_ann(), at_bob());
    assert!(at_ann.contains("no [REDACTED:ANN]␛[2J") && at_ann.contains(BOBS), "{at_ann}");
    assert!(at_bob.contains(&format!("no {ANNS}␛[2J")) && at_bob.contains("[REDACTED:BOB]"), "{at_bob}");
}
