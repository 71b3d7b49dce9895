//! What can go wrong while people are hidden.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::archive::ArchiveError;
use crate::base::text::{io_reason, quoted_path};
use crate::jail::JailError;
use crate::media::MediaError;
use crate::playback::PlaybackError;
use crate::privacy::DetectError;
use crate::recipients::RecipientsError;

/// What is wrong with the text of a scene file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SceneFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// How a process died.
fn cause(ended: &ExitStatus) -> String {
    // the kernel ends so who calls what it may not
    const REFUSED_CALL: i32 = 31;
    match ended.signal() {
        Some(REFUSED_CALL) => "it tried what it may not".into(),
        _ => ended.to_string(),
    }
}

/// A time limit in words.
fn duration(limit: Duration) -> String {
    format!("{} s over a picture", limit.as_secs_f64())
}

/// People that cannot be hidden, settings that cannot be used, or a decoder process that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectError {
    /// A scene file is wrong.
    #[error("{}, {fault}", quoted_path(.path))]
    Scene {
        /// Its name.
        path: PathBuf,
        /// The line, and what is wrong there.
        fault: SceneFault,
    },
    /// A detector is asked for, and this build has none; by which flag.
    #[error("{0} needs a detector, which this build leaves out")]
    NoDetector(&'static str),
    /// A detector is asked for without a model.
    #[error("--also faces needs a model")]
    NoModel,
    /// A model is given, and no detector is asked for.
    #[error("--model is for --also")]
    UnusedModel,
    /// The model is not one that the detector can use.
    #[error("the model {} cannot be used: {source}", quoted_path(.path))]
    Model {
        /// The model's file.
        path: PathBuf,
        /// What is wrong with it.
        source: DetectError,
    },
    /// The network is not one by which people can be found.
    #[error("the model of people {} cannot be used: {source}", quoted_path(.path))]
    PeopleModel {
        /// The model's file.
        path: PathBuf,
        /// What is wrong with it.
        source: DetectError,
    },
    /// The picture of the empty scene is not a PNG, or is too large.
    #[error("the reference picture {} cannot be used: {reason}", quoted_path(.path))]
    Reference {
        /// The picture's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The picture of the empty scene and the video are of different sizes.
    #[error(
        "the reference picture {} is {}x{}, the video is {}x{}",
        quoted_path(.path), .reference.0, .reference.1, .video.0, .video.1
    )]
    ReferenceSize {
        /// The picture's file.
        path: PathBuf,
        /// Its width and height, in pixels.
        reference: (usize, usize),
        /// Width and height of the video, in pixels.
        video: (usize, usize),
    },
    /// The input is a public stream.
    #[error("the stream is public already")]
    Public,
    /// The input has no moving pictures.
    #[error("the stream has no video track")]
    NoVideo,
    /// The original has several video tracks, and a public stream has one.
    #[error("the original has several video tracks: {0}")]
    SeveralVideos(String),
    /// The chosen track is none of video.
    #[error("the original's track {number} is no video track; those are {tracks}")]
    NoSuchVideo {
        /// What was chosen.
        number: u16,
        /// The video tracks, in words.
        tracks: String,
    },
    /// Sound comes, and no picture.
    #[error("no picture comes: there is only audio in the stream")]
    OnlyAudio,
    /// The video cannot be decoded.
    #[error("people in this video cannot be hidden")]
    Codec(#[source] MediaError),
    /// The encoder gave a packet before it described its track.
    #[error("a packet before its stream")]
    PacketFirst,
    /// The settings are too long.
    #[error("the settings are longer than a manifest can hold")]
    LongSettings,
    /// A pipe between the two processes cannot be made.
    #[error("cannot make a pipe")]
    Pipe(#[source] io::Error),
    /// The decoder process cannot open a pipe that it inherited.
    #[error("cannot open a pipe of the parent's")]
    InheritedPipe(#[source] io::Error),
    /// The decoder process cannot be started.
    #[error("cannot start the decoder process")]
    Start(#[source] io::Error),
    /// The decoder process has no stdin or stdout.
    #[error("cannot talk to the decoder process")]
    NoPipes,
    /// The decoder process cannot be read from.
    #[error("cannot read from the decoder process")]
    ReadWorker(#[source] io::Error),
    /// The decoder process cannot be waited for.
    #[error("cannot wait for the decoder process")]
    Wait(#[source] io::Error),
    /// The decoder process has ended with an error, which it has reported itself.
    #[error("{}", .message.clone().unwrap_or_else(|| format!("the decoder process failed with exit status {code}")))]
    Worker {
        /// Its exit status.
        code: i32,
        /// Why, in its own words.
        message: Option<String>,
        /// What it says is to be done about it.
        hint: Option<String>,
    },
    /// The decoder process did not get on, and was ended.
    #[error("the decoder process was ended: it took more than {}; the public stream ends there", duration(*.0))]
    WorkerHung(Duration),
    /// The decoder process gave more pictures than it was given.
    #[error("the decoder process gave more pictures than there are")]
    TooManyPictures,
    /// This system cannot confine the decoder process.
    #[error(transparent)]
    Jail(#[from] JailError),
    /// A signal ended the decoder process.
    #[error("the decoder process died ({}); the public stream ends there", cause(.0))]
    WorkerDied(ExitStatus),
    /// The decoder process has ended without an error, before the end of its input.
    #[error("the decoder process stopped before the end of the stream")]
    WorkerStopped,
    /// The decoder process gave a stream that is not public.
    #[error("the decoder process gave something that is not public")]
    NotPublic,
    /// The decoder process named an original that it was not given, or gave no manifest.
    #[error("the decoder process gave a manifest of something else")]
    WrongManifest,
    /// The decoder process gave notes that are not in their form.
    #[error("the decoder process gave notes that make no sense")]
    WrongNotes,
    /// The public stream cannot be closed after the decoder process failed.
    #[error("cannot close the public stream")]
    Close,
    /// A thread panicked.
    #[error("a thread of protect failed")]
    Thread,
    /// The original cannot be opened, or is not whole; a stream, file or picture cannot be read or written; or the plot
    /// cannot be drawn.
    #[error(transparent)]
    Playback(PlaybackError),
    /// The certificates of the overlay cannot be used.
    #[error(transparent)]
    Recipients(#[from] RecipientsError),
    /// The overlay cannot be sealed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A pipe or an output cannot be read or written.
    #[error("{}", io_reason(.0))]
    Io(#[from] io::Error),
}

/// What stops playback stops protection in the same way.
impl<E> From<E> for ProtectError
where
    PlaybackError: From<E>,
{
    fn from(e: E) -> Self {
        ProtectError::Playback(e.into())
    }
}
