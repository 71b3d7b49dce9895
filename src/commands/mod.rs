//! The commands: what each one asks, opens and prints around its service, a file or a folder for each.
//!
//! `src/bin` holds their flags and calls them. Nothing else uses this room; what the commands share is in
//! [`cli`](crate::cli).

pub mod capture;
pub mod encrypt;
pub mod enroll;
pub mod export;
pub mod inspect;
mod protect;
pub mod record;
pub mod reprocess;
pub mod rewrap;
pub mod verify;
mod view;
mod view_files;

pub use protect::ProtectCommand;
pub use view::ViewCommand;
