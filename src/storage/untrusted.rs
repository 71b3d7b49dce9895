//! Why a file in a folder that others may write is not opened.

use std::io;

/// Why what has a name in the folder is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// A symbolic link, or one on the way.
    #[error("it is a symbolic link, which is not followed here")]
    Link,
    /// A folder, a device, a named pipe, a socket.
    #[error("it is no regular file")]
    NotRegular,
    /// A file to change that is another one's, too.
    #[error("it has another name elsewhere (a hard link), so it is not changed")]
    Shared,
    /// A file to change that belongs to somebody else.
    #[error("it belongs to the user with the number {0}, so it is not changed")]
    Foreign(u32),
    /// A name that leads out of the folder.
    #[error("the name leads out of the folder")]
    Outside,
}

impl From<Untrusted> for io::Error {
    fn from(why: Untrusted) -> Self {
        io::Error::other(why)
    }
}
