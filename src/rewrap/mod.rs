//! Who can open a stream is changed, granted, or cut out with it: no frame is opened.
//!
//! | file | idea |
//! |---|---|
//! | `copy` | recipients changed in a copy, record by record |
//! | `copy_file` | recipients changed in a copy of a file: the system copies what is between the keys records |
//! | `in_place` | recipients changed inside a file |
//! | `keys_record` | a keys record with new recipients |
//! | `kept` | which recipients stay, and what is known of their list |
//! | `cut` | whole epochs cut out |
//! | `cutter` | the reading and writing of a cut, record by record |
//! | `before` | the epochs before the first wanted one, back to the last key frame |
//! | `epoch` | the epoch that is being read for a cut, and those that were taken |
//! | `span` | which frames a cut is for |
//! | `signed_input` | the signatures of a file, checked before anything of it is used |
//! | `grant` | makes grants |
//! | `grant_job` | what is to be granted, and what was |
//! | `grant_scan` | which epochs are to be granted |
//! | [`error`] | what can go wrong |

mod before;
mod copy;
mod copy_file;
mod cut;
mod cutter;
mod epoch;
pub mod error;
mod grant;
mod grant_job;
mod grant_scan;
mod in_place;
mod kept;
mod keys_record;
mod signed_input;
mod span;

pub use copy::copy;
pub use cut::{Excerpt, cut, excerpt};
pub use error::RewrapError;
pub use grant::make_grants;
pub use grant_job::{GrantJob, GrantSummary};
pub use in_place::in_place;
pub use signed_input::check_signed;
