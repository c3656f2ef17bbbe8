"use strict";
// Features of the packed layers: their geometry, text and figures, and where they lie. Coordinates
// are whole numbers of layer.step metres in the page's projection.
(function (ip) {
  var BLOCK = 64;
  ip.BLOCK = BLOCK;

  // Prepare a packed layer for drawing: where each feature's vertices begin, and its bounds. A layer
  // that is another one in other colours takes everything but its categories from that one.
  ip.prepare = function (layer, header, base) {
    var a = header.arrays;
    layer.category = a.category;
    layer.hidden = layer.hidden || {};
    if (base) {
      ["step", "columns", "codes", "fields", "heading", "label", "search", "filters", "numbers", "figures", "x", "y", "sizes",
        "firstPart", "firstVertex", "bounds", "blocks", "turn", "labelX", "labelY", "weight", "weighed", "azimuth", "firstSector"
      ].forEach(function (key) { layer[key] = base[key]; });
      return layer;
    }
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
    layer.x = a.x;
    layer.y = a.y;
    if (layer.kind === "point") points(layer, a);
    else chains(layer, a);
    layer.blocks = blocks(layer);
    return layer;
  };

  function points(layer, a) {
    var count = layer.count, b = layer.bounds = new Int32Array(4 * count);
    for (var i = 0; i < count; i++) {
      b[4 * i] = b[4 * i + 2] = a.x[i];
      b[4 * i + 1] = b[4 * i + 3] = a.y[i];
    }
    beside(layer);
    if (!a.sectors) return;
    layer.azimuth = a.azimuth;
    layer.firstSector = sums(a.sectors);
  }

  function sums(sizes) {
    var out = new Int32Array(sizes.length + 1);
    for (var n = 0; n < sizes.length; n++) out[n + 1] = out[n] + sizes[n];
    return out;
  }

  function chains(layer, a) {
    var count = layer.count, x = a.x, y = a.y;
    layer.sizes = a.sizes;
    layer.firstPart = sums(a.parts);
    layer.firstVertex = sums(a.sizes);
    layer.bounds = new Int32Array(4 * count);
    for (var f = 0; f < count; f++) {
      var end = layer.firstVertex[layer.firstPart[f + 1]];
      var west = 2147483647, south = west, east = -west, north = -west;
      for (var v = layer.firstVertex[layer.firstPart[f]]; v < end; v++) {
        if (x[v] < west) west = x[v];
        if (x[v] > east) east = x[v];
        if (y[v] < south) south = y[v];
        if (y[v] > north) north = y[v];
      }
      layer.bounds[4 * f] = west;
      layer.bounds[4 * f + 1] = south;
      layer.bounds[4 * f + 2] = east;
      layer.bounds[4 * f + 3] = north;
    }
    layer.labelX = a.labelX;
    layer.labelY = a.labelY;
    layer.weight = new Uint8Array(x.length);
    layer.weighed = new Uint8Array(Math.ceil(count / BLOCK));
  }

  // Bounds of every 64 features. Large layers come sorted along a Hilbert curve, so that most blocks
  // lie wholly outside a view and cost one comparison.
  function blocks(layer) {
    var b = layer.bounds, out = new Int32Array(4 * Math.ceil(layer.count / BLOCK));
    for (var f = 0; f < layer.count; f++) {
      var n = 4 * Math.floor(f / BLOCK), m = 4 * f;
      if (f % BLOCK === 0) { for (var k = 0; k < 4; k++) out[n + k] = b[m + k]; continue; }
      out[n] = Math.min(out[n], b[m]);
      out[n + 1] = Math.min(out[n + 1], b[m + 1]);
      out[n + 2] = Math.max(out[n + 2], b[m + 2]);
      out[n + 3] = Math.max(out[n + 3], b[m + 3]);
    }
    return out;
  }

  // The features whose bounds meet a box (west, south, east, north in steps), in order.
  ip.within = function (layer, box) {
    var b = layer.bounds, s = layer.blocks, found = [];
    for (var n = 0; n < s.length; n += 4) {
      if (s[n] > box[2] || s[n + 2] < box[0] || s[n + 1] > box[3] || s[n + 3] < box[1]) continue;
      var from = n / 4 * BLOCK, to = Math.min(layer.count, from + BLOCK);
      for (var f = from, m = 4 * from; f < to; f++, m += 4) {
        if (b[m] <= box[2] && b[m + 2] >= box[0] && b[m + 1] <= box[3] && b[m + 3] >= box[1]) found.push(f);
      }
    }
    return found;
  };

  // ---- which vertices matter ------------------------------------------------------------------
  // A vertex weighs as much as the line moves without it (Douglas and Peucker), on a scale of eighths
  // of a power of two of 5 cm; what moves a line by less than a part of a pixel is not drawn.
  function weightOf(metres) { return Math.max(1, Math.min(254, Math.ceil(8 * Math.log2(metres / 0.05)))); }
  ip.weightOf = weightOf;
  var stack = new Int32Array(3 * 4096), moved = new Float64Array(4096);

  function weigh(layer, from, to) {
    var x = layer.x, y = layer.y, w = layer.weight, top = 0;
    w[from] = w[to] = 255;
    if (to - from < 2) return;
    stack[0] = from;
    stack[1] = to;
    moved[0] = Infinity;
    top = 1;
    while (top) {
      top--;
      var a = stack[2 * top], b = stack[2 * top + 1], limit = moved[top];
      var dx = x[b] - x[a], dy = y[b] - y[a], along = dx * dx + dy * dy, far = -1, at = a + 1;
      for (var v = a + 1; v < b; v++) {
        var px = x[v] - x[a], py = y[v] - y[a], t = along ? (px * dx + py * dy) / along : 0;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        px -= t * dx;
        py -= t * dy;
        var d = px * px + py * py;
        if (d > far) { far = d; at = v; }
      }
      limit = Math.min(limit, Math.sqrt(far));
      w[at] = limit > 0 ? weightOf(limit * layer.step) : 0;
      if (2 * top + 4 > stack.length) {
        var more = new Int32Array(2 * stack.length), wide = new Float64Array(2 * moved.length);
        more.set(stack);
        wide.set(moved);
        stack = more;
        moved = wide;
      }
      if (at - a > 1) { stack[2 * top] = a; stack[2 * top + 1] = at; moved[top++] = limit; }
      if (b - at > 1) { stack[2 * top] = at; stack[2 * top + 1] = b; moved[top++] = limit; }
    }
  }

  // Weigh the vertices of a feature's block before it is drawn for the first time.
  ip.weighed = function (layer, f) {
    var block = Math.floor(f / BLOCK);
    if (layer.weighed[block]) return;
    layer.weighed[block] = 1;
    var to = layer.firstPart[Math.min(layer.count, (block + 1) * BLOCK)];
    for (var p = layer.firstPart[block * BLOCK]; p < to; p++) {
      if (layer.firstVertex[p + 1] > layer.firstVertex[p]) weigh(layer, layer.firstVertex[p], layer.firstVertex[p + 1] - 1);
    }
  };

  // Points at one place (several operators on one mast) are spread on a small ring in close views.
  function beside(layer) {
    var groups = new Map();
    for (var i = 0; i < layer.count; i++) {
      var key = layer.x[i] * 67108864 + layer.y[i];
      if (groups.has(key)) groups.get(key).push(i); else groups.set(key, [i]);
    }
    layer.turn = new Float32Array(layer.count).fill(-1);
    groups.forEach(function (members) {
      if (members.length < 2) return;
      members.forEach(function (i, n) { layer.turn[i] = 2 * Math.PI * n / members.length; });
    });
  }

  // ---- text, figures, places ------------------------------------------------------------------
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

  // ---- what lies at a place -------------------------------------------------------------------
  // The feature of a layer nearest to a place of a view, within `reach` pixels, or -1.
  ip.near = function (layer, view, at, reach) {
    var m = view.of(layer), zoom = view.zoom, x = (at.x - m.x) / m.a, y = (m.y - at.y) / m.a, best = -1, least = Infinity;
    var wide = (reach + (layer.kind === "point" ? 18 : 4)) / m.a, single = ip.clusters(layer, zoom);
    var found = ip.within(layer, [x - wide, y - wide, x + wide, y + wide]);
    for (var n = found.length - 1; n >= 0; n--) {
      var f = found[n], style = layer.styles[layer.category[f]], d;
      if (!ip.seen(layer, f) || zoom < style.min_zoom || (single && single.group[f] >= 0)) continue;
      if (layer.kind === "point") {
        var r = ip.size(style, zoom), xy = ip.place(layer, f, m, r, zoom);
        d = Math.max(0, Math.hypot(xy[0] - at.x, xy[1] - at.y) - r);
      } else if (layer.kind === "line") d = Math.max(0, toLine(layer, f, x, y) * m.a - style.width / 2);
      else if (ip.inside(layer, f, x, y)) return f;
      else continue;
      if (d <= reach && d < least) { least = d; best = f; }
    }
    return best;
  };

  // How far a place is from a line, in the layer's whole numbers.
  function toLine(layer, f, x, y) {
    var least = Infinity, xs = layer.x, ys = layer.y;
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      for (var v = layer.firstVertex[p] + 1; v < layer.firstVertex[p + 1]; v++) {
        var ax = xs[v - 1], ay = ys[v - 1], dx = xs[v] - ax, dy = ys[v] - ay;
        var t = dx || dy ? ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy) : 0;
        t = Math.max(0, Math.min(1, t));
        ax += t * dx - x;
        ay += t * dy - y;
        least = Math.min(least, ax * ax + ay * ay);
      }
    }
    return Math.sqrt(least);
  }
  ip.toLine = toLine;

  // Whether a place lies in a polygon, in the layer's whole numbers.
  ip.inside = function (layer, f, x, y) {
    var b = layer.bounds, odd = false;
    if (x < b[4 * f] || x > b[4 * f + 2] || y < b[4 * f + 1] || y > b[4 * f + 3]) return false;
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      var from = layer.firstVertex[p], to = layer.firstVertex[p + 1];
      for (var v = from, w = to - 1; v < to; w = v++) {
        var yv = layer.y[v], yw = layer.y[w];
        if (yv > y !== yw > y && x < (layer.x[w] - layer.x[v]) * (y - yv) / (yw - yv) + layer.x[v]) odd = !odd;
      }
    }
    return odd;
  };
})(infraplan);
