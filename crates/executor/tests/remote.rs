//! Blocks on other machines keep what every executor promises, and what only they can.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;
#[macro_use]
mod conformance;
mod places;
mod remote_only;

use conformance::World;

mod a_shell_of_this_machine {
    conformance!(crate::places::Shell);
}

mod an_ssh_host {
    conformance!(crate::places::Ssh);
}

mod a_container {
    /// One engine for all of them: it takes a second to start.
    #[test]
    fn keeps_every_promise() {
        every_promise!(crate::places::InContainer, concat!(module_path!(), "::keeps_every_promise"));
    }
}

mod a_container_of_an_ssh_host {
    #[test]
    fn keeps_every_promise() {
        every_promise!(crate::places::InContainerOverSsh, concat!(module_path!(), "::keeps_every_promise"));
    }
}

mod another_user_through_sudo {
    conformance!(crate::places::Becoming);
}
