//! Renders Markdown files or corpus lines and prints what each cost: the tool behind the numbers in the README.
//!
//! `cargo run --release -p cairn-markdown --example measure -- PATH… [--worst N]`, where a path is a
//! Markdown file, a folder of them or a `.jsonl` whose lines have `id` and `input`.

use cairn_markdown::{RenderOptions, render};
use std::path::Path;
use std::time::{Duration, Instant};

struct Cost {
    name: String,
    bytes: usize,
    took: Duration,
    outcome: String,
}

#[expect(clippy::print_stdout, reason = "printing is what this tool is for")]
fn main() -> std::io::Result<()> {
    let mut worst = 8;
    let mut bodies = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--worst" => {
                worst = arguments
                    .next()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(worst)
            }
            path => read(Path::new(path), &mut bodies)?,
        }
    }
    let options = RenderOptions::default();
    let warm = Instant::now();
    let _ = render("```rust\nfn a() {}\n```", &options);
    println!("first coloured block: {:.1} ms", ms(warm.elapsed()));
    let mut costs: Vec<Cost> = bodies
        .into_iter()
        .map(|(name, body)| {
            let started = Instant::now();
            let outcome = match render(&body, &options) {
                Ok(rendered) => format!("{} bytes of HTML", rendered.html.as_str().len()),
                Err(error) => error.limit.to_owned(),
            };
            let took = started.elapsed();
            Cost {
                name,
                bytes: body.len(),
                took,
                outcome,
            }
        })
        .collect();
    let total: Duration = costs.iter().map(|cost| cost.took).sum();
    let bytes: usize = costs.iter().map(|cost| cost.bytes).sum();
    costs.sort_by_key(|cost| cost.took);
    let median = costs.get(costs.len() / 2).map_or(0.0, |cost| ms(cost.took));
    println!(
        "{} bodies, {bytes} bytes, {:.1} ms, median {median:.3} ms",
        costs.len(),
        ms(total)
    );
    for cost in costs.iter().rev().take(worst) {
        let (name, bytes, took) = (&cost.name, cost.bytes, ms(cost.took));
        println!("{took:>9.2} ms {bytes:>9} bytes  {name}  {}", cost.outcome);
    }
    Ok(())
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn read(path: &Path, bodies: &mut Vec<(String, String)>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            read(&entry?.path(), bodies)?;
        }
        return Ok(());
    }
    let name = path.display().to_string();
    if name.ends_with(".jsonl") {
        for line in std::fs::read_to_string(path)?.lines() {
            let value: serde_json::Value = serde_json::from_str(line)?;
            let word = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
            bodies.push((word("id"), word("input")));
        }
    } else if name.ends_with(".md") {
        bodies.push((name, std::fs::read_to_string(path)?));
    }
    Ok(())
}
