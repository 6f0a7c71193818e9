//! A browser that a story drives: Debian's chromium behind its chromedriver, with a profile of its own.
//!
//! What a story asks for may take a moment, so every question is asked again until it is answered or patience ends; then
//! the story fails with what is on the page. At its end a story closes the browser, which fails if the console had
//! anything to complain about: an error of a script, or something that the content security policy stopped.

use crate::support::{TestServer, agent};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DRIVER: &str = "/usr/bin/chromedriver";
const CHROMIUM: &str = "/usr/bin/chromium";
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--window-size=1280,900",
    // Nothing but our own servers is reachable, and a story that reaches for more finds out the same everywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
/// A question is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(20);
const STARTS_MAX: usize = 5;
/// So much of a page is shown when a story fails.
const SHOWN_CHARS_MAX: usize = 1500;

/// A browser.
pub struct Browser {
    client: Client,
    session: String,
    scripts: bool,
    /// Where the server under test is.
    server: String,
    // Dropped in this order: a profile in use cannot be removed.
    driver: Driver,
    _profile: TempDir,
}

/// How a browser is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Whether pages may run scripts.
    pub scripts: bool,
    /// What it prefers, as `Accept-Language` says it.
    pub language: &'static str,
    /// Whether every request is noted, which takes time.
    pub notes_requests: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { scripts: true, language: "en", notes_requests: false }
    }
}

/// A process that is gone when the story is over, however it ends.
struct Driver {
    process: Child,
    url: String,
    /// Kept open, so that it can go on talking.
    _told: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    /// A new browser for a server; none where chromium is not installed, which is said.
    pub async fn open(server: &TestServer) -> Option<Self> {
        Self::open_as(server, Setup::default()).await
    }

    /// The same, set up otherwise.
    pub async fn open_as(server: &TestServer, setup: Setup) -> Option<Self> {
        for (program, name) in [(DRIVER, "chromedriver"), (CHROMIUM, "chromium")] {
            if !Path::new(program).exists() {
                say(&format!("skipped: {name} is not here (apt install chromium chromium-driver)"));
                return None;
            }
        }
        let profile = tempfile::tempdir().expect("a folder");
        let driver = Driver::start(profile.path());
        let builder = ClientBuilder::new(HttpConnector::new()).capabilities(wanted(&profile, setup)).clone();
        let client = builder.connect(&driver.url).await.expect("chromium starts");
        let session = client.session_id().await.expect("a session").expect("a session");
        let (scripts, server) = (setup.scripts, server.url.clone());
        Some(Self { client, session, scripts, server, driver, _profile: profile })
    }

    /// Ends the story: nothing on its pages may have gone wrong unseen.
    pub async fn close(self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "the console complains:\n{}", complaints.join("\n"));
    }

    // Going

    /// Opens a page by its address.
    pub async fn visit(&self, path: &str) {
        let url = if path.contains("://") { path.to_owned() } else { format!("{}{path}", self.server) };
        self.client.goto(&url).await.expect("a page");
    }

    /// The path and the query string of the page.
    pub async fn here(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.as_str().strip_prefix(&self.server).unwrap_or(url.as_str()).to_owned()
    }

    /// Waits for a page whose address begins so.
    pub async fn arrive(&self, start: &str) {
        self.until(&format!("the address begins with {start}"), async || {
            self.here().await.starts_with(start)
        })
        .await;
        self.settle().await;
    }

    /// Waits until nothing on the page is still being fetched.
    pub async fn settle(&self) {
        let pending = if self.scripts { ".skeleton[hx-get], [aria-busy=true]" } else { "no-such-element" };
        let settled =
            format!("return document.readyState === 'complete' && !document.querySelector('{pending}')");
        self.until_is("the page has settled", &settled).await;
    }

    pub async fn back(&self) {
        self.client.back().await.expect("there is a page before");
    }

    pub async fn forward(&self) {
        self.client.forward().await.expect("there is a page after");
    }

    /// Becomes somebody the server has never seen.
    pub async fn forget(&self) {
        self.client.delete_all_cookies().await.expect("cookies are gone");
    }

    /// Keeps a cookie, as if the server had set it.
    pub fn remember(&self, name: &str, value: &str) {
        let cookie = json!({ "name": name, "value": value, "url": self.server });
        self.devtools("Network.setCookie", &cookie);
    }

    // Doing

    /// Presses what a selector finds first.
    pub async fn press(&self, css: &str) {
        self.act(css, async |element| element.click().await).await;
    }

    /// Presses the one that says this.
    pub async fn press_named(&self, css: &str, name: &str) {
        let mark = "const [css, name] = arguments;
            const found = [...document.querySelectorAll(css)].find(one => one.textContent.includes(name));
            document.querySelectorAll('[data-story]').forEach(one => delete one.dataset.story);
            if (found) found.dataset.story = 'this one';
            return Boolean(found)";
        let args = json!([css, name]);
        self.until(&format!("{css} says {name:?}"), async || {
            self.ask(mark, &args).await.is_ok_and(|found| found == true)
        })
        .await;
        self.press("[data-story]").await;
    }

    /// Types into a field, instead of what was there.
    pub async fn fill(&self, css: &str, text: &str) {
        self.act(css, async |element| {
            element.clear().await?;
            element.send_keys(text).await
        })
        .await;
    }

    /// Chooses an option by its value, or by what it says.
    pub async fn choose(&self, css: &str, value: &str) {
        let option = format!(".//option[@value='{value}' or normalize-space()='{value}']");
        self.act(css, async |element| element.select_by(Locator::XPath(&option)).await).await;
    }

    /// Presses a key, wherever the focus is.
    pub async fn key(&self, key: Key) {
        self.keys([char::from(key)]).await;
    }

    /// Types, wherever the focus is.
    pub async fn write(&self, text: &str) {
        self.keys(text.chars()).await;
    }

    async fn keys(&self, keys: impl IntoIterator<Item = char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.expect("keys are pressed");
    }

    /// Moves the pointer out of the way of everything.
    pub async fn move_pointer_away(&self) {
        let away = PointerAction::MoveTo { duration: None, x: 1.0, y: 1.0 };
        let actions = MouseActions::new("mouse".to_owned()).then(away);
        self.client.perform_actions(actions).await.expect("the pointer moves");
    }

    async fn act(&self, css: &str, act: impl AsyncFn(Element) -> Result<(), CmdError>) {
        let begun = Instant::now();
        loop {
            let found = self.client.find(Locator::Css(css)).await;
            let done = match found {
                Ok(element) => act(element).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => return,
                // Not there yet, covered, or just replaced.
                Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(ASK_EVERY).await,
                Err(error) => panic!("{css}: {error}\n{}", self.shown().await),
            }
        }
    }

    // Seeing

    /// Waits for what a selector finds, and returns what it says.
    pub async fn see(&self, css: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(text) = self.seen(css).await {
                return text;
            }
            assert!(begun.elapsed() < PATIENCE, "in vain: {css} is seen\n{}", self.shown().await);
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Waits until what a selector finds says this; a page that is about to be left may still say what was.
    pub async fn says(&self, css: &str, text: &str) {
        self.until(&format!("{css} says {text:?}"), async || self.seen(css).await.as_deref() == Some(text))
            .await;
    }

    /// What the first that is to be seen says; none when the page is left while it is read.
    async fn seen(&self, css: &str) -> Option<String> {
        for element in self.client.find_all(Locator::Css(css)).await.ok()? {
            if element.is_displayed().await.ok()? {
                return element.text().await.ok();
            }
        }
        None
    }

    /// Whether something is to be seen now.
    pub async fn sees(&self, css: &str) -> bool {
        self.seen(css).await.is_some()
    }

    /// Waits until something is no longer to be seen.
    pub async fn miss(&self, css: &str) {
        self.until(&format!("{css} is gone"), async || !self.sees(css).await).await;
    }

    /// What each that a selector finds says, seen or not.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let texts = "return [...document.querySelectorAll(arguments[0])].map(one => one.textContent.trim())";
        let texts = self.ask(texts, &json!([css])).await.expect("texts");
        serde_json::from_value(texts).expect("texts")
    }

    /// The value of an attribute of what a selector finds first; empty when there is none.
    pub async fn attribute(&self, css: &str, name: &str) -> String {
        let value = "return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? ''";
        let value = self.ask(value, &json!([css, name])).await.expect("an attribute");
        value.as_str().expect("text").to_owned()
    }

    /// What is typed into a field.
    pub async fn value(&self, css: &str) -> String {
        let value = self.ask("return document.querySelector(arguments[0]).value", &json!([css])).await;
        value.expect("a field").as_str().expect("text").to_owned()
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.ask(script, &json!([])).await.unwrap_or_else(|error| panic!("{error}: {script}"))
    }

    /// What a script hands to its last argument.
    pub async fn run_until_told(&self, script: &str, args: &Value) -> Value {
        let args = args.as_array().cloned().unwrap_or_default();
        self.client.execute_async(script, args).await.unwrap_or_else(|error| panic!("{error}: {script}"))
    }

    /// Whether a script returns true; a page that is just leaving says no.
    pub async fn is(&self, script: &str) -> bool {
        self.ask(script, &json!([])).await.is_ok_and(|value| value == true)
    }

    /// Waits until a script returns true.
    pub async fn until_is(&self, what: &str, script: &str) {
        self.until(what, async || self.is(script).await).await;
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            assert!(begun.elapsed() < PATIENCE, "in vain: {what}\n{}", self.shown().await);
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// The status with which a page is answered, asked for by a script of ours.
    pub async fn status(&self, path: &str) -> i64 {
        let fetch = "const [path, done] = arguments;
            fetch(path, { redirect: 'manual' }).then(answer => done(answer.status), error => done(String(error)))";
        let status = self.run_until_told(fetch, &json!([path])).await;
        status.as_i64().unwrap_or_else(|| panic!("{status}"))
    }

    /// Makes the window so wide and high, however small.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What makes the page wider than its window, if something does.
    pub async fn sideways(&self) -> Option<String> {
        let script = "const page = document.documentElement, width = page.clientWidth;
            if (page.scrollWidth <= width) return null;
            const scrolls = one => one && one !== document.body
                && (getComputedStyle(one).overflowX !== 'visible' || scrolls(one.parentElement));
            const wide = [...document.querySelectorAll('body *')].filter(one =>
                one.getBoundingClientRect().right > width + 0.5 && !scrolls(one.parentElement));
            const told = wide.slice(0, 5).map(one => one.outerHTML.slice(0, 120).replace(/\\s+/g, ' '));
            return `${page.scrollWidth} px in ${width}: ${told.join(' | ')}`";
        self.run(script).await.as_str().map(str::to_owned)
    }

    /// Asks the browser something that WebDriver has no words for.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.driver_post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What the console complained of since it was last asked. That an answer was a refusal is no complaint: stories
    /// ask for such answers.
    pub fn complaints(&self) -> Vec<String> {
        let lines = self.log("browser").into_iter().filter(|line| line["level"] != "DEBUG");
        let told = lines.filter_map(|line| Some(line["message"].as_str()?.to_owned()));
        told.filter(|told| !told.contains("the server responded with a status of 4")).collect()
    }

    /// The address of every request since this was last asked, of a browser that notes them.
    pub fn requests(&self) -> Vec<String> {
        let lines = self.log("performance").into_iter();
        let events = lines.filter_map(|line| serde_json::from_str(line["message"].as_str()?).ok());
        let sent = events.filter(|event: &Value| event["message"]["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| Some(event["message"]["params"]["request"]["url"].as_str()?.to_owned()))
            .collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.driver_post("se/log", &json!({ "type": kind })).as_array().cloned().unwrap_or_default()
    }

    fn driver_post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/session/{}/{path}", self.driver.url, self.session);
        let mut answer = agent().post(&url).send(body.to_string()).expect("an answer");
        let text = answer.body_mut().read_to_string().expect("a body");
        let mut told: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer.status(), 200, "{path}: {text}");
        told["value"].take()
    }

    async fn ask(&self, script: &str, args: &Value) -> Result<Value, CmdError> {
        self.client.execute(script, args.as_array().cloned().unwrap_or_default()).await
    }

    /// Where we are and what is there, for whoever reads why a story failed.
    async fn shown(&self) -> String {
        let text = self
            .ask("return (document.querySelector('main') ?? document.body).innerText", &json!([]))
            .await
            .unwrap_or_default();
        let text: String = text.as_str().unwrap_or_default().chars().take(SHOWN_CHARS_MAX).collect();
        format!("on {}:\n{text}", self.here().await)
    }
}

fn wanted(profile: &TempDir, setup: Setup) -> Capabilities {
    let mut arguments: Vec<String> = FLAGS.map(str::to_owned).into();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push(format!("--accept-lang={}", setup.language));
    let mut preferences = json!({ "intl.accept_languages": setup.language });
    if !setup.scripts {
        preferences["profile.managed_default_content_settings.javascript"] = 2.into();
    }
    let performance = if setup.notes_requests { "ALL" } else { "OFF" };
    let wanted = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": performance },
        "goog:chromeOptions": { "binary": CHROMIUM, "args": arguments, "prefs": preferences },
    });
    wanted.as_object().expect("an object").clone()
}

impl Driver {
    /// Whatever it leaves lying about, it leaves in this folder.
    fn start(folder: &Path) -> Self {
        (0..STARTS_MAX).find_map(|_| Self::try_to_start(folder)).expect("chromedriver says where it listens")
    }

    /// It wants the same free port of IPv4 and of IPv6, and gives up when somebody else has one of them.
    fn try_to_start(folder: &Path) -> Option<Self> {
        let mut command = Command::new(DRIVER);
        command
            .arg("--port=0")
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.process_group(0).spawn().expect("chromedriver starts");
        let mut told = BufReader::new(process.stdout.take().expect("piped")).lines();
        let port = told.by_ref().map(|line| line.expect("text")).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let Some(port) = port else {
            let _gone = process.wait();
            return None;
        };
        Some(Self { process, url: format!("http://127.0.0.1:{port}"), _told: told })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked to end, it ends its browsers; whatever is left of them is in its process group.
        let _ended = agent().get(format!("{}/shutdown", self.url)).call();
        let group = format!("-{}", self.process.id());
        let _gone = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _gone = self.process.wait();
    }
}

/// Says something even while the test runner keeps quiet about stories that pass.
pub fn say(text: &str) {
    let _told = writeln!(std::io::stderr(), "{text}");
}
