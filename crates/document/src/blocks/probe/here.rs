//! `file`, `git` and `image`: what is on the driving machine.

use holdpoint_bounded::json::Value as Json;

use super::reader::{Reader, shown};
use crate::blocks::raw::is_templated;
use crate::spanned::{Entry, Value};
use crate::{FileProbe, GitProbe, ImageName, ImageProbe, is_image_digest, is_sha256};

pub(super) const INSIDE: &str = "name a path below the repository's root, or one of this machine from `/` on";

/// Whether a path leads out of the repository without being one of the machine.
pub(super) fn leaves(path: &str) -> bool {
    path.starts_with('~') || path.split('/').any(|part| part == "..")
}

pub(super) fn file(reader: &mut Reader<'_, '_>) -> Option<FileProbe> {
    let path = reader.need("path", "write `path: config/app.toml`");
    let path = reader.must_be("path", path, |path| !leaves(path), INSIDE);
    let exists = match reader.get("exists") {
        Some(node) => node.bool(reader.findings).map(|exists| (exists, node.span)),
        None => Some((true, reader.node.span)),
    };
    let contains = reader.text("contains");
    if let (true, Some(node)) = (contains.is_some(), reader.get("contains")) {
        reader.expects("$.contains", Json::Bool(true), node.span);
    }
    if let Some((exists, span)) = exists {
        reader.expects("$.exists", Json::Bool(exists), span);
    }
    let octal = |mode: &str| mode.len() == 4 && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    reader.expects_text("mode", "$.mode", octal, "write four digits in quotes: \"0640\"");
    reader.expects_text("owner", "$.owner", |_| true, "");
    if let Some(node) = reader.get("size")
        && let Some(size) = reader.int("size", 0..=i64::MAX)
    {
        reader.expects("$.size", Json::Number(size.into()), node.span);
    }
    let sha256 = reader.expects_text("sha256", "$.sha256", is_sha256, "write 64 digits 0-9, a-f");
    if reader.expected() > 1 && exists.is_some_and(|(exists, _)| !exists) {
        let node = reader.node;
        reader.bad(
            node,
            "of a file that must not exist nothing else can hold",
            "leave `exists: false` or the rest out",
        );
    }
    let path = path?;
    let of_machine = path.starts_with('/');
    Some(FileProbe { path, of_machine, contains, digest: sha256.is_some() })
}

pub(super) fn git(reader: &mut Reader<'_, '_>) -> Option<GitProbe> {
    if let Some(node) = reader.get("clean")
        && let Some(clean) = node.bool(reader.findings)
    {
        reader.expects("$.clean", Json::Bool(clean), node.span);
    }
    reader.expects_text("branch", "$.branch", is_ref, "write the branch's name: `staging`");
    let ancestor = reader.pair("ancestor", "write `ancestor: [OLDER, NEWER]`");
    if let Some((_, span)) = &ancestor {
        reader.expects("$.ancestor", Json::Bool(true), *span);
    }
    let equal = reader.pair("equal_trees", "write `equal_trees: [ONE, OTHER]`");
    if let Some((_, span)) = &equal {
        reader.expects("$.equal_trees", Json::Bool(true), *span);
    }
    let (tag, signers) = (reader.text("tag"), reader.text("signers"));
    let tag = reader.must_be("tag", tag, is_ref, "write the tag's name: `v1.4.0`");
    let signers = reader.must_be("signers", signers, |path| !leaves(path), INSIDE);
    if let (Some(_), Some(node)) = (&tag, reader.get("tag")) {
        reader.expects("$.tag.signed", Json::Bool(true), node.span);
    }
    if reader.expects_text("signed_by", "$.tag.signed_by", |_| true, "").is_some()
        && reader.get("tag").is_none()
    {
        let node = reader.node;
        reader.bad(node, "`signed_by` says who signed a tag, and none is named", "add `tag: NAME`");
    }
    let asked = ["branch", "tag"].iter().any(|key| reader.get(key).is_some());
    if reader.expected() == 0 && !asked {
        let node = reader.node;
        let help = "write one of: clean, branch, ancestor, equal_trees, tag, signed_by";
        reader.bad(node, "nothing is asked of git", help);
    }
    Some(GitProbe {
        ancestor: ancestor.map(|(pair, _)| pair),
        equal_trees: equal.map(|(pair, _)| pair),
        tag,
        signers,
    })
}

/// Whether git takes it as a name (git-check-ref-format(1)).
fn is_ref(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    name.split('/').all(part)
        && !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
}

/// Architectures as images name them (the values of Go's `GOARCH`, which the OCI image specification takes).
const ARCHITECTURES: &[&str] = &[
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
    "riscv64", "s390x", "wasm",
];

pub(super) fn image(reader: &mut Reader<'_, '_>) -> Option<ImageProbe> {
    let name = reader.need("name", "write `name: registry.example.org/app:v1`");
    let registry = match reader.get("registry") {
        Some(node) => node.bool(reader.findings),
        None => Some(false),
    };
    let name = if registry == Some(true) {
        let help = "begin with the registry: `registry.example.org/app:v1`";
        reader.must_be("name", name, |name| ImageName::parse(name).is_some(), help)
    } else {
        let good = |name: &str| !name.starts_with('-') && !name.contains(char::is_whitespace);
        reader.must_be("name", name, good, "write the image's name, as the container engine takes it")
    };
    reader.expects_text("digest", "$.digest", is_image_digest, "write `sha256:` and 64 digits");
    let architecture = reader.expects_text(
        "architecture",
        "$.architecture",
        |name| ARCHITECTURES.contains(&name),
        "write it as images do: `amd64` (not x86_64), `arm64` (not aarch64), `arm`, `386`, `ppc64le`, `riscv64`, `s390x`",
    );
    if let Some(node) = reader.get("labels") {
        let Value::Map(entries) = &node.value else {
            let message = format!("expected labels, found {}", node.found());
            reader.bad(node, message, "write `labels: { NAME: value }`");
            return None;
        };
        if entries.is_empty() {
            reader.bad(node, "no label is named", "write `labels: { NAME: value }`");
        }
        for Entry { key, node, .. } in entries {
            if is_templated(key) || key.contains(['"', '\\', '\'']) || key.contains(char::is_control) {
                reader.bad(node, format!("`{}` cannot be a label", shown(key)), "write its name as it is");
                continue;
            }
            if let Some(text) = reader.text_of(node) {
                reader.expects(format!("$.labels[\"{key}\"]"), Json::String(text), node.span);
            }
        }
    }
    Some(ImageProbe {
        name: name?,
        registry: registry?,
        architecture: architecture.filter(|_| registry == Some(true)),
    })
}
