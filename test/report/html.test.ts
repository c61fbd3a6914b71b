import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { html } from "../../lib/report/html.ts";
import fc from "../support/property.ts";
import { parsed } from "./parsed-page.ts";

const HOSTILE = [
  "</script><script>alert(1)</script>",
  "</style><img src=x onerror=alert(1)>",
  "--><svg onload=alert(1)>",
  `" onmouseover="alert(1)`,
  "' onfocus='alert(1)",
  "]]><b>",
  "&lt;b&gt; &#60; &amp",
  "${html`<b>`}",
  "\u0000\u001b[2J\u202e\u2066\u0085",
  "\ud800 alone, and \uffff is no character",
];

/** What markup is made of. */
const MARKS = ["<", ">", "&", '"', "'", "`", "=", "/", " ", "-", "!", "\n"];

/** By another name, since the formatter would take the templates for pages, and indent them. */
const tag = html;

/** The page around a text and an attribute, which is all the markup there may be. */
const page = (text: string) =>
  tag`<!doctype html><html lang="en"><head><title>x</title></head><body><p title="${text}">[${text}]</p></body></html>`
    .text;

/** What a browser would obey, other than markup. */
const OBEYED = /\p{Cc}|\p{Bidi_Control}|\p{Surrogate}|\p{Noncharacter_Code_Point}/u;

describe("html", () => {
  it("data is shown and never obeyed", () => {
    const innocent = parsed(page("x"));
    const check = (text: string) => {
      const { elements, attributes, texts, errors } = parsed(page(text));
      assert.deepEqual(errors, []);
      assert.deepEqual(elements, innocent.elements);
      assert.deepEqual(attributes, innocent.attributes);
      const [title, content] = texts.slice(-2);
      assert.doesNotMatch(title!, OBEYED);
      assert.equal(content, `[${title}]`);
      if (!OBEYED.test(text) && !/[\u2028\u2029]/.test(text)) assert.equal(title, text);
    };
    for (const text of HOSTILE) check(text);
    const any = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom(...HOSTILE, ...MARKS)).map((parts) => parts.join("")),
    );
    fc.assert(fc.property(any, check));
  });

  it("markup within markup stands as it is, lists one after another, and nothing is nothing", () => {
    const items = ["a", "<b>"].map((item) => tag`<li>${item}</li>`);
    assert.equal(
      tag`<ul>${items}</ul>${undefined}${[1, [2]]}`.text,
      "<ul><li>a</li><li>&lt;b&gt;</li></ul>12",
    );
  });

  it("what merely looks like markup is data", () => {
    const forged: any = { text: "<b>" };
    assert.throws(() => tag`${forged}`);
    assert.equal(tag`${[JSON.stringify(forged)]}`.text, "{&quot;text&quot;:&quot;&lt;b&gt;&quot;}");
  });
});
