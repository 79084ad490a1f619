//! What officers of xã Mai Phụ do over and over.

use testkit::Town;

use crate::browser::Window;

/// The commune's counter.
pub(crate) const COUNTER: &str = "18583.tiepnhan1";
/// Its head of division.
pub(crate) const HEAD: &str = "18583.lanhdao1";
/// Its processing officer.
pub(crate) const PROCESSING: &str = "18583.thuly1";
/// Its leader.
pub(crate) const LEADER: &str = "18583.chutich";
/// Its clerk.
pub(crate) const CLERK: &str = "18583.vanthu";

/// Birth registration: due the same day.
pub(crate) const BIRTH: &str = "tt-0001";

/// Keys that are no letters.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const DOWN: &str = "\u{e015}";

/// The button of an action on the dossier page.
pub(crate) fn button(method: &str) -> String {
    format!("form[action$='/{method}'] button")
}

/// The summary that an action is folded under.
pub(crate) async fn unfold(window: &Window, method: &str) {
    let script = "document.querySelector(`form[action$='/${arguments[0]}']`)
        .closest('details').querySelector('summary').click()";
    window.ask(script, vec![serde_json::json!(method)]).await;
}

/// Takes a birth registration in at the counter, accepted; answers the path of
/// its page.
pub(crate) async fn taken_in(window: &Window, town: &Town, name: &str) -> String {
    window.sign_in(town, COUNTER).await;
    window.open_page(&format!("/tiep-nhan/{BIRTH}")).await;
    window.fill("#full_name", name).await;
    window.fill("#id_number", "042190001234").await;
    window.fill("#birth_date", "03/02/1990").await;
    window.fill("#phone", "0912345678").await;
    window.click("button[value=accept]").await;
    window.sees("[data-print]").await;
    window.at().await.trim_end_matches("/phieu").to_owned()
}
