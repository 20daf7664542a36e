"use strict";
const items = [...document.querySelectorAll(".item")].map((element) => ({ element, text: null }));
const tiles = [...document.querySelectorAll(".tile")];
const text = document.getElementById("text");
const role = document.getElementById("role");
const hits = document.getElementById("hits");

function show() {
  const verdicts = tiles.filter((tile) => tile.ariaPressed === "true").map((tile) => tile.dataset.filter);
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    const { verdict, role: side } = item.element.dataset;
    item.text ??= words.length ? item.element.textContent.toLowerCase() : null;
    const fits =
      (!verdicts.length || verdicts.includes(verdict)) &&
      (!role.value || side === role.value || side === "both") &&
      words.every((word) => item.text.includes(word));
    item.element.hidden = !fits;
    shown += fits && item.element.matches(".case");
  }
  const filtered = verdicts.length || words.length || role.value;
  hits.textContent = filtered ? `${shown} ${shown === 1 ? "case" : "cases"} shown` : "";
  for (const spec of document.querySelectorAll(".spec")) {
    spec.hidden = !spec.querySelector(".item:not([hidden])");
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) {
    target.hidden = false;
    target.open = true;
    target.scrollIntoView();
  }
}

for (const tile of tiles) {
  tile.addEventListener("click", () => {
    tile.ariaPressed = tile.ariaPressed === "true" ? "false" : "true";
    show();
  });
}
text.addEventListener("input", show);
role.addEventListener("change", show);
addEventListener("hashchange", openTarget);
openTarget();
