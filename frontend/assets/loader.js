// Starts the application. An external file, so that the page works under a strict Content-Security-Policy.
import init from "__APP_JS__";

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
