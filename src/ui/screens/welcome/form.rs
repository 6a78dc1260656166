//! The form for a gateway on another computer, or for a token that is missing.
//!
//! The token is held as long as it is typed, shown as dots, and leaves as a [`Secret`].

use egui::{Checkbox, Key, RichText, TextEdit, Ui};

use crate::domain::{GatewayTarget, Secret};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{self, primary_button};

const LABEL: f32 = 96.0;

/// What is typed so far.
#[derive(Default)]
pub(super) struct Form {
    url: String,
    token: String,
    fingerprint: String,
    remember: bool,
    /// The address whose missing token this form asks for.
    asked_for: Option<String>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Form {
    /// Asks for the token of this address, once.
    pub fn ask_for(&mut self, url: &str) {
        if self.asked_for.as_deref() != Some(url) {
            self.asked_for = Some(url.to_owned());
            url.clone_into(&mut self.url);
        }
    }

    /// Address, token, fingerprint, and the button.
    pub fn ui(&mut self, ui: &mut Ui) -> Option<GatewayTarget> {
        let mut entered = false;
        entered |= field_ui(ui, "Address", &mut self.url, "ws://192.168.1.20:18789", false);
        entered |= field_ui(ui, "Token", &mut self.token, "empty if the keychain holds it", true);
        let hint = "only for a self-signed certificate: its SHA-256";
        entered |= field_ui(ui, "Fingerprint", &mut self.fingerprint, hint, false);
        let trouble = self.trouble();
        let mut clicked = false;
        ui.horizontal(|ui| {
            ui.add_space(LABEL);
            ui.add(Checkbox::new(&mut self.remember, "Remember the token in the keychain"));
        });
        ui.horizontal(|ui| {
            ui.add_space(LABEL);
            let button = ui.add_enabled_ui(trouble.is_none(), |ui| primary_button(ui, "Connect to this gateway")).inner;
            clicked = button.clicked();
            if let Some(trouble) = trouble.filter(|_| !self.url.trim().is_empty()) {
                ui.label(RichText::new(trouble).color(theme::palette(ui).warning));
            }
        });
        ((clicked || entered) && trouble.is_none()).then(|| self.target())
    }

    /// Why this cannot be an address yet.
    fn trouble(&self) -> Option<&'static str> {
        let url = self.url.trim();
        let Some(host) = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://")) else {
            return Some("The address starts with ws:// or wss://");
        };
        if host.trim_matches('/').is_empty() || host.contains(char::is_whitespace) {
            return Some("The address names no host");
        }
        let digits = self.fingerprint.chars().filter(|c| !matches!(c, ':' | ' '));
        let hex = digits.clone().count() == 64 && digits.clone().all(|c| c.is_ascii_hexdigit());
        if digits.count() > 0 && !hex {
            return Some("A SHA-256 fingerprint has 64 hexadecimal digits");
        }
        None
    }

    /// Hands the token over and forgets it here.
    fn target(&mut self) -> GatewayTarget {
        let url = self.url.trim().to_owned();
        let token = std::mem::take(&mut self.token);
        let token = Some(token.trim()).filter(|token| !token.is_empty()).map(Secret::new);
        let digits = self.fingerprint.chars().filter(|c| !matches!(c, ':' | ' '));
        let fingerprint: String = digits.map(|c| c.to_ascii_lowercase()).collect();
        GatewayTarget {
            name: host_of(&url).to_owned(),
            token,
            tls_fingerprint: Some(fingerprint).filter(|text| !text.is_empty()),
            remember_token: self.remember,
            state_dir: None,
            url,
        }
    }
}

/// `192.168.1.20` of `ws://192.168.1.20:18789/`.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

/// True when Enter was pressed in the field.
fn field_ui(ui: &mut Ui, label: &str, text: &mut String, hint: &str, secret: bool) -> bool {
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        let palette = theme::palette(ui);
        let left = ui.cursor().left();
        ui.label(RichText::new(label).color(palette.secondary));
        ui.add_space((left + LABEL - ui.cursor().left()).max(0.0));
        let field = TextEdit::singleline(text)
            .hint_text(hint)
            .password(secret)
            .desired_width(ui.available_width())
            .margin(egui::Margin::symmetric(10, 6));
        let field = ui.add(field).accessible_name(label);
        field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    })
    .inner
}

/// One gateway that was found, on one line.
pub(super) fn found_ui(ui: &mut Ui, found: &crate::domain::Discovered, first: bool) -> bool {
    use egui::{Align, Layout};
    let palette = theme::palette(ui);
    let mut connect = false;
    ui.horizontal(|ui| {
        ui.set_min_height(38.0);
        widgets::icon(ui, crate::ui::icon::COMPUTER, 20.0, palette.secondary);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Connect to {}", found.name);
            let button = if first { primary_button(ui, &name) } else { widgets::plain_button(ui, &name) };
            connect = button.clicked();
            let (text, tone) = if found.listening {
                ("running", widgets::Tone::Good)
            } else {
                ("not running", widgets::Tone::Warning)
            };
            widgets::tag(ui, text, tone);
            let width = ui.available_width() - space::S;
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add_space(3.0);
                widgets::elided(ui, &found.name, theme::strong_font(), palette.text, width);
                let mut detail = format!("{} · found in {}", found.url, found.source);
                if !found.has_token {
                    detail.push_str(" · no token found");
                }
                widgets::elided(ui, &detail, theme::small_font(), palette.secondary, width);
            });
        });
    });
    connect
}

#[cfg(test)]
mod tests {
    use super::{Form, host_of};

    #[test]
    fn an_address_is_checked_before_it_is_tried() {
        let cases = [
            ("", Some("The address starts with ws:// or wss://"), "nothing typed"),
            ("home-mini:18789", Some("The address starts with ws:// or wss://"), "no scheme"),
            ("ws://", Some("The address names no host"), "only the scheme"),
            ("ws://home-mini:18789", None, "a host and a port"),
            (" wss://gateway.example.org/ ", None, "pasted with blanks"),
        ];
        for (url, expected, why) in cases {
            let form = Form { url: url.to_owned(), ..Form::default() };
            assert_eq!(form.trouble(), expected, "{why}");
        }
    }

    #[test]
    fn the_token_leaves_the_form_when_it_is_used() {
        let token = "very-secret".to_owned();
        let mut form = Form { url: "ws://home-mini:18789".to_owned(), token, ..Form::default() };
        assert!(!format!("{form:?}").contains("very-secret"));
        let target = form.target();
        assert_eq!(target.token.as_ref().map(crate::domain::Secret::reveal), Some("very-secret"));
        assert_eq!((form.token.as_str(), target.name.as_str()), ("", "home-mini"));
    }

    #[test]
    fn a_gateway_is_named_after_its_host() {
        assert_eq!(host_of("wss://gateway.example.org/ws"), "gateway.example.org");
        assert_eq!(host_of("ws://127.0.0.1:18789"), "127.0.0.1");
    }
}
