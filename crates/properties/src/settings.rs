//! Configuration and answers.

use holdpoint_document::{CHOICES, Diagnostic, read_answers, read_config, read_user_config};

use crate::text::{document, findings};
use crate::world::{BOOK, PLAN};

/// What stands between a configuration and the answers behind it.
pub(crate) const BETWEEN: &str = "\n-- answers --\n";

pub(crate) fn both(source: &str) {
    let (config, answers) = source.split_once(BETWEEN).unwrap_or((source, ""));
    configuration(config);
    self::answers(answers);
}

fn configuration(source: &str) {
    let (own, found) = read_user_config(source);
    assert_eq!((&own, &found), (&read_user_config(source).0, &read_user_config(source).1));
    findings(source, &found);
    assert!(!found.is_empty() || own.allow_paths.iter().all(|path| path.starts_with('/')));
    let (config, found) = read_config(source);
    let (again, found_again) = read_config(source);
    assert_eq!((&config, &found), (&again, &found_again));
    findings(source, &found);
    if found.iter().any(Diagnostic::is_error) {
        return;
    }
    let table = source.strip_prefix('\u{feff}').unwrap_or(source).parse::<toml::Table>();
    let table = table.unwrap_or_else(|error| panic!("no error was found in what is no TOML: {error}"));
    let count = |key: &str| table.get(key).and_then(toml::Value::as_table).map_or(0, toml::Table::len);
    let read = [
        ("environments", config.environments.len()),
        ("roles", config.roles.len()),
        ("people", config.people.len()),
    ];
    for (key, read) in read {
        assert_eq!(count(key), read, "{key} are lost");
    }
    document(BOOK, Some(&config));
}

fn answers(source: &str) {
    let (answers, found) = read_answers(source, &PLAN);
    let (again, found_again) = read_answers(source, &PLAN);
    assert_eq!((&answers, &found), (&again, &found_again));
    findings(source, &found);
    if !found.is_empty() {
        return;
    }
    for (name, entry) in &answers.steps {
        let of_step = |step: &holdpoint_document::Step| {
            let own = step.actions.iter().any(|action| action.id == *name);
            let undone =
                (1..=step.rollbacks.len()).any(|n| holdpoint_document::rollback_id(&step.id, n) == *name);
            step.id == *name || own || undone
        };
        assert!(PLAN.steps.iter().any(of_step), "{name} is nothing of this run-book");
        assert!(entry.choice.as_deref().is_none_or(|choice| CHOICES.contains(&choice)), "{entry:?}");
    }
}
