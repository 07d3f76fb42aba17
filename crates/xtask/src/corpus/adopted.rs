//! What `adopt` makes of documents: figures over all of a corpus.

use std::fmt;

use serde_json::Value;

/// How many commands become what, and how many documents pass `check` as proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    documents: usize,
    /// Documents that pass as proposed.
    pass: usize,
    /// Documents for which nothing is proposed before a person has seen to them.
    refused: usize,
    as_written: usize,
    with_values: usize,
    left: usize,
}

impl Adopted {
    /// What is proposed for one document, as `adopt --format json` tells it.
    ///
    /// # Errors
    /// It tells no figures, or has an edit without a reason.
    pub fn of(adoption: &Value) -> Result<Adopted, String> {
        let list = |key: &str| adoption[key].as_array().ok_or(format!("`adopt` tells no {key}"));
        let count = |key: &str| -> Result<usize, String> {
            let count = adoption["commands"][key].as_u64().ok_or(format!("`adopt` counts no {key}"))?;
            usize::try_from(count).map_err(|error| error.to_string())
        };
        let (edits, left, errors) = (list("edits")?, list("left")?, list("errors")?);
        if let Some(edit) = edits.iter().find(|edit| edit["reason"].as_str().is_none_or(str::is_empty)) {
            return Err(format!("nothing says why {edit} is proposed"));
        }
        let refused = edits.is_empty() && !left.is_empty();
        Ok(Adopted {
            documents: 1,
            pass: usize::from(errors.is_empty() && !refused),
            refused: usize::from(refused),
            as_written: count("as_written")?,
            with_values: count("with_values")?,
            left: count("left")?,
        })
    }

    /// Together with those of another.
    pub fn add(&mut self, other: Adopted) {
        self.documents += other.documents;
        self.pass += other.pass;
        self.refused += other.refused;
        self.as_written += other.as_written;
        self.with_values += other.with_values;
        self.left += other.left;
    }
}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Adopted { documents, pass, refused, as_written, with_values, left } = self;
        let named = documents - pass - refused;
        write!(
            f,
            "adopted: {pass} of {documents} documents pass check as proposed, {named} name the errors that are left, for \
             {refused} nothing is proposed; of their commands {as_written} run as written, {with_values} once a value is \
             known, {left} are left to a person"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_proposed_is_counted_and_an_edit_without_a_reason_is_an_error() {
        let commands = json!({ "as_written": 2, "with_values": 1, "left": 0 });
        let good = json!({ "edits": [{ "reason": "r" }], "left": [], "errors": [], "commands": commands });
        let mut all = Adopted::of(&good).unwrap();
        all.add(
            Adopted::of(&json!({ "edits": [], "left": [{}], "errors": [], "commands": commands })).unwrap(),
        );
        let told = "adopted: 1 of 2 documents pass check as proposed, 0 name the errors that are left, for 1 nothing is \
                    proposed; of their commands 4 run as written, 2 once a value is known, 0 are left to a person";
        assert_eq!(all.to_string(), told);
        let silent = json!({ "edits": [{ "reason": "" }], "left": [], "errors": [], "commands": commands });
        assert!(Adopted::of(&silent).is_err());
        assert!(Adopted::of(&json!({})).is_err());
    }
}
