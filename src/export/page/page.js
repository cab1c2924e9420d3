'use strict';
(() => {
  // The positions of the values of a Pod, as the program writes them.
  const WORKLOAD = 0, NAME = 1, NODE = 2, OUTCOME = 3, INDEX = 4, ATTEMPT = 5, EXIT = 6, REASON = 7, START = 8, QUEUED = 9, COLD = 10, RUN = 11, FAILED = 12, PHASES = 13, CONTAINERS = 14;
  const ROW = 18, LABEL = 230, AXIS = 24, PAGE = 100;
  const data = JSON.parse(document.getElementById('data').textContent);
  const { pods, strings, kinds, workloads, end } = data;
  const byId = id => document.getElementById(id);
  const text = index => index === null || index === undefined || index < 0 ? '' : strings[index];
  const seconds = ms => {
    if (ms === null || ms === undefined) return '';
    if (ms < 60000) return (ms / 1000).toFixed(1) + 's';
    const all = Math.round(ms / 1000), h = Math.floor(all / 3600), m = Math.floor(all / 60) % 60, s = all % 60;
    const two = n => String(n).padStart(2, '0');
    return h ? h + 'h' + two(m) + 'm' + two(s) + 's' : m + 'm' + two(s) + 's';
  };
  const podEnd = pod => {
    let last = pod[START];
    for (const phase of pod[PHASES]) if (phase[2] >= 0) last = Math.max(last, phase[1] + phase[2]);
    return last;
  };
  const ends = pods.map(podEnd);
  const state = { from: 0, to: Math.max(end, 1), selected: -1, filter: '', sort: 'start', table: false, page: 0 };
  let rows = [], drawQueued = false;

  const node = (tag, content, className) => {
    const element = document.createElement(tag);
    if (content !== undefined) element.textContent = content;
    if (className) element.className = className;
    return element;
  };

  // The heading: each workload with its findings.
  const list = byId('runs');
  for (const workload of workloads) {
    const item = node('li', workload.name + ': ' + workload.outcome + (workload.reason ? ' (' + workload.reason + ')' : '') +
      (workload.wall === null ? '' : ', ' + seconds(workload.wall)) + (workload.text ? '; ' + workload.text : ''));
    if (workload.findings.length) {
      const findings = node('ul');
      for (const finding of workload.findings) findings.append(node('li', finding));
      item.append(findings);
    }
    list.append(item);
  }

  const podTitle = pod => text(pod[REASON]) ? data.outcomes[pod[OUTCOME]] + ' (' + text(pod[REASON]) + ')' : data.outcomes[pod[OUTCOME]];
  const describe = pod => [
    pod[NAME] + (text(pod[NODE]) ? ' on ' + text(pod[NODE]) : ''),
    podTitle(pod) + (pod[EXIT] === null ? '' : ', exit code ' + pod[EXIT]),
    [['queued', QUEUED], ['cold start', COLD], ['work', RUN]].filter(([, key]) => pod[key] !== null)
      .map(([name, key]) => name + ' ' + seconds(pod[key])).join(', ')
  ].filter(line => line).join('\n');

  // Filter and order.
  const orders = {
    start: (a, b) => pods[a][START] - pods[b][START],
    end: (a, b) => ends[a] - ends[b],
    work: (a, b) => (pods[b][RUN] ?? -1) - (pods[a][RUN] ?? -1),
    cold: (a, b) => (pods[b][COLD] ?? -1) - (pods[a][COLD] ?? -1),
    name: (a, b) => pods[a][NAME] < pods[b][NAME] ? -1 : 1,
    node: (a, b) => { const x = text(pods[a][NODE]), y = text(pods[b][NODE]); return x < y ? -1 : x > y ? 1 : a - b; },
    trouble: (a, b) => pods[b][FAILED] - pods[a][FAILED] || (pods[b][RUN] ?? -1) - (pods[a][RUN] ?? -1)
  };
  const haystack = pods.map(pod => [pod[NAME], text(pod[NODE]), data.outcomes[pod[OUTCOME]], text(pod[REASON]), workloads[pod[WORKLOAD]].name].join(' ').toLowerCase());
  const update = () => {
    const words = state.filter.toLowerCase().split(/\s+/).filter(word => word);
    rows = [];
    for (let i = 0; i < pods.length; i++) if (words.every(word => haystack[i].includes(word))) rows.push(i);
    rows.sort((a, b) => orders[state.sort](a, b) || a - b);
    if (!rows.includes(state.selected)) select(-1);
    byId('count').textContent = rows.length === pods.length ? pods.length + ' Pods' : rows.length + ' of ' + pods.length + ' Pods';
    state.page = Math.min(state.page, Math.max(0, Math.ceil(rows.length / PAGE) - 1));
    layout();
  };

  // The chart: a canvas that stays in view and draws only the rows in view.
  const scroll = byId('scroll'), spacer = byId('spacer'), canvas = byId('chart'), pen = canvas.getContext('2d');
  let width = 0, height = 0, colors = {}, fills = {};
  const makeFill = draw => {
    const tile = document.createElement('canvas');
    tile.width = tile.height = 8;
    draw(tile.getContext('2d'));
    return pen.createPattern(tile, 'repeat');
  };
  const hatch = (color, back, step) => makeFill(tile => {
    if (back) { tile.fillStyle = back; tile.fillRect(0, 0, 8, 8); }
    tile.strokeStyle = color; tile.lineWidth = 1; tile.beginPath();
    for (let x = -8; x <= 16; x += step) { tile.moveTo(x, 8); tile.lineTo(x + 8, 0); }
    tile.stroke();
  });
  const readColors = () => {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['bg', 'fg', 'dim', 'line', 'sel', 'cold', 'pull', 'work', 'unready', 'fail', 'back', 'term']) colors[name] = style.getPropertyValue('--' + name).trim();
    const dots = makeFill(tile => { tile.fillStyle = colors.dim; for (const [x, y] of [[1, 1], [5, 5]]) tile.fillRect(x, y, 2, 2); });
    const cold = hatch(colors.cold, '', 8), pull = hatch(colors.cold, colors.pull, 4);
    const cross = makeFill(tile => { tile.strokeStyle = colors.fail; tile.beginPath(); tile.moveTo(0, 8); tile.lineTo(8, 0); tile.moveTo(0, 0); tile.lineTo(8, 8); tile.stroke(); });
    const wave = makeFill(tile => { tile.strokeStyle = colors.back; tile.beginPath(); tile.moveTo(0, 5); tile.quadraticCurveTo(2, 0, 4, 5); tile.quadraticCurveTo(6, 10, 8, 5); tile.stroke(); });
    fills = { Queued: dots, Setup: cold, Initializing: cold, Starting: cold, Startup: cold, Pulling: pull, PullFailing: cross, Running: colors.work, Unready: colors.unready, Failed: colors.fail, BackOff: wave, Terminating: colors.term, Unknown: null };
  };
  const fillBar = (target, fill, x, y, w, h) => {
    if (fill === null) { target.strokeStyle = colors.dim; target.setLineDash([3, 2]); target.strokeRect(x, y, w, h); target.setLineDash([]); return; }
    target.fillStyle = fill;
    target.fillRect(x, y, w, h);
  };
  const ratio = () => window.devicePixelRatio || 1;
  const layout = () => {
    byId('rows').hidden = !state.table;
    scroll.hidden = state.table;
    if (state.table) { fillTable(); return; }
    width = scroll.clientWidth; height = scroll.clientHeight;
    canvas.width = Math.max(1, width * ratio()); canvas.height = Math.max(1, height * ratio());
    canvas.style.width = width + 'px'; canvas.style.height = height + 'px';
    spacer.style.height = Math.max(0, rows.length * ROW + AXIS + 8 - height) + 'px';
    draw();
  };
  const toX = ms => LABEL + (ms - state.from) / (state.to - state.from) * (width - LABEL - 70);
  const toTime = x => state.from + (x - LABEL) / (width - LABEL - 70) * (state.to - state.from);
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000, 7200000, 21600000, 86400000];
  const draw = () => {
    if (drawQueued) return;
    drawQueued = true;
    requestAnimationFrame(() => { drawQueued = false; paint(); });
  };
  const paint = () => {
    pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    pen.fillStyle = colors.bg; pen.fillRect(0, 0, width, height);
    pen.font = '12px ui-monospace, Menlo, Consolas, monospace'; pen.textBaseline = 'middle';
    const top = scroll.scrollTop, first = Math.max(0, Math.floor(top / ROW)), right = width - 70;
    const last = Math.min(rows.length, Math.ceil((top + height - AXIS) / ROW) + 1);
    const step = steps.find(s => (state.to - state.from) / s <= 10) || 604800000;
    pen.strokeStyle = colors.line; pen.lineWidth = 1; pen.beginPath();
    const ticks = [];
    for (let at = Math.ceil(state.from / step) * step; at <= state.to; at += step) { ticks.push(at); pen.moveTo(toX(at), AXIS); pen.lineTo(toX(at), height); }
    pen.stroke();
    for (let i = first; i < last; i++) {
      const pod = pods[rows[i]], y = AXIS + i * ROW - top;
      if (rows[i] === state.selected) { pen.fillStyle = colors.sel; pen.fillRect(0, y, width, ROW); }
      for (const phase of pod[PHASES]) {
        if (phase[2] < 0) continue;
        const x = Math.max(LABEL, toX(phase[1])), until = Math.min(right, toX(phase[1] + phase[2]));
        if (until < LABEL || x > right) continue;
        const fill = phase[5] ? fills.Failed : fills[kinds[phase[0]]];
        fillBar(pen, fill, x, y + 2, Math.max(0.7, until - x), ROW - 4);
      }
      const stop = toX(ends[rows[i]]);
      if (pod[FAILED] && stop >= LABEL && stop <= right) { pen.fillStyle = colors.fail; pen.fillText('✗' + (pod[EXIT] === null ? '' : ' ' + pod[EXIT]), stop + 4, y + ROW / 2); }
      pen.fillStyle = colors.bg; pen.fillRect(0, y, LABEL - 6, ROW);
      if (rows[i] === state.selected) { pen.fillStyle = colors.sel; pen.fillRect(0, y, LABEL - 6, ROW); }
      pen.fillStyle = colors.fg;
      const name = pod[NAME];
      pen.fillText(name.length > 30 ? '…' + name.slice(-29) : name, 8, y + ROW / 2);
      pen.fillStyle = colors.dim; pen.textAlign = 'right'; pen.fillText(seconds(pod[RUN]), width - 8, y + ROW / 2); pen.textAlign = 'left';
    }
    pen.fillStyle = colors.bg; pen.fillRect(0, 0, width, AXIS);
    pen.fillStyle = colors.dim;
    for (const at of ticks) if (toX(at) < right - 40) pen.fillText(step < 1000 ? (at / 1000).toFixed(step < 10 ? 3 : step < 100 ? 2 : 1) + 's' : seconds(at), toX(at) + 2, AXIS / 2);
    pen.textAlign = 'right'; pen.fillText('work', width - 8, AXIS / 2); pen.textAlign = 'left';
  };

  // Zoom and position.
  const limit = () => {
    const whole = Math.max(end, 1), span = Math.min(whole, Math.max(1, state.to - state.from));
    state.from = Math.min(Math.max(0, state.from), whole - span);
    state.to = state.from + span;
    byId('reset').disabled = span >= whole;
    draw();
  };
  const zoom = (factor, around) => {
    const middle = around === undefined ? (state.from + state.to) / 2 : around;
    state.from = middle - (middle - state.from) * factor;
    state.to = middle + (state.to - middle) * factor;
    limit();
  };
  const pan = share => { const by = (state.to - state.from) * share; state.from += by; state.to += by; limit(); };
  const reset = () => { state.from = 0; state.to = Math.max(end, 1); limit(); };

  // Selection and details.
  const select = index => {
    state.selected = index;
    const details = byId('details');
    const wasHidden = details.hidden;
    details.hidden = index < 0;
    if (index >= 0) { fillDetails(pods[index]); byId('live').textContent = describe(pods[index]).replace(/\n/g, ', '); }
    if (wasHidden !== details.hidden) layout(); else if (state.table) fillTable(); else draw();
  };
  const showRow = position => {
    const y = position * ROW;
    if (y < scroll.scrollTop) scroll.scrollTop = y;
    else if (y + ROW > scroll.scrollTop + height - AXIS) scroll.scrollTop = y + ROW - height + AXIS;
  };
  const move = by => {
    if (!rows.length) return;
    const at = rows.indexOf(state.selected);
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
    select(rows[next]);
    if (state.table) { state.page = Math.floor(next / PAGE); fillTable(); } else showRow(next);
  };
  const fillDetails = pod => {
    const box = byId('details');
    box.replaceChildren();
    const close = node('button', 'Close');
    close.addEventListener('click', () => { select(-1); (state.table ? byId('rows') : scroll).focus(); });
    const pairs = rows => {
      const listing = node('dl');
      for (const [name, value] of rows) if (value !== '' && value !== null && value !== undefined) listing.append(node('dt', name), node('dd', String(value)));
      return listing;
    };
    box.append(node('h2', pod[NAME]), pairs([
      ['workload', workloads[pod[WORKLOAD]].name], ['node', text(pod[NODE])], ['outcome', podTitle(pod)], ['exit code', pod[EXIT]],
      ['index', pod[INDEX]], ['attempt', pod[INDEX] === null ? null : pod[ATTEMPT]], ['created', new Date(data.start + pod[START]).toISOString()],
      ['queued', seconds(pod[QUEUED])], ['cold start', seconds(pod[COLD])], ['work', seconds(pod[RUN])]
    ]), node('h2', 'Phases'));
    box.append(pairs(pod[PHASES].map(phase => [kinds[phase[0]],
      '+' + seconds(phase[1] - pod[START]) + ', ' + (phase[2] < 0 ? 'end unknown' : seconds(phase[2])) +
      (text(phase[3]) ? ', ' + text(phase[3]) : '') + (text(phase[4]) ? ', container ' + text(phase[4]) : '')])));
    if (pod[CONTAINERS].length) box.append(node('h2', 'Containers'));
    for (const container of pod[CONTAINERS]) box.append(pairs([
      ['name', text(container[0])], ['image', text(container[1])], ['restarts', container[2] || ''], ['exit code', container[3]],
      ['pull', container[4] === null ? '' : container[6] ? 'already on the node' : seconds(container[4]) + (container[5] ? ', ' + (container[5] / 1e6).toFixed(0) + ' MB' : '')]
    ]));
    box.append(close);
  };

  // The table: pages of rows, which screen readers and searches can read.
  const fillTable = () => {
    const body = byId('body');
    body.replaceChildren();
    for (const index of rows.slice(state.page * PAGE, (state.page + 1) * PAGE)) {
      const pod = pods[index], row = node('tr', undefined, index === state.selected ? 'sel' : '');
      const name = node('td'), open = node('button', pod[NAME]);
      open.addEventListener('click', () => select(index));
      name.append(open);
      row.append(name, node('td', text(pod[NODE])), node('td', podTitle(pod)), node('td', pod[EXIT] === null ? '' : String(pod[EXIT]), 'n'));
      for (const key of [QUEUED, COLD, RUN]) row.append(node('td', seconds(pod[key]), 'n'));
      body.append(row);
    }
    const count = Math.max(1, Math.ceil(rows.length / PAGE));
    byId('page').textContent = 'page ' + (state.page + 1) + ' of ' + count;
    byId('prev').disabled = state.page === 0;
    byId('next').disabled = state.page + 1 >= count;
  };

  // Mouse.
  const tip = byId('tip');
  const rowAt = event => {
    const y = event.clientY - canvas.getBoundingClientRect().top;
    const at = Math.floor((y - AXIS + scroll.scrollTop) / ROW);
    return y > AXIS && at >= 0 && at < rows.length ? rows[at] : -1;
  };
  let drag = null;
  canvas.addEventListener('mousemove', event => {
    if (drag) {
      const by = (drag.x - event.clientX) / (width - LABEL - 70) * (drag.to - drag.from);
      state.from = drag.from + by; state.to = drag.to + by; drag.moved = drag.moved || Math.abs(drag.x - event.clientX) > 3;
      limit();
      return;
    }
    const index = rowAt(event);
    tip.hidden = index < 0;
    if (index < 0) return;
    const pod = pods[index], at = toTime(event.clientX - canvas.getBoundingClientRect().left);
    const phase = pod[PHASES].find(p => at >= p[1] && at <= p[1] + p[2]);
    tip.textContent = describe(pod) + (phase ? '\n' + kinds[phase[0]] + ' ' + seconds(phase[2]) + (text(phase[3]) ? ', ' + text(phase[3]) : '') : '');
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + 'px';
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + 'px';
  });
  canvas.addEventListener('mouseleave', () => { tip.hidden = true; });
  canvas.addEventListener('mousedown', event => { drag = { x: event.clientX, from: state.from, to: state.to, moved: false }; });
  addEventListener('mouseup', () => { setTimeout(() => { drag = null; }); });
  canvas.addEventListener('click', event => { if (!drag || !drag.moved) select(rowAt(event)); });
  canvas.addEventListener('wheel', event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, toTime(event.clientX - canvas.getBoundingClientRect().left));
  }, { passive: false });
  scroll.addEventListener('scroll', () => { tip.hidden = true; draw(); });
  byId('in').addEventListener('click', () => zoom(0.5));
  byId('out').addEventListener('click', () => zoom(2));
  byId('reset').addEventListener('click', reset);
  byId('filter').addEventListener('input', event => { state.filter = event.target.value; update(); });
  byId('sort').addEventListener('change', event => { state.sort = event.target.value; update(); });
  byId('view').addEventListener('click', () => {
    state.table = !state.table;
    byId('view').setAttribute('aria-pressed', String(state.table));
    layout();
  });
  byId('prev').addEventListener('click', () => { state.page--; fillTable(); });
  byId('next').addEventListener('click', () => { state.page++; fillTable(); });
  addEventListener('keydown', event => {
    const typing = /INPUT|SELECT/.test(event.target.tagName);
    if (event.key === 'Escape') { if (typing) event.target.blur(); else select(-1); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.tagName === 'BUTTON';
    const actions = {
      ArrowDown: () => move(1), ArrowUp: () => move(-1), PageDown: () => move(20), PageUp: () => move(-20),
      Home: () => move(-rows.length), End: () => move(rows.length), ArrowLeft: () => pan(-0.1), ArrowRight: () => pan(0.1),
      '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': reset, t: () => byId('view').click(),
      '/': () => byId('filter').focus(), Enter: onButton ? null : () => { if (state.selected >= 0) byId('details').focus(); }
    };
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  addEventListener('resize', layout);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColors(); legend(); draw(); });

  const legend = () => {
    const box = byId('legend');
    box.replaceChildren();
    for (const [kind, name] of [['Queued', 'queued'], ['Setup', 'setup, start'], ['Pulling', 'pull'], ['PullFailing', 'pull fails'], ['Unready', 'not ready yet'], ['Running', 'work'], ['Failed', 'failed'], ['BackOff', 'back-off'], ['Terminating', 'terminating'], ['Unknown', 'unknown']]) {
      const sample = document.createElement('canvas'), item = node('span');
      sample.width = 40; sample.height = 24;
      const target = sample.getContext('2d');
      target.scale(2, 2);
      fillBar(target, fills[kind], 0.5, 0.5, 19, 11);
      item.append(sample, name);
      box.append(item);
    }
  };
  readColors();
  legend();
  update();
  limit();
})();
