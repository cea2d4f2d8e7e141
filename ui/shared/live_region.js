// A line that only those hear who have the page read to them: it is spoken when it changes.
export default function ({ data, parentElement }) {
  let line = parentElement.querySelector("[role=status]");
  if (!line) {
    line = document.createElement("span");
    line.setAttribute("role", "status");
    line.setAttribute("aria-live", "polite");
    line.style.cssText =
      "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
    parentElement.appendChild(line);
  }
  if (line.textContent !== data.text) line.textContent = data.text;
}
