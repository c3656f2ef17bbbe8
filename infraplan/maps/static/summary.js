"use strict";
// What is in view, added up: people with service and without, stations, cables, hamlets. A hamlet
// counts by a point inside it, a station by its place, a cable by its part in view. What filters
// and the legend leave out is not counted.
(function (ip) {
  var make = ip.make;
  var COVERED = "#4575b4", UNCOVERED = "#a50026", QUIET = "#9aa7b5";

  // A layer of the plan by its name that has a figure; a table that somebody explores may have
  // columns of the same names and is no part of the sums.
  function having(layers, name, key) {
    var found = layers.filter(function (layer) {
      return layer.x && layer.name.indexOf(name) === 0 && layer.numbers.some(function (number) { return number.key === key; });
    });
    return found.find(function (layer) { return layer.name === "fibre"; }) || found[found.length - 1] || null;
  }

  function roles(layers) {
    return { sites: having(layers, "sites", "position"), cables: having(layers, "fibre", "length_km"), hamlets: having(layers, "hamlets", "people") };
  }

  // The figures of a number as they travel, and by what to divide them.
  function figures(layer, key) {
    var n = layer.numbers.findIndex(function (number) { return number.key === key; });
    return n < 0 ? null : { values: layer.figures[n], unit: Math.pow(10, layer.numbers[n].decimals) };
  }

  function filterOf(layer, key) {
    var entry = (layer.filters || []).find(function (filter) { return filter.key === key; });
    return entry ? { codes: layer.codes[entry.column], texts: layer.columns[entry.column], words: entry.words } : null;
  }

  // The view in the page's projection [m]: west, south, east, north.
  function viewOf(map) {
    var bounds = map.getBounds(), low = L.CRS.EPSG3857.project(bounds.getSouthWest()), high = L.CRS.EPSG3857.project(bounds.getNorthEast());
    return [low.x, low.y, high.x, high.y];
  }

  function inSteps(view, layer) { return view.map(function (value) { return value / layer.step; }); }

  // ---- sums --------------------------------------------------------------------------------------
  var PEOPLE = ["people", "people_uncovered", "people_uncovered_low", "people_uncovered_high", "people_unknown"];

  function peopleOf(layer, view, rests) {
    var box = inSteps(view, layer), sums = { people: 0, uncovered: 0, low: 0, high: 0, unknown: 0, hamlets: 0, levels: new Int32Array(layer.styles.length) };
    var told = PEOPLE.map(function (key) { return figures(layer, key); });
    var x = layer.labelX || layer.x, y = layer.labelY || layer.y;
    for (var f = 0; f < layer.count; f++) {
      if (x[f] < box[0] || x[f] > box[2] || y[f] < box[1] || y[f] > box[3] || !ip.seen(layer, f)) continue;
      sums.hamlets++;
      sums.levels[layer.category[f]]++;
      add(sums, told.map(function (entry) {
        return entry && entry.values[f] !== ip.MISSING ? entry.values[f] / entry.unit : null;
      }));
    }
    rests.forEach(function (rest) {
      if (rest[0] < view[0] || rest[0] > view[2] || rest[1] < view[1] || rest[1] > view[3]) return;
      if (layer.styles.some(function (style, code) { return layer.hidden[code] && style.value === rest[2]; })) return;
      add(sums, rest.slice(3));
    });
    sums.isJudged = Boolean(told[1]);
    return sums;
  }

  // People of whom nothing is known count among those without service, as in the tables and in the
  // reports, and are told of which they are a part.
  function add(sums, told) {
    if (told[0] === null) return;
    var isKnown = told[1] !== null, without = isKnown ? told[1] : told[0];
    sums.people += told[0];
    sums.uncovered += without;
    sums.unknown += isKnown ? told[4] || 0 : told[0];
    sums.low += isKnown ? (told[2] === null ? without : told[2]) : 0;
    sums.high += isKnown && told[3] !== null ? told[3] : without;
  }

  function stationsOf(layer, view) {
    var box = inSteps(view, layer), operators = filterOf(layer, "operator");
    var position = figures(layer, "position").values, air = figures(layer, "on_air");
    var masts = new Set(), known = new Set(), by = new Map(), sums = { stations: 0, positions: 0, waiting: 0, by: by };
    for (var f = 0; f < layer.count; f++) {
      if (layer.x[f] < box[0] || layer.x[f] > box[2] || layer.y[f] < box[1] || layer.y[f] > box[3] || !ip.seen(layer, f)) continue;
      if (air && !air.values[f]) { sums.waiting++; continue; }
      masts.add(position[f]);
      // One operator on one mast is one station, though lists may give each technology its own row.
      var code = operators ? operators.codes[f] : 0, id = code * 4194304 + position[f];
      if (known.has(id)) continue;
      known.add(id);
      sums.stations++;
      var name = operators ? operators.texts[code] : "";
      by.set(name, (by.get(name) || 0) + 1);
    }
    sums.positions = masts.size;
    return sums;
  }

  function cablesOf(layer, view) {
    var box = inSteps(view, layer), b = layer.bounds, length = figures(layer, "length_km");
    var kinds = ["installation", "operator"].map(function (key) { return filterOf(layer, key); });
    var sums = { km: 0, cables: 0, by: [new Map(), new Map()] };
    for (var f = 0, n = 0; f < layer.count; f++, n += 4) {
      if (b[n] > box[2] || b[n + 2] < box[0] || b[n + 1] > box[3] || b[n + 3] < box[1] || !ip.seen(layer, f)) continue;
      if (length.values[f] === ip.MISSING) continue;
      var whole = b[n] >= box[0] && b[n + 2] <= box[2] && b[n + 1] >= box[1] && b[n + 3] <= box[3];
      var km = length.values[f] / length.unit * (whole ? 1 : share(layer, f, box));
      if (!km) continue;
      sums.km += km;
      sums.cables++;
      for (var k = 0; k < 2; k++) {
        if (!kinds[k]) continue;
        var text = kinds[k].texts[kinds[k].codes[f]];
        sums.by[k].set(text, (sums.by[k].get(text) || 0) + km);
      }
    }
    sums.kinds = kinds;
    return sums;
  }

  // The part of a line in view: of its length as drawn, the segments whose middle is in view.
  function share(layer, f, box) {
    var x = layer.x, y = layer.y, all = 0, inside = 0;
    for (var p = layer.firstPart[f]; p < layer.firstPart[f + 1]; p++) {
      for (var v = layer.firstVertex[p] + 1; v < layer.firstVertex[p + 1]; v++) {
        var dx = x[v] - x[v - 1], dy = y[v] - y[v - 1], d = Math.sqrt(dx * dx + dy * dy);
        var mx = (x[v] + x[v - 1]) / 2, my = (y[v] + y[v - 1]) / 2;
        all += d;
        if (mx >= box[0] && mx <= box[2] && my >= box[1] && my <= box[3]) inside += d;
      }
    }
    return all ? inside / all : 0;
  }

  ip.summed = function (app) {
    var found = roles(app.layers), view = viewOf(app.map), rests = (app.page.summary && app.page.summary.rests) || [];
    return {
      people: found.hamlets && peopleOf(found.hamlets, view, rests),
      stations: found.sites && stationsOf(found.sites, view),
      cables: found.cables && cablesOf(found.cables, view)
    };
  };

  // ---- drawing -----------------------------------------------------------------------------------
  // Rows of [words, value, colour, text]: a table whose bars are as long as its values.
  function bars(caption, rows) {
    var most = Math.max.apply(null, rows.map(function (row) { return row[1]; }).concat([1e-9]));
    return make("table", { class: "ip-bars" }, [
      make("caption", { text: caption }),
      make("tbody", {}, rows.map(function (row) {
        var bar = make("span", { class: "ip-bar", "aria-hidden": "true" });
        bar.style.width = Math.max(row[1] > 0 ? 1.5 : 0, 100 * row[1] / most) + "%";
        bar.style.background = row[2];
        return make("tr", {}, [
          make("th", { scope: "row", text: row[0] }),
          make("td", { class: "ip-bar-cell" }, [bar]),
          make("td", { class: "ip-bar-value", text: row[3] })
        ]);
      }))
    ]);
  }

  function stacked(parts, label) {
    var whole = parts.reduce(function (sum, part) { return sum + part[0]; }, 0);
    return make("div", { class: "ip-stacked", role: "img", "aria-label": label }, parts.map(function (part) {
      var piece = make("span", { class: part[2] || "" });
      piece.style.width = 100 * part[0] / (whole || 1) + "%";
      piece.style.background = part[1];
      return piece;
    }));
  }

  // The colour in which the map shows a value: of this layer, or of another that is coloured by it.
  function colored(layer, text, words) {
    var of = [layer].concat(ip.app.layers.filter(function (other) { return other.alike === layer.name || other.name === "sites"; }));
    for (var n = 0; text && n < of.length; n++) {
      var style = of[n].styles.find(function (entry) { return entry.value === text || entry.label === (words[text] || text); });
      if (style) return style.color;
    }
    return QUIET;
  }

  function ranked(layer, by, kind, tell, app) {
    return Array.from(by).sort(function (a, b) { return b[1] - a[1] || (a[0] < b[0] ? -1 : 1); }).map(function (entry) {
      var words = (kind && kind.words) || {};
      return [ip.own(words, entry[0]) || entry[0] || ip.told(app, "unknown"), entry[1], colored(layer, entry[0], words), tell(entry[1])];
    });
  }

  function summary(app) {
    var found = roles(app.layers), shell = make("div", { class: "ip-summary" }), chosen = null, told = function (key, values) { return ip.told(app, key, values); };
    if (!found.sites && !found.cables && !found.hamlets) return;
    var section = app.section("view", told("in_view"), shell, { tab: "figures" });
    section.classList.add("ip-in-view");
    section.parentNode.insertBefore(section, section.parentNode.firstChild);
    var head = make("div", { class: "ip-people" }), list = make("div", { class: "ip-tiles", role: "tablist", "aria-label": told("in_view") });
    var chart = make("div", { class: "ip-chart-pane", role: "tabpanel", id: "ip-chart-pane", tabindex: "0" });
    var tiles = [["stations", found.sites], ["cables", found.cables], ["hamlets", found.hamlets]].filter(function (entry) { return entry[1]; }).map(function (entry) {
      var value = make("b"), about = make("span"), button = make("button", { type: "button", role: "tab", class: "ip-tile", id: "ip-tile-" + entry[0], "aria-controls": chart.id }, [value, about]);
      button.addEventListener("click", function () { choose(entry[0]); });
      button.addEventListener("keydown", function (event) {
        var step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        event.preventDefault();
        var at = tiles.findIndex(function (tile) { return tile.key === chosen; });
        var next = tiles[(at + step + tiles.length) % tiles.length];
        choose(next.key);
        next.button.focus();
      });
      list.appendChild(button);
      return { key: entry[0], layer: entry[1], button: button, value: value, about: about };
    });
    var line = make("summary", { class: "ip-whole" }), how = make("details", { class: "ip-how" }, [line, make("p", { class: "ip-note", text: told("counts") })]);
    [list, chart, how].forEach(function (node) { shell.appendChild(node); });
    // The one figure that everybody asks for stands above the tabs.
    var tabs = app.side.querySelector(".ip-tabs");
    app.side.insertBefore(head, tabs);

    function choose(key) {
      chosen = key;
      tiles.forEach(function (tile) {
        tile.button.setAttribute("aria-selected", String(tile.key === key));
      });
      chart.setAttribute("aria-labelledby", "ip-tile-" + key);
      draw(app.sums);
    }

    function isWhole() { return app.map.getBounds().contains(app.home); }

    function people(sums) {
      var place = told(isWhole() ? "where_all" : "where_part");
      head.textContent = "";
      head.hidden = !sums;
      if (!sums) return;
      var p = function (value) { return ip.people(value, app); };
      if (!sums.isJudged) {
        head.appendChild(make("p", { class: "ip-figure" }, [make("b", { text: p(sums.people) }), make("span", { text: told("people", { where: place }) })]));
        return;
      }
      var covered = Math.max(0, sums.people - sums.uncovered), bare = Math.max(0, sums.uncovered - sums.unknown);
      if (sums.people < 0.5) { head.appendChild(make("p", { class: "ip-figure" }, [make("span", { text: told("nobody") })])); return; }
      var isUnknown = sums.unknown >= 0.5, sure = sums.people - sums.unknown;
      var share = sure < 0.5 ? told("unknown") : ip.percent(covered, sums.people, app);
      head.appendChild(make("p", { class: "ip-figure" }, [make("b", { text: share }), make("span", { text: ip.fill(app.page.summary.headline || "", { where: place }) })]));
      var range = ip.peopleRange(sums.uncovered, sums.low, sums.high, app);
      var lines = [
        ["covered", COVERED, p(covered)], [isUnknown ? "uncovered_at_most" : "uncovered", UNCOVERED, range], ["unknown_people", "", isUnknown ? p(sums.unknown) : null]
      ].filter(function (line) { return line[2] !== null; });
      var label = lines.map(function (line) { return told(line[0]) + ": " + line[2]; }).join("; ");
      head.appendChild(stacked([[covered, COVERED], [bare, UNCOVERED], [sums.unknown, "", "ip-hatched"]], label));
      head.appendChild(make("dl", { class: "ip-shares" }, lines.reduce(function (nodes, line) {
        var dot = make("i", { "aria-hidden": "true", class: line[1] ? "" : "ip-hatched" });
        if (line[1]) dot.style.background = line[1];
        return nodes.concat([make("dt", {}, [dot, make("span", { text: told(line[0]) })]), make("dd", { class: "ip-is-" + line[0].replace("_at_most", ""), text: line[2] })]);
      }, [])));
    }

    function km(value) { return app.number(value, value < 100 ? 1 : 0) + " km"; }

    function draw(sums) {
      chart.textContent = "";
      var tile = tiles.find(function (entry) { return entry.key === chosen; });
      if (!tile || !sums) return;
      if (chosen === "stations" && sums.stations.stations) {
        chart.appendChild(bars(told("stations_by"), ranked(tile.layer, sums.stations.by, null, function (n) { return app.number(n); }, app)));
        if (sums.stations.waiting) chart.appendChild(make("p", { class: "ip-note", text: told("waiting", { count: app.number(sums.stations.waiting) }) }));
      } else if (chosen === "cables" && sums.cables.km) {
        ["cables_installation", "cables_operator"].forEach(function (title, n) {
          if (sums.cables.by[n].size) chart.appendChild(bars(told(title), ranked(tile.layer, sums.cables.by[n], sums.cables.kinds[n], km, app)));
        });
      } else if (chosen === "hamlets" && sums.people.hamlets) {
        var rows = tile.layer.styles.map(function (style, code) {
          return [style.label || tile.layer.title, sums.people.levels[code], style.fill || style.color, app.number(sums.people.levels[code])];
        });
        chart.appendChild(bars(told("hamlets_by"), rows.filter(function (row) { return row[1]; })));
      } else chart.appendChild(make("p", { class: "ip-note", text: told("nothing") }));
      if (!tile.layer.shown) {
        var show = make("button", { type: "button", class: "ip-plainly", text: told("show_layer") });
        show.addEventListener("click", function () { app.show(tile.layer, true); });
        chart.appendChild(make("p", { class: "ip-note" }, [make("span", { text: told("layer_off") + " " }), show]));
      }
    }

    function refresh() {
      waiting = 0;
      var begun = performance.now(), sums = app.sums = ip.summed(app);
      app.summedIn = performance.now() - begun;
      people(sums.people);
      tiles.forEach(function (tile) {
        if (tile.key === "stations") {
          tile.value.textContent = app.number(sums.stations.stations);
          tile.about.textContent = told("stations", { positions: app.number(sums.stations.positions) });
        } else if (tile.key === "cables") {
          tile.value.textContent = km(sums.cables.km);
          tile.about.textContent = told("cables");
        } else {
          tile.value.textContent = app.number(sums.people.hamlets);
          tile.about.textContent = told("hamlets");
        }
      });
      line.textContent = told(isWhole() ? "counts_all" : "counts_part");
      draw(sums);
    }

    var waiting = 0;
    function soon() { if (!waiting) waiting = setTimeout(refresh, 60); }
    ["view", "filter", "layers", "printed"].forEach(function (event) { app.on(event, soon); });
    app.on("print", refresh);
    app.sum = refresh;
    refresh();
    if (tiles.length) choose(tiles[0].key); else [list, chart].forEach(function (node) { node.hidden = true; });
  }

  ip.part(summary);
})(infraplan);
