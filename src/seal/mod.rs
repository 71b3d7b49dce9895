//! The crypto envelope: key schedule, sealing and opening of frames.
//!
//! Uses [`crate::format`] for the records and [`crate::keys`] for the CMS messages that carry the session secret.
//! The schedule is specified in `vidveil-stream(5)`, section KEYS.

mod digests;
mod epoch;
mod epoch_signature;
mod error;
mod grant;
mod granted;
mod granter;
mod in_place;
mod insert_grants;
mod keyring;
mod opened;
mod opener;
mod pending_grants;
mod rewrap;
mod schedule;
mod sealed_stream;
mod sealer;
mod session;
mod signature_check;
mod signer_end;
mod verifier;

pub use epoch_signature::{EpochChecker, EpochSigner, SignedEpoch};
pub use error::SealError;
pub use grant::{GrantEntry, GrantedEpochs, read_sidecar, sidecar};
pub use granted::Epochs;
pub use granter::{Granter, OpenableEpoch, Tracks};
pub use in_place::{Disk, Plan, Rewrapped, Step, keys_in_file, plan, rewrap_in_place};
pub use insert_grants::copy_with_grants;
pub use opened::Opened;
pub use opener::{EpochPlace, Opener};
pub use rewrap::{Change, Opening, SeenLists, is_changed, slot_signed_by};
pub use schedule::{Chain, CloseKey, EpochKey, FrameKey, SessionKey, SessionSecret};
pub use sealer::{RecipientSource, SealSettings, Sealer};
pub use session::recipients;
pub use signature_check::{Refusal, SignatureCheck, SignatureReport};
pub use verifier::{Checked, Verifier};
