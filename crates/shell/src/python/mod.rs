//! What Python scripts say, as far as it can be read without running them.

mod certain;
mod handed;
mod lines;
mod reads;
mod values;

pub use certain::never_fails as python_never_fails;
pub use handed::handed as handed_by_python;
pub(crate) use lines::{Line, read};
pub use reads::reads as python_reads;
pub(crate) use values::{Values, values};
