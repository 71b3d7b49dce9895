//! What the test programs share. Each program has all of it and uses its own part.
//!
//! | module | idea |
//! |---|---|
//! | [`authority`] | a certification authority, run by openssl |
//! | [`camera`] | a camera that speaks RTSP |
//! | [`card`] | a smart card in a virtual reader |
//! | [`clips`] | clips made by ffmpeg, each made once |
//! | [`draw`] | drawn scenes for `privacy`, and what must be hidden in them |
//! | [`edits`] | streams whose records are changed, moved or taken away |
//! | [`keys`] | the committed certificates and keys |
//! | [`media`] | inputs made by ffmpeg, and ffprobe as the judge |
//! | [`programs`] | programs that a test makes and then runs |
//! | [`s3`] | an S3 server over a folder |
//! | [`seal`] | streams to seal, and what opening gives |
//! | [`slurm`] | a cluster of two nodes |
//! | [`streams`] | small streams made through the library, and the commands run on them |
//! | [`token`] | a token of SoftHSM2 |
//! | [`tracks`] | plain descriptions of tracks and streams |
//! | [`yard`] | a folder in which the built commands work |
#![allow(dead_code, reason = "each program uses its own part")]
#![allow(unused_imports, reason = "each program uses its own part")]

pub mod authority;
#[cfg(feature = "rtsp")]
pub mod camera;
#[cfg(feature = "card")]
pub mod card;
pub mod clips;
pub mod draw;
pub mod edits;
pub mod keys;
pub mod media;
pub mod programs;
#[cfg(feature = "s3")]
pub mod s3;
pub mod seal;
pub mod slurm;
pub mod streams;
#[cfg(feature = "pkcs11")]
pub mod token;
pub mod tracks;
pub mod yard;
