"use strict";
// Coordinates under the pointer, zoom buttons, scale bar.
(function (ip) {
  function controls(app) {
    var map = app.map, words = app.words;
    L.control.zoom({ position: "topleft", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    map.on("mousemove", function (event) { app.readout.textContent = coordinates(app, event.latlng); });
    map.on("moveend", function () { app.readout.textContent = coordinates(app, map.getCenter()); });
    app.readout.textContent = coordinates(app, map.getCenter());
  }

  function coordinates(app, place) {
    var text = "WGS84 " + app.number(place.lat, 5) + "° " + app.words.north + ", " + app.number(place.lng, 5) + "° " + app.words.east;
    var p = app.page.projection;
    if (!p) return text;
    var xy = ip.project(place.lng, place.lat, p);
    return text + "  |  " + p.name + "  E " + app.number(xy[0], 0) + "  N " + app.number(xy[1], 0);
  }
  ip.coordinates = coordinates;

  ip.part(controls);
})(infraplan);
