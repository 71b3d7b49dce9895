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
//! | `lists_over_time` | revocation lists, with those whose files are gone |
//! | [`notice`] | what is worth a warning about the files |
//! | [`recipients_over_time`] | who is encrypted to, with what a run remembers |
//! | [`rules`] | whom to trust besides the certificates: options, opened |
//! | [`signer_lists`] | authorities and lists by which signers are judged |
//! | [`revoked_record`] | what was revoked, kept for the next run |
//! | [`writable_by_others`](mod@writable_by_others) | who else may write the files |
//! | `stray_keys` | private keys that lie where only certificates should |
//! | [`watch`] | the recipients of a recording, with warnings as things change |
//! | [`end_watch`] | certificates whose end comes near |
//! | [`describe`] | recipients in words |
//! | [`error`] | what can go wrong |

pub mod authorities;
pub mod certificate_files;
pub mod describe;
pub mod end_watch;
pub mod error;
pub mod file_cache;
mod lists_over_time;
pub mod notice;
pub mod recipients_over_time;
pub mod revoked_record;
pub mod rules;
pub mod signer_lists;
mod stray_keys;
pub mod watch;
pub mod writable_by_others;

pub use authorities::authorities;
pub use certificate_files::{CertificateFiles, has_certificate_ending};
pub use describe::{left_out_text, time_left};
pub use end_watch::{EndWatch, SignerWatch};
pub use error::RecipientsError;
pub use file_cache::{Files, Listing, Stamp};
pub use notice::Notice;
pub use recipients_over_time::RecipientsOverTime;
pub use revoked_record::RevokedRecord;
pub use rules::{RecipientsOptions, Rules};
pub use signer_lists::SignerLists;
pub use watch::Recipients;
pub use writable_by_others::writable_by_others;
