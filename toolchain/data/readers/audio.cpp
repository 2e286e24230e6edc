// Audio by libsndfile. Full scale is 1, so that with 32768 counts to it a 16-bit file keeps its bits.
#include <sndfile.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "toolchain/data/readers/reader.h"

namespace mote {
namespace {

constexpr size_t kBlock = 1 << 16;  // frames read at once
constexpr int kMostAudioChannels = 64;

bool is_wav(std::string_view head) {
  return head.size() >= 12 && (head.starts_with("RIFF") || head.starts_with("RF64")) && head.substr(8, 4) == "WAVE";
}
bool is_flac(std::string_view head) {
  return head.starts_with("fLaC");
}
bool is_ogg(std::string_view head) {
  return head.starts_with("OggS");
}

struct WavData {
  int64_t at = 0;                   // of the data chunk's bytes in the file; 0 = there is none
  int64_t promised = 0, found = 0;  // its bytes
};

struct Chunk {
  std::string id;
  int64_t bytes;  // that it promises to have behind its eight of header
};
std::optional<Chunk> chunk_at(std::istream& file, int64_t at) {
  char header[8];
  file.seekg(at);
  if (!file.read(header, sizeof header)) return std::nullopt;
  int64_t bytes = 0;
  for (int i = 0; i < 4; ++i) bytes |= int64_t{static_cast<unsigned char>(header[4 + i])} << 8 * i;
  return Chunk{std::string(header, 4), bytes};
}

// libsndfile takes what is there of a file that is cut off and does not say so.
WavData wav_data(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const int64_t size = file.tellg();
  const auto ends_within = [&](int64_t at) {  // a chunk that begins there
    const std::optional<Chunk> chunk = chunk_at(file, at);
    return chunk && std::ranges::all_of(chunk->id, [](char c) { return c >= ' '; }) && at + 8 + chunk->bytes <= size;
  };
  for (int64_t at = 12;;) {
    const std::optional<Chunk> chunk = chunk_at(file, at);
    if (!chunk) return {};
    const int64_t begin = at + 8, there = size - begin;
    if (chunk->id == "data") {
      // 0 and the largest number: a recorder that could not go back to write the length.
      if (chunk->bytes > 0 && chunk->bytes < 0xFFFFFF00) return {begin, chunk->bytes, std::min(chunk->bytes, there)};
      if (chunk->bytes == 0 && there > 0 && !ends_within(begin)) return {begin, 0, there};
    }
    at = begin + chunk->bytes + chunk->bytes % 2;
  }
}

std::vector<HeaderName> channel_names(int channels) {
  std::vector<HeaderName> names;
  for (int c = 1; c <= channels; ++c) names.push_back({channels == 1 ? "audio" : fmt::format("audio_{}", c), ""});
  return names;
}

// Columns of the file that make the channels; kMean: all of them, averaged.
constexpr int32_t kMean = -1;
Result<std::vector<int32_t>> sources(const ReadTask& task, int channels, Series& series) {
  const std::vector<HeaderName> present = channel_names(channels);
  const std::vector<std::string>& wanted = task.config.channels.empty() ? task.agreed.channels : task.config.channels;
  if (channels > 1 && wanted.size() == 1 && wanted[0] == "audio") {
    series.warnings.push_back(fmt::format("{}: the mean of its {} channels is taken as 'audio'", task.file, channels));
    agree_on_channels(task, {{"audio", ""}}, 1);
    return std::vector<int32_t>{kMean};
  }
  MOTE_TRY(std::vector<int32_t> chosen, choose_channels(task, present));
  std::vector<HeaderName> names;
  for (const int32_t c : chosen) names.push_back(present[static_cast<size_t>(c)]);
  agree_on_channels(task, names, 1);
  return chosen;
}

void append(const std::vector<float>& frames, size_t channels, const std::vector<int32_t>& chosen, Series& series) {
  for (size_t i = 0; i < frames.size(); i += channels)
    for (const int32_t c : chosen) {
      if (c != kMean) {
        series.values.push_back(frames[i + static_cast<size_t>(c)]);
        continue;
      }
      double sum = 0;
      for (size_t k = 0; k < channels; ++k) sum += double{frames[i + k]};
      series.values.push_back(static_cast<float>(sum / static_cast<double>(channels)));
    }
}

using Sound = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

// Of a WAV file whose header has no length: what follows, in the form that the header states.
Sound open_behind_header(const ReadTask& task, const WavData& data, SF_INFO& info) {
  info = {0, info.samplerate, info.channels, SF_FORMAT_RAW | SF_ENDIAN_LITTLE | (info.format & SF_FORMAT_SUBMASK), 0,
          0};
  Sound file(sf_open(task.path.c_str(), SFM_READ, &info), sf_close);
  sf_count_t begin = data.at;
  if (file == nullptr || sf_command(file.get(), SFC_SET_RAW_START_OFFSET, &begin, sizeof begin) != 0 ||
      sf_seek(file.get(), 0, SEEK_SET) != 0)
    return Sound(nullptr, sf_close);
  return file;
}

// `promised_frames`: by the header.
void warn_if_cut(const ReadTask& task, const WavData& data, sf_count_t promised_frames, Series& series) {
  const double seconds = static_cast<double>(series.rows) / series.rate;
  if (data.promised == 0 && data.found > 0) {
    series.warnings.push_back(
        fmt::format("{}: the header says that no readings follow, as when a recorder loses its power; {:.3f} s are "
                    "there ({} readings); these are read",
                    task.file, seconds, series.rows));
    return;
  }
  double promised = static_cast<double>(promised_frames) / series.rate;
  if (data.found < data.promised && data.found > 0)
    promised = seconds * static_cast<double>(data.promised) / static_cast<double>(data.found);
  if (promised * series.rate >= static_cast<double>(series.rows) + 1)
    series.warnings.push_back(fmt::format(
        "{}: the file is cut off: its header promises {:.3f} s, {:.3f} s are there ({} readings); these are read",
        task.file, promised, seconds, series.rows));
}

Result<Series> read_audio(const ReadTask& task) {
  SF_INFO info{};
  Sound file(sf_open(task.path.c_str(), SFM_READ, &info), sf_close);
  if (file == nullptr)
    return input_error(fmt::format("{}: the audio cannot be read: {} Get the file again, or take it away", task.file,
                                   sf_strerror(nullptr)));
  if (info.channels < 1 || info.channels > kMostAudioChannels || info.samplerate < 1)
    return input_error(fmt::format("{}: {} channels at {} Hz; expected 1 to {} channels and a rate", task.file,
                                   info.channels, info.samplerate, kMostAudioChannels));
  if (task.config.table())
    return input_error(
        fmt::format("{}: audio is cut into windows: say in mote.toml rate and window, such as rate = "
                    "\"16 kHz\", window = \"1 s\" (this file has {} Hz)",
                    task.file, info.samplerate));
  const int type = info.format & SF_FORMAT_TYPEMASK;
  const WavData data = type == SF_FORMAT_WAV || type == SF_FORMAT_WAVEX ? wav_data(task.path) : WavData{};
  if (info.frames == 0 && data.promised == 0 && data.found > 0) file = open_behind_header(task, data, info);
  Series series;
  const size_t channels = static_cast<size_t>(info.channels);
  MOTE_TRY(const std::vector<int32_t> chosen, sources(task, info.channels, series));
  series.rate = info.samplerate;
  series.audio = true;
  std::vector<float> frames;
  // What a header promises is not believed before it is there.
  series.values.reserve(chosen.size() * static_cast<size_t>(std::clamp<sf_count_t>(info.frames, 0, 1 << 24)));
  for (;;) {
    frames.resize(kBlock * channels);
    const sf_count_t got = file ? sf_readf_float(file.get(), frames.data(), static_cast<sf_count_t>(kBlock)) : 0;
    if (got <= 0) break;
    frames.resize(static_cast<size_t>(got) * channels);
    append(frames, channels, chosen, series);
    series.rows += got;
    if (series.rows > INT32_MAX) return input_error(task.file + ": more than 2^31 readings; cut the file");
  }
  if (series.rows == 0) return input_error(task.file + ": no readings: the file ends behind its header");
  warn_if_cut(task, data, info.frames, series);
  return series;
}

}  // namespace

extern const Reader wav_reader, flac_reader, ogg_reader;
const Reader wav_reader{"WAV audio", "audio", "wav wave", is_wav, true, read_audio};
const Reader flac_reader{"FLAC audio", "audio", "flac", is_flac, true, read_audio};
const Reader ogg_reader{"OGG audio", "audio", "ogg oga opus", is_ogg, true, read_audio};

}  // namespace mote
