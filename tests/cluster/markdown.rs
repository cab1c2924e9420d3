//! Finds the fenced blocks of a Markdown page.

/// A fenced block of a page.
pub(crate) struct Block {
    /// The last heading of level 2 before the block. Empty if there is no such heading.
    pub(crate) section: String,
    /// The text after the opening fence, for example `sh`.
    pub(crate) language: String,
    pub(crate) text: String,
}

/// Returns the fenced blocks of a page.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let (mut section, mut blocks, mut open): (String, Vec<Block>, bool) = (String::new(), Vec::new(), false);
    for line in page.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(language), false) => {
                let language = language.to_owned();
                blocks.push(Block { section: section.clone(), language, text: String::new() });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {
                if let Some(heading) = line.strip_prefix("## ") {
                    heading.clone_into(&mut section);
                }
            }
        }
    }
    blocks
}
