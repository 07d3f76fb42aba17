//! As much XML as a report needs: elements, attributes, text; whatever comes in, it is well-formed.

/// An element; its attributes in the order they were given.
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: Option<String>,
    children: Vec<Element>,
}

/// An element that holds text.
pub(super) fn text(name: &'static str, text: &str) -> Element {
    Element { text: Some(escaped(text, false)), ..Element::new(name) }
}

impl Element {
    pub(super) fn new(name: &'static str) -> Element {
        Element { name, attributes: Vec::new(), text: None, children: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Element {
        self.attributes.push((name, escaped(value, true)));
        self
    }

    pub(super) fn push(&mut self, child: Element) {
        self.children.push(child);
    }

    /// Two spaces a level; text stands as it is.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }

    fn write(&self, level: usize, out: &mut String) {
        let indent = "  ".repeat(level);
        out.push_str(&format!("{indent}<{}", self.name));
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{value}\""));
        }
        match (&self.text, self.children.as_slice()) {
            (Some(text), _) => out.push_str(&format!(">{text}</{}>\n", self.name)),
            (None, []) => out.push_str("/>\n"),
            (None, children) => {
                out.push_str(">\n");
                children.iter().for_each(|child| child.write(level + 1, out));
                out.push_str(&format!("{indent}</{}>\n", self.name));
            }
        }
    }
}

/// Text that no parser takes for markup. What XML 1.0 forbids is shown instead (section 2.2 of the specification).
fn escaped(text: &str, attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            // A parser turns these into spaces in attributes, and a carriage return into a line feed anywhere.
            '\t' | '\n' if attribute => out.push_str(&format!("&#{};", u32::from(c))),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            // XML allows these and advises against them; to a terminal some are commands.
            '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)))
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_xml_forbids_or_reads_as_markup_comes_through() {
        let mut element = Element::new("a").with("b", "\"<&>\n\u{0}\u{ffff}'");
        element.push(text("c", "]]>\u{8}\u{7f}\u{9b}\r\n<x>&amp;"));
        let written = "<a b=\"&quot;&lt;&amp;&gt;&#10;␀⟨U+FFFF⟩'\">\n  <c>]]&gt;␈␡⟨U+009B⟩&#13;\n&lt;x&gt;&amp;amp;</c>\n</a>\n";
        assert_eq!(element.written(), written);
    }
}
