// Development only (`build.sh --watch`): reloads the page when a new build is there.
let current = null;
setInterval(async () => {
  try {
    const answer = await fetch("__BASE__assets/build-id", { cache: "no-store" });
    if (!answer.ok) return;
    const id = await answer.text();
    if (current && id !== current) location.reload();
    current = id;
  } catch {
    // The server is restarting; ask again.
  }
}, 1000);
