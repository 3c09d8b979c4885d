"use strict";
// Draws the charts in the page's own colours, sorts tables, and opens what is folded before printing.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const dress = (spec) => {
    const ink = css("--ink"), soft = css("--soft"), line = css("--line");
    const layout = structuredClone(spec.layout);
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 13, color: ink };
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.hoverlabel = { bgcolor: css("--card"), bordercolor: line, font: { color: ink }, align: "left" };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      axis.gridcolor = line;
      axis.zerolinecolor = soft;
      axis.linecolor = line;
      if (axis.title) axis.title.font = { size: 12, color: soft };
    }
    const data = structuredClone(spec.data);
    for (const trace of data) for (const whisker of [trace.error_x, trace.error_y]) if (whisker) whisker.color = soft;
    return { data, layout };
  };

  const charts = [...document.querySelectorAll("script[data-chart]")].map((script) => ({
    target: document.getElementById(script.dataset.chart),
    spec: JSON.parse(script.textContent),
  }));
  const draw = () => {
    for (const { target, spec } of charts) {
      const { data, layout } = dress(spec);
      Plotly.react(target, data, layout, { responsive: true, displayModeBar: false });
    }
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  const key = (row, column) => {
    const cell = row.cells[column];
    const given = cell.dataset.sort;
    if (given === undefined) return cell.textContent.trim().toLowerCase();
    const number = Number.parseFloat(given);
    return Number.isNaN(number) ? Infinity : number;
  };
  const sort = (table, column, heading) => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows].map((row) => [key(row, column), row]);
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a === b ? 0 : a < b ? -1 : 1);
    rows.sort(([a], [b]) => {
      // What is missing stays at the end in both directions.
      if (a === Infinity || b === Infinity) return a === b ? 0 : a === Infinity ? 1 : -1;
      return up ? compare(a, b) : compare(b, a);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, column, heading));
    });
  }

  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-20% 0px -70% 0px" },
  );
  for (const id of links.keys()) watch.observe(document.getElementById(id));

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("#flags details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
})();
