"use strict";
// Undergrounding beside its map: tick streets, choose who pays how, and read every owner's sum.
// All choices are solved beforehand; money is divided in whole dong with exact whole numbers.
(function (ip) {
  var make = ip.make;

  // Divide a sum by weights: what is left over goes to the largest remainders, ties by name.
  ip.divided = function (total, weights) {
    var names = Object.keys(weights).sort(), sum = 0n, left = total, parts = {}, rest = [];
    names.forEach(function (name) { sum += weights[name]; });
    if (sum === 0n) {  // who weighs nothing pays nothing; somebody must be found
      names.forEach(function (name) { parts[name] = 0n; });
      parts.unassigned = total;
      return parts;
    }
    names.forEach(function (name) {
      parts[name] = total * weights[name] / sum;
      left -= parts[name];
      rest.push([total * weights[name] % sum, name]);
    });
    rest.sort(function (a, b) { return a[0] === b[0] ? (a[1] < b[1] ? -1 : 1) : (a[0] > b[0] ? -1 : 1); });
    for (var n = 0; left > 0n; n++, left -= 1n) parts[rest[n % rest.length][1]] += 1n;
    return parts;
  };

  // Who pays what of a choice, and who rents, as `infraplan.cables.funding` divides it: own works
  // stay with their owner, the public pays its share of the rest (in tenths of a percent, halves
  // upwards), the owners what remains; what tenants do not pay is borne by the others.
  ip.payers = function (choice, asked) {
    var table = choice.shares[asked.rule] || {}, weights = {}, out = {}, rents = {}, direct = 0n, heavy = 0n;
    var names = Object.keys(table).filter(function (owner) { return owner !== "public"; });
    var owners = asked.model === "capital", capped = owners && asked.rule === "alone";
    names.forEach(function (owner) {
      direct += BigInt(table[owner].direct);
      weights[owner] = BigInt(table[owner].weight);
      heavy += weights[owner];
      out[owner] = BigInt(table[owner].direct);
    });
    var shared = BigInt(choice.cost) - direct, open = (shared * BigInt(asked.tenths) + 500n) / 1000n, rest = shared - open;
    function renting(owner) { return !owners || asked.renting.indexOf(owner) >= 0; }
    if (capped) {  // nobody pays more than alone: the public bears what is lacking
      names.forEach(function (owner) {
        var alone = table[owner].alone, over = alone && out[owner] > BigInt(alone) ? out[owner] - BigInt(alone) : 0n;
        out[owner] -= over;
        open += over;
      });
      if (heavy < rest) { open += rest - heavy; rest = heavy; }
    }
    var parts = rest > 0n ? ip.divided(rest, weights) : {}, able = {}, lent = 0n, found = false;
    names.forEach(function (owner) {
      var part = parts[owner] || 0n;
      if (renting(owner)) lent += part;
      else { out[owner] += part; if (weights[owner] > 0n) { able[owner] = weights[owner]; found = true; } }
    });
    if (!owners) lent = rest;
    else if (parts.unassigned) out.unassigned = parts.unassigned;
    if (lent > 0n && found) {
      var more = ip.divided(lent, able);
      Object.keys(more).forEach(function (owner) { out[owner] += more[owner]; });
    } else if (asked.model === "investor") out.investor = lent;
    else open += lent;
    if (!owners || lent > 0n) names.filter(renting).forEach(function (owner) { if (choice.rents[owner]) rents[owner] = BigInt(choice.rents[owner]); });
    return { owners: out, open: open, rents: rents };
  };

  ip.streets = function (app) {
    var data = app.page.choices, words = data.words, locale = app.page.language === "vi" ? "vi-VN" : "en-GB";
    var state = { on: data.streets.map(function () { return true; }), rule: data.asked.rule, tenths: data.asked.tenths, renting: data.asked.renting.slice(), model: data.asked.model, view: "after" };
    var pieces = data.pieces.layers || {}, drawn = {};
    app.layers.forEach(function (layer) { if (data.features[layer.name] || pieces[layer.name]) drawn[layer.name] = layer; });

    // ---- figures -----------------------------------------------------------------------------
    function dong(value) { return value.toLocaleString(locale) + " " + words.dong; }
    function billion(value) { return app.number(Number(value) / 1e9, 2) + " " + words.billion; }
    function million(value) { return app.number(Number(value) / 1e6, 0) + " " + words.million; }
    function key(on) {
      var ticked = [];
      on.forEach(function (is, n) { if (is) ticked.push(n); });
      return ticked.join(",");
    }
    function chosen(on) { return data.choices[key(on || state.on)]; }
    function cost(on) { var one = chosen(on); return one ? BigInt(one.cost) : 0n; }

    // ---- the map -----------------------------------------------------------------------------
    // A choice is the sum of its parts: what any of them has is built.
    function built() {
      var mine = chosen() ? chosen().parts || [] : [];
      return (data.pieces.parts || []).map(function (parts) { return parts.some(function (part) { return mine.indexOf(part) >= 0; }); });
    }
    // How many of each kind the choice has, in the panel of the layers.
    function counted(layer) {
      var box = document.getElementById("ip-layer-" + layer.number), item = box && box.closest(".ip-layer");
      Array.prototype.forEach.call(item ? item.querySelectorAll(".ip-count") : [], function (span, code, all) {
        for (var f = 0, count = 0; f < layer.count; f++) if (!(layer.off && layer.off[f]) && (all.length === 1 || layer.category[f] === code)) count++;
        span.textContent = app.number(count);
      });
    }
    function repaint() {
      var there = built();
      Object.keys(drawn).forEach(function (name) {
        var layer = drawn[name], before = data.before.indexOf(name) >= 0, streets = data.features[name] || {}, of = pieces[name];
        var off = new Uint8Array(layer.count);
        for (var f = 0; f < layer.count; f++) {
          var id = ip.text(layer, layer.heading, f), street = streets[id], under = street !== undefined && state.on[street];
          if (of) off[f] = there[of[id]] ? 0 : 1;
          else if (name === "findings") off[f] = street === undefined || under ? 0 : 1;  // some are of no street
          else off[f] = before ? (under && state.view === "after" ? 1 : 0) : (street === undefined || under ? 0 : 1);
        }
        ip.mask(app, layer, "streets", off);
        if (!before) counted(layer);
        var wanted = before || name === "findings" || state.view !== "before";
        // only a change of view shows or hides a layer: the reader's own ticks stay
        if (layer.wanted !== wanted) { layer.wanted = wanted; app.show(layer, wanted); }
      });
      app.map.closePopup();
      app.redraw();
    }

    // ---- parts -------------------------------------------------------------------------------
    var views = make("div", { class: "ip-views", role: "group", "aria-label": words.view }, ["before", "after", "both"].map(function (view) {
      var button = make("button", { type: "button", class: "ip-small", text: words["view_" + view], "data-view": view, "aria-pressed": String(view === state.view) });
      button.addEventListener("click", function () { state.view = view; update(); });
      return button;
    }));
    var boxes = data.streets.map(function (name, n) {
      var box = make("input", { type: "checkbox", id: "ip-street-" + n, checked: true });
      box.addEventListener("change", function () { state.on[n] = box.checked; update(); });
      return { box: box, change: make("span", { class: "ip-change" }) };
    });
    var list = make("fieldset", { class: "ip-streets-list" }, [make("legend", { text: words.streets })].concat(boxes.map(function (entry, n) {
      return make("div", { class: "ip-street" }, [entry.box, make("label", { for: entry.box.id, text: data.streets[n] }), entry.change]);
    })));
    var rule = make("select", { id: "ip-rule" }, data.rules.map(function (entry) { return make("option", { value: entry.code, text: entry.text }); }));
    rule.addEventListener("change", function () { state.rule = rule.value; update(); });
    rule.value = state.rule;
    var ruleNote = make("p", { class: "ip-note" });
    var model = make("select", { id: "ip-model" }, data.models.map(function (entry) { return make("option", { value: entry.code, text: entry.text }); }));
    model.value = state.model;
    model.addEventListener("change", function () { state.model = model.value; update(); });
    var modelNote = make("p", { class: "ip-note" });
    var tenants = data.owners.map(function (owner, n) {
      var box = make("input", { type: "checkbox", id: "ip-tenant-" + n, checked: state.renting.indexOf(owner) >= 0 });
      box.addEventListener("change", function () {
        state.renting = state.renting.filter(function (name) { return name !== owner; }).concat(box.checked ? [owner] : []);
        update();
      });
      return make("span", { class: "ip-tenant" }, [box, make("label", { for: box.id, text: owner })]);
    });
    var renting = make("div", { class: "ip-pick ip-tenants", role: "group", "aria-label": words.renting }, [make("span", { text: words.renting })].concat(tenants));
    var percent = String(state.tenths / 10);
    var slider = make("input", { type: "range", min: "0", max: "100", step: "1", value: percent, id: "ip-open-share", "aria-label": words.open_share });
    var exact = make("input", { type: "number", min: "0", max: "100", step: "0.1", value: percent, class: "ip-percent", "aria-label": words.open_share });
    function share(text) {
      var value = Number(String(text).replace(",", "."));
      state.tenths = Math.round(10 * Math.max(0, Math.min(100, isFinite(value) ? value : 0)));
    }
    slider.addEventListener("input", function () { share(slider.value); exact.value = String(state.tenths / 10); update(); });
    exact.addEventListener("input", function () { share(exact.value); slider.value = String(state.tenths / 10); update(); });
    var figures = make("div", { class: "ip-sum", "aria-live": "polite" });
    var payers = make("div", { class: "ip-wide" });
    var copied = make("span", { class: "ip-note", role: "status" });
    var copy = make("button", { type: "button", class: "ip-small", text: words.copy });
    copy.addEventListener("click", function () { ip.copyOrMark(asText(), payers.querySelector("table"), function (ok) { copied.textContent = ok ? words.copied : words.copy_by_hand; }); });
    var body = make("div", { class: "ip-cards-body", tabindex: "-1" }, [
      make("h2", { text: words.title }), make("p", { class: "ip-about", text: words.about }),
      views, list,
      make("section", { class: "ip-part" }, [
        make("h3", { text: words.who_pays }),
        data.rules.length ? make("div", { class: "ip-pick" }, [make("label", { for: "ip-rule", text: words.rule }), rule]) : null, ruleNote,
        make("div", { class: "ip-pick" }, [make("label", { for: "ip-model", text: words.model }), model]), modelNote, renting,
        make("div", { class: "ip-pick" }, [make("label", { for: "ip-open-share", text: words.open_share }), slider, exact, make("span", { text: "%" })]),
        payers, make("p", {}, [copy, copied])
      ]),
      make("section", { class: "ip-part" }, [make("h3", { text: words.cost }), figures])
    ]);
    var drawer = make("section", { class: "ip-cards ip-choices", id: "ip-choices", "aria-label": words.title }, [
      app.page.warning ? make("div", { class: "ip-print-head", "aria-hidden": "true" }, [make("div", { text: app.page.warning })]) : null, body
    ]);
    var opener = make("button", { type: "button", class: "ip-button ip-opener", text: words.open, "aria-expanded": "true", "aria-controls": "ip-choices" });
    var root = document.querySelector(".ip-root");
    opener.addEventListener("click", function () {
      var shut = root.classList.toggle("ip-no-cards");
      opener.setAttribute("aria-expanded", String(!shut));
      app.map.invalidateSize({ pan: false });
    });
    root.classList.add("ip-has-cards");
    app.panelButton.parentNode.insertBefore(opener, app.panelButton.parentNode.firstChild);
    var main = document.querySelector(".ip-main");
    main.insertBefore(drawer, main.firstChild);
    if (window.innerWidth < 1600 && !root.classList.contains("ip-closed")) app.panelButton.click();

    // ---- telling -----------------------------------------------------------------------------
    function rows() {
      var one = chosen();
      if (!one || !state.rule) return [];
      var split = ip.payers(one, state), total = BigInt(one.cost), table = one.shares[state.rule] || {};
      var known = Object.keys(split.owners).filter(function (owner) { return table[owner]; });
      var out = known.sort(function (a, b) { return a.localeCompare(b, app.page.language); }).map(function (owner) {
        var alone = table[owner].alone, rent = split.rents[owner] || null;
        return { who: owner, sum: split.owners[owner], alone: alone && rent === null ? BigInt(alone) : null, rent: rent };
      });
      if (split.owners.unassigned) out.push({ who: words.unassigned, sum: split.owners.unassigned, alone: null, rent: null });
      if (split.owners.investor !== undefined) out.unshift({ who: words.investor, sum: split.owners.investor, alone: null, rent: null });
      if (split.open > 0n) out.unshift({ who: words.public_payer, sum: split.open, alone: null, rent: null });
      // Tenths of a per cent that add up to the whole.
      var sums = {};
      out.forEach(function (row, n) { sums[n] = row.sum; });
      var tenths = total > 0n ? ip.divided(1000n, sums) : {};
      out.forEach(function (row, n) { row.part = Number(tenths[n] || 0n) / 10; });
      return out;
    }
    function asText() {
      var found = rows(), lines = [[words.payer, words.sum, words.part].join("\t")];
      found.forEach(function (row) { lines.push([ip.cell(row.rent === null ? row.who : row.who + " " + words.own_works), String(row.sum), app.number(row.part, 1) + " %"].join("\t")); });
      lines.push([words.total, String(cost()), "100 %"].join("\t"));
      found.filter(function (row) { return row.rent !== null; }).forEach(function (row) { lines.push([ip.cell(row.who + ": " + words.rent_year), String(row.rent), ""].join("\t")); });
      return lines.join("\n");
    }
    function told() {
      var found = rows(), over = found.filter(function (row) { return row.alone !== null && row.sum > row.alone; });
      payers.textContent = "";
      if (!found.length) { payers.appendChild(make("p", { class: "ip-note", text: words.nothing })); return; }
      var cell = function (text, kind) { return make("td", { class: kind || "", text: text }); };
      payers.appendChild(make("table", { class: "ip-payers" }, [
        make("thead", {}, [make("tr", {}, [words.payer, words.sum, words.part, words.alone].map(function (text) { return make("th", { scope: "col", text: text }); }))]),
        make("tbody", {}, found.map(function (row) {
          return make("tr", {}, [
            make("th", { scope: "row", text: row.who }, row.rent === null ? [] : [make("small", { class: "ip-note", text: " " + words.own_works })]), cell(dong(row.sum), "ip-number"),
            cell(app.number(row.part, 1) + " %", "ip-number"), cell(row.alone === null ? "" : billion(row.alone), "ip-number")
          ]);
        })),
        make("tfoot", {}, [make("tr", {}, [make("th", { scope: "row", text: words.total }), cell(dong(cost()), "ip-number"), cell("100 %", "ip-number"), cell("")])])
      ]));
      var paying = found.filter(function (row) { return row.rent !== null; });
      if (paying.length) payers.appendChild(make("table", { class: "ip-payers ip-rents" }, [
        make("thead", {}, [make("tr", {}, [make("th", { scope: "col", text: words.tenant }), make("th", { scope: "col", text: words.rent_year })])]),
        make("tbody", {}, paying.map(function (row) { return make("tr", {}, [make("th", { scope: "row", text: row.who }), cell(dong(row.rent), "ip-number")]); }))
      ]));
      if (over.length) payers.appendChild(make("p", { class: "ip-warn", text: words.over_alone + " " + over.map(function (row) { return row.who; }).join(", ") }));
    }
    function summed() {
      var one = chosen();
      figures.textContent = "";
      if (!one) { figures.appendChild(make("p", { class: "ip-note", text: words.nothing })); return; }
      figures.appendChild(make("p", { class: "ip-big", text: billion(one.cost) }));
      figures.appendChild(make("p", { class: "ip-note", text: words.before_tax }));
      figures.appendChild(make("p", { class: "ip-proof", text: one.proof }));
      figures.appendChild(make("dl", { class: "ip-facts" }, [].concat.apply([], (one.investment ? [[words.investment, billion(one.investment)]] : []).concat(one.facts).map(function (fact) {
        return [make("dt", { text: fact[0] }), make("dd", { text: fact[1] })];
      }))));
      if (data.assumed) figures.appendChild(make("p", { class: "ip-warn", text: data.assumed }));
    }
    function update() {
      boxes.forEach(function (entry, n) {
        var other = state.on.slice();
        other[n] = !other[n];
        var change = cost(other) - cost();
        entry.change.textContent = (change < 0n ? words.saves : words.adds) + " " + million(change < 0n ? -change : change);
      });
      Array.prototype.forEach.call(views.children, function (button) { button.setAttribute("aria-pressed", String(button.getAttribute("data-view") === state.view)); });
      var entry = data.rules.find(function (one) { return one.code === state.rule; });
      ruleNote.textContent = entry ? entry.note : "";
      modelNote.textContent = data.models.find(function (one) { return one.code === state.model; }).note;
      renting.hidden = state.model !== "capital";
      told();
      summed();
      repaint();
    }
    update();
    app.map.invalidateSize({ pan: false });
    ip.choicesState = state;
  };

  // Copy text; where the browser refuses, mark it for the hand.
  ip.copyOrMark = function (text, node, done) {
    ip.copy(text).then(function (is) {
      if (!is && node) window.getSelection().selectAllChildren(node);
      done(is);
    });
  };
})(infraplan);
