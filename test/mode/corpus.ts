/** Mode documents that are in order. */
export const GOOD_DOCUMENTS = [
  { mode: "old" },
  { mode: "new" },
  { mode: "shadow", ramp: { mode: "reverse-shadow", percent: 10 } },
  { mode: "old", ramp: { mode: "shadow", percent: 0 } },
  { mode: "reverse-shadow", ramp: { mode: "new", percent: 0.5 } },
  { mode: "shadow", sample: {} },
  { mode: "shadow", sample: { secondary: 1, calibrate: 0.01, matches: 0 } },
  { mode: "reverse-shadow", override: "V1 is switched off tonight" },
];

/** Texts that are no mode documents, and what the refusal says. */
export const BAD_DOCUMENTS: [string, RegExp][] = [
  ["", /^mode document: got "", allowed is JSON$/],
  ["{mode: old}", /allowed is JSON/],
  ["null", /^mode document: got null, allowed is an object with mode, ramp/],
  ["[]", /^mode document: got \[\]/],
  ['"old"', /^mode document: got "old"/],
  ["{}", /^mode: got undefined, allowed is old, shadow, reverse-shadow, new$/],
  ['{"mode":"Old"}', /^mode: got "Old"/],
  ['{"mode":"newer"}', /^mode: got "newer"/],
  ['{"mode":null}', /^mode: got null/],
  ['{"mode":"old","percent":3}', /^mode document: got "percent", allowed is only the keys/],
  ['{"mode":"old","__proto__":{}}', /^mode document: got "__proto__"/],
  ['{"mode":"old","ramp":10}', /^ramp: got 10/],
  ['{"mode":"new","ramp":{"mode":"new","percent":1}}', /^ramp: .*no ramp where the mode is new/],
  [
    '{"mode":"old","ramp":{"mode":"new","percent":1}}',
    /^ramp.mode: got "new", allowed is the mode right after old, which is shadow$/,
  ],
  ['{"mode":"shadow","ramp":{"mode":"old","percent":1}}', /^ramp.mode: got "old"/],
  ['{"mode":"old","ramp":{"mode":"shadow"}}', /^ramp.percent: got undefined/],
  ['{"mode":"old","ramp":{"mode":"shadow","percent":"10"}}', /^ramp.percent: got "10"/],
  ['{"mode":"old","ramp":{"mode":"shadow","percent":101}}', /^ramp.percent: got 101/],
  ['{"mode":"old","ramp":{"mode":"shadow","percent":-1}}', /^ramp.percent: got -1/],
  ['{"mode":"shadow","sample":{"secondary":1.1}}', /^sample.secondary: got 1.1/],
  ['{"mode":"shadow","sample":{"matches":null}}', /^sample.matches: got null/],
  ['{"mode":"shadow","sample":{"primary":1}}', /^sample: got "primary"/],
  ['{"mode":"old","override":" "}', /^override: got " "/],
  ['{"mode":"old","override":true}', /^override: got true/],
  [`{"mode":"${"x".repeat(1000)}"}`, /^mode: got "x{79}…, allowed/],
];
