//! Commands that change an item where it lies, so that no copy of it is needed.

/// What a single `rewrap` is given with --in-place: then it writes some kilobytes of each file, and not a copy of an
/// archive.
const INSIDE: &str = " --in-place -- \"$VIDVEIL_INPUT\"";
/// What makes a command more than one, or another than it seems.
const SHELL: &[char] = &['|', '&', ';', '<', '>', '(', ')', '`', '$', '\n', '#', '\'', '"', '\\', '{', '}', '!'];

/// The command as it is run in place: a single `rewrap` works inside the file, as safe from a kill as the copy and
/// faster by far; any other command as it is.
pub fn command(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    let is_rewrap = words.next() == Some("rewrap");
    // what writes elsewhere, or copies, is meant as it is
    let others = ["--in-place", "--cut", "--grant", "-o", "--output", "--", "--sidecar"];
    let plain = words.all(|w| !others.iter().any(|o| w == *o || w.starts_with(&format!("{o}="))));
    (is_rewrap && plain && !command.contains(SHELL)).then(|| format!("{}{INSIDE}", command.trim()))
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn a_single_rewrap_works_inside_the_file() {
        let inside = command("rewrap -i officer.key -r new/");
        assert_eq!(inside.as_deref(), Some("rewrap -i officer.key -r new/ --in-place -- \"$VIDVEIL_INPUT\""));
        for other in [
            "verify",
            "rewrap -i a.key -r b/ | cat",
            "rewrap --cut --from 10",
            "rewrap -i a.key -r b/ --in-place \"$VIDVEIL_INPUT\"",
            "rewrap -i a.key -r b/ -o x.vv",
            "rewrap -i a.key -r $HOME/b",
        ] {
            assert_eq!(command(other), None, "{other}");
        }
    }
}
