//! Parts of the program that no verb does alone.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use holdpoint_redact::Redactor;

use crate::failure::Failure;

/// Proves a record's bytes, and not its conformity.
pub(crate) fn verify_bytes(directory: &Path) -> Result<(), Failure> {
    let report = holdpoint_record::verify_bytes(directory)?;
    println!("{}", report.verdict);
    if report.verdict.intact() { Ok(()) } else { Err("the record is not intact".into()) }
}

/// Reads a document and says what is to be said of it. No file, process or clock is asked.
pub(crate) fn compile(path: &Path) -> Result<(), Failure> {
    let source = fs::read_to_string(path)?;
    let (compiled, warnings) = holdpoint_document::compile_and_lint(&source, None);
    println!(
        "{} steps, {} findings, {} warnings",
        compiled.plan.steps.len(),
        compiled.diagnostics.len(),
        warnings.len()
    );
    if compiled.has_errors() { Err("the document has errors".into()) } else { Ok(()) }
}

/// Masks eight secrets in a file, in pieces as a pipe gives them.
pub(crate) fn redact(path: &Path) -> Result<(), Failure> {
    let secret = |n: u32| (format!("TOKEN_{n}"), format!("k7#Vt-{n:04}-q9Lw"));
    let mut masking = Redactor::new((1..=8).map(secret).collect())?.stream();
    let (mut file, mut piece, mut bytes) = (File::open(path)?, vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => masking.push(&piece[..read], &mut |masked| bytes += masked.len()),
        }
    }
    let counts = masking.finish(&mut |masked| bytes += masked.len());
    println!("{bytes} bytes, {} masked", counts.values().sum::<u64>());
    Ok(())
}
