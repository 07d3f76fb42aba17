"use strict";
// What is added to the record is shown as it comes; what that makes of the run is asked of the server, which proves it.
(() => {
  const most = 500;
  const happens = document.getElementById("happens");
  const line = document.getElementById("line");
  const standing = document.getElementById("standing");
  let due = null, over = false, leaving = false;
  const load = async () => {
    due = null;
    const answer = await fetch(location.href).catch(() => null);
    if (leaving) return;
    if (answer?.status === 401) { location.reload(); return; }
    const refused = [404, 422].includes(answer?.status);
    if (!answer?.ok && !refused) {
      line.textContent = "The server does not answer just now; what stands here may be old.";
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // What was proved before is not left standing where it no longer holds.
    const made = refused ? page.getElementById("main") : page.getElementById("standing");
    // The page has its heading already.
    const heading = refused && made?.querySelector("h1");
    if (heading) {
      const why = document.createElement("p");
      why.className = "state bad";
      why.textContent = heading.textContent;
      heading.replaceWith(why);
    }
    if (!made || made.innerHTML === standing.innerHTML) return;
    const state = (of) => of.querySelector(".state")?.textContent;
    const [before, now] = [state(standing), state(made)];
    // Whoever is in it stays where they are.
    const stops = (of) => [...of.querySelectorAll("a, input, button, [tabindex]")];
    const typed = [...standing.querySelectorAll("input")].map((input) => [input.name, input.value]);
    const said = standing.querySelector("#said")?.textContent;
    const at = stops(standing).indexOf(document.activeElement);
    standing.replaceChildren(...made.childNodes);
    if (at >= 0) stops(standing)[at]?.focus();
    standing.querySelector("#said")?.append(said ?? "");
    for (const input of standing.querySelectorAll("input")) input.value = typed.find(([name]) => name === input.name)?.[1] ?? input.value;
    if (before !== now && !over) line.textContent = `Now: ${now}.`;
  };
  const soon = () => { due ??= setTimeout(load, 500); };
  let next = null;
  const url = () => {
    const { events } = happens.dataset;
    return next === null ? events : events.replace(/from=\d+/, `from=${next}`);
  };
  const ends = (says) => {
    over = true;
    leave();
    line.textContent = says;
    soon();
  };
  const leave = liveLine(url, {
    event: (told) => {
      const item = document.createElement("li");
      const { n, at, words } = JSON.parse(told.data);
      next = n + 1;
      item.value = n;
      item.textContent = `${at} ${words}`;
      happens.append(item);
      while (happens.childElementCount > most) happens.firstElementChild.remove();
      soon();
    },
    standing: soon,
    end: () => ends("The run is over."),
    refused: (told) => ends(`Nothing more is told: ${JSON.parse(told.data).error}`),
  }, (says) => { line.textContent = says; });
  // Whoever signs out goes where that leads; whoever comes back goes on.
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
})();
