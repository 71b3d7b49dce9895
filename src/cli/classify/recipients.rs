//! Recipients.

use std::error::Error;

use crate::keys::{LeftOut, Unusable};
use crate::recipients::RecipientsError;

use super::storage::of_storage;
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    Some(of_recipients(cause.downcast_ref::<RecipientsError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_recipients(e: &RecipientsError, command: &str) -> Verdict {
    use RecipientsError::*;
    match e {
        NoneGiven => (Status::Usage, Some("name a certificate or a folder of them: -r certs/".into())),
        Certificates { .. } => (Status::Failed, Some("enroll-cert makes a certificate".into())),
        RevocationLists { .. } => {
            (Status::Failed, Some("the authority that issued the certificates publishes the list".into()))
        }
        Parse { .. } => (Status::Failed, None),
        RevokedRecord { .. } => {
            (Status::Failed, Some("put its last copy back, or name another one with --crl-state".into()))
        }
        Storage(e) => of_storage(e, command),
        NoneLeft { left_out, .. } => (Status::Refused, Some(none_left(left_out).into())),
    }
}

fn none_left(left_out: &[LeftOut]) -> &'static str {
    if left_out.iter().any(|l| l.reason == Unusable::NoRevocationList) {
        return "with --crl a valid list of its issuer must vouch for each recipient: is the newest one there, and the \
                issuer's certificate given with --ca?";
    }
    if left_out.iter().any(|l| l.reason == Unusable::NotYetValid) {
        "is this machine's clock right? enroll-cert --check says what is wrong with each certificate"
    } else {
        "enroll-cert --check says what is wrong with each certificate"
    }
}
