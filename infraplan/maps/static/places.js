"use strict";
// Coordinates typed in, in degrees or in the planning CRS, in either order and with either decimal
// sign: every way of reading them is tried, and the one that lies on the map is meant.
(function (ip) {
  var make = ip.make;
  var REGION = [7, 101, 24.5, 118]; // Viet Nam and its sea, roughly: south, west, north, east

  // A number may be read in more than one way: 542.112 is a half thousand or a half million.
  function readings(text) {
    var plain = text.replace(/\s/g, ""), found = [];
    if (!/^-?[\d.,]*\d[.,]?$/.test(plain)) return found;
    var signs = plain.replace(/[-\d]/g, "");
    if (!signs) found.push(Number(plain));
    else {
      // The last sign as the decimal one, where it stands once and any others are of another kind.
      var mark = signs[signs.length - 1], at = plain.lastIndexOf(mark);
      if (signs.indexOf(mark) === signs.length - 1) {
        var whole = plain.slice(0, at);
        if (signs.length === 1 || /^-?\d{1,3}([.,]\d{3})+$/.test(whole)) found.push(Number(whole.replace(/[.,]/g, "") + "." + plain.slice(at + 1)));
      }
      if (/^-?\d{1,3}([.,]\d{3})+$/.test(plain) && new Set(signs).size === 1) found.push(Number(plain.replace(/[.,]/g, "")));
    }
    return found.filter(isFinite);
  }

  function sixty(parts) {
    var values = parts.map(function (part) { return Number(part.replace(",", ".")); });
    if (!values.every(isFinite) || values[1] >= 60 || values[2] >= 60) return [];
    var whole = Math.abs(values[0]) + (values[1] || 0) / 60 + (values[2] || 0) / 3600;
    return [/^-/.test(parts[0]) ? -whole : whole];
  }

  // All pairs of numbers that a text may mean, each with `angle` where it was written with degrees.
  function pairs(text) {
    var clean = text.normalize("NFC").replace(/[\u2032\u2019\u02b9`´]/g, "'").replace(/[\u2033\u201d\u02ba]|''/g, '"')
      .replace(/[\u2212\u2013]/g, "-").replace(/[\u00a0\u202f\u2009]/g, " ").replace(/º/g, "°").trim();
    var found = [];
    var angles = clean.match(/-?\d+(?:[.,]\d+)?\s*°(?:\s*\d+(?:[.,]\d+)?\s*')?(?:\s*\d+(?:[.,]\d+)?\s*")?/g);
    if (angles) {
      if (angles.length !== 2) return found;
      var both = angles.map(function (angle) { return sixty(angle.match(/-?\d+(?:[.,]\d+)?/g)); });
      both[0].forEach(function (a) { both[1].forEach(function (b) { found.push({ a: a, b: b, angle: true }); }); });
      return found;
    }
    var digits = clean.replace(/[^-\d.,;|\s]/g, " ").trim();
    function cut(first, second) {
      readings(first).forEach(function (a) { readings(second).forEach(function (b) { found.push({ a: a, b: b }); }); });
    }
    var halves = digits.split(/\s*[;|\t\n]\s*/);
    if (halves.length === 2) { cut(halves[0], halves[1]); return found; }
    var tokens = digits.split(/\s+/).filter(function (token) { return /\d/.test(token); });
    for (var n = 1; n < tokens.length; n++) {
      var left = tokens.slice(0, n), right = tokens.slice(n);
      if (grouped(left) && grouped(right)) cut(left.join("").replace(/,$/, ""), right.join(""));
    }
    if (tokens.length === 4 || tokens.length === 6) {
      var half = tokens.length / 2, a = sixty(tokens.slice(0, half).map(bare)), b = sixty(tokens.slice(half).map(bare));
      if (a.length && b.length) found.push({ a: a[0], b: b[0], angle: true });
    }
    if (tokens.length === 1) {
      for (var at = tokens[0].indexOf(","); at >= 0; at = tokens[0].indexOf(",", at + 1)) cut(tokens[0].slice(0, at), tokens[0].slice(at + 1));
    }
    return found;
  }
  function bare(token) { return token.replace(/[.,]$/, ""); }
  function grouped(tokens) { return tokens.length === 1 || tokens.every(function (token, n) { return n ? /^\d{3}([.,]\d*)?$/.test(token) : /^\d{1,3}$/.test(token); }); }

  function within(place, box) {
    return place.lat >= box[0] && place.lng >= box[1] && place.lat <= box[2] && place.lng <= box[3];
  }

  // What the page itself copies names its systems, whose names hold digits; a paste into one line may
  // join several notations without a break. Each part between such names is read by itself.
  var SYSTEM = "(?:WGS\\s?-?84|VN-?\\s?2000)(?:\\s*/\\s*(?:TM-3\\s*\\d+-\\d+|UTM zone \\d+[NS]))?";
  function systems(projection) {
    return (projection ? [projection.name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")] : []).concat(SYSTEM).join("|");
  }
  function parts(text, names) {
    if (!new RegExp(names, "i").test(text)) return [text];
    var cut = text.split(new RegExp("(?:" + names + ")\\s*:?|[^\\d:;|°'\"′″]{3,}:|\\n|\\|", "i"));
    return cut.filter(function (part) { return /\d/.test(part); });
  }

  ip.readPlace = function (text, projection, bounds) {
    var names = systems(projection);
    var found = parts(text, names).map(function (part) { return readPair(part, projection, bounds); }).filter(Boolean);
    // The two numbers of one place may stand in parts of their own.
    if (found.every(function (one) { return one.far; })) {
      found = found.concat(readPair(text.replace(new RegExp(names, "gi"), " "), projection, bounds) || []);
    }
    return found.find(function (one) { return one.inside; }) || found.find(function (one) { return !one.far; }) || found[0] || null;
  };

  // What a pair of numbers means: {place, told: "wgs84" | "plan", x, y, inside}; null where it is no pair of
  // numbers, {far: true} where no reading of it lies in the region.
  function readPair(text, projection, bounds) {
    var all = pairs(text), found = [];
    if (!all.length) return null;
    all.forEach(function (pair) {
      [[pair.a, pair.b], [pair.b, pair.a]].forEach(function (order) {
        var north = order[0], east = order[1];
        if (Math.abs(north) <= 90 && Math.abs(east) <= 180) found.push({ told: "wgs84", place: { lat: north, lng: east } });
        if (projection && !pair.angle && Math.abs(east) > 1000 && Math.abs(north) > 1000) {
          var degrees = ip.unplan(east, north, projection);
          if (degrees.every(isFinite)) found.push({ told: "plan", x: east, y: north, place: { lat: degrees[1], lng: degrees[0] } });
        }
      });
    });
    var near = found.filter(function (one) { return within(one.place, REGION); });
    near.forEach(function (one) { one.inside = within(one.place, bounds); });
    return near.find(function (one) { return one.inside; }) || near[0] || { far: true };
  }

  // Copy a text; `done` hears whether it could be. Pages opened from a folder may not use the
  // clipboard itself, so a field is marked and copied instead.
  ip.copyText = function (text, done) {
    function byHand() {
      var field = make("textarea", { class: "ip-live", "aria-hidden": "true", tabindex: "-1" }), before = document.activeElement, ok = false;
      field.value = text;
      document.body.appendChild(field);
      field.select();
      try { ok = document.execCommand("copy"); } catch (error) { ok = false; }
      field.remove();
      if (before) before.focus({ preventScroll: true });
      done(ok);
    }
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(function () { done(true); }, byHand);
    else byHand();
  };

  function places(app) {
    var map = app.map, words = app.words;
    var field = make("input", { type: "text", id: "ip-typed", class: "ip-typed", autocomplete: "off", spellcheck: "false", "aria-describedby": "ip-typed-help" });
    var told = make("p", { class: "ip-note ip-understood", role: "status" });
    var help = make("p", { class: "ip-note", id: "ip-typed-help", text: words["frame.typed_help"] });
    var form = make("form", { class: "ip-float ip-typing", hidden: true }, [
      make("label", { for: "ip-typed", class: "ip-kind", text: words["frame.typed"] }),
      make("div", { class: "ip-row-of" }, [field, make("button", { type: "submit", class: "ip-strong-button", text: words["frame.go"] })]), told, help
    ]);
    app.floats.appendChild(form);
    var tool = ip.tool(app, {
      id: "typed", label: words["frame.typed"], toggle: true, icon: "M12 21s7-6.3 7-11a7 7 0 1 0-14 0c0 4.700 7 11 7 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
      run: function (on) {
        form.hidden = !on;
        if (on) field.focus();
      }
    });
    form.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      tool.set(false);
      tool.button.focus();
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var found = read(field.value);
      field.setAttribute("aria-invalid", String(!found || Boolean(found.far)));
      told.classList.toggle("ip-fault", !found || Boolean(found.far) || !found.inside);
      if (!found || found.far) { told.textContent = words[found ? "frame.too_far" : "frame.not_understood"]; return; }
      told.textContent = understood(found) + (found.inside ? "" : " " + words["frame.outside"]);
      go(found);
    });
    function read(text) {
      var frame = app.home.pad(0.1);
      return ip.readPlace(text, app.page.projection, [frame.getSouth(), frame.getWest(), frame.getNorth(), frame.getEast()]);
    }
    function go(found) {
      var place = L.latLng(found.place.lat, found.place.lng);
      map.setView(place, Math.max(map.getZoom(), found.inside ? 14 : 9), { animate: false });
      show(place);
    }
    // Coordinates in the search field are found as a station is.
    ip.finders.push(function (text) {
      var found = read(text);
      return found && found.inside ? [{ text: understood(found), aside: words["frame.typed"], go: function () { go(found); } }] : [];
    });
    function understood(found) {
      if (found.told === "plan") {
        return ip.fill(words["frame.read_plan"], { name: app.page.projection.name, north: app.number(found.y, 0), east: app.number(found.x, 0) });
      }
      return ip.fill(words["frame.read_degrees"], { north: app.number(found.place.lat, 5), east: app.number(found.place.lng, 5) });
    }

    var marker = null;
    // A marker with both notations and a button that copies them.
    function show(place) {
      if (marker) marker.remove();
      marker = L.circleMarker(place, { radius: 7, color: "#b3245e", weight: 3, fillColor: "#fff", fillOpacity: 0.9, pane: "popupPane", renderer: L.svg({ pane: "popupPane" }) }).addTo(map);
      tell(place).on("remove", function () { if (marker) { marker.remove(); marker = null; } });
    }
    function tell(place) {
      var copied = make("span", { class: "ip-note", role: "status" }), lines = ip.notations(app, place);
      var copy = make("button", { type: "button", class: "ip-quiet-button", text: words["frame.copy"], on: { click: function () {
        ip.copyText(lines.map(function (line) { return line[0] + ": " + line[1]; }).join("\n"), function (ok) { copied.textContent = ok ? words["frame.copied"] : words["frame.copy_by_hand"]; });
      } } });
      var facts = make("dl", {}, []);
      lines.forEach(function (line) {
        facts.appendChild(make("dt", { text: line[0] }));
        facts.appendChild(make("dd", { text: line[1] }));
      });
      var card = make("div", { class: "ip-card ip-spot-card" }, [make("h3", { text: words["frame.here"] }), facts, make("div", { class: "ip-row-of" }, [copy, copied])]);
      return L.popup({ minWidth: Math.min(300, app.map.getSize().x - 90), maxWidth: 360 }).setLatLng(place).setContent(card).openOn(map);
    }
    // Right button, or a long press; the menu key tells of the middle of the map.
    map.on("contextmenu", function (event) {
      event.originalEvent.preventDefault();
      var keyed = event.originalEvent.button < 0 || event.originalEvent.detail === 0 && !event.originalEvent.clientX;
      tell(keyed ? map.getCenter() : event.latlng);
    });
    app.tellPlace = tell;
  }

  // The notations of a place: degrees, degrees with minutes and seconds, the planning CRS.
  ip.notations = function (app, place) {
    var words = app.words, p = app.page.projection;
    function sexagesimal(value, letter) {
      var tenths = Math.round(Math.abs(value) * 36000), seconds = tenths % 600 / 10, minutes = Math.floor(tenths / 600) % 60;
      return Math.floor(tenths / 36000) + "°" + String(minutes).padStart(2, "0") + "′" + app.number(seconds, 1).padStart(4, "0") + "″" + letter;
    }
    var lines = [
      ["WGS84", app.number(place.lat, 6) + "; " + app.number(place.lng, 6)],
      [words["frame.sexagesimal"], sexagesimal(place.lat, words.north) + " " + sexagesimal(place.lng, words.east)]
    ];
    if (p) {
      var xy = ip.project(place.lng, place.lat, p);
      lines.push([p.name, ip.fill(words["frame.plan_pair"], { north: app.number(xy[1], 1), east: app.number(xy[0], 1) })]);
    }
    return lines;
  };

  ip.part(places);
})(infraplan);
