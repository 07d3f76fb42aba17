//! Scripts that hold commands and do nothing, and here-documents without an end.

use holdpoint_shell::{
    Idle, Redirected, To, handed, idle, never_fails, open_here_document, pipelines, read, redirected,
};

/// What is said of a script: `-` for nothing at all.
fn said(script: &str, language: &str) -> String {
    match idle(script, language) {
        None => "-".to_owned(),
        Some(Idle::Nothing(why)) => format!("nothing: {why}"),
        Some(Idle::Little(why)) => format!("little: {why}"),
        Some(Idle::Assigns) => "assigns".to_owned(),
    }
}

#[test]
fn a_script_that_does_nothing_says_why() {
    let mut wrong = Vec::new();
    for (language, script, begins) in [
        ("sh", "# x", "nothing: has no commands"),
        ("sh", "set -e", "nothing: only sets"),
        ("bash", "set -euo pipefail\nshopt -s extglob", "nothing: only sets"),
        ("bash", "f() { rm -r x; }", "nothing: only defines"),
        ("bash", "f()\n{\n  rm -r x\n}\n", "nothing: only defines"),
        ("bash", "function f { rm -r x; }\nset -e\n# g\ng() (ls)", "nothing: only defines"),
        ("sh", "X=1", "assigns"),
        ("sh", "set -u\nX=1 Y='two words'\nf() { ls; }", "assigns"),
        ("sh", "X=1; exit 0; deploy", "assigns"),
        ("sh", "set -n\ndeploy", "nothing: executes nothing after"),
        ("sh", "# x\nset -e; set -o noexec\ndeploy", "nothing: executes nothing after"),
        ("sh", "set -en\ndeploy", "nothing: executes nothing after"),
        ("sh", "deploy\nset -n\ncheck", "little: executes nothing after"),
        ("sh", "exit", "nothing: ends at its `exit`"),
        ("sh", "return 0\nfalse", "nothing: ends at its `exit`, `return`"),
        ("sh", "return", "nothing: ends at its `exit`, `return`"),
        ("bash", "exec true\nfalse", "nothing: ends at its `exit`, `return`"),
        ("sh", "f() { return 0; }\nf && deploy", "-"),
        ("sh", "exec deploy", "-"),
        ("sh", "exit 0\ndeploy", "nothing: ends at its `exit`"),
        ("sh", "set -e\nf() { ls; }\nexit 0; f", "nothing: ends at its `exit`"),
        ("sh", "deploy\nexit 0\ncheck", "little: has commands behind"),
        ("sh", "if false; then deploy; fi", "nothing: executes nothing"),
        ("sh", "if false\nthen\n  deploy\nfi\n", "nothing: executes nothing"),
        ("sh", "set -e\nwhile false; do deploy; done", "nothing: executes nothing"),
        ("sh", "until true; do deploy; done", "nothing: executes nothing"),
        ("sh", "case x in\ny) deploy ;;\nesac", "nothing: executes nothing"),
        ("sh", "case x in y | z) deploy ;; (w) check ;; esac", "nothing: executes nothing"),
        ("sh", "for i in; do deploy; done", "nothing: executes nothing"),
        ("bash", "for i in\ndo\n  deploy\ndone", "nothing: executes nothing"),
        ("sh", "> file", "little: has redirections"),
        ("sh", ">> a 2> \"b\"", "little: has redirections"),
        ("sh", "< file", "little: has redirections"),
        ("sh", "eval ''", "nothing: has commands with nothing to do"),
        ("sh", "eval \"\" # later", "nothing: has commands with nothing to do"),
        ("sh", "eval", "nothing: has commands with nothing to do"),
        ("sh", "sh -c ''", "nothing: has commands with nothing to do"),
        ("sh", "env A=b bash -euc '# later'", "nothing: has commands with nothing to do"),
        ("bash", "bash <<E\nE\n", "nothing: has commands with nothing to do"),
        (
            "bash",
            "set -e\nexec sh <<'E' >/dev/null\n# later\nE\ncd .",
            "nothing: has commands with nothing to do",
        ),
        ("sh", "exec", "nothing: has commands with nothing to do"),
        ("sh", "cd .", "nothing: has commands with nothing to do"),
        ("sh", ">/dev/null", "nothing: has commands with nothing to do"),
        ("sh", ">/dev/null 2>&1", "nothing: has commands with nothing to do"),
        ("sh", "wait", "nothing: has commands with nothing to do"),
        ("sh", "alias ll='ls -l'; umask 022", "nothing: only sets"),
        ("sh", "trap - EXIT", "nothing: only sets"),
        ("sh", "> file 2>&1", "little: has redirections"),
        ("python", "import os\nfrom sys import argv\n", "little: only imports"),
        ("python", "pass\nNone\n0", "nothing: holds values"),
        ("python", "1 == 2", "nothing: holds values"),
        ("python", "\"a\" != 'b' and not (2.5 is not None)", "nothing: holds values"),
        ("python", "x = 1", "-"),
        ("python", "1 == x", "-"),
        ("python", "1 < 'a'", "-"),
        ("python", "1 (2)", "-"),
        ("python", "(1 == 2", "-"),
        ("python", "assert True", "nothing: holds values"),
        ("python", "assert (1 == 2, \"x\")", "nothing: holds values"),
        ("python", "assert 1 == 2", "-"),
        ("python", "assert (1 == 2), 'x'", "-"),
        ("python", "assert (',' == 'a')", "-"),
        ("python", "assert (1, 2) == (3, 4)", "-"),
        ("python", "assert (1 == 2) or (1, 2)", "-"),
        ("python3", "def f():\n    print(1)\n\npass\n", "nothing: holds values"),
        ("python3", "def f(): deploy()\n", "nothing: holds values"),
        ("python3", "async def f():\n    deploy()\n\nlambda: deploy()\n", "nothing: holds values"),
        ("python3", "if False:\n    deploy()\n", "nothing: holds values"),
        ("python3", "if 0: deploy()", "nothing: holds values"),
        ("python3", "while False:\n    deploy()\n", "nothing: holds values"),
        ("python3", "import sys\nsys.exit()\ndeploy()\n", "nothing: ends before"),
        ("python3", "exit(0)\ndeploy()\n", "nothing: ends before"),
        ("python3", "raise SystemExit\ndeploy()\n", "nothing: ends before"),
        ("perl", "exit;\nprint 1;", "nothing: ends before"),
        ("perl", "# x\nexit(0);\nprint 1;", "nothing: ends before"),
        ("ruby", "exit\nputs 1", "nothing: ends before"),
        ("node", "// x\nprocess.exit();\ndeploy();", "nothing: ends before"),
        ("js", "process.exit(0)\ndeploy()", "nothing: ends before"),
        ("php", "<?php\nexit;\ndeploy();", "nothing: ends before"),
        ("lua", "os.exit()\ndeploy()", "nothing: ends before"),
        ("js", "/* a\nb */ process.exit(0)\ndeploy()", "nothing: ends before"),
        ("php", "<?php\n/* a\n */\nexit;\ndeploy();", "nothing: ends before"),
        ("perl", "=pod\n\nx\n\n=cut\nexit;\nprint 1;", "nothing: ends before"),
        ("perl", "# x\n__END__\nprint 1;", "nothing: ends before"),
        ("perl", "__DATA__\nx", "nothing: ends before"),
        ("ruby", "__END__\nputs 1", "nothing: ends before"),
        ("sh", "if ! true; then ls; fi", "nothing: executes nothing"),
        ("sh", "if [ 1 = 2 ]; then ls; fi", "nothing: executes nothing"),
        ("sh", "while test 2 -lt 1\ndo\n  ls\ndone", "nothing: executes nothing"),
        ("sh", "until ! false; do ls; done", "nothing: executes nothing"),
        ("sh", "eval \":\"", "nothing: has commands with nothing to do"),
        ("sh", "sh -c true", "nothing: has commands with nothing to do"),
        ("sh", ". /dev/null", "nothing: has commands with nothing to do"),
        ("sh", "sh </dev/null", "nothing: has commands with nothing to do"),
        ("bash", "bash -eu </dev/null 2>&1", "nothing: has commands with nothing to do"),
        ("bash", "(( 1 ))", "nothing: has commands with nothing to do"),
        ("python", "class A:\n    pass", "nothing: holds values"),
        (
            "python",
            "class A(Exception):\n    '''Why.'''\n\n    def f(self):\n        ls()\n",
            "nothing: holds values",
        ),
        ("python", "class A: pass", "nothing: holds values"),
        ("python", "import sys; sys.exit()", "nothing: ends before"),
        ("python", "for x in []: print(x)", "nothing: holds values"),
        ("python", "for x in range(0):\n    print(x)", "nothing: holds values"),
        ("python", "if not True:\n    ls()", "nothing: holds values"),
        ("python", "'''Looks\nat it.'''\nexit()\nls()", "nothing: ends before"),
        ("python", "print(1); exit()", "-"),
        ("python", "class A(b()):\n    pass", "-"),
        ("python", "class A:\n    x = ls()", "-"),
        ("python", "class A:\n    def f(self, x=ls()):\n        pass", "-"),
        ("python", "class A:\n    @b\n    def f(self):\n        pass", "-"),
        ("python", "@b\nclass A:\n    pass", "-"),
        ("python", "for x in []:\n    print(x)\nelse:\n    ls()", "-"),
        ("python", "for x in y: print(x)", "-"),
        ("python", "if False: ls(); exit()\nls()", "-"),
        ("python", "while []: ls()\nls()", "-"),
        ("node", "function f() {\n  // it's {\n  ls(\"}\");\n}", "nothing: holds values"),
        ("node", "\"use strict\"", "nothing: has no commands"),
        ("node", "'use strict';\nif (false) {\n  ls();\n}\n", "nothing: holds values"),
        ("js", "async function f(x) { if (x) { ls() } }\nprocess.exit()\nf()", "nothing: ends before"),
        ("node", "function f() {}\nf()", "-"),
        ("node", "(function f() { ls() })()", "-"),
        ("node", "if (false) { a() } else { b() }", "-"),
        ("node", "if (false) a(); b({})", "-"),
        ("node", "if (false || x) { a() }", "-"),
        ("node", "\"use strict\" + f()", "-"),
        ("node", "function f() { return /}/ }\nls()", "-"),
        ("node", "function f() { a(`}`) }\nls()", "-"),
        ("node", "function f() {", "-"),
        ("perl", "use strict;", "nothing: holds values"),
        (
            "perl",
            "use strict;\nuse warnings;\nuse v5.36;\nsub f {\n  # why\n  print 1;\n}\n1;",
            "nothing: holds values",
        ),
        ("perl", "use strict;\nexit;\nprint 1;", "nothing: ends before"),
        ("perl", "use POSIX;", "-"),
        ("perl", "sub END { print 1 }", "-"),
        ("perl", "sub f { print 1 }\nf();", "-"),
        ("perl", "if (0) { print 1 } elsif (1) { print 2 }", "-"),
        ("ruby", "if false; puts 1; end", "nothing: holds values"),
        ("ruby", "# x\ndef f(a)\n  puts 'end'\nend\nif false\n  puts 1\nend", "nothing: holds values"),
        ("ruby", "if false; puts 1; else; puts 2; end", "-"),
        ("ruby", "if false || x; puts 1; end", "-"),
        ("ruby", "def f\n  puts 1\nend\nf", "-"),
        ("ruby", "def f = puts(1)\nputs 2\nend", "-"),
        ("ruby", "if falsehood; puts 1; end", "-"),
        ("lua", "local function f() print(1) end\nif false then print(1) end", "nothing: holds values"),
        ("lua", "function f() print(1) end\nf()", "-"),
        ("php", "<?php\nfunction f() { echo 1; }\n", "nothing: holds values"),
        ("sh", "if ! false; then ls; fi", "-"),
        ("sh", "if [ 1 = \"$X\" ]; then ls; fi", "-"),
        ("sh", "if [ 1 = 1 ]; then ls; fi", "-"),
        ("sh", "if ! true; then a; else b; fi", "-"),
        ("sh", "eval \": x\"", "-"),
        ("sh", ". ./env", "-"),
        ("sh", "sh deploy </dev/null", "-"),
        ("sh", "ssh web </dev/null", "-"),
        ("sh", "sh 2</dev/null", "-"),
        ("bash", "(( 0 ))", "-"),
        ("bash", "(( x ))", "-"),
        // What does something, or what nobody can tell.
        ("sh", ":", "-"),
        ("sh", "true", "-"),
        ("sh", ": > file", "-"),
        // What starts the shell can fail by itself.
        ("sh", "sudo -n -u app bash -c 'exit 0'", "-"),
        ("sh", "docker run --rm shop sh -c 'exit 0'", "-"),
        ("sh", "flock -n lock sh -c ''", "-"),
        ("sh", "ssh -o BatchMode=yes web <<'E'\nexit 0\nE", "-"),
        ("sh", "ssh web bash -s <<'E'\nexit 0\nE", "-"),
        ("sh", "docker exec -i c sh <<'E'\nE", "-"),
        // What prints what is set.
        ("sh", "umask", "-"),
        ("sh", "umask -S", "-"),
        ("sh", "alias", "-"),
        ("sh", "set", "-"),
        ("bash", "set -o", "-"),
        ("bash", "set +o", "-"),
        ("bash", "shopt", "-"),
        ("bash", "shopt -q extglob", "-"),
        ("bash", "trap", "-"),
        ("sh", ": \"$X\"", "-"),
        ("sh", "sh -c 'deploy'", "-"),
        ("sh", "sh -c \"$X\"", "-"),
        ("sh", "ssh host ''", "-"),
        ("sh", "eval \"$X\"", "-"),
        ("sh", "bash <<E\ndeploy\nE", "-"),
        ("sh", "bash <<E\n$X\nE", "-"),
        ("sh", "cat <<A; bash <<E\nA\ndeploy\nE", "-"),
        ("sh", "exec >/dev/null", "-"),
        ("sh", "exec 2>&1", "-"),
        ("sh", "cd . && deploy", "-"),
        ("sh", "sh", "-"),
        ("sh", "exec > file", "-"),
        ("sh", "> \"$LOG\"", "-"),
        ("sh", "cat < file", "-"),
        ("sh", "X=$(deploy)", "-"),
        ("sh", "X=`deploy`", "-"),
        ("sh", "X=${Y:?}", "-"),
        ("sh", "X=$Y", "-"),
        ("sh", "X=1 deploy", "-"),
        ("sh", "export X=1", "-"),
        ("sh", "unset X", "-"),
        ("sh", "cd web", "-"),
        ("sh", "set -e\ndeploy", "-"),
        ("sh", "set -- a b; deploy \"$@\"", "-"),
        ("sh", "set", "-"),
        ("sh", "f() { ls; }\nf", "-"),
        ("sh", "f() { ls; } && f", "-"),
        ("sh", "exit 1", "-"),
        ("sh", "exit \"$X\"", "-"),
        ("sh", "deploy\nexit 0", "-"),
        ("sh", "deploy || exit 0\ncheck", "-"),
        ("sh", "test -f x && exit 0\ncheck", "-"),
        ("sh", "if test -f x; then exit 0; fi\ndeploy", "-"),
        ("sh", "if false; then a; else deploy; fi", "-"),
        ("sh", "if false || true; then deploy; fi", "-"),
        ("sh", "while true; do deploy; break; done", "-"),
        ("sh", "(exit 0)\ndeploy", "-"),
        ("sh", "{ exit 0; }\ndeploy", "-"),
        ("sh", "trap 'deploy' EXIT", "-"),
        ("sh", "exit 0 |\n deploy", "-"),
        ("sh", "cat <<E\nexit 0\nE", "-"),
        ("bash", "case x in\nx) exit 0 ;;\nesac\ndeploy", "-"),
        ("sh", "case x in x) deploy ;; esac", "-"),
        ("sh", "case x in y) deploy ;; *) check ;; esac", "-"),
        ("sh", "case $1 in y) deploy ;; esac", "-"),
        ("sh", "case x in $Y) deploy ;; esac", "-"),
        ("sh", "case x in [a-z]) deploy ;; esac", "-"),
        ("bash", "shopt -s nocasematch; case x in X) deploy ;; esac", "-"),
        ("sh", "for i in a; do deploy; done", "-"),
        ("sh", "for i in $HOSTS; do deploy; done", "-"),
        ("sh", "for i; do deploy; done", "-"),
        ("sh", "for i do deploy; done", "-"),
        ("python3", "def f(): deploy()\nf()", "-"),
        ("python3", "if False:\n    a()\nelse:\n    deploy()\n", "-"),
        ("python3", "sys.exit(main())", "-"),
        ("python3", "exit(1)", "-"),
        ("perl", "exit 1;", "-"),
        ("perl", "exit if $x;\nprint 1;", "-"),
        ("node", "process.exit(1)", "-"),
        ("python", "import os\nos.remove('x')", "-"),
        ("python", "def f(x=print(1)):\n    pass", "-"),
        ("python", "class A:\n    print(1)", "-"),
        ("python", "import os; os.remove('x')", "-"),
        ("perl", "print 1;\n__END__\n", "-"),
        ("lua", "X=1", "-"),
        ("lua", "--[[\nreturn\n]]\ndeploy()", "-"),
        ("js", "/*\nprocess.exit(0)\n*/\ndeploy()", "-"),
    ] {
        let said = said(script, language);
        if said != begins && !(begins.len() > 1 && said.starts_with(begins)) {
            wrong.push(format!("{language}: {script:?}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_here_document_without_an_end_is_found_wherever_it_begins() {
    for (script, at) in [
        ("cat <<E\nx\n", 4),
        ("x=`cat <<E\nx\n`\necho y", 7),
        ("x=\"`cat <<E\nx\n`\"", 8),
        ("x=$(cat <<E\nx\n)\necho y\n", 8),
        ("x=\"$(cat <<-E\n\tx\n)\"", 9),
        ("cat <<\"\"\nx", 4),
        ("cat <<''\nx\ny", 4),
        ("cat <<E\nx\nE \n", 4),
        ("( cat <<E\nx\n)", 6),
        ("f() {\ncat <<'E F'\nx\n}\n", 10),
        ("sh -c 'cat <<E\nx\n E'\n", 11),
        ("sudo bash -euc \"cat <<E\nx\" && true\n", 20),
        ("echo a | xargs sh -c 'cat <<E\nx'", 26),
        ("eval 'cat <<E\nx'", 10),
        ("if true; then sh -c 'cat <<E\nx'; fi", 25),
    ] {
        assert_eq!(open_here_document(script), Some(at), "{script:?}");
    }
}

#[test]
fn a_here_document_that_ends_or_is_none_is_no_finding() {
    for script in [
        "cat <<E\nx\nE",
        "x=`cat <<E\nx\nE\n`\n",
        "x=$(cat <<E\nx\nE\n)\n",
        "cat <<\"\"\nx\n\necho y",
        "cat <<-E\n\tx\n\tE\n",
        "cat <<<x\n",
        "echo $((1 << 2)) '<<E' \"<<E\"\n",
        "# cat <<E\nls",
        "sh -c 'cat <<E\nx\nE'\n",
        "sh -c 'cat <<E\nx\nE\n'; eval \"$x\" 'cat <<E'",
        "echo sh -c 'cat <<E\nx'",
        "sh -e script 'cat <<E\nx'",
        "eval",
        "sh -c",
        // Some shells take this for an end.
        "x=$(cat <<E\nx\nE)\n",
        "",
    ] {
        assert_eq!(open_here_document(script), None, "{script:?}");
    }
}

#[test]
fn a_script_that_never_fails_is_told_from_one_that_may() {
    for script in [
        "curl -f x || true",
        "curl -f x || :",
        "curl -f x || exit 0",
        "curl -f x || echo bad",
        "! false",
        "exit 0\ncurl -f x",
        "test ok; echo \"$(df -h)\"",
        "if curl -f x; then echo good; else echo bad; fi",
        "if curl -f x\nthen\n  echo good\nelif other; then :\nfi\n",
        "while read -r x; do echo \"$x\"; done",
        "for x in 1 2; do curl -f $x || true; done",
        "{ curl -f x || true; }\nX=1; echo done # no more",
        "( curl -f x ) || true",
        "set -eu\nexport X=$(curl -f x)\necho \"$X\"",
        "[ \"$X\"=y ]",
        "test ok",
        "[[ $X==y ]]",
        "f() { curl -f x; }\nf || true",
        "X=1",
        "curl -f x &",
        "set +e; curl -f x; true",
        "set +e\ncurl -f x\nexit 0",
        "trap 'exit 0' EXIT; curl -f x",
        "trap \"echo bye; exit 0\" 0\ncurl -f x",
        "X=1; trap 'exit' INT; trap 'rm -f x || true\nexit 0' TERM EXIT; curl -f x || exit 1",
    ] {
        assert!(never_fails(script, true), "{script:?}");
    }
    for script in [
        ":",
        "true # nothing is done here\n",
        "true && echo well",
        "echo \"$(df -h)\" >/dev/null 2>&1",
        "curl -f x",
        "curl -f x || false",
        "curl -f x || exit 1",
        "curl -f x && true",
        "false",
        "! curl -f x",
        "! true",
        "if curl -f x; then echo good; else exit 1; fi",
        "if curl -f x; then other; fi",
        "curl -f x; true",
        "X=$(curl -f x); echo \"$X\"",
        "echo \"${X:?}\"",
        "[ \"$X\" = y ]",
        "[ \"$X\" ]",
        "test \"$X$Y\"",
        "[[ $X == y ]]",
        "[[ x ]] && [ \"$X\" ]",
        "curl -f x | true",
        "curl -f x & wait $!",
        "set +e; curl -f x; exit 1",
        "set +e; curl -f x || exit 1; true",
        "echo x >file",
        "curl -f x || exit",
        "trap 'exit 1' EXIT; true",
        "trap 'rm -f x' EXIT; curl -f x",
        "trap 'rm x; exit 0' EXIT; curl -f x",
        "trap 'exit 0' INT; curl -f x",
        "trap \"$ACT; exit 0\" EXIT; curl -f x",
        "curl -f x; trap 'exit 0' EXIT; curl -f y",
        "trap 'exit 0' EXIT; trap - EXIT; curl -f x",
        "curl -f x && trap 'exit 0' EXIT; curl -f y",
        "case $X in y) true ;; esac",
        "cat <<E || true\nx",
        "PODS=($(kubectl get pods -o name))",
        "declare -F deploy >/dev/null",
        "declare -p TOKEN",
        "until curl -fsS \"$URL\"; do :; done",
        "while ! nc -z db 5432; do printf .; done",
    ] {
        assert!(!never_fails(script, true), "{script:?}");
    }
    // Where a failing command in the middle ends nothing, the last one counts.
    assert!(never_fails("curl -f x; true", false));
    assert!(!never_fails("curl -f x || exit 1; true", false));
    assert!(never_fails("curl -f x; trap 'rm x; exit 0' EXIT; curl -f y || exit 1", false));
    assert!(!never_fails("echo x; curl -f x", false));
}

fn compared(script: &str) -> Option<Redirected> {
    redirected(script, &pipelines(&read(script).tokens))
}

#[test]
fn a_comparison_that_is_a_redirection_is_found_where_it_stands() {
    for (script, found) in [
        ("n=3; [ \"$n\" > 5 ]", "> 5"),
        ("[ 3 < \"$n\" ] && deploy", "< \"$n\""),
        ("if ! [ -n \"$a\" -a \"$a\" >b ]; then exit 1; fi", ">b"),
        ("while test \"$n\" > 5; do n=$(next); done", "> 5"),
        ("f() { { [ \"$(df | tail -1)\" > 90 ]; } || exit 1; }", "> 90"),
        ("test -f x | [ a > b ]", "> b"),
    ] {
        let at = compared(script).map(|it| script[it.at].to_owned());
        assert_eq!(at.as_deref(), Some(found), "{script:?}");
    }
    for script in [
        "[ \"$n\" -gt 5 ]",
        "[ \"$a\" \\> \"$b\" ]",
        "[ \"$a\" '<' \"$b\" ]",
        "[[ $a > $b ]]",
        "(( n > 5 ))",
        "[ -f x ] > log",
        "[ -f x ] < y",
        "[ \"$n\" -gt 5 2> log ]",
        "[ \"$n\" -gt 5 > /dev/null ]",
        "test -f x > log",
        "test \"$n\" -gt 5 > log",
        "test \"$x\" >> log",
        "echo [ a > b ]",
        "ls > file",
        "for x in [ a ]; do ls > b; done",
    ] {
        assert_eq!(compared(script), None, "{script:?}");
    }
}

/// What a script hands to shells: whose it is, and the text.
fn handed_by(script: &str) -> Vec<(String, String)> {
    let name = |to: &To<'_>| match to {
        To::Itself => "itself".to_owned(),
        To::Shell { name, options } => [&[*name], options.as_slice()].concat().join(" "),
        To::Login(by) => format!("by {by}"),
    };
    handed(script, &read(script)).into_iter().map(|it| (name(&it.to), it.text.into_owned())).collect()
}

#[test]
fn a_shell_behind_thousands_of_others_is_found_or_not_soon() {
    let script = format!("{}<<E\nE\n{}'deploy'\n", "ssh x ".repeat(20_000), "ssh y ".repeat(20_000));
    assert_eq!(handed(&script, &read(&script)).len(), 3);
    assert_eq!(said(&script, "sh"), "-");
}

#[test]
fn scripts_that_are_handed_to_shells_are_found() {
    for (script, to, text) in [
        ("sh -c 'a | b'", "sh -c", "a | b"),
        ("sudo bash -o pipefail -c 'a | b' x", "bash -o pipefail -c", "a | b"),
        ("bash -euo pipefail -c \"a \\\"x|y\\\" $Z\"", "bash -euo pipefail -c", "a \"x|y\" $Z"),
        ("eval \"a | b\"", "itself", "a | b"),
        ("eval a \\| b", "itself", "a | b"),
        ("ssh -p 22 -vo A=b host 'a | b'", "by ssh", "a | b"),
        ("timeout 5 ssh host a '|' b", "by ssh", "a | b"),
        ("ssh host <<'E'\na | b\nE\n", "by ssh", "a | b\n"),
        ("bash -s x <<E\na | $B\nE\n", "bash -s", "a | $B\n"),
        ("su - app -c 'a | b'", "by su", "a | b"),
        ("su - app <<E\na | b\nE\n", "by su", "a | b\n"),
        ("docker exec c sh -c 'a | b'", "sh -c", "a | b"),
        ("find . -exec sh -c 'a | b' _ {} \\;", "sh -c", "a | b"),
        ("x=$(sh -c 'a | b')", "sh -c", "a | b"),
        ("echo sh -c 'a | b'", "", ""),
        ("sudo systemctl restart ssh", "", ""),
        ("ssh host", "", ""),
        ("sh script 'a | b'", "", ""),
    ] {
        let expected: Vec<(String, String)> = [(to, text)]
            .into_iter()
            .filter(|_| !to.is_empty())
            .map(|(to, text)| (to.into(), text.into()))
            .collect();
        assert_eq!(handed_by(script), expected, "{script:?}");
    }
    let both = handed_by("ssh \"$HOST\" sudo bash -s x <<E\na | $B\nE\n");
    assert_eq!(both.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["by ssh", "bash -s"]);
}
