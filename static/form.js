// Forms: chips that fill a field, the end worked out while typing, filters, selection, copying, one confirmation.
"use strict";

// What people call minutes, hours and days: the same as the server reads.
const sizes = new Map([
  ["m min mins minute minutes minut minutter", 60],
  ["h hr hrs hour hours t time timer", 3600],
  ["d day days dag dage", 86400],
].flatMap(([names, size]) => names.split(" ").map((name) => [name, size])));

// A number of whole minutes, in seconds; nothing if it is none.
const whole = (length) => {
  const near = Math.round(length);
  return Math.abs(length - near) < 0.001 && near > 0 && near % 60 === 0 ? near : null;
};

// How long is meant; nothing where the server would refuse what was typed.
const seconds = (text) => {
  const clean = text.trim().toLowerCase();
  const standard = /^p(?:(\d+)d)?t?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(clean);
  if (standard && standard.slice(1).some(Boolean)) {
    const [days, hours, minutes, rest] = standard.slice(1).map((part) => Number(part || 0));
    return whole(days * 86400 + hours * 3600 + minutes * 60 + rest);
  }
  const clock = /^(\d+):(\d\d)$/.exec(clean);
  if (clock) return whole(Number(clock[1]) * 3600 + Number(clock[2]) * 60);
  if (!/^(?:\d+(?:[.,]\d+)?\s*[a-z]+\s*)+$/.test(clean)) return null;
  const parts = [...clean.matchAll(/(\d+(?:[.,]\d+)?)\s*([a-z]+)/g)];
  return whole(parts.reduce((sum, [, number, unit]) => sum + Number(number.replace(",", ".")) * sizes.get(unit), 0));
};

const sheet = document.querySelector("[data-sheet]");
const durations = document.querySelectorAll("[data-duration]");

// The page tells times in its reader's zone, which need not be that of this browser.
const readerZone = document.documentElement.dataset.zone;
const units = ["year", "month", "day", "hour", "minute", "second"];
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: readerZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
});

// What the reader's clock shows at an instant, as if it were that of Greenwich.
const shown = (at) => {
  const parts = new Map(clock.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const [year, month, day, ...time] = units.map((name) => parts.get(name));
  return new Date(Date.UTC(year, month - 1, day, ...time));
};

// The instant at which the reader's clock shows what was typed.
const typed = (text) => {
  const there = Date.parse(`${text}Z`);
  if (!Number.isFinite(there)) return NaN;
  const near = there - (shown(there) - there);
  return near - (shown(near) - there);
};

// An instant as the server says it.
const say = (at, now) => {
  const [then, today] = [shown(at), shown(now)];
  const days = Math.floor(then / 86400000) - Math.floor(today / 86400000);
  const time = then.toISOString().slice(11, 16);
  const near = new Map([[-1, words.yesterday], [0, words.today], [1, words.tomorrow]]).get(days);
  const form = near || (then.getUTCFullYear() === today.getUTCFullYear() ? words.thisYear : words.otherYear);
  return form.replace("%c", time).replace("%d", then.getUTCDate())
    .replace("%m", words.months.split("|")[then.getUTCMonth()]).replace("%y", then.getUTCFullYear());
};

const SHORTEST = 300;

// The end of one role, and what there is to say of it: the same as the server would say.
const end = (part, length, from) => {
  const longest = Number(part.dataset.longest);
  const latest = Date.parse(part.dataset.latest);
  const refuses = part.dataset.tooLong;
  if (!length || length < SHORTEST) return { at: null, note: "" };
  if (length > longest && refuses) return { at: null, note: refuses };
  const at = from + Math.min(length, longest) * 1000;
  if (Number.isFinite(latest) && at > latest) return { at: latest, note: words.cut };
  return { at, note: length > longest ? part.dataset.capped : "" };
};

const foresee = () => {
  if (!sheet) return;
  const now = Date.parse(document.documentElement.dataset.now) + performance.now();
  const fields = sheet.elements;
  const later = fields.when && fields.when.value === "later" ? typed(fields.starts_at.value) : NaN;
  const from = Math.max(now, Number.isFinite(later) ? later : now);
  const start = sheet.querySelector("[data-start]");
  if (start) start.textContent = from > now ? say(new Date(from), new Date(now)) : words.atOnce;
  sheet.querySelectorAll("[data-ends]").forEach((part) => {
    const { at, note } = end(part, seconds(fields.duration.value), from);
    part.querySelectorAll("[data-end]").forEach((words) => { words.hidden = at === null; });
    part.hidden = at === null && !note;
    const said = part.querySelector("[data-note]");
    said.hidden = !note;
    said.textContent = note;
    if (at === null) return;
    const time = part.querySelector("time");
    time.textContent = say(new Date(at), new Date(now));
    time.dateTime = new Date(at).toISOString();
    time.title = new Date(at).toLocaleString(document.documentElement.lang, { timeZone: readerZone, dateStyle: "full", timeStyle: "long" });
  });
};

const press = (field) => {
  document.querySelectorAll(`[data-fill="${field.id}"]`).forEach((chip) => {
    chip.setAttribute("aria-pressed", String(seconds(chip.dataset.value) === seconds(field.value)));
  });
  foresee();
};

durations.forEach((part) => {
  const field = part.querySelector("input");
  part.querySelector("[data-presets]").hidden = false;
  field.addEventListener("input", () => press(field));
  part.querySelectorAll("[data-fill]").forEach((chip) => {
    chip.addEventListener("click", () => {
      field.value = chip.dataset.value;
      press(field);
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });
  press(field);
});
if (sheet) sheet.addEventListener("change", foresee);

// While somebody says that it is an emergency, the sheet tells what happens then, and the Enter key does nothing.
const choose = () => {
  const open = sheet.querySelector("[data-emergency][open]") !== null;
  sheet.querySelectorAll("[data-urgent]").forEach((part) => { part.hidden = !open; });
  sheet.querySelectorAll("[data-usual]").forEach((part) => { part.hidden = open; });
  sheet.querySelector("[data-usual-button]").classList.toggle("button-primary", !open);
  sheet.querySelectorAll("[data-usual-key]").forEach((key) => { key.disabled = open; });
};

// Whether somebody has to approve depends on what is typed, by rules that the server knows: it is asked for the sheet anew.
const DECIDES = ["assignment", "at", "duration", "when", "starts_at"];
const address = () => {
  const typed = [...new FormData(sheet)].filter(([name]) => DECIDES.includes(name));
  return `${sheet.dataset.sheet}?${new URLSearchParams(typed)}`;
};

// A page as the browser reads it itself: text is made into none, which the page's policy forbids.
let asking = new XMLHttpRequest();
const page = (at) => new Promise((done) => {
  // What was asked before is not wanted any more.
  asking.abort();
  const request = new XMLHttpRequest();
  asking = request;
  request.open("GET", at);
  request.responseType = "document";
  request.onloadend = () => done(request.status === 200 ? request.responseXML : null);
  request.send();
});

let looks = 0;
const look = async () => {
  looks += 1;
  const turn = looks;
  // Somebody who types is not asked about every letter.
  await new Promise((done) => { setTimeout(done, 250); });
  const fresh = turn === looks && await page(address());
  if (!fresh || turn !== looks || !fresh.querySelector("[data-outcome]")) return;
  ["[data-outcome]", "[data-usual-button]", "[data-foreseen]"].forEach((part) => {
    const [before, after] = [sheet, fresh].map((where) => where.querySelector(part));
    if (before && after) before.replaceChildren(...after.childNodes);
  });
  const [before, after] = [sheet, fresh].map((where) => where.querySelector("[data-emergency]"));
  if (before && after) {
    after.open = before.open;
    const [ticked, tick] = [before, after].map((box) => box.querySelector("input[type=checkbox]"));
    tick.checked = ticked.checked;
    before.replaceWith(after);
  } else if (before) before.remove();
  else if (after) sheet.querySelector("[data-fields]").append(after);
  choose();
  foresee();
};

if (sheet) {
  sheet.addEventListener("toggle", choose, true);
  choose();
  ["input", "change"].forEach((event) => sheet.addEventListener(event, ({ target }) => {
    if (DECIDES.includes(target.name)) look();
  }));
  // What was sent and refused, and so begins where it is to be mended, is not sent again by going back to it.
  if (sheet.querySelector("[autofocus]")) history.replaceState(null, "", address());
}

document.querySelectorAll("[data-filter]").forEach((part) => {
  const list = document.getElementById(part.dataset.filter);
  if (!list) return;
  part.hidden = false;
  const rows = () => list.querySelectorAll("[data-row], .pick-list .check");
  const field = part.querySelector("input");
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    rows().forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(wanted); });
  });
});

document.querySelectorAll("[data-select]").forEach((form) => {
  const bar = form.querySelector("[data-select-bar]");
  if (!bar) return;
  const text = bar.querySelector("[data-select-count]");
  const button = bar.querySelector("[data-select-button]");
  const update = () => {
    const count = form.querySelectorAll("input[name=assignment]:checked").length;
    bar.hidden = count === 0;
    bar.classList.toggle("floating", count > 0);
    const noun = form.dataset.select || "role";
    text.textContent = count === 1 ? words[noun] : words[`${noun}s`].replace("%", count);
    if (button) button.classList.toggle("button-primary", count > 0);
  };
  form.addEventListener("change", update);
  update();
});

document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const items = [...source.querySelectorAll("li")].map((item) => item.textContent.trim());
    await navigator.clipboard.writeText(items.length > 0 ? items.join("\n") : source.textContent);
    const word = button.querySelector("span");
    const before = word.textContent;
    word.textContent = words.copied;
    setTimeout(() => { word.textContent = before; }, 2000);
  });
});
