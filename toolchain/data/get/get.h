// A public data set into a folder: from a mirror when there is one, else from its publisher.
#pragma once
#include <cstdint>
#include <string>

#include "toolchain/base/files.h"
#include "toolchain/data/get/catalog.h"
#include "toolchain/data/get/download.h"

namespace mote {

struct GetOptions {
  fs::path folder;    // of the set; must not be there, or be empty
  fs::path cache;     // where archives are kept
  fs::path mirror;    // holds <set's mirror folder>, or data/<that>; empty = none
  bool link = false;  // from a mirror: a link instead of a copy
  std::string agent;
};

struct GotDataSet {
  bool mirrored = false;
  fs::path source;    // the mirror's folder, or the archive in the cache
  int64_t files = 0;  // 0 for a link
  DownloadedFile archive;
};

// The folder of a set in a mirror; empty = it has none.
fs::path find_in_mirror(const PublicDataSet& set, const fs::path& mirror);

// All or nothing: the folder appears when it is complete. With what was fetched lies mote-source.json, which says from
// where it is, under what licence, and with what checksum.
Result<GotDataSet> get_data_set(const PublicDataSet& set, const GetOptions& options, const DownloadHooks& hooks);

}  // namespace mote
