//! Event 0 of a run, and what it keeps of the configuration.

use holdpoint_engine::{Claims, Included, RunOpened, Runbook};
use holdpoint_record::FORMAT;
use holdpoint_signing::{BadFiles, Signers};

use super::overriding;
use super::prepare::Prepared;
use super::rules::Obeyed;
use crate::operator;
use crate::place::Traced;
use crate::problem::Problem;
use crate::world::Store;

/// The files that say who may sign and whose keys are revoked. One that is no such file is refused: what the
/// configuration names may be anything, a private key for instance, and would be kept with the run.
pub fn signer_files(prepared: &Prepared) -> Result<[Option<Vec<u8>>; 2], Problem> {
    let read = |path: Option<&String>,
                what: &str,
                parse: fn(&[u8]) -> Result<Signers, BadFiles>|
     -> Result<_, Problem> {
        let Some(path) = path else { return Ok(None) };
        let bytes = prepared.place.configured_file(path).map_err(|error| {
            Problem::usage(
                format!("{what} `{path}` cannot be read: {error}"),
                "holdpoint.toml names it under [signers]. Make the file, or remove the key.",
            )
        })?;
        parse(&bytes).map_err(|error| {
            Problem::usage(
                format!("`{path}` is not {what}: {error}"),
                "Nothing was run or copied. holdpoint.toml names it under [signers]: name the right file, or correct it.",
            )
        })?;
        Ok(Some(bytes))
    };
    let config = prepared.place.configuration();
    Ok([
        read(config.and_then(|it| it.signers.as_ref()), "the file of allowed signers", |bytes| {
            Signers::read(Some(bytes), None, "UTC")
        })?,
        read(config.and_then(|it| it.revoked.as_ref()), "the list of revoked keys", |bytes| {
            Signers::read(None, Some(bytes), "UTC")
        })?,
    ])
}

/// Event 0, but for the digest of the program.
pub fn opened(
    prepared: &Prepared,
    obeyed: &Obeyed,
    store: &mut Store<'_>,
    number: u64,
    session: holdpoint_engine::Session,
    traced: Traced,
) -> Result<RunOpened, Problem> {
    let config =
        prepared.place.config.as_ref().map(|config| store.put(config.text.as_bytes())).transpose()?;
    let configuration = prepared.place.configuration();
    let [signers, revoked] = signer_files(prepared)?;
    let signers = signers.map(|bytes| store.put(&bytes)).transpose()?;
    let revoked = revoked.map(|bytes| store.put(&bytes)).transpose()?;
    Ok(RunOpened {
        former: None,
        dry: false,
        format: FORMAT.to_owned(),
        id: ulid::Ulid::generate().to_string(),
        number,
        runbook: runbook(prepared, store, traced)?,
        plan: prepared.plan.digest(),
        environment: prepared.environment.clone(),
        inputs: prepared.inputs.given.clone(),
        config,
        signers,
        revoked,
        roles: configuration.map(|config| config.roles.clone()).unwrap_or_default(),
        people: configuration.map(holdpoint_document::Config::printed_names).unwrap_or_default(),
        aliases: configuration.map(holdpoint_document::Config::aliases).unwrap_or_default(),
        policy: overriding::policy(obeyed, store)?,
        session,
    })
}

/// The document as an event tells of it; its bytes and those of what it includes are kept.
pub fn runbook(prepared: &Prepared, store: &mut Store<'_>, traced: Traced) -> Result<Runbook, Problem> {
    let mut included = Vec::new();
    for file in prepared.sources.files() {
        let blob = store.put(file.text.as_bytes())?;
        included.push(Included { path: file.path.clone(), blob });
    }
    Ok(Runbook {
        path: prepared.path.clone(),
        blob: store.put(prepared.sources.own().as_bytes())?,
        includes: included,
        commit: traced.commit,
        dirty: traced.dirty,
        committed: traced.committed,
        title: prepared.plan.title.clone(),
        document_id: prepared.plan.front.document_id.clone(),
        revision: prepared.plan.front.revision.clone(),
        claims: Claims::of(&prepared.plan.front),
        foreign: prepared.plan.is_foreign(),
    })
}

/// Waits for the digest of the program: nothing is recorded without.
pub fn with_program(opened: RunOpened) -> RunOpened {
    RunOpened { session: operator::with_program(opened.session), ..opened }
}
