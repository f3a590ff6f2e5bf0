// The player stays in sight while its page is read, and a printed page shows what is closed.
(() => {
  "use strict";
  const boxes = [...document.querySelectorAll(".player")];
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const player = entry.target.querySelector("video,audio");
      const away = !entry.isIntersecting && entry.boundingClientRect.top < 0;
      entry.target.style.minHeight = away ? `${entry.boundingClientRect.height}px` : "";
      if (player) player.classList.toggle("floating", away && player.currentTime > 0);
    }
  });
  for (const box of boxes) {
    watch.observe(box);
    box.addEventListener("seeking", () => { // a moment was asked for from further down
      watch.unobserve(box);
      watch.observe(box);
    }, true);
  }
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details[data-print]:not([open])")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
