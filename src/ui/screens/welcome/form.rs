//! The form for a gateway on another computer, or for a token that is missing.
//!
//! The token is held as long as it is typed, shown as dots, and leaves as a [`Secret`].

use egui::{Checkbox, Key, Response, RichText, TextEdit, Ui};

use crate::domain::{GatewayTarget, KnownGateway, Secret};
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
    /// For how many frames the keyboard goes to the token: in the one of the click it would be lost again.
    to_token: u8,
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

    /// Fills in a gateway that is known but for its token.
    pub fn fill(&mut self, known: &KnownGateway) {
        self.url.clone_from(&known.url);
        self.fingerprint = known.tls_fingerprint.clone().unwrap_or_default();
        self.to_token = 2;
    }

    /// Address, token, fingerprint, and the button.
    pub fn ui(&mut self, ui: &mut Ui) -> Option<GatewayTarget> {
        let hint = "such as 192.168.1.20:18789";
        let address = field_ui(ui, "Address", &mut self.url, hint, false);
        let token = field_ui(ui, "Token", &mut self.token, "left empty if the keychain holds it", true);
        if self.to_token > 0 {
            self.to_token -= 1;
            ui.ctx().request_repaint();
            token.request_focus();
            token.scroll_to_me(None);
        }
        let hint = "only for a self-signed certificate: its SHA-256";
        let fingerprint = field_ui(ui, "Fingerprint", &mut self.fingerprint, hint, false);
        let entered = [address, token, fingerprint].iter().any(|field| entered_in(ui, field));
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
        let host = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://")).unwrap_or(url);
        if host.contains("://") {
            return Some("The address starts with ws:// or wss://, or with its host");
        }
        let authority = host.split('/').next().unwrap_or_default();
        if host_of(authority).is_empty() || host.contains(char::is_whitespace) {
            return Some("The address names no host");
        }
        if port_of(authority).is_some_and(|port| port.parse::<u16>().is_err()) {
            return Some("The port is a number up to 65535");
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
    let port = port_of(authority).map_or(0, |port| port.len() + 1);
    &authority[..authority.len() - port]
}

/// `18789` of `192.168.1.20:18789`. The colons in brackets belong to the host.
fn port_of(authority: &str) -> Option<&str> {
    authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'))
}

fn entered_in(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

fn field_ui(ui: &mut Ui, label: &str, text: &mut String, hint: &str, secret: bool) -> Response {
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        let palette = theme::palette(ui);
        let left = ui.cursor().left();
        ui.label(RichText::new(label).color(palette.secondary));
        ui.add_space((left + LABEL - ui.cursor().left()).max(0.0));
        let field = TextEdit::singleline(text)
            .hint_text(RichText::new(hint).font(theme::small_font()).color(palette.faint))
            .password(secret)
            .desired_width(ui.available_width())
            .margin(egui::Margin::symmetric(10, 6));
        ui.add(field).accessible_name(label)
    })
    .inner
}

/// A gateway of an earlier life, on one line; the button that goes on with it.
pub(super) fn known_ui(ui: &mut Ui, known: &KnownGateway, first: bool) -> Response {
    use egui::{Align, Layout};
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(38.0);
        widgets::icon(ui, crate::ui::icon::HISTORY, 20.0, palette.secondary);
        let button = |ui: &mut Ui| {
            let name = format!("Connect to {}", known.name);
            let name = if known.token_remembered { name } else { format!("{name}…") };
            let button = if first { primary_button(ui, &name) } else { widgets::plain_button(ui, &name) };
            let width = ui.available_width() - space::S;
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add_space(3.0);
                widgets::elided(ui, &known.name, theme::strong_font(), palette.text, width);
                let token = if known.token_remembered { "its token is remembered" } else { "asks for its token" };
                let detail = format!("{} · {token}", known.url);
                widgets::elided(ui, &detail, theme::small_font(), palette.secondary, width);
            });
            button
        };
        ui.with_layout(Layout::right_to_left(Align::Center), button).inner
    })
    .inner
}

/// One gateway that was found, on one line.
pub(super) fn found_ui(ui: &mut Ui, found: &crate::domain::Discovered, first: bool) -> Response {
    use egui::{Align, Layout};
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(38.0);
        widgets::icon(ui, crate::ui::icon::COMPUTER, 20.0, palette.secondary);
        let line = |ui: &mut Ui| {
            let name = format!("Connect to {}", found.name);
            let button = if first { primary_button(ui, &name) } else { widgets::plain_button(ui, &name) };
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
            button
        };
        ui.with_layout(Layout::right_to_left(Align::Center), line).inner
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::{Form, host_of};

    #[test]
    fn an_address_is_checked_before_it_is_tried() {
        let cases = [
            ("", Some("The address names no host"), "nothing typed"),
            ("home-mini:18789", None, "no scheme"),
            ("[::1]:18789", None, "an address in brackets"),
            ("ftp://home-mini", Some("The address starts with ws:// or wss://, or with its host"), "another scheme"),
            ("ws://127.0.0.1:", Some("The port is a number up to 65535"), "a colon without a port"),
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
