//! What the test programs share. Each program has all of it and uses its own part.
//!
//! | module | idea |
//! |---|---|
//! | [`authority`] | a certification authority, run by openssl |
//! | [`camera`] | a camera that speaks RTSP |
//! | [`card`] | a smart card in a virtual reader |
//! | [`clips`] | clips made by ffmpeg, each made once |
//! | [`dialogue`] | a server that answers an RTSP client as the test says |
//! | [`draw`] | drawn scenes for `privacy`, and what must be hidden in them |
//! | [`edits`] | streams whose records are changed, moved or taken away |
//! | [`examples`] | the programs in `examples/` |
//! | [`folder`] | a folder in which programs are run |
//! | [`forgery`] | lists of recipients, changed by somebody without a key |
//! | [`joined`] | files that describe their pictures anew in the middle, and what is decoded of them |
//! | [`keys`] | the committed certificates and keys |
//! | [`memory`] | what lies in the memory of a running process |
//! | [`media`] | inputs made by ffmpeg, and ffprobe as the judge |
//! | [`mp4`] | mp4 files box by box |
//! | [`namespace`] | a mount namespace, where a test mounts what nobody else sees |
//! | [`output`] | commands that are run, and how they ended |
//! | [`paff`] | H.264 whose pictures are fields |
//! | [`peak`] | how much memory a command takes |
//! | [`pictures`] | decoded pictures and their times |
//! | [`programs`] | programs that a test makes and then runs |
//! | [`quirks`] | a camera that deviates from the page as the test says |
//! | [`random`] | the same random numbers in every run |
//! | [`recording`] | a recording while it goes on |
//! | [`revocation`] | revocation lists of every form, made byte by byte |
//! | [`s3`] | an S3 server over a folder |
//! | [`samples`] | the samples of a file's pictures |
//! | [`seal`] | streams to seal, and what opening gives |
//! | [`signatures`] | signatures that somebody without a key has changed |
//! | [`slurm`] | a cluster of two nodes |
//! | [`small_disk`] | a disk of a few pages |
//! | [`splicer`] | streams that somebody without a key has carried on |
//! | [`streams`] | small streams made through the library, and the commands run on them |
//! | [`token`] | a token of SoftHSM2 |
//! | [`toy_network`] | small networks, byte by byte |
//! | [`tracks`] | plain descriptions of tracks and streams |
//! | [`wait`] | waiting for what must come |
//! | [`writers`] | every command that writes files |
//! | [`yard`] | a folder in which the built commands work |
#![allow(dead_code, reason = "each program uses its own part")]
#![allow(unused_imports, reason = "each program uses its own part")]

use std::path::{Path, PathBuf};

pub mod authority;
#[cfg(feature = "rtsp")]
pub mod camera;
#[cfg(feature = "card")]
pub mod card;
pub mod clips;
#[cfg(feature = "rtsp")]
pub mod dialogue;
pub mod draw;
pub mod edits;
pub mod examples;
pub mod folder;
pub mod forgery;
pub mod joined;
pub mod keys;
pub mod media;
pub mod memory;
pub mod mp4;
pub mod namespace;
pub mod output;
pub mod paff;
pub mod peak;
pub mod pictures;
pub mod programs;
#[cfg(feature = "rtsp")]
pub mod quirks;
pub mod random;
pub mod recording;
pub mod revocation;
#[cfg(feature = "s3")]
pub mod s3;
pub mod samples;
pub mod seal;
pub mod signatures;
pub mod slurm;
pub mod small_disk;
pub mod splicer;
pub mod streams;
#[cfg(feature = "pkcs11")]
pub mod token;
pub mod toy_network;
pub mod tracks;
pub mod wait;
pub mod writers;
pub mod yard;

/// A file or folder of `testdata`.
pub fn testdata(name: &str) -> PathBuf {
    repository("testdata").join(name)
}

/// Whether tests may compute for minutes: `scripts/test --all` says so.
pub fn thorough() -> bool {
    std::env::var_os("VIDVEIL_THOROUGH").is_some()
}

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
