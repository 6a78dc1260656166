//! Whose page it is: by its address, else by the names on it.

use super::dialect;
use super::page::Page;
use crate::domain::Service;

/// What a page says of its owner, against the service it is meant to be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Meant,
    /// Another kind of account of the same vendor.
    Sibling(Service),
    /// Not named, while another is.
    Maybe(Service),
    Other(Service),
    Unsaid,
}

/// Addresses of dashboards that tell more than a service's hosts do.
const PAGES: &[(&str, Service)] = &[
    ("claude.ai", Service::ClaudeSubscription),
    ("console.anthropic.com", Service::Anthropic),
    ("platform.claude.com", Service::Anthropic),
    ("chatgpt.com", Service::Codex),
    ("aistudio.google.com", Service::Gemini),
    ("console.cloud.google.com", Service::Gemini),
    ("platform.kimi", Service::Moonshot),
    ("github.com/settings/copilot", Service::Copilot),
];

const SIBLINGS: &[&[Service]] = &[
    &[Service::Anthropic, Service::ClaudeSubscription],
    &[Service::OpenAi, Service::Codex],
    &[Service::Gemini, Service::GeminiCli],
    &[Service::Kimi, Service::Moonshot],
    &[Service::Ollama, Service::OllamaCloud],
];

pub(super) fn of(page: &Page, meant: Service) -> Owner {
    if meant == Service::Other {
        return Owner::Unsaid;
    }
    if let Some(found) = page.url.as_deref().and_then(by_address) {
        return judged(found, meant);
    }
    let text = page.text.to_ascii_lowercase();
    let title = page.title.to_ascii_lowercase();
    let names = |service: Service, text: &str| dialect::of(service).brands.iter().any(|brand| names(text, brand));
    let own = dialect::of(meant).brands;
    if own.iter().any(|brand| title.contains(brand) || text.contains(brand)) {
        return Owner::Meant;
    }
    let others: Vec<Service> =
        Service::ALL.iter().copied().filter(|other| names(*other, &title) || names(*other, &text)).collect();
    let in_title = others.iter().find(|other| names(**other, &title));
    match (in_title, &others[..]) {
        (Some(other), _) => judged(*other, meant),
        (None, []) => Owner::Unsaid,
        // Names of one vendor only: it is theirs. Names of several: a list of models, or the like.
        (None, [first, rest @ ..]) if rest.iter().all(|other| are_siblings(*first, *other)) => judged(*first, meant),
        (None, [first, ..]) => Owner::Maybe(*first),
    }
}

fn judged(found: Service, meant: Service) -> Owner {
    match found {
        _ if found == meant => Owner::Meant,
        _ if are_siblings(found, meant) => Owner::Sibling(found),
        _ => Owner::Other(found),
    }
}

fn are_siblings(one: Service, other: Service) -> bool {
    one == other || SIBLINGS.iter().any(|pair| pair.contains(&one) && pair.contains(&other))
}

fn by_address(url: &str) -> Option<Service> {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest).trim_start_matches("www.");
    let page = PAGES.iter().find(|(address, _)| bare.starts_with(address)).map(|(_, service)| *service);
    page.or_else(|| Some(Service::of("", Some(url))).filter(|service| *service != Service::Other))
}

/// Whether a name stands in a text as a word. "Claude Code" is a program that many services can be used with.
fn names(text: &str, brand: &str) -> bool {
    text.match_indices(brand).take(50).any(|(at, _)| {
        let joined = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        let open = brand.ends_with('-') || !joined(text[at + brand.len()..].chars().next());
        let program = [" code", " cli"].iter().any(|word| text[at + brand.len()..].starts_with(word));
        !brand.is_ascii() || (!joined(text[..at].chars().next_back()) && open && !program)
    })
}

#[cfg(test)]
mod tests {
    use super::{Owner, of};
    use crate::domain::Service;
    use crate::providers::dashboard::page::Page;

    #[test]
    fn a_page_is_known_by_its_address_and_else_by_its_names() {
        let cases = [
            (Some("https://claude.ai/settings/usage"), "", Service::ClaudeSubscription, Owner::Meant),
            (
                Some("https://claude.ai/settings/usage"),
                "",
                Service::Anthropic,
                Owner::Sibling(Service::ClaudeSubscription),
            ),
            (
                Some("https://claude.ai/settings/usage"),
                "Kimi",
                Service::Kimi,
                Owner::Other(Service::ClaudeSubscription),
            ),
            (Some("https://www.kimi.com/code/console"), "", Service::Kimi, Owner::Meant),
            (Some("https://bigmodel.cn/coding-plan"), "", Service::Zai, Owner::Meant),
            (Some("https://intranet.example/x"), "weekly", Service::Kimi, Owner::Unsaid),
            (None, "Kimi Code\nweekly", Service::Kimi, Owner::Meant),
            (None, "ChatGPT Codex usage", Service::Kimi, Owner::Other(Service::Codex)),
            (None, "Use it in Claude Code\nweekly 12%", Service::Zai, Owner::Unsaid),
            (None, "Continue with Google", Service::Zai, Owner::Unsaid),
            (None, "Claude Sonnet, Gemini 3", Service::MiniMax, Owner::Maybe(Service::Anthropic)),
            (None, "Claude Sonnet, Gemini 3, OpenRouter", Service::OpenRouter, Owner::Meant),
            (None, "weekly 12%", Service::Zai, Owner::Unsaid),
            (None, "maximal groqqing", Service::Zai, Owner::Unsaid),
        ];
        for (url, text, meant, owner) in cases {
            let page = Page { text: text.to_owned(), url: url.map(str::to_owned), ..Page::default() };
            assert_eq!(of(&page, meant), owner, "{url:?} {text}");
        }
    }
}
