//! The family: every command with its one line.

/// Names and what they are for, in the order of a stream's life.
pub const COMMANDS: [(&str, &str); 11] = [
    ("enroll-cert", "make a certificate and its key, or check certificates"),
    ("capture", "put a camera's or a file's packets into a stream"),
    ("encrypt-stream", "seal a stream to certificates"),
    ("record", "keep a stream as segments in a folder, and remove the oldest"),
    ("decrypt-stream", "open a sealed stream with a private key"),
    ("protect", "hide everything that moves: an original in, a public stream out"),
    ("view", "play a stream, or make a video file or pictures of it"),
    ("rewrap", "change who can open a sealed stream; grant or cut a part of it"),
    ("reprocess", "run a command over a whole archive, resumable, several at once"),
    ("inspect", "tell what a stream is, who can open it, and whether it is whole"),
    ("verify", "check that a stream is unbroken, complete and authentic"),
];
