#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/readers/reader.h"
#include "toolchain/data/text.h"

namespace mote {

#define MOTE_READER(name) extern const Reader name##_reader;
#include "toolchain/data/readers/readers.def"
#undef MOTE_READER

namespace {

#define MOTE_READER(name) &name##_reader,
constexpr const Reader* kReaders[] = {
#include "toolchain/data/readers/readers.def"
};
#undef MOTE_READER

// What people take for recordings and mote does not read, by the bytes at an offset.
struct Signature {
  size_t offset;
  std::string_view bytes;
  const char* name;
  bool text = false;  // found in files of text, where the others would be the first letters of some column's name
};
constexpr Signature kForeign[] = {
    {0, std::string_view("\x1F\x8B", 2), "a gzip archive"},
    {0, "PK\x03\x04", "a ZIP archive (or an Excel workbook)"},
    {0, "7z\xBC\xAF\x27\x1C", "a 7-Zip archive"},
    {0, "BZh", "a bzip2 archive"},
    {0,
     "\xFD"
     "7zXZ",
     "an xz archive"},
    {257, "ustar", "a tar archive"},
    {0, "%PDF-", "a PDF document", true},
    {0, "ID3", "MP3 audio"},
    {0, "\xFF\xFB", "MP3 audio"},
    {4, "ftyp", "an MP4 or M4A file"},
    {0, "GIF8", "a GIF image"},
    {8, "WEBP", "a WebP image"},
    {8, "AVI ", "an AVI video"},
    {0, std::string_view("FORM", 4), "AIFF audio"},
    {0, ".snd", "AU audio"},
    {0, "\x89HDF", "an HDF5 file"},
    {0, "MATLAB 5.0", "a MATLAB file"},
    {0, "SQLite format 3", "an SQLite database"},
    {0, "<!DOCTYPE", "an HTML page", true},
    {0, "<!doctype", "an HTML page", true},
    {0, "<html", "an HTML page", true},
    {0, "version https://git-lfs", "a Git LFS pointer: the recording itself was not downloaded (git lfs pull)", true},
    {0,
     "\x7F"
     "ELF",
     "a program"},
};

const Reader* recognised(std::string_view head) {
  for (const Reader* reader : kReaders)
    if (reader->telling && reader->recognises(head)) return reader;
  return nullptr;
}

bool is_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) { return static_cast<unsigned char>(c) < 9 || c == 127; });
}

const Signature* foreign(std::string_view head) {
  const bool text = is_text(head);
  for (const Signature& signature : kForeign)
    if ((signature.text || !text) && head.substr(std::min(head.size(), signature.offset)).starts_with(signature.bytes))
      return &signature;
  return nullptr;
}

std::string what_it_is(std::string_view head) {
  if (head.empty()) return "the file is empty";
  if (const Reader* reader = recognised(head)) return fmt::format("it is {}", reader->name);
  if (const Signature* const signature = foreign(head)) return fmt::format("it is {}", signature->name);
  if (is_text(head)) {
    const std::string_view line = head.substr(0, std::min<size_t>(head.find_first_of("\r\n"), 40));
    const bool ascii = std::all_of(line.begin(), line.end(), [](char c) { return c >= ' '; });
    return ascii ? fmt::format("it is text that begins with '{}'", line) : "it is text";
  }
  std::string bytes;
  for (const char c : head.substr(0, 8)) bytes += fmt::format(" {:02X}", static_cast<unsigned char>(c));
  return "it begins with the bytes" + bytes;
}

// Of a unit, so that two files that spell it in two ways agree.
std::string in_one_spelling(std::string unit) {
  static constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
      {" ", ""},           {"^", ""},     {"*", ""},     {"\xC2\xB2", "2"}, {"\xC2\xB5", "u"}, {"\xCE\xBC", "u"},
      {"\xC2\xB0", "deg"}, {"degC", "C"}, {"degF", "F"}, {"dps", "deg/s"},  {"m/s/s", "m/s2"}, {"sec", "s"}};
  for (const auto& [from, to] : kSpellings)
    for (size_t at = unit.find(from); at != std::string::npos; at = unit.find(from, at + to.size()))
      unit.replace(at, from.size(), to);
  return unit;
}

bool lists_extension(const Reader& reader, const std::string& extension) {
  return !extension.empty() && fmt::format(" {} ", reader.extensions).find(" " + extension + " ") != std::string::npos;
}

}  // namespace

std::span<const Reader* const> all_readers() {
  return kReaders;
}

Result<const Reader*> choose_reader(const std::string& file, std::string_view head,
                                    std::vector<std::string>& warnings) {
  std::string extension = lower_case(std::filesystem::path(file).extension().string());
  if (!extension.empty()) extension.erase(0, 1);
  const Reader* by_name = nullptr;
  for (const Reader* reader : kReaders)
    if (by_name == nullptr && lists_extension(*reader, extension)) by_name = reader;
  const Reader* const by_content = recognised(head);
  if (by_name == nullptr && by_content == nullptr && foreign(head) != nullptr)
    return input_error(fmt::format("{}: {}; that is no format of recordings. Unpack or convert it, or take it away",
                                   file, what_it_is(head)));
  if (by_name == nullptr) return by_content != nullptr ? by_content : kReaders[std::size(kReaders) - 1];
  const bool fits =
      by_name->recognises == nullptr ? by_content == nullptr && foreign(head) == nullptr : by_name->recognises(head);
  if (fits) return by_name;
  if (by_content != nullptr && std::string_view(by_content->family) == by_name->family) {
    warnings.push_back(
        fmt::format("{}: the name says {}, but it is {}; read as that", file, by_name->name, by_content->name));
    return by_content;
  }
  return input_error(fmt::format("{}: the name says {}, but {}. Rename it, take it away, or get the file again", file,
                                 by_name->name, what_it_is(head)));
}

Result<Series> read_recording(const ReadTask& task) {
  std::string head(kHeadBytes, '\0');
  std::ifstream stream(task.path, std::ios::binary);
  if (!stream) return input_error(fmt::format("{}: cannot open the file; is it readable for you?", task.file));
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(0, stream.gcount())));
  std::vector<std::string> warnings;
  MOTE_TRY(const Reader* const reader, choose_reader(task.file, head, warnings));
  MOTE_TRY(Series series, reader->read(task));
  series.file = task.file;
  series.warnings.insert(series.warnings.begin(), warnings.begin(), warnings.end());
  return series;
}

Result<float> target_of_file(const Rule& rule, const std::string& file) {
  MOTE_TRY(const std::string text, rule.of_file(file));
  double value;
  if (!parse_number(text, value))
    return input_error(fmt::format("{}: the label is '{}'; regression needs a number", file, text));
  return static_cast<float>(value);
}

Result<std::vector<int32_t>> choose_channels(const ReadTask& task, const std::vector<HeaderName>& present) {
  std::vector<int32_t> chosen;
  std::vector<std::string> known, names = task.config.channels.empty() ? task.agreed.channels : task.config.channels;
  for (const HeaderName& each : present) known.push_back(each.name);
  if (names.empty()) names = known;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end())
      return input_error(
          fmt::format("{}: no channel '{}'{}; the file has {}{}", task.file, name,
                      task.config.channels.empty() ? ", which the files before it have" : " (channels in mote.toml)",
                      listed(known, 20), did_you_mean(name, known)));
    chosen.push_back(static_cast<int32_t>(found - known.begin()));
  }
  return chosen;
}

std::vector<std::string> agree_on_channels(const ReadTask& task, const std::vector<HeaderName>& chosen,
                                           std::optional<double> full_scale) {
  Agreement& agreed = task.agreed;
  const bool first = agreed.channels.empty();
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> differing;  // by both units: channels
  for (size_t i = 0; i < chosen.size(); ++i) {
    const auto& [name, unit] = chosen[i];
    const auto stated = task.config.units.find(name);
    const bool decided = stated != task.config.units.end();
    if (first) {
      agreed.channels.push_back(name);
      agreed.units.push_back(decided ? stated->second : unit);
      agreed.full_scale.push_back(full_scale);
    }
    std::string& before = agreed.units[i];
    if (decided || unit.empty()) continue;
    if (before.empty()) before = unit;
    if (in_one_spelling(unit) != in_one_spelling(before)) differing[{unit, before}].push_back(name);
  }
  std::vector<std::string> warnings;
  for (const auto& [units, names] : differing)
    warnings.push_back(
        fmt::format("{}: {} in {} here, but in {} in the files before it: two units are mixed. Bring the files to one, "
                    "or say in mote.toml in which all of them are: units = {{ {} = \"...\" }}",
                    task.file, listed(names), units.first, units.second, names[0]));
  return warnings;
}

}  // namespace mote
