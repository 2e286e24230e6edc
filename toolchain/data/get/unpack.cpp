#include "toolchain/data/get/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <optional>

namespace mote {
namespace {

constexpr size_t kBlockBytes = 1 << 16;

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

Error damaged(const fs::path& archive, struct archive* reader) {
  const char* const reason = archive_error_string(reader);
  return input_error(fmt::format("{}: this is no archive that can be unpacked: {}. Remove the file and fetch it again",
                                 archive.string(), reason != nullptr ? reason : "it is damaged"));
}

// The path of an entry below the folder; nullopt: it is left out.
Result<std::optional<fs::path>> wanted_path(const fs::path& archive, const char* name, int32_t strip) {
  if (name == nullptr) return input_error(archive.string() + ": an entry without a name");
  const fs::path whole(name);
  fs::path path;
  int32_t left_out = 0;
  for (const fs::path& part : whole) {
    if (part == ".." || part.is_absolute())
      return input_error(
          fmt::format("{}: the entry '{}' would lead out of the folder; nothing was kept", archive.string(), name));
    if (part == "__MACOSX" || part == ".DS_Store" || part.string().starts_with("._")) return std::optional<fs::path>();
    if (part == "." || part.empty()) continue;
    if (left_out < strip)
      ++left_out;
    else
      path /= part;
  }
  return path.empty() ? std::optional<fs::path>() : std::optional(path);
}

Result<void> write_entry(const fs::path& archive_path, archive* reader, const fs::path& path) {
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  std::ofstream file(path, std::ios::binary);
  char block[kBlockBytes];
  la_ssize_t got = 0;
  while (file && (got = archive_read_data(reader, block, sizeof block)) > 0) file.write(block, got);
  if (got < 0) return damaged(archive_path, reader);
  file.close();
  if (!file)
    return input_error(
        fmt::format("{}: cannot write the file: is the disk full? Free some space and run the command "
                    "again",
                    path.string()));
  return {};
}

}  // namespace

Result<int64_t> unpack(const fs::path& archive_path, const fs::path& folder, int32_t strip, const Progress& progress) {
  const std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_filename(reader.get(), archive_path.c_str(), kBlockBytes) != ARCHIVE_OK)
    return damaged(archive_path, reader.get());
  int64_t files = 0;
  for (archive_entry* entry = nullptr;;) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) return damaged(archive_path, reader.get());
    MOTE_TRY(const std::optional<fs::path> path, wanted_path(archive_path, archive_entry_pathname(entry), strip));
    if (!path || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) continue;
    MOTE_CHECK(write_entry(archive_path, reader.get(), folder / *path));
    ++files;
    if (progress) progress({"unpack", files, 0, "files"});
  }
  if (files == 0) return input_error(archive_path.string() + ": there is no file in this archive");
  return files;
}

}  // namespace mote
