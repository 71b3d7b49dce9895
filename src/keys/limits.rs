//! What files of certificates and keys may ask for at most.

/// The largest certificate file that is read.
pub const MAX_FILE: usize = 1 << 20;
/// The most certificates in one file.
pub const MAX_IN_FILE: usize = 1024;
/// The largest single certificate; the container's limit.
pub const MAX_CERTIFICATE: usize = 64 << 10;
/// Maximum length of a subject in bytes, where it is cut; the container's limit for such names.
pub const MAX_SUBJECT: usize = 1024;
/// The largest key file that is read.
pub const MAX_KEY_FILE: usize = 256 << 10;
/// The most PBKDF2 iterations that a file may ask for: some seconds.
pub const MAX_PBKDF2_ITERATIONS: u32 = 5_000_000;
/// The most memory that a file's scrypt parameters may ask for, in bytes.
pub const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
/// The most passes over that memory.
pub const MAX_SCRYPT_PARALLELIZATION: u16 = 16;
