"use strict";
// A divider over the map: one picture to its left, another to its right. The two sides are rasters,
// or the layers that a page names as before and after; each side is drawn in a pane of its own,
// which is cut at the divider.
(function (ip) {
  var make = ip.make, ICON = "M12 3v18M3 6h6v12H3zM15 6h6v12h-6zM9 12H6m9 0h3";

  function named(app, names) {
    return app.layers.filter(function (layer) { return names.indexOf(layer.name) >= 0; });
  }

  // All that a side may show: what the page pairs, then each raster.
  function choices(app) {
    var made = [];
    (app.page.swipes || []).forEach(function (pair) {
      var both = [pair.left, pair.right].map(function (side) {
        var layers = named(app, side.layers);
        return { label: side.label, layers: layers, paired: true, side: layers.length && layers[0].kind !== "raster" ? layers[0].side : "" };
      });
      if (both[0].layers.length && both[1].layers.length) made = made.concat(both);
    });
    app.layers.slice().reverse().forEach(function (layer) {
      var single = made.some(function (choice) { return choice.layers.length === 1 && choice.layers[0] === layer; });
      if (layer.kind === "raster" && !single) made.push({ label: layer.title, layers: [layer] });
    });
    return made;
  }

  // Two sides to begin with: the first pair of the page, else the raster that is shown beside the
  // one that is most like it.
  function first(all) {
    if (all[0].paired && all.length > 1 && all[1].paired) return [0, 1];
    var left = Math.max(0, all.findIndex(function (choice) { return choice.layers[0].shown; }));
    var one = all[left].layers[0].picks, right = all.findIndex(function (choice, n) {
      var other = choice.layers[0].picks;
      return n !== left && one && other && (one[1] === other[1]) !== (one[0] === other[0]);
    });
    return [left, right < 0 ? (left ? 0 : 1) : right];
  }

  function swipe(app) {
    var all = choices(app), words = app.words, map = app.map;
    if (all.length < 2) return;
    var share = 0.5, chosen = first(all), sides = null, tool;
    var panes = ["left", "right"].map(function (name) {
      var pane = map.createPane("ip-swipe-" + name);
      pane.style.zIndex = 262;
      pane.style.pointerEvents = "none";
      return pane;
    });
    var labels = ["left", "right"].map(function (name) { return make("div", { class: "ip-swipe-label ip-swipe-" + name }); });
    var handle = make("div", { class: "ip-swipe-handle", role: "slider", tabindex: "0", "aria-label": words["swipe.handle"], "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100" });
    var line = make("div", { class: "ip-swipe-line" }, [handle]);
    var lists = ["swipe.left", "swipe.right"].map(function (key, n) {
      var list = make("select", { class: "ip-pick", "aria-label": words[key] }, all.map(function (choice, k) { return make("option", { value: String(k), text: choice.label }); }));
      list.addEventListener("change", function () { chosen[n] = Number(list.value); draw(); });
      return list;
    });
    var bar = make("div", { class: "ip-swipe-bar", role: "group", "aria-label": words["swipe.tool"] }, [
      make("span", { text: words["swipe.left"] }), lists[0], make("span", { text: words["swipe.right"] }), lists[1]
    ]);
    var frame = make("div", { class: "ip-swipe", hidden: true }, [line, labels[0], labels[1], bar]);
    app.stage.appendChild(frame);
    [bar, handle].forEach(function (node) { L.DomEvent.disableClickPropagation(node); L.DomEvent.disableScrollPropagation(node); });

    if (all.length < 3) bar.hidden = true; // nothing to choose

    // Vector layers come in pairs: choosing one of them chooses the other too.
    function pick(n, k) {
      var other = all[chosen[1 - n]], mate = all.findIndex(function (choice) { return choice.side && choice.side !== all[k].side; });
      if (all[k].side) chosen = all[k].side === "before" ? [k, mate] : [mate, k];
      else {
        chosen[n] = k;
        if (other.side) chosen[1 - n] = all.findIndex(function (choice, at) { return !choice.side && at !== k; });
        if (chosen[1 - n] < 0) chosen[1 - n] = k;
      }
    }

    // The panes of a side: its own for rasters, the engine's for vector layers.
    function panesOf(n) {
      var side = all[chosen[n]].side;
      if (!side) return [panes[n]];
      return ["ip-over-", "ip-under-"].map(function (name) { return map.getPane(name + side); }).filter(Boolean);
    }

    // Cut both sides at the divider; their coordinates are those of the map's layers.
    function cut() {
      if (!sides) return;
      var size = map.getSize(), x = share * size.x, far = 2000;
      var a = map.containerPointToLayerPoint([-far, -far]), b = map.containerPointToLayerPoint(size.add([far, far]));
      var middle = map.containerPointToLayerPoint([x, 0]).x;
      [[a.x, middle], [middle, b.x]].forEach(function (ends, n) {
        var corners = [[ends[0], a.y], [ends[1], a.y], [ends[1], b.y], [ends[0], b.y]];
        var shape = "polygon(" + corners.map(function (c) { return c[0] + "px " + c[1] + "px"; }).join(",") + ")";
        panesOf(n).forEach(function (pane) { pane.style.clipPath = shape; });
      });
      line.style.left = x + "px";
      labels[0].style.right = "calc(100% - " + x + "px)";
      labels[1].style.left = x + "px";
      labels[0].style.maxWidth = Math.max(0, x - 24) + "px";
      labels[1].style.maxWidth = Math.max(0, size.x - x - 24) + "px";
      handle.setAttribute("aria-valuenow", String(Math.round(100 * share)));
      handle.setAttribute("aria-valuetext", ip.fill(words["swipe.value"], { share: app.number(100 * share), left: all[chosen[0]].label, right: all[chosen[1]].label }));
    }

    function move(to) { share = Math.max(0, Math.min(1, to)); cut(); }

    function clear() {
      ["before", "after"].forEach(function (side) {
        ["ip-over-", "ip-under-"].forEach(function (name) { var pane = map.getPane(name + side); if (pane) pane.style.clipPath = ""; });
      });
      (sides || []).forEach(function (side) { side.forEach(function (drawn) { drawn.remove(); }); });
      all.forEach(function (choice) { choice.layers.forEach(function (layer) { layer.swiped = false; }); });
      sides = null;
    }

    function draw() {
      clear();
      sides = chosen.map(function (k, n) {
        labels[n].textContent = all[k].label;
        lists[n].value = String(k);
        return all[k].side ? all[k].layers.map(uncovered) : all[k].layers.map(function (layer) {
          layer.swiped = true;
          var overlay = new ip.RasterOverlay(app, layer, "ip-swipe-" + (n ? "right" : "left"));
          overlay.addTo(map);
          return overlay;
        });
      });
      hide(!all[chosen[0]].side);
      together(Boolean(all[chosen[0]].side));
      cut();
      names();
    }

    // The page of an undergrounding plan shows streets before or after the works, or both: a divider
    // needs both, and gives back what the reader had.
    var wanted = null;
    function together(on) {
      var pressed = document.querySelector("button[data-view][aria-pressed='true']"), both = document.querySelector("button[data-view='both']");
      if (on && both && !wanted) { wanted = pressed; both.click(); }
      if (!on && wanted) { wanted.click(); wanted = null; }
    }

    // Labels on the map belong to a side too, and are placed anew where the divider comes to rest.
    function names() {
      app.sideOf = sides && all[chosen[0]].side ? sideOf : null;
      if (all.some(function (choice) { return choice.side; })) app.redraw();
    }
    function sideOf(latlng) { return all[chosen[sideAt(latlng)]].side; }
    function sideAt(latlng) { return map.latLngToContainerPoint(latlng).x < share * map.getSize().x ? 0 : 1; }

    // A layer of before or after is shown while the divider stands, whatever the panel says.
    function uncovered(layer) {
      var was = layer.shown;
      if (!was) app.show(layer, true);
      return { remove: function () { if (!was) app.show(layer, false); } };
    }

    // The rasters of the panel make way for the two sides, and come back afterwards.
    function hide(away) {
      app.layers.forEach(function (layer) {
        if (layer.kind !== "raster" || !layer.shown) return;
        layer.overlay[away ? "removeFrom" : "addTo"](map);
      });
    }

    var otherwise = app.rastersAt;
    app.rastersAt = function (latlng) {
      if (!sides) return otherwise(latlng);
      var side = all[chosen[sideAt(latlng)]];
      return side.side ? otherwise(latlng) : side.layers;
    };

    // The handle alone is held: beside it, on the line too, the map is what is clicked and dragged.
    var held = false;
    handle.addEventListener("pointerdown", function (event) {
      held = true;
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      event.preventDefault();
    });
    handle.addEventListener("pointermove", function (event) {
      if (!held) return;
      var box = frame.getBoundingClientRect();
      move((event.clientX - box.left) / box.width);
    });
    ["pointerup", "pointercancel"].forEach(function (name) { handle.addEventListener(name, function () { if (held) { held = false; names(); } }); });
    handle.addEventListener("keydown", function (event) {
      var step = event.shiftKey ? 0.1 : 0.02;
      var to = { ArrowLeft: share - step, ArrowDown: share - step, ArrowRight: share + step, ArrowUp: share + step, PageDown: share - 0.1, PageUp: share + 0.1, Home: 0, End: 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      move(to);
      names();
    });
    map.on("move resize zoom viewreset", cut);
    app.on("layers", function (layer) {
      if (!sides || layer.kind !== "raster") return;
      var k = all.findIndex(function (choice) { return choice.layers.length === 1 && choice.layers[0] === layer; });
      if (layer.shown && k >= 0) pick(0, k); // chosen in the panel: it goes to the left
      draw();
    });
    // A print is laid out anew: the divider keeps its share of the map.
    app.on("print", cut);
    app.on("printed", cut);
    tool = ip.tool(app, {
      id: "swipe", label: words["swipe.tool"], icon: ICON, toggle: true,
      run: function (on) {
        frame.hidden = !on;
        app.stage.classList.toggle("ip-swiping", on);
        if (on) { draw(); handle.focus({ preventScroll: true }); return; }
        clear();
        together(false);
        hide(false);
        names();
      }
    });
    app.swipe = { tool: tool, move: move, choose: function (left, right) { chosen = [left, right]; if (sides) draw(); }, choices: all };
  }

  ip.part(swipe);
})(infraplan);
