"use strict";
// Class codes of a raster, coded without loss: see infraplan/maps/classes.py for the format. The
// decoder works in slices, so that the page stays alive: `step` reads some rows and tells the share
// that is done.
(function (ip) {
  var LEAST = 8388608;
  var RATES = new Int32Array(64);
  for (var n = 0; n < 64; n++) RATES[n] = n < 63 ? Math.trunc(65536 / (2 * n + 3.2)) : 520;

  // A reader of decisions; probabilities are kept as what they differ from a half, for then memory
  // that is never asked for is never touched.
  function reader(data) {
    var code = 0, range = 2147483647, place = 5, chance = null, seen = null;
    for (var i = 1; i < 5; i++) code = (code << 8) | data[i];
    function read(at) {
      var p = chance[at] + 32768, bound = (range >>> 12) * (p >>> 4), rate = RATES[seen[at]], bit = code < bound;
      if (bit) {
        range = bound;
        chance[at] = p + (((65520 - p) * rate) >> 15) - 32768;
      } else {
        code -= bound;
        range -= bound;
        chance[at] = p - (((p - 16) * rate) >> 15) - 32768;
      }
      if (seen[at] < 63) seen[at]++;
      while (range < LEAST) {
        range <<= 8;
        code = (code << 8) | (place < data.length ? data[place] : 0);
        place++;
      }
      return bit;
    }
    // What is left when the first `turn` guesses and `asked` have been refused.
    function rest(first, asked, left, turn, second, third, fourth, many, at) {
      for (; ; turn++) {
        var guess = turn > 3 ? turn - 4 : turn === 1 ? second : turn === 2 ? third : fourth;
        if (guess >= many || (asked >> guess) & 1) continue;
        if (left === 1 || read(at)) return guess;
        asked |= 1 << guess;
        left--;
        at++;
      }
    }
    return {
      begin: function (size) { chance = new Int16Array(size); seen = new Uint8Array(size); },
      symbol: function (first, second, third, fourth, many, at) {
        if (read(at)) return first;
        return rest(first, 1 << first, many - 1, 1, second, third, fourth, many, at + 1);
      }
    };
  }

  // `reference` is a decoded raster of the same grid, or null. The result's `codes` are one byte a
  // cell, row by row from the north.
  ip.classes = function (data, rows, columns, many, side, reference) {
    var source = reader(data), blockRows = Math.ceil(rows / side), blockColumns = Math.ceil(columns / side);
    var codes = new Uint8Array(rows * columns), blocks = new Uint8Array(blockRows * blockColumns);
    var kinds = many + 1, y = -1;
    var other = reference && reference.codes, otherBlocks = reference && reference.blocks;

    function squares() {
      source.begin(Math.pow(kinds, 5));
      for (var i = 0, at = 0; i < blockRows; i++) {
        for (var j = 0; j < blockColumns; j++, at++) {
          var left = j ? blocks[at - 1] : 0, up = i ? blocks[at - blockColumns] : 0;
          var right = i && j + 1 < blockColumns ? blocks[at - blockColumns + 1] : 0, same = otherBlocks ? otherBlocks[at] : 0;
          var context = ((left * kinds + up) * kinds + right) * kinds + same;
          blocks[at] = source.symbol(left, up, otherBlocks ? same : right, many, kinds, context * kinds);
        }
      }
      source.begin(Math.pow(many, 4) * (other ? many * 16 : 8) * many);
    }

    function line() {
      var start = y * columns, above = start - columns, first = Math.floor(y / side) * blockColumns;
      for (var j = 0; j < blockColumns;) {
        var known = blocks[first + j], from = j * side;
        do j++; while (j < blockColumns && blocks[first + j] === known);
        var to = Math.min(columns, j * side);
        if (known < many) { if (known) codes.fill(known, start + from, start + to); continue; }
        var w = from ? codes[start + from - 1] : 0, ww = from > 1 ? codes[start + from - 2] : 0;
        var nw = y && from ? codes[above + from - 1] : 0, n = y ? codes[above + from] : 0;
        var ne = y && from + 1 < columns ? codes[above + from + 1] : 0;
        for (var x = from; x < to; x++) {
          var nee = y && x + 2 < columns ? codes[above + x + 2] : 0, q = 0;
          var context = ((w * many + n) * many + nw) * many + ne;
          if (!other) {
            var nn = y > 1 ? codes[above - columns + x] : 0;
            context = context * 8 + (ww === w ? 4 : 0) + (nn === n ? 2 : 0) + (nee === ne ? 1 : 0);
          } else {
            q = other[start + x];
            context = (context * many + q) * 16;
            if ((x + 1 < columns ? other[start + x + 1] : 0) === q) context += 8;
            if ((y + 1 < rows ? other[start + columns + x] : 0) === q) context += 4;
            if ((x ? other[start + x - 1] : 0) === q) context += 2;
            if ((y ? other[above + x] : 0) === q) context += 1;
          }
          var code = source.symbol(w, n, ne, q, many, context * many);
          codes[start + x] = code;
          ww = w; w = code; nw = n; n = ne; ne = nee;
        }
      }
    }

    return {
      rows: rows, columns: columns, many: many, codes: codes, blocks: blocks,
      // Read for about so many milliseconds; the share done, 1 when all is.
      step: function (milliseconds) {
        var until = performance.now() + milliseconds;
        if (y < 0) { squares(); y = 0; }
        while (y < rows) {
          line();
          y++;
          if (!(y & 15) && performance.now() > until) break;
        }
        return y / rows;
      }
    };
  };

  // The next coarser field: of each four cells one is kept, chosen so that every class keeps its
  // share of the area: what a class got too little of it gets at the next cells that hold it.
  ip.coarser = function (field) {
    var rows = (field.rows + 1) >> 1, columns = (field.columns + 1) >> 1, made = new Uint8Array(rows * columns);
    var owed = new Int32Array(field.many), wide = field.columns, from = field.codes;
    for (var i = 0, at = 0; i < rows; i++) {
      var top = 2 * i * wide, hasLow = 2 * i + 1 < field.rows;
      for (var j = 0; j < columns; j++, at++) {
        var p = top + 2 * j, hasRight = 2 * j + 1 < wide;
        var a = from[p], b = hasRight ? from[p + 1] : 0, c = hasLow ? from[p + wide] : 0, d = hasLow && hasRight ? from[p + wide + 1] : 0;
        if (a === b && a === c && a === d) { made[at] = a; continue; }
        owed[a]++; owed[b]++; owed[c]++; owed[d]++;
        var best = a;
        if (owed[b] > owed[best]) best = b;
        if (owed[c] > owed[best]) best = c;
        if (owed[d] > owed[best]) best = d;
        owed[best] -= 4;
        made[at] = best;
      }
    }
    return { rows: rows, columns: columns, many: field.many, codes: made };
  };
})(infraplan);
