"""Takes the README's picture from a running demo: `python -m tests.support.picture URL PIN FILE`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait


def main(url: str, pin: str, target: str) -> int:
    """Sign in as the demo's guard and keep what a 1024x600 touchscreen shows."""
    options = webdriver.ChromeOptions()
    for switch in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-dev-shm-usage",
    ):
        options.add_argument(switch)
    options.add_argument("--disable-background-networking")
    options.page_load_strategy = "eager"
    options.binary_location = "/usr/bin/chromium"
    with webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver")) as browser:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 1024, "height": 600, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get(f"{url}/sign-in?name=Lin")
        fill = "document.querySelector('input[name=pin]').value = arguments[0];"
        browser.execute_script(fill + "document.getElementById('pin-form').submit()", pin)
        WebDriverWait(browser, 15).until(lambda b: "sign-in" not in b.current_url)
        time.sleep(float(sys.argv[4]) if len(sys.argv) > 4 else 3)
        Path(target).write_bytes(browser.get_screenshot_as_png())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
