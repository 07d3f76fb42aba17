//! What is proved, and what is left to a shell.

use holdpoint_shell::parses_everywhere as parses;

#[test]
fn plain_scripts_are_proved() {
    for script in [
        "",
        "# only words\n",
        "true\n",
        "mkdir -p out/1 && cp -r \"a/$B\" \"out/${C}/\" # copies\n",
        "if [ ! -e \"state/2\" ]; then\n  ./a --x 1 || exit 1\nelif b; then c; else\n d\nfi\n",
        "for n in a b \"$c\"; do\n  ./d --n \"$n\" >> \"log/1.txt\" 2>&1\ndone > x\n",
        "while read -r line; do echo \"$line\"; done < in.txt\n",
        "cat > \"c.ini\" <<EOF\nrelease = $R \"x' ${Y}\nEOF\n./reload\n",
        "cat <<-'E' | sh\n\t$(no `\n\tE\n",
        "V=$(./version --part 4 | cut -d . -f 1)\necho \"at $(date +%F): $V\"\n",
        "curl -d '{\"force\": false}' \"$U/x?y=$V\" \\\n  -o out\n",
        "f() {\n  echo \"$1\"\n}\nf ok\n{ a; b; } 2>/dev/null\n(cd x && make) || true\n",
        "case \"$1\" in\n  start|restart) run a; b ;;\n  *.txt)\n    c\n    ;;\nesac\n",
        "sleep 1 &\nwait\n! grep -q \"x$\" file\nfind . -name '*.log' -exec rm {} \\;\n",
        "i=$((i + 1))\necho ${A:-none} ${B%.txt} ${#C} $# $? \"$@\"\n",
    ] {
        assert!(parses(script), "{script}");
    }
}

#[test]
fn what_is_wrong_or_not_portable_is_left_to_a_shell() {
    for script in [
        "fi\n",
        "if true; then\n",
        "if true; then fi\n",
        "echo 'open\n",
        "echo \"open\n",
        "a &&\n",
        "| b\n",
        "a ;; b\n",
        "( a\n",
        "a )\n",
        "{ a }\n",
        "for x in a; done\n",
        "cat <<E\nx\n",
        "echo $(a\n",
        "echo `a`\n",
        "a[1\n",
        "[[ a ]]\n",
        "a=(1 2)\n",
        "x &> y\n",
        "diff <(a) b\n",
        "echo ${a[0]}\n",
        "echo $'a'\n",
        "a\r\n",
        "echo \\",
        "! !\n",
        "function f { :; }\n",
        "a & ; b\n",
        "case x in a) b;; \n",
        "then\n",
        "do x; done\n",
        "}\n",
        "a | | b\n",
        "time a\n",
        "!(a)\n",
        "echo a(b)\n",
        "$(a; )b\n; c\n",
        "<<<x cat\n",
        "a\\\n",
        "<>2>&1\n",
        "export() { :; }\n",
        "\\\na\n",
        "a; \\\n\\\nb\n",
        "a $(\\\nb)\n",
        "a $(b\nc)\n",
        "a $(b # c\n)\n",
        "a |& b\n",
        "a=1 if b; then c; fi\n",
        "echo \"$'a'\"\n",
        "echo 12>x\n",
        "a >#b\n",
        "a > # b\n",
        "cat <<E\n$1\nE\n",
    ] {
        assert!(!parses(script), "{script}");
    }
}
