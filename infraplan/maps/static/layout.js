"use strict";
// The frame of the page: title, notices, search, panel with its tabs, map with its toolbar, the
// drawer below it and the line at the foot. Other parts put their things in by `app.section`,
// `app.drawer`, `app.notice` and `ip.tool`.
(function (ip) {
  var make = ip.make;
  var TABS = ["layers", "figures", "filter", "about"];
  var PHONE = 720;

  function layout(app) {
    var page = app.page, words = app.words, div = app.map.getContainer();
    var root = app.root = make("div", { class: "ip-root" });
    app.isPhone = function () { return window.innerWidth < PHONE; };
    app.field = make("input", { type: "search", id: "ip-search", class: "ip-search", placeholder: words.search, "aria-label": words.search, role: "combobox", "aria-expanded": "false", "aria-controls": "ip-results", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
    app.results = make("ul", { id: "ip-results", class: "ip-results", role: "listbox", "aria-label": words.search, hidden: true });
    app.panelButton = make("button", { type: "button", class: "ip-button", "aria-expanded": "true", "aria-controls": "ip-panel", text: words.panel });
    app.buttons = make("div", { class: "ip-buttons" }, [app.panelButton]);
    var header = make("header", { class: "ip-header" }, [
      make("div", { class: "ip-titles" }, [
        make("div", { class: "ip-title" }, [
          make("h1", { text: page.title, title: page.title }),
          make("p", { class: "ip-subtitle", text: [page.as_of, page.subtitle].filter(Boolean).join(" · ") })
        ]),
        page.headline ? make("p", { class: "ip-headline", text: page.headline }) : null
      ]),
      make("div", { class: "ip-find", role: "search" }, [app.field, app.results]),
      app.buttons
    ]);
    var notices = make("div", { class: "ip-notices" }, [
      page.restricted ? make("div", { class: "ip-restricted", role: "note", text: page.restricted }) : null,
      page.warning ? make("div", { class: "ip-warning", role: "note", text: page.warning }) : null
    ]);
    app.live = make("div", { class: "ip-live", role: "status", "aria-live": "polite" });
    app.say = say;
    app.readout = make("output", { class: "ip-readout", "aria-live": "off" });
    app.credit = make("div", { class: "ip-credit", text: page.credit, title: page.credit });
    app.stage = make("div", { class: "ip-stage" });
    app.foot = make("footer", { class: "ip-foot" }, [app.credit, app.readout]);
    app.bottom = make("section", { class: "ip-drawer", hidden: true });
    app.middle = make("div", { class: "ip-middle" }, [app.stage, app.bottom, app.foot]);
    app.main = make("main", { class: "ip-main", id: "ip-main", tabindex: "-1" }, [app.middle]);
    app.side = make("aside", { class: "ip-panel", id: "ip-panel", "aria-label": words.panel, tabindex: "-1" });
    var skip = make("a", { class: "ip-skip", href: "#ip-main", text: words["frame.skip"] });
    skip.addEventListener("click", function (event) { event.preventDefault(); div.focus(); });
    [skip, header, notices, make("div", { class: "ip-body" }, [app.side, grip(app, "x"), app.main]), app.live].forEach(function (part) {
      root.appendChild(part);
    });
    document.body.insertBefore(root, document.body.firstChild);
    app.stage.appendChild(div);
    app.tools = make("div", { class: "ip-tools", role: "toolbar", "aria-label": words.tools, "aria-orientation": "vertical" });
    app.floats = make("div", { class: "ip-floats" });
    app.stage.appendChild(app.floats);
    app.stage.appendChild(app.tools);
    div.style.background = page.colors.backdrop;
    div.setAttribute("aria-label", words.map);
    div.setAttribute("role", "application");
    tabs(app);
    drawers(app);
    app.panelButton.addEventListener("click", function () { fold(root.classList.toggle("ip-closed")); });
    function fold(closed) {
      root.classList.toggle("ip-closed", closed);
      app.panelButton.setAttribute("aria-expanded", String(!closed));
      app.resize();
      app.emit("panel", !closed);
    }
    app.resize = function () { app.map.invalidateSize({ pan: false, animate: false }); };
    if (app.isPhone()) fold(true);
    app.map.invalidateSize({ animate: false });

    // What a screen reader should be told, once the reader has stopped typing.
    var later = 0;
    function say(text) {
      clearTimeout(later);
      later = setTimeout(function () { app.live.textContent = text; }, 300);
    }
  }
  ip.layout = layout;

  // The tabs of the panel. `app.section(id, title, node, {tab, open})` adds a part that folds to a
  // tab; `app.fill(aside)` spreads over the tabs what `ip.panel` has made, by its data-tab;
  // `app.tab(id)` turns to one. A tab is there as soon as something is on it.
  function tabs(app) {
    var list = make("div", { class: "ip-tabs", role: "tablist", "aria-label": app.words.panel }), known = {};
    app.side.appendChild(handle(app));
    app.side.appendChild(list);
    TABS.forEach(function (id) {
      var button = make("button", { type: "button", role: "tab", class: "ip-tab", id: "ip-tab-" + id, "aria-controls": "ip-pane-" + id, "aria-selected": "false", text: app.words["frame.tab_" + id], hidden: true });
      var pane = make("div", { role: "tabpanel", class: "ip-pane", id: "ip-pane-" + id, "aria-labelledby": button.id, hidden: true });
      button.addEventListener("click", function () { app.tab(id); });
      button.addEventListener("keydown", function (event) {
        var step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        var shown = TABS.filter(function (other) { return !known[other].button.hidden; });
        var next = shown[(shown.indexOf(id) + step + shown.length) % shown.length];
        app.tab(next);
        known[next].button.focus();
      });
      known[id] = { button: button, pane: pane };
      list.appendChild(button);
      app.side.appendChild(pane);
    });
    function put(id, node) {
      var tab = known[id] || known.layers;
      tab.button.hidden = false;
      tab.pane.appendChild(node);
      if (!app.tabNow) app.tab(id);
    }
    app.tab = function (id) {
      app.tabNow = id;
      TABS.forEach(function (other) {
        known[other].button.setAttribute("aria-selected", String(other === id));
        known[other].pane.hidden = other !== id;
      });
      app.emit("tab", id);
    };
    app.fill = function (aside) {
      Array.prototype.slice.call(aside.children).forEach(function (node) { put(node.getAttribute("data-tab") || "layers", node); });
      if (!known.layers.button.hidden) app.tab("layers");
    };
    app.section = function (id, title, node, options) {
      var wanted = options || {};
      var section = make("details", { class: "ip-section", id: "ip-section-" + id, open: wanted.open !== false }, [make("summary", { text: title }), node]);
      put(wanted.tab || "layers", section);
      return section;
    };
  }

  // The handle of the sheet that the panel is on a phone: pulled up it grows, pulled down it shuts.
  function handle(app) {
    var bar = make("div", { class: "ip-handle", "aria-hidden": "true" }), from = null;
    bar.addEventListener("pointerdown", function (event) {
      from = { at: event.clientY, was: app.side.offsetHeight };
      bar.setPointerCapture(event.pointerId);
    });
    bar.addEventListener("pointermove", function (event) {
      if (from) app.side.style.height = Math.max(60, Math.min(window.innerHeight * 0.85, from.was + from.at - event.clientY)) + "px";
    });
    ["pointerup", "pointercancel"].forEach(function (end) {
      bar.addEventListener(end, function () {
        if (from && app.side.offsetHeight < from.was * 0.5) { app.side.style.height = ""; app.panelButton.click(); }
        from = null;
      });
    });
    return bar;
  }

  // The drawer below the map: `app.drawer(title, node, {id, open})` gives it one more leaf and
  // returns {show(on), shown, button, node}. It is folded to a line of buttons at first; its height
  // is the reader's. The event `drawer` tells which leaf is open, or null.
  function drawers(app) {
    var leaves = [], bar = make("div", { class: "ip-drawer-bar" }), body = make("div", { class: "ip-drawer-body", hidden: true });
    var pull = grip(app, "y");
    pull.hidden = true;
    app.bottom.setAttribute("aria-label", app.words["frame.drawer"]);
    [pull, bar, body].forEach(function (node) { app.bottom.appendChild(node); });
    app.drawer = function (title, node, options) {
      var wanted = options || {};
      var leaf = { node: node, shown: false };
      leaf.button = make("button", { type: "button", class: "ip-leaf", id: "ip-drawer-" + (wanted.id || leaves.length), "aria-expanded": "false", text: title });
      leaf.button.addEventListener("click", function () { leaf.show(!leaf.shown); });
      leaf.show = function (on) {
        if (leaf.shown === on) return;
        leaves.forEach(function (other) {
          other.shown = other === leaf && on;
          other.node.hidden = !other.shown;
          other.button.setAttribute("aria-expanded", String(other.shown));
        });
        body.hidden = pull.hidden = !on;
        app.bottom.classList.toggle("ip-drawn", on);
        app.resize();
        app.emit("drawer", on ? leaf : null);
      };
      node.hidden = true;
      leaves.push(leaf);
      bar.appendChild(leaf.button);
      body.appendChild(node);
      app.bottom.hidden = false;
      if (wanted.open) leaf.show(true); else app.resize();
      return leaf;
    };
  }

  // A line to drag, or to move by the arrow keys: the width of the panel, the height of the drawer.
  var SPAN = { x: ["--panel", 260, 620, 340], y: ["--drawer", 120, 640, 280] };
  function grip(app, axis) {
    var name = SPAN[axis][0], least = SPAN[axis][1], most = SPAN[axis][2], now = SPAN[axis][3], from = null;
    var bar = make("div", { class: "ip-grip ip-grip-" + axis, role: "separator", tabindex: "0", "aria-orientation": axis === "x" ? "vertical" : "horizontal", "aria-label": app.words["frame.grip_" + axis], "aria-valuemin": String(least), "aria-valuemax": String(most), "aria-valuenow": String(now) });
    function set(value) {
      now = Math.round(Math.max(least, Math.min(most, axis === "x" ? window.innerWidth * 0.6 : window.innerHeight * 0.7, value)));
      app.root.style.setProperty(name, now + "px");
      bar.setAttribute("aria-valuenow", String(now));
      app.resize();
    }
    bar.addEventListener("pointerdown", function (event) {
      from = { at: axis === "x" ? event.clientX : event.clientY, was: now };
      bar.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    bar.addEventListener("pointermove", function (event) {
      if (from) set(axis === "x" ? from.was + event.clientX - from.at : from.was - event.clientY + from.at);
    });
    ["pointerup", "pointercancel"].forEach(function (end) { bar.addEventListener(end, function () { from = null; }); });
    bar.addEventListener("keydown", function (event) {
      var step = { ArrowLeft: -20, ArrowDown: -20, ArrowRight: 20, ArrowUp: 20 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      set(now + step);
    });
    return bar;
  }

  var NS = "http:" + "//www.w3.org/2000/svg";
  ip.icon = function (d) {
    var svg = document.createElementNS(NS, "svg"), path = document.createElementNS(NS, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", d);
    svg.appendChild(path);
    return svg;
  };

  // A button of the toolbar beside the map. `icon` is the path of an SVG of 24 units; `run` is told
  // whether the tool is on; a tool with `mode` takes the clicks of the map and ends any other mode.
  ip.tool = function (app, tool) {
    var button = make("button", { type: "button", class: "ip-tool", id: "ip-tool-" + tool.id, title: tool.label, "aria-label": tool.label });
    button.appendChild(ip.icon(tool.icon));
    if (tool.toggle || tool.mode) button.setAttribute("aria-pressed", "false");
    tool.button = button;
    tool.set = function (on) {
      if (Boolean(tool.on) === on) return;
      tool.on = on;
      button.setAttribute("aria-pressed", String(on));
      if (tool.mode) app.mode = on ? tool : app.mode === tool ? null : app.mode;
      tool.run(on);
    };
    button.addEventListener("click", function () {
      if (!tool.toggle && !tool.mode) { tool.run(true); return; }
      if (tool.mode && app.mode && app.mode !== tool) app.mode.set(false);
      tool.set(!tool.on);
    });
    app.tools.appendChild(button);
    return tool;
  };
})(infraplan);
