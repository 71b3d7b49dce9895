//! What `view --export` makes: a case, that is an excerpt of a recording with everything that is needed to check it.
//!
//! | file | idea |
//! |---|---|
//! | `case` | what is made, in which order |
//! | `job` | what a case is made of, and of which keys |
//! | `video` | the video and the contact sheet, out of the excerpt |
//! | `documents` | certificates, verdict and epoch keys of the excerpt |
//! | `checksums` | SHA-256 of every file, and the signature over the list |
//! | `readme` | how to check it, as text |
//! | `staging` | the files before they get their name |
//! | `zip` | many files in one |
//! | [`error`] | what can go wrong |

mod case;
mod checksums;
mod documents;
pub mod error;
mod job;
mod readme;
mod staging;
mod video;
mod zip;

pub use case::export;
pub use error::EvidenceError;
pub use job::ExportJob;
