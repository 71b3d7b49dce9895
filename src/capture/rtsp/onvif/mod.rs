//! Cameras that are found in the network (WS-Discovery), and what they have (ONVIF Core and Media).
//!
//! | file | idea |
//! |---|---|
//! | `discovery` | who is there |
//! | `interfaces` | the networks in which that is asked |
//! | `soap` | questions to a camera, with proof of the password |
//! | `media` | its streams with their addresses |
//! | `xml` | answers, in bounds |

mod discovery;
mod interfaces;
mod media;
mod soap;
mod xml;

pub use discovery::{DiscoverOptions, Found, discover};
pub use media::FoundStream;
