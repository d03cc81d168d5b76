//! The portal's colour as its pages use it: OKLCH (Ottosson 2020), with the lightness of `tokens.css`.

/// The colour of a portal that chose none; `--brand` of `tokens.css`.
const BRAND: &str = "#0b7a63";

/// A colour by lightness (0 to 1), chroma and hue (radians).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Oklch {
    pub(crate) lightness: f64,
    pub(crate) chroma: f64,
    pub(crate) hue: f64,
}

impl Oklch {
    /// The colour a portal chose (`#rgb` or `#rrggbb`), else ours.
    pub(crate) fn of_accent(accent: Option<&str>) -> Self {
        let rgb = accent.and_then(parse).or_else(|| parse(BRAND));
        Self::of(rgb.unwrap_or_default())
    }

    /// The same hue with this lightness, and no more than this chroma.
    pub(crate) fn with(self, lightness: f64, chroma_max: f64) -> Self {
        Self {
            lightness,
            chroma: self.chroma.min(chroma_max),
            ..self
        }
    }

    fn of(rgb: [u8; 3]) -> Self {
        let [r, g, b] = rgb.map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        });
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
        let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
        Self {
            lightness: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            chroma: a.hypot(b),
            hue: b.atan2(a),
        }
    }

    /// As red, green and blue; what a screen cannot show is cut at its limits.
    pub(crate) fn rgb(self) -> [u8; 3] {
        let (sin, cos) = self.hue.sin_cos();
        let (a, b) = (self.chroma * cos, self.chroma * sin);
        let l = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
        .map(|v| {
            let v = if v <= 0.003_130_8 {
                12.92 * v
            } else {
                1.055 * v.powf(1.0 / 2.4) - 0.055
            };
            byte(v)
        })
    }
}

fn byte(v: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0 to 255 before"
    )]
    let byte = (v.clamp(0.0, 1.0) * 255.0).round() as u8;
    byte
}

fn parse(text: &str) -> Option<[u8; 3]> {
    let hex = text.strip_prefix('#')?;
    let digits: Vec<u8> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    match digits.as_slice() {
        [r, g, b] => Some([r * 17, g * 17, b * 17]),
        [r, r2, g, g2, b, b2] => Some([r * 16 + r2, g * 16 + g2, b * 16 + b2]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_comes_back_as_it_was() {
        for accent in ["#0b7a63", "#000", "#fff", "#c0ffee", "#7f1d1d", "#00f"] {
            let back = Oklch::of_accent(Some(accent)).rgb();
            assert_eq!(back, parse(accent).unwrap(), "{accent}");
        }
        // From the specification: pure red.
        let red = Oklch::of_accent(Some("#f00"));
        assert!((red.lightness - 0.628).abs() < 0.001 && (red.chroma - 0.2577).abs() < 0.001);
    }

    #[test]
    fn what_is_no_colour_is_ours() {
        for accent in [None, Some("red"), Some("#12"), Some("#gggggg"), Some("#é")] {
            assert_eq!(Oklch::of_accent(accent).rgb(), parse(BRAND).unwrap());
        }
    }
}
