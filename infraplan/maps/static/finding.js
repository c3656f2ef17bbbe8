"use strict";
// The search field and its list.
(function (ip) {
  var make = ip.make;

  // Other parts may find things too, such as a place by its coordinates: a function of the text that
  // returns entries {text, aside, go}.
  ip.finders = [];

  function searching(app) {
    var field = app.field, list = app.results, entries = null, found = [], at = -1;
    function close() {
      list.hidden = true;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
      at = -1;
    }
    function mark(n) {
      at = n;
      Array.prototype.forEach.call(list.children, function (item, i) { item.setAttribute("aria-selected", String(i === n)); });
      if (!list.children[n]) return;
      field.setAttribute("aria-activedescendant", list.children[n].id);
      list.children[n].scrollIntoView({ block: "nearest" });
    }

    // Show a feature wherever it is, and tell of it; what hides it is ended.
    app.visit = function (layer, feature, features) {
      if (app.filters) app.filters.reveal(layer, feature);
      if (!layer.shown) app.show(layer, true);
      var bounds = L.latLngBounds([]);
      (features || [feature]).forEach(function (f) { bounds.extend(ip.extent(layer, f)); });
      var zoom = Math.max(layer.minZoom, Math.min(15, app.map.getBoundsZoom(bounds.pad(0.3))));
      var place = ip.centre(layer, feature);
      app.map.setView(features && features.length > 1 ? bounds.getCenter() : place, zoom, { animate: false });
      app.open(layer, feature, place);
    };

    function go(entry) {
      close();
      if (entry.go) { entry.go(); return; }
      app.visit(entry.layer, entry.feature, entry.features);
    }

    field.addEventListener("input", function () {
      entries = entries || ip.indexed(app.layers.filter(function (layer) { return layer.x; }).reverse());
      found = [].concat.apply([], ip.finders.map(function (find) { return find(field.value, app) || []; }));
      found = found.concat(ip.find(entries, field.value, 12));
      list.textContent = "";
      found.forEach(function (entry, n) {
        var item = make("li", { role: "option", id: "ip-result-" + n, "aria-selected": "false" }, [
          make("span", { text: entry.text }),
          make("small", { text: entry.layer ? aside(entry) : entry.aside || "" }),
          entry.layer && !ip.seen(entry.layer, entry.feature) ? make("small", { class: "ip-is-hidden", text: ip.told(app, "is_hidden") }) : null
        ]);
        item.addEventListener("mousedown", function (event) { event.preventDefault(); go(entry); });
        list.appendChild(item);
      });
      if (!found.length && field.value.trim()) list.appendChild(make("li", { class: "ip-none", role: "option", "aria-disabled": "true", text: app.words.nothing_found }));
      list.hidden = !field.value.trim();
      field.setAttribute("aria-expanded", String(!list.hidden));
      field.removeAttribute("aria-activedescendant");
      at = -1;
    });
    function aside(entry) {
      var heading = ip.text(entry.layer, entry.layer.heading, entry.feature);
      var isOwn = !heading || entry.text.indexOf(heading) === 0;
      return entry.layer.title + (isOwn ? "" : " · " + heading) + (entry.features.length > 1 ? " · " + ip.told(app, "pieces", { count: app.number(entry.features.length) }) : "");
    }
    field.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { field.value = ""; close(); }
      if (!found.length || list.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        mark((at + (event.key === "ArrowDown" ? 1 : found.length) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % found.length);
      }
      if (event.key === "Enter") { event.preventDefault(); go(found[Math.max(0, at)]); }
    });
    field.addEventListener("blur", close);
  }

  ip.part(searching);
})(infraplan);
