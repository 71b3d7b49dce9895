//! The crypto envelope: key schedule, sealing and opening of frames.
//!
//! Uses [`crate::format`] for the records and [`crate::keys`] for the CMS messages that carry the session secret.
//! The schedule is specified in `vidveil-stream(5)`, section KEYS.

mod bonds;
mod digests;
mod epoch;
mod epoch_set;
mod epoch_signature;
mod error;
mod forged_lists;
mod grant;
mod granted;
mod granter;
mod in_place;
mod insert_grants;
mod key_budget;
mod keyring;
mod opened;
mod opener;
mod opener_answer;
mod opener_facts;
mod opener_output;
mod opener_state;
mod pending_grants;
mod pieces;
mod rewrap;
mod schedule;
mod seal_settings;
mod sealed_stream;
mod sealer;
mod sealing_epoch;
mod sealing_session;
mod seen_lists;
mod session;
mod signature_check;
mod signer_end;
mod step_budget;
mod verifier;

pub use bonds::{Bond, Bonds};
pub use epoch_signature::{EpochChecker, EpochSigner, SignedEpoch};
pub use error::SealError;
pub use grant::{GrantEntry, GrantedEpochs, read_sidecar, sidecar};
pub use granted::Epochs;
pub use granter::{Granter, OpenableEpoch, Tracks};
pub use in_place::{Disk, Plan, Rewrapped, Step, keys_in_file, plan, rewrap_in_place};
pub use insert_grants::copy_with_grants;
pub use opened::Opened;
pub use opener::Opener;
pub use opener_state::EpochPlace;
pub use pieces::{PieceFault, Pieces, SeenPieces};
pub use rewrap::{Change, Opening, is_changed, list_signed_by};
pub use schedule::{Chain, CloseKey, EpochKey, FrameKey, SessionKey, SessionSecret};
pub use seal_settings::{RecipientSource, SealSettings};
pub use sealer::Sealer;
pub use seen_lists::SeenLists;
pub use session::recipients;
pub use signature_check::{Refusal, SignatureCheck, SignatureReport};
pub use verifier::{Checked, Verifier};
