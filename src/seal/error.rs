//! What can go wrong in sealing and opening.

use std::sync::Arc;

use crate::base::text::{quoted, rfc3339};
use crate::format::FormatError;
use crate::keys::{Certificate, DeviceError, KeyError, LeftOut, SignerFault};

/// Errors of sealing and opening.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The container is damaged, or reading or writing it failed.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The key that was given is not among the session's recipients.
    #[error("none of the given keys is a recipient of key session {session}")]
    NotRecipient {
        /// Number of the key session.
        session: u32,
        /// Certificates whose keys would do, as the stream claims.
        recipients: Vec<Certificate>,
        /// What the given keys say of themselves.
        given: Vec<String>,
    },
    /// A recipient's message, or what it holds, is not right: one error for all causes.
    #[error("key session {session} does not open: its keys record is damaged or forged")]
    Session {
        /// Number of the key session.
        session: u32,
    },
    /// A key session does not go on from the one before it in its stream: its keys record was written by somebody who
    /// did not have that one's keys, or changed.
    #[error(
        "damaged at byte {offset}: key session {session} is not bound to what came before it: its keys record is \
         somebody else's, or was changed"
    )]
    Unbound {
        /// Number of the key session.
        session: u32,
        /// Where its keys record begins.
        offset: u64,
    },
    /// The list of recipients that counts was written by somebody without the session's key. Another list is still
    /// there, and proven.
    #[error("damaged at byte {offset}: {}", forged_list(*.session, *.tied))]
    ForgedList {
        /// Number of the key session.
        session: u32,
        /// Where its keys record begins.
        offset: u64,
        /// Both lists have one number, which no command writes.
        tied: bool,
    },
    /// The epochs of the input lie so far into their key sessions that getting to one of them takes more work than the
    /// input's size allows.
    #[error("damaged at byte {offset}: epoch {epoch} lies farther into its key session than an input of this size may")]
    TooFar {
        /// Where the record begins.
        offset: u64,
        /// Number of the epoch.
        epoch: u64,
    },
    /// The smart card or security module that has the key did not do its operation.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A grant to one of the given keys, or what it holds, is not right: one error for all causes.
    #[error("the grant of epochs {first} to {last} does not open: it is damaged or forged")]
    Grant {
        /// First epoch that it claims.
        first: u64,
        /// Last epoch that it claims.
        last: u64,
    },
    /// A private key was asked too often in vain: for grants and sessions of which nothing opened.
    #[error("{limit} grants and key sessions name the given keys, and nothing opens with them: they are forged")]
    Barren {
        /// The limit.
        limit: usize,
    },
    /// More epochs were granted than a reader keeps.
    #[error("the grants are for more than {limit} epochs and tracks")]
    TooManyGranted {
        /// The limit.
        limit: usize,
    },
    /// An epoch's keys do not have the commitment in its start record.
    #[error("damaged at byte {offset}: the start record of epoch {epoch} is not for this key")]
    EpochCommitment {
        /// Where the start record begins.
        offset: u64,
        /// Number of the epoch.
        epoch: u64,
    },
    /// A frame's tag does not fit.
    #[error("damaged at byte {offset}: frame {counter} of epoch {epoch} is not as it was sealed")]
    Frame {
        /// Where the frame record begins.
        offset: u64,
        /// Number of the epoch.
        epoch: u64,
        /// The frame's counter.
        counter: u32,
    },
    /// A frame opens, but length or padding inside are wrong.
    #[error("damaged at byte {offset}: the padding of frame {counter} of epoch {epoch} is wrong")]
    Padding {
        /// Where the frame record begins.
        offset: u64,
        /// Number of the epoch.
        epoch: u64,
        /// The frame's counter.
        counter: u32,
    },
    /// A close record's HMAC does not fit.
    #[error("damaged at byte {offset}: the close record of epoch {epoch} is not as it was written")]
    Close {
        /// Where the close record begins.
        offset: u64,
        /// Number of the epoch.
        epoch: u64,
    },
    /// A signature was asked for, and the stream has none.
    #[error("the stream is not signed")]
    Unsigned,
    /// The signer is not one that was asked for.
    #[error("the signer {} {fault}", .signer.as_ref().map_or("whose certificate cannot be read", |c| c.subject()))]
    Signer {
        /// The certificate in the stream record; `None` when it cannot be read.
        signer: Option<Arc<Certificate>>,
        /// What speaks against it.
        fault: SignerFault,
    },
    /// The certificate of the own signer may not sign an epoch that begins at this time.
    #[error("the signer's certificate {} {} ({})", quoted(.signer.subject()), .fault.of_own(), rfc3339(*.at_ns))]
    OwnSigner {
        /// The certificate.
        signer: Box<Certificate>,
        /// When the epoch begins, UTC ns.
        at_ns: i64,
        /// What speaks against it.
        fault: SignerFault,
    },
    /// The certificate of the own signer ends, and the stream was closed before that.
    #[error("the signer's certificate {} expires at {}", quoted(.signer.subject()), .signer.not_after_text())]
    SignerEnds {
        /// The certificate.
        signer: Box<Certificate>,
    },
    /// An epoch's signature does not fit.
    #[error("damaged at byte {offset}: the signature of epoch {epoch} is wrong")]
    EpochSignature {
        /// Where the close record begins.
        offset: u64,
        /// Number of the epoch.
        epoch: u64,
    },
    /// A certificate that the stream names as a recipient cannot be read.
    #[error("key session {session} names a recipient's certificate that cannot be read")]
    BadRecipient {
        /// Number of the key session.
        session: u32,
    },
    /// Too few certificates can be sealed to: recording stops.
    #[error("no valid certificate is left to seal to")]
    NoRecipients {
        /// What was left out, and why.
        left_out: Vec<LeftOut>,
    },
    /// The recipients cannot be determined.
    #[error("the recipients cannot be read: {0}")]
    Recipients(String),
    /// A CMS message could not be made.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// More recipients than a keys record has room for.
    #[error("there are more recipients than a keys record has room for")]
    TooManyRecipients,
    /// A new list of recipients does not fit the room that the keys record has for it.
    #[error("the new recipients do not fit: key session {session} has room for {room} bytes, and they take {needs}")]
    NoRoom {
        /// Number of the key session.
        session: u32,
        /// Size of a slot in bytes.
        room: u32,
        /// What the new list takes.
        needs: u32,
    },
    /// Nothing in it is sealed, so that there is nobody to change.
    #[error("the stream is not sealed")]
    NotSealed,
    /// The list that is to be added to was changed, and no accepted signer says so.
    #[error(
        "who can open key session {session} was changed since recording {}, who is no accepted signer",
        changed_by(.by)
    )]
    ListNotAccepted {
        /// Number of the key session.
        session: u32,
        /// Subject of who signed the change; `None` when no right signature stands there.
        by: Option<String>,
    },
    /// The list that is to be added to is older than one that was there before.
    #[error(
        "key session {session} has list of recipients number {generation}, and number {seen} was here before: an older \
         list was put back"
    )]
    OlderList {
        /// Number of the key session.
        session: u32,
        /// Generation of the list that counts.
        generation: u64,
        /// The highest generation that was seen.
        seen: u64,
    },
    /// Shares of the secret are kept, which this version cannot make anew.
    #[error("key session {session} is shared by a group, which this version cannot keep")]
    Shared {
        /// Number of the key session.
        session: u32,
    },
    /// What was written reads back as something else.
    #[error("the file did not keep what was written to it")]
    NotKept,
    /// The system gave no random numbers, or the AEAD refused.
    #[error("the system gave no random numbers")]
    Crypto,
}

/// By whom a list was changed, for a message.
fn changed_by(by: &Option<String>) -> String {
    match by {
        Some(who) => format!("by {who}"),
        None => "by unknown".into(),
    }
}

impl From<ring::error::Unspecified> for SealError {
    fn from(_: ring::error::Unspecified) -> Self {
        SealError::Crypto
    }
}

/// What is wrong with two lists of a key session of which one is right.
fn forged_list(session: u32, tied: bool) -> String {
    let list = format!("the list of recipients of key session {session}");
    if tied {
        format!("{list} is there twice with one number: somebody without its key has put a copy next to it")
    } else {
        format!("{list} is forged: it was written without its key; the list before it is right")
    }
}
