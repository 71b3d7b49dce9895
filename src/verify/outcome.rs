//! How a check can end.

use std::fmt;

use crate::base::text::{quoted, rfc3339};
use crate::keys::{Certificate, DeviceError, SignerFault};
use crate::playback::Skipped;
use crate::storage::NOTHING_ARRIVED;

/// The outcome of a check. Its text is what `verify` prints.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// A key or an accepted signer vouches for all of it, and its end is there.
    Authenticated,
    /// A key or an accepted signer vouches for a part of a longer stream.
    Excerpt,
    /// Only some epochs were granted to the given key, and nothing is wrong with those.
    Granted {
        /// The other epochs.
        skipped: Skipped,
    },
    /// A stream that is still being written, as far as it was read.
    AuthenticatedSoFar,
    /// A public stream was made from the original.
    Linked {
        /// How many pictures have the same times in both.
        pictures: u64,
        /// The signatures of the public stream were checked, and are right.
        signed: bool,
    },
    /// Nothing is wrong, and nothing vouches for it.
    NotAuthenticated {
        /// Why not.
        cause: Unproved,
        /// It passes all the same: the demands say so.
        accepted: bool,
    },
    /// It must be signed, and is not.
    Unsigned,
    /// It is signed, by a signer that is not accepted.
    Signer {
        /// Subject of the signer's certificate.
        signer: String,
        /// What speaks against it.
        fault: SignerFault,
        /// Number of the first epoch that this signer signed.
        epoch: u64,
        /// When that epoch was opened, UTC ns by the recorder's clock.
        wall_ns: i64,
    },
    /// Frames and times are authentic; the list of recipients was changed since recording.
    RecipientsChanged {
        /// Subject of the signer of the change, which is not accepted; `None`: no signature vouches for the change.
        by: Option<String>,
    },
    /// The list of recipients of a session is an older one than was there before: it was put back.
    OlderList {
        /// Number of the key session.
        session: u32,
        /// Generation of the list.
        generation: u64,
        /// The highest generation that was seen.
        seen: u64,
    },
    /// Some key sessions are not for the given key.
    InPart {
        /// The epochs of those.
        skipped: Skipped,
        /// The signatures of all epochs are right, and their signers are accepted.
        signed: bool,
    },
    /// None of the given keys opens it.
    NoKey {
        /// Number of the key session.
        session: u32,
        /// Certificates whose keys would open it, as the stream claims.
        recipients: Vec<Certificate>,
        /// What the given keys say about themselves.
        given: Vec<String>,
    },
    /// It is plain, although a key was given.
    NotSealed,
    /// It is authentic and an excerpt, where all of the stream is required.
    NotComplete {
        /// The epochs that were not granted, where that is why.
        skipped: Option<Skipped>,
    },
    /// It is damaged or forged.
    Damaged(String),
    /// It was cut, or its end was never written.
    Cut(String),
    /// It was not made from the original.
    NotLinked(String),
    /// Nothing says what it was made from.
    NoManifest(String),
    /// It cannot be read.
    Unreadable(String),
    /// The card or the security module with the key did not do its operation.
    Device(DeviceError),
}

/// Why nothing vouches for a well-formed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// Its signatures are right, and nothing says whether the signer is accepted.
    UnknownSigner,
    /// It is sealed, and no key was given.
    NoKey,
    /// It is plain and not signed.
    Plain,
    /// It has no epoch that could be checked.
    NoEpoch,
}

impl Outcome {
    /// Whether the stream is what was demanded.
    pub fn is_passed(&self) -> bool {
        use Outcome::*;
        matches!(
            self,
            Authenticated
                | Excerpt
                | Granted { .. }
                | AuthenticatedSoFar
                | Linked { .. }
                | NotAuthenticated { accepted: true, .. }
        )
    }

    /// One word for programs, as in the JSON of `verify`.
    pub fn name(&self) -> &'static str {
        use Outcome::*;
        match self {
            Authenticated => "authenticated",
            Excerpt | Granted { .. } | NotComplete { .. } => "excerpt",
            AuthenticatedSoFar => "open",
            Linked { .. } => "linked",
            NotAuthenticated { .. } | InPart { .. } => "not-authenticated",
            Unsigned => "unsigned",
            Signer { .. } => "signer",
            RecipientsChanged { .. } => "recipients-changed",
            OlderList { .. } => "older-list",
            NoKey { .. } | NotSealed => "refused",
            Damaged(_) => "damaged",
            Cut(_) => "cut",
            NotLinked(_) | NoManifest(_) => "not-linked",
            Unreadable(_) | Device(_) => "failed",
        }
    }

    /// Whether that an older list was put back says more about the stream.
    pub(super) fn is_weaker_than_older_list(&self) -> bool {
        matches!(self, Outcome::NotAuthenticated { .. } | Outcome::RecipientsChanged { .. } | Outcome::InPart { .. })
    }

    /// What is worth a warning although the stream passed.
    pub fn warning(&self) -> Option<&'static str> {
        match self {
            Outcome::Granted { .. } => Some("only the granted epochs were checked"),
            Outcome::AuthenticatedSoFar => Some("its end has not come yet"),
            Outcome::Linked { signed: false, .. } => {
                Some("no signature was checked: who can write the file could have written another manifest (--signer)")
            }
            _ => None,
        }
    }

    /// Nothing was read.
    pub(super) fn empty() -> Self {
        Outcome::Cut(NOTHING_ARRIVED.into())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Outcome::*;
        match self {
            Authenticated => f.write_str("whole and authenticated"),
            Excerpt => f.write_str("authenticated, an excerpt"),
            Granted { skipped } | InPart { skipped, .. } => in_part(f, skipped),
            AuthenticatedSoFar => f.write_str("authenticated so far"),
            Linked { pictures, .. } => {
                write!(
                    f,
                    "made from the original, by its manifest: stream, last close record and {pictures} times agree"
                )
            }
            NotAuthenticated { cause: Unproved::UnknownSigner, .. } => {
                f.write_str("whole, and signed by an unknown signer")
            }
            NotAuthenticated { .. } => f.write_str("well-formed, not authenticated"),
            Unsigned => f.write_str("well-formed, not authenticated: a signature is asked for"),
            Signer { signer, fault, epoch, wall_ns } => {
                let (signer, time) = (quoted(signer), rfc3339(*wall_ns));
                write!(f, "signed, but the signer {signer} {fault}: epoch {epoch} ({time})")
            }
            RecipientsChanged { by: None } => f.write_str("authenticated, but not who can open it"),
            RecipientsChanged { by: Some(signer) } => {
                write!(f, "authenticated, but not who can open it: {} is no accepted signer", quoted(signer))
            }
            OlderList { session, generation, seen } => write!(
                f,
                "an older list of recipients was put back: key session {session} has number {generation}, and number \
                 {seen} was here before"
            ),
            NoKey { session, .. } => write!(f, "none of the given keys opens key session {session}"),
            NotSealed => f.write_str("not sealed, although a key was given to open it"),
            NotComplete { skipped: None } => f.write_str("an excerpt, where all of the stream is required"),
            NotComplete { skipped: Some(skipped) } => {
                in_part(f, skipped)?;
                f.write_str(", where all of the stream is required")
            }
            Damaged(what) | Cut(what) | NotLinked(what) => f.write_str(what),
            NoManifest(why) => write!(f, "nothing says what it was made from: {why}"),
            Unreadable(why) => write!(f, "cannot be read: {why}"),
            Device(e) => e.fmt(f),
        }
    }
}

fn in_part(f: &mut fmt::Formatter<'_>, skipped: &Skipped) -> fmt::Result {
    write!(f, "authenticated in part, not for the given key: {}", skipped.text())
}
