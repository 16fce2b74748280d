"""What scripts/bench-page measures: cairn-parade and Chromium as processes of their own, joined by WebDriver."""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress

RUN = "run-parade"
VIEWS = {
    "runs": "#/", "run": f"#/runs/{RUN}", "learnt": f"#/runs/{RUN}/learnt", "timeline": f"#/runs/{RUN}/timeline",
    "events": f"#/runs/{RUN}/events", "workers": "#/workers",
}
PAINTS = 5
SECONDS_A_VIEW = 10
OBSERVER = """
window.longTasks = []
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(entry => entry.duration)))
    .observe({type: "longtask", buffered: true})
"""


@contextmanager
def process(command, folder, pattern):
    """Starts a program in a group of its own; gives the text after `pattern` in what it says, and ends it afterwards."""
    name = os.path.join(folder, os.path.basename(command[0]) + ".log")
    environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder}
    with open(name, "wb") as log:
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
    try:
        end = time.monotonic() + 60
        while True:
            with open(name, encoding="utf-8", errors="replace") as log:
                said = log.read()
            found = re.search(pattern, said)
            if found:
                break
            if child.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{command[0]} does not start:\n{said}")
            time.sleep(0.05)
        yield found.group(1)
    finally:
        if child.poll() is not None:
            print(f"{command[0]} ended with {child.returncode}")
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


class Browser:
    """A session of WebDriver."""

    def __init__(self, address, folder):
        self.address = address
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
            "--no-proxy-server", "--enable-precise-memory-info", "--window-size=1280,900",
            f"--user-data-dir={folder}/profile",
        ]
        options = {"binary": "/usr/bin/chromium", "args": arguments}
        wishes = {"browserName": "chrome", "goog:chromeOptions": options}
        answer = self.call("/session", {"capabilities": {"alwaysMatch": wishes}})
        self.address += f"/session/{answer['sessionId']}"
        self.tell("Page.addScriptToEvaluateOnNewDocument", source=OBSERVER)

    def call(self, path, body=None, method="POST"):
        data = None if method == "DELETE" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            self.address + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=200) as answer:
            return json.load(answer)["value"]

    def tell(self, command, **parameters):
        return self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, expression):
        return self.call("/execute/sync", {"script": f"return {expression}", "args": []})

    def open(self, address):
        """Loads the page anew, and waits until it is live."""
        self.call("/url", {"url": "about:blank"})
        self.call("/url", {"url": address})
        end = time.monotonic() + 120
        while self.look("document.querySelector('#connection')?.dataset.state") != "live":
            if time.monotonic() > end:
                raise SystemExit(f"{address} does not become live")
            time.sleep(0.1)


def first_paints(browser, url):
    """Milliseconds from the navigation's start, nothing cached."""
    times = []
    for _ in range(PAINTS):
        browser.tell("Network.clearBrowserCache")
        browser.open(f"{url}/{VIEWS['run']}")
        time.sleep(1)
        times.append(browser.look("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    print(f"first paint: {statistics.median(times):.0f} ms, the median of {PAINTS} "
          f"({', '.join(f'{each:.0f}' for each in sorted(times))})")


def long_tasks(browser, url):
    """Those of more than 50 ms, while the page is loaded and after."""
    print(f"\n{'view':<10}{'opening':>12}{'going on':>12}{'over 50 ms':>12}")
    for name, fragment in VIEWS.items():
        browser.open(f"{url}/{fragment}")
        time.sleep(SECONDS_A_VIEW / 2)
        opening = browser.look("longTasks.splice(0)")
        time.sleep(SECONDS_A_VIEW)
        later = browser.look("longTasks.splice(0)")
        print(f"{name:<10}{max(opening, default=0):>9.0f} ms{max(later, default=0):>9.0f} ms"
              f"{len(later):>6} in {SECONDS_A_VIEW} s", flush=True)


def heap(browser, url, minutes):
    """After a collection of garbage every half minute, while the page goes from view to view without being loaded."""
    browser.open(f"{url}/{VIEWS['run']}")
    time.sleep(5)
    print(f"\n{'minute':<10}{'heap':>10}{'nodes':>10}{'listeners':>12}")
    start, turn, sizes = time.monotonic(), 0, []
    while True:
        browser.tell("HeapProfiler.collectGarbage")
        used = browser.tell("Runtime.getHeapUsage")["usedSize"]
        counted = browser.tell("Memory.getDOMCounters")
        passed = time.monotonic() - start
        sizes.append(used)
        print(f"{passed / 60:<10.1f}{used / 2**20:>6.1f} MiB{counted['nodes']:>10}{counted['jsEventListeners']:>12}",
              flush=True)
        if passed >= minutes * 60:
            break
        until = passed + min(30, minutes * 60 - passed)
        while time.monotonic() - start < until:
            turn += 1
            browser.look(f"(location.hash = {json.dumps(list(VIEWS.values())[turn % len(VIEWS)])})")
            time.sleep(2.5)
        browser.look(f"(location.hash = {json.dumps(VIEWS['run'])})")
        time.sleep(1)
    print(f"heap: from {sizes[0] / 2**20:.1f} to {sizes[-1] / 2**20:.1f} MiB, at most {max(sizes) / 2**20:.1f}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-page")
    parser.add_argument("minutes", nargs="?", type=float, default=3)
    parser.add_argument("--parade", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=500)
    wanted = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="cairn-page-")
    parade = [os.path.abspath(wanted.parade), "--workers", str(wanted.workers), "--rounds", str(wanted.rounds)]
    driver = ["/usr/bin/chromedriver", "--port=0"]
    try:
        with process(parade, folder, r"listening on (http:\S+)") as url:
            with process(driver, folder, r"started successfully on port (\d+)") as port:
                browser = Browser(f"http://127.0.0.1:{port}", folder)
                print(f"{wanted.workers} workers, {wanted.rounds} rounds, Chromium "
                      f"{browser.tell('Browser.getVersion')['product'].split('/')[-1]}")
                try:
                    first_paints(browser, url)
                    long_tasks(browser, url)
                    heap(browser, url, wanted.minutes)
                finally:
                    with suppress(OSError):
                        browser.call("", method="DELETE")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
