//! Commands that open a shell, or a program that takes commands of its own: what is typed behind them is for that, and mostly
//! for another machine or another user.

use super::shell::{Command, Shell};
use crate::operands::{OF_SSH, operands};

/// What a command opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    /// A shell: here as somebody else, in a container, on another machine.
    Shell,
    /// A program that takes commands of its own.
    Program,
}

/// Shells, which take commands where they are given none.
const SHELLS: &[&str] = &[
    "sh", "bash", "zsh", "ksh", "dash", "ash", "fish", "csh", "tcsh", "rbash", "pwsh", "$SHELL", "${SHELL}",
];

/// How many commands within commands are looked into.
const DEEPEST: usize = 4;

/// Options of `docker` and its like that take the next word.
const OF_CONTAINERS: &[&str] = &[
    "-u",
    "--user",
    "-w",
    "--workdir",
    "-e",
    "--env",
    "--env-file",
    "--detach-keys",
    "--index",
    "--name",
    "-v",
    "--volume",
    "--mount",
    "-p",
    "--publish",
    "--network",
    "--net",
    "--pid",
    "-h",
    "--hostname",
    "--entrypoint",
    "-l",
    "--label",
    "--cpus",
    "-m",
    "--memory",
    "--add-host",
    "--platform",
    "--restart",
    "--volumes-from",
    "--cap-add",
    "--device",
    "--gpus",
    "--ipc",
    "--security-opt",
    "--ulimit",
    "--dns",
    "--userns",
    "--uts",
    "-f",
    "--file",
    "--project-name",
    "--context",
    "-H",
    "--host",
];

/// Options of `kubectl` and `oc` that take the next word.
const OF_PODS: &[&str] = &[
    "-n",
    "--namespace",
    "-c",
    "--container",
    "--context",
    "--cluster",
    "--kubeconfig",
    "--image",
    "--target",
    "--as",
    "--user",
    "-f",
    "--filename",
    "-s",
    "--server",
    "--profile",
    "--copy-to",
    "--pod-running-timeout",
    "-l",
    "--labels",
    "--env",
    "--overrides",
    "--restart",
    "--serviceaccount",
    "--to-namespace",
];

/// What a command opens, if anybody is to type into it.
pub(super) fn opens(command: &Command<'_>) -> Option<Opens> {
    within(command, 0)
}

/// What a command opens that is given as words.
fn given(words: &[&str], depth: usize) -> Option<Opens> {
    if words.is_empty() || depth >= DEEPEST {
        return None;
    }
    let text = words.join(" ");
    Shell::scan(&text).commands.iter().find_map(|command| within(command, depth + 1))
}

fn within(command: &Command<'_>, depth: usize) -> Option<Opens> {
    if command.fed {
        return None;
    }
    let words: Vec<&str> = command.arguments().collect();
    let program = command.program();
    if SHELLS.contains(&program) {
        let told = |word: &&str| !word.starts_with(['-', '+']) || matches!(*word, "--version" | "--help");
        return (!words.iter().any(told) && !command.flag('c', "")).then_some(Opens::Shell);
    }
    let line = Line { command, words: &words, depth };
    line.shell().or_else(|| line.program(program).then_some(Opens::Program))
}

struct Line<'c> {
    command: &'c Command<'c>,
    words: &'c [&'c str],
    depth: usize,
}

impl Line<'_> {
    fn has(&self, wanted: &[&str]) -> bool {
        self.words
            .iter()
            .any(|word| wanted.iter().any(|one| word == one || word.starts_with(&format!("{one}="))))
    }

    /// The words that are neither options nor what these take.
    fn plain(&self, taking: &[&str]) -> Vec<usize> {
        operands(self.words, taking).0
    }

    /// What the command opens that begins with the operand of this number; a shell where there is none.
    fn behind(&self, operands: &[usize], number: usize) -> Option<Opens> {
        match operands.get(number) {
            Some(at) => given(&self.words[*at..], self.depth),
            None => Some(Opens::Shell),
        }
    }

    /// What the command behind `--` opens.
    fn apart(&self) -> Option<Option<Opens>> {
        let at = self.words.iter().position(|word| *word == "--")?;
        Some(given(&self.words[at + 1..], self.depth))
    }

    fn shell(&self) -> Option<Opens> {
        let command = self.command;
        let first = self.words.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
        let opened = |yes: bool| yes.then_some(Opens::Shell);
        match command.program() {
            // Nothing but that is left of it where it is given no command.
            "sudo" | "doas" => Some(Opens::Shell),
            "su" => opened(!command.flag('c', "command")),
            "runuser" => opened(!command.flag('c', "command") && !command.flag('u', "user")),
            "login" | "newgrp" => Some(Opens::Shell),
            "script" => opened(!command.flag('c', "command") && self.plain(&[]).len() < 2),
            "ssh" | "slogin" | "mosh" | "autossh" | "rlogin" => self.host(),
            "sshpass" => {
                let at = self.words.iter().position(|word| *word == "ssh")?;
                given(&self.words[at..], self.depth)
            }
            "chroot" | "arch-chroot" => match &self.plain(&[])[..] {
                [] => None,
                operands => self.behind(operands, 1),
            },
            "nsenter" | "unshare" | "systemd-nspawn" => match self.apart() {
                Some(apart) => apart,
                None => self.behind(&self.plain(&["-t", "--target", "-S", "-G", "-D", "-M", "-u"]), 0),
            },
            "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" | "crictl" | "ctr"
            | "runc" => self.container(),
            "kubectl" | "oc" | "k3s" | "microk8s" | "k0s" => self.pod(),
            "toolbox" | "distrobox" => match first {
                "" | "enter" => opened(true),
                "create" | "list" | "rm" | "rmi" | "stop" => None,
                "run" => self.behind(&self.plain(&["-c", "--container", "-d", "-r"]), 1),
                _ => given(&self.words[self.plain(&[]).first().copied()?..], self.depth),
            },
            "vagrant" | "minikube" | "colima" | "cf" | "eb" | "bosh" | "tsh" | "juju" | "platform"
            | "railway" => {
                let forwards = self.has(&["-N", "-L", "--skip-remote-execution"]);
                opened(
                    first == "ssh"
                        && !command.flag('c', "command")
                        && !forwards
                        && self.plain(&["-i", "-l"]).len() < 3,
                )
            }
            "limactl" | "multipass" => opened(first == "shell" && self.plain(&[]).len() < 3),
            "lxc" | "incus" => match (first, self.apart()) {
                ("shell", _) => opened(true),
                ("exec", Some(apart)) => apart,
                ("exec", None) => self.behind(&self.plain(&["--user", "--env", "--cwd"]), 2),
                _ => None,
            },
            "lxc-attach" => self.apart().unwrap_or(Some(Opens::Shell)),
            "machinectl" => opened(matches!(first, "shell" | "login") && self.plain(&[]).len() < 3),
            "pct" | "qm" => opened(matches!(first, "enter" | "terminal")),
            "virsh" => opened(self.has(&["console"])),
            "gcloud" => match self.apart() {
                _ if !self.has(&["ssh"]) || self.has(&["--command", "--dry-run"]) => None,
                Some(_) if self.has(&["-N", "-L", "-D"]) => None,
                Some(Some(opened)) => Some(opened),
                Some(None) => None,
                None => opened(true),
            },
            "aws" => {
                let forwards = self.words.iter().any(|word| word.contains("PortForwarding"));
                opened(
                    self.has(&["start-session"]) && !forwards
                        || self.has(&["execute-command"]) && self.has(&["--interactive"]),
                )
            }
            "az" => {
                opened(first == "ssh" && self.has(&["vm"]) || self.has(&["bastion"]) && self.has(&["ssh"]))
            }
            "doctl" => opened(self.has(&["compute"]) && self.has(&["ssh"]) && !self.has(&["--ssh-command"])),
            "heroku" => match first {
                "run" => self.behind(&self.plain(&["-a", "--app", "-r", "--remote", "-s", "--size"]), 1),
                "ps:exec" => opened(true),
                _ => None,
            },
            "fly" | "flyctl" => {
                opened(first == "ssh" && self.has(&["console"]) && !command.flag('C', "command"))
            }
            "nomad" => match self.plain(&["-task", "-job"])[..] {
                [one, two, _, inner, ..] if self.words[one] == "alloc" && self.words[two] == "exec" => {
                    given(&self.words[inner..], self.depth)
                }
                _ => None,
            },
            "tmux" => opened(
                matches!(first, "" | "new" | "new-session" | "a" | "at" | "attach" | "attach-session")
                    && !command.flag('d', ""),
            ),
            "screen" => {
                opened(!command.flag('d', "") && !command.flag('X', "") && !self.has(&["-ls", "-list", "-v"]))
            }
            "nix-shell" => opened(!self.has(&["--run", "--command"])),
            "nix" => opened(matches!(first, "develop" | "shell") && !command.flag('c', "command")),
            "poetry" | "pipenv" | "hatch" => opened(first == "shell"),
            "scl" => given(&[*self.words.last()?], self.depth),
            // Programs of somebody's own that hand on a command: `gds aws prod -- kubectl exec …`.
            _ if self.words.last() == Some(&"--shell") => opened(true),
            _ => self.apart().flatten(),
        }
    }

    fn host(&self) -> Option<Opens> {
        let operands = self.plain(OF_SSH);
        // Nothing is executed, or another program's words are asked for.
        let otherwise = |word: &&str| {
            word.strip_prefix('-')
                .is_some_and(|flags| flags.contains(['N', 'O', 'Q', 'V', 'G', 'W', 'f', 's']))
        };
        let host = *operands.first()?;
        match self.words[..host].iter().any(otherwise) {
            true => None,
            false => self.behind(&operands, 1),
        }
    }

    /// Whether the last words are a shell's, which is given nothing to do.
    fn ends_in_a_shell(&self) -> bool {
        let is_shell = |word: &&str| SHELLS.contains(&word.rsplit('/').next().unwrap_or_default());
        let at = self.words.iter().rposition(is_shell);
        at.is_some_and(|at| {
            self.words[at + 1..].iter().all(|word| word.starts_with('-') && !word.contains('c'))
        })
    }

    fn container(&self) -> Option<Opens> {
        let operands = self.plain(OF_CONTAINERS);
        let verb =
            operands.iter().position(|at| matches!(self.words[*at], "exec" | "run" | "attach" | "start"))?;
        let asks = self.command.flag('t', "tty") || self.command.flag('i', "interactive");
        let composes =
            self.words[..operands[verb]].contains(&"compose") || self.command.program().ends_with("compose");
        match self.words[operands[verb]] {
            _ if self.command.flag('d', "detach") => None,
            "attach" => Some(Opens::Shell),
            "start" => asks.then_some(Opens::Shell),
            _ if !asks && !composes => None,
            _ if self.ends_in_a_shell() || self.has(&["--entrypoint"]) => Some(Opens::Shell),
            "run" if composes => operands.get(verb + 2).and_then(|at| given(&self.words[*at..], self.depth)),
            "run" => self.behind(&operands, verb + 2),
            _ => operands.get(verb + 2).and_then(|at| given(&self.words[*at..], self.depth)),
        }
    }

    fn pod(&self) -> Option<Opens> {
        let operands = self.plain(OF_PODS);
        let verb = operands
            .iter()
            .position(|at| matches!(self.words[*at], "exec" | "run" | "attach" | "debug" | "rsh"))?;
        let asks = self.command.flag('t', "tty") || self.command.flag('i', "stdin");
        let before = &self.words[..operands[verb]];
        if before
            .iter()
            .any(|word| matches!(*word, "rollout" | "create" | "get" | "delete" | "describe" | "logs"))
        {
            return None;
        }
        match (self.words[operands[verb]], self.apart()) {
            (_, Some(apart)) => apart,
            ("exec", None) => operands.get(verb + 2).and_then(|at| given(&self.words[*at..], self.depth)),
            ("rsh", None) => self.behind(&operands, verb + 2),
            ("debug", None) => (asks || self.command.program() == "oc").then_some(Opens::Shell),
            ("run", None) if asks => self.behind(&operands, verb + 2),
            ("attach", None) => asks.then_some(Opens::Shell),
            _ => None,
        }
    }

    /// Whether a program takes commands of its own, as it is called.
    fn program(&self, program: &str) -> bool {
        let flag = |short: char, long: &str| self.command.flag(short, long);
        let plain = |taking: &[&str]| self.plain(taking).len();
        let first = self.words.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
        let asks = self.has(&["--version", "--help", "-V", "-?"]);
        match program {
            _ if asks => false,
            "psql" | "gitlab-psql" | "pgcli" => {
                !flag('c', "command") && !flag('f', "file") && !flag('l', "list")
            }
            "mysql" | "mariadb" | "mycli" => !flag('e', "execute"),
            "sqlite3" => plain(&["-cmd", "-separator"]) < 2,
            "mongo" | "mongosh" => {
                !self.has(&["--eval", "--file", "-f"]) && !self.words.iter().any(|word| word.ends_with(".js"))
            }
            "redis-cli" | "gitlab-redis-cli" | "valkey-cli" => {
                let taking = ["-h", "-p", "-a", "-n", "-u", "-s", "--user", "--pass", "-i", "-r"];
                plain(&taking) == 0
                    && !self.words.iter().any(|word| {
                        word.starts_with("--") && !word.starts_with("--tls") && !word.starts_with("--user")
                    })
            }
            "python" | "python2" | "python3" | "ruby" | "node" | "php" | "perl" => match self.words {
                [] => program != "ruby" && program != "php" && program != "perl",
                ["-a"] => program == "php",
                [script, "shell" | "dbshell" | "shell_plus", ..] => script.ends_with("manage.py"),
                _ => false,
            },
            "ipython" | "irb" | "pry" | "iex" | "erl" | "ghci" | "lua" | "julia" | "R" | "bc" => {
                plain(&[]) == 0
            }
            "rails" | "gitlab-rails" | "gitlab-rake" => matches!(first, "console" | "c" | "dbconsole" | "db"),
            "django-admin" | "hbase" => matches!(first, "shell" | "dbshell"),
            "bundle" | "npx" | "pipx" => {
                let at = self.plain(&[]);
                let inner = at.get(usize::from(program == "bundle"));
                first == "exec" && inner.is_some_and(|at| given(&self.words[*at..], self.depth).is_some())
            }
            "cqlsh" => !flag('e', "execute") && !flag('f', "file"),
            "clickhouse-client" => !flag('q', "query") && !self.has(&["--queries-file"]),
            "influx" => {
                plain(&["-host", "-port", "-database", "-username", "-password"]) == 0
                    && !self.has(&["-execute"])
            }
            "sqlplus" => !self.words.iter().any(|word| word.starts_with('@')),
            "hive" | "beeline" | "spark-shell" | "pyspark" => !flag('e', "") && !flag('f', ""),
            "ftp" | "telnet" => plain(&[]) > 0 || self.words.is_empty(),
            "sftp" => !flag('b', ""),
            "lftp" => !flag('c', "") && !flag('e', "") && !flag('f', ""),
            "fdisk" | "gdisk" => !flag('l', "list") && plain(&[]) > 0,
            "parted" => !flag('s', "script") && !flag('l', "list") && plain(&[]) < 2,
            "virsh" | "nslookup" | "zookeeper-shell" | "zkCli.sh" | "gdb" => {
                plain(&["-c", "--connect", "-server"]) == 0
            }
            "vtysh" => !flag('c', ""),
            "heroku" => first == "pg:psql" && !flag('c', "command"),
            "connect-to-service" => true,
            "cf" => first == "connect-to-service" && !self.has(&["-no-client"]),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shell::Shell;
    use super::{Opens, opens};

    #[test]
    fn a_command_that_opens_a_shell_is_told_from_one_that_is_given_something_to_do_there() {
        let told = |script: &str| Shell::scan(script).commands.iter().find_map(opens);
        for script in [
            "ssh db01",
            "ssh -p 22 ops@db01",
            "ssh -t db01 sudo -i",
            "ssh db01 'sudo su - postgres'",
            "sudo -i",
            "sudo -s",
            "sudo -iu postgres",
            "sudo -u postgres -i",
            "sudo su -",
            "sudo su - postgres",
            "su - postgres",
            "sudo bash",
            "bash",
            "bash -l",
            "exec bash",
            "chroot /host",
            "chroot /mnt /bin/bash",
            "docker exec -it web bash",
            "docker exec -ti -u root web /bin/sh",
            "docker exec -it web su - app",
            "docker run --rm -it --name x ubuntu",
            "docker run -it -v /a:/b ubuntu bash",
            "docker compose exec web bash",
            "docker-compose exec web sh",
            "docker attach web",
            "kubectl exec -it web-0 -- sh",
            "kubectl -n prod exec -it web-0 -c app -- /bin/bash",
            "kubectl exec -it web-0 bash",
            "kubectl debug node/n1 -it --image=busybox",
            "kubectl debug node/n1 -it --image=busybox -- chroot /host",
            "kubectl run x --rm -it --image=busybox -- sh",
            "oc debug node/n1",
            "oc rsh web-0",
            "oc -n openshift-monitoring exec -it prometheus-k8s-0 -c prometheus -- sh",
            "gds aws prod -- kubectl -n apps exec -it jump -- bash",
            "gcloud compute --project \"p\" ssh node",
            "gcloud compute ssh node --zone z",
            "toolbox",
            "toolbox enter",
            "nsenter -t 1 -m -u",
            "vagrant ssh",
            "minikube ssh",
            "lxc exec web -- bash",
            "aws ssm start-session --target i-1",
            "fly ssh console",
            "heroku run bash",
            "tmux",
            "screen -S upgrade",
            "newgrp docker",
            "poetry shell",
        ] {
            assert_eq!(told(script), Some(Opens::Shell), "{script}");
        }
        for script in [
            "psql -U postgres",
            "sudo -u postgres psql",
            "kubectl exec -it db-0 -- psql -U app",
            "docker exec -it db mysql -u root -p",
            "sudo gitlab-rails console",
            "bundle exec rails c",
            "redis-cli -h db",
            "python3",
            "python manage.py shell",
            "fdisk /dev/sdb",
        ] {
            assert_eq!(told(script), Some(Opens::Program), "{script}");
        }
        for script in [
            "ssh db01 uptime",
            "ssh -N -L 1:a:2 db01",
            "ssh db01 <<E\nls\nE",
            "sudo systemctl stop x",
            "sudo -u postgres ls",
            "sudo -i -u postgres ls",
            "su - postgres -c id",
            "bash x.sh",
            "bash -c ls",
            "bash < x.sh",
            "chroot /mnt update-grub",
            "docker exec -it web ls -l",
            "docker exec web bash -c 'ls'",
            "docker exec -it web bash -c ls",
            "docker run -it --rm tool /mnt/dump.rdb",
            "docker run -d nginx",
            "docker ps",
            "kubectl exec -it web-0 -- ls",
            "kubectl exec -it web-0 -- sh -c 'ls /'",
            "kubectl get pods",
            "kubectl run web --image=nginx",
            "oc debug node/n1 -- chroot /host crictl ps",
            "gcloud compute ssh node --command uptime",
            "gcloud compute instances list",
            "toolbox -q jq .",
            "toolbox apt install -y jq",
            "tmux new -d -s x",
            "screen -ls",
            "psql -c 'select 1'",
            "psql -f x.sql",
            "psql < x.sql",
            "redis-cli -h db info",
            "python3 x.py",
            "npm run build -- --prod",
            "git checkout -- file",
        ] {
            assert_eq!(told(script), None, "{script}");
        }
    }
}
