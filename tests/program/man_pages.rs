//! Compares the man pages in `man/` with the declaration of the command line.
//!
//! With `UPDATE_MAN_PAGES=1` in the environment, the test writes the pages.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

#[test]
fn the_man_pages_describe_the_command_line() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let root = kubectl_seq::testing::cli::command();
    let visible = root.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    let mut pages = BTreeMap::from([("kubectl-seq.1".to_owned(), render_page("kubectl-seq", &root)?)]);
    for sub in visible {
        let name = format!("kubectl-seq-{}", sub.get_name());
        pages.insert(format!("{name}.1"), render_page(&name, sub)?);
    }
    if env::var_os("UPDATE_MAN_PAGES").is_some() {
        fs::create_dir_all(&folder)?;
        for (name, page) in &pages {
            fs::write(folder.join(name), page)?;
        }
    }
    let mut stored = BTreeMap::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        stored.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
    }
    assert!(stored.keys().eq(pages.keys()), "{:?} instead of {:?}", stored.keys(), pages.keys());
    for (name, page) in &pages {
        assert!(stored[name] == *page, "man/{name} is out of date: run the test with UPDATE_MAN_PAGES=1");
    }
    Ok(())
}

/// Returns the man page of a command: the sections of `clap_mangen`, with the examples before the flags.
fn render_page(name: &str, command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_uppercase())
        .section("1")
        .source("kubectl-seq")
        .manual("kubectl plugins");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    render_verbatim("EXAMPLES", command.get_before_long_help(), &mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    render_verbatim("EXIT STATUS", command.get_after_long_help(), &mut page)?;
    Ok(String::from_utf8(page).expect("UTF-8"))
}

/// Writes a section and keeps the line breaks of `text`. `heading` replaces the first line, which is the heading in the
/// help.
fn render_verbatim(
    heading: &str,
    text: Option<&clap::builder::StyledStr>,
    page: &mut Vec<u8>,
) -> io::Result<()> {
    let Some(text) = text else { return Ok(()) };
    let mut roff = Roff::new();
    roff.control("SH", [heading]).control("nf", []);
    for line in text.to_string().lines().skip(1) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_writer(page)
}
