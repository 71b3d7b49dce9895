//! The strict reader: one record after the other from any `Read`, in bounded memory.

use std::io::{Read, Seek};

use super::close::Close;
use super::end::End;
use super::error::{Fault, FormatError, RecordName};
use super::frame::{FRAME_PREFIX, Frame};
use super::grant::Grant;
use super::header::{HEADER_LEN, Header, PREAMBLE};
use super::index::Index;
use super::keys_record::Keys;
use super::order::Order;
use super::read_buffer::Window;
use super::record_type::RecordType;
use super::span::EpochSpan;
use super::start::Start;
use super::stream::StreamRecord;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A stream begins.
    Stream(StreamRecord),
    /// A key session begins.
    Keys(Box<Keys>),
    /// An epoch begins.
    Start(Start),
    /// A frame; its packet or ciphertext is [`Reader::payload`].
    Frame(Frame),
    /// An epoch ends.
    Close(Close),
    /// Epoch keys for somebody.
    Grant(Box<Grant>),
    /// Where epochs are.
    Index(Index),
    /// A stream ends.
    End(End),
    /// A stream stops without an end record, and another one begins.
    Cut,
}

/// Reads records and checks everything that can be checked without a key.
///
/// Memory: one record, so at most [`super::limits::FRAME`] and a little, whatever the input says.
#[derive(Debug)]
pub struct Reader<R> {
    pub(super) window: Window<R>,
    /// Bytes of the records so far.
    pub(super) offset: u64,
    pub(super) record_at: u64,
    stream_at: u64,
    pub(super) order: Order,
    span: Option<EpochSpan>,
    pub(super) begun: bool,
    pub(super) preamble_read: bool,
    /// An error was given: nothing is read any more.
    pub(super) failed: bool,
    /// Where reading resumed after an error.
    pub(super) resumed_at: Option<u64>,
    pub(super) resumed: u32,
    /// Bytes of records that failed and were read again.
    pub(super) reread: u64,
}

impl<R: Read> Reader<R> {
    /// A reader at the beginning of a container. It buffers by itself: it may read ahead of the record that it gives,
    /// but never waits for more than that record.
    pub fn new(input: R) -> Self {
        Reader {
            window: Window::new(input),
            offset: 0,
            record_at: 0,
            stream_at: 0,
            order: Order::new(),
            span: None,
            begun: false,
            preamble_read: false,
            failed: false,
            resumed_at: None,
            resumed: 0,
            reread: 0,
        }
    }

    /// The next record, `None` at the end of the input.
    ///
    /// Errors: every kind of [`FormatError`]. After an error there are only errors, until [`Reader::jump`] or
    /// [`Reader::go_on`].
    #[allow(clippy::should_implement_trait, reason = "a lending reader: the payload is borrowed from it")]
    pub fn next(&mut self) -> Result<Option<Record>, FormatError> {
        if self.failed {
            return Err(std::io::Error::other("nothing is read after an error").into());
        }
        let read = self.read_next();
        self.failed = read.is_err();
        read
    }

    fn read_next(&mut self) -> Result<Option<Record>, FormatError> {
        if self.order.outside() && !self.preamble_read && !self.read_preamble()? {
            return Ok(None);
        }
        self.record_at = self.offset;
        self.window.next();
        self.take(HEADER_LEN)?;
        let mut head = [0; HEADER_LEN];
        head.copy_from_slice(self.window.record());
        if head == PREAMBLE && !self.preamble_read {
            self.order.abandon();
            self.stream_at = self.record_at;
            self.preamble_read = true;
            self.window.next();
            return Ok(Some(Record::Cut));
        }
        let header = Header::parse(head).map_err(|f| self.fault(head[0], f))?;
        if self.preamble_read && !matches!(header.record, RecordType::Stream | RecordType::Grant) {
            return Err(self.fault(head[0], Fault::Order));
        }
        self.take(header.body_len as usize)?;
        let record = self.interpret(&header).map_err(|f| self.fault(head[0], f))?;
        self.preamble_read = false;
        Ok(Some(record))
    }

    /// The whole record read last, header and body.
    pub fn raw(&self) -> &[u8] {
        self.window.record()
    }

    /// The whole record read last, to be opened in place.
    pub fn raw_mut(&mut self) -> &mut [u8] {
        self.window.record_mut()
    }

    /// Packet or ciphertext of the frame read last; empty after any other record.
    pub fn payload(&self) -> &[u8] {
        self.raw().get(FRAME_PREFIX..).unwrap_or(&[])
    }

    /// Where the record read last begins, in bytes from the beginning of the input.
    pub fn record_offset(&self) -> u64 {
        self.record_at
    }

    /// Where the stream being read begins (its preamble), in bytes from the beginning of the input.
    pub fn stream_offset(&self) -> u64 {
        self.stream_at
    }

    /// Begins anew with what the input gives next: another file. Offsets count from its beginning, and whatever was
    /// open is over.
    pub fn begin_again(&mut self) {
        self.window.clear();
        (self.offset, self.record_at, self.stream_at) = (0, 0, 0);
        (self.begun, self.preamble_read, self.failed) = (false, false, false);
        (self.resumed_at, self.resumed, self.reread) = (None, 0, 0);
        (self.order, self.span) = (Order::new(), None);
    }

    /// The input.
    pub fn input(&self) -> &R {
        self.window.input()
    }

    /// The input, to put it elsewhere before [`Reader::begin_again`].
    pub fn input_mut(&mut self) -> &mut R {
        self.window.input_mut()
    }

    /// Bytes of the records so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// SHA-256 of the close record read last, zeros before the first.
    pub fn last_close(&self) -> [u8; 32] {
        self.order.last_close()
    }

    /// Which epochs of the stream that was begun last were read; known after its end, too. `None` before the first
    /// stream, and in a sidecar.
    pub fn span(&self) -> Option<&EpochSpan> {
        self.span.as_ref()
    }

    /// False at the end of the input.
    fn read_preamble(&mut self) -> Result<bool, FormatError> {
        let at = self.offset;
        self.record_at = at;
        self.window.next();
        let n = self.window.take(HEADER_LEN)?;
        self.offset += n as u64;
        let head = self.window.record();
        if n == 0 {
            return if self.begun { Ok(false) } else { Err(FormatError::Empty) };
        }
        if head[..n.min(7)] != PREAMBLE[..n.min(7)] {
            return Err(if self.begun {
                FormatError::Trailing { offset: at }
            } else {
                FormatError::Header { offset: at, fault: Fault::Magic }
            });
        }
        if n < HEADER_LEN {
            return Err(FormatError::Truncated { offset: self.offset });
        }
        if head != PREAMBLE {
            return Err(FormatError::Header { offset: at, fault: Fault::Version(head[7]) });
        }
        self.begun = true;
        self.stream_at = at;
        self.preamble_read = true;
        Ok(true)
    }

    /// Extends the record by `n` bytes.
    fn take(&mut self, n: usize) -> Result<(), FormatError> {
        let taken = self.window.take(n)?;
        self.offset += taken as u64;
        if taken == n { Ok(()) } else { Err(FormatError::Truncated { offset: self.offset }) }
    }

    fn interpret(&mut self, header: &Header) -> Result<Record, Fault> {
        let raw = self.window.record();
        let body = &raw[HEADER_LEN..];
        Ok(match header.record {
            RecordType::Stream => {
                let s = StreamRecord::parse(body)?;
                self.order.stream(&s, raw)?;
                self.span = Some(EpochSpan::new(&s, self.order.stream_hash()));
                Record::Stream(s)
            }
            RecordType::Keys => {
                let k = Keys::parse(body)?;
                self.order.keys(&k)?;
                Record::Keys(Box::new(k))
            }
            RecordType::Start => {
                let s = Start::parse(body)?;
                self.order.start(&s)?;
                self.span.iter_mut().for_each(|span| span.start(&s));
                Record::Start(s)
            }
            RecordType::Frame => {
                let f = Frame::parse(header, body)?;
                self.order.frame(&f, raw.len() - FRAME_PREFIX)?;
                Record::Frame(f)
            }
            RecordType::Close => {
                let c = Close::parse(header, body, self.order.sealed())?;
                self.order.close(&c, raw)?;
                let hash = self.order.last_close();
                self.span.iter_mut().for_each(|span| span.close(&c, hash));
                Record::Close(c)
            }
            RecordType::Grant => {
                let g = Grant::parse(body)?;
                let first = self.order.outside();
                self.order.grant(&g)?;
                // a sidecar: what was read before it is another stream
                self.span.take_if(|_| first);
                Record::Grant(Box::new(g))
            }
            RecordType::Index => {
                let i = Index::parse(body)?;
                self.order.index(raw.len())?;
                Record::Index(i)
            }
            RecordType::End => {
                let e = End::parse(body)?;
                self.order.end(e)?;
                Record::End(e)
            }
        })
    }

    /// A stream that cannot even be begun is a header fault; what goes wrong later is a record's.
    fn fault(&self, record: u8, fault: Fault) -> FormatError {
        if self.preamble_read {
            FormatError::Header { offset: self.stream_at, fault }
        } else {
            FormatError::Record { offset: self.record_at, record: RecordName(record), fault }
        }
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Goes to a record of the stream that is being read, as an index names it: `offset` bytes from the stream's
    /// preamble. From there any epoch may come next; the next record is checked as every other. An epoch in the middle
    /// of a session takes two jumps: to the keys record, and when that is read, to the start record.
    pub fn jump(&mut self, offset: u64) -> Result<(), FormatError> {
        self.offset = self.stream_at.saturating_add(offset);
        self.window.seek(self.offset)?;
        self.order.join();
        (self.preamble_read, self.failed) = (false, false);
        Ok(())
    }
}
