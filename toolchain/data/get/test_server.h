// An HTTP server of a few lines on this machine, for tests: one file, ranges, and faults on request.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mote {

class TestServer {
 public:
  TestServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(socket_, 8);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TestServer() {
    stop_ = true;
    thread_.join();
    ::close(socket_);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string address(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + path;
  }
  // What is served, under any path but /missing; `tag` is its version.
  void set(std::string body, std::string tag = "\"v1\"", bool ranges = true) {
    const std::lock_guard lock(mutex_);
    body_ = std::move(body);
    tag_ = std::move(tag);
    ranges_ = ranges;
  }
  // The next answers end after so many bytes of the body, one after the other.
  void cut(std::vector<size_t> after) {
    const std::lock_guard lock(mutex_);
    cuts_ = std::move(after);
  }
  std::vector<std::string> requests() {  // their heads
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (!stop_) {
      pollfd wait{socket_, POLLIN, 0};
      if (::poll(&wait, 1, 20) <= 0) continue;
      const int client = ::accept(socket_, nullptr, nullptr);
      if (client < 0) continue;
      answer(client);
      ::close(client);
    }
  }

  static std::string header(const std::string& head, const std::string& name) {
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  void answer(int client) {
    std::string head;
    char buffer[4096];
    while (head.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      head.append(buffer, static_cast<size_t>(got));
    }
    const std::lock_guard lock(mutex_);
    requests_.push_back(head);
    if (head.starts_with("GET /missing"))
      return send_all(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    size_t from = 0;
    const std::string range = header(head, "Range"), condition = header(head, "If-Range");
    const bool partial = ranges_ && range.starts_with("bytes=") && (condition.empty() || condition == tag_);
    if (partial) from = std::stoul(range.substr(6));
    if (partial && from >= body_.size())
      return send_all(client, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n");
    std::string text = partial ? "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(from) + "-" +
                                     std::to_string(body_.size() - 1) + "/" + std::to_string(body_.size()) + "\r\n"
                               : "HTTP/1.1 200 OK\r\n";
    text += "ETag: " + tag_ + "\r\nContent-Length: " + std::to_string(body_.size() - from) +
            "\r\nConnection: close\r\n\r\n";
    size_t bytes = body_.size() - from;
    if (!cuts_.empty()) {
      bytes = std::min(bytes, cuts_.front());
      cuts_.erase(cuts_.begin());
    }
    send_all(client, text + body_.substr(from, bytes));
  }

  static void send_all(int client, const std::string& text) {
    for (size_t done = 0; done < text.size();) {
      const ssize_t sent = ::send(client, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += static_cast<size_t>(sent);
    }
  }

  int socket_;
  uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::string body_, tag_;
  bool ranges_ = true;
  std::vector<size_t> cuts_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace mote
