"use strict";
// What the colours mean, on the map itself, while the legend in the panel is not to be seen.
(function (ip) {
  var make = ip.make, MOST = 2;

  function colours(app) {
    var body = make("div", {}), box = make("details", { class: "ip-colours", open: !(app.isPhone() && (app.page.cards || app.page.choices)), hidden: true }, [
      make("summary", { text: app.words["frame.tab_layers"] }), body
    ]);
    app.stage.appendChild(box);
    // The coverage first, then what lies uppermost, of those layers that tell anything by colour.
    function told() {
      var all = app.layers.slice().reverse().filter(function (layer) {
        return layer.shown && layer.kind !== "picture" && app.map.getZoom() >= (layer.minZoom || 0) && layer.styles.length > 1 && layer.kind !== "line";
      });
      var rasters = all.filter(function (layer) { return layer.kind === "raster"; });
      return rasters.concat(all.filter(function (layer) { return layer.kind !== "raster"; })).slice(0, app.stage.clientWidth < 760 ? 1 : MOST);
    }
    function show() {
      var seen = !app.root.classList.contains("ip-closed") && app.tabNow === "layers", layers = seen ? [] : told();
      box.hidden = !layers.length;
      body.textContent = "";
      layers.forEach(function (layer) {
        body.appendChild(make("b", { text: layer.title }));
        layer.styles.forEach(function (style, code) {
          if (style.count === 0 || (layer.hidden && layer.hidden[code])) return;
          body.appendChild(make("div", { class: "ip-colour" }, [ip.swatch(layer.kind, style), make("span", { text: style.label })]));
        });
      });
    }
    ["layers", "panel", "tab", "view"].forEach(function (event) { app.on(event, show); });
    show();
  }

  ip.part(colours);
})(infraplan);
