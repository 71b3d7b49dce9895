//! Where a camera is, and who may look.

use std::path::Path;
use std::str::FromStr;

use url::Url;
use zeroize::Zeroizing;

use crate::base::text;
use crate::cli::Failure;

/// A camera's address.
#[derive(Clone, Debug)]
pub struct Address(pub(super) Url);

impl FromStr for Address {
    type Err = Failure;

    fn from_str(s: &str) -> Result<Self, Failure> {
        let shown = text::quoted(&without_password(s));
        let url = Url::parse(s).map_err(|e| {
            Failure::usage(format!("{shown} is no camera's address: {e}")).hint("as in: rtsp://192.0.2.7/stream1")
        })?;
        if url.scheme() != "rtsp" {
            return Err(Failure::usage(format!("{shown}: {} is not supported", text::quoted(url.scheme())))
                .hint("give an rtsp:// address; a tunnel (stunnel, WireGuard) protects the way to the camera"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::usage(format!("{shown}: a password does not belong on the command line")).hint(
                "every user of this machine can read it there; put NAME:PASSWORD into a file: --credentials FILE",
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(Failure::usage(format!("{shown} names no host")).hint("as in: rtsp://192.0.2.7/stream1"));
        }
        Ok(Address(url))
    }
}

impl Address {
    /// Whether an argument is an address and no file's name.
    pub fn looks_like(argument: &Path) -> bool {
        let scheme = argument.to_str().and_then(|s| s.split_once("://")).map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_some_and(|s| s == "rtsp" || s == "rtsps" || s == "rtspu")
    }

    /// In quotes, ready for a message.
    pub fn shown(&self) -> String {
        text::quoted(self.0.as_str())
    }
}

/// What stands before the host is left out: it may be a password.
fn without_password(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://...@{host}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

/// Name and password for a camera.
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
    fn what_is_no_address_is_a_file() {
        assert!(Address::looks_like(Path::new("RTSP://camera/1")));
        assert!(!Address::looks_like(Path::new("rtsp/clip.mp4")));
        assert!(!Address::looks_like(Path::new("rtsp:camera")));
        for bad in ["rtsps://camera/1", "rtsp:///1", "rtsp://"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
