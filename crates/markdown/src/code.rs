//! Code blocks: the figure they stand in and the colours inside, five classes in all.
//!
//! `tk` keywords, `ts` strings, `tn` numbers and constants, `tp` names and properties, `tc`
//! comments. The grammars are loaded once, at the first block that needs them. A block that is too
//! large, has a very long line or trips its grammar stays plain; so does an unknown language.

use crate::limits::{HIGHLIGHT_BLOCK_BYTES, HIGHLIGHT_BYTES_MAX, HIGHLIGHT_LINE_BYTES_MAX};
use crate::policy::is_language_class;
use crate::text::escape_into;
use std::sync::{LazyLock, OnceLock};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// What is left of the colouring budget of one body, in bytes.
#[derive(Debug)]
pub(crate) struct Highlighter {
    bytes_left: usize,
}

impl Default for Highlighter {
    fn default() -> Self {
        Self {
            bytes_left: HIGHLIGHT_BYTES_MAX,
        }
    }
}

impl Highlighter {
    /// Writes the figure of one block and gives the number of its elements. `info` is what stands
    /// behind the fence.
    pub(crate) fn write(&mut self, info: &str, code: &str, out: &mut String) -> usize {
        let token = language_token(info);
        let class = format!("language-{token}");
        let class = is_language_class(&class).then_some(class);
        out.push_str("<figure class=\"code\">");
        if let Some(class) = &class {
            out.push_str("<figcaption><span>");
            escape_into(display_name(&class["language-".len()..]), out);
            out.push_str("</span></figcaption>");
            out.push_str("<pre><code class=\"");
            escape_into(class, out);
            out.push_str("\">");
        } else {
            out.push_str("<pre><code>");
        }
        let coloured = class.is_some().then(|| self.colour(token, code)).flatten();
        let mut nodes = 5;
        match coloured {
            Some((html, spans)) => {
                out.push_str(&html);
                nodes += spans;
            }
            None => escape_into(code, out),
        }
        out.push_str("</code></pre></figure>\n");
        nodes
    }

    fn colour(&mut self, token: &str, code: &str) -> Option<(String, usize)> {
        let cost = code.len().max(HIGHLIGHT_BLOCK_BYTES);
        let fits = cost <= self.bytes_left
            && code
                .lines()
                .all(|line| line.len() <= HIGHLIGHT_LINE_BYTES_MAX);
        if !fits {
            return None;
        }
        let syntax = syntax_of(token)?;
        self.bytes_left -= cost;
        let set = grammars();
        let mut state = ParseState::new(syntax);
        let mut stack = ScopeStack::new();
        let mut spans = Spans::default();
        for line in code.split_inclusive('\n') {
            // The last line of a block has its line end; the grammars need one.
            let operations = state.parse_line(line, set).ok()?;
            let mut at = 0;
            for (next, operation) in operations {
                if next > at {
                    spans.push(line.get(at..next)?, class_of(&stack));
                    at = next;
                }
                stack.apply(&operation).ok()?;
            }
            spans.push(line.get(at..)?, class_of(&stack));
        }
        Some(spans.finish())
    }
}

/// Joins neighbours of one class into one span.
#[derive(Default)]
struct Spans {
    html: String,
    open: Option<&'static str>,
    count: usize,
}

impl Spans {
    fn push(&mut self, text: &str, class: Option<&'static str>) {
        // Blanks have no colour: they stay in the span that is open.
        if class != self.open && !text.trim().is_empty() {
            self.close();
            if let Some(class) = class {
                self.count += 1;
                self.html.push_str("<span class=\"");
                self.html.push_str(class);
                self.html.push_str("\">");
            }
            self.open = class;
        }
        escape_into(text, &mut self.html);
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            // A span ends before the line end, so that copied spans are whole lines.
            let kept = self.html.trim_end_matches([' ', '\n']).len();
            let blanks = self.html.split_off(kept);
            self.html.push_str("</span>");
            self.html.push_str(&blanks);
        }
    }

    fn finish(mut self) -> (String, usize) {
        self.close();
        (self.html, self.count)
    }
}

/// The first word behind the fence, without what other tools write round it.
fn language_token(info: &str) -> &str {
    let first = info
        .split([' ', '\t', ',', '{', ':'])
        .find(|word| !word.is_empty());
    first
        .unwrap_or("")
        .trim_start_matches('.')
        .trim_end_matches('}')
}

/// Languages whose name is not their token with a capital letter, and the grammar to colour them with.
const LANGUAGES: &[(&[&str], &str, &str)] = &[
    (
        &["sh", "bash", "zsh", "shell", "console", "shell-session"],
        "Shell",
        "sh",
    ),
    (&["js", "javascript", "mjs", "cjs"], "JavaScript", "js"),
    (&["jsx"], "JSX", "js"),
    (&["ts", "typescript"], "TypeScript", "js"),
    (&["tsx"], "TSX", "js"),
    (&["json", "jsonc", "json5"], "JSON", "json"),
    (&["yaml", "yml"], "YAML", "yaml"),
    (&["html", "htm"], "HTML", "html"),
    (&["xml", "svg"], "XML", "xml"),
    (&["css"], "CSS", "css"),
    (&["scss"], "SCSS", "css"),
    (&["sql", "psql", "mysql", "postgresql"], "SQL", "sql"),
    (&["py", "python", "python3"], "Python", "py"),
    (&["rb", "ruby"], "Ruby", "rb"),
    (&["rs", "rust"], "Rust", "rs"),
    (&["cs", "csharp", "c#"], "C#", "cs"),
    (&["cpp", "c++", "cc", "cxx"], "C++", "cpp"),
    (&["objc", "objective-c"], "Objective-C", "m"),
    (&["php"], "PHP", "php"),
    (&["md", "markdown"], "Markdown", "md"),
    (&["diff", "patch"], "Diff", "diff"),
    (&["bat", "batch", "cmd"], "Batch", "bat"),
    (&["golang", "go"], "Go", "go"),
    (&["hs", "haskell"], "Haskell", "hs"),
    (&["tex", "latex"], "LaTeX", "tex"),
    (&["erb"], "ERB", "erb"),
    (&["toml"], "TOML", ""),
    (&["ini"], "INI", ""),
    (&["csv"], "CSV", ""),
    (&["http"], "HTTP", ""),
    (&["graphql"], "GraphQL", ""),
    (&["ps1", "powershell", "pwsh"], "PowerShell", ""),
    (&["text", "txt", "plain", "plaintext"], "Text", ""),
];

fn listed(token: &str) -> Option<&'static (&'static [&'static str], &'static str, &'static str)> {
    LANGUAGES
        .iter()
        .find(|(tokens, ..)| tokens.iter().any(|known| known.eq_ignore_ascii_case(token)))
}

/// The name readers see above the block.
fn display_name(token: &str) -> &str {
    listed(token).map_or(token, |(_, name, _)| name)
}

fn syntax_of(token: &str) -> Option<&'static SyntaxReference> {
    let token = match listed(token) {
        Some((.., "")) => return None,
        Some((.., grammar)) => grammar,
        None => token,
    };
    grammars()
        .find_syntax_by_token(token)
        .filter(|syntax| syntax.name != "Plain Text")
}

fn grammars() -> &'static SyntaxSet {
    static GRAMMARS: OnceLock<SyntaxSet> = OnceLock::new();
    GRAMMARS.get_or_init(SyntaxSet::load_defaults_newlines)
}

/// Scopes and what they look like. The innermost scope that is listed decides; of two entries that
/// fit, the first.
static CLASSES: LazyLock<Vec<(Scope, Option<&'static str>)>> = LazyLock::new(|| {
    [
        ("comment", Some("tc")),
        ("constant.character.escape", Some("tp")),
        ("constant", Some("tn")),
        ("variable.language", Some("tn")),
        ("string", Some("ts")),
        ("markup.raw", Some("ts")),
        ("markup.inserted", Some("ts")),
        ("markup.deleted", Some("tk")),
        ("markup.heading", Some("tk")),
        ("variable.function.shell", Some("tk")),
        ("keyword.operator", None),
        ("keyword", Some("tk")),
        ("storage", Some("tk")),
        ("entity.name.tag", Some("tk")),
        ("entity.other.attribute-name", Some("tp")),
        ("entity.name", Some("tp")),
        ("support.type.property-name", Some("tp")),
        ("support", Some("tp")),
        ("variable.parameter", Some("tp")),
        ("meta.diff.header", Some("tc")),
        ("meta.interpolation", None),
    ]
    .into_iter()
    .filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, class)))
    .collect()
});

/// Names of keys in mappings: quoted there, they are strings to the grammar and names to readers.
static KEYS: LazyLock<Vec<Scope>> = LazyLock::new(|| {
    ["meta.mapping.key", "meta.structure.dictionary.key"]
        .into_iter()
        .filter_map(|scope| Scope::new(scope).ok())
        .collect()
});

fn class_of(stack: &ScopeStack) -> Option<&'static str> {
    let scopes = stack.as_slice();
    let found = scopes.iter().rev().find_map(|scope| {
        let fits = CLASSES
            .iter()
            .find(|(listed, _)| listed.is_prefix_of(*scope));
        fits.map(|(_, class)| *class)
    });
    let is_key = || {
        let key = |scope: &Scope| KEYS.iter().any(|listed| listed.is_prefix_of(*scope));
        scopes.iter().any(key)
    };
    match found.flatten() {
        Some("ts") if is_key() => Some("tp"),
        class => class,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(info: &str, code: &str) -> String {
        let mut out = String::new();
        Highlighter::default().write(info, code, &mut out);
        out
    }

    #[test]
    fn a_block_is_a_figure_with_its_language_above() {
        assert_eq!(
            html("toml title=x", "a = \"<b>\"\n"),
            "<figure class=\"code\"><figcaption><span>TOML</span></figcaption>\
             <pre><code class=\"language-toml\">a = &quot;&lt;b&gt;&quot;\n</code></pre></figure>\n"
        );
        assert_eq!(
            html("", "a\n"),
            "<figure class=\"code\"><pre><code>a\n</code></pre></figure>\n"
        );
        assert!(html("a\"b", "x\n").starts_with("<figure class=\"code\"><pre><code>x"));
    }

    #[test]
    fn known_languages_are_coloured_with_five_classes() {
        let rust = html("rust", "// a\nfn b() { let c = \"d\"; 1 }\n");
        for wanted in [
            "<span class=\"tc\">// a</span>\n",
            "<span class=\"tk\">fn</span> <span class=\"tp\">b</span>",
            "<span class=\"ts\">&quot;d&quot;</span>",
            "<span class=\"tn\">1</span>",
        ] {
            assert!(rust.contains(wanted), "{wanted} in {rust}");
        }
        let json = html("json", "{\"a\": \"b\", \"c\": 1}\n");
        assert!(
            json.contains("<span class=\"tp\">&quot;a&quot;</span>"),
            "{json}"
        );
        assert!(
            json.contains("<span class=\"ts\">&quot;b&quot;</span>"),
            "{json}"
        );
    }

    #[test]
    fn too_much_code_stays_plain_and_whole() {
        let line = "let a = 1;\n".repeat(HIGHLIGHT_BYTES_MAX / 11 + 1);
        assert!(!html("rust", &line).contains("<span class=\"t"));
        let long = format!("let a = \"{}\";\n", "b".repeat(HIGHLIGHT_LINE_BYTES_MAX));
        let html = html("rust", &long);
        assert!(!html.contains("<span class=\"t") && html.contains("let a"));
    }
}
