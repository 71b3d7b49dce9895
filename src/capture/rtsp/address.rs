//! Where a camera is, and who may watch.

use std::path::Path;
use std::str::FromStr;

use url::Url;
use zeroize::Zeroizing;

use crate::base::text;

use super::RtspError;

/// A camera's address: `rtsp://HOST[:PORT]/PATH`.
#[derive(Clone, Debug)]
pub struct Address(pub(super) Url);

impl FromStr for Address {
    type Err = RtspError;

    fn from_str(s: &str) -> Result<Self, RtspError> {
        let address = text::quoted(&without_password(s));
        let url = match Url::parse(s) {
            Ok(url) => url,
            Err(why) => return Err(RtspError::Address { address, why }),
        };
        if url.scheme() != "rtsp" {
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
        scheme.is_some_and(|s| s == "rtsp" || s == "rtsps" || s == "rtspu")
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
