//! Lives that were walked through the real services, taken apart into their rows:
//! what in a row is the life's own, and so is another's in another life.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::dossier::DossierCode;
use uuid::Uuid;

use super::rows::{Cell, Row, Table, Tables};
use crate::bench::Broken;

/// What stands at a place of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An id in its 36 characters.
    Hyphened(Uuid),
    /// An id in its 16 bytes.
    Raw(Uuid),
    /// The four digits of the code's serial.
    Serial,
    /// The commitment of the nth private row, in hexadecimal.
    Committed(usize),
    /// The position of the life's nth event of the dossier feed: the whole cell.
    Position(usize),
}

/// Something of the life's own in a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) column: usize,
    pub(super) at: usize,
    pub(super) what: What,
}

/// What has to be counted, chained or sealed anew when a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Event,
    Access,
    /// The nth private row of the life.
    Private(usize),
    Key,
}

/// A row of a life.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The table, by its place among the store's.
    pub(super) table: usize,
    pub(super) role: Role,
    pub(super) cells: Row,
    pub(super) marks: Vec<Mark>,
}

/// A private row, by the names of this life.
#[derive(Clone, Debug)]
pub(super) struct Private {
    pub(super) row: Uuid,
    pub(super) version: i64,
    pub(super) kind: String,
    pub(super) plain: Vec<u8>,
    pub(super) commitment: Vec<u8>,
}

/// A life, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub(super) dossier: Uuid,
    /// The code, where it was accepted.
    pub(super) code: Option<String>,
    pub(super) private: Vec<Private>,
    /// Its rows by store, events in the order of their feed.
    pub(super) rows: BTreeMap<&'static str, Vec<Kept>>,
}

impl Template {
    /// The counter of its code: series and day.
    pub(super) fn series(&self) -> Option<(String, String)> {
        let code: DossierCode = self.code.as_deref()?.parse().ok()?;
        Some((code.agency, code.day.to_string()))
    }

    /// How many events it has in a store.
    pub(super) fn events(&self, store: &str) -> usize {
        let rows = self.rows.get(store).map_or(&[][..], Vec::as_slice);
        rows.iter().filter(|row| row.role == Role::Event).count()
    }
}

/// The stores as they are, and the private rows of each dossier, opened.
pub(super) struct Found {
    pub(super) stores: BTreeMap<&'static str, Tables>,
    pub(super) private: HashMap<Uuid, Vec<Private>>,
    /// Who and what every life names: people, posts, histories of feeds.
    pub(super) shared: BTreeSet<Uuid>,
}

/// Takes the lives apart, in the order of `dossiers`.
pub(super) fn take_apart(mut found: Found, dossiers: &[Uuid]) -> Result<Vec<Template>, Broken> {
    let codes = codes(&found)?;
    let mut lives: Vec<Template> = dossiers
        .iter()
        .map(|dossier| Template {
            dossier: *dossier,
            code: codes.get(dossier).cloned(),
            private: found.private.remove(dossier).unwrap_or_default(),
            rows: BTreeMap::new(),
        })
        .collect();
    let nth: HashMap<Uuid, usize> = dossiers.iter().enumerate().map(|(n, d)| (*d, n)).collect();
    let mut ids: Vec<BTreeSet<Uuid>> = vec![BTreeSet::new(); lives.len()];
    let mut of_life: HashMap<Uuid, usize> = HashMap::new();
    for (store, tables) in &found.stores {
        for (at, (name, table)) in tables.iter().enumerate() {
            for row in ordered(name, table) {
                let named = ids_of(row);
                let Some(life) = named.iter().find_map(|id| nth.get(id)) else {
                    continue;
                };
                let role = role(name);
                let kept = Kept {
                    table: at,
                    role,
                    cells: row.clone(),
                    marks: Vec::new(),
                };
                if let Some(known) = ids.get_mut(*life) {
                    known.extend(&named);
                }
                for id in named {
                    // Whoever is named in two lives belongs to neither.
                    if *of_life.entry(id).or_insert(*life) != *life {
                        found.shared.insert(id);
                    }
                }
                if let Some(life) = lives.get_mut(*life) {
                    life.rows.entry(store).or_default().push(kept);
                }
            }
        }
    }
    for (life, ids) in lives.iter_mut().zip(ids) {
        let own = ids.difference(&found.shared).copied().collect();
        mark(life, &own, &found.stores)?;
    }
    Ok(lives)
}

/// Events and lines of the access log in their order, other rows as they come.
fn ordered<'a>(name: &str, table: &'a Table) -> Vec<&'a Row> {
    let mut rows: Vec<&Row> = table.rows.iter().collect();
    let by = match name {
        "event" => table.column("position"),
        "access_log" => table.column("seq"),
        _ => None,
    };
    if let Some(by) = by {
        rows.sort_by_key(|row| row.get(by).and_then(Cell::number));
    }
    rows
}

fn role(table: &str) -> Role {
    match table {
        "event" => Role::Event,
        "access_log" => Role::Access,
        "private_row" => Role::Private(0),
        "subject_key" => Role::Key,
        _ => Role::Plain,
    }
}

fn codes(found: &Found) -> Result<HashMap<Uuid, String>, Broken> {
    let table = found.stores.get("dossier").and_then(|t| t.get("dossier"));
    let table = table.ok_or("no table of dossiers")?;
    let (id, code) = (table.column("id"), table.column("code"));
    let (id, code) = id.zip(code).ok_or("no column of ids and codes")?;
    let of = |row: &Row| {
        let id = ids_of(row.get(id..=id)?).pop()?;
        Some((id, row.get(code)?.text()?.to_owned()))
    };
    Ok(table.rows.iter().filter_map(of).collect())
}

/// Finds what is the life's own in all of its rows.
fn mark(
    life: &mut Template,
    own: &BTreeSet<Uuid>,
    stores: &BTreeMap<&'static str, Tables>,
) -> Result<(), Broken> {
    let ranks = positions(life, stores);
    let (private, code) = (life.private.clone(), life.code.clone());
    let commitments: Vec<String> = private.iter().map(|p| hex::encode(&p.commitment)).collect();
    for (store, rows) in &mut life.rows {
        let tables: Vec<_> = stores.get(store).into_iter().flatten().collect();
        for kept in rows {
            let (_, table) = tables.get(kept.table).ok_or("a table that is not there")?;
            for (column, cell) in kept.cells.iter().enumerate() {
                let mut put = |at, what| kept.marks.push(Mark { column, at, what });
                for (at, id, raw) in ids_in(cell) {
                    if own.contains(&id) {
                        put(
                            at,
                            if raw {
                                What::Raw(id)
                            } else {
                                What::Hyphened(id)
                            },
                        );
                    }
                }
                for (n, commitment) in commitments.iter().enumerate() {
                    for at in find(cell.bytes(), commitment.as_bytes()) {
                        put(at, What::Committed(n));
                    }
                }
                if let Some(code) = &code {
                    for at in find(cell.bytes(), code.as_bytes()) {
                        put(at + code.len() - SERIAL, What::Serial);
                    }
                }
                let name = table.columns.get(column).map(String::as_str);
                if *store == "gateway" && name == Some("position") {
                    let rank = cell.number().and_then(|p| ranks.get(&p));
                    put(0, What::Position(*rank.ok_or("a position of no event")?));
                }
            }
            if let Role::Private(_) = kept.role {
                let held = |p: &Private| kept.cells.contains(&Cell::Bytes(p.commitment.clone()));
                let nth = private.iter().position(held);
                kept.role = Role::Private(nth.ok_or("a private row that was not opened")?);
            }
        }
    }
    Ok(())
}

/// Digits of a serial, as long as a day has no more than 9,999.
pub(super) const SERIAL: usize = 4;

/// The place of each event of the life among those of its dossier's feed.
fn positions(life: &Template, stores: &BTreeMap<&'static str, Tables>) -> HashMap<i64, usize> {
    let tables = stores.get("dossier");
    let column = tables.and_then(|t| t.get("event")?.column("position"));
    let rows = life.rows.get("dossier").into_iter().flatten();
    let events = rows.filter(|row| row.role == Role::Event);
    let position = |row: &Kept| row.cells.get(column?)?.number();
    let known = events.filter_map(position).enumerate();
    known.map(|(rank, position)| (position, rank)).collect()
}

/// The ids that a row names.
fn ids_of(row: &[Cell]) -> Vec<Uuid> {
    let found = row.iter().flat_map(ids_in);
    found.map(|(_, id, _)| id).collect()
}

/// The ids in a cell, where they begin, and whether in bytes.
fn ids_in(cell: &Cell) -> Vec<(usize, Uuid, bool)> {
    if let Cell::Bytes(bytes) = cell
        && let Ok(id) = Uuid::from_slice(bytes)
    {
        return vec![(0, id, true)];
    }
    let hyphened = |(at, window): (usize, &[u8])| {
        if window.get(8) != Some(&b'-') || window.get(13) != Some(&b'-') {
            return None;
        }
        Some((at, Uuid::try_parse_ascii(window).ok()?, false))
    };
    let windows = cell.bytes().windows(36).enumerate();
    windows.filter_map(hyphened).collect()
}

fn find(within: &[u8], what: &[u8]) -> Vec<usize> {
    let windows = within.windows(what.len().max(1)).enumerate();
    windows
        .filter(|(_, w)| *w == what)
        .map(|(at, _)| at)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_text_and_in_bytes() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let text = Cell::Text(format!("dossiers/{id}:x").into_bytes());
        assert_eq!(ids_in(&text), [(9, id, false)]);
        let bytes = Cell::Bytes(id.as_bytes().to_vec());
        assert_eq!(ids_in(&bytes), [(0, id, true)]);
        assert_eq!(find(b"a-12-12", b"12"), [2, 5]);
    }
}
