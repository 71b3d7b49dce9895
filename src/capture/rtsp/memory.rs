//! How much memory a camera may make us use.
//!
//! retina keeps what it has of a message and of a picture until the last byte of it came, and a camera that is broken, or not a
//! camera, need never send one.

/// Resident kB of this process beyond which a connection is given up: several of the largest pictures.
const MOST: u64 = 512 << 10;

/// Whether that is so.
pub fn is_exhausted() -> bool {
    // proc_pid_status(5); elsewhere than on Linux it is not known
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    resident.is_some_and(|kb: u64| kb > MOST)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_test_uses_less() {
        assert!(!super::is_exhausted());
    }
}
