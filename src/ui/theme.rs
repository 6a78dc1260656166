//! Colours, sizes and fonts by role. The only file that may name a number for how things look.

use std::sync::Arc;

use egui::style::{ScrollAnimation, ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, Style,
    TextStyle, Theme, Visuals, vec2,
};

/// Colours by role, one set per theme.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    pub background: Color32,
    pub sidebar: Color32,
    pub panel: Color32,
    pub card: Color32,
    /// Ground of what the pointer is on.
    pub hover: Color32,
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
    /// Ground of a filled button that interrupts or takes away.
    pub bad_fill: Color32,
    /// The letter in a provider's square.
    pub on_mark: Color32,
    /// Under cards; nothing in the dark theme.
    pub shadow: Color32,
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
    /// Below this width the sidebar folds while a drawer is open.
    pub const ROOMY: f32 = 1400.0;
    pub const DRAWER: f32 = 380.0;
    pub const TOP_LINE: f32 = 48.0;
    /// The line with what is about to happen, and its button.
    pub const BAR: f32 = 52.0;
    pub const STATUS_LINE: f32 = 26.0;
}

/// Measures of tables, in points.
pub mod table {
    pub const ROW: f32 = 33.0;
    pub const HEADER: f32 = 30.0;
    /// Between a cell's text and the next column.
    pub const GAP: f32 = 8.0;
    /// Before the first column.
    pub const LEAD: f32 = 10.0;
    /// Between a provider's square and the name.
    pub const MARK_GAP: f32 = 5.0;
    /// Side of a tick.
    pub const TICK: f32 = 16.0;
    /// Width of a search field.
    pub const SEARCH: f32 = 230.0;
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

/// The icons of [`super::icon`] at this size.
#[must_use]
pub fn icon_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("icons".into()))
}

/// 13 semibold: a cron's name, the strong word of a line.
#[must_use]
pub fn strong_font() -> FontId {
    FontId::new(13.0, semibold())
}

/// A word in a thin frame beside a name: "pinned".
#[must_use]
pub fn badge_font() -> FontId {
    FontId::new(10.0, FontFamily::Proportional)
}

/// The letter in a provider's square.
#[must_use]
pub fn mark_font() -> FontId {
    FontId::new(9.5, semibold())
}

/// 11 semibold: pills and suggestion chips.
#[must_use]
pub fn strong_chip_font() -> FontId {
    FontId::new(11.0, semibold())
}

/// How much is left to see of what does not belong to what is pointed at.
pub const DIM: f32 = 0.4;

/// Around what belongs to what is pointed at, on [`Palette::accent_ground`].
#[must_use]
pub fn lit(palette: &Palette) -> Stroke {
    Stroke::new(1.5, palette.accent)
}

/// Gives a context our fonts and both themes. Call once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.style_mut_of(Theme::Dark, |style| dress(style, &DARK, Visuals::dark()));
    ctx.style_mut_of(Theme::Light, |style| dress(style, &LIGHT, Visuals::light()));
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let bundled: [(&str, &'static [u8]); 5] = [
        ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("Noto Sans SC", include_bytes!("../../assets/fonts/NotoSansSC-subset.otf")),
        ("Noto Emoji", include_bytes!("../../assets/fonts/NotoEmoji-subset.ttf")),
        ("Icons", include_bytes!("../../assets/fonts/Icons-subset.ttf")),
    ];
    for (name, bytes) in bundled {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let rest = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &[&str]| -> Vec<String> {
        first.iter().map(|name| (*name).to_owned()).chain(rest.iter().cloned()).collect()
    };
    fonts.families.insert(FontFamily::Proportional, family(&["Inter", "Noto Sans SC", "Noto Emoji"]));
    fonts.families.insert(semibold(), family(&["Inter SemiBold", "Noto Sans SC", "Noto Emoji"]));
    fonts.families.insert(icon_font(1.0).family, family(&["Icons", "Inter"]));
    fonts.families.entry(FontFamily::Monospace).or_default().push("Noto Sans SC".to_owned());
    fonts
}

fn dress(style: &mut Style, palette: &Palette, base: Visuals) {
    style.text_styles = [
        (TextStyle::Heading, heading_font()),
        (TextStyle::Body, text_font()),
        (TextStyle::Button, text_font()),
        (TextStyle::Small, small_font()),
        (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
    ]
    .into();
    style.visuals = visuals(palette, base);
    style.animation_time = 0.0;
    style.scroll_animation = ScrollAnimation::none();
    style.url_in_tooltip = true;
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S, space::S);
    spacing.button_padding = vec2(12.0, 6.0);
    spacing.interact_size = vec2(28.0, 24.0);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 9.0;
    spacing.icon_spacing = space::S;
    spacing.tooltip_width = 420.0;
    spacing.scroll = ScrollStyle { bar_width: 8.0, floating_allocated_width: 0.0, ..ScrollStyle::floating() };
}

fn visuals(palette: &Palette, base: Visuals) -> Visuals {
    let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: CornerRadius::same(corner::BUTTON),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let shadow = Shadow { offset: [0, 4], blur: 16, spread: 0, color: Color32::from_black_alpha(48) };
    Visuals {
        widgets: Widgets {
            noninteractive: widget(palette.panel, palette.line, palette.text),
            inactive: widget(palette.card, palette.strong_line, palette.text),
            hovered: widget(palette.hover, palette.secondary, palette.text),
            // Pressed, or with the focus.
            active: WidgetVisuals {
                bg_stroke: Stroke::new(2.0, palette.accent),
                ..widget(palette.hover, palette.accent, palette.text)
            },
            open: widget(palette.hover, palette.accent, palette.text),
        },
        selection: Selection { bg_fill: palette.accent_ground, stroke: Stroke::new(1.0, palette.accent) },
        override_text_color: None,
        weak_text_color: Some(palette.secondary),
        hyperlink_color: palette.accent,
        faint_bg_color: palette.background,
        extreme_bg_color: palette.panel,
        text_edit_bg_color: Some(palette.panel),
        code_bg_color: palette.background,
        warn_fg_color: palette.warning,
        error_fg_color: palette.bad,
        window_corner_radius: CornerRadius::same(corner::PANEL),
        window_shadow: shadow,
        window_fill: palette.panel,
        window_stroke: Stroke::new(1.0, palette.strong_line),
        menu_corner_radius: CornerRadius::same(corner::CARD),
        panel_fill: palette.background,
        popup_shadow: shadow,
        striped: false,
        ..base
    }
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
    hover: rgb(0x2a_2f38),
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
    bad_fill: rgb(0xc2_3b2b),
    on_mark: rgb(0xff_ffff),
    shadow: Color32::TRANSPARENT,
};

pub static LIGHT: Palette = Palette {
    background: rgb(0xf4_f5f7),
    sidebar: rgb(0xec_eef1),
    panel: rgb(0xff_ffff),
    card: rgb(0xff_ffff),
    hover: rgb(0xee_f1f5),
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
    bad_fill: rgb(0xc2_3b2b),
    on_mark: rgb(0xff_ffff),
    shadow: Color32::from_black_alpha(16),
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
