//! What a stream is judged to be, by what was found in it.

use crate::base::text::io_reason;
use crate::format::FormatError;
use crate::playback::Skipped;
use crate::seal::SealError;

use super::demands::Demands;
use super::outcome::{Outcome, Unproved};
use super::verdict::Verdict;

/// What was found in an input that was read to its end.
pub(super) struct Found<'a> {
    pub verdict: &'a Verdict,
    /// There was a key to open it with.
    pub keyed: bool,
    /// What opened was granted; no session opened for a recipient.
    pub by_grant: bool,
    pub demands: &'a Demands,
}

impl Found<'_> {
    /// Nothing was wrong.
    pub fn whole(&self) -> Outcome {
        let (counts, demands) = (&self.verdict.counts, self.demands);
        if counts.excerpt && demands.complete {
            return Outcome::NotComplete { skipped: None };
        }
        if let Some(refused) = self.refused() {
            return refused;
        }
        let vouched = (self.keyed || demands.signers.is_some()) && !counts.unproven;
        if vouched && counts.unknown {
            return Outcome::RecipientsChanged { by: None };
        }
        if vouched && counts.epochs > 0 {
            return if counts.excerpt { Outcome::Excerpt } else { Outcome::Authenticated };
        }
        let cause = if self.keyed || counts.epochs == 0 {
            Unproved::NoEpoch
        } else if self.is_signed() {
            Unproved::UnknownSigner
        } else if counts.sealed {
            Unproved::NoKey
        } else {
            Unproved::Plain
        };
        Outcome::NotAuthenticated { cause, accepted: demands.unsigned_ok }
    }

    /// Nothing was wrong, and the keys are not for all of it.
    pub fn in_part(&self, skipped: Skipped) -> Outcome {
        if let Some(refused) = self.refused() {
            return refused;
        }
        // whoever was granted a part asks for that part; everybody else must hear that nothing vouches for the rest
        match (self.by_grant, self.demands.complete) {
            (true, true) => Outcome::NotComplete { skipped: Some(skipped) },
            (true, false) => Outcome::Granted { skipped },
            (false, _) => Outcome::InPart { skipped, signed: self.demands.signers.is_some() },
        }
    }

    /// Why the signers are not those that are required, if some are.
    pub fn refused(&self) -> Option<Outcome> {
        let signers = self.demands.signers.as_ref()?;
        if !self.is_signed() {
            return Some(Outcome::Unsigned);
        }
        if let Some(r) = &self.verdict.signatures.refused {
            let (signer, fault) = (r.signer.clone(), r.fault.clone());
            return Some(Outcome::Signer { signer, fault, epoch: r.epoch.epoch, wall_ns: r.epoch.wall_ns });
        }
        let mut changes = self.verdict.counts.changes.iter();
        let (changer, _) = changes.find(|(c, at_ns)| signers.accept(c, *at_ns).is_err())?;
        Some(Outcome::RecipientsChanged { by: Some(changer.subject().to_owned()) })
    }

    /// Every stream is signed; sidecars have nothing to sign.
    fn is_signed(&self) -> bool {
        let signatures = &self.verdict.signatures;
        signatures.signed_streams > 0 && signatures.unsigned_streams == 0 && !self.verdict.counts.unproven
    }
}

/// The outcome where the first error is one after which nothing more can be found; `None` for damage.
pub(super) fn of_error(e: &SealError) -> Option<Outcome> {
    Some(match e {
        SealError::Format(FormatError::Io(e)) => Outcome::Unreadable(io_reason(e)),
        SealError::Format(FormatError::Empty) => Outcome::empty(),
        SealError::NotRecipient { recipients, session, given } => {
            Outcome::NoKey { session: *session, recipients: recipients.clone(), given: given.clone() }
        }
        SealError::Device(e) => Outcome::Device(e.clone()),
        _ => return None,
    })
}
