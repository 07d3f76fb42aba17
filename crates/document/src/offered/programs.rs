//! Programs that documents are full of, and those that only look. A name that is missing here costs a confidence, or a
//! question more; nothing is decided by it alone.

/// Known by name.
const KNOWN: &str = " . : [ alembic ansible ansible-playbook ant apk apt apt-cache apt-get aptitude argocd artisan awk aws az
 base64 basename bash bazel borg brew bundle bunzip2 bzip2 cap cargo cat cd certbot chef-client chgrp chmod chown chronyc
 clickhouse-client cmake composer conda consul cp crictl crontab ctr curl cut date db2 dd deno df diff dig dirname dmesg dnf
 docker docker-compose doctl dotnet dpkg drush du echo efibootmgr elasticsearch etcdctl eval exec exit export fdisk ffmpeg find
 firebase flux flyctl fly free fsck gcloud gem gh git gitlab-ctl gitlab-rake gitlab-rails go gpg gradle grep groupadd gsutil gunzip gzip hadoop
 head helm helmfile heroku history host hostname hostnamectl htop id ifconfig influx init influxd ip ipmitool iptables istioctl
 java javac jhead journalctl jps jq kafka-topics.sh kafka-console-consumer.sh kill killall kinit kops kubeadm kubectl kustomize ldapsearch less ln locate ls
 lsblk lscpu lsof lvs lvextend lvcreate make man md5sum minikube mkdir mkfs mongo mongodump mongorestore mongosh mount mv mvn mysql mysqladmin mysqldump nano nc
 netplan netstat nginx nice nmap node nodetool nohup nomad npm npx ntpdate oc openssl pacman packer passwd patch pg_ctl
 pg_basebackup pg_dump pg_dumpall pg_restore pgrep php pidof ping pip pip3 pipenv pkill pnpm podman poetry popd poweroff ps psql pushd pvs
 pwd pulumi puppet python python2 python3 rabbitmqctl rails rake read reboot redis-cli redis-server rm rmdir rpm rsync ruby salt
 scp screen sed sendmail seq service set sh sha256sum shutdown sleep skopeo sort source sqlite3 ss ssh ssh-add ssh-copy-id
 ssh-keygen stat strace su sudo supervisorctl swapoff swapon sync sysctl systemctl tail tar tcpdump tee telnet terraform test
 time timeout tmux top touch tr traceroute true truncate tofu ufw ulimit umount uname uniq unset unzip update-rc.d uptime
 useradd usermod vault velero vgs vgextend vi vim virsh visudo vmstat watch wc wget which who whoami xargs xz yarn yum zcat zip zypper
 zookeeper zfs zpool eksctl kind k3s flyway liquibase jenkins sops age twine tox pytest uv uvx sbt mix elixir erl perl perlbrew
 stripe wrangler vercel netlify gsettings nft nmcli resolvectl timedatectl loginctl localectl mdadm smartctl parted mkswap
 blkid lspci lsusb modprobe rmmod lsmod insmod depmod update-grub grub-install dracut ";

/// Whether documents are full of it, or it is a file.
pub(crate) fn is_known(program: &str) -> bool {
    let local = program.starts_with(['.', '/', '~']) && program.contains('/');
    local
        || !program.is_empty()
            && !program.contains(' ')
            && KNOWN.split_whitespace().any(|known| known == program)
}

/// Programs that change nothing, however they are called.
const LOOK: &[&str] = &[
    "ls",
    "cat",
    "grep",
    "egrep",
    "zgrep",
    "echo",
    "printf",
    "head",
    "tail",
    "less",
    "more",
    "wc",
    "sort",
    "uniq",
    "cut",
    "tr",
    "jq",
    "df",
    "du",
    "ps",
    "pgrep",
    "pidof",
    "free",
    "uptime",
    "top",
    "htop",
    "vmstat",
    "iostat",
    "dig",
    "nslookup",
    "host",
    "ping",
    "traceroute",
    "netstat",
    "ss",
    "lsof",
    "stat",
    "file",
    "which",
    "whoami",
    "who",
    "id",
    "hostname",
    "uname",
    "date",
    "pwd",
    "cd",
    "test",
    "[",
    "true",
    "diff",
    "md5sum",
    "sha256sum",
    "dmesg",
    "journalctl",
    "lsblk",
    "history",
    "env",
    "printenv",
    "export",
    "set",
    "man",
    "nc",
    "seq",
    "basename",
    "dirname",
    "zcat",
    "column",
    "watch",
    "sleep",
];

/// Programs that only look where this word stands behind them.
const LOOK_BY: &[(&str, &[&str])] = &[
    ("kubectl", &["get", "describe", "logs", "top", "version", "explain", "cluster-info", "diff"]),
    ("oc", &["get", "describe", "logs", "version", "status", "whoami"]),
    (
        "git",
        &[
            "status",
            "log",
            "diff",
            "show",
            "fetch",
            "ls-files",
            "ls-remote",
            "rev-parse",
            "blame",
            "describe",
            "grep",
        ],
    ),
    ("docker", &["ps", "images", "logs", "inspect", "stats", "version", "info", "history", "top"]),
    ("podman", &["ps", "images", "logs", "inspect", "stats", "version", "info"]),
    ("helm", &["list", "ls", "status", "get", "history", "version", "search", "template", "diff"]),
    ("systemctl", &["status", "list-units", "is-active", "is-enabled", "show", "cat", "list-timers"]),
    ("terraform", &["plan", "show", "output", "validate", "version"]),
    ("openssl", &["s_client", "x509", "version", "verify"]),
    ("npm", &["ls", "list", "view", "outdated", "audit"]),
    ("pip", &["list", "show", "freeze"]),
    ("rabbitmqctl", &["status", "list_queues", "cluster_status", "list_consumers", "list_connections"]),
    ("nginx", &["-t", "-v", "-V"]),
    ("gh", &["view", "list", "status"]),
];

/// Whether none of these calls changes anything, as far as is known.
pub(crate) fn only_reads(calls: &[(String, Vec<String>)]) -> bool {
    calls.iter().all(|(program, arguments)| {
        let first = arguments.iter().find(|word| !word.starts_with('-') || program == "nginx");
        let by = LOOK_BY.iter().find(|(name, _)| name == program);
        match (program.as_str(), by) {
            (_, Some((_, words))) => first.is_some_and(|first| words.contains(&first.as_str())),
            ("curl", _) => !arguments.iter().any(|word| {
                ["-X", "-d", "-F", "-T", "-o", "-O"].iter().any(|option| word.starts_with(option))
                    || word.starts_with("--request")
                    || word.starts_with("--data")
                    || word.starts_with("--form")
                    || word.starts_with("--upload")
                    || word.starts_with("--output")
                    || word.starts_with("--json")
            }),
            ("find", _) => !arguments.iter().any(|word| word.starts_with("-exec") || word == "-delete"),
            ("sed", _) => !arguments.iter().any(|word| word.starts_with("-i") || word == "--in-place"),
            (program, _) => LOOK.contains(&program),
        }
    })
}

/// Programs none of whose options writes, runs or sets anything.
const SURELY: &[&str] = &[
    "ls",
    "cat",
    "head",
    "pwd",
    "whoami",
    "id",
    "uname",
    "uptime",
    "df",
    "du",
    "free",
    "wc",
    "grep",
    "which",
    "stat",
    "echo",
    "printf",
    "true",
    "test",
    "[",
    "nproc",
    "getent",
    "lsblk",
    "sha256sum",
    "md5sum",
    "cmp",
    "readlink",
];

/// Programs of which these first words do neither.
const SURELY_BY: &[(&str, &[&str])] = &[
    ("git", &["status"]),
    ("kubectl", &["get", "describe"]),
    ("docker", &["ps", "images"]),
    ("systemctl", &["status", "is-active", "is-enabled"]),
];

/// Whether none of these calls changes anything, whatever its options are.
pub(crate) fn surely_read(calls: &[(String, Vec<String>)]) -> bool {
    calls.iter().all(|(program, arguments)| {
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        SURELY.contains(&program.as_str())
            || SURELY_BY.iter().any(|(name, words)| name == program && words.contains(&first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_is_told_from_what_may_change_something() {
        let reads = |script: &str| only_reads(&crate::lints::outline(script).calls);
        for script in ["ls -l", "kubectl get pods -n x", "curl -s http://x/", "git log | head", "sed -n 1p f"]
        {
            assert!(reads(script), "{script}");
        }
        for script in [
            "rm x",
            "kubectl delete pod x",
            "curl -X POST http://x",
            "curl -d a http://x",
            "sed -i s/a/b/ f",
            "ls && reboot",
            "find . -delete",
            "unheard-of --list",
        ] {
            assert!(!reads(script), "{script}");
        }
    }
}
