//! `file` and `git`: what is on this machine.

use std::os::unix::fs::symlink;

use holdpoint_xtask::sample;

use crate::asks;
use crate::bench::{Bench, HOLDPOINT, Ran, sha256};

#[test]
fn a_file_is_looked_at_and_never_waited_for() {
    let bench = Bench::with(&[("config/app.toml", "port = 8080\n")]);
    bench.sh("chmod 640 config/app.toml; mkfifo pipe; mkdir ../outside; echo x > ../outside/file; truncate -s 3G large");
    symlink("../outside/file", bench.path("away")).unwrap();
    symlink("config/app.toml", bench.path("link")).unwrap();
    let digest = sha256(b"port = 8080\n");
    let outside = bench.all().join("outside/file");
    for (probe, code, words) in [
        (
            format!(
                "path: config/app.toml, mode: \"0640\", size: 12, sha256: {digest}, contains: \"port = 80\""
            ),
            0,
            "passed",
        ),
        ("path: link, contains: \"8080\\n\"".to_owned(), 0, "passed"),
        (format!("path: {}", outside.display()), 0, "passed"),
        ("path: missing, exists: false".to_owned(), 0, "passed"),
        ("path: missing".to_owned(), 3, "$.exists = true"),
        ("path: config/app.toml, exists: false".to_owned(), 3, "$.exists = false"),
        ("path: config/app.toml, mode: \"0600\"".to_owned(), 3, "0640"),
        ("path: config/app.toml, owner: nobody-here".to_owned(), 3, "nobody-here"),
        ("path: config/app.toml, size: 11".to_owned(), 3, "$.size = 11"),
        ("path: config/app.toml, contains: \"port = 81\"".to_owned(), 3, "$.contains = true"),
        (format!("path: link, sha256: {}", sha256(b"")), 3, "$.sha256"),
        ("path: pipe".to_owned(), 3, "no regular file"),
        ("path: config".to_owned(), 3, "no regular file"),
        ("path: away".to_owned(), 3, "leads out of the repository"),
        ("path: large, contains: x".to_owned(), 3, "longer than"),
    ] {
        asks(&bench, code, &format!("file: {{ {probe} }}")).says(words);
    }
}

#[test]
fn a_path_that_a_value_makes_one_of_the_machine_is_refused() {
    let bench = Bench::new();
    bench.file("book.md", &crate::book(&["file: { path: \"{{ WANT }}\" }"]));
    let mut command = bench.command(HOLDPOINT);
    command.args(["run", "book.md", "--unattended", "--set", "WANT=/etc/passwd"]).env("TOKEN", crate::SECRET);
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.both());
    ran.says("no path of the repository");
}

#[test]
fn a_repository_is_asked_for_its_state() {
    let bench = Bench::with(&[("a", "1\n"), (".gitignore", ".holdpoint/\nbook.md\nkey*\nsigners\n")]);
    bench.committed();
    bench.sh(
        "ssh-keygen -q -t ed25519 -N '' -f key -C qa; printf 'qa@example.org %s\\n' \"$(cut -d' ' -f1,2 key.pub)\" > signers
        git tag first; echo 2 > a; git commit -qam second; git tag second; git checkout -q -b side first
        echo 2 > a; git commit -qam same; git checkout -q main
        git -c gpg.format=ssh -c user.signingkey=key tag -s v1 -m one
        git tag -a -m two v2",
    );
    let asks = |code: i32, probe: &str| asks(&bench, code, &format!("git: {{ {probe} }}"));
    asks(0, "clean: true, branch: main, ancestor: [first, HEAD], equal_trees: [side, main]");
    asks(0, "tag: v1, signers: signers, signed_by: qa@example.org");
    asks(3, "tag: v1, signers: signers, signed_by: ops@example.org").says("$.tag.signed_by");
    asks(3, "tag: v2, signers: signers").says("$.tag.signed = true");
    asks(3, "tag: v9, signers: signers").says("`v9` names no tag");
    asks(3, "branch: side").says("$.branch");
    asks(3, "ancestor: [side, main]").says("$.ancestor = true");
    asks(3, "equal_trees: [first, main]").says("$.equal_trees = true");
    asks(3, "ancestor: [no-such, main]").says("`no-such` names no commit");
    asks(3, "ancestor: [\"--help\", main]").says("names no commit");
    bench.file("a", "3\n");
    asks(3, "clean: true").says("$.clean = true");
    asks(0, "clean: false");
    // What git was told to overlook, and a program that would tell it what to think.
    bench.sh("git update-index --assume-unchanged a");
    asks(3, "clean: true").says("$.clean = true");
    bench.sh("git update-index --no-assume-unchanged a; git update-index --skip-worktree a");
    asks(3, "clean: true").says("$.clean = true");
    bench.sh("git update-index --no-skip-worktree a; git checkout -q a; chmod 755 a; git config core.fileMode false");
    asks(3, "clean: true").says("$.clean = true");
    bench.sh(
        "chmod 644 a; git config filter.f.clean 'touch ran; cat'; echo '* filter=f' > .git/info/attributes",
    );
    asks(3, "clean: true").says("has a filter (f), which may hide changes");
    asks(0, "branch: main");
    assert!(!bench.path("ran").exists());
    bench.sh("git config --unset filter.f.clean; git replace --graft first main");
    asks(3, "ancestor: [main, first]").says("$.ancestor = true");
    bench.sh("git replace -d \"$(git rev-parse first)\"; git rev-parse main > .git/info/grafts");
    asks(0, "ancestor: [first, main]");
}

/// A tag with what git takes for a signature by PGP, or by X.509.
const TAGGED: &str = "tagged() {
    { printf 'object %s\\ntype commit\\ntag %s\\ntagger A <a@example.org> 0 +0000\\n\\none\\n' \"$(git rev-parse HEAD)\" \"$1\"
      printf -- '-----BEGIN %s-----\\nU1NIU0lH\\n-----END %s-----\\n' \"$2\" \"$2\"; } > tag
    git update-ref \"refs/tags/$1\" \"$(git hash-object -t tag -w tag)\"; rm tag
}
tagged pgp 'PGP SIGNATURE'; tagged x509 'SIGNED MESSAGE'";

/// A program that vouches for every signature, and leaves `ran` behind.
const VOUCHES: &str = "#!/bin/sh
echo \"$0\" >> ran; cat > read
printf '\\n[GNUPG:] GOODSIG 0123456789ABCDEF Stranger\\n[GNUPG:] VALIDSIG 0123456789ABCDEF\\n[GNUPG:] TRUST_ULTIMATE\\n'
printf 'Good \"git\" signature for qa@example.org with ED25519 key SHA256:x\\n'
";

/// A repository with tags that nobody trustworthy has signed, and a file of signers.
fn tagged() -> Bench {
    let bench = Bench::with(&[
        ("a", "1\n"),
        ("vouches", VOUCHES),
        (".gitignore", ".holdpoint/\nbook.md\nkey*\nsigners\nran\nread\n"),
    ]);
    bench.sh("chmod 755 vouches");
    bench.committed();
    bench.sh(TAGGED);
    bench.sh(
        "ssh-keygen -q -t ed25519 -N '' -f key -C qa; ssh-keygen -q -t ed25519 -N '' -f key-of-another -C x
        printf 'qa@example.org %s\\n' \"$(cut -d' ' -f1,2 key.pub)\" > signers
        git -c gpg.format=ssh -c user.signingkey=key-of-another tag -s ssh -m one",
    );
    bench
}

#[test]
fn what_the_repository_has_signatures_verified_by_is_neither_run_nor_believed() {
    let bench = tagged();
    let keys = ["gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program"];
    for key in sample::some(keys, 1) {
        bench.sh(&format!("git config {key} \"$PWD/vouches\""));
        for tag in ["pgp", "x509", "ssh"] {
            for signers in ["", ", signers: signers"] {
                asks(&bench, 3, &format!("git: {{ tag: {tag}{signers} }}")).says("$.tag.signed = true");
            }
        }
        assert!(!bench.path("ran").exists(), "{key} was run");
        bench.sh(&format!("git config --unset {key}"));
    }
}

/// What comes of a `git` probe where the user's own configuration of git is this.
fn by_own_settings(bench: &Bench, settings: &str, probe: &str) -> Ran {
    let own = bench.all().join("own");
    std::fs::write(&own, settings).unwrap();
    bench.file("book.md", &crate::book(&[&format!("git: {{ {probe} }}")]));
    let mut command = bench.command(HOLDPOINT);
    command
        .args(["run", "book.md", "--unattended"])
        .env("TOKEN", crate::SECRET)
        .env("GIT_CONFIG_GLOBAL", &own);
    Ran::of(command.output().unwrap())
}

#[test]
fn who_may_sign_is_told_by_the_document_or_by_the_user_and_not_by_the_repository() {
    let bench = tagged();
    bench.sh("git -c gpg.format=ssh -c user.signingkey=key tag -s good -m one
        printf 'qa@example.org %s\\n' \"$(cut -d' ' -f1,2 key-of-another.pub)\" > signers-of-another
        echo signers-of-another >> .git/info/exclude
        git config gpg.ssh.allowedSignersFile signers-of-another");
    asks(&bench, 0, "git: { tag: good, signers: signers, signed_by: qa@example.org }");
    for tag in ["ssh", "good"] {
        asks(&bench, 3, &format!("git: {{ tag: {tag} }}")).says("$.tag.signed = true");
    }
    let signers = bench.path("signers").display().to_string();
    for (more, code) in [("", 0), ("revocationFile = key.pub\n", 3)] {
        bench.sh("git config gpg.ssh.revocationFile /dev/null");
        let own = format!("[gpg \"ssh\"]\nallowedSignersFile = {signers}\n{more}");
        let ran = by_own_settings(&bench, &own, "tag: good, signed_by: qa@example.org");
        assert_eq!(ran.code, code, "{more}: {}", ran.both());
    }
}

#[test]
fn a_good_signature_by_nobody_in_the_file_of_signers_does_not_hold() {
    let bench = tagged();
    // The user's own program finds it good.
    let asks = |code: i32, probe: &str| {
        let says = bench.path("says");
        let own = format!("[gpg]\nprogram = {0}\n[gpg \"x509\"]\nprogram = {0}\n", says.display());
        let ran = by_own_settings(&bench, &own, probe);
        assert_eq!(ran.code, code, "{probe}: {}", ran.both());
        ran
    };
    bench.sh("grep -v 'Good \"git\"' vouches > says; chmod 755 says; echo says >> .git/info/exclude");
    for tag in ["pgp", "x509"] {
        asks(0, &format!("tag: {tag}"));
        asks(3, &format!("tag: {tag}, signers: signers")).says("$.tag.signed = true");
        asks(3, &format!("tag: {tag}, signed_by: qa@example.org"));
    }
}
