//! `motcua migrate`: schemas up, then the units, calendars and procedures that
//! come with the program. Again changes nothing.

use std::io::{self, Write as _};
use std::process::ExitCode;

use storage::Db;

use crate::cli::AtArgs;
use crate::folder::Folder;
use crate::house::{House, Means};
use crate::serve::provision;
use crate::{Outcome, SERVICES, schema};

/// Brings everything up.
pub(crate) async fn run(args: AtArgs) -> Outcome {
    let config = args.load()?;
    let folder = Folder::open(&config.data)?;
    let _claim = folder.claim(&SERVICES)?;
    for service in SERVICES {
        let db = Db::open(&config.store(service)?).await?;
        db.migrate(schema::of(service)).await?;
    }
    let house = House::open(&config, &SERVICES, Means::default()).await?;
    let (communes, added) = provision(&house.inner_door()?, &*house.means.ids).await?;
    writeln!(
        io::stdout(),
        "schemas are up; {communes} communes are provisioned, {added} rows were added"
    )?;
    let _ = house
        .shutdown
        .drain(std::time::Duration::from_secs(10))
        .await;
    Ok(ExitCode::SUCCESS)
}
