//! Why a connection ended, or did not begin.

/// Longest reason that is repeated, in characters: a camera may have had a say in it.
const LONGEST: usize = 200;

/// Why a connection ended, or did not begin.
#[derive(Debug)]
pub enum Broken {
    /// A signal came.
    Stopped,
    /// It would end so again: what is wrong, and what to do.
    ForGood(String, &'static str),
    /// It may be better the next time; in words.
    ForNow(String),
}

impl Broken {
    /// What retina says; `known` tells whether a name and a password were given.
    pub fn by(e: &retina::Error, known: bool) -> Self {
        match e.status_code() {
            Some(401 | 403) if known => Broken::ForGood(
                "the camera refuses the name and the password".to_owned(),
                "check the file of --credentials, and that the user may see the video",
            ),
            Some(401 | 403) => Broken::ForGood(
                "the camera wants a name and a password".to_owned(),
                "put NAME:PASSWORD into a file that only you can read, and give it with --credentials FILE",
            ),
            Some(404) => Broken::ForGood(
                "the camera knows no such stream".to_owned(),
                "the camera's manual or ONVIF tells the paths of its streams",
            ),
            Some(461) => Broken::ForGood(
                "the camera does not speak over this transport".to_owned(),
                "try --transport tcp or --transport udp",
            ),
            // the other lines say ports and packet numbers
            _ => Broken::ForNow(e.to_string().lines().next().unwrap_or_default().chars().take(LONGEST).collect()),
        }
    }
}
