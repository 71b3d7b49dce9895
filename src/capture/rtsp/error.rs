//! What can go wrong with a camera on the network.

use std::io;

use super::disconnect::Refusal;
use super::seen::Seen;

/// An address that is none, or a camera that cannot be recorded. Addresses are in quotes, ready for a message, and
/// without what may be a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RtspError {
    /// The text is no address.
    #[error("{address} is no camera's address: {why}")]
    Address {
        /// The text.
        address: String,
        /// What is wrong with it.
        why: url::ParseError,
    },
    /// The address names no host.
    #[error("{address} names no host")]
    NoHost {
        /// The address.
        address: String,
    },
    /// Only `rtsp`, `rtsps`, `http` and `https` are spoken.
    #[error("{address}: {scheme} is not supported")]
    Scheme {
        /// The address.
        address: String,
        /// The scheme in quotes.
        scheme: String,
    },
    /// There is a name or a password in the address.
    #[error("{address}: a password does not belong on the command line")]
    Password {
        /// The address.
        address: String,
    },
    /// Datagrams next to an encrypted connection would be in clear.
    #[error("{address}: datagrams are not encrypted")]
    Datagrams {
        /// The address.
        address: String,
    },
    /// What was given as an authority's certificate is none.
    #[error("no certificate of an authority: {0}")]
    Authority(String),
    /// The system believes nobody.
    #[error("this system has no certificates of authorities")]
    NoAuthority,
    /// The system gives no sockets.
    #[error("no sockets: {0}")]
    Sockets(#[source] io::Error),
    /// The camera would refuse again.
    #[error("cannot record {address}: {why}")]
    Refused {
        /// The camera's address.
        address: String,
        /// Why it refuses.
        why: Refusal,
    },
    /// The camera ended what it sent as a container.
    #[error("the recording of {address} is over: {why}")]
    Ended {
        /// The camera's address.
        address: String,
        /// How it ended.
        why: String,
    },
    /// The camera could not be reached in time.
    #[error("cannot record {address}: {why}")]
    Unreachable {
        /// The camera's address.
        address: String,
        /// How the last attempt ended.
        why: String,
        /// How far the attempts went.
        seen: Seen,
    },
}
