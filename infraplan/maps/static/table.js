"use strict";
// A layer as a table below the map: sorted, filtered, copied to Excel, each row a way to its place.
// Only the rows in sight are in the page, so thousands are as quick as ten. For who has no mouse it
// is a grid: one stop of the Tab key, then the arrows go from cell to cell, the heads above them.
(function (ip) {
  var make = ip.make;
  var HIGH = 28, MORE = 12;

  function listable(layer) {
    return layer.x && layer.count && !layer.alike && (layer.heading !== null || layer.fields.length);
  }

  // The columns of a layer: its heading, what its card tells, its figures. A field that a figure
  // tells too is shown in the field's words and sorted by the figure.
  ip.columnsOf = function (layer, app) {
    var columns = [], labels = {};
    if (layer.heading !== null) columns.push(worded(layer, ip.told(app, "heading"), layer.heading, app, true));
    layer.fields.forEach(function (field) {
      if (field[1] === layer.heading) { columns[0].label = field[0]; return; }
      var column = worded(layer, field[0], field[1], app, false);
      columns.push(column);
      labels[field[0]] = column;
    });
    layer.numbers.forEach(function (number, n) {
      if (!number.label) return;
      var whole = layer.figures[n], unit = Math.pow(10, number.decimals), isPeople = number.key.indexOf("people") === 0;
      var value = function (f) { return whole[f] === ip.MISSING ? null : whole[f] / unit; };
      var digits = isPeople ? 0 : number.decimals, same = labels[number.label];
      var column = same || { label: number.label, unit: number.unit, plain: null };
      column.value = value;
      column.digits = digits;
      column.unit = number.unit;
      if (same) return;
      column.text = function (f) { var v = value(f); return v === null ? ip.told(app, "unknown") : app.number(v, digits); };
      columns.push(column);
    });
    return columns;
  };

  // A column of words; one whose words are all numbers of one unit is one of numbers.
  function worded(layer, label, column, app, isName) {
    var texts = layer.columns[column], codes = layer.codes[column], made = { label: label, unit: "", codes: codes, texts: texts };
    made.text = function (f) { return texts[codes[f]]; };
    var numbers = isName ? null : numbersOf(texts, app);
    if (numbers) {
      made.value = function (f) { return numbers.values[codes[f]]; };
      made.digits = numbers.digits;
      made.unit = numbers.unit;
    }
    return made;
  }

  function numbersOf(texts, app) {
    var isVietnamese = app.page.language === "vi", sign = isVietnamese ? [/\./g, ","] : [/,/g, "."];
    // A number as the page writes it; "1.5" on a Vietnamese page, a date or a long code is a text.
    var shape = isVietnamese ? /^[-−]?(\d{1,3}(\.\d{3})+|\d{1,15})(,\d+)?$/ : /^[-−]?(\d{1,3}(,\d{3})+|\d{1,15})(\.\d+)?$/;
    var unit = null, digits = 0, unknown = ip.told(app, "unknown");
    var values = [];
    var isAll = texts.every(function (text, n) {
      values[n] = null;
      if (!text || text === unknown) return true;
      var part = /^([-−]?\d[\d.,]*)(?: (\S.{0,14}))?$/.exec(text);
      if (!part || !shape.test(part[1]) || /^0\d/.test(part[1]) || (unit !== null && (part[2] || "") !== unit)) return false;
      unit = part[2] || "";
      var plain = part[1].replace(sign[0], "").replace(sign[1], ".").replace("−", "-");
      values[n] = Number(plain);
      digits = Math.max(digits, (plain.split(".")[1] || "").length);
      return isFinite(values[n]);
    });
    return isAll && unit !== null ? { values: values, unit: unit, digits: digits } : null;
  }

  // A cell that Excel would take for a formula is told to be text.
  ip.cell = function (text) {
    var line = text.replace(/[\t\r\n]+/g, " ").trim();
    if (/^[=+\-@]/.test(line) || /^[\t\r]/.test(text)) line = "'" + line;
    return line[0] === '"' ? '"' + line.replace(/"/g, '""') + '"' : line;
  };

  ip.rowsAsText = function (columns, rows, app) {
    var sign = app.page.language === "vi" ? "," : ".";
    var head = columns.map(function (column) { return ip.cell(column.label + (column.unit ? " (" + column.unit + ")" : "")); });
    var lines = rows.map(function (f) {
      return columns.map(function (column) {
        var value = column.value ? column.value(f) : null;
        if (value !== null) return value.toFixed(column.digits).replace(".", sign);
        return ip.cell(column.text(f));
      }).join("\t");
    });
    return [head.join("\t")].concat(lines).join("\r\n") + "\r\n";
  };

  // Made before the map is fitted to what room it has; filled when it is first opened.
  ip.tableLeaf = function (app) {
    var node = make("div", { class: "ip-table-part" });
    app.tableLeaf = app.drawer(ip.told(app, "table"), node, { id: "table" });
  };

  function listing(app) {
    var layers = app.layers.filter(listable).reverse(), leaf = app.tableLeaf, node = leaf.node;
    var told = function (key, values) { return ip.told(app, key, values); };
    var words = new Intl.Collator("vi", { numeric: true });
    var state = { layer: null, columns: [], rows: [], sort: -1, up: true, at: -1, last: -1, column: 0, head: false, top: -1 };
    var isHeld = false, isAway = false;

    var pick = make("select", { class: "ip-table-pick", id: "ip-table-layer", "aria-label": told("table_of") }, layers.map(function (layer, n) {
      return make("option", { value: String(n), text: layer.title });
    }));
    var field = make("input", { type: "search", class: "ip-table-filter", id: "ip-table-filter", placeholder: told("table_filter"), "aria-label": told("table_filter"), autocomplete: "off", spellcheck: "false" });
    var near = make("input", { type: "checkbox", id: "ip-table-near" });
    var count = make("output", { class: "ip-table-count", "aria-live": "polite" });
    var copy = ip.copyButton(app, told("copy"), function () { return ip.rowsAsText(state.columns, state.rows, app); }, function () {
      return told("copied_rows", { count: app.number(state.rows.length) });
    });
    copy.classList.add("ip-table-copy");
    var head = make("thead"), body = make("tbody"), widths = make("colgroup");
    var grid = make("table", { class: "ip-table", role: "grid", "aria-readonly": "true" }, [widths, head, body]);
    var scroller = make("div", { class: "ip-scroller", tabindex: "-1", role: "region", "aria-label": told("table") }, [grid]);
    var bar = make("div", { class: "ip-table-bar" }, [
      pick, field, make("label", { class: "ip-table-near", for: near.id }, [near, make("span", { text: told("only_in_view") })]), count, copy
    ]);
    node.appendChild(bar);
    node.appendChild(scroller);
    app.on("drawer", function (open) {
      if (open !== leaf || !layers.length) return;
      if (!state.layer) take(layers.find(function (layer) { return layer.shown && layer.count > 1; }) || layers[0]);
      else list();
    });

    function take(layer) {
      state.layer = layer;
      pick.value = String(layers.indexOf(layer));
      state.columns = ip.columnsOf(layer, app);
      state.sort = -1;
      state.up = true;
      state.at = state.last = -1;
      state.column = 0;
      state.head = false;
      scroller.scrollTop = scroller.scrollLeft = 0;
      heads();
      list();
    }

    function heads() {
      widths.textContent = head.textContent = "";
      var row = make("tr", { "aria-rowindex": "1" });
      state.columns.forEach(function (column, n) {
        var longest = column.label.length + 3;
        for (var f = 0; f < Math.min(60, state.layer.count); f++) longest = Math.max(longest, column.text(f).length);
        var col = make("col");
        column.wide = Math.max(70, Math.min(n ? 260 : 220, longest * (n ? 6.7 : 7.7) + 22));
        col.style.width = column.wide + "px";
        widths.appendChild(col);
        var button = make("button", { type: "button", class: "ip-head", tabindex: "-1", title: column.label }, [
          make("span", { text: column.label + (column.unit && column.texts === undefined ? " (" + column.unit + ")" : "") }), make("i", { "aria-hidden": "true", text: "" })
        ]);
        button.addEventListener("click", function () {
          state.up = state.sort === n ? !state.up : !column.value;
          state.sort = n;
          marks();
          scroller.scrollTop = 0;
          list();
          app.say(ip.fill(app.words[state.up ? "grid.sorted_up" : "grid.sorted_down"], { column: column.label }));
        });
        row.appendChild(make("th", { scope: "col", class: column.value ? "ip-numeric" : "" }, [button]));
      });
      head.appendChild(row);
      grid.style.width = state.columns.reduce(function (sum, column) { return sum + column.wide; }, 0) + "px";
      marks();
    }

    function marks() {
      Array.prototype.forEach.call(head.querySelectorAll("th"), function (th, n) {
        var on = state.sort === n;
        th.setAttribute("aria-sort", on ? (state.up ? "ascending" : "descending") : "none");
        th.querySelector("i").textContent = on ? (state.up ? " ▲" : " ▼") : "";
      });
    }

    // ---- which rows, and in which order --------------------------------------------------------
    function matcher() {
      var parts = ip.plain(field.value).split(/\s+/).filter(Boolean), columns = state.columns;
      if (!parts.length) return null;
      columns.forEach(function (column) {
        if (column.codes && !column.plain) column.plain = column.texts.map(ip.plain);
      });
      var hits = parts.map(function (part) {
        return columns.map(function (column) {
          return column.codes ? column.plain.map(function (text) { return text.indexOf(part) >= 0; }) : null;
        });
      });
      return function (f) {
        return hits.every(function (of, p) {
          return of.some(function (hit, c) {
            return hit ? hit[columns[c].codes[f]] : typed(columns[c], f).indexOf(parts[p]) >= 0;
          });
        });
      };
    }

    // A figure as it is typed: telling each in the reader's style would take seconds.
    function typed(column, f) {
      var value = column.value(f);
      return value === null ? "" : value.toFixed(column.digits).replace(".", app.page.language === "vi" ? "," : ".");
    }

    function inView(layer) {
      if (!near.checked) return null;
      var view = app.map.getBounds(), low = L.CRS.EPSG3857.project(view.getSouthWest()), high = L.CRS.EPSG3857.project(view.getNorthEast());
      var box = [low.x, low.y, high.x, high.y].map(function (value) { return value / layer.step; }), b = layer.bounds;
      if (layer.kind === "line") {
        return function (f) { return b[4 * f] <= box[2] && b[4 * f + 2] >= box[0] && b[4 * f + 1] <= box[3] && b[4 * f + 3] >= box[1]; };
      }
      var x = layer.labelX || layer.x, y = layer.labelY || layer.y;
      return function (f) { return x[f] >= box[0] && x[f] <= box[2] && y[f] >= box[1] && y[f] <= box[3]; };
    }

    function order(column) {
      if (column.value) {
        return function (a, b) {
          var x = column.value(a), y = column.value(b);
          if (x === null || y === null) return (x === null) - (y === null);
          return state.up ? x - y : y - x;
        };
      }
      if (!column.places) {
        // Codes of one length stand in the order of their signs; comparing those as words is slow.
        var texts = column.texts, long = texts[0].length, isCode = texts.every(function (text) { return text.length === long && /^[!-~]*$/.test(text); });
        var sorted = texts.map(function (text, n) { return n; }).sort(isCode ? function (a, b) { return texts[a] < texts[b] ? -1 : 1; } : function (a, b) { return words.compare(texts[a], texts[b]); });
        column.places = new Int32Array(sorted.length);
        sorted.forEach(function (code, n) { column.places[code] = n; });
      }
      return function (a, b) {
        var x = column.codes[a], y = column.codes[b];
        if (!column.texts[x] !== !column.texts[y]) return column.texts[x] ? -1 : 1;
        return state.up ? column.places[x] - column.places[y] : column.places[y] - column.places[x];
      };
    }

    function list() {
      if (!leaf.shown || !state.layer) return;
      var layer = state.layer, matches = matcher(), near_ = inView(layer), rows = [];
      for (var f = 0; f < layer.count; f++) {
        if (ip.seen(layer, f) && (!near_ || near_(f)) && (!matches || matches(f))) rows.push(f);
      }
      if (state.sort >= 0) rows.sort(order(state.columns[state.sort]));
      var isHere = isInGrid() && !isAway, left = nearest(state.rows, state.at >= 0 ? state.at : state.last, rows);
      state.rows = rows;
      state.at = app.chosenNow && app.chosenNow.layer === layer ? rows.indexOf(app.chosenNow.feature) : -1;
      if (state.at < 0 && isHere) state.at = left;
      state.last = state.at >= 0 ? state.at : left;
      grid.setAttribute("aria-rowcount", String(rows.length + 1));
      grid.setAttribute("aria-label", layer.title);
      count.textContent = told("rows", { count: ip.partOf(rows.length, layer.count, app) });
      copy.disabled = !rows.length;
      scroller.scrollTop = Math.min(scroller.scrollTop, rows.length * HIGH);
      paint(true);
      if (isHere) home();
    }

    // Which of the new rows holds what stood in row n of those before, or next to it.
    function nearest(before, n, rows) {
      var places = new Map();
      if (n < 0 || !rows.length) return -1;
      rows.forEach(function (f, place) { places.set(f, place); });
      for (var d = 0; d < before.length; d++) {
        if (places.has(before[n + d])) return places.get(before[n + d]);
        if (places.has(before[n - d])) return places.get(before[n - d]);
      }
      return Math.min(n, rows.length - 1);
    }

    // ---- the rows in sight ---------------------------------------------------------------------
    function paint(isNew) {
      var top = Math.max(0, Math.floor(scroller.scrollTop / HIGH) - MORE);
      var end = Math.min(state.rows.length, top + Math.ceil(scroller.clientHeight / HIGH) + 2 * MORE);
      if (!isNew && top === state.top) return;
      state.top = top;
      var isHere = isInGrid();
      body.textContent = "";
      body.appendChild(space(top));
      for (var n = top; n < end; n++) body.appendChild(row(n));
      body.appendChild(space(state.rows.length - end));
      if (!state.rows.length) body.appendChild(make("tr", {}, [make("td", { colspan: String(state.columns.length), class: "ip-none", text: told("no_rows") })]));
      follow();
      if (isHere) stay();
    }

    function space(rows) {
      var filler = make("tr", { "aria-hidden": "true", class: "ip-filler" }), cell = make("td", { colspan: String(state.columns.length) });
      cell.style.height = rows * HIGH + "px";
      filler.appendChild(cell);
      return filler;
    }

    function row(n) {
      var f = state.rows[n];
      var line = make("tr", { id: "ip-row-" + n, "aria-rowindex": String(n + 2), "aria-selected": String(n === state.at) }, state.columns.map(function (column, c) {
        var text = column.text(f).replace(/\s*\n\s*/g, " ");
        return make(c ? "td" : "th", c ? { text: text, tabindex: "-1", title: text.length > 30 ? text : "", class: column.value ? "ip-numeric" : "" } : { scope: "row", tabindex: "-1", text: text });
      }));
      line.addEventListener("click", function () { mark(n); visit(); });
      return line;
    }

    // The row that is marked, and the one cell that the Tab key stops at: where the reader was, else
    // the first in sight.
    function follow() {
      var before = grid.querySelector("[tabindex='0']"), now = state.head ? headAt(state.column) : cellAt(state.at, state.column);
      Array.prototype.forEach.call(body.children, function (line) {
        if (line.id) line.setAttribute("aria-selected", String(line.id === "ip-row-" + state.at));
      });
      if (before) before.setAttribute("tabindex", "-1");
      now = now || cellAt(Math.min(state.rows.length - 1, Math.ceil(scroller.scrollTop / HIGH)), state.column) || headAt(state.column);
      if (now) now.setAttribute("tabindex", "0");
    }
    function headAt(c) { return head.querySelectorAll("button")[c] || null; }
    function cellAt(n, c) { var line = n < 0 ? null : document.getElementById("ip-row-" + n); return line && line.children[c]; }

    // Keep the focus when rows are made anew; while its row is out of sight the scroller holds it.
    function stay() {
      var cell = state.head || isAway ? null : cellAt(state.at, state.column);
      if (cell) cell.focus({ preventScroll: true });
      else hold();
    }
    function hold() {
      isHeld = true;
      scroller.focus({ preventScroll: true });
      isHeld = false;
    }
    function isInGrid() { return body.contains(document.activeElement) || document.activeElement === scroller; }

    // To the cell where the reader was, or the nearest row that is left of it; to a head where none is.
    function home() {
      var n = state.at >= 0 ? state.at : state.last >= 0 ? state.last : Math.ceil(scroller.scrollTop / HIGH);
      go(Math.min(state.rows.length - 1, n), state.column);
    }

    function mark(n) {
      state.at = n;
      state.head = false;
      if (n >= 0) {
        var head_ = HIGH + 6, y = n * HIGH, room = scroller.clientHeight - head_;
        if (y < scroller.scrollTop) scroller.scrollTop = y;
        else if (y + HIGH > scroller.scrollTop + room) scroller.scrollTop = y + HIGH - room;
      }
      paint(false);
      follow();
    }

    // Go to a cell, the heads being row -1; what is cut off at a side is moved into sight.
    function go(n, c) {
      state.column = c;
      if (n < 0) { mark(-1); state.head = true; follow(); } else mark(n);
      var cell = n < 0 ? headAt(c) : cellAt(n, c);
      if (!cell) return;
      cell.focus({ preventScroll: true });
      var box = (n < 0 ? cell.parentNode : cell).getBoundingClientRect(), room = scroller.getBoundingClientRect();
      if (box.left < room.left) scroller.scrollLeft -= room.left - box.left;
      else if (box.right > room.left + scroller.clientWidth) scroller.scrollLeft += Math.min(box.left - room.left, box.right - room.left - scroller.clientWidth);
    }

    function visit() {
      if (state.at < 0) return;
      // rows may be made anew by the move: the scroller is where the focus comes back to
      if (isInGrid()) {
        isAway = true;
        hold();
      }
      app.visit(state.layer, state.rows[state.at]);
    }

    pick.addEventListener("change", function () { take(layers[Number(pick.value)]); });
    field.addEventListener("input", list);
    field.addEventListener("keydown", function (event) { if (event.key === "Escape" && field.value) { field.value = ""; list(); event.stopPropagation(); } });
    near.addEventListener("change", list);
    scroller.addEventListener("scroll", function () { paint(false); });
    scroller.addEventListener("focus", function () {
      if (isHeld) return;
      var cell = cellAt(state.at, state.column);
      if (isAway) {
        isAway = false;
        home();
      } else if (cell) cell.focus({ preventScroll: true });
    });
    grid.addEventListener("focusin", function (event) {
      var cell = event.target.closest("th, td"), line = cell && cell.parentNode;
      isAway = false;
      if (!cell || line.classList.contains("ip-filler") || !cell.matches("thead th, tr[id] > *")) return;
      state.column = Array.prototype.indexOf.call(line.children, cell);
      state.head = head.contains(cell);
      if (!state.head) state.at = Number(line.id.slice("ip-row-".length));
      follow();
    });
    scroller.addEventListener("keydown", function (event) {
      var page = Math.max(1, Math.floor(scroller.clientHeight / HIGH) - 2), last = state.rows.length - 1, end = state.columns.length - 1;
      var n = state.head ? -1 : state.at, c = state.column, key = event.key, whole = event.ctrlKey || event.metaKey;
      if (event.altKey || (whole && key !== "Home" && key !== "End")) return;
      if (key === "Enter" || key === " ") {
        if (state.head) return; // the button's own
        event.preventDefault();
        visit();
        return;
      }
      if (key === "ArrowDown") n++;
      else if (key === "ArrowUp") n--;
      else if (key === "PageDown") n += page;
      else if (key === "PageUp") n = state.head ? -1 : Math.max(0, n - page);
      else if (key === "ArrowRight") c++;
      else if (key === "ArrowLeft") c--;
      else if (key === "Home") { c = 0; if (whole) n = 0; }
      else if (key === "End") { c = end; if (whole) n = last; }
      else return;
      event.preventDefault();
      event.stopPropagation();
      go(Math.max(-1, Math.min(last, n)), Math.max(0, Math.min(end, c)));
    });
    app.on("choose", function (found) {
      if (!leaf.shown || !found || found.layer !== state.layer) return;
      if (state.at >= 0) state.last = state.at;
      mark(state.rows.indexOf(found.feature));
    });
    app.on("filter", function (layer) { if (!layer || layer === state.layer) list(); });
    var later = 0;
    app.on("view", function () {
      if (!near.checked) return;
      clearTimeout(later);
      later = setTimeout(list, 80);
    });
    app.table = { show: function (layer) { leaf.show(true); if (layer) take(layer); }, state: state };
  }

  ip.part(listing);
})(infraplan);
