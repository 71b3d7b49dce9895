//! Recipients: who is encrypted to now, out of folders and lists of certificates that change while recording.
//!
//! [`Recipients`] is what a recording uses: it re-reads the files at every epoch and reports what changes.
//! [`RecipientsOverTime`] is the same without files and without reports.
//!
//! | file | idea |
//! |---|---|
//! | [`certificate_files`] | files and folders of certificates or revocation lists |
//! | [`authorities`](mod@authorities) | the authorities that a chain must lead to |
//! | [`file_cache`] | files read again and again, each parsed only when it changed |
//! | [`recipients_over_time`] | who is encrypted to, with what a run remembers |
//! | [`watch`] | the recipients of a recording, with warnings as things change |
//! | [`describe`] | recipients in words |
//! | [`error`] | what can go wrong |

pub mod authorities;
pub mod certificate_files;
pub mod describe;
pub mod error;
pub mod file_cache;
pub mod recipients_over_time;
pub mod watch;

pub use authorities::authorities;
pub use certificate_files::{CertificateFiles, has_certificate_ending};
pub use describe::{left_out_text, time_left};
pub use error::RecipientsError;
pub use file_cache::{Files, Listing, Stamp};
pub use recipients_over_time::{Notice, RecipientsOverTime};
pub use watch::{Recipients, RecipientsOptions};
