// What is asserted of every view, run in the browser itself. Returns a list of sentences, empty if all is well.
() => {
  const found = [];
  const shown = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const label = (one) => `<${one.tagName.toLowerCase()}> ${(one.textContent || one.name || one.id || "").trim().slice(0, 40)}`;

  // Contrast: WCAG 2.2, 1.4.3.
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || seen.has(one) || !shown(one)) continue;
    seen.add(one);
    const style = getComputedStyle(one);
    const [a, b] = [light(numbers(style.color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${label(one)}`);
  }

  // Every control has a name; every link and button says where it leads or what it does.
  for (const one of document.querySelectorAll("input:not([type=hidden]):not([hidden]), select, textarea")) {
    const named = one.labels?.length || one.getAttribute("aria-label") || one.getAttribute("aria-labelledby");
    if (!named) found.push(`no label: ${label(one)}`);
  }
  for (const one of document.querySelectorAll("a[href], button")) {
    if (!(one.getAttribute("aria-label") || one.textContent).trim()) found.push(`no name: ${label(one)}`);
  }
  for (const one of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const id of `${one.getAttribute("aria-labelledby") ?? ""} ${one.getAttribute("aria-describedby") ?? ""}`.trim().split(/\s+/)) {
      if (!document.getElementById(id)) found.push(`points to nothing: ${id}`);
    }
  }

  // One first heading, and none skipped on the way down; tables with a caption and headers; a language; landmarks.
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown).map((one) => Number(one.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push(`first headings: ${levels}`);
  levels.forEach((level, at) => level > (levels[at - 1] ?? 0) + 1 && found.push(`a heading was skipped: ${levels}`));
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption || !table.querySelector("th[scope]")) found.push("a table without caption or headers");
  }
  if (!document.documentElement.lang) found.push("no language");
  for (const name of ["main", "header", "footer"]) if (document.querySelectorAll(name).length !== 1) found.push(`<${name}>`);

  // Nothing is cut off at the side.
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`${wide} pixels too wide`);
  for (const sheet of document.querySelectorAll(".sheet, .change")) {
    if (sheet.scrollWidth > sheet.clientWidth) found.push(`cut off by ${sheet.scrollWidth - sheet.clientWidth}: ${label(sheet)}`);
  }

  // Targets of a pointer: WCAG 2.2, 2.5.8.
  for (const one of document.querySelectorAll("button, input:not([type=hidden]), select")) {
    const box = one.getBoundingClientRect();
    if (shown(one) && box.width && (box.height < 18 || box.width < 18)) found.push(`small: ${label(one)}`);
  }
  return found;
}
