"use strict";
// What a click tells: a card with the facts of a feature and of the rasters at its place.
(function (ip) {
  var make = ip.make;

  ip.card = function (layer, feature, app) {
    var heading = ip.text(layer, layer.heading, feature), rows = [];
    layer.fields.forEach(function (field) {
      var text = ip.text(layer, field[1], feature);
      if (!text) return;
      var kind = text.indexOf("\n") < 0 ? "ip-short" : "ip-long";
      rows.push(make("dt", { class: kind, text: field[0] }));
      rows.push(make("dd", { class: kind, text: text }));
    });
    var style = layer.styles[layer.category[feature]];
    return make("div", { class: "ip-card" }, [
      make("div", { class: "ip-kind", text: layer.title + (style.label ? " · " + style.label : "") }),
      heading ? make("h3", { text: heading }) : null,
      rows.length ? make("dl", {}, rows) : null
    ]);
  };

  function popups(app) {
    var map = app.map, over = app.canvases[1];
    function under(latlng, reach) {
      var found = lying(latlng, reach), side = found && found.layer.side;
      return side && app.sideOf && app.sideOf(latlng) !== side ? null : found; // cut away by the divider
    }
    function lying(latlng, reach) {
      return over.hit(latlng, reach) || app.canvases[0].hit(latlng, reach);
    }
    app.open = function (layer, feature, latlng) {
      var found = { layer: layer, feature: feature };
      var card = ip.card(layer, feature, app), here = values(latlng);
      if (here) card.appendChild(here);
      card.appendChild(make("p", { class: "ip-where", text: ip.coordinates(app, latlng) }));
      var popup = L.popup({ minWidth: 240, maxWidth: 380, maxHeight: 380, autoPanPadding: [20, 20] }).setLatLng(latlng).setContent(card);
      popup.openOn(map);
      choose(found);
      popup.on("remove", function () { if (over.chosen === found) choose(null); });
    };
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
      var card = make("div", { class: "ip-card" }, [here, make("p", { class: "ip-where", text: ip.coordinates(app, event.latlng) })]);
      L.popup({ minWidth: 240, maxWidth: 360 }).setLatLng(event.latlng).setContent(card).openOn(map);
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
