//! What a caller may choose: the words the renderer adds, and the title already shown by the page.

/// Words the renderer puts into the page. The caller hands in the reader's language; the default is English.
/// They are escaped, so any text is safe here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Name of the link beside a heading; `{}` becomes the heading's text.
    pub anchor: String,
    /// Title of `> [!NOTE]`.
    pub note: String,
    /// Title of `> [!TIP]`.
    pub tip: String,
    /// Title of `> [!IMPORTANT]`.
    pub important: String,
    /// Title of `> [!WARNING]`.
    pub warning: String,
    /// Title of `> [!CAUTION]`.
    pub caution: String,
    /// Name of a footnote mark; `{}` becomes its number.
    pub footnote: String,
    /// Name of the list of footnotes.
    pub footnotes: String,
    /// Text of the link from a footnote to its place.
    pub back: String,
    /// Name of that link.
    pub back_to_text: String,
    /// Name of the scrolling box round a table, before its number.
    pub table: String,
    /// Name of the box in a task list.
    pub task: String,
}

impl Default for Labels {
    fn default() -> Self {
        let word = str::to_owned;
        Self {
            anchor: word("Link to “{}”"),
            note: word("Note"),
            tip: word("Tip"),
            important: word("Important"),
            warning: word("Warning"),
            caution: word("Caution"),
            footnote: word("Note {}"),
            footnotes: word("Notes"),
            back: word("Back"),
            back_to_text: word("Back to the text"),
            table: word("Table"),
            task: word("Task"),
        }
    }
}

/// Choices for one call of [`crate::render`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenderOptions {
    /// The words the renderer adds.
    pub labels: Labels,
    /// The page's own title. When the body's first visible words are a heading that says the same
    /// (compared as plain text, whatever its case and blanks), its words are left out, so that
    /// readers do not meet the title twice. Its ids stay: what led to it leads to the same place.
    pub hide_first_heading_equal_to: Option<String>,
}
