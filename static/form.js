// Forms: chips that fill a field, the end worked out while typing, filters, selection, copying, one confirmation.
"use strict";

const seconds = (text) => {
  const clean = text.trim().toLowerCase();
  const standard = /^pt?(?:(\d+)d)?t?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(clean);
  if (standard && standard.slice(1).some(Boolean)) {
    const [days, hours, minutes, rest] = standard.slice(1).map((part) => Number(part || 0));
    return days * 86400 + hours * 3600 + minutes * 60 + rest;
  }
  const sizes = { d: 86400, h: 3600, m: 60 };
  const parts = [...clean.matchAll(/(\d+(?:\.\d+)?)\s*(d|h|m)[a-z]*/g)];
  if (parts.length === 0) return null;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * sizes[unit], 0);
};

const sheet = document.querySelector("[data-sheet]");
const durations = document.querySelectorAll("[data-duration]");

const foresee = () => {
  const target = sheet && sheet.querySelector("[data-ends] time");
  const length = sheet && seconds(sheet.elements.duration.value);
  if (!target || !length) return;
  const later = sheet.elements.when && sheet.elements.when.value === "later" && sheet.elements.starts_at.value;
  const from = later ? Date.parse(sheet.elements.starts_at.value) : Date.parse(document.documentElement.dataset.now) + performance.now();
  const longest = Number(sheet.querySelector("[data-duration]").dataset.longest);
  const latest = Date.parse(sheet.querySelector("[data-ends]").dataset.latest);
  let ends = from + Math.min(length, longest || length) * 1000;
  let why = longest && length > longest ? "That is more than the role’s settings allow: choose less." : "";
  if (Number.isFinite(latest) && ends > latest) {
    ends = latest;
    why = "Shortened: your eligibility ends then.";
  }
  const at = new Date(ends);
  const today = new Date().toDateString() === at.toDateString();
  target.textContent = at.toLocaleString("en-GB", today ? { hour: "2-digit", minute: "2-digit" } : { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  if (today) target.textContent = `Today ${target.textContent}`;
  target.dateTime = at.toISOString();
  target.title = at.toString();
  const note = sheet.querySelector("[data-clamped]");
  note.hidden = !why;
  note.textContent = why;
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
    });
  });
  press(field);
});
if (sheet) sheet.addEventListener("change", foresee);

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
    text.textContent = count === 1 ? "1 role selected" : `${count} roles selected`;
    button.classList.toggle("button-primary", count > 0);
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
    word.textContent = "Copied";
    setTimeout(() => { word.textContent = "Copy"; }, 2000);
  });
});

document.querySelectorAll("[data-confirm]").forEach((button) => {
  button.addEventListener("click", (event) => {
    if (!window.confirm(button.dataset.confirm)) event.preventDefault();
  });
});
