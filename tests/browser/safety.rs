//! What must not happen in a browser: forms of others, acts done twice, work lost
//! to a colleague or to a pause.

use chrono::TimeDelta;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use proto::dossier::v1::{GetDossierRequest, TransferRequest};
use serde_json::json;
use testkit::{Engine, Town};

use crate::browser::{console, with_window};
use crate::desk::{BIRTH, COUNTER, HEAD, PROCESSING, button, taken_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_session_is_refused() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let page = taken_in(window, &town, "Trần Văn Bình").await;
        window.open_page(&page).await;
        let secret = window.value("form.act [name=csrf]").await;
        window.picture("before-the-forgery").await;

        // The same officer in another session has another secret.
        window.sign_in(&town, COUNTER).await;
        window.open_page(&page).await;
        assert_ne!(window.value("form.act [name=csrf]").await, secret);
        for forged in [secret.as_str(), "", "x"] {
            let before = town.fingerprint().await;
            let change = "document.querySelector('form.act [name=csrf]').value = arguments[0]";
            window.ask(change, vec![json!(forged)]).await;
            window.click(&button("Transfer")).await;
            window.sees("main section.narrow").await;
            assert_eq!(window.text("h1").await, "Biểu mẫu đã cũ");
            assert_eq!(town.fingerprint().await, before);
            window.open_page(&page).await;
        }
        window.reads("trang-thai", "Đã tiếp nhận").await;

        // Nor does anybody sign another out.
        let change = "document.querySelector('.who [name=csrf]').value = arguments[0]";
        window.ask(change, vec![json!(secret)]).await;
        window.click(".who button").await;
        window.sees("main section.narrow").await;
        window.open_page("/").await;
        window.sees(".counts").await;
    })
    .await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_acts_once() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        window.sign_in(&town, COUNTER).await;
        window.open_page(&format!("/tiep-nhan/{BIRTH}")).await;
        window.fill("#full_name", "Lê Thị Cúc").await;
        window.fill("#id_number", "042190001234").await;
        window.fill("#birth_date", "03021990").await;
        // A second window sends what the first one sent: the same keys.
        let copy = "return [...new FormData(document.querySelector('main form'))]";
        let sent = window.ask(copy, vec![]).await;
        window.click("button[value=accept]").await;
        window.sees("[data-print]").await;
        let slip = window.at().await;
        window.open_page(&format!("/tiep-nhan/{BIRTH}")).await;
        let paste = "const form = document.querySelector('main form');
            for (const [name, value] of arguments[0]) form.elements[name].value = value";
        window.ask(paste, vec![sent]).await;
        window.click("button[value=accept]").await;
        window.sees("[data-print]").await;
        assert_eq!(window.at().await, slip);
        window.open_page("/ho-so?q=le+thi+cuc").await;
        window.sees(".list").await;
        let rows = "return document.querySelectorAll('.list tbody tr').length";
        assert_eq!(window.ask(rows, vec![]).await, 1);
    })
    .await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_slower_is_told_and_sees_the_page_as_it_is() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let page = taken_in(window, &town, "Phạm Văn Dũng").await;
        window.open_page(&page).await;
        window.sees(&button("Transfer")).await;

        // A colleague does it over gRPC while the page stands open.
        let name = page.replace("/ho-so/", "dossiers/");
        let colleague = town.officer("18583.tiepnhan2").await;
        let mut reads = DossierQueryServiceClient::new(colleague.line.clone());
        let asked = GetDossierRequest { name: name.clone() };
        let seen = reads.get_dossier(asked).await.expect("it is seen");
        let seen = seen.into_inner().dossier.expect("a dossier");
        let request = TransferRequest {
            request_id: uuid::Uuid::from_u128(7).to_string(),
            name,
            etag: seen.etag,
        };
        let mut acts = DossierServiceClient::new(colleague.line);
        acts.transfer(request).await.expect("it is transferred");

        window.click(&button("Transfer")).await;
        window.sees(".error[role=alert]").await;
        window.picture("slower").await;
        let told = window.text(".error").await;
        assert!(told.contains("người khác xử lý trước"), "{told}");
        window.reads("trang-thai", "Chờ nhận xử lý").await;
    })
    .await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pause_one_signs_in_and_is_back_where_one_was() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let page = taken_in(window, &town, "Hoàng Thị Én").await;
        town.clock.advance(TimeDelta::minutes(31));
        window.open_page(&page).await;
        window.sees("#ten").await;
        window.picture("signed-out-by-a-pause").await;
        window.fill("#ten", COUNTER).await;
        window.fill("#mk", "sai").await;
        window.click("main button").await;
        window.sees(".error[role=alert]").await;
        assert_eq!(window.cursor().await, "mk");
        assert_eq!(window.value("#ten").await, COUNTER);
        town.clock.advance(TimeDelta::minutes(2));
        window.fill("#mk", town.password(COUNTER)).await;
        window.click("main button").await;
        window.sees("#trang-thai").await;
        assert_eq!(window.at().await, page);

        // Out is out: the cookie that was is worth nothing.
        let cookies = window.client().get_all_cookies().await.expect("cookies");
        window.click(".who button").await;
        window.sees("#ten").await;
        for cookie in cookies {
            window.client().add_cookie(cookie).await.expect("a cookie");
        }
        window.open_page(&page).await;
        window.sees("#ten").await;
    })
    .await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_may_not_do_is_neither_offered_nor_done() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let page = taken_in(window, &town, "Vũ Văn Giang").await;
        window.sign_in(&town, PROCESSING).await;
        let nav = window.text("header nav").await;
        assert!(!nav.contains("Tiếp nhận"), "{nav}");
        // Hiding is no lock: the address is known to whoever knows it.
        window.open_page(&format!("/tiep-nhan/{BIRTH}")).await;
        window.fill("#full_name", "Vũ Văn Giang").await;
        window.fill("#id_number", "042190001234").await;
        window.fill("#birth_date", "03021990").await;
        window.click("button[value=accept]").await;
        window.sees(".error[role=alert]").await;
        let told = window.text(".error").await;
        assert!(told.contains("Bạn không có quyền"), "{told}");

        // Another commune does not even know of it.
        window.sign_in(&town, "18073.tiepnhan1").await;
        window.open_page(&page).await;
        assert_eq!(window.text("h1").await, "Không tìm thấy");
        window.sign_in(&town, HEAD).await;
        window.open_page(&page).await;
        window.sees("#trang-thai").await;
    })
    .await;
    town.end().await;
}
