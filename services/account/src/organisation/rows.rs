//! The unit list as it is written down: read whole, or refused with the row that
//! is wrong.

use std::collections::BTreeSet;

use serde::Deserialize;

/// A row of the unit list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) full_name: String,
    pub(super) parent: String,
}

/// What a unit may be.
const KINDS: [&str; 10] = [
    "board",
    "centre",
    "commune",
    "department",
    "inspectorate",
    "office",
    "one_stop_centre",
    "province",
    "vertical",
    "ward",
];

/// Why the unit list cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// It is no table of this shape.
    #[error(transparent)]
    Table(#[from] csv::Error),
    /// A cell is wrong.
    #[error("unit {unit:?}: {cell}")]
    Cell {
        /// The row's unit.
        unit: String,
        /// The cell.
        cell: &'static str,
    },
}

/// The rows of a list, parents before their sub-units.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, RowError> {
    let mut rows = Vec::new();
    let mut known = BTreeSet::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: Row = row?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let orphan = !row.parent.is_empty() && !known.contains(&row.parent);
        let cell = match &row {
            r if r.id.is_empty() || !r.id.chars().all(plain) => Some("id"),
            r if !KINDS.contains(&r.kind.as_str()) => Some("kind"),
            r if r.full_name.trim().is_empty() => Some("full_name"),
            r if orphan || (r.kind == "province") != r.parent.is_empty() => Some("parent"),
            r if !known.insert(r.id.clone()) => Some("id"),
            _ => None,
        };
        if let Some(cell) = cell {
            let unit = row.id;
            return Err(RowError::Cell { unit, cell });
        }
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id,kind,full_name,parent\n42,province,Tỉnh Hà Tĩnh,\n";

    #[test]
    fn the_list_that_came_with_the_program_is_right() {
        assert_eq!(rows(super::super::UNITS).unwrap().len(), 90);
    }

    #[test]
    fn a_malformed_row_is_named() {
        for (row, error) in [
            (",commune,Xã Mai Phụ,42", "unit \"\": id"),
            ("18 583,commune,Xã Mai Phụ,42", "unit \"18 583\": id"),
            ("42,commune,Hai lần,42", "unit \"42\": id"),
            ("18583,village,Xã Mai Phụ,42", "unit \"18583\": kind"),
            ("18583,commune, ,42", "unit \"18583\": full_name"),
            ("18583,commune,Xã Mai Phụ,43", "unit \"18583\": parent"),
            ("18583,commune,Xã Mai Phụ,", "unit \"18583\": parent"),
            ("18583,commune,Xã Mai Phụ,18583", "unit \"18583\": parent"),
        ] {
            let refused = rows(&format!("{HEAD}{row}\n")).unwrap_err();
            assert_eq!(refused.to_string(), error, "{row}");
        }
        for text in [
            format!("{HEAD}18583,commune\n"),
            "id,kind\n42,province\n".to_owned(),
        ] {
            assert!(matches!(rows(&text), Err(RowError::Table(_))), "{text}");
        }
    }
}
