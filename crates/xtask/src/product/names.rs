//! What the sample product, its people and its files are called.

/// The tag that is ready to be promoted.
pub const RELEASE: &str = "v1.4.0";

/// The tag that serves.
pub const PREVIOUS: &str = "v1.3.0";

/// Who the repository says operates.
pub const OPERATOR: &str = "ops@example.org";

/// Who may sign off, and is somebody else.
pub const QA: &str = "qa@example.org";

/// The run-book, relative to the repository's root.
pub const RUNBOOK: &str = "runbooks/promote-staging-to-production.md";

/// The files that run-books include, relative to the repository's root.
pub const INCLUDED: &str = "runbooks/common";

/// Answers for an unattended rehearsal of it, relative to the repository's root.
pub const ANSWERS: &str = "runbooks/rehearsal-answers.yaml";

/// The same for production, where no file signs anything off.
pub const PRODUCTION_ANSWERS: &str = "runbooks/production-answers.yaml";
