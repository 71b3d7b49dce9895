//! Why a connection ended, or did not begin.

use std::fmt::Display;

use crate::base::text;

/// Longest reason that is repeated, in characters: a camera may have had a say in it.
const LONGEST: usize = 200;

/// Why a connection ended, or did not begin.
#[derive(Debug)]
pub(super) enum Disconnect {
    /// The caller asked to stop.
    Stopped,
    /// It would end so again.
    Refused(Refusal),
    /// It may be better the next time. The reason in words.
    Lost(String),
}

/// Why a camera gives no video, and will not the next time either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The name and the password are wrong, or their user may not see the video.
    #[error("the camera refuses the name and the password")]
    WrongPassword,
    /// Neither a name nor a password was given.
    #[error("the camera wants a name and a password")]
    NoPassword,
    /// The password would be sent in clear.
    #[error("the camera wants the password itself (Basic authentication), which is not sent")]
    OnlyBasic,
    /// The camera asks for a proof that is not known.
    #[error("the camera asks for a kind of authentication that is not supported")]
    Authentication,
    /// The camera is elsewhere, it says; the text is the address in quotes.
    #[error("the camera is said to be at {0}, which is not followed")]
    Redirected(String),
    /// The certificate is somebody else's.
    #[error("the certificate is not for {host}{}", for_others(.names))]
    OtherName {
        /// The camera's name or IP address in quotes.
        host: String,
        /// The names in the certificate in quotes, if there are any.
        names: String,
    },
    /// The certificate is too old.
    #[error("the camera's certificate has expired")]
    Expired,
    /// The certificate is too new.
    #[error("the camera's certificate is not yet valid")]
    NotYetValid,
    /// No authority stands for the certificate.
    #[error("the camera's certificate is by no authority that is known")]
    UnknownAuthority,
    /// The certificate is wrong in another way.
    #[error("the camera's certificate cannot be accepted: {0}")]
    Certificate(String),
    /// TLS cannot begin.
    #[error("no TLS with the camera: {0}")]
    Tls(String),
    /// What answers speaks no TLS.
    #[error("what answers does not speak TLS")]
    NoTls,
    /// The path in the address is wrong.
    #[error("the camera knows no such stream")]
    NoSuchStream,
    /// Packets cannot travel as was asked for.
    #[error("the camera does not speak over this transport")]
    Transport,
    /// None of what the camera sends can be recorded; the text names what there is.
    #[error("the camera sends no video that can be recorded, but {0}")]
    NoVideo(String),
}

/// Whom a certificate is for instead.
fn for_others(names: &str) -> String {
    if names.is_empty() { String::new() } else { format!(", but for {names}") }
}

impl From<Refusal> for Disconnect {
    fn from(why: Refusal) -> Self {
        Disconnect::Refused(why)
    }
}

impl Disconnect {
    /// It may be better the next time.
    pub fn lost(e: &impl Display) -> Self {
        Disconnect::Lost(
            text::printable(&e.to_string()).lines().next().unwrap_or_default().chars().take(LONGEST).collect(),
        )
    }

    /// What retina says; `known` is whether a name and a password were given.
    pub fn by(e: &retina::Error, known: bool) -> Self {
        match e.status_code() {
            Some(401 | 403) if known => Disconnect::Refused(Refusal::WrongPassword),
            Some(401 | 403) => Disconnect::Refused(Refusal::NoPassword),
            Some(404) => Disconnect::Refused(Refusal::NoSuchStream),
            Some(461) => Disconnect::Refused(Refusal::Transport),
            // the other lines are ports and packet numbers
            _ => Disconnect::lost(&e.to_string().lines().next().unwrap_or_default()),
        }
    }
}
