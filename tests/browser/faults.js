// Faults against WCAG 2.2 AA that a machine can see, one sentence each.
const faults = [];
const tell = (what, e) => faults.push(`${what}: ${e ? e.outerHTML.slice(0, 120) : ""}`);
const all = (css) => [...document.querySelectorAll(css)];
const visible = (e) => e.checkVisibility({ visibilityProperty: true });

if (document.documentElement.lang !== "vi") tell("lang is not vi", null);
if (!document.title.trim()) tell("no title", null);
if (!document.querySelector("meta[name=viewport]")) tell("no viewport", null);
if (all("main").length !== 1) tell("not one main", null);

// Headings: one h1, no level left out.
if (all("h1").length !== 1) tell("not one h1", null);
let level = 0;
for (const h of all("h1,h2,h3,h4,h5,h6").filter(visible)) {
  const own = Number(h.tagName[1]);
  if (own > level + 1) tell(`heading h${own} after h${level}`, h);
  level = own;
}

// Every field has a visible label or a name from elsewhere.
const named = (e) =>
  [...(e.labels ?? [])].some((l) => l.innerText.trim()) ||
  (e.getAttribute("aria-labelledby") ?? "").split(" ").some((id) => document.getElementById(id)?.textContent.trim());
for (const e of all("input:not([type=hidden]),select,textarea").filter(visible)) if (!named(e)) tell("no label", e);
for (const e of all("button").filter(visible)) if (!e.innerText.trim()) tell("button without text", e);
for (const e of all("a[href]").filter(visible)) if (!e.innerText.trim()) tell("link without text", e);
for (const e of all("[aria-describedby],[aria-labelledby]"))
  for (const id of `${e.getAttribute("aria-describedby") ?? ""} ${e.getAttribute("aria-labelledby") ?? ""}`.split(" "))
    if (id && !document.getElementById(id)) tell(`refers to #${id}, which is not there`, e);
for (const e of all("[aria-invalid=true]")) if (!e.getAttribute("aria-describedby")) tell("wrong, and does not say why", e);
for (const e of all("th")) if (!e.scope) tell("th without scope", e);

// Ids are unique, the order of focus is that of the page, and focus is seen.
const ids = all("[id]").map((e) => e.id);
ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => tell(`id ${id} twice`, null));
for (const e of all("[tabindex]")) if (e.tabIndex > 0) tell("tabindex above 0", e);
const first = all("a[href],button,input,select,textarea,summary").find((e) => e.type !== "hidden" && !e.disabled);
if (document.querySelector("header.top") && !first?.classList.contains("skip")) tell("the skip link is not first", first);
if (first?.classList.contains("skip") && !document.querySelector(first.getAttribute("href"))) tell("the skip link leads nowhere", first);

// Targets are at least 24 pixels high, but for links within a sentence.
for (const e of all("button,input:not([type=hidden]),select,textarea,summary,nav a").filter(visible)) {
  const box = e.getBoundingClientRect();
  if (box.height < 24 || box.width < 24) tell(`target of ${box.width}×${box.height}`, e);
}

// Contrast of text as it is drawn.
const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n[3] ?? 1 }; };
const light = (rgb) => {
  const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (let at = e; at; at = at.parentElement) {
    const c = parse(getComputedStyle(at).backgroundColor);
    if (c.a === 1) return c.rgb;
  }
  return [255, 255, 255];
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
while (texts.nextNode()) {
  const e = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || seen.has(e) || !visible(e) || e.closest("script")) continue;
  seen.add(e);
  const style = getComputedStyle(e);
  const [a, b] = [light(parse(style.color).rgb), light(behind(e))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) tell(`contrast ${ratio.toFixed(2)}`, e);
}
return faults;
