"use strict";
// Small drawings of the cards. Text is set with textContent; nothing is parsed.
(function (ip) {
  var NS = "http:" + "/" + "/www.w3.org/2000/svg", EARTH = 6371000, LIGHT = 299792458;
  var WIDE = 440, LEFT = 54, RIGHT = 12, BOTTOM = 38;
  var BLUE = "#0072b2", PALE = "#bfdcec", INK = "#1c2733", QUIET = "#5a6675", RIM = "#d8dde3";

  function node(tag, attributes, children) {
    var made = document.createElementNS(NS, tag);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === "text") made.textContent = attributes[key];
      else made.setAttribute(key, attributes[key]);
    });
    (children || []).forEach(function (child) { if (child) made.appendChild(child); });
    return made;
  }

  // Round steps that divide a span into about so many parts.
  function ticks(low, high, parts) {
    var raw = (high - low) / parts || 1, power = Math.pow(10, Math.floor(Math.log10(raw)));
    var step = [1, 2, 2.5, 5, 10].map(function (n) { return n * power; }).find(function (n) { return n >= raw - 1e-9; });
    if (step < 1 && high - low >= 2) step = 1;
    var found = [];
    for (var n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-6; n++) found.push(n * step + 0);
    return found;
  }

  function path(points, close) {
    return points.map(function (p, n) { return (n ? "L" : "M") + p[0].toFixed(1) + " " + p[1].toFixed(1); }).join("") + (close ? "Z" : "");
  }

  // A frame with two scales; returns what turns values into places of the drawing.
  function frame(options, app) {
    var high = options.high, top = options.top || 14, bottom = high - BOTTOM;
    var x = function (v) { return LEFT + (v - options.x[0]) / (options.x[1] - options.x[0] || 1) * (WIDE - LEFT - RIGHT); };
    var y = function (v) { return bottom - (v - options.y[0]) / (options.y[1] - options.y[0] || 1) * (bottom - top); };
    var svg = node("svg", { viewBox: "0 0 " + WIDE + " " + high, class: "ip-chart", role: "img", "aria-label": options.label });
    ticks(options.y[0], options.y[1], 4).forEach(function (v) {
      svg.appendChild(node("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(v), y2: y(v), stroke: RIM }));
      svg.appendChild(node("text", { x: LEFT - 6, y: y(v) + 3.5, "text-anchor": "end", fill: QUIET, text: app.number(v, v % 1 ? 1 : 0) }));
    });
    (options.ticks || ticks(options.x[0], options.x[1], 6)).forEach(function (v) {
      svg.appendChild(node("line", { x1: x(v), x2: x(v), y1: bottom, y2: bottom + 4, stroke: QUIET }));
      svg.appendChild(node("text", { x: x(v), y: bottom + 15, "text-anchor": "middle", fill: QUIET, text: app.number(v, v % 1 ? 1 : 0) }));
    });
    svg.appendChild(node("line", { x1: LEFT, x2: WIDE - RIGHT, y1: bottom, y2: bottom, stroke: QUIET }));
    svg.appendChild(node("text", { x: (LEFT + WIDE - RIGHT) / 2, y: high - 5, "text-anchor": "middle", fill: INK, text: options.across }));
    svg.appendChild(node("text", { transform: "translate(11," + (top + bottom) / 2 + ") rotate(-90)", "text-anchor": "middle", fill: INK, text: options.up }));
    return { svg: svg, x: x, y: y, top: top, bottom: bottom };
  }

  // Marks with their values, shown while one is pointed at.
  function dots(drawn, points, told) {
    points.forEach(function (p) {
      drawn.svg.appendChild(node("circle", { cx: drawn.x(p[0]), cy: drawn.y(p[1]), r: 3.4, fill: BLUE, stroke: "#fff", "stroke-width": 1 }, [
        node("title", { text: told(p) })
      ]));
    });
  }

  ip.heightChart = function (heights, app) {
    var points = heights.points, words = app.page.cards.words, asked = heights.asked;
    var xs = points.map(function (p) { return p[0]; }).concat(asked === null ? [] : [asked]);
    var most = Math.max.apply(null, points.map(function (p) { return p[3]; })) || 1;
    var low = Math.min.apply(null, xs), high = Math.max.apply(null, xs), rim = Math.max(2, (high - low) * 0.04);
    var drawn = frame({ x: [low - rim, high + rim], y: [0, most * 1.08], high: 210, top: 22, across: words.height_axis, up: words.people_axis, label: told(heights, app) }, app);
    drawn.svg.appendChild(node("path", { fill: PALE, d: path(points.map(function (p) { return [drawn.x(p[0]), drawn.y(p[3])]; }).concat(
      points.slice().reverse().map(function (p) { return [drawn.x(p[0]), drawn.y(p[2])]; })), true) }));
    drawn.svg.appendChild(node("path", { fill: "none", stroke: BLUE, "stroke-width": 2.2, d: path(points.map(function (p) { return [drawn.x(p[0]), drawn.y(p[1])]; })) }));
    if (asked !== null) {
      var at = drawn.x(asked), end = at > WIDE - 110 ? "end" : at < LEFT + 60 ? "start" : "middle";
      drawn.svg.appendChild(node("line", { x1: at, x2: at, y1: drawn.top - 6, y2: drawn.bottom, stroke: "#d55e00", "stroke-width": 1.6, "stroke-dasharray": "5 3", class: "ip-asked" }));
      drawn.svg.appendChild(node("text", { x: at, y: 11, "text-anchor": end, fill: "#a34700", "font-weight": 600, text: ip.fill(words.asked, { height: app.number(asked) }) }));
    }
    dots(drawn, points, function (p) { return app.number(p[0]) + " m: " + ip.people(p[1], app) + " (" + ip.people(p[2], app) + " – " + ip.people(p[3], app) + ")"; });
    return drawn.svg;
  };

  function told(heights, app) {
    var points = heights.points, people = points.map(function (p) { return p[1]; });
    return ip.fill(app.page.cards.words.heights_told, {
      low: app.number(points[0][0]), high: app.number(points[points.length - 1][0]),
      least: ip.people(Math.min.apply(null, people), app), most: ip.people(Math.max.apply(null, people), app)
    });
  }
  ip.heightsTold = told;

  ip.frontierChart = function (frontier, app) {
    var words = app.page.cards.words, points = [[0, 0]].concat(frontier.points.filter(function (p) { return p[0] > 0; }));
    var last = points[points.length - 1], most = Math.max.apply(null, points.map(function (p) { return p[1]; })) || 1;
    var drawn = frame({ x: [0, last[0]], y: [0, most * 1.08], high: 190, across: words.sites_axis, up: words.people_axis, ticks: last[0] <= 15 ? points.map(function (p) { return p[0]; }) : null, label: ip.frontierTold(last, app) }, app);
    drawn.svg.appendChild(node("path", { fill: "none", stroke: BLUE, "stroke-width": 2.2, d: path(points.map(function (p) { return [drawn.x(p[0]), drawn.y(p[1])]; })) }));
    dots(drawn, points.slice(1), function (p) { return ip.frontierTold(p, app); });
    return drawn.svg;
  };

  ip.frontierTold = function (point, app) {
    return ip.fill(app.page.cards.words.frontier_told, { count: app.number(point[0]), people: ip.people(point[1], app) });
  };

  // The path of a link on an earth drawn flat at both ends, k = 4/3, with the first Fresnel zone.
  ip.profileChart = function (link, app) {
    var words = app.page.cards.words, p = link.profile, n = p.distance.length, first = p.distance[0];
    var length = p.distance[n - 1] - first, wave = LIGHT / (p.freq * 1e6), k = 4 / 3;
    var at = p.distance.map(function (d) { return d - first; });
    var ground = p.ground.map(function (g, i) { return g + at[i] * (length - at[i]) / (2 * k * EARTH); });
    var cover = ground.map(function (g, i) { return g + (p.clutter[i] || 0); });
    var from = p.ground[0] + p.near, to = p.ground[n - 1] + p.far;
    var sight = at.map(function (d) { return from + (to - from) * d / length; });
    var radius = at.map(function (d) { return Math.sqrt(Math.max(0, wave * d * (length - d) / length)); });
    var low = Math.min.apply(null, ground), high = Math.max.apply(null, cover.concat(sight.map(function (s, i) { return s + radius[i]; })));
    var span = Math.max(20, high - low), floor = low - span * 0.08;
    var drawn = frame({ x: [0, length / 1000], y: [floor, high + span * 0.06], high: 210, across: words.distance_axis, up: words.level_axis, label: link.title + ". " + link.about + ". " + link.text + ". " + link.clearance }, app);
    var line = function (ys) { return ys.map(function (v, i) { return [drawn.x(at[i] / 1000), drawn.y(v)]; }); };
    var base = [[drawn.x(length / 1000), drawn.bottom], [drawn.x(0), drawn.bottom]];
    if (p.clutter.length) drawn.svg.appendChild(node("path", { fill: "#9fbf8f", d: path(line(cover).concat(base), true) }));
    drawn.svg.appendChild(node("path", { fill: "#c9b79c", stroke: "#6b5a41", d: path(line(ground).concat(base), true) }));
    drawn.svg.appendChild(node("path", { fill: "#56b4e9", "fill-opacity": 0.35, stroke: "#56b4e9", class: "ip-zone", d: path(line(sight.map(function (s, i) { return s + radius[i]; })).concat(line(sight.map(function (s, i) { return s - radius[i]; })).reverse()), true) }));
    drawn.svg.appendChild(node("path", { fill: "none", stroke: link.outcome === "pass" ? BLUE : "#d55e00", "stroke-width": 1.8, d: path(line(sight)) }));
    [[0, p.ground[0], from], [length, p.ground[n - 1], to]].forEach(function (mast) {
      drawn.svg.appendChild(node("line", { x1: drawn.x(mast[0] / 1000), x2: drawn.x(mast[0] / 1000), y1: drawn.y(mast[1]), y2: drawn.y(mast[2]), stroke: INK, "stroke-width": 2.6 }));
    });
    if (p.worst !== null && p.worst >= 0 && p.worst <= length) {
      var w = drawn.x(p.worst / 1000), level = drawn.y(from + (to - from) * p.worst / length);
      drawn.svg.appendChild(node("line", { x1: w, x2: w, y1: level, y2: drawn.bottom, stroke: "#d55e00", "stroke-width": 1.4, "stroke-dasharray": "3 3" }));
    }
    return drawn.svg;
  };

  ip.profileKey = function (link, app) {
    var words = app.page.cards.words;
    var parts = [["#c9b79c", words.ground], link.profile.clutter.length ? ["#9fbf8f", words.clutter] : null, ["#56b4e9", words.zone], [link.outcome === "pass" ? BLUE : "#d55e00", words.sight]];
    return ip.key(parts.filter(Boolean));
  };

  ip.key = function (parts) {
    return ip.make("ul", { class: "ip-key" }, parts.map(function (part) {
      var square = ip.make("i", { "aria-hidden": "true" });
      square.style.background = part[0];
      return ip.make("li", {}, [square, ip.make("span", { text: part[1] })]);
    }));
  };
})(infraplan);
