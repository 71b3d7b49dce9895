//! Packets and pictures: what libavformat and libavcodec do for us.

mod picture;

pub use picture::{Picture, Plane};
