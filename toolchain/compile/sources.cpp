#include "toolchain/compile/sources.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "toolchain/compile/embedded.h"

namespace mote {
namespace {

constexpr std::string_view kInclude = "#include \"";

std::optional<std::string_view> embedded(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path == path) return file.text;
  }
  return std::nullopt;
}

}  // namespace

Result<void> add_template(std::string_view folder, const std::string& file, SourceFiles& files) {
  const auto text = embedded(std::string(folder) + file);
  if (!text) return defect(fmt::format("the program does not carry '{}{}'", folder, file));
  files.emplace(file, *text);
  return {};
}

Result<void> add_headers(const std::string& path, std::string_view text, SourceFiles& files) {
  for (size_t at = text.find(kInclude); at != std::string_view::npos; at = text.find(kInclude, at)) {
    at += kInclude.size();
    const std::string header(text.substr(at, text.find('"', at) - at));
    if (files.contains(header)) continue;
    const auto found = embedded(header);
    if (!found) return defect(fmt::format("'{}' includes \"{}\", which is no device header", path, header));
    files.emplace(header, *found);
    MOTE_CHECK(add_headers(header, *found, files));
  }
  return {};
}

std::string with_relative_includes(const std::string& path, std::string_view text, const std::string& root) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::string result;
  size_t copied = 0;
  for (size_t at = text.find(kInclude); at != std::string_view::npos; at = text.find(kInclude, at)) {
    at += kInclude.size();
    const size_t end = text.find('"', at);
    const std::filesystem::path header(root + std::string(text.substr(at, end - at)));
    result += text.substr(copied, at - copied);
    result += (folder.empty() ? header : header.lexically_relative(folder)).generic_string();
    copied = end;
  }
  return result + std::string(text.substr(copied));
}

Result<void> stage_headers(const std::string& path, const std::set<std::string>& headers, SourceFiles& files) {
  SourceFiles found;
  for (const std::string& header : headers)
    MOTE_CHECK(add_headers(path, fmt::format("{}{}\"", kInclude, header), found));
  for (const auto& [name, text] : found) files["mote/" + name] = with_relative_includes("mote/" + name, text, "mote/");
  return {};
}

}  // namespace mote
