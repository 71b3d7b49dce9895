//! Which program is the child, and what it is held to.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::base::Report;
use crate::jail::JailProgram;
use crate::media::{MediaError, MuxFormat, PictureLimits};

/// How video from outside is handled.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The child: it calls [`super::serve`] with the arguments after its own.
    pub program: JailProgram,
    /// How large pictures may be.
    pub limits: PictureLimits,
    /// For how long a child may make no progress before it is ended.
    pub picture_time: Duration,
    /// The warning that this system cannot confine the child was given.
    warned: Arc<AtomicBool>,
}

impl Foreign {
    /// Video from outside is handled by `program`.
    pub fn new(program: JailProgram, limits: PictureLimits, picture_time: Duration) -> Self {
        Foreign { program, limits, picture_time, warned: Arc::default() }
    }

    /// Says once what the child says that it lacks.
    pub(super) fn warn(&self, lacking: &str, report: &Report) {
        if !lacking.is_empty() && !self.warned.swap(true, Ordering::Relaxed) {
            report.warn(format!("the process that handles the video is not confined as it should be: {lacking}"));
            report.hint("--require-sandbox refuses to work so");
        }
    }
}

/// What a child is for, as its arguments say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Reads its stdin as a container.
    Demux {
        /// As in [`crate::media::DemuxOptions`].
        audio: bool,
        /// As in [`crate::media::DemuxOptions`].
        tracks: Vec<u16>,
        /// As in [`crate::media::DemuxOptions`].
        format: Option<String>,
        /// As in [`crate::media::DemuxOptions`].
        frame_rate: Option<(u32, u32)>,
        /// The file's name, which may say what it is.
        name: String,
    },
    /// Takes a track and its packets on its stdin.
    Decode,
    /// Takes tracks and their packets on its stdin, and makes a container of them.
    Mux {
        /// Which one.
        format: MuxFormat,
        /// It cannot be sought in.
        pipe: bool,
        /// UTC ns of time 0.
        begins_ns: Option<i64>,
    },
}

impl Work {
    /// The child's arguments.
    pub(super) fn to_arguments(&self, foreign: &Foreign) -> Vec<OsString> {
        let mut words = vec![foreign.limits.max_pixels.to_string(), u8::from(foreign.program.required).to_string()];
        match self {
            Work::Decode => words.push("decode".into()),
            Work::Mux { format, pipe, begins_ns } => {
                let begins = begins_ns.map(|ns| ns.to_string()).unwrap_or_default();
                words.extend(["mux".into(), format.name().into(), u8::from(*pipe).to_string(), begins]);
            }
            Work::Demux { audio, tracks, format, frame_rate, name } => {
                let (num, den) = frame_rate.unwrap_or((0, 0));
                words.extend(["demux".into(), u8::from(*audio).to_string(), num.to_string(), den.to_string()]);
                let tracks = tracks.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
                words.extend([tracks, format.clone().unwrap_or_default(), name.clone()]);
            }
        }
        words.into_iter().map(OsString::from).collect()
    }

    /// Out of the child's arguments, with the limit of pixels and whether a jail is required.
    pub(super) fn parse(words: &[String]) -> Option<(u32, bool, Self)> {
        let (pixels, rest) = words.split_first()?;
        let (required, rest) = rest.split_first()?;
        let work = match rest {
            [what] if what == "decode" => Work::Decode,
            [what, format, pipe, begins] if what == "mux" => Work::Mux {
                format: [MuxFormat::Mp4, MuxFormat::Matroska].into_iter().find(|f| f.name() == format)?,
                pipe: pipe == "1",
                begins_ns: begins.parse().ok(),
            },
            [what, audio, num, den, tracks, format, name] if what == "demux" => Work::Demux {
                audio: audio == "1",
                tracks: match tracks.as_str() {
                    "" => Vec::new(),
                    list => list.split(',').map(|n| n.parse().ok()).collect::<Option<_>>()?,
                },
                format: Some(format.clone()).filter(|format| !format.is_empty()),
                frame_rate: Some((num.parse().ok()?, den.parse().ok()?)).filter(|rate| rate.0 > 0),
                name: name.clone(),
            },
            _ => return None,
        };
        Some((pixels.parse().ok()?, required == "1", work))
    }
}

/// Video from outside that could not be handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignError {
    /// What libav says, or what is refused.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The child cannot be started.
    #[error("cannot start the process that handles the video")]
    Start(#[source] std::io::Error),
    /// The pipe to or from the child failed.
    #[error("cannot talk to the process that handles the video")]
    Pipe(#[source] std::io::Error),
    /// The child died.
    #[error("the process that handles the video died{0}")]
    Died(&'static str),
    /// The child did not get on, and was ended.
    #[error("the process that handles the video was ended: it did not get on for {0} s")]
    Hung(u64),
    /// The child said what makes no sense.
    #[error("the process that handles the video gave something that makes no sense")]
    Nonsense,
    /// This system cannot confine the child.
    #[error("this system cannot confine the process that handles video from outside: {0}")]
    Jail(String),
}
