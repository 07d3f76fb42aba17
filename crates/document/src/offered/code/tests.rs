use super::*;

fn code<'c>(info: &'c str, text: &'c str) -> Code<'c> {
    Code { info: Some(info), text, before: "" }
}

/// `KIND TEXT`, a line each.
fn told(info: &str, text: &str) -> Vec<String> {
    let cut = cut(&code(info, text));
    let whole: String = cut.pieces.iter().map(|piece| &text[piece.at.clone()]).collect();
    assert_eq!(whole, text, "pieces lose something of {text:?}");
    cut.pieces
        .iter()
        .map(|piece| format!("{:?} {}", piece.kind, text[piece.at.clone()].trim_end().replace('\n', "⏎")))
        .collect()
}

#[test]
fn code_is_cut_into_pieces_without_loss() {
    assert_eq!(
        told("console", "$ ls -l\ntotal 0\n\n$ echo a \\\n> b\na b\n# then\n$ date\n"),
        [
            "Prompt $",
            "Command ls -l",
            "Output total 0",
            "Blank ",
            "Prompt $",
            "Command echo a \\",
            "Prompt >",
            "Command b",
            "Output a b",
            "Comment # then",
            "Prompt $",
            "Command date"
        ]
    );
    assert_eq!(
        told(
            "sh",
            "# stop it\nsystemctl stop x\n\ncat <<E\n# text\nE\nfor i in 1 2\ndo\n  echo $i\ndone\nf() {\n  a\n}\n"
        ),
        [
            "Comment # stop it",
            "Command systemctl stop x",
            "Blank ",
            "Command cat <<E⏎# text⏎E",
            "Command for i in 1 2⏎do⏎  echo $i⏎done",
            "Command f() {⏎  a⏎}"
        ]
    );
}

#[test]
fn commands_come_without_their_prompts_and_with_what_they_print() {
    let text = "user@web:~$ sudo systemctl \\\n> restart x\nDone.\n\nuser@web:~$ echo it's\nx\n";
    let cut = cut(&code("console", text));
    let texts: Vec<&str> = cut.commands.iter().map(|command| command.text.as_str()).collect();
    assert_eq!(texts, ["sudo systemctl \\\nrestart x", "echo it's"]);
    assert_eq!(cut.commands[0].output.clone().map(|at| &text[at]), Some("Done.\n"));
    assert_eq!(cut.commands[1].reading.class, Class::NotACommand);
}

#[test]
fn code_of_which_nothing_says_what_it_is_must_read_as_commands() {
    let yes = [
        "ls -l\nrm x\n",
        "$ frobnicate\nok\n",
        "# comment\nkubectl get pods\n",
        "curl -s http://x \\\n  -H a\n",
        "sudo reboot\n",
        "# systemctl stop x\n",
        "for i in $(seq 3)\ndo\n  echo $i\ndone\nls\n",
    ];
    for text in yes {
        assert_eq!(language(&code("", text)), Some("bash"), "{text}");
    }
    let no = [
        "NAME READY\nweb 1/1\n",
        "host: a\nport: 1\n",
        "ls -l\ntotal 12\n",
        "for example this\n",
        "if it fails, wait\n",
        "{ \"a\": 1 }\n",
        "date is today\n",
        "",
        "SELECT 1;\n",
        "mysql> SELECT 1;\n",
    ];
    for text in no {
        assert_eq!(language(&code("", text)), None, "{text}");
    }
    let paragraph = |text| language(&Code { info: None, text, before: "" });
    assert_eq!((paragraph("$ ls"), paragraph("reboot"), paragraph("ls -l")), (Some("bash"), None, None));
    assert_eq!(language(&code("yaml", "ls\n")), None);
    assert_eq!(language(&code("bash {.copy}", "ls\n")), Some("bash"));
    assert_eq!(language(&code("{.sh}", "ls\n")), Some("sh"));
}

#[test]
fn code_ends_in_whatever_it_ends() {
    for text in [
        "",
        "\n",
        "$",
        "$ ",
        "ls",
        "ls\r\nrm x\r\n",
        "cat <<E\nnever",
        "$ cat <<E\nx\n$ ls",
        "> ",
        "#",
        "\\",
        "ls \\",
    ] {
        for info in ["", "sh", "console"] {
            told_or_nothing(info, text);
        }
    }
}

fn told_or_nothing(info: &str, text: &str) {
    if language(&code(info, text)).is_some() {
        told(info, text);
    }
}
