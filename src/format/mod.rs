//! The container: records, their order, a strict reader and a strict writer.
//!
//! This room knows bytes only. What is sealed stays sealed here: keys live in [`crate::keys`], opening in
//! [`crate::seal`]. The layout is specified in `vidveil-stream(5)`; the names of the fields here are the names there.

mod close;
mod end;
mod epochs;
mod error;
mod field_reader;
mod frame;
mod grant;
mod hash;
mod header;
mod index;
mod keys_record;
pub mod limits;
mod manifest;
mod order;
mod plain;
mod read_buffer;
mod reader;
mod record_type;
mod resync;
mod scan;
mod show_times;
mod signature;
mod slot;
mod span;
mod start;
mod stream;
mod time;
mod track;
mod writer;

pub use crate::base::Clock;
pub use close::{Close, Reason, TrackTotals};
pub use end::{End, EndKind, seek_index};
pub use epochs::EpochMeter;
pub use error::{Fault, FormatError, RecordName};
pub use frame::{FRAME_PREFIX, Frame, FrameFlags};
pub use grant::Grant;
pub use hash::sha256;
pub use header::{HEADER_LEN, Header, PREAMBLE, VERSION};
pub use index::{Index, IndexEntry};
pub use keys_record::{Keys, LeftOut, SlotState};
pub use manifest::{MANIFEST_CODEC, Manifest};
pub use plain::PlainWriter;
pub use reader::{Reader, Record};
pub use record_type::RecordType;
pub use scan::{KeysPlace, KeysPlaces, find_keys, record_at};
pub use show_times::ShowTimes;
pub use signature::{Signature, SignatureAlgorithm};
pub use slot::{Message, MessageKind, ShareGroup, SlotContent};
pub use span::EpochSpan;
pub use start::Start;
pub use stream::{Continues, Role, StreamRecord, Suite};
pub use track::{Track, TrackKind};
pub use writer::Writer;
