//! At the counter, by keyboard alone.

use fantoccini::wd::{PrintConfiguration, PrintSize};
use testkit::{Engine, Town};

use crate::browser::{Window, console, keep, with_window};
use crate::desk::{BIRTH, COUNTER, DOWN, ENTER, TAB};

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_signs_in_takes_a_birth_registration_in_and_prints_the_slip() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        window.open_page("/").await;
        window.sees("#ten").await;
        let password = town.password(COUNTER);
        window
            .press(&format!("{COUNTER}{TAB}{password}{ENTER}"))
            .await;
        window.sees(".counts").await;
        window.picture("home-empty").await;

        // `n`, the words, the first hit, the form, the slip.
        let mut keys = window.press("n").await;
        window.sees("#q").await;
        keys += window.press(&format!("khai sinh{ENTER}")).await;
        window.sees(".cases a:focus").await;
        window.picture("procedures").await;
        keys += window.press(ENTER).await;
        window.sees("#full_name:focus").await;
        let typed = format!("Nguyễn Thị Ánh{TAB}042190001234{TAB}03021990{TAB}0912345678");
        keys += window.press(&typed).await;
        window.picture("intake-filled").await;
        keys += window.press(ENTER).await;
        window.sees("[data-print]:focus").await;
        window.picture("slip").await;
        println!("a birth registration took {keys} keystrokes");
        // A practised hand types 200 keys a minute; a minute is the promise.
        assert!(keys <= 100, "{keys} keystrokes");

        the_slip_says_all(window).await;
        the_slip_prints_on_one_page(window).await;
    })
    .await;
    town.end().await;
}

async fn the_slip_says_all(window: &Window) {
    let slip = window.text("main").await;
    for said in [
        "ỦY BAN NHÂN DÂN XÃ MAI PHỤ",
        "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập – Tự do – Hạnh phúc",
        "GIẤY TIẾP NHẬN HỒ SƠ",
        "Mã hồ sơ: H27.TAM.18583-261130-0001 (tạm)",
        "Nguyễn Thị Ánh",
        "Thời gian nhận hồ sơ: 09 giờ 00 phút, ngày 30 tháng 11 năm 2026",
        "Thời gian trả kết quả: 17 giờ 00 phút, ngày 30 tháng 11 năm 2026",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
    ] {
        assert!(slip.contains(said), "“{said}” is not on the slip:\n{slip}");
    }
    // A paper that only foundlings need is not on it, since none was handed in.
    assert!(!slip.contains("bị bỏ rơi"), "{slip}");
}

/// A5 upright, with the margins of its style sheet.
async fn the_slip_prints_on_one_page(window: &Window) {
    let a5 = PrintConfiguration::builder()
        .size(PrintSize {
            width: 14.8,
            height: 21.0,
        })
        .build();
    let printed = window.client().print(a5.expect("A5")).await;
    let pdf = printed.expect("the slip prints");
    let file = keep("slip.pdf", &pdf);
    assert!(pdf.starts_with(b"%PDF-"));
    let raw = String::from_utf8_lossy(&pdf);
    assert!(pdf.len() > 5_000, "{} bytes are no slip", pdf.len());
    let pages = raw.matches("/Type /Page\n").count();
    assert_eq!(pages, 1, "a slip is one page");
    // Fonts with Vietnamese letters are embedded.
    assert!(raw.contains("/FontFile"), "no font is embedded");
    let read = std::process::Command::new("pdftotext")
        .args([file.as_os_str(), "-".as_ref()])
        .output();
    match read {
        Ok(read) => {
            let text = String::from_utf8_lossy(&read.stdout);
            assert!(text.contains("Nguyễn Thị Ánh"), "{text}");
        }
        Err(_) => println!("pdftotext is not installed: the text was not read back"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_keeps_what_was_typed_and_says_what_is_wrong() {
    let town = Town::start(Engine::Sqlite).await;
    let before = town.fingerprint().await;
    with_window(&console(&town), async |window| {
        window.sign_in(&town, COUNTER).await;
        window.open_page(&format!("/tiep-nhan/{BIRTH}")).await;
        window.sees("#full_name:focus").await;
        let typed = format!("Đặng Văn Ổn{TAB}042190001234{TAB}03/02/1991{TAB}091{ENTER}");
        window.press(&typed).await;
        window.sees(".error[role=alert]").await;
        window.picture("intake-wrong").await;
        assert_eq!(window.cursor().await, "id_number");
        assert_eq!(window.value("#full_name").await, "Đặng Văn Ổn");
        assert_eq!(window.value("#birth_date").await, "03/02/1991");
        assert_eq!(window.value("#phone").await, "091");
        assert_eq!(
            window.text("#id_number-loi").await,
            "Không khớp với năm sinh."
        );
        assert_eq!(
            window.text("#phone-loi").await,
            "Phải có 10 chữ số, bắt đầu bằng 0."
        );
        let page = window.text("main").await;
        assert!(!page.contains("applicant."), "a path is no label: {page}");
        let title = window.client().title().await.expect("a title");
        assert!(title.starts_with("Lỗi: "), "{title}");

        // A day that is none is asked for in the words of the form.
        window.fill("#birth_date", "31/02/1990").await;
        window.press(ENTER).await;
        window.sees("#birth_date[aria-invalid]").await;
        let why = window.text("#birth_date-loi").await;
        assert!(why.contains("03021990"), "{why}");
        assert_eq!(window.value("#birth_date").await, "31/02/1990");
    })
    .await;
    assert_eq!(
        town.fingerprint().await,
        before,
        "a refusal wrote something"
    );
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shortcuts_only_where_nobody_types() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        window.sign_in(&town, COUNTER).await;
        window.press("n").await;
        window.sees("#q:focus").await;
        window.press("ngang/").await;
        assert_eq!(window.value("#q").await, "ngang/");
        assert_eq!(window.at().await, "/tiep-nhan");

        // The arrow goes from the field into the list, and on.
        window.press(DOWN).await;
        window.sees(".cases li:nth-child(1) a:focus").await;
        window.press(DOWN).await;
        window.sees(".cases li:nth-child(2) a:focus").await;
        window.press("g").await;
        window.sees(".counts").await;
        window.press("/").await;
        window.sees("#q[data-search]:focus").await;
        assert_eq!(window.at().await, "/ho-so");

        // Whoever dictates turns them off, and they stay off.
        window.open_page("/").await;
        window.click("[data-keys]").await;
        window.open_page("/").await;
        window.press("n").await;
        assert_eq!(window.at().await, "/");
    })
    .await;
    town.end().await;
}
