"use strict";
// The panel: sums of the view, filters, layers by group with their legend, tables, definition,
// sources. Text is set, never parsed. `data-tab` says on which tab a part belongs.
(function (ip) {
  var make = ip.make;

  // A small picture of a style, as it looks on the map.
  function swatch(kind, style) {
    var ratio = 2, canvas = make("canvas", { class: "ip-swatch", width: 22 * ratio, height: 14 * ratio, "aria-hidden": "true" });
    var c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    if (kind === "raster") {
      c.fillStyle = style.hatch ? "#d9d9d9" : style.color;
      c.fillRect(1, 1, 20, 12);
      if (style.hatch) stripes(c, style.color);
      return canvas;
    }
    c.globalAlpha = style.opacity;
    c.strokeStyle = style.color;
    if (kind === "line") {
      if (style.casing) { c.strokeStyle = style.casing; c.lineWidth = style.width + 2.4; c.beginPath(); c.moveTo(1, 7); c.lineTo(21, 7); c.stroke(); }
      c.strokeStyle = style.color;
      c.lineWidth = Math.min(4, Math.max(1.4, style.width));
      c.setLineDash(style.dash);
      c.beginPath(); c.moveTo(1, 7); c.lineTo(21, 7); c.stroke();
    } else if (kind === "polygon") {
      if (style.fill) { c.globalAlpha = style.opacity * style.fill_opacity; c.fillStyle = style.fill; c.fillRect(2, 2, 18, 10); }
      c.globalAlpha = style.opacity;
      if (style.hatch) stripes(c, style.color);
      if (style.width) { c.lineWidth = Math.min(2, style.width); c.setLineDash(style.dash); c.strokeRect(2, 2, 18, 10); }
    } else {
      c.beginPath();
      ip.mark(c, style.shape, 11, 7, Math.min(5.5, style.radius));
      c.fillStyle = style.fill || style.color;
      c.fill();
      if (style.fill) { c.lineWidth = style.width; c.stroke(); }
    }
    return canvas;
  }
  ip.swatch = swatch;

  function stripes(c, color) {
    c.save();
    c.beginPath(); c.rect(2, 2, 18, 10); c.clip();
    c.strokeStyle = color;
    c.lineWidth = 1.2;
    c.beginPath();
    for (var x = -10; x < 24; x += 5) { c.moveTo(x, 13); c.lineTo(x + 12, 1); }
    c.stroke();
    c.restore();
  }

  function grid(entry) {
    var head = make("tr", {}, entry.heads.map(function (text) { return make("th", { scope: "col", text: text }); }));
    var rows = entry.rows.map(function (row) {
      return make("tr", {}, row.map(function (text, n) {
        var kind = text.length > 60 ? "ip-prose" : text.length < 12 ? "ip-brief" : "";
        return make(n ? "td" : "th", n ? { text: text, class: kind } : { scope: "row", text: text });
      }));
    });
    return make("div", { class: "ip-wide" }, [make("table", {}, [make("thead", {}, [head]), make("tbody", {}, rows)])]);
  }

  ip.grid = grid;

  function table(entry) {
    return make("details", { class: "ip-section", "data-tab": "figures", open: entry.open }, [
      make("summary", { text: entry.title }),
      grid(entry),
      entry.note ? make("p", { class: "ip-note", text: entry.note }) : null
    ]);
  }

  // A long table: built when it is opened, over the whole page, for a panel is too narrow for it.
  function published(entry, app) {
    var button = make("button", { type: "button", class: "ip-open-table", text: entry.title });
    button.addEventListener("click", function () {
      var close = make("button", { type: "button", class: "ip-button", text: app.words.close });
      var sheet = make("div", { class: "ip-sheet", role: "dialog", "aria-modal": "true", "aria-label": entry.title, tabindex: "-1" }, [
        make("div", { class: "ip-sheet-head" }, [make("h2", { text: entry.title }), close]),
        entry.note ? make("p", { class: "ip-note", text: entry.note }) : null,
        grid(entry)
      ]);
      function shut() { sheet.remove(); button.focus(); }
      // The sheet lies over everything, so the focus stays in it.
      sheet.addEventListener("keydown", function (event) {
        if (event.key === "Tab") { event.preventDefault(); (document.activeElement === close ? wide : close).focus(); }
        if (event.key === "Escape") { event.stopPropagation(); shut(); }
      });
      var wide = sheet.querySelector(".ip-wide");
      wide.setAttribute("tabindex", "0");
      close.addEventListener("click", shut);
      app.stage.appendChild(sheet);
      close.focus();
    });
    return make("li", {}, [button]);
  }

  // Each entry of a legend hides and shows what it stands for; beside it, how many features it has,
  // of them those that the filters leave.
  function legend(layer, app) {
    var list = make("ul", { class: "ip-legend" });
    layer.entries = [];
    list.hidden = layer.kind === "picture" || (layer.styles.length === 1 && !layer.styles[0].label);
    if (list.hidden) return list;
    layer.styles.forEach(function (style, code) {
      var words = [swatch(layer.kind, style), make("span", { class: "ip-legend-text", text: style.label })];
      if (style.km2 !== undefined) words.push(make("span", { class: "ip-count", text: ip.km2(style.km2, app) }));
      list.appendChild(make("li", {}, layer.kind === "raster" ? words : [toggle(layer, code, words, app)]));
    });
    recount(layer, app);
    return list;
  }
  ip.legend = legend;

  function toggle(layer, code, words, app) {
    var count = make("span", { class: "ip-count", text: app.number(layer.styles[code].count) });
    var button = make("button", { type: "button", class: "ip-toggle", "aria-pressed": "true", title: app.words.toggle }, words.concat(count));
    button.addEventListener("click", function () {
      layer.hidden = layer.hidden || {};
      layer.hidden[code] = !layer.hidden[code];
      recount(layer, app);
      app.emit("filter", layer);
    });
    layer.entries.push({ code: code, button: button, count: count });
    return button;
  }

  function recount(layer, app) {
    (layer.entries || []).forEach(function (entry) { entry.button.setAttribute("aria-pressed", String(!(layer.hidden && layer.hidden[entry.code]))); });
    if (!layer.category) return;
    var left = new Int32Array(layer.styles.length), all = new Int32Array(layer.styles.length), seen = 0;
    for (var f = 0; f < layer.count; f++) {
      all[layer.category[f]]++;
      if (layer.off && layer.off[f]) continue;
      left[layer.category[f]]++;
      seen++;
    }
    (layer.entries || []).forEach(function (entry) {
      var shown = left[entry.code], whole = all[entry.code];
      entry.count.textContent = ip.partOf(shown, whole, app);
      entry.count.title = shown === whole ? "" : ip.told(app, "shown_of", { shown: app.number(shown), all: app.number(whole) });
    });
    if (layer.total) layer.total.textContent = ip.partOf(seen, layer.count, app);
  }

  function row(layer, app) {
    var box = make("input", { type: "checkbox", checked: layer.shown, id: "ip-layer-" + layer.number });
    var single = layer.kind !== "picture" && layer.styles.length === 1 && !layer.styles[0].label;
    var title = make("label", { for: box.id, class: "ip-layer-title" }, [
      single ? swatch(layer.kind, layer.styles[0]) : null, make("span", { text: layer.title })
    ]);
    layer.total = layer.count !== undefined && single ? make("span", { class: "ip-count", text: app.number(layer.count) }) : null;
    var parts = [legend(layer, app)];
    if (layer.kind === "raster") {
      var slider = make("input", { type: "range", min: "0.1", max: "1", step: "0.05", value: String(layer.opacity), "aria-label": app.words.opacity + ": " + layer.title, title: app.words.opacity });
      slider.addEventListener("input", function () { app.opacity(layer, Number(slider.value)); });
      parts.push(make("div", { class: "ip-slider" }, [slider]));
    }
    if (layer.note) parts.push(make("p", { class: "ip-note", text: layer.note }));
    var below = make("div", { class: "ip-below", hidden: !layer.shown }, parts);
    var item = make("div", { class: "ip-layer" + (layer.shown ? "" : " ip-off") }, [
      make("div", { class: "ip-layer-head" }, [box, title, layer.total]), below
    ]);
    layer.control = function () {
      box.checked = layer.shown;
      below.hidden = !layer.shown;
      item.classList.toggle("ip-off", !layer.shown);
    };
    box.addEventListener("change", function () { app.show(layer, box.checked); });
    return item;
  }

  // A group of layers: it folds, and its box has three states. Of layers that exclude each other one
  // counts for all. What `ip.groupHook(app, group)` returns stands above the layers; those that have
  // `picks` are chosen there.
  function group(entry, number, app) {
    var body = make("div", { class: "ip-group-body", id: "ip-group-" + number });
    var box = make("input", { type: "checkbox", class: "ip-group-box", "aria-label": ip.told(app, "whole_group", { group: entry.title }) });
    var fold = make("button", { type: "button", class: "ip-fold", "aria-expanded": "true", "aria-controls": body.id, text: entry.title });
    var last = [];
    var above = ip.groupHook ? ip.groupHook(app, entry) : null;
    if (above) body.appendChild(above);
    entry.layers.forEach(function (layer) { if (!layer.picks) body.appendChild(row(layer, app)); });
    fold.addEventListener("click", function () {
      body.hidden = !body.hidden;
      fold.setAttribute("aria-expanded", String(!body.hidden));
    });
    function state() {
      var shown = entry.layers.filter(function (layer) { return layer.shown; });
      var rivals = new Set(), whole = 0;
      entry.layers.forEach(function (layer) { if (!layer.choice) whole++; else if (!rivals.has(layer.choice)) { rivals.add(layer.choice); whole++; } });
      box.checked = shown.length > 0 && shown.length >= whole;
      box.indeterminate = shown.length > 0 && shown.length < whole;
    }
    box.addEventListener("change", function () {
      var on = box.checked;
      if (!on) last = entry.layers.filter(function (layer) { return layer.shown && layer.choice; });
      var taken = new Set();
      var firsts = last.concat(entry.layers).filter(function (layer) {
        if (!layer.choice) return true;
        return !taken.has(layer.choice) && taken.add(layer.choice);
      });
      (on ? firsts : entry.layers).forEach(function (layer) { if (layer.shown !== on) app.show(layer, on); });
      state();
    });
    app.on("layers", state);
    state();
    return make("section", { class: "ip-section ip-group", "data-tab": "layers" }, [
      entry.title ? make("div", { class: "ip-group-head" }, [box, make("h2", {}, [fold])]) : null, body
    ]);
  }

  ip.panel = function (page, layers, app) {
    var groups = [];
    layers.slice().reverse().forEach(function (layer) {
      var found = groups.find(function (g) { return g.title === layer.group; });
      if (!found) groups.push(found = { title: layer.group, layers: [] });
      found.layers.push(layer);
    });
    var blocks = groups.map(function (entry, n) { return group(entry, n, app); });
    blocks = blocks.concat(page.tables.filter(function (entry) { return entry.open; }).map(table));
    if (page.definition.length) {
      blocks.push(make("details", { class: "ip-section", "data-tab": "about", open: true }, [make("summary", { text: app.words.definition })].concat(
        page.definition.map(function (text) { return make("p", { class: "ip-definition", text: text }); }))));
    }
    if (page.published.length) {
      blocks.push(make("details", { class: "ip-section ip-published", "data-tab": "figures" }, [
        make("summary", { text: app.words.published }),
        make("ul", {}, page.published.map(function (entry) { return published(entry, app); }))
      ]));
    }
    blocks = blocks.concat(page.tables.filter(function (entry) { return !entry.open; }).map(table));
    if (page.sources.length) {
      blocks.push(make("details", { class: "ip-section ip-sources", "data-tab": "about", open: true }, [make("summary", { text: app.words.sources })].concat(
        page.sources.map(function (text) { return make("p", { class: "ip-note", text: text }); }))));
    }
    app.on("filter", function (layer) { if (layer) recount(layer, app); });
    ip.tableLeaf(app);
    return make("aside", { class: "ip-panel", id: "ip-panel", "aria-label": app.words.panel, tabindex: "-1" }, blocks);
  };
})(infraplan);
