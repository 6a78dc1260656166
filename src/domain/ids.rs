//! Names of things: small typed strings that are cheap to clone and cannot be mixed up.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// The gateway's id of a cron.
    CronId
);
id!(
    /// A hash of a cron's definition without its state, made by the gateway. Undoing an edit
    /// brings the old value back.
    Revision
);
id!(
    /// One way into an AI service. It is the gateway's provider id (`minimax` in
    /// `minimax/MiniMax-M3`), because that is the key a job's run is billed to.
    AccountId
);
id!(
    /// A maker of models, such as `google`; several accounts can belong to one.
    VendorId
);
id!(
    /// The user's name of a route, unique in the settings: `minimax`, `gemini_flash`, `opus`.
    RouteKey
);
id!(
    /// A plan's content in short: equal plans have equal ids.
    PlanId
);
id!(
    /// One verified switch in the journal, the handle for undoing it.
    SwitchId
);

/// A full model reference, `provider/model`, as the gateway lists it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelRef(Arc<str>);

impl ModelRef {
    /// `None` unless `text` has a provider and a model around its first slash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, model) = text.split_once('/')?;
        (!provider.is_empty() && !model.is_empty()).then(|| Self(Arc::from(text)))
    }

    #[must_use]
    pub fn of(provider: &str, model: &str) -> Self {
        Self(Arc::from(format!("{provider}/{model}")))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first slash.
    #[must_use]
    pub fn provider(&self) -> &str {
        self.0.split_once('/').map_or("", |(provider, _)| provider)
    }

    /// The part after the first slash; it may hold further slashes.
    #[must_use]
    pub fn model(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, model)| model)
    }

    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId::new(self.provider())
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl TryFrom<String> for ModelRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("not a model reference: {text:?}"))
    }
}

impl From<ModelRef> for String {
    fn from(model: ModelRef) -> Self {
        model.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::ModelRef;

    #[test]
    fn a_model_reference_splits_at_its_first_slash() {
        let model = ModelRef::parse("openrouter/google/gemini-3-flash").expect("has both parts");
        assert_eq!((model.provider(), model.model()), ("openrouter", "google/gemini-3-flash"));
        for broken in ["", "alone", "/model", "provider/"] {
            assert_eq!(ModelRef::parse(broken), None, "{broken:?}");
        }
    }
}
