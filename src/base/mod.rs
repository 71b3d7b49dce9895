//! Base: what every service needs and none of it owns.
//!
//! | file | idea |
//! |---|---|
//! | [`text`] | text from outside made safe, and numbers as people read them |
//! | [`json`] | JSON, one value a line |
//! | [`parse`] | durations, sizes, times and ids out of text |
//! | [`clock`] | wall clock and monotonic clock |
//! | [`random`] | random numbers of the system |
//! | [`lock`](mod@lock) | locks that outlive a panic |
//! | [`secret`] | secrets in memory, and none left behind |
//! | [`stop`] | the request to stop |
//! | [`reporter`] | what a service says to its caller while it works |
//! | `wide_text` | text in UTF-16 and UTF-32 |

pub mod clock;
pub mod json;
pub mod lock;
pub mod parse;
pub mod random;
pub mod reporter;
pub mod secret;
pub mod stop;
pub mod text;
mod wide_text;

pub use clock::{Clock, SystemClock, wall_ns};
pub use lock::lock;
pub use random::{NoRandomness, random_id};
pub use reporter::{Meter, Report, Reporter};
pub use secret::{SECRET, Secret, leaving_no_trace};
pub use stop::Stop;
pub use wide_text::WideText;
