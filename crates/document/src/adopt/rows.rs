//! Rows of tables that are ticked, or for which something is chosen: a run-book knows nothing of tables, so that what asks for them
//! goes below. The table stays as it is.

use super::proposal::Proposal;
use super::signoff::yaml_text;
use crate::foreign::{Row, rows};
use crate::markdown::Block;
use crate::{Action, Field, Plan, Span, ValueKind, Work};

/// Proposes a `yaml record`, or items with boxes, for each table of which it is sure: its rows are alike, and stand in a step that
/// begins at a heading and is for every run.
pub(super) fn propose(proposal: &mut Proposal, source: &str, blocks: &[Block], plan: &Plan) {
    for (at, block) in blocks.iter().enumerate() {
        let Block::Other(span) = block else { continue };
        let rows = rows(source, *span);
        let Some(text) = asked_for(source, &rows, *span, plan, blocks.get(at + 1)) else { continue };
        let length = span.of(source).trim_end().len();
        let last = span.start + length;
        let end = source[last..].find('\n').map_or(source.len(), |end| last + end + 1);
        let text = if source[..end].ends_with('\n') { text } else { format!("\n{text}") };
        let reason =
            "the rows of the table above are asked for here: a run-book does not ask for those of a table";
        proposal.edit(Span::new(end, end), text, reason);
        proposal.tables.push(Span::new(span.start, end));
    }
}

/// What asks for the rows of a table; `None` where it is not sure that it would ask as a run of the document does.
fn asked_for(source: &str, rows: &[Row], table: Span, plan: &Plan, next: Option<&Block>) -> Option<String> {
    let first = rows.first()?;
    let is_of = |action: &&Action| table.start <= action.span.start && action.span.end <= table.end;
    let step = plan.steps.iter().find(|step| step.actions.iter().any(|action| is_of(&action)))?;
    let actions: Vec<&Action> = step.actions.iter().filter(is_of).collect();
    let alike = rows.iter().all(|row| row.choices.is_empty() == first.choices.is_empty());
    let same = actions.len() == rows.len()
        && actions.iter().zip(rows).all(|(action, row)| action.span.start == row.span.start);
    let braces = ["{{", "{%", "{#"].iter().any(|opens| table.of(source).contains(opens));
    if !alike || !same || braces || step.span.start >= table.start || !step.alternatives.is_empty() {
        return None;
    }
    if first.choices.is_empty() {
        // Beside a list with the same mark they would be one.
        let mark = match next {
            Some(Block::List(_)) if next?.span().of(source).trim_start().starts_with('-') => '*',
            _ => '-',
        };
        let items: String = rows.iter().map(|row| format!("{mark} [ ] {}\n", row.title)).collect();
        return Some(format!("\n{items}"));
    }
    let mut text = "\n```yaml record\n".to_owned();
    for action in actions {
        let Work::Record { fields } = &action.work else { return None };
        fields.iter().for_each(|field| text.push_str(&line(field)));
    }
    Some(text + "```\n")
}

/// A value as a line of YAML.
fn line(field: &Field) -> String {
    let prompt = yaml_text(field.prompt.as_deref().unwrap_or_default());
    let kind = match &field.kind {
        ValueKind::Choice { choices } => {
            let choices: Vec<String> = choices.iter().map(|choice| yaml_text(choice)).collect();
            format!(", type: choice, choices: [{}]", choices.join(", "))
        }
        _ => String::new(),
    };
    let optional = if field.may_be_empty { ", optional: true" } else { "" };
    format!("{}: {{ prompt: {prompt}{kind}{optional} }}\n", field.name)
}

#[cfg(test)]
mod tests {
    use crate::adopt::adopt;
    use crate::{Code, Work, compile_and_lint};

    const COMMAND: &str = "\n## Do\n\n```sh\nls\n```\n";

    #[test]
    fn rows_of_a_table_are_asked_for_below_it_by_the_same_names() {
        for (table, wanted) in [
            (
                "| Item | Yes | No | Comment |\n|---|---|---|---|\n| It is up | | | |\n| Jim's lamp | | | off |\n",
                "```yaml record\nrow_it_is_up: { prompt: 'It is up', type: choice, choices: ['Yes', 'No'] }\nrow_it_is_up_comment: { prompt: 'Comment', optional: true }\n\
                 row_jims_lamp: { prompt: 'Jim''s lamp', type: choice, choices: ['Yes', 'No'] }\nrow_jims_lamp_comment: { prompt: 'Comment, beside “off”', optional: true }\n```\n",
            ),
            (
                "| Prüfpunkt | Ja | Nein | Bemerkung |\n|-|-|-|-|\n| Backup da | ☐ | ☐ | |\n",
                "```yaml record\nrow_backup_da: { prompt: 'Backup da', type: choice, choices: ['Ja', 'Nein'] }\nrow_backup_da_comment: { prompt: 'Bemerkung', optional: true }\n```\n",
            ),
            ("| Task | Done |\n|---|---|\n| Look | |\n| Run `ls` | x |\n", "- [ ] Look\n- [ ] Run ls\n"),
        ] {
            let source = format!("# T\n\n## Check\n\n{table}{COMMAND}");
            let adoption = adopt(&source, None);
            assert!(adoption.text.contains(&format!("{table}\n{wanted}\n## Do")), "{}", adoption.text);
            assert!(adoption.errors.is_empty() && adoption.left.is_empty(), "{adoption:?}");
            let (read, warnings) = compile_and_lint(&adoption.text, None);
            assert!(!warnings.iter().any(|found| found.code == Code::LostStep), "{warnings:?}");
            let asked = |source: &str| {
                let plan = compile_and_lint(source, None).0.plan;
                let all = plan.steps.into_iter().flat_map(|step| step.actions);
                all.filter(|action| matches!(action.work, Work::Confirm { .. } | Work::Record { .. })).count()
            };
            assert!(asked(&adoption.text) > 0 && asked(&adoption.text) <= asked(&source), "{read:?}");
            assert!(adopt(&adoption.text, None).edits.is_empty());
        }
    }

    #[test]
    fn rows_that_would_be_asked_for_otherwise_are_named_and_left() {
        for section in [
            "1. Look\n2. Go on\n\n| Task | Done |\n|---|---|\n| Look | |\n",
            "| Check | Result |\n|-|-|\n| A | ☐ pass ☐ fail |\n| B | ☐ |\n",
            "| Task | Done |\n|---|---|\n| Set {{ it }} | |\n",
            "> | Task | Done |\n> |---|---|\n> | Look | |\n",
        ] {
            let adoption = adopt(&format!("# T\n\n## Check\n\n{section}{COMMAND}"), None);
            assert!(
                adoption.left.iter().any(|left| left.what.contains("rows of a table")),
                "{section}: {:?}",
                adoption.left
            );
            assert!(
                !adoption.text.contains("yaml record") && !adoption.text.contains("[ ] "),
                "{}",
                adoption.text
            );
        }
    }

    #[test]
    fn items_for_rows_stay_apart_from_a_list_below_the_table() {
        let table = "| Task | Done |\n|---|---|\n| Look | |\n";
        let adopted = adopt(&format!("# T\n\n## Check\n\n{table}\n- the end\n{COMMAND}"), None).text;
        assert!(adopted.contains(&format!("{table}\n* [ ] Look\n\n- ")), "{adopted}");
    }

    #[test]
    fn a_row_that_something_else_is_asked_for_is_lost() {
        let source = "---\nrunbook: 1\nmanual: true\n---\n\n# T\n\n## A\n\n| Task | Done |\n|---|---|\n| Look | |\n| Wait | |\n\n- [ ] Look\n";
        let lost = compile_and_lint(source, None).1;
        let lost: Vec<usize> = lost
            .iter()
            .filter(|found| found.code == Code::LostStep)
            .filter_map(|found| found.span.map(|span| source[..span.start].matches('\n').count() + 1))
            .collect();
        assert_eq!(lost, [13]);
    }
}
