#include "services/evaluation/report/style_sheet.h"

namespace tact {

const std::string_view kStyleSheet = R"css(
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #16191f; --soft: #5d6675; --rule: #e3e7ed;
  --before: #c46f1b; --after: #2b6fdb; --gain: #1b8a5e; --loss: #d0453e;
  --good-ink: #11734c; --good-bg: #e0f4ea; --mid-ink: #855b00; --mid-bg: #fdf1d3;
  --bad-ink: #a32822; --bad-bg: #fce4e2; --shadow: 0 1px 2px rgb(20 30 50 / .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1217; --card: #181d25; --ink: #e8ebf0; --soft: #9aa5b5; --rule: #2a313d;
    --before: #eb9f4f; --after: #6ea3f7; --gain: #4cc38f; --loss: #f07a72;
    --good-ink: #7ddcb0; --good-bg: #143527; --mid-ink: #f1cc74; --mid-bg: #3a2f12;
    --bad-ink: #f8a39d; --bad-bg: #44201e; --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  overflow-wrap: anywhere; margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1180px; margin: 0 auto; }
header { margin-bottom: 1.75rem; }
h1 { margin: 0 0 .35rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 2.5rem 0 .9rem; font-size: 1.2rem; letter-spacing: -.01em; }
h3 { margin: 0 0 .15rem; font-size: 1rem; }
p { margin: 0; }
.lead { max-width: 62rem; font-size: 1.08rem; color: var(--soft); }
.lead strong { color: var(--ink); font-weight: 600; }
.soft { color: var(--soft); font-size: .88em; }
.key { display: inline-flex; gap: .4rem; align-items: center; margin-right: 1rem; }
.key::before { content: ""; width: .7rem; height: .7rem; border-radius: .2rem;
  background: var(--swatch); }
.key.before { --swatch: var(--before); }
.key.after { --swatch: var(--after); }
.cards { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fit, minmax(195px, 1fr)); }
.card {
  padding: 1.05rem 1.15rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 12px; box-shadow: var(--shadow);
}
.card .name { color: var(--soft); font-size: .85rem; }
.card .value { margin: .2rem 0 .4rem; font-size: 1.55rem; font-weight: 650; white-space: nowrap;
  letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.card .from { color: var(--soft); font-weight: 450; font-size: 1.1rem; }
.plots { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr)); }
svg { display: block; width: 100%; height: auto; margin-top: .6rem; }
svg .before { fill: var(--before); } svg .after { fill: var(--after); }
svg .gain { fill: var(--gain); } svg .loss { fill: var(--loss); }
svg .line { fill: none; stroke: var(--after); stroke-width: 2; stroke-linejoin: round; }
svg .dot { fill: var(--after); }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .mark { stroke: var(--ink); stroke-width: 1.4; }
svg .dashed { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .tick { fill: var(--soft); font-size: 11.5px; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--rule);
  border-radius: 12px; box-shadow: var(--shadow); }
table { width: 100%; overflow-wrap: normal; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .65rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
caption { overflow-wrap: anywhere; padding: .8rem .6rem .3rem; text-align: left; color: var(--soft); font-size: .95em; }
th[scope="row"] { color: var(--ink); font-size: inherit; font-weight: 450; white-space: normal; }
tbody tr:last-child th { border-bottom: 0; }
.scroll:focus-visible { outline: 2px solid var(--after); outline-offset: 2px; }
.said { min-width: 13rem; }
figure { margin: 0; }
.text { min-width: 15rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.first { min-width: 9rem; max-width: 22rem; overflow-wrap: anywhere; }
.pill { display: inline-block; padding: .05rem .5rem; border-radius: 99px; font-size: .8rem;
  font-weight: 600; white-space: nowrap; font-variant-numeric: tabular-nums; }
.good { color: var(--good-ink); background: var(--good-bg); }
.mid { color: var(--mid-ink); background: var(--mid-bg); }
.bad { color: var(--bad-ink); background: var(--bad-bg); }
.flat { color: var(--soft); background: var(--rule); }
details summary { cursor: pointer; font-weight: 550; overflow-wrap: anywhere; }
details summary::marker { color: var(--soft); }
details .dialogue { margin-top: .45rem; color: var(--soft); white-space: pre-wrap;
  overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --card: #ffffff; --ink: #000000; --soft: #444b57; --rule: #cfd4dc;
    --before: #c46f1b; --after: #2b6fdb; --gain: #1f9d6b; --loss: #d0453e; --shadow: none;
    --good-ink: #11734c; --good-bg: #e0f4ea; --mid-ink: #855b00; --mid-bg: #fdf1d3;
    --bad-ink: #a32822; --bad-bg: #fce4e2;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { padding: 0; font-size: 10.5pt; }
  .card, tr, svg { break-inside: avoid; }
  .scroll { overflow: visible; border-radius: 0; }
  .plots { grid-template-columns: 1fr 1fr; }
  table { font-size: 7.5pt; }
  th, td { padding: .3rem .35rem; }
  th, .number, .pill { font-size: 7pt; white-space: normal; }
  .text, .first, .said { min-width: 5.5rem; max-width: none; }
  thead { display: table-header-group; }
  h2 { break-after: avoid; }
}
)css";

}  // namespace tact
