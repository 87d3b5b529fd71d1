#include "services/trainer/page/style_sheet.h"

namespace tact {

const std::string_view kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --ink: #16191f; --soft: #5d6675; --rule: #e3e7ed;
  --line: #2b6fdb; --fill: #d9822b;
  --good-ink: #11734c; --good-bg: #e0f4ea; --mid-ink: #855b00; --mid-bg: #fdf1d3;
  --bad-ink: #a32822; --bad-bg: #fce4e2; --shadow: 0 1px 2px rgb(20 30 50 / .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1217; --card: #181d25; --ink: #e8ebf0; --soft: #9aa5b5; --rule: #2a313d;
    --line: #6ea3f7; --fill: #eb9f4f;
    --good-ink: #7ddcb0; --good-bg: #143527; --mid-ink: #f1cc74; --mid-bg: #3a2f12;
    --bad-ink: #f8a39d; --bad-bg: #44201e; --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1.25rem 3rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1180px; margin: 0 auto; }
a { color: var(--line); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; line-height: 1.2; letter-spacing: -.02em;
  overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .8rem; font-size: 1.15rem; letter-spacing: -.01em; }
h3 { margin: 0; font-size: .95rem; }
p { margin: 0 0 .5rem; }
.soft { color: var(--soft); font-size: .88rem; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--rule);
  border-radius: 12px; box-shadow: var(--shadow); }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .55rem .8rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.text { min-width: 12rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.prompt { max-height: 6.4rem; overflow-y: auto; }
.pill { display: inline-block; padding: .05rem .5rem; border-radius: 99px; font-size: .8rem;
  font-weight: 600; white-space: nowrap; color: var(--soft); background: var(--rule); }
.running, .succeeded { color: var(--good-ink); background: var(--good-bg); }
.waiting, .paused { color: var(--mid-ink); background: var(--mid-bg); }
.failed { color: var(--bad-ink); background: var(--bad-bg); }
progress { width: 7rem; height: .55rem; accent-color: var(--line); vertical-align: middle; }
.plots { display: grid; gap: .9rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); }
.card { padding: .9rem 1rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 12px; box-shadow: var(--shadow); }
.card .now { float: right; color: var(--soft); font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; margin-top: .5rem; }
svg .line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
svg .dot { fill: var(--line); }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .tick { fill: var(--soft); font-size: 11.5px; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
@media (max-width: 640px) {
  body { padding: 1.2rem .75rem 2rem; }
  .wide { display: none; }
  th, td { padding: .45rem .55rem; }
  progress { width: 4rem; }
}
)css";

const std::string_view kPageIcon =
    R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2b6fdb"/><path d="M3 11l3-4 3 2 4-6" fill="none" stroke="#fff" stroke-width="1.8"/></svg>)";

}  // namespace tact
