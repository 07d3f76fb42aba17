//! Scripts that hold commands and do nothing, and here-documents without an end.

use holdpoint_shell::{Idle, idle, open_here_document};

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
        ("python", "import os\nfrom sys import argv\n", "little: only imports"),
        ("python", "pass\nNone\n0", "nothing: holds values"),
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
        // What does something, or what nobody can tell.
        ("sh", ":", "-"),
        ("sh", "true", "-"),
        ("sh", ": > file", "-"),
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
