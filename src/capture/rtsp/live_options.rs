//! What a caller chooses of how a camera is recorded.

use std::time::Duration;

use crate::capture::FileOptions;

use super::address::Credentials;
use super::client::Transport;
use super::tls::Tls;

/// How a camera is recorded.
pub struct LiveOptions {
    /// Name and password, where the camera wants them.
    pub credentials: Option<Credentials>,
    /// Send the password itself to a camera that asks for it and for nothing better.
    pub allow_basic: bool,
    /// Whose certificates are believed, where the address is of `rtsps`; the system's authorities unless given.
    pub tls: Option<Tls>,
    /// How packets travel.
    pub transport: Transport,
    /// Take the audio along.
    pub audio: bool,
    /// For how long the first connection is tried.
    pub wait: Duration,
    /// Silence after which the connection counts as lost.
    pub stall: Duration,
    /// Give up when the camera is away for longer; `None` never gives up.
    pub give_up: Option<Duration>,
    /// How a container is read that a camera sends over HTTP; without it, none is.
    pub container: Option<FileOptions>,
}

impl Default for LiveOptions {
    /// Without a password, over TCP, with audio; 15 s for the first connection, 10 s of silence, and no end of
    /// attempts.
    fn default() -> Self {
        LiveOptions {
            credentials: None,
            allow_basic: false,
            tls: None,
            transport: Transport::Tcp,
            audio: true,
            wait: Duration::from_secs(15),
            stall: Duration::from_secs(10),
            give_up: None,
            container: None,
        }
    }
}
