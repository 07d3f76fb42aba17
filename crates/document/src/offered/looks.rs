//! Whether a program, as it is called, only looks. What is not known here changes something, as far as anybody can tell.

use super::sed;

/// What a call does, as far as its program and its words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// It looks, and leaves everything as it was.
    Looks,
    /// It sets something in the shell that it runs in, and nothing else.
    Sets,
    /// It changes something, or nobody knows.
    Changes,
}

/// Change nothing, whatever they are given.
const ALWAYS: &str = " [ [[ arch base64 basename blkid cat cksum cmp column comm cut df diff dig dirname du echo egrep expand
 false fgrep findmnt fmt fold free getent grep head hexdump host id iostat jq join last locale ls lsblk lscpu lsmod lsof lspci lsusb man
 md5sum mpstat mtr nl nproc nslookup od paste pgrep pidof ping ping6 printenv printf ps pstree pwd readlink realpath rev seq sha1sum
 sha256sum sha512sum sleep stat strings tac tail test top htop tr tracepath traceroute true type uname uptime vmstat w wc whereis which who
 whoami zcat zgrep ";

/// Change the shell that they run in.
const OF_SHELL: &str = " : break cd continue declare exit export local popd pushd readonly return set shift shopt typeset unset ";

/// Look where these words stand first, behind options for all of the program: which of those take the next word, and
/// words that make it something else.
const BY_WORDS: &[(&str, &str, &str, &str)] = &[
    (
        "kubectl oc",
        "-n --namespace --context --cluster --kubeconfig --user -s --server --as --request-timeout",
        "get, describe, logs, top, version, explain, diff, api-resources, api-versions, cluster-info, config \
         view, config current-context, config get-contexts, auth can-i, auth whoami, rollout status, rollout \
         history, whoami, status",
        "dump",
    ),
    (
        "git",
        "-C --git-dir --work-tree",
        "status, log, diff, show, ls-files, ls-remote, ls-tree, rev-parse, rev-list, blame, describe, grep, \
         shortlog, cat-file, merge-base, name-rev, for-each-ref, stash list, stash show, remote show, remote \
         get-url, worktree list, submodule status",
        "--output -O --open-files-in-pager --ext-diff --upload-pack -c --config-env --exec-path",
    ),
    (
        "docker podman",
        "-H --host -c --context --config -l --log-level",
        "ps, images, logs, inspect, stats, version, info, history, top, port, diff, search, image ls, image \
         list, image inspect, image history, container ls, container list, container ps, container inspect, \
         container logs, container top, container stats, volume ls, volume inspect, network ls, network inspect, \
         system df, system info, service ls, service ps, service inspect, service logs, node ls, node ps, node \
         inspect, stack ls, stack ps, stack services, compose ps, compose logs, compose ls, compose images, \
         compose top, compose version, context ls, context show, context inspect, manifest inspect",
        "",
    ),
    (
        "docker-compose",
        "-f --file -p --project-name --env-file --profile",
        "ps, logs, ls, images, top, version",
        "",
    ),
    (
        "helm",
        "-n --namespace --kube-context --kubeconfig",
        "list, ls, status, get, history, version, search, show, template, diff, env, repo list",
        "--output-dir --post-renderer",
    ),
    (
        "systemctl",
        "-H -M -t --type -n -p -o",
        "status, show, cat, help, is-active, is-enabled, is-failed, is-system-running, list-units, \
         list-unit-files, list-timers, list-sockets, list-jobs, list-dependencies, get-default",
        "",
    ),
    (
        "terraform tofu",
        "",
        "plan, show, output, validate, version, providers, graph, state list, state show, state pull, workspace \
         list, workspace show",
        "-out --out -generate-config-out --generate-config-out mirror lock",
    ),
    ("npm", "--prefix", "ls, list, view, info, outdated, audit, ping, whoami", "fix --fix"),
    ("pip pip3", "", "list, show, freeze, check", "--log"),
    (
        "rabbitmqctl",
        "-n --node",
        "status, cluster_status, list_queues, list_consumers, list_connections, list_channels, list_exchanges, \
         list_bindings, list_users, list_vhosts, list_permissions, environment, report",
        "",
    ),
    (
        "gh",
        "-R --repo",
        "pr view, pr list, pr status, pr diff, pr checks, issue view, issue list, issue status, run view, run \
         list, release view, release list, repo view, repo list, workflow view, workflow list, auth status",
        "",
    ),
    ("apt", "", "list, show, search, policy", ""),
    ("apt-cache", "", "show, search, policy, madison, depends, rdepends", ""),
    ("yum dnf", "", "list, info, search, repolist", ""),
    ("zpool", "", "status, list", ""),
    ("zfs", "", "list, get", ""),
    ("ufw", "", "status", ""),
    ("vault", "", "status", ""),
    ("chronyc", "", "tracking, sources, sourcestats", ""),
    ("nodetool", "-h --host -p --port", "status, info, ring, tpstats, describecluster", ""),
    (
        "openssl",
        "",
        "s_client, x509, version, verify, ciphers, crl, dgst, asn1parse",
        "-out -keyout -sess_out -keylogfile -writerand -CAcreateserial -CAserial -msgfile -CA -signkey -sign",
    ),
    ("aws", "--profile --region --output --endpoint-url", "s3 ls, sts get-caller-identity", ""),
];

/// The command that `watch` is given: what it does is what that does.
pub(super) fn watched(program: &str, words: &[String]) -> Option<String> {
    let taking = ["-n", "--interval", "-q", "--equexit", "-s", "--shotsdir"];
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if taking.contains(&word.as_str()) { 2 } else { 1 };
    }
    (program == "watch").then(|| words.get(at..).unwrap_or_default().join(" "))
}

/// What a program does that is called with these words.
pub(super) fn does(program: &str, words: &[String]) -> Does {
    let is = |list: &str| list.split_whitespace().any(|one| one == program);
    if is(OF_SHELL) {
        return Does::Sets;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match !program.is_empty()
        && (is(ALWAYS) || looks_by_words(program, &words) || looks_as_called(program, &words))
    {
        true => Does::Looks,
        false => Does::Changes,
    }
}

fn looks_by_words(program: &str, words: &[&str]) -> bool {
    let Some((_, taking, looks, otherwise)) =
        BY_WORDS.iter().find(|(names, ..)| names.split_whitespace().any(|name| name == program))
    else {
        return false;
    };
    let takes = |word: &str| taking.split_whitespace().any(|option| option == word);
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if takes(word) { 2 } else { 1 };
    }
    let behind = words.get(at..).unwrap_or_default();
    let begins = |wanted: &str| {
        let mut behind = behind.iter();
        wanted.split(' ').all(|word| behind.next() == Some(&word))
    };
    let aws = program == "aws"
        && behind.get(1).is_some_and(|word| word.starts_with("describe-") || word.starts_with("list-"));
    let odd = |word: &str| {
        otherwise.split_whitespace().any(|odd| {
            // `--output=f`, `-Oless`.
            word.strip_prefix(odd).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('=') || odd.len() == 2 && odd.starts_with('-')
            })
        })
    };
    (aws || looks.split(", ").any(begins)) && !words.iter().any(|word| odd(word))
}

/// Programs of which options decide.
fn looks_as_called(program: &str, words: &[&str]) -> bool {
    let any = |heads: &[&str]| words.iter().any(|word| heads.iter().any(|head| word.starts_with(head)));
    let letters = |wanted: &str| {
        let cluster = |word: &&str| word.starts_with('-') && !word.starts_with("--");
        words.iter().filter(|word| cluster(word)).any(|word| word.contains(|c| wanted.contains(c)))
    };
    let plain = || words.iter().filter(|word| !word.starts_with('-'));
    let first = words.first().copied().unwrap_or_default();
    match program {
        "sort" => !letters("oT") && !any(&["--o", "--c", "--t"]),
        "uniq" => plain().filter(|word| word.parse::<u32>().is_err()).count() < 2,
        "less" | "more" => !letters("oO") && !any(&["--log", "--LOG", "+"]),
        "date" => looks_at_date(words),
        "hostname" => plain().next().is_none() && !letters("bF") && !any(&["--b", "--file"]),
        "hostnamectl" | "timedatectl" => words.is_empty() || first == "status",
        "history" => words.iter().all(|word| word.parse::<u32>().is_ok()),
        "dmesg" => !letters("cCDEn") && !any(&["--cl", "--read-c", "--console"]),
        "journalctl" => {
            !any(&["--vac", "--rot", "--fl", "--sy", "--rel", "--sm", "--set", "--up", "--cursor-f"])
        }
        "ss" => !letters("KD") && !any(&["--kill", "--diag"]),
        "netstat" => true,
        "ip" => looks_at_network(words),
        "file" => !letters("C") && !any(&["--comp"]),
        "find" => !any(&["-exec", "-ok", "-delete", "-fprint", "-fls"]),
        "sed" => sed::only_prints(words),
        "awk" | "gawk" | "mawk" | "nawk" => {
            let calls = |word: &&str| {
                word.contains(['>', '|', '@']) || word.contains("system") || word.contains("getline")
            };
            !words.iter().any(calls)
                && !words.iter().any(|word| {
                    ["-f", "-i", "-E", "-l", "-d", "-o", "-p"].iter().any(|odd| word.starts_with(odd))
                        || word.starts_with("--")
                })
        }
        "curl" => looks_at_web(words),
        "wget" => {
            let out = |pair: &[&str]| {
                let cluster = pair[0].starts_with('-') && !pair[0].starts_with("--");
                cluster && pair[0].ends_with('O') && matches!(pair[1], "-" | "/dev/null")
            };
            let shows = words.windows(2).any(out)
                || words.iter().any(|word| {
                    matches!(*word, "--spider" | "--output-document=-")
                        || word.starts_with('-') && !word.starts_with("--") && word.ends_with("O-")
                });
            shows
                && !any(&[
                    "--post",
                    "--method",
                    "--body",
                    "--save",
                    "--warc",
                    "--append",
                    "--output-file",
                    "-a",
                    "-o",
                ])
        }
        "nc" | "ncat" => letters("z") && !letters("lec"),
        "nginx" => {
            words.iter().any(|word| matches!(*word, "-t" | "-T" | "-v" | "-V"))
                && !letters("s")
                && !any(&["-g"])
        }
        "service" => matches!(words, [_, "status"] | ["--status-all"]),
        "crontab" => matches!(words, ["-l"] | ["-l", "-u", _] | ["-u", _, "-l"]),
        "mount" => words.is_empty() || words == ["-l"],
        "sysctl" => {
            !words.is_empty()
                && !letters("wpf")
                && !words.iter().any(|word| word.contains('='))
                && !any(&["--w", "--l", "--sy"])
        }
        "dpkg" => {
            matches!(first, "-l" | "-s" | "-L" | "-S" | "--list" | "--status" | "--listfiles" | "--search")
        }
        "rpm" => first.starts_with("-q") || first.starts_with("--query"),
        "git" => looks_at_repository(words),
        _ => false,
    }
}

/// `date` that sets no clock.
fn looks_at_date(words: &[&str]) -> bool {
    let mut behind = words.iter();
    while let Some(word) = behind.next() {
        match word.strip_prefix('-') {
            Some(long) if long.starts_with('-') => match long {
                "-date" | "-reference" | "-file" => drop(behind.next()),
                long if long.starts_with("-s") => return false,
                _ => {}
            },
            Some("d" | "r" | "f" | "v") => drop(behind.next()),
            Some(cluster) if cluster.starts_with(['d', 'r', 'f', 'v', 'I']) => {}
            Some(cluster) if cluster.contains('s') => return false,
            Some(cluster) if cluster.ends_with(['d', 'r']) => drop(behind.next()),
            Some(_) => {}
            None if word.starts_with('+') => {}
            None => return false,
        }
    }
    true
}

fn looks_at_network(words: &[&str]) -> bool {
    const OBJECTS: [&str; 13] =
        ["a", "addr", "address", "r", "ro", "route", "l", "link", "n", "neigh", "neighbour", "rule", "maddr"];
    let odd = |word: &&&str| {
        word.starts_with('-') && (word.starts_with("-b") && !"-brief".starts_with(**word) || **word == "-b")
    };
    let plain: Vec<&str> = words.iter().filter(|word| !word.starts_with('-')).copied().collect();
    words.iter().find(odd).is_none()
        && plain.first().is_some_and(|object| OBJECTS.contains(object))
        // Of a link, `s` is `set`.
        && plain.get(1).is_none_or(|verb| {
            ["show", "list", "ls", "sh", "get"].contains(verb) || *verb == "s" && plain[0].starts_with('a')
        })
}

/// Options of `curl` by which it sends something, or writes to a file; how they begin.
const SENDS: [&str; 24] = [
    "data",
    "form",
    "upload",
    "output",
    "remote",
    "json",
    "config",
    "cookie-jar",
    "create",
    "dump",
    "etag-s",
    "hsts",
    "alt-svc",
    "libcurl",
    "quote",
    "mail",
    "trace",
    "stderr",
    "prequote",
    "postquote",
    "telnet",
    "ftp-c",
    "append",
    "write-out",
];

fn looks_at_web(words: &[&str]) -> bool {
    let reads = |method: &str| matches!(method, "GET" | "HEAD" | "OPTIONS");
    let nowhere = |file: &str| matches!(file, "-" | "/dev/null");
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if let Some(long) = word.strip_prefix("--") {
            let (name, given) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let value = given.or(words.get(at).copied()).unwrap_or_default();
            let harmless = match name {
                "request" => reads(value),
                "output" | "dump-header" | "stderr" => nowhere(value),
                // A format, which can name a file: `%output{…}`.
                "write-out" => !value.contains("%output"),
                _ => {
                    !name.starts_with("req")
                        && !SENDS.iter().any(|send| name.starts_with(send) || send.starts_with(name))
                }
            };
            if !harmless {
                return false;
            }
            continue;
        }
        let Some(cluster) = word.strip_prefix('-') else { continue };
        for (place, option) in cluster.char_indices() {
            if !"AbcCdDeEFHKmoPQrtTuUwxXyYz".contains(option) {
                if matches!(option, 'O' | 'J' | 'a') {
                    return false;
                }
                continue;
            }
            let rest = &cluster[place + 1..];
            let value = match rest.is_empty() {
                true => words.get(at).copied().unwrap_or_default(),
                false => rest,
            };
            at += usize::from(rest.is_empty());
            let harmless = match option {
                'X' => reads(value),
                'o' | 'D' => nowhere(value),
                'w' => !value.contains("%output"),
                option => !"cdFKQTt".contains(option),
            };
            if !harmless {
                return false;
            }
            break;
        }
    }
    true
}

/// Words of `git` that list where nothing is named.
fn looks_at_repository(words: &[&str]) -> bool {
    match words {
        ["remote"]
        | ["remote", "-v" | "--verbose"]
        | ["branch"]
        | ["tag"]
        | ["reflog"]
        | ["reflog", "show", ..] => true,
        ["branch", rest @ ..] => rest.iter().all(|word| {
            matches!(
                *word,
                "-a" | "-r"
                    | "-v"
                    | "-vv"
                    | "-av"
                    | "-avv"
                    | "-rv"
                    | "--all"
                    | "--remotes"
                    | "--show-current"
                    | "--list"
            )
        }),
        ["tag", "-l" | "--list" | "-n", ..] => !words.contains(&"-d"),
        ["config", "--get" | "--get-all" | "--list" | "-l", ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
