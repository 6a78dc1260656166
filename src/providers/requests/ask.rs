//! One request as data: everything but the key, which is put in at the last moment.

use serde_json::{Value, json};

use crate::domain::{Cost, Proof, Purpose, Service};
use crate::providers::RequestKind;

/// A request that an account may be asked with.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Whose tables read the answer: at another address of a vendor, maybe another service.
    pub service: Service,
    pub purpose: Purpose,
    pub kind: RequestKind,
    pub method: Method,
    /// Never holds a key.
    pub url: String,
    pub auth: AuthScheme,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub cost: Cost,
    /// Its owner describes it and will not change it silently.
    pub documented: bool,
    pub needed: Needed,
    /// What a good answer shows.
    pub proof: Proof,
    /// The model it is about, as the provider calls it.
    pub model: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// How a key is carried; never in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScheme {
    None,
    /// `Authorization: Bearer …`
    Bearer,
    /// The same, when there is a key: the service answers without one, too.
    BearerIfAny,
    /// The key alone, in a header of this name.
    Header(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    Always,
    /// Only while the answers before leave it open whether jobs can run.
    IfOpen,
}

impl Ask {
    /// A free, documented question about the account's health.
    pub(super) fn get(service: Service, kind: RequestKind, url: String) -> Self {
        Self {
            service,
            purpose: Purpose::Health,
            kind,
            method: Method::Get,
            url,
            auth: AuthScheme::Bearer,
            headers: Vec::new(),
            body: None,
            cost: Cost::Free,
            documented: true,
            needed: Needed::Always,
            proof: Proof::Key,
            model: None,
        }
    }

    pub(super) fn post(service: Service, kind: RequestKind, url: String, body: Value) -> Self {
        Self { method: Method::Post, body: Some(body), ..Self::get(service, kind, url) }
    }

    /// A job of one token, for when nothing free can tell.
    pub(super) fn last_resort(service: Service, url: String, model: &str, body: Value) -> Self {
        Self {
            purpose: Purpose::LastResort,
            cost: Cost::Paid,
            needed: Needed::IfOpen,
            proof: Proof::Jobs,
            model: Some(model.to_owned()),
            ..Self::post(service, RequestKind::Job, url, body)
        }
    }

    pub(super) fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }

    pub(super) fn auth(mut self, auth: AuthScheme) -> Self {
        self.auth = auth;
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A header that only some accounts need.
    pub(super) fn header_if(self, name: &'static str, value: Option<&String>) -> Self {
        match value.filter(|value| !value.trim().is_empty()) {
            Some(value) => self.header(name, value.trim()),
            None => self,
        }
    }

    pub(super) fn undocumented(mut self) -> Self {
        self.documented = false;
        self
    }

    pub(super) fn needed(mut self, needed: Needed) -> Self {
        self.needed = needed;
        self
    }

    pub(super) fn proving(mut self, proof: Proof) -> Self {
        self.proof = proof;
        self
    }

    pub(super) fn about(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// Whether it is refused without a key.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        matches!(self.auth, AuthScheme::Bearer | AuthScheme::Header(_))
    }

    /// The address without its query, for people.
    #[must_use]
    pub fn shown_url(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }
}

/// The smallest conversation there is.
pub(super) fn one_word() -> Value {
    json!([{ "role": "user", "content": "." }])
}

/// A job of one token in the shape that most services share.
pub(super) fn one_token_chat(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 1, "messages": one_word() })
}
