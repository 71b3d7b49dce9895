//! Verdicts on streams.

use crate::verify::{Outcome, Unproved};

use super::device::of_device;
use super::seal::{of_signer, who_could, who_could_instead};
use super::verdict::Verdict;
use crate::cli::Status;

/// The exit status for one file, and what to do about it.
pub(crate) fn of_outcome(outcome: &Outcome) -> Verdict {
    use Outcome::*;
    let status = match outcome {
        _ if outcome.is_passed() => Status::Done,
        Unreadable(_) => Status::Failed,
        Damaged(_) | Cut(_) | NotLinked(_) | NotComplete { .. } => Status::Damaged,
        Device(e) => of_device(e).0,
        _ => Status::Refused,
    };
    (status, hint(outcome))
}

fn hint(outcome: &Outcome) -> Option<String> {
    use Outcome::*;
    let hint = match outcome {
        Signer { fault, .. } => of_signer(fault),
        NotAuthenticated { cause: Unproved::UnknownSigner, .. } => {
            "every signature is right; give --signer or --ca to say whose you accept"
        }
        NotAuthenticated { cause: Unproved::NoKey, .. } => "give -i KEY to open it and check every frame",
        NotAuthenticated { cause: Unproved::Plain, .. } => {
            "nothing in a plain stream proves who wrote it; check the sealed original"
        }
        Unsigned => "leave out --signer and --ca, if you expect a stream that nobody signed",
        RecipientsChanged { by: None } => {
            "every frame is as it was sealed, but who can open it was changed; rewrap --sign says by whom"
        }
        OlderList { .. } => "rewrap without --add names the whole list, and writes it above every older one",
        // who can open what was skipped is not seen here
        InPart { signed: true, .. } => "its signatures are right; leave out -i to have all of it checked by them",
        InPart { skipped, signed: false } => {
            return (!skipped.recipients().is_empty()).then(|| who_could(skipped.recipients()));
        }
        NoKey { recipients, given, .. } => return Some(who_could_instead(recipients, given)),
        NotSealed => "leave out -i to check its form only; a plain stream proves nothing",
        Device(e) => return of_device(e).1,
        _ => return None,
    };
    Some(hint.into())
}
