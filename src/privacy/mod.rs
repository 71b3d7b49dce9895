//! What to hide: everybody who moves, on decoded pictures.
//!
//! A picture goes through these steps:
//!
//! | file | step |
//! |---|---|
//! | `reduce` | planes of half the size, smoothed, brightness evened out |
//! | `shift`, `jitter` | did the camera move? how far is it off while it trembles? |
//! | `model`, with `pixels`, `lesson`, `simd`, `threshold` | how each pixel of the empty scene looks, what differs |
//! | `ghosts`, `light_drift` | anyone who stands still stays hidden, ghosts heal, the light drifts behind people, too |
//! | `blobs`, with `mask` and `runs` | foreground pixels become whole blobs |
//! | `cells`, with `block_hold` | blobs become whole cells, and cells are replaced |
//! | `detect` | a detector's second opinion, where there is one |
//!
//! `analyser` runs them for one picture and decides when nothing less than the whole picture may be hidden, and
//! `known_scenes` keeps the looks that the scene had before; `protector` keeps the order of pictures and joins the
//! masks of neighbours in time. All arithmetic is on integers and in one order, so the same pictures give the same
//! result everywhere.

mod analyser;
mod blobs;
mod block_hold;
mod brightness;
mod cells;
mod detect;
mod facts;
mod ghosts;
mod hidden;
mod jitter;
mod known_scenes;
mod last_public;
mod lesson;
mod light_drift;
mod mask;
mod model;
mod pixels;
mod protector;
mod reduce;
mod runs;
mod settings;
mod shift;
mod simd;
mod threshold;
mod zone_cells;
mod zones;

#[cfg(feature = "detect")]
pub use detect::Onnx;
pub use detect::{
    Area, DetectError, Detector, Found, NETWORK_THREADS, Network, Output, People, PersonFinder, PersonNet, SIDE, Track,
    YuNet,
};
pub use facts::{ProtectionFacts, Reason};
pub use hidden::{Hidden, HiddenRegion};
pub use protector::{Protected, Protector};
pub use settings::{Method, Sensitivity, Settings, TimeBase, Zone};
