//! The picture that stands beside a link to a page: the cairn of the portal or category on its colour.
//!
//! There is no text in it: no font can be counted on where this runs, one in the program would have to
//! know every script, and what shows the picture writes the title beside it.

use cairn_domain::portal::Portal;
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::colour::Oklch;
use crate::help_center::stones::{BOX, Stone, stones};

/// Width in pixels, as OpenGraph's readers want it.
pub(crate) const WIDTH: u32 = 1_200;
/// Height in pixels.
pub(crate) const HEIGHT: u32 = 630;
/// The media type.
pub(crate) const MEDIA_TYPE: &str = "image/png";

/// Height of the cairn's box, in pixels.
const CAIRN_PIXELS: f32 = 460.0;
/// Lines round the cairn, and how much each is larger than the one before.
const CONTOURS: i32 = 9;
const CONTOUR_GROWTH: f32 = 1.27;
/// The tones of stones: lightness, and most chroma.
const TONES: [(f64, f64); 4] = [(0.95, 0.02), (0.87, 0.035), (0.79, 0.05), (0.71, 0.065)];

/// The name of the picture of a portal, or of the category with this id.
pub(crate) fn path(base: &str, category: Option<&str>) -> String {
    format!("{base}/cards/{}.png", category.unwrap_or("portal"))
}

/// The picture as PNG; it blocks for some milliseconds. Nothing when it cannot be drawn, which would be
/// a fault of ours.
pub(crate) fn draw(portal: &Portal, seed: &str) -> Option<Vec<u8>> {
    let accent = Oklch::of_accent(portal.accent.as_deref());
    // As `--accent` in light.
    let ground = accent.with(accent.lightness.clamp(0.3, 0.46), 0.13);
    let mut pixmap = Pixmap::new(WIDTH, HEIGHT)?;
    pixmap.fill(colour(ground));
    let stones = stones(seed);
    contours(&mut pixmap, &stones, ground);
    for stone in &stones {
        let (lightness, chroma_max) = TONES[stone.tone % TONES.len()];
        let mut paint = Paint::default();
        paint.set_color(colour(accent.with(lightness, chroma_max)));
        paint.anti_alias = true;
        let whole = Transform::identity();
        pixmap.fill_path(&outline(stone)?, &paint, FillRule::Winding, whole, None);
    }
    encode(&pixmap)
}

/// Lines of height round the lowest stone, as on the first page.
fn contours(pixmap: &mut Pixmap, stones: &[Stone], ground: Oklch) {
    let Some(path) = stones.first().and_then(outline) else {
        return;
    };
    let bounds = path.bounds();
    let (x, y) = (
        bounds.left() + bounds.width() / 2.0,
        bounds.top() + bounds.height() / 2.0,
    );
    let mut paint = Paint::default();
    let lighter = (ground.lightness + 0.07).min(1.0);
    paint.set_color(colour(ground.with(lighter, ground.chroma)));
    paint.anti_alias = true;
    for i in 1..=CONTOURS {
        let scale = CONTOUR_GROWTH.powi(i);
        let stroke = Stroke {
            width: 2.0 / scale,
            ..Stroke::default()
        };
        let transform = Transform::from_translate(-x, -y)
            .post_scale(scale, scale)
            .post_translate(x, y);
        pixmap.stroke_path(&path, &paint, &stroke, transform, None);
    }
}

/// The outline of a stone where it stands in the picture.
fn outline(stone: &Stone) -> Option<Path> {
    let mut path = PathBuilder::new();
    let start = place(stone.start());
    path.move_to(start.0, start.1);
    for curve in stone.curves() {
        let [a, b, end] = curve.map(place);
        path.cubic_to(a.0, a.1, b.0, b.1, end.0, end.1);
    }
    path.close();
    path.finish()
}

fn place((x, y): (f64, f64)) -> (f32, f32) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "pixels: a few hundred, with a few digits behind the point"
    )]
    let at = |v: f64, size: u32| ((v / BOX - 0.5) as f32).mul_add(CAIRN_PIXELS, size as f32 / 2.0);
    (at(x, WIDTH), at(y, HEIGHT))
}

fn colour(colour: Oklch) -> Color {
    let [r, g, b] = colour.rgb();
    Color::from_rgba8(r, g, b, u8::MAX)
}

fn encode(pixmap: &Pixmap) -> Option<Vec<u8>> {
    // Nothing in it lets anything through.
    let rgb: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|p| [p.red(), p.green(), p.blue()])
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rgb).ok()?;
    writer.finish().ok()?;
    Some(out)
}
