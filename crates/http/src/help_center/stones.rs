//! A small cairn for each category, grown from its id: the same id always makes the same stones.
//!
//! Three or four stones, each narrower than the one below by .70 to .82, together .86 of the box high;
//! a stone is eight points on a superellipse (exponent 2.25) worn by up to 3 %, joined by smooth curves.
//! Coordinates are whole numbers in a box of 200; the tones `a` to `d` never repeat between neighbours.

use sha2::{Digest, Sha256};

use super::html::Drawing;

/// The box a cairn stands in, in its own units.
pub(crate) const BOX: f64 = 200.0;
const POINTS: usize = 8;
const EXPONENT: f64 = 2.25;
const WEAR: f64 = 0.03;

/// The cairn of this seed.
pub(crate) fn cairn(seed: &str) -> Drawing {
    draw(seed, "")
}

/// The cairn of this seed inside another drawing, this many units wide and high.
pub(crate) fn cairn_of_size(seed: &str, size: u32) -> Drawing {
    draw(seed, &format!(r#" width="{size}" height="{size}""#))
}

fn draw(seed: &str, size: &str) -> Drawing {
    let mut out = format!(r#"<svg class="cairn"{size} viewBox="0 0 200 200" aria-hidden="true">"#);
    for stone in stones(seed) {
        out.push_str(&format!(
            r#"<path class="{}" d="{}"/>"#,
            ["a", "b", "c", "d"][stone.tone],
            stone.path()
        ));
    }
    out.push_str("</svg>");
    Drawing(out)
}

/// A stone of a cairn, in a box of [`BOX`] units.
#[derive(Debug, Clone)]
pub(crate) struct Stone {
    /// Which of the four tones, 0 to 3.
    pub(crate) tone: usize,
    points: Vec<(f64, f64)>,
}

impl Stone {
    /// Where its outline begins.
    pub(crate) fn start(&self) -> (f64, f64) {
        self.at(0)
    }

    fn at(&self, i: usize) -> (f64, f64) {
        self.points[i % POINTS]
    }

    /// Its outline: Catmull-Rom through the points, as cubic curves of two handles and an end.
    pub(crate) fn curves(&self) -> impl Iterator<Item = [(f64, f64); 3]> + '_ {
        (0..POINTS).map(|i| {
            let (p0, p1, p2, p3) = (
                self.at(i + POINTS - 1),
                self.at(i),
                self.at(i + 1),
                self.at(i + 2),
            );
            [
                (p1.0 + (p2.0 - p0.0) / 6.0, p1.1 + (p2.1 - p0.1) / 6.0),
                (p2.0 - (p3.0 - p1.0) / 6.0, p2.1 - (p3.1 - p1.1) / 6.0),
                p2,
            ]
        })
    }

    fn path(&self) -> String {
        let start = self.start();
        let mut path = format!("M{:.0} {:.0}", start.0, start.1);
        for [a, b, end] in self.curves() {
            path.push_str(&format!(
                "C{:.0} {:.0} {:.0} {:.0} {:.0} {:.0}",
                a.0, a.1, b.0, b.1, end.0, end.1
            ));
        }
        path.push('z');
        path
    }
}

/// The stones of this seed, the lowest first.
pub(crate) fn stones(seed: &str) -> Vec<Stone> {
    let mut dice = Dice::new(seed);
    let count = if dice.roll() < 0.5 { 3 } else { 4 };
    let mut width = 140.0 + 12.0 * dice.roll();
    let mut shares: Vec<f64> = (0..count)
        .map(|i| 1.0 - 0.12 * f64::from(i) + 0.2 * dice.roll())
        .collect();
    let sum: f64 = shares.iter().sum();
    for share in &mut shares {
        *share *= BOX * 0.86 / sum;
    }
    let mut out = Vec::with_capacity(shares.len());
    let mut ground = 193.0;
    let mut before = usize::MAX;
    for height in shares {
        let mut tone = dice.below(4);
        if tone == before {
            tone = (tone + 1) % 4;
        }
        before = tone;
        let centre_x = 100.0 + 14.0 * (dice.roll() - 0.5);
        let centre_y = ground - height / 2.0;
        let points = points(&mut dice, centre_x, centre_y, width / 2.0, height / 2.0);
        out.push(Stone { tone, points });
        // Stones sink a little into each other.
        ground -= height * 0.97;
        width *= 0.70 + 0.12 * dice.roll();
    }
    out
}

fn points(dice: &mut Dice, x: f64, y: f64, half_width: f64, half_height: f64) -> Vec<(f64, f64)> {
    (0..POINTS)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(u32::try_from(i).unwrap_or(0)) / 8.0;
            let (sin, cos) = angle.sin_cos();
            let round = |v: f64| v.signum() * v.abs().powf(2.0 / EXPONENT);
            let worn = 1.0 + WEAR * (2.0 * dice.roll() - 1.0);
            (
                x + half_width * round(cos) * worn,
                y + half_height * round(sin) * worn,
            )
        })
        .collect()
}

/// Numbers from a seed: SHA-256 of it and of a counter, a byte pair at a time.
struct Dice {
    seed: String,
    counter: u32,
    bytes: Vec<u8>,
}

impl Dice {
    fn new(seed: &str) -> Self {
        Self {
            seed: seed.to_owned(),
            counter: 0,
            bytes: Vec::new(),
        }
    }

    /// In 0 to 1, 1 excluded.
    fn roll(&mut self) -> f64 {
        if self.bytes.len() < 2 {
            let text = format!("{}:{}", self.seed, self.counter);
            self.counter += 1;
            self.bytes = Sha256::digest(text.as_bytes()).to_vec();
        }
        let high = self.bytes.pop().unwrap_or(0);
        let low = self.bytes.pop().unwrap_or(0);
        f64::from(u16::from_be_bytes([high, low])) / 65_536.0
    }

    fn below(&mut self, n: u16) -> usize {
        // Truncation is the point: a whole number below n.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 <= roll < 1"
        )]
        let number = (self.roll() * f64::from(n)) as usize;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_stones_and_they_stay_in_the_box() {
        assert_eq!(cairn("a").0, cairn("a").0);
        assert_ne!(cairn("a").0, cairn("b").0);
        for seed in 0..200 {
            let svg = cairn(&seed.to_string()).0;
            let stones = svg.matches("<path").count();
            assert!((3..=4).contains(&stones));
            let tones: Vec<&str> = svg.split("class=\"").skip(2).map(|s| &s[..1]).collect();
            assert!(tones.windows(2).all(|w| w[0] != w[1]), "{tones:?}");
            for path in svg.split("d=\"").skip(1) {
                for number in path
                    .split('"')
                    .next()
                    .unwrap_or("")
                    .split(['M', 'C', ' ', 'z'])
                {
                    if let Ok(number) = number.parse::<i32>() {
                        assert!((0..=200).contains(&number), "{number} in {svg}");
                    }
                }
            }
        }
    }
}
