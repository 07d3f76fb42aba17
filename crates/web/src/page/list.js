"use strict";
// The list is loaded again when it is another than before. Where somebody is in it, they stay there.
(() => {
  const runs = document.getElementById("runs");
  let loading = false, again = false, leaving = false;
  const load = async () => {
    if (loading) { again = true; return; }
    loading = true;
    do {
      again = false;
      const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
      if (leaving) break;
      if (answer?.status === 401) { location.reload(); return; }
      if (!answer?.ok) break;
      const text = await answer.text().catch(() => null);
      if (text === null) break;
      const page = new DOMParser().parseFromString(text, "text/html");
      const made = page.getElementById("runs");
      if (made && made.innerHTML !== runs.innerHTML) {
        const at = runs.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        runs.replaceChildren(...made.childNodes);
        if (at) [...runs.querySelectorAll("a")].find((link) => link.getAttribute("href") === at)?.focus();
      }
    } while (again);
    loading = false;
  };
  liveLine(() => "/api/events", { changed: load }, (says) => {
    const live = document.getElementById("live");
    if (live) live.textContent = says;
  });
  // Whoever signs out goes where that leads; whoever comes back goes on.
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
})();
