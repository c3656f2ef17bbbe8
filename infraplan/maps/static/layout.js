"use strict";
// The frame of the page: title, buttons, map, panel.
(function (ip) {
  var make = ip.make;

  function layout(app) {
    var page = app.page, words = app.words, div = app.map.getContainer();
    app.field = make("input", { type: "search", class: "ip-search", placeholder: words.search, "aria-label": words.search, role: "combobox", "aria-expanded": "false", "aria-controls": "ip-results", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
    app.results = make("ul", { id: "ip-results", class: "ip-results", role: "listbox", hidden: true });
    app.panelButton = make("button", { type: "button", class: "ip-button", "aria-expanded": "true", "aria-controls": "ip-panel", text: words.panel });
    var home = make("button", { type: "button", class: "ip-button", text: words.home, on: { click: function () { app.fit(app.home); } } });
    var print = make("button", { type: "button", class: "ip-button", text: words.print, on: { click: function () { window.print(); } } });
    var header = make("header", { class: "ip-header" }, [
      make("div", { class: "ip-titles" }, [make("h1", { text: page.title }), page.subtitle ? make("p", { text: page.subtitle }) : null]),
      make("div", { class: "ip-find" }, [app.field, app.results]),
      make("div", { class: "ip-buttons" }, [home, print, app.panelButton])
    ]);
    var inside = page.restricted ? make("div", { class: "ip-restricted", role: "note", text: page.restricted }) : null;
    var warning = page.warning ? make("div", { class: "ip-warning", role: "note", text: page.warning }) : null;
    app.readout = make("output", { class: "ip-readout", "aria-live": "off" });
    app.credit = make("div", { class: "ip-credit", text: page.credit });
    app.stage = make("div", { class: "ip-stage" });
    var main = make("main", { class: "ip-main" }, [app.stage]);
    var root = make("div", { class: "ip-root" }, [header, inside, warning, main]);
    document.body.insertBefore(root, document.body.firstChild);
    app.stage.appendChild(div);
    app.tools = make("div", { class: "ip-tools", role: "toolbar", "aria-label": words.tools, "aria-orientation": "vertical" });
    app.stage.appendChild(app.tools);
    app.stage.appendChild(app.readout);
    app.stage.appendChild(app.credit);
    div.style.background = page.colors.backdrop;
    div.setAttribute("aria-label", words.map);
    div.setAttribute("role", "application");
    app.panelButton.addEventListener("click", function () {
      var closed = root.classList.toggle("ip-closed");
      app.panelButton.setAttribute("aria-expanded", String(!closed));
      app.map.invalidateSize({ pan: false });
    });
    if (window.innerWidth < 720) { root.classList.add("ip-closed"); app.panelButton.setAttribute("aria-expanded", "false"); }
    app.map.invalidateSize({ animate: false });
  }
  ip.layout = layout;

  // A button of the toolbar beside the map. `icon` is the path of an SVG of 24 units; `run` is told
  // whether the tool is on; a tool with `mode` takes the clicks of the map and ends any other mode.
  ip.tool = function (app, tool) {
    var NS = "http:" + "//www.w3.org/2000/svg", svg = document.createElementNS(NS, "svg"), path = document.createElementNS(NS, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", tool.icon);
    svg.appendChild(path);
    var button = make("button", { type: "button", class: "ip-tool", id: "ip-tool-" + tool.id, title: tool.label, "aria-label": tool.label });
    button.appendChild(svg);
    if (tool.toggle || tool.mode) button.setAttribute("aria-pressed", "false");
    tool.set = function (on) {
      if (tool.on === on) return;
      tool.on = on;
      button.setAttribute("aria-pressed", String(on));
      tool.run(on);
    };
    button.addEventListener("click", function () {
      if (!tool.toggle && !tool.mode) { tool.run(true); return; }
      if (tool.mode && app.mode && app.mode !== tool) app.mode.set(false);
      tool.set(!tool.on);
      app.mode = tool.mode && tool.on ? tool : app.mode === tool ? null : app.mode;
    });
    app.tools.appendChild(button);
    return tool;
  };
})(infraplan);
