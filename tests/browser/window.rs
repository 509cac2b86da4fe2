//! A browser, used as people use one: by what is written on the page.
use std::time::{Duration, Instant};

use fantoccini::{Locator, elements::Element, error::CmdError};
use serde_json::{Value, json};

use super::{driver::Driver, tools::Tools};

/// How long people wait for what they expect to see.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser on one site.
pub struct Browser {
    pub(super) driver: Driver,
    pub(super) axe: String,
    url: String,
}

impl Browser {
    /// Starts a browser that stands on no page yet.
    pub async fn start(tools: &Tools, url: &str) -> Self {
        let axe = std::fs::read_to_string(&tools.axe).expect("the judge's script can be read");
        Self { driver: Driver::start(tools).await, axe, url: url.to_owned() }
    }

    /// Lets every page note, from its beginning, what it was kept from doing and whether anybody's words ran as a script.
    pub async fn watch(&self) {
        let source = "window.noted = [];
            document.addEventListener('securitypolicyviolation', (it) => {
                window.noted.push(`${it.effectiveDirective} ${it.blockedURI}`);
            });
            window.alert = window.confirm = window.prompt = (words) => { window.noted.push(`said ${words}`); };";
        self.driver.command("Page.enable", json!({})).await;
        let source = json!({ "source": source });
        self.driver.command("Page.addScriptToEvaluateOnNewDocument", source).await;
    }

    /// Gives it a cookie of the site.
    pub async fn keep_cookie(&self, name: &str, value: &str) {
        let cookie = json!({
            "name": name, "value": value, "url": self.url, "path": "/",
            "secure": true, "httpOnly": true, "sameSite": "Lax",
        });
        let kept = self.driver.command("Network.setCookie", cookie).await;
        assert_eq!(kept["success"], true, "{kept}");
    }

    /// Goes to a page of the site, or to a whole address.
    pub async fn visit(&self, path: &str) {
        let address =
            if path.starts_with('/') { format!("{}{path}", self.url) } else { path.to_owned() };
        self.driver.client.goto(&address).await.expect("the page opens");
    }

    /// The path that it stands on.
    pub async fn path(&self) -> String {
        let address = self.driver.client.current_url().await.expect("it is somewhere");
        address.path().to_owned()
    }

    /// Switches the site's scripts off, as some people do.
    pub async fn without_scripts(&self) {
        self.driver.command("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Presses the first link, button or fold with these words on it.
    pub async fn press(&self, words: &str) {
        let path = format!(
            "//*[self::a or self::button or self::summary][normalize-space()=\"{words}\" or @aria-label=\"{words}\"]"
        );
        self.click(&path, words).await;
    }

    /// Presses the first of what a selector finds.
    pub async fn press_first(&self, selector: &str) {
        let element = self.driver.client.find(Locator::Css(selector)).await;
        element.expect("it is there").click().await.expect("it can be pressed");
    }

    /// Presses the button with these words on it that stands in such an element.
    pub async fn press_within(&self, element: &str, words: &str) {
        self.click(&format!("//{element}//button[normalize-space()=\"{words}\"]"), words).await;
    }

    /// Chooses what is labelled so: a box or a round button.
    pub async fn choose(&self, words: &str) {
        let path = format!(
            "//label[normalize-space()=\"{words}\" or .//*[normalize-space()=\"{words}\"]]"
        );
        self.click(&path, words).await;
    }

    /// Ticks the box that only programs that read aloud call so.
    pub async fn tick(&self, words: &str) {
        self.click(&format!("//input[@aria-label=\"{words}\"]"), words).await;
    }

    async fn click(&self, path: &str, words: &str) {
        let begun = Instant::now();
        loop {
            let refusal = match self.displayed(path).await {
                Ok(Some(element)) => match element.click().await {
                    Ok(()) => return,
                    Err(error) => error.to_string(),
                },
                Ok(None) => "it is not there".to_owned(),
                Err(error) => error.to_string(),
            };
            if begun.elapsed() > PATIENCE {
                panic!("cannot press {words:?}: {refusal}\n{}", self.text().await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn displayed(&self, path: &str) -> Result<Option<Element>, CmdError> {
        for element in self.driver.client.find_all(Locator::XPath(path)).await? {
            if element.is_displayed().await? {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Writes into the field of that name, instead of what is in it.
    pub async fn fill(&self, field: &str, text: &str) {
        let path = format!("//*[@name='{field}' and not(@type='hidden')]");
        self.click(&path, field).await;
        let element = self.displayed(&path).await.expect("it answers").expect("it was pressed");
        element.clear().await.expect("the field can be emptied");
        element.send_keys(text).await.expect("the field can be written into");
    }

    /// Sets a field for a day or a time, which every browser lets one fill in otherwise.
    pub async fn set(&self, field: &str, value: &str) {
        let field = format!("document.querySelector('[name={field}]')");
        self.evaluate(&format!(
            "{field}.value = '{value}'; {field}.dispatchEvent(new Event('change', {{ bubbles: true }})); null"
        ))
        .await;
    }

    /// Chooses from the list of that name.
    pub async fn select(&self, field: &str, label: &str) {
        let path = format!("//select[@name='{field}']");
        let list = self.driver.client.find(Locator::XPath(&path)).await.expect("there is a list");
        list.select_by_label(label).await.expect("it can be chosen");
    }

    /// Presses what downloads something, and reads it.
    pub async fn download(&self, words: &str) -> String {
        self.press(words).await;
        self.driver.downloaded().await
    }

    /// What stands in the element of that id.
    pub async fn shown_in(&self, id: &str) -> String {
        let text = self.evaluate(&format!("document.getElementById('{id}').textContent")).await;
        text.as_str().expect("it is shown").to_owned()
    }

    /// What stands in the field of that name.
    pub async fn written_in(&self, field: &str) -> String {
        let path = format!("//*[@name='{field}' and not(@type='hidden')]");
        let element = self.driver.client.find(Locator::XPath(&path)).await.expect("it is there");
        element.prop("value").await.expect("it answers").unwrap_or_default()
    }

    /// What is said about the field of that name when it is wrong.
    pub async fn error_beside(&self, field: &str) -> String {
        let path = format!("//*[@id='{field}-error']");
        let begun = Instant::now();
        loop {
            let said = match self.driver.client.find(Locator::XPath(&path)).await {
                Ok(element) => element.text().await,
                Err(error) => Err(error),
            };
            match said {
                Ok(said) => return said,
                // The page may just be making room for the next.
                Err(error) if begun.elapsed() > PATIENCE => {
                    panic!("nothing is said beside {field}: {error}")
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// What is on the page, as it is read; nothing, while it makes room for the next.
    pub async fn text(&self) -> String {
        let text = self.evaluate("document.body?.innerText ?? ''").await;
        let words: Vec<_> = text.as_str().unwrap_or_default().split_whitespace().collect();
        words.join(" ")
    }

    /// Waits until the page says so.
    pub async fn sees(&self, words: &str) {
        let (begun, wanted) = (Instant::now(), words.to_lowercase());
        while !self.text().await.to_lowercase().contains(&wanted) {
            if begun.elapsed() > PATIENCE {
                panic!("{} does not say {words:?}:\n{}", self.path().await, self.text().await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Makes sure that the page does not say so.
    pub async fn does_not_see(&self, words: &str) {
        let text = self.text().await;
        assert!(!text.to_lowercase().contains(&words.to_lowercase()), "{words:?} in:\n{text}");
    }

    /// What an expression of the page's language is worth, waited for.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let wanted = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let answer = self.driver.command("Runtime.evaluate", wanted).await;
        let thrown = answer.get("exceptionDetails");
        assert!(thrown.is_none(), "{}", thrown.unwrap_or_default());
        answer["result"]["value"].clone()
    }
}
