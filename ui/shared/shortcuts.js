// A page's own Ctrl+Z (a layer, a stroke taken back) is not for whoever types in a field: there it
// stays the field's. Streamlit keeps only keys without Ctrl from those who type.
function keepTypingApart() {
  if (window.typingIsApart) return;
  window.typingIsApart = true;
  const typed = "input:not([type=range], [type=checkbox], [type=radio]), textarea, " +
    "[contenteditable=true]";
  addEventListener("keydown", (event) => {
    const at = event.composedPath()[0];
    const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (undo && at instanceof Element && at.matches(typed)) event.stopImmediatePropagation();
  }, { capture: true });
}
