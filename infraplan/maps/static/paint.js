"use strict";
// Drawing layers into a rectangle of the map. What is drawn at a place depends on the zoom and the
// data alone, never on the rectangle, so that neighbouring rectangles meet without a seam. Work is
// done in steps (generators), because a canvas without graphics hardware paints tens of thousands of
// lines for longer than a frame may last.
(function (ip) {
  var HALF = Math.PI * 6378137;
  var LINE_PX = 0.6, RING_PX = 0.4; // movement of an outline that nobody sees
  var UNIT = 2200; // vertices painted between two looks at the clock

  // Metres of the projection that a pixel covers.
  ip.metres = function (zoom) { return 2 * HALF / (256 * Math.pow(2, zoom)); };

  // A rectangle of the map at a zoom: its west and north edge in pixels of the world.
  ip.view = function (zoom, west, north, width, height) {
    var scale = 1 / ip.metres(zoom);
    return {
      zoom: zoom, width: width, height: height, metres: 1 / scale,
      // How a layer's whole numbers become pixels of the rectangle.
      of: function (layer) { return { a: layer.step * scale, x: HALF * scale - west, y: HALF * scale - north }; },
      // The part of a layer that the rectangle shows, with a rim.
      box: function (m, rim) {
        return [(-rim - m.x) / m.a, (m.y - height - rim) / m.a, (width + rim - m.x) / m.a, (m.y + rim) / m.a];
      }
    };
  };

  // Small marks shrink to dots in far views, so that thousands leave the map legible; large ones,
  // which mark what the page is about, hardly do.
  ip.size = function (style, zoom) {
    var least = style.radius < 7 ? 0.3 : 0.75;
    return style.radius * Math.max(least, Math.min(1.15, least + (zoom - 8.5) * 0.11));
  };

  function spread(zoom) { return zoom >= 12.5; }

  ip.place = function (layer, f, m, radius, zoom) {
    var x = layer.x[f] * m.a + m.x, y = m.y - layer.y[f] * m.a;
    if (layer.turn[f] >= 0 && spread(zoom)) {
      x += Math.sin(layer.turn[f]) * radius * 1.05;
      y -= Math.cos(layer.turn[f]) * radius * 1.05;
    }
    return [x, y];
  };

  // Add a feature to the path. Vertices that lie beyond one edge together with the last one drawn are
  // passed over: nothing of them can be seen, and what the outline encloses stays the same.
  function trace(context, layer, f, m, view, least, close) {
    var a = m.a, ox = m.x, oy = m.y, x = layer.x, y = layer.y, w = layer.weight, count = 0;
    var low = -16, right = view.width + 16, bottom = view.height + 16;
    ip.weighed(layer, f);
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      var from = layer.firstVertex[p], to = layer.firstVertex[p + 1];
      if (to <= from) continue;
      var px = x[from] * a + ox, py = oy - y[from] * a, waiting = false;
      var last = (px < low ? 1 : px > right ? 2 : 0) | (py < low ? 4 : py > bottom ? 8 : 0), beyond = last;
      context.moveTo(px, py);
      for (var v = from + 1; v < to; v++) {
        if (w[v] < least) continue;
        var qx = x[v] * a + ox, qy = oy - y[v] * a;
        var side = (qx < low ? 1 : qx > right ? 2 : 0) | (qy < low ? 4 : qy > bottom ? 8 : 0);
        if (beyond & side) { beyond &= side; waiting = true; }
        else {
          if (waiting) { context.lineTo(px, py); count++; beyond = last; }
          waiting = (beyond & side) > 0;
          if (!waiting) { context.lineTo(qx, qy); count++; }
          beyond = waiting ? beyond & side : side;
        }
        px = qx;
        py = qy;
        last = side;
      }
      if (waiting) context.lineTo(px, py);
      if (close) context.closePath();
    }
    return count + 2;
  }
  ip.trace = trace;

  // Stroke a feature in dashes, which go on from one rectangle to the next: each visible run begins
  // at the length that the line has come.
  function dashed(context, layer, f, m, view, least, dash) {
    var a = m.a, x = layer.x, y = layer.y, w = layer.weight, period = 2 * dash.reduce(function (s, d) { return s + d; }, 0), count = 0;
    var low = -16, right = view.width + 16, bottom = view.height + 16;
    ip.weighed(layer, f);
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      var from = layer.firstVertex[p], to = layer.firstVertex[p + 1], run = false, length = 0;
      var px = x[from] * a + m.x, py = m.y - y[from] * a;
      for (var v = from + 1; v < to; v++) {
        if (w[v] < least) continue;
        var qx = x[v] * a + m.x, qy = m.y - y[v] * a;
        var out = (px < low && qx < low) || (px > right && qx > right) || (py < low && qy < low) || (py > bottom && qy > bottom);
        if (!out) {
          if (!run) {
            run = true;
            context.beginPath();
            context.lineDashOffset = length % period;
            context.moveTo(px, py);
          }
          context.lineTo(qx, qy);
          count++;
        } else if (run) { context.stroke(); run = false; }
        length += Math.hypot(qx - px, qy - py);
        px = qx;
        py = qy;
      }
      if (run) context.stroke();
    }
    context.lineDashOffset = 0;
    return count + 4;
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

  var hatches = {};
  function hatching(context, color) {
    if (hatches[color]) return hatches[color];
    var tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    var c = tile.getContext("2d");
    c.strokeStyle = color;
    c.lineWidth = 1.4;
    c.beginPath();
    c.moveTo(-1, 7); c.lineTo(7, -1); c.moveTo(-1, 1); c.lineTo(1, -1); c.moveTo(5, 7); c.lineTo(7, 5);
    c.stroke();
    hatches[color] = context.createPattern(tile, "repeat");
    return hatches[color];
  }

  // Act on the seen features of a style in runs that end where blocks of features end, whatever the
  // rectangle: what overlaps then lies in one order everywhere. Stops after each run of some length.
  function* runs(layer, code, found, begin, act, end) {
    var c = layer.category, block = -1, open = false, work = 0;
    for (var n = 0; n < found.length; n++) {
      var f = found[n];
      if (c[f] !== code || (layer.off && layer.off[f])) continue;
      var mine = Math.floor(f / ip.BLOCK);
      if (mine !== block) {
        if (open) end();
        open = false;
        if (work > UNIT) { work = 0; yield; }
        block = mine;
      }
      if (!open) begin();
      open = true;
      work += act(f);
    }
    if (open) end();
    if (work > UNIT / 4) yield;
  }

  function nothing() { return undefined; }

  function* drawLines(context, layer, code, style, m, view, found) {
    var zoom = view.zoom, thin = Math.max(0.45, Math.min(1, (zoom - 7.5) / 6)), least = ip.weightOf(LINE_PX * view.metres);
    var width = style.width * thin, near = zoom >= 13 || width > 2.2;
    if (zoom < 11.5 && style.width <= 1.6) width = Math.min(width, 1); // hairlines cost a fifth
    var effort = near ? 3 : width > 1 ? 1.5 : 1; // round corners take longest, hairlines least
    context.lineJoin = near ? "round" : "bevel";
    function add(f) { return effort * trace(context, layer, f, m, view, least, false); }
    function begin() { context.beginPath(); }
    if (style.casing && zoom >= 11) {
      context.setLineDash([]);
      context.lineCap = "round";
      yield* runs(layer, code, found, begin, add, function () {
        context.strokeStyle = style.casing;
        context.lineWidth = style.width * thin + 2.4;
        context.stroke();
      });
    }
    context.strokeStyle = style.color;
    context.lineWidth = width;
    if (style.dash.length && zoom >= 11) {
      context.lineCap = "butt";
      context.setLineDash(style.dash);
      yield* runs(layer, code, found, nothing, function (f) { return 3 * dashed(context, layer, f, m, view, least, style.dash); }, nothing);
      context.setLineDash([]);
      return;
    }
    context.lineCap = near ? "round" : "butt";
    context.lineWidth = width;
    context.strokeStyle = style.color;
    yield* runs(layer, code, found, begin, add, function () { context.stroke(); });
  }

  function* drawPolygons(context, layer, code, style, m, view, found) {
    var pattern = style.hatch ? hatching(context, style.color) : null, least = ip.weightOf(RING_PX * view.metres);
    var dash = style.dash.length ? style.dash : null;
    context.lineJoin = "bevel";
    context.lineCap = "butt";
    context.lineWidth = style.width * Math.max(0.5, Math.min(1, (view.zoom - 7) / 6));
    context.strokeStyle = style.color;
    context.setLineDash(dash || []);
    yield* runs(layer, code, found, nothing, function (f) {
      var cost = 8;
      if (style.fill || pattern || !dash) {
        context.beginPath();
        cost += 2 * trace(context, layer, f, m, view, least, true);
      }
      if (style.fill) {
        context.globalAlpha = style.opacity * style.fill_opacity;
        context.fillStyle = style.fill;
        context.fill("evenodd");
      }
      if (pattern) { context.globalAlpha = style.opacity; context.fillStyle = pattern; context.fill("evenodd"); }
      context.globalAlpha = style.opacity;
      if (!style.width) return cost;
      if (dash) cost += 3 * dashed(context, layer, f, m, view, least, dash);
      else context.stroke();
      return cost;
    }, nothing);
    context.setLineDash([]);
  }

  // The sectors of a station: wedges in the direction of their antennas.
  var SECTOR_ZOOM = 13, WEDGE = 32 * Math.PI / 180;
  function wedges(context, layer, f, xy, radius, zoom) {
    var reach = radius + 7 + Math.min(12, 4 * (zoom - SECTOR_ZOOM));
    for (var s = layer.firstSector[f]; s < layer.firstSector[f + 1]; s++) {
      var turn = (layer.azimuth[s] - 90) * Math.PI / 180;
      context.moveTo(xy[0], xy[1]);
      context.arc(xy[0], xy[1], reach, turn - WEDGE, turn + WEDGE);
      context.closePath();
    }
    return 24 * (layer.firstSector[f + 1] - layer.firstSector[f]);
  }

  function* drawPoints(context, layer, code, style, m, view, found) {
    var zoom = view.zoom, radius = ip.size(style, zoom), groups = ip.clusters(layer, zoom);
    if (layer.azimuth && zoom >= SECTOR_ZOOM) {
      yield* runs(layer, code, found, function () { context.beginPath(); }, function (f) {
        return wedges(context, layer, f, ip.place(layer, f, m, radius, zoom), radius, zoom);
      }, function () {
        context.fillStyle = context.strokeStyle = style.fill || style.color;
        context.globalAlpha = 0.28 * style.opacity;
        context.fill();
        context.globalAlpha = 0.8 * style.opacity;
        context.lineWidth = 0.8;
        context.stroke();
        context.globalAlpha = style.opacity;
      });
    }
    yield* runs(layer, code, found, function () { context.beginPath(); }, function (f) {
      if (groups && groups.group[f] >= 0) return 0;
      var xy = ip.place(layer, f, m, radius, zoom);
      mark(context, style.shape, xy[0], xy[1], radius);
      return 24;
    }, function () {
      context.fillStyle = style.fill || style.color;
      context.fill();
      if (radius > 2.4) {
        context.strokeStyle = style.fill ? style.color : "#ffffff";
        context.lineWidth = style.fill ? style.width : Math.min(1.4, radius / 4);
        context.stroke();
      }
    });
  }

  var DRAW = { line: drawLines, polygon: drawPolygons, point: drawPoints };

  // Draw layers into a context whose unit is a pixel of the map; tells whether anything was drawn.
  ip.paint = function* (context, layers, view) {
    var drawn = false;
    for (var n = 0; n < layers.length; n++) {
      var layer = layers[n];
      if (!ip.shown(layer, view.zoom)) continue;
      var m = view.of(layer), found = ip.within(layer, view.box(m, layer.kind === "point" ? 48 : 8));
      for (var code = 0; found.length && code < layer.styles.length; code++) {
        var style = layer.styles[code];
        if (layer.hidden[code] || view.zoom < style.min_zoom) continue;
        drawn = true;
        context.globalAlpha = style.opacity;
        yield* DRAW[layer.kind](context, layer, code, style, m, view, found);
        context.globalAlpha = 1;
      }
      var groups = ip.clusters(layer, view.zoom);
      if (groups) groups.groups.forEach(function (entry) {
        var x = entry.x * m.a + m.x, y = m.y - entry.y * m.a;
        if (x < -26 || y < -26 || x > view.width + 26 || y > view.height + 26) return;
        drawn = true;
        ip.drawCluster(context, layer, entry, m);
      });
    }
    return drawn;
  };

  ip.ring = function (context, layer, f, view) {
    var m = view.of(layer);
    context.strokeStyle = "#111111";
    context.lineWidth = 2.5;
    context.beginPath();
    if (layer.kind === "point") {
      var style = layer.styles[layer.category[f]], r = ip.size(style, view.zoom), xy = ip.place(layer, f, m, r, view.zoom);
      context.arc(xy[0], xy[1], r + 4, 0, 2 * Math.PI);
    } else trace(context, layer, f, m, view, ip.weightOf(RING_PX * view.metres), layer.kind === "polygon");
    context.stroke();
  };
})(infraplan);
