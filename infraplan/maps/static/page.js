"use strict";
// The application: reads the blocks of the page, builds the map, then begins all parts.
(function (ip) {
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
    ip.events(app);
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
    ip.layout(app);
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
      app.emit("layers", layer);
    };
    app.opacity = function (layer, value) { layer.opacity = value; layer.overlay.setOpacity(value); };
    app.home = extent(app);
    app.fit = function (bounds) { fit(app, bounds); };
    map.attributionControl && map.attributionControl.setPrefix(false);
    app.fill(ip.panel(app.page, layers, app));
    map.invalidateSize({ animate: false });
    app.fit(app.home);
    app.canvases.forEach(function (canvas) { canvas.addTo(map); });
    map.on("moveend", function () { app.emit("view"); });
    app.on("filter", app.redraw);
    ip.parts.forEach(function (begin) { begin(app); });
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
})(infraplan);
