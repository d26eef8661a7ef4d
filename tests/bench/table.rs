//! Numbers for people: medians, quantiles, and tables of fixed columns.

use std::time::Duration;

/// The median; of an even number the upper one.
pub(crate) fn median<T: Copy + PartialOrd>(numbers: impl IntoIterator<Item = T>) -> T {
    quantile(&sorted(numbers), 0.5)
}

/// The number under which a part of the sorted numbers lies.
pub(crate) fn quantile<T: Copy>(sorted: &[T], part: f64) -> T {
    sorted[((sorted.len() as f64 * part) as usize).min(sorted.len() - 1)]
}

pub(crate) fn sorted<T: Copy + PartialOrd>(numbers: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut numbers: Vec<T> = numbers.into_iter().collect();
    numbers.sort_by(|a, b| a.partial_cmp(b).expect("no figure is NaN"));
    numbers
}

/// Begins a table.
pub(crate) fn head(title: &str, columns: &[&str]) {
    println!("\n{title}");
    row(&columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>());
}

/// One line of a table.
pub(crate) fn row(cells: &[String]) {
    let cells: Vec<String> =
        cells.iter().enumerate().map(|(column, cell)| if column == 0 { format!("  {cell:<34}") } else { format!("{cell:>13}") }).collect();
    println!("{}", cells.concat());
}

/// `12 345`.
pub(crate) fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(" ")
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}
