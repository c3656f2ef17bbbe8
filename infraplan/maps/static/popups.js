"use strict";
// What a click tells: a card with the facts of a feature, of others at its place, and of the rasters.
(function (ip) {
  var make = ip.make, MOST = 24; // features of one place

  ip.card = function (layer, feature, app) {
    var heading = ip.text(layer, layer.heading, feature), rows = [], labels = {};
    function tell(label, text) {
      if (!text) return;
      if (/^[^;\s]+(;[^;\s]+)+$/.test(text)) text = text.split(";").join(", ");
      var kind = text.indexOf("\n") < 0 ? "ip-short" : "ip-long";
      rows.push(make("dt", { class: kind, text: label }));
      rows.push(make("dd", { class: kind, text: text }));
    }
    layer.fields.forEach(function (field) {
      labels[field[0]] = true;
      tell(field[0], ip.text(layer, field[1], feature));
    });
    layer.numbers.forEach(function (number) {
      var value = ip.figure(layer, number.key, feature);
      if (!number.label || labels[number.label] || value === null) return;
      var text = number.key.indexOf("people") === 0 ? ip.people(value, app) : app.number(value, number.decimals);
      tell(number.label, number.unit ? text + " " + number.unit : text);
    });
    var style = layer.styles[layer.category[feature]];
    return make("div", { class: "ip-card" }, [
      make("div", { class: "ip-kind" }, [ip.swatch(layer.kind, style), make("span", { text: layer.title + (style.label ? " · " + style.label : "") })]),
      heading ? make("h3", { text: heading, tabindex: "-1" }) : null,
      rows.length ? make("dl", {}, rows) : null
    ]);
  };

  // All that lies at a place, the uppermost layer first: marks and named lines within a few pixels,
  // areas around it.
  function stack(app, latlng) {
    var map = app.map, at = L.CRS.EPSG3857.project(latlng), found = [];
    var reach = 5 * 2 * Math.PI * 6378137 / (256 * Math.pow(2, map.getZoom()));
    app.layers.slice().reverse().forEach(function (layer) {
      if (!layer.shown || !layer.x || map.getZoom() < layer.minZoom) return;
      if (layer.heading === null && !layer.fields.length) return;
      if (layer.side && app.sideOf && app.sideOf(latlng) !== layer.side) return;
      var groups = ip.clusters(layer, map.getZoom()), x = at.x / layer.step, y = at.y / layer.step, wide = reach / layer.step;
      var near = ip.within(layer, [x - wide, y - wide, x + wide, y + wide]);
      for (var n = 0; n < near.length && found.length < MOST; n++) {
        var f = near[n];
        if (layer.kind === "line" ? !ip.text(layer, layer.heading, f) || ip.toLine(layer, f, x, y) > wide : layer.kind === "polygon" && !ip.inside(layer, f, x, y)) continue;
        if (map.getZoom() >= layer.styles[layer.category[f]].min_zoom && ip.seen(layer, f) && !(groups && groups.group[f] >= 0)) found.push({ layer: layer, feature: f });
      }
    });
    return found;
  }

  function popups(app) {
    var map = app.map, over = app.canvases[1], told = function (key, values) { return ip.told(app, key, values); };
    function under(latlng, reach) {
      var found = lying(latlng, reach), side = found && found.layer.side;
      return side && app.sideOf && app.sideOf(latlng) !== side ? null : found; // cut away by the divider
    }
    function lying(latlng, reach) {
      return over.hit(latlng, reach) || app.canvases[0].hit(latlng, reach);
    }

    app.open = function (layer, feature, latlng) {
      var all = stack(app, latlng), first = all.findIndex(function (entry) { return entry.layer === layer && entry.feature === feature; });
      if (first < 0) { all.unshift({ layer: layer, feature: feature }); first = 0; }
      // What was clicked stands first; what lies around it follows.
      all.unshift(all.splice(first, 1)[0]);
      show(all, 0, latlng, document.activeElement);
    };

    function show(all, n, latlng, from) {
      var found = all[n], card = ip.card(found.layer, found.feature, app), here = values(latlng);
      if (here) card.appendChild(here);
      card.appendChild(where(latlng));
      if (all.length > 1) card.insertBefore(turning(all, n, latlng, from), card.firstChild);
      popup(card, latlng, found, from);
    }

    // Back and forth among what lies at one place.
    function turning(all, n, latlng, from) {
      function button(text, label, step, kind) {
        var to = all[(n + step + all.length) % all.length];
        return make("button", { type: "button", class: "ip-turn " + kind, "aria-label": label, title: label + ": " + (ip.text(to.layer, to.layer.heading, to.feature) || to.layer.title), text: text, on: {
          click: function (event) {
            event.stopPropagation();
            show(all, (n + step + all.length) % all.length, latlng, from);
            var next = map.getContainer().querySelector(".ip-card ." + kind);
            if (next) next.focus({ preventScroll: true });
          }
        } });
      }
      return make("div", { class: "ip-turning" }, [
        make("span", { "aria-live": "polite", text: told("at_place", { n: app.number(n + 1), all: app.number(all.length) }) }),
        button("‹", told("before"), -1, "ip-turn-back"), button("›", told("next"), 1, "ip-turn-on")
      ]);
    }

    function popup(card, latlng, found, from) {
      var small = map.getSize();
      var opened = L.popup({ minWidth: Math.min(250, small.x - 60), maxWidth: Math.min(380, small.x - 40), maxHeight: Math.max(140, Math.min(460, small.y - 90)), autoPanPadding: [20, 20] }).setLatLng(latlng).setContent(card);
      opened.openOn(map);
      var close = opened.getElement().querySelector(".leaflet-popup-close-button");
      if (close) { close.setAttribute("aria-label", app.words.close); close.title = app.words.close; }
      card.setAttribute("role", "dialog");
      card.setAttribute("aria-label", card.querySelector("h3, .ip-kind") ? card.querySelector("h3, .ip-kind").textContent : told("here"));
      card.addEventListener("keydown", function (event) {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        map.closePopup(opened);
      });
      choose(found);
      var title = card.querySelector("h3") || card;
      title.setAttribute("tabindex", "-1");
      title.focus({ preventScroll: true });
      opened.on("remove", function () {
        if (over.chosen === found) choose(null);
        var now = document.activeElement;
        // Where the reader has gone on to something else, there the focus stays.
        if (now && now !== document.body && !card.contains(now) && document.contains(now)) return;
        var back = from && from !== document.body && document.contains(from) && !from.closest(".leaflet-popup") ? from : map.getContainer();
        back.focus({ preventScroll: true });
        // What has been folded away meanwhile takes no focus.
        if (document.activeElement === document.body) map.getContainer().focus({ preventScroll: true });
      });
    }

    function where(latlng) {
      var text = ip.coordinates(app, latlng);
      return make("div", { class: "ip-where" }, [
        make("span", { text: text }),
        ip.copyButton(app, told("copy_place"), function () { return text; })
      ]);
    }

    // What the rasters that are shown say of a place.
    function values(latlng) {
      var rows = [];
      app.rastersAt(latlng).forEach(function (layer) {
        var text = ip.valueAt(layer, latlng);
        if (text) rows.push(make("dt", { text: layer.title }), make("dd", { text: text }));
      });
      return rows.length ? make("dl", { class: "ip-here" }, rows) : null;
    }

    function choose(found) {
      app.chosenNow = found;
      app.canvases.forEach(function (canvas) { canvas.chosen = found; });
      app.redraw();
      app.emit("choose", found);
    }
    app.choose = choose;

    map.on("click", function (event) {
      if (app.mode) return; // a tool, such as measuring, takes the click
      var group = over.cluster(event.latlng);
      if (group) { app.map.fitBounds(group.bounds.pad(0.2), { maxZoom: Math.max(group.layer.clusterZoom, app.map.getZoom() + 1) }); return; }
      var found = under(event.latlng, L.Browser.mobile ? 14 : 6);
      if (found) {
        var exact = found.layer.kind === "point" ? ip.centre(found.layer, found.feature) : event.latlng;
        app.open(found.layer, found.feature, exact);
        return;
      }
      var here = values(event.latlng);
      if (!here) return;
      popup(make("div", { class: "ip-card" }, [here, where(event.latlng)]), event.latlng, null, document.activeElement);
    });
    var waiting = 0;
    map.on("mousemove", function (event) {
      var now = Date.now();
      if (now - waiting < 60) return;
      waiting = now;
      map.getContainer().style.cursor = over.cluster(event.latlng) || under(event.latlng, 4) ? "pointer" : "";
    });
  }

  ip.part(popups);
})(infraplan);
