//! Why a connection ended, or did not begin.

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

impl Disconnect {
    /// What retina says; `known` is whether a name and a password were given.
    pub fn by(e: &retina::Error, known: bool) -> Self {
        match e.status_code() {
            Some(401 | 403) if known => Disconnect::Refused(Refusal::WrongPassword),
            Some(401 | 403) => Disconnect::Refused(Refusal::NoPassword),
            Some(404) => Disconnect::Refused(Refusal::NoSuchStream),
            Some(461) => Disconnect::Refused(Refusal::Transport),
            // the other lines are ports and packet numbers
            _ => Disconnect::Lost(e.to_string().lines().next().unwrap_or_default().chars().take(LONGEST).collect()),
        }
    }
}
