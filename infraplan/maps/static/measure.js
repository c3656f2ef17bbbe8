"use strict";
// Distance and area along the ellipsoid: a click adds a place, a double click or Enter ends, Backspace
// takes the last one back, Escape clears; the space bar adds the middle of the map.
(function (ip) {
  var make = ip.make, COLOR = "#b3245e";

  function measuring(app) {
    var map = app.map, words = app.words, pane = map.createPane("ip-measure");
    pane.style.zIndex = 640;
    pane.style.pointerEvents = "none";
    var drawn = L.layerGroup(), renderer = L.svg({ pane: "ip-measure" });
    var now = null; // {kind, places, done, pointer}
    var total = make("strong", { class: "ip-total" }), detail = make("div", { class: "ip-note" }), copied = make("span", { class: "ip-note" });
    var undo = button("frame.undo", function () { back(); }), clear = button("frame.clear", function () { stop(); });
    var copy = button("frame.copy", function () {
      ip.copyText(total.textContent + (detail.textContent ? " (" + detail.textContent + ")" : ""), function (ok) { copied.textContent = ok ? words["frame.copied"] : words["frame.copy_by_hand"]; });
    });
    var title = make("div", { class: "ip-kind" });
    var card = make("section", { class: "ip-float ip-measure", "aria-live": "polite", hidden: true }, [
      title, total, detail, make("div", { class: "ip-row-of" }, [undo, copy, clear, copied])
    ]);
    app.floats.appendChild(card);
    var tools = { distance: tool("distance", "M3 17 17 3l4 4L7 21zM7 13l2 2M10 10l2 2M13 7l2 2"), area: tool("area", "M4 7 13 4l7 6-3 10H6zM4 7h0M13 4h0M20 10h0M17 20h0M6 20h0") };

    function button(key, act) {
      return make("button", { type: "button", class: "ip-quiet-button", text: words[key], on: { click: act } });
    }
    function tool(kind, icon) {
      return ip.tool(app, { id: kind, label: words["frame." + kind], icon: icon, mode: true, run: function (on) { if (on) begin(kind); else end(); } });
    }

    function begin(kind) {
      now = { kind: kind, places: [], done: false };
      drawn.addTo(map);
      map.closePopup();
      map.doubleClickZoom.disable();
      app.root.classList.add("ip-measuring");
      title.textContent = words["frame." + kind];
      card.setAttribute("aria-label", words["frame." + kind]);
      card.hidden = false;
      show();
      map.getContainer().focus({ preventScroll: true });
    }
    function end() {
      now = null;
      drawn.clearLayers().remove();
      map.doubleClickZoom.enable();
      app.root.classList.remove("ip-measuring");
      card.hidden = true;
    }
    function stop() { if (now) tools[now.kind].set(false); }
    function back() {
      if (!now) return;
      now.done = false;
      now.places.pop();
      show();
    }
    function add(place) {
      if (now.done) { now.places = []; now.done = false; }
      now.places.push(place);
      show();
    }
    function finish() {
      if (!now || now.places.length < (now.kind === "area" ? 3 : 2)) return;
      now.done = true;
      now.pointer = null;
      show();
    }

    map.on("click", function (event) {
      if (!now || event.originalEvent && event.originalEvent.detail > 1) return;
      add(event.latlng);
    });
    map.on("dblclick", function () { if (now) finish(); });
    map.on("mousemove", function (event) {
      if (!now || now.done || !now.places.length) return;
      now.pointer = event.latlng;
      show();
    });
    // The leg to the pointer counts only while the pointer is on the map.
    map.on("mouseout", function () { if (now && now.pointer) { now.pointer = null; show(); } });
    map.getContainer().addEventListener("keydown", function (event) {
      if (!now) return;
      if (event.key === "Enter") finish();
      else if (event.key === "Backspace") back();
      else if (event.key === " ") add(map.getCenter());
      else return;
      event.preventDefault();
      event.stopPropagation();
    });

    function show() {
      var places = now.places, all = now.pointer && !now.done ? places.concat([now.pointer]) : places;
      drawn.clearLayers();
      copied.textContent = "";
      var line = { pane: "ip-measure", renderer: renderer, interactive: false, color: COLOR, weight: 2.5, opacity: 1 };
      if (now.kind === "area" && all.length > 2) L.polygon(all, Object.assign({ fillColor: COLOR, fillOpacity: 0.15 }, line)).addTo(drawn);
      else if (all.length > 1) L.polyline(all, line).addTo(drawn);
      places.forEach(function (place) {
        L.circleMarker(place, { pane: "ip-measure", renderer: renderer, interactive: false, radius: 4, color: COLOR, weight: 2, fillColor: "#fff", fillOpacity: 1 }).addTo(drawn);
      });
      undo.disabled = !places.length;
      copy.disabled = all.length < (now.kind === "area" ? 3 : 2);
      if (copy.disabled) {
        total.textContent = "";
        detail.textContent = words[places.length ? "frame.measure_more" : "frame.measure_start"];
      } else if (now.kind === "area") {
        total.textContent = ip.areaText(app, ip.area(all));
        detail.textContent = ip.fill(words["frame.around"], { length: ip.lengthText(app, ip.length(all.concat([all[0]]))) });
      } else {
        total.textContent = ip.lengthText(app, ip.length(all));
        detail.textContent = all.length > 2 ? ip.fill(words["frame.last_leg"], { length: ip.lengthText(app, ip.distance(all[all.length - 2], all[all.length - 1])) }) : "";
      }
    }
    app.measured = function () { return now && { kind: now.kind, places: now.places.slice(), done: now.done, text: total.textContent }; };
  }

  ip.lengthText = function (app, metres) {
    if (metres < 1000) return app.number(metres, metres < 100 ? 1 : 0) + " m";
    return app.number(metres / 1000, metres < 100000 ? 2 : 1) + " km";
  };
  ip.areaText = function (app, m2) {
    if (m2 < 10000) return app.number(m2, 0) + " m²";
    if (m2 < 1e6) return app.number(m2 / 1e4, 2) + " ha";
    return app.number(m2 / 1e6, 2) + " km²";
  };

  ip.part(measuring);
})(infraplan);
