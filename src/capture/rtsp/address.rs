//! Where a camera is, and who may watch.

use std::path::Path;
use std::str::FromStr;

use url::{Position, Url};
use zeroize::Zeroizing;

use crate::base::text;

use super::RtspError;

/// What is spoken, and its port: RFC 2326, 3.2; RFC 7826, 22.14; RFC 9110, 4.2.
const SCHEMES: [(&str, u16); 4] = [("rtsp", 554), ("rtsps", 322), ("http", 80), ("https", 443)];

/// A camera's address: `rtsp://HOST[:PORT]/PATH` or `http`, and over TLS `rtsps` or `https`.
#[derive(Clone, Debug)]
pub struct Address(Url);

impl FromStr for Address {
    type Err = RtspError;

    fn from_str(s: &str) -> Result<Self, RtspError> {
        let address = text::quoted(&without_password(s));
        let url = match Url::parse(s) {
            Ok(url) => url,
            Err(why) => return Err(RtspError::Address { address, why }),
        };
        if !SCHEMES.iter().any(|(scheme, _)| *scheme == url.scheme()) {
            return Err(RtspError::Scheme { address, scheme: text::quoted(url.scheme()) });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RtspError::Password { address });
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(RtspError::NoHost { address });
        }
        Ok(Address(url))
    }
}

impl Address {
    /// Whether an argument is an address and no file's name.
    pub fn looks_like(argument: &Path) -> bool {
        let scheme = argument.to_str().and_then(|s| s.split_once("://")).map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_some_and(|s| s == "rtspu" || SCHEMES.iter().any(|(known, _)| *known == s))
    }

    /// Whether the way to the camera is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.0.scheme(), "rtsps" | "https")
    }

    /// Whether the camera speaks HTTP.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.0.scheme(), "http" | "https")
    }

    /// Name or IP address.
    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    pub(super) fn port(&self) -> u16 {
        let usual = SCHEMES.iter().find(|(scheme, _)| *scheme == self.0.scheme()).map_or(0, |(_, port)| *port);
        self.0.port().unwrap_or(usual)
    }

    /// Scheme, host and port, as far as they are given.
    pub(super) fn origin(&self) -> &str {
        &self.0[..Position::BeforePath]
    }

    /// What follows them.
    pub(super) fn path(&self) -> &str {
        &self.0[Position::BeforePath..Position::AfterQuery]
    }

    /// Host and port, as far as they are given.
    pub(super) fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// What a request asks for (RFC 9112, 3.2.1).
    pub(super) fn request_target(&self) -> String {
        let path = self.path();
        if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
    }

    /// As it was given.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// In quotes, ready for a message.
    pub fn quoted(&self) -> String {
        text::quoted(self.0.as_str())
    }
}

/// Leaves out what stands before the host: it may be a password.
fn without_password(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://...@{host}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

/// Name and password for a camera. The password is wiped from memory after use.
#[derive(Clone)]
pub struct Credentials {
    pub(super) name: String,
    pub(super) password: Zeroizing<String>,
}

impl Credentials {
    /// The line `NAME:PASSWORD` of a credentials file, without its line break; `None` when it is not of that form.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, password) = line.split_once(':').filter(|(name, _)| !name.is_empty())?;
        Some(Credentials { name: name.to_owned(), password: Zeroizing::new(password.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        let e = "rtsp://admin:secret@192.0.2.7/1".parse::<Address>().unwrap_err().to_string();
        assert!(e.contains("does not belong on the command line"), "{e}");
        assert!(!e.contains("secret"), "{e}");
    }

    #[test]
    fn an_address_has_its_parts() {
        let parts = |s: &str| {
            let a: Address = s.parse().unwrap();
            (a.is_encrypted(), a.host().to_owned(), a.port(), a.origin().to_owned(), a.path().to_owned())
        };
        let expected = |encrypted, host: &str, port, origin: &str, path: &str| {
            (encrypted, host.to_owned(), port, origin.to_owned(), path.to_owned())
        };
        assert_eq!(parts("rtsp://gate/1?a=b#c"), expected(false, "gate", 554, "rtsp://gate", "/1?a=b"));
        assert_eq!(parts("rtsps://192.0.2.7"), expected(true, "192.0.2.7", 322, "rtsps://192.0.2.7", ""));
        assert_eq!(parts("RTSPS://[::1]:8322/"), expected(true, "::1", 8322, "rtsps://[::1]:8322", "/"));
    }

    #[test]
    fn what_is_no_address_is_a_file() {
        assert!(Address::looks_like(Path::new("RTSP://camera/1")));
        assert!(!Address::looks_like(Path::new("rtsp/clip.mp4")));
        assert!(!Address::looks_like(Path::new("rtsp:camera")));
        for bad in ["rtspu://camera/1", "rtsp:///1", "rtsp://", "rtsps://"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
