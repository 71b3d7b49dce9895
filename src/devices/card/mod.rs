//! Private keys on smart cards: PIV (NIST SP 800-73-4) through PC/SC.
//!
//! | file | idea |
//! |---|---|
//! | [`slot`] | where a card keeps a key, and how it is asked to use it |
//! | [`tlv`] | the BER-TLV of a card's answers |
//! | [`object`] | a card's data objects: certificates, how many retired keys there are |
//! | [`exchange`] | one command and its whole answer, in as many pieces as it takes |
//! | [`piv`] | the commands of a PIV card |
//! | [`pin_prompt`] | who is asked for the PIN, and notified that a card keeps us waiting |
//! | `service` | readers and transactions of the PC/SC daemon, with time limits; absent without the feature `card` |
//! | [`holder`] | one card in a reader: its certificates, its PIN for the run |
//! | [`search`] | the cards that are there, or come in time |
//! | [`identity`] | an identity out of a slot |
//! | [`management`] | the management key, which a card wants before anything on it is changed |
//! | [`generate`] | a new key on a card, and its certificate |
//!
//! The private key never leaves the card: it does one bare operation for each key session, and everything around it
//! (key derivation, unwrapping, padding) is done here, as for a key file.

pub mod exchange;
pub mod generate;
pub mod holder;
pub mod identity;
pub mod management;
pub mod object;
pub mod pin_prompt;
pub mod piv;
pub mod search;
pub mod slot;
pub mod tlv;

#[cfg(feature = "card")]
mod service;
#[cfg(not(feature = "card"))]
#[path = "service/absent.rs"]
mod service;

pub use exchange::{Answer, Patience, Transmit};
pub use generate::NewKey;
pub use holder::Card;
pub use identity::CardIdentity;
pub use management::ManagementKey;
pub use pin_prompt::{PinPrompt, PinRequest, Waiting};
pub use piv::{Piv, Tries};
pub use search::{Listed, Search, cards, list};
pub use slot::{Slot, SlotCertificate};
