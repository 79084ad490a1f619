//! The schema of each service: its own chain of migrations.

use storage::MigrationTrait;

/// The chain of a service, after storage's own tables.
pub(crate) fn of(service: &str) -> Vec<Box<dyn MigrationTrait>> {
    match service {
        "account" => account::migration::all(),
        "workflow" => workflow::migration::all(),
        "dossier" => dossier::migration::all(),
        "notification" => notification::migration::all(),
        _ => gateway::migration::all(),
    }
}
