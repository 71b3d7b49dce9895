//! Certificate revocation lists (RFC 5280, section 5), read as `openssl verify -crl_check` reads them.
//!
//! | file | idea |
//! |---|---|
//! | `file` | the lists in a file |
//! | `list` | what one list says |
//! | `content` | its content, out of its DER |
//! | `scope` | which certificates a list is about |
//! | `standing` | what all lists together say of a certificate |
//! | `fault` | why a list, or all of an issuer's, do not count |

mod content;
mod fault;
mod file;
mod list;
mod scope;
mod standing;

pub use content::Revoked;
pub use fault::{ListFault, NoList};
pub use file::revocation_lists_in;
pub use list::{MAX_LIST_FILE, RevocationList};
pub use standing::{Listed, Revocation, RevocationCheck, Standing};
