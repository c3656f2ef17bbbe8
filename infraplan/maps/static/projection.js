"use strict";
// From WGS84 to the planning CRS: the datum's seven parameters, then a transverse Mercator by the
// series of Krüger to the sixth order (Karney 2011, equation 35), good to well below a millimetre.
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
      ]
    };
  }

  function shifted(lon, lat, p) {
    var s = p.shift;
    if (!s.some(Boolean)) return [lon, lat];
    var a = 6378137, f = 1 / 298.257223563, e2 = f * (2 - f), sin = Math.sin(lat);
    var nu = a / Math.sqrt(1 - e2 * sin * sin), second = Math.PI / 648000, scale = 1 + s[6] * 1e-6;
    var x = (nu * Math.cos(lat) * Math.cos(lon) - s[0]) / scale;
    var y = (nu * Math.cos(lat) * Math.sin(lon) - s[1]) / scale;
    var z = (nu * (1 - e2) * sin - s[2]) / scale;
    var rx = s[3] * second, ry = s[4] * second, rz = s[5] * second;
    var X = x + rz * y - ry * z, Y = -rz * x + y + rx * z, Z = ry * x - rx * y + z;
    var own = p.f * (2 - p.f), across = Math.hypot(X, Y), phi = Math.atan2(Z, across * (1 - own));
    for (var i = 0; i < 6; i++) {
      var v = p.a / Math.sqrt(1 - own * Math.sin(phi) * Math.sin(phi));
      phi = Math.atan2(Z + own * v * Math.sin(phi), across);
    }
    return [Math.atan2(Y, X), phi];
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

  ip.project = function (lonDeg, latDeg, p) {
    var place = shifted(lonDeg * Math.PI / 180, latDeg * Math.PI / 180, p);
    var xy = mercator(place[0], place[1], p);
    var origin = p.lat0 ? mercator(p.lon0 * Math.PI / 180, p.lat0 * Math.PI / 180, p)[1] : 0;
    return [p.x0 + xy[0], p.y0 + xy[1] - origin];
  };
})(infraplan);
