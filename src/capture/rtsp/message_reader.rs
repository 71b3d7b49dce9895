//! Messages are read one by one, in bounds.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::message::{MAX_BODY, MAX_HEAD, Message, MessageError, TextMessage};

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// Reads messages one by one. A read that is given up loses nothing.
pub struct MessageReader<R> {
    source: R,
    /// What one read gives.
    chunk: Box<[u8]>,
    buffer: Vec<u8>,
    /// Where the next message begins in it.
    at: usize,
    /// A head that is whole, and the length of its body.
    head: Option<(TextMessage, usize)>,
    /// Whether what is no message is skipped.
    is_patient: bool,
    /// What the first line has in it, and whether bodies are read with their heads.
    protocol: &'static str,
    has_bodies: bool,
    /// How much of it was, since the last message.
    skipped: usize,
}

impl<R: AsyncRead + Unpin> MessageReader<R> {
    /// Reads from `source`.
    pub fn new(source: R) -> Self {
        MessageReader {
            source,
            chunk: vec![0; CHUNK].into(),
            buffer: Vec::new(),
            at: 0,
            head: None,
            is_patient: false,
            protocol: "RTSP/",
            has_bodies: true,
            skipped: 0,
        }
    }

    /// Reads a head of HTTP from `source`.
    pub fn http(source: R) -> Self {
        MessageReader { protocol: "HTTP/", has_bodies: false, ..MessageReader::new(source) }
    }

    /// The next head, of which the body is not read.
    pub async fn head(&mut self) -> Result<TextMessage, MessageError> {
        match self.next().await {
            Ok(Some(Message::Text(head))) => Ok(head),
            Ok(_) | Err(MessageError::NotRtsp) => Err(MessageError::NotHttp),
            Err(e) => Err(e),
        }
    }

    /// The source, and what was read of it and not taken.
    pub fn into_parts(mut self) -> (R, Vec<u8>) {
        self.buffer.drain(..self.at);
        (self.source, self.buffer)
    }

    /// From now on, bytes between messages are skipped: some cameras write them there.
    pub fn be_patient(&mut self) {
        self.is_patient = true;
    }

    /// The next message; `None` when the other side ended the connection.
    pub async fn next(&mut self) -> Result<Option<Message>, MessageError> {
        loop {
            if let Some(message) = self.parse()? {
                return Ok(Some(message));
            }
            self.buffer.drain(..std::mem::take(&mut self.at));
            let length = self.source.read(&mut self.chunk).await?;
            if length == 0 {
                let is_whole = self.buffer.is_empty() && self.head.is_none();
                return if is_whole { Ok(None) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) };
            }
            self.buffer.extend_from_slice(self.chunk.get(..length).unwrap_or_default());
        }
    }

    /// What is whole in the buffer.
    fn parse(&mut self) -> Result<Option<Message>, MessageError> {
        if self.head.is_none() {
            self.skip_empty_lines();
            self.skip_junk()?;
            let packets = self.packets();
            if !packets.is_empty() {
                self.skipped = 0;
                return Ok(Some(Message::Packets(packets)));
            }
            self.head = self.parse_head()?;
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some((_, length)) = &self.head else { return Ok(None) };
        let Some(body) = rest.get(..*length) else { return Ok(None) };
        let body = body.to_vec();
        self.at += length;
        Ok(self.head.take().map(|(head, _)| Message::Text(TextMessage { body, ..head })))
    }

    /// Empty lines between messages are let pass (RFC 2326, 4.1).
    fn skip_empty_lines(&mut self) {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    }

    /// Skips to where a message may begin.
    fn skip_junk(&mut self) -> Result<(), MessageError> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        // as far as it is there; "#" is a digit
        let begins = |rest: &[u8]| {
            let known = [
                &b"$"[..],
                b"RTSP/#.# ",
                b"OPTIONS ",
                b"GET_PARAMETER ",
                b"SET_PARAMETER ",
                b"ANNOUNCE ",
                b"REDIRECT ",
            ];
            let same = |(a, b): (&u8, &u8)| a == b || (*b == b'#' && a.is_ascii_digit());
            known.iter().any(|known| rest.iter().zip(*known).all(same))
        };
        if !self.is_patient {
            return Ok(());
        }
        let junk = (0..rest.len()).find(|at| begins(rest.get(*at..).unwrap_or_default())).unwrap_or(rest.len());
        self.at += junk;
        self.skipped += junk;
        if self.skipped > MAX_BODY { Err(MessageError::NotRtsp) } else { Ok(()) }
    }

    /// All packets that are whole and stand next.
    fn packets(&mut self) -> Vec<u8> {
        let begin = self.at;
        while let Some([b'$', _, high, low]) = self.buffer.get(self.at..).and_then(|rest| rest.first_chunk()) {
            let end = self.at + 4 + usize::from(u16::from_be_bytes([*high, *low]));
            if end > self.buffer.len() {
                break;
            }
            self.at = end;
        }
        self.buffer.get(begin..self.at).unwrap_or_default().to_vec()
    }

    /// A head that is whole, with the length of its body.
    fn parse_head(&mut self) -> Result<Option<(TextMessage, usize)>, MessageError> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        if rest.is_empty() || rest.first() == Some(&b'$') {
            return Ok(None);
        }
        let head = rest.get(..rest.len().min(MAX_HEAD)).unwrap_or_default();
        let mut lines: Vec<String> = Vec::new();
        let (mut length, mut lines_of_head) = (0, 0);
        for line in head.split_inclusive(|b| *b == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            length += line.len();
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.is_empty() {
                let message = TextMessage { lines, body: Vec::new() };
                if message.status().is_none() && message.request().is_none() {
                    return Err(MessageError::NotRtsp);
                }
                let body = if self.has_bodies { message.body_length()? } else { 0 };
                self.at += length;
                return Ok(Some((message, body)));
            }
            // a carriage return in a line would be a line break to some
            let text = String::from_utf8_lossy(text).replace(['\r', '\0'], " ");
            match lines.last_mut() {
                // goes on with the header before (RFC 2068, 4.2)
                Some(header) if lines_of_head > 1 && text.starts_with([' ', '\t']) => header.push_str(&text),
                _ => lines.push(text),
            }
            lines_of_head += 1;
            if lines.len() == 1 && !lines.iter().any(|first| first.contains(self.protocol)) {
                return Err(MessageError::NotRtsp);
            }
        }
        if head.len() >= MAX_HEAD { Err(MessageError::EndlessHead) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<Option<Message>, MessageError>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut reader = MessageReader::new(bytes);
        let mut all = Vec::new();
        while all.last().is_none_or(|last| matches!(last, Ok(Some(_)))) {
            all.push(runtime.block_on(reader.next()));
        }
        all
    }

    #[test]
    fn packets_and_answers_come_one_by_one() {
        let all =
            read(b"\r\n$\x01\0\x02ab$\0\0\0RTSP/1.0 200 OK\r\nCSeq: 7\r\ncontent-length : 3\r\n\r\nxyz$\0\0\x01q");
        assert!(matches!(&all[0], Ok(Some(Message::Packets(p))) if p == b"$\x01\0\x02ab$\0\0\0"));
        let Ok(Some(Message::Text(answer))) = &all[1] else { panic!() };
        assert_eq!(
            (answer.status(), answer.value("cseq"), answer.body.as_slice()),
            (Some(200), Some("7"), &b"xyz"[..])
        );
        assert_eq!(answer.to_bytes(), b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 3\r\n\r\nxyz");
        assert!(matches!(&all[2], Ok(Some(Message::Packets(p))) if p == b"$\0\0\x01q"));
        assert!(matches!(&all[3], Ok(None)));
    }

    #[test]
    fn what_is_no_message_is_skipped_where_that_is_wanted() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bytes = b"a=x\r\nX y RTSP/1.0\r\nRTSP/1.1  200\r\nCSeq: 7\r\n\r\n\0junk$\0\0\x01q";
        let mut reader = MessageReader::new(&bytes[..]);
        reader.be_patient();
        let Ok(Some(Message::Text(answer))) = runtime.block_on(reader.next()) else { panic!() };
        assert_eq!((answer.status(), answer.value("CSeq")), (Some(200), Some("7")));
        assert!(matches!(runtime.block_on(reader.next()), Ok(Some(Message::Packets(p))) if p == b"$\0\0\x01q"));
        let junk = vec![0; 3 << 20];
        let mut reader = MessageReader::new(&junk[..]);
        reader.be_patient();
        assert!(runtime.block_on(reader.next()).is_err(), "but not without end");
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        let long = |text: &str, times| read(text.repeat(times).as_bytes()).pop().unwrap().err().unwrap().to_string();
        assert!(long("RTSP/1.0 200 OK ", 10_000).contains("head of more than 64 KiB"));
        assert!(long("RTSP/1.0 200 OK\r\nX: y\r\n", 10_000).contains("head of more than 64 KiB"));
        for length in ["1048577", "1099511627776", "99999999999999999999999"] {
            let said = long(&format!("RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n"), 1);
            assert!(said.contains("does not end"), "{said}");
        }
        for none in ["HTTP/1.1 200 OK\r\n\r\n", "RTSP/1.0 OK\r\n\r\n", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n"]
        {
            assert!(long(none, 1).contains("not RTSP"), "{none}");
        }
    }
}
