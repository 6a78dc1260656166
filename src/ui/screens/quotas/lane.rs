//! One window over time: blocks that are over, the one that holds, where it may go, and when it comes back.

use egui::epaint::Vertex;
use egui::{Align2, Color32, Mesh, Painter, Pos2, Rangef, Rect, Shape, Stroke, pos2, vec2};
use jiff::Timestamp;

use crate::domain::{BandPoint, Claim, QuotaSample, WindowForecast, same_reset};
use crate::ui::theme::{self, Palette, corner};
use crate::ui::widgets::cut;
use crate::words::{self, Speech};

use super::view::Scale;

/// How strongly each part shows of the provider's colour.
mod fade {
    pub const NEXT: f32 = 0.08;
    pub const GROUND_OF_PAST: f32 = 0.10;
    pub const GROUND: f32 = 0.18;
    pub const PAST: f32 = 0.45;
    pub const BAND: f32 = 0.45;
    pub const USED: f32 = 0.88;
    pub const CURVE: f32 = 0.6;
}

/// Between a mark and the words beside it, in points.
const BESIDE: f32 = 12.0;
/// At the left of one, where no diamond is.
const BEFORE: f32 = 9.0;

/// What was read is drawn where a block is so wide, in points.
const CURVE: f32 = 40.0;

/// Where one window is drawn.
pub(super) struct Strip<'a> {
    pub painter: &'a Painter,
    pub palette: &'a Palette,
    pub bar: Rect,
    pub scale: Scale,
    pub color: Color32,
}

pub(super) fn paint(strip: &Strip<'_>, window: &WindowForecast, samples: &[QuotaSample], speech: &Speech<'_>) {
    let Strip { palette, scale, color, .. } = *strip;
    for block in &window.past {
        let of = (block.started_at, block.ended_at);
        strip.block_ui(of, color.gamma_multiply(fade::GROUND_OF_PAST));
        strip.fill_ui(of, block.peak_ratio, color.gamma_multiply(fade::PAST));
    }
    for block in &window.next {
        strip.block_ui((block.starts_at, block.ends_at), color.gamma_multiply(fade::NEXT));
    }
    let end = window.resets_at.unwrap_or(scale.now);
    let begun = window.started_at.or_else(|| window.past.last().map(|block| block.ended_at));
    let begun = begun.unwrap_or(window.observed_at).min(end);
    strip.block_ui((begun, end), color.gamma_multiply(fade::GROUND));
    let rolled = end <= scale.now && window.resets_at.is_some();
    let strength = if rolled { fade::PAST } else { fade::USED };
    strip.fill_ui((begun, end.min(scale.now)), window.used_ratio, color.gamma_multiply(strength));
    if scale.pixels(end.duration_since(begun).as_secs_f64()) >= f64::from(CURVE) {
        strip.curve_ui(samples);
    }
    strip.band_ui(window);
    let mut beside = scale.at(scale.now);
    let reset = window.resets_at.filter(|at| *at > scale.now).map(|at| scale.at(at));
    if let Some(reset) = reset {
        strip.reset_ui(reset);
        beside = reset;
    }
    let mut text = words::claim_in_short(window, speech);
    if let Some(at) = window.claim.runs_out_at() {
        let x = scale.at(at);
        strip.painter.vline(x, strip.bar.y_range().expand(3.0), Stroke::new(2.0, palette.bad));
        let room = Rangef::new(scale.at(scale.now).max(strip.bar.left()), strip.bar.right());
        let place = |said: &String| beside_mark(x, reset, width(strip.painter, said), room);
        let mut said = [text.clone(), words::claim_in_brief(window, speech)].into_iter().flatten();
        match said.find_map(|said| Some((place(&said)?, said))) {
            Some((place, said)) => (beside, text) = (place - BESIDE, Some(said)),
            None => beside = reset.unwrap_or(x),
        }
    }
    if let Some(text) = text {
        let bad = matches!(window.claim, Claim::RunsOut { .. });
        let (color, ground) = if bad { (palette.bad, Some(palette.bad_ground)) } else { (palette.secondary, None) };
        said(strip.painter, beside + BESIDE, strip.bar, &text, color, ground);
    }
}

/// Where words of that width stand that belong to a mark at `x`: at its right where they leave a reset alone that comes
/// soon after, else at its left where they hide neither what has been nor the edge.
fn beside_mark(x: f32, reset: Option<f32>, width: f32, room: Rangef) -> Option<f32> {
    match reset {
        Some(reset) if reset - x < width + 2.0 * BESIDE => {
            let left = x - BEFORE - width;
            (left - BEFORE >= room.min && x <= room.max).then_some(left)
        }
        _ => Some(x + BESIDE),
    }
}

fn width(painter: &Painter, text: &str) -> f32 {
    painter.layout_no_wrap(text.to_owned(), theme::strong_chip_font(), Color32::PLACEHOLDER).size().x
}

impl Strip<'_> {
    fn block_ui(&self, (from, to): (Timestamp, Timestamp), color: Color32) {
        if self.scale.shows(from, to) {
            let rect = self.part(from, to);
            self.painter.rect_filled(rect, rounding(rect), color);
        }
    }

    fn fill_ui(&self, (from, to): (Timestamp, Timestamp), ratio: f64, color: Color32) {
        let rect = self.part(from, to).with_min_y(self.height_of(ratio));
        if self.scale.shows(from, to) && rect.height() > 0.0 {
            self.painter.rect_filled(rect, rounding(rect), color);
        }
    }

    /// With a thin gap to what stands beside it.
    fn part(&self, from: Timestamp, to: Timestamp) -> Rect {
        let (left, right) = (self.scale.at(from), self.scale.at(to));
        self.bar.with_min_x(left + 0.5).with_max_x((right - 0.5).max(left + 1.0))
    }

    fn height_of(&self, ratio: f64) -> f32 {
        self.bar.bottom() - self.bar.height() * ratio.clamp(0.0, 1.0) as f32
    }

    /// What was read, one point for a pixel at the most. From one block to the next nothing is drawn: nobody saw the way.
    fn curve_ui(&self, samples: &[QuotaSample]) {
        let first = samples.partition_point(|sample| sample.at < self.scale.from()).saturating_sub(1);
        let last = samples.partition_point(|sample| sample.at <= self.scale.to()).max(first);
        let stroke = Stroke::new(1.0, self.palette.text.gamma_multiply(fade::CURVE));
        let of_one = |one: &QuotaSample, next: &QuotaSample| {
            next.used_ratio >= one.used_ratio && same_reset(one.resets_at, next.resets_at)
        };
        for block in samples[first..last].chunk_by(of_one) {
            let mut line: Vec<Pos2> = Vec::new();
            for sample in block {
                let at = pos2(self.scale.at(sample.at), self.height_of(sample.used_ratio));
                if line.last().is_none_or(|last| at.x - last.x >= 1.0) {
                    line.push(at);
                }
            }
            if line.len() > 1 {
                self.painter.line(line, stroke);
            }
        }
    }

    /// Where it may go: the band, and the likely way as a dashed line; up to where it runs out.
    fn band_ui(&self, window: &WindowForecast) {
        let (Some(first), Some(last)) = (window.band.first(), window.band.last()) else { return };
        if !self.scale.shows(first.at, last.at) {
            return;
        }
        let end = window.claim.runs_out_at().unwrap_or(last.at);
        let mut points: Vec<BandPoint> = window.band.iter().copied().take_while(|point| point.at < end).collect();
        points.extend(window.expected(end));
        let mut mesh = Mesh::default();
        let ground = self.color.gamma_multiply(fade::BAND);
        for (index, point) in points.iter().enumerate() {
            let x = self.scale.at(point.at);
            for ratio in [point.high, point.low] {
                let pos = pos2(x, self.height_of(ratio));
                mesh.vertices.push(Vertex { pos, uv: egui::epaint::WHITE_UV, color: ground });
            }
            if index > 0 {
                let at = 2 * u32::try_from(index).unwrap_or(0);
                mesh.add_triangle(at - 2, at - 1, at);
                mesh.add_triangle(at - 1, at, at + 1);
            }
        }
        self.painter.add(mesh);
        let way: Vec<Pos2> =
            points.iter().map(|point| pos2(self.scale.at(point.at), self.height_of(point.likely))).collect();
        self.painter.extend(Shape::dashed_line(&way, Stroke::new(1.5, self.color), 4.0, 3.0));
    }

    /// A diamond at the moment it comes back.
    fn reset_ui(&self, x: f32) {
        let down = [pos2(x, self.bar.top() + 8.0), pos2(x, self.bar.bottom() + 4.0)];
        self.painter.extend(Shape::dashed_line(&down, Stroke::new(1.0, self.color), 2.0, 2.0));
        let (middle, side) = (pos2(x, self.bar.top() + 4.0), 6.0);
        let corners = [vec2(0.0, -side), vec2(side, 0.0), vec2(0.0, side), vec2(-side, 0.0)];
        let corners = corners.map(|corner| middle + corner).to_vec();
        self.painter.add(Shape::convex_polygon(corners, self.color, Stroke::NONE));
    }
}

/// Corners that leave of a narrow block a block.
fn rounding(rect: Rect) -> f32 {
    f32::from(corner::MARK).min(rect.width() / 4.0)
}

/// Words beside a mark; where they would not fit on its right they end at the edge.
pub(super) fn said(painter: &Painter, x: f32, bar: Rect, text: &str, color: Color32, ground: Option<Color32>) {
    if !bar.x_range().contains(x) {
        return;
    }
    let font = if ground.is_some() { theme::strong_chip_font() } else { theme::small_font() };
    let galley = cut(painter, text, font, color, bar.width());
    let left = x.min(bar.right() - galley.size().x - 6.0);
    let rect = Align2::LEFT_CENTER.anchor_size(pos2(left, bar.top() + bar.height() * 0.45), galley.size());
    if let Some(ground) = ground {
        painter.rect_filled(rect.expand2(vec2(6.0, 2.0)), rect.height() / 2.0 + 2.0, ground);
    }
    painter.galley(rect.min, galley, color);
}

#[cfg(test)]
mod tests {
    use egui::Rangef;

    use super::beside_mark;

    #[test]
    fn the_words_stand_beside_their_mark_where_they_hide_nothing() {
        let cases = [
            (500.0, None, Some(512.0), "nothing comes after"),
            (500.0, Some(700.0), Some(512.0), "they end before the reset"),
            (500.0, Some(560.0), Some(341.0), "at the left, where the reset comes soon"),
            (240.0, Some(300.0), None, "at the left they would lie over now"),
        ];
        for (x, reset, expected, why) in cases {
            assert_eq!(beside_mark(x, reset, 150.0, Rangef::new(200.0, 900.0)), expected, "{why}");
        }
    }
}
