//! Section `accounts`: what their owner said of them, each over what its id and its service imply.
//!
//! Invariant: no key is ever written here, or repeated in a complaint. `billing` is the older section
//! that knew nothing else of an account: it is read, and what contradicts `accounts` is taken out of
//! it when an account is written.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::{AccountId, Billing, FlatPrice, KeySource, ProviderAccount, Service, Settings, Undocumented, Usd};
use crate::state::BadValue;
use crate::state::document::number;
use crate::state::section::{Entry, Section, set};
use crate::state::writer::Writer;

use super::{BILLINGS, PERIODS, REGIONS, code_of, windows};

const SECTION: &str = "accounts";
const OLDER: &str = "billing";

pub(super) fn read_older(mut section: Section<'_, '_>, settings: &mut Settings) {
    for key in section.keys() {
        if let Some(billing) = section.choice(&key, BILLINGS) {
            settings.account_mut(&AccountId::new(&key)).billing = billing;
        }
    }
}

/// After [`read_older`], whose billing stands where nothing else is said.
pub(super) fn read(section: Section<'_, '_>, settings: &mut Settings) {
    section.each(|key, entry| {
        let Entry::Of(section) = entry else { return };
        let id = AccountId::new(key);
        let older = settings.accounts.get(&id).map(|known| known.billing);
        let account = section.into_account(&id, older);
        settings.accounts.insert(id, account);
    });
}

/// What an account is of which only this is known.
fn unsaid(id: &AccountId, service: Service) -> ProviderAccount {
    let implied = ProviderAccount::implied(id.clone());
    if service == implied.service { implied } else { ProviderAccount::new(id.clone(), service) }
}

impl Section<'_, '_> {
    fn into_account(mut self, id: &AccountId, older: Option<Billing>) -> ProviderAccount {
        let service = self.coded("service", Service::ALL, Service::code);
        let mut account = unsaid(id, service.unwrap_or_else(|| implied_service(id)));
        set(&mut account.billing, older);
        set(&mut account.label, self.text("label"));
        set(&mut account.billing, self.choice("billing", BILLINGS));
        account.plan = self.text("plan");
        if self.has("flat_price_usd") {
            account.flat_price = self.section("flat_price_usd").into_flat_price();
        }
        set(&mut account.region, self.choice("region", REGIONS));
        account.base_url = self.text("base_url");
        set(&mut account.key, self.key_source("key"));
        account.workspace.organization = self.text("organization");
        account.workspace.project = self.text("project");
        if self.flag("undocumented") == Some(true) {
            account.undocumented = Undocumented::On;
        }
        set(&mut account.reserve_ratio, self.percent("reserve_percent"));
        account.down_until = self.moment("down_until");
        account.set_aside_until = self.moment("set_aside_until");
        account.by_hand = windows::read(&mut self, "windows");
        account
    }

    fn into_flat_price(mut self) -> Option<FlatPrice> {
        if !(self.has("price") && self.has("per")) {
            self.bad.push(BadValue::new(self.path, "expected price and per"));
            return None;
        }
        let (price, per) = (self.money("price"), self.choice("per", PERIODS));
        Some(FlatPrice { price: Usd(price?), per: per? })
    }

    /// What stands there instead may be a key: it is not shown.
    fn key_source(&mut self, key: &str) -> Option<KeySource> {
        let found = self.value(key)?;
        let source = found.as_str().and_then(key_source);
        if source.is_none() {
            let wanted =
                "expected gateway, keychain, env:NAME or openclaw:PROVIDER; keys themselves are never kept here";
            self.bad.push(BadValue::new(self.path_of(key), wanted));
        }
        source
    }
}

fn implied_service(id: &AccountId) -> Service {
    ProviderAccount::implied(id.clone()).service
}

const GATEWAY: &str = "gateway";
const KEYCHAIN: &str = "keychain";
const ENVIRONMENT: &str = "env:";
const OPENCLAW: &str = "openclaw:";

fn key_source(text: &str) -> Option<KeySource> {
    let source = match text {
        GATEWAY => KeySource::Gateway,
        KEYCHAIN => KeySource::Keychain,
        _ => match (text.strip_prefix(ENVIRONMENT), text.strip_prefix(OPENCLAW)) {
            (Some(name), _) => KeySource::Environment(name.to_owned()),
            (_, Some(provider)) => KeySource::OpenClaw(provider.to_owned()),
            _ => return None,
        },
    };
    is_key_source(&source).then_some(source)
}

/// Whether `settings.json` takes it: a variable or a provider has a name that no key has.
#[must_use]
pub fn is_key_source(source: &KeySource) -> bool {
    match source {
        KeySource::Gateway | KeySource::Keychain => true,
        KeySource::Environment(name) => {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            !name.starts_with(|first: char| first.is_ascii_digit()) && is_a_name(name, letters)
        }
        KeySource::OpenClaw(provider) => {
            is_a_name(provider, |letter| letter.is_ascii_alphanumeric() || "-_.:/@".contains(letter))
        }
    }
}

/// Keys are told from names by a long part without a separator, and by what many of them begin with.
fn is_a_name(text: &str, fits: impl Fn(char) -> bool) -> bool {
    let parts = || text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let looks_like_a_key = parts().any(|part| part.len() >= 20) || text.to_ascii_lowercase().starts_with("sk-");
    !text.is_empty() && text.len() <= 64 && text.chars().all(fits) && !looks_like_a_key
}

/// `None` for one that this file does not take.
fn key_text(source: &KeySource) -> Option<String> {
    is_key_source(source).then(|| match source {
        KeySource::Gateway => GATEWAY.to_owned(),
        KeySource::Keychain => KEYCHAIN.to_owned(),
        KeySource::Environment(name) => format!("{ENVIRONMENT}{name}"),
        KeySource::OpenClaw(provider) => format!("{OPENCLAW}{provider}"),
    })
}

/// Takes out whatever stands in the place of a key's source and is none.
pub(in crate::state) fn drop_literal_keys(root: &mut Value) {
    let accounts = root.get_mut(SECTION).and_then(Value::as_object_mut).into_iter().flatten();
    for fields in accounts.filter_map(|(_, account)| account.as_object_mut()) {
        if fields.get("key").is_some_and(|key| key.as_str().and_then(key_source).is_none()) {
            fields.shift_remove("key");
        }
    }
}

pub(super) fn write(writer: &mut Writer, before: &Settings, after: &Settings) {
    for (id, is) in after.accounts.iter().filter(|(id, is)| before.accounts.get(*id) != Some(is)) {
        put(writer, id, is);
    }
    for id in before.accounts.keys().filter(|id| !after.accounts.contains_key(*id)) {
        writer.unset(&[SECTION, id.as_str()]);
        forget_older(writer, id);
    }
}

fn put(writer: &mut Writer, id: &AccountId, is: &ProviderAccount) {
    let path = |field| [SECTION, id.as_str(), field];
    if !writer.root[SECTION][id.as_str()].is_object() {
        writer.set(&[SECTION, id.as_str()], json!({}));
    }
    let older = code_in(&writer.root[OLDER][id.as_str()]);
    if older.is_some_and(|older| older != is.billing) {
        forget_older(writer, id);
    }
    let was = account_in(&writer.root, id);
    let other_service = (is.service != implied_service(id)).then(|| is.service.code().into());
    writer.optional(&path("service"), was.service != is.service, other_service);

    // The service that is written by now decides what goes without saying.
    let was = account_in(&writer.root, id);
    let unsaid = unsaid(id, is.service);
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let moment = |at: &Option<Timestamp>| at.map(|at| Value::from(at.to_string()));
    let mut field = |field, differs, value: Option<Value>| writer.optional(&path(field), differs, value);
    field("label", was.label != is.label, (is.label != unsaid.label).then(|| is.label.as_str().into()));
    let billing = (is.billing != unsaid.billing).then(|| code_of(BILLINGS, &is.billing).into());
    field("billing", was.billing != is.billing, billing);
    field("plan", was.plan != is.plan, text(&is.plan));
    field("flat_price_usd", was.flat_price != is.flat_price, is.flat_price.as_ref().map(flat_price));
    let region = (is.region != unsaid.region).then(|| code_of(REGIONS, &is.region).into());
    field("region", was.region != is.region, region);
    field("base_url", was.base_url != is.base_url, text(&is.base_url));
    let key = key_text(&is.key).filter(|_| is.key != unsaid.key).map(Value::from);
    field("key", was.key != is.key, key);
    let (workspace, wanted) = (&was.workspace, &is.workspace);
    field("organization", workspace.organization != wanted.organization, text(&wanted.organization));
    field("project", workspace.project != wanted.project, text(&wanted.project));
    let undocumented = (is.undocumented == Undocumented::On).then(|| true.into());
    field("undocumented", was.undocumented != is.undocumented, undocumented);
    let reserve = (is.reserve_ratio > 0.0).then(|| number((is.reserve_ratio * 100.0).round()));
    field("reserve_percent", was.reserve_ratio.to_bits() != is.reserve_ratio.to_bits(), reserve);
    field("down_until", was.down_until != is.down_until, moment(&is.down_until));
    field("set_aside_until", was.set_aside_until != is.set_aside_until, moment(&is.set_aside_until));
    if was.by_hand != is.by_hand {
        let windows = windows::written(&writer.root[SECTION][id.as_str()]["windows"], &is.by_hand);
        writer.optional(&path("windows"), true, windows);
    }
}

/// The account as the file says it now.
fn account_in(root: &Value, id: &AccountId) -> ProviderAccount {
    let fields = root[SECTION][id.as_str()].as_object();
    let section = Section { path: String::new(), fields, bad: &mut Vec::new() };
    section.into_account(id, code_in(&root[OLDER][id.as_str()]))
}

fn code_in(value: &Value) -> Option<Billing> {
    let said = value.as_str()?;
    BILLINGS.iter().find(|(_, code)| *code == said).map(|(billing, _)| *billing)
}

fn forget_older(writer: &mut Writer, id: &AccountId) {
    writer.unset(&[OLDER, id.as_str()]);
    if writer.root[OLDER].as_object().is_some_and(serde_json::Map::is_empty) {
        writer.unset(&[OLDER]);
    }
}

fn flat_price(price: &FlatPrice) -> Value {
    json!({"price": number(price.price.0), "per": code_of(PERIODS, &price.per)})
}
