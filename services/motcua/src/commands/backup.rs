//! `motcua backup`: a copy of each store, while the services go on.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::ExitCode;

use runtime::clock::SystemClock;

use crate::backup::{self, manifest};
use crate::cli::BackupArgs;
use crate::{Outcome, SERVICES};
use domain::clock::Clock as _;

/// Copies what is asked for.
pub(crate) async fn run(args: BackupArgs) -> Outcome {
    let config = args.at.load()?;
    let services = asked(&args.services)?;
    manifest::begin(&args.to)?;
    let mut out = io::stdout().lock();
    let mut stores = BTreeMap::new();
    for service in services {
        let entry = backup::copy(&config, service, &args.to).await?;
        writeln!(
            out,
            "{service}: {} byte, đến sự kiện {}",
            entry.bytes, entry.position
        )?;
        stores.insert(service.to_owned(), entry);
    }
    manifest::end(&args.to, backup::engine(&config), SystemClock.now(), stores)?;
    writeln!(
        out,
        "Đã sao lưu vào {}. Thư mục khóa {} không nằm trong bản sao: thiếu khóa thì dữ liệu cá nhân không đọc lại được, hãy cất riêng.",
        args.to.display(),
        config.keys().display()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The services that were named; all of them when none was.
pub(super) fn asked(names: &[String]) -> Result<Vec<&'static str>, String> {
    if names.is_empty() {
        return Ok(SERVICES.to_vec());
    }
    let known = |name: &String| {
        let found = SERVICES.into_iter().find(|service| service == name);
        found.ok_or_else(|| format!("không có dịch vụ {name}; có: {}", SERVICES.join(", ")))
    };
    names.iter().map(known).collect()
}
