//! The tools that journeys need, which `script/test` fetches and names.
use std::path::PathBuf;

/// Where the tools are.
pub struct Tools {
    /// The browser.
    pub chromium: PathBuf,
    /// What drives it.
    pub chromedriver: PathBuf,
    /// The script that judges accessibility.
    pub axe: PathBuf,
}

impl Tools {
    /// The tools, or none where they are not needed and not there. A build server must have them.
    pub fn find() -> Option<Self> {
        let tool = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_file());
        let found = || {
            tool("LATCHKEY_TEST_PYTHON")?;
            Some(Self {
                chromium: tool("LATCHKEY_TEST_CHROMIUM")?,
                chromedriver: tool("LATCHKEY_TEST_CHROMEDRIVER")?,
                axe: tool("LATCHKEY_TEST_AXE")?,
            })
        };
        let tools = found();
        if tools.is_none() {
            let missing = "LATCHKEY_TEST_CHROMIUM, LATCHKEY_TEST_CHROMEDRIVER, LATCHKEY_TEST_AXE and \
                           LATCHKEY_TEST_PYTHON must name files; run script/test, which sees to it";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            eprintln!("This journey was not made: {missing}");
        }
        tools
    }
}
