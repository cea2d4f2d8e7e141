// The table of runs. `data.rows`: one for each run, with its `id`; `data.columns`; `data.ticked`.
// Everything that is told to the page names runs by their ids: rows move when a run starts, ids do
// not. What the visitor sorts, searches and filters stays here, and outlives a redrawing.

const STATE = (window.runTable ??= { sort: null, down: false, search: "", filter: "all" });

function make(tag, properties, parent, text) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.includes("-") || name === "role" || name === "scope" || name === "for")
      made.setAttribute(name, value);
    else made[name] = value;
  }
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

function sparkline(values, label) {
  const space = "http://www.w3.org/2000/svg", wide = 84, high = 22;
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  if (!values.length) return svg;
  if (values.length === 1) { // one epoch: a point
    const point = document.createElementNS(space, "circle");
    for (const [name, value] of [["cx", 4], ["cy", high / 2], ["r", 2.5]])
      point.setAttribute(name, value);
    svg.append(point);
    return svg;
  }
  const low = Math.min(...values), span = Math.max(...values) - low || 1;
  const points = values.map((value, i) =>
    `${(2 + (i * (wide - 4)) / (values.length - 1)).toFixed(1)},` +
    `${(high - 2 - ((value - low) / span) * (high - 4)).toFixed(1)}`);
  const line = document.createElementNS(space, "polyline");
  line.setAttribute("points", points.join(" "));
  svg.append(line);
  return svg;
}

function fits(row) {
  if (STATE.filter !== "all" && row.filter !== STATE.filter) return false;
  const wanted = STATE.search.trim().toLowerCase().split(/\s+/);
  return wanted.every((word) => row.search.includes(word));
}

function sorted(rows) {
  if (STATE.sort === null) return rows;
  const value = (row) => row.values[STATE.sort];
  const order = (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || x === undefined) return y === null || y === undefined ? 0 : 1;
    if (y === null || y === undefined) return -1;
    const less = typeof x === "string" ? x.localeCompare(y, undefined, { numeric: true }) : x - y;
    return STATE.down ? -less : less;
  };
  return [...rows].sort(order);
}

class Table {
  constructor(parent) {
    this.box = make("div", { className: "run-table" }, parent);
    const bar = make("div", { className: "bar" }, this.box);
    this.search = make("input", { type: "search", placeholder: "Search names, tags, networks …",
      value: STATE.search, "aria-label": "Search runs" }, bar);
    this.search.oninput = () => { STATE.search = this.search.value; this.paint(); };
    this.filter = make("select", { "aria-label": "Which runs" }, bar);
    this.filter.onchange = () => { STATE.filter = this.filter.value; this.paint(); };
    this.count = make("span", { className: "count", role: "status" }, bar);
    const scroller = this.scroller = make("div", { className: "scroller", tabIndex: 0, role: "region",
      "aria-label": "Table of all runs" }, this.box);
    const edge = () => scroller.classList.toggle("more",
      scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 4);
    scroller.onscroll = edge;
    new ResizeObserver(edge).observe(scroller);
    this.table = make("table", {}, scroller);
    new ResizeObserver(edge).observe(this.table);
    this.head = make("tr", {}, make("thead", {}, this.table));
    this.body = make("tbody", {}, this.table);
    this.lines = new Map(); // by run: what its line says, and the line
  }

  render(data, tell) {
    Object.assign(this, { data, tell });
    // An answer to an earlier tick than the last one knows less than this table does.
    const before = this.ticked;
    if (data.time >= (this.time ?? 0)) this.ticked = new Set(data.ticked);
    const options = [["all", "All runs"], ...data.filters];
    if (!options.some(([value]) => value === STATE.filter)) STATE.filter = "all";
    this.filter.replaceChildren(...options.map(([value, text]) =>
      make("option", { value, selected: value === STATE.filter }, null, text)));
    this.heads();
    this.paint();
    const added = before && this.shown.find(({ id }) => this.ticked.has(id) && !before.has(id));
    if (added) this.reveal(added.id); // the page ticked it: a seed, a race, an import
  }

  reveal(id) {
    const line = this.lines.get(id).tr, top = line.offsetTop - this.head.offsetHeight;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop || line.offsetTop + line.offsetHeight > scrollTop + clientHeight)
      this.scroller.scrollTop = top;
  }

  heads() {
    const { columns } = this.data;
    const tick = make("th", { scope: "col", className: "tick" });
    this.all = make("input", { type: "checkbox", "aria-label": "Tick all runs shown" }, tick);
    this.all.onchange = () => {
      for (const row of this.shown) this.ticked[this.all.checked ? "add" : "delete"](row.id);
      this.told();
    };
    this.head.replaceChildren(tick, ...columns.map(({ key, title, help, number }) => {
      const th = make("th", { scope: "col", className: number ? "number" : "", title: help ?? "" });
      const now = STATE.sort === key ? (STATE.down ? "descending" : "ascending") : "none";
      th.setAttribute("aria-sort", now);
      const arrow = { none: "", ascending: " ↑", descending: " ↓" }[now];
      const button = make("button", { type: "button" }, th, title + arrow);
      button.onclick = () => {
        if (STATE.sort !== key) [STATE.sort, STATE.down] = [key, Boolean(number)];
        else if (STATE.down === Boolean(number)) STATE.down = !STATE.down;
        else STATE.sort = null;
        this.heads();
        this.paint();
        this.head.querySelectorAll("th button")[columns.findIndex((c) => c.key === key)]?.focus();
      };
      return th;
    }));
  }

  paint() {
    if (this.body.querySelector("input.name")) return; // a name is being written
    this.shown = sorted(this.data.rows.filter(fits));
    const total = this.data.rows.length, ticked = this.ticked.size;
    this.count.textContent =
      (this.shown.length === total ? `${total} runs` : `${this.shown.length} of ${total} runs`) +
      (ticked ? `, ${ticked} ticked` : "");
    const focused = this.box.getRootNode().activeElement?.closest?.("tr")?.dataset?.run;
    const lines = this.shown.map((row) => this.line(row));
    const now = this.body.children;
    if (lines.length !== now.length || lines.some((line, i) => line !== now[i])) {
      this.body.replaceChildren(...lines);
      if (focused) this.body.querySelector(`tr[data-run="${focused}"] .tick input`)?.focus();
    }
    const marks = this.shown.map((row) => this.ticked.has(row.id));
    this.all.checked = marks.length > 0 && marks.every(Boolean);
    this.all.indeterminate = marks.some(Boolean) && !this.all.checked;
  }

  // A run's line as it stands, where nothing but its tick changed: five hundred take long to make.
  line(row) {
    const says = JSON.stringify(row);
    if (this.lines.get(row.id)?.says !== says)
      this.lines.set(row.id, { says, tr: this.row(row) });
    const { tr } = this.lines.get(row.id);
    tr.classList.toggle("ticked", this.ticked.has(row.id));
    tr.querySelector(".tick input").checked = this.ticked.has(row.id);
    return tr;
  }

  row(row) {
    const tr = make("tr");
    tr.dataset.run = row.id;
    const tick = make("td", { className: "tick" }, tr);
    const box = make("input", { type: "checkbox", "aria-label": `Tick ${row.name}` }, tick);
    box.onchange = () => {
      this.ticked[box.checked ? "add" : "delete"](row.id);
      this.told();
    };
    for (const { key, number } of this.data.columns) {
      const td = make("td", { className: number ? "number" : "" }, tr);
      if (key === "name") this.name(td, row);
      else if (key === "curve") td.append(sparkline(row.curve, row.curveText));
      else if (key === "state") make("span", { className: `state ${row.state}` }, td, row.state);
      else td.textContent = row.texts[key] ?? "–";
    }
    return tr;
  }

  name(td, row) {
    td.className = "run";
    const name = make("span", { className: "name", title: row.name }, td, row.name);
    if (row.apart) make("span", { className: "apart", title: row.apart }, td, row.apart);
    if (row.latest) make("span", { className: "badge latest" }, td, "latest");
    if (row.archived) make("span", { className: "badge" }, td, "archived");
    for (const tag of row.tags) make("span", { className: "badge tag", title: tag }, td, tag);
    if (row.note) make("span", { className: "note", title: row.note, role: "img",
      "aria-label": `Note: ${row.note}` }, td, "✎");
    if (row.fixed) return;
    const edit = make("button", { type: "button", className: "edit", title: "Rename",
      "aria-label": `Rename ${row.name}` }, td, "Rename");
    const begin = () => {
      const field = make("input", { className: "name", value: row.name, maxLength: 80,
        "aria-label": "Name" });
      td.replaceChildren(field);
      field.focus();
      field.select();
      const end = (keep) => {
        field.onblur = field.onkeydown = null;
        const text = field.value.trim();
        field.remove();
        this.lines.delete(row.id); // its line is made anew
        if (keep && text !== row.name) { // an emptied one is refused, in words
          row.name = text || row.name;
          this.tell("renamed", { run: row.id, name: text });
        }
        this.paint();
      };
      field.onblur = () => end(true);
      field.onkeydown = (event) => {
        event.stopPropagation();
        if (event.key === "Enter") end(true);
        if (event.key === "Escape") end(false);
      };
    };
    edit.onclick = begin;
    name.ondblclick = begin;
  }

  told() {
    this.paint();
    this.time = Date.now();
    const runs = this.data.rows.map((row) => row.id).filter((id) => this.ticked.has(id));
    this.tell("ticked", { runs, time: this.time });
  }
}

const tables = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let table = tables.get(parentElement);
  if (!table) tables.set(parentElement, (table = new Table(parentElement)));
  table.render(data, setTriggerValue);
}
