"use strict";
// From WGS84 to the planning CRS and back: the datum's seven parameters, then a transverse Mercator
// by the series of Krüger to the sixth order (Karney 2011, equations 35 and 36), good to well below
// a millimetre.
(function (ip) {
  function series(f) {
    var n = f / (2 - f), n2 = n * n, n3 = n2 * n, n4 = n3 * n, n5 = n4 * n, n6 = n5 * n;
    return {
      n: n,
      radius: (1 + n2 / 4 + n4 / 64 + n6 / 256) / (1 + n),
      alpha: [
        n / 2 - 2 * n2 / 3 + 5 * n3 / 16 + 41 * n4 / 180 - 127 * n5 / 288 + 7891 * n6 / 37800,
        13 * n2 / 48 - 3 * n3 / 5 + 557 * n4 / 1440 + 281 * n5 / 630 - 1983433 * n6 / 1935360,
        61 * n3 / 240 - 103 * n4 / 140 + 15061 * n5 / 26880 + 167603 * n6 / 181440,
        49561 * n4 / 161280 - 179 * n5 / 168 + 6601661 * n6 / 7257600,
        34729 * n5 / 80640 - 3418889 * n6 / 1995840,
        212378941 * n6 / 319334400
      ],
      beta: [
        n / 2 - 2 * n2 / 3 + 37 * n3 / 96 - n4 / 360 - 81 * n5 / 512 + 96199 * n6 / 604800,
        n2 / 48 + n3 / 15 - 437 * n4 / 1440 + 46 * n5 / 105 - 1118711 * n6 / 3870720,
        17 * n3 / 480 - 37 * n4 / 840 - 209 * n5 / 4480 + 5569 * n6 / 90720,
        4397 * n4 / 161280 - 11 * n5 / 504 - 830251 * n6 / 7257600,
        4583 * n5 / 161280 - 108847 * n6 / 3991680,
        20648693 * n6 / 638668800
      ]
    };
  }

  var WGS84 = { a: 6378137, f: 1 / 298.257223563 }, SECOND = Math.PI / 648000;

  function geocentric(lon, lat, ball) {
    var e2 = ball.f * (2 - ball.f), sin = Math.sin(lat), nu = ball.a / Math.sqrt(1 - e2 * sin * sin);
    return [nu * Math.cos(lat) * Math.cos(lon), nu * Math.cos(lat) * Math.sin(lon), nu * (1 - e2) * sin];
  }

  function geodetic(xyz, ball) {
    var e2 = ball.f * (2 - ball.f), across = Math.hypot(xyz[0], xyz[1]), phi = Math.atan2(xyz[2], across * (1 - e2));
    for (var i = 0; i < 6; i++) {
      var v = ball.a / Math.sqrt(1 - e2 * Math.sin(phi) * Math.sin(phi));
      phi = Math.atan2(xyz[2] + e2 * v * Math.sin(phi), across);
    }
    return [Math.atan2(xyz[1], xyz[0]), phi];
  }

  function shifted(lon, lat, p) {
    var s = p.shift;
    if (!s.some(Boolean)) return [lon, lat];
    var scale = 1 + s[6] * 1e-6, rx = s[3] * SECOND, ry = s[4] * SECOND, rz = s[5] * SECOND;
    var c = geocentric(lon, lat, WGS84).map(function (v, n) { return (v - s[n]) / scale; });
    return geodetic([c[0] + rz * c[1] - ry * c[2], -rz * c[0] + c[1] + rx * c[2], ry * c[0] - rx * c[1] + c[2]], p);
  }

  function unshifted(lon, lat, p) {
    var s = p.shift;
    if (!s.some(Boolean)) return [lon, lat];
    var scale = 1 + s[6] * 1e-6, rx = s[3] * SECOND, ry = s[4] * SECOND, rz = s[5] * SECOND;
    var c = geocentric(lon, lat, p);
    var turned = [c[0] - rz * c[1] + ry * c[2], rz * c[0] + c[1] - rx * c[2], -ry * c[0] + rx * c[1] + c[2]];
    return geodetic(turned.map(function (v, n) { return s[n] + scale * v; }), WGS84);
  }

  function mercator(lon, lat, p) {
    var k = series(p.f), e = Math.sqrt(p.f * (2 - p.f)), l = lon - p.lon0 * Math.PI / 180;
    var t = Math.sinh(Math.atanh(Math.sin(lat)) - e * Math.atanh(e * Math.sin(lat)));
    var xi = Math.atan2(t, Math.cos(l)), eta = Math.atanh(Math.sin(l) / Math.sqrt(1 + t * t));
    var north = xi, east = eta;
    for (var j = 1; j <= 6; j++) {
      north += k.alpha[j - 1] * Math.sin(2 * j * xi) * Math.cosh(2 * j * eta);
      east += k.alpha[j - 1] * Math.cos(2 * j * xi) * Math.sinh(2 * j * eta);
    }
    var scale = p.k * p.a * k.radius;
    return [scale * east, scale * north];
  }

  function unmercator(x, y, p) {
    var k = series(p.f), e2 = p.f * (2 - p.f), e = Math.sqrt(e2), scale = p.k * p.a * k.radius;
    var xi = y / scale, eta = x / scale, north = xi, east = eta;
    for (var j = 1; j <= 6; j++) {
      north -= k.beta[j - 1] * Math.sin(2 * j * xi) * Math.cosh(2 * j * eta);
      east -= k.beta[j - 1] * Math.cos(2 * j * xi) * Math.sinh(2 * j * eta);
    }
    // From the tangent of the conformal latitude to that of the latitude, by Newton's way.
    var wanted = Math.sin(north) / Math.hypot(Math.sinh(east), Math.cos(north)), t = wanted;
    for (var i = 0; i < 5; i++) {
      var root = Math.sqrt(1 + t * t), sigma = Math.sinh(e * Math.atanh(e * t / root));
      var found = t * Math.sqrt(1 + sigma * sigma) - sigma * root;
      t += (wanted - found) / Math.sqrt(1 + found * found) * (1 + (1 - e2) * t * t) / ((1 - e2) * root);
    }
    return [p.lon0 * Math.PI / 180 + Math.atan2(Math.sinh(east), Math.cos(north)), Math.atan(t)];
  }

  function origin(p) {
    return p.lat0 ? mercator(p.lon0 * Math.PI / 180, p.lat0 * Math.PI / 180, p)[1] : 0;
  }

  ip.project = function (lonDeg, latDeg, p) {
    var place = shifted(lonDeg * Math.PI / 180, latDeg * Math.PI / 180, p);
    var xy = mercator(place[0], place[1], p);
    return [p.x0 + xy[0], p.y0 + xy[1] - origin(p)];
  };

  // From the planning CRS to degrees of WGS84, longitude first.
  ip.unplan = function (x, y, p) {
    var place = unmercator(x - p.x0, y - p.y0 + origin(p), p);
    var there = unshifted(place[0], place[1], p);
    return [there[0] * 180 / Math.PI, there[1] * 180 / Math.PI];
  };
})(infraplan);
