//! `$NAME` that nothing defines.

use std::collections::BTreeSet;

use super::looked::OfPlan;
use crate::findings::{Findings, nearest};
use crate::scope::allowed;
use crate::{Code, Config, Plan, Work};

/// What a login, a shell or a terminal sets.
const COMMON: &[&str] = &[
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "PWD",
    "OLDPWD",
    "HOSTNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SHELL",
    "TERM",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "UID",
    "EUID",
    "PPID",
    "IFS",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "BASH",
    "BASHPID",
    "BASH_SOURCE",
    "BASH_VERSION",
    "FUNCNAME",
    "PIPESTATUS",
    "REPLY",
    "OPTARG",
    "OPTIND",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "HOSTTYPE",
    "OSTYPE",
    "MACHTYPE",
    "SHLVL",
    "COLUMNS",
    "LINES",
    "DISPLAY",
    "SSH_AUTH_SOCK",
    "SSH_CONNECTION",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "KUBECONFIG",
    "CI",
];

/// Whether a login, a terminal or the shell of a language sets this variable.
pub(crate) fn is_common(name: &str, language: &str) -> bool {
    COMMON.contains(&name) || (language == "zsh" && name == "HOST")
}

pub(super) fn lint(scripts: &[OfPlan<'_>], plan: &Plan, config: Option<&Config>, findings: &mut Findings) {
    let mut known: BTreeSet<&str> = COMMON.iter().copied().collect();
    let environments = allowed(&plan.front, config);
    if let Some((_, first)) = environments.first() {
        let everywhere =
            |name: &&String| environments.iter().all(|(_, other)| other.vars.contains_key(*name));
        known.extend(first.vars.keys().filter(everywhere).map(String::as_str));
    }
    let secrets: BTreeSet<&str> =
        plan.front.inputs.iter().filter(|input| input.secret).map(|input| input.name.as_str()).collect();
    known.extend(plan.front.inputs.iter().map(|input| input.name.as_str()));

    // What is set anywhere, for rollbacks: they run after whatever came before the failure.
    let mut anywhere = known.clone();
    for step in &plan.steps {
        for action in &step.actions {
            anywhere.extend(given(&action.work));
        }
    }
    for script in scripts {
        anywhere.extend(script.looked.defines.iter().map(String::as_str));
    }

    let mut recorded = plan.steps.iter().flat_map(|step| &step.actions).peekable();
    for script in scripts {
        while let Some(action) = recorded.next_if(|action| action.span.start < script.block.span.start) {
            known.extend(given(&action.work));
        }
        if !script.rollback {
            known.extend(script.looked.defines.iter().map(String::as_str));
        }
        let options = &script.block.options;
        let mut told = BTreeSet::new();
        for (name, span) in &script.looked.uses {
            let withheld = secrets.contains(name.as_str())
                && options.secrets.as_ref().is_some_and(|secrets| !secrets.contains(name));
            let names = if script.rollback { &anywhere } else { &known };
            let defined = names.contains(name.as_str())
                || name.starts_with("HOLDPOINT_")
                || is_common(name, &script.block.language)
                || options.env.iter().any(|(variable, _)| variable == name);
            if (defined && !withheld) || !told.insert(name) {
                continue;
            }
            let message = if withheld {
                format!("the secret `{name}` is not among the `secrets` of this block")
            } else {
                format!("nothing defines `${name}` before this point")
            };
            let help = match nearest(name, names.iter().copied()) {
                _ if withheld => format!("add it: `secrets: [{name}]`"),
                Some(near) if near != name => format!("did you mean `${near}`?"),
                _ => format!(
                    "declare it in `inputs` or in holdpoint.toml's vars, or write ${{{name}:-default}}"
                ),
            };
            findings.add(Code::UndefinedVariable, *span, message, help);
        }
    }
}

/// Names that an action gives to what follows it.
fn given(work: &Work) -> Vec<&str> {
    match work {
        Work::Run(block) | Work::Check(block) => {
            block.options.capture.iter().map(|capture| capture.name.as_str()).collect()
        }
        Work::Record { fields } => fields.iter().map(|field| field.name.as_str()).collect(),
        Work::Confirm { .. } | Work::SignOff(_) => Vec::new(),
    }
}
