//! Programs that documents are full of, and those that surely look. A name that is missing here costs a confidence, or a
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
 newgrp toolbox chroot nsenter logout doas stripe wrangler vercel netlify gsettings nft nmcli resolvectl timedatectl loginctl localectl mdadm smartctl parted mkswap
 blkid lspci lsusb modprobe rmmod lsmod insmod depmod update-grub grub-install dracut ";

/// Whether documents are full of it, or it is a file.
pub(crate) fn is_known(program: &str) -> bool {
    let local = program.starts_with(['.', '/', '~']) && program.contains('/') && !is_device(program);
    local
        || !program.is_empty()
            && !program.contains(' ')
            && KNOWN.split_whitespace().any(|known| known == program)
}

/// Whether it is a device, or what the kernel shows as a file: nobody calls these.
pub(crate) fn is_device(path: &str) -> bool {
    ["/dev/", "/proc/", "/sys/"].iter().any(|folder| path.starts_with(folder))
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
