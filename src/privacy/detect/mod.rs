//! A detector as second opinion: who never moves is found by their looks.
//!
//! | file | step |
//! |---|---|
//! | `scaled` | a part of the picture, scaled to what a network takes |
//! | `views` | the parts in which faces are looked for |
//! | `yunet` | a face network's answer becomes boxes |
//! | `person_net`, with `nanodet`, `yolox` and `level` | a person network's answer becomes boxes |
//! | `people`, with `people_views` and `people_track` | where people are looked for next; who is who over time |
//! | `found` | boxes, and which of them are of the same face or person |
//! | `tracks` | boxes are kept between looks |
//! | `network` | what is asked of a network |
//! | `onnx` | the network itself (feature `detect`) |
//!
//! What a detector finds is only ever added to the mask. Its arithmetic is on floats: unlike the rest of the room it
//! may differ in the last bit from one processor to another.

mod detector;
mod error;
mod found;
mod level;
mod nanodet;
mod network;
#[cfg(feature = "detect")]
mod onnx;
mod people;
#[cfg(test)]
mod people_tests;
mod people_track;
mod people_views;
mod person_net;
#[cfg(test)]
mod person_net_tests;
mod scaled;
mod tracks;
mod views;
mod yolox;
mod yunet;

pub use detector::Detector;
pub use error::DetectError;
pub use found::Found;
pub use network::{NETWORK_THREADS, Network, Output};
#[cfg(feature = "detect")]
pub use onnx::Onnx;
pub use people::People;
pub use people_track::Track;
pub use person_net::{PersonFinder, PersonNet};
pub use scaled::Area;
pub(super) use tracks::{Seen, Tracks};
pub use views::SIDE;
pub use yunet::YuNet;
