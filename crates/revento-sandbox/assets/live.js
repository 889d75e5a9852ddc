// Keeps an open page up to date: after a change of the sandbox, the page is fetched again and its main part replaced.
(() => {
  "use strict";
  const badge = document.getElementById("live");
  let pending = false;

  // Do not interrupt someone who is typing or choosing.
  const busy = () => {
    const field = document.activeElement;
    return field && /^(INPUT|SELECT|TEXTAREA)$/.test(field.tagName);
  };

  const refresh = async () => {
    if (busy()) { pending = true; return; }
    pending = false;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = [...document.querySelectorAll("details[open][id]")].map((element) => element.id);
    for (const id of open) fresh.getElementById(id)?.setAttribute("open", "");
    const place = document.activeElement?.closest("[id]")?.id;
    for (const part of ["main", "nav"]) {
      const [here, there] = [document.querySelector(part), fresh.querySelector(part)];
      if (here && there) here.innerHTML = there.innerHTML;
    }
    if (place && place !== "main") document.getElementById(place)?.querySelector("button, a, summary")?.focus();
  };

  document.addEventListener("focusout", () => { if (pending) setTimeout(refresh, 0); });
  // A browser opens at most six connections to a site. A page in the back-forward cache must not hold one.
  let source;
  const listen = () => {
    source = new EventSource(badge.dataset.src);
    source.addEventListener("open", () => { badge.hidden = false; });
    source.addEventListener("error", () => { badge.hidden = true; });
    source.addEventListener("change", () => { refresh().catch(() => {}); });
  };
  // Scroll the navigation to the current page.
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  addEventListener("pagehide", () => { source.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); refresh().catch(() => {}); } });
  listen();
})();
