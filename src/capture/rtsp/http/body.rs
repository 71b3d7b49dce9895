//! What follows the head of an answer, as it comes (RFC 9112, 6 and 7.1).

use tokio::io::AsyncReadExt;

use super::super::disconnect::Disconnect;
use super::super::message::TextMessage;
use super::super::relay::Wire;

/// How much is read at once.
const CHUNK: usize = 64 << 10;
/// Longest line that says how long a chunk is, in bytes.
const MAX_LINE: usize = 4 << 10;

/// How the end is found.
#[derive(Debug)]
enum Framing {
    /// The connection ends.
    Open,
    /// After this many bytes.
    Length(u64),
    /// Chunks, each after its length; this many bytes are left of this one.
    Chunks(u64),
    /// It is over.
    Ended,
}

/// The body of an answer. A read that is given up loses nothing.
pub(in super::super) struct Body {
    wire: Box<dyn Wire>,
    /// What was read, and not taken yet.
    buffer: Vec<u8>,
    framing: Framing,
    /// Whether the head says how long it is.
    has_length: bool,
}

impl Body {
    /// `buffer` is what was read of it with the head.
    pub fn new(wire: Box<dyn Wire>, head: &TextMessage, buffer: Vec<u8>) -> Self {
        let is_chunked = head.values("Transfer-Encoding").any(|v| v.to_ascii_lowercase().contains("chunked"));
        let length = head.value("Content-Length").and_then(|length| length.parse::<u64>().ok());
        let framing = match length {
            _ if is_chunked => Framing::Chunks(0),
            Some(length) => Framing::Length(length),
            None => Framing::Open,
        };
        let has_length = matches!(framing, Framing::Length(_));
        Body { wire, buffer, framing, has_length }
    }

    /// Whether it is of the length that its head says, and all of it came: nothing of it is lost.
    pub fn is_whole(&self) -> bool {
        self.has_length && matches!(self.framing, Framing::Length(0) | Framing::Ended)
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    ///
    /// The connection broke, or what comes is no chunk.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Disconnect> {
        loop {
            if let Some(bytes) = self.take()? {
                return Ok(Some(bytes));
            }
            if matches!(self.framing, Framing::Ended) {
                return Ok(None);
            }
            let mut chunk = vec![0; CHUNK];
            let length = self.wire.read(&mut chunk).await.map_err(|e| Disconnect::lost(&e))?;
            if length == 0 {
                return match self.framing {
                    Framing::Open => Ok(None),
                    _ => Err(Disconnect::Lost("the camera ended the connection".to_owned())),
                };
            }
            self.buffer.extend_from_slice(chunk.get(..length).unwrap_or_default());
        }
    }

    /// What of the buffer is of the body.
    fn take(&mut self) -> Result<Option<Vec<u8>>, Disconnect> {
        loop {
            match &mut self.framing {
                Framing::Ended | Framing::Length(0) => {
                    self.framing = Framing::Ended;
                    return Ok(None);
                }
                Framing::Open => return Ok((!self.buffer.is_empty()).then(|| std::mem::take(&mut self.buffer))),
                Framing::Chunks(0) => match self.chunk_length()? {
                    Some(0) => self.framing = Framing::Ended,
                    Some(length) => self.framing = Framing::Chunks(length),
                    None => return Ok(None),
                },
                Framing::Length(left) | Framing::Chunks(left) => {
                    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(self.buffer.len());
                    *left -= length as u64;
                    return Ok((length > 0).then(|| self.buffer.drain(..length).collect()));
                }
            }
        }
    }

    /// The length of the next chunk, once its line is there.
    fn chunk_length(&mut self) -> Result<Option<u64>, Disconnect> {
        let nonsense = || Disconnect::Lost("what the camera sends is no chunk".to_owned());
        // the end of the chunk before
        let begin = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let rest = self.buffer.get(begin..).unwrap_or_default();
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            return if rest.len() > MAX_LINE { Err(nonsense()) } else { Ok(None) };
        };
        let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let length = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(length, 16).map_err(|_| nonsense())?;
        self.buffer.drain(..begin + end + 1);
        Ok(Some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str, first: &[u8], rest: &'static [u8]) -> Result<Vec<u8>, String> {
        let mut message = TextMessage::new("HTTP/1.1 200 OK".to_owned());
        if let Some((name, value)) = head.split_once(": ") {
            message.add(name, value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = tokio::io::join(rest, tokio::io::sink());
        let mut body = Body::new(Box::new(read), &message, first.to_vec());
        let mut all = Vec::new();
        loop {
            match runtime.block_on(body.next()) {
                Ok(Some(bytes)) => all.extend(bytes),
                Ok(None) => {
                    assert_eq!(body.is_whole(), head.starts_with("Content-Length"));
                    return Ok(all);
                }
                Err(e) => return Err(format!("{e:?}")),
            }
        }
    }

    #[test]
    fn a_body_ends_as_its_head_says() {
        assert_eq!(read("", b"ab", b"cd").unwrap(), b"abcd");
        assert_eq!(read("Content-Length: 3", b"ab", b"cd").unwrap(), b"abc");
        assert!(read("Content-Length: 9", b"ab", b"cd").is_err());
        let chunks = "Transfer-Encoding: Chunked";
        assert_eq!(read(chunks, b"3\r\nab", b"c\r\n2;x=y\r\nde\r\n0\r\n\r\n").unwrap(), b"abcde");
        assert!(read(chunks, b"3\r\nab", b"").is_err());
        assert!(read(chunks, b"soon\r\nab", b"").is_err());
        assert!(read(chunks, &[b'1'; 5000], b"").is_err());
    }
}
