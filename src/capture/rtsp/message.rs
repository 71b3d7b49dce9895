//! RTSP messages (RFC 2326, 4 to 7 and 10.12) in bounds: no length that a camera names is believed.

use std::io;

/// Longest head of a message, in bytes.
pub(super) const MAX_HEAD: usize = 64 << 10;
/// Longest body, in bytes: the descriptions of real cameras have some thousand.
pub(super) const MAX_BODY: usize = 1 << 20;

/// Why no message could be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The head has no end.
    #[error("the camera's answer has a head of more than {} KiB", MAX_HEAD >> 10)]
    EndlessHead,
    /// The body is too long, as the head says.
    #[error("the camera's answer does not end: it has more than {} KiB", MAX_BODY >> 10)]
    EndlessBody,
    /// The head is none.
    #[error("what the camera sends is not RTSP")]
    NotRtsp,
    /// The same, of HTTP.
    #[error("what the camera sends is not HTTP")]
    NotHttp,
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What comes over a connection.
pub enum Message {
    /// Packets of the video, each with its four bytes of "$", channel and length.
    Packets(Vec<u8>),
    /// A request or an answer.
    Text(TextMessage),
}

/// A request or an answer. Its head is kept line by line, as it came.
#[derive(Clone, Debug)]
pub struct TextMessage {
    pub(super) lines: Vec<String>,
    /// What follows the head.
    pub body: Vec<u8>,
}

impl TextMessage {
    /// A message of one line.
    pub fn new(first_line: String) -> Self {
        TextMessage { lines: vec![first_line], body: Vec::new() }
    }

    /// Of a request: method and URI.
    pub fn request(&self) -> Option<(&str, &str)> {
        let mut words = self.first_line().split(' ');
        let (method, uri, version) = (words.next()?, words.next()?, words.next()?);
        let is_known = version.starts_with("RTSP/") || version.starts_with("HTTP/");
        (is_known && words.next().is_none()).then_some((method, uri))
    }

    /// Of an answer: its status.
    pub fn status(&self) -> Option<u16> {
        let first = self.first_line();
        let version = first.strip_prefix("RTSP/").or_else(|| first.strip_prefix("HTTP/"))?;
        let (version, rest) = version.split_once(' ')?;
        let status = rest.split_whitespace().next()?.parse().ok().filter(|status| (100..600).contains(status))?;
        version.starts_with(|c: char| c.is_ascii_digit()).then_some(status)
    }

    /// An answer to this request.
    pub fn answer(&self, status: &str) -> TextMessage {
        let mut answer = TextMessage::new(format!("RTSP/1.0 {status}"));
        for name in ["CSeq", "Session"] {
            if let Some(value) = self.value(name) {
                answer.set(name, value);
            }
        }
        answer
    }

    /// An answer with only these of its headers.
    pub fn fit(&mut self, status: u16, names: &[&str]) {
        let mut first = true;
        self.lines.retain(|line| std::mem::take(&mut first) || names.iter().any(|name| value(line, name).is_some()));
        if let Some(line) = self.lines.first_mut() {
            *line = format!("RTSP/1.0 {status} -");
        }
    }

    /// Puts another method into a request.
    pub fn set_method(&mut self, method: &str) {
        let changed = self.request().map(|(_, uri)| format!("{method} {uri} RTSP/1.0"));
        if let (Some(changed), Some(first)) = (changed, self.lines.first_mut()) {
            *first = changed;
        }
    }

    fn first_line(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }

    /// Puts another URI into a request.
    pub fn set_uri(&mut self, uri: &str) {
        let changed = self.request().map(|(method, _)| format!("{method} {uri} RTSP/1.0"));
        if let (Some(changed), Some(first)) = (changed, self.lines.first_mut()) {
            *first = changed;
        }
    }

    /// All values of a header.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.lines.iter().skip(1).filter_map(move |line| value(line, name))
    }

    /// The first value of a header.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Gives a header one value. It has no line break in it.
    pub fn set(&mut self, name: &str, text: &str) {
        self.remove(name);
        self.add(name, text);
    }

    /// Adds a line to the head. It has no line break in it.
    pub fn add(&mut self, name: &str, text: &str) {
        self.lines.push(format!("{name}: {text}"));
    }

    /// Takes a header out.
    pub fn remove(&mut self, name: &str) {
        let mut first = true;
        self.lines.retain(|line| std::mem::take(&mut first) || value(line, name).is_none());
    }

    /// As it is sent, with the length of its body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in self.lines.iter().filter(|line| value(line, "Content-Length").is_none()) {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        if !self.body.is_empty() {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The length of the body that the head announces.
    pub(super) fn body_length(&self) -> Result<usize, MessageError> {
        let Some(length) = self.value("Content-Length") else { return Ok(0) };
        let is_one = self.values("Content-Length").all(|other| other == length);
        if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) || !is_one {
            return Err(MessageError::NotRtsp);
        }
        // a number that fits nowhere is too long, too
        length.parse().ok().filter(|length| *length <= MAX_BODY).ok_or(MessageError::EndlessBody)
    }
}

/// The value of a header's line, if it is of that name.
fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.trim_end().eq_ignore_ascii_case(name).then(|| value.trim())
}
