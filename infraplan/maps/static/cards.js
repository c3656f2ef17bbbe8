"use strict";
// The batch beside its map: a table of requests, and a card for each with all that is known of it.
(function (ip) {
  var make = ip.make;
  var PAIRS = 6;  // told before the rest is folded away
  var ICONS = { pass: "✓", condition: "!", fail: "✕", not_assessed: "?" };

  ip.cards = function (app) {
    var data = app.page.cards, words = data.words, places = {};
    var state = { at: -1, mode: "change", opacity: 0.75, sort: "rank", up: true };
    data.cards.forEach(function (card, n) { places[card.id] = n; });

    // ---- parts -------------------------------------------------------------------------------
    function mark(code) {
      var style = data.styles[code] || { color: "#fff", fill: "#8c8c8c", radius: 8, width: 1.6, shape: "cross", opacity: 1 };
      return ip.swatch("point", style);
    }
    function verdict(code, text) {
      return make("span", { class: "ip-verdict" }, [mark(code), make("span", { text: text })]);
    }
    function section(title, children, closed) {
      if (closed === undefined) return make("section", { class: "ip-part" }, [make("h3", { text: title })].concat(children));
      return make("details", { class: "ip-part", open: !closed }, [make("summary", { text: title })].concat(children));
    }
    function note(text) { return make("p", { class: "ip-note", text: text }); }
    function table(heads, rows, kind) {
      return make("div", { class: "ip-wide" }, [make("table", { class: kind || "" }, [
        make("thead", {}, [make("tr", {}, heads.map(function (text) { return make("th", { scope: "col", text: text }); }))]),
        make("tbody", {}, rows)
      ])]);
    }
    function cells(texts) {
      return make("tr", {}, texts.map(function (text, n) { return make(n ? "td" : "th", n ? { text: text } : { scope: "row", text: text }); }));
    }
    function list(texts) { return make("ul", { class: "ip-list" }, texts.map(function (text) { return make("li", { text: text }); })); }
    function button(text, act, kind) { return make("button", { type: "button", class: kind || "ip-small", text: text, on: { click: act } }); }
    function outcome(code) {
      return make("span", { class: "ip-light ip-is-" + (code in ICONS ? code : "not_assessed"), "aria-hidden": "true", text: ICONS[code] || "?" });
    }

    // ---- the frame ---------------------------------------------------------------------------
    var overview = button(words.overview, function () { show(-1, true); }, "ip-small ip-overview");
    // The cards follow each other as the table is sorted.
    function step(by) {
      var order = sorted().map(function (card) { return places[card.id]; }), n = order.length, at = order.indexOf(state.at);
      if (n) show(order[at < 0 ? (by > 0 ? 0 : n - 1) : (at + by + n) % n], true);
    }
    var before = button("‹", function () { step(-1); }, "ip-small ip-before");
    var next = button("›", function () { step(1); }, "ip-small ip-next");
    before.setAttribute("aria-label", words.before_card);
    before.title = words.before_card;
    next.setAttribute("aria-label", words.next_card);
    next.title = words.next_card;
    var place = make("output", { class: "ip-place", "aria-live": "polite" });
    var wide = button(words.wide, function () {
      var on = drawer.classList.toggle("ip-wider");
      wide.setAttribute("aria-pressed", String(on));
      wide.textContent = on ? words.narrow : words.wide;
      app.map.invalidateSize({ pan: false });
    }, "ip-small ip-widen");
    wide.setAttribute("aria-pressed", "false");
    var print = button(words.print_card, printed, "ip-small ip-print-one");
    var body = make("div", { class: "ip-cards-body", tabindex: "-1" });
    var drawer = make("section", { class: "ip-cards", id: "ip-cards", "aria-label": words.open }, [
      make("div", { class: "ip-cards-bar" }, [overview, before, place, next, make("span", { class: "ip-gap" }), print, wide]),
      // A head of a table comes again on every printed page.
      app.page.warning ? make("div", { class: "ip-print-head", "aria-hidden": "true" }, [make("div", { text: app.page.warning })]) : null, body
    ]);
    var opener = button(words.open, function () {
      var shut = root.classList.toggle("ip-no-cards");
      opener.setAttribute("aria-expanded", String(!shut));
      app.map.invalidateSize({ pan: false });
    }, "ip-button ip-opener");
    opener.setAttribute("aria-expanded", "true");
    opener.setAttribute("aria-controls", "ip-cards");
    var root = document.querySelector(".ip-root");
    root.classList.add("ip-has-cards");
    app.panelButton.parentNode.insertBefore(opener, app.panelButton.parentNode.firstChild);
    document.querySelector(".ip-main").insertBefore(drawer, document.querySelector(".ip-main").firstChild);
    if (window.innerWidth < 1600 && !root.classList.contains("ip-closed")) app.panelButton.click();
    drawer.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && state.at >= 0) { event.preventDefault(); show(-1, true); }
    });

    // ---- the batch ---------------------------------------------------------------------------
    var COLUMNS = [
      ["rank", words.head_rank, function (c) { return c.sort.rank; }],
      ["request", words.head_request, function (c) { return c.id; }],
      ["proposal", words.head_proposal, function (c) { return Object.keys(data.styles).indexOf(c.proposal.code); }],
      ["people", words.head_people, function (c) { return c.sort.people; }],
      ["marginal", words.head_marginal, function (c) { return c.sort.marginal; }],
      ["stable", words.head_stable, function (c) { return c.stability && c.stability.share; }]
    ];
    function sorted() {
      var value = COLUMNS.find(function (column) { return column[0] === state.sort; })[2], sign = state.up ? 1 : -1;
      return data.cards.slice().sort(function (a, b) {
        var x = value(a), y = value(b);
        if (x === null || y === null) return (x === null) - (y === null);
        return sign * (typeof x === "string" ? x.localeCompare(y, app.page.language, { numeric: true }) : x - y);
      });
    }
    function requests() {
      var columns = COLUMNS.filter(function (column) { return column[0] !== "stable" || data.cards.some(function (c) { return c.stability; }); });
      var heads = columns.map(function (column) {
        var on = state.sort === column[0];
        var arrow = make("span", { "aria-hidden": "true", text: on ? (state.up ? "\u00a0▲" : "\u00a0▼") : "" });
        var head = make("button", { type: "button", class: "ip-sort", title: words.sort, "data-sort": column[0] }, [make("span", { text: column[1] }), arrow]);
        head.addEventListener("click", function () {
          state.up = on ? !state.up : ["people", "marginal", "stable"].indexOf(column[0]) < 0;
          state.sort = column[0];
          var held = requests();
          body.querySelector(".ip-requests").replaceWith(held);
          held.querySelector('[data-sort="' + column[0] + '"]').focus();
        });
        return make("th", { scope: "col", "aria-sort": on ? (state.up ? "ascending" : "descending") : "none" }, [head]);
      });
      var rows = sorted().map(function (card) {
        var open = make("button", { type: "button", class: "ip-open", "data-id": card.id }, [make("b", { text: card.id }), card.name ? make("span", { text: card.name }) : null]);
        var row = make("tr", { class: "ip-row" }, [
          make("td", { text: card.sort.rank === null ? "" : app.number(card.sort.rank) }),
          make("th", { scope: "row" }, [open]),
          make("td", { class: "ip-said" }, [
            verdict(card.proposal.code, card.proposal.text),
            card.decision ? make("small", { class: "ip-decided", text: words.decision + ": " + card.decision.text }) : null
          ]),
          make("td", { text: card.people }), make("td", { text: card.marginal }),
          columns.length > 5 ? make("td", { text: card.stability ? card.stability.short : "", class: "ip-number" }) : null
        ]);
        row.addEventListener("click", function () { show(places[card.id], true); });
        return row;
      });
      return make("div", { class: "ip-wide ip-requests" }, [make("table", {}, [make("thead", {}, [make("tr", {}, heads)]), make("tbody", {}, rows)])]);
    }
    function jump(id) {
      return places[id] === undefined ? make("b", { text: id }) : button(id, function () { show(places[id], true); }, "ip-link");
    }
    function whole() {
      var batch = data.batch, parts = [make("h2", { text: batch.title, tabindex: "-1" })];
      batch.lines.forEach(function (text) { parts.push(make("p", { class: "ip-about", text: text })); });
      parts.push(make("ul", { class: "ip-counts" }, batch.counts.map(function (entry) {
        return make("li", {}, [mark(entry.code), make("b", { text: entry.count }), make("span", { text: entry.text })]);
      })));
      parts.push(make("p", { class: "ip-about", text: batch.decided }));
      parts.push(section(words.requests, [requests(), note(words.rank_note), note(batch.figures), note(batch.note)]));
      if (batch.frontier) {
        parts.push(section(words.frontier, [ip.frontierChart(batch.frontier, app), make("details", {}, [
          make("summary", { text: words.head_chosen }),
          table([words.head_count, words.head_gain, words.head_proof, words.head_chosen], batch.frontier.rows.map(cells), "ip-figures-table")
        ])]));
      }
      if (batch.overlaps.length) {
        var pairs = batch.overlaps.map(function (entry) {
          return make("li", { class: entry.conflict ? "ip-conflict" : "" }, [
            make("span", {}, [jump(entry.pair[0]), make("span", { text: " – " }), jump(entry.pair[1])]), make("span", { text: entry.text })
          ]);
        });
        var later = pairs.slice(PAIRS);
        parts.push(section(words.overlaps, [
          make("ul", { class: "ip-pairs" }, pairs.slice(0, PAIRS)),
          later.length ? make("details", {}, [make("summary", { text: ip.fill(words.more, { count: app.number(later.length) }) }), make("ul", { class: "ip-pairs" }, later)]) : null
        ]));
      }
      if (batch.against.length) parts.push(section(words.against, batch.against.map(function (text) { return make("p", { text: text }); })));
      if (batch.swaps.length) {
        parts.push(section(words.swaps, [make("ol", { class: "ip-list" }, batch.swaps.map(function (entry) {
          return make("li", {}, [make("span", { text: entry.text + " " }), entry.at ? button(words.on_map, function () {
            spot([[entry.at, words.swap_here, "#cc79a7"]]);
            app.map.setView(entry.at, Math.max(app.map.getZoom(), 13), { animate: false });
          }, "ip-link") : null]);
        }))]));
      }
      return parts;
    }

    // ---- one card ----------------------------------------------------------------------------
    function stability(card) {
      var found = card.stability, bar = make("div", { class: "ip-bar", role: "img", "aria-label": found.parts.map(function (p) { return p.text; }).join("; ") });
      found.parts.forEach(function (part) {
        var piece = make("span", { title: part.text });
        piece.style.width = 100 * part.share + "%";
        piece.style.background = (data.styles[part.code] || {}).fill || "#8c8c8c";
        bar.appendChild(piece);
      });
      return section(words.stability, [make("p", { class: "ip-stable", text: found.text }), bar, found.parts.length > 1 ? note(found.parts.map(function (p) { return p.text; }).join("; ")) : null]);
    }
    function footprint(card) {
      var key = make("div", {}), modes = ["off", "change", "before", "after"];
      var group = make("div", { class: "ip-modes", role: "group", "aria-label": words.footprint }, modes.map(function (mode) {
        var one = button(words["mode_" + mode], function () { state.mode = mode; draw(); }, "ip-mode");
        one.setAttribute("data-mode", mode);
        return one;
      }));
      var slider = make("input", { type: "range", min: "0.2", max: "1", step: "0.05", value: String(state.opacity), "aria-label": words.opacity, title: words.opacity });
      slider.addEventListener("input", function () { state.opacity = Number(slider.value); if (overlay) overlay.setOpacity(state.opacity); });
      var see = button(words.show_whole, function () { if (card.footprint) app.map.fitBounds(area(card.footprint), { animate: false }); }, "ip-link");
      function draw() {
        Array.prototype.forEach.call(group.children, function (one) { one.setAttribute("aria-pressed", String(one.getAttribute("data-mode") === state.mode)); });
        key.textContent = "";
        var legend = state.mode === "change" ? data.gained : state.mode === "off" ? [] : data.classes;
        if (legend.length) key.appendChild(ip.key(legend.map(function (entry) { return [entry.color, entry.label]; })));
        paint(card.footprint);
      }
      draw();
      var part = section(words.footprint, [note(card.footprint.title), group, key, make("div", { class: "ip-slider" }, [slider]), see]);
      part.classList.add("ip-on-map");
      return part;
    }
    function link(entry) {
      return make("div", { class: "ip-one-link" }, [
        make("p", {}, [outcome(entry.outcome), make("b", { text: " " + entry.title + ": " }), make("span", { text: entry.text })]),
        note([entry.about, entry.clearance].filter(Boolean).join("; ")),
        entry.profile ? ip.profileChart(entry, app) : null,
        entry.profile ? ip.profileKey(entry, app) : null,
        entry.profile ? note(ip.fill(words.profile_told, { km: app.number((entry.profile.distance[entry.profile.distance.length - 1] - entry.profile.distance[0]) / 1000, 1) })) : null
      ]);
    }
    function flip(entry) {
      return make("li", {}, [
        make("b", { text: entry.text + ": " }), verdict(entry.code, entry.proposal), entry.same ? make("span", { class: "ip-none", text: " " + words.flip_same }) : null,
        entry.lines.length ? list(entry.lines) : null,
        entry.at ? button(words.on_map, function () { app.map.setView(entry.at, Math.max(app.map.getZoom(), 15), { animate: false }); }, "ip-link") : null
      ]);
    }
    function check(entry) {
      return [
        make("tr", { class: "ip-check" }, [
          make("th", { scope: "row" }, [outcome(entry.outcome), make("span", { text: entry.rule })]), make("td", { text: entry.state })
        ].concat(entry.cells.map(function (text) { return make("td", { class: "ip-number", text: text }); }))),
        make("tr", { class: "ip-source" }, [make("td", { colspan: "5" }, [
          entry.told ? make("span", { text: entry.told }) : null,
          make("small", {}, [make("span", { text: (entry.source ? words.head_source + ": " + entry.source + " · " : "") }), make("b", { text: entry.confirmed })])
        ])])
      ];
    }
    function one(card) {
      var parts = [
        make("h2", { tabindex: "-1" }, [make("span", { text: card.id }), card.name ? make("small", { text: card.name }) : null]),
        make("div", {}, card.about.map(function (text) { return make("p", { class: "ip-about", text: text }); })),
        make("div", { class: "ip-verdicts" }, [
          make("div", {}, [make("small", { text: words.proposal }), verdict(card.proposal.code, card.proposal.text)]),
          make("div", { class: card.decision ? "ip-signed" : "" }, [make("small", { text: words.decision })].concat(card.decision
            ? [verdict(card.decision.code, card.decision.text)].concat(card.decision.lines.map(function (text) { return make("p", { class: "ip-about", text: text }); }))
            : [make("span", { class: "ip-none", text: words.undecided })]))
        ]),
        card.at ? null : note(words.no_place),
        section(words.reasons, [card.reasons.length ? make("ul", { class: "ip-reasons" }, card.reasons.map(function (reason) {
          return make("li", {}, [outcome(reason.outcome), make("span", {}, [make("b", { text: reason.rule + ": " }), make("span", { text: reason.text })])]);
        })) : note(words.no_reasons)]),
        card.stability ? stability(card) : null,
        section(words.figures, [make("dl", { class: "ip-figures" }, [].concat.apply([], card.figures.map(function (entry) {
          return [make("dt", { text: entry[0] }), make("dd", { text: entry[1] })];
        })))]),
        card.flips.length ? section(words.flips, [make("ul", { class: "ip-list ip-flips" }, card.flips.map(flip))]) : null,
        card.footprint ? footprint(card) : null,
        card.heights.points.length > 1 ? section(words.heights, [ip.heightChart(card.heights, app), note(ip.heightsTold(card.heights, app))]) : null,
        card.alternatives.length ? section(words.alternatives, [table(
          [words.head_mast, words.head_users, words.head_distance, words.head_height, words.head_people, words.head_share],
          card.alternatives.map(function (entry) { return cells([entry.mast].concat(entry.cells)); })), note(words.alternatives_note)]) : null,
        card.links.length ? section(words.links, card.links.map(link)) : null,
        card.related.length ? section(words.related, [list(card.related)]) : null,
        card.changes.length ? section(words.changes, [table([words.head_field, words.head_before, words.head_after], card.changes.map(cells))]) : null,
        card.gains.length ? section(words.gains, [table([words.head_technology, words.head_operator, words.head_people], card.gains.map(cells))], true) : null,
        card.checks.length ? section(ip.fill(words.checks, { count: app.number(card.checks.length) }), [
          table([words.head_rule, words.head_outcome, words.head_value, words.head_limit, words.head_margin], [].concat.apply([], card.checks.map(check)), "ip-checks"),
          note(words.checks_note)], true) : null
      ];
      return parts.filter(Boolean);
    }

    // ---- on the map --------------------------------------------------------------------------
    var overlay = null, marks = null, pictures = {}, asked = 0;
    app.map.createPane("ip-marks").style.zIndex = 415;
    app.map.getPane("ip-marks").style.pointerEvents = "none";
    function area(window) {
      var b = window.bounds;
      return L.latLngBounds(ip.unproject(b[0], b[1]), ip.unproject(b[2], b[3]));
    }
    function rgb(color) { return [1, 3, 5].map(function (n) { return parseInt(color.slice(n, n + 2), 16); }); }
    // The picture of a window in one mode: drawn once, from codes 1 + 5 × before + after.
    function picture(window, mode) {
      var canvas = document.createElement("canvas"), codes = window.codes;
      canvas.width = window.columns;
      canvas.height = window.rows;
      var context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
      var classes = data.classes.map(function (entry) { return rgb(entry.color); }), gained = data.gained.map(function (entry) { return rgb(entry.color); });
      for (var n = 0; n < codes.length; n++) {
        if (!codes[n]) continue;
        var first = Math.floor((codes[n] - 1) / 5), then = (codes[n] - 1) % 5, color = null;
        if (mode === "change") {
          if (then !== 4 && then > (first === 4 ? -1 : first)) color = first !== 4 && first < 2 && then >= 2 ? gained[0] : first === 4 && then === 0 ? null : gained[1];
        } else color = classes[mode === "before" ? first : then];
        if (color) image.data.set([color[0], color[1], color[2], 255], 4 * n);
      }
      context.putImageData(image, 0, 0);
      return canvas.toDataURL();
    }
    function paint(window) {
      var turn = ++asked;
      if (overlay) { overlay.remove(); overlay = null; }
      if (!window || state.mode === "off") return;
      var ready = window.codes ? Promise.resolve() : ip.unpack(window.data).then(function (header) { window.codes = header.arrays.codes; });
      ready.then(function () {
        if (turn !== asked) return;
        var key = state.at + state.mode;
        pictures[key] = pictures[key] || picture(window, state.mode);
        overlay = L.imageOverlay(pictures[key], area(window), { pane: "ip-raster", opacity: state.opacity, className: "ip-pixelated ip-footprint", alt: words["mode_" + state.mode] }).addTo(app.map);
      });
    }
    // Places that a card speaks of: [where, what, colour]; a line leads to those of a request.
    function spot(found, from) {
      if (marks) marks.remove();
      marks = L.layerGroup();
      var options = { pane: "ip-marks", interactive: false };
      found.forEach(function (entry) {
        if (from) marks.addLayer(L.polyline([from, entry[0]], Object.assign({ color: entry[2], weight: 1.6, dashArray: "5 4" }, options)));
        marks.addLayer(L.circleMarker(entry[0], Object.assign({ radius: 6, color: entry[2], weight: 2.4, fillColor: "#fff", fillOpacity: 0.9 }, options))
          .bindTooltip(make("span", { text: entry[1] }), { permanent: true, direction: entry[3] || "right", offset: [entry[3] ? -7 : 7, 0], className: "ip-spot" }));
      });
      marks.addTo(app.map);
    }
    function choose(card) {
      var layer = card && app.layers.find(function (l) { return l.name === data.layer && l.x; }), found = null;
      for (var f = 0; layer && f < layer.count; f++) {
        if (ip.text(layer, layer.heading, f) === card.id) found = { layer: layer, feature: f };
      }
      app.canvases.forEach(function (canvas) { canvas.chosen = found; });
      if (found) app.show(found.layer, true);
      else app.redraw();
    }

    function show(n, move) {
      var from = state.at, card = n < 0 ? null : data.cards[n];
      state.at = n;
      app.map.closePopup();
      body.textContent = "";
      if (!card) paint(null);
      (card ? one(card) : whole()).forEach(function (part) { body.appendChild(part); });
      if (card && !card.footprint) paint(null);
      body.scrollTop = 0;
      overview.disabled = !card;
      print.disabled = !card;
      place.textContent = card ? ip.fill(words.place, { n: sorted().indexOf(card) + 1, all: data.cards.length }) : "";
      choose(card);
      var found = card ? card.alternatives.filter(function (a) { return a.at; }).map(function (a) { return [a.at, a.mast, "#444444"]; }).concat(
        card.flips.filter(function (f) { return f.at; }).map(function (f) { return [f.at, words.moved_here, "#009e73", "left"]; }),
        card.links.filter(function (l) { return l.at; }).map(function (l) { return [l.at, l.far, "#0072b2"]; })) : [];
      spot(found, card && card.at);
      if (card && card.at && move) app.map.setView(card.at, Math.max(13, Math.min(15, app.map.getZoom())), { animate: false });
      if (move === undefined) return;
      var target = card || from < 0 ? body.querySelector("h2") : body.querySelector('.ip-open[data-id="' + CSS.escape(data.cards[from].id) + '"]');
      var stepping = card && (document.activeElement === before || document.activeElement === next);
      if (target && !stepping) target.focus({ preventScroll: Boolean(card) });
    }

    // A click on a request's point, and the search, open its card instead of a popup.
    var popup = app.open;
    app.open = function (layer, feature, latlng) {
      var n = layer.name === data.layer ? places[ip.text(layer, layer.heading, feature)] : undefined;
      if (n === undefined) { popup(layer, feature, latlng); return; }
      if (root.classList.contains("ip-no-cards")) opener.click();
      show(n, false);
    };

    function printed() {
      var page = document.documentElement, closed = body.querySelectorAll("details:not([open])");
      closed.forEach(function (part) { part.open = true; });
      page.classList.add("ip-print-card");
      window.addEventListener("afterprint", function restore() {
        page.classList.remove("ip-print-card");
        closed.forEach(function (part) { part.open = false; });
        window.removeEventListener("afterprint", restore);
      });
      window.print();
    }

    show(-1);
    app.map.invalidateSize({ animate: false });
    app.map.fitBounds(app.home, { animate: false, padding: [24, 24], maxZoom: 15 });
  };
})(infraplan);
