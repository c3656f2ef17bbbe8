"use strict";
// What all parts of the page share: making elements, telling each other what happened.
(function (ip) {
  ip.FONT = "'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif";

  ip.make = function (tag, options, children) {
    var node = document.createElement(tag);
    Object.keys(options || {}).forEach(function (key) {
      if (key === "text") node.textContent = options[key];
      else if (key === "on") Object.keys(options.on).forEach(function (event) { node.addEventListener(event, options.on[event]); });
      else if (key in { checked: 1, value: 1, hidden: 1, open: 1, disabled: 1 }) node[key] = options[key];
      else node.setAttribute(key, options[key]);
    });
    (children || []).forEach(function (child) { if (child) node.appendChild(child); });
    return node;
  };

  // A part of the page: a function of the application, called once when all layers are there, in
  // the order in which the scripts stand.
  ip.parts = [];
  ip.part = function (begin) { ip.parts.push(begin); };

  // Events: view (the map has moved), layers (one was shown or hidden), filter (features were hidden
  // or shown again), choose (a feature was chosen, or none), print and printed.
  ip.events = function (app) {
    var heard = {};
    app.on = function (event, act) { (heard[event] = heard[event] || []).push(act); };
    app.emit = function (event, value) { (heard[event] || []).forEach(function (act) { act(value); }); };
  };

  // Hide features of a layer for a reason of one's own; a feature is seen where nobody hides it.
  // `hides` is a Uint8Array with one entry a feature, or null to hide none any more.
  ip.mask = function (app, layer, reason, hides) {
    layer.masks = layer.masks || {};
    if (hides) layer.masks[reason] = hides; else delete layer.masks[reason];
    var all = Object.keys(layer.masks);
    layer.off = all.length ? new Uint8Array(layer.count) : null;
    all.forEach(function (key) {
      var mask = layer.masks[key];
      for (var f = 0; f < layer.count; f++) if (mask[f]) layer.off[f] = 1;
    });
    app.emit("filter", layer);
  };
})(infraplan);
