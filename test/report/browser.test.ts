import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { reportPage } from "../../lib/report/page.ts";
import { browserPath, noBrowser } from "../support/browser.ts";
import { DAY_MS, DEPLOYMENTS, START, storyOf } from "./fixture.ts";

/** A desk and a phone, in CSS pixels. */
const WIDTHS = [1200, 375];

/** By how much the page is wider than its window. */
const OVERFLOW = "document.documentElement.scrollWidth - innerWidth";

describe("the page in a browser", { skip: noBrowser }, async () => {
  let browser: Browser;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "segue-page-"));
    browser = await chromium.launch({ executablePath: browserPath });
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a page from its file, offline, and notes whatever it does that it should not. */
  async function open(html: string, colorScheme: "light" | "dark" = "light") {
    const file = join(folder, "report.html");
    await writeFile(file, html);
    const url = pathToFileURL(file).href;
    const context = await browser.newContext({ offline: true, colorScheme });
    const page = await context.newPage();
    const odd: string[] = [];
    page.on("request", (request) => {
      if (request.url() !== url) odd.push(`request ${request.url()}`);
    });
    page.on("console", (message) => odd.push(`console ${message.text()}`));
    page.on("pageerror", (error) => odd.push(`error ${error.message}`));
    page.on("dialog", (dialog) => {
      odd.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return { page, odd, [Symbol.asyncDispose]: () => context.close() };
  }

  const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>${"x".repeat(100_000)}`;
  const pages = {
    "an ordinary story": reportPage(await storyOf()),
    "a hostile one": reportPage(
      await storyOf({
        stage: hostile,
        deployments: DEPLOYMENTS.map((deployment) => ({
          ...deployment,
          document: { ...deployment.document, override: hostile },
          undone: deployment.undone && { ...deployment.undone, description: hostile },
        })),
        comparisons: ["2", "3"].map((documentVersion) => ({
          documentVersion,
          time: START + 7 * DAY_MS,
          operation: hostile,
          signature: hostile,
          differences: [{ path: hostile, kind: "value", v1: hostile, v2: hostile }],
        })),
      }),
    ),
  };

  for (const [what, html] of Object.entries(pages)) {
    it(`${what}: asks for nothing, complains of nothing, and fits its window`, async () => {
      for (const width of WIDTHS) {
        await using opened = await open(html);
        const { page, odd } = opened;
        await page.setViewportSize({ width, height: 800 });
        const overflow = await page.evaluate(OVERFLOW);
        assert.equal(overflow, 0, `${width} pixels`);
        for (const size of ["wide", "narrow"]) {
          const shown = await page.locator(`.chart .${size}`).first().isVisible();
          assert.equal(shown, (size === "wide") === (width === 1200), `${size} at ${width}`);
        }
        assert.deepEqual(odd, []);
      }
    });
  }

  it("is dark where that is wanted, and light on paper", async () => {
    const background = "getComputedStyle(document.body).backgroundColor";
    await using light = await open(pages["an ordinary story"]);
    await using dark = await open(pages["an ordinary story"], "dark");
    const [paper, night] = [
      await light.page.evaluate(background),
      await dark.page.evaluate(background),
    ];
    assert.equal(paper, "rgb(255, 255, 255)");
    assert.notEqual(night, paper);
    await dark.page.emulateMedia({ media: "print" });
    assert.equal(await dark.page.evaluate(background), paper);
    // A4 without its margins.
    await dark.page.setViewportSize({ width: 680, height: 1000 });
    assert.equal(await dark.page.evaluate(OVERFLOW), 0);
  });

  it("runs no script and takes no style, even if some got into the file", async () => {
    const smuggled = pages["an ordinary story"].replace(
      "<h1>",
      `<script>document.title = "owned"</script><style>body { color: red }</style>` +
        `<img src="http://127.0.0.1:1/" onerror="document.title = 'owned'"><h1>`,
    );
    await using opened = await open(smuggled);
    const { page, odd } = opened;
    assert.match(await page.title(), /^customer-ids/);
    assert.notEqual(await page.evaluate("getComputedStyle(document.body).color"), "rgb(255, 0, 0)");
    // The script, the style, the image and its handler.
    const refused = odd.filter((line) => line.includes("Content Security Policy"));
    assert.equal(refused.length, 4, odd.join("\n"));
  });
});
