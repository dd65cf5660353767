// Two things that a table on paper cannot do: be sorted by any head, and give its place to another.
"use strict";

function number(cell) {
  const text = cell.dataset.value;
  return text === "" || text === undefined ? NaN : Number(text);
}

function sortBy(table, column, head) {
  const up = head.getAttribute("aria-sort") !== "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "descending" : "ascending");
  const rows = Array.from(table.tBodies[0].rows);
  rows.sort((a, b) => {
    const [x, y] = [number(a.cells[column]), number(b.cells[column])];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return up ? y - x : x - y;
  });
  table.tBodies[0].append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = head.querySelector("button");
    if (button) button.addEventListener("click", () => sortBy(table, column, head));
  });
}

for (const select of document.querySelectorAll(".pick select")) {
  const choices = select.closest("section").querySelectorAll(".choice");
  select.addEventListener("change", () => {
    for (const choice of choices) choice.hidden = choice.dataset.choice !== select.value;
  });
}
