"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const svg = document.querySelector("svg.tense"), main = document.querySelector("main");
const side = document.getElementById("side"), search = document.getElementById("search"), tip = document.getElementById("tip");
const messages = new Map(data.messages.map(one => [one.name, one]));
const grouped = (rows, key) => rows.reduce((all, one) => all.set(one[key], [...(all.get(one[key]) || []), one]), new Map());
const said = grouped(data.sayings, "message"), handled = grouped(data.handlings, "message");
let kind = "", zoom = 1;

// Every name came over a wire or out of a file: it is set as text, never as markup.
function el(tag, text, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) name === "onclick" ? node.addEventListener("click", value) : node.setAttribute(name, value);
  node.append(...children);
  return node;
}
const link = name => el("span", messages.get(name)?.written || name, { class: "link", onclick: () => show(name) });

function light(names) {
  const on = new Set(names);
  svg.classList.toggle("focus", on.size > 0);
  for (const node of svg.querySelectorAll(".row, .way")) node.classList.toggle("on", on.has(node.dataset.message));
  for (const node of svg.querySelectorAll(".bundle")) node.classList.remove("on");
}

function contract(one) {
  const parts = [el("h2", one.written), el("div", `${one.kind}${one.owner ? ` of ${one.owner}` : ""}${one.key ? `, key ${one.key}` : ""}`, { class: "soft" })];
  if (one.description) parts.push(el("p", one.description));
  if (one.fields) {
    const table = el("table");
    for (const field of one.fields) table.append(el("tr", "", {}, el("td", field.name), el("td", `${field.type}${field.required ? "" : ", optional"}`)));
    parts.push(el("h3", one.fields.length ? "Fields" : "No fields"), table);
  } else parts.push(el("p", "Its fields are not known here.", { class: "soft" }));
  if (one.result) parts.push(el("div", `answers with ${one.result}`, { class: "soft" }));
  if (one.rejections.length) parts.push(el("h3", "May be refused"), el("div", one.rejections.join(", ")));
  for (const mark of one.marks) parts.push(el("div", `${mark.rule} ${mark.text}`, { class: mark.severity === "note" ? "soft" : "bad" }));
  return parts;
}

function ends(title, rows, label) {
  if (!rows.length) return [];
  const list = el("ul");
  for (const one of rows) list.append(el("li", label(one), { title: one.place || "" }));
  return [el("h3", title), list];
}

function show(name) {
  const one = messages.get(name);
  if (!one) return;
  light([name]);
  side.replaceChildren(
    el("button", "All messages", { onclick: listed }), " ", el("button", "Follow its story", { onclick: () => story(name) }), el("p"),
    ...contract(one),
    ...ends(one.kind === "command" ? "Sent by" : "Said by", said.get(name) || [], row => row.service + (row.inside ? ` in ${row.inside}` : "") + (row.waits ? ", and waits" : "")),
    ...ends(one.kind === "command" ? "Handled by" : "Heard by", handled.get(name) || [], row => `${row.service}: ${row.name}`),
    ...(one.place ? [el("h3", "Written in"), el("div", one.place, { class: "soft" })] : []));
  svg.querySelector(`.row[data-message="${CSS.escape(name)}"]`)?.scrollIntoView({ block: "center", inline: "center" });
}

function story(name) {
  const met = new Set();
  const told = (message, depth) => {
    const item = el("li", "", {}, link(message));
    if (met.has(message)) { item.append(el("span", " (told above)", { class: "soft" })); return item; }
    met.add(message);
    for (const handling of handled.get(message) || []) {
      const inner = el("ul", "", {}, el("li", `${handling.service}: ${handling.name}${handling.rejections.length ? `, may refuse with ${handling.rejections.join(", ")}` : ""}`, { class: "soft" }));
      const next = data.sayings.filter(one => one.service === handling.service && one.inside === handling.name);
      if (depth < 30) for (const one of next) inner.append(told(one.message, depth + 1));
      item.append(inner);
    }
    return item;
  };
  const list = el("ul", "", { class: "story" }, told(name, 0));
  light(met);
  side.replaceChildren(el("button", "Back", { onclick: () => show(name) }), el("h3", "What follows from it"), list);
}

function listed() {
  light([]);
  const wanted = search.value.trim().toLowerCase(), list = el("ul", "", { id: "list" });
  const fits = data.messages.filter(one => (!kind || one.kind === kind) && (!wanted || `${one.name} ${one.written} ${one.owner || ""}`.toLowerCase().includes(wanted)));
  for (const one of fits) {
    const item = el("li", "", { tabindex: "0", onclick: () => show(one.name) }, el("span", one.kind, { class: "kind" }), el("span", one.written, { class: one.marks.some(mark => mark.severity !== "note") ? "name bad" : "name" }));
    item.addEventListener("keydown", event => event.key === "Enter" && show(one.name));
    list.append(item);
  }
  if (wanted || kind) light(fits.map(one => one.name));
  side.replaceChildren(el("div", `${fits.length} of ${data.messages.length} messages`, { class: "soft" }), list);
}

function scaled(factor) {
  zoom = Math.min(3, Math.max(0.15, factor));
  svg.setAttribute("width", data.width * zoom);
  svg.setAttribute("height", data.height * zoom);
}

for (const node of svg.querySelectorAll(".row, .way")) {
  node.querySelector("title")?.remove();
  node.addEventListener("click", () => show(node.dataset.message));
  node.addEventListener("mousemove", event => {
    const one = messages.get(node.dataset.message);
    if (!one) return;
    if (tip.dataset.of !== one.name) { tip.replaceChildren(...contract(one)); tip.dataset.of = one.name; }
    tip.style.display = "block";
    tip.style.left = `${Math.min(event.clientX + 16, innerWidth - tip.offsetWidth - 12)}px`;
    tip.style.top = `${Math.max(8, Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 12))}px`;
  });
  node.addEventListener("mouseleave", () => { tip.style.display = "none"; });
}
for (const button of document.querySelectorAll("[data-kind]")) button.addEventListener("click", () => {
  kind = kind === button.dataset.kind ? "" : button.dataset.kind;
  for (const other of document.querySelectorAll("[data-kind]")) other.setAttribute("aria-pressed", String(other.dataset.kind === kind));
  listed();
});
search.addEventListener("input", listed);
search.addEventListener("keydown", event => {
  if (event.key === "Enter") document.querySelector("#list li")?.click();
  if (event.key === "Escape") { search.value = ""; listed(); }
});
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = svg.dataset.theme = dark ? "light" : "dark";
});
document.getElementById("closer").addEventListener("click", () => scaled(zoom * 1.25));
document.getElementById("farther").addEventListener("click", () => scaled(zoom / 1.25));
document.getElementById("fit").addEventListener("click", () => scaled(Math.min(main.clientWidth / data.width, main.clientHeight / data.height)));
main.addEventListener("wheel", event => { if (event.ctrlKey) { event.preventDefault(); scaled(zoom * (event.deltaY < 0 ? 1.1 : 0.9)); } }, { passive: false });
let from = null;
main.addEventListener("mousedown", event => { from = { x: event.clientX + main.scrollLeft, y: event.clientY + main.scrollTop }; main.classList.add("dragging"); });
addEventListener("mouseup", () => { from = null; main.classList.remove("dragging"); });
addEventListener("mousemove", event => { if (from) { main.scrollLeft = from.x - event.clientX; main.scrollTop = from.y - event.clientY; } });
if (document.documentElement.dataset.theme) svg.dataset.theme = document.documentElement.dataset.theme;
scaled(Math.min(1, Math.max(0.45, main.clientWidth / data.width)));
listed();
const first = decodeURIComponent(location.hash.slice(1));
if (first.startsWith("story:")) story(first.slice(6)); else if (first) show(first);
