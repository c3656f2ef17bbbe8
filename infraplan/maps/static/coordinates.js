"use strict";
// The buttons that move the view, the scale bar, coordinates under the pointer.
(function (ip) {
  function controls(app) {
    var map = app.map, words = app.words;
    ip.tool(app, { id: "zoom-in", label: words.zoom_in, icon: "M12 5v14M5 12h14", run: function () { map.zoomIn(1); } });
    ip.tool(app, { id: "zoom-out", label: words.zoom_out, icon: "M5 12h14", run: function () { map.zoomOut(1); } });
    ip.tool(app, { id: "home", label: words.home, icon: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", run: function () { app.fit(app.home); } });
    fullScreen(app);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    map.on("mousemove", function (event) { app.readout.textContent = coordinates(app, event.latlng); });
    map.on("moveend", function () { app.readout.textContent = coordinates(app, map.getCenter()); });
    app.readout.textContent = coordinates(app, map.getCenter());
  }

  // Absent where the browser has no full screen, as in the frame of a notebook.
  function fullScreen(app) {
    if (!document.fullscreenEnabled) return;
    var tool = ip.tool(app, {
      id: "full-screen", label: app.words["frame.full_screen"], toggle: true, icon: "M8 3H3v5M16 3h5v5M21 16v5h-5M3 16v5h5M9 9h6v6H9z",
      run: function (on) {
        var asked = on && !document.fullscreenElement ? document.documentElement.requestFullscreen()
          : !on && document.fullscreenElement ? document.exitFullscreen() : null;
        if (asked) asked.catch(function () { tool.set(false); });
      }
    });
    document.addEventListener("fullscreenchange", function () { tool.set(Boolean(document.fullscreenElement)); });
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
