//! Cameras that give their video over HTTP (RFC 9112): pictures one after the other, or a container.
//!
//! | file | idea |
//! |---|---|
//! | `request` | a request, with proof of the password where it is asked for |
//! | `body` | what follows the head of an answer, as it comes |
//! | `multipart` | parts of `multipart/x-mixed-replace`, each a picture |
//! | `pictures` | a camera that sends pictures |
//! | `container` | a camera that sends a container, which a child in jail reads |
//! | `joining` | from where on what a camera sends can be decoded |

mod body;
mod container;
mod joining;
mod multipart;
mod pictures;
mod request;

pub(super) use body::Body;
pub(super) use container::Containers;
pub(super) use pictures::Pictures;
pub(super) use request::{Content, get, post};
