//! A block begins where the one before it ended.

use std::collections::BTreeMap;

use holdpoint_executor::{Array, How, State, Text};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Executor, World, job};

const SHELLS: [&str; 2] = ["bash", "sh"];

pub(crate) fn exported_and_plain_variables_and_the_directory_carry_over<E: Executor>(world: &mut World<E>) {
    for (first, second) in [("bash", "bash"), ("bash", "sh"), ("sh", "sh"), ("sh", "bash")] {
        world.state = State::new(world.executor.home());
        world.passes(first, "mkdir -p 'a dir'; cd 'a dir'; export E=exported; P=plain");
        let seen = world.passes(second, "pwd; echo \"$E $P\"; env | grep -c '^P=' || true");
        let home = world.executor.home();
        assert_eq!(seen, format!("{}/a dir\nexported plain\n0\n", home.display()), "{first} → {second}");
    }
}

/// What a shell may get wrong: quotes, escapes, newlines, bytes that are no UTF-8.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::sample::select(
        [
            "'",
            "\"",
            "\\",
            "$",
            "`",
            "\n",
            "\n\n",
            "\r",
            "\t",
            " ",
            "!",
            "*",
            "~",
            "#",
            "=",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "&",
            ";",
            "|",
            "<",
            ">",
            "@",
            "$'",
            "\\n",
            "\x1b",
            "\x7f",
            "é",
            "日本",
            "🚦",
            "\u{81}",
            "\u{88}",
            "declare -x A=\"",
            "end",
            "export ",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
    );
    let piece = prop_oneof![4 => odd, 2 => "[a-zA-Z0-9 ]{1,8}".prop_map(String::into_bytes), 1 => (1..=255_u8).prop_map(|b| vec![b])];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn check<S: Strategy>(cases: u32, strategy: S, test: impl FnMut(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let test = std::cell::RefCell::new(test);
    TestRunner::new(config).run(&strategy, |value| (test.borrow_mut())(value)).unwrap();
}

pub(crate) fn any_value_carries_over_between_any_shells<E: Executor>(world: &mut World<E>) {
    let world = std::cell::RefCell::new(world);
    check(
        96 / E::SPARING,
        (value(), prop::sample::select(SHELLS.to_vec()), prop::bool::ANY),
        |(bytes, shell, strict)| {
            let world = &mut *world.borrow_mut();
            let text = Text::from_bytes(bytes.clone());
            world.state = State::new(world.executor.home());
            world.state.plain.insert("p".into(), text.clone());
            world.state.export("x", text.clone());
            let mut block = job(shell, "q=$p; export y=\"$x\"; printf '%s' \"$p\"; printf '%s' \"$x\" >&2");
            block.strict = strict;
            let came = world.run(&block);
            prop_assert_eq!(&came.ended.how, &How::Exited(0));
            prop_assert_eq!(&came.stdout, &bytes);
            prop_assert_eq!(&came.stderr, &bytes);
            let state = came.ended.state.as_ref();
            let expected = BTreeMap::from([("p".to_owned(), text.clone()), ("q".to_owned(), text.clone())]);
            prop_assert_eq!(state.map(|state| &state.plain), Some(&expected));
            let expected =
                BTreeMap::from([("x".to_owned(), Some(text.clone())), ("y".to_owned(), Some(text))]);
            prop_assert_eq!(state.map(|state| &state.exported), Some(&expected));
            Ok(())
        },
    );
}

pub(crate) fn any_array_carries_over_in_bash<E: Executor>(world: &mut World<E>) {
    let text = || value().prop_map(Text::from_bytes);
    let key = text().prop_filter("bash has no empty keys", |key| !key.as_bytes().is_empty());
    let indexed = prop::collection::btree_map(0..1000_u64, text(), 0..5).prop_map(Array::Indexed);
    let associative = prop::collection::btree_map(key, text(), 0..5).prop_map(Array::Associative);
    let world = std::cell::RefCell::new(world);
    check(64 / E::SPARING, (indexed, associative), |(indexed, associative)| {
        let world = &mut *world.borrow_mut();
        world.state = State::new(world.executor.home());
        world.state.arrays = [("i".to_owned(), indexed), ("d".to_owned(), associative)].into();
        let before = world.state.clone();
        let came = world.run(&job("bash", "echo ${#i[@]} ${#d[@]}"));
        prop_assert_eq!(&came.ended.how, &How::Exited(0), "{:?}", came);
        prop_assert_eq!(came.ended.state, Some(before));
        Ok(())
    });
}

pub(crate) fn arrays_wait_while_other_interpreters_run<E: Executor>(world: &mut World<E>) {
    world.passes("bash", "a=(1 'two words' 3); declare -A d=([k]=v); declare -i n=4; gone=(1)");
    world.passes("sh", "echo in between; gone=scalar");
    world.passes("python3", "print('in between')");
    let seen = world.passes("bash", "echo \"${a[1]} ${d[k]} ${#a[@]} $gone\"; n=n+1; echo $n");
    assert_eq!(seen, "two words v 3 scalar\n5\n");
}

pub(crate) fn an_exit_in_the_middle_keeps_what_was_set_before<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let came = world.run(&job(shell, "P=kept; cd /; exit 3; P=not reached"));
        assert_eq!(came.ended.how, How::Exited(3), "{shell}");
        assert_eq!(world.passes(shell, "echo $P; pwd"), "kept\n/\n", "{shell}");
        world.state = State::new(world.executor.home());
    }
}

pub(crate) fn a_failing_command_keeps_what_was_set_before<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let came = world.run(&job(shell, "P=kept; false; P=not-reached"));
        assert_eq!(came.ended.how, How::Exited(1), "{shell}");
        assert_eq!(world.passes(shell, "echo $P"), "kept\n", "{shell}");
        let came = world.run(&job(shell, "P=again\necho $undefined\nP=not-reached"));
        assert!(matches!(came.ended.how, How::Exited(1..)), "{shell}: {came:?}");
        assert_eq!(world.passes(shell, "echo $P"), "again\n", "{shell}");
    }
}

pub(crate) fn a_script_with_an_empty_path_still_tells_its_state<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.state = State::new(world.executor.home());
        world.passes(shell, "A=1; PATH=");
        assert_eq!(world.passes(shell, "echo \"$A [$PATH]\""), "1 []\n", "{shell}");
        world.passes(shell, "unset PATH; A=2");
        assert_eq!(world.passes(shell, "echo \"$A\""), "2\n", "{shell}");
    }
}

pub(crate) fn unsetting_an_inherited_variable_carries_over<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.state = State::new(world.executor.home());
        assert_ne!(world.passes(shell, "echo ${HOME-none}"), "none\n");
        world.passes(shell, "unset HOME; export MORE=1");
        world.passes(shell, "unset MORE");
        assert_eq!(world.passes(shell, "echo ${HOME-none} ${MORE-none}"), "none none\n", "{shell}");
        assert_eq!(world.state.exported.get("HOME"), Some(&None));
        assert_eq!(world.state.exported.len(), 1, "{:?}", world.state);
    }
}

pub(crate) fn a_readonly_variable_comes_back_without_failing<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.passes(shell, "readonly R=1; export X=2; readonly X");
        assert_eq!(world.passes(shell, "echo $R $X; readonly R=1"), "1 2\n", "{shell}");
        assert_eq!(world.passes("sh", "echo $R $X"), "1 2\n", "{shell}");
        world.state = State::new(world.executor.home());
    }
}

pub(crate) fn attributes_of_bash_carry_over<E: Executor>(world: &mut World<E>) {
    world.passes("bash", "declare -i n=1; declare -u u=up; declare -l l; declare -n ref=u; declare -ix nx=5; declare -ai an=(1)");
    let seen = world.passes(
        "bash",
        "n+=1; u=more; l=LOW; nx+=1; an+=(2+3); echo $n $u $l $ref ${an[1]}; env | grep ^nx=",
    );
    assert_eq!(seen, "2 MORE low MORE 5\nnx=6\n");
}

pub(crate) fn options_functions_and_traps_do_not_carry_over<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.passes(shell, "set +e; set -f; f() { echo f; }; trap 'echo trapped' TERM; false; true");
        let came =
            world.run(&job(shell, "case $- in *f*) echo noglob;; esac; f 2>/dev/null; echo not reached"));
        assert_eq!((came.ended.how, came.stdout.as_slice()), (How::Exited(127), b"".as_slice()), "{shell}");
    }
}

pub(crate) fn local_variables_do_not_carry_over<E: Executor>(world: &mut World<E>) {
    // Ended inside one function, inside two, and by a failing command inside two.
    for (shell, script) in [
        ("bash", "f() { local v=inner w; exit 1; }; v=outer; f"),
        ("bash", "f() { local v=inner; g; }; g() { local w=2; exit 1; }; v=outer; f"),
        ("bash", "f() { local v=inner; g; }; g() { local w=2; false; }; v=outer; f"),
        ("sh", "f() { local v=inner; exit 1; }; v=outer; f"),
        ("sh", "f() { local v=inner; false; }; v=outer; f"),
    ] {
        world.state = State::new(world.executor.home());
        world.passes(shell, "v=before");
        let came = world.run(&job(shell, &format!("cd /; {script}")));
        assert_eq!(came.ended.how, How::Exited(1));
        let seen = world.passes(shell, "echo $v ${w-none}; pwd");
        assert!(["before none\n/\n", "outer none\n/\n"].contains(&seen.as_str()), "{shell} {script}: {seen}");
        assert_eq!(
            seen.starts_with("before"),
            !came.ended.remarks.is_empty() || script.contains("inner w"),
            "{script}"
        );
    }
    world.passes("bash", "f() { local v=inner; }; f; v=outer; f");
    assert_eq!(world.passes("bash", "echo $v"), "outer\n");
    let came = world.run(&job("bash", "die() { echo \"$1\" >&2; exit 9; }; set_before=1; die no"));
    assert_eq!((came.ended.how, came.ended.remarks), (How::Exited(9), vec![]));
    assert_eq!(world.passes("bash", "echo $set_before"), "1\n");
}

pub(crate) fn a_block_that_replaces_its_shell_loses_its_state_and_says_so<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let came = world.run(&job(shell, "P=lost; exec sh -c 'exit 4'"));
        assert_eq!(came.ended.how, How::Exited(4), "{shell}");
        assert_eq!(came.ended.state, None, "{shell}");
        assert_eq!(came.ended.remarks.len(), 1, "{shell}");
        assert_eq!(world.passes(shell, "echo ${P-none}"), "none\n");
    }
}

pub(crate) fn a_blocks_own_exit_trap_runs_and_the_state_carries_over<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let mut block = job(shell, "trap 'echo cleaned $?' EXIT; P=kept; (exit 5)");
        block.strict = false;
        let came = world.run(&block);
        assert_eq!((&came.ended.how, came.out()), (&How::Exited(5), "cleaned 5\n"), "{shell}");
        assert_eq!(world.passes(shell, "echo $P"), "kept\n", "{shell}");
        world.state = State::new(world.executor.home());
    }
}

pub(crate) fn a_blocks_own_exit_trap_and_an_exit_lose_the_state_and_say_so<E: Executor>(
    world: &mut World<E>,
) {
    for shell in SHELLS {
        let came = world.run(&job(shell, "trap 'echo cleaned' EXIT; P=lost; exit 5"));
        assert_eq!((&came.ended.how, came.out()), (&How::Exited(5), "cleaned\n"), "{shell}");
        assert_eq!((came.ended.state, came.ended.remarks.len()), (None, 1), "{shell}");
    }
}

pub(crate) fn variables_given_to_one_block_do_not_carry_over_unless_changed<E: Executor>(
    world: &mut World<E>,
) {
    for shell in SHELLS {
        world.state = State::new(world.executor.home());
        world.passes(shell, "export KEPT=old; HIDDEN=plain");
        let mut block = job(shell, "CHANGED=by-script; echo $KEPT $SAME $HIDDEN $HOLDPOINT_RUN");
        for (name, value) in
            [("KEPT", "new"), ("SAME", "secret"), ("CHANGED", "x"), ("HIDDEN", "h"), ("HOLDPOINT_RUN", "7")]
        {
            block.env.push((name.into(), value.into()));
        }
        assert_eq!(world.run(&block).out(), "new secret h 7\n", "{shell}");
        let seen = world.passes(shell, "echo $KEPT ${SAME-none} $CHANGED $HIDDEN ${HOLDPOINT_RUN-none}");
        assert_eq!(seen, "old none by-script plain none\n", "{shell}");
        assert!(!String::from_utf8(world.state.to_bytes()).unwrap().contains("secret"));
    }
}

pub(crate) fn a_directory_given_to_one_block_is_its_own<E: Executor>(world: &mut World<E>) {
    world.passes("sh", "mkdir -p sub/deeper");
    let mut block = job("sh", "pwd; cd deeper; P=1");
    block.cwd = Some("sub".into());
    let home = world.executor.home();
    assert_eq!(world.run(&block).out(), format!("{}/sub\n", home.display()));
    assert_eq!(world.passes("sh", "pwd; echo $P"), format!("{}\n1\n", home.display()));
}

pub(crate) fn a_directory_reached_by_a_link_keeps_its_name<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.state = State::new(world.executor.home());
        world.passes(shell, "mkdir -p real; ln -sfn real link; cd link");
        assert!(world.passes(shell, "pwd; cd ..; pwd").contains("/link\n"), "{shell}");
        assert_eq!(world.state.cwd, world.executor.home());
    }
}

pub(crate) fn a_script_may_use_any_descriptor_number<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        let opened = "for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>taken$fd\"; done; P=kept";
        world.passes(shell, opened);
        let seen = world.passes(
            shell,
            "cat taken*; echo $P; for fd in 3 4 5 6 7 8 9; do eval \"exec $fd<&-\"; done; Q=1",
        );
        assert_eq!(seen, "kept\n", "{shell}");
        assert_eq!(world.passes(shell, "echo $P $Q"), "kept 1\n", "{shell}");
    }
}

pub(crate) fn python_gets_the_variables_and_leaves_them_alone<E: Executor>(world: &mut World<E>) {
    world.passes("sh", "export A='a b'; P=plain; cd /");
    let before = world.state.clone();
    let script = "import os, sys\nprint(os.environ['A'], 'P' in os.environ, os.getcwd(), len(sys.argv))\n\
                  os.environ['A'] = 'changed'\nos.chdir('/tmp')";
    assert_eq!(world.passes("python3", script), "a b False / 1\n");
    assert_eq!(world.state, before);
}

pub(crate) fn a_state_kept_and_read_back_is_the_same_state<E: Executor>(world: &mut World<E>) {
    world.passes(
        "bash",
        "export A=$'\\xff'; p=$'\\xfe\\n'; d=(1 2); declare -A e=([$'k\\n']=v); unset HOME; cd /",
    );
    let kept = world.state.to_bytes();
    assert_eq!(State::from_bytes(&kept).unwrap(), world.state);
    world.passes("bash", ":");
    assert_eq!(world.state.to_bytes(), kept);
}

pub(crate) fn much_state_carries_over<E: Executor>(world: &mut World<E>) {
    for shell in SHELLS {
        world.passes(shell, "big=$(head -c 3000000 /dev/zero | tr '\\0' x)");
        assert_eq!(world.passes(shell, "echo ${#big}"), "3000000\n", "{shell}");
    }
    let mut block = job("sh", "echo not reached");
    block.env.push(("BIG".into(), "x".repeat(3_000_000)));
    let How::NotStarted(why) = world.run(&block).ended.how else { panic!("it started") };
    assert!(why.contains("too large"), "{why}");
}
