//! `lsp`: answers editors, with the very reader that `check` asks.

use std::cell::OnceCell;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use holdpoint_document::{Code, Diagnostic, Plan};
use holdpoint_lsp::{Found, Host, Read};

use super::prepare::{self, Checked};
use super::{schema, wanting};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::sources::Sources;

/// Speaks the Language Server Protocol on standard input and output, until the editor ends it.
pub fn lsp(screen: &Screen) -> Result<Exit, Problem> {
    let served = holdpoint_lsp::serve(
        BufReader::new(std::io::stdin()),
        &mut std::io::stdout().lock(),
        &Repository { screen },
    );
    match served {
        Ok(true) => Ok(Exit::Passed),
        // The editor is gone without a word; there is nobody left to tell.
        Ok(false) | Err(_) => Ok(Exit::Failed),
    }
}

/// Documents with what their repositories say.
struct Repository<'s> {
    screen: &'s Screen,
}

impl Host for Repository<'_> {
    fn read(&self, path: &Path, text: &str) -> Read {
        match prepare::check_text(path, Arc::new(text.to_owned())) {
            Ok(checked) => read(checked),
            Err(problem) => {
                let message = problem.message(self.screen);
                let help = "`holdpoint check` says more";
                let finding = Diagnostic::new(Code::Syntax, None, message, help);
                let root = path.parent().map(Path::to_owned).unwrap_or_default();
                let findings = vec![Found { finding, file: None }];
                Read { plan: nothing(), findings, config: None, root, proposed: OnceCell::new() }
            }
        }
    }

    fn schema(&self, of: &str) -> &'static str {
        schema::named(of)
    }
}

fn nothing() -> Plan {
    holdpoint_document::compile("", None).plan
}

fn read(checked: Checked) -> Read {
    let Checked { place, path, sources, plan, mut findings } = checked;
    findings.extend(wanting::wanting(&place, &plan, None));
    let root = place.root.canonicalize().unwrap_or_else(|_| place.root.clone());
    let found = |finding| located(&root, &path, &sources, finding);
    let findings = findings.into_iter().map(found).collect();
    let plan = sources.parts().map_or_else(|| plan.clone(), |parts| parts.by_file(&plan));
    let config = place.config.map(|configured| configured.config);
    Read { plan, findings, config, root: root.clone(), proposed: OnceCell::new() }
}

/// A finding in the file that it is about.
fn located(root: &Path, path: &str, sources: &Sources, finding: Diagnostic) -> Found {
    let Some(span) = finding.span else { return Found { finding, file: None } };
    let (file, text, local) = sources.locate(path, span);
    let other = (file != path).then(|| (root.join(file), text.to_owned()));
    Found { finding: Diagnostic { span: Some(local), ..finding }, file: other }
}
