"use strict";
// Rasters of classes: decoded when first shown, painted pixel by pixel from their own grid, told
// exactly at a click. Every pixel has the colour of a class: far views are painted from coarser
// fields that keep the share of each class, see `ip.coarser`.
(function (ip) {
  var make = ip.make, SLICE_MS = 12, KEPT = 40e6, STRIPE = 8, BAND = 96; // rows painted at once

  function bytes(text) {
    var raw = atob(text), made = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) made[i] = raw.charCodeAt(i);
    return made;
  }

  // Let the page breathe, then go on; a message comes sooner than the shortest timer.
  function soon(act) {
    var channel = new MessageChannel();
    channel.port1.onmessage = function () { channel.port1.close(); act(); };
    channel.port2.postMessage(0);
  }

  // The fields of a layer, finest first; decoded in slices at the first call, then kept until room
  // is needed for others.
  function fields(app, layer) {
    if (layer.decoding) return layer.decoding;
    var grid = layer.grid, other = grid.reference === null ? null : named(app, grid.reference);
    layer.decoding = (other ? fields(app, other) : Promise.resolve(null)).then(function (reference) {
      return new Promise(function (done, failed) {
        var source = ip.classes(bytes(layer.data), grid.rows, grid.columns, grid.many, grid.square, reference && reference[0]);
        var made = null;
        function slice() {
          try {
            if (!made) {
              var share = source.step(SLICE_MS);
              tell(app, layer, share);
              if (share === 1) made = [source];
            } else {
              var last = made[made.length - 1];
              if (last.rows > 64 && last.columns > 64) made.push(ip.coarser(last));
              else { layer.fields_ = made; tell(app, layer, null); release(app, layer); done(made); return; }
            }
            soon(slice);
          } catch (error) { failed(error); }
        }
        slice();
      });
    });
    return layer.decoding;
  }

  function named(app, name) {
    return app.layers.find(function (layer) { return layer.name === name && layer.kind === "raster"; });
  }

  // Forget the fields of layers that are not shown, those used longest ago first.
  function release(app, layer) {
    var held = app.decoded = (app.decoded || []).filter(function (other) { return other !== layer; });
    held.push(layer);
    var cells = held.reduce(function (sum, other) { return sum + other.grid.rows * other.grid.columns; }, 0);
    for (var i = 0; i < held.length && cells > KEPT;) {
      if (held[i].shown || held[i].swiped || held[i] === layer) { i++; continue; }
      cells -= held[i].grid.rows * held[i].grid.columns;
      held[i].fields_ = held[i].decoding = null;
      held.splice(i, 1);
    }
  }

  function tell(app, layer, share) {
    app.emit("decoding", { layer: layer, share: share });
    if (share === null) document.documentElement.setAttribute("data-raster", layer.name);
  }

  // Column and row of a place in the page's projection, by the mesh of the layer.
  function onMesh(layer, x, y) {
    var m = layer.grid.mesh, b = layer.bounds, n = m.length - 1, k = m[0].length - 1;
    var u = (x - b[0]) / (b[2] - b[0]) * k, v = (b[3] - y) / (b[3] - b[1]) * n;
    if (u < 0 || v < 0 || u > k || v > n) return null;
    var i = Math.min(n - 1, Math.floor(v)), j = Math.min(k - 1, Math.floor(u));
    u -= j;
    v -= i;
    return [0, 1].map(function (axis) {
      return (m[i][j][axis] * (1 - u) + m[i][j + 1][axis] * u) * (1 - v) + (m[i + 1][j][axis] * (1 - u) + m[i + 1][j + 1][axis] * u) * v;
    });
  }

  // Column and row of a place, exactly where the page knows the projection of the raster.
  ip.cellAt = function (layer, latlng) {
    var g = layer.grid, p = L.CRS.EPSG3857.project(latlng), near = onMesh(layer, p.x, p.y), known = ip.app.page.projection;
    if (!near || !known) return near;
    var xy = ip.project(latlng.lng, latlng.lat, known);
    var exact = [(xy[0] - g.west) / g.cell, (g.north - xy[1]) / g.cell];
    return Math.hypot(exact[0] - near[0], exact[1] - near[1]) < 0.5 ? exact : near; // else it is another's
  };

  // The words of a raster's class at a place; "" outside, or before it has been decoded.
  ip.valueAt = function (layer, latlng) {
    if (!layer.fields_) return "";
    var at = ip.cellAt(layer, latlng), g = layer.grid;
    if (!at) return "";
    var column = Math.floor(at[0]), row = Math.floor(at[1]);
    if (column < 0 || row < 0 || column >= g.columns || row >= g.rows) return "";
    var style = layer.styles[layer.fields_[0].codes[row * g.columns + column] - 1];
    return style ? style.label : "";
  };

  // The rasters that a click is told of; a divider tells of one side only.
  ip.part(function (app) {
    app.rastersAt = function () {
      return app.layers.filter(function (layer) { return layer.kind === "raster" && layer.shown; });
    };
  });

  function rgba(color, alpha) {
    var v = parseInt(color.slice(1), 16);
    return ((alpha << 24) | ((v & 255) << 16) | (v & 0xff00) | (v >> 16)) >>> 0;
  }

  // Paint a view of a raster: `view` has the corner of the picture in the page's projection, the
  // size of a pixel in metres, and where the corner lies among all pixels, for the stripes.
  ip.paintRaster = function (layer, fields, view, picture) {
    var pixels = new Uint32Array(picture.data.buffer), width = picture.width, height = picture.height;
    var m = layer.grid.mesh, b = layer.bounds, lines = m.length - 1, across = m[0].length - 1;
    var stepX = (b[2] - b[0]) / across, stepY = (b[3] - b[1]) / lines;
    var cell = (b[2] - b[0]) / Math.hypot(m[0][across][0] - m[0][0][0], m[0][across][1] - m[0][0][1]);
    var level = Math.max(0, Math.min(fields.length - 1, Math.round(Math.log2(view.pixel / cell))));
    var field = fields[level], codes = field.codes, rows = field.rows, columns = field.columns, scale = 1 / (1 << level);
    var colors = new Uint32Array(256), unknown = -1;
    layer.styles.forEach(function (style, n) {
      if (layer.hidden && layer.hidden[n]) return;
      colors[n + 1] = style.hatch ? rgba("#d9d9d9", 150) : rgba(style.color, 255);
      if (style.hatch) unknown = n + 1;
    });
    var stripe = unknown < 0 ? 0 : rgba(layer.styles[unknown - 1].color, 255);
    var firstY = Math.max(0, Math.ceil((view.north - b[3]) / view.pixel - 0.5)), lastY = Math.min(height, Math.floor((view.north - b[1]) / view.pixel + 0.5));
    for (var py = firstY; py < lastY; py++) {
      var v = (b[3] - view.north + (py + 0.5) * view.pixel) / stepY, i = Math.max(0, Math.min(lines - 1, Math.floor(v)));
      v -= i;
      for (var j = 0; j < across; j++) {
        var west = (b[0] + j * stepX - view.west) / view.pixel - 0.5, parts = stepX / view.pixel;
        var from = Math.max(0, Math.ceil(west)), to = Math.min(width, Math.ceil(west + parts));
        if (from >= to) continue;
        var a = m[i][j], c = m[i][j + 1], d = m[i + 1][j], e = m[i + 1][j + 1];
        var column = (a[0] + (d[0] - a[0]) * v) * scale, row = (a[1] + (d[1] - a[1]) * v) * scale;
        var right = ((c[0] + (e[0] - c[0]) * v) * scale - column) / parts, down = ((c[1] + (e[1] - c[1]) * v) * scale - row) / parts;
        column += right * (from - west);
        row += down * (from - west);
        for (var px = from, at = py * width + from; px < to; px++, at++, column += right, row += down) {
          if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
          var code = codes[(row | 0) * columns + (column | 0)];
          if (!code) continue;
          pixels[at] = code === unknown && ((px + view.x + py + view.y) & (STRIPE - 1)) < STRIPE / 3 ? stripe : colors[code];
        }
      }
    }
  };

  var Overlay = L.Renderer.extend({
    initialize: function (app, layer, pane) {
      L.Renderer.prototype.initialize.call(this, { pane: pane, padding: 0.2 });
      this._app = app;
      this._shows = layer;
    },
    _initContainer: function () {
      this._container = document.createElement("canvas");
      this._container.className = "ip-canvas ip-raster";
      this._container.style.opacity = this._shows.opacity;
    },
    _destroyContainer: function () { L.DomUtil.remove(this._container); delete this._container; },
    _updatePaths: function () {},
    // Leaflet places a canvas between pixels after a new view, which blurs it.
    _updateTransform: function (centre, zoom) {
      L.Renderer.prototype._updateTransform.call(this, centre, zoom);
      if (zoom === this._zoom) L.DomUtil.setPosition(this._container, this._bounds.min);
    },
    onAdd: function (map) {
      L.Renderer.prototype.onAdd.call(this, map);
      map.on("move", this._follow, this);
      var self = this;
      fields(this._app, this._shows).then(function () { if (self._map) self.draw(); });
    },
    onRemove: function (map) {
      map.off("move", this._follow, this);
      L.Renderer.prototype.onRemove.call(this);
    },
    // While the map is dragged the canvas moves with it; it is painted anew when its rim shows.
    _follow: function () {
      var size = this._map.getSize(), corner = this._map.containerPointToLayerPoint([0, 0]);
      if (this._map._animatingZoom || !this._bounds) return;
      if (!this._bounds.contains(L.bounds(corner, corner.add(size)))) this._update();
    },
    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this.draw();
    },
    draw: function () {
      var canvas = this._container, span = this._bounds.getSize(), map = this._map;
      var ratio = Math.min(2, window.devicePixelRatio || 1), width = Math.round(span.x * ratio), height = Math.round(span.y * ratio);
      // exactly its own pixels: a canvas stretched by a part of one looks different after each move
      canvas.style.width = width / ratio + "px";
      canvas.style.height = height / ratio + "px";
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      var context = canvas.getContext("2d");
      context.clearRect(0, 0, width, height);
      if (!this._shows.fields_) return;
      var corner = map.getPixelOrigin().add(this._bounds.min), half = Math.PI * 6378137;
      var metres = 2 * half / (256 * Math.pow(2, map.getZoom()));
      // A picture of the whole view for each move would be megabytes that wait to be swept.
      if (!this._band || this._band.width !== width) this._band = context.createImageData(width, BAND);
      var pixels = new Uint32Array(this._band.data.buffer);
      for (var top = 0; top < height; top += BAND) {
        pixels.fill(0);
        ip.paintRaster(this._shows, this._shows.fields_, {
          west: corner.x * metres - half, north: half - corner.y * metres - top * metres / ratio, pixel: metres / ratio,
          x: Math.round(corner.x * ratio), y: Math.round(corner.y * ratio) + top
        }, this._band);
        context.putImageData(this._band, 0, top);
      }
    },
    setOpacity: function (value) { if (this._container) this._container.style.opacity = value; },
    getBounds: function () {
      var b = this._shows.bounds;
      return L.latLngBounds(ip.unproject(b[0], b[1]), ip.unproject(b[2], b[3]));
    }
  });

  // Make what shows a raster; it is decoded when it is first shown.
  ip.rasterLayer = function (app, layer) {
    layer.overlay = new Overlay(app, layer, "ip-raster");
    if (layer.shown) layer.overlay.addTo(app.map);
  };
  ip.rasterFields = fields;
  // Resolves when every raster that is shown can be painted.
  ip.rastersRead = function (app) {
    return Promise.all(app.layers.filter(function (layer) { return layer.kind === "raster" && layer.shown; }).map(function (layer) { return fields(app, layer); }));
  };
  ip.RasterOverlay = Overlay;

  ip.km2 = function (km2, app) {
    return ip.fill(app.words["rasters.km2"], { area: app.number(km2, km2 < 9.95 ? 1 : 0) });
  };

  // Two lists that choose which of several rasters is shown, with its legend below them; nothing
  // where a group has no such rasters.
  ip.rasterChooser = function (layers, app) {
    var all = layers.filter(function (layer) { return layer.kind === "raster" && layer.picks; });
    if (!all.length) return null;
    var words = app.words, current = all.find(function (layer) { return layer.shown; }) || all[0];
    var box = make("input", { type: "checkbox", id: "ip-layer-" + all[0].choice, checked: current.shown });
    var title = make("label", { for: box.id, class: "ip-layer-title", text: words["rasters.show"] });
    var lists = ["rasters.technology", "rasters.operator"].map(function (key, axis) {
      var names = all.map(function (layer) { return layer.picks[axis]; }).filter(function (name, n, every) { return every.indexOf(name) === n; });
      if (!axis) names.sort();
      var list = make("select", { id: "ip-pick-" + axis, class: "ip-pick" }, names.map(function (name) { return make("option", { value: name, text: name }); }));
      list.addEventListener("change", function () { pick(axis); });
      return list;
    });
    var status = make("p", { class: "ip-note", role: "status" }), below = make("div", { class: "ip-below" });
    var item = make("div", { class: "ip-layer ip-chooser" }, [
      make("div", { class: "ip-layer-head" }, [box, title]),
      make("div", { class: "ip-picks" }, lists.map(function (list, axis) {
        return make("label", { class: "ip-pick-label" }, [make("span", { text: words[axis ? "rasters.operator" : "rasters.technology"] }), list]);
      })),
      status, below
    ]);
    // The raster of what is chosen; where it is not there, what was chosen last is kept.
    function pick(axis) {
      var wanted = lists.map(function (list) { return list.value; });
      var fitting = all.filter(function (layer) { return layer.picks[axis] === wanted[axis]; });
      current = fitting.find(function (layer) { return layer.picks[1 - axis] === wanted[1 - axis]; }) || fitting[0];
      app.show(current, true);
    }
    function refresh() {
      var shown = all.find(function (layer) { return layer.shown; });
      if (shown) current = shown;
      box.checked = Boolean(shown);
      item.classList.toggle("ip-off", !shown);
      lists.forEach(function (list, axis) {
        list.value = current.picks[axis];
        Array.prototype.forEach.call(list.options, function (option) {
          option.disabled = axis === 1 && !all.some(function (layer) { return layer.picks[0] === current.picks[0] && layer.picks[1] === option.value; });
        });
      });
      below.textContent = "";
      below.hidden = !shown;
      if (!shown) return;
      var slider = make("input", { type: "range", min: "0.1", max: "1", step: "0.05", value: String(current.opacity), "aria-label": words["rasters.opacity"], title: words["rasters.opacity"] });
      slider.addEventListener("input", function () { all.forEach(function (layer) { app.opacity(layer, Number(slider.value)); }); });
      [ip.legend(current, app), make("div", { class: "ip-slider" }, [slider]), current.note ? make("p", { class: "ip-note", text: current.note }) : null].forEach(function (part) {
        if (part) below.appendChild(part);
      });
    }
    box.addEventListener("change", function () { app.show(current, box.checked); });
    all.forEach(function (layer) { layer.control = refresh; });
    app.on("decoding", function (event) {
      if (!event.layer.picks) return;
      var share = event.share === null ? "" : ip.fill(words["rasters.decoding"], { share: app.number(100 * event.share) });
      if (status.textContent !== share) status.textContent = share;
    });
    refresh();
    return item;
  };
  ip.groupHook = function (app, group) { return ip.rasterChooser(group.layers, app); };
})(infraplan);
