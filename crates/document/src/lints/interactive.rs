//! Programs that wait for somebody at a terminal.

use super::shell::Command;
use crate::operands::{OF_SSH, operands};

/// Whether a program wants a terminal, as it is called here.
pub(super) fn waits_for_somebody(command: &Command<'_>) -> bool {
    let word = |wanted: &[&str]| command.arguments().any(|word| wanted.contains(&word));
    let first = command.arguments().find(|word| !word.starts_with('-')).unwrap_or_default();
    let operands = |taking: &[&str]| operands(command.arguments(), taking).0.len();
    let terminal = command.flag('t', "tty") && command.flag('i', "interactive");
    match command.program() {
        "vi" | "vim" | "nvim" | "nano" | "emacs" | "pico" | "visudo" | "less" | "more" | "man" | "htop"
        | "nmtui" | "dialog" | "whiptail" | "cfdisk" | "tmux" | "screen" => {
            !(command.captured && command.fed)
        }
        "passwd" | "fdisk" | "irb" | "ftp" | "sftp" | "telnet" => {
            !command.fed && !command.flag('b', "") && !command.flag('l', "") && !command.flag('S', "")
        }
        "crontab" => command.flag('e', ""),
        // With a command it may still ask for a password.
        "su" => !command.fed && !command.flag('c', "command"),
        "ssh-copy-id" => true,
        "openssl" => {
            let told =
                command.arguments().any(|word| word.starts_with("-pass") || word == "-k" || word == "-kfile");
            let makes = first == "enc" && !word(&["-K"]);
            !told && (makes || first == "genrsa" && command.arguments().any(|word| word.starts_with("-aes")))
        }
        "zip" => command.flag('e', "encrypt") && !command.flag('P', "password"),
        "cryptsetup" => {
            !command.fed
                && matches!(first, "open" | "luksOpen" | "luksFormat" | "luksAddKey")
                && !command.flag('d', "key-file")
        }
        "vault" => first == "login" && !command.fed && operands(&[]) == 1 && !word(&["-method=token"]),
        "gcloud" => first == "auth" && word(&["login"]) && !word(&["--cred-file"]),
        "ansible" | "ansible-playbook" => {
            command.flag('K', "ask-become-pass")
                || command.flag('k', "ask-pass")
                || word(&["--ask-vault-pass"])
        }
        "ldapsearch" | "ldapadd" | "ldapmodify" | "ldapdelete" => word(&["-W"]),
        "systemctl" => first == "edit" && !word(&["--stdin"]),
        "ssh-add" => !command.fed && !word(&["-l", "-L", "-d", "-D", "-x", "-X"]),
        "ssh-keygen" => {
            let makes = command.flag('t', "") || command.flag('f', "") || command.words.len() == 1;
            !command.fed && makes && !"NylLRFHYseikQDKA".chars().any(|mode| command.flag(mode, ""))
        }
        "ssh" => !command.fed && opens_a_shell(command),
        "gpg" | "gpg2" => {
            let secret = "dsbc".chars().any(|short| command.flag(short, ""))
                || word(&[
                    "--decrypt",
                    "--sign",
                    "--clearsign",
                    "--clear-sign",
                    "--detach-sign",
                    "--symmetric",
                ])
                || word(&[
                    "--gen-key",
                    "--full-generate-key",
                    "--full-gen-key",
                    "--edit-key",
                    "--delete-secret-keys",
                ]);
            let alone =
                word(&["--batch"]) || command.arguments().any(|word| word.starts_with("--passphrase"));
            secret && !alone
        }
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "zypper" => {
            let changes = [
                "install",
                "remove",
                "purge",
                "upgrade",
                "dist-upgrade",
                "full-upgrade",
                "autoremove",
                "update",
                "erase",
                "reinstall",
                "downgrade",
                "patch",
                "dup",
            ];
            let asks = changes.contains(&first)
                && !(first == "update" && matches!(command.program(), "apt-get" | "apt" | "aptitude"));
            let told =
                ["--yes", "--assume-yes", "--assumeyes", "--assumeno", "--assume-no", "--non-interactive"];
            let only = ["--dry-run", "--simulate", "--just-print", "--download-only", "--print-uris"];
            let quiet = command.arguments().any(|word| word.starts_with("-qq"));
            asks && !command.fed
                && !"ysdn".chars().any(|short| command.flag(short, ""))
                && !quiet
                && !word(&told)
                && !word(&only)
        }
        "pacman" => {
            let changes = command
                .arguments()
                .any(|word| word.strip_prefix('-').is_some_and(|word| word.starts_with(['S', 'R', 'U'])));
            // Packages are looked up, and the list of them is fetched, unasked.
            let only = word(&["-Ss", "-Si"]) || word(&["-Sy", "-Syy"]) && operands(&[]) == 0;
            changes && !command.fed && !only && !word(&["--noconfirm"])
        }
        // Nobody answers, so they leave everything as it was, and pass.
        "rm" | "cp" | "mv" | "ln" => {
            !command.fed
                && (command.flag('i', "interactive") || command.program() == "rm" && command.flag('I', ""))
        }
        "adduser" => !command.fed && !word(&["--disabled-password", "--disabled-login", "--system"]),
        "chsh" => !command.flag('s', "shell"),
        "vipw" | "vigr" | "mysql_secure_installation" => !command.fed,
        "dpkg-reconfigure" => !command.flag('f', "frontend"),
        "parted" => !command.flag('s', "script") && !command.fed,
        "terraform" | "tofu" => {
            let approved =
                command.arguments().any(|word| word.trim_start_matches('-').starts_with("auto-approve"));
            // A plan that was kept is applied unasked.
            let planned = operands(&["-var", "-var-file", "-target", "-replace", "-state", "-state-out"]) > 1;
            !command.fed && !approved && (first == "destroy" || first == "apply" && !planned)
        }
        "aws" => word(&["configure"]) && operands(&["--profile", "--region", "--output"]) == 1,
        "doctl" => first == "auth" && word(&["init"]) && !command.flag('t', "access-token"),
        "stripe" | "heroku" => first == "login" && !word(&["--api-key", "--interactive=false"]),
        "mongosh" | "mongo" => {
            let script = command.arguments().any(|word| word.ends_with(".js"));
            !command.fed
                && !script
                && !word(&["--eval", "--version", "--help"])
                && !command.arguments().any(|word| word.starts_with("--eval=") || word.starts_with("--file"))
                && !command.flag('f', "file")
        }
        "kinit" => !command.fed && !command.flag('k', ""),
        "htpasswd" => !command.flag('b', "") && !command.flag('i', ""),
        "npm" => matches!(first, "login" | "adduser"),
        "az" => first == "login" && !word(&["--service-principal", "--identity"]),
        "gh" => first == "auth" && word(&["login"]) && !word(&["--with-token"]) && !command.fed,
        "top" => !command.flag('b', ""),
        "psql" => {
            let alone = !command.flag('c', "command") && !command.flag('f', "file") && !command.flag('l', "");
            !command.fed && alone || command.flag('W', "password")
        }
        // A password would stand right behind its option.
        "mysql" | "mariadb" | "mysqldump" | "mariadb-dump" if word(&["-p", "--password"]) => true,
        "mysql" | "mariadb" => !command.fed && !command.flag('e', "execute"),
        "sqlite3" => !command.fed && operands(&["-cmd", "-separator"]) < 2,
        "bash" | "sh" | "zsh" | "dash" | "ash" | "ksh" | "mksh" => !command.fed && is_told_no_script(command),
        "python" | "python3" | "node" => {
            let leading = command.arguments().take_while(|word| word.starts_with('-'));
            let stays =
                leading.into_iter().any(|word| matches!(word, "-i" | "-iq" | "-qi" | "--interactive"));
            !command.fed && (command.words.len() == 1 || stays)
        }
        "read" => !command.fed,
        "git" => match first {
            "rebase" => command.flag('i', "interactive"),
            "add" => command.flag('p', "patch") || command.flag('i', "interactive"),
            "commit" => {
                !command.flag('m', "message")
                    && !command.flag('F', "file")
                    && !command.flag('C', "no-edit")
                    && !word(&["--dry-run"])
            }
            "tag" => {
                let signs = command.flag('a', "annotate") || command.flag('s', "sign");
                signs
                    && !command.flag('m', "message")
                    && !command.flag('F', "file")
                    && !command.flag('d', "delete")
            }
            _ => false,
        },
        "kubectl" | "oc" => first == "edit" || terminal,
        "docker" | "podman" | "nerdctl" => terminal || first == "login" && asks_to_log_in(command),
        "buildah" | "skopeo" | "oras" => first == "login" && asks_to_log_in(command),
        "helm" => first == "registry" && word(&["login"]) && asks_to_log_in(command),
        "curl" => gives_no_password(command),
        "wget" => word(&["--ask-password"]),
        // What it finds is asked about.
        "find" => !command.fed && word(&["-ok", "-okdir"]),
        _ => false,
    }
}

/// The program that may ask for a password before what it is to run, or as what it runs.
pub(super) fn asks_for_password(command: &Command<'_>) -> Option<&'static str> {
    // Root is not asked.
    let su = command.program() == "su" && !command.fed && !command.raised;
    command.password_for.or((su && command.flag('c', "command")).then_some("su"))
}

/// Whether a log-in at a registry is given no password.
fn asks_to_log_in(command: &Command<'_>) -> bool {
    let told = command.arguments().any(|word| {
        let name = word.split('=').next().unwrap_or(word);
        matches!(name, "--password-stdin" | "--creds" | "--get-login" | "--help" | "--identity-token-stdin")
    });
    !command.fed && !told && !command.flag('p', "password")
}

/// Whether `curl` is given a name and no password with it; what is worked out may hold one.
fn gives_no_password(command: &Command<'_>) -> bool {
    // Its short options that take more of the word, or the next one.
    const TAKING: &str = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";
    // Its long ones whose value may well begin with a dash.
    const TEXTS: [&str; 12] = [
        "data",
        "data-ascii",
        "data-binary",
        "data-raw",
        "data-urlencode",
        "json",
        "form",
        "form-string",
        "header",
        "user-agent",
        "referer",
        "write-out",
    ];
    let lacks = |value: &str| !value.is_empty() && !value.contains([':', ';', '$']);
    let mut words = command.arguments();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--") {
            Some("user" | "proxy-user") => words.next(),
            Some(name) if TEXTS.contains(&name) => {
                words.next();
                None
            }
            Some(_) => None,
            None => {
                let flags = word.strip_prefix('-').unwrap_or_default();
                let Some(at) = flags.find(|flag| TAKING.contains(flag)) else { continue };
                let rest = &flags[at + 1..];
                let value = if rest.is_empty() { words.next() } else { Some(rest) };
                value.filter(|_| matches!(flags.as_bytes()[at], b'u' | b'U'))
            }
        };
        if value.is_some_and(lacks) {
            return true;
        }
    }
    false
}

/// Whether a shell is given neither a script nor a command, by which it would end.
fn is_told_no_script(command: &Command<'_>) -> bool {
    let mut words = command.arguments();
    while let Some(word) = words.next() {
        match word {
            "-" | "--login" | "--posix" | "--norc" | "--noprofile" | "--restricted" => {}
            "--rcfile" | "--init-file" => drop(words.next()),
            _ if word.starts_with("--") || !word.starts_with(['-', '+']) || word.contains('c') => {
                return false;
            }
            _ if word.ends_with(['o', 'O']) => drop(words.next()),
            _ => {}
        }
    }
    true
}

/// Whether `ssh` is given a host and nothing to do there.
fn opens_a_shell(command: &Command<'_>) -> bool {
    let (operands, _) = operands(command.arguments(), OF_SSH);
    // Nothing is executed, or another program's words are asked for.
    let otherwise = |word: &str| {
        word.strip_prefix('-').is_some_and(|flags| flags.contains(['N', 'O', 'Q', 'V', 'G', 'W', 'f', 's']))
    };
    let [host] = operands[..] else { return false };
    !command.arguments().take(host).any(otherwise)
}

#[cfg(test)]
mod tests {
    use super::super::shell::Shell;
    use super::{asks_for_password, waits_for_somebody};

    #[test]
    fn a_program_that_asks_somebody_is_told_from_one_that_was_told_not_to() {
        let waits = |script: &str| Shell::scan(script).commands.iter().any(waits_for_somebody);
        for script in [
            "vi x",
            "psql",
            "docker login registry",
            "ssh-keygen",
            "ssh-keygen -t ed25519",
            "ssh-keygen -f key",
            "ssh host",
            "ssh -p 22 -o BatchMode=yes deploy@host",
            "ssh -i key -v host",
            "ssh -B eth0 host",
            "ssh -vp 22 host",
            "gpg --decrypt x.gpg",
            "gpg -d x.gpg > x",
            "gpg -c x",
            "apt-get install nginx",
            "sudo apt-get -q upgrade",
            "apt remove nginx",
            "dnf install nginx",
            "yum update",
            "pacman -S nginx",
            "pacman -Sy nginx",
            "rm -i x",
            "rm -rI x",
            "cp -i a b",
            "adduser deploy",
            "chsh deploy",
            "dpkg-reconfigure tzdata",
            "parted /dev/sdb mklabel gpt",
            "terraform apply",
            "terraform destroy -no-color",
            "aws configure",
            "aws configure --profile prod",
            "terraform apply -var a=b",
            "sqlite3 -separator , shop.db",
            "doctl auth init",
            "stripe login",
            "mongosh mongodb://db/shop",
            "su - deploy",
            "bash -i",
            "sh -e",
            "bash --norc -o pipefail",
            "python3 -i",
            "buildah login registry",
            "skopeo login registry",
            "nerdctl login registry",
            "podman login registry",
            "nerdctl exec -it web sh",
            "helm registry login registry -u bob",
            "curl -u bob https://host/",
            "curl -sSu bob https://host/",
            "curl --user bob https://host/",
            "curl -Ubob -x proxy https://host/",
            "wget --user bob --ask-password https://host/",
            "find . -ok rm {} \\;",
            "openssl enc -aes-256-cbc -in a -out b",
            "openssl genrsa -aes256 -out key 4096",
            "zip -e a.zip a",
            "zip -re a.zip a",
            "cryptsetup luksOpen /dev/sdb data",
            "vault login",
            "gcloud auth login",
            "ansible-playbook -K site.yml",
            "ansible-playbook --ask-become-pass site.yml",
            "mysql -p -e 'select 1'",
            "mysqldump -u root -p shop",
            "psql -W -c 'select 1'",
            "ldapsearch -x -W -b dc=example",
            "git tag -a v1",
            "git tag -s v1 HEAD",
            "systemctl edit nginx",
        ] {
            assert!(waits(script), "{script}");
        }
        for script in [
            "vi x < keys > out",
            "psql -c 'select 1'",
            "echo x | docker login --password-stdin registry",
            "ssh-keygen -t ed25519 -N '' -f key",
            "ssh-keygen -lf key.pub",
            "ssh-keygen -y -f key",
            "ssh-keygen -R host -f known_hosts",
            "ssh-keygen -Y verify -f signers",
            "ssh host uptime",
            "ssh -p 22 host 'uptime; ls'",
            "ssh host < script.sh",
            "echo uptime | ssh host",
            "ssh -N -L 8080:localhost:80 host",
            "ssh -V",
            "ssh -G host",
            "gpg --batch --decrypt x.gpg",
            "gpg --passphrase-file p -d x.gpg",
            "gpg --verify x.sig x",
            "gpg --import keys",
            "apt-get install -y nginx",
            "apt-get -qq install nginx",
            "apt-get update",
            "apt-get --simulate upgrade",
            "yes | apt-get install nginx",
            "apt list --upgradable",
            "dnf -y install nginx",
            "pacman -S --noconfirm nginx",
            "pacman -Q",
            "pacman -Sy",
            "gpg -K",
            "redis-cli",
            "sqlite3 shop.db 'select 1'",
            "rm -rf x",
            "rm -- -i",
            "cp -r a b",
            "adduser --disabled-password --gecos '' deploy",
            "chsh -s /bin/sh deploy",
            "dpkg-reconfigure -f noninteractive tzdata",
            "parted -s /dev/sdb mklabel gpt",
            "terraform apply -auto-approve",
            "terraform apply plan.out",
            "terraform plan",
            "aws configure set region eu-west-1",
            "aws s3 ls",
            "doctl auth init -t token",
            "mongosh --eval 'db.stats()'",
            "mongosh mongodb://db/shop change.js",
            "su - deploy -c id",
            "bash -ic id",
            "bash -i script",
            "bash --version",
            "echo id | bash -i",
            "python3 -m http.server -i",
            "python3 script.py -i in",
            "skopeo login -u bob -p x registry",
            "buildah login --password-stdin registry <token",
            "podman login --get-login registry",
            "skopeo copy login registry",
            "helm registry login registry --username bob --password x",
            "helm registry logout registry",
            "curl -u bob:secret https://host/",
            "curl -u \"$CREDENTIALS\" https://host/",
            "curl -u : --negotiate https://host/",
            "curl -o u bob https://host/",
            "curl -H 'x: u' --data-urlencode u=bob https://host/",
            "curl --data-urlencode -u=bob https://host/",
            "curl --header -ubob https://host/",
            "wget --user bob --password x https://host/",
            "find . -exec grep x {} \\;",
            "openssl enc -aes-256-cbc -pass env:KEY -in a -out b",
            "openssl genrsa -out key 4096",
            "openssl x509 -in a -noout",
            "zip -r a.zip a",
            "cryptsetup open --key-file key /dev/sdb data",
            "vault login token",
            "gcloud auth print-access-token",
            "ansible-playbook site.yml",
            "mysql -psecret -e 'select 1'",
            "mysqldump shop",
            "psql -w -c 'select 1'",
            "ldapsearch -x -b dc=example",
            "git tag -a v1 -m one",
            "git tag v1",
            "git tag -d v1",
            "systemctl restart nginx",
        ] {
            assert!(!waits(script), "{script}");
        }
    }

    #[test]
    fn sudo_asks_for_a_password_unless_it_is_told_not_to() {
        let asks = |script: &str| Shell::scan(script).commands.iter().find_map(asks_for_password);
        for (script, asking) in [
            ("sudo systemctl restart nginx", Some("sudo")),
            ("sudo -u deploy systemctl restart nginx", Some("sudo")),
            ("time sudo -E nginx -s reload", Some("sudo")),
            ("doas reboot", Some("doas")),
            ("echo x | sudo tee /etc/x", Some("sudo")),
            ("sudo -n systemctl restart nginx", None),
            ("sudo -nu deploy systemctl restart nginx", None),
            ("sudo --non-interactive nginx -s reload", None),
            ("echo x | sudo -S true", None),
            ("doas -n reboot", None),
            ("sudo -i", Some("sudo")),
            ("sudo -s", Some("sudo")),
            ("sudo -u bob -i", Some("sudo")),
            ("sudo -n id", None),
            ("sudo -n -u bob -i", None),
            ("su -c id", Some("su")),
            ("su bob -c id", Some("su")),
            ("su - bob -c \"id\"", Some("su")),
            ("su --command=id bob", Some("su")),
            ("sudo -n su - bob -c id", None),
            ("echo x | su bob -c id", None),
            ("ls # su -c id", None),
            ("echo su -c id", None),
            ("env A=1 nginx -n", None),
        ] {
            assert_eq!(asks(script), asking, "{script}");
        }
    }
}
