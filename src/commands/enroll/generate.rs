//! `enroll-cert --generate`: a key and its certificate, each in a file of its own.

use std::io::Write;

use crate::base::text;
use crate::cli::flags::{EnrollFlags, KeyAlgorithm};
use crate::cli::print::print;
use crate::cli::secrets::ask_new_passphrase;
use crate::cli::{Failure, Session};
use crate::keys::{Generated, certificates_in, generate_for};
use crate::storage::{AtomicFile, Existing};

use super::describe::description;
use super::files::{bad_option, create_with_folder};

/// Makes a key and its certificate, and writes both or neither.
///
/// # Errors
///
/// A [`Failure`]: flags that do not go together. Names that are taken; the disk does not take the files; the key cannot
/// be made.
pub fn generate(flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    let (Some(_), Some(key_path)) = (&flags.name, &flags.key) else {
        return Err(Failure::usage("--generate needs --name and --key").into());
    };
    let certificate_path = flags.output_path();
    let existing = Existing::from_force(flags.force);
    // all that can fail is tried before anything has its name
    let mut key_file = AtomicFile::create(key_path, 0o600, existing, None)?;
    let mut certificate_file = match certificate_path {
        Some(path) if path == key_path => {
            return Err(Failure::usage("the key and its certificate need two files").into());
        }
        Some(path) => Some(create_with_folder(path, existing)?),
        None => None,
    };
    let passphrase = match flags.passphrase_file {
        Some(_) => Some(ask_new_passphrase(&flags.passphrase(), &text::quoted_path(key_path), session)?),
        None => None,
    };
    if flags.algorithm == KeyAlgorithm::Rsa2048 {
        return Err(Failure::usage("rsa-2048 is for cards that know no longer keys")
            .hint("give --algorithm rsa-3072, or --generate-on-card")
            .into());
    }
    let options = flags.generate_options();
    let purpose = flags.purpose.unwrap_or_default().purpose();
    let purpose = purpose.ok_or_else(|| Failure::usage("a new key is for encryption or for signing, not for both"))?;
    let made = generate_for(purpose, &options, passphrase.as_ref().map(|phrase| phrase.as_bytes()));
    let Generated { certificate_pem, key_pem } = made.map_err(bad_option)?;

    key_file.file().write_all(key_pem.as_bytes())?;
    if let Some(file) = &mut certificate_file {
        file.file().write_all(certificate_pem.as_bytes())?;
    }
    // a key that nobody can encrypt to would only be in the way of the next attempt, and one that was there is wanted
    key_file.commit_with(|| match certificate_file {
        Some(file) => file.commit().map_err(anyhow::Error::from),
        None => print(&certificate_pem),
    })?;
    for certificate in certificates_in(certificate_pem.as_bytes())? {
        session.note(format!("made {}", description(&certificate, options.now_ns)));
    }
    Ok(())
}
