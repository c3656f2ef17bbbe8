"use strict";
// Filters by the values of columns, such as operator, technology and status: one for all layers that
// declare the same key. What they leave out is on the map no more, nor in any sum, table or list.
(function (ip) {
  var make = ip.make;
  var REASON = "filter:";

  // The filters of a page: for each key its values, and how each layer's cells fall upon them.
  function gathered(layers) {
    var found = [], known = {};
    layers.forEach(function (layer) {
      (layer.filters || []).forEach(function (entry) {
        var filter = known[entry.key];
        if (!filter) {
          filter = known[entry.key] = { key: entry.key, label: entry.label, values: [], uses: [] };
          found.push(filter);
        }
        var cells = layer.columns[entry.column].map(function (text) {
          var parts = entry.separator ? text.split(entry.separator) : [text];
          return parts.map(function (part) { return numbered(filter, part.trim(), entry.words); });
        });
        filter.uses.push({ layer: layer, codes: layer.codes[entry.column], cells: cells });
      });
    });
    return found.map(sorted).filter(function (filter) { return filter.values.length > 1; });
  }

  function numbered(filter, value, words) {
    var at = filter.values.findIndex(function (entry) { return entry.value === value; });
    if (at < 0) at = filter.values.push({ value: value, label: ip.own(words, value) || value, on: true }) - 1;
    return filter.values[at];
  }

  // In the order of the words, what is not known last. Layers drawn as points come first among the
  // uses, the largest before the others: its counts stand beside the values.
  function sorted(filter) {
    var words = new Intl.Collator("vi", { numeric: true });
    filter.values.sort(function (a, b) { return !a.value - !b.value || words.compare(a.label, b.label); });
    filter.main = filter.uses.slice().sort(function (a, b) {
      return (b.layer.kind === "point") - (a.layer.kind === "point") || b.layer.count - a.layer.count;
    })[0];
    return filter;
  }

  function passes(use, f) {
    return use.cells[use.codes[f]].some(function (value) { return value.on; });
  }

  function filtering(app) {
    var filters = gathered(app.layers), shell = make("div", { class: "ip-filters" });
    filters.forEach(function (filter) {
      filter.values.forEach(function (value) { if (!value.value) value.label = ip.told(app, "unknown"); });
    });

    function isOn(filter) { return filter.values.some(function (value) { return !value.on; }); }

    function apply(filter) {
      filter.uses.forEach(function (use) {
        var mask = null;
        if (isOn(filter)) {
          var hides = use.cells.map(function (values) { return values.some(function (value) { return value.on; }) ? 0 : 1; });
          mask = new Uint8Array(use.layer.count);
          for (var f = 0; f < mask.length; f++) mask[f] = hides[use.codes[f]];
        }
        ip.mask(app, use.layer, REASON + filter.key, mask);
      });
    }

    // One filter changes several layers: told once, when all have changed.
    var waiting = false;
    function soon() {
      if (waiting) return;
      waiting = true;
      Promise.resolve().then(function () { waiting = false; tell(); });
    }

    function set(filter, on) {
      filter.values.forEach(function (value) { value.on = typeof on === "function" ? on(value) : on; });
      apply(filter);
    }

    app.filters = {
      all: filters,
      set: function (key, values) {
        var filter = filters.find(function (entry) { return entry.key === key; });
        if (filter) set(filter, function (value) { return !values || values.indexOf(value.value) >= 0; });
      },
      clear: function () {
        filters.filter(isOn).forEach(function (filter) { set(filter, true); });
        legends().forEach(function (layer) { unhide(layer); });
      },
      // Let a feature be seen again: end what hides it, and nothing else.
      reveal: function (layer, f) {
        filters.forEach(function (filter) {
          var use = filter.uses.find(function (entry) { return entry.layer === layer; });
          if (use && isOn(filter) && !passes(use, f)) set(filter, true);
        });
        if (layer.hidden[layer.category[f]]) {
          layer.hidden[layer.category[f]] = false;
          app.emit("filter", layer);
        }
      },
      told: told
    };

    function legends() {
      return app.layers.filter(function (layer) { return layer.category && layer.hidden && hiddenOf(layer).length; });
    }
    function hiddenOf(layer) {
      return layer.styles.filter(function (style, code) { return layer.hidden[code] && layer.styles.length > 1; });
    }
    function unhide(layer) { layer.hidden = {}; app.emit("filter", layer); }

    // ---- what is on, over the map ----------------------------------------------------------------
    var sign = make("div", { class: "ip-filtered", role: "status", hidden: true });
    app.stage.appendChild(sign);

    function told(filter) {
      var on = filter.values.filter(function (value) { return value.on; }), off = filter.values.filter(function (value) { return !value.on; });
      if (!on.length) return ip.told(app, "filter_none", { label: filter.label });
      var names = function (values) { return values.map(function (value) { return value.label; }).join(", "); };
      return off.length < on.length ? ip.told(app, "filter_without", { label: filter.label, values: names(off) })
        : ip.told(app, "filter_only", { label: filter.label, values: names(on) });
    }

    function item(text, end) {
      var button = make("button", { type: "button", class: "ip-end", "aria-label": ip.told(app, "end", { what: text }), title: ip.told(app, "end", { what: text }), text: "×" });
      button.addEventListener("click", function () { end(); app.map.getContainer().focus({ preventScroll: true }); });
      return make("span", { class: "ip-filtered-item" }, [make("span", { text: text }), button]);
    }

    function tell() {
      var on = filters.filter(isOn), hidden = legends();
      sign.textContent = "";
      sign.hidden = !on.length && !hidden.length;
      if (!sign.hidden) {
        sign.appendChild(make("strong", { text: ip.told(app, "filtering") }));
        on.forEach(function (filter) { sign.appendChild(item(told(filter), function () { set(filter, true); })); });
        hidden.forEach(function (layer) {
          var names = hiddenOf(layer).map(function (style) { return style.label; }).join(", ");
          sign.appendChild(item(ip.told(app, "legend_hidden", { layer: layer.title, values: names }), function () { unhide(layer); }));
        });
        var end = make("button", { type: "button", class: "ip-plainly ip-end-all", text: ip.told(app, "end_all") });
        end.addEventListener("click", function () { app.filters.clear(); app.map.getContainer().focus({ preventScroll: true }); });
        sign.appendChild(end);
      }
      groups.forEach(refresh);
    }

    // ---- the boxes -------------------------------------------------------------------------------
    var groups = filters.map(group);
    if (filters.length) app.section("filters", ip.told(app, "filters"), shell, { tab: "filter" });
    function group(filter) {
      var made = { filter: filter, boxes: [] };
      var all = make("button", { type: "button", class: "ip-plainly", text: ip.told(app, "all"), "aria-label": filter.label + ": " + ip.told(app, "all") });
      var none = make("button", { type: "button", class: "ip-plainly", text: ip.told(app, "none"), "aria-label": filter.label + ": " + ip.told(app, "none") });
      all.addEventListener("click", function () { set(filter, true); });
      none.addEventListener("click", function () { set(filter, false); });
      var chips = filter.values.map(function (value) {
        var box = make("input", { type: "checkbox", checked: value.on, id: "ip-filter-" + filter.key + "-" + filter.values.indexOf(value) });
        var count = make("span", { class: "ip-count" });
        box.addEventListener("change", function () { value.on = box.checked; apply(filter); });
        made.boxes.push({ value: value, box: box, count: count });
        return make("label", { class: "ip-chip", for: box.id }, [box, make("span", { text: value.label }), count]);
      });
      var layers = unique(filter.uses.map(function (use) { return use.layer.title; })), of = ip.told(app, "filter_of", { layers: layers.join(", ") });
      shell.appendChild(make("fieldset", { class: "ip-filter", id: "ip-filter-" + filter.key }, [
        make("legend", { text: filter.label, title: of }),
        make("div", { class: "ip-filter-head" }, [all, none]),
        make("div", { class: "ip-chips" }, chips),
        layers.length === 1 ? make("p", { class: "ip-note", text: of }) : null
      ]));
      return made;
    }

    // How many features of its main layer a value has, of those that the other filters leave.
    function refresh(made) {
      var main = made.filter.main, counts = new Map(), totals = new Map();
      var others = filters.filter(function (other) { return other !== made.filter && isOn(other); }).map(function (other) {
        return other.uses.find(function (use) { return use.layer === main.layer; });
      }).filter(Boolean);
      for (var f = 0; f < main.layer.count; f++) {
        var left = others.every(function (use) { return passes(use, f); });
        main.cells[main.codes[f]].forEach(function (value) {
          totals.set(value, (totals.get(value) || 0) + 1);
          if (left) counts.set(value, (counts.get(value) || 0) + 1);
        });
      }
      made.boxes.forEach(function (entry) {
        entry.box.checked = entry.value.on;
        entry.count.textContent = ip.partOf(counts.get(entry.value) || 0, totals.get(entry.value) || 0, app);
      });
    }

    app.on("filter", soon);
    tell();
  }

  function unique(texts) { return Array.from(new Set(texts)); }

  ip.part(filtering);
})(infraplan);
