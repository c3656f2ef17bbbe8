"use strict";
// How figures and sentences are told, and how they leave the page by the clipboard.
(function (ip) {
  // Words with their {places} filled; values are never looked into.
  ip.fill = function (text, values) {
    return text.replace(/\{(\w+)\}/g, function (whole, name) { return name in values ? String(values[name]) : whole; });
  };

  // The value of a key that an object has itself: names in data may be `constructor` or `toString`.
  ip.own = function (object, key) { return Object.prototype.hasOwnProperty.call(object, key) ? object[key] : undefined; };

  // A sentence of this part of the catalogue.
  ip.told = function (app, key, values) { return ip.fill(app.words["insight." + key], values || {}); };

  // Two figures as the tables round them: a half goes to the even neighbour.
  function twoFigures(value) {
    if (Math.abs(value) < 0.5) return 0;
    var digits = 1 - Math.floor(Math.log10(Math.abs(value)));
    var power = Math.pow(10, Math.abs(digits)), scaled = digits < 0 ? value / power : value * power;
    var whole = Math.round(scaled);
    if (Math.abs(scaled - Math.floor(scaled) - 0.5) < 1e-9 && whole % 2) whole -= 1;
    return digits < 0 ? whole * power : whole / power;
  }

  // People to two figures, as everywhere else.
  ip.people = function (value, app) { return app.number(twoFigures(value)); };

  ip.peopleRange = function (value, low, high, app) {
    var texts = [value, low, high].map(function (part) { return ip.people(part, app); });
    if (texts[0] === texts[1] && texts[1] === texts[2]) return texts[0];
    return ip.told(app, "people_range", { value: texts[0], low: texts[1], high: texts[2] });
  };

  // "12 / 67" where filters leave only a part, else the whole.
  ip.partOf = function (part, whole, app) {
    return part === whole ? app.number(whole) : app.number(part) + " / " + app.number(whole);
  };

  // Put text on the clipboard. Where the browser keeps its clipboard from files, the old way does.
  ip.copy = function (text) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(text).then(function () { return true; }, function () { return selected(text); });
    }
    return Promise.resolve(selected(text));
  };

  function selected(text) {
    var held = document.activeElement, area = ip.make("textarea", { class: "ip-clip", "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    document.body.appendChild(area);
    area.select();
    var done = false;
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    area.remove();
    if (held && held.focus) held.focus();
    return done;
  }

  // A button that copies and says so.
  ip.copyButton = function (app, label, text, done) {
    var button = ip.make("button", { type: "button", class: "ip-plainly ip-copy", text: label });
    button.addEventListener("click", function () {
      ip.copy(text()).then(function (is) {
        button.textContent = is ? (done ? done() : ip.told(app, "copied")) : ip.told(app, "not_copied");
        clearTimeout(button.later);
        button.later = setTimeout(function () { button.textContent = label; }, 2500);
      });
    });
    button.setAttribute("aria-live", "polite");
    return button;
  };

  // Words for a share of a whole, to a tenth of a per cent.
  ip.percent = function (part, whole, app) { return app.number(100 * part / whole, 1) + " %"; };
})(infraplan);
