//! A connection of either kind: RTSP, or pictures over HTTP.

use crate::format::Track;

use super::connection::Connection;
use super::http::{Body, Pictures};

/// A connection that plays.
pub(super) enum Source {
    /// Over RTSP.
    Rtsp(Box<Connection>),
    /// Pictures over HTTP.
    Pictures(Box<Pictures>),
    /// A container over HTTP, which is read elsewhere.
    Container(Body),
}

impl Source {
    /// The tracks as they are now.
    pub fn tracks(&self) -> &[Track] {
        match self {
            Source::Rtsp(connection) => connection.tracks(),
            Source::Pictures(pictures) => pictures.tracks(),
            Source::Container(_) => &[],
        }
    }

    /// Encodings that are left out.
    pub fn left_out(&self) -> &[String] {
        match self {
            Source::Rtsp(connection) => &connection.left_out,
            _ => &[],
        }
    }

    /// Whether all came that the camera announced: a file.
    pub fn is_whole(&self) -> bool {
        matches!(self, Source::Container(body) if body.is_whole())
    }

    /// Whether a stream began to count anew since this was asked.
    pub fn take_anew(&mut self) -> bool {
        match self {
            Source::Rtsp(connection) => connection.take_anew(),
            _ => false,
        }
    }
}
