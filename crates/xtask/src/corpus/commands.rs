//! What the commands of documents are taken for: figures over all of a corpus.

use std::fmt;

use serde_json::Value;

/// How many commands there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// Documents with at least one.
    documents: usize,
    offered: usize,
    /// Of those that are offered: by somebody at a terminal.
    interactive: usize,
    /// Of those that are offered: that ask for a value, or whether one is right still.
    valued: usize,
    /// Of those that are offered: that are done by hand, for no value can stand where one is to.
    by_hand: usize,
    explanatory: usize,
    none: usize,
}

impl Commands {
    /// Those of one document, as `plan --explain --format json` tells them.
    ///
    /// # Errors
    /// It tells of something that is not known here.
    pub fn of(plan: &Value) -> Result<Commands, String> {
        let steps = plan["explained"].as_array().ok_or("its plan explains nothing")?;
        let mut counted = Commands::default();
        for command in steps.iter().filter_map(|step| step["commands"].as_array()).flatten() {
            counted.documents = 1;
            let (class, reason) = (command["class"].as_str(), command["reason"].as_str());
            if reason.is_none_or(str::is_empty) || command["confidence"].as_str().is_none() {
                return Err(format!("nothing says why {} is what it is", command["command"]));
            }
            match class {
                Some("offered" | "interactive") => {
                    counted.offered += 1;
                    counted.interactive += usize::from(class == Some("interactive"));
                    counted.valued += usize::from(command["needs"].is_array());
                    counted.by_hand += usize::from(command["refused"].is_string());
                }
                Some("explanatory") => counted.explanatory += 1,
                Some("not_a_command") => counted.none += 1,
                other => return Err(format!("a command is taken for {other:?}")),
            }
        }
        Ok(counted)
    }

    /// Together with those of another.
    pub fn add(&mut self, other: Commands) {
        self.documents += other.documents;
        self.offered += other.offered;
        self.interactive += other.interactive;
        self.valued += other.valued;
        self.by_hand += other.by_hand;
        self.explanatory += other.explanatory;
        self.none += other.none;
    }
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Commands { documents, offered, interactive, valued, by_hand, explanatory, none } = self;
        write!(
            f,
            "commands in {documents} documents: {offered} offered ({valued} ask for a value first, {interactive} at a \
             terminal, {by_hand} by hand alone), {explanatory} explain, {none} are no command"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn commands_are_counted_by_what_they_are_taken_for() {
        let of =
            |class: &str| json!({"class": class, "confidence": "sure", "reason": "it is", "command": "ls"});
        let mut valued = of("interactive");
        valued["needs"] = json!(["<x>"]);
        let plan = json!({"explained": [
            {"commands": [of("offered"), valued]},
            {"commands": [of("explanatory"), of("not_a_command")]},
        ]});
        let mut counted = Commands::of(&plan).unwrap();
        counted.add(Commands::of(&json!({"explained": [{"commands": []}]})).unwrap());
        let told = "commands in 1 documents: 2 offered (1 ask for a value first, 1 at a terminal, 0 by hand alone), \
                    1 explain, 1 are no command";
        assert_eq!(counted.to_string(), told);
        assert!(Commands::of(&json!({"explained": [{"commands": [of("other")]}]})).is_err());
        assert!(Commands::of(&json!({})).is_err());
    }
}
