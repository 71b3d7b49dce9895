//! Recordings that do not open, are not whole, or cannot be shown.

use std::error::Error;

use crate::base::text::rfc3339;
use crate::playback::{Damage, PlaybackError, hh_mm_ss};

use super::format::of_format;
use super::media::{of_foreign, of_media};
use super::seal::{of_seal, who_could, who_could_instead};
use super::storage::of_storage;
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    if let Some(damage) = cause.downcast_ref::<Damage>() {
        return Some(of_damage(damage));
    }
    Some(of_playback(cause.downcast_ref::<PlaybackError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_playback(e: &PlaybackError, command: &str) -> Verdict {
    use PlaybackError::*;
    const FAILED: Verdict = (Status::Failed, None);
    match e {
        Storage(e) => of_storage(e, command),
        Format(e) => of_format(e).unwrap_or(FAILED),
        Seal(e) | InFile { source: e, .. } => of_seal(e).unwrap_or(FAILED),
        Media(e) => of_media(e),
        Foreign(e) => of_foreign(e),
        NotSealed { shared } => {
            let hint = if *shared {
                "use --plain-ok, if you expect a plain original after a command that opens it"
            } else {
                "leave out -i, or use --plain-ok, if you expect a plain stream"
            };
            (Status::Refused, Some(hint.into()))
        }
        NoKey { recipients } => (Status::Refused, Some(who_could(recipients))),
        NotGranted { recipients, given } => (Status::Refused, Some(who_could_instead(recipients, given))),
        Damaged(damage) => of_damage(damage),
        OpensInPart { recipients, .. } | NothingOpens { recipients, .. } => {
            (Status::Refused, (!recipients.is_empty()).then(|| who_could(recipients)))
        }
        Excerpt => (Status::Damaged, None),
        NoPictureThen { beginning_utc_ns, length_ns } => {
            let (first, length, ms) = (rfc3339(*beginning_utc_ns), hh_mm_ss(*length_ns), length_ns / 1_000_000 % 1000);
            let hint = format!("the first picture is of {first}; from it on {length}.{ms:03} were read");
            (Status::Failed, Some(hint))
        }
        NoKeyFrame { .. } => (
            Status::Failed,
            Some(
                "give the segments before it, too, or a key or grant for these epochs; inspect lists the epochs".into(),
            ),
        ),
        NoSuchTrack(_) => (Status::Failed, Some("inspect lists the tracks of a stream".into())),
        Stopped => (Status::Interrupted, None),
        NoStream | NothingToShow | NoPackets | NoPictures | NoneDecoded | PictureSize | Png(_) => FAILED,
    }
}

fn of_damage(damage: &Damage) -> Verdict {
    let hint = match damage {
        Damage::NotThere(_) => "the file is a part of the one that the grant was made for",
        Damage::Piece { .. } => {
            "what was written is authentic; pieces that are given as files of their own may lack some between them"
        }
        _ => "what was written is the authentic part before it",
    };
    (Status::Damaged, Some(hint.into()))
}
