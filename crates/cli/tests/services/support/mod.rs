//! What the tests of services share: a repository to run in, and servers.

mod server;
mod stage;
#[path = "../../common/waiting.rs"]
mod waiting;

pub use server::{Server, answering, answering_at, answering_by, free_port, program, request, standin};
pub use stage::Stage;
pub use waiting::eventually;
