//! A command's manual page, out of its flags.

use clap::Command;
use clap_mangen::Man;

use super::Status;

/// The page in roff: clap_mangen's sections, then the command's own after its flags, the exit
/// status and where to read on.
///
/// The own sections come from `after_long_help`: a line that ends in a colon, not indented, is a heading
/// (`Examples:`); indented lines are set as they are; the rest is running text.
pub(crate) fn page(command: &Command) -> String {
    let name = command.get_name().to_owned();
    let own = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let man = Man::new(command.clone().disable_version_flag(true));
    let mut page = Vec::new();
    let rendered = man
        .render_name_section(&mut page)
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page));
    debug_assert!(rendered.is_ok(), "writing to memory does not fail");
    let mut page = title(&name) + &clean(&String::from_utf8_lossy(&page));
    page += &sections(&own.unwrap_or_default());
    page += &exit_status();
    page += &see_also(&name);
    page
}

/// The page's name as it is installed, so that `view` stays vim's. No date: the page changes with its
/// flags only.
fn title(name: &str) -> String {
    let title = page_name(name).to_uppercase();
    format!(".TH \"{title}\" \"1\" \"\" \"vidveil {}\" \"Vidveil\"\n", env!("CARGO_PKG_VERSION"))
}

fn page_name(command: &str) -> String {
    match command {
        "vidveil" => command.to_owned(),
        _ => format!("vidveil-{command}"),
    }
}

/// clap_mangen's sections, each of which brings the same two lines of preamble: once is enough. Blanks
/// at a line's end and breaks around an empty line go, too.
fn clean(page: &str) -> String {
    let preamble = |line: &&str| line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds");
    let (first, rest): (Vec<&str>, Vec<&str>) = page.lines().map(str::trim_end).partition(preamble);
    let text: String = first.iter().take(2).chain(&rest).map(|line| format!("{line}\n")).collect();
    text.replace("\n.br\n\n.br\n", "\n.sp\n")
}

fn sections(text: &str) -> String {
    let mut page = String::new();
    let mut literal = false;
    for line in text.lines() {
        let indented = line.starts_with(' ');
        let heading = line.strip_suffix(':').filter(|_| !indented);
        if literal && !indented && !line.is_empty() {
            page += ".RE\n.fi\n";
            literal = false;
        } else if indented && !literal {
            page += ".nf\n.RS 4\n";
            literal = true;
        }
        match (heading, line.is_empty()) {
            (Some(heading), _) => page += &format!(".SH {}\n", escape(&heading.to_uppercase())),
            (None, true) if literal => page.push('\n'),
            (None, true) => page += ".PP\n",
            (None, false) => page += &format!("{}\n", escape(line.trim_start())),
        }
    }
    if literal {
        page += ".RE\n.fi\n";
    }
    // A paragraph mark before a heading says nothing, and mandoc says so.
    page.replace(".PP\n.SH", ".SH")
}

fn exit_status() -> String {
    let rows = Status::ALL.iter().map(|s| format!(".TP\n\\fB{}\\fR\n{}\n", s.code(), escape(s.meaning())));
    format!(".SH \"EXIT STATUS\"\n{}", rows.collect::<String>())
}

fn see_also(name: &str) -> String {
    let others = super::COMMANDS.iter().map(|(other, _)| *other).filter(|other| *other != name);
    let mut pages: Vec<String> = others.map(|other| format!("\\fB{}\\fR(1)", escape(&page_name(other)))).collect();
    if name != "vidveil" {
        pages.insert(0, "\\fBvidveil\\fR(1)".into());
    }
    pages.push("\\fBvidveil\\-stream\\fR(5)".into());
    pages.push("\\fBvidveil\\fR(7)".into());
    format!(".SH \"SEE ALSO\"\n{}\n", pages.join(",\n"))
}

/// Text that roff sets as it is.
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_an_example_cannot_become_a_roff_request() {
        let page = sections("Examples:\n  .so /etc/passwd\n\n  a \\ b\ntext - more\n");
        assert_eq!(page, ".SH EXAMPLES\n.nf\n.RS 4\n\\&.so /etc/passwd\n\na \\e b\n.RE\n.fi\ntext \\- more\n");
    }

    #[test]
    fn every_page_tells_the_whole_table() {
        let page = page(&Command::new("view").about("Show a stream"));
        for status in Status::ALL {
            assert!(page.contains(&format!("\\fB{}\\fR\n{}\n", status.code(), escape(status.meaning()))));
        }
        assert!(page.contains("\\fBvidveil\\-capture\\fR(1)") && !page.contains("\\fBvidveil\\-view\\fR(1)"));
    }
}
