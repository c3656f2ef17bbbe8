"use strict";
// Lengths and areas on the ellipsoid WGS84, of lines that are as short as they can be on it.
(function (ip) {
  var A = 6378137, F = 1 / 298.257223563, B = A * (1 - F), E2 = F * (2 - F), E = Math.sqrt(E2), RAD = Math.PI / 180;

  // Vincenty (1975), inverse: good to a tenth of a millimetre, but for places opposite each other
  // on the globe, which no plan holds.
  ip.distance = function (from, to) {
    var U1 = Math.atan((1 - F) * Math.tan(from.lat * RAD)), U2 = Math.atan((1 - F) * Math.tan(to.lat * RAD));
    var L = (to.lng - from.lng) * RAD, lambda = L, s1 = Math.sin(U1), c1 = Math.cos(U1), s2 = Math.sin(U2), c2 = Math.cos(U2);
    var sin, cos, sigma, alpha2, middle;
    for (var i = 0; i < 60; i++) {
      sin = Math.hypot(c2 * Math.sin(lambda), c1 * s2 - s1 * c2 * Math.cos(lambda));
      if (!sin) return 0;
      cos = s1 * s2 + c1 * c2 * Math.cos(lambda);
      sigma = Math.atan2(sin, cos);
      var alpha = c1 * c2 * Math.sin(lambda) / sin;
      alpha2 = 1 - alpha * alpha;
      middle = alpha2 ? cos - 2 * s1 * s2 / alpha2 : 0;
      var C = F / 16 * alpha2 * (4 + F * (4 - 3 * alpha2)), before = lambda;
      lambda = L + (1 - C) * F * alpha * (sigma + C * sin * (middle + C * cos * (2 * middle * middle - 1)));
      if (Math.abs(lambda - before) < 1e-13) break;
    }
    var u2 = alpha2 * (A * A - B * B) / (B * B);
    var P = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
    var Q = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
    var m2 = middle * middle;
    var bend = Q * sin * (middle + Q / 4 * (cos * (2 * m2 - 1) - Q / 6 * middle * (4 * sin * sin - 3) * (4 * m2 - 3)));
    return B * P * (sigma - bend);
  };

  ip.length = function (places) {
    var sum = 0;
    for (var i = 1; i < places.length; i++) sum += ip.distance(places[i - 1], places[i]);
    return sum;
  };

  function q(sin) { return (1 - E2) * (sin / (1 - E2 * sin * sin) + Math.atanh(E * sin) / E); }
  var POLE = q(1), RADIUS2 = A * A * POLE / 2;

  // Area on the sphere of equal area (Snyder 1987, equations 3-11 to 3-13), whose great circles lie
  // so near the shortest lines of the ellipsoid that a province is measured to a hundred thousandth.
  ip.area = function (places) {
    var sum = 0;
    places.forEach(function (from, n) {
      var to = places[(n + 1) % places.length];
      var t1 = Math.tan(Math.asin(q(Math.sin(from.lat * RAD)) / POLE) / 2), t2 = Math.tan(Math.asin(q(Math.sin(to.lat * RAD)) / POLE) / 2);
      sum += 2 * Math.atan2(Math.tan((to.lng - from.lng) * RAD / 2) * (t1 + t2), 1 + t1 * t2);
    });
    return Math.abs(sum) * RADIUS2;
  };
})(infraplan);
