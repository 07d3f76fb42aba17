//! The same as a Debian package, by `dpkg-deb`: nothing of it runs when it is installed or removed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{output, run};

/// Libraries that the program may want, and the packages that bring them.
const LIBRARIES: &[(&str, &str)] =
    &[("libc.so.", "libc6"), ("libm.so.", "libc6"), ("ld-linux", "libc6"), ("libgcc_s.so.", "libgcc-s1")];

/// Where a file of the archive goes: what its path begins with there, and on a machine.
const PLACES: &[(&str, &str)] = &[
    ("bin/", "usr/bin/"),
    ("completions/bash/", "usr/share/bash-completion/completions/"),
    ("completions/zsh/", "usr/share/zsh/vendor-completions/"),
    ("completions/fish/", "usr/share/fish/vendor_completions.d/"),
    ("man/", "usr/share/man/"),
];

/// In the form that Debian gives it (copyright-format 1.0).
const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Holdpoint

Files: *
Copyright: 2026 The Holdpoint authors
License: Expat or Apache-2.0
 The texts are LICENSE-MIT and LICENSE-APACHE beside this file. What the program
 is built of, and under which licences, is in sbom.cdx.json.
";

/// Writes `holdpoint_VERSION_ARCHITECTURE.deb` of what the archive holds, as of a time in seconds since 1970.
///
/// # Errors
/// `dpkg-deb` or `objdump` is missing, the program wants a library that no package is known to bring, or something cannot
/// be written.
pub(super) fn pack(tree: &Path, version: &str, time: &str, directory: &Path) -> io::Result<PathBuf> {
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?;
    let root = tempfile::tempdir()?;
    let mut kilobytes = 0;
    for file in files(tree, "")? {
        let to = placed(&file);
        let bytes = fs::read(tree.join(&file))?;
        kilobytes += bytes.len().div_ceil(1024);
        let to = root.path().join(to);
        put(&to, &bytes, fs::metadata(tree.join(&file))?.permissions().mode() & 0o777)?;
        if file.starts_with("man/") {
            run(Command::new("gzip").args(["--no-name", "--best"]).arg(&to))?;
        }
    }
    put(&root.path().join("usr/share/doc/holdpoint/copyright"), COPYRIGHT.as_bytes(), 0o644)?;
    let depends = depends(&tree.join("bin/holdpoint"))?;
    let control = control(version, &architecture, &depends, kilobytes);
    put(&root.path().join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    open_to_all(root.path())?;
    let package = directory.join(format!("holdpoint_{version}_{architecture}.deb"));
    // Takes the place of every later time in it too.
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", "--build"]).env("SOURCE_DATE_EPOCH", time);
    output(build.arg(root.path()).arg(&package))?;
    Ok(package)
}

/// The rest of the archive is documentation.
fn placed(file: &str) -> String {
    let of = PLACES.iter().find_map(|(from, to)| Some(format!("{to}{}", file.strip_prefix(from)?)));
    of.unwrap_or_else(|| format!("usr/share/doc/holdpoint/{file}"))
}

/// Paths of all files below a directory, from there.
fn files(directory: &Path, above: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = format!("{above}{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => found.extend(files(&entry.path(), &format!("{path}/"))?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Directories of a package are everybody's to read, whatever the umask of whoever packs.
fn open_to_all(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_to_all(&entry.path())?;
        }
    }
    Ok(())
}

fn control(version: &str, architecture: &str, depends: &[String], kilobytes: usize) -> String {
    let depends: Vec<&str> = depends.iter().map(String::as_str).chain(["git"]).collect();
    format!(
        "Package: holdpoint\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: The Holdpoint authors\n\
         Installed-Size: {kilobytes}\n\
         Depends: {}\n\
         Recommends: openssh-client\n\
         Suggests: jq\n\
         Section: admin\n\
         Priority: optional\n\
         Description: run-books you can run, sign and prove\n \
         Steps through a check-list in Markdown, runs its blocks, waits for people's\n \
         sign-off, and keeps a record of it that anybody can verify.\n",
        depends.join(", ")
    )
}

/// Packages with the libraries that a program is linked with, the C library's in the version that it wants at least. None
/// for a script.
fn depends(program: &Path) -> io::Result<Vec<String>> {
    if !fs::read(program)?.starts_with(b"\x7fELF") {
        return Ok(Vec::new());
    }
    let told = output(Command::new("objdump").arg("-p").arg(program))?;
    let mut packages = BTreeSet::new();
    for library in told.lines().filter_map(|line| line.trim().strip_prefix("NEEDED")) {
        let known = LIBRARIES.iter().find(|(name, _)| library.trim().starts_with(name));
        let Some((_, package)) = known else {
            return Err(io::Error::other(format!("no package is known that brings {}", library.trim())));
        };
        packages.insert((*package).to_owned());
    }
    let versions = told.split_whitespace().filter_map(|word| word.strip_prefix("GLIBC_"));
    let numbers =
        |version: &str| -> Option<Vec<u32>> { version.split('.').map(|n| n.parse().ok()).collect() };
    let newest = versions.filter_map(|version| Some((numbers(version)?, version))).max();
    if let Some((_, newest)) = newest
        && packages.remove("libc6")
    {
        packages.insert(format!("libc6 (>= {newest})"));
    }
    Ok(packages.into_iter().collect())
}
