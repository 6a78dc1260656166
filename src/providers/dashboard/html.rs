//! The visible text of a saved page.
//!
//! No browser: tags become spaces or line breaks, scripts and drawings go, entities are decoded.
//! One pass; a tag or script that does not end is where the page was cut off.

/// A page without its tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stripped {
    pub(super) text: String,
    pub(super) title: String,
    /// Where it says that it comes from.
    pub(super) url: Option<String>,
    pub(super) cut_off: bool,
}

/// Whether a text is a page's source.
pub(super) fn is_html(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(2000).collect::<String>().to_ascii_lowercase();
    let begins = head.starts_with("<!doctype") || head.starts_with("<html") || head.starts_with("<!--");
    begins
        || ["<html", "<body", "<div", "<table", "<section", "<main", "<p>", "<span"]
            .iter()
            .any(|tag| head.contains(tag))
}

/// Elements whose content nobody sees as text.
const UNSEEN: &[&str] = &["script", "style", "svg", "noscript", "template", "iframe", "select", "canvas", "object"];

/// Elements that begin a line of their own. A cell does, too: it is read like one.
const LINES: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "button",
    "caption",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

pub(super) fn strip(html: &str) -> Stripped {
    let lower = html.to_ascii_lowercase();
    let mut page = Stripped::default();
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        decode(&html[at..at + found], &mut page.text);
        at += found;
        let rest = &lower[at..];
        if rest.starts_with("<!--") {
            let Some(end) = rest.find("-->") else { return page.ending_here() };
            page.note_source(&html[at..at + end]);
            at += end + 3;
        } else if rest[1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
            let Some(len) = tag_len(rest) else { return page.ending_here() };
            let tag = &html[at..at + len];
            at += len;
            let name = tag_name(tag);
            match name.as_str() {
                "title" if !tag.starts_with("</") => {
                    let end = lower[at..].find("</title").unwrap_or(0);
                    if page.title.is_empty() {
                        decode(&html[at..at + end], &mut page.title);
                    }
                    at += end;
                }
                unseen if UNSEEN.contains(&unseen) && !tag.starts_with("</") && !tag.ends_with("/>") => {
                    let Some(end) = lower[at..].find(&format!("</{unseen}")) else { return page.ending_here() };
                    at += end;
                    page.text.push(' ');
                }
                "link" | "meta" | "base" => page.note_link(tag),
                line if LINES.contains(&line) => page.text.push('\n'),
                _ => page.text.push(' '),
            }
        } else {
            page.text.push('<');
            at += 1;
        }
    }
    decode(&html[at..], &mut page.text);
    page.cut_off =
        lower.contains("<html") && !lower.contains("</html") || lower.contains("<body") && !lower.contains("</body");
    page
}

impl Stripped {
    fn ending_here(mut self) -> Self {
        self.cut_off = true;
        self
    }

    /// `<!-- saved from url=(0033)https://claude.ai/settings/usage -->`
    fn note_source(&mut self, comment: &str) {
        let Some((_, rest)) = comment.split_once("saved from url=") else { return };
        let url = rest.split_once(')').map_or(rest, |(_, url)| url);
        self.url = url.split_whitespace().next().map(str::to_owned);
    }

    fn note_link(&mut self, tag: &str) {
        let lower = tag.to_ascii_lowercase();
        let key = match () {
            () if lower.contains("canonical") => "href",
            () if lower.contains("og:url") => "content",
            () if lower.starts_with("<base") => "href",
            () => return,
        };
        let value = attribute(tag, &lower, key).filter(|url| url.starts_with("http"));
        self.url = self.url.take().or(value);
    }
}

fn attribute(tag: &str, lower: &str, key: &str) -> Option<String> {
    let at = lower.find(&format!("{key}="))? + key.len() + 1;
    let rest = &tag[at..];
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let value = match quote {
        Some(quote) => rest[1..].split(quote).next(),
        None => rest.split([' ', '>']).next(),
    };
    value.map(str::to_owned)
}

/// Up to and with its `>`, which may stand in a quoted value, too.
fn tag_len(rest: &str) -> Option<usize> {
    let (mut quote, mut before) = (None, b' ');
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match quote {
            Some(open) if byte == open => quote = None,
            None if byte == b'>' => return Some(at + 1),
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            Some(_) | None => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}

fn tag_name(tag: &str) -> String {
    let name = tag.trim_start_matches(['<', '/']);
    name.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

const ENTITIES: &[(&str, &str)] = &[
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ensp", " "),
    ("emsp", " "),
    ("thinsp", " "),
    ("middot", "·"),
    ("bull", "•"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("hellip", "…"),
    ("rsquo", "'"),
    ("yen", "¥"),
    ("euro", "€"),
    ("pound", "£"),
    ("dollar", "$"),
    ("percnt", "%"),
    ("sol", "/"),
    ("comma", ","),
    ("colon", ":"),
    ("period", "."),
];

/// The longest entity that is looked for.
const LONGEST: usize = 10;

/// Appends `text` with its entities decoded and its own line breaks as spaces.
fn decode(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain(&rest[..at], out);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST + 2).position(|byte| byte == b';');
        if let Some((end, found)) = end.and_then(|end| Some((end, entity(rest.get(1..end)?)?))) {
            out.push_str(&found);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    plain(rest, out);
}

fn plain(text: &str, out: &mut String) {
    out.extend(text.chars().map(|letter| if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter }));
}

fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).map(String::from);
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, said)| (*said).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{is_html, strip};

    fn seen(html: &str) -> String {
        let text = strip(html).text;
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_is_seen_stays_and_the_rest_goes() {
        let cases = [
            ("<p>63<!-- -->% <b>used</b></p>", "|63% used", "comments of a framework join, inline tags part"),
            ("<div>Weekly</div><div>12%</div>", "|Weekly||12%", "blocks are lines"),
            ("a<script>var x = '63% used </b>';</script>b", "a b", "a script is not seen"),
            ("<style>p{width:63%}</style>x<svg><text>50%</text></svg>y", "x y", "styles and drawings are not seen"),
            (
                "5&nbsp;&lt; 6 &amp;amp; &#x25; &#37; &yen;3 &unknown; & &",
                "5 < 6 &amp; % % ¥3 &unknown; & &",
                "entities",
            ),
            ("a < b and c > d", "a < b and c > d", "no tag"),
            ("<p title=\"a > b\">x</p>", "|x", "a quoted value may hold the end of a tag"),
            ("<p title=it's>x</p><p>y's</p>", "|x||y's", "an apostrophe opens no quotation"),
            ("<TD>1</TD><Td>2</tD>", "|1||2", "in any case"),
            (
                "line one\nstill line one<br>line two",
                "line one still line one|line two",
                "breaks of the source are none",
            ),
        ];
        for (html, expected, why) in cases {
            assert_eq!(seen(html).trim_end_matches('|'), expected, "{why}");
        }
    }

    #[test]
    fn a_page_that_ends_too_early_says_so() {
        for html in ["<html><body><p>63%", "<p>63%</p><div class=\"a", "x<script>let a = 1;", "x<!-- a"] {
            assert!(strip(html).cut_off, "{html}");
        }
        for html in ["<p>63%</p>", "<html><body>1</body></html>", "plain < text"] {
            assert!(!strip(html).cut_off, "{html}");
        }
    }

    #[test]
    fn a_page_tells_where_it_comes_from() {
        let cases = [
            (
                "<!-- saved from url=(0033)https://claude.ai/settings/usage -->\n<html>",
                "https://claude.ai/settings/usage",
            ),
            ("<link rel='canonical' href='https://z.ai/usage'>", "https://z.ai/usage"),
            ("<meta property=\"og:url\" content=\"https://kimi.com/x\">", "https://kimi.com/x"),
        ];
        for (html, url) in cases {
            assert_eq!(strip(html).url.as_deref(), Some(url));
        }
        assert_eq!(strip("<title>Usage &amp; limits</title>").title, "Usage & limits");
        assert!(is_html("<!DOCTYPE html>") && is_html("x <div>y</div>") && !is_html("Weekly 63% < all"));
    }
}
