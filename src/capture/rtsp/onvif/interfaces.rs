//! The interfaces over which a question reaches a group.

use std::path::Path;

/// Where Linux lists them.
pub(super) const SYSTEM: &str = "/sys/class/net";
/// Flags of an interface that is up, and of one that takes multicast (netdevice(7)).
const UP: u32 = 0x1;
const MULTICAST: u32 = 0x1000;
/// Maximum number of interfaces that are used.
const MAX: usize = 64;

/// The numbers of those in `folder` that are up and take multicast; none where the system does not list them.
pub(super) fn interfaces(folder: &Path) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let number = |name: &str, entry: &std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path().join(name)).ok()?;
        let text = text.trim();
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    };
    let mut found: Vec<u32> = entries
        .flatten()
        .filter(|entry| number("flags", entry).is_some_and(|flags| flags & UP != 0 && flags & MULTICAST != 0))
        .filter_map(|entry| number("ifindex", &entry))
        .take(MAX)
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_up_and_take_multicast_are_asked() {
        let folder = tempfile::tempdir().unwrap();
        let cases = [("eth1", "0x1003", "7"), ("lo", "0x9", "1"), ("down", "0x1002", "3"), ("eth0", "0x11043", "2")];
        for (name, flags, index) in cases.into_iter().chain([("odd", "nonsense", "9"), ("empty", "0x1003", "")]) {
            let one = folder.path().join(name);
            std::fs::create_dir(&one).unwrap();
            std::fs::write(one.join("flags"), format!("{flags}\n")).unwrap();
            std::fs::write(one.join("ifindex"), format!("{index}\n")).unwrap();
        }
        assert_eq!(interfaces(folder.path()), [2, 7]);
        assert_eq!(interfaces(&folder.path().join("not there")), [0; 0]);
    }
}
