"use strict";
// Shortcuts for people who never leave the keyboard.
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
  const go = { n: "/tiep-nhan", g: "/", "/": "/ho-so" }[e.key];
  if (!go) return;
  e.preventDefault();
  const field = e.key === "/" && document.querySelector("[data-search]");
  if (field) field.focus();
  else location.assign(go);
});
for (const b of document.querySelectorAll("[data-print]")) b.addEventListener("click", () => window.print());
// A second click must not send a form twice; the request_id guards it anyway.
for (const f of document.querySelectorAll("form[method=post]")) {
  f.addEventListener("submit", () => {
    setTimeout(() => f.querySelectorAll("button").forEach((b) => (b.disabled = true)), 0);
  });
}
