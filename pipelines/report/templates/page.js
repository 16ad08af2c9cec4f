// Draws the charts, and works the switch, the search and the folds. Without it every figure is still in the tables.
"use strict";
(() => {
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const views = new Map();
  const root = document.documentElement;
  const options = {
    mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, ast: true,
    tooltip: { disableDefaultStyle: true },
  };

  async function draw(place) {
    const name = place.dataset.chart;
    if (views.has(name)) return;
    views.set(name, null);
    const { view } = await vegaEmbed(place, specs[name], options);
    views.set(name, view);
  }

  // A chart takes its width from its place, and a closed fold gives it none: such charts wait for the fold to open.
  const drawShown = (within) => Promise.all(
    [...within.querySelectorAll("[data-chart]")].filter((place) => place.clientWidth > 0).map(draw));

  function workFolds() {
    for (const fold of document.querySelectorAll("details")) {
      fold.addEventListener("toggle", () => fold.open && drawShown(fold));
    }
  }

  function workSwitches() {
    for (const set of document.querySelectorAll("[data-param]")) {
      set.addEventListener("change", (event) => {
        views.get(set.dataset.for)?.signal(set.dataset.param, event.target.value).runAsync();
      });
    }
  }

  function workSearch() {
    const box = document.getElementById("search");
    if (!box) return;
    const groups = [...document.querySelectorAll("#dropped .group")];
    const texts = new Map([...document.querySelectorAll("#dropped .sample")].map((sample) => [
      sample, `${sample.parentElement.querySelector("summary").textContent} ${sample.textContent}`.toLowerCase()]));
    const hits = document.getElementById("hits");
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [sample, text] of texts) {
        sample.hidden = !words.every((word) => text.includes(word));
        shown += !sample.hidden;
      }
      for (const group of groups) {
        group.hidden = !group.querySelector(".sample:not([hidden])");
        if (words.length) group.open = !group.hidden;
      }
      hits.value = words.length ? `${shown} of ${texts.size}` : "";
    });
    const unfold = document.getElementById("unfold");
    unfold.addEventListener("click", () => {
      const open = unfold.getAttribute("aria-pressed") !== "true";
      for (const group of groups) group.open = open;
      unfold.setAttribute("aria-pressed", String(open));
      unfold.textContent = open ? "Close all" : "Open all";
    });
  }

  workFolds();
  workSwitches();
  workSearch();
  drawShown(document).then(() => { root.dataset.charts = "drawn"; });
})();
