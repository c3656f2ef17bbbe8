"use strict";
// A print on A4 shows what the screen shows: the same piece of map, the legend of the layers that
// are on, the filters, a scale bar that is true on the paper, sources, and the notices on each page.
// It is laid out for the paper before the browser prints, so what does not fit beside the map is
// known and goes to further pages.
(function (ip) {
  var make = ip.make, SHARP = 3, PAPER_PX = 96 / 0.0254; // pixels of CSS in a metre of paper

  function printing(app) {
    var before = null, orientation = null, rule = make("style", {}), paper = null, words = app.words;
    document.head.appendChild(rule);
    choice(app, function (wanted) {
      orientation = wanted;
      window.print();
    });

    window.addEventListener("beforeprint", function () {
      if (before) return;
      before = { centre: app.map.getCenter(), zoom: app.map.getZoom(), bounds: app.map.getBounds(), snap: app.map.options.zoomSnap };
      if (document.documentElement.classList.contains("ip-print-card")) { app.root.classList.add("ip-printing"); return; }
      app.map.closePopup();
      var size = app.map.getSize(), upright = orientation ? orientation === "portrait" : size.y > size.x * 1.1;
      rule.textContent = "@page { size: A4 " + (upright ? "portrait" : "landscape") + "; margin: 10mm; }";
      app.root.classList.add("ip-printing");
      app.root.classList.toggle("ip-portrait", upright);
      ip.ratio = SHARP;
      var wanted = worthy(app, before.bounds);
      paper = compose(app);
      app.middle.insertBefore(paper.side, app.middle.firstChild);
      app.middle.appendChild(paper.foot);
      overflow(app, paper, upright);
      settle(wanted);
      paper.foot.replaceChild(scale(app), paper.foot.firstChild);
      app.emit("print");
    });
    // Fit a piece of map to the paper, exactly: the screen's steps of zoom do not bind here.
    function settle(bounds) {
      app.map.options.zoomSnap = 0;
      app.map.invalidateSize({ animate: false, pan: false });
      app.map.fitBounds(bounds, { animate: false, padding: [0, 0] });
      app.redraw();
      // Reading a canvas and drawing on makes it pixels: Chromium would else replay the strokes that
      // were made since the print began, and at a wrong size.
      Array.prototype.forEach.call(app.stage.querySelectorAll("canvas"), function (canvas) {
        if (!canvas.width || !canvas.height) return;
        var context = canvas.getContext("2d");
        context.getImageData(0, 0, 1, 1);
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.fillStyle = "rgba(255,255,255,.01)";
        context.fillRect(0, 0, 1, 1);
      });
    }
    window.addEventListener("afterprint", function () {
      if (!before) return;
      app.root.classList.remove("ip-printing", "ip-portrait");
      rule.textContent = "";
      ip.ratio = null;
      orientation = null;
      if (paper) [paper.side, paper.foot, paper.annex].forEach(function (node) { if (node) node.remove(); });
      paper = null;
      app.map.options.zoomSnap = before.snap;
      app.map.invalidateSize({ animate: false, pan: false });
      app.map.setView(before.centre, before.zoom, { animate: false });
      app.redraw();
      before = null;
      app.emit("printed");
    });
  }

  // What is in view, without the empty margin around the data.
  function worthy(app, view) {
    var b = [Infinity, Infinity, -Infinity, -Infinity];
    function widen(west, south, east, north) {
      b = [Math.min(b[0], west), Math.min(b[1], south), Math.max(b[2], east), Math.max(b[3], north)];
    }
    app.layers.forEach(function (layer) {
      if (!layer.shown) return;
      if (!layer.x) { widen.apply(null, layer.bounds); return; }
      var of = layer.bounds, step = layer.step;
      for (var n = 0; n < 4 * layer.count; n += 4) widen(of[n] * step, of[n + 1] * step, of[n + 2] * step, of[n + 3] * step);
    });
    if (b[0] > b[2]) return view;
    var whole = L.latLngBounds(ip.unproject(b[0], b[1]), ip.unproject(b[2], b[3])).pad(0.02);
    var west = Math.max(view.getWest(), whole.getWest()), east = Math.min(view.getEast(), whole.getEast());
    var south = Math.max(view.getSouth(), whole.getSouth()), north = Math.min(view.getNorth(), whole.getNorth());
    return west < east && south < north ? L.latLngBounds([south, west], [north, east]) : view;
  }

  // The button, and the choice of the paper's orientation that it opens.
  function choice(app, print) {
    var words = app.words;
    function button(kind) {
      return make("button", { type: "button", class: "ip-quiet-button ip-paper-" + kind, text: words["frame.paper_" + kind], on: { click: function () { tool.set(false); print(kind); } } });
    }
    var first = button("landscape");
    var card = make("section", { class: "ip-float ip-choose-paper", hidden: true, "aria-label": words.print }, [
      make("div", { class: "ip-kind", text: words.print }),
      make("div", { class: "ip-row-of" }, [first, button("portrait")]),
      make("p", { class: "ip-note", text: words["frame.paper_note"] })
    ]);
    app.floats.appendChild(card);
    var tool = ip.tool(app, {
      id: "print", label: words.print, toggle: true, icon: "M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z",
      run: function (on) { card.hidden = !on; if (on) first.focus(); }
    });
    card.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      tool.set(false);
      tool.button.focus();
    });
  }

  function compose(app) {
    var page = app.page, words = app.words, parts = [legend(app)];
    var on = conditions(app);
    if (on.length) parts.push(section(words["frame.filters_on"], on.map(function (text) { return make("p", { text: text }); })));
    page.tables.filter(function (entry) { return entry.open; }).forEach(function (entry) {
      parts.push(section(entry.title, [ip.grid(entry), entry.note ? make("p", { class: "ip-note", text: entry.note }) : null]));
    });
    if (page.definition.length) parts.push(section(words.definition, page.definition.map(function (text) { return make("p", { text: text }); })));
    if (page.sources.length) parts.push(section(words.sources, page.sources.map(function (text) { return make("p", { text: text }); })));
    var day = new Date(), told = page.projection ? "WGS84; " + page.projection.name : "WGS84";
    return {
      side: make("div", { class: "ip-paper-side" }, parts),
      foot: make("div", { class: "ip-paper-foot" }, [
        scale(app), make("span", { class: "ip-paper-credit", text: page.credit }),
        make("span", { text: ip.fill(words["frame.printed_on"], { day: day.toLocaleDateString(page.language === "vi" ? "vi-VN" : "en-GB"), systems: told }) })
      ]),
      annex: null
    };
  }

  function section(title, children) {
    return make("section", { class: "ip-paper-part" }, [make("h2", { text: title })].concat(children));
  }

  // The layers that are drawn here and now, the uppermost first, each style that is not hidden.
  function legend(app) {
    var zoom = app.map.getZoom(), rows = [];
    app.layers.slice().reverse().forEach(function (layer) {
      if (!layer.shown || zoom < (layer.minZoom || 0)) return;
      var styles = layer.styles.filter(function (style, code) {
        return !(layer.hidden && layer.hidden[code]) && style.count !== 0 && zoom >= (style.min_zoom || 0);
      });
      if (layer.kind === "picture" || !styles.length) return;
      var single = styles.length === 1 && !styles[0].label;
      rows.push(make("div", { class: "ip-paper-layer" }, single
        ? [make("div", { class: "ip-paper-style" }, [ip.swatch(layer.kind, styles[0]), make("b", { text: layer.title })])]
        : [make("b", { text: layer.title })].concat(styles.map(function (style) {
          return make("div", { class: "ip-paper-style" }, [ip.swatch(layer.kind, style), make("span", { text: style.label })]);
        }))));
    });
    return section(app.words["frame.tab_layers"], rows);
  }

  // What is hidden by the legend and by filters; other parts may push a function that tells more.
  function conditions(app) {
    var told = [];
    app.layers.forEach(function (layer) {
      if (!layer.x || !layer.shown) return;
      var hidden = layer.styles.filter(function (style, code) { return layer.hidden[code]; }).map(function (style) { return style.label; });
      if (hidden.length) told.push(ip.fill(app.words["frame.hidden_styles"], { layer: layer.title, styles: hidden.join(", ") }));
      if (!layer.off) return;
      var seen = 0;
      for (var f = 0; f < layer.count; f++) if (!layer.off[f]) seen++;
      if (seen < layer.count) told.push(ip.fill(app.words["frame.filtered"], { layer: layer.title, seen: app.number(seen), all: app.number(layer.count) }));
    });
    return (app.conditions || []).reduce(function (all, tell) { return all.concat(tell()); }, []).concat(told);
  }

  // A bar of a round length, true at the middle of the map on paper printed at its own size.
  function scale(app) {
    var size = app.map.getSize(), y = size.y / 2, x = size.x / 2;
    var metres = ip.distance(app.map.containerPointToLatLng([x - 50, y]), app.map.containerPointToLatLng([x + 50, y])) / 100;
    var most = 0.05 * PAPER_PX * metres, ten = Math.pow(10, Math.floor(Math.log(most) / Math.LN10));
    var length = [5, 2, 1].map(function (n) { return n * ten; }).find(function (n) { return n <= most; });
    var ratio = metres * PAPER_PX, digits = Math.pow(10, Math.floor(Math.log(ratio) / Math.LN10) - 1);
    var bar = make("span", { class: "ip-paper-bar", style: "width:" + (length / metres).toFixed(2) + "px", "data-metres": String(length) });
    return make("span", { class: "ip-paper-scale" }, [
      bar, make("b", { text: length < 1000 ? app.number(length) + " m" : app.number(length / 1000) + " km" }),
      make("span", { text: ip.fill(app.words["frame.scale"], { ratio: app.number(Math.round(ratio / digits) * digits) }) }),
      make("span", { class: "ip-paper-north", text: "↑ " + app.words.north })
    ]);
  }

  // What has no room beside the map goes, whole parts at a time, to pages of their own.
  function overflow(app, paper, upright) {
    var side = paper.side, moved = [];
    function full() { return upright ? side.scrollWidth > side.clientWidth + 2 : side.scrollHeight > side.clientHeight + 2; }
    var parts = Array.prototype.slice.call(side.children, 1);
    parts.forEach(function (part) { part.remove(); });
    if (full()) side.classList.add("ip-paper-tight");
    parts.forEach(function (part) {
      side.appendChild(part);
      if (full()) moved.push(side.removeChild(part));
    });
    if (!moved.length) return;
    // A head of a table comes again on every printed page.
    var heads = [app.page.restricted, app.page.warning].filter(Boolean).map(function (text, n) {
      return make("div", { class: n || !app.page.restricted ? "ip-warning" : "ip-restricted", text: text });
    });
    paper.annex = make("div", { class: "ip-paper-annex" }, [
      make("div", { class: "ip-paper-head" }, [make("div", {}, [make("div", { class: "ip-notices" }, heads), make("h1", { text: app.page.title })])]),
      make("div", { class: "ip-paper-body" }, [make("div", {}, moved)])
    ]);
    document.body.insertBefore(paper.annex, app.root.nextSibling);
  }

  ip.part(printing);
})(infraplan);
