"use strict";
var infraplan = {};

// Packed layers: infraplan/maps/packing.py describes their bytes. Browsers from before 2020 (Firefox:
// 2023) lack DecompressionStream; for them the plain decoder of RFC 1951 below does the same, slower.
// Long work is done in steps (generators) that ip.steps carries out a few milliseconds at a time.
(function (ip) {
  var BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
    131, 163, 195, 227, 258];
  var EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  var FAR = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
  var FAR_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11,
    12, 12, 13, 13];
  var ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  var SLICE_MS = 14, FAST = 10;

  // Carry out a generator without ever holding the page for long; tells what it returned.
  ip.steps = function (work) {
    return new Promise(function (resolve, reject) {
      function slice() {
        var begun = performance.now(), step;
        try {
          do step = work.next(); while (!step.done && performance.now() - begun < SLICE_MS);
        } catch (error) { reject(error); return; }
        if (step.done) resolve(step.value); else setTimeout(slice, 0);
      }
      slice();
    });
  };

  // Codes of up to ten bits are looked up at once (length in the lower four bits of an entry); longer
  // ones are found bit by bit.
  function huffman(lengths) {
    var counts = new Uint16Array(16), offsets = new Uint16Array(16), symbols = new Uint16Array(lengths.length);
    var fast = new Uint16Array(1 << FAST), first = new Uint16Array(17), i, length;
    for (i = 0; i < lengths.length; i++) counts[lengths[i]]++;
    counts[0] = 0;
    for (i = 1; i < 16; i++) {
      offsets[i] = offsets[i - 1] + counts[i - 1];
      first[i + 1] = (first[i] + counts[i]) << 1;
    }
    for (i = 0; i < lengths.length; i++) {
      length = lengths[i];
      if (!length) continue;
      var place = offsets[length]++;
      symbols[place] = i;
      var code = first[length]++;
      if (length > FAST) continue;
      for (var turned = 0, n = 0; n < length; n++) turned |= ((code >> n) & 1) << (length - 1 - n);
      for (; turned < 1 << FAST; turned += 1 << length) fast[turned] = (i << 4) | length;
    }
    return { counts: counts, symbols: symbols, fast: fast };
  }

  ip.inflating = function* (source, from, size) {
    var out = new Uint8Array(size), at = from, end = 0, bit = 0, held = 0, told = 0;

    function bits(count) {
      while (bit < count) { held |= source[at++] << bit; bit += 8; }
      var value = held & ((1 << count) - 1);
      held >>>= count;
      bit -= count;
      return value;
    }

    function symbol(table) {
      while (bit < 15) { held |= source[at++] << bit; bit += 8; } // beyond the end: zeros, never used
      var entry = table.fast[held & ((1 << FAST) - 1)], length = entry & 15;
      if (length) { held >>>= length; bit -= length; return entry >> 4; }
      var code = 0, first = 0, index = 0, rest = held;
      for (length = 1; length < 16; length++) {
        code |= rest & 1;
        rest >>>= 1;
        var count = table.counts[length];
        if (code - count < first) { held >>>= length; bit -= length; return table.symbols[index + code - first]; }
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
        at -= bit >> 3; // whole bytes that were read ahead
        bit = held = 0;
        var length = source[at] | (source[at + 1] << 8);
        out.set(source.subarray(at + 4, at + 4 + length), end);
        at += 4 + length;
        end += length;
        continue;
      }
      var pair = tables(kind), value;
      while ((value = symbol(pair[0])) !== 256) {
        if (end - told > 65536) { told = end; yield; }
        if (value < 256) { out[end++] = value; continue; }
        var copied = BASE[value - 257] + bits(EXTRA[value - 257]);
        var code = symbol(pair[1]);
        var back = FAR[code] + bits(FAR_EXTRA[code]);
        for (; copied; copied--, end++) out[end] = out[end - back];
      }
    }
    return out;
  };

  ip.inflate = function (source, from, size) {
    for (var work = ip.inflating(source, from, size), step = work.next(); !step.done;) step = work.next();
    return step.value;
  };

  function gunzip(bytes) {
    if (typeof DecompressionStream === "function") {
      var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).arrayBuffer().then(function (buffer) { return new Uint8Array(buffer); });
    }
    var n = bytes.length;
    var size = bytes[n - 4] | (bytes[n - 3] << 8) | (bytes[n - 2] << 16) | (bytes[n - 1] << 24);
    return ip.steps(ip.inflating(bytes, 10, size >>> 0));
  }

  // The next whole numbers of a stream: planes of bytes, the lowest first, then zigzag.
  function numbers(whole, place, size, planes) {
    var out = new Int32Array(size);
    for (var k = 0; k < planes; k++) {
      for (var i = 0, from = place + k * size, shift = 8 * k; i < size; i++) out[i] |= whole[from + i] << shift;
    }
    for (i = 0; i < size; i++) out[i] = (out[i] >>> 1) ^ -(out[i] & 1);
    return out;
  }

  function sum(values, times) {
    for (; times > 0; times--) for (var i = 1; i < values.length; i++) values[i] = (values[i] + values[i - 1]) | 0;
    return values;
  }

  // Numbers along chains: the first of each chain, the second where steps differ, the rest.
  function chained(streams, sizes, order, size) {
    var out = new Int32Array(size), first = sum(streams[0], 1), second = order === 2 ? streams[1] : null, rest = streams[order];
    for (var c = 0, v = 0, a = 0, b = 0, r = 0; c < sizes.length; c++) {
      if (!sizes[c]) continue;
      var end = v + sizes[c], value = first[a++], step = 0;
      out[v++] = value;
      if (second && v < end) { step = second[b++]; out[v++] = value = (value + step) | 0; }
      if (second) for (; v < end; v++) { step = (step + rest[r++]) | 0; out[v] = value = (value + step) | 0; }
      else for (; v < end; v++) out[v] = value = (value + rest[r++]) | 0;
    }
    return out;
  }

  // Texts that are a name and a number, written out when they are first asked for.
  function numbered(columns, n, templates, values, which) {
    var made = null;
    Object.defineProperty(columns, n, { enumerable: true, configurable: true, get: function () {
      if (made) return made;
      made = new Array(values.length);
      for (var i = 0; i < values.length; i++) {
        var t = templates[which ? which[i] : 0];
        made[i] = t[0] + String(values[i]).padStart(t[1], "0") + t[2];
      }
      return made;
    } });
  }

  function* decoding(whole) {
    var view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
    var length = view.getUint32(0, true), place = 4 + length;
    var header = JSON.parse(new TextDecoder("utf-8").decode(whole.subarray(4, place)));
    var arrays = {}, entries = header.arrays;
    for (var e = 0; e < entries.length; e++) {
      var name = entries[e][0], order = entries[e][1], chain = entries[e][2], streams = [], size = 0;
      for (var s = 0; s < entries[e][3].length; s++) {
        var count = entries[e][3][s][0], planes = entries[e][3][s][1];
        streams.push(numbers(whole, place, count, planes));
        place += count * planes;
        size += count;
        yield;
      }
      arrays[name] = chain ? chained(streams, arrays[chain], order, size) : sum(streams[0], order);
      yield;
    }
    (header.numbered || []).forEach(function (templates, n) {
      if (templates) numbered(header.columns, n, templates, arrays["text" + n], arrays["template" + n]);
    });
    header.arrays = arrays;
    return header;
  }

  function* bytesOf(text) {
    var raw = atob(text), bytes = new Uint8Array(raw.length);
    for (var from = 0; from < raw.length; from += 262144) {
      var to = Math.min(raw.length, from + 262144);
      for (var i = from; i < to; i++) bytes[i] = raw.charCodeAt(i);
      yield;
    }
    return bytes;
  }

  ip.unpack = function (text) {
    return ip.steps(bytesOf(text)).then(gunzip).then(function (whole) { return ip.steps(decoding(whole)); });
  };
})(infraplan);
