//! Where a value may stand in a script that is a template.
//!
//! Every value is quoted as one word, `'…'`. That holds only where a word may begin or go on: inside of quotes the
//! added ones would end them, and the shell would run what the value holds. So this reading must never take a wrong
//! place for a right one; whatever it cannot tell, it refuses. Where a command reads its words once more, as `eval` and
//! `sh -c` do, no word is safe.

mod again;
mod command;
mod holes;
mod pieces;
mod shell;
mod tags;
mod wrong;

use holdpoint_bounded::template;

use crate::Code;
use crate::findings::Findings;
use crate::spanned::Mapped;

/// Reports every insertion and tag of a template script that stands where no word can.
pub(super) fn check(script: &Mapped, findings: &mut Findings) {
    let text = script.text();
    // What does not parse is told elsewhere.
    if template::check(text).is_err() || template::environment().template_from_str(text).is_err() {
        return;
    }
    for (range, wrong) in shell::wrong(text) {
        let (message, help) = wrong.words(&text[range.clone()]);
        findings.add(Code::Template, script.span(range), message, help);
    }
}

/// Why no value can be inserted somewhere in a template script.
pub(crate) struct Refusal {
    /// Where the insertion stands in the template.
    pub(crate) at: std::ops::Range<usize>,
    /// The command that reads the value once more, where that is why: a value of harmless characters can stand there.
    pub(crate) again: Option<&'static str>,
    /// Why, in words.
    pub(crate) message: String,
}

/// Every insertion of a template script that stands where no word can.
pub(crate) fn refusals(template: &str) -> Vec<Refusal> {
    let refusal = |(at, wrong): (std::ops::Range<usize>, wrong::Wrong)| {
        let again = match wrong {
            wrong::Wrong::Again(command) => Some(command),
            _ => None,
        };
        let message = wrong.words(&template[at.clone()]).0;
        Refusal { at, again, message }
    };
    shell::wrong(template).into_iter().map(refusal).collect()
}

#[cfg(test)]
mod tests {
    use super::shell;

    fn refused(script: &str) -> bool {
        !shell::wrong(script).is_empty()
    }

    #[test]
    fn no_value_stands_where_a_command_reads_it_once_more() {
        let scripts = [
            "eval {{ X }}",
            "eval echo {{ X }}",
            "A=1 eval {{ X }}",
            "if eval {{ X }}; then true; fi",
            "true && eval {{ X }}",
            "echo \"$(eval {{ X }})\"",
            "e'va'l {{ X }}",
            "eval $((1 + 2)) {{ X }}",
            "command eval {{ X }}",
            "command -p eval {{ X }}",
            "builtin unset {{ X }}",
            "builtin command let {{ X }}",
            "sudo watch {{ X }}",
            "sudo docker exec app su -c {{ X }}",
            "eval >&2 {{ X }}",
            "sh -c {{ X }}",
            "sh -euc {{ X }}",
            "/bin/bash -o pipefail -c {{ X }}",
            "\"$SHELL\" -c {{ X }}",
            "${SHELL} -c {{ X }}",
            "bash -c 'echo '{{ X }}",
            "sudo -u root sh -c {{ X }}",
            "docker exec {{ Y }} sh -c {{ X }}",
            "find . -exec bash -c {{ X }} \\;",
            "xargs sh -c {{ X }}",
            "git clone --upload-pack {{ X }} . zz",
            "git clone -u {{ X }} . zz",
            "git push --exec={{ X }} . HEAD",
            "git archive --remote=. --exec={{ X }} HEAD",
            "git grep -O{{ X }} x",
            "split --filter={{ X }} f",
            "compgen -W {{ X }}",
            "compgen -C {{ X }}",
            "zip -T -TT {{ X }} a.zip f",
            "make --eval={{ X }}",
            "MAKEFLAGS={{ X }} make",
            "ssh host {{ X }}",
            "ssh -p 22 host ls {{ X }}",
            "ssh -o ProxyCommand={{ X }} host",
            "ssh {{ HOST }} rm -r {{ X }}",
            "su -c {{ X }}",
            "su - user -c {{ X }}",
            "trap {{ X }} EXIT",
            "test -v {{ X }}",
            "[ -v {{ X }} ]",
            "[[ -v {{ X }} ]]",
            "[[ {{ X }} -eq 1 ]]",
            "[[ 1 -lt {{ X }} ]]",
            "printf -v {{ X }} %s text",
            "read {{ X }}",
            "read -r -a {{ X }}",
            "declare {{ X }}",
            "declare {{ X }}=1",
            "declare -i N={{ X }}",
            "declare -a A={{ X }}",
            "local -n REF={{ X }}",
            "export {{ X }}",
            "unset {{ X }}",
            "let {{ X }}",
            "let N={{ X }}",
            "(( {{ X }} ))",
            "alias ll={{ X }}",
            "env -S {{ X }}",
            "python3 -c {{ X }}",
            "perl -ne {{ X }}",
            "awk {{ X }} file",
            "sed s/a/{{ X }}/ file",
            "sed -i -e {{ X }} file",
            "echo {{ X }} | sh",
            "echo {{ X }} | sort |\n bash -s",
            "printf '%s' {{ X }} | sudo bash",
            "printf '%s' {{ X }} | ssh host",
            "echo {{ X }} | ssh host bash -s",
            "echo {{ X }} | ssh -p 22 host 'sudo bash -s'",
            "ssh host bash -s <<< {{ X }}",
            "echo {{ X }} | su - app",
            "echo {{ X }} | sudo -i",
            "echo {{ X }} | tcsh",
            "echo {{ X }} | python3.12",
            "tcsh -c {{ X }}",
            "nu -c {{ X }}",
            "bash5.2 -c {{ X }}",
            "/usr/bin/python3.12 -c {{ X }}",
            "perl5.36 -e {{ X }}",
            "nodejs -e {{ X }}",
            "pypy3 -c {{ X }}",
            "powershell {{ X }}",
            "mysql -Be{{ X }}",
            "wait -n -p {{ X }}",
            "bash <<< {{ X }}",
            "{ echo {{ X }}; } | sh",
            "( echo {{ X }} ) | sudo bash",
            "if true; then echo {{ X }}; fi | sh",
            "for I in {{ X }}; do echo \"$I\"; done | sh",
            "case a in a|b) echo {{ X }};; esac | sh",
            "echo {{ X }} | { cat; sh; }",
            "{ bash; } <<< {{ X }}",
            "echo {{ X }} | while true; do sh; done",
            "echo {{ X }} | xargs -I% sh -c 'rm %'",
            "echo {{ X }} | xargs -i sh -c 'rm {}'",
            "echo {{ X }} | xargs sh -c",
            "echo {{ X }} | xargs ssh host",
            "echo {{ X }} | xargs -I % ssh host rm %",
            "bash <(echo {{ X }})",
            "sudo bash -e <(echo {{ X }})",
            ". <(echo {{ X }})",
            "source <(echo {{ X }})",
            "bash < <(echo {{ X }})",
            "cat <(echo {{ X }}) | sh",
            "echo {{ X }} > >(sh)",
            "echo {{ X }} | tee >(bash -s)",
            "{ echo {{ X }}; } > >(ssh host)",
            "$(echo {{ X }})",
            "sudo $(echo {{ X }})",
            "eval $(echo {{ X }})",
            "sh -c $(echo {{ X }})",
            "PS4={{ X }}",
            "BASH_ENV={{ X }} bash script",
            "export ENV={{ X }}",
            "PROMPT_COMMAND={{ X }}",
            "PROMPT_COMMAND+={{ X }}",
            "sudo env BASH_ENV={{ X }} true",
            "GIT_SSH_COMMAND={{ X }} git fetch",
            "git -c alias.x={{ X }} x",
            "git -c {{ X }} x",
            "git -c core.sshCommand={{ X }} fetch",
            "git config --global alias.x {{ X }}",
            "git rebase --exec {{ X }} main",
            "rsync -e {{ X }} a b",
            "rsync -ave {{ X }} a b",
            "rsync --rsh={{ X }} a b",
            "sshpass -p secret ssh host {{ X }}",
            "sshpass -p secret ssh host ls {{ X }}",
            "pwsh -Command {{ X }}",
            "pwsh -NoProfile -c Write-Host {{ X }}",
            "env -S {{ X }}",
            "env -S'sh -c' {{ X }}",
            "find . -exec sh -c {{ X }} \\;",
            "timeout 5 sh -c {{ X }}",
            "timeout 5 ssh host {{ X }}",
            "timeout -k 1 5 su -c {{ X }}",
            "nice -n 5 ssh host {{ X }}",
            "nohup sh -c {{ X }}",
            "sudo --user root ssh host {{ X }}",
            "sudo -nu root ssh host {{ X }}",
            "perl -pi -e {{ X }} file",
            "python3 -Ic {{ X }}",
            "gawk --source {{ X }}",
            "echo {{ X }} | python3",
            "echo {{ X }} | python3 -",
            "echo {{ X }} | psql",
            "echo {{ X }} | at now",
            "echo {{ X }} | bash /dev/stdin",
            "{% if A %}echo{% else %}eval{% endif %} {{ X }}",
            "sh {% if A %}-c {% else %}file {% endif %}{{ X }}",
            "PS4={% if A %}{{ X }}{% endif %}",
            "eval {% if A %}x;{% endif %} {{ X }}",
            "eval {% if A %}x\n{% endif %} {{ X }}",
            "eval {% if A %}x &{% endif %} {{ X }}",
            "eval {% if A %}x &&{% endif %} {{ X }}",
            "eval {% if A %}{% else %}x;{% endif %} {{ X }}",
            "{% if A %}eval{% else %}echo;{% endif %} {{ X }}",
            "{% if A %}eval{% endif %}{% if B %};{% endif %} {{ X }}",
            "{% if A %}true; eval{% endif %} {{ X }}",
            "{% if A %}{% if B %}true; eval{% endif %}{% endif %} {{ X }}",
            "{% for I in L %}true; eval {% endfor %}{{ X }}",
            "{% for I in L %}{{ X }}; eval{% endfor %}\n",
            "sh {% for I in L %}{{ X }} {% endfor %}{% if A %}-c{% endif %} {{ X }}",
            "ssh {% for I in L %}{{ X }} {% endfor %}",
            "{% for I in L %}ssh {{ X }} {% endfor %}",
            "test {% for I in L %}{{ X }} -o -v {% endfor %}x",
            "{% if A %}echo{% endif %} test -v {{ X }}",
            "{% if A %}echo {% endif %}read {{ X }}",
            "{% if A %}echo {% endif %}if test -v {{ X }}; then true; fi",
            "{% if A %}echo {% endif %}(( {{ X }} ))",
            "A=1{% if A %}2 echo{% endif %} declare {{ X }}",
            "{% if A %}sudo{% else %}echo{% endif %} declare {{ X }}",
            "te{% if A %}a{% endif %}st -v {{ X }}",
            "echo > {% if A %}file{% endif %} x {{ X }}",
            "> {% if A %}file{% endif %} x read {{ X }}",
            "bash {% if A %}file{% endif %} <<< {{ X }}",
            "echo {{ X }} | bash {% if A %}file{% endif %}",
            "echo {{ X }} | {% if A %}cat;{% endif %} bash file",
            "echo {{ X }} |\n{% if A %}cat\n{% endif %} cat",
            "{ echo {{ X }}; {% if A %}}; { {% endif %}true; } | cat",
            "if true; then echo {{ X }}; {% if A %}else{% endif %} true; fi | cat",
            "case a in {% if A %}a) true;; {% endif %}*) echo {{ X }};; esac",
            "echo $(echo {% if A %}a) $(echo {% endif %}{{ X }})",
            "a {% if A %}1{% endif %} {% if A %}2{% endif %} {% if A %}3{% endif %} {% if A %}4{% endif %} \
             {% if A %}5{% endif %} {% if A %}6{% endif %} {{ X }}",
            "A=([{{ X }}]=1)",
            "time -p eval {{ X }}",
            "echo {{ X }} | psql --set=ON_ERROR_STOP=1 base",
            "cat <<E {{ X }}\ntext\nE",
            "cat <<{{ X }}\ntext\nE",
            "echo 'open {{ X }}",
            "cat <<E\n{{ X }}",
            "a \"${b:-'c'}\"\necho {{ X }}",
            "echo $(case a in a) echo {{ X }};; esac)",
            "echo \\{{ X }}",
            "echo ${{ X }}",
            "echo a[{{ X }}]",
            "echo ok # {{ X }}",
            "echo {% if A %}#{% endif %} {{ X }}",
        ];
        let passed: Vec<_> = scripts.into_iter().filter(|script| !refused(script)).collect();
        assert_eq!(passed, [""; 0]);
    }

    #[test]
    fn a_value_stands_where_a_word_stays_a_word() {
        let scripts = [
            "echo {{ X }}",
            "echo eval {{ X }}",
            "evaluate {{ X }}",
            "eval true; echo {{ X }}",
            "eval true\necho {{ X }}",
            "sh -c 'echo \"$1\"' sh {{ X }}",
            "sh {{ FILE }}",
            "sh -e {{ FILE }} {{ X }}",
            "sudo systemctl restart {{ X }}",
            "ssh {{ HOST }} uptime",
            "ssh -p {{ PORT }} -i {{ KEY }} host uptime",
            "docker exec {{ X }} ls",
            "docker run -e NAME={{ X }} image",
            "test {{ X }} = a",
            "[ -n {{ X }} ]",
            "[[ {{ X }} == a* ]]",
            "printf '%s' {{ X }}",
            "printf -v NAME %s {{ X }}",
            "read -p {{ X }} NAME",
            "export NAME={{ X }}",
            "NAME={{ X }}",
            "declare -r NAME={{ X }}",
            "python3 -c 'import sys; print(sys.argv[1])' {{ X }}",
            "awk '{ print $1 }' {{ FILE }}",
            "awk -v N={{ X }} '{ print N }' file",
            "sed -n 1p {{ FILE }}",
            "echo {{ X }} | grep sh",
            "echo {{ X }} | ssh host cat",
            "echo {{ X }} | ssh host 'tee file'",
            "echo {{ X }} | su -c 'cat' app",
            "echo {{ X }} | sudo tee file",
            "wait {{ X }}",
            "echo {{ X }} || sh",
            "echo {{ X }}; echo ls | sh",
            "echo {{ X }} > {{ FILE }}",
            "cat <<< {{ X }}",
            "docker export {{ X }} -o out.tar",
            "kubectl config unset users.{{ X }}",
            "sudo -u app git -C /srv/read pull origin {{ X }}",
            "docker exec app test -v {{ X }}",
            "sudo apt-get install alias {{ X }}",
            "command echo eval {{ X }}",
            "./eval {{ X }}",
            "sudo systemctl restart ssh {{ X }}",
            "docker restart ssh {{ X }}",
            "apt-get install rsync ssh {{ X }}",
            "sudo journalctl -u ssh --since {{ X }}",
            "{ echo {{ X }}; } | sort",
            "{ echo {{ X }}; }; echo ls | sh",
            "( echo {{ X }} ) > file",
            "echo {{ X }} | xargs -I% sh -c 'rm \"$1\"' sh %",
            "echo {{ X }} | xargs sh -c 'rm \"$1\"' sh",
            "diff <(echo {{ X }}) file",
            "echo $(echo {{ X }})",
            "Y=$(echo {{ X }})",
            "A=({{ X }} b)",
            "git -c user.name={{ X }} commit -m x",
            "git commit -m {{ X }}",
            "rsync -a {{ X }} host:b",
            "sshpass -p secret ssh {{ HOST }} uptime",
            "timeout {{ N }} systemctl restart {{ X }}",
            "case {{ X }} in a|b) true;; esac",
            "for I in a {{ X }}; do echo \"$I\"; done",
            "echo {{ X }} | python3 -c 'import sys'",
            "cat <<E\ntext\nE\necho {{ X }}",
            "find {{ DIR }} -name {{ X }}",
            "{% if A %}\necho a\n{% endif %}\necho {{ X }}",
            "{% if A %}echo {{ X }}{% else %}echo none{% endif %}\n",
            "{% if A %}echo a; {% endif %}echo {{ X }}",
            "{% if A %}\nif true; then\n  echo {{ X }}\nfi\n{% elif B %}\ncat <<E\ntext\nE\n{% endif %}\ntrue",
            "{% for H in L %}\nssh {{ H }} uptime\n{% endfor %}",
            "{% for H in L %}ping {{ H }} && {% endfor %}true",
            "{% for H in L %}{% if H %}ping {{ H }};{% endif %}{% endfor %}",
            "cp {% for F in L %}{{ F }} {% endfor %}dir",
            "tool {% if A %}--fast{% endif %} {{ X }}",
            "tool {% if A %}--fast{% else %}--slow{% endif %} {{ X }} > {{ FILE }}",
            "{% if A %}sudo {% endif %}systemctl restart {{ X }}",
            "find . {% if A %}-type f{% endif %} ! -name {{ X }}",
            "if true; then {% if A %}echo {{ X }};{% endif %} fi",
            "{\n{% if A %}\necho {{ X }}\n{% endif %}\ntrue\n} | sort",
            "echo {{ X }} | {% if A %}sort{% else %}cat{% endif %}",
            "echo $( {% if A %}echo {{ X }}{% endif %})",
            "A=( {% if A %}{{ X }}{% endif %} b)",
            "eval true {% if A %}x;{% endif %} echo",
        ];
        let refused: Vec<_> = scripts.into_iter().filter(|script| refused(script)).collect();
        assert_eq!(refused, [""; 0]);
    }
}
