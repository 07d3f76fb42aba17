//! What the lines of a session are: for this machine, for another one, commands, or what they print.

use holdpoint_document::{Class, adopt, compile, compile_and_lint, explain};

fn fence(info: &str, code: &str) -> String {
    format!("# T\n\n## A\n\n```{info}\n{code}```\n")
}

/// What is offered, in order.
fn offered(source: &str) -> Vec<String> {
    let plan = compile(source, None).plan;
    let actions = plan.steps.iter().flat_map(|step| &step.actions);
    actions.filter_map(|action| action.work.offered()).map(|offered| offered.text.clone()).collect()
}

/// Why a line is not offered, as `plan --explain` tells it.
fn why(source: &str, line: &str) -> String {
    let all = explain(source);
    let found = all.iter().find(|one| one.text.lines().any(|text| text.trim() == line));
    let found = found.unwrap_or_else(|| panic!("`{line}` is not told of: {all:?}"));
    assert!(!matches!(found.reading.class, Class::Offered | Class::Interactive), "{found:?}");
    found.reading.reason.clone()
}

/// What `check` finds of lines that are not sure to be commands.
fn unsure(source: &str) -> Vec<String> {
    let found = compile_and_lint(source, None).1;
    found
        .into_iter()
        .filter(|one| one.code.as_str() == "unsure-command")
        .map(|one| one.message.to_string())
        .collect()
}

/// The blocks that `adopt` makes which run something, and what it leaves to a person.
fn adopted(source: &str) -> (Vec<String>, Vec<String>) {
    let adoption = adopt(source, None);
    assert!(adoption.errors.is_empty(), "{:?}", adoption.errors);
    let plan = compile(&adoption.text, None).plan;
    let actions = plan.steps.iter().flat_map(|step| &step.actions);
    let blocks = actions.filter_map(|action| action.work.block()).map(|block| block.script.clone()).collect();
    (blocks, adoption.left.into_iter().map(|left| left.what).collect())
}

#[test]
fn a_command_above_the_first_prompt_makes_the_session_uncertain_and_nothing_of_it_runs() {
    for info in ["console", "bash", "", "ShellSession"] {
        let source = fence(info, "touch /tmp/MUTATED\n\n$ ls /tmp/a\n/tmp/a\n");
        assert_eq!(offered(&source), [""; 0], "{info}");
        for line in ["touch /tmp/MUTATED", "ls /tmp/a"] {
            assert!(why(&source, line).contains("stands above the first prompt"), "{info} {line}");
        }
        let (blocks, left) = adopted(&source);
        assert_eq!((blocks, left.len()), (vec![], 1), "{info} {left:?}");
        assert_eq!(adopt(&source, None).commands.left, 2, "{info}");
        assert_eq!(unsure(&source).len(), 1, "{info}: {:?}", unsure(&source));
    }
    for line in ["touch a", "service web restart", "make install", "kill 123"] {
        assert_eq!(offered(&fence("console", &format!("{line}\n\n$ ls a\n"))), [""; 0], "{line}");
        assert_eq!(unsure(&fence("console", &format!("$ ls a\n{line}\n"))).len(), 1, "{line}");
    }
}

#[test]
fn what_stands_above_the_first_prompt_and_is_no_command_becomes_no_part_of_a_block() {
    let source = fence("console", "Welcome to Ubuntu 22.04\n\n$ ls -l\n");
    assert_eq!(offered(&source), ["ls -l"]);
    let (blocks, left) = adopted(&source);
    assert_eq!((blocks.len(), left.len()), (0, 1), "{left:?}");
}

#[test]
fn a_line_among_what_is_printed_that_reads_as_a_command_is_told_and_never_expected() {
    let source = fence(
        "ShellSession",
        "$ git checkout v2.7.0\nHEAD is now at 05dabb7e\n\n# NOTE: May need more.\n\nansible-playbook -b upgrade-cluster.yml\n\n...\n\n$ kubectl get node\nNAME\n",
    );
    assert_eq!(offered(&source), ["git checkout v2.7.0", "kubectl get node"]);
    let reason = why(&source, "ansible-playbook -b upgrade-cluster.yml");
    assert!(reason.contains("where what `git checkout v2.7.0` prints would"), "{reason}");
    let plan = compile(&source, None).plan;
    let actions: Vec<_> = plan.steps.iter().flat_map(|step| &step.actions).collect();
    // It is asked for in its place, by hand; and what may be cut off is not expected.
    assert_eq!(actions.len(), 3);
    assert!(actions[1].work.offered().is_none());
    assert_eq!(actions[0].work.block().unwrap().expect.len(), 0);
    assert_eq!(actions[2].work.block().unwrap().expect.len(), 1);
    assert_eq!(unsure(&source).len(), 1);
    let (blocks, left) = adopted(&source);
    assert!(blocks.is_empty() && left[0].contains("ansible-playbook"), "{blocks:?} {left:?}");
    let source = fence("bash", "$ export A1=1\ntouch /tmp/FOURTH\n$ ls\n");
    assert_eq!(offered(&source), ["export A1=1", "ls"]);
    let text = adopt(&source, None).text;
    assert!(!text.contains("text expect") && !text.contains("bash run"), "{text}");
}

#[test]
fn a_prompt_within_a_here_document_is_text_of_it() {
    let source = fence("bash", "cat > README.txt <<'EOF'\nUsage:\n$ tool start\nEOF\ntouch SECOND\n");
    assert_eq!(offered(&source), ["cat > README.txt <<'EOF'\nUsage:\n$ tool start\nEOF", "touch SECOND"]);
    // Behind a prompt it may as well be the next one.
    let source = fence("console", "$ cat > x <<EOF\n$ tool start\nEOF\n$ rm x\n");
    assert_eq!(offered(&source), [""; 0]);
    assert!(why(&source, "rm x").contains("stands where it would"));
    let source = fence("console", "$ cat > x <<EOF\n> a\n> EOF\n$ rm x\n");
    assert_eq!(offered(&source).len(), 2);
}

#[test]
fn what_is_typed_into_a_shell_on_another_machine_is_not_offered_here() {
    for (info, code, wanted) in [
        (
            "console",
            "me@laptop:~$ ssh db01\nme@db01:~$ touch X\nme@db01:~$ exit\nme@laptop:~$ touch Y\n",
            &["ssh db01", "touch Y"][..],
        ),
        (
            "console",
            "me@laptop:~$ ssh db01\nme@db01:~$ touch X\nme@laptop:~$ touch Y\n",
            &["ssh db01", "touch Y"],
        ),
        ("console", "$ ssh db01\n$ touch X\n$ exit\n$ touch Y\n", &["ssh db01", "touch Y"]),
        ("console", "$ ssh db01\n$ touch X\n$ touch Y\n", &["ssh db01"]),
        (
            "console",
            "$ docker exec -it web bash\n# touch X\n# exit\n$ echo done\n",
            &["docker exec -it web bash", "echo done"],
        ),
        ("console", "$ docker exec -it web bash\n# touch X\n$ echo done\n", &["docker exec -it web bash"]),
        (
            "bash",
            "kubectl exec -it pod -- sh\nrm -rf /tmp/x\nexit\necho next\n",
            &["kubectl exec -it pod -- sh", "echo next"],
        ),
        (
            "bash",
            "oc debug node/n1\nchroot /host\nsystemctl restart kubelet\nexit\nls\n",
            &["oc debug node/n1"],
        ),
        ("bash", "su - postgres\npg_ctl promote\n", &["su - postgres"]),
        ("bash", "sudo su -\nsystemctl stop x\n", &["sudo su -"]),
        ("bash", "sudo -i\nsystemctl stop x\n", &["sudo -i"]),
        (
            "bash",
            "$ gcloud compute --project \"p\" ssh <node name>\n$ toolbox\n",
            &["gcloud compute --project \"p\" ssh <node name>"],
        ),
        (
            "bash",
            "$ oc -n m exec -it p-0 -c p -- sh\n$ promtool query instant http://localhost:9090 'x'\n",
            &["oc -n m exec -it p-0 -c p -- sh"],
        ),
        ("bash", "psql -U postgres\nDROP TABLE x;\n\\q\nls\n", &["psql -U postgres", "ls"]),
        ("console", "$ psql\npostgres=# SELECT 1;\n$ ls\n", &["psql", "ls"]),
        ("console", "$ ssh a\na$ ls\n", &[]),
        ("console", "me@a:~$ ls\nme@b:~$ rm x\n", &[]),
        ("console", "$ ls\nroot@db:~# rm x\n", &[]),
        ("console", "$ ls\n$ exit\n$ rm x\n", &[]),
        ("console", "$ sudo -i\n# ls\n# exit\n# rm x\n", &[]),
    ] {
        let source = fence(info, code);
        assert_eq!(offered(&source), wanted, "{code}");
        let (blocks, left) = adopted(&source);
        assert_eq!((blocks, left.is_empty()), (vec![], false), "{code}");
        let commands = adopt(&source, None).commands;
        assert_eq!((commands.as_written, commands.with_values), (0, 0), "{code}");
    }
    let source = fence("console", "$ ssh db01\n$ touch X\n");
    assert!(why(&source, "touch X").contains("the shell that `ssh db01` opens"));
    assert_eq!(unsure(&source), [""; 0], "it is where it belongs");
    let source = fence("console", "me@a:~$ ls\nme@b:~$ rm x\n");
    assert!(why(&source, "rm x").contains("`me@a` and `me@b`"));
    assert_eq!(unsure(&source).len(), 1);
}

#[test]
fn what_is_typed_into_a_shell_stands_below_the_command_that_opens_it() {
    let source = fence("console", "$ ssh db01\n$ touch X\n$ exit\n$ touch Y\n");
    let plan = compile(&source, None).plan;
    let actions: Vec<_> = plan.steps.iter().flat_map(|step| &step.actions).collect();
    assert_eq!(actions.len(), 2);
    assert_eq!(actions[0].work.offered().unwrap().after, "$ touch X\n$ exit\n");
    assert!(actions[0].work.block().unwrap().options.tty);
}

#[test]
fn a_shell_that_one_piece_of_code_opens_is_open_in_the_next_up_to_the_next_heading() {
    let source = "# T\n\n## A\n\n1. Go there:\n\n   ```sh\n   ssh db01\n   ```\n\n2. Stop it:\n\n   ```sh\n   systemctl stop x\n   ```\n\n3. Leave:\n\n   ```sh\n   exit\n   ```\n\n4. Look:\n\n   ```sh\n   ls\n   ```\n\n## B\n\n```sh\nrm y\n```\n";
    assert_eq!(offered(source), ["ssh db01", "ls", "rm y"]);
    assert!(why(source, "systemctl stop x").contains("`ssh db01`"));
    let source = "# T\n\n## A\n\n```console\n$ oc debug node/n\n```\n\n```console\nsh-5.1# chroot /host\n```\n\n## B\n\n```sh\nrm y\n```\n";
    assert_eq!(offered(source), ["oc debug node/n", "rm y"]);
    let (blocks, left) = adopted(source);
    assert!(!blocks.iter().any(|block| block.contains("chroot")), "{blocks:?}");
    assert!(left.iter().any(|left| left.contains("chroot /host")), "{left:?}");
}

#[test]
fn a_session_without_prompts_in_which_something_may_be_printed_offers_nothing() {
    let source = fence("console", "ls -l\ntotal 0\ndrwxr-xr-x 2 root root 40 Jan  1 00:00 x\n");
    assert_eq!(offered(&source), [""; 0]);
    assert!(why(&source, "ls -l").contains("shows no prompts"));
    assert_eq!(adopted(&source).0, [""; 0]);
    assert_eq!(offered(&fence("console", "ls -l\nrm x\n")), ["ls -l", "rm x"]);
    assert_eq!(offered(&fence("console", "ansible-playbook x.yml -b\n")).len(), 1);
    for unknown in ["web01$ ls -l\nrm x\n", "$ ls\nweb01$ rm -rf x\n", "λ ls\nrm x\n"] {
        let source = fence("console", unknown);
        assert_eq!(offered(&source), [""; 0], "{unknown}");
        assert_eq!(unsure(&source).len(), 1, "{unknown}");
    }
    assert_eq!(
        offered(&fence("console", "bash-5.1$ id\nuid=0\nbash-5.1$ systemctl stop x\n")),
        ["id", "systemctl stop x"]
    );
    assert_eq!(offered(&fence("console", "➜  ~ git pull\n")), ["git pull"]);
}

#[test]
fn a_line_that_seems_to_go_on_and_has_a_blank_at_its_end_is_one_command_with_the_next_and_not_offered() {
    for (info, code) in [
        ("bash", "$ oc delete machineconfig \\ \n  00-override\n"),
        ("bash", "rm -rf /tmp/x/* \\ \n  /tmp/y\n"),
        ("bash", "rm -rf \\\n  /tmp/x \\\t\n  /tmp/y\n"),
        ("bash", "rm -rf /tmp/x \\ \n"),
    ] {
        let source = fence(info, code);
        assert_eq!(offered(&source), [""; 0], "{code}");
        let all = explain(&source);
        assert_eq!(all.len(), 1, "{code} {all:?}");
        assert!(all[0].reading.reason.contains("a blank stands behind the `\\`"), "{code}");
        assert!(source.contains(all[0].text.trim_start_matches("$ ")), "{code}: bytes are lost");
        assert_eq!(unsure(&source).len(), 1, "{code}");
        assert_eq!(adopted(&source).0, [""; 0], "{code}");
    }
    assert_eq!(offered(&fence("bash", "echo a \\\\ \nls\n")).len(), 2);
    let book = "---\nrunbook: 1\n---\n\n# T\n\n## A\n\n```sh run\nrm -rf /tmp/x \\ \n  /tmp/y\n```\n";
    let found = compile(book, None).diagnostics;
    assert!(
        found.iter().any(|one| one.code.as_str() == "look-alike" && one.message.contains("blank")),
        "{found:?}"
    );
}
