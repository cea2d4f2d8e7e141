// The first thing that Tab reaches: past the navigation, to the page itself.
export default function () {
  if (document.getElementById("skip-link")) return;
  const link = document.createElement("a");
  Object.assign(link, { id: "skip-link", href: "#", textContent: "Skip to the page" });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const main = document.querySelector('[data-testid="stMain"]');
    if (!main.hasAttribute("tabindex")) main.tabIndex = -1;
    main.focus();
  });
  document.body.prepend(link);
}
