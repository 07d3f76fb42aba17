//! What must hold of any bytes that a reader of holdpoint is given.
//!
//! Each property takes bytes, shapes them into what its reader wants, and panics where something does not hold. The
//! fuzzer (`cargo xtask fuzz`) hunts for such bytes; a test of this crate asks the same functions about the fuzzer's
//! seeds and about everything it ever found, on a stable toolchain, so that neither can rot.
//!
//! It is no part of the product, and nothing of the product may need it.

mod adopted;
mod bounded;
mod bundle;
mod calendars;
mod events;
mod foreign;
mod layer;
mod record;
mod redaction;
mod rendering;
pub mod seeds;
mod settings;
mod shell;
mod signed;
mod text;
mod world;

/// One property, and the name that the fuzzer, its folders and its findings call it by.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// `documents`; a file of `fuzz/fuzz_targets`, and a folder of `tests/cases/fuzz` if it ever found something.
    pub name: &'static str,
    /// Panics where the property does not hold.
    pub holds: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "documents", holds: documents },
    Target { name: "adopted", holds: adopted },
    Target { name: "blocks", holds: blocks },
    Target { name: "settings", holds: settings },
    Target { name: "events", holds: events },
    Target { name: "record", holds: record },
    Target { name: "redaction", holds: redaction },
    Target { name: "rendering", holds: rendering },
    Target { name: "paths", holds: paths },
    Target { name: "templates", holds: templates },
    Target { name: "bundles", holds: bundles },
    Target { name: "approvals", holds: approvals },
    Target { name: "signers", holds: signers },
    Target { name: "shell", holds: shell },
    Target { name: "calendars", holds: calendars },
];

/// A document: every span is in the text and between characters; reading it twice gives the same; an annotated
/// document without an error has every block that its fences name, and no other. Nothing that acts or hides is left
/// in what is shown of it.
pub fn documents(bytes: &[u8]) {
    if let Ok(source) = std::str::from_utf8(bytes) {
        text::document(source, None);
    }
    text::shown(bytes);
}

/// A document that people follow by hand and that knows nothing of holdpoint: beside what holds of [`documents`], it has
/// no error and at least one step, and nothing of it runs. Not for the fuzzer, as it does not hold of any bytes; asked of
/// `tests/cases/real`, and by `cargo xtask corpus` of documents that other people wrote.
///
/// # Panics
/// Where it does not hold, also of bytes that are no text.
pub fn followed_by_hand(bytes: &[u8]) {
    let source = std::str::from_utf8(bytes);
    foreign::followed(source.unwrap_or_else(|error| panic!("it is not UTF-8: {error}")));
}

/// A document that is to become a run-book: what is proposed is in order, compiles or says why not, and is proposed once.
pub fn adopted(bytes: &[u8]) {
    if let Ok(source) = std::str::from_utf8(bytes) {
        adopted::adopted(source);
    }
}

/// A block: the first line is the info string, the rest the block's text, put into a document that is right. Beside
/// what holds of [`documents`]: the script is the text without its option lines.
pub fn blocks(bytes: &[u8]) {
    if let Ok(source) = std::str::from_utf8(bytes) {
        text::block(source);
    }
}

/// A configuration up to a line `-- answers --`, and an answers file behind it: either is read whole or refused with
/// a place.
pub fn settings(bytes: &[u8]) {
    if let Ok(source) = std::str::from_utf8(bytes) {
        settings::both(source);
    }
}

/// Events, one JSON object a line, folded into a run of a fixed run-book: what is read survives the round trip, what
/// the engine refuses leaves the run as it was, what it took makes the same run again.
pub fn events(bytes: &[u8]) {
    events::fold(bytes);
}

/// A record. If the first byte is `=`, what follows are its bytes as they stand; else its lines without `n`, `prev`
/// and `at`, which are put in so that the chain holds. What is intact is accounted for to the last byte; a torn tail is
/// kept, cut and recovered from; what is refused is left alone.
pub fn record(bytes: &[u8]) {
    record::read(bytes);
}

/// Secrets and a stream: a line whose bytes are the lengths of the pieces, lines of secrets, an empty line, the
/// stream. However it is cut, the same comes out, and no secret stands in it.
pub fn redaction(bytes: &[u8]) {
    redaction::masked(bytes);
}

/// A bundle. If the first byte is `=`, what follows are its bytes as they stand; else the archive that is compressed into
/// one. It is unpacked or refused within bounds; nothing stands outside of its directory, no link in it, and nothing is
/// left of what was refused.
pub fn bundles(bytes: &[u8]) {
    bundle::unpacked(bytes);
}

/// A statement up to a line `-- signature --`, and a signature behind it. What is read as an approval survives the round
/// trip; nobody approves with a key that nobody allowed.
pub fn approvals(bytes: &[u8]) {
    signed::approval(bytes);
}

/// Allowed signers up to a line `-- revoked --`, and revoked keys behind it: read whole or refused, twice the same; who
/// is asked for is found or not, soon, and not with a key that is revoked.
pub fn signers(bytes: &[u8]) {
    signed::signers(bytes);
}

/// A calendar: the times that its events take in a year are told or refused, soon and twice the same; they are in order,
/// and none touches another.
pub fn calendars(bytes: &[u8]) {
    calendars::followed(bytes);
}

/// Events as for [`events`]; of those that the engine takes every rendering can be made, twice the same, and nothing
/// in it acts on a terminal.
pub fn rendering(bytes: &[u8]) {
    rendering::rendered(bytes);
}

/// A JSON path, and from the second line on the JSON that it is followed through; another where that is none. Reading
/// and following end soon, what is found is a part of the document, and JSON that was read is written as it was.
pub fn paths(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let (path, document) = text.split_once('\n').unwrap_or((text, ""));
        bounded::path(path, document);
    }
}

/// A script: tokens and their parts follow one another within what they are part of, and end between characters; so do
/// those of everything that it begins with. Reading takes steps in proportion to its length.
pub fn shell(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        shell::script(text);
    }
}

/// A text as a template, a condition and a pattern: all of it ends soon, and renders twice the same.
pub fn templates(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        bounded::template(text);
    }
}
