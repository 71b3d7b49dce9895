//! The private keys of `-i`.

use zeroize::Zeroizing;

use crate::keys::{Identity, KeyFile};

use super::flags::IdentityFlags;
use super::secretfile::read_secret;
use super::{Failure, Session, read_passphrase, text};

/// Reads every private key that the flags name, and asks for pass phrases where they are needed.
///
/// # Errors
///
/// A [`Failure`]: a file that is missing (1), no private key, or of a kind that opens nothing here, or a wrong pass phrase (4).
pub fn read_identities(flags: &IdentityFlags, session: &Session) -> anyhow::Result<Vec<Box<dyn Identity>>> {
    let mut keyring: Vec<Box<dyn Identity>> = Vec::new();
    for path in &flags.identities {
        let name = text::quoted_path(path);
        let (bytes, exposure) = read_secret(path)?;
        let mut asked = None;
        let key = KeyFile::parse(&bytes, || match read_passphrase(&flags.passphrase, &name, session) {
            Ok(p) => Some(Zeroizing::new(p.as_bytes().to_vec())),
            Err(e) => {
                asked = Some(e);
                None
            }
        });
        if let Some(e) = asked {
            return Err(e);
        }
        let key = key.map_err(|e| Failure::refused(format!("cannot use the key {name}: {e}")))?;
        // of a certificate that was given by mistake it would be nonsense
        exposure.tell(session);
        keyring.push(Box::new(key));
    }
    Ok(keyring)
}
