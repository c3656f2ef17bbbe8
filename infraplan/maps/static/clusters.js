"use strict";
// Points in groups when far: each a ring of the colours of its members, their number inside.
(function (ip) {
  var REACH = 42; // px about its first member that a group gathers
  var STEP = 0.5; // of a zoom, within which groups stay the same

  // The groups of a layer at a zoom, null where its points are drawn one by one. `group` tells for
  // each feature the number of its group, -1 where it stands alone or is hidden.
  ip.clusters = function (layer, zoom) {
    if (layer.kind !== "point" || !layer.clusterZoom || zoom >= layer.clusterZoom || !layer.x) return null;
    var level = Math.floor(zoom / STEP) * STEP;
    layer.clustered = layer.clustered || {};
    if (!layer.clustered[level]) layer.clustered[level] = gathered(layer, level);
    return layer.clustered[level];
  };

  function gathered(layer, level) {
    var count = layer.count, x = layer.x, y = layer.y, group = new Int32Array(count).fill(-1), groups = [];
    var reach = REACH * ip.metres(level) / layer.step, cells = new Map(), taken = new Uint8Array(count);
    function key(i, j) { return i * 4194304 + j; }
    for (var f = 0; f < count; f++) {
      if (!ip.seen(layer, f)) continue;
      var at = key(Math.floor(x[f] / reach), Math.floor(y[f] / reach));
      if (cells.has(at)) cells.get(at).push(f); else cells.set(at, [f]);
    }
    for (f = 0; f < count; f++) {
      if (taken[f] || !ip.seen(layer, f)) continue;
      var members = [], sx = 0, sy = 0, ci = Math.floor(x[f] / reach), cj = Math.floor(y[f] / reach);
      for (var i = ci - 1; i <= ci + 1; i++) {
        for (var j = cj - 1; j <= cj + 1; j++) {
          (cells.get(key(i, j)) || []).forEach(function (g) {
            if (taken[g] || Math.hypot(x[g] - x[f], y[g] - y[f]) > reach) return;
            taken[g] = 1;
            members.push(g);
            sx += x[g];
            sy += y[g];
          });
        }
      }
      if (members.length < 2) continue;
      var parts = new Array(layer.styles.length).fill(0);
      members.forEach(function (g) { group[g] = groups.length; parts[layer.category[g]]++; });
      groups.push({ x: sx / members.length, y: sy / members.length, members: members, parts: parts, radius: radius(members.length) });
    }
    return { group: group, groups: groups };
  }

  function radius(count) { return Math.min(22, 8 + 2.1 * Math.log2(count)); }

  ip.drawCluster = function (context, layer, entry, m) {
    var x = entry.x * m.a + m.x, y = m.y - entry.y * m.a, r = entry.radius, turn = -Math.PI / 2, count = entry.members.length;
    context.fillStyle = "#ffffff";
    context.beginPath();
    context.arc(x, y, r + 1.5, 0, 2 * Math.PI);
    context.fill();
    entry.parts.forEach(function (part, code) {
      if (!part) return;
      var end = turn + 2 * Math.PI * part / count, style = layer.styles[code];
      context.fillStyle = style.fill || style.color;
      context.beginPath();
      context.moveTo(x, y);
      context.arc(x, y, r, turn, end);
      context.closePath();
      context.fill();
      turn = end;
    });
    context.fillStyle = "#ffffff";
    context.beginPath();
    context.arc(x, y, r - Math.max(3, r * 0.24), 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = "#1c2733";
    context.font = "600 " + (count > 999 ? 10 : r > 13 ? 11.5 : 10) + "px " + ip.FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(ip.app.number(count), x, y + 0.5);
    context.textAlign = "left";
  };

  // The group at a place of a view, or null.
  ip.clusterAt = function (layer, view, at) {
    var found = ip.clusters(layer, view.zoom), m = view.of(layer), best = null;
    if (found) found.groups.forEach(function (entry) {
      if (Math.hypot(entry.x * m.a + m.x - at.x, m.y - entry.y * m.a - at.y) <= entry.radius + 2) best = entry;
    });
    return best;
  };

  ip.clusterBounds = function (layer, entry) {
    var bounds = L.latLngBounds([]);
    entry.members.forEach(function (f) { bounds.extend(ip.centre(layer, f)); });
    return bounds;
  };
})(infraplan);
