//! What can go wrong with a device that holds a private key: a smart card in a reader, or a security module.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TokenError;

/// Why a device did not do what it was asked. Says nothing about secrets. It goes from the
/// process that holds a key to those that use it (see [`agent`](super::agent)), and is the same there.
#[derive(Debug, Error, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no PC/SC daemon to ask.
    #[error("there is no smart card service")]
    NoService,
    /// The service does not serve this user.
    #[error("the smart card service does not let this user in")]
    Forbidden,
    /// The program was built without what it takes: the name of the cargo feature.
    #[error("this program was built without the feature \"{0}\"")]
    NotBuilt(Cow<'static, str>),
    /// The service knows no reader.
    #[error("there is no smart card reader")]
    NoReader,
    /// No reader has the name that was asked for.
    #[error("there is no smart card reader \"{0}\"")]
    UnknownReader(String),
    /// No card in the readers within the time that was given for it.
    #[error("there is no smart card in the reader")]
    NoCard,
    /// The card knows no PIV application (SP 800-73-4).
    #[error("the card in \"{0}\" is not a PIV card")]
    NotPiv(String),
    /// The card, or the module, has no certificate that could be used.
    #[error("\"{0}\" has no certificate that can open streams")]
    NoCertificate(String),
    /// A slot's certificate cannot be read.
    #[error("the certificate in slot {slot} of \"{reader}\" cannot be read: {why}")]
    BadCertificate {
        /// Name of the reader.
        reader: String,
        /// The slot.
        slot: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is a certificate in the slot, and no key, or one of another kind.
    #[error("slot {0} of the card has no key of the kind that its certificate says")]
    NoKey(String),
    /// The card did not let its key be used, although the PIN was right.
    #[error("the card did not let the key in slot {0} be used")]
    NotAllowed(String),
    /// The card was exchanged for another one.
    #[error("another card was put into the reader")]
    OtherCard,
    /// A PIN is needed and there is no way to ask for it.
    #[error("a PIN is needed, and there is no terminal to ask for it")]
    NoPin,
    /// The PIN cannot be one: its length or its characters.
    #[error("this cannot be a PIN: {0}")]
    MalformedPin(Cow<'static, str>),
    /// The PIN is wrong.
    #[error("wrong PIN, {left} {} left", if *.left == 1 { "try" } else { "tries" })]
    WrongPin {
        /// Tries that are left.
        left: u32,
    },
    /// One try is left, which is not used without being asked to.
    #[error("there is one try left for the PIN")]
    LastTry,
    /// The PIN is blocked.
    #[error("the PIN is blocked")]
    Blocked,
    /// The card went away.
    #[error("the smart card was removed")]
    Removed,
    /// Another program holds the card.
    #[error("another program holds the smart card")]
    Busy,
    /// No answer within the time limit.
    #[error("the {0} does not answer")]
    Silent(Cow<'static, str>),
    /// An answer that makes no sense, or a refusal that is not expected.
    #[error("the device answered nonsense: {0}")]
    Nonsense(String),
    /// It was stopped by the user.
    #[error("interrupted while the smart card was waited for")]
    Interrupted,
    /// The text is no management key.
    #[error("this is no management key: {0}")]
    MalformedManagementKey(Cow<'static, str>),
    /// The card has another management key.
    #[error("the card has another management key")]
    WrongManagementKey,
    /// There is something in the slot that would be lost.
    #[error("slot {slot} of the card is not empty: {what}")]
    Occupied {
        /// The slot.
        slot: String,
        /// What is in it.
        what: String,
    },
    /// The card does not make keys of this kind, or not in this slot.
    #[error("the card does not make a key of kind {0}")]
    NotMade(String),
    /// The process that lets others use its keys has ended, or its way to us is closed.
    #[error("the key agent is gone")]
    AgentGone,
    /// Something with a token behind a PKCS #11 module.
    #[error(transparent)]
    Token(#[from] TokenError),
}
