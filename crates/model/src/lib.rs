//! What a run-book and its configuration say, as types that everything else is made of.
//!
//! No parser is here and no decision: `document` makes these from texts, `engine` walks them.

mod answerable;
mod config;
mod digest;
mod field;
mod folding;
mod front_matter;
mod hash;
mod image;
mod looks;
mod moment;
mod notify;
mod offered;
mod place;
mod plan;
mod probe;
mod rollback_id;
mod span;
mod typed;
mod visible;
mod window;
mod words;

pub use config::*;
pub use field::{EvidenceKind, Field};
pub use folding::{folded, looks, shows_nothing, unseen};
pub use front_matter::*;
pub use hash::{hex, is_sha256, sha256};
pub use holdpoint_bounded::json::Number;
pub use image::{ImageName, is_image_digest, is_loopback};
pub use moment::{moment, moment_of};
pub use notify::{Noteworthy, Notify};
pub use offered::{Blank, Class, Confidence, Offered, Reading};
pub use place::{Become, Host, Place, Rollout, Target};
pub use plan::*;
pub use probe::*;
pub use rollback_id::{rollback_id, rollback_of};
pub use span::Span;
pub use typed::{Fit, LONGEST_VALUE, LONGEST_VALUES, fit, unfit};
pub use visible::{push_visible, visible};
pub use window::{NoTime, NotBefore, WeekMinute, Window, recorded_zone, time_of_day, weekdays, zone, zones};
pub use words::many;
