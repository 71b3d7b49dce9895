//! Streams that do not open, and keys that do not fit.

use std::error::Error;

use crate::keys::{Certificate, SignerFault};
pub(crate) use crate::playback::who_could;
use crate::seal::SealError;

use super::device::of_device;
use super::format::of_format;
use super::verdict::Verdict;
use crate::cli::Status;

/// What to do about an own signer's certificate that may not sign.
pub(crate) const NEW_SIGNER: &str = "enroll-cert --generate --for signing makes a key and its certificate";

pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    of_seal(cause.downcast_ref::<SealError>()?)
}

pub(crate) fn of_seal(e: &SealError) -> Option<Verdict> {
    Some(match e {
        SealError::Format(e) => return of_format(e),
        SealError::Device(e) => of_device(e),
        SealError::NotRecipient { recipients, given, .. } => {
            (Status::Refused, Some(who_could_instead(recipients, given)))
        }
        SealError::NoRecipients { .. } | SealError::Recipients(_) => {
            (Status::Refused, Some("enroll-cert --check says what is wrong with each certificate".into()))
        }
        SealError::ForgedList { .. } => (
            Status::Damaged,
            Some("rewrap without --add and --in-place writes a copy with a list of its own, as -r says".into()),
        ),
        SealError::ListNotAccepted { .. } | SealError::OlderList { .. } => {
            (Status::Refused, Some("rewrap without --add names the whole list, and keeps nobody".into()))
        }
        SealError::Session { .. }
        | SealError::Unbound { .. }
        | SealError::TooFar { .. }
        | SealError::Grant { .. }
        | SealError::EpochCommitment { .. }
        | SealError::Frame { .. }
        | SealError::Padding { .. }
        | SealError::Close { .. }
        | SealError::EpochSignature { .. }
        | SealError::Barren { .. }
        | SealError::BadRecipient { .. } => (Status::Damaged, None),
        SealError::NoRoom { .. } => {
            (Status::Failed, Some("without --in-place a copy with more room is written: rewrap ... < OLD > NEW".into()))
        }
        SealError::Unsigned => {
            (Status::Refused, Some("leave out --signer and --ca, if you expect a stream that nobody signed".into()))
        }
        SealError::OwnSigner { .. } | SealError::SignerEnds { .. } => (Status::Refused, Some(NEW_SIGNER.into())),
        SealError::Signer { fault, .. } => (Status::Refused, Some(of_signer(fault).into())),
        SealError::NotSealed | SealError::Shared { .. } => (Status::Refused, None),
        SealError::NotKept => (Status::Failed, None),
        SealError::Keys(_) | SealError::TooManyRecipients | SealError::TooManyGranted { .. } | SealError::Crypto => {
            (Status::Failed, None)
        }
    })
}

/// What to do about a signer that is not accepted.
pub(crate) fn of_signer(fault: &SignerFault) -> &'static str {
    match fault {
        SignerFault::Purpose => {
            "vidveil(7) names the extended key usage that an authority gives to signers; --signer-name NAME accepts \
             this one by its name"
        }
        SignerFault::NoList(_) => {
            "with --crl a valid list of its issuer must vouch for the signer: is the newest one there, and the issuer's \
             certificate given with --ca?"
        }
        _ => "inspect shows whose certificate is in the stream",
    }
}

/// Whose keys would open, and what was there instead.
pub(crate) fn who_could_instead(recipients: &[Certificate], given: &[String]) -> String {
    let wanted = who_could(recipients);
    match given {
        [] => wanted,
        _ => format!("{wanted}; what was found is {}", given.join(" and ")),
    }
}
