//! Where a service is asked: its own host, the other region's, or what the user set instead.

use crate::domain::{ProviderAccount, Region, Service};

/// A service's addresses, without a slash at the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hosts {
    pub(super) global: &'static str,
    /// The same where there is only one.
    pub(super) china: &'static str,
    /// Paths that people paste behind the host, longest first.
    pub(super) tails: &'static [&'static str],
}

/// The address that an account is asked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) root: String,
    /// The known path behind it in what the user set.
    pub(super) tail: Option<&'static str>,
}

impl Hosts {
    pub(super) const fn one(host: &'static str, tails: &'static [&'static str]) -> Self {
        Self { global: host, china: host, tails }
    }

    pub(super) const fn of(&self, region: Region) -> &'static str {
        match region {
            Region::Global => self.global,
            Region::China => self.china,
        }
    }

    /// What the user set, without the path of one API; else the service's own.
    pub(super) fn base(&self, account: &ProviderAccount) -> Base {
        let Some(set) = set_url(account) else {
            return Base { root: self.of(account.region).to_owned(), tail: None };
        };
        let lower = set.to_ascii_lowercase();
        let tail = self.tails.iter().copied().find(|tail| lower.ends_with(tail));
        let root = tail.map_or(set, |tail| &set[..set.len() - tail.len()]);
        Base { root: root.to_owned(), tail }
    }
}

fn set_url(account: &ProviderAccount) -> Option<&str> {
    let set = account.base_url.as_deref()?.trim().trim_end_matches('/');
    (!set.is_empty()).then_some(set)
}

/// Whether the account's key was made by the vendor itself, so that its other addresses may see it.
pub(super) fn is_vendors_own(account: &ProviderAccount) -> bool {
    set_url(account).is_none_or(|url| Service::of("", Some(url)) == account.service)
}

/// Scheme and host of an address.
pub(in crate::providers) fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find(['/', '?', '#']).map_or(url, |end| &url[..host + end])
}

/// A model's name as one segment of a path.
pub(super) fn segment(model: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let written = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    model.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::{Hosts, is_vendors_own, origin, segment};
    use crate::domain::{AccountId, ProviderAccount, Region, Service};

    const HOSTS: Hosts =
        Hosts { global: "https://api.z.ai", china: "https://open.bigmodel.cn", tails: &["/api/paas/v4"] };

    fn account(base_url: Option<&str>, region: Region) -> ProviderAccount {
        let base_url = base_url.map(str::to_owned);
        ProviderAccount { region, base_url, ..ProviderAccount::new(AccountId::new("glm"), Service::Zai) }
    }

    #[test]
    fn a_pasted_base_loses_the_path_of_its_api() {
        let cases = [
            (None, Region::Global, "https://api.z.ai", None),
            (None, Region::China, "https://open.bigmodel.cn", None),
            (Some("  "), Region::China, "https://open.bigmodel.cn", None),
            (Some("https://api.z.ai/api/paas/v4/"), Region::China, "https://api.z.ai", Some("/api/paas/v4")),
            (
                Some("https://relay.test/glm/API/paas/v4"),
                Region::Global,
                "https://relay.test/glm",
                Some("/api/paas/v4"),
            ),
            (Some("https://relay.test/glm/"), Region::Global, "https://relay.test/glm", None),
        ];
        for (set, region, root, tail) in cases {
            let base = HOSTS.base(&account(set, region));
            assert_eq!((base.root.as_str(), base.tail), (root, tail), "{set:?}");
        }
    }

    #[test]
    fn a_key_of_somebody_else_s_host_is_not_the_vendor_s() {
        for (set, own) in [(None, true), (Some("https://api.z.ai"), true), (Some("https://relay.test/zai"), false)] {
            assert_eq!(is_vendors_own(&account(set, Region::Global)), own, "{set:?}");
        }
    }

    #[test]
    fn an_origin_ends_where_the_path_begins() {
        let cases = [
            ("https://api.z.ai/api/x?y=/z", "https://api.z.ai"),
            ("http://127.0.0.1:1234", "http://127.0.0.1:1234"),
            ("https://relay.test?x", "https://relay.test"),
        ];
        for (url, expected) in cases {
            assert_eq!(origin(url), expected);
        }
    }

    #[test]
    fn a_model_s_name_cannot_leave_its_place_in_an_address() {
        assert_eq!(segment("gemini-3-flash-preview"), "gemini-3-flash-preview");
        assert_eq!(segment("../x?key=1#é"), "..%2Fx%3Fkey%3D1%23%C3%A9");
    }
}
