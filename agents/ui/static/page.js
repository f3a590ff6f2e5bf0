// What the page does in the browser: takes clips in, plays the moment that a citation points at, and tells the server what was pressed.
(() => {
  const page = {};
  window.cuechain = page;
  const one = (what, root = document) => root.querySelector(what);
  const all = (what, root = document) => [...root.querySelectorAll(what)];
  const session = () => one(".stage")?.dataset.session || new URLSearchParams(location.search).get("session") || "";

  // Light and dark: as the system has it, until somebody chooses.
  const dim = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    let chosen = null;
    try { chosen = localStorage.getItem("cuechain-theme"); } catch { /* storage is closed: the system decides */ }
    const dark = chosen ? chosen === "dark" : dim.matches;
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  dim.addEventListener("change", paint);
  if (document.body) paint();
  document.addEventListener("DOMContentLoaded", paint);

  // One place from which all that happens is read out.
  const tell = (text) => {
    let line = one("#told");
    if (!line) {
      line = document.createElement("p");
      line.id = "told";
      line.className = "sr";
      line.setAttribute("aria-live", "polite");
      document.body.append(line);
    }
    if (text && line.textContent !== text) line.textContent = text;
  };
  const telling = (element, what) => new MutationObserver(() => tell(what().replace(/\s+/g, " ").trim()))
    .observe(element, { childList: true, subtree: true, characterData: true });
  const now = (element) => () => (one(".failed", element) || one(".now", element)?.childNodes[1])?.textContent || "";
  page.seeing = (element) => telling(element, now(element));
  page.lanes = (element, trigger, watch) => watch("value", () => { again(element)(); first(shown()); });

  // ---- the player: the report's script plays and marks; here the right clip comes to the front first ----
  function show(media) {
    const clips = all(".clip");
    const wanted = clips.find((clip) => clip.dataset.player === media);
    if (!wanted) return;
    for (const clip of clips) {
      if (clip !== wanted) one("video, audio", clip)?.pause();
      clip.hidden = clip !== wanted;
    }
    for (const tab of all(".tabs [role=tab]")) {
      const on = tab.dataset.clip === media;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    }
    first(media);
  }
  const shown = () => one(".clip:not([hidden])")?.dataset.player;
  // The timeline of the clip that is seen stands before those of the others.
  function first(media) {
    const strip = media && one(`#lanes .cc-strip[data-strip="${CSS.escape(media)}"]`);
    if (strip && strip.parentElement.firstElementChild !== strip) strip.parentElement.prepend(strip);
  }
  let marked = "";
  const front = (event) => {
    const part = event.target.closest?.("[data-cue], [data-start]");
    if (!part) return;
    marked = part.dataset.cue || "";
    if (part.dataset.media) show(part.dataset.media);
  };
  // What is drawn anew keeps its mark.
  const again = (element) => () => {
    for (const part of all("[data-cue]", element)) part.classList.toggle("cc-on", part.dataset.cue === marked);
  };
  document.addEventListener("click", front, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") front(event); }, true);
  // What this browser cannot play is asked for once more, as a copy in a form that every browser plays.
  const unplayable = (film) => {
    const note = one(".cannot", film.closest(".clip"));
    const tried = film.dataset.copy;
    note.hidden = false;
    note.textContent = tried ? note.dataset.no : note.dataset.copying;
    if (tried) return;
    film.dataset.copy = "1";
    film.src = `${film.getAttribute("src")}/copy.${film.tagName === "IMG" ? "png" : "mp4"}`;
    if (film.tagName === "IMG") film.addEventListener("load", () => { note.hidden = true; }, { once: true });
  };
  document.addEventListener("error", (event) => {
    if (event.target.matches?.(".clip video, .clip audio, .clip img")) unplayable(event.target);
  }, true);
  document.addEventListener("loadedmetadata", (event) => {
    const film = event.target;
    if (!film.matches?.(".clip video, .clip audio")) return;
    if (film.tagName === "VIDEO" && !film.videoWidth) unplayable(film);  // the sound alone can be played
    else one(".cannot", film.closest(".clip")).hidden = true;
  }, true);

  // ---- the bar ----
  page.bar = (element, trigger) => {
    paint();
    let doomed = "", place = 0;
    element.addEventListener("click", (event) => {
      const at = (what) => event.target.closest(what);
      if (at("[data-theme]")) {
        const next = document.body.classList.contains("dark") ? "light" : "dark";
        try { localStorage.setItem("cuechain-theme", next); } catch { /* it lasts for this page alone */ }
        document.body.classList.toggle("dark", next === "dark");
        document.documentElement.style.colorScheme = next;
      }
      if (at("[data-skip]")) { event.preventDefault(); one("#question textarea")?.focus(); }
      if (at("[data-open]")) one("#talks", element).showModal();
      if (at("[data-close]") || event.target.tagName === "DIALOG") one("#talks", element).close();
      const row = at("li");
      const asks = (on) => { one(".sure-delete", row).hidden = !on; one("[data-delete]", row).hidden = on; };
      if (at("[data-delete]")) { asks(true); one("[data-keep]", row).focus(); }
      if (at("[data-keep]")) { asks(false); one("[data-delete]", row).focus(); }
      const now = at("[data-delete-now]");
      if (now) { doomed = now.dataset.deleteNow; place = all("#talks li", element).indexOf(row); now.disabled = true; trigger("delete", { id: doomed }); }
    });
    page.deleted = () => {
      if (doomed && doomed === session()) return void location.assign("./");
      // The list was drawn anew: open it again, at what has taken the place of what is gone.
      const list = one("#talks", element);
      if (!list.open) list.showModal();
      const left = all("li > a", list);
      (left[Math.min(place, left.length - 1)] || one("[data-close]", list)).focus();
      tell("Deleted.");
    };
  };

  // ---- the stage ----
  page.stage = (element, trigger, watch) => {
    let refused = "";  // stays until the next action, though the stage is drawn anew
    const say = (name, text) => {
      const line = one(`.add .${name}`, element);
      if (!line) return;
      line.hidden = !text;
      (one("span", line) || line).textContent = text;
      if (text) tell(text);
    };
    watch("value", () => say("failed", refused));
    page.asked = () => { refused = ""; say("failed", ""); };
    telling(element, () => one(".moment .cc-now", element)?.textContent || "");
    // Where the clip sticks to the top of a small screen, what is scrolled to stops below it.
    const measure = new ResizeObserver(() => {
      document.documentElement.style.setProperty("--strip", `${one(".screen", element)?.offsetHeight || 0}px`);
    });
    const measured = () => { measure.disconnect(); const screen = one(".screen", element); if (screen) measure.observe(screen); };
    measured();
    watch("value", measured);

    const send = (file, name) => new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", "clips");
      request.setRequestHeader("X-Name", encodeURIComponent(name));
      if (session()) request.setRequestHeader("X-Session", session());
      const gauge = one(".coming progress", element);
      request.upload.onprogress = (event) => { if (event.lengthComputable) gauge.value = event.loaded / event.total; };
      request.onerror = () => done({ error: "The upload was cut off.", hint: "Is the server still running?" });
      request.onload = () => {
        let told = {};
        try { told = JSON.parse(request.responseText); } catch { told = { error: `The server said ${request.status}.` }; }
        done(told.session || told.error ? told : { error: `The server said ${request.status}.` });
      };
      request.send(file);
    });

    page.take = async (files) => {
      const most = Number(one(".stage", element).dataset.most);
      page.asked();
      let kept = null;
      const wrong = [];
      for (const file of files) {
        if (file.size > most) { wrong.push(`${file.name} is larger than ${Math.floor(most / 2 ** 20)} MB.`); continue; }
        say("coming", `Taking in ${file.name} …`);
        const told = await send(file, file.name);
        if (told.error) {
          const named = told.error.includes(file.name) ? told.error : `${file.name}: ${told.error}`;
          wrong.push(`${[named, told.hint].filter(Boolean).join(" – ")}.`);
        }
        else {
          kept = told;
          const url = new URL(location.href);
          url.searchParams.set("session", told.session);
          history.replaceState(null, "", url);
          one(".stage", element).dataset.session = told.session;
        }
      }
      say("coming", "");
      refused = wrong.join(" ");
      say("failed", refused);
      if (kept) trigger("upload", { session: kept.session });
    };

    element.addEventListener("change", (event) => {
      if (event.target.id === "choose") { page.take([...event.target.files]); event.target.value = ""; }
    });
    element.addEventListener("click", (event) => {
      const add = event.target.closest("[data-add]")?.dataset.add;
      if (add === "file") one("#choose", element).click();
      if (add === "camera" || add === "voice") record(add === "camera");
      if (add === "text") paste();
      const tab = event.target.closest("[role=tab]");
      if (tab) show(tab.dataset.clip);
    });
    element.addEventListener("keydown", (event) => {
      const tab = event.target.closest?.("[role=tab]");
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!tab || !step) return;
      const tabs = all(".tabs [role=tab]", element);
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      show(next.dataset.clip);
      next.focus();
    });
  };

  // A file may be dropped anywhere.
  let over = 0;
  const carries = (event) => event.dataTransfer?.types?.includes("Files");
  document.addEventListener("dragenter", (event) => { if (carries(event)) { over += 1; document.body.classList.add("dropping"); } });
  document.addEventListener("dragleave", (event) => { if (carries(event) && (over -= 1) <= 0) { over = 0; document.body.classList.remove("dropping"); } });
  document.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    over = 0;
    document.body.classList.remove("dropping");
    page.take([...event.dataTransfer.files]);
  });

  function dialog(label, inside) {
    const box = document.createElement("dialog");
    box.className = "cue-dialog";
    box.setAttribute("aria-label", label);
    box.innerHTML = inside;  // our own markup: no text of anybody's
    document.body.append(box);
    box.addEventListener("close", () => box.remove());
    box.showModal();
    return box;
  }

  function paste() {
    const box = dialog("Paste text", `<form method="dialog"><h2>Paste text</h2><textarea rows="8" aria-label="Text" required></textarea>
      <div class="acts"><button type="submit" class="solid">Use it</button><button type="button" class="quiet">Cancel</button></div></form>`);
    one(".quiet", box).addEventListener("click", () => box.close());
    one("form", box).addEventListener("submit", () => {
      const text = one("textarea", box).value;
      if (text.trim()) page.take([new File([text], "text.txt", { type: "text/plain" })]);
    });
  }

  async function record(picture) {
    const box = dialog(picture ? "Record video" : "Record voice", `<h2>${picture ? "Record video" : "Record voice"}</h2>
      ${picture ? "<video autoplay muted playsinline></video>" : ""}<p class="clock" role="timer">0:00</p><p class="failed" role="alert" hidden></p>
      <div class="acts"><button type="button" class="solid" disabled>Stop and use it</button><button type="button" class="quiet">Cancel</button></div>`);
    const stop = one(".solid", box);
    let stream = null, ticking = 0;
    box.addEventListener("close", () => { clearInterval(ticking); stream?.getTracks().forEach((t) => t.stop()); });
    one(".quiet", box).addEventListener("click", () => box.close());
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: picture });
    } catch (error) {
      const line = one(".failed", box);
      line.hidden = false;
      line.textContent = `The browser did not open the ${picture ? "camera" : "microphone"}: ${error.message || error.name || error}`;
      return;
    }
    if (!box.open) { stream.getTracks().forEach((t) => t.stop()); return; }
    if (picture) one("video", box).srcObject = stream;
    const kinds = picture ? ["video/mp4", "video/webm"] : ["audio/mp4", "audio/webm", "audio/ogg"];
    const type = kinds.find((k) => MediaRecorder.isTypeSupported(k)) || "";
    const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.start(1000);
    stop.disabled = false;
    const began = Date.now();
    ticking = setInterval(() => {
      const seconds = Math.floor((Date.now() - began) / 1000);
      one(".clock", box).textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }, 250);
    stop.addEventListener("click", () => {
      recorder.onstop = () => {
        const kind = (recorder.mimeType || type).split(";")[0];
        box.close();
        page.take([new File(parts, `recording.${kind.split("/")[1] || "webm"}`, { type: kind })]);
      };
      recorder.stop();
    });
  }

  // ---- the conversation ----
  page.turns = (element, trigger, watch) => {
    watch("value", again(element));
    // The keyboard begins at the question; on a touch screen that would open the one on the glass.
    const begin = (left) => {
      const box = one("#question textarea");
      if (!box && left) return void setTimeout(begin, 100, left - 1);
      if (box && document.activeElement === document.body && matchMedia("(pointer: fine)").matches) box.focus({ preventScroll: true });
    };
    begin(50);
    element.addEventListener("click", (event) => {
      const at = (what) => event.target.closest(what);
      const turn = Number(at(".turn")?.dataset.turn);
      const form = at(".answer") && one("form.edit", at(".answer"));
      const edit = (on) => {
        form.hidden = !on;
        one("[data-edit]", at(".answer")).setAttribute("aria-expanded", on);
        if (on) form.scrollIntoView({ block: "nearest" });
        (on ? one("textarea", form) : one("[data-edit]", at(".answer"))).focus();
      };
      const thumb = at("[data-rate]");
      if (thumb) trigger("like", { turn, rating: thumb.getAttribute("aria-pressed") === "true" ? null : thumb.dataset.rate });
      if (at("[data-edit]")) edit(form.hidden);
      if (at("[data-cancel]")) { form.reset(); edit(false); }
      if (at("[data-ask]")) trigger("select", { text: at("[data-ask]").dataset.ask });
    });
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      const form = event.target;
      form.hidden = true;
      one("[data-edit]", form.closest(".answer")).focus();
      trigger("edit", { turn: Number(form.closest(".turn").dataset.turn), text: form.elements.text.value, label: form.elements.label.value });
    });
    // A new answer is read from its question on.
    let count = all(".turn", element).length;
    new MutationObserver(() => {
      const turns = all(".turn", element);
      if (turns.length > count) {
        turns.at(-1).scrollIntoView({ block: "start", behavior: "smooth" });
        page.asked?.();
        tell(["h3", ".lead"].map((what) => one(what, turns.at(-1))?.textContent || "").join(" ").replace(/\s+/g, " ").trim());
      }
      count = turns.length;
    }).observe(element, { childList: true, subtree: true });
  };

  page.live = (element, trigger) => {
    element.addEventListener("click", (event) => { if (event.target.closest("[data-stop]")) trigger("stop"); });
    telling(element, now(element));
    new MutationObserver(() => {
      if (element.textContent.trim()) element.scrollIntoView({ block: "end" });
    }).observe(element, { childList: true, subtree: true, characterData: true });
  };

  // ---- the senses ----
  page.senses = (element, trigger) => {
    element.addEventListener("change", (event) => {
      if (!event.target.dataset.sense) return;
      event.stopPropagation();
      const off = all("[data-sense]", element).filter((box) => !box.checked).map((box) => box.dataset.sense);
      trigger("select", { off });
    });
    element.addEventListener("click", (event) => { if (event.target.closest("[data-weigh]")) trigger("submit"); });
  };
})();
