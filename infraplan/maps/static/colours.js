"use strict";
// What the colours mean, on the map itself, while the legend in the panel is not to be seen.
(function (ip) {
  var make = ip.make, MOST = 2;

  function colours(app) {
    var body = make("div", {}), box = make("details", { class: "ip-colours", open: !(app.isPhone() && (app.page.cards || app.page.choices)), hidden: true }, [
      make("summary", { text: app.words["frame.tab_layers"] }), body
    ]);
    app.stage.appendChild(box);
    // What the page is about first, then the coverage, then what lies uppermost, of those layers
    // that tell anything by colour.
    var own = app.page.choices ? app.page.choices.after.concat(app.page.choices.before, "findings") : [];
    function isOwn(layer) { return own.indexOf(layer.name) >= 0; }
    function told() {
      var all = app.layers.slice().reverse().filter(function (layer) {
        return layer.shown && layer.kind !== "picture" && app.map.getZoom() >= (layer.minZoom || 0) && (isOwn(layer) || (layer.styles.length > 1 && layer.kind !== "line"));
      });
      var rasters = all.filter(function (layer) { return layer.kind === "raster"; });
      var others = all.filter(function (layer) { return layer.kind !== "raster" && !isOwn(layer); });
      if (own.length) return all.filter(isOwn);
      return rasters.concat(others).slice(0, app.stage.clientWidth < 760 ? 1 : MOST);
    }
    function show() {
      var seen = !app.root.classList.contains("ip-closed") && app.tabNow === "layers", layers = seen ? [] : told();
      box.hidden = !layers.length;
      body.textContent = "";
      layers.forEach(function (layer) {
        if (layer.styles.length > 1) body.appendChild(make("b", { text: layer.title }));
        layer.styles.forEach(function (style, code) {
          if (style.count === 0 || (layer.hidden && layer.hidden[code])) return;
          body.appendChild(make("div", { class: "ip-colour" }, [ip.swatch(layer.kind, style), make("span", { text: style.label || layer.title })]));
        });
      });
      makeWay();
    }
    // It stands below, or above where it would hide more of what the page is about below; chosen
    // once, when the first picture with it is complete, lest it jump about.
    var isPlaced = false;
    function place() {
      if (isPlaced || box.hidden || !box.open) return;
      isPlaced = true;
      var counts = [false, true].map(function (isTop) {
        box.classList.toggle("ip-colours-top", isTop);
        var mine = box.getBoundingClientRect(), map = app.map.getContainer().getBoundingClientRect();
        return told().filter(function (layer) { return layer.kind === "point"; }).slice(0, 1).reduce(function (sum, layer) {
          for (var f = 0; f < Math.min(layer.count, 500); f++) {
            var at = app.map.latLngToContainerPoint(ip.centre(layer, f)), x = at.x + map.left, y = at.y + map.top;
            if (x > mine.left && x < mine.right && y > mine.top && y < mine.bottom) sum++;
          }
          return sum;
        }, 0);
      });
      box.classList.toggle("ip-colours-top", counts[1] < counts[0]);
    }
    // It makes way for a card that it would lie upon.
    var opened = null;
    function makeWay() {
      var card = opened && opened.getElement();
      box.style.visibility = "";
      if (!card || box.hidden) return;
      var a = card.getBoundingClientRect(), b = box.getBoundingClientRect();
      if (a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top) box.style.visibility = "hidden";
    }
    app.map.on("popupopen", function (event) { opened = event.popup; makeWay(); });
    app.map.on("popupclose", function (event) { if (opened === event.popup) { opened = null; makeWay(); } });
    app.map.on("moveend", makeWay);
    ["layers", "panel", "tab", "view", "filter"].forEach(function (event) { app.on(event, show); });
    app.on("still", place);
    show();
  }

  ip.part(colours);
})(infraplan);
