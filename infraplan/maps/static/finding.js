"use strict";
// The search field and its list.
(function (ip) {
  var make = ip.make;

  function searching(app) {
    var field = app.field, list = app.results, entries = null, found = [], at = -1;
    function close() { list.hidden = true; field.setAttribute("aria-expanded", "false"); at = -1; }
    function mark(n) {
      at = n;
      Array.prototype.forEach.call(list.children, function (item, i) { item.setAttribute("aria-selected", String(i === n)); });
      if (list.children[n]) field.setAttribute("aria-activedescendant", list.children[n].id);
    }
    function go(entry) {
      close();
      app.show(entry.layer, true);
      entry.layer.hidden[entry.layer.category[entry.feature]] = false;
      var bounds = ip.extent(entry.layer, entry.feature);
      var zoom = Math.max(entry.layer.minZoom, Math.min(15, app.map.getBoundsZoom(bounds.pad(0.3))));
      app.map.setView(ip.centre(entry.layer, entry.feature), zoom, { animate: false });
      app.open(entry.layer, entry.feature, ip.centre(entry.layer, entry.feature));
    }
    field.addEventListener("input", function () {
      entries = entries || ip.indexed(app.layers.filter(function (layer) { return layer.x; }).reverse());
      found = ip.find(entries, field.value, 12);
      list.textContent = "";
      found.forEach(function (entry, n) {
        var item = make("li", { role: "option", id: "ip-result-" + n, "aria-selected": "false" }, [
          make("span", { text: entry.text }),
          make("small", { text: aside(entry) })
        ]);
        item.addEventListener("mousedown", function (event) { event.preventDefault(); go(entry); });
        list.appendChild(item);
      });
      if (!found.length && field.value.trim()) list.appendChild(make("li", { class: "ip-none", text: app.words.nothing_found }));
      list.hidden = !field.value.trim();
      field.setAttribute("aria-expanded", String(!list.hidden));
      at = -1;
    });
    function aside(entry) {
      var heading = ip.text(entry.layer, entry.layer.heading, entry.feature);
      return entry.layer.title + (heading && heading !== entry.text ? " · " + heading : "");
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
