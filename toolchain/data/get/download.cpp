#include "toolchain/data/get/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <nettle/sha2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr int kMostTries = 5;  // in a row that bring nothing new
constexpr long kConnectSeconds = 20, kStallSeconds = 30, kLeastBytesPerSecond = 10;
constexpr long kOk = 200, kPartialContent = 206, kRangeNotSatisfiable = 416;
constexpr std::chrono::milliseconds kPause{300};

struct CloseCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// The file that a transfer fills, and what the server says of it.
class PartFile {
 public:
  explicit PartFile(const fs::path& destination) : path_(destination), tag_path_(destination) {
    path_ += ".part";
    tag_path_ += ".part.tag";
  }
  ~PartFile() { close(); }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const fs::path& path() const { return path_; }
  int64_t size() const { return size_; }

  Result<void> open() {
    std::error_code code;
    fs::create_directories(path_.parent_path(), code);
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) return failed("open", errno);
    size_ = ::lseek(descriptor_, 0, SEEK_END);
    const Result<std::string> tag = read_text(tag_path_);
    // Without a tag nobody knows whether the rest would belong to the same file.
    if (size_ > 0 && tag.ok())
      tag_ = *tag;
    else
      MOTE_CHECK(clear());
    return {};
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  Result<void> clear() {
    size_ = 0;
    tag_.clear();
    if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0) return failed("write", errno);
    return {};
  }
  bool append(const char* data, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
      const ssize_t written = ::write(descriptor_, data + done, bytes - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return error_ = errno, false;
      done += static_cast<size_t>(written);
      size_ += written;
    }
    return true;
  }
  // The server's name for this version of the file.
  const std::string& tag() const { return tag_; }
  void set_tag(const std::string& tag) {
    tag_ = tag;
    std::error_code ignored;
    fs::remove(tag_path_, ignored);
    // A part without its tag is only not resumed.
    if (!tag.empty()) [[maybe_unused]]
      const Result<void> written = write_file(tag_path_, std::string_view(tag));
  }
  Result<void> write_result() const { return error_ == 0 ? Result<void>() : failed("write", error_); }
  Result<void> become(const fs::path& destination) {
    if (::fsync(descriptor_) != 0) return failed("write", errno);
    close();
    std::error_code code;
    fs::rename(path_, destination, code);
    if (code) return failed("rename", code.value());
    fs::remove(tag_path_, code);
    return {};
  }
  void remove() {
    close();
    std::error_code ignored;
    fs::remove(path_, ignored);
    fs::remove(tag_path_, ignored);
  }

 private:
  Error failed(const char* action, int code) const {
    return input_error(fmt::format("{}: cannot {} the file: {}{}", path_.string(), action, std::strerror(code),
                                   code == ENOSPC ? ": free some space and run the command again" : ""));
  }
  fs::path path_, tag_path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  int error_ = 0;
  std::string tag_;
};

class Transfer {
 public:
  Transfer(const DownloadRequest& request, const DownloadHooks& hooks, PartFile& part)
      : request_(request), hooks_(hooks), part_(part), curl_(curl_easy_init()) {}

  CURLcode run() {
    start_ = part_.size();
    new_tag_.clear();
    begun_ = false;
    CURL* const curl = curl_.get();
    if (curl == nullptr) return CURLE_FAILED_INIT;
    curl_easy_reset(curl);
    message_.fill(0);
    curl_easy_setopt(curl, CURLOPT_URL, request_.address.c_str());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, request_.agent.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, request_.address.starts_with("https") ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kLeastBytesPerSecond);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message_.data());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
    // If-Range: the rest only of the very version that the part is of, else the whole.
    std::unique_ptr<curl_slist, FreeList> headers;
    if (start_ > 0) {
      curl_easy_setopt(curl, CURLOPT_RANGE, fmt::format("{}-", start_).c_str());
      headers.reset(curl_slist_append(nullptr, ("If-Range: " + part_.tag()).c_str()));
      curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    }
    return curl_easy_perform(curl);
  }

  long status() const {
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  std::string reason(CURLcode code) const { return message_[0] != 0 ? message_.data() : curl_easy_strerror(code); }
  bool restarted() const { return restarted_; }  // from the first byte, because the file is another one

 private:
  static size_t header(char* data, size_t, size_t bytes, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string line(trimmed({data, bytes}));
    const std::string lower = lower_case(line);
    if (lower.starts_with("http/")) transfer.new_tag_.clear();  // another answer, after a redirection
    if (lower.starts_with("etag:") && lower.find("w/\"") == std::string::npos)
      transfer.new_tag_ = trimmed(std::string_view(line).substr(5));
    return bytes;
  }

  static size_t body(char* data, size_t, size_t bytes, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (!std::exchange(transfer.begun_, true)) {
      if (transfer.start_ > 0 && transfer.status() != kPartialContent) {
        if (!transfer.part_.clear().ok()) return 0;
        transfer.start_ = 0;
        transfer.restarted_ = true;
      }
      if (transfer.start_ == 0) transfer.part_.set_tag(transfer.new_tag_);
    }
    return transfer.part_.append(data, bytes) ? bytes : 0;
  }

  static int progress(void* self, curl_off_t total, curl_off_t, curl_off_t, curl_off_t) {
    const auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.hooks_.cancelled && transfer.hooks_.cancelled()) return 1;
    constexpr int64_t kMega = 1'000'000;
    const int64_t all = total > 0 ? total + transfer.start_ : transfer.request_.bytes;
    if (transfer.hooks_.progress && transfer.begun_)
      transfer.hooks_.progress({"download", transfer.part_.size() / kMega, all / kMega, "MB"});
    return 0;
  }

  const DownloadRequest& request_;
  const DownloadHooks& hooks_;
  PartFile& part_;
  std::unique_ptr<CURL, CloseCurl> curl_;
  std::array<char, CURL_ERROR_SIZE> message_{};
  int64_t start_ = 0;
  bool begun_ = false, restarted_ = false;
  std::string new_tag_;
};

bool unreachable(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT;
}
bool cut(CURLcode code) {
  return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_OPERATION_TIMEDOUT || code == CURLE_GOT_NOTHING || code == CURLE_HTTP2 ||
         code == CURLE_HTTP2_STREAM;
}

std::string shown_part(const PartFile& part, int64_t all) {
  return all > 0 ? fmt::format("{} of {} bytes are kept", part.size(), all)
                 : fmt::format("{} bytes are kept", part.size());
}

// Until the whole file is there.
Result<int64_t> transfer_all(const DownloadRequest& request, const DownloadHooks& hooks, PartFile& part,
                             bool& offline) {
  Transfer transfer(request, hooks, part);
  const int64_t kept = part.size();
  for (int tries = 0;;) {
    const int64_t before = part.size();
    const CURLcode code = transfer.run();
    if (code == CURLE_OK) return transfer.restarted() ? 0 : kept;
    MOTE_CHECK(part.write_result());
    if (code == CURLE_ABORTED_BY_CALLBACK)
      return Error{Error::Kind::interrupted, fmt::format("interrupted; {}, and the same command goes on from there",
                                                         shown_part(part, request.bytes))};
    if (code == CURLE_HTTP_RETURNED_ERROR && transfer.status() == kRangeNotSatisfiable && before > 0) {
      MOTE_CHECK(part.clear());  // the part is longer than the file
      continue;
    }
    offline = unreachable(code);
    tries = part.size() > before ? 0 : tries + 1;
    if (!cut(code) || tries >= kMostTries)
      return input_error(fmt::format(
          "{}: {}{}", request.address, transfer.reason(code),
          part.size() > 0 ? "; " + shown_part(part, request.bytes) + ", and the same command goes on from there" : ""));
    if (hooks.notice) hooks.notice(fmt::format("the connection was cut at {} bytes; going on from there", part.size()));
    std::this_thread::sleep_for(kPause);
  }
}

Result<void> check(const DownloadRequest& request, const DownloadedFile& file) {
  if (request.bytes > 0 && file.bytes != request.bytes)
    return input_error(
        fmt::format("{}: the file has {} bytes, expected {}; it was removed. The publisher may have "
                    "changed it: look at the data set's page",
                    request.address, file.bytes, request.bytes));
  if (!request.sha256.empty() && file.sha256 != request.sha256)
    return input_error(
        fmt::format("{}: the file's SHA-256 is {}, expected {}; it was removed. Try again; if it stays "
                    "so, the publisher has changed the file or somebody else has",
                    request.address, file.sha256, request.sha256));
  return {};
}

fs::path checksum_path(const fs::path& destination) {
  return fs::path(destination) += ".sha256";
}

// A file of an earlier call, if it still is what it was.
std::optional<DownloadedFile> from_cache(const DownloadRequest& request, const DownloadHooks& hooks) {
  std::error_code code;
  if (!fs::is_regular_file(request.destination, code)) return std::nullopt;
  const Result<std::string> sha256 = file_sha256(request.destination);
  const Result<std::string> noted = read_text(checksum_path(request.destination));
  const std::string expected = !request.sha256.empty() ? request.sha256 : noted.ok() ? *noted : "";
  const bool unknown = expected.empty();  // put there by hand
  if (sha256.ok() && (unknown || *sha256 == expected)) {
    if (unknown && hooks.notice)
      hooks.notice(fmt::format("{} was not fetched by mote: taken as it is", request.destination.string()));
    return DownloadedFile{*sha256, static_cast<int64_t>(fs::file_size(request.destination, code)), true, 0};
  }
  if (hooks.notice)
    hooks.notice(fmt::format("{} is not the file that is expected: it is fetched again", request.destination.string()));
  return std::nullopt;
}

}  // namespace

Result<std::string> file_sha256(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return input_error(fmt::format("{}: cannot open the file: {}", path.string(), std::strerror(errno)));
  sha256_ctx context;
  sha256_init(&context);
  std::vector<uint8_t> buffer(1 << 20);
  ssize_t got = 0;
  while ((got = ::read(descriptor, buffer.data(), buffer.size())) > 0)
    sha256_update(&context, static_cast<size_t>(got), buffer.data());
  const int code = errno;
  ::close(descriptor);
  if (got < 0) return input_error(fmt::format("{}: cannot read the file: {}", path.string(), std::strerror(code)));
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest;
  sha256_digest(&context, digest.size(), digest.data());
  std::string text;
  for (const uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

Result<DownloadedFile> download(const DownloadRequest& request, const DownloadHooks& hooks, bool* offline) {
  bool unreached = false;
  if (offline != nullptr) *offline = false;
  MOTE_TRY(const FileLock lock, FileLock::acquire(fs::path(request.destination) += ".lock", "this download"));
  if (const std::optional<DownloadedFile> cached = from_cache(request, hooks)) return *cached;
  PartFile part(request.destination);
  MOTE_CHECK(part.open());
  const Result<int64_t> resumed = transfer_all(request, hooks, part, unreached);
  if (offline != nullptr) *offline = unreached;
  if (!resumed.ok()) return resumed.error();
  DownloadedFile file{"", part.size(), false, *resumed};
  MOTE_TRY(file.sha256, file_sha256(part.path()));
  if (const Result<void> checked = check(request, file); !checked.ok()) {
    part.remove();
    return checked.error();
  }
  MOTE_CHECK(part.become(request.destination));
  MOTE_CHECK(write_file(checksum_path(request.destination), std::string_view(file.sha256)));
  return file;
}

}  // namespace mote
