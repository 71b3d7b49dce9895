//! Largest bodies, in bytes, and longest lists. Nothing is allocated before its length has passed these.

/// Stream record.
pub const STREAM: u32 = 1 << 20;
/// Keys record.
pub const KEYS: u32 = 4 << 20;
/// Start record.
pub const START: u32 = 8 << 10;
/// Frame record.
pub const FRAME: u32 = 64 << 20;
/// Close record.
pub const CLOSE: u32 = 16 << 10;
/// Grant record.
pub const GRANT: u32 = 16 << 20;
/// Index record.
pub const INDEX: u32 = 2 << 20;
/// End record (it has exactly this length).
pub const END: u32 = 8;
/// One packet before sealing.
pub const PACKET: usize = FRAME as usize - 4096;
/// Tracks in a stream.
pub const TRACKS: usize = 16;
/// Codec configuration of a track, and a certificate.
pub const BLOB: usize = 64 << 10;
/// Entries of an index.
pub const INDEX_ENTRIES: usize = 32_768;
/// CMS messages in a slot, and recipients of one message.
pub const MESSAGES: usize = 1024;
/// Certificates left out that a keys record names.
pub const LEFT_OUT: usize = 1024;
/// Smallest and largest slot of a keys record.
pub const SLOT: std::ops::RangeInclusive<u32> = 4096..=1 << 20;
/// Epochs in a key session; bounds the walk along its key chain.
pub const SESSION_EPOCHS: u64 = 1 << 20;
/// Frames in an epoch.
pub const EPOCH_FRAMES: u32 = 1 << 24;
/// Bytes of packets in an epoch.
pub const EPOCH_BYTES: u64 = 64 << 30;
