"""Debian's Chromium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

# A switch that is given twice counts as it comes last: these are what Playwright turns off, too ...
OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,"
    "AvoidCorsURLLoaderRestartOnRedirect,TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,"
    "AimEnabled,PreconnectToSearch"
)
# ... and the popups of an address bar that nobody sees. Each window has its own: most of what a new page costs.
UNSEEN = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--disable-features={OFF},{UNSEEN}"]


@contextmanager
def opened() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = shutil.which("chromium")
    if path is None and "CI" not in os.environ:
        pytest.skip("there is no Chromium; scripts/chromium.sh installs it")
    assert path, "CI must have Chromium: scripts/chromium.sh installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
