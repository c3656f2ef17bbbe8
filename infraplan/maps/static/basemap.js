"use strict";
// A base map from the network, only in a page that was made with one: off until the reader turns it
// on; where it does not come, a quiet line says so and the page goes on.
(function (ip) {
  var make = ip.make;

  function basemap(app) {
    var map = app.map, words = app.words, base = app.page.base_map;
    map.createPane("ip-base").style.zIndex = 205;
    map.getPane("ip-base").style.pointerEvents = "none";
    var failed = 0, came = 0;
    var note = make("p", { class: "ip-note", role: "status" }), credit = make("span", { class: "ip-base-credit", hidden: true, text: base.credit });
    var tiles = L.tileLayer(base.address, { pane: "ip-base", maxNativeZoom: base.deepest, maxZoom: 20, attribution: "", referrerPolicy: "no-referrer" });
    tiles.on("tileload", function () { came++; note.textContent = ""; });
    tiles.on("tileerror", function () { failed++; if (!came) note.textContent = words["frame.base_failed"]; });
    var box = make("input", { type: "checkbox", id: "ip-base-box" });
    box.addEventListener("change", function () {
      failed = came = 0;
      note.textContent = "";
      credit.hidden = !box.checked;
      tiles[box.checked ? "addTo" : "removeFrom"](map);
    });
    app.credit.parentNode.insertBefore(credit, app.credit);
    app.section("base", words["frame.base"], make("div", {}, [
      make("div", { class: "ip-layer-head" }, [box, make("label", { for: "ip-base-box", class: "ip-layer-title" }, [make("span", { text: words["frame.base_show"] })])]),
      note, make("p", { class: "ip-note", text: ip.fill(words["frame.base_note"], { host: base.host }) })
    ]), { tab: "layers" });
  }

  ip.part(function (app) { if (app.page.base_map) basemap(app); });
})(infraplan);
