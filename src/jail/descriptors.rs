//! The descriptors that a process inherited, closed.

#![allow(unsafe_code, reason = "one call of the system that has no safe form: it closes what others might still use")]

use std::io;

use libc::c_uint;

/// Closes every descriptor but stdin, stdout, stderr and `keep`. Nothing in this process may use another one
/// afterwards.
///
/// # Errors
///
/// The kernel is older than the call (5.9).
pub(super) fn close_all_but(keep: &[i32]) -> io::Result<()> {
    let mut kept: Vec<c_uint> = keep.iter().filter_map(|fd| c_uint::try_from(*fd).ok()).chain([0, 1, 2]).collect();
    kept.sort_unstable();
    kept.dedup();
    let ends = kept.iter().skip(1).map(|next| *next - 1).chain([c_uint::MAX]);
    for (first, last) in kept.iter().map(|fd| fd + 1).zip(ends) {
        // SAFETY: the numbers are passed by value; by the promise above no owner of a closed descriptor lives on.
        if first <= last && unsafe { libc::syscall(libc::SYS_close_range, first, last, 0 as c_uint) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
