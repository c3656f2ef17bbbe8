"use strict";
// The application: reads the blocks of the page, builds the map, draws what is shown, reads the rest,
// then begins all parts. All of it a few milliseconds at a time, with a bar that tells what is read.
(function (ip) {
  var make = ip.make, SLICE_MS = 14;

  function rest() { return new Promise(function (resolve) { setTimeout(resolve, 0); }); }

  // The blocks of the page of one kind.
  async function blocks(kind) {
    var nodes = Array.prototype.slice.call(document.querySelectorAll("script." + kind)), found = [], begun = performance.now();
    for (var n = 0; n < nodes.length; n++) {
      found.push(JSON.parse(nodes[n].textContent));
      if (performance.now() - begun > SLICE_MS) { await rest(); begun = performance.now(); }
    }
    return found;
  }

  ip.start = function (map) {
    start(map).catch(function (error) {
      var words = ip.app && ip.app.words, told = (words ? words.failed : "") + " (" + error.message + ")";
      document.body.insertBefore(make("p", { class: "ip-failed", role: "alert", text: told }), document.body.firstChild);
      document.documentElement.setAttribute("data-failed", error.message);
      throw error;
    });
  };

  async function start(map) {
    var page = JSON.parse(document.querySelector("script.infraplan-page").textContent);
    var locale = page.language === "vi" ? "vi-VN" : "en-GB";
    var app = { map: map, page: page, layers: [], words: page.words };
    app.number = function (value, digits) {
      return value.toLocaleString(locale, { minimumFractionDigits: digits || 0, maximumFractionDigits: digits || 0 });
    };
    ip.events(app);
    ip.app = app;
    ip.layout(app);
    var bar = progress(app);
    await rest();
    app.layers = await blocks("infraplan-layer");
    app.layers.forEach(function (layer, n) { layer.number = n; });
    var vectors = app.layers.filter(vector);
    var painter = build(app, vectors);
    await rest();
    var reader = reading(app, vectors, bar);
    await reader(function (layer) { return layer.shown; });
    var painted = settled(app);
    painter.begin();
    await painted;
    stamp("painted");
    await reader(function () { return true; });
    bar.remove();
    ip.parts.forEach(function (begin) { begin(app); });
    if (page.cards) ip.cards(app);
    if (page.choices) ip.streets(app);
    stamp("ready");
  }

  function stamp(what) { document.documentElement.setAttribute("data-" + what, String(Math.round(performance.now()))); }
  function vector(layer) { return layer.kind === "point" || layer.kind === "line" || layer.kind === "polygon"; }

  // Tells what is being read and how much of it is done, by the size of the layers.
  function progress(app) {
    var told = make("span", { text: app.words["engine.reading"] }), done = make("div");
    var bar = make("div", { class: "ip-loading", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0", "aria-label": app.words["engine.reading"] }, [told, make("div", {}, [done])]);
    app.stage.appendChild(bar);
    return {
      tell: function (share, title) {
        told.textContent = ip.fill(app.words["engine.reading_layer"], { layer: title });
        done.style.width = Math.round(100 * share) + "%";
        bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
        bar.setAttribute("aria-valuetext", told.textContent);
      },
      remove: function () { bar.remove(); }
    };
  }

  // Reads the layers that somebody wants, one after the other; one in other colours after its like.
  function reading(app, vectors, bar) {
    var total = vectors.reduce(function (sum, layer) { return sum + layer.data.length; }, 0), done = 0;
    async function read(layer) {
      if (layer.x) return;
      var like = layer.alike && vectors.find(function (other) { return other.name === layer.alike; });
      if (like) await read(like);
      bar.tell(done / total, layer.title);
      var header = await ip.unpack(layer.data);
      done += layer.data.length;
      delete layer.data;
      ip.prepare(layer, header, like);
      await rest();
      if (document.documentElement.hasAttribute("data-painted") && layer.shown) app.redraw();
    }
    return async function (wanted) {
      for (;;) {
        // what the reader has asked for meanwhile comes first
        var open = vectors.filter(function (layer) { return !layer.x && wanted(layer); });
        if (!open.length) return;
        await read(open.find(function (layer) { return layer.shown; }) || open[0]);
      }
    };
  }

  // Resolves when the view is complete, its pictures too, and on the screen.
  function settled(app) {
    var pictures = app.layers.filter(function (layer) { return layer.overlay && layer.shown; });
    var loaded = pictures.map(function (layer) {
      if (layer.decoding) return layer.decoding; // a raster that the page itself reads and paints
      var image = layer.overlay.getElement && layer.overlay.getElement();
      return image && image.decode ? image.decode().catch(function () { return null; }) : null;
    });
    var drawn = new Promise(function (resolve) { app.on("still", resolve); });
    return Promise.all(loaded.concat(drawn, ip.rastersRead(app))).then(function () {
      if (document.hidden) return rest();
      return new Promise(function (resolve) { requestAnimationFrame(function () { setTimeout(resolve, 0); }); });
    });
  }

  function build(app, vectors) {
    var map = app.map, layers = app.layers;
    [["relief", 210], ["raster", 260]].forEach(function (pane) {
      var element = map.createPane("ip-" + pane[0]);
      element.style.zIndex = pane[1];
      element.style.pointerEvents = "none";
    });
    var painter = ip.painter(app, vectors);
    layers.forEach(function (layer) { if (!vector(layer)) picture(app, layer); });
    app.show = function (layer, on) {
      if (on && layer.choice) {
        layers.forEach(function (other) { if (other !== layer && other.choice === layer.choice && other.shown) set(app, other, false); });
      }
      set(app, layer, on);
      app.redraw();
      app.emit("layers", layer);
    };
    app.opacity = function (layer, value) { layer.opacity = value; layer.overlay.setOpacity(value); };
    app.home = extent(app, vectors);
    app.fit = function (bounds) { fit(app, bounds); };
    map.attributionControl && map.attributionControl.setPrefix(false);
    app.fill(ip.panel(app.page, layers, app)); // before the map is fitted to the room that is left
    map.invalidateSize({ animate: false });
    app.fit(app.home);
    map.on("moveend", function () { app.emit("view"); });
    app.on("filter", app.redraw);
    return painter;
  }

  function set(app, layer, on) {
    layer.shown = on;
    if (layer.overlay) layer.overlay[on ? "addTo" : "removeFrom"](app.map);
    if (layer.control) layer.control();
  }

  function picture(app, layer) {
    if (layer.kind === "raster") { ip.rasterLayer(app, layer); return; }
    var b = layer.bounds;
    var bounds = L.latLngBounds(ip.unproject(b[0], b[1]), ip.unproject(b[2], b[3]));
    layer.overlay = L.imageOverlay(layer.data, bounds, {
      pane: "ip-relief", opacity: layer.opacity, alt: layer.title
    });
    if (layer.shown) layer.overlay.addTo(app.map);
  }

  // The area to show first: of the layers that are told to be its frame, else of everything.
  function extent(app, vectors) {
    var bounds = L.latLngBounds([]), drawn = vectors.filter(function (layer) { return !layer.under; });
    var framed = drawn.filter(function (layer) { return layer.name === app.page.frame; });
    (framed.length ? framed : drawn).forEach(function (layer) {
      var e = layer.extent;
      bounds.extend(ip.unproject(e[0], e[1])).extend(ip.unproject(e[2], e[3]));
    });
    app.layers.forEach(function (layer) { if (!bounds.isValid() && layer.overlay) bounds.extend(layer.overlay.getBounds()); });
    return bounds.isValid() ? bounds : L.latLngBounds([[8, 102], [23.5, 110]]);
  }

  function fit(app, bounds) { app.map.fitBounds(bounds, { animate: false, padding: [14, 14], maxZoom: 17 }); }
})(infraplan);
