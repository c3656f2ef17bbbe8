"use strict";
// The page without a mouse: keys, the list of them, words for a screen reader.
(function (ip) {
  var make = ip.make;

  function keys(app) {
    var map = app.map, words = app.words, div = map.getContainer(), opened = null;
    if (map.keyboard) map.keyboard.disable(); // ours pan by a fair part of the view and keep to the page's zoom
    div.setAttribute("aria-describedby", "ip-keys-told");
    app.stage.appendChild(make("span", { id: "ip-keys-told", class: "ip-live", text: words["frame.map_help"] }));
    var still = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still) map.options.zoomAnimation = map.options.inertia = false;

    div.addEventListener("keydown", function (event) {
      if (event.target !== div || event.ctrlKey || event.altKey || event.metaKey) return;
      var size = map.getSize(), part = event.shiftKey ? 0.6 : 0.2;
      var by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (by) map.panBy([by[0] * size.x * part, by[1] * size.y * part], { animate: !still, duration: 0.15 });
      else if (event.key === "+" || event.key === "=") map.zoomIn(0.5, { animate: false });
      else if (event.key === "-" || event.key === "_") map.zoomOut(0.5, { animate: false });
      else if (event.key === "Home") app.fit(app.home);
      else if (event.key === "Enter" && !app.mode) map.fire("click", { latlng: map.getCenter(), containerPoint: size.divideBy(2), layerPoint: map.latLngToLayerPoint(map.getCenter()) });
      else return;
      event.preventDefault();
    });

    document.addEventListener("keydown", function (event) {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox" && event.target.type !== "range";
      if (event.key === "Escape") { escape(); return; }
      if (typing) return;
      if (event.key === "/") { event.preventDefault(); app.field.focus(); app.field.select(); }
      else if (event.key === "?") { event.preventDefault(); help(); }
    });

    // The nearest thing that is open: the list of keys, a tool, a card, the sheet of a phone.
    function escape() {
      if (opened) opened();
      else if (app.mode) { var button = app.mode.button; app.mode.set(false); if (button) button.focus(); }
      else if (document.querySelector(".leaflet-popup")) { map.closePopup(); div.focus({ preventScroll: true }); }
      else if (app.isPhone() && !app.root.classList.contains("ip-closed")) app.panelButton.click();
    }

    function help() {
      if (opened) return;
      var before = document.activeElement, close = make("button", { type: "button", class: "ip-quiet-button", text: words.close });
      var list = make("dl", { class: "ip-keys" });
      words["frame.keys"].split("\n").forEach(function (line) {
        var at = line.indexOf(":");
        list.appendChild(make("dt", {}, line.slice(0, at).trim().split(" ").map(function (key) { return make("kbd", { text: key }); })));
        list.appendChild(make("dd", { text: line.slice(at + 1).trim() }));
      });
      var box = make("div", { class: "ip-dialog", role: "dialog", "aria-modal": "true", "aria-label": words["frame.keys_title"], tabindex: "-1" }, [
        make("div", { class: "ip-sheet-head" }, [make("h2", { text: words["frame.keys_title"] }), close]), list
      ]);
      var veil = make("div", { class: "ip-veil", on: { click: function (event) { if (event.target === veil) opened(); } } }, [box]);
      box.addEventListener("keydown", function (event) { if (event.key === "Tab") { event.preventDefault(); close.focus(); } });
      opened = function () { veil.remove(); opened = null; if (before) before.focus(); };
      close.addEventListener("click", function () { opened(); });
      app.root.appendChild(veil);
      close.focus();
    }
    ip.tool(app, { id: "keys", label: words["frame.keys_title"], icon: "M9.200 9a3 3 0 1 1 4.300 2.700c-1 .6-1.500 1.200-1.500 2.300M12 17.500v.1", run: help });

    // Results of the search and of filters, told once the reader pauses.
    app.field.addEventListener("input", function () {
      var found = app.results.querySelectorAll("[role=option]:not(.ip-none)").length;
      if (app.field.value.trim()) app.say(found ? ip.fill(words["frame.found"], { count: app.number(found) }) : words.nothing_found);
    });
    app.on("filter", function (layer) {
      if (!layer || !layer.count) return;
      var seen = 0;
      for (var f = 0; f < layer.count; f++) if (ip.seen(layer, f)) seen++;
      app.say(ip.fill(words["frame.filtered"], { layer: layer.title, seen: app.number(seen), all: app.number(layer.count) }));
    });
    app.on("layers", function (layer) {
      if (layer) app.say(ip.fill(words[layer.shown ? "frame.layer_on" : "frame.layer_off"], { layer: layer.title }));
    });
  }

  ip.part(keys);
})(infraplan);
