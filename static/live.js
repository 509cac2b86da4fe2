// Countdowns. The server's clock counts: the page says what it was, and we only add what has passed since.
"use strict";

const opened = performance.now();
const started = Date.parse(document.documentElement.dataset.now);
const now = () => started + (performance.now() - opened);
const two = (number) => String(number).padStart(2, "0");
const announcer = document.querySelector("[data-announce]");

const clockText = (milliseconds) => {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours >= 48) return words.days.replace("%", Math.floor(hours / 24));
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

const timers = [...document.querySelectorAll("[data-countdown]")].map((element) => ({
  element, ends: Date.parse(element.dataset.countdown), name: element.dataset.name, told: null,
}));
const rings = [...document.querySelectorAll("[data-ring]")].map((element) => ({
  value: element.querySelector(".ring-value"), from: Date.parse(element.dataset.from), to: Date.parse(element.dataset.to),
}));

const announce = (timer, left) => {
  const mark = left <= 0 ? "over" : left <= 300000 ? "soon" : null;
  if (mark && timer.told === null && mark === "soon") { timer.told = mark; return; }
  if (!mark || mark === timer.told || !announcer) return;
  timer.told = mark;
  announcer.textContent = (mark === "over" ? words.over : words.soon).replace("%", timer.name);
};

const tick = () => {
  let over = false;
  for (const timer of timers) {
    const left = timer.ends - now();
    timer.element.textContent = left <= 0 ? words.ended : clockText(left);
    announce(timer, left);
    if (left <= -1500 && left > -4000) over = true;
  }
  for (const ring of rings) {
    const share = Math.max(0, Math.min(100, (100 * (ring.to - now())) / (ring.to - ring.from)));
    ring.value.setAttribute("stroke-dasharray", `${share.toFixed(2)} 100`);
  }
  // What has ended belongs elsewhere on the page; nothing that is being typed may be lost.
  if (over && !document.querySelector("form[data-sheet], details.confirm[open]")) location.reload();
};

if (Number.isFinite(started) && timers.length > 0) {
  tick();
  setInterval(tick, 1000);
}
