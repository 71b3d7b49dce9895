//! What to hide: everything that is not proven to be the empty scene, on decoded pictures.
//!
//! A picture goes through these steps:
//!
//! | file | step |
//! |---|---|
//! | `reduce` | planes of half the size or so, smoothed, brightness evened out |
//! | `camera`, with `tiles` | where the camera looks: it creeps, trembles, or was moved |
//! | `brightness`, `local_light` | how bright all of it is, and parts of it |
//! | `detect`, with `persons` and `veto` | who is found by their looks, and objects to what seems empty |
//! | `model`, with `looks`, `evidence`, `activity`, `sway`, `ticks` | how the empty scene looks, if proven |
//! | `threshold`, with `simd` | what differs |
//! | `ghosts`, `soft_light` | anyone who stands still stays hidden, ghosts heal, light without edges is nobody |
//! | `blobs`, with `mask` and `runs` | pixels become whole blobs |
//! | `cells`, with `block_hold` | blobs become cells, and cells are replaced |
//!
//! `analyser` runs them for one picture and decides when nothing less than the whole picture may be hidden, and
//! `known_scenes` keeps the looks that the scene had before; `protector` keeps the order of pictures and joins the
//! masks of neighbours in time. Arithmetic is on integers, and on doubles with the four basic operations, in one order:
//! the same pictures give the same result everywhere, but for what a detector finds.

mod activity;
mod analyser;
mod blobs;
mod block_hold;
mod brightness;
mod camera;
mod cells;
mod detect;
mod evidence;
mod facts;
mod ghosts;
mod hidden;
mod known_scenes;
mod last_public;
mod local_light;
mod looks;
mod mask;
mod model;
mod persons;
mod protector;
mod reduce;
mod runs;
mod settings;
mod simd;
mod soft_light;
mod sway;
mod threshold;
mod ticks;
mod tiles;
mod veto;
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
