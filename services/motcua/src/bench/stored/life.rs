//! One more life from a template: other ids, another serial, other keys.

use std::collections::HashMap;

use storage::access_log::Access;
use storage::private_row::{Alone, Vault, seal_alone};
use uuid::Uuid;

use super::rows::{Cell, Row};
use super::template::{Kept, Role, SERIAL, Template, What};
use crate::bench::Broken;
use crate::bench::salt::{salt, salted};

/// What a row of a table has its columns at, for those that are written anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(HashMap<String, usize>);

impl Places {
    /// Of a table with these columns.
    pub(super) fn of(columns: &[String]) -> Self {
        let named = columns.iter().enumerate();
        Self(named.map(|(at, name)| (name.clone(), at)).collect())
    }

    fn set(&self, row: &mut Row, column: &str, cell: Cell) -> Result<(), Broken> {
        let at = self.0.get(column).and_then(|at| row.get_mut(*at));
        *at.ok_or_else(|| format!("no column {column}"))? = cell;
        Ok(())
    }

    fn get<'a>(&self, row: &'a Row, column: &str) -> Result<&'a Cell, Broken> {
        let at = self.0.get(column).and_then(|at| row.get(*at));
        Ok(at.ok_or_else(|| format!("no column {column}"))?)
    }

    fn text(&self, row: &Row, column: &str) -> Result<String, Broken> {
        let text = self.get(row, column)?.text();
        Ok(text
            .ok_or_else(|| format!("{column} is no text"))?
            .to_owned())
    }
}

/// What grows with every row of a store: the sequence and the chain of its feed and
/// of its access log.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    pub(super) seq: i64,
    pub(super) position: i64,
    pub(super) hash: Vec<u8>,
    pub(super) access_seq: i64,
    pub(super) access_hash: Vec<u8>,
}

/// A life that is about to be written.
pub(super) struct Life<'a> {
    template: &'a Template,
    salt: u128,
    serial: [u8; SERIAL],
    /// The position before its first event of the dossier feed.
    before: i64,
    sealed: Option<Alone>,
}

impl<'a> Life<'a> {
    /// The nth life, with the serial of its code; sealed where private rows are
    /// written.
    pub(super) fn of(
        template: &'a Template,
        nth: u64,
        serial: u32,
        before: i64,
        vault: Option<&Vault>,
    ) -> Result<Self, Broken> {
        let salt = salt(nth);
        let text = format!("{serial:04}");
        let serial = text.as_bytes().try_into();
        let sealed = match vault {
            Some(vault) => {
                let row = |p: &'a super::template::Private| {
                    let plain = p.plain.as_slice();
                    (p.kind.as_str(), (salted(p.row, salt), p.version), plain)
                };
                let rows: Vec<_> = template.private.iter().map(row).collect();
                Some(seal_alone(vault, salted(template.dossier, salt), &rows)?)
            }
            None => None,
        };
        Ok(Self {
            template,
            salt,
            serial: serial.map_err(|_| "more than 9,999 dossiers of a unit on a day")?,
            before,
            sealed,
        })
    }

    /// A row of it, without what is counted and chained.
    pub(super) fn row(&self, kept: &Kept) -> Result<Row, Broken> {
        let mut row = kept.cells.clone();
        for mark in &kept.marks {
            let cell = row.get_mut(mark.column).ok_or("a mark beyond its row")?;
            if let What::Position(rank) = mark.what {
                *cell = Cell::Int(self.before + i64::try_from(rank)? + 1);
                continue;
            }
            let (Cell::Text(bytes) | Cell::Bytes(bytes)) = cell else {
                return Err("a mark in a number".into());
            };
            self.write(mark.what, bytes.get_mut(mark.at..).unwrap_or_default())?;
        }
        Ok(row)
    }

    fn write(&self, what: What, into: &mut [u8]) -> Result<(), Broken> {
        let mut text = Uuid::encode_buffer();
        let mut digits = [0; 64];
        let new: &[u8] = match what {
            What::Hyphened(id) => {
                let id = salted(id, self.salt).hyphenated();
                id.encode_lower(&mut text).as_bytes()
            }
            What::Raw(id) => {
                let id = salted(id, self.salt);
                return put(into, id.as_bytes());
            }
            What::Serial => &self.serial,
            What::Committed(nth) => {
                let sealed = self.sealed.as_ref().and_then(|s| s.rows.get(nth));
                let (_, _, commitment) = sealed.ok_or("a commitment outside of its store")?;
                hex::encode_to_slice(&commitment.0, &mut digits)?;
                &digits
            }
            What::Position(_) => return Ok(()),
        };
        put(into, new)
    }

    /// Writes anew what is sealed, counted and chained in a row.
    pub(super) fn settle(
        &self,
        role: Role,
        row: &mut Row,
        places: &Places,
        ends: &mut Ends,
    ) -> Result<(), Broken> {
        let sealed = self.sealed.as_ref();
        match role {
            Role::Plain => {}
            Role::Private(nth) => {
                let rows = sealed.and_then(|s| s.rows.get(nth));
                let (nonce, content, commitment) = rows.ok_or("a row that was not sealed")?;
                places.set(row, "nonce", Cell::Bytes(nonce.clone()))?;
                places.set(row, "sealed", Cell::Bytes(content.clone()))?;
                places.set(row, "commitment", Cell::Bytes(commitment.0.clone()))?;
            }
            Role::Key => {
                let (nonce, wrapped) = &sealed.ok_or("a key that was not sealed")?.key;
                places.set(row, "nonce", Cell::Bytes(nonce.clone()))?;
                places.set(row, "wrapped", Cell::Bytes(wrapped.clone()))?;
            }
            Role::Event => event(row, places, ends)?,
            Role::Access => access(row, places, ends)?,
        }
        Ok(())
    }

    /// The rows of a store.
    pub(super) fn rows(&self, store: &str) -> &'a [Kept] {
        let rows = self.template.rows.get(store);
        rows.map_or(&[], Vec::as_slice)
    }
}

fn put(into: &mut [u8], new: &[u8]) -> Result<(), Broken> {
    let room = into.get_mut(..new.len()).ok_or("a mark beyond its cell")?;
    room.copy_from_slice(new);
    Ok(())
}

fn event(row: &mut Row, places: &Places, ends: &mut Ends) -> Result<(), Broken> {
    ends.seq += 1;
    ends.position += 1;
    let envelope = places.get(row, "envelope")?.bytes();
    let hash = feed::hash(ends.position, &ends.hash, envelope).to_vec();
    let before = std::mem::replace(&mut ends.hash, hash.clone());
    places.set(row, "seq", Cell::Int(ends.seq))?;
    places.set(row, "position", Cell::Int(ends.position))?;
    places.set(row, "prev_hash", Cell::Bytes(before))?;
    places.set(row, "hash", Cell::Bytes(hash))
}

fn access(row: &mut Row, places: &Places, ends: &mut Ends) -> Result<(), Broken> {
    let at = places.text(row, "at")?;
    // PostgreSQL says `+00`, SQLite `+00:00`.
    let at = chrono::DateTime::parse_from_str(&at, "%Y-%m-%d %H:%M:%S%.f%#z")?;
    let access = Access {
        at: at.to_utc(),
        actor: places.text(row, "actor")?,
        unit: places.text(row, "unit")?,
        action: places.text(row, "action")?,
        resource: places.text(row, "resource")?,
        purpose: places.text(row, "purpose")?,
        outcome: places.text(row, "outcome")?,
    };
    ends.access_seq += 1;
    let hash = storage::access_log::chained(&ends.access_hash, &access);
    let before = std::mem::replace(&mut ends.access_hash, hash.clone());
    places.set(row, "seq", Cell::Int(ends.access_seq))?;
    places.set(row, "prev_hash", Cell::Bytes(before))?;
    places.set(row, "hash", Cell::Bytes(hash))
}
