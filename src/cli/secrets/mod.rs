//! Secrets of the command line: key files, pass phrases, PINs, cards, tokens, and the key agent.

pub mod agent;
pub mod card;
pub(crate) mod card_prompt;
#[cfg(feature = "rtsp")]
mod credentials;
pub(crate) mod keyring;
pub(crate) mod passphrase;
pub(crate) mod pin;
pub(crate) mod secret_file;
pub(crate) mod signers;
pub(crate) mod tokens;
mod variables;

pub use crate::playback::Keyring;
pub use agent::KeyAgent;
#[cfg(feature = "rtsp")]
pub use credentials::{read_certificates, read_credentials};
pub use keyring::{read_grants, read_identities, read_keyring};
pub use passphrase::{ask_new_passphrase, read_passphrase};
pub use pin::read_pin;
pub use secret_file::read_secret_file;
pub use signers::{accepted_signers, first_signer, named_signers, own_signer, read_signer};

pub use variables::secret_variables;

pub use super::flags::{CardFlags, CardPlaceFlags, PinFlags, SignFlags, SignerFlags};
