#include "toolchain/data/get/get.h"

#include <fmt/format.h>

#include "toolchain/base/json.h"
#include "toolchain/data/get/unpack.h"

namespace mote {
namespace {

Result<void> check_folder(const fs::path& folder) {
  std::error_code code;
  if (!fs::exists(fs::symlink_status(folder, code))) return {};
  if (fs::is_directory(folder, code) && fs::is_empty(folder, code)) return {};
  return input_error(
      fmt::format("{}: is there already; nothing is written over it. Choose another folder with -o", folder.string()));
}

Result<GotDataSet> from_mirror(const fs::path& source, const GetOptions& options, const DownloadHooks& hooks) {
  GotDataSet got;
  got.mirrored = true;
  got.source = source;
  std::error_code code;
  if (options.link) {
    fs::remove(options.folder, code);  // if it is empty
    fs::create_directory_symlink(fs::absolute(source), options.folder, code);
    if (code) return input_error(fmt::format("{}: cannot make the link: {}", options.folder.string(), code.message()));
    return got;
  }
  MOTE_TRY(StagedFolder staged, StagedFolder::create(options.folder));
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source, code)) {
    if (hooks.cancelled && hooks.cancelled()) return Error{Error::Kind::interrupted, "interrupted; nothing was kept"};
    const fs::path to = staged.path() / entry.path().lexically_relative(source);
    std::error_code failure;
    if (entry.is_directory(failure))
      fs::create_directories(to, failure);
    else
      fs::copy_file(entry.path(), to, failure), ++got.files;
    if (failure) return input_error(fmt::format("{}: cannot copy: {}", entry.path().string(), failure.message()));
    if (hooks.progress) hooks.progress({"copy", got.files, 0, "files"});
  }
  if (code) return input_error(fmt::format("{}: cannot list the folder: {}", source.string(), code.message()));
  MOTE_CHECK(staged.commit());
  return got;
}

Error not_reached(const PublicDataSet& set, const GetOptions& options, const Error& error) {
  const fs::path cached = options.cache / set.file;
  return input_error(fmt::format(
      "{}.\nThe publisher cannot be reached: is this machine offline? Without a network, set MOTE_DATA to a folder "
      "that "
      "has the data sets (this one as {} or data/{} in it), or put the archive from\n  {}\nto {} yourself",
      error.message, set.mirror, set.mirror, set.address, cached.string()));
}

}  // namespace

fs::path find_in_mirror(const PublicDataSet& set, const fs::path& mirror) {
  std::error_code code;
  if (mirror.empty()) return {};
  for (const fs::path& folder : {mirror / "data" / set.mirror, mirror / set.mirror})
    if (fs::is_directory(folder, code)) return folder;
  return {};
}

Result<GotDataSet> get_data_set(const PublicDataSet& set, const GetOptions& options, const DownloadHooks& hooks) {
  MOTE_CHECK(check_folder(options.folder));
  if (const fs::path source = find_in_mirror(set, options.mirror); !source.empty())
    return from_mirror(source, options, hooks);
  GotDataSet got;
  got.source = options.cache / set.file;
  bool offline = false;
  const Result<DownloadedFile> archive =
      download({set.address, got.source, set.bytes, set.sha256, options.agent}, hooks, &offline);
  if (!archive.ok()) return offline ? not_reached(set, options, archive.error()) : archive.error();
  got.archive = *archive;
  MOTE_TRY(StagedFolder staged, StagedFolder::create(options.folder));
  MOTE_TRY(got.files, unpack(got.source, staged.path(), set.strip, hooks.progress));
  if (!set.inner.empty()) {
    const fs::path inner = staged.path() / set.inner;
    MOTE_TRY(const int64_t files, unpack(inner, staged.path(), 0, hooks.progress));
    std::error_code ignored;
    fs::remove(inner, ignored);
    got.files += files - 1;
  }
  MOTE_CHECK(write_json(staged.path() / "mote-source.json", {{"name", set.name},
                                                             {"title", set.title},
                                                             {"home", set.home},
                                                             {"licence", set.licence},
                                                             {"citation", set.citation},
                                                             {"address", set.address},
                                                             {"bytes", got.archive.bytes},
                                                             {"sha256", got.archive.sha256},
                                                             {"checked", set.checked}}));
  MOTE_CHECK(staged.commit());
  return got;
}

}  // namespace mote
