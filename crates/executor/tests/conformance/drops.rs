//! Where a block does not outlive whoever drives it.

use super::{Executor, World, job};

pub(crate) fn a_dropped_run_is_killed<E: Executor>(world: &mut World<E>) {
    use std::cell::RefCell;
    let block = job("sh", "trap '' TERM; echo $$; sleep 1000");
    let printed = RefCell::new(Vec::new());
    let ready = tokio::sync::Notify::new();
    let runtime = crate::common::runtime();
    runtime.block_on(async {
        let on_output = |_, bytes: &[u8], _| {
            printed.borrow_mut().extend_from_slice(bytes);
            ready.notify_one();
            Ok(())
        };
        tokio::select! {
            _ = world.executor.run(&block, &world.state, std::future::pending(), |_| {}, on_output) => panic!("it ended"),
            () = ready.notified() => {}
        }
    });
    // Waits for the thread that waits for the process.
    drop(runtime);
    let pid = String::from_utf8(printed.into_inner()).unwrap().trim().parse().unwrap();
    assert!(!world.executor.is_alive(pid));
}
