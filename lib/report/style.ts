/**
 * The page's style: light and dark, on a desk, on a phone and on paper. The page allows this style and no
 * other, so nothing has a `style` attribute.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2024, #e6e8ea);
  --dim: light-dark(#5b6470, #a2abb5);
  --line: light-dark(#d9dde2, #3a4149);
  --page: light-dark(#ffffff, #15181b);
  --panel: light-dark(#f5f7f9, #1e2226);
  --v1: light-dark(#5b6b7d, #a9b8c8);
  --v2: light-dark(#c2500a, #ff9d5c);
  --good: light-dark(#1d6fb8, #6db5f5);
  --bad: light-dark(#c01f2e, #ff7b82);
  --old: light-dark(#c9d0d8, #4a545f);
  --shadow: light-dark(#a9cdec, #2f5f8a);
  --reverse-shadow: light-dark(#f6c49a, #8f5422);
  --new: light-dark(#a7d9b4, #2f7045);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 0.25rem; font-size: 1.25rem; }
h3 { margin: 1.5rem 0 0.25rem; font-size: 1rem; }
p { margin: 0.25rem 0; }
.dim, footer, caption, th { color: var(--dim); }
.dim, footer { font-size: 0.875rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 0.75rem; }
code { font: 0.8125rem/1.5 ui-monospace, monospace; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0 0; }
.facts div { background: var(--panel); border-radius: 0.5rem; padding: 0.6rem 0.9rem; }
.facts dt { color: var(--dim); font-size: 0.8125rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; line-height: 1.3; }
.facts dd small { display: block; color: var(--dim); font-size: 0.8125rem; font-weight: 400; }
table { width: 100%; border-collapse: collapse; margin-top: 0.75rem; font-size: 0.875rem; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 500; }
time span { white-space: nowrap; }
th.number, td.number { width: 8.5rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td small, td code, td:last-child { overflow-wrap: anywhere; }
td small { display: block; color: var(--dim); font-size: 0.8125rem; }
.chart svg { display: block; width: 100%; height: auto; }
.chart .narrow { display: none; }
.chart text { fill: var(--dim); font: 12px system-ui, sans-serif; }
.chart .time { text-anchor: middle; }
.chart .value { text-anchor: end; }
.grid, .tick { stroke: var(--line); }
.mark { stroke: var(--bad); stroke-dasharray: 3 3; }
.chart path { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
g.v1 path { stroke: var(--v1); stroke-dasharray: 5 2; }
g.v1 circle, .key.v1::before { fill: var(--v1); background: var(--v1); }
g.v2 path { stroke: var(--v2); }
g.v2 circle, .key.v2::before { fill: var(--v2); background: var(--v2); }
g.agreement path { stroke: var(--good); }
g.agreement circle { fill: var(--good); }
rect.old, .key.old::before { fill: var(--old); background: var(--old); }
rect.shadow, .key.shadow::before { fill: var(--shadow); background: var(--shadow); }
rect.reverse-shadow, .key.reverse-shadow::before { fill: var(--reverse-shadow); background: var(--reverse-shadow); }
rect.new, .key.new::before { fill: var(--new); background: var(--new); }
.key { margin-right: 1rem; color: var(--dim); font-size: 0.875rem; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 0.8rem; height: 0.8rem; margin-right: 0.35rem; border-radius: 0.15rem; vertical-align: -0.05rem; }
.key.mark::before { width: 0; height: 0.9rem; border-radius: 0; border-left: 2px dashed var(--bad); }
.undone { color: var(--bad); }
@media screen and (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; }
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody, tr, td { display: block; }
  tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  td, td.number { display: flex; width: auto; gap: 1rem; justify-content: space-between; padding: 0.1rem 0; border: 0; text-align: right; white-space: normal; }
  td::before { content: attr(data-label); color: var(--dim); text-align: left; white-space: nowrap; }
  td.head { display: block; text-align: left; font-weight: 600; }
  td.head::before { content: none; }
  td.head small { font-weight: 400; }
}
@media print {
  :root { color-scheme: only light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  th.number, td.number { width: auto; }
  h2, h3 { break-after: avoid; }
  .chart, tr, .facts { break-inside: avoid; }
  rect, .key::before { print-color-adjust: exact; }
}
`;
