"use strict";
// Comfort for people who never leave the keyboard; every page works without it.
const all = (query, root = document) => [...root.querySelectorAll(query)];

// Shortcuts are links that say their key. They can be turned off, since dictation
// software types letters (WCAG 2.1.4).
const off = () => localStorage.getItem("keys") === "off";
document.addEventListener("keydown", (e) => {
  if (off() || e.ctrlKey || e.altKey || e.metaKey || e.isComposing || e.repeat) return;
  const at = document.activeElement;
  if (at.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) return;
  const field = e.key === "/" && document.querySelector("[data-search]");
  const target = field || all("[data-key]").find((a) => a.dataset.key === e.key);
  if (!target) return;
  e.preventDefault();
  if (field) field.select();
  else target.click();
});
for (const b of all("[data-keys]")) {
  const say = () => (b.textContent = off() ? "Bật phím tắt" : "Tắt phím tắt");
  b.hidden = false;
  b.addEventListener("click", () => (localStorage.setItem("keys", off() ? "on" : "off"), say()));
  say();
}

// Up and down in a list of choices, from the search field too.
document.addEventListener("keydown", (e) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  const links = all("[data-choose] a");
  const at = links.indexOf(document.activeElement);
  if (!step || (at < 0 && !document.activeElement.matches("[data-search]"))) return;
  const next = links[at + step] || (step < 0 && document.querySelector("[data-search]"));
  if (!next) return;
  e.preventDefault();
  next.focus();
});

for (const b of all("[data-print]")) b.addEventListener("click", () => window.print());

// A second click must not send a form twice; the request_id guards it anyway.
for (const form of all("form[method=post]")) {
  form.addEventListener("submit", (e) => {
    const pressed = e.submitter;
    setTimeout(() => {
      all("button", form).forEach((b) => (b.disabled = true));
      if (pressed && !pressed.classList.contains("link")) pressed.textContent = "Đang gửi…";
    });
  });
}
// A page that Back brings out of the cache is a page that was sent already.
addEventListener("pageshow", (e) => e.persisted && location.reload());
