#include <fmt/format.h>

#include <cstdlib>

#include "cli/interrupt.h"
#include "cli/latest_run.h"
#include "cli/verb.h"
#include "toolchain/data/get/get.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace data_get_command {

struct Options {
  std::string name, output;
  bool official = false, link = false;
};

fs::path mirror() {
  const char* const folder = std::getenv("MOTE_DATA");
  return folder == nullptr ? "" : folder;
}

Json to_json(const PublicDataSet& set) {
  return {{"name", set.name},       {"title", set.title},     {"licence", set.licence}, {"citation", set.citation},
          {"home", set.home},       {"address", set.address}, {"bytes", set.bytes},     {"sha256", set.sha256},
          {"checked", set.checked}, {"mirror", set.mirror}};
}

Result<Outcome> list(Session& session) {
  Table table({"name", "archive", "what", "licence"}, {Align::left, Align::right, Align::left, Align::left});
  Json json = Json::array();
  for (const PublicDataSet& set : public_data_sets()) {
    table.row({set.name, set.bytes > 0 ? format_bytes(static_cast<double>(set.bytes)) : "", set.title, set.licence});
    json.push_back(to_json(set));
  }
  session.console.text(table.text() + "\n`mote data get NAME` fetches one into a folder of its name.\n");
  session.console.object({{"data_sets", json}});
  return Outcome::done;
}

std::string description(const PublicDataSet& set) {
  return fmt::format("{}\n  licence   {}\n  cite      {}\n  page      {}\n", set.title, set.licence, set.citation,
                     set.home);
}

std::string report(const PublicDataSet& set, const GotDataSet& got, const GetOptions& options) {
  if (got.mirrored)
    return fmt::format(
        "{}: {} the mirror {} (MOTE_DATA): what the mirror keeps, which may be a part of the set in "
        "another form; see the README there\n",
        options.folder.string(),
        options.link ? "a link to" : fmt::format("{} files copied from", format_count(got.files)), got.source.string());
  std::string text = fmt::format(
      "{}: {} files from {}{}\n  SHA-256   {}\n", options.folder.string(), format_count(got.files),
      got.archive.cached ? got.source.string() : set.address,
      got.archive.resumed > 0 ? fmt::format(" (resumed at {} bytes)", got.archive.resumed) : "", got.archive.sha256);
  return text + fmt::format("  checked   {}\n", set.checked);
}

Result<Outcome> run(Session& session, const Options& options) {
  if (options.name.empty()) return list(session);
  MOTE_TRY(const PublicDataSet* const set, find_data_set(options.name));
  const GetOptions get{.folder = options.output.empty() ? fs::path(set->name) : fs::path(options.output),
                       .cache = object_cache() / "data",
                       .mirror = options.official ? fs::path() : mirror(),
                       .link = options.link,
                       .agent = fmt::format("mote/{}", MOTE_VERSION)};
  if (options.link && find_in_mirror(*set, get.mirror).empty())
    return input_error(
        fmt::format("--link: there is no mirror of {}: set MOTE_DATA to a folder that has {} or data/{} in it",
                    set->name, set->mirror, set->mirror));
  if (object_cache().empty() && find_in_mirror(*set, get.mirror).empty())
    return input_error("there is no place for the download: set XDG_CACHE_HOME or HOME to a full path");
  session.console.note(description(*set));
  const InterruptGuard guard;
  const DownloadHooks hooks{session.console.progress(), [] { return InterruptGuard::interrupted(); },
                            [&](const std::string& text) { session.console.note("  " + text + "\n"); }};
  MOTE_TRY(const GotDataSet got, get_data_set(*set, get, hooks));
  session.console.text(report(*set, got, get));
  Json json = to_json(*set);
  json.update({{"folder", get.folder.string()},
               {"from", got.mirrored         ? "mirror"
                        : got.archive.cached ? "cache"
                                             : "publisher"},
               {"source", got.source.string()},
               {"files", got.files},
               {"resumed_at", got.archive.resumed}});
  if (!got.mirrored) json.update({{"bytes", got.archive.bytes}, {"sha256", got.archive.sha256}});
  session.console.object(json);
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("name", options->name, "The data set [without it: the list of them]")->type_name("NAME");
  command.add_option("-o,--output", options->output, "Its folder; must not be there yet [./NAME]")->type_name("DIR");
  command.add_flag("--official", options->official, "From the publisher, even if MOTE_DATA has it");
  command.add_flag("--link", options->link, "A link to the mirror instead of a copy");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace data_get_command
}  // namespace

extern const Verb data_get_verb;
const Verb data_get_verb{
    "data get", "Fetch a public data set: address, licence and checksum known",
    "From the folder MOTE_DATA if it has the set, else from the publisher. A download that was cut goes on where it "
    "ended; archives are kept in the user's cache folder.",
    data_get_command::configure};

}  // namespace mote
