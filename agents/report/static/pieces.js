// Plays the moment of what is clicked, marks the cue everywhere in its scope, and says what it is. Listens to the whole document.
(() => {
  "use strict";
  if (window.cuechainPieces) return;
  window.cuechainPieces = true;
  const LEAST = 1.5; // seconds that are played at least: a blink is over before a player has begun
  const LEAD = 0.5; // seconds that a shorter moment begins earlier, for one sees a change by what was before
  const MOST_LISTED = 40;
  const stops = new WeakMap();

  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const scopeOf = (element) => element.closest("[data-scope]") || document;
  const inner = (element) => (element.matches("video,audio") ? element : element.querySelector("video,audio"));

  function playerOf(element) {
    const media = element.dataset.media || "";
    const scope = scopeOf(element);
    const named = all(scope, "[data-player]");
    const own = named.find((one) => one.dataset.player === media) || (named.length === 1 && !media ? named[0] : null);
    if (own) return inner(own);
    if (named.length > 1) return null;
    for (let node = element.parentElement; node; node = node.parentElement) {
      const found = node.querySelector("video,audio");
      if (found) return found;
      if (node === scope) return null; // the next article's player plays other moments
    }
    return null;
  }

  function play(element) {
    if (!element.dataset.start) return;
    const player = playerOf(element);
    if (!player) return;
    const start = Number(element.dataset.start);
    const told = Number(element.dataset.end) || start;
    const end = Math.max(told, start + LEAST);
    const go = () => {
      const last = (player.duration || end) - LEAST; // what ends with the clip begins earlier still
      player.currentTime = told - start < LEAST ? Math.max(0, Math.min(start - LEAD, last)) : start;
      stops.set(player, end);
      Promise.resolve(player.play()).catch(() => {}); // a browser may forbid sound; the picture stands where it should
    };
    if (player.readyState >= 1) go();
    else {
      player.addEventListener("loadedmetadata", go, { once: true });
      player.load();
    }
  }

  const idsOf = (element) => (element.dataset.cue ? [element.dataset.cue] : (element.dataset.cues || "").split(" ").filter(Boolean));

  const holding = (scope, id) => {
    const name = CSS.escape(id);
    return all(scope, `[data-cue="${name}"],[data-cues~="${name}"],[data-row="${name}"]`);
  };

  function mark(element) {
    const scope = scopeOf(element);
    const ids = idsOf(element);
    for (const one of all(scope, ".cc-on")) one.classList.remove("cc-on");
    for (const one of ids.flatMap((id) => holding(scope, id))) one.classList.add("cc-on");
    for (const bar of all(scope, ".cc-bar.cc-on")) reveal(bar);
    for (const box of all(scope, ".cc-now")) tell(box, scope, ids, element);
  }

  function reveal(bar) {
    const box = bar.closest(".cc-scroll");
    if (!box || box.scrollWidth <= box.clientWidth) return;
    const at = bar.getBoundingClientRect();
    const view = box.getBoundingClientRect();
    if (at.left < view.left || at.left > view.right - 40) box.scrollLeft += at.left - view.left - view.width / 3;
  }

  function tell(box, scope, ids, element) {
    box.replaceChildren();
    if (!ids.length) {
      box.textContent = element.title;
      return;
    }
    for (const id of ids.slice(0, MOST_LISTED)) {
      const line = document.createElement("p");
      const row = scope.querySelector(`[data-row="${CSS.escape(id)}"]`);
      const button = row?.querySelector("[data-cue]");
      if (button) line.append(button.cloneNode(true), " ");
      else line.append(`${id} `);
      const words = [...(row?.cells ?? [])].slice(1).map((cell) => (cell.querySelector("bdi") ?? cell).textContent.trim());
      const said = document.createElement("bdi");
      said.textContent = row ? words.filter(Boolean).join(" · ") : ids.length === 1 ? element.title : "";
      line.append(said);
      box.append(line);
    }
    if (ids.length > MOST_LISTED) box.append(`and ${ids.length - MOST_LISTED} more`);
  }

  function activate(element) {
    play(element);
    mark(element);
  }

  document.addEventListener("click", (event) => {
    const zoom = event.target.closest?.(".cc [data-zoom]");
    if (zoom) return void zoomed(zoom);
    const element = event.target.closest?.("[data-start],[data-cue]");
    if (element) return void activate(element);
    const area = event.target.closest?.(".cc-strip .cc-area");
    if (area) seek(area, event);
  });

  document.addEventListener("keydown", (event) => {
    const element = event.target.closest?.("[data-start],[data-cue]");
    if (!element) return;
    if ((event.key === "Enter" || event.key === " ") && !element.matches("button,a,summary,input")) {
      event.preventDefault();
      activate(element);
    } else if (element.matches(".cc-bar")) move(element, event);
  });

  // One stop of the Tab key for each lane; arrows go from bar to bar and from lane to lane.
  function move(bar, event) {
    const bars = all(bar.parentElement, ".cc-bar");
    const lanes = all(bar.closest(".cc-strip"), ".cc-lane").filter((lane) => lane.querySelector(".cc-bar"));
    const lane = lanes.indexOf(bar.closest(".cc-lane"));
    let next = null;
    if (event.key === "ArrowRight") next = bars[bars.indexOf(bar) + 1];
    else if (event.key === "ArrowLeft") next = bars[bars.indexOf(bar) - 1];
    else if (event.key === "Home") next = bars[0];
    else if (event.key === "End") next = bars[bars.length - 1];
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const other = lanes[lane + (event.key === "ArrowDown" ? 1 : -1)];
      const at = Number(bar.dataset.start);
      const far = (one) => Math.abs(Number(one.dataset.start) - at);
      if (other) next = all(other, ".cc-bar").reduce((a, b) => (far(b) < far(a) ? b : a));
    } else return;
    event.preventDefault();
    if (!next) return;
    for (const one of all(next.parentElement, ".cc-bar")) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  }

  function zoomed(button) {
    const wide = button.closest(".cc-strip").querySelector(".cc-wide");
    const before = Number(wide.style.getPropertyValue("--zoom")) || 1;
    const now = Math.min(64, Math.max(1, before * Number(button.dataset.zoom)));
    const box = wide.parentElement;
    const middle = (box.scrollLeft + box.clientWidth / 2) / wide.scrollWidth;
    wide.style.setProperty("--zoom", now);
    wide.classList.toggle("cc-zoomed", now >= 4);
    box.scrollLeft = middle * wide.scrollWidth - box.clientWidth / 2;
  }

  // A stretch of a long file begins at its own start, in seconds of the file.
  const axisOf = (strip) => {
    const begin = Number(strip.dataset.begin);
    return { begin, length: Number(strip.dataset.duration) - begin };
  };

  function seek(area, event) {
    const strip = area.closest(".cc-strip");
    const at = area.getBoundingClientRect();
    const probe = document.createElement("i");
    probe.dataset.media = strip.dataset.strip;
    strip.append(probe);
    const player = playerOf(probe);
    probe.remove();
    const { begin, length } = axisOf(strip);
    if (player) player.currentTime = begin + ((event.clientX - at.left) / at.width) * length;
  }

  // Media events do not bubble, but they can be caught on their way down.
  document.addEventListener("timeupdate", (event) => {
    const player = event.target;
    const stop = stops.get(player);
    if (stop !== undefined && player.currentTime >= stop) {
      stops.delete(player);
      player.pause();
    }
    for (const strip of all(document, ".cc-strip")) {
      const probe = strip.querySelector(".cc-bar");
      if (!probe || playerOf(probe) !== player) continue;
      strip.classList.add("cc-playing");
      const { begin, length } = axisOf(strip);
      const at = `${(100 * (player.currentTime - begin)) / length}%`;
      for (const line of strip.getElementsByClassName("cc-head-line")) line.style.left = at; // a variable would restyle every bar
    }
  }, true);
  document.addEventListener("pause", (event) => stops.delete(event.target), true);
  const note = (player, name) => {
    const box = player.matches?.("video,audio") && player.closest("[data-player]")?.querySelector(".cc-unplayable");
    if (box) box.textContent = box.dataset[name];
  };
  document.addEventListener("error", (event) => note(event.target, "file"), true);
  document.addEventListener("loadedmetadata", (event) => {
    if (event.target.matches?.("video") && !event.target.videoWidth) note(event.target, "picture");
  }, true);
})();
