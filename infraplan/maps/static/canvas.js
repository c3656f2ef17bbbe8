"use strict";
// All vector layers on one canvas, drawn anew after each move. Coordinates are whole numbers in the
// page's projection, so a vertex costs one multiplication and one addition an axis.
(function (ip) {
  var HALF = Math.PI * 6378137;

  // Prepare a packed layer for drawing: where each feature's vertices begin, and its bounds.
  ip.prepare = function (layer, header) {
    var a = header.arrays, count = layer.count;
    layer.step = header.step;
    layer.columns = header.columns;
    layer.fields = header.fields;
    layer.heading = header.heading;
    layer.label = header.label;
    layer.search = header.search;
    layer.codes = header.columns.map(function (_, n) { return a["column" + n]; });
    layer.filters = header.filters;
    layer.numbers = header.numbers;
    layer.figures = header.numbers.map(function (_, n) { return a["number" + n]; });
    layer.category = a.category;
    layer.x = a.x;
    layer.y = a.y;
    layer.hidden = {};
    layer.bounds = new Int32Array(4 * count);
    if (layer.kind === "point") {
      for (var i = 0; i < count; i++) layer.bounds.set([a.x[i], a.y[i], a.x[i], a.y[i]], 4 * i);
      beside(layer);
      return layer;
    }
    layer.sizes = a.sizes;
    layer.firstPart = new Int32Array(count + 1);
    layer.firstVertex = new Int32Array(a.sizes.length + 1);
    for (var f = 0; f < count; f++) layer.firstPart[f + 1] = layer.firstPart[f] + a.parts[f];
    for (var p = 0; p < a.sizes.length; p++) layer.firstVertex[p + 1] = layer.firstVertex[p] + a.sizes[p];
    for (f = 0; f < count; f++) {
      var end = layer.firstVertex[layer.firstPart[f + 1]];
      var west = 2147483647, south = west, east = -west, north = -west;
      for (var v = layer.firstVertex[layer.firstPart[f]]; v < end; v++) {
        if (a.x[v] < west) west = a.x[v];
        if (a.x[v] > east) east = a.x[v];
        if (a.y[v] < south) south = a.y[v];
        if (a.y[v] > north) north = a.y[v];
      }
      layer.bounds.set([west, south, east, north], 4 * f);
    }
    layer.labelX = a.labelX;
    layer.labelY = a.labelY;
    return layer;
  };

  // Points at one place (several operators on one mast) are spread on a small ring in close views.
  function beside(layer) {
    var groups = new Map();
    for (var i = 0; i < layer.count; i++) {
      var key = layer.x[i] + " " + layer.y[i];
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(i);
    }
    layer.turn = new Float32Array(layer.count).fill(-1);
    groups.forEach(function (members) {
      if (members.length < 2) return;
      members.forEach(function (i, n) { layer.turn[i] = 2 * Math.PI * n / members.length; });
    });
  }

  ip.text = function (layer, column, feature) {
    if (column === null || column === undefined) return "";
    return layer.columns[column][layer.codes[column][feature]];
  };

  // A figure of a feature in its unit; null where the data have none.
  ip.MISSING = -2147483648;
  ip.figure = function (layer, key, feature) {
    for (var n = 0; n < layer.numbers.length; n++) {
      if (layer.numbers[n].key !== key) continue;
      var whole = layer.figures[n][feature];
      return whole === ip.MISSING ? null : whole / Math.pow(10, layer.numbers[n].decimals);
    }
    return null;
  };

  // Whether a feature is drawn at all: neither its style nor a filter hides it.
  ip.seen = function (layer, feature) {
    return !layer.hidden[layer.category[feature]] && !(layer.off && layer.off[feature]);
  };

  ip.centre = function (layer, f) {
    var x = layer.x[f], y = layer.y[f];
    if (layer.kind === "polygon") { x = layer.labelX[f]; y = layer.labelY[f]; }
    if (layer.kind === "line") {
      var part = layer.firstPart[f], from = layer.firstVertex[part], to = layer.firstVertex[part + 1];
      var middle = (from + to) >> 1;
      x = layer.x[middle];
      y = layer.y[middle];
    }
    return ip.unproject(x * layer.step, y * layer.step);
  };

  ip.extent = function (layer, f) {
    var b = layer.bounds, s = layer.step;
    return L.latLngBounds(ip.unproject(b[4 * f] * s, b[4 * f + 1] * s), ip.unproject(b[4 * f + 2] * s, b[4 * f + 3] * s));
  };

  ip.unproject = function (x, y) {
    return L.latLng(
      (2 * Math.atan(Math.exp(y / 6378137)) - Math.PI / 2) * 180 / Math.PI, x / 6378137 * 180 / Math.PI
    );
  };

  ip.shown = function (layer, zoom) {
    return layer.shown && layer.x && zoom >= layer.minZoom;
  };

  // Small marks shrink to dots in far views, so that thousands leave the map legible; large ones,
  // which mark what the page is about, hardly do.
  function size(style, zoom) {
    var least = style.radius < 7 ? 0.3 : 0.75;
    return style.radius * Math.max(least, Math.min(1.15, least + (zoom - 8.5) * 0.11));
  }

  function ring(zoom) { return zoom >= 12.5; }

  // How a layer's whole numbers become pixels of the canvas.
  function frame(map, corner) {
    var scale = 256 * Math.pow(2, map.getZoom()) / (2 * HALF), origin = map.getPixelOrigin().add(corner);
    return {
      zoom: map.getZoom(),
      scale: scale,
      of: function (layer) {
        return { a: layer.step * scale, x: HALF * scale - origin.x, y: HALF * scale - origin.y };
      }
    };
  }

  function trace(context, layer, f, m, close) {
    var a = m.a, x = layer.x, y = layer.y;
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      var from = layer.firstVertex[p], to = layer.firstVertex[p + 1] - 1;
      var px = x[from] * a + m.x, py = m.y - y[from] * a;
      context.moveTo(px, py);
      for (var v = from + 1; v <= to; v++) {
        var qx = x[v] * a + m.x, qy = m.y - y[v] * a;
        if (v < to && Math.abs(qx - px) + Math.abs(qy - py) < 0.8) continue;
        context.lineTo(qx, qy);
        px = qx;
        py = qy;
      }
      if (close) context.closePath();
    }
  }

  function mark(context, shape, x, y, r) {
    if (shape === "circle") { context.moveTo(x + r, y); context.arc(x, y, r, 0, 2 * Math.PI); return; }
    var corners = shape === "square" ? [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]]
      : shape === "triangle" ? [[0, -1.15], [1, 0.7], [-1, 0.7]]
      : shape === "cross" ? [[-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35],
        [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35]]
      : [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]];
    corners.forEach(function (c, n) { context[n ? "lineTo" : "moveTo"](x + c[0] * r, y + c[1] * r); });
    context.closePath();
  }
  ip.mark = mark;

  function hatching(context, color) {
    var tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    var c = tile.getContext("2d");
    c.strokeStyle = color;
    c.lineWidth = 1.4;
    c.beginPath();
    c.moveTo(-1, 7); c.lineTo(7, -1); c.moveTo(-1, 1); c.lineTo(1, -1); c.moveTo(5, 7); c.lineTo(7, 5);
    c.stroke();
    return context.createPattern(tile, "repeat");
  }

  function eachSeen(layer, code, seen, act) {
    var b = layer.bounds, c = layer.category, off = layer.off;
    for (var f = 0, n = 0; f < layer.count; f++, n += 4) {
      if (off && off[f]) continue;
      if (c[f] === code && b[n] <= seen[2] && b[n + 2] >= seen[0] && b[n + 1] <= seen[3] && b[n + 3] >= seen[1]) act(f);
    }
  }

  function drawLines(context, layer, code, style, m, seen, zoom) {
    var thin = Math.max(0.45, Math.min(1, (zoom - 7) / 6));
    context.lineJoin = context.lineCap = "round";
    context.beginPath();
    eachSeen(layer, code, seen, function (f) { trace(context, layer, f, m, false); });
    if (style.casing && zoom >= 11) {
      context.setLineDash([]);
      context.strokeStyle = style.casing;
      context.lineWidth = style.width * thin + 2.4;
      context.stroke();
    }
    context.lineCap = style.dash.length ? "butt" : "round";
    context.setLineDash(zoom >= 11 ? style.dash : []);
    context.strokeStyle = style.color;
    context.lineWidth = style.width * thin;
    context.stroke();
    context.setLineDash([]);
  }

  function drawPolygons(context, layer, code, style, m, seen, zoom) {
    var pattern = style.hatch ? hatching(context, style.color) : null;
    context.lineWidth = style.width * Math.max(0.5, Math.min(1, (zoom - 7) / 6));
    context.strokeStyle = style.color;
    context.setLineDash(style.dash);
    eachSeen(layer, code, seen, function (f) {
      context.beginPath();
      trace(context, layer, f, m, true);
      if (style.fill) {
        context.globalAlpha = style.opacity * style.fill_opacity;
        context.fillStyle = style.fill;
        context.fill("evenodd");
      }
      if (pattern) { context.globalAlpha = style.opacity; context.fillStyle = pattern; context.fill("evenodd"); }
      context.globalAlpha = style.opacity;
      if (style.width) context.stroke();
    });
    context.setLineDash([]);
  }

  function place(layer, f, m, radius, zoom) {
    var x = layer.x[f] * m.a + m.x, y = m.y - layer.y[f] * m.a;
    if (layer.turn[f] >= 0 && ring(zoom)) {
      x += Math.sin(layer.turn[f]) * radius * 1.05;
      y -= Math.cos(layer.turn[f]) * radius * 1.05;
    }
    return [x, y];
  }

  function drawPoints(context, layer, code, style, m, seen, zoom) {
    var radius = size(style, zoom);
    context.beginPath();
    eachSeen(layer, code, seen, function (f) {
      var xy = place(layer, f, m, radius, zoom);
      mark(context, style.shape, xy[0], xy[1], radius);
    });
    context.fillStyle = style.fill || style.color;
    context.fill();
    if (radius > 2.4) {
      context.strokeStyle = style.fill ? style.color : "#ffffff";
      context.lineWidth = style.fill ? style.width : Math.min(1.4, radius / 4);
      context.stroke();
    }
  }

  var DRAW = { line: drawLines, polygon: drawPolygons, point: drawPoints };

  ip.Canvas = L.Renderer.extend({
    initialize: function (layers, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._drawn = layers;
      this.chosen = null;
    },
    _initContainer: function () {
      this._container = document.createElement("canvas");
      this._container.className = "ip-canvas";
      this._context = this._container.getContext("2d");
    },
    _destroyContainer: function () { L.DomUtil.remove(this._container); },
    _updatePaths: function () {},
    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      var span = this._bounds.getSize(), canvas = this._container;
      canvas.style.width = span.x + "px";
      canvas.style.height = span.y + "px";
      L.DomUtil.setPosition(canvas, this._bounds.min);
      this.draw();
    },
    draw: function () {
      var context = this._context, ratio = ip.ratio || window.devicePixelRatio || 1, span = this._bounds.getSize();
      var view = frame(this._map, this._bounds.min), zoom = view.zoom, labels = [];
      // Giving the size anew clears the canvas.
      this._container.width = Math.round(span.x * ratio);
      this._container.height = Math.round(span.y * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this._drawn.forEach(function (layer) {
        if (!ip.shown(layer, zoom)) return;
        var m = view.of(layer), rim = 24;
        var seen = [(-rim - m.x) / m.a, (m.y - span.y - rim) / m.a, (span.x + rim - m.x) / m.a, (m.y + rim) / m.a];
        layer.styles.forEach(function (style, code) {
          if (layer.hidden[code] || zoom < style.min_zoom) return;
          context.globalAlpha = style.opacity;
          DRAW[layer.kind](context, layer, code, style, m, seen, zoom);
          context.globalAlpha = 1;
          if (layer.label !== null && zoom >= layer.labelZoom) {
            eachSeen(layer, code, seen, function (f) { labels.push([layer, f, style, m]); });
          }
        });
      });
      if (this.options.labels) this._write(context, labels, zoom);
      this._ring(context, view);
    },
    // Labels from the uppermost layer down; one that would cover another is left out.
    _write: function (context, labels, zoom) {
      var taken = [], told = new Set();
      context.textBaseline = "middle";
      context.lineJoin = "round";
      for (var n = labels.length - 1; n >= 0 && taken.length < 400; n--) {
        var layer = labels[n][0], f = labels[n][1], style = labels[n][2], m = labels[n][3];
        var text = ip.text(layer, layer.label, f), point = layer.kind === "point";
        if (!text || (layer.kind === "line" && told.has(text))) continue;
        context.font = (layer.kind === "polygon" ? "600 " : "") + "12px " + ip.FONT;
        var width = context.measureText(text).width, x, y;
        if (point) {
          var r = size(style, zoom), xy = place(layer, f, m, r, zoom);
          x = xy[0] + r + 4;
          y = xy[1];
        } else {
          var c = L.CRS.EPSG3857.project(ip.centre(layer, f)), k = m.a / layer.step;
          x = c.x * k + m.x - width / 2;
          y = m.y - c.y * k;
        }
        var box = [x - 3, y - 9, x + width + 3, y + 9];
        if (taken.some(function (t) { return t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1]; })) continue;
        taken.push(box);
        told.add(text);
        context.strokeStyle = "rgba(255,255,255,.92)";
        context.lineWidth = 3.2;
        context.strokeText(text, x, y);
        context.fillStyle = point ? "#1c2733" : layer.kind === "polygon" ? "#4a5563" : "#5b4a2f";
        context.fillText(text, x, y);
      }
    },
    _ring: function (context, view) {
      if (!this.chosen || this._drawn.indexOf(this.chosen.layer) < 0) return;
      var layer = this.chosen.layer, f = this.chosen.feature, m = view.of(layer);
      context.strokeStyle = "#111111";
      context.lineWidth = 2.5;
      context.beginPath();
      if (layer.kind === "point") {
        var style = layer.styles[layer.category[f]], r = size(style, view.zoom), xy = place(layer, f, m, r, view.zoom);
        context.arc(xy[0], xy[1], r + 4, 0, 2 * Math.PI);
      } else trace(context, layer, f, m, layer.kind === "polygon");
      context.stroke();
    },
    // The uppermost feature within a few pixels of a place, or null.
    hit: function (latlng, reach) {
      var map = this._map, at = map.latLngToLayerPoint(latlng).subtract(this._bounds.min);
      var view = frame(map, this._bounds.min);
      for (var n = this._drawn.length - 1; n >= 0; n--) {
        var layer = this._drawn[n];
        if (!ip.shown(layer, view.zoom) || !(layer.fields.length || layer.heading !== null)) continue;
        var f = near(layer, view.of(layer), at, reach, view.zoom);
        if (f >= 0) return { layer: layer, feature: f };
      }
      return null;
    }
  });

  function near(layer, m, at, reach, zoom) {
    var b = layer.bounds, x = (at.x - m.x) / m.a, y = (m.y - at.y) / m.a, best = -1, least = Infinity;
    var wide = (reach + (layer.kind === "point" ? 18 : 4)) / m.a;
    for (var f = layer.count - 1; f >= 0; f--) {
      var n = 4 * f, style = layer.styles[layer.category[f]];
      if (x < b[n] - wide || x > b[n + 2] + wide || y < b[n + 1] - wide || y > b[n + 3] + wide) continue;
      if (layer.hidden[layer.category[f]] || (layer.off && layer.off[f]) || zoom < style.min_zoom) continue;
      var d;
      if (layer.kind === "point") {
        var r = size(style, zoom), xy = place(layer, f, m, r, zoom);
        d = Math.max(0, Math.hypot(xy[0] - at.x, xy[1] - at.y) - r);
      } else if (layer.kind === "line") d = Math.max(0, toLine(layer, f, x, y) * m.a - style.width / 2);
      else if (inside(layer, f, x, y)) return f;
      else continue;
      if (d <= reach && d < least) { least = d; best = f; }
    }
    return best;
  }

  function toLine(layer, f, x, y) {
    var least = Infinity;
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      for (var v = layer.firstVertex[p] + 1; v < layer.firstVertex[p + 1]; v++) {
        var ax = layer.x[v - 1], ay = layer.y[v - 1], dx = layer.x[v] - ax, dy = layer.y[v] - ay;
        var t = dx || dy ? ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy) : 0;
        t = Math.max(0, Math.min(1, t));
        least = Math.min(least, Math.hypot(ax + t * dx - x, ay + t * dy - y));
      }
    }
    return least;
  }

  function inside(layer, f, x, y) {
    var odd = false;
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      var from = layer.firstVertex[p], to = layer.firstVertex[p + 1];
      for (var v = from, w = to - 1; v < to; w = v++) {
        var yv = layer.y[v], yw = layer.y[w];
        if (yv > y !== yw > y && x < (layer.x[w] - layer.x[v]) * (y - yv) / (yw - yv) + layer.x[v]) odd = !odd;
      }
    }
    return odd;
  }
})(infraplan);
