//! The storage format as HTML: macros, links, pictures and tasks of Confluence in the elements they
//! stand for. What is not known keeps its text.

use crate::addresses::{encoded, relative};
use crate::markup::{Element, Node, attribute, elements, first, text_of};

use super::space::{Page, Spaces};

/// The tree with Confluence's own elements replaced.
pub(super) fn as_html(nodes: Vec<Node>, page: &Page, spaces: &Spaces) -> Vec<Node> {
    let writer = Writer { page, spaces };
    writer.nodes(nodes)
}

struct Writer<'a> {
    page: &'a Page,
    spaces: &'a Spaces,
}

impl Writer<'_> {
    fn nodes(&self, nodes: Vec<Node>) -> Vec<Node> {
        let mut out = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Node::Text(_) => out.push(node),
                Node::Element(element) => self.element(element, &mut out),
            }
        }
        out
    }

    fn element(&self, mut element: Element, out: &mut Vec<Node>) {
        match element.name.as_str() {
            "ac:structured-macro" | "ac:macro" => self.macro_of(element, out),
            "ac:link" => self.link(element, out),
            "ac:image" => self.image(&element, out),
            "ac:task-list" => {
                let tasks = element.children.into_iter().filter_map(|node| match node {
                    Node::Element(task) if task.name == "ac:task" => Some(self.task(task)),
                    _ => None,
                });
                out.push(made("ul", &[], tasks.collect()));
            }
            "ac:emoticon" => {
                let shown = attribute(&element, "ac:emoji-fallback");
                let shown =
                    shown.or_else(|| emoticon(attribute(&element, "ac:name").unwrap_or_default()));
                out.extend(shown.map(|shown| Node::Text(shown.to_owned())));
            }
            "ac:placeholder" | "ac:parameter" | "ac:adf-node" => {}
            "ac:layout" | "ac:layout-section" | "ac:layout-cell" | "ac:rich-text-body"
            | "ac:adf-extension" | "ac:adf-fallback" | "ac:adf-content" => {
                // What newer editors write twice has a copy for readers that do not know it.
                let nodes = match first(&element.children, &|inner| inner.name == "ac:adf-fallback")
                {
                    Some(fallback) if element.name == "ac:adf-extension" => {
                        fallback.children.clone()
                    }
                    _ => element.children,
                };
                out.push(made("div", &[], self.nodes(nodes)));
            }
            "ac:plain-text-body" => out.push(made("pre", &[], element.children)),
            "ri:user" => out.extend(self.user(&element)),
            "time" if element.children.is_empty() => {
                let date = attribute(&element, "datetime")
                    .unwrap_or_default()
                    .to_owned();
                out.push(Node::Text(date));
            }
            name if name.starts_with("ac:") => out.extend(self.nodes(element.children)),
            name if name.starts_with("ri:") => {}
            _ => {
                element.children = self.nodes(element.children);
                out.push(Node::Element(element));
            }
        }
    }

    fn macro_of(&self, element: Element, out: &mut Vec<Node>) {
        let name = attribute(&element, "ac:name")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let said = |parameter: &str| {
            let found = elements(&element.children).find(|inner| {
                inner.name == "ac:parameter" && attribute(inner, "ac:name") == Some(parameter)
            });
            found
                .map(|found| text_of(&found.children).trim().to_owned())
                .filter(|said| !said.is_empty())
        };
        let plain = elements(&element.children).find(|inner| inner.name == "ac:plain-text-body");
        let plain = plain.map(|body| text_of(&body.children));
        let rich = || {
            let body = elements(&element.children).find(|inner| inner.name == "ac:rich-text-body");
            self.nodes(body.map(|body| body.children.clone()).unwrap_or_default())
        };
        match name.as_str() {
            "code" | "noformat" => {
                if let Some(title) = said("title") {
                    out.push(made(
                        "p",
                        &[],
                        vec![made("strong", &[], vec![Node::Text(title)])],
                    ));
                }
                let language = said("language").unwrap_or_default();
                let code = plain.unwrap_or_default();
                out.push(made(
                    "pre",
                    &[("data-language", &language)],
                    vec![Node::Text(code)],
                ));
            }
            "info" | "note" | "tip" | "warning" | "panel" | "success" | "error" => {
                let class = match name.as_str() {
                    "note" => "admonition important",
                    "tip" | "success" => "admonition tip",
                    "warning" | "error" => "admonition warning",
                    _ => "admonition note",
                };
                let mut children = Vec::new();
                if let Some(title) = said("title") {
                    children.push(made(
                        "p",
                        &[("class", "admonition-title")],
                        vec![Node::Text(title)],
                    ));
                }
                children.extend(rich());
                out.push(made("div", &[("class", class)], children));
            }
            "expand" => {
                let title = said("title").unwrap_or_else(|| "Click here to expand…".to_owned());
                let mut children = vec![made("summary", &[], vec![Node::Text(title)])];
                children.extend(rich());
                out.push(made("details", &[], children));
            }
            "anchor" => {
                let id = said("").or_else(|| self.default_parameter(&element));
                out.extend(id.map(|id| made("a", &[("name", &id)], Vec::new())));
            }
            "status" => {
                let title = said("title").map(|title| made("strong", &[], vec![Node::Text(title)]));
                out.extend(title);
            }
            "jira" => {
                let shown = said("key").or_else(|| said("jqlQuery"));
                out.extend(shown.map(Node::Text));
            }
            "widget" | "multimedia" | "iframe" => {
                let url = first(&element.children, &|inner| inner.name == "ri:url");
                let url = url
                    .and_then(|url| attribute(url, "ri:value"))
                    .map(str::to_owned);
                let url = url.or_else(|| said("url")).or_else(|| said("src"));
                out.extend(url.map(|url| made("iframe", &[("src", &url)], Vec::new())));
                self.attached(&element, out);
            }
            "view-file" | "viewpdf" | "viewdoc" | "viewxls" | "viewppt" => {
                self.attached(&element, out)
            }
            // What lists other pages is made anew by the help center.
            "toc" | "children" | "pagetree" | "recently-updated" | "contentbylabel"
            | "attachments" | "livesearch" | "pagetreesearch" | "profile" | "gallery" => {}
            _ => {
                out.extend(rich());
                out.extend(plain.map(|text| made("pre", &[], vec![Node::Text(text)])));
            }
        }
    }

    /// The parameter without a name.
    fn default_parameter(&self, element: &Element) -> Option<String> {
        let found = elements(&element.children).find(|inner| {
            inner.name == "ac:parameter"
                && attribute(inner, "ac:name").unwrap_or_default().is_empty()
        })?;
        Some(text_of(&found.children).trim().to_owned())
    }

    /// A link to the file that a macro shows.
    fn attached(&self, element: &Element, out: &mut Vec<Node>) {
        let Some(attachment) = first(&element.children, &|inner| inner.name == "ri:attachment")
        else {
            return;
        };
        if let Some((name, address)) = self.attachment(attachment) {
            out.push(made("a", &[("href", &address)], vec![Node::Text(name)]));
        }
    }

    /// Name and address of an attachment: of this page, or of the page named inside.
    fn attachment(&self, attachment: &Element) -> Option<(String, String)> {
        let name = attribute(attachment, "ri:filename")?;
        let other = elements(&attachment.children).find(|inner| inner.name == "ri:page");
        let page = match other {
            Some(other) => self.titled(other)?,
            None => self.page,
        };
        let address = match self.spaces.file(page, name) {
            Some(file) => relative(&self.page.path, file),
            None => format!("/download/attachments/{}/{}", page.id, encoded(name)),
        };
        Some((name.to_owned(), address))
    }

    fn titled(&self, page: &Element) -> Option<&Page> {
        let title = attribute(page, "ri:content-title")?;
        self.spaces
            .titled(self.page, attribute(page, "ri:space-key"), title)
    }

    fn link(&self, element: Element, out: &mut Vec<Node>) {
        let anchor = attribute(&element, "ac:anchor")
            .unwrap_or_default()
            .to_owned();
        let resource = elements(&element.children)
            .find(|inner| inner.name.starts_with("ri:"))
            .cloned();
        let body = element.children.into_iter().find_map(|node| match node {
            Node::Element(body) if body.name == "ac:link-body" => Some(self.nodes(body.children)),
            Node::Element(body) if body.name == "ac:plain-text-link-body" => Some(body.children),
            _ => None,
        });
        let (shown, address) = match &resource {
            Some(resource) if resource.name == "ri:user" => {
                out.extend(
                    body.or_else(|| self.user(resource).map(|user| vec![user]))
                        .unwrap_or_default(),
                );
                return;
            }
            Some(resource) => self.target(resource),
            None => (anchor.clone(), Some(String::new())),
        };
        let body = body
            .filter(|body| !body.is_empty())
            .unwrap_or_else(|| vec![Node::Text(shown)]);
        let Some(mut address) = address else {
            out.extend(body);
            return;
        };
        if !anchor.is_empty() {
            address.push('#');
            address.push_str(&anchor);
        }
        out.push(made("a", &[("href", &address)], body));
    }

    /// What a link shows that has no words of its own, and where it leads.
    fn target(&self, resource: &Element) -> (String, Option<String>) {
        match resource.name.as_str() {
            "ri:page" | "ri:blog-post" => {
                let title = attribute(resource, "ri:content-title").unwrap_or(&self.page.title);
                let space = attribute(resource, "ri:space-key");
                let address = match self.spaces.titled(self.page, space, title) {
                    Some(page) => Some(relative(&self.page.path, &page.path)),
                    None => space.or(self.page.space_key.as_deref()).map(|key| {
                        let words: Vec<String> = title.split(' ').map(encoded).collect();
                        format!("/display/{}/{}", encoded(key), words.join("+"))
                    }),
                };
                (title.to_owned(), address)
            }
            "ri:attachment" => match self.attachment(resource) {
                Some((name, address)) => (name, Some(address)),
                None => (
                    attribute(resource, "ri:filename")
                        .unwrap_or_default()
                        .to_owned(),
                    None,
                ),
            },
            "ri:content-entity" => {
                let id = attribute(resource, "ri:content-id").unwrap_or_default();
                match self.spaces.page(id) {
                    Some(page) => (
                        page.title.clone(),
                        Some(relative(&self.page.path, &page.path)),
                    ),
                    None => (
                        id.to_owned(),
                        Some(format!("/pages/viewpage.action?pageId={}", encoded(id))),
                    ),
                }
            }
            "ri:url" => {
                let url = attribute(resource, "ri:value").unwrap_or_default();
                (url.to_owned(), Some(url.to_owned()))
            }
            "ri:space" => {
                let key = attribute(resource, "ri:space-key").unwrap_or_default();
                (key.to_owned(), Some(format!("/display/{}", encoded(key))))
            }
            _ => {
                let said = attribute(resource, "ri:key").or(attribute(resource, "ri:value"));
                (said.unwrap_or_default().to_owned(), None)
            }
        }
    }

    fn user(&self, user: &Element) -> Option<Node> {
        let key = attribute(user, "ri:userkey").or(attribute(user, "ri:account-id"));
        let name = key
            .and_then(|key| self.spaces.user(key))
            .or(attribute(user, "ri:username"));
        Some(Node::Text(format!("@{}", name?)))
    }

    fn image(&self, element: &Element, out: &mut Vec<Node>) {
        let source = elements(&element.children).find_map(|inner| match inner.name.as_str() {
            "ri:attachment" => self.attachment(inner).map(|(_, address)| address),
            "ri:url" => attribute(inner, "ri:value").map(str::to_owned),
            _ => None,
        });
        let alt = attribute(element, "ac:alt").unwrap_or_default();
        let title = attribute(element, "ac:title").unwrap_or_default();
        let source = source.unwrap_or_default();
        let picture = made(
            "img",
            &[("src", &source), ("alt", alt), ("title", title)],
            Vec::new(),
        );
        let caption = elements(&element.children).find(|inner| inner.name == "ac:caption");
        match caption {
            Some(caption) => {
                let words = text_of(&caption.children);
                let caption = made("figcaption", &[], vec![Node::Text(words)]);
                out.push(made("figure", &[], vec![picture, caption]));
            }
            None => out.push(picture),
        }
    }

    fn task(&self, task: Element) -> Node {
        let mut is_done = false;
        let mut body = Vec::new();
        for node in task.children {
            if let Node::Element(part) = node {
                match part.name.as_str() {
                    "ac:task-status" => is_done = text_of(&part.children).trim() == "complete",
                    "ac:task-body" => body = self.nodes(part.children),
                    _ => {}
                }
            }
        }
        let checked: &[(&str, &str)] = if is_done {
            &[("type", "checkbox"), ("checked", "")]
        } else {
            &[("type", "checkbox")]
        };
        let mut children = vec![
            made("input", checked, Vec::new()),
            Node::Text(" ".to_owned()),
        ];
        children.extend(body);
        made("li", &[], children)
    }
}

fn made(name: &str, attributes: &[(&str, &str)], children: Vec<Node>) -> Node {
    let attributes = attributes
        .iter()
        .filter(|(name, value)| !value.is_empty() || *name == "checked");
    Node::Element(Element {
        name: name.to_owned(),
        attributes: attributes
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        children,
    })
}

/// The emoticons that the editor of servers offers.
fn emoticon(name: &str) -> Option<&'static str> {
    Some(match name {
        "smile" => "🙂",
        "sad" => "🙁",
        "cheeky" => "😛",
        "laugh" => "😀",
        "wink" => "😉",
        "thumbs-up" => "👍",
        "thumbs-down" => "👎",
        "information" => "ℹ️",
        "tick" => "✅",
        "cross" => "❌",
        "warning" => "⚠️",
        "plus" => "➕",
        "minus" => "➖",
        "question" => "❓",
        "light-on" => "💡",
        "light-off" => "💡",
        "yellow-star" | "red-star" | "green-star" | "blue-star" => "⭐",
        "heart" => "❤️",
        "broken-heart" => "💔",
        _ => return None,
    })
}
