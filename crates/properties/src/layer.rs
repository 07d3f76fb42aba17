//! The layer under the plan of a document that people follow by hand.

use holdpoint_document::{Compiled, Field, Shown, ValueKind, Work};

/// All words of a row that something is chosen for are told with what is asked.
fn row(text: &str, fields: &[Field]) {
    let told: String = fields
        .iter()
        .map(|field| match &field.kind {
            ValueKind::Choice { choices } => {
                format!("{} {}", field.prompt.as_deref().unwrap_or_default(), choices.join(" "))
            }
            _ => field.prompt.clone().unwrap_or_default(),
        })
        .collect();
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 1)
            .map(str::to_lowercase)
            .collect()
    };
    let told = words(&told);
    // Boxes that are written so.
    let text = text.replace("&nbsp;", "").replace("&#9744;", "");
    assert!(words(&text).iter().all(|word| told.contains(word)), "{text:?} is told as {fields:?}");
}

/// Every byte of a foreign document is shown at one place, as it is written but for the marks around it.
pub(crate) fn shown_once(source: &str, compiled: &Compiled) {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut at = 0;
    for piece in &compiled.pieces {
        assert_eq!(piece.span.start, at, "{:?} is shown nowhere, or twice", source.get(at..));
        at = piece.span.end;
        let text = piece.span.of(source);
        match piece.shown {
            Shown::Front | Shown::Heading => {}
            Shown::Prose { step, action } => {
                let prose =
                    compiled.plan.steps[step].actions[action].prose.map(|prose| prose.of(source).trim());
                assert_eq!(prose, Some(text.trim()), "{piece:?}");
            }
            Shown::Work { step, action } => {
                let action = &compiled.plan.steps[step].actions[action];
                let confirmed = match &action.work {
                    Work::Confirm { text } => text,
                    Work::Record { fields } => {
                        row(text, fields);
                        continue;
                    }
                    _ => continue,
                };
                let (confirmed, written) = (letters(confirmed), letters(text));
                let mark = written.strip_suffix(&confirmed);
                // Only the number and the tick are left out; what says nothing is confirmed as done.
                let marks =
                    mark.is_some_and(|mark| mark.chars().all(|c| c.is_numeric() || matches!(c, 'x' | 'X')));
                assert!(marks || confirmed == "Done", "{written:?} is confirmed as {confirmed:?}");
            }
            Shown::Passage(passage) => {
                let passage = &compiled.plan.passages[passage];
                let shown = passage.prose.iter().map(|prose| prose.of(source).trim()).collect::<String>();
                assert!(text.trim_end().ends_with(&shown), "{piece:?}");
                assert!(passage.heading.is_some() || text.trim() == shown, "{piece:?}");
            }
        }
    }
    assert_eq!(at, if source.trim().is_empty() { at } else { source.len() }, "the end is shown nowhere");
}
