//! Chromium behind chromedriver, both ended with the test that began them.

use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use futures::FutureExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::required;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// A page is there within this.
const SOON: Duration = Duration::from_secs(20);

/// Ports are not taken away this often.
const STARTS: usize = 5;

/// What the flags are for: no sandbox inside a container, no screen, and no talk
/// with anybody but the town.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,720",
];

/// chromedriver on a port that it chose itself.
struct Driver {
    process: Child,
    port: u16,
    // Held open: chromedriver writes to it as long as it lives.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// None where it is not installed. chromedriver takes a free port of IPv4 and
    /// then wants the same one of IPv6, which somebody else may hold: then it
    /// ends, and is begun again on another.
    async fn start() -> Option<Self> {
        let mut said = String::new();
        for _ in 0..STARTS {
            let started = Command::new("chromedriver")
                .arg("--port=0")
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn();
            let process = match started {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
                started => started.expect("chromedriver starts"),
            };
            let listening = timeout(SOON, Self::listening(process)).await;
            match listening.expect("chromedriver tells its port in time") {
                Ok(driver) => return Some(driver),
                Err(last) => said = last,
            }
        }
        panic!("chromedriver does not listen: {said}");
    }

    /// Reads the port from what it says; all that it said if it ends instead.
    async fn listening(mut process: Child) -> Result<Self, String> {
        let out = process.stdout.take().expect("its output");
        let mut lines = BufReader::new(out).lines();
        let mut said = String::new();
        while let Some(line) = lines.next_line().await.expect("a line") {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Ok(Self {
                    port: port.trim_end_matches('.').parse().expect("a port"),
                    process,
                    _said: lines,
                });
            }
            said.push_str(&line);
        }
        Err(said)
    }

    async fn end(mut self) {
        self.process.kill().await.expect("chromedriver ends");
    }
}

/// A browser window, and whoever types into it.
pub(crate) struct Window {
    client: Client,
    origin: String,
    // Chromium's own folder: no two windows share a session.
    _profile: TempDir,
}

/// Opens a window on a console, lets a test use it, and closes it whatever
/// happens. Where there is no browser, says so and does nothing.
pub(crate) async fn with_window<F: AsyncFnOnce(&Window)>(origin: &str, test: F) {
    let Some(driver) = Driver::start().await else {
        assert!(
            !required("chromium"),
            "Chromium is required: install chromium and chromedriver"
        );
        println!("skipped: chromedriver is not installed");
        return;
    };
    let window = Window::open(driver.port, origin).await;
    let outcome = AssertUnwindSafe(test(&window)).catch_unwind().await;
    if outcome.is_err() {
        let image = window.client.screenshot().await.unwrap_or_default();
        keep("at-the-failure.png", &image);
    }
    let closed = window.client.clone().close().await;
    driver.end().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    closed.expect("the window closes");
}

impl Window {
    async fn open(port: u16, origin: &str) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let folder = format!("--user-data-dir={}", profile.path().display());
        let flags: Vec<&str> = FLAGS.iter().copied().chain([folder.as_str()]).collect();
        let options = json!({ "args": flags });
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self {
            client,
            origin: origin.to_owned(),
            _profile: profile,
        }
    }

    /// The `WebDriver` client, for what has no word of its own here.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Opens a page of the console.
    pub(crate) async fn open_page(&self, path: &str) {
        let to = format!("{}{path}", self.origin);
        self.client.goto(&to).await.expect("a page");
    }

    /// The path and query of the page.
    pub(crate) async fn at(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.as_str().trim_start_matches(&self.origin).to_owned()
    }

    /// Waits until something is on the page.
    pub(crate) async fn sees(&self, css: &str) {
        let wait = self.client.wait().at_most(SOON);
        let found = wait.for_element(Locator::Css(css)).await;
        assert!(found.is_ok(), "{css} is not on {}", self.at().await);
    }

    /// Waits until an element has exactly this text.
    pub(crate) async fn reads(&self, id: &str, text: &str) {
        let path = format!("//*[@id='{id}' and normalize-space()='{text}']");
        let wait = self.client.wait().at_most(SOON);
        let found = wait.for_element(Locator::XPath(&path)).await;
        assert!(
            found.is_ok(),
            "#{id} is not “{text}” but “{}”",
            self.text(&format!("#{id}")).await
        );
    }

    /// The text of the first element of a kind; empty if there is none.
    pub(crate) async fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
        let text = self.ask(script, vec![json!(css)]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// What is typed into a field.
    pub(crate) async fn value(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0]).value";
        let value = self.ask(script, vec![json!(css)]).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// The id of the element that has the cursor.
    pub(crate) async fn cursor(&self) -> String {
        let id = self.ask("return document.activeElement.id", vec![]).await;
        id.as_str().unwrap_or_default().to_owned()
    }

    /// Asks the page.
    pub(crate) async fn ask(&self, script: &str, with: Vec<Value>) -> Value {
        let answer = self.client.execute(script, with).await;
        answer.expect("the script runs")
    }

    /// Presses keys, one after the other, wherever the cursor is; answers how
    /// many.
    pub(crate) async fn press(&self, text: &str) -> usize {
        let mut keys = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            keys = keys
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client.perform_actions(keys).await.expect("keys");
        text.chars().count()
    }

    /// Clicks.
    pub(crate) async fn click(&self, css: &str) {
        self.sees(css).await;
        let element = self.client.find(Locator::Css(css)).await;
        let clicked = element.expect("an element").click().await;
        clicked.expect("it can be clicked");
    }

    /// Replaces what is in a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.sees(css).await;
        let element = self.client.find(Locator::Css(css)).await;
        let element = element.expect("a field");
        element.clear().await.expect("it is emptied");
        element.send_keys(text).await.expect("it is typed into");
    }

    /// Signs an officer in, as whoever was there before.
    pub(crate) async fn sign_in(&self, town: &testkit::Town, login: &str) {
        self.client.delete_all_cookies().await.expect("no cookies");
        self.open_page("/dang-nhap").await;
        self.fill("#ten", login).await;
        self.fill("#mk", town.password(login)).await;
        self.click("main button").await;
        self.sees(".counts").await;
    }

    /// Keeps a picture of the whole page for people.
    pub(crate) async fn picture(&self, name: &str) {
        let size = self.client.get_window_size().await.expect("a size");
        let (width, height) = (narrow(size.0), narrow(size.1));
        let script = "return document.documentElement.scrollHeight + outerHeight - innerHeight";
        let whole = self.ask(script, vec![]).await;
        let whole = whole.as_u64().map_or(height, narrow).clamp(height, 3000);
        let resized = self.client.set_window_size(width, whole).await;
        resized.expect("a taller window");
        let image = self.client.screenshot().await.expect("a picture");
        let resized = self.client.set_window_size(width, height).await;
        resized.expect("the window as it was");
        keep(&format!("{name}.png"), &image);
    }
}

fn narrow(pixels: u64) -> u32 {
    u32::try_from(pixels).expect("no such screen")
}

/// Keeps what a test saw.
pub(crate) fn keep(name: &str, content: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(name);
    std::fs::write(&file, content).expect("a file");
    file
}

/// The console's address of a town.
pub(crate) fn console(town: &testkit::Town) -> String {
    format!("http://{}", town.served.console.expect("a console"))
}
