//! The flag that says who may read what is written.

use clap::Args;

use crate::playback::Keyring;

/// What was opened with a key is this user's alone.
const PRIVATE: u32 = 0o600;

/// Permissions of what is written.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct ModeFlags {
    /// Give a file that is written these permissions, in octal digits; without it, only you can read what was opened
    /// with a key (600)
    #[arg(long, value_name = "MODE", value_parser = octal)]
    pub mode: Option<u32>,
}

impl ModeFlags {
    /// The permissions that a file gets whatever the umask is; `None` leaves them to the umask.
    pub fn fixed(self, keyring: &Keyring) -> Option<u32> {
        let opened_with_a_key = !keyring.identities.is_empty() || !keyring.grants.is_empty();
        self.mode.or(opened_with_a_key.then_some(PRIVATE))
    }
}

pub(super) fn octal(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 && mode & PRIVATE == PRIVATE => Ok(mode),
        _ => Err("give three octal digits, as in 640; you yourself must be able to read and write it".to_owned()),
    }
}
