// Public data sets that `mote data get` fetches.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "toolchain/base/result.h"

namespace mote {

struct PublicDataSet {
  std::string name{};   // "uci-har"
  std::string title{};  // one line
  std::string licence{}, citation{}, home{};
  std::string address{};  // of one archive, zip or compressed tar
  std::string file{};     // its name in the cache
  int64_t bytes = 0;      // of the archive; 0 = not known
  std::string sha256{};   // 64 hexadecimal digits; empty = none is known
  std::string checked{};  // where the checksum comes from, or what stands in for it
  int32_t strip = 0;      // folders at the top of the archive that are left out
  std::string inner{};    // an archive inside the archive, which is unpacked too
  std::string mirror{};   // its folder in a mirror
};

std::span<const PublicDataSet> public_data_sets();
// Error: input, naming the nearest and all.
Result<const PublicDataSet*> find_data_set(const std::string& name);

}  // namespace mote
