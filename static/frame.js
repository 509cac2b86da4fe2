// The theme switch without a round trip, the reader's time zone for the server, and confirmations that close.
"use strict";

// What scripts say comes with the page, in its language.
const words = document.querySelector("meta[name=words]").dataset;

const remember = (name, value) => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
};

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) remember("zone", zone);

document.querySelectorAll("[data-theme-switch]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    form.elements.theme.value = dark ? "dark" : "light";
    remember("theme", root.dataset.theme);
  });
});

document.querySelectorAll("[data-close]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const box = button.closest("details");
    box.open = false;
    box.querySelector("summary").focus();
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.confirm[open]").forEach((box) => { box.open = false; });
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.confirm[open]").forEach((box) => {
    if (!box.contains(event.target)) box.open = false;
  });
});
