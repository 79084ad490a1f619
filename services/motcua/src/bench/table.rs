//! Tables in Markdown, and percentiles.

use std::io;

/// Writes a table; the first row names the columns.
pub(crate) fn write(out: &mut impl io::Write, rows: &[Vec<String>]) -> io::Result<()> {
    let Some((head, body)) = rows.split_first() else {
        return Ok(());
    };
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |row: &[String]| {
        let cells = row.iter().enumerate();
        let cells: Vec<_> = cells
            .map(|(n, c)| format!("{c:<w$}", w = width(n)))
            .collect();
        format!("| {} |", cells.join(" | "))
    };
    writeln!(out, "{}", line(head))?;
    let rules: Vec<_> = (0..head.len()).map(|n| "-".repeat(width(n))).collect();
    writeln!(out, "{}", line(&rules))?;
    for row in body {
        writeln!(out, "{}", line(row))?;
    }
    Ok(())
}

/// The value below which `part` of them are, in milliseconds; sorts them.
pub(crate) fn percentile(micros: &mut [u32], part: f64) -> f64 {
    micros.sort_unstable();
    let last = micros.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place among fewer values than a float counts exactly"
    )]
    let at = (last as f64 * part).round() as usize;
    micros.get(at).map_or(0.0, |n| f64::from(*n) / 1000.0)
}

/// The one in the middle by a key.
pub(crate) fn median<T>(mut all: Vec<T>, key: impl Fn(&T) -> f64) -> Option<T> {
    all.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let middle = all.len() / 2;
    all.into_iter().nth(middle)
}

/// A ratio; zero where there is nothing to compare with.
pub(crate) fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { 0.0 }
}

/// A count as a number to divide.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are small")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let mut micros: Vec<u32> = (1..=100).map(|n| n * 1000).rev().collect();
        assert!((percentile(&mut micros, 0.5) - 51.0).abs() < 0.01);
        assert!((percentile(&mut micros, 0.99) - 99.0).abs() < 0.01);
        assert!(percentile(&mut [], 0.5).abs() < 0.01);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a", "long name"], vec!["value", "1"]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        let mut out = Vec::new();
        write(&mut out, &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "| a     | long name |\n| ----- | --------- |\n| value | 1         |\n"
        );
    }
}
