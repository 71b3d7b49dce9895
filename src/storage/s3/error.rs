//! What storage can say, in one line.

use std::error::Error as _;
use std::io;

use object_store::Error;

/// What went wrong with storage. Nothing of a credential is in it.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// No such bucket.
    #[error("no such bucket: {bucket:?}")]
    NoBucket {
        /// Its name.
        bucket: String,
    },
    /// No such object.
    #[error("no such object: {place:?}")]
    NoObject {
        /// `s3://BUCKET/KEY`.
        place: String,
    },
    /// The storage knows the credentials not, or does not let them do it.
    #[error("storage denies access to {place:?}{}", reason(.code))]
    Denied {
        /// `s3://BUCKET/KEY`.
        place: String,
        /// The protocol's code, as `SignatureDoesNotMatch`.
        code: Option<String>,
    },
    /// Nobody answers.
    #[error("storage cannot be reached for {place:?} at {endpoint}: {why}")]
    Unreachable {
        /// `s3://BUCKET/KEY`.
        place: String,
        /// Where it was looked for.
        endpoint: String,
        /// The system's reason.
        why: String,
    },
    /// The object is not the one any more that was opened.
    #[error("{place:?} was replaced or removed while it was read")]
    Changed {
        /// `s3://BUCKET/KEY`.
        place: String,
    },
    /// Another one made or changed it first.
    #[error("{place:?} exists already, or was changed by somebody else")]
    Taken {
        /// `s3://BUCKET/KEY`.
        place: String,
    },
    /// A name that no object can have here.
    #[error("{place:?} is no name of an object: {why}")]
    Name {
        /// As it was given.
        place: String,
        /// Why not.
        why: String,
    },
    /// The settings are no good.
    #[error("{0}")]
    Settings(String),
    /// Anything else that the storage answered.
    #[error("storage failed for {place:?}: {why}")]
    Storage {
        /// `s3://BUCKET/KEY`.
        place: String,
        /// One line.
        why: String,
    },
    /// The thread that speaks HTTP could not be started, or is gone.
    #[error("no thread for storage")]
    Engine(#[source] io::Error),
}

fn reason(code: &Option<String>) -> String {
    code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default()
}

impl From<ObjectError> for io::Error {
    fn from(e: ObjectError) -> io::Error {
        let kind = match &e {
            ObjectError::NoBucket { .. } | ObjectError::NoObject { .. } => io::ErrorKind::NotFound,
            ObjectError::Denied { .. } => io::ErrorKind::PermissionDenied,
            ObjectError::Unreachable { .. } => io::ErrorKind::NotConnected,
            ObjectError::Taken { .. } => io::ErrorKind::AlreadyExists,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, e)
    }
}

/// Where something was asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub bucket: String,
    pub endpoint: String,
    pub place: String,
}

impl Asked {
    /// The crate's error as ours.
    pub fn error(&self, e: Error) -> ObjectError {
        let place = self.place.clone();
        let text = whole(&e);
        let code = element(&text, "Code");
        match (code.as_deref(), &e) {
            (Some("NoSuchBucket"), _) => ObjectError::NoBucket { bucket: self.bucket.clone() },
            (_, Error::NotFound { .. }) => ObjectError::NoObject { place },
            (_, Error::PermissionDenied { .. } | Error::Unauthenticated { .. }) => ObjectError::Denied { place, code },
            (_, Error::Precondition { .. } | Error::AlreadyExists { .. }) => ObjectError::Taken { place },
            (Some(code), _) => {
                let message = element(&text, "Message").map(|m| format!(": {m}")).unwrap_or_default();
                ObjectError::Storage { place, why: format!("{code}{message}") }
            }
            (None, e) => match innermost(e) {
                Some(why) => ObjectError::Unreachable { place, endpoint: self.endpoint.clone(), why },
                None => ObjectError::Storage { place, why: one_line(&text) },
            },
        }
    }
}

/// Whether a range was asked for that the object does not have: an empty object has none.
pub(super) fn is_no_range(e: &Error) -> bool {
    let text = whole(e);
    text.contains("InvalidRange") || text.contains("code: 416")
}

/// The text of all causes.
fn whole(e: &Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        let more = e.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = e.source();
    }
    text
}

/// The reason of the network, when there was no answer at all.
fn innermost(e: &Error) -> Option<String> {
    let mut cause = e.source();
    let mut http = false;
    let mut last = None;
    while let Some(e) = cause {
        http |= e.downcast_ref::<object_store::client::HttpError>().is_some();
        last = Some(match e.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            Some(number) => {
                let text = e.to_string();
                text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text).to_lowercase()
            }
            None => e.to_string(),
        });
        cause = e.source();
    }
    last.filter(|_| http).map(|why| one_line(&why))
}

/// What stands in an element of the storage's answer.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(one_line(inside)).filter(|inside| !inside.is_empty())
}

/// Longest text of a foreign answer that is passed on.
const LONGEST: usize = 200;

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
