// What the page can do without, but is handier with: it asks before it does what cannot be taken back, ticks all at once,
// and keeps the first page fresh. Loaded as a file and run after the page is read; nothing is run from elsewhere.
"use strict";

document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
});

for (const place of document.querySelectorAll("[data-all]")) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.setAttribute("aria-label", "Tick all of this page");
  place.append(box);
  const boxes = () => [...document.getElementsByName(place.dataset.all)].filter((one) => one.type === "checkbox");
  box.addEventListener("change", () => boxes().forEach((one) => (one.checked = box.checked)));
  document.addEventListener("change", () => {
    const ticked = boxes().filter((one) => one.checked).length;
    box.checked = ticked > 0 && ticked === boxes().length;
    box.indeterminate = ticked > 0 && !box.checked;
  });
}

const main = document.querySelector("main[data-refresh]");
if (main) {
  const kept = "octosync-still";
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !localStorage.getItem(kept);
  label.append(box, " keep fresh");
  document.querySelector("footer p").append(label);
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(kept) : localStorage.setItem(kept, "1")));

  const inUse = () => main.contains(document.activeElement) && document.activeElement !== main;
  const refresh = async () => {
    if (!box.checked || document.hidden || inUse() || !window.getSelection().isCollapsed) return;
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (inUse()) return;
    main.replaceChildren(...fresh.querySelector("main").childNodes);
    document.querySelector("footer p").firstChild.replaceWith(fresh.querySelector("footer p").firstChild);
  };
  setInterval(() => refresh().catch(() => {}), Number(main.dataset.refresh) * 1000);
}
