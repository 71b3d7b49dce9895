//! Recipients: who is encrypted to now, out of folders and lists of certificates that change while recording.

pub(crate) mod certificate_files;
pub(crate) mod file_cache;
pub(crate) mod recipients_over_time;
pub(crate) mod watch;

pub use certificate_files::CertificateFiles;
pub use file_cache::{Files, Listing, Stamp};
pub use recipients_over_time::{Notice, Roster};
pub use watch::{Recipients, authorities, has_certificate_ending};
