"use strict";
// A line to the server. Browsers have few connections for one server, so a page that nobody looks at leaves its to others; where
// the line is lost, or refused for now, it is made anew.
globalThis.liveLine = (url, hears, tell) => {
  const again = 10000;
  let source = null, later = null, over = false, lost = false;
  const close = () => {
    clearTimeout(later);
    source?.close();
    source = null;
  };
  const open = () => {
    close();
    if (over || document.hidden) return;
    const made = new EventSource(url());
    source = made;
    for (const [name, hear] of Object.entries(hears)) made.addEventListener(name, hear);
    made.addEventListener("open", () => {
      document.documentElement.dataset.live = "yes";
      if (lost) tell("The line to the server is back.");
      lost = false;
    });
    made.addEventListener("error", () => {
      if (over || made !== source) return;
      document.documentElement.dataset.live = "no";
      lost = true;
      tell("The line to the server is lost; what stands here may be old.");
      // A browser gives up where it was refused.
      if (made.readyState === EventSource.CLOSED) later = setTimeout(open, again);
    });
  };
  addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  // A page that the browser kept comes back as it was left.
  addEventListener("pagehide", close);
  addEventListener("pageshow", (shown) => { if (shown.persisted) open(); });
  open();
  return () => { over = true; close(); };
};
