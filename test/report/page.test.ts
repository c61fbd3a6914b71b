import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { redaction } from "../../lib/records/redaction.ts";
import { reportPage } from "../../lib/report/page.ts";
import { makeReport } from "../../lib/report/report.ts";
import { comparisonOf } from "../support/comparison.ts";
import { DAY_MS, deploymentOf, DEPLOYMENTS, NO_POINTS, START, storyOf } from "./fixture.ts";
import fc from "../support/property.ts";
import { parsed } from "./parsed-page.ts";

/** Whatever a page could be made to do by what it shows. */
const HOSTILE =
  `</td></style></script><script>alert("1")</script><img src=x onerror='alert(1)'>` +
  `<svg onload=alert(1)><!-- "' \u202e\u2066\u0000\u001b[2J\ud800 👩‍👩‍👧 ${"x".repeat(1_000_000)}`;

/** Elements that have no place on the page, whoever asks for them. */
const ACTIVE = /^(?:script|img|iframe|object|embed|link|base|form|a|audio|video|image|use)$/;

describe("the page", async () => {
  const page = reportPage(await storyOf());

  it("is HTML without an error, and reads as the story goes", () => {
    const { texts, errors } = parsed(page);
    assert.deepEqual(errors, []);
    const all = texts.join("\n");
    for (const text of [
      "shadow (10 % reverse-shadow)",
      "past the gate: agreed on Monday",
      "an alarm, during the deployment",
      "13:00",
      "95.8 %",
      "shadow → reverse-shadow, undone",
      '"Café Zürich"',
    ]) {
      assert.ok(all.includes(text), text);
    }
  });

  it("runs no script, loads nothing, and allows no style but its own", () => {
    const { elements, attributes } = parsed(page);
    for (const name of elements.keys()) assert.doesNotMatch(name, ACTIVE);
    for (const name of attributes) assert.doesNotMatch(name, /^(?:on|style$|src|href)/);
    assert.doesNotMatch(page, /https?:|url\(|@import/);
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)!;
    const [, style] = /<style>(.*?)<\/style>/s.exec(page)!;
    assert.equal(
      policy!.replaceAll("&#39;", "'"),
      `default-src 'none'; style-src 'sha256-${hash("sha256", style!, "base64")}'; base-uri 'none'; form-action 'none'`,
    );
    assert.ok(page.indexOf(policy!) < page.indexOf("<style>"));
  });

  it("nothing of the data becomes markup, and nothing is longer than a reader wants", async () => {
    const hostile = async (text: string) =>
      reportPage(
        await storyOf({
          stage: text,
          deployments: [
            ...DEPLOYMENTS.map((deployment) => ({
              ...deployment,
              document: { ...deployment.document, override: text },
              undone: deployment.undone && { ...deployment.undone, description: text },
            })),
            deploymentOf(8, START + 21 * DAY_MS, { mode: "shadow" }, { description: text }),
          ],
          comparisons: ["2", "3", "6"].map((documentVersion) => ({
            documentVersion,
            operation: text,
            requestId: text,
            reason: text,
            signature: text,
            arguments: [text],
            differences: [{ path: `$['${text}']`, kind: "value", v1: text, v2: { [text]: text } }],
          })),
        }),
      );
    const attacked = await hostile(HOSTILE);
    const [evil, innocent] = [parsed(attacked), parsed(await hostile("x"))];
    assert.deepEqual(evil.errors, []);
    assert.deepEqual(evil.elements, innocent.elements);
    assert.deepEqual(evil.attributes, innocent.attributes);
    assert.ok(evil.texts.some((text) => text.includes("<script>alert")));
    assert.doesNotMatch(evil.texts.join(""), /(?!\n)\p{Cc}|\p{Bidi_Control}|\p{Surrogate}/u);
    assert.ok(attacked.length < 400_000, `${attacked.length} characters`);
  });

  it("has no value that redact names", async () => {
    const secret = "4111111111111111";
    const comparison = redaction(["$.card", "$[0].card", "$.message"])(
      comparisonOf({
        documentVersion: "3",
        time: START + 7 * DAY_MS,
        arguments: [{ card: secret }],
        reason: `declined for ${secret}`,
        v1: { status: "answered", durationMs: 1, value: { card: secret } },
        v2: { status: "failed", durationMs: 1, error: new Error(`no card ${secret}`) },
        differences: [{ path: "$.card", kind: "value", v1: secret, v2: undefined }],
      }),
    );
    const told = reportPage(await storyOf({ comparisons: [comparison] }));
    assert.ok(told.includes("[redacted]"));
    assert.ok(!told.includes(secret));
  });

  it("tells that there is nothing where there is nothing", async () => {
    const span = { from: START, to: START + DAY_MS };
    const report = await makeReport({
      migration: "things",
      stage: "prod",
      ...span,
      deployments: [],
      unreadableDeployments: 3,
      metricsOver: () => Promise.resolve({ points: NO_POINTS, periodMs: 300_000 }),
      records: [],
    });
    const { texts, errors } = parsed(reportPage(report));
    assert.deepEqual(errors, []);
    for (const text of [
      "Nothing was deployed.",
      "Nothing was measured.",
      "There was none.",
      "Nothing was compared.",
    ]) {
      assert.ok(texts.includes(text), text);
    }
  });

  it("is whole for any figures at all", async () => {
    const minute = 60_000;
    const value = fc.oneof(
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 1e-9, 1, 12_345, 1e300),
    );
    const series = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), value));
    await fc.assert(
      fc.asyncProperty(
        fc.record({ comparisons: series, disagreements: series, v1P50: series, v2P99: series }),
        fc.integer({ min: 0, max: 10 * minute }),
        async (figures, lasts) => {
          const points = Object.fromEntries(
            Object.entries(figures).map(([name, all]) => [
              name,
              Array.from(new Map(all)).map(([at, one]) => [START + at * minute, one] as const),
            ]),
          );
          const report = await makeReport({
            migration: "things",
            stage: "prod",
            from: START,
            to: START + lasts,
            deployments: DEPLOYMENTS,
            unreadableDeployments: 0,
            metricsOver: () =>
              Promise.resolve({ points: { ...NO_POINTS, ...points }, periodMs: minute }),
            records: [],
          });
          const { errors, texts } = parsed(reportPage(report));
          assert.deepEqual(errors, []);
          for (const text of texts) assert.doesNotMatch(text, /NaN|Infinity|undefined/);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("a chart has a gap where nothing was measured, and a dot where one point stands alone", async () => {
    const minute = 60_000;
    const report = await makeReport({
      migration: "things",
      stage: "prod",
      from: START,
      to: START + 10 * minute,
      deployments: [deploymentOf(1, START, { mode: "shadow" })],
      unreadableDeployments: 0,
      metricsOver: () =>
        Promise.resolve({
          points: {
            ...NO_POINTS,
            v1P99: [0, 1, 2, 5, 8, 9].map((at) => [START + at * minute, 10]),
          },
          periodMs: minute,
        }),
      records: [],
    });
    const told = reportPage(report);
    const [, drawn] = /<g class="v1"\s*>(.*?)<\/g\s*>/s.exec(
      told.slice(told.indexOf("Latency, p99")),
    )!;
    const path = /d="([^"]*)"/.exec(drawn!)![1]!;
    assert.equal(path.split("M").length - 1, 3, path);
    assert.equal(drawn!.split("<circle").length - 1, 1);
  });
});
