//! That somebody is still there, shown to a camera (RFC 2326, 10.1, 10.8): with a method that it has, and whatever it
//! answers. A camera that plays is recorded, even if it answers nothing.

/// Those that do, the best first: SET_PARAMETER is announced by cameras that then refuse it.
const METHODS: [&str; 2] = ["GET_PARAMETER", "SET_PARAMETER"];
/// Every camera has this one.
const ALWAYS: &str = "OPTIONS";

/// Which method is used.
#[derive(Debug)]
pub(super) struct Keepalive {
    /// Whether the camera was asked what it has.
    is_known: bool,
    /// What it has, and has not refused, the best last.
    left: Vec<&'static str>,
}

impl Keepalive {
    /// Of a camera of which nothing is known.
    pub fn new() -> Self {
        Keepalive { is_known: false, left: Vec::new() }
    }

    /// The method that is to be used.
    pub fn method(&self) -> &'static str {
        self.left.last().copied().unwrap_or(ALWAYS)
    }

    /// The camera said so, with these methods in the header Public; 0 stands for no answer.
    pub fn answered(&mut self, method: &str, status: u16, public: &str) {
        let is_fine = (200..300).contains(&status);
        if method == ALWAYS && is_fine && !self.is_known {
            self.is_known = true;
            let has = |name: &&str| public.split(',').any(|one| one.trim().eq_ignore_ascii_case(name));
            self.left = METHODS.into_iter().rev().filter(|name| has(name)).collect();
        } else if !is_fine && self.left.last() == Some(&method) {
            self.left.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_used_again() {
        let mut keepalive = Keepalive::new();
        assert_eq!(keepalive.method(), "OPTIONS");
        keepalive.answered("OPTIONS", 200, "DESCRIBE, set_parameter,GET_PARAMETER ");
        assert_eq!(keepalive.method(), "GET_PARAMETER");
        keepalive.answered("GET_PARAMETER", 200, "");
        assert_eq!(keepalive.method(), "GET_PARAMETER");
        keepalive.answered("GET_PARAMETER", 501, "");
        assert_eq!(keepalive.method(), "SET_PARAMETER");
        keepalive.answered("SET_PARAMETER", 0, "");
        assert_eq!(keepalive.method(), "OPTIONS");
        keepalive.answered("OPTIONS", 0, "");
        keepalive.answered("OPTIONS", 200, "GET_PARAMETER");
        assert_eq!(keepalive.method(), "OPTIONS", "it was asked once");
    }
}
