//! Vidveil: record video that even the recorder cannot watch.
//!
//! The crate is a set of rooms; each may use only the rooms that its arrow comes from:
//!
//! | room | knows | uses |
//! |---|---|---|
//! | [`mod@format`] | bytes: records and their order; no keys, no pixels, no files | nothing |
//! | [`keys`] | who: certificates, CMS messages, private keys | nothing |
//! | [`seal`] | the key schedule, sealing and opening of frames | `format`, `keys` |
//! | [`media`] | packets and pictures: demux, decode, encode, mux | nothing |
//! | [`privacy`] | what to hide: background model, masks, transforms | `media`'s pictures |
//! | [`archive`] | recordings as segments: their names, what each holds, their order, repair | `format` |
//! | `objects` | storage by the S3 protocol (feature `s3`): ranges, listings, uploads; no names of this machine | nothing |
//! | [`cli`] | manners: flags, stdin and stdout, progress, exit status | all of them |
//!
//! The commands in `src/bin` are one file each and hold no logic that a library user would want.

#![deny(unsafe_code)]

pub mod archive;
pub mod base;
pub mod batch;
pub mod capture;
pub mod cli;
pub mod evidence;
pub mod format;
pub mod inspect;
pub mod keys;
#[allow(unsafe_code, reason = "libavformat and libavcodec are C; each use says why it is sound")]
pub mod media;
pub mod playback;
pub mod privacy;
pub mod protect;
pub mod recipients;
pub mod rewrap;
pub mod seal;
pub mod storage;
pub mod verify;
