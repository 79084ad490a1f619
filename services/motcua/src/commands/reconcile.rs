//! `motcua reconcile`: what a restore has put apart, told and mended.

use std::io::{self, Write as _};

use crate::cli::ReconcileArgs;
use crate::folder::Folder;
use crate::reconcile::{Sides, Survey};
use crate::{Outcome, SERVICES, holds};

/// How many are named of what may be many.
const NAMED: usize = 20;

/// Tells what there is to do, and does it when asked. Zero when nothing is left.
pub(crate) async fn run(args: ReconcileArgs) -> Outcome {
    let config = args.at.load()?;
    let folder = Folder::open(&config.data)?;
    let _claim = folder.claim(&SERVICES)?;
    let sides = Sides::open(&config).await?;
    let survey = sides.survey().await?;
    let mut out = io::stdout().lock();
    tell(&mut out, &survey)?;
    if survey.is_even() {
        writeln!(out, "Các bên đã khớp, không có gì phải đối soát.")?;
        return Ok(holds(true));
    }
    if !args.apply {
        writeln!(out, "Chưa thay đổi gì. Thực hiện: motcua reconcile --apply")?;
        return Ok(holds(false));
    }
    sides.mend(&survey).await?;
    writeln!(
        out,
        "Đã đối soát. Khởi động dịch vụ rồi kiểm tra: motcua verify"
    )?;
    Ok(holds(true))
}

fn tell(out: &mut impl io::Write, survey: &Survey) -> io::Result<()> {
    for service in &survey.restored {
        writeln!(
            out,
            "{service}: đã khôi phục, các bên theo dõi còn ghi nhận bản cũ"
        )?;
    }
    writeln!(
        out,
        "Hồ sơ mà workflow thiếu bước, dossier còn giữ: {}",
        survey.behind.len()
    )?;
    writeln!(
        out,
        "Hồ sơ mà dossier thiếu bước, workflow còn giữ (tự bổ sung khi dịch vụ chạy): {}",
        survey.ahead
    )?;
    writeln!(
        out,
        "Mã hồ sơ đã cấp, nay giữ lại để không cấp lần hai: {}",
        survey.codes.len()
    )?;
    writeln!(
        out,
        "Hồ sơ đã mất cùng kho dossier, phải lập lại từ giấy: {}",
        survey.lost.len()
    )?;
    for lost in survey.lost.iter().take(NAMED) {
        let code = lost.code.as_ref().map(ToString::to_string);
        writeln!(
            out,
            "    {}  đơn vị {}  {}",
            code.as_deref().unwrap_or("chưa có mã"),
            lost.receiver,
            lost.dossier
        )?;
    }
    if survey.lost.len() > NAMED {
        writeln!(out, "    … và {} hồ sơ nữa", survey.lost.len() - NAMED)?;
    }
    Ok(())
}
