"use strict";
// One state (which episode, which step, what is hidden); film, curves, table and moments follow from it.
(() => {
  const at = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const data = JSON.parse(at("data").textContent);
  const film = at("film"), scrub = at("scrub"), plot = at("plot"), heat = at("heat");
  const state = { episode: 0, step: 0, about: 0, maps: false, hidden: new Set() };

  const EDGE = 8; // half of the scrubber's thumb: its middle and the cursor stand above each other
  const TOP = 10, TALL = 220, AXIS = 24, LANE = 64, ROOM = 6, FOOT = 5;

  // Numbers as people read them.
  const number = (step) => data.first + step * data.every;
  const seconds = (step) => (number(step) / (data.fps * data.every)).toFixed(1);
  const plain = (value) =>
    (Math.abs(value) >= 1000 ? value.toFixed(0) : value.toFixed(3)).replace("-", "\u2212");
  const episode = () => data.episodes[state.episode];
  const frameAt = (time) => Math.min(episode().length - 1, Math.floor(time * data.fps + 1e-3));

  // The film. Browsers seek in a blob, not all of them in a data address.
  const blobs = [];
  function source(index) {
    if (!blobs[index]) {
      const bytes = Uint8Array.from(atob(data.episodes[index].film.split(",")[1]), (one) => one.charCodeAt(0));
      blobs[index] = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    }
    return blobs[index];
  }

  let aimed = -1; // the step that the film was last sent to
  function aim() {
    if (film.readyState === 0 || aimed === state.step || (film.seeking && film.paused)) return;
    aimed = state.step;
    film.currentTime = (state.step + 0.5) / data.fps; // the middle of a frame: either edge may round to its neighbour
  }

  function tick() {
    if (film.paused) return;
    const step = frameAt(film.currentTime);
    if (step !== state.step) {
      aimed = step;
      show(step);
    }
    requestAnimationFrame(tick);
  }

  function toggle() {
    if (!film.paused) {
      film.pause();
      aimed = -1; // it may have run a frame ahead of the cursor
      return aim();
    }
    if (state.step === episode().length - 1) show(0);
    film.play().catch(() => {}); // a film that cannot be played has said so by its error event
  }

  function label() {
    at("play").textContent = film.paused ? "Play" : "Pause";
  }

  // The curves.
  function put(name, attributes, parent = plot) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return parent.appendChild(made);
  }

  let wide = 0;
  const across = (step) => EDGE + ((wide - 2 * EDGE) * step) / Math.max(1, episode().length - 1);
  const up = (share) => TOP + (1 - share) * TALL;
  const lane = (share) => TOP + TALL + AXIS + (LANE / 2) * (1 - share);
  const share = (curve, value) => (curve.high > curve.low ? (value - curve.low) / (curve.high - curve.low) : 0.5);
  const trace = (rows, height) =>
    rows.map((value, step) => `${step ? "L" : "M"}${across(step).toFixed(1)} ${height(value).toFixed(1)}`).join("");

  function lines() {
    const drawn = data.curves.map((curve, index) => ({
      key: String(index), style: `line c${index % 6}`, values: episode().values[index], height: (v) => up(share(curve, v)),
    }));
    if (episode().oracle) drawn.push({ key: "truth", style: "line truth", values: episode().oracle, height: up });
    return drawn.filter((line) => !state.hidden.has(line.key)).reverse(); // the first curve lies on top
  }

  function axis() {
    for (const level of [0, 0.5, 1]) put("path", { class: "grid", d: `M${EDGE} ${up(level)}H${wide - EDGE}` });
    const span = (episode().length - 1) * data.every;
    let stride = 1;
    for (let k = 0; span / stride > Math.max(2, wide / 80); k += 1) stride = [1, 2, 5][(k + 1) % 3] * 10 ** Math.floor((k + 1) / 3);
    for (let mark = Math.ceil(data.first / stride) * stride; mark <= data.first + span; mark += stride) {
      const x = across((mark - data.first) / data.every);
      const anchor = x < 20 ? "start" : x > wide - 20 ? "end" : "middle";
      put("text", { class: "tick", x, y: TOP + TALL + 17, "text-anchor": anchor }).textContent = mark;
    }
  }

  function band() {
    if (!episode().success || state.hidden.has("success")) return;
    for (const [start, end] of episode().success) {
      const left = across(Math.max(0, start - 0.5)), right = across(Math.min(episode().length - 1, end - 0.5));
      const width = Math.max(1, right - left);
      put("rect", { class: "done", x: left, y: TOP, width, height: TALL });
      put("rect", { class: "done foot", x: left, y: TOP + TALL - FOOT, width, height: FOOT });
    }
  }

  function excess() {
    if (!episode().excess[state.about]) return;
    const most = data.curves[state.about].reach, rows = episode().excess[state.about].map((value) => value / most);
    for (const [style, side] of [["over", (v) => Math.max(0, v)], ["under", (v) => Math.min(0, v)]]) {
      const ridge = trace(rows, (value) => lane(side(value)));
      put("path", { class: `lane ${style}`, d: `${ridge}L${across(rows.length - 1)} ${lane(0)}L${across(0)} ${lane(0)}Z` });
    }
    put("path", { class: "grid", d: `M${EDGE} ${lane(0)}H${wide - EDGE}` });
    put("text", { class: "tick", x: EDGE, y: lane(1) + 9 }).textContent = `paid too much (to ${Math.round(100 * most)} %)`;
    put("text", { class: "tick", x: EDGE, y: lane(-1) - 2 }).textContent = "paid too little";
  }

  function draw() {
    wide = plot.clientWidth;
    if (!wide) return;
    plot.replaceChildren();
    const judged = Boolean(episode().excess[state.about]);
    const high = TOP + TALL + AXIS + (judged ? LANE + ROOM : 0);
    plot.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    plot.style.height = `${high}px`;
    band();
    axis();
    excess();
    for (const { key, style, values, height } of lines()) {
      put("path", { class: style, d: trace(values, height), "data-line": key });
    }
    data.moments.forEach((moment) => {
      if (moment.curve !== state.about || moment.episode !== state.episode) return;
      const worth = judged ? lane(episode().excess[state.about][moment.step] / data.curves[moment.curve].reach)
        : up(share(data.curves[moment.curve], episode().values[moment.curve][moment.step]));
      put("circle", { class: "mark-at", cx: across(moment.step), cy: worth, r: 3.5 });
    });
    put("line", { id: "cursor", class: "cursor", y1: TOP - 6, y2: high });
    for (const { key, style } of lines()) put("circle", { class: `${style} dot`, r: 4.5, "data-dot": key });
    cursor();
  }

  function cursor() {
    const line = at("cursor");
    if (!line) return;
    const x = across(state.step);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    for (const { key, values, height } of lines()) {
      const dot = plot.querySelector(`[data-dot="${key}"]`);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", height(values[state.step]));
    }
  }

  // The words and numbers.
  function tell() {
    const now = episode(), step = state.step;
    const done = now.success && now.success.some(([start, end]) => start <= step && step < end);
    all("[data-now]").forEach((cell) => {
      const key = cell.dataset.now;
      if (key === "truth") cell.textContent = now.oracle ? plain(now.oracle[step]) : "\u2013";
      else if (key === "success") cell.textContent = now.success ? (done ? "yes" : "no") : "\u2013";
      else cell.textContent = plain(now.values[Number(key)][step]);
    });
    const place = `${data.unit} ${number(step)} of ${number(now.length - 1)}, ${seconds(step)} s`;
    at("now").textContent = place;
    const truth = now.oracle ? `, truth ${plain(now.oracle[step])}${done ? ", done" : ""}` : "";
    scrub.setAttribute("aria-valuetext", `${place}, score ${plain(now.values[state.about][step])}${truth}`);
  }

  function overlay() {
    const here = data.moments.findIndex(
      (one) => one.curve === state.about && one.episode === state.episode && one.step === state.step,
    );
    all(".moment").forEach((card) => {
      if (Number(card.dataset.moment) === here) card.setAttribute("aria-current", "true");
      else card.removeAttribute("aria-current");
    });
    const map = here >= 0 && state.maps ? document.querySelector(`[data-moment="${here}"] .heat`) : null;
    heat.hidden = !map;
    if (map) heat.src = map.src;
  }

  function show(step) {
    state.step = Math.min(episode().length - 1, Math.max(0, step));
    scrub.value = state.step;
    aim();
    cursor();
    tell();
    overlay();
  }

  function open(index, step) {
    state.episode = index;
    at("episode").value = index;
    scrub.max = episode().length - 1;
    aimed = -1;
    film.src = source(index);
    state.step = step;
    draw();
    show(step);
  }

  function go(step) {
    film.pause();
    show(step);
  }

  // What people do.
  film.addEventListener("loadedmetadata", aim);
  film.addEventListener("seeked", aim);
  film.addEventListener("play", () => { label(); tick(); });
  film.addEventListener("pause", label);
  film.addEventListener("ended", () => show(Infinity));
  film.addEventListener("error", () => { at("unplayable").hidden = false; });
  at("play").addEventListener("click", toggle);
  for (const [id, step] of [["first", () => 0], ["back", () => state.step - 1], ["next", () => state.step + 1], ["last", () => Infinity]]) {
    at(id).addEventListener("click", () => go(step()));
  }
  scrub.addEventListener("input", () => go(Number(scrub.value)));
  at("episode").addEventListener("change", (event) => open(Number(event.target.value), 0));

  function point(event) {
    const x = event.clientX - plot.getBoundingClientRect().left;
    go(Math.round(((x - EDGE) / Math.max(1, wide - 2 * EDGE)) * (episode().length - 1)));
  }
  plot.addEventListener("pointerdown", (event) => { plot.setPointerCapture(event.pointerId); point(event); });
  plot.addEventListener("pointermove", (event) => { if (event.buttons & 1) point(event); });

  const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
  document.addEventListener("keydown", (event) => {
    const tag = event.target.tagName;
    if (event.altKey || event.ctrlKey || event.metaKey || tag === "SELECT") return;
    if (event.key === " " && tag !== "BUTTON" && tag !== "SUMMARY") toggle();
    else if (event.key in moves) go(state.step + moves[event.key] * (event.shiftKey ? 10 : 1));
    else return;
    event.preventDefault();
  });

  all("[data-key]").forEach((button) => button.addEventListener("click", () => {
    const shown = state.hidden.delete(button.dataset.key);
    if (!shown) state.hidden.add(button.dataset.key);
    button.setAttribute("aria-pressed", String(shown));
    draw();
  }));

  all(".moment").forEach((card) => card.addEventListener("click", () => {
    const moment = data.moments[Number(card.dataset.moment)];
    film.pause();
    if (moment.episode === state.episode) show(moment.step);
    else open(moment.episode, moment.step);
    at("desk").scrollIntoView({ block: "nearest" });
  }));

  if (at("about")) at("about").addEventListener("change", (event) => {
    state.about = Number(event.target.value);
    all("[data-about]").forEach((list) => { list.hidden = Number(list.dataset.about) !== state.about; });
    draw();
    show(state.step);
  });

  if (at("maps")) at("maps").addEventListener("click", () => {
    state.maps = !state.maps;
    at("maps").setAttribute("aria-pressed", String(state.maps));
    document.body.classList.toggle("maps", state.maps);
    overlay();
  });

  new ResizeObserver(draw).observe(plot);
  at("desk").hidden = false;
  const worst = data.moments.find((moment) => moment.curve === 0);
  open(worst ? worst.episode : 0, worst ? worst.step : 0);
})();
