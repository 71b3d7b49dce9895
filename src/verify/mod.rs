//! The verdict on a file: is it whole, and does anything vouch for it?
//!
//! | file | idea |
//! |---|---|
//! | `check` | a file is read to its end and judged |
//! | `demands` | what a stream must be, to pass |
//! | `verdict` | the verdict on a file |
//! | `outcome` | how a check can end |
//! | `judgement` | what a stream is judged to be, by what was found in it |
//! | `findings` | what is wrong, fault by fault, and what is whole besides |
//! | `damage` | where damage is, and what it costs |
//! | `chain` | streams of one file or of several that continue each other |
//! | `epoch_set` | the epochs of a stream that were seen |
//! | `clock` | whether the recorder's clock was set |
//! | `counts` | how much is good |
//! | `original` | was a public stream made from this original? |
//! | `json` | the verdict as JSON |
//! | `follow` | a file that is still being written |

mod chain;
mod check;
mod clock;
mod counts;
mod damage;
mod demands;
mod findings;
mod follow;
mod json;
mod judgement;
mod original;
mod outcome;
mod verdict;

pub use chain::Chain;
pub use check::check;
pub use demands::Demands;
pub use follow::Follow;
pub use original::check_original;
pub use outcome::{Outcome, Unproved};
pub use verdict::Verdict;
