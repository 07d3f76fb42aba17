"use strict";
// What is added to the record is shown as it comes; what that makes of the run is asked of the server, which proves it.
(() => {
  const most = 500;
  const happens = document.getElementById("happens");
  const line = document.getElementById("line");
  const standing = document.getElementById("standing");
  let due = null, over = false;
  const load = async () => {
    due = null;
    const answer = await fetch(location.href).catch(() => null);
    if (answer?.status === 401) { location.reload(); return; }
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.getElementById("standing");
    if (made) standing.replaceChildren(...made.childNodes);
  };
  const soon = () => { due ??= setTimeout(load, 500); };
  const source = new EventSource(happens.dataset.events);
  source.addEventListener("event", (told) => {
    const item = document.createElement("li");
    const { n, words, event } = JSON.parse(told.data);
    item.value = n;
    item.textContent = `${event.at} ${words}`;
    happens.append(item);
    while (happens.childElementCount > most) happens.firstElementChild.remove();
    soon();
  });
  source.addEventListener("standing", soon);
  source.addEventListener("end", () => {
    over = true;
    source.close();
    line.textContent = "The run is over.";
    soon();
  });
  source.addEventListener("refused", (told) => {
    over = true;
    source.close();
    line.textContent = `Nothing more is told: ${JSON.parse(told.data).error}`;
  });
  source.addEventListener("open", () => { document.documentElement.dataset.live = "yes"; });
  source.addEventListener("error", () => {
    if (over) return;
    document.documentElement.dataset.live = "no";
    line.textContent = "The line to the server is lost; what stands here may be old.";
  });
})();
