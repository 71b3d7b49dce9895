//! Flags: groups to flatten into those of a command, one file for each group.

mod archive;
mod batch;
mod capture;
mod card;
mod common;
mod enroll;
mod files;
mod foreign;
mod identity;
mod pin;
mod protect;
mod recipients;
mod review;
mod rewrap;
mod scene;
mod sign;
mod source;
mod view;

pub use archive::{ArchiveFlags, ArchiveSpanFlags, ChosenRole};
pub use batch::{ReprocessFlags, SelectionFlags};
pub use capture::{CameraFlags, CaptureFlags};
pub use card::{CardFlags, CardPlaceFlags};
pub use common::{CommonFlags, JsonFlags};
pub use enroll::{EnrollFlags, KeyAlgorithm, KeyPurpose, ManagementFlags};
pub use files::{InputFlags, InputsFlags, OutputFlags};
pub use foreign::{ForeignFlags, formats_section};
pub use identity::{GrantFlags, IdentityFlags, PassphraseFlags};
pub use pin::PinFlags;
pub use protect::{PictureFlags, WorkerFlags};
pub use recipients::{RecipientFlags, TrustFlags};
pub use review::ReviewFlags;
pub use rewrap::PartFlags;
pub use scene::SceneFlags;
pub use sign::{SignFlags, SignerAuthorityFlags, SignerFlags};
pub use source::SourceFlags;
pub use view::ViewFlags;
