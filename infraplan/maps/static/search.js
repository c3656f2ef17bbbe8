"use strict";
// A search that takes no notice of accents, capitals and the order of words.
(function (ip) {
  ip.plain = function (text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  };

  // What can be found: each text of a column that a layer is searched by. A list of names, such as
  // those of the communes that became one, is found by each; a street of many pieces is found once.
  ip.indexed = function (layers) {
    var entries = [];
    layers.forEach(function (layer) {
      (layer.search || []).forEach(function (column) {
        var known = new Map(), isList = layer.kind === "polygon" && column !== layer.heading;
        var plain = layer.columns[column].map(function (text) {
          return (isList ? [text].concat(pieces(text)) : [text]).map(function (part) { return { text: part, plain: ip.plain(part) }; });
        });
        for (var f = 0; f < layer.count; f++) {
          var code = layer.codes[column][f];
          plain[code].forEach(function (part, n) {
            if (!part.text || (!n && plain[code].length > 1)) return;
            var same = layer.kind === "line" && known.get(part.text);
            if (same) { same.features.push(f); return; }
            var entry = { text: part.text, plain: part.plain, layer: layer, feature: f, features: [f] };
            known.set(part.text, entry);
            entries.push(entry);
          });
        }
      });
    });
    return entries;
  };

  // The names of a list; a name with its commune, as hamlets have it, is one name.
  function pieces(text) {
    var parts = text.split(/\s*[,;]\s*/).filter(Boolean);
    return parts.length > 1 && parts.every(function (part) { return /^(xã|phường|thị trấn|đặc khu)\s/i.test(part); }) ? parts : [];
  }

  // Whole matches first, then beginnings, beginnings of words, the same words in another order, the
  // rest; shorter texts before longer; at most `limit`.
  ip.find = function (entries, wanted, limit) {
    var key = ip.plain(wanted).trim().replace(/\s+/g, " "), ranks = [[], [], [], [], []], seen = new Set();
    if (!key) return [];
    var parts = key.split(" ");
    entries.forEach(function (entry) {
      var at = entry.plain.indexOf(key), rank;
      if (at >= 0) rank = entry.plain === key ? 0 : at === 0 ? 1 : /[a-z0-9]/.test(entry.plain[at - 1]) ? 4 : 2;
      else if (parts.length > 1 && parts.every(function (part) { return startsWord(entry.plain, part); })) rank = 3;
      else return;
      ranks[rank].push(entry);
    });
    var found = [];
    ranks.forEach(function (rank) {
      if (found.length >= limit) return;
      rank.sort(function (a, b) { return a.text.length - b.text.length; }).some(function (entry) {
        var id = entry.layer.name + " " + entry.feature;
        if (!seen.has(id)) { seen.add(id); found.push(entry); }
        return found.length >= limit;
      });
    });
    return found;
  };

  function startsWord(text, part) {
    for (var at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
      if (!at || !/[a-z0-9]/.test(text[at - 1])) return true;
    }
    return false;
  }
})(infraplan);
