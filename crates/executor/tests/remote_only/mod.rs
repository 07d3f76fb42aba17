//! What only an executor on another machine can promise.

mod attempts;
mod busybox;
mod kept;
mod lines;
