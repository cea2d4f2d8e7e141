// The component waits 200 ms after the pen is lifted before it reports. Its own "update" button
// reports at once, so this presses it. Without the script all still works, a little later. It also
// hides the component's toolbar, whose reset would bring an old drawing back.
export default function ({ parentElement }) {
  keepTypingApart();
  const box = parentElement.closest(".st-key-canvas");
  if (!box) return;
  const roots = () => [...box.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean);
  const tidy = () => roots().forEach((root) => {
    if (!root.querySelector(".dc-root") || root.querySelector("#plain")) return;
    const style = document.createElement("style");
    style.id = "plain";
    style.textContent = ".dc-toolbar{display:none!important} .dc-canvas{outline:none}" +
      ".dc-root{position:relative;border-radius:10px;overflow:hidden}" +
      // Its edge lies over the sheet: one around it is cut off on the left.
      ".dc-root::after{content:'';position:absolute;z-index:11;inset:0;border-radius:inherit;" +
      "border:1px solid var(--st-border-color,#555);pointer-events:none}" +
      "canvas{touch-action:none!important;cursor:crosshair}" +
      // A sheet wider than its place is shown smaller; the pen's points are scaled with it.
      ".dc-root,.dc-scroll,.dc-container,.canvas-container,canvas{width:100%!important;height:auto!important;" +
      "aspect-ratio:1}";
    root.appendChild(style);
  });
  let drawing = false;
  const down = () => { tidy(); drawing = true; };
  const up = () => {
    if (!drawing) return;
    drawing = false;
    setTimeout(() => roots().forEach((root) => {
      root.querySelector('.dc-toolbar [title^="Update"]')?.click();
    }), 0);
  };
  tidy();
  const late = setInterval(tidy, 250); // the component comes late, and anew with another drawing
  box.addEventListener("mousedown", down, true);
  box.addEventListener("touchstart", down, true);
  document.addEventListener("mouseup", up, true);
  document.addEventListener("touchend", up, true);
  return () => {
    clearInterval(late);
    box.removeEventListener("mousedown", down, true);
    box.removeEventListener("touchstart", down, true);
    document.removeEventListener("mouseup", up, true);
    document.removeEventListener("touchend", up, true);
  };
}
