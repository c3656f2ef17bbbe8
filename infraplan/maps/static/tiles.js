"use strict";
// The map's vector layers as tiles: squares of canvas drawn a few milliseconds at a time, nearest to
// the centre first; a rim of tiles about the view is drawn ahead while nothing else is to be done.
// What was drawn stays until what follows is complete. Labels and the ring about the chosen feature
// lie on a canvas of their own over everything, placed once for a view.
(function (ip) {
  var SIZE = 384; // px of a tile: a multiple of the hatching's period
  var MOVING_MS = 5, SPARE_MS = 7, STILL_MS = 20; // how long one frame may draw
  var PRINT_RATIO = 2;

  function ratio() { return window.devicePixelRatio || 1; }

  function canvasOf(width, height, dense) {
    var canvas = document.createElement("canvas");
    canvas.className = "ip-canvas";
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    return canvas;
  }

  // Take a canvas away and give its memory back at once, not when somebody sweeps.
  function drop(canvas) {
    L.DomUtil.remove(canvas);
    canvas.width = canvas.height = 0;
  }

  // A canvas paints what it was told only when it must; reading a pixel makes it do so now, so that
  // the clock tells the truth. Without graphics hardware that is where the time goes.
  function settle(context) { context.getImageData(0, 0, 1, 1); }

  // Make strokes pixels for good: Chromium would else replay what was drawn since a print began, and
  // at a wrong size.
  function fix(context) {
    settle(context);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "rgba(255,255,255,.01)";
    context.fillRect(0, 0, 1, 1);
  }

  function contextOf(canvas, width, height) {
    var context = canvas.getContext("2d", { willReadFrequently: true });
    context.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
    return context;
  }

  // What lies outside the view is kept but not laid out: the browser holds each canvas of a layout a
  // second time, as what is shown of it.
  function lay(tile, isSeen) {
    if (tile.canvas) tile.canvas.style.display = isSeen ? "" : "none";
  }

  function forget(level) {
    L.DomUtil.remove(level.el);
    Array.prototype.forEach.call(level.el.children, function (canvas) { canvas.width = canvas.height = 0; });
  }

  // ---- one pane -------------------------------------------------------------------------------
  ip.Tiles = L.Layer.extend({
    initialize: function (painter, layers, options) {
      this.painter = painter;
      this.layers = layers;
      this.version = 1;
      this.levels = [];
      this.level = null;
      L.setOptions(this, options);
    },
    onAdd: function (map) {
      this._map = map;
      this.update();
    },
    onRemove: function () { this.clear(); },
    getEvents: function () {
      return {
        viewreset: this._move, zoom: this._move, move: this._move, moveend: this.update, resize: this.update,
        zoomanim: function (event) { this._transform(event.center, event.zoom); }
      };
    },
    clear: function () {
      this.levels.forEach(forget);
      this.levels = [];
      this.level = null;
    },
    _move: function () {
      var map = this._map;
      this._transform(map.getCenter(), map.getZoom());
      if (this.level && this.level.zoom === map.getZoom() && !map._animatingZoom) this.update();
    },
    _transform: function (centre, zoom) {
      var map = this._map;
      this.levels.forEach(function (level) {
        var scale = map.getZoomScale(zoom, level.zoom);
        var at = level.origin.multiplyBy(scale).subtract(map._getNewPixelOrigin(centre, zoom)).round();
        L.DomUtil.setTransform(level.el, at, scale);
      });
    },
    // Begin or go on with what the view needs.
    update: function () {
      var map = this._map;
      if (!map || map._animatingZoom) return;
      if (this.painter.printing) { this.print(); return; }
      var zoom = map.getZoom();
      if (!this.layers.some(function (layer) { return ip.shown(layer, zoom); })) { this.clear(); return; }
      if (!this.level || this.level.zoom !== zoom) this._begin(zoom);
      this._transform(map.getCenter(), zoom);
      this._want();
      this.painter.wake();
    },
    _begin: function (zoom) {
      var map = this._map, known = this.levels.find(function (level) { return level.zoom === zoom; });
      if (!known) {
        var el = L.DomUtil.create("div", "ip-level leaflet-zoom-animated", this.getPane());
        known = { zoom: zoom, el: el, origin: map.project(map.unproject(map.getPixelOrigin()), zoom).round(), tiles: new Map(), whole: false };
        this.levels.push(known);
      }
      this.level = known;
      // over an older picture the new one waits until it is complete
      known.whole = this.levels.length === 1;
      known.el.style.visibility = known.whole ? "" : "hidden";
    },
    // List the tiles of the view and of its rim; forget those far outside.
    _want: function () {
      var bounds = this._map.getPixelBounds(), level = this.level, seen = [], spare = [];
      var i0 = Math.floor(bounds.min.x / SIZE), j0 = Math.floor(bounds.min.y / SIZE);
      var i1 = Math.ceil(bounds.max.x / SIZE) - 1, j1 = Math.ceil(bounds.max.y / SIZE) - 1;
      var cx = (bounds.min.x + bounds.max.x) / 2 / SIZE - 0.5, cy = (bounds.min.y + bounds.max.y) / 2 / SIZE - 0.5;
      for (var i = i0 - 1; i <= i1 + 1; i++) {
        for (var j = j0 - 1; j <= j1 + 1; j++) {
          var key = i + ":" + j, tile = level.tiles.get(key);
          if (!tile) level.tiles.set(key, tile = { i: i, j: j, version: 0, canvas: null });
          tile.far = Math.hypot(tile.i - cx, tile.j - cy);
          (i < i0 || i > i1 || j < j0 || j > j1 ? spare : seen).push(tile);
        }
      }
      function nearest(a, b) { return a.far - b.far; }
      level.seen = seen.sort(nearest);
      level.spare = spare.sort(nearest);
      seen.forEach(function (tile) { lay(tile, true); });
      spare.forEach(function (tile) { lay(tile, false); });
      level.tiles.forEach(function (tile, key) {
        if (tile.i >= i0 - 1 && tile.i <= i1 + 1 && tile.j >= j0 - 1 && tile.j <= j1 + 1) return;
        if (tile.canvas) drop(tile.canvas);
        level.tiles.delete(key);
      });
    },
    // The next tile to draw, and how pressing it is: 0 in the view, 1 in its rim; null when all is done.
    next: function () {
      var level = this.level, version = this.version;
      function old(tile) { return tile.version !== version; }
      if (!level || !level.seen) return null;
      var tile = level.seen.find(old);
      if (tile) return { pane: this, level: level, tile: tile, rank: 0, version: version };
      if (!level.whole || this.levels.length > 1) this._complete();
      tile = level.spare.find(old);
      return tile ? { pane: this, level: level, tile: tile, rank: 1, version: version } : null;
    },
    _complete: function () {
      var level = this.level;
      level.whole = true;
      level.el.style.visibility = "";
      this.levels.forEach(function (other) { if (other !== level) forget(other); });
      this.levels = [level];
    },
    // Whether a job begun is still wanted.
    wants: function (job) {
      return this.level === job.level && this.version === job.version && job.level.tiles.get(job.tile.i + ":" + job.tile.j) === job.tile;
    },
    begin: function (job) {
      var tile = job.tile, view = ip.view(job.level.zoom, tile.i * SIZE, tile.j * SIZE, SIZE, SIZE);
      job.canvas = canvasOf(SIZE, SIZE, ratio());
      job.context = contextOf(job.canvas, SIZE, SIZE);
      job.steps = ip.paint(job.context, this.layers, view);
    },
    finish: function (job, drawn) {
      var tile = job.tile, before = tile.canvas;
      tile.canvas = drawn ? job.canvas : null;
      tile.version = job.version;
      if (drawn) {
        lay(tile, !job.rank || job.level.seen.indexOf(tile) >= 0);
        L.DomUtil.setPosition(job.canvas, L.point(tile.i * SIZE, tile.j * SIZE).subtract(job.level.origin));
        job.level.el.appendChild(job.canvas);
      }
      if (before) drop(before);
    },
    // One fine picture of the view, at once: a print does not wait and knows no tiles.
    print: function () {
      this.clear();
      var map = this._map, bounds = map.getPixelBounds(), zoom = map.getZoom(), size = map.getSize();
      var west = Math.floor(bounds.min.x), north = Math.floor(bounds.min.y), canvas = canvasOf(size.x, size.y, ip.ratio || PRINT_RATIO);
      var level = { zoom: zoom, el: L.DomUtil.create("div", "ip-level", this.getPane()), origin: L.point(west, north), tiles: new Map(), whole: true };
      this.levels = [level];
      level.el.appendChild(canvas);
      var context = contextOf(canvas, size.x, size.y), steps = ip.paint(context, this.layers, ip.view(zoom, west, north, size.x, size.y));
      while (!steps.next().done);
      fix(context);
      this._transform(map.getCenter(), zoom);
    }
  });

  // ---- labels and the ring ---------------------------------------------------------------------
  ip.Labels = L.Renderer.extend({
    initialize: function (painter, layers, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this.painter = painter;
      this.layers = layers;
      this.chosen = null;
      this.stale = true;
    },
    _initContainer: function () {
      this._container = document.createElement("canvas");
      this._container.className = "ip-canvas ip-labels";
      this._context = this._container.getContext("2d");
    },
    _destroyContainer: function () { L.DomUtil.remove(this._container); },
    _updatePaths: function () { return undefined; },
    _update: function () {
      if (this.painter.printing || !this._bounds) { this.draw(); return; }
      this.stale = true;
      this.painter.wake();
    },
    draw: function () {
      var map = this._map, canvas = this._container, dense = this.painter.printing ? ip.ratio || PRINT_RATIO : ratio();
      if (!map || map._animatingZoom) return;
      L.Renderer.prototype._update.call(this);
      var span = this._bounds.getSize(), origin = map.getPixelOrigin().add(this._bounds.min), zoom = map.getZoom();
      canvas.width = Math.round(span.x * dense); // clears it
      canvas.height = Math.round(span.y * dense);
      canvas.style.width = canvas.width / dense + "px";
      canvas.style.height = canvas.height / dense + "px";
      L.DomUtil.setTransform(canvas, this._bounds.min, 1);
      var context = this._context, view = ip.view(zoom, origin.x, origin.y, span.x, span.y);
      context.setTransform(dense, 0, 0, dense, 0, 0);
      write(context, this.layers, view, this.painter.app);
      var chosen = this.chosen;
      if (chosen && ip.shown(chosen.layer, zoom)) ip.ring(context, chosen.layer, chosen.feature, view);
      if (this.painter.printing) fix(context);
      this.stale = false;
    }
  });

  // Labels from the uppermost layer down; one that would cover another is left out.
  function write(context, layers, view, app) {
    var taken = [], told = new Set(), zoom = view.zoom;
    context.textBaseline = "middle";
    context.lineJoin = "round";
    layers.forEach(function (layer) {
      var groups = ip.shown(layer, zoom) && ip.clusters(layer, zoom), m = view.of(layer);
      if (groups) groups.groups.forEach(function (entry) {
        var x = entry.x * m.a + m.x, y = m.y - entry.y * m.a, r = entry.radius;
        if (x > -r && y > -r && x < view.width + r && y < view.height + r) taken.push([x - r, y - r, x + r, y + r]);
      });
    });
    var most = taken.length + 400;
    for (var n = layers.length - 1; n >= 0; n--) {
      var layer = layers[n];
      if (!ip.shown(layer, zoom) || layer.label === null || zoom < layer.labelZoom) continue;
      var m = view.of(layer), found = ip.within(layer, view.box(m, 24)), groups = ip.clusters(layer, zoom), point = layer.kind === "point";
      context.font = (layer.kind === "polygon" ? "600 " : "") + "12px " + ip.FONT;
      for (var k = found.length - 1; k >= 0 && taken.length < most; k--) {
        var f = found[k], style = layer.styles[layer.category[f]];
        if (!ip.seen(layer, f) || zoom < style.min_zoom || (groups && groups.group[f] >= 0)) continue;
        var text = ip.text(layer, layer.label, f), x, y;
        if (!text || (layer.kind === "line" && told.has(text))) continue;
        var width = context.measureText(text).width, room = [0];
        if (point) {
          var r = ip.size(style, zoom), xy = ip.place(layer, f, m, r, zoom);
          x = xy[0] + r + 4;
          y = xy[1];
        } else {
          var middle = layer.kind === "polygon" ? [layer.labelX[f], layer.labelY[f]] : halfway(layer, f);
          x = middle[0] * m.a + m.x - width / 2;
          y = m.y - middle[1] * m.a;
          if (layer.kind === "polygon") room = about(layer, f, m, y);
        }
        if (layer.side && app.sideOf && app.sideOf(ip.centre(layer, f)) !== layer.side) continue;
        var box = null;
        for (var step = 0; step < room.length && !box; step++) {
          box = [x - 3, y + room[step] - 9, x + width + 3, y + room[step] + 9];
          if (taken.some(function (t) { return t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1]; })) box = null;
        }
        if (!box) continue;
        y = box[1] + 9;
        taken.push(box);
        told.add(text);
        context.strokeStyle = "rgba(255,255,255,.92)";
        context.lineWidth = 3.2;
        context.strokeText(text, x, y);
        context.fillStyle = point ? "#1c2733" : layer.kind === "polygon" ? "#4a5563" : "#5b4a2f";
        context.fillText(text, x, y);
      }
    }
  }

  // How far up or down the name of an area may stand, within its bounds, where its middle is taken.
  function about(layer, f, m, y) {
    var top = m.y - layer.bounds[4 * f + 3] * m.a + 9, bottom = m.y - layer.bounds[4 * f + 1] * m.a - 9;
    return [0, 14, -14, 26, -26].filter(function (step) { return !step || (y + step >= top && y + step <= bottom); });
  }

  function halfway(layer, f) {
    var part = layer.firstPart[f], v = (layer.firstVertex[part] + layer.firstVertex[part + 1]) >> 1;
    return [layer.x[v], layer.y[v]];
  }

  // ---- all panes ------------------------------------------------------------------------------
  // Everything that is drawn, and when. `app.still` tells that the view is complete; the event
  // `still` is sent when it becomes so.
  ip.painter = function (app, layers) {
    var map = app.map, panes = [], signs = new Map(), waiting = false, job = null;
    var painter = { app: app, printing: false, wake: wake };

    function add(name, index, mine) {
      var element = map.getPane("ip-" + name) || map.createPane("ip-" + name);
      element.style.zIndex = index;
      element.style.pointerEvents = "none";
      panes.push(new ip.Tiles(painter, mine, { pane: "ip-" + name }));
    }
    function of(under, side) {
      return layers.filter(function (layer) { return Boolean(layer.under) === under && (layer.side || "") === side; });
    }
    add("under", 230, of(true, ""));
    ["before", "after"].forEach(function (side, n) { if (of(true, side).length) add("under-" + side, 231 + n, of(true, side)); });
    add("over", 420, of(false, ""));
    ["before", "after"].forEach(function (side, n) { if (of(false, side).length) add("over-" + side, 421 + n, of(false, side)); });
    var top = map.createPane("ip-labels");
    top.style.zIndex = 430;
    top.style.pointerEvents = "none";
    var labels = painter.labels = new ip.Labels(painter, layers.filter(function (layer) { return !layer.under; }), { pane: "ip-labels", padding: 0.15 });

    // What decides how a layer looks, as text: what has not changed is not drawn again.
    function sign(layer) {
      var hash = 17, off = layer.off;
      for (var f = 0; off && f < layer.count; f++) hash = (hash * 31 + off[f]) | 0;
      var hidden = Object.keys(layer.hidden || {}).filter(function (code) { return layer.hidden[code]; });
      return [layer.shown, Boolean(layer.x), off ? hash : "", hidden.join(), layer.opacity, JSON.stringify(layer.styles)].join("|");
    }
    function redraw() {
      var changed = new Set();
      layers.forEach(function (layer) {
        var now = sign(layer);
        if (signs.get(layer) === now) return;
        signs.set(layer, now);
        layer.clustered = null;
        changed.add(layer);
      });
      panes.forEach(function (pane) {
        if (!pane.layers.some(function (layer) { return changed.has(layer); })) return;
        pane.version++;
        pane.update();
      });
      labels.stale = true;
      wake();
    }

    // The attribute is for those outside the page who wait for the picture.
    function still(now) {
      if (app.still === now) return;
      app.still = now;
      document.documentElement.toggleAttribute("data-still", now);
      if (now) app.emit("still");
    }
    function wake() {
      still(false);
      if (waiting || !map._loaded) return;
      waiting = true;
      if (document.hidden) setTimeout(tick, 0); else requestAnimationFrame(tick);
    }
    function moving() { return painter.dragged; }
    function choose() {
      var best = null;
      panes.forEach(function (pane) {
        var found = pane._map && pane.next();
        if (found && (!best || found.rank < best.rank || (found.rank === best.rank && found.tile.far < best.tile.far))) best = found;
      });
      return best;
    }
    // Draw for some milliseconds; false when nothing is left.
    function work(spare) {
      var begun = performance.now(), budget = moving() ? MOVING_MS : STILL_MS;
      do {
        if (job && !job.pane.wants(job)) job = null;
        if (job && job.rank && !spare) { // something pressing may have come meanwhile
          var pressing = choose();
          if (pressing && !pressing.rank) job = null;
        }
        if (!job) {
          job = choose();
          if (!job) return false;
          job.pane.begin(job);
        }
        if (job.rank) budget = Math.min(budget, SPARE_MS);
        var step = job.steps.next();
        settle(job.context);
        if (step.done) { job.pane.finish(job, step.value); job = null; }
      } while (performance.now() - begun < budget);
      return true;
    }
    function tick() {
      waiting = false;
      if (painter.printing) return;
      if (labels.stale && !moving() && !map._animatingZoom) labels.draw();
      var more = work(false), next = choose(), busy = (next && !next.rank) || labels.stale || (job && !job.rank);
      if (more && next) { waiting = true; if (document.hidden) setTimeout(tick, 0); else requestAnimationFrame(tick); }
      still(!busy && !map._animatingZoom);
    }
    // Everything lies on whole pixels of the screen, else the same picture looks different here and
    // there: a map that glides to its rest may stop between two, and so may what stands above it.
    function snap() {
      var position = L.DomUtil.getPosition(map.getPane("mapPane"));
      if (position && !position.equals(position.round())) L.DomUtil.setPosition(map.getPane("mapPane"), position.round());
    }
    function place() {
      var element = map.getContainer(), box = element.parentNode.getBoundingClientRect(), dense = ratio();
      element.style.left = Math.ceil(box.left * dense - 0.01) / dense - box.left + "px";
      element.style.top = Math.ceil(box.top * dense - 0.01) / dense - box.top + "px";
    }
    map.on("moveend", snap);
    map.on("resize", place);
    map.on("dragstart", function () { painter.dragged = true; });
    map.on("moveend", function () { painter.dragged = false; wake(); });

    app.on("print", function () {
      painter.printing = true;
      panes.forEach(function (pane) { pane.update(); });
      labels.draw();
    });
    app.on("printed", function () {
      painter.printing = false;
      panes.forEach(function (pane) { pane.clear(); pane.update(); });
      labels.stale = true;
      wake();
    });

    // What lies at a place: the uppermost feature within a few pixels, or null.
    function looked(mine, latlng) {
      var map = app.map, world = map.project(latlng), west = Math.floor(world.x) - 100, north = Math.floor(world.y) - 100;
      var view = ip.view(map.getZoom(), west, north, 200, 200), at = world.subtract([west, north]);
      var side = app.sideOf ? app.sideOf(latlng) : "";
      return {
        view: view, at: at,
        layers: mine.filter(function (layer) { return ip.shown(layer, view.zoom) && (!layer.side || !side || layer.side === side); }).reverse()
      };
    }
    function face(under) {
      var mine = layers.filter(function (layer) { return Boolean(layer.under) === under; });
      var canvas = {
        hit: function (latlng, reach) {
          var look = looked(mine, latlng);
          for (var n = 0; n < look.layers.length; n++) {
            var layer = look.layers[n];
            if (!(layer.fields.length || layer.heading !== null)) continue;
            var f = ip.near(layer, look.view, look.at, reach);
            if (f >= 0) return { layer: layer, feature: f };
          }
          return null;
        },
        // The group of points at a place with the bounds of its members, or null.
        cluster: function (latlng) {
          var look = looked(mine, latlng);
          for (var n = 0; n < look.layers.length; n++) {
            var entry = ip.clusterAt(look.layers[n], look.view, look.at);
            if (entry) return { layer: look.layers[n], members: entry.members, bounds: ip.clusterBounds(look.layers[n], entry) };
          }
          return null;
        },
        draw: redraw
      };
      Object.defineProperty(canvas, "chosen", {
        get: function () { return labels.chosen; },
        set: function (found) { labels.chosen = found; labels.stale = true; wake(); }
      });
      return canvas;
    }
    app.canvases = [face(true), face(false)];
    app.redraw = redraw;
    app.still = false;
    // Draw all that the view needs, now: for who cannot wait.
    app.drawNow = function () {
      panes.forEach(function (pane) { pane.update(); });
      for (var next = choose(); next && !next.rank; next = choose()) {
        next.pane.begin(next);
        for (var step = next.steps.next(); !step.done;) step = next.steps.next();
        next.pane.finish(next, step.value);
      }
      labels.draw();
    };
    place();
    painter.begin = function () {
      layers.forEach(function (layer) { signs.set(layer, sign(layer)); });
      panes.forEach(function (pane) { pane.addTo(map); });
      labels.addTo(map);
      wake();
    };
    return painter;
  };
})(infraplan);
