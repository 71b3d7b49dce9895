//! The descriptors that a process inherited, or has, closed.

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
        if first <= last {
            close_range(first, last, 0)?;
        }
    }
    Ok(())
}

/// Descriptors from `first` to `last` are closed where this process executes a program, and stay open in it.
///
/// # Errors
///
/// The kernel is older than the call (5.11).
pub fn close_at_exec(first: i32, last: i32) -> io::Result<()> {
    let number = |n: i32| c_uint::try_from(n).map_err(io::Error::other);
    close_range(number(first)?, number(last)?, libc::CLOSE_RANGE_CLOEXEC)
}

fn close_range(first: c_uint, last: c_uint, how: c_uint) -> io::Result<()> {
    // SAFETY: the numbers are passed by value; who closes promises that no owner of a closed descriptor lives on.
    match unsafe { libc::syscall(libc::SYS_close_range, first, last, how) } {
        0.. => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
