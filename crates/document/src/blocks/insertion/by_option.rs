//! Programs that run what one of their options says, or hand it to a shell.

/// Programs, the options whose value they run, and the words one of which must stand before them, if any.
type Runs = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const RUNS: &[Runs] = &[
    (&["git"], &["-x", "--extcmd"], &["difftool"]),
    (&["git"], &["--smtp-server", "--to-cmd", "--cc-cmd", "--sendmail-cmd"], &["send-email"]),
    (&["git"], &["--remote", "--exec"], &["archive"]),
    (&["gdb"], &["-ex", "-iex", "--eval-command", "--init-eval-command"], &[]),
    (&["npx", "npm", "pnpm", "yarn"], &["-c", "--call"], &[]),
    (&["nix-shell", "nix"], &["--run", "--command", "-c"], &[]),
    (&["vi", "vim", "nvim", "ex", "view", "gvim"], &["-c", "--cmd"], &[]),
    (&["less", "more"], &["+"], &[]),
    (&["vi", "vim", "nvim", "ex", "view", "gvim"], &["+"], &[]),
    (&["emacs", "emacsclient"], &["-e", "--eval", "--execute", "-f", "--funcall"], &[]),
    (&["tclsh", "expect"], &["-c"], &[]),
    (
        &["Rscript", "R", "octave", "julia", "scala", "groovy", "clojure", "ghc", "erl", "elixir"],
        &["-e", "-eval", "--eval"],
        &[],
    ),
    (&["ncat", "nc", "netcat", "socat"], &["-c", "-e", "--exec", "--sh-exec", "--lua-exec"], &[]),
    (&["ansible"], &["-a", "--args"], &[]),
    (&["gcloud"], &["--command", "--ssh-flag", "--ssh-key-file"], &["ssh"]),
    (&["vagrant", "fly", "flyctl", "heroku", "az"], &["-c", "-C", "--command", "--scripts"], &[]),
    (&["aws"], &["--parameters", "--command"], &["ssm", "ecs"]),
    (&["sort"], &["--compress-program"], &[]),
    (&["helm"], &["--post-renderer", "--post-renderer-args"], &[]),
    (&["curl"], &["-K", "--config"], &[]),
    (&["wget"], &["--use-askpass", "-e", "--execute"], &[]),
    (&["ssh-keygen", "ssh-add"], &["-D", "-s", "-w"], &[]),
    (&["crontab", "at", "batch"], &["-f"], &[]),
    (&["busctl", "systemd-nspawn", "machinectl"], &["-c"], &[]),
    (&["tcpdump"], &["-z"], &[]),
    (
        &["tar", "gtar", "bsdtar"],
        &[
            "--rsh-command",
            "--info-script",
            "--new-volume-script",
            "-F",
            "--to-command",
            "--checkpoint-action",
            "--use-compress-program",
        ],
        &[],
    ),
    (&["doctl"], &["--ssh-command"], &[]),
    (&["dc"], &["-e", "--expression"], &[]),
    (&["gnuplot"], &["-e"], &[]),
    (&["rpm", "rpmbuild"], &["-E", "--eval"], &[]),
    (&["rg"], &["--pre", "--hostname-bin"], &[]),
    (&["fzf"], &["--preview", "--bind"], &[]),
    (&["lftp"], &["-c", "-e"], &[]),
    (&["xterm"], &["-e"], &[]),
    (&["borg"], &["--rsh"], &[]),
    (&["restic"], &["--password-command"], &[]),
    (&["hg"], &["--config", "--ssh", "-e"], &[]),
    (&["man"], &["-P", "--pager", "-H", "--html"], &[]),
    (&["mutt"], &["-e"], &[]),
    (&["jq"], &["-L"], &[]),
    (&["openssl"], &["-engine", "-provider", "-provider-path"], &[]),
    (&["mongosh", "mongo"], &["--eval"], &[]),
    (&["redis-cli"], &["--eval"], &[]),
    (&["sqlcmd", "osql"], &["-Q", "-q"], &[]),
    (&["clickhouse-client", "clickhouse"], &["-q", "--query"], &[]),
    (&["cqlsh"], &["-e", "--execute"], &[]),
];

/// Variables whose value a shell, or a program through one, runs.
pub(super) const RUN: &[&str] = &[
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "BASH_ENV",
    "ENV",
    "PROMPT_COMMAND",
    "MAKEFLAGS",
    "GIT_SSH_COMMAND",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_PAGER",
    "GIT_EXTERNAL_DIFF",
    "RSYNC_RSH",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "LESSOPEN",
    "LESSCLOSE",
    "GNUMAKEFLAGS",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "SUDO_EDITOR",
    "SVN_SSH",
    "CVS_RSH",
    "BORG_RSH",
    "BORG_PASSCOMMAND",
    "RESTIC_PASSWORD_COMMAND",
    "FZF_DEFAULT_COMMAND",
    "FZF_DEFAULT_OPTS",
    "TAR_OPTIONS",
    "RSYNC_CONNECT_PROG",
    "PERL5OPT",
    "PERL5DB",
    "RUBYOPT",
    "NODE_OPTIONS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "LD_PRELOAD",
];

/// Programs that take lines of their own language, in which one of them starts a program, from standard input.
pub(super) const READ_LINES: &[&str] = &[
    "ed", "ex", "vi", "vim", "m4", "dc", "gdb", "tclsh", "expect", "wish", "R", "octave", "julia", "irb",
    "iex", "mongosh", "mongo", "sftp", "ftp", "lftp", "socat", "gnuplot",
];

/// Whether a program with these arguments runs the value that follows them; `begun` is what of its word stands before it.
pub(super) fn runs(name: &str, arguments: &[String], begun: &str) -> bool {
    RUNS.iter().any(|(names, options, behind)| {
        let before = behind.is_empty() || arguments.iter().any(|word| behind.contains(&word.as_str()));
        let takes = |option: &&str| {
            let long = option.starts_with("--");
            // Long options may be cut short.
            let cut = |word: &str| long && word.len() > 5 && option.starts_with(word);
            arguments.last().is_some_and(|last| last == option || cut(last))
                || begun.strip_prefix(option).is_some_and(|rest| !long || rest.starts_with('='))
                || begun.split_once('=').is_some_and(|(word, _)| cut(word))
        };
        names.contains(&name) && before && options.iter().any(takes)
    })
}

/// Every program that is named here.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    RUNS.iter().flat_map(|(names, ..)| names.iter().copied())
}
