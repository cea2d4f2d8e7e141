// One kernel, its weights in the colours of Filters, each of them to be written over. `data` is made
// by kernel.py; what was typed comes back as the trigger `written` = {row, column, value}.

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { values, peak, scale, name } = data;
  let grid = parentElement.querySelector(".kernel");
  if (!grid || grid.dataset.name !== name || grid.dataset.rows !== String(values.length)) {
    grid?.remove();
    parentElement.querySelector(".scale")?.remove();
    grid = element("div", values.length > 4 ? "kernel small" : "kernel", parentElement);
    grid.dataset.name = name;
    grid.dataset.rows = values.length;
    const side = values.length > 4 ? 52 : 68;
    grid.style.gridTemplateColumns = `repeat(${values[0].length}, minmax(0, ${side}px))`;
    values.forEach((line, row) => line.forEach((_, column) => {
      const cell = element("input", "", grid);
      cell.type = "number";
      cell.step = "0.05";
      cell.setAttribute("aria-label", `${name}, row ${row}, column ${column}`);
    }));
  }
  // The cells stay while their numbers change, so that whoever types goes on in the next one.
  [...grid.children].forEach((cell, i) => {
    const [row, column] = [Math.floor(i / values[0].length), i % values[0].length];
    const value = values[row][column];
    const rgb = colourOf(value, peak, true, scale);
    cell.style.background = `rgb(${rgb})`;
    cell.style.color = inkOn(rgb);
    if (cell !== grid.getRootNode().activeElement || Number(cell.value) !== value)
      cell.value = value.toFixed(3);
    cell.onchange = () => {
      const typed = Number(cell.value);
      if (cell.value === "" || !Number.isFinite(typed)) cell.value = value.toFixed(3);
      else if (cell.value !== value.toFixed(3))
        setTriggerValue("written", { row, column, value: typed });
    };
  });
  parentElement.querySelector(".scale")?.remove();
  scaleBar(parentElement, scale, peak, true);
}
