//! Values that nobody knows before a real run, in a dry one: what is made of them is unknown too, by what a template reads.

use std::collections::BTreeSet;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use crate::reads::{names_in_condition, names_in_template};

/// What stands in a dry run for a value that nobody knows yet, and for whatever would be made of it.
pub fn unknown(name: &str) -> String {
    format!("⟨{name}: unknown⟩")
}

/// A template with a mark for each expression that reads one of these names.
///
/// # Errors
/// Statements read them, so that the text as a whole hangs on them; the names that it reads, in the order in which they stand.
pub(crate) fn marked(template: &str, names: &BTreeSet<String>) -> Result<String, Vec<String>> {
    let (mut marked, mut kept, mut begun) = (String::with_capacity(template.len()), 0, None);
    for (token, span) in tokenize(template, false, SyntaxConfig::default()).flatten() {
        match token {
            Token::VariableStart => begun = Some(span.end_offset as usize),
            Token::VariableEnd => {
                let Some(range) = begun.take().map(|start| start..span.start_offset as usize) else {
                    continue;
                };
                let read = names_in_condition(&template[range.clone()]);
                let read: Vec<&str> = names.intersection(&read).map(String::as_str).collect();
                if !read.is_empty() {
                    marked += &template[kept..range.start];
                    marked += &format!(" \"{}\" ", unknown(&read.join(", ")));
                    kept = range.end;
                }
            }
            _ => {}
        }
    }
    marked += &template[kept..];
    if names_in_template(&marked).is_disjoint(names) {
        return Ok(marked);
    }
    let mut read: Vec<String> = names.iter().cloned().collect();
    read.sort_by_key(|name| template.find(name.as_str()));
    Err(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_makes_of_an_unknown_name_is_marked_and_the_rest_stays() {
        let names = ["X", "Y"].map(str::to_owned).into();
        for (template, told) in [
            ("a {{ X }} b {{ Z }}", "a {{ \"⟨X: unknown⟩\" }} b {{ Z }}"),
            ("{{- X | upper -}}", "{{- \"⟨X: unknown⟩\" -}}"),
            ("{{ X ~ Z[Y] }}{{ \"}} X\" }}", "{{ \"⟨X, Y: unknown⟩\" }}{{ \"}} X\" }}"),
            ("{% if Z %}{{ X }}{% endif %}", "{% if Z %}{{ \"⟨X: unknown⟩\" }}{% endif %}"),
            ("{% raw %}{{ X }}{% endraw %}{{Y}}", "{% raw %}{{ X }}{% endraw %}{{ \"⟨Y: unknown⟩\" }}"),
        ] {
            assert_eq!(marked(template, &names).as_deref(), Ok(told));
        }
    }

    #[test]
    fn a_text_in_which_a_statement_reads_an_unknown_name_hangs_on_it_as_a_whole() {
        for template in [
            "{% if X > 3 %}a{% endif %}",
            "{% for one in X %}{{ one }}{% endfor %}",
            "{% set two = X * 2 %}{{ two }}",
            "{% with y = X %}{{ y }}{% endwith %}",
            "{% filter upper %}{% if X %}a{% endif %}{% endfilter %}",
        ] {
            let hangs = marked(template, &["X".to_owned()].into());
            assert_eq!(hangs, Err(vec!["X".to_owned()]), "{template}");
        }
    }
}
