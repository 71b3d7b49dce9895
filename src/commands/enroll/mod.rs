//! `enroll-cert`: certificates made, enrolled, checked and removed.
//!
//! | file | idea |
//! |---|---|
//! | `generate` | a key and its certificate, in files |
//! | `on_card` | a key made on a card |
//! | `take` | the certificate out of a file that was made elsewhere |
//! | `card` | the certificate on a card, and what is on all cards |
//! | `check` | which certificates are usable, and when recording stops |
//! | `check_signers` | which certificates can sign, and until when |
//! | `remove` | a certificate taken out of its folder |
//! | `describe` | a certificate as one line |
//! | `files` | files of certificates |

mod card;
mod check;
mod check_signers;
mod describe;
mod files;
mod generate;
mod on_card;
mod remove;
mod take;

use crate::cli::flags::EnrollFlags;
use crate::cli::{Failure, Session};

/// Does what the flags name.
///
/// # Errors
///
/// A [`Failure`]: flags that do not go together; what each of the actions cannot do.
pub fn run(flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    if flags.json.json && flags.check.is_empty() && !flags.list {
        return Err(Failure::usage("--json goes with --check and --list").into());
    }
    let makes = flags.generate || flags.generate_on_card;
    if (makes || flags.list) && !(flags.trust.ca.is_empty() && flags.trust.crl.is_empty()) {
        return Err(Failure::usage("--ca and --crl go with --check, --remove, --from-card and a FILE to enrol").into());
    }
    if let Some(path) = &flags.remove {
        return remove::remove(path, flags, session);
    }
    if flags.list {
        return card::list_cards(&flags.place, flags.json.json, session);
    }
    if flags.from_card {
        return card::from_card(flags, session);
    }
    if flags.generate_on_card {
        return on_card::generate_on_card(flags, session);
    }
    if flags.generate {
        return generate::generate(flags, session);
    }
    match flags.file.as_ref().or(flags.from_token.as_ref()) {
        Some(file) => take::take(file, flags, session),
        None => check::check(flags, session),
    }
}
