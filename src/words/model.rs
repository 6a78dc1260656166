//! Short names of models, routes and vendors.

use super::Speech;
use super::text::capitalised;
use crate::domain::{AccountId, Cron, ModelRef, RouteKey, VendorId, known_vendor, vendor_of};

/// The label of the route with that model, else the catalog's name, else the id.
pub fn model_name(model: &ModelRef, speech: &Speech<'_>) -> String {
    let label = speech.settings.routes.values().find(|route| route.model.as_ref() == Some(model));
    let label = label.map(|route| &route.label);
    let listed = || speech.catalog.models.get(model).map(|model| &model.name);
    let name = label.or_else(listed).filter(|name| !name.trim().is_empty());
    name.map_or_else(|| model.as_str().to_owned(), Clone::clone)
}

/// What a cron's model is called on a card: a short name, "agent default", or the stored text when nothing lists it.
pub fn cron_model(cron: &Cron, speech: &Speech<'_>) -> String {
    let Some(turn) = cron.turn() else { return "no model".to_owned() };
    stored_model(turn.model.as_deref(), cron.agent.as_deref(), speech)
}

/// The short name of a stored model text, which may be an alias or a bare id.
pub(super) fn stored_model(stored: Option<&str>, agent: Option<&str>, speech: &Speech<'_>) -> String {
    let Some(stored) = stored.map(str::trim).filter(|text| !text.is_empty()) else {
        return "agent default".to_owned();
    };
    let model = speech.catalog.resolve(Some(stored), agent).or_else(|| ModelRef::parse(stored));
    model.map_or_else(|| stored.to_owned(), |model| model_name(&model, speech))
}

pub fn route_name(route: &RouteKey, speech: &Speech<'_>) -> String {
    speech.settings.routes.get(route).map_or_else(|| route.as_str().to_owned(), |route| route.label.clone())
}

pub fn vendor_name(vendor: &VendorId) -> String {
    known_vendor(vendor).map_or_else(|| capitalised(vendor.as_str()), |known| known.name.to_owned())
}

/// The letter in the coloured square.
pub fn vendor_letter(vendor: &VendorId) -> char {
    let first = || vendor.as_str().chars().find(|letter| letter.is_alphanumeric());
    let letter = known_vendor(vendor).map(|known| known.letter).or_else(first);
    letter.and_then(|letter| letter.to_uppercase().next()).unwrap_or('?')
}

/// "MiniMax", "MiniMax plan", "Kimi (moonshot)": the vendor, and what tells this account from its others.
pub fn account_name(account: &AccountId) -> String {
    let vendor = vendor_of(account);
    let name = vendor_name(&vendor);
    let Some(rest) = account.as_str().to_ascii_lowercase().strip_prefix(vendor.as_str()).map(str::to_owned) else {
        return format!("{name} ({account})");
    };
    let rest = rest.replace(['-', '_', '.', ':'], " ");
    let rest = rest.trim();
    if rest.is_empty() { name } else { format!("{name} {rest}") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cron, world};
    use super::{account_name, cron_model, model_name, vendor_letter, vendor_name};
    use crate::domain::{AccountId, ModelRef, Payload, VendorId};

    #[test]
    fn a_model_is_called_by_its_route_then_its_listing_then_its_id() {
        let world = world();
        let cases = [
            ("google/gemini-3-flash", "Flash 3", "a route of the settings"),
            ("google/gemini-3-pro", "Gemini 3 Pro", "only listed"),
            ("acme/unheard-of", "acme/unheard-of", "nobody knows it"),
        ];
        for (model, said, why) in cases {
            let model = ModelRef::parse(model).expect("a reference");
            assert_eq!(model_name(&model, &world.speech()), said, "{why}");
        }
    }

    #[test]
    fn a_card_says_the_model_as_it_is_stored() {
        let world = world();
        let cases = [
            (None, "agent default", "follows the agent"),
            (Some("  "), "agent default", "blank is none"),
            (Some("flash"), "Flash 3", "an alias"),
            (Some("gemini-3-pro"), "Gemini 3 Pro", "a bare id"),
            (Some("gone-model"), "gone-model", "listed nowhere"),
        ];
        for (stored, said, why) in cases {
            assert_eq!(cron_model(&cron(stored), &world.speech()), said, "{why}");
        }
        let mut command = cron(None);
        command.payload = Payload::Other("command".to_owned());
        assert_eq!(cron_model(&command, &world.speech()), "no model");
    }

    #[test]
    fn vendors_and_accounts_have_names_and_letters() {
        let cases = [
            ("minimax", "MiniMax", 'M'),
            ("minimax-plan", "MiniMax plan", 'M'),
            ("moonshot", "Kimi (moonshot)", 'K'),
            ("openrouter", "OpenRouter", 'R'),
            ("acme", "Acme", 'A'),
        ];
        for (account, name, letter) in cases {
            let account = AccountId::new(account);
            assert_eq!(account_name(&account), name);
            assert_eq!(vendor_letter(&crate::domain::vendor_of(&account)), letter);
        }
        assert_eq!(vendor_name(&VendorId::new("zai")), "Z.ai");
        assert_eq!(vendor_letter(&VendorId::new("--")), '?');
    }
}
