//! `motcua restore`: copies take the place of stores, which no server may have open.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::backup::asked;
use crate::Outcome;
use crate::backup::{self, BackupError, manifest};
use crate::cli::RestoreArgs;
use crate::folder::Folder;

/// Restores what is asked for; nothing when one of the copies is not as it was.
pub(crate) async fn run(args: RestoreArgs) -> Outcome {
    let config = args.at.load()?;
    let kept = manifest::read(&args.from)?;
    let ours = backup::engine(&config);
    if kept.engine != ours {
        let theirs = if ours == manifest::SQLITE {
            manifest::POSTGRES
        } else {
            manifest::SQLITE
        };
        let from = args.from.display().to_string();
        return Err(BackupError::OtherEngine(from, theirs, ours).into());
    }
    let mut services = asked(&args.services)?;
    if args.services.is_empty() {
        services.retain(|service| kept.stores.contains_key(*service));
    }
    let folder = Folder::open(&config.data)?;
    let _claim = folder.claim(&services)?;
    let mut copies = Vec::new();
    for service in services {
        copies.push((service, kept.copy(&args.from, service)?));
    }
    let mut out = io::stdout().lock();
    for (service, copy) in copies {
        backup::restore(&config, service, &copy, args.replace).await?;
        writeln!(out, "{service}: đã khôi phục")?;
    }
    writeln!(
        out,
        "Các dịch vụ khác từ chối ghi cho đến khi đối soát xong: motcua reconcile"
    )?;
    Ok(ExitCode::SUCCESS)
}
