//! The two processes of `protect`.
//!
//! The parent opens the original with the private key and hands plain records to a child of itself. The child decodes, hides
//! and encodes; it is C on hostile input, and it never has a key. What it gives back, the parent checks as any reader
//! would before it passes it on: public, plain, well-formed.

mod note;
mod opinion;
mod originals;
mod overlay;
mod pace;
mod parent;
mod pictures;
mod pipes;
mod plot;
mod reference;
mod report;
mod review;
mod scene;
mod settings;
mod signed;
mod study;
mod values;
mod worker;

pub use parent::protect;
pub use pipes::WorkerPipes;
pub use review::{Review, ReviewFlags};
pub use scene::Scene;
pub use settings::PictureFlags;
pub use study::{readable_twice, twice};
pub use values::{Absorb, Also, Colour, MethodName, Number, Place, Polygon, Time};
pub use worker::work;
