//! A dossier on its way through all hands.

use testkit::{Engine, Town};

use crate::browser::{Window, console, with_window};
use crate::desk::{CLERK, COUNTER, HEAD, LEADER, PROCESSING, button, taken_in, unfold};

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_goes_through_all_hands_in_the_browser() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let page = taken_in(window, &town, "Nguyễn Thị Ánh").await;
        window.open_page(&page).await;
        window.picture("dossier-accepted").await;
        let state = window.text("main").await;
        // It is the commune's, and not its counter's.
        assert!(state.contains("Xã Mai Phụ"), "{state}");
        window.click(&button("Transfer")).await;
        window.reads("trang-thai", "Chờ nhận xử lý").await;

        works_on(window, &town, CLERK, &page).await;
        window.click(&button("Receive")).await;
        window.reads("trang-thai", "Chờ phân công").await;

        works_on(window, &town, HEAD, &page).await;
        assigns(window).await;
        drafts(window, &town, &page).await;
        signs(window, &town, &page).await;

        works_on(window, &town, CLERK, &page).await;
        window.fill("#Issue-number", "15/TLKS-BS").await;
        window.click(&button("Issue")).await;
        window.reads("trang-thai", "Đã có kết quả").await;

        works_on(window, &town, COUNTER, &page).await;
        assert_eq!(window.value("#ReturnResult-taker").await, "Nguyễn Thị Ánh");
        window.click(&button("ReturnResult")).await;
        window.reads("trang-thai", "Đã trả kết quả").await;
        window.picture("dossier-returned").await;
        let history = window.text(".history").await;
        for line in [
            "Tiếp nhận\nCông chức tiếp nhận (18583)",
            "Trình ký\nChuyên viên Văn phòng (18583)",
            "Ký\nChủ tịch UBND (18583)",
            "Phát hành\nVăn thư (18583)",
        ] {
            assert!(history.contains(line), "“{line}” is not in:\n{history}");
        }
    })
    .await;
    assert_eq!(town.violations().await, Vec::<String>::new());
    town.end().await;
}

/// Signs in and finds the dossier on the work list.
async fn works_on(window: &Window, town: &Town, login: &str, page: &str) {
    window.sign_in(town, login).await;
    let link = format!(".list a[href='{page}']");
    window.sees(&link).await;
    window.picture(&format!("work-list-{login}")).await;
    window.click(&link).await;
    window.sees("#trang-thai").await;
}

async fn assigns(window: &Window) {
    let first = window.text("#Assign-person optgroup").await;
    assert!(first.contains("Chuyên viên Văn phòng (18583)"), "{first}");
    window.picture("assign").await;
    // Nobody is proposed: a dossier goes to whoever was chosen.
    window.click(&button("Assign")).await;
    window.sees("#Assign-person[aria-invalid]").await;
    assert_eq!(
        window.text("#Assign-person-loi").await,
        "Hãy chọn một người."
    );
    let choose = "const s = document.querySelector('#Assign-person');
        s.value = [...s.options].find((o) => o.text.startsWith('Chuyên viên Văn phòng')).value";
    window.ask(choose, vec![]).await;
    window.click(&button("Assign")).await;
    window.reads("trang-thai", "Đang thụ lý").await;
}

async fn drafts(window: &Window, town: &Town, page: &str) {
    works_on(window, town, PROCESSING, page).await;
    // Without a title it is refused, and the text is not lost.
    window
        .fill("#AttachDraft-content", "Dòng một\nDòng hai")
        .await;
    window.click(&button("AttachDraft")).await;
    window.sees("#AttachDraft-title[aria-invalid]").await;
    assert_eq!(window.cursor().await, "AttachDraft-title");
    assert_eq!(
        window.value("#AttachDraft-content").await,
        "Dòng một\nDòng hai"
    );
    window.picture("draft-wrong").await;
    window
        .fill("#AttachDraft-title", "Trích lục khai sinh")
        .await;
    window.click(&button("AttachDraft")).await;
    window.sees(".done").await;
    window.click(&button("SubmitForSignature")).await;
    window.reads("trang-thai", "Chờ ký").await;
}

async fn signs(window: &Window, town: &Town, page: &str) {
    works_on(window, town, LEADER, page).await;
    let shown = window.text("form[action$='/Sign']").await;
    assert!(shown.contains("Trích lục khai sinh"), "{shown}");
    assert!(shown.contains("SHA-256"), "{shown}");
    window.picture("sign").await;
    // What ends a dossier is not one click away.
    let open = "return document.querySelector(\"form[action$='/Stop']\").checkVisibility()";
    assert_eq!(window.ask(open, vec![]).await, false);
    unfold(window, "Stop").await;
    assert_eq!(window.ask(open, vec![]).await, true);
    window.picture("stop-unfolded").await;
    window.click(&button("Sign")).await;
    window.reads("trang-thai", "Chờ phát hành").await;
}
