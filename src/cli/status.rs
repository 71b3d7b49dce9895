//! The one exit-status table.

/// How a command ended; the number is the process's exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Status {
    /// Everything was done.
    Done = 0,
    /// Something outside failed: a disk, a device, a program.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The input is damaged, forged or cut; what was written is an authentic prefix.
    Damaged = 3,
    /// No usable certificate or key, or refused by policy.
    Refused = 4,
    /// The smart card is missing, or its PIN is wrong or blocked.
    Card = 5,
    /// Stopped by a signal.
    Interrupted = 130,
    /// The reader of our output went away.
    ReaderGone = 141,
}

impl Status {
    /// Every status, in ascending order.
    pub const ALL: [Status; 8] = [
        Status::Done,
        Status::Failed,
        Status::Usage,
        Status::Damaged,
        Status::Refused,
        Status::Card,
        Status::Interrupted,
        Status::ReaderGone,
    ];

    /// The number that the shell sees in `$?`.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The status with this number; `None` for numbers that no command of ours gives.
    pub fn from_code(code: u8) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.code() == code)
    }

    /// What the table in the manual says.
    pub const fn meaning(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Usage => "usage: the command line makes no sense",
            Status::Damaged => "input damaged, forged or cut; what was written is an authentic prefix",
            Status::Refused => "no usable certificate or key, or refused by policy",
            Status::Card => "card missing, PIN wrong or blocked",
            Status::Interrupted => "interrupted",
            Status::ReaderGone => "the reader closed the pipe",
        }
    }

    /// Whether a stream written with `-o` stays under its name.
    ///
    /// Damaged input leaves its authentic prefix, and a stop leaves what was recorded; after any other
    /// failure there is no file that could pass for a result.
    pub const fn keeps_output(self) -> bool {
        matches!(self, Status::Done | Status::Damaged | Status::Interrupted | Status::ReaderGone)
    }

    /// The table as text, one line a status, each indented by two blanks.
    pub fn table() -> String {
        Status::ALL.iter().map(|status| format!("  {:>3}  {}\n", status.code(), status.meaning())).collect()
    }
}

impl From<Status> for std::process::ExitCode {
    fn from(status: Status) -> Self {
        status.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn the_table_has_a_line_for_every_status() {
        let table = Status::table();
        for status in Status::ALL {
            assert!(table.lines().any(|line| line.trim() == format!("{}  {}", status.code(), status.meaning())));
        }
        assert_eq!(table.lines().count(), Status::ALL.len());
    }

    #[test]
    fn only_what_is_authentic_stays_under_its_name() {
        let kept: Vec<u8> = Status::ALL.into_iter().filter(|s| s.keeps_output()).map(Status::code).collect();
        assert_eq!(kept, [0, 3, 130, 141]);
    }
}
