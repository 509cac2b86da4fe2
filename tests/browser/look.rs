//! Looking at a page: pictures wide and narrow, light and dark, and a verdict on accessibility.
use std::{fs, path::Path};

use serde_json::{Value, json};

use super::Browser;

/// A wide screen, in pixels.
const WIDE: i64 = 1280;
/// A telephone, in pixels.
const NARROW: i64 = 360;
/// The forms of a page, and whether it is judged in it: once at each width and once in each theme, for what stands where is a
/// matter of the width and what can be read one of the theme.
const FORMS: [(i64, &str, bool); 4] = [
    (WIDE, "light", true),
    (WIDE, "dark", false),
    (NARROW, "light", false),
    (NARROW, "dark", true),
];
/// What is cut off without a sign of it: whatever is wider inside than outside, but for what is meant to scroll or to
/// end in dots.
const CUT_OFF: &str = "[...document.querySelectorAll('body *')].filter((it) => {
    const style = getComputedStyle(it);
    return it.scrollWidth > it.clientWidth + 1 && style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis'
        && !it.matches('pre, input, textarea, select, .codes, .table-scroll, .visually-hidden, .visually-hidden *, .table-stack thead');
}).map((it) => it.outerHTML.slice(0, 120))";
/// The rules that a page must keep.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']";

impl Browser {
    /// Takes the pictures, and makes sure that nothing is wrong with the page in any of them.
    pub async fn look(&self, name: &str) {
        let faults = self.faults(name).await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// Takes the pictures, and says what is wrong with the page.
    pub async fn faults(&self, name: &str) -> Vec<String> {
        self.evaluate(&format!("{}; null", self.axe)).await;
        let mut faults = Vec::new();
        for (width, theme, judged) in FORMS {
            self.show_as(width, theme).await;
            self.take_picture(&format!("{name}-{width}-{theme}")).await;
            if !judged {
                continue;
            }
            let overflow = self.evaluate("document.documentElement.scrollWidth").await;
            if overflow.as_i64() > Some(width) {
                faults.push(format!("{name} {width} {theme}: the page is {overflow} wide"));
            }
            let cut = self.evaluate(CUT_OFF).await;
            for it in cut.as_array().into_iter().flatten() {
                faults.push(format!("{name} {width} {theme}: cut off: {it}"));
            }
            let verdict = self.judge().await;
            faults.extend(verdict.into_iter().map(|it| format!("{name} {width} {theme}: {it}")));
        }
        self.show_as(WIDE, "light").await;
        faults
    }

    /// Shows the page as on a screen of that width, to somebody who prefers that theme.
    pub async fn show_as(&self, width: i64, theme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.driver.command("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
        self.driver.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        self.resize(width, 900).await;
    }

    async fn resize(&self, width: i64, height: i64) {
        let screen = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.driver.command("Emulation.setDeviceMetricsOverride", screen).await;
    }

    async fn take_picture(&self, name: &str) {
        let wanted = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.driver.command("Page.captureScreenshot", wanted).await;
        let picture = answer["data"].as_str().expect("there is a picture");
        let picture = data_encoding::BASE64.decode(picture.as_bytes()).expect("it can be read");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        fs::create_dir_all(&folder).expect("there may be a folder for pictures");
        fs::write(folder.join(format!("{name}.png")), picture).expect("it can be kept");
    }

    async fn judge(&self) -> Vec<String> {
        let verdict = self
            .evaluate(&format!(
                "axe.run(document, {{ runOnly: {RULES}, resultTypes: ['violations'] }}).then((result) => \
                 result.violations.map((fault) => fault.id + ': ' + fault.nodes.map((node) => \
                 node.html + ' ' + node.failureSummary).join('; ')))"
            ))
            .await;
        let Value::Array(faults) = verdict else { panic!("no verdict: {verdict}") };
        faults.into_iter().filter_map(|fault| fault.as_str().map(str::to_owned)).collect()
    }
}
