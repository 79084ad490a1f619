//! Pages that everybody can use, on the screens that counters have.

use serde_json::json;
use testkit::{Engine, Town};

use crate::browser::{Window, console, with_window};
use crate::desk::{BIRTH, LEADER, button, taken_in, unfold};

/// What a machine can see of the accessibility of a page; a list of faults.
const FAULTS: &str = include_str!("faults.js");

/// Every page that an officer of the counter meets, with a name for the picture.
async fn pages(window: &Window, town: &Town) -> Vec<(&'static str, String)> {
    let dossier = taken_in(window, town, "Nguyễn Thị Ánh").await;
    vec![
        ("home", "/".to_owned()),
        ("cases", "/tiep-nhan?q=khai+sinh".to_owned()),
        ("no-cases", "/tiep-nhan?q=xyzzy".to_owned()),
        ("intake", format!("/tiep-nhan/{BIRTH}")),
        ("search", "/ho-so?q=nguyen".to_owned()),
        ("no-search", "/ho-so?q=xyzzy".to_owned()),
        ("list", "/ho-so?loc=dang-giai-quyet".to_owned()),
        ("dossier", dossier.clone()),
        ("slip", format!("{dossier}/phieu")),
        ("inbox", "/thong-bao".to_owned()),
        ("nowhere", "/khong-co".to_owned()),
    ]
}

async fn faults(window: &Window, on: &str) -> Vec<String> {
    let found = window.ask(FAULTS, vec![]).await;
    let found = found.as_array().expect("a list").clone();
    found
        .iter()
        .map(|fault| format!("{on}: {}", fault.as_str().unwrap_or_default()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_no_accessibility_fault_that_a_machine_can_see() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let mut found = Vec::new();
        window.open_page("/dang-nhap").await;
        found.extend(faults(window, "sign-in").await);
        let first = town.served.first_admin.clone().expect("a token");
        window
            .open_page(&format!("/quan-tri-dau-tien?token={first}"))
            .await;
        window.sees("#mk").await;
        found.extend(faults(window, "first-admin").await);
        let mut dossier = String::new();
        let mut titles = Vec::new();
        for (name, path) in pages(window, &town).await {
            window.open_page(&path).await;
            found.extend(faults(window, name).await);
            titles.push(window.client().title().await.expect("a title"));
            if name == "dossier" {
                dossier = path;
            }
        }
        titles.sort();
        titles.dedup();
        // Two pairs are the same page about something else.
        assert!(titles.len() >= 8, "pages share titles: {titles:?}");

        // Pages that say what is wrong, and forms that stand open.
        window.open_page(&format!("/tiep-nhan/{BIRTH}")).await;
        window.click("button[value=accept]").await;
        window.sees(".error[role=alert]").await;
        found.extend(faults(window, "intake-wrong").await);
        window.open_page(&dossier).await;
        window.click(&button("Transfer")).await;
        window.sees(".done").await;
        found.extend(faults(window, "done").await);
        window.sign_in(&town, LEADER).await;
        window.open_page(&dossier).await;
        for method in ["Extend", "Withdraw", "Stop"] {
            unfold(window, method).await;
        }
        found.extend(faults(window, "leader").await);
        assert_eq!(found, Vec::<String>::new());
    })
    .await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_sees_the_faults_that_it_looks_for() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        window.open_page("/dang-nhap").await;
        let spoil = "document.documentElement.lang = '';
            document.querySelector('label').remove();
            document.querySelector('h1').outerHTML = '<h3>Đăng nhập</h3>';
            const p = document.createElement('p');
            p.textContent = 'nhạt';
            p.style.color = '#aaa';
            document.querySelector('main').append(p);
            const a = document.createElement('a');
            a.href = '/';
            a.tabIndex = 3;
            document.querySelector('main').append(a)";
        window.ask(spoil, vec![]).await;
        let found = faults(window, "spoilt").await.join("\n");
        for fault in [
            "lang",
            "no label",
            "h1",
            "contrast",
            "tabindex",
            "link without text",
        ] {
            assert!(found.contains(fault), "{fault} was not seen:\n{found}");
        }
    })
    .await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_fits_a_small_screen() {
    let town = Town::start(Engine::Sqlite).await;
    with_window(&console(&town), async |window| {
        let pages = pages(window, &town).await;
        for (width, height) in [(1280, 720), (800, 720), (500, 800)] {
            let resized = window.client().set_window_size(width, height).await;
            resized.expect("another size");
            for (name, path) in &pages {
                window.open_page(path).await;
                let over = "const page = document.scrollingElement;
                    return [page.scrollWidth - innerWidth, ...[...document.querySelectorAll('body *')]
                        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
                            && e.checkVisibility() && getComputedStyle(e).position !== 'absolute')
                        .map((e) => e.outerHTML.slice(0, 80))]";
                let over = window.ask(over, vec![]).await;
                assert_eq!(over, json!([over[0].as_i64().unwrap().min(0)]), "{name} at {width}");
                // A head that eats the screen has words broken into letters.
                let head = "return document.querySelector('.top')?.offsetHeight ?? 0";
                let head = window.ask(head, vec![]).await;
                assert!(head.as_i64() < Some(180), "{name} at {width}: {head}");
                window.picture(&format!("{name}-{width}")).await;
            }
        }
    })
    .await;
    town.end().await;
}
