//! The two processes of `protect`.
//!
//! The parent opens the original with the private key and hands plain records to a child of itself. The child decodes, hides
//! and encodes; it is C on hostile input, and it never has a key. What it gives back, the parent checks as any reader
//! would before it passes it on: public, plain, well-formed.

mod detector;
mod first_pass;
mod manifest_fill;
mod overlay;
mod pace;
mod parent;
mod picture_facts;
mod pipeline;
mod pipes;
mod plot;
mod reference;
mod report;
mod review;
mod scene;
mod settings;
mod signed_writer;
mod values;
mod worker;

pub use first_pass::{readable_twice, twice};
pub use parent::protect;
pub use pipes::WorkerPipes;
pub use review::{Review, ReviewFlags};
pub use scene::Scene;
pub use settings::PictureFlags;
pub use values::{Absorb, Also, Colour, MethodName, Number, Place, Polygon, Time};
pub use worker::work;
