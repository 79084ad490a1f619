//! Invariants of the stored case files, for `motcua verify`.

use std::collections::BTreeMap;

use domain::dossier::DossierCode;
use domain::working_time;
use sha2::{Digest as _, Sha256};
use storage::private_row::{self, Vault};
use storage::{Check, Db, StorageError, event};
use uuid::Uuid;

use crate::store::{codes, files};
use domain::case_file::{CaseFile, Fact, RowRef};

/// Checks every case file: replay equals row, instance and event versions are
/// linear, commitments hold, codes are unique and without a gap.
pub async fn verify(db: &Db, master_key: &[u8; 32]) -> Result<Vec<Check>, StorageError> {
    let vault = Vault::new(master_key)?;
    let (mut replay, mut sealed) = (
        Check::new("dossier.replay"),
        Check::new("dossier.private_rows"),
    );
    let mut serials: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = files::page(db.read(), after, 200).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.file.id.0);
        for stored in &page {
            let file = &stored.file;
            let folded = fold(db, file.id.0).await?;
            let same = folded.is_some_and(|f| files::canonical(&f).is_ok_and(|b| b == stored.body));
            replay.expect(same, || {
                format!("{}: the fold of its events differs", file.id)
            });
            for row in rows(file) {
                let opened = private_row::get(db.read(), &vault, row.row, row.version).await;
                let holds = match opened {
                    Ok(Some(opened)) => {
                        crate::app::notes::hex(&opened.commitment.0) == row.commitment
                    }
                    // Erased: the chain stays, the text is gone.
                    Ok(None) => true,
                    Err(_) => false,
                };
                sealed.expect(holds, || format!("{}: private row {}", file.id, row.row));
            }
            if let Some(code) = file
                .code
                .as_ref()
                .and_then(|c| c.parse::<DossierCode>().ok())
            {
                let key = (code.agency.clone(), code.day.to_string());
                serials.entry(key).or_default().push(i64::from(code.serial));
            }
        }
    }
    Ok(vec![replay, sealed, check_codes(db, serials).await?])
}

async fn check_codes(
    db: &Db,
    mut given: BTreeMap<(String, String), Vec<i64>>,
) -> Result<Check, StorageError> {
    let mut check = Check::new("dossier.codes");
    for (series, day, last) in codes::all(db.read()).await? {
        let mut serials = given
            .remove(&(series.clone(), day.clone()))
            .unwrap_or_default();
        serials.sort_unstable();
        let dense = serials.iter().copied().eq(1..=last);
        check.expect(dense, || {
            format!("{series} {day}: serials are not 1..{last}")
        });
    }
    for (series, day) in given.into_keys() {
        check.expect(false, || format!("{series} {day}: codes without a counter"));
    }
    Ok(check)
}

fn rows(file: &CaseFile) -> impl Iterator<Item = &RowRef> {
    std::iter::once(&file.applicant)
        .chain(&file.notes)
        .chain(file.drafts.iter().map(|d| &d.row))
}

/// The fold of a dossier's events; none when they are not 1..n.
async fn fold(db: &Db, id: Uuid) -> Result<Option<CaseFile>, StorageError> {
    let mut folded: Option<CaseFile> = None;
    for (expected, stored) in (1..).zip(event::load(db.read(), id).await?) {
        let facts = feed::envelope::decode(&stored.envelope)
            .and_then(|envelope| feed::envelope::facts::<Vec<Fact>>(&envelope));
        let Ok(facts) = facts else { return Ok(None) };
        if stored.aggregate_version != expected {
            return Ok(None);
        }
        let before = match (folded, facts.first()) {
            (Some(file), _) => file,
            (None, Some(Fact::Submitted { file })) => (**file).clone(),
            (None, _) => return Ok(None),
        };
        folded = Some(before.apply(expected, &facts));
    }
    Ok(folded)
}

/// The receiving unit, the day of submission and the order-free checksum of a
/// file: what the warehouse must have of it. The warehouse computes the same from
/// its own row.
pub(crate) fn summary(file: &CaseFile) -> (String, String, u128) {
    let digest = Sha256::digest(file.digestible().line().as_bytes());
    let sum = digest
        .iter()
        .take(16)
        .fold(0_u128, |sum, b| sum << 8 | u128::from(*b));
    let day = working_time::local(file.submitted).map(|at| at.date().to_string());
    (file.receiver.0.clone(), day.unwrap_or_default(), sum)
}
