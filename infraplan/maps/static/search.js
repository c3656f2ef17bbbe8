"use strict";
// A search that takes no notice of accents and capitals.
(function (ip) {
  ip.plain = function (text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  };

  ip.indexed = function (layers) {
    var entries = [];
    layers.forEach(function (layer) {
      (layer.search || []).forEach(function (column) {
        for (var f = 0; f < layer.count; f++) {
          var text = ip.text(layer, column, f);
          if (text) entries.push({ text: text, plain: ip.plain(text), layer: layer, feature: f });
        }
      });
    });
    return entries;
  };

  // Whole matches first, then beginnings, beginnings of words, the rest; at most `limit`.
  ip.find = function (entries, wanted, limit) {
    var key = ip.plain(wanted).trim(), ranks = [[], [], [], []], seen = new Set();
    if (!key) return [];
    entries.forEach(function (entry) {
      var at = entry.plain.indexOf(key);
      if (at < 0) return;
      var rank = entry.plain === key ? 0 : at === 0 ? 1 : entry.plain[at - 1] === " " ? 2 : 3;
      if (ranks[rank].length < limit) ranks[rank].push(entry);
    });
    return [].concat.apply([], ranks).filter(function (entry) {
      var id = entry.layer.name + " " + entry.feature;
      return !seen.has(id) && seen.add(id);
    }).slice(0, limit);
  };
})(infraplan);
