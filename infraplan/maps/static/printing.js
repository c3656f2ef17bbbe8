"use strict";
// A print shows what the screen shows.
(function (ip) {
  function printing(app) {
    var before = null, root = document.querySelector(".ip-root");
    ip.tool(app, { id: "print", label: app.words.print, icon: "M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z", run: function () { window.print(); } });
    window.addEventListener("beforeprint", function () {
      if (before) return;
      before = { centre: app.map.getCenter(), zoom: app.map.getZoom(), bounds: app.map.getBounds() };
      app.map.closePopup();
      root.classList.add("ip-printing");
      app.map.invalidateSize({ animate: false, pan: false });
      app.fit(before.bounds.contains(app.home) ? app.home : before.bounds);
      app.emit("print");
    });
    window.addEventListener("afterprint", function () {
      if (!before) return;
      root.classList.remove("ip-printing");
      app.map.invalidateSize({ animate: false, pan: false });
      app.map.setView(before.centre, before.zoom, { animate: false });
      before = null;
      app.emit("printed");
    });
  }

  ip.part(printing);
})(infraplan);
