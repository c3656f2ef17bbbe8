"use strict";
var infraplan = {};

// Packed layers: see infraplan/maps/packing.py. Browsers from before 2020 (Firefox: 2023) lack
// DecompressionStream; for them the plain decoder of RFC 1951 below does the same, slower.
(function (ip) {
  var BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
    131, 163, 195, 227, 258];
  var EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  var FAR = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  var FAR_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11,
    12, 12, 13, 13];
  var ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  function huffman(lengths) {
    var counts = new Uint16Array(16), offsets = new Uint16Array(16), symbols = new Uint16Array(lengths.length);
    var i;
    for (i = 0; i < lengths.length; i++) counts[lengths[i]]++;
    counts[0] = 0;
    for (i = 1; i < 16; i++) offsets[i] = offsets[i - 1] + counts[i - 1];
    for (i = 0; i < lengths.length; i++) if (lengths[i]) symbols[offsets[lengths[i]]++] = i;
    return { counts: counts, symbols: symbols };
  }

  ip.inflate = function (source, from, size) {
    var out = new Uint8Array(size), at = from, end = 0, bit = 0, held = 0;

    function bits(count) {
      while (bit < count) { held |= source[at++] << bit; bit += 8; }
      var value = held & ((1 << count) - 1);
      held >>>= count;
      bit -= count;
      return value;
    }

    function symbol(table) {
      var code = 0, first = 0, index = 0;
      for (var length = 1; length < 16; length++) {
        code |= bits(1);
        var count = table.counts[length];
        if (code - count < first) return table.symbols[index + code - first];
        index += count;
        first = (first + count) << 1;
        code <<= 1;
      }
      throw new Error("the packed data are damaged");
    }

    function tables(kind) {
      var lengths = [], i;
      if (kind === 1) {
        for (i = 0; i < 288; i++) lengths.push(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
        return [huffman(lengths), huffman(new Array(30).fill(5))];
      }
      var literals = bits(5) + 257, distances = bits(5) + 1, codes = bits(4) + 4;
      var small = new Array(19).fill(0);
      for (i = 0; i < codes; i++) small[ORDER[i]] = bits(3);
      var table = huffman(small);
      while (lengths.length < literals + distances) {
        var value = symbol(table), times = 1, repeated = value;
        if (value === 16) { repeated = lengths[lengths.length - 1]; times = 3 + bits(2); }
        if (value === 17) { repeated = 0; times = 3 + bits(3); }
        if (value === 18) { repeated = 0; times = 11 + bits(7); }
        while (times--) lengths.push(repeated);
      }
      return [huffman(lengths.slice(0, literals)), huffman(lengths.slice(literals))];
    }

    for (var last = 0; !last;) {
      last = bits(1);
      var kind = bits(2);
      if (kind === 0) {
        bit = held = 0;
        var length = source[at] | (source[at + 1] << 8);
        out.set(source.subarray(at + 4, at + 4 + length), end);
        at += 4 + length;
        end += length;
        continue;
      }
      var pair = tables(kind), value;
      while ((value = symbol(pair[0])) !== 256) {
        if (value < 256) { out[end++] = value; continue; }
        var copied = BASE[value - 257] + bits(EXTRA[value - 257]);
        var code = symbol(pair[1]);
        var back = FAR[code] + bits(FAR_EXTRA[code]);
        for (; copied; copied--, end++) out[end] = out[end - back];
      }
    }
    return out;
  };

  function gunzip(bytes) {
    if (typeof DecompressionStream === "function") {
      var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).arrayBuffer().then(function (buffer) { return new Uint8Array(buffer); });
    }
    var n = bytes.length;
    var size = bytes[n - 4] | (bytes[n - 3] << 8) | (bytes[n - 2] << 16) | (bytes[n - 1] << 24);
    return Promise.resolve(ip.inflate(bytes, 10, size >>> 0));
  }

  function decode(whole) {
    var view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
    var length = view.getUint32(0, true), place = 4 + length;
    var header = JSON.parse(new TextDecoder("utf-8").decode(whole.subarray(4, place)));
    var arrays = {};
    header.arrays.forEach(function (entry) {
      var n = entry[1], values = new Int32Array(n), sum = 0;
      for (var i = 0; i < n; i++) {
        var z = whole[place + i] | (whole[place + n + i] << 8) |
          (whole[place + 2 * n + i] << 16) | (whole[place + 3 * n + i] << 24);
        sum = (sum + ((z >>> 1) ^ -(z & 1))) | 0;
        values[i] = sum;
      }
      arrays[entry[0]] = values;
      place += 4 * n;
    });
    header.arrays = arrays;
    return header;
  }

  ip.unpack = function (text) {
    var raw = atob(text), bytes = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return gunzip(bytes).then(decode);
  };
})(infraplan);
