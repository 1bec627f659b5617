"use strict";
(function () {
  // The address says what is filtered: #recipient=Example&country=… ; so links in pictures work with keyboard and history.
  var keys = ["app", "category", "recipient", "country", "cell"];
  var all = function (query) { return Array.prototype.slice.call(document.querySelectorAll(query)); };
  var rows = all("tbody.finding"), apps = all("details.app"), links = all("a.filter"), bands = all("path.flow");
  var lists = all("tr.of-app, tr.of-country"), state = document.getElementById("state");
  var words = state.querySelector("span"), chosen = {};

  function read() {
    var text = location.hash.slice(1), found = {};
    if (text.indexOf("=") < 0) { return null; }
    text.split("&").forEach(function (part) {
      var at = part.indexOf("="), key = part.slice(0, at);
      if (keys.indexOf(key) < 0) { return; }
      try { found[key] = decodeURIComponent(part.slice(at + 1)); } catch (broken) { found[key] = part.slice(at + 1); }
    });
    return found;
  }
  function address(filter) {
    var parts = keys.filter(function (key) { return key in filter; }).map(function (key) {
      return key + "=" + encodeURIComponent(filter[key]);
    });
    return "#" + (parts.length ? parts.join("&") : "show=all");
  }
  function apply() {
    var filter = read();
    if (!filter) { return; }
    chosen = filter;
    var wanted = keys.filter(function (key) { return key in filter; });
    var steps = new Set(), seenApps = new Set(), seenCountries = new Set(), count = 0;
    rows.forEach(function (row) {
      var of = row.dataset;
      var fits = wanted.every(function (key) { return of[key] === filter[key]; });
      row.hidden = !fits;
      if (!fits) { return; }
      count += 1;
      seenApps.add(of.app);
      seenCountries.add(of.country);
      steps.add("0\n" + of.app + "\n" + of.category);
      steps.add("1\n" + of.category + "\n" + of.recipient);
      steps.add("2\n" + of.recipient + "\n" + of.country);
    });
    apps.forEach(function (app) {
      var fits = !wanted.length || seenApps.has(app.dataset.app);
      app.hidden = !fits;
      if (wanted.length && fits && seenApps.size <= 12) { app.open = true; }
    });
    lists.forEach(function (row) {
      row.hidden = wanted.length > 0 && ("app" in row.dataset ? !seenApps.has(row.dataset.app) : !seenCountries.has(row.dataset.country));
    });
    bands.forEach(function (band) {
      var of = band.dataset;
      band.classList.toggle("dim", wanted.length > 0 && !steps.has(of.step + "\n" + of.from + "\n" + of.to));
    });
    links.forEach(function (link) {
      var key = link.dataset.key, is = filter[key] === link.dataset.value, next = {};
      wanted.forEach(function (other) { if (other !== key) { next[other] = filter[other]; } });
      if (!is) { next[key] = link.dataset.value; }
      link.classList.toggle("chosen", is);
      if (is) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
      link.setAttribute("href", address(next));
    });
    state.hidden = !wanted.length;
    words.textContent = wanted.map(function (key) { return state.dataset[key] + ": " + filter[key]; }).join(" · ") +
      " – " + state.dataset.shown.replace("{count}", count).replace("{all}", rows.length);
    document.body.dataset.matching = String(count);
  }
  var closed = [];
  addEventListener("beforeprint", function () {
    closed = all("details:not([open])");
    closed.forEach(function (one) { one.open = true; });
  });
  addEventListener("afterprint", function () { closed.forEach(function (one) { one.open = false; }); });
  addEventListener("hashchange", apply);
  apply();
}());
