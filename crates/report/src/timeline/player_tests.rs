//! A replay led by keys, frame by frame.

use holdpoint_engine::{By, Deviation, DeviationKind, Outcome, Verdict, Via};
use proptest::prelude::*;

use super::super::{CommandKind, Source, Stream};
use super::*;

fn by() -> By {
    By { who: "ops".into(), via: Via::Terminal }
}

/// A frame for each letter: `h`ead, `c`ommand, `o`utput, `e`nd, `d`eviation, `r`equest of a sign-off, `x` closed.
fn frames(letters: &str) -> Vec<Frame> {
    let source = Source { step: "s".into(), action: "s#1".into(), place: None, attempt: 1 };
    let of = std::rc::Rc::new(source);
    let kind = |letter| match letter {
        'h' => FrameKind::StepHead { step: "s".into(), number: "1".into(), title: "S".into() },
        'c' => FrameKind::Command {
            of: of.clone(),
            kind: CommandKind::Run,
            script: "true".into(),
            differs: false,
            language: "sh".into(),
        },
        'o' => {
            let blob = holdpoint_engine::BlobRef { sha256: "0".repeat(64), bytes: 4 };
            let piece = crate::Piece { blob: std::rc::Rc::new(blob), from: 0, length: 4 };
            FrameKind::Output { of: of.clone(), stream: Stream::Stdout, piece }
        }
        'e' => FrameKind::Ended {
            of: of.clone(),
            outcome: Outcome::Passed,
            exit: Some(0),
            signal: None,
            error: None,
            duration_ms: 1,
        },
        'd' => FrameKind::Deviation(Box::new(Deviation {
            place: None,
            kind: DeviationKind::Skipped,
            step: "s".into(),
            action: None,
            script: None,
            overridden: None,
            reason: "so".into(),
            by: by(),
        })),
        'r' => FrameKind::SignOffRequested { role: "qa".into(), statement: "seen".into() },
        _ => FrameKind::Closed(Verdict::Passed),
    };
    let frame = |(n, letter)| Frame { at: Duration::from_secs(10 * n), n, kind: kind(letter) };
    (0..).zip(letters.chars()).map(frame).collect()
}

fn player(frames: &[Frame], at: usize) -> Player<'_> {
    Player { at, ..Player::new(frames, 1.0, Duration::from_secs(2)) }
}

const RUN: &str = "hcooehcdehrx";

#[test]
fn waits_are_as_they_were_but_never_longer_than_asked_for() {
    let frames = frames("hcoo");
    let waits = |speed, longest| {
        let mut player = Player::new(&frames, speed, Duration::from_secs(longest));
        let mut waits = Vec::new();
        while let Some((wait, _)) = player.due() {
            waits.push(wait.as_secs());
            player.shown();
        }
        waits
    };
    assert_eq!(waits(1.0, 100), [0, 10, 10, 10]);
    assert_eq!(waits(5.0, 100), [0, 2, 2, 2]);
    assert_eq!(waits(1.0, 3), [0, 3, 3, 3]);
}

#[test]
fn forward_shows_the_rest_of_an_action_and_stops_behind_the_head_of_the_next() {
    let frames = frames(RUN);
    let mut player = player(&frames, 0);
    let mut shown = Vec::new();
    loop {
        match player.wish(Wish::Forward) {
            Turn::Show(range) => shown.push(RUN[range].to_owned()),
            other => break assert_eq!(other, Turn::Nowhere),
        }
    }
    assert_eq!(shown, ["hc", "ooehc", "d", "ehr", "x"]);
}

#[test]
fn back_leads_to_the_beginning_of_an_action_and_from_there_to_the_one_before() {
    let frames = frames(RUN);
    let mut player = player(&frames, 9);
    let mut steps = Vec::new();
    while let Turn::Jump { shown, back: true, .. } = player.wish(Wish::Back) {
        steps.push(shown.start);
        if steps.len() > 4 {
            break;
        }
    }
    // The deviation, the second block, the first block, and there it stays.
    assert_eq!(steps, [7, 5, 0, 0, 0]);
    assert_eq!(player.due().map(|(_, frame)| frame.n), Some(2));
    assert_eq!(self::player(&frames, 0).wish(Wish::Back), Turn::Nowhere);
}

#[test]
fn a_jump_finds_the_next_of_its_kind_and_takes_the_head_that_it_passes() {
    let frames = frames(RUN);
    let mut player = player(&frames, 2);
    assert_eq!(player.wish(Wish::Deviation), Turn::Jump { head: Some(5), shown: 7..8, back: false });
    assert_eq!(player.wish(Wish::Deviation), Turn::Nowhere);
    assert_eq!(player.wish(Wish::SignOff), Turn::Jump { head: Some(9), shown: 10..11, back: false });
    assert_eq!(player.wish(Wish::SignOff), Turn::Nowhere);
    assert_eq!(
        self::player(&frames, 10).wish(Wish::SignOff),
        Turn::Jump { head: None, shown: 10..11, back: false }
    );
}

#[test]
fn a_pause_is_kept_over_every_other_wish() {
    let frames = frames(RUN);
    let mut player = player(&frames, 0);
    assert_eq!(player.wish(Wish::Pause), Turn::Paused);
    for wish in [Wish::Forward, Wish::Back, Wish::Deviation, Wish::SignOff] {
        player.wish(wish);
        assert!(player.is_paused());
    }
    assert_eq!(player.wish(Wish::Pause), Turn::Resumed);
}

proptest! {
    #[test]
    fn whatever_is_pressed_it_stays_within_the_frames_and_comes_to_the_end(
        letters in "[hcoedrx]{0,30}",
        wishes in proptest::collection::vec(0_usize..6, 0..60),
    ) {
        let frames = frames(&letters);
        let mut player = player(&frames, 0);
        for wish in wishes {
            let before = player.at;
            let all = [Wish::Pause, Wish::Forward, Wish::Back, Wish::Deviation, Wish::SignOff];
            match all.get(wish).map(|wish| player.wish(*wish)) {
                None => player.shown(),
                Some(Turn::Show(range)) => {
                    // Nothing is left out on the way forward, and there is always some of it.
                    prop_assert_eq!((range.start, range.end), (before, player.at));
                    prop_assert!(before < player.at);
                }
                Some(Turn::Jump { shown, back, head }) => {
                    prop_assert_eq!(shown.end, player.at);
                    prop_assert!(back == (shown.start < before));
                    prop_assert!(head.is_none_or(|head| head < shown.end));
                }
                Some(_) => prop_assert_eq!(before, player.at),
            }
            prop_assert!(player.at <= frames.len());
        }
        let mut left = frames.len() + 1;
        while player.due().is_some() {
            player.shown();
            left -= 1;
            prop_assert!(left > 0);
        }
    }
}
