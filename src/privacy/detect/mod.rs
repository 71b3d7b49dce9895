//! A detector as second opinion: who never moves is found by their looks.
//!
//! | file | step |
//! |---|---|
//! | `views` | parts of the picture, scaled to what a network takes |
//! | `yunet` | a face network's answer becomes boxes |
//! | `found` | boxes, and which of them are of the same face |
//! | `tracks` | boxes are kept between looks |
//! | `network` | the network itself (feature `detect`) |
//!
//! What a detector finds is only ever added to the mask. Its arithmetic is on floats: unlike the rest of the room it
//! may differ in the last bit from one processor to another.

mod detector;
mod error;
mod found;
#[cfg(feature = "detect")]
mod network;
mod tracks;
mod views;
mod yunet;

pub use detector::Detector;
pub use error::DetectError;
pub use found::Found;
#[cfg(feature = "detect")]
pub use network::Onnx;
pub(super) use tracks::{Seen, Tracks};
pub use views::SIDE;
pub use yunet::{Network, Output, YuNet};
