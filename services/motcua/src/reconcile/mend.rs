//! Doing what the survey has found. Each step may be done again: a mend that was
//! broken off is begun anew.

use std::collections::BTreeSet;

use domain::case_file::CaseFile;
use domain::clock::Clock as _;
use runtime::clock::SystemClock;
use storage::{Db, StorageError, cursor};
use workflow::app::adopt;

use super::{ReconcileError, Sides, Survey};

impl Sides {
    /// Brings the sides together. What is known of the time that is lost is written
    /// down before the warehouse, which knows it too, is emptied.
    pub(crate) async fn mend(&self, survey: &Survey) -> Result<(), ReconcileError> {
        for file in &survey.behind {
            self.adopt(file).await?;
        }
        let missing = dossier::after_restore::Missing {
            lost: survey
                .lost
                .iter()
                .map(|lost| (lost.dossier, lost.receiver.clone()))
                .collect(),
            codes: survey.codes.clone(),
        };
        let noted =
            dossier::after_restore::note(self.store("dossier")?, missing, SystemClock.now());
        noted
            .await
            .map_err(|error| ReconcileError::Store("dossier", error))?;
        let lost: BTreeSet<_> = survey.lost.iter().map(|lost| lost.dossier).collect();
        notification::after_restore::forget(self.store("notification")?, lost)
            .await
            .map_err(|error| ReconcileError::Store("notification", error))?;
        self.turn_cursors(survey).await
    }

    /// Lets workflow take up what dossier has kept of an instance.
    async fn adopt(&self, file: &CaseFile) -> Result<(), ReconcileError> {
        let Some(instance) = file.instance.clone() else {
            return Ok(());
        };
        let failed = |error| ReconcileError::Store("dossier", error);
        let acts = dossier::after_restore::crossed(self.store("dossier")?, file.id.0);
        let acts = acts.await.map_err(failed)?.into_iter();
        let kept = adopt::Kept {
            instance,
            case_id: file.case.clone(),
            file_version: file.version,
            acts: acts
                .map(|act| adopt::Crossed {
                    advanced: act.advanced,
                    actor: act.actor,
                    unit: act.unit,
                    at: act.at,
                    request_id: act.request_id,
                })
                .collect(),
        };
        adopt::run(&self.workflow()?, &kept)
            .await
            .map_err(|error| ReconcileError::Adopt(file.id.0, error))?;
        Ok(())
    }

    /// Whoever knew another incarnation knows the present one from now on. A restored
    /// feed is the beginning of the one that was followed: what is behind its end was
    /// taken up, and comes no more.
    async fn turn_cursors(&self, survey: &Survey) -> Result<(), ReconcileError> {
        for (service, consumer, source, at) in &survey.apart {
            let failed = |error: StorageError| ReconcileError::Store(service, error);
            let Some(head) = self.heads.get(source.as_str()) else {
                continue;
            };
            let db = self.store(service)?;
            if consumer == gateway::app::follow::CONSUMER {
                gateway::app::after_restore::empty(db, head.incarnation)
                    .await
                    .map_err(failed)?;
            } else {
                let position = at.position.min(head.position);
                save(db, consumer, position, head.incarnation)
                    .await
                    .map_err(failed)?;
            }
        }
        Ok(())
    }
}

async fn save(
    db: &Db,
    consumer: &str,
    position: i64,
    incarnation: uuid::Uuid,
) -> Result<(), StorageError> {
    let consumer = consumer.to_owned();
    db.run("reconcile.cursor", move |tx| {
        let consumer = consumer.clone();
        Box::pin(async move { cursor::save(tx, &consumer, position, incarnation).await })
    })
    .await
}
