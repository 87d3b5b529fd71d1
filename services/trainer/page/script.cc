#include "services/trainer/page/script.h"

namespace tact {

const std::string_view kPageScript = R"js('use strict';
const POLL_MS = 2000, MOST_POINTS = 800, WIDTH = 420, HEIGHT = 170;
const LEFT = 54, RIGHT = 10, TOP = 10, BOTTOM = 24;
const ENDED = ['succeeded', 'failed', 'cancelled'];

function element(name, attributes, text) {
  const node = document.createElement(name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  return node;
}

function svg(name, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  return node;
}

function shortNumber(value) {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size < 0.001 || size >= 1e6) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

// Round numbers that enclose the range.
function ticks(low, high) {
  if (high <= low) high = low + Math.max(1e-6, Math.abs(low) * 0.1);
  const raw = (high - low) / 4, magnitude = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 2.5, 5, 10].map(f => f * magnitude).find(s => s >= raw);
  const out = [];
  for (let i = Math.floor(low / step + 1e-9); i <= Math.ceil(high / step - 1e-9); ++i) {
    out.push(i * step);
  }
  return out;
}

function draw(points, label) {
  const steps = points.map(p => p[0]), values = points.map(p => p[1]);
  const marks = ticks(Math.min(...values), Math.max(...values));
  const first = steps[0], last = steps[steps.length - 1];
  const low = marks[0], high = marks[marks.length - 1];
  const x = s => LEFT + (last > first ? (s - first) / (last - first) : 0.5) * (WIDTH - LEFT - RIGHT);
  const y = v => TOP + (high - v) / (high - low) * (HEIGHT - TOP - BOTTOM);
  const plot = svg('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label});
  for (const mark of marks) {
    plot.append(svg('line', {class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(mark), y2: y(mark)}));
    plot.append(svg('text', {class: 'tick end', x: LEFT - 7, y: y(mark) + 4}, shortNumber(mark)));
  }
  const path = points.map((p, i) => (i ? 'L' : 'M') + x(p[0]).toFixed(1) + ' ' + y(p[1]).toFixed(1));
  plot.append(svg('path', {class: 'line', d: path.join('')}));
  plot.append(svg('circle', {class: 'dot', cx: x(last), cy: y(values[values.length - 1]), r: 3.5}));
  plot.append(svg('text', {class: 'tick', x: LEFT, y: HEIGHT - 6}, shortNumber(first)));
  if (last > first) {
    plot.append(svg('text', {class: 'tick middle', x: WIDTH / 2, y: HEIGHT - 6}, 'step'));
    plot.append(svg('text', {class: 'tick end', x: WIDTH - RIGHT, y: HEIGHT - 6}, shortNumber(last)));
  }
  return plot;
}

async function getJson(path) {
  const answer = await fetch(path, {cache: 'no-store'});
  if (!answer.ok) throw new Error(path + ': ' + answer.status);
  return answer.json();
}

function sayOffline(offline) {
  const note = document.getElementById('offline');
  if (note) note.hidden = !offline;
}

function progressText(job) {
  return job.total_steps > 0 ? `${job.step} / ${job.total_steps}` : '';
}

function jobRow(job) {
  const row = element('tr', {});
  const name = element('td', {class: 'text'});
  name.append(element('a', {href: '/jobs/' + encodeURIComponent(job.id)}, job.name || job.id));
  const state = element('td', {});
  state.append(element('span', {class: 'pill ' + job.state}, job.state));
  const progress = element('td', {class: 'number'});
  progress.append(element('progress', {max: Math.max(1, job.total_steps), value: job.step}), ' ',
                  progressText(job));
  row.append(name, element('td', {}, job.kind), state, progress,
             element('td', {class: 'number wide'}, job.created),
             element('td', {class: 'text wide'}, job.message));
  return row;
}

async function refreshList(body) {
  const answer = await getJson('/api/jobs');
  body.replaceChildren(...answer.jobs.map(jobRow));
  return true;
}

// The curves of one job, grown by what came since.
class JobView {
  constructor(root) {
    this.root = root;
    this.id = root.dataset.job;
    this.forget();
  }

  forget() {
    this.sequence = 0;
    this.curves = new Map();
  }

  async refresh() {
    let answer;
    do {
      answer = await getJson(`/api/jobs/${encodeURIComponent(this.id)}?after=${this.sequence}`);
      this.sequence = answer.sequence;
      for (const curve of answer.curves) this.grow(curve);
    } while (answer.more);
    this.show(answer.job);
    const longest = Math.max(0, ...[...this.curves.values()].map(points => points.length));
    if (longest > MOST_POINTS) this.forget();
    return !ENDED.includes(answer.job.state);
  }

  grow(curve) {
    if (!this.curves.has(curve.name)) this.curves.set(curve.name, []);
    this.curves.get(curve.name).push(...curve.points);
  }

  show(job) {
    const state = document.getElementById('state');
    state.className = 'pill ' + job.state;
    state.textContent = job.state;
    document.getElementById('message').textContent =
        [job.pause_reason, job.message].filter(Boolean).join(': ');
    document.getElementById('steps').textContent = progressText(job);
    const progress = document.getElementById('progress');
    progress.max = Math.max(1, job.total_steps);
    progress.value = job.step;
    this.root.replaceChildren(...[...this.curves].map(([name, points]) => this.card(name, points)));
  }

  card(name, points) {
    const card = element('div', {class: 'card'});
    card.append(element('span', {class: 'now'}, shortNumber(points[points.length - 1][1])),
                element('h3', {}, name), draw(points, name));
    return card;
  }
}

// Until there is nothing more to come; a trainer that is away is asked again.
async function poll(refresh) {
  let goOn = true;
  try {
    goOn = await refresh();
    sayOffline(false);
  } catch (error) {
    sayOffline(true);
  }
  if (goOn) setTimeout(() => poll(refresh), POLL_MS);
}

const list = document.getElementById('jobs'), curves = document.getElementById('curves');
if (list) poll(() => refreshList(list));
if (curves) {
  const view = new JobView(curves);
  poll(() => view.refresh());
}
)js";

}  // namespace tact
