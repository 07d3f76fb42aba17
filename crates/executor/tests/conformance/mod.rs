//! What every executor promises, wherever its blocks run. `conformance!(TYPE)` makes a test of each promise.

pub(crate) use crate::common::{job, runtime};

pub(crate) mod carry;
#[allow(dead_code, reason = "not every executor ends its blocks with its driver")]
pub(crate) mod drops;
pub(crate) mod ends;
pub(crate) mod output;
pub(crate) mod stops;

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use holdpoint_executor::{Ended, How, Job, ProcessGroup, State, Stream};
use holdpoint_xtask::sample;
use tokio::sync::Notify;

/// A place to run blocks in.
pub(crate) trait Executor {
    /// A new one, shared with nobody; `None` where this machine cannot have one, which has been said by then.
    fn open(test: &str) -> Option<Self>
    where
        Self: Sized;
    /// How much less is tried of what can be tried any number of times: starting a block takes so much longer here.
    const SPARING: u32 = 1;
    /// One of so many promises is tried, by a seed; `cargo xtask faults` tries all. What others show too is sampled.
    const ONE_OF: u64 = 1;
    /// Gets itself another empty directory.
    fn renew(&mut self) {}
    /// An empty directory there.
    fn home(&self) -> PathBuf;
    /// Whether a process there has not ended.
    fn is_alive(&self, pid: i32) -> bool;
    fn run(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        on_start: impl FnOnce(ProcessGroup),
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> impl Future<Output = Ended>;
}

/// An executor and the state its blocks leave.
pub(crate) struct World<E> {
    pub(crate) executor: E,
    pub(crate) state: State,
    runtime: tokio::runtime::Runtime,
}

/// What came of a block.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) ended: Ended,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Stream and length of each piece, as it came.
    pub(crate) pieces: Vec<(Stream, usize, Duration)>,
}

impl Came {
    pub(crate) fn out(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub(crate) fn err(&self) -> &str {
        std::str::from_utf8(&self.stderr).unwrap()
    }

    /// Numbers it printed on standard output, one a line.
    pub(crate) fn pids(&self) -> Vec<i32> {
        self.out().lines().filter_map(|line| line.parse().ok()).collect()
    }
}

impl<E: Executor> World<E> {
    /// `None`: this machine cannot have such an executor.
    pub(crate) fn open_for(test: &str) -> Option<World<E>> {
        if World::<E>::tries(test) { World::open(test) } else { None }
    }

    pub(crate) fn open(test: &str) -> Option<World<E>> {
        let runtime = runtime();
        let executor = E::open(test)?;
        let state = State::new(executor.home());
        Some(World { executor, state, runtime })
    }

    /// Whether a promise is tried this time. `HOLDPOINT_SEED` tries the same ones again.
    pub(crate) fn tries(promise: &str) -> bool {
        if E::ONE_OF == 1 || sample::takes_all() {
            return true;
        }
        let seed = sample::seed();
        // FNV-1a.
        let mixed = promise.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let tried = (mixed >> 32).is_multiple_of(E::ONE_OF);
        println!("sampled: {promise} is {}tried, HOLDPOINT_SEED={seed}", if tried { "" } else { "not " });
        tried
    }

    /// A new directory, and nothing carried over.
    #[allow(dead_code, reason = "not every executor is shared")]
    pub(crate) fn renew(&mut self) {
        self.executor.renew();
        self.state = State::new(self.executor.home());
    }

    /// Runs a block to its end; its state becomes the next one's, if it left one.
    pub(crate) fn run(&mut self, job: &Job) -> Came {
        self.run_until(job, |_| false)
    }

    /// As `run`, and interrupts the block once `enough` holds for what was printed so far.
    pub(crate) fn run_until(&mut self, job: &Job, enough: impl Fn(&[u8]) -> bool) -> Came {
        self.run_with(job, enough, |_| {}, |_, _| Ok(()))
    }

    pub(crate) fn run_with(
        &mut self,
        job: &Job,
        enough: impl Fn(&[u8]) -> bool,
        on_start: impl FnOnce(ProcessGroup),
        mut on_output: impl FnMut(Stream, &[u8]) -> io::Result<()>,
    ) -> Came {
        let printed = RefCell::new((Vec::new(), Vec::new(), Vec::new()));
        let interrupt = Notify::new();
        let taken = |stream, bytes: &[u8], at| {
            let mut printed = printed.borrow_mut();
            match stream {
                Stream::Stdout => printed.0.extend_from_slice(bytes),
                Stream::Stderr => printed.1.extend_from_slice(bytes),
            }
            printed.2.push((stream, bytes.len(), at));
            if enough(&printed.0) {
                interrupt.notify_one();
            }
            on_output(stream, bytes)
        };
        let run = self.executor.run(job, &self.state, interrupt.notified(), on_start, taken);
        // A test that hangs says so; nothing that works takes nearly as long.
        let limited = async { tokio::time::timeout(Duration::from_secs(60), run).await };
        let ended = self.runtime.block_on(limited).expect("the block hangs");
        if let Some(state) = ended.state.as_ref().filter(|state| **state != self.state) {
            self.state = State::from_bytes(&state.to_bytes()).unwrap();
        }
        let (stdout, stderr, pieces) = printed.into_inner();
        Came { ended, stdout, stderr, pieces }
    }

    /// Runs a block that must end with exit code 0, and gives what it printed.
    pub(crate) fn passes(&mut self, interpreter: &str, script: &str) -> String {
        let came = self.run(&job(interpreter, script));
        assert_eq!(came.ended.how, How::Exited(0), "{script}\n{came:?}");
        assert_eq!(came.ended.remarks, Vec::<String>::new(), "{script}");
        came.out().to_owned()
    }
}

/// Hands every promise on to another macro, with what that is for.
macro_rules! promises {
    ($then:ident!($($what:tt)*)) => {
        $then! { { $($what)* }
            carry [
            exported_and_plain_variables_and_the_directory_carry_over,
            any_value_carries_over_between_any_shells,
            any_array_carries_over_in_bash,
            arrays_wait_while_other_interpreters_run,
            an_exit_in_the_middle_keeps_what_was_set_before,
            a_failing_command_keeps_what_was_set_before,
            a_script_with_an_empty_path_still_tells_its_state,
            unsetting_an_inherited_variable_carries_over,
            a_readonly_variable_comes_back_without_failing,
            attributes_of_bash_carry_over,
            options_functions_and_traps_do_not_carry_over,
            local_variables_do_not_carry_over,
            a_block_that_replaces_its_shell_loses_its_state_and_says_so,
            a_blocks_own_exit_trap_runs_and_the_state_carries_over,
            a_blocks_own_exit_trap_and_an_exit_lose_the_state_and_say_so,
            variables_given_to_one_block_do_not_carry_over_unless_changed,
            a_directory_given_to_one_block_is_its_own,
            a_directory_reached_by_a_link_keeps_its_name,
            a_script_may_use_any_descriptor_number,
            python_gets_the_variables_and_leaves_them_alone,
            a_state_kept_and_read_back_is_the_same_state,
            much_state_carries_over,
            ]
            ends [
            exit_codes_are_told_from_signals,
            a_strict_block_stops_at_the_first_failure,
            a_lenient_block_goes_on,
            an_undefined_variable_stops_a_strict_block,
            standard_input_is_empty,
            messages_carry_the_scripts_name_and_its_own_line_numbers,
            a_missing_interpreter_is_named,
            the_interpreter_is_taken_from_the_first_folder_of_path_that_has_it,
            a_working_directory_that_is_gone_is_named,
            a_script_that_does_not_parse_fails_and_says_where,
            a_trace_shows_the_script_and_nothing_of_ours,
            nothing_of_an_earlier_program_reaches_a_block,
            what_cannot_be_given_is_refused_before_anything_runs,
            two_blocks_run_at_the_same_time,
            ]
            output [
            outputs_are_apart_and_exact,
            ten_megabytes_arrive_whole,
            output_is_seen_while_the_block_runs,
            a_background_process_does_not_hang_the_block_and_lives_on,
            a_background_process_that_prints_is_not_killed_by_us,
            a_failing_sink_kills_the_block,
            ]
            stops [
            a_time_limit_ends_the_block,
            a_time_limit_ends_what_ignores_term_and_its_children,
            what_ended_by_itself_when_told_to_was_ended_by_no_signal,
            what_outlives_its_parent_gets_its_grace_time_too,
            an_interrupt_ends_the_block,
            an_interrupt_lets_the_block_clean_up,
            a_stopped_block_ends_what_it_left_in_the_background,
            a_process_that_was_suspended_can_be_ended,
            a_flood_of_output_does_not_hold_up_the_time_limit,
            ]
        }
    };
}

/// Makes a test of every promise for an executor.
macro_rules! conformance {
    ($executor:ty) => {
        promises!(tests!($executor));
    };
    // Where blocks do not outlive whoever drives them.
    ($executor:ty, and ends with its driver) => {
        promises!(tests!($executor));
        tests! { { $executor }
            drops [a_dropped_run_is_killed,]
        }
    };
}

macro_rules! tests {
    ({ $executor:ty } $($part:ident [$($promise:ident,)*])*) => {
        $(mod $part {
            tests!(@ $executor, $part [$($promise,)*]);
        })*
    };
    (@ $executor:ty, $part:ident [$($promise:ident,)*]) => {
        $(#[test]
        fn $promise() {
            let test = concat!(module_path!(), "::", stringify!($promise));
            let Some(mut world) = $crate::World::<$executor>::open_for(test) else { return };
            $crate::conformance::$part::$promise(&mut world);
        })*
    };
}

/// Every promise in one test, where a new executor for each would take too long; a new state and directory each has.
#[allow(unused_macros, reason = "not every executor is that slow")]
macro_rules! every_promise {
    ($executor:ty, $test:expr) => {
        let Some(mut world) = $crate::World::<$executor>::open($test) else { return };
        promises!(each!(world, $executor));
    };
}

#[allow(unused_macros, reason = "not every executor is that slow")]
macro_rules! each {
    ({ $world:ident, $executor:ty } $($part:ident [$($promise:ident,)*])*) => {
        $($(
            if $crate::World::<$executor>::tries(stringify!($promise)) {
                eprintln!(concat!(stringify!($part), "::", stringify!($promise)));
                $world.renew();
                $crate::conformance::$part::$promise(&mut $world);
            }
        )*)*
    };
}
