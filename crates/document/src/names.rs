//! Names that documents give to things.

use crate::findings::Findings;
use crate::{Code, Span};

/// Names that templates always have.
pub(crate) const BUILT_IN: &[&str] = &["environment", "run", "operator"];

/// Whether `name` can be a variable of a shell and of a template; says so if not.
pub(crate) fn is_variable(name: &str, span: Span, findings: &mut Findings) -> bool {
    let shaped = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let message = if !shaped {
        format!("`{name}` cannot be a variable's name")
    } else if BUILT_IN.contains(&name) || name.to_ascii_uppercase().starts_with("HOLDPOINT_") {
        format!("`{name}` is a name that holdpoint itself gives")
    } else {
        return true;
    };
    findings.add(Code::BadValue, span, message, "use letters, digits and `_`, as in RELEASE or error_rate");
    false
}

/// Whether a name says that its value is not to be seen.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = [
        "token",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "apikey",
        "api_key",
        "private_key",
        "access_key",
    ];
    words.iter().any(|word| name.contains(word))
}
