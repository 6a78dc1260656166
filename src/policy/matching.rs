//! Which model of a gateway each route means.
//!
//! Invariant: nothing is used without asking unless one candidate stands clear of all others: sold
//! by the route's own vendor, of the family and version its name asks for, and not a variant.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::domain::{Catalog, MatchCertainty, ModelRef, Route, RouteKey, RouteMatch, Settings, VendorId, vendor_of};

/// A match, or the candidates for one, for every route of the settings.
#[must_use]
pub fn match_routes(settings: &Settings, catalog: &Catalog) -> Vec<RouteMatch> {
    settings.routes.iter().map(|(key, route)| match_route(key, route, catalog)).collect()
}

/// The settings with every sure match filled in: what the plan is made with.
#[must_use]
pub fn with_matches(settings: &Settings, matches: &[RouteMatch]) -> Settings {
    let mut settings = settings.clone();
    for found in matches.iter().filter(|found| found.certainty == MatchCertainty::Sure) {
        if let Some(route) = settings.routes.get_mut(&found.route).filter(|route| route.model.is_none()) {
            route.model.clone_from(&found.model);
        }
    }
    settings
}

/// The routes of which only the user can say what they mean: nothing is decided by way of them.
pub(super) fn unanswered(settings: &Settings, catalog: &Catalog) -> BTreeSet<RouteKey> {
    let open = |route: &Route| !route.model.as_ref().is_some_and(|model| catalog.lists(model));
    let asks = |key: &RouteKey, route: &Route| match_route(key, route, catalog).certainty == MatchCertainty::Asks;
    let routes = settings.routes.iter().filter(|(key, route)| open(route) && asks(key, route));
    routes.map(|(key, _)| key.clone()).collect()
}

fn match_route(key: &RouteKey, route: &Route, catalog: &Catalog) -> RouteMatch {
    let wanted = Wanted::of(key, route);
    let mut ranked: Vec<Candidate> = catalog.models.keys().filter_map(|model| wanted.candidate(model)).collect();
    ranked.sort_by(|a, b| a.rank().cmp(&b.rank()).then_with(|| a.model.cmp(&b.model)));
    let candidates: Vec<ModelRef> = ranked.iter().map(|candidate| candidate.model.clone()).collect();
    let (model, certainty) = match (&route.model, ranked.first()) {
        (Some(set), _) if catalog.lists(set) => (Some(set.clone()), MatchCertainty::Confirmed),
        (_, None) => (None, MatchCertainty::NoModel),
        (None, Some(best)) if best.stands_clear_of(&ranked[1..]) => (Some(best.model.clone()), MatchCertainty::Sure),
        _ => (None, MatchCertainty::Asks),
    };
    RouteMatch { route: key.clone(), label: route.label.clone(), model, candidates, certainty }
}

/// What a route's name asks for.
struct Wanted {
    vendor: VendorId,
    /// Words beside the vendor's name: "flash", "opus".
    family: Vec<String>,
    version: Vec<u32>,
}

/// Parts of model names that make another thing of the same family.
const VARIANTS: &[&str] = &[
    "lite",
    "mini",
    "nano",
    "turbo",
    "highspeed",
    "fast",
    "thinking",
    "preview",
    "exp",
    "latest",
    "vision",
    "air",
    "code",
    "coding",
    "free",
    "beta",
    "lightning",
    "her",
    "long",
    "32k",
    "8k",
    "128k",
];
/// What cannot hold a conversation at all.
const NOT_CHAT: &[&str] =
    &["embed", "embedding", "tts", "image", "audio", "whisper", "speech", "video", "music", "live", "ocr", "rerank"];

impl Wanted {
    fn of(key: &RouteKey, route: &Route) -> Self {
        let mut parts: Vec<String> = words(key.as_str());
        parts.extend(words(&route.label));
        let vendor_words = ["google", "gemini", "anthropic", "claude", "moonshot", "openai"];
        let is_family = |word: &String| {
            !word.starts_with(|first: char| first.is_ascii_digit())
                && *word != route.vendor.as_str()
                && !vendor_words.contains(&word.as_str())
        };
        let mut family: Vec<String> = parts.into_iter().filter(is_family).collect();
        family.sort();
        family.dedup();
        Self { vendor: route.vendor.clone(), family, version: version(&words(&route.label)) }
    }

    fn candidate(&self, model: &ModelRef) -> Option<Candidate> {
        let parts = words(model.model());
        if parts.iter().any(|part| NOT_CHAT.contains(&part.as_str())) {
            return None;
        }
        let direct = vendor_of(&model.account()) == self.vendor;
        let has_family = self.family.iter().all(|word| parts.iter().any(|part| part == word));
        let of_vendor = direct || parts.iter().any(|part| part == self.vendor.as_str());
        let fits = if self.family.is_empty() { of_vendor } else { has_family };
        fits.then(|| {
            let variant = |part: &&String| VARIANTS.contains(&part.as_str()) && !self.family.contains(part);
            let found = version(&parts);
            Candidate {
                direct,
                right_version: self.version.is_empty() || found.starts_with(&self.version),
                n_variants: parts.iter().filter(variant).count(),
                version: found,
                model: model.clone(),
            }
        })
    }
}

struct Candidate {
    model: ModelRef,
    /// Sold by the vendor itself, not by a reseller.
    direct: bool,
    right_version: bool,
    n_variants: usize,
    version: Vec<u32>,
}

impl Candidate {
    /// Best first.
    fn rank(&self) -> (Reverse<bool>, Reverse<bool>, usize, Reverse<&[u32]>) {
        (Reverse(self.direct), Reverse(self.right_version), self.n_variants, Reverse(&self.version))
    }

    fn stands_clear_of(&self, others: &[Self]) -> bool {
        let rivals = |other: &&Self| other.rank() == self.rank();
        let two_accounts = |other: &&Self| other.direct && other.model.account() != self.model.account();
        self.direct && self.right_version && !others.iter().any(|other| rivals(&other) || two_accounts(&other))
    }
}

/// Lower-case words and numbers: `MiniMax-M3` gives `minimax`, `m3`; `Flash 3` gives `flash`, `3`.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let parts = lower.split(|letter: char| !letter.is_alphanumeric() && letter != '.');
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The numbers of a name, without dates: `opus`, `4`, `5` gives 4.5; `m3` gives 3; `k2.5` gives 2.5.
fn version(parts: &[String]) -> Vec<u32> {
    let mut version = Vec::new();
    for part in parts {
        let digits = part.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let short = part.len() - digits.len() <= 1 && !digits.is_empty();
        if short && digits.split('.').all(|number| (1..=2).contains(&number.len()) && number.parse::<u32>().is_ok()) {
            version.extend(digits.split('.').filter_map(|number| number.parse::<u32>().ok()));
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Model;

    fn catalog(models: &[&str]) -> Catalog {
        let model = |id: &&str| {
            let id = ModelRef::parse(id).expect("a reference");
            let model = Model::new(id.clone());
            (id, model)
        };
        Catalog { models: models.iter().map(model).collect(), ..Catalog::default() }
    }

    fn found(route: &str, models: &[&str]) -> (Option<String>, MatchCertainty) {
        let matches = match_routes(&Settings::default(), &catalog(models));
        let found = matches.into_iter().find(|found| found.route.as_str() == route).expect("every route is there");
        (found.model.map(|model| model.as_str().to_owned()), found.certainty)
    }

    #[test]
    fn a_route_is_matched_without_asking_only_when_one_model_stands_clear() {
        use MatchCertainty::{Asks, NoModel, Sure};
        type Case = (&'static str, &'static [&'static str], Option<&'static str>, MatchCertainty, &'static str);
        let cases: &[Case] = &[
            ("minimax", &["minimax/MiniMax-M3"], Some("minimax/MiniMax-M3"), Sure, "the only one"),
            (
                "minimax",
                &["minimax/MiniMax-M3", "minimax/MiniMax-M2.5"],
                Some("minimax/MiniMax-M3"),
                Sure,
                "the newest",
            ),
            (
                "minimax",
                &["minimax/MiniMax-M3", "minimax/MiniMax-M3-highspeed"],
                Some("minimax/MiniMax-M3"),
                Sure,
                "not a variant",
            ),
            (
                "minimax",
                &["minimax/MiniMax-M3", "minimax-plan/MiniMax-M3"],
                None,
                Asks,
                "two accounts: credits or plan",
            ),
            ("minimax", &["openrouter/minimax/minimax-m3"], None, Asks, "a reseller is asked about"),
            (
                "gemini_flash",
                &["google/gemini-3-flash", "google/gemini-3-pro"],
                Some("google/gemini-3-flash"),
                Sure,
                "the family",
            ),
            (
                "gemini_flash",
                &["google/gemini-3-flash-preview", "google/gemini-2.5-flash"],
                Some("google/gemini-3-flash-preview"),
                Sure,
                "the version asked for",
            ),
            ("gemini_flash", &["google/gemini-2.5-flash"], None, Asks, "another version is asked about"),
            ("gemini_flash", &["google/gemini-3-flash-image"], None, NoModel, "it draws"),
            (
                "opus",
                &["anthropic/claude-opus-4-5", "anthropic/claude-opus-4-1", "anthropic/claude-sonnet-4-5"],
                Some("anthropic/claude-opus-4-5"),
                Sure,
                "the newest of the family",
            ),
            (
                "opus",
                &["anthropic/claude-opus-4-5-20251101"],
                Some("anthropic/claude-opus-4-5-20251101"),
                Sure,
                "a date is no version",
            ),
            ("opus", &["beta/b-opus", "alpha/a-large"], None, Asks, "an unknown seller is asked about"),
            ("kimi", &["moonshot/kimi-k2.5"], Some("moonshot/kimi-k2.5"), Sure, "the vendor's other name"),
            ("kimi", &["alpha/a-large"], None, NoModel, "nothing of the kind"),
        ];
        for (route, models, model, certainty, why) in cases {
            assert_eq!(found(route, models), (model.map(str::to_owned), *certainty), "{why}: {models:?}");
        }
    }

    #[test]
    fn what_the_user_set_is_kept_while_the_gateway_lists_it() {
        let mut settings = Settings::default();
        let set = ModelRef::parse("beta/b-opus").expect("a reference");
        settings.routes.get_mut("opus").expect("a default route").model = Some(set.clone());
        let listed = match_routes(&settings, &catalog(&["beta/b-opus", "anthropic/claude-opus-4-5"]));
        let opus = listed.iter().find(|found| found.route.as_str() == "opus").expect("there");
        assert_eq!((opus.model.as_ref(), opus.certainty), (Some(&set), MatchCertainty::Confirmed));

        let gone = match_routes(&settings, &catalog(&["anthropic/claude-opus-4-5"]));
        let opus = gone.iter().find(|found| found.route.as_str() == "opus").expect("there");
        assert_eq!(opus.certainty, MatchCertainty::Asks, "a replacement is offered, not taken");
        let filled = with_matches(&settings, &gone);
        assert_eq!(filled.routes.get("opus").expect("there").model, Some(set));
    }
}
