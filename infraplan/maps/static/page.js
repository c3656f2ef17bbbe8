"use strict";
(function (ip) {
  ip.FONT = "'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif";
  var make = ip.make;

  function blocks(kind) {
    return Array.prototype.map.call(document.querySelectorAll("script." + kind), function (node) {
      return JSON.parse(node.textContent);
    });
  }

  ip.start = function (map) {
    var page = blocks("infraplan-page")[0], layers = blocks("infraplan-layer");
    layers.forEach(function (layer, n) { layer.number = n; });
    var locale = page.language === "vi" ? "vi-VN" : "en-GB";
    var app = { map: map, page: page, layers: layers, words: page.words };
    app.number = function (value, digits) {
      return value.toLocaleString(locale, { minimumFractionDigits: digits || 0, maximumFractionDigits: digits || 0 });
    };
    ip.app = app;
    var vectors = layers.filter(function (layer) { return layer.styles.length && layer.kind !== "raster"; });
    Promise.all(vectors.map(function (layer) {
      return ip.unpack(layer.data).then(function (header) { delete layer.data; return ip.prepare(layer, header); });
    })).then(function () {
      build(app);
      document.documentElement.setAttribute("data-ready", String(Math.round(performance.now())));
    }).catch(function (error) {
      document.body.insertBefore(make("p", { class: "ip-failed", role: "alert", text: app.words.failed + " (" + error.message + ")" }), document.body.firstChild);
      document.documentElement.setAttribute("data-failed", error.message);
      throw error;
    });
  };

  function build(app) {
    var map = app.map, layers = app.layers;
    layout(app);
    [["relief", 210], ["under", 230], ["raster", 260], ["over", 420]].forEach(function (pane) {
      map.createPane("ip-" + pane[0]).style.zIndex = pane[1];
    });
    ["relief", "raster", "under", "over"].forEach(function (name) { map.getPane("ip-" + name).style.pointerEvents = "none"; });
    var drawn = layers.filter(function (layer) { return layer.x; });
    app.canvases = [
      new ip.Canvas(drawn.filter(function (layer) { return layer.under; }), { pane: "ip-under", padding: 0.15 }),
      new ip.Canvas(drawn.filter(function (layer) { return !layer.under; }), { pane: "ip-over", padding: 0.15, labels: true })
    ];
    app.redraw = function () { app.canvases.forEach(function (canvas) { if (canvas._bounds) canvas.draw(); }); };
    layers.forEach(function (layer) { if (!layer.x) picture(app, layer); });
    app.show = function (layer, on) {
      if (on && layer.choice) {
        layers.forEach(function (other) { if (other !== layer && other.choice === layer.choice && other.shown) set(app, other, false); });
      }
      set(app, layer, on);
      app.redraw();
    };
    app.opacity = function (layer, value) { layer.opacity = value; layer.overlay.setOpacity(value); };
    app.home = extent(app);
    map.attributionControl && map.attributionControl.setPrefix(false);
    document.querySelector(".ip-main").appendChild(ip.panel(app.page, layers, app));
    map.invalidateSize({ animate: false });
    fit(app, app.home);
    app.canvases.forEach(function (canvas) { canvas.addTo(map); });
    controls(app);
    popups(app);
    searching(app);
    printing(app);
    if (app.page.cards) ip.cards(app);
    if (app.page.choices) ip.streets(app);
  }

  function set(app, layer, on) {
    layer.shown = on;
    if (layer.overlay) layer.overlay[on ? "addTo" : "removeFrom"](app.map);
    if (layer.control) layer.control();
  }

  function picture(app, layer) {
    var b = layer.bounds;
    var bounds = L.latLngBounds(ip.unproject(b[0], b[1]), ip.unproject(b[2], b[3]));
    layer.overlay = L.imageOverlay(layer.data, bounds, {
      pane: layer.kind === "raster" ? "ip-raster" : "ip-relief", opacity: layer.opacity, alt: layer.title,
      className: layer.pixelated ? "ip-pixelated" : ""
    });
    if (layer.shown) layer.overlay.addTo(app.map);
  }

  // The area to show first: of the layers that are told to be its frame, else of everything.
  function extent(app) {
    var bounds = L.latLngBounds([]), drawn = app.layers.filter(function (layer) { return layer.x && !layer.under; });
    var framed = drawn.filter(function (layer) { return layer.name === app.page.frame; });
    (framed.length ? framed : drawn).forEach(function (layer) {
      for (var f = 0; f < layer.count; f++) bounds.extend(ip.extent(layer, f));
    });
    app.layers.forEach(function (layer) { if (!bounds.isValid() && layer.overlay) bounds.extend(layer.overlay.getBounds()); });
    return bounds.isValid() ? bounds : L.latLngBounds([[8, 102], [23.5, 110]]);
  }

  function fit(app, bounds) { app.map.fitBounds(bounds, { animate: false, padding: [14, 14], maxZoom: 17 }); }

  function layout(app) {
    var page = app.page, words = app.words, div = app.map.getContainer();
    app.field = make("input", { type: "search", class: "ip-search", placeholder: words.search, "aria-label": words.search, role: "combobox", "aria-expanded": "false", "aria-controls": "ip-results", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
    app.results = make("ul", { id: "ip-results", class: "ip-results", role: "listbox", hidden: true });
    app.panelButton = make("button", { type: "button", class: "ip-button", "aria-expanded": "true", "aria-controls": "ip-panel", text: words.panel });
    var home = make("button", { type: "button", class: "ip-button", text: words.home, on: { click: function () { fit(app, app.home); } } });
    var print = make("button", { type: "button", class: "ip-button", text: words.print, on: { click: function () { window.print(); } } });
    var header = make("header", { class: "ip-header" }, [
      make("div", { class: "ip-titles" }, [make("h1", { text: page.title }), page.subtitle ? make("p", { text: page.subtitle }) : null]),
      make("div", { class: "ip-find" }, [app.field, app.results]),
      make("div", { class: "ip-buttons" }, [home, print, app.panelButton])
    ]);
    var warning = page.warning ? make("div", { class: "ip-warning", role: "note", text: page.warning }) : null;
    app.readout = make("output", { class: "ip-readout", "aria-live": "off" });
    app.credit = make("div", { class: "ip-credit", text: page.credit });
    app.stage = make("div", { class: "ip-stage" });
    var main = make("main", { class: "ip-main" }, [app.stage]);
    var root = make("div", { class: "ip-root" }, [header, warning, main]);
    document.body.insertBefore(root, document.body.firstChild);
    app.stage.appendChild(div);
    app.stage.appendChild(app.readout);
    app.stage.appendChild(app.credit);
    div.style.background = page.colors.backdrop;
    div.setAttribute("aria-label", words.map);
    div.setAttribute("role", "application");
    app.panelButton.addEventListener("click", function () {
      var closed = root.classList.toggle("ip-closed");
      app.panelButton.setAttribute("aria-expanded", String(!closed));
      app.map.invalidateSize({ pan: false });
    });
    if (window.innerWidth < 720) { root.classList.add("ip-closed"); app.panelButton.setAttribute("aria-expanded", "false"); }
    app.map.invalidateSize({ animate: false });
  }

  function controls(app) {
    var map = app.map, words = app.words;
    L.control.zoom({ position: "topleft", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    map.on("mousemove", function (event) { app.readout.textContent = coordinates(app, event.latlng); });
    map.on("moveend", function () { app.readout.textContent = coordinates(app, map.getCenter()); });
    app.readout.textContent = coordinates(app, map.getCenter());
  }

  function coordinates(app, place) {
    var text = "WGS84 " + app.number(place.lat, 5) + "° " + app.words.north + ", " + app.number(place.lng, 5) + "° " + app.words.east;
    var p = app.page.projection;
    if (!p) return text;
    var xy = ip.project(place.lng, place.lat, p);
    return text + "  |  " + p.name + "  E " + app.number(xy[0], 0) + "  N " + app.number(xy[1], 0);
  }
  ip.coordinates = coordinates;

  function popups(app) {
    var map = app.map, over = app.canvases[1];
    function under(latlng, reach) {
      return over.hit(latlng, reach) || app.canvases[0].hit(latlng, reach);
    }
    app.open = function (layer, feature, latlng) {
      var found = { layer: layer, feature: feature };
      var card = ip.card(layer, feature, app), here = values(latlng);
      if (here) card.appendChild(here);
      card.appendChild(make("p", { class: "ip-where", text: coordinates(app, latlng) }));
      var popup = L.popup({ minWidth: 240, maxWidth: 380, maxHeight: 380, autoPanPadding: [20, 20] }).setLatLng(latlng).setContent(card);
      popup.openOn(map);
      choose(found);
      popup.on("remove", function () { if (over.chosen === found) choose(null); });
    };
    // What the rasters that are shown say of a place.
    function values(latlng) {
      var rows = [];
      app.layers.forEach(function (layer) {
        var text = layer.kind === "raster" && layer.shown && sample(layer, latlng);
        if (text) rows.push(make("dt", { text: layer.title }), make("dd", { text: text }));
      });
      return rows.length ? make("dl", { class: "ip-here" }, rows) : null;
    }
    function choose(found) {
      app.canvases.forEach(function (canvas) { canvas.chosen = found; });
      app.redraw();
    }
    map.on("click", function (event) {
      var found = under(event.latlng, L.Browser.mobile ? 14 : 6);
      if (found) {
        var exact = found.layer.kind === "point" ? ip.centre(found.layer, found.feature) : event.latlng;
        app.open(found.layer, found.feature, exact);
        return;
      }
      var here = values(event.latlng);
      if (!here) return;
      var card = make("div", { class: "ip-card" }, [here, make("p", { class: "ip-where", text: coordinates(app, event.latlng) })]);
      L.popup({ minWidth: 240, maxWidth: 360 }).setLatLng(event.latlng).setContent(card).openOn(map);
    });
    var waiting = 0;
    map.on("mousemove", function (event) {
      var now = Date.now();
      if (now - waiting < 60) return;
      waiting = now;
      map.getContainer().style.cursor = under(event.latlng, 4) ? "pointer" : "";
    });
  }

  // The words of a raster's class at a place, read from its own picture.
  function sample(layer, latlng) {
    var image = layer.overlay.getElement();
    if (!layer.pixels) {
      var canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      layer.pixels = canvas.getContext("2d", { willReadFrequently: true });
      layer.pixels.drawImage(image, 0, 0);
    }
    var p = L.CRS.EPSG3857.project(latlng), b = layer.bounds;
    var column = Math.floor((p.x - b[0]) / (b[2] - b[0]) * image.naturalWidth);
    var line = Math.floor((b[3] - p.y) / (b[3] - b[1]) * image.naturalHeight);
    if (column < 0 || line < 0 || column >= image.naturalWidth || line >= image.naturalHeight) return "";
    var rgba = layer.pixels.getImageData(column, line, 1, 1).data;
    if (!rgba[3]) return "";
    if (rgba[3] < 255) return layer.styles[layer.styles.length - 1].label;
    var name = "#" + [rgba[0], rgba[1], rgba[2]].map(function (v) { return (v + 256).toString(16).slice(1); }).join("");
    return layer.lookup[name] || "";
  }

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

  function printing(app) {
    var before = null, root = document.querySelector(".ip-root");
    window.addEventListener("beforeprint", function () {
      if (before) return;
      before = { centre: app.map.getCenter(), zoom: app.map.getZoom(), bounds: app.map.getBounds() };
      app.map.closePopup();
      root.classList.add("ip-printing");
      app.map.invalidateSize({ animate: false, pan: false });
      fit(app, before.bounds.contains(app.home) ? app.home : before.bounds);
    });
    window.addEventListener("afterprint", function () {
      if (!before) return;
      root.classList.remove("ip-printing");
      app.map.invalidateSize({ animate: false, pan: false });
      app.map.setView(before.centre, before.zoom, { animate: false });
      before = null;
    });
  }
})(infraplan);
