"use strict";
(function () {
  // The address says what is filtered: #recipient=Example&country=… ; so links in pictures work with keyboard and history.
  var keys = ["app", "category", "recipient", "country", "cell", "find"];
  var all = function (query) { return Array.prototype.slice.call(document.querySelectorAll(query)); };
  var rows = all("tbody.finding"), apps = all("details.app"), links = all("a.filter"), bands = all("path.flow");
  var lists = all("tr.of-app, tr.of-country"), phones = all("tr.of-phone"), state = document.getElementById("state");
  var words = state.querySelector("span"), search = document.getElementById("find"), chosen = {};
  var said = rows.map(function (row) {
    var of = row.dataset;
    return [of.app, of.category, of.recipient, of.country, row.querySelector(".what").textContent].join("\n").toLowerCase();
  });

  function read() {
    var text = location.hash.slice(1), found = {};
    // Back to where one began: nothing is filtered. A link to a section leaves the filter as it is.
    if (!text) { return found; }
    if (text.indexOf("=") < 0) { return null; }
    text.split("&").forEach(function (part) {
      var at = part.indexOf("="), key = part.slice(0, at), value = part.slice(at + 1);
      if (keys.indexOf(key) < 0) { return; }
      try { value = decodeURIComponent(value); } catch (broken) { /* as it is */ }
      found[key] = value;
    });
    return found;
  }
  function address(filter) {
    var parts = keys.filter(function (key) { return key in filter; }).map(function (key) {
      return key + "=" + encodeURIComponent(filter[key]);
    });
    return "#" + (parts.length ? parts.join("&") : "show=all");
  }
  function without(filter, key) {
    var rest = {};
    keys.forEach(function (other) { if (other !== key && other in filter) { rest[other] = filter[other]; } });
    return rest;
  }
  function apply() {
    var filter = read();
    if (!filter) { return jump(); }
    chosen = filter;
    var wanted = keys.filter(function (key) { return key in filter; });
    var exact = wanted.filter(function (key) { return key !== "find"; });
    var text = (filter.find || "").toLowerCase();
    var holds = function (words) { return words.toLowerCase().indexOf(text) >= 0; };
    var called = phones.filter(function (row) { return holds(row.textContent); });
    // A phone's name filters phones alone.
    var isPhone = called.length > 0 && !said.some(holds) && !apps.some(function (app) { return holds(app.dataset.app); });
    if (isPhone) { text = ""; }
    var steps = new Set(), seenApps = new Set(), seenCountries = new Set(), count = 0;
    rows.forEach(function (row, position) {
      var of = row.dataset;
      var fits = exact.every(function (key) { return of[key] === filter[key]; }) && said[position].indexOf(text) >= 0;
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
      var named = text && !exact.length && app.dataset.app.toLowerCase().indexOf(text) >= 0;
      var fits = !wanted.length || (isPhone && !exact.length) || named || seenApps.has(app.dataset.app);
      if (named) { seenApps.add(app.dataset.app); }
      app.hidden = !fits;
      if (wanted.length && fits && seenApps.size <= 12) { app.open = true; }
    });
    lists.forEach(function (row) {
      row.hidden = wanted.length > 0 && !(isPhone && !exact.length) && ("app" in row.dataset ? !seenApps.has(row.dataset.app) : !seenCountries.has(row.dataset.country));
    });
    phones.forEach(function (row) { row.hidden = called.length > 0 && called.indexOf(row) < 0; });
    bands.forEach(function (band) {
      var of = band.dataset;
      band.classList.toggle("dim", wanted.length > 0 && !steps.has(of.step + "\n" + of.from + "\n" + of.to));
    });
    links.forEach(function (link) {
      var key = link.dataset.key, is = filter[key] === link.dataset.value, next = without(filter, key);
      if (!is) { next[key] = link.dataset.value; }
      link.classList.toggle("chosen", is);
      if (is) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
      link.setAttribute("href", address(next));
    });
    if (document.activeElement !== search) { search.value = filter.find || ""; }
    state.hidden = !wanted.length;
    words.textContent = wanted.map(function (key) { return state.dataset[key] + ": " + filter[key]; }).join(" · ") +
      " – " + state.dataset.shown.replace("{count}", count).replace("{all}", rows.length);
    document.body.dataset.matching = String(count);
    document.body.dataset.ready = String(Math.round(performance.now()));
  }
  // A link to an app opens it.
  function jump() {
    var target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  }
  var closed = [], waiting = 0;
  search.parentElement.hidden = false;
  search.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(function () {
      var next = without(chosen, "find");
      if (search.value.trim()) { next.find = search.value.trim(); }
      history.replaceState(null, "", address(next));
      apply();
    }, 150);
  });
  // Evidence of more findings would fill hundreds of pages.
  var printed = 200;
  addEventListener("beforeprint", function () {
    var brief = Number(document.body.dataset.matching) > printed;
    document.body.classList.toggle("brief", brief);
    closed = all(brief ? "details.app:not([open])" : "details:not([open])");
    closed.forEach(function (one) { one.open = true; });
  });
  addEventListener("afterprint", function () { closed.forEach(function (one) { one.open = false; }); });
  addEventListener("hashchange", apply);
  apply();
}());
