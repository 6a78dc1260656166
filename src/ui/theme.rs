//! Colours, sizes and fonts by role. The only file that may name a number for how things look.

use egui::{Color32, FontFamily, FontId, Visuals};

/// Colours by role, one set per theme.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    pub background: Color32,
    pub sidebar: Color32,
    pub panel: Color32,
    pub card: Color32,
    pub line: Color32,
    pub strong_line: Color32,
    pub text: Color32,
    pub secondary: Color32,
    /// For what may be missed.
    pub faint: Color32,
    pub accent: Color32,
    pub accent_ground: Color32,
    /// Text on a filled accent button.
    pub on_accent: Color32,
    pub good: Color32,
    pub good_ground: Color32,
    pub warning: Color32,
    pub warning_ground: Color32,
    pub bad: Color32,
    pub bad_ground: Color32,
}

/// Sizes on the 4-point grid, in points.
pub mod space {
    /// Inside chips and between related things.
    pub const S: f32 = 8.0;
    /// Between cards and columns.
    pub const M: f32 = 12.0;
    /// At the edges of a screen.
    pub const L: f32 = 16.0;
    pub const SIDEBAR: f32 = 176.0;
    pub const SIDEBAR_FOLDED: f32 = 52.0;
    /// Below this width the sidebar folds and the drawer covers.
    pub const NARROW: f32 = 1100.0;
    pub const DRAWER: f32 = 380.0;
}

/// Corner radii.
pub mod corner {
    pub const MARK: u8 = 4;
    pub const BUTTON: u8 = 6;
    pub const CARD: u8 = 8;
    pub const PANEL: u8 = 10;
}

#[must_use]
pub fn text_font() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}

#[must_use]
pub fn small_font() -> FontId {
    FontId::new(11.5, FontFamily::Proportional)
}

#[must_use]
pub fn chip_font() -> FontId {
    FontId::new(11.0, FontFamily::Proportional)
}

/// 14 semibold: column and card-group titles.
#[must_use]
pub fn title_font() -> FontId {
    FontId::new(14.0, semibold())
}

/// 16 semibold: a screen's title.
#[must_use]
pub fn heading_font() -> FontId {
    FontId::new(16.0, semibold())
}

/// The family of semibold text.
#[must_use]
pub fn semibold() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// The palette of the theme that is on.
#[must_use]
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

#[must_use]
pub fn palette_of(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

const fn rgb(hex: u32) -> Color32 {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that names colours")]
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub static DARK: Palette = Palette {
    background: rgb(0x14_161a),
    sidebar: rgb(0x10_1216),
    panel: rgb(0x1a_1d23),
    card: rgb(0x22_262e),
    line: rgb(0x2e_343e),
    strong_line: rgb(0x3a_424e),
    text: rgb(0xe8_eaee),
    secondary: rgb(0xa4_acb9),
    faint: rgb(0x84_8d9b),
    accent: rgb(0x5b_9dff),
    accent_ground: rgb(0x1d_3558),
    on_accent: rgb(0x0b_1a30),
    good: rgb(0x3f_bf8f),
    good_ground: rgb(0x17_362d),
    warning: rgb(0xe6_a23c),
    warning_ground: rgb(0x3a_2d15),
    bad: rgb(0xef_6a5a),
    bad_ground: rgb(0x3f_2120),
};

pub static LIGHT: Palette = Palette {
    background: rgb(0xf4_f5f7),
    sidebar: rgb(0xec_eef1),
    panel: rgb(0xff_ffff),
    card: rgb(0xff_ffff),
    line: rgb(0xdf_e3e8),
    strong_line: rgb(0xc9_d0d9),
    text: rgb(0x1b_1f26),
    secondary: rgb(0x4f_5968),
    faint: rgb(0x68_7280),
    accent: rgb(0x1f_6feb),
    accent_ground: rgb(0xdf_eafd),
    on_accent: rgb(0xff_ffff),
    good: rgb(0x0f_8a5f),
    good_ground: rgb(0xdc_f3e9),
    warning: rgb(0x9a_6200),
    warning_ground: rgb(0xfb_eed3),
    bad: rgb(0xc2_3b2b),
    bad_ground: rgb(0xfb_e3e0),
};

/// A vendor's colour in its square mark: Okabe–Ito and neighbours, apart for colour-blind eyes.
#[must_use]
pub fn vendor_color(vendor: &crate::domain::VendorId) -> Color32 {
    const FREE: [Color32; 4] = [rgb(0x8a_6d3b), rgb(0x6a_4c93), rgb(0x3d_7a78), rgb(0x7a_7a7a)];
    match vendor.as_str() {
        "anthropic" => rgb(0xb8_860b),
        "google" => rgb(0x00_72b2),
        "kimi" => rgb(0xcc_79a7),
        "minimax" => rgb(0xd5_5e00),
        "openai" => rgb(0x00_9e73),
        "zai" => rgb(0x56_779e),
        other => FREE[other.bytes().map(usize::from).sum::<usize>() % FREE.len()],
    }
}
