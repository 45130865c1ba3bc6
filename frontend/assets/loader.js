// Starts the application. An external file, so that the page works under a strict Content-Security-Policy.
import init from "__APP_JS__";

// The policy refuses style attributes, and the chart library sets a few. Through the style object the same
// declarations are allowed, so they take that way and the policy stays as strict as it is.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name === "style" && this.style) this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

init({ module_or_path: "__APP_WASM__" }).then(
  () => document.getElementById("boot")?.remove(),
  (error) => {
    console.error(error);
    const boot = document.getElementById("boot");
    if (!boot) return;
    boot.setAttribute("role", "alert");
    boot.textContent = navigator.language.startsWith("zh")
      ? "无法加载管理界面，请刷新页面重试。"
      : "The web admin could not be loaded. Please reload the page.";
  },
);
