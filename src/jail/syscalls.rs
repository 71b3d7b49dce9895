//! Which calls of the system are left: those that computing in threads needs, on descriptors that are open.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Allowed, whatever their arguments.
const ALLOWED: [c_long; 28] = [
    // bytes of the pipes and of the input
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    // memory
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // threads
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // time
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    // keys of hash tables
    libc::SYS_getrandom,
    // the end
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Asked for by the C library or by Rust's on their own account, and done without: refused, and not the end.
const REFUSED: [c_long; 23] = [
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_ioctl,
    libc::SYS_fcntl,
    libc::SYS_prctl,
    libc::SYS_seccomp,
    libc::SYS_prlimit64,
    libc::SYS_getrusage,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_rt_sigaction,
    libc::SYS_fadvise64,
    libc::SYS_ppoll,
];

/// The same, where the architecture has these old ones.
#[cfg(target_arch = "x86_64")]
const REFUSED_OLD: [c_long; 6] =
    [libc::SYS_open, libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink, libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_OLD: [c_long; 0] = [];

/// The filters, in the order in which they are installed. Of several answers the kernel takes the hardest.
pub(super) fn filters() -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let arch: TargetArch = std::env::consts::ARCH.try_into().map_err(seccompiler::Error::Backend)?;
    let all = |calls: &[c_long]| calls.iter().map(|call| (*call, Vec::new())).collect::<BTreeMap<_, _>>();
    let refused = || REFUSED.iter().chain(&REFUSED_OLD).copied().collect::<Vec<_>>();
    let only = |calls: BTreeMap<c_long, Vec<SeccompRule>>, listed, others| -> Result<BpfProgram, seccompiler::Error> {
        let filter = SeccompFilter::new(calls, others, listed, arch).map_err(seccompiler::Error::Backend)?;
        filter.try_into().map_err(seccompiler::Error::Backend)
    };
    let errno = |code: i32| SeccompAction::Errno(code.unsigned_abs());
    let mut known = all(&ALLOWED);
    known.extend(all(&refused()));
    known.insert(libc::SYS_clone3, Vec::new());
    known.extend(conditional().map_err(seccompiler::Error::Backend)?);
    Ok(vec![
        // its arguments lie in memory, which a filter cannot read: the C library then takes clone
        only(all(&[libc::SYS_clone3]), errno(libc::ENOSYS), SeccompAction::Allow)?,
        only(known, SeccompAction::Allow, SeccompAction::KillProcess)?,
        // last: it takes away what installs filters, too
        only(all(&refused()), errno(libc::EPERM), SeccompAction::Allow)?,
    ])
}

/// Allowed with some arguments only.
fn conditional() -> Result<BTreeMap<c_long, Vec<SeccompRule>>, seccompiler::BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    let rule = |argument, length, operator, value| -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        Ok(vec![SeccompRule::new(vec![SeccompCondition::new(argument, length, operator, value)?])?])
    };
    let number = |value: i32| u64::from(value.unsigned_abs());
    let no_code = || rule(2, Dword, SeccompCmpOp::MaskedEq(number(libc::PROT_EXEC)), 0);
    let thread = number(libc::CLONE_THREAD);
    let own = u64::from(std::process::id());
    Ok(BTreeMap::from([
        // a thread, no process
        (libc::SYS_clone, rule(0, Qword, SeccompCmpOp::MaskedEq(thread), thread)?),
        // no memory that could be run
        (libc::SYS_mmap, no_code()?),
        (libc::SYS_mprotect, no_code()?),
        // abort() signals the process itself
        (libc::SYS_tgkill, rule(0, Dword, SeccompCmpOp::Eq, own)?),
    ]))
}
