// Applies the chosen theme before the first paint, so that dark pages do not flash white.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("causeway.theme");
  } catch {
    // Storage may be forbidden; the system's choice applies.
  }
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "causeway-dark" : "causeway";
})();
